# SPDX-License-Identifier: MIT
"""Other filesystems and servers above a mount, which trust what stat says and keep what they have looked
up once: bindfs, overlayfs and bind mounts, also when what is held is replaced beneath them; and Samba."""

import contextlib
import functools
import mmap
import os
import pathlib
import socket
import subprocess
import threading
import time
import types

import pytest

from evidence import NO_RATE, digest, fetches, lit_screen, showing
from lib.doing import errno_of, read, shell, side_by_side
from lib.mount import Mount
from lib.simulator import Simulator

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount these")


TTL_S = 1


@pytest.fixture(scope="module")
def cloud():
    """All of the tree is still, for a moment. Each test has a screen of its own."""
    options = [*NO_RATE, "still", f"consolefs.still_ttl={TTL_S}"]
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=options) as mount:
        screens = [directory / "screenshot.jpg" for directory in showing(mount.aws, "screenshot.jpg")]
        lit = [path.relative_to(mount.path) for path in screens if path.stat().st_size > 40000]
        yield types.SimpleNamespace(sim=sim, mount=mount, lit=lit)


@contextlib.contextmanager
def mounted(directory, *command):
    """What a command mounts on a directory."""
    directory.mkdir(exist_ok=True)
    subprocess.run([*map(str, command), str(directory)], check=True, timeout=60, capture_output=True)
    try:
        yield directory
    finally:
        subprocess.run(["/usr/bin/umount", directory], check=True, timeout=60)


def exact(cloud, path):
    """Looks, opens and maps as tools do that trust the size, and returns the content's digest."""
    size = os.stat(path).st_size
    with open(path, "rb") as file:
        content = file.read(size)
        assert file.read() == b"" and os.fstat(file.fileno()).st_size == size
        with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as mapping:
            found = digest(mapping[:])
    assert digest(content) == found
    assert found in {entry["sha256"] for entry in fetches(cloud.sim)}
    return found


def check_over_time(cloud, path, screen):
    """The path above shows what is held, and then another, three times. A map of it holds it longer."""
    def grow_old():
        age = time.time() - os.stat(cloud.mount.path / screen).st_mtime
        time.sleep(max(0, 1.2 * TTL_S - age))

    found = exact(cloud, path)
    for _ in range(3):
        grow_old()
        found, old = exact(cloud, path), found
        assert found != old
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapping:
        found = digest(mapping[:])
        before = len(fetches(cloud.sim, instance=screen.parent.name))
        grow_old()
        assert exact(cloud, path) == found == digest(mapping[:])
        assert len(fetches(cloud.sim, instance=screen.parent.name)) == before


def above_bindfs(cloud, screen, tmp_path):
    with mounted(tmp_path / "bindfs", "/usr/bin/bindfs", "-o", "attr_timeout=0", cloud.mount.path) as above:
        check_over_time(cloud, above / screen, screen)
        assert read(above / "aws" / "status") and os.listdir(above / "tencent")
        done = shell('tar -cf - -C "$1" screenshot.jpg | tar -xOf - | cmp - "$2"',
                     (above / screen).parent, cloud.mount.path / screen)
        assert (done.returncode, done.stderr) == (0, "")


def above_overlay(cloud, screen, tmp_path):
    for name in ("upper", "work"):
        (tmp_path / name).mkdir()
    layers = f"lowerdir={cloud.mount.path},upperdir={tmp_path}/upper,workdir={tmp_path}/work"
    with mounted(tmp_path / "overlay", "/usr/bin/mount", "-t", "overlay", "-o", layers, "none") as above:
        assert shell('ls -lR "$1" > /dev/null', above / "aws" / "by-name").returncode == 0
        check_over_time(cloud, above / screen, screen)
        # What is not a live file keeps its node too: nothing becomes stale.
        for path in ("stats", "aws/status", screen.with_name("info.json"),
                     f"aws/by-region/us-east-1/{screen.parent.name}/error"):
            for _ in range(2):
                assert errno_of(os.stat, above / path) == "OK" == errno_of(read, above / path)


def above_bind_mount(cloud, screen, tmp_path):
    target = tmp_path / "screen.jpg"
    target.touch()
    subprocess.run(["/usr/bin/mount", "--bind", cloud.mount.path / screen, target], check=True, timeout=60)
    try:
        check_over_time(cloud, target, screen)
    finally:
        subprocess.run(["/usr/bin/umount", target], check=True, timeout=60)


@needs_root
def test_what_stands_above_shows_exactly_what_is_held(cloud, tmp_path):
    checks = [above_bindfs, above_overlay, above_bind_mount]
    with side_by_side({check.__name__: functools.partial(check, cloud, screen, tmp_path)
                       for check, screen in zip(checks, cloud.lit)}) as started:
        assert {name: future.exception() for name, future in started.items()} == \
            dict.fromkeys(started)


class Smbd:
    """Samba, which is started for each connection to a port of its own, as inetd does."""

    CONFIG = """[global]
server role = standalone server
map to guest = Bad User
guest account = {user}
private dir = {dir}
lock directory = {dir}
state directory = {dir}
cache directory = {dir}
pid directory = {dir}
ncalrpc dir = {dir}/rpc
log file = {dir}/log
load printers = no
disable spoolss = yes
[consoles]
path = {path}
guest ok = yes
force user = {user}
"""

    def __init__(self, directory, path):
        self.config = directory / "smb.conf"
        user = pathlib.Path(directory).owner()
        self.config.write_text(self.CONFIG.format(dir=directory, path=path, user=user))
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.started = []
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                # It ends its process group.
                self.started.append(subprocess.Popen(
                    ["/usr/sbin/smbd", f"--configfile={self.config}"], stdin=connection,
                    stdout=connection, stderr=subprocess.DEVNULL, start_new_session=True))

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()
        for process in self.started:
            process.wait(30)


@needs_root
def test_a_share_of_samba(sim, mount, tmp_path):
    cloud = sim(rate_scale=0)
    mounted_there = mount(cloud, options=[*NO_RATE, "still"])
    screen = lit_screen(mounted_there.aws)
    log = screen.with_name("console.log")
    smbd = Smbd(tmp_path, mounted_there.path)
    try:
        before = len(fetches(cloud))
        done = shell('cd "$1" && smbclient -N -s smb.conf -p "$2" //127.0.0.1/consoles -c "$3"', tmp_path,
                     smbd.port, f"cd aws/{screen.parent.name}; ls; get screenshot.jpg; get console.log; "
                     "get screenshot.jpg again.jpg; get info.json")
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        smbd.stop()
    assert read(tmp_path / "screenshot.jpg") == read(tmp_path / "again.jpg") == read(screen)
    assert read(tmp_path / "console.log") == read(log)
    assert read(tmp_path / "info.json") == read(screen.with_name("info.json"))
    # The screen was read before.
    assert [entry["action"] for entry in fetches(cloud)[before:]] == ["GetConsoleOutput"]
    assert str(os.stat(screen).st_size) in done.stdout
