# SPDX-License-Identifier: MIT
"""What a consolefs that is killed leaves behind: no process that hangs, and a mount point of which the
next start says what to do, or which the service manager cleans up."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import pytest

from crowd import crowd, screens, under_way
from lib import fleet
from lib.command import Background, in_namespace, options_of
from lib.doing import Stopwatch, await_that, errno_of, gone, read, shell
from lib.mount import Mount, cloud_options, find_consolefs, is_mounted
from lib.simulator import ROOT, Simulator

OPENS = 200
GONE = {"ENOTCONN", "ECONNABORTED"}
NOBODY = 65534

as_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root")


@pytest.fixture
def commons():
    """A directory that everybody can reach, and nobody's mount point in it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="consolefs-killed."))
    path.chmod(0o755)
    (path / "mnt").mkdir()
    yield path
    shutil.rmtree(path)


@pytest.mark.parametrize("where", ["opens", "listings", "the queue"])
def test_whoever_waits_for_it_gets_an_errno_at_once(where):
    faults = {"opens": ["GetConsoleScreenshot:hang"], "listings": ["DescribeInstances:hang"],
              "the queue": []}[where]
    rate = "0.01" if where == "the queue" else "100000"
    with Simulator(rate_scale=0, faults=faults) as sim:
        mount = Mount.of(sim, options=[f"aws.rate={rate}", "aws.timeout=600"])
        path = mount.aws / fleet.aws(0) / "screenshot.jpg"
        try:
            with crowd(OPENS, *([path] if where == "listings" else screens(mount))) as openers:
                if where == "opens":
                    await_that(lambda: under_way(mount.aws) == OPENS, "all hang")
                elif where == "listings":
                    # All of them wait for the one that asks.
                    sim.await_log(action="DescribeInstances")
                else:
                    await_that(lambda: f" {OPENS - 1} waiting" in
                               (mount.aws / "status").read_text(), "all are queued")
                watch = Stopwatch()
                mount.signal(signal.SIGKILL)
                results = openers.results(timeout=10)
                assert watch.seconds() < 5
            served = results.pop("OK", 0)
            assert served <= (where == "the queue") and set(results) <= GONE
            assert sum(results.values()) == OPENS - served
            # What comes later is told as well.
            assert errno_of(os.listdir, mount.path) in GONE
            assert errno_of(read, path) in GONE
        finally:
            mount.wait()
            subprocess.run(["/usr/bin/fusermount3", "-uz", mount.path], check=True)
            shutil.rmtree(mount.dir)


def test_who_has_a_file_open_is_told_when_he_reads_on(commons):
    with Simulator(rate_scale=0) as sim, Background(
            commons / "mnt", *options_of(cloud_options(sim))) as mount:
        file = os.open(mount.path / "aws" / fleet.aws(0) / "screenshot.jpg", os.O_RDONLY)
        os.kill(mount.pid, signal.SIGKILL)
        await_that(lambda: gone(mount.pid), "the daemon dies")
        # What the kernel has of it already may still be read, and is right.
        result = errno_of(lambda: os.read(file, 100)[:2] == b"\xff\xd8" or 1 / 0)
        assert result in GONE | {"OK"}
        # Closing it may say so, too, and never hangs.
        assert errno_of(os.close, file) in GONE | {"OK"}


TOOK_AWAY = "consolefs: took away a dead mount that an earlier consolefs of this user has left behind"


def test_the_next_start_cleans_up_though_the_dead_mount_is_in_use(commons):
    with Simulator(rate_scale=0, faults=["GetConsoleOutput:hang"]) as sim:
        args, path = options_of(cloud_options(sim)), commons / "mnt"
        with Background(path, *args) as first:
            # With a shell inside.
            inside = os.open(path / "aws" / fleet.aws(0), os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.kill(first.pid, signal.SIGKILL)
                await_that(lambda: gone(first.pid), "the daemon dies")
                with Background(path, *args) as second:
                    assert second.done.returncode == 0 and TOOK_AWAY in second.done.stderr
                    assert read(path / "aws" / fleet.aws(0) / "screenshot.jpg")[:2] == b"\xff\xd8"
                    second.unmount()
                assert not is_mounted(path)
            finally:
                os.close(inside)


@as_root
def test_the_same_for_an_ordinary_user(commons):
    """One who mounts by fusermount3. What helps is told to root, who may not look."""
    os.chown(commons / "mnt", NOBODY, NOBODY)
    with Simulator(rate_scale=0) as sim:
        shutil.copy(sim.ca, commons / "ca.pem")
        (commons / "ca.pem").chmod(0o644)
        options = [text.replace(str(sim.ca), str(commons / "ca.pem")) for text in cloud_options(sim)]
        done = in_namespace("""
            mknod -m 666 "$1/fuse" c 10 229
            mount --bind "$1/fuse" /dev/fuse
            dir=$1/mnt program=$2
            shift 2
            nobody="setpriv --reuid=65534 --regid=65534 --clear-groups --"
            $nobody "$program" -f "$@" "$dir" 2>/dev/null &
            until $nobody stat "$dir/stats" >/dev/null 2>&1; do sleep 0.05; done
            $nobody sh -c 'cat "$1"/aws/i-*/screenshot.jpg 2>/dev/null' sh "$dir" | wc -c
            kill -KILL $!
            wait $! || true
            $nobody ls "$dir" 2>&1 || true
            $nobody "$program" "$@" "$dir" 2>&1 || true
            $nobody fusermount3 -uz "$dir"
            $nobody "$program" -f "$@" "$dir" 2>/dev/null &
            until $nobody stat "$dir/stats" >/dev/null 2>&1; do sleep 0.05; done
            $nobody ls "$dir"
            kill -KILL $!
            wait $! || true
            "$program" "$@" "$dir" 2>&1 || true
            umount "$dir"
            """, commons, find_consolefs(), *options_of(options))
    assert done.returncode == 0, done.stderr
    size, dead, stale, *works, root = done.stdout.splitlines()
    assert int(size) > 10000
    assert "Transport endpoint is not connected" in dead
    assert stale == TOOK_AWAY
    assert works == ["aws", "index.html", "stats", "tencent"]
    assert "another user has mounted something there, which may be dead" in root
    assert "that user or root can remove it with: fusermount3 -uz" in root


@as_root
@pytest.mark.parametrize("unit", ["consolefs@.service", "user/consolefs@.service"])
def test_the_units_clean_up_behind_a_daemon_that_was_killed_and_leave_one_that_works(commons, unit):
    """What systemd runs when the service has ended, before it starts it again. That of the system
    enters the host's mount namespace for it, where this is already."""
    line = re.search(r"^ExecStopPost=-(?:\+nsenter --target=1 --mount -- )?(/bin/sh -c '.*' sh) (%f|%h/%I)$",
                     (ROOT / "contrib/systemd" / unit).read_text(), re.MULTILINE)[1]
    path = commons / "mnt"
    # systemd's own way to write a dollar sign.
    clean_up = line.replace("$$", "$") + f" {path}"
    with Simulator(rate_scale=0) as sim:
        args = options_of(cloud_options(sim))
        for _ in range(2):
            with Background(path, *args) as mount:
                assert mount.done.returncode == 0, mount.done.stderr
                assert shell(clean_up).returncode == 0
                assert fleet.clouds(path) == ["aws", "tencent"]
                os.kill(mount.pid, signal.SIGKILL)
                await_that(lambda pid=mount.pid: gone(pid), "the daemon dies")
                assert shell(clean_up).returncode == 0
                assert not is_mounted(path)
        # And where nothing is mounted it does nothing.
        assert shell(clean_up).returncode == 0
