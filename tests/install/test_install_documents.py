# SPDX-License-Identifier: MIT
"""README.md and contrib/doc: what they tell to type works, what they link to is there, and nothing is left out."""

import json
import os
import pathlib
import re
import subprocess

import pytest

from documents import DOCUMENTS, FOLDER, README, anchors, blocks, commands, links, tables
from lib.doing import await_that, daemons, gone, running
from lib.mount import Mount, cloud_options, is_mounted
from lib.programs import promtool
from lib.simulator import KEY_ID, ROOT, SECRET, Simulator, scrubbed_env

README_LINES_MAX = 150
PATIENCE_S = 300

# What cannot be typed in a test, and why. Its syntax is tested, and that files of the tree are there.
NOT_TYPED = {
    r"apt-get|dnf": "installs packages; tests/package/typed does it",
    r"cmake|ctest|cpack|ninja": "builds the tree; tests/package/typed does it",
    r"(\./)?(tests|contrib|\.ci)/\S+": "tests themselves, and the demo, which have tests of their own",
    r"cd tests": "a script that the page has as an example",
    r"systemctl|journalctl|loginctl": "needs systemd; tests/package/run boots one",
    r"sudo ln": "changes /sbin; test_install_mount.py does it",
    r"docker": "needs its daemon",
}
# A mount that a command makes, and which it may take away again.
MOUNTS = re.compile(r"^consolefs (?!.*--(check|get|list))")


class Site:
    """A place where what documents tell is typed: a simulated cloud with the fleet of the demo, mounted on ~/cloud of
    one user; another user, who mounts."""

    def __init__(self, installed, directory):
        self.sim = Simulator(instances=12, rate_scale=0, args=["--plain-names"], aws_regions=["us-east-1", "eu-west-1"],
                             tencent_regions=["ap-guangzhou", "ap-singapore"])
        self.dir = directory
        self.work = directory / "work"
        self.mount = Mount.of(self.sim)
        shims = directory / "shims"
        for name in ("work", "srv", "shims", "node_exporter", "home", "mounter/cloud"):
            (directory / name).mkdir(parents=True)
        for name, script in {
                "sudo": 'exec "$@"', "xdg-open": 'exec test -s "$1"',
                "aws": f'exec /usr/bin/aws --endpoint-url "{self.sim.url}" "$@"'}.items():
            (shims / name).write_text(f"#!/bin/sh\n{script}\n")
            (shims / name).chmod(0o755)
        # The settings of a test of mounts, as a file.
        config = [option.replace("=", " = ", 1).replace(":", ", ") if ".regions" in option else
                  option.replace("=", " = ", 1) for option in cloud_options(self.sim)]
        for home in (directory / "home", directory / "mounter"):
            file = home / ".config/consolefs/consolefs.conf"
            file.parent.mkdir(parents=True)
            file.write_text("".join(
                f"[{cloud}]\n" + "".join(line.removeprefix(cloud + ".") + "\n" for line in config if line.startswith(cloud))
                for cloud in ("aws", "tencent")))
        (directory / "home/cloud").symlink_to(self.mount.path)
        self.env = scrubbed_env(
            directory / "home", PATH=f"{shims}:{installed}/bin:{installed}/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
            AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET, TENCENTCLOUD_SECRET_ID=KEY_ID,
            TENCENTCLOUD_SECRET_KEY=SECRET, AWS_CA_BUNDLE=str(self.sim.ca), AWS_REGION="us-east-1", AWS_PAGER="",
            AWS_ENDPOINT_URL_STS=self.sim.url)
        for cloud in (self.mount.aws, self.mount.tencent):
            os.listdir(cloud)
        for name in os.listdir(self.mount.aws):
            # Errors, and numbers in stats.
            subprocess.run(["cat", self.mount.aws / name / "console.log"], capture_output=True, check=False)

    def here(self, command):
        """The command, with what is another's to have replaced."""
        for old, new in {"/mnt/cloud": "~/cloud", "/srv/": f"{self.dir}/srv/",
                         "/var/lib/node_exporter": f"{self.dir}/node_exporter",
                         "你的SecretId": KEY_ID, "你的SecretKey": SECRET,
                         "consolefs-archive --wake ": "consolefs-archive --wake --wake-wait 0 "}.items():
            command = command.replace(old, new)
        return command

    def type(self, typed):
        """Types commands into one shell. Returns the (status, standard error) of each."""
        mounts = any(MOUNTS.match(command) for command in typed)
        mounter = mounts or any("fusermount3" in command for command in typed)
        home = self.dir / ("mounter" if mounter else "home")
        results = self.dir / "results"
        script = "set -o pipefail; shopt -s failglob\n"
        if mounter and not mounts:
            script += "consolefs ~/cloud\n"
        for i, command in enumerate(typed):
            if MOUNTS.match(command):
                script += "! mountpoint -q ~/cloud || fusermount3 -u ~/cloud\n"
            script += f"{{ {self.here(command)}\n}} >{results}.{i}.out 2>{results}.{i}.err; echo $? >{results}.{i}.status\n"
        pids = []
        try:
            subprocess.run(["/bin/bash", "-c", script], cwd=self.work, env={**self.env, "HOME": str(home)}, timeout=PATIENCE_S,
                           check=True, stdin=subprocess.DEVNULL, capture_output=True)
        finally:
            if mounter:
                pids = daemons(home / "cloud")
                if is_mounted(home / "cloud"):
                    subprocess.run(["/usr/bin/fusermount3", "-u", home / "cloud"], check=True)
        await_that(lambda: all(map(gone, pids)), "the daemons end")
        return [(int(pathlib.Path(f"{results}.{i}.status").read_text()),
                 pathlib.Path(f"{results}.{i}.err").read_text()) for i in range(len(typed))]

    def stop(self):
        self.mount.allow(".*")
        self.mount.stop()
        self.sim.stop()


@pytest.fixture(scope="module", name="site")
def place_to_type(installed, tmp_path_factory):
    site = Site(installed, tmp_path_factory.mktemp("site"))
    yield site
    site.stop()


def of_language(*languages):
    return [block for document in DOCUMENTS for block in blocks(document) if block.language in languages]


def is_typed(command):
    return not any(re.search(rf"(^|[;&|(] *)(sudo )?({pattern})(?=\s|$)", command) for pattern in NOT_TYPED)


def expected_error(output):
    """The last words of an error that is shown: "Host is down"."""
    found = output and re.match(r"[\w-]+: \S+: (.*)", output[0])
    return found[1] if found else None


SERVER = re.compile(r"^python3 -m http\.server .*\b(\d+)$")
SHELL = [block for block in of_language("sh") if any(is_typed(command) for command, _ in commands(block))]


def test_there_are_commands():
    assert sum(is_typed(command) for block in SHELL for command, _ in commands(block)) > 60
    languages = {"c", "fstab", "ini", "json", "promql", "sh", "text", "yaml", "yaml prometheus", "yaml rules"}
    assert {block.language for document in DOCUMENTS for block in blocks(document)} <= languages


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_what_is_told_to_be_typed_works(site, block):
    typed = [(command, output) for command, output in commands(block)
             if is_typed(command) and not SERVER.match(command)
             and not (os.geteuid() and re.search("allow_other|^sudo", command))]
    for (command, output), (status, error) in zip(typed, site.type([command for command, _ in typed]), strict=True):
        expected = expected_error(output)
        assert (status != 0) == bool(expected), (command, status, error)
        assert not expected or expected in error, (command, error)


@pytest.mark.parametrize("block", [block for block in of_language("sh") if block not in SHELL], ids=str)
def test_what_cannot_be_typed_here_is_at_least_understood(block):
    for command, _ in commands(block):
        subprocess.run(["/bin/bash", "-n", "-c", command], check=True)
        for path in re.findall(r"(?<![\w/.-])((?:tests|contrib)/[\w./-]+)", command):
            assert (ROOT / path).exists(), (command, path)
        for unit in re.findall(r"\bconsolefs(?:-archive)?@", command):
            assert list((ROOT / "contrib/systemd").glob(f"{unit}.*"))


def test_the_web_server_of_the_metrics_serves_them(site):
    [(block, command)] = [(block, command) for block in SHELL for command, _ in commands(block) if SERVER.match(command)]
    [(before, _)] = commands(block)[:-1]
    assert site.type([before]) == [(0, "")]
    command = site.here(command).replace("~", str(site.dir / "home"))
    port = SERVER.match(command)[1]
    with running("/usr/bin/python3", "-u", *command.removesuffix(port).split()[1:], "0", env=site.env) as server:
        line = server.stdout.readline().decode()
        port = re.search(r"port (\d+)", line)[1]
        done = subprocess.run(["curl", "-sS", "-D", "-", f"http://127.0.0.1:{port}/metrics.txt"], capture_output=True, text=True,
                              check=True, env=site.env)
    assert "Content-type: text/plain" in done.stdout and "\nconsolefs_calls_total{" in done.stdout


@pytest.mark.parametrize("block", of_language("ini"), ids=str)
def test_an_example_of_the_configuration_is_one(site, block, tmp_path):
    config = tmp_path / "consolefs.conf"
    for text, status in ((block.text, 0), (block.text + "bogus = 1\n", 1)):
        config.write_text(text)
        done = subprocess.run(["consolefs", "--list", "-c", config], env=site.env, capture_output=True, text=True, check=False,
                              timeout=PATIENCE_S)
        assert done.returncode == status, done.stderr
    assert "bogus" in done.stderr


@pytest.mark.parametrize("block", of_language("json"), ids=str)
def test_a_policy_is_json(block):
    assert json.loads(block.text)


@pytest.mark.parametrize("block", of_language("fstab"), ids=str)
def test_a_line_of_fstab_is_one_of_the_examples(block):
    examples = [line.split() for line in (ROOT / "contrib/examples/fstab").read_text().splitlines()]
    assert all(line.split() in examples for line in block.text.splitlines())


def test_prometheus_takes_what_it_is_given(tmp_path):
    checked = []
    for block in of_language("yaml prometheus", "yaml rules", "promql"):
        text = block.text
        if block.language == "promql":
            rules = [{"record": f"a:b:c{i}", "expr": line} for i, line in enumerate(text.splitlines())]
            text = json.dumps({"groups": [{"name": "documents", "rules": rules}]})
        (tmp_path / "file.yml").write_text(text)
        kind = "config" if block.language == "yaml prometheus" else "rules"
        done = subprocess.run([promtool(), "check", kind, tmp_path / "file.yml"], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "SUCCESS" in done.stdout, (str(block), done.stdout, done.stderr)
        checked.append(kind)
    assert sorted(checked) == ["config", "rules", "rules"]


def test_every_metric_of_an_alert_is_one_of_the_mount(site):
    named = {name for block in of_language("yaml rules", "promql") for name in re.findall(r"\bconsolefs_\w+", block.text)}
    there = (site.mount.path / "stats").read_text()
    absent = {name for name in named if not re.search(rf"^(# TYPE )?{name}\b", there, re.MULTILINE)}
    assert len(named) > 5 and not absent


# Links

@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_somewhere(document):
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists() and target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_where_it_is_installed_every_link_leads_somewhere_too(installed, document):
    """But for those into the source."""
    top = (installed / "share/doc/consolefs").resolve()
    copy = top / document.relative_to(ROOT)
    assert copy.read_bytes() == document.read_bytes()
    for link in links(document):
        path = link.partition("#")[0]
        source = os.path.relpath((document.parent / path).resolve(), ROOT)
        if path and not source.startswith(("fs/", "backends/", "tests/", ".")):
            assert (copy.parent / path).resolve().is_relative_to(top) and (copy.parent / path).exists(), link


def test_every_document_is_reached_from_the_readme():
    reached, todo = set(), [README]
    while todo:
        document = todo.pop()
        if document not in reached:
            reached.add(document)
            todo += [target for link in links(document)
                     if (target := (document.parent / link.partition("#")[0]).resolve()) in DOCUMENTS]
    assert reached == set(DOCUMENTS)


def test_the_readme_is_short():
    assert len(README.read_text().splitlines()) <= README_LINES_MAX


# Nothing is left out

def first_cells(document, head):
    return {name for row in tables(FOLDER / document)[head] for name in re.findall(r"`(\w+)`", row[0])}


def test_every_setting_is_in_the_page_of_the_configuration():
    manual = (ROOT / "contrib/man/consolefs.conf.5").read_text()
    settings = set(re.findall(r"^\.It Cm (\w+) No =", manual, re.MULTILINE))
    assert len(settings) > 12
    assert first_cells("configuration.md", "key") == settings


def test_every_errno_is_in_the_page_of_the_semantics_and_in_troubleshooting():
    source = (ROOT / "fs/client/failure.c").read_text()
    errnos = set(re.findall(r"ROW\((E[A-Z]+)", source))
    assert len(errnos) > 15
    rows = {name for row in tables(FOLDER / "semantics.md")["errno"] for name in re.findall(r"\bE[A-Z]{3,}\b", row[0])}
    assert rows == errnos | {"EPERM"}
    troubles = tables(FOLDER / "troubleshooting.md")["text"]
    assert errnos <= {name for row in troubles for name in re.findall(r"\bE[A-Z]{3,}\b", row[1])}


def test_every_metric_is_in_its_page():
    manual = (ROOT / "contrib/man/consolefs.1").read_text().partition(".Sh STATISTICS")[2].partition("\n.Sh ")[0]
    in_stats = re.findall(r'^\s*(?:head|number)\(buf, "(\w+)"|^\s*\{"(\w+)", "(?:gauge|counter)"',
                          (ROOT / "fs/tree/stats_file.c").read_text(), re.MULTILINE)
    metrics = {a or b for a, b in in_stats} | {"open_snapshots", "refused_opens_total"}
    assert len(metrics) > 14 and all(metric in manual for metric in metrics)
    assert first_cells("metrics.md", "metric") == metrics


def test_messages_that_are_explained_are_messages():
    """Of troubleshooting.md: what stands in quotes is in the source, or what varies in it is; but for what is said by
    programs that come with others."""
    source = "".join(path.read_text() for top in ("fs", "backends") for path in sorted((ROOT / top).rglob("*.c")))
    texts = set(re.findall(r'"((?:[^"\\\n]|\\.)*)"', re.sub(r'"\s*\n\s*"', "", source)))
    # The longest part of each that does not vary.
    fixed = {max((part.strip(" :,;'()`") for part in re.split(r"%[-+.*0-9]*[a-z]+|\\.", text)), key=len) for text in texts}
    fixed = {part.replace("`", "") for part in fixed if len(part) > 6}
    unknown = []
    for head in ("message", "trouble", "line"):
        for row in tables(FOLDER / "troubleshooting.md")[head]:
            unknown += [message for message in re.findall(r"`([^`]+)`", row[0])
                        if not message.startswith(("fusermount3: ", "umount: ", "mount: ", "Transport "))
                        and not any(part in message or message in part for part in fixed | texts)]
    assert not unknown
