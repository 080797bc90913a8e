# SPDX-License-Identifier: MIT
"""A by-name entry is an argument wherever a shell's `*` stands: no name that a stranger gives a machine is an option
there, is hidden, or looks like another. And what a cloud answers for an id or a region is a directory's name."""

import contextlib
import json
import os
import re
import subprocess
import tarfile
import tempfile
import unicodedata

import pytest

from lib.doing import PATIENCE_S, shell
from lib.mount import Mount, find_consolefs
from lib.scripted import AWS_KEYS, TENCENT_KEYS, ScriptedCloud, cvm_listing, ec2_item, ec2_listing
from naming import links

# Options of a mount that an ordinary user may enter too.
OPEN = [] if os.getuid() else ["allow_other", "umask=022"]
# Names, a command that runs another if they are options, and what it exits with if they are not: None if that is the
# same.
RUNNING = {
    "tar": (["--checkpoint=1", "--checkpoint-action=exec=touch $OWNED", "web"], 'tar cf "$OUT/x.tar" *', 0),
    "tar-filter": (["-Itouch $OWNED; cat", "web"], 'tar cf "$OUT/x.tar" *', 0),
    "bsdtar": (["--use-compress-program=touch $OWNED", "web"], 'bsdtar cf "$OUT/x.tar" *', 0),
    "zip": (["-T", "-TTtouch $OWNED #", "web"], 'zip -qy "$OUT/x.zip" *', 0),
    "rsync": (["-e touch $OWNED", "host:path"], 'rsync -a * "$OUT"', 1),
    "vim": (["+!touch $OWNED"], "vim -u NONE -es * </dev/null", None),
}
OPTIONS = ["--reference=web", "--no-preserve-root", "-rf", "-delete", "-l", "--", "-", "+", "-vf", "--files-from=web"]
OTHERS = ["$(touch $OWNED)", "`touch $OWNED`", ";touch $OWNED;", "|touch $OWNED", "a\nb", "'", '"', "*", "~", ".hidden",
          ".", "..", "web", "web\u200b", "web\u202e", "\ufeffweb", "web\U000e0041", "w\u00adeb", "caf\u00e9",
          "\U0001f525"]
FLEETS = {**{cloud: names for cloud, (names, _, _) in RUNNING.items()}, "all": OPTIONS + OTHERS}


@pytest.fixture(scope="module", name="mounted")
def one_mount(tmp_path_factory):
    """A cloud for each fleet."""
    config = tmp_path_factory.mktemp("config") / "consolefs.conf"
    with contextlib.ExitStack() as stack:
        text = ""
        for cloud, names in FLEETS.items():
            listing = ec2_listing([ec2_item(f"i-0{number:016x}", tags={"Name": name})
                                   for number, name in enumerate(names)])
            scripted = stack.enter_context(ScriptedCloud(lambda _request, listing=listing: (200, listing)))
            text += f"[{cloud}]\nbackend = aws\nregions = us-east-1\n" \
                    f"endpoint = {scripted.url}\nca_file = {scripted.ca}\n"
        config.write_text(text)
        mount = stack.enter_context(Mount(OPEN, ["-c", config], keys=False, env=AWS_KEYS))
        mount.config = config
        mount.dir.chmod(0o755)
        yield mount


@pytest.fixture(name="by_name")
def all_names(mounted):
    return mounted.path / "all/by-name"


ORDINARY = [] if os.getuid() else ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def run(command, directory, before=()):
    """Runs a command among names, which is to run nothing else and to change nothing."""
    with tempfile.TemporaryDirectory() as out:
        os.chmod(out, 0o777)
        names = links(directory)
        done = subprocess.run([*before, "/bin/sh", "-c", command], cwd=directory, capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL, timeout=PATIENCE_S,
                              env={**os.environ, "LC_ALL": "C", "OWNED": f"{out}/owned", "OUT": out})
        assert not os.path.exists(f"{out}/owned")
        assert links(directory) == names
        return done


@pytest.mark.parametrize("before", [[], ORDINARY], ids=["root", "ordinary"])
@pytest.mark.parametrize("cloud", RUNNING)
def test_no_name_runs_a_command(mounted, cloud, before):
    _, command, status = RUNNING[cloud]
    done = run(command, mounted.path / cloud / "by-name", before)
    assert status in (None, done.returncode), done.stderr


# Each with what it exits with: the mount is read-only.
COMMANDS = {
    'tar cf "$OUT/x.tar" *': 0,
    'busybox tar cf "$OUT/x.tar" *': 0,
    'rsync -a * "$OUT"': 0,
    'cp -a * "$OUT"': 0,
    'mv * "$OUT"': 1,
    'ln -s * "$OUT"': 0,
    "ls -d *": 0,
    "du -s *": 0,
    "rm *": 1,
    "rm -rf *": 1,
    "chmod 777 *": 1,
    "chown 0 *": 1,
    "touch -h *": 1,
    "tail *": 1,
    "sort *": 2,
    "find * -maxdepth 0": 0,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_name_is_an_option(by_name, command):
    done = run(command, by_name)
    assert done.returncode == COMMANDS[command], done.stderr
    said = done.stdout + done.stderr
    assert not re.search("usage:|Try '|invalid option|unrecognized|reference", said.replace("_-reference", ""))


def test_archives_and_copies_have_every_name(by_name, tmp_path):
    wanted = links(by_name)
    assert len(wanted) == len(OPTIONS) + len(OTHERS)
    for program in ("cp -a", "rsync -a"):
        out = tmp_path / program
        out.mkdir()
        assert shell(f'{program} * "$1"', out, cwd=by_name).returncode == 0
        assert links(out) == wanted
    assert shell('tar cf "$1" *', tmp_path / "x.tar", cwd=by_name).returncode == 0
    with tarfile.open(tmp_path / "x.tar") as archive:
        assert {member.name: member.linkname for member in archive} == wanted
    # Nothing is hidden from ls, nor from a glob.
    done = shell("ls --zero; printf '%s\\0' *", cwd=by_name)
    assert sorted(done.stdout.split("\0")[:-1]) == sorted([*wanted] * 2)


def test_names_are_got_and_listed_without_a_mount(mounted, by_name, tmp_path):
    def consolefs(*args):
        return subprocess.run([find_consolefs(), "-c", mounted.config, *args], env=mounted.env, capture_output=True,
                              text=True, check=True).stdout

    listed = consolefs("--list", "all/by-name").splitlines()
    assert sorted(listed) == sorted(f"all/by-name/{name}/" for name in links(by_name))
    consolefs("--get", "all/by-name/*/info.json", "--into", tmp_path / "got")
    assert {*os.listdir(tmp_path / "got/all/by-name")} == {*links(by_name)}


def test_no_two_names_look_the_same(by_name):
    names = links(by_name)
    for name in names:
        assert name[0] not in "-+."
        assert not {unicodedata.category(letter) for letter in name} & {"Cc", "Cf", "Zl", "Zp", "Cs"}
    one, *others = sorted(name for name in names if re.fullmatch("web(_.*)?", name))
    # "web", and what only looked like it: of U+200B, U+202E and a tag one name has been made.
    assert one == "web" and [re.sub("i-0[0-9a-f]{16}$", "ID", name) for name in others] == ["web_-ID"] * 3
    assert {"_web", "w_eb", "caf\u00e9"} <= {*names}


OURS = ["by-name", "by-region", "status"]
NEVER = [*OURS, "..", ".", "", "/", "-rf", "--checkpoint=1", "+!id", ".still", ".hidden", "info.json", "../../etc",
         "a/b", "a\nb", "a b", "*", "~", "$(id)", "\u200b", "\u202e", "\u00e9"]
# Of what is one.
SHAPES = ["{}/..", "{}\n", " {}", "{}.", "-{}", "{}\u200b"]


def ec2_regions(names):
    items = "".join(f"<item><regionName>{name}</regionName><optInStatus>opted-in</optInStatus></item>"
                    for name in names)
    return f'<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>' \
           f"<regionInfo>{items}</regionInfo></DescribeRegionsResponse>"


def cvm_regions(names):
    return json.dumps({"Response": {"RequestId": "r", "TotalCount": len(names), "RegionSet": [
        {"Region": name, "RegionName": name, "RegionState": "AVAILABLE"} for name in names]}})


@pytest.mark.parametrize("cloud", ["aws", "tencent"])
def test_what_a_cloud_answers_is_a_directory_only_if_it_is_an_id_or_a_region(cloud):
    good, region = ("i-0123456789abcdef0", "us-east-1") if cloud == "aws" else ("ins-r9hr2upy", "ap-guangzhou")
    ids = [*NEVER, *(shape.format(good) for shape in SHAPES)]
    # A region stands beside nothing of ours.
    regions = [name for name in (*NEVER, *(shape.format(region) for shape in SHAPES)) if name not in OURS]

    def answer(request):
        if request.action == "DescribeRegions":
            return 200, cvm_regions([*regions, region]) if request.cvm else ec2_regions([*regions, region])
        if request.cvm:
            return 200, cvm_listing([{"InstanceId": one, "InstanceState": "RUNNING"} for one in [*ids, good]])
        return 200, ec2_listing([ec2_item(one) for one in [*ids, good]])

    with ScriptedCloud(answer) as scripted_cloud, \
            Mount(options=scripted_cloud.options(cloud, "all"), keys=False,
                  env=AWS_KEYS if cloud == "aws" else TENCENT_KEYS) as mount:
        mount.allow(f"^consolefs: {cloud}: ")
        path = mount.path / cloud
        assert sorted(os.listdir(path)) == sorted([*OURS, good])
        assert os.listdir(path / "by-region") == [region]
        assert links(path / "by-region" / region) == {good: f"../../{good}"}
        assert links(path / "by-name") == {good: f"../{good}"}
        for text in (mount.log_text(), (path / "status").read_text(), (mount.path / "stats").read_text()):
            assert all(line.isprintable() for line in text.replace("\t", " ").split("\n"))
