# SPDX-License-Identifier: MIT
"""DESIGN: ".still. A hidden directory of each cloud, found by name and not listed, in which a live file
is fetched when it is first looked at; that snapshot's exact size, fetch time and bytes are what stat
and every open give for still_ttl." And -o still, which makes the whole tree so."""

import contextlib
import mmap
import os
import shutil
import signal
import stat
import subprocess
import time
import types

import pytest

from evidence import NO_RATE, digest, fetches, instances, lit_screen, showing
from lib import fleet
from lib.command import refused
from lib.doing import (at_once, await_that, cats, connections, errno_of, fails, read, running, shell)
from lib.mount import Mount
from lib.simulator import Simulator, scrubbed_env

LINKS = {"vnc_url", "vnc.html"}
HANGING = ["GetConsoleScreenshot:hang"]


def still(path):
    """The same instance, or a file of it, in .still."""
    cloud, name = (path.parent, path.name) if path.name.startswith("i") else \
        (path.parent.parent, f"{path.parent.name}/{path.name}")
    return cloud / ".still" / name


def screen_of(mount, index):
    return mount.aws / ".still" / fleet.aws(index) / "screenshot.jpg"


@contextlib.contextmanager
def costs(sim, count):
    """The block makes so many console calls."""
    before = len(fetches(sim))
    yield
    made = fetches(sim)[before:]
    assert len(made) == count, made


def look_anew(path):
    """The next look at a screenshot fetches."""
    (path.parent / "wake").write_text("0")


@pytest.fixture(scope="module")
def cloud():
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=NO_RATE) as mount:
        screen = lit_screen(mount.aws)
        path = mount.aws / ".still" / screen.parent.name / screen.name
        yield types.SimpleNamespace(sim=sim, mount=mount, live=screen, screen=path)


@pytest.fixture
def fresh(cloud):
    """The same, and nothing is held of its screen."""
    look_anew(cloud.screen)
    return cloud


# What is in it

def test_it_is_found_by_name_and_listed_nowhere(cloud):
    with costs(cloud.sim, 0):
        for directory in (cloud.mount.aws, cloud.mount.tencent):
            assert ".still" not in os.listdir(directory)
            assert sorted(os.listdir(directory / ".still")) == fleet.instances(directory)
        found = shell('find "$1" -name .still', cloud.mount.path)
        assert (found.returncode, found.stdout) == (0, "")
    with fails("ENOENT"):
        os.listdir(cloud.mount.path / ".still")


def test_an_instance_has_the_same_files_there_but_links_for_one_use(cloud):
    with costs(cloud.sim, 0):
        for top in (cloud.mount.aws, cloud.mount.tencent):
            for directory in instances(top):
                held = top / ".still" / directory.name
                assert set(os.listdir(held)) == set(os.listdir(directory)) - LINKS
                for name in ("info.json", "error"):
                    assert read(held / name) == read(directory / name)
        for directory in showing(cloud.mount.tencent, "vnc_url"):
            for name in LINKS:
                with fails("ENOENT"):
                    os.stat(cloud.mount.tencent / ".still" / directory.name / name)
        for name in ("by-name", "by-region", "status", ".still"):
            with fails("ENOENT"):
                os.stat(cloud.mount.aws / ".still" / name)


def test_nothing_in_it_can_be_changed_but_wake(cloud):
    with costs(cloud.sim, 0):
        held = cloud.screen.parent
        for action, name in ((os.mkdir, "new"), (os.unlink, "info.json"), (os.unlink, "wake")):
            with fails("EPERM"):
                action(held / name)
        with fails("EPERM"):
            os.rename(held / "info.json", held / "other")
        assert stat.S_IMODE(os.stat(held / "wake").st_mode) == 0o600


# What a look gives

def test_what_stat_says_is_what_every_open_gives(fresh):
    with costs(fresh.sim, 1):
        before = time.time()
        first = os.stat(fresh.screen)
        assert before - 1 <= first.st_mtime <= time.time() + 1
        content = read(fresh.screen)
        assert digest(content) == fetches(fresh.sim)[-1]["sha256"]
        assert first.st_size == len(content)
        assert first.st_blocks == (len(content) + 511) // 512
        for _ in range(3):
            with open(fresh.screen, "rb") as file:
                assert os.fstat(file.fileno()) == os.stat(fresh.screen) == first
                assert file.read() == content
    # The live file is as ever.
    with costs(fresh.sim, 1):
        assert os.stat(fresh.live).st_size == 1 << 20
        assert read(fresh.live) != content
    assert os.stat(fresh.live).st_ino != first.st_ino


def test_listing_and_finding_by_name_fetches_nothing(fresh):
    with costs(fresh.sim, 0):
        assert "screenshot.jpg" in os.listdir(fresh.screen.parent)
        os.close(os.open(fresh.screen, os.O_PATH))
        # ls asks nothing beyond the types that the directory has.
        assert shell('/bin/ls "$1"', fresh.screen.parent).returncode == 0


def test_ls_l_fetches_each_file_once(fresh):
    with costs(fresh.sim, 2):
        for _ in range(2):
            assert shell('ls -l "$1"', still(fresh.live.parent)).returncode == 0


def test_a_map_of_the_size_that_stat_gave_has_the_bytes(fresh):
    size = os.stat(fresh.screen).st_size
    with open(fresh.screen, "rb") as file, \
            mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as mapping:
        assert digest(mapping[:]) == fetches(fresh.sim)[-1]["sha256"]


def test_where_it_came_from_is_told_by_its_path(fresh):
    with costs(fresh.sim, 1):
        assert os.getxattr(fresh.screen, "user.consolefs.region") == b"us-east-1"
        assert os.getxattr(fresh.screen, "user.consolefs.woken") == b"0"
        assert os.getxattr(fresh.screen, "user.consolefs.fetched")


def test_however_many_look_at_once_there_is_one_call(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    path = screen_of(mounted, fleet.AWAKE)
    cloud.set_faults("GetConsoleScreenshot:delay=1000")
    done = shell('for i in 1 2 3 4 5 6 7 8; do cat "$1" | sha256sum & stat -c %s "$1" & done; wait', path)
    sums = [line.split()[0] for line in done.stdout.splitlines() if line.endswith("-")]
    assert sums == [fetches(cloud)[0]["sha256"]] * 8
    assert done.stdout.splitlines().count(str(os.stat(path).st_size)) == 8
    assert len(fetches(cloud)) == 1


# For how long

def test_how_long_it_is_held(sim, mount):
    """For still_ttl once it was opened, longer while it was not, and while it is open."""
    cloud = sim(rate_scale=0)
    mounted = mount(cloud, options=[*NO_RATE, "consolefs.still_ttl=1"])
    lit = [path / "screenshot.jpg" for path in showing(mounted.aws, "screenshot.jpg")
           if len(read(path / "screenshot.jpg")) > 40000]
    looked, opened, closed = map(still, lit[:3])
    size = os.stat(looked).st_size
    with open(opened, "rb") as file, open(closed, "rb") as other:
        mapping = mmap.mmap(other.fileno(), 0, access=mmap.ACCESS_READ)
        before, old = file.read(), other.read()
        with costs(cloud, 0):
            time.sleep(2)
            assert os.stat(opened).st_size == os.fstat(file.fileno()).st_size == len(before)
            assert read(opened) == before
            assert os.stat(looked).st_size == size == len(read(looked))
    # A map holds it too.
    with costs(cloud, 0):
        assert read(closed) == mapping[:] == old
    mapping.close()
    for path, content in ((opened, before), (closed, old)):
        with costs(cloud, 1):
            new = os.stat(path).st_size
            assert read(path) != content and len(read(path)) == new
        assert digest(read(path)) == fetches(cloud)[-1]["sha256"]


def test_a_descriptor_of_the_path_alone_shows_what_is_held_now(fresh):
    """As a bind mount or an overlay does, which has looked it up once."""
    handle = os.open(fresh.screen, os.O_PATH)
    try:
        for _ in range(3):
            look_anew(fresh.screen)
            with costs(fresh.sim, 1):
                size = os.fstat(handle).st_size
                content = read(f"/proc/self/fd/{handle}")
                assert len(content) == size
            assert digest(content) == fetches(fresh.sim)[-1]["sha256"]
    finally:
        os.close(handle)


# Failures

def test_a_failure_is_the_errno_of_stat_and_hides_nothing_else(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    path = screen_of(mounted, fleet.AWAKE)
    cloud.set_faults("GetConsoleScreenshot:code=UnauthorizedOperation")
    done = shell('ls -l "$1"', path.parent)
    assert done.returncode == 1
    assert "screenshot.jpg': Permission denied" in done.stderr
    assert len(done.stdout.splitlines()) == 6  # the total, and all five
    for _ in range(3):
        for action in (os.stat, read):
            with fails("EACCES"):
                action(path)
    assert len(fetches(cloud, action="GetConsoleScreenshot")) == 1
    assert "EACCES" in (path.parent / "error").read_text()
    cloud.set_faults()
    look_anew(path)
    assert os.stat(path).st_size == len(read(path))


def test_what_an_instance_has_not_is_not_asked_for_by_a_walk(cloud):
    """A stopped machine shows no screen, and one that is asked for by name says why."""
    held = cloud.mount.aws / ".still" / fleet.aws(fleet.STOPPED)
    assert "screenshot.jpg" not in os.listdir(held)
    assert errno_of(os.stat, held / "screenshot.jpg") == "EHOSTDOWN"
    assert shell('find "$1" -type f -size +0 > /dev/null', held).returncode == 0


# wake

@pytest.mark.parametrize("armed", ["here", "there"])
def test_arming_wake_makes_the_next_look_fetch(sim, mount, armed):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    path = screen_of(mounted, fleet.ASLEEP)
    dark = os.stat(path).st_size
    wake = path.parent / "wake" if armed == "here" else mounted.aws / path.parent.name / "wake"
    wake.write_text("1")
    assert (path.parent / "wake").read_text() == "1\n"
    assert os.stat(path).st_size > dark
    assert (path.parent / "wake").read_text() == "0\n"
    assert [entry["wakeup"] for entry in fetches(cloud)] == [False, True]
    assert len(read(path)) == os.stat(path).st_size
    assert len(fetches(cloud)) == 2


# Interrupts and guests

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_who_looks_dies_of_a_signal_at_once_and_the_others_wait_on(sim, mount, number):
    cloud = sim(rate_scale=0, faults=HANGING)
    mounted = mount(cloud)
    path = screen_of(mounted, fleet.AWAKE)
    assert os.listdir(path.parent)
    with running("/usr/bin/stat", path) as one, running("/usr/bin/stat", path) as two, \
            running("/bin/cat", path) as three:
        await_that(lambda: len(cloud.log_entries(fault="hang")) == 1, "the call is under way")
        busy = connections(cloud)
        assert os.listdir(path.parent) and read(path.parent / "info.json")
        assert shell('ls "$1"', path.parent).returncode == 0
        at_once(one, number)
        at_once(three, number)
        assert two.poll() is None and connections(cloud) == busy
        at_once(two, number)
    await_that(lambda: connections(cloud) < busy, "the transfer is cancelled")
    assert len(fetches(cloud)) == 1
    cloud.set_faults()
    assert (path.parent / "error").read_text() == ""


def test_an_unmount_ends_those_who_look():
    with Simulator(rate_scale=0, faults=HANGING) as cloud, Mount.of(cloud) as mounted:
        mounted.allow(": unmounting$")
        path = screen_of(mounted, fleet.AWAKE)
        assert os.listdir(path.parent)
        with cats([path] * 3) as readers:
            await_that(lambda: len(cloud.log_entries(fault="hang")) == 1, "the call is under way")
            mounted.signal()
            assert [reader.wait(30) for reader in readers] == [1, 1, 1]


def test_a_guest_is_refused_before_anything_is_fetched(cloud, tmp_path):
    cloud.mount.allow("refused to pid")
    look_anew(cloud.screen)
    for program in ("stat", "cat"):
        guest = tmp_path / "tumblerd"
        shutil.copy(f"/bin/{program}", guest)
        with costs(cloud.sim, 0):
            done = subprocess.run([guest, cloud.screen], capture_output=True, text=True, timeout=60,
                                  check=False, env=scrubbed_env(tmp_path))
            assert done.returncode == 1 and "Permission denied" in done.stderr
            assert subprocess.run([guest, cloud.screen.parent / "info.json"], capture_output=True,
                                  timeout=60, check=False).returncode == 0
    cloud.mount.await_log(r"screenshot.jpg refused to pid \d+ \(tumblerd\)")


# The whole tree

def test_o_still_makes_the_whole_tree_so(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud, options=[*NO_RATE, "still"])
    for directory in showing(mounted.aws, "screenshot.jpg")[:3]:
        path = directory / "screenshot.jpg"
        with costs(cloud, 1):
            size = os.stat(path).st_size
            assert len(read(path)) == size
        assert digest(read(path)) == fetches(cloud)[-1]["sha256"]
    assert fleet.instances(mounted.aws) == sorted(os.listdir(mounted.aws / ".still"))
    # Each has a link of its own, as ever.
    link = mounted.tencent / fleet.cvm(0) / "vnc_url"
    with costs(cloud, 0):
        assert os.stat(link).st_size == 16 << 10
    with costs(cloud, 2):
        assert read(link) != read(link)


# Settings

@pytest.mark.parametrize("setting, says", [
    ("still_ttl=0", "[consolefs] still_ttl: '0' is not a number of seconds from 0.1 to 86400"),
    ("still_ttl=1m", "[consolefs] still_ttl: '1m' is not a number of seconds from 0.1 to 86400"),
    ("still_max=0", "[consolefs] still_max: '0' is not a number of MiB from 1 to 65536"),
    ("still_tll=9", "[consolefs] still_tll is not a setting of the mount (did you mean still_ttl?)")])
def test_a_wrong_setting_is_refused(setting, says, tmp_path):
    assert says in refused("-o", f"consolefs.{setting}", tmp_path)
