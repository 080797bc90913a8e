# SPDX-License-Identifier: MIT
"""What was opened, and what the cloud sent for it.

The kernel counts the opens: inotify on an instance's directory reports every one that succeeds,
whoever makes it (but with O_PATH, which opens nothing). The simulator's log tells what was sent for
each.
"""

import ctypes
import hashlib
import os
import struct
import subprocess

from lib import fleet
from lib.simulator import scrubbed_env

ACTIONS = {"screenshot.jpg": "GetConsoleScreenshot", "console.log": "GetConsoleOutput",
           "vnc_url": "DescribeInstanceVncUrl"}
# The client's own brake is not what these tests are about.
NO_RATE = ["aws.rate=100000", "tencent.rate=100000"]

IN_OPEN, IN_CLOSE, IN_NONBLOCK, IN_CLOEXEC = 0x20, 0x18, 0o4000, 0o2000000
EVENT = struct.Struct("iIII")


def digest(content):
    return hashlib.sha256(content).hexdigest()


def fetches(sim, **fields):
    """Every console call so far."""
    return [entry for entry in sim.log_entries(**fields)
            if entry["action"] in ACTIONS.values()]


class Opens:
    """Counts the opens of one file. Events that are equal and adjacent are merged, so two opens
    count as two only with a close in between: it is for tools that open, read and close."""

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.name = path.name.encode()
        self.fd = libc.inotify_init1(IN_NONBLOCK | IN_CLOEXEC)
        if self.fd < 0 or libc.inotify_add_watch(self.fd, os.fsencode(path.parent),
                                                 IN_OPEN | IN_CLOSE) < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def count(self):
        """Opens since the last count."""
        opens = 0
        while True:
            try:
                events = os.read(self.fd, 65536)
            except BlockingIOError:
                return opens
            while events:
                _, mask, _, length = EVENT.unpack_from(events)
                name = events[EVENT.size:EVENT.size + length].rstrip(b"\0")
                opens += bool(mask & IN_OPEN) and name == self.name
                events = events[EVENT.size + length:]

    def close(self):
        os.close(self.fd)


class Witness:
    """What happens to a live file while the block runs: `sent` has the digests of what the cloud
    sent for it, in order, and `opens` how often it was opened."""

    def __init__(self, sim, path):
        self.sim, self.path = sim, path
        self.sent, self.opens = [], 0

    def __enter__(self):
        self.before = len(self.sim.log_entries())
        self.watch = Opens(self.path)
        return self

    def __exit__(self, *exception):
        self.opens = self.watch.count()
        self.watch.close()
        entries = [entry for entry in self.sim.log_entries()[self.before:]
                   if entry["action"] in ACTIONS.values()]
        assert all(entry["action"] == ACTIONS[self.path.name] and
                   entry["instance"] == self.path.parent.name for entry in entries), entries
        self.sent = [entry["sha256"] for entry in entries if entry["status"] == 200]
        assert len(self.sent) == len(entries), entries


class Ran:
    """A command that ended."""

    def __init__(self, done):
        self.status, self.out = done.returncode, done.stdout
        self.err = done.stderr.decode(errors="replace")


def run(command, cwd, stdin=subprocess.DEVNULL, **variables):
    """Runs a shell command, of which every part must succeed, with these variables."""
    env = scrubbed_env(cwd, **{name: str(value) for name, value in variables.items()})
    done = subprocess.run(["/bin/bash", "-eu", "-o", "pipefail", "-c", command], cwd=cwd, env=env,
                          stdin=stdin, capture_output=True, timeout=60, check=False)
    return Ran(done)


def instances(cloud):
    """The directories of a cloud's instances."""
    return [cloud / name for name in fleet.instances(cloud)]


def showing(cloud, name):
    """The instances whose directory shows a file of this name."""
    return [directory for directory in instances(cloud) if name in os.listdir(directory)]


def lit_screen(cloud):
    """The path of a screenshot that has text on it, so that no two images are alike."""
    for directory in showing(cloud, "screenshot.jpg"):
        path = directory / "screenshot.jpg"
        if len(path.read_bytes()) > 40000:
            return path
    raise LookupError("every display sleeps")
