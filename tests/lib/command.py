# SPDX-License-Identifier: MIT
"""consolefs as a command that ends, with or without a mount left behind."""

import pathlib
import subprocess
import tempfile

from .doing import await_that, daemons, end, gone
from .mount import find_consolefs, is_mounted
from .scripted import AWS_KEYS, TENCENT_KEYS
from .simulator import scrubbed_env

PATIENCE_S = 30
KEYS = {**AWS_KEYS, **TENCENT_KEYS}


def consolefs(*args, env=None, before=(), cwd=None):
    """Runs it until the command ends. `before` is what it is started by."""
    environment = scrubbed_env("/nonexistent", **(env or {}))
    # To files, not pipes: a daemon in the background would keep those open.
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        done = subprocess.run([*map(str, before), find_consolefs(), *map(str, args)],
                              stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment,
                              timeout=PATIENCE_S, check=False, cwd=cwd)
        out.seek(0)
        err.seek(0)
        done.stdout, done.stderr = out.read(), err.read()
    return done


def refused(*args, **more):
    """What it says when it refuses to start: status 1, and one message on stderr."""
    done = consolefs(*args, **more)
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert done.stdout == ""
    assert done.stderr.startswith("consolefs: "), done.stderr
    return done.stderr


def options_of(options):
    """Settings as arguments."""
    return [word for option in options for word in ("-o", option)]


def in_namespace(script, *args, env=None):
    """Runs sh -c as root in a mount namespace of its own; $1... are the args."""
    # It begins with a copy of every mount there is, and as long as it has that of another test an
    # unmount over there ends no daemon.
    script = "umount --all --lazy --no-canonicalize --types fuse.consolefs || true\n" + script
    return subprocess.run(
        ["/usr/bin/unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-ec", script,
         "sh", *map(str, args)], capture_output=True, text=True, timeout=60, check=False,
        stdin=subprocess.DEVNULL, env=scrubbed_env("/nonexistent", **(KEYS if env is None else env)))


class Background:
    """A mount whose command has returned."""

    def __init__(self, path, *args, env=None, before=()):
        self.path = pathlib.Path(path)
        self.done = consolefs(*args, self.path, env=KEYS if env is None else env, before=before)
        # Of two the parent is not this one: it has returned.
        self.pids = daemons(self.path)

    @property
    def pid(self):
        assert len(self.pids) == 1, self.pids
        return self.pids[0]

    def unmount(self):
        subprocess.run(["/usr/bin/fusermount3", "-u", self.path], check=True)
        await_that(lambda: gone(self.pid), "the daemon ends")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for pid in self.pids:
            if not gone(pid):
                end(pid)
        if is_mounted(self.path):
            subprocess.run(["/usr/bin/fusermount3", "-uz", self.path], check=False)

