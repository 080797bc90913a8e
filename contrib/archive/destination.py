# SPDX-License-Identifier: MIT
"""DEST: its lock, its finished runs, and the one under way.

A run under way is DEST/.unfinished:

    name               the run's name, which is when it began
    tree/CLOUD/ID/     what has been fetched. rsync leaves no file that is not whole, so what is here
                       is never fetched again
    results/*.log      a line for each instance, when it has been dealt with; see outcome.py
    tmp/               of this process alone

When every instance has been dealt with, what is the same in the previous run is replaced by a hard
link to that, and tree/ renamed to DEST/NAME. So a run that was killed anywhere is continued by the
next, and what has a date for a name is finished. DEST/.lock is held by all that write.

None of it may be another user's: see trust.py.
"""

import contextlib
import fcntl
import itertools
import os
import re
import stat
import time

import trust
from files import read_text, remove_tree, write_anew
from messages import Fatal, say
from outcome import FAILED, parse_line

DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}Z")
# How long the rsyncs that a killed run has left behind are waited for.
ORPHANS_S = 120


def stamp(seconds=None):
    return time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime(seconds))


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        # In the last case it is not known who.
        pass
    return True


class Destination:
    """DEST, or the directory of a shard in it. An OSError of a method means that it cannot be written
    to."""

    def __init__(self, path, shard=None):
        try:
            self._fd = trust.open_destination(path)
            if shard:
                above, self._fd = self._fd, trust.own_directory(self._fd, shard, f"{path}/{shard}")
                os.close(above)
        except OSError as error:
            raise Fatal(f"cannot make {path!r}: {error.strerror}") from error
        # rsync finds the directory by it.
        os.set_inheritable(self._fd, True)
        # To name it, and to reach it, whatever may be renamed above it.
        self.path = os.path.realpath(f"/proc/self/fd/{self._fd}")
        self.root = f"/proc/self/fd/{self._fd}"
        self.work = f"{self.root}/.unfinished"
        self.tree = f"{self.work}/tree"
        self.tmp = f"{self.work}/tmp"
        self.name = None
        self._logs = itertools.count()

    def named(self, text):
        """A text about what is in it, as its user knows it."""
        return text.replace(self.root + "/", self.path + "/")

    def lock(self):
        """Takes the lock, until this process and all that it has started have ended."""
        lock = trust.own_file(self._fd, ".lock", f"{self.path}/.lock")
        if not self._take(lock):
            text = os.pread(lock, 20, 0).strip()
            # The rsyncs of a killed run hold it for as long as they write.
            if not text.isdigit() or alive(int(text)) or not self._take(lock, ORPHANS_S):
                raise Fatal(f"another run is under way in {self.path!r}")
        os.set_inheritable(lock, True)
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d\n" % os.getpid(), 0)

    @staticmethod
    def _take(lock, patience=0):
        end = time.monotonic() + patience
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            if time.monotonic() >= end:
                return False
            time.sleep(0.1)

    def begin(self):
        """Continues the run that was interrupted, or begins one. Returns whether it continues one."""
        self._own_work()
        known = read_text(f"{self.work}/name").strip()
        if DATED.fullmatch(known) and os.path.isdir(f"{self.root}/{known}"):
            # Killed when all but settling was done.
            self.name = known
            self._settle()
            known = ""
            self._own_work()
        remove_tree(self.tmp, self.named)
        os.mkdir(self.tmp)
        if DATED.fullmatch(known):
            self.name = known
            return True
        self.name = self._new_name()
        write_anew(f"{self.work}/name.new", f"{self.name}\n".encode("ascii"))
        os.replace(f"{self.work}/name.new", f"{self.work}/name")
        return False

    def _own_work(self):
        """Makes the directories of the run under way, unless they are there and ours."""
        shown = f"{self.path}/.unfinished"
        work = trust.own_directory(self._fd, ".unfinished", shown)
        for name in ("tree", "results"):
            os.close(trust.own_directory(work, name, f"{shown}/{name}"))
        os.close(work)

    def _new_name(self):
        """When it begins. No other run has the name."""
        while True:
            name = stamp()
            if not os.path.lexists(f"{self.root}/{name}"):
                return name
            time.sleep(0.1)

    def record(self, results):
        """Notes that these instances have been dealt with. Any thread may call it."""
        with open(f"{self.work}/results/{os.getpid()}.{next(self._logs)}.log", "x",
                  encoding="ascii") as log:
            log.write("".join(result.line() for result in results))

    def recorded(self):
        """The results, by place, of a run that is continued; failures are left out, to be tried again.
        Call it before record()."""
        results = {}
        directory = f"{self.work}/results"
        logs = [f"{directory}/{name}" for name in os.listdir(directory) if name.endswith(".log")]
        for log in sorted(logs):
            for result in map(parse_line, read_text(log).split("\n")):
                if result and result.status != FAILED:
                    results.setdefault(result.place, result)
        kept = "".join(result.line() for result in results.values())
        write_anew(f"{directory}/kept", kept.encode("ascii", "replace"))
        os.replace(f"{directory}/kept", f"{directory}/kept.log")
        for log in logs:
            if log != f"{directory}/kept.log":
                os.unlink(log)
        return results

    def abandon(self):
        """Removes the run, unless an interrupted one has fetched something: that is kept."""
        if not os.listdir(self.tree):
            remove_tree(self.work, self.named)

    def finish(self):
        """Gives the run its name."""
        try:
            os.rename(self.tree, f"{self.root}/{self.name}")
        except OSError as error:
            raise Fatal(f"cannot rename the finished run to {self.name!r}: {error.strerror}") from error
        self._settle()

    def _settle(self):
        """What is left to do when a run has its name."""
        link = f"{self.root}/.latest"
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(link)
            os.symlink(self.name, link)
            os.replace(link, f"{self.root}/latest")
        except OSError as error:
            raise Fatal(f"cannot make {self.path + '/latest'!r}: {error.strerror}") from error
        remove_tree(self.work, self.named)

    def finished(self):
        """The names of the finished runs, oldest first. What another user has put there, where all may
        add names, is not one."""
        return sorted(name for name in os.listdir(self.root)
                      if DATED.fullmatch(name) and self._is_finished(f"{self.root}/{name}"))

    @staticmethod
    def _is_finished(path):
        try:
            run, summary = os.lstat(path), os.lstat(f"{path}/summary")
        except OSError:
            return False
        return stat.S_ISDIR(run.st_mode) and trust.is_safe(run) and stat.S_ISREG(summary.st_mode)

    def remove_older(self, days):
        """Removes the finished runs that began so many days ago, but never the one just finished."""
        limit = stamp(time.time() - days * 86400)
        removing = f"{self.root}/.removing"
        remove_tree(removing, self.named)
        for name in self.finished():
            if name < limit and name != self.name:
                # What is half removed is not a run.
                try:
                    os.rename(f"{self.root}/{name}", removing)
                except OSError as error:
                    say(f"cannot remove {self.path + '/' + name!r}: {error.strerror}")
                    continue
                remove_tree(removing, self.named)
