# SPDX-License-Identifier: MIT
"""DESIGN: "Rendered files carry the time when what they say last changed", and a live file before it is
opened "the present time to the minute": whatever reads again what changed finds that, and rests
otherwise."""

import contextlib
import json
import os
import time
import types

import pytest

from evidence import NO_RATE, fetches, run
from lib import fleet
from lib.doing import PATIENCE_S, await_that, fails, read
from lib.mount import Mount
from lib.scripted import AWS_KEYS, ScriptedCloud, ec2_error, ec2_item, ec2_listing
from lib.simulator import Simulator
from lib.terminal import Terminal

ID, OTHER = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb"
STAY = ["info.json", "error", "wake"]
MADE_ANEW = {"screenshot.jpg", "console.log", "vnc_url", "vnc.html", "status", "stats",
             "index.html"}
# Seconds for which the kernel may use what it knows of a directory.
CACHED_S = 1


@pytest.fixture(scope="module")
def cloud():
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=NO_RATE) as mount:
        for path in (mount.aws, mount.tencent):
            os.listdir(path)
        screen = mount.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg"
        yield types.SimpleNamespace(sim=sim, mount=mount, screen=screen)


def times(path):
    st = os.lstat(path)
    return st.st_mtime_ns, st.st_ctime_ns, st.st_size


def all_times(path):
    """Of everything that is not made anew."""
    found = {}
    for directory, directories, files in os.walk(path):
        for name in [".", *directories, *files]:
            if name not in MADE_ANEW:
                found[os.path.join(directory, name)] = times(os.path.join(directory, name))
    return found


def test_a_list_that_says_the_same_changes_no_time(sim, mount):
    simulated = sim(rate_scale=0)
    path = mount(simulated, options=["aws.list_ttl=1", "tencent.list_ttl=1"]).path
    before = all_times(path)
    before = all_times(path)  # the first walk was while there was no list yet
    assert len(before) > 150
    listed = len(simulated.log_entries(action="DescribeInstances"))

    def listed_again():
        for cloud in ("aws", "tencent"):
            os.listdir(path / cloud)
        return len(simulated.log_entries(action="DescribeInstances")) >= listed + 4
    await_that(listed_again, "both are listed twice more")
    assert all_times(path) == before


@contextlib.contextmanager
def scripted(said):
    """A cloud that lists said["items"], mounted."""
    def answer(request):
        if request.action != "DescribeInstances":
            return 403, ec2_error("UnauthorizedOperation")
        return 200, ec2_listing(said["items"])

    with ScriptedCloud(answer) as cloud, \
            Mount(options=[*cloud.options(), "aws.list_ttl=1"], keys=False,
                  env=AWS_KEYS) as mount:
        os.listdir(mount.aws)
        yield cloud, mount


def relisted(cloud, mount):
    """Waits until the list has been made again."""
    wanted = cloud.count("DescribeInstances") + 1

    def done():
        os.listdir(mount.aws)
        return cloud.count("DescribeInstances") >= wanted and is_listed(mount)
    await_that(done, "the list is made again")


def is_listed(mount):
    return "listing now" not in (mount.aws / "status").read_text()


def test_each_is_of_when_what_it_shows_changed():
    tags = {"Name": "web", "env": "prod", "team": "a"}
    said = {"items": [ec2_item(ID, tags=tags)]}
    places = {"cloud": "", "by-name": "by-name", "by-region": "by-region", "info": f"{ID}/info.json",
              "region": "by-region/us-east-1", "instance": ID, "link": "by-name/{name}",
              "error": f"{ID}/error", "wake": f"{ID}/wake"}
    renamed = {**tags, "Name": "db"}
    # What the list says now, and what has another time then.
    changes = [
        ([ec2_item(ID, tags=dict(reversed(tags.items())))], "web", set()),
        ([ec2_item(ID, tags=renamed)], "db", {"info", "by-name"}),
        ([ec2_item(ID, tags=renamed), ec2_item(OTHER)], "db", {"cloud", "by-name", "region"}),
        ([ec2_item(ID, (80, "stopped"), tags=renamed)], "db",
         {"info", "instance", "link", "cloud", "by-name", "region"}),
    ]

    with scripted(said) as (cloud, mount):
        def all_of(name):
            return {key: times(mount.aws / place.format(name=name))[0]
                    for key, place in places.items()}

        before = all_of("web")
        for items, name, expected in changes:
            await_that(lambda: is_listed(mount), "no list is under way")
            said["items"] = items
            asked = time.time_ns()
            relisted(cloud, mount)
            await_that(lambda: {key for key, at in all_of(name).items() if at != before[key]} ==
                       expected, f"{expected} change", CACHED_S + PATIENCE_S)
            after = all_of(name)
            assert all(asked < after[key] <= time.time_ns() for key in expected)
            before = after


def test_error_is_of_the_failure_and_wake_of_the_write_and_the_wake(sim, mount):
    simulated = sim(rate_scale=0, faults=["GetConsoleScreenshot:code=UnauthorizedOperation:x1"])
    path = mount(simulated, options=NO_RATE).aws / fleet.aws(fleet.ASLEEP)
    before = {name: times(path / name) for name in STAY}
    with fails("EACCES"):
        read(path / "screenshot.jpg")
    failed = os.stat(path / "error")
    assert failed.st_mtime > before["error"][0] / 1e9
    assert time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(failed.st_mtime)) in \
        (path / "error").read_text()
    last = before["wake"][0]
    for action in (lambda: (path / "wake").write_text("1\n"), lambda: read(path / "screenshot.jpg")):
        action()
        assert times(path / "wake")[0] > last
        last = times(path / "wake")[0]
    # None of the rest has moved.
    assert times(path / "info.json") == before["info.json"]
    assert os.stat(path / "error").st_mtime_ns == failed.st_mtime_ns


def test_an_open_file_has_the_time_of_its_snapshot(cloud):
    directory = cloud.screen.parent
    for name in ("screenshot.jpg", "info.json", "error"):
        with open(directory / name, "rb") as file:
            opened = time.time_ns()
            first = os.fstat(file.fileno())
            file.read()
            assert os.fstat(file.fileno()) == first
        if name == "screenshot.jpg":
            assert opened - 30e9 < first.st_mtime_ns <= opened and first.st_mtime_ns % 1000000000
        else:
            assert first.st_mtime_ns == os.stat(directory / name).st_mtime_ns


@pytest.mark.parametrize("name, keys", [("screenshot.jpg", [b"k", b"j"]), ("vnc_url", [b"\x0c"])])
def test_a_file_manager_that_shows_it_reads_it_once_a_minute(cloud, tmp_path, name, keys):
    """lf compares the time of what it shows with that of its last reading when the cursor comes there, and
    when it has read. The keys move the cursor away and back, or draw everything anew."""
    path = cloud.screen if name == "screenshot.jpg" else \
        cloud.mount.tencent / fleet.cvm(fleet.AWAKE) / name
    before = len(fetches(cloud.sim))
    began = time.time()
    with Terminal("/usr/bin/lf", path, home=tmp_path) as terminal:
        terminal.await_output()
        await_that(lambda: len(fetches(cloud.sim)) > before, "it shows the file")
        for _ in range(20):
            for key in keys:
                terminal.type(key)
    minutes = int(time.time() // 60 - began // 60)
    assert len(fetches(cloud.sim)) - before <= 1 + minutes


def lines_of(ran):
    assert (ran.status, ran.err) == (0, "")
    return ran.out.decode().splitlines()


def test_a_second_rsync_sends_what_is_made_anew_and_nothing_else(cloud, tmp_path):
    command = 'rsync -ai "$mnt/" copy'
    assert len(lines_of(run(command, tmp_path, mnt=cloud.mount.path))) > 200
    lines = lines_of(run(command, tmp_path, mnt=cloud.mount.path))
    assert len(lines) > 20
    assert {line.split()[1].rsplit("/", 1)[-1] for line in lines} <= MADE_ANEW, lines


def test_make_rests_until_info_changes(tmp_path):
    said = {"items": [ec2_item(ID)]}
    with scripted(said) as (cloud, mount):
        info = mount.aws / ID / "info.json"
        (tmp_path / "Makefile").write_text(f"copy: {info}\n\tcp $< $@\n")
        assert lines_of(run("make", tmp_path)) == [f"cp {info} copy"]
        relisted(cloud, mount)
        assert lines_of(run("make", tmp_path)) == ["make: 'copy' is up to date."]
        await_that(lambda: is_listed(mount), "no list is under way")
        said["items"] = [ec2_item(ID, (80, "stopped"))]
        relisted(cloud, mount)
        assert lines_of(run("make", tmp_path)) == [f"cp {info} copy"]
        assert json.loads((tmp_path / "copy").read_text())["state"] == "stopped"


def test_find_newer_finds_what_changed(cloud, tmp_path):
    (tmp_path / "mark").write_text("")
    os.utime(tmp_path / "mark", (time.time() + 1, time.time() + 1))
    assert lines_of(run('find "$mnt" -newer mark', tmp_path, mnt=cloud.mount.path)) == []
    # A minute later, what is made anew is new again.
    os.utime(tmp_path / "mark", (time.time() - 120, time.time() - 120))
    found = lines_of(run('find "$mnt" -newermt "2 minutes ago" -type f ! -name info.json '
                         '! -name error ! -name wake', tmp_path, mnt=cloud.mount.path))
    assert {path.rsplit("/", 1)[-1] for path in found} == MADE_ANEW
    with open(tmp_path / "mark", "w"):
        (cloud.screen.parent / "wake").write_text("1\n")
    assert lines_of(run('find "$mnt" -newer mark', tmp_path, mnt=cloud.mount.path)) == \
        [str(cloud.screen.parent / "wake")]


UNISON = ("unison \"$mnt\" copy -batch -auto -ui text -dumbtty -silent -force \"$mnt\" -perms 0 "
          "-dontchmod -times -ignore 'Name {" + ",".join(sorted(MADE_ANEW)) + "}'")


def test_unison_finds_nothing_changed_while_it_reads(cloud, tmp_path):
    (tmp_path / "copy").mkdir()
    for _ in range(2):
        ran = run(UNISON, tmp_path, mnt=cloud.mount.path)
        assert (ran.status, ran.err) == (0, ""), ran.out.decode()
    wake = cloud.mount.aws / fleet.aws(fleet.ASLEEP) / "wake"
    copy = tmp_path / "copy" / wake.relative_to(cloud.mount.path)
    for path, name in ((wake.parent / name, name) for name in STAY):
        assert (copy.parent / name).read_bytes() == path.read_bytes()
    # It holds times that differ by a second for the same.
    await_that(lambda: time.time() > wake.stat().st_mtime + 2, "time passes")
    wake.write_text("1\n" if wake.read_text() == "0\n" else "0\n")
    assert run(UNISON, tmp_path, mnt=cloud.mount.path).status == 0
    assert copy.read_text() == wake.read_text()


def test_dar_finds_nothing_changed_while_it_reads(cloud, tmp_path):
    (tmp_path / "out").mkdir()
    ran = run('dar -Q -c a -R "$mnt" 2>&1; dar -Q -x a -R out >&2', tmp_path, mnt=cloud.mount.path)
    assert ran.status == 0, ran.out.decode() + ran.err
    assert b" 0 inode(s) changed at the moment of the backup" in ran.out
    for name in STAY:
        copy = tmp_path / "out" / cloud.screen.relative_to(cloud.mount.path).with_name(name)
        assert copy.read_bytes() == cloud.screen.with_name(name).read_bytes()
