# SPDX-License-Identifier: MIT
"""fs/base/log.h: a line of the log "that nobody takes is lost", and nothing waits for it: a full disk, a
reader that has stopped or gone, a syslog daemon that hangs, is started anew or is not there."""

import contextlib
import errno
import fcntl
import os
import pathlib
import re
import socket
import subprocess

import pytest

from crowd import crowd
from lib import fleet
from lib.doing import await_that, read
from lib.mount import Mount, cloud_options, find_consolefs
from lib.scripted import AWS_KEYS, TENCENT_KEYS
from lib.simulator import scrubbed_env

# More lines than any pipe or socket holds here.
OPENS = 300
LOST = re.compile(r"^<28>.{15} consolefs\[\d+\]: \d+ log lines could not be written and are lost$")


def program_with_stderr(directory, target):
    """A consolefs whose stderr is that file, by name."""
    script = pathlib.Path(directory) / "program"
    script.write_text(f'#!/bin/sh\nexec "{find_consolefs()}" "$@" 2>>"{target}"\n')
    script.chmod(0o755)
    return script


def screens_of(mounted):
    """Many opens, all of which must see a whole screen."""
    path = mounted.aws / fleet.aws(0) / "screenshot.jpg"
    with crowd(OPENS, path) as openers:
        assert openers.results() == {"OK": OPENS}
    return path


@pytest.fixture
def served(sim):
    """Mounts it with its stderr there, and has all those lines written."""
    with contextlib.ExitStack() as stack:
        def serve(directory, target):
            cloud = sim(rate_scale=0)
            mounted = stack.enter_context(Mount.of(
                cloud, options=["aws.rate=100000"], program=program_with_stderr(directory, target)))
            screens_of(mounted)
            return mounted
        yield serve


def test_a_full_disk_under_the_log(served, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["/usr/bin/mount", "-t", "tmpfs", "-o", "size=4k", "none", disk], check=True)
    try:
        log = disk / "log"
        mounted = served(tmp_path, log)
        assert log.stat().st_size == 4096
        # Room again: the log goes on, and says what it lacks.
        os.truncate(log, 0)
        read(mounted.aws / fleet.aws(0) / "screenshot.jpg")
        lost, last = log.read_text().splitlines()
        assert int(re.fullmatch(r"consolefs: (\d+) log lines could not be written and are lost",
                                lost)[1]) > 100
        assert "GetConsoleScreenshot for pid" in last
    finally:
        subprocess.run(["/usr/bin/umount", "-l", disk], check=True)


def test_a_reader_of_the_log_that_has_stopped(served, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 8192)
        mounted = served(tmp_path, pipe)
        held = os.read(reader, 65536).decode()
        assert held.endswith("\n") and "could not" not in held
        read(mounted.aws / fleet.aws(0) / "screenshot.jpg")
        assert re.match(r"consolefs: \d+ log lines could not be written and are lost\n.*for pid.*\n$",
                        os.read(reader, 65536).decode())
    finally:
        os.close(reader)


def test_a_reader_of_the_log_that_has_gone(sim, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with Mount.of(sim(rate_scale=0), options=["aws.rate=100000"],
                  program=program_with_stderr(tmp_path, pipe)) as mounted:
        os.close(reader)
        screens_of(mounted)


class Syslog:
    """What listens at /dev/log. Nothing may be there but it."""

    def __init__(self):
        self.socket = None

    def start(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        self.socket.setblocking(False)

    def lines(self):
        """All that has come."""
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(self.socket.recv(65536).decode())
        return found

    def stop(self):
        if self.socket:
            self.socket.close()
            os.unlink("/dev/log")
        self.socket = None


@pytest.fixture
def syslog():
    if os.path.exists("/dev/log"):
        pytest.skip("there is a syslog here, which is not the test's to stop")
    log = Syslog()
    yield log
    log.stop()


@contextlib.contextmanager
def daemon(cloud, path):
    """consolefs in the background, whose log goes to syslog. A Mount as far as is needed here."""
    words = [word for one in [*cloud_options(cloud), "aws.rate=100000"] for word in ("-o", one)]
    subprocess.run([find_consolefs(), *words, path], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, timeout=60,
                   env=scrubbed_env("/nonexistent", **AWS_KEYS, **TENCENT_KEYS))
    mounted = Mount.__new__(Mount)
    mounted.path = pathlib.Path(path)
    try:
        yield mounted
    finally:
        subprocess.run(["/usr/bin/fusermount3", "-u", path], check=True)


def test_a_syslog_that_hangs_is_gone_and_comes_back(sim, tmp_path, syslog):
    cloud, path = sim(rate_scale=0), tmp_path / "mnt"
    path.mkdir()
    syslog.start()
    with daemon(cloud, path) as mounted:
        screen = mounted.aws / fleet.aws(0) / "screenshot.jpg"
        read(screen)
        first = syslog.lines()[-1]
        assert re.fullmatch(r"<30>[A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d consolefs\[\d+\]: "
                            r"aws: i-\w+: GetConsoleScreenshot for pid \d+ \(.*\)", first)
        # Nobody takes what is sent: its queue is full after some ten lines.
        screens_of(mounted)
        assert 0 < len(syslog.lines()) < OPENS
        read(screen)
        lost, last = syslog.lines()
        assert LOST.match(lost) and "GetConsoleScreenshot for pid" in last
        # It ends, and another is started.
        syslog.stop()
        screens_of(mounted)
        syslog.start()
        read(screen)
        lost, last = syslog.lines()
        assert LOST.match(lost) and "GetConsoleScreenshot for pid" in last


def test_without_any_syslog_it_works(sim, tmp_path, syslog):
    path = tmp_path / "mnt"
    path.mkdir()
    with daemon(sim(rate_scale=0), path) as mounted:
        screens_of(mounted)
