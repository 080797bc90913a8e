# SPDX-License-Identifier: MIT
"""What tests do to a mount, and how they wait for what comes of it."""

import concurrent.futures
import contextlib
import errno
import os
import pathlib
import re
import select
import signal
import subprocess
import time

import pytest

PATIENCE_S = 30


def errno_name(error):
    """The name of an exception's errno; of two names for one number the one that DESIGN uses."""
    return "EOPNOTSUPP" if error.errno == errno.EOPNOTSUPP else errno.errorcode[error.errno]


@contextlib.contextmanager
def fails(*names):
    """The block fails with one of these errnos, by name."""
    with pytest.raises(OSError) as caught:
        yield caught
    assert errno_name(caught.value) in names, caught.value


def errno_of(action, *args):
    """The name of the errno with which the action fails, "OK" if it does not."""
    try:
        action(*args)
    except OSError as error:
        return errno_name(error)
    return "OK"


def read(path):
    """The content, by one open."""
    with open(path, "rb") as file:
        return file.read()


def _queued(task):
    """Seconds that a thread has been ready to run and had no processor; None: it has ended."""
    try:
        # The second of three numbers, in nanoseconds: Documentation/scheduler/sched-stats.rst.
        return int((task / "schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return None


class Stopwatch:
    """Measures how long something takes, as if the machine had nothing else to do: without the time
    in which this thread, or one of the processes that the test has started, was ready to run and had
    no processor. What waits, or computes, for too long is told as exactly as by a clock.

    A reader waits for the daemon and that for the simulator, so what these waited is added up; but the
    threads of a process, and the processes of one program, wait side by side: of those the one that
    waited longest counts."""

    def __init__(self):
        self.began = time.monotonic()
        self.before = self._queues()

    @staticmethod
    def _queues():
        """{(program, id of the thread): seconds}"""
        found = {("the test", 0): _queued(pathlib.Path("/proc/thread-self"))}
        for pid in descendants(os.getpid()):
            with contextlib.suppress(OSError):
                program = pathlib.Path(f"/proc/{pid}/comm").read_text()
                found.update(((program, int(task.name)), _queued(task))
                             for task in pathlib.Path(f"/proc/{pid}/task").iterdir())
        return {key: value for key, value in found.items() if value is not None}

    def seconds(self):
        """So many so far. Processes that have ended since and were waited for are not known."""
        took = time.monotonic() - self.began
        longest = {}
        for (program, task), number in self._queues().items():
            queued = number - self.before.get((program, task), 0)
            longest[program] = max(longest.get(program, 0), queued)
        return max(0, took - sum(longest.values()))


def await_that(condition, what, timeout=PATIENCE_S, watch=None, every=0.01):
    """Polls until the condition holds, and returns what it returned. A timeout of one's own is one by
    a Stopwatch, which may have been started before."""
    if timeout != PATIENCE_S and not watch:
        watch = Stopwatch()
    end = (watch.began if watch else time.monotonic()) + timeout
    while not (value := condition()):
        if time.monotonic() > end and (not watch or watch.seconds() > timeout):
            raise TimeoutError(f"not within {timeout} s: {what}")
        time.sleep(every)
    return value


@contextlib.contextmanager
def side_by_side(actions):
    """Starts actions that wait for most of their time, {name: function}, each in a thread of its own and
    with clouds and mounts of its own. What one returns, or raises, is its future's to tell, {name: future}.
    Not for what looks at a Stopwatch, for which all processes of the test are one chain."""
    with concurrent.futures.ThreadPoolExecutor(len(actions)) as pool:
        yield {name: pool.submit(action) for name, action in actions.items()}


@contextlib.contextmanager
def running(*command, **more):
    """A process of which stdout and stderr are kept, and of which nothing is left afterwards."""
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def cat(path):
    """A cat of one file that runs beside the test."""
    return running("/bin/cat", path)


@contextlib.contextmanager
def cats(paths):
    """One cat for each path, all at once."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(cat(path)) for path in paths]


def at_once(process, number):
    """Signals a process, which must be dead of that in a moment."""
    watch = Stopwatch()
    process.send_signal(number)
    assert ended_in(process, watch) < 2
    assert process.wait(PATIENCE_S) == -number


def ended_in(process, watch):
    """Waits until a process has ended, and returns what the stopwatch says then. It is still to be
    waited for, as it is not known to the stopwatch afterwards."""
    with open_pidfd(process.pid) as descriptor:
        assert select.select([descriptor], [], [], PATIENCE_S)[0], "it does not end"
    return watch.seconds()


@contextlib.contextmanager
def open_pidfd(pid):
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def await_age(cloud, seconds):
    """Waits until every region's list is older than this, by the mount's own account."""
    def old():
        ages = re.findall(r"listed (\d+) s ago", (cloud / "status").read_text())
        return ages and all(int(age) > seconds for age in ages)
    await_that(old, f"the list is {seconds} s old", seconds + PATIENCE_S,
               every=0.1)


def shell(script, *args, **more):
    """Runs sh -c, whose $1... are the args. What it says is the test's to judge."""
    return subprocess.run(["/bin/sh", "-c", script, "sh", *map(str, args)], capture_output=True,
                          text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, check=False,
                          **more)


def connections(sim):
    """How many connections to the simulator are open, by the kernel's own account."""
    wanted = f"0100007F:{sim.port:04X}"
    lines = pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return sum(fields[2] == wanted and fields[3] == "01"
               for fields in (line.split() for line in lines))


def _parents():
    """The parent of each process."""
    found = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(errors="replace").rpartition(") ")[2].split()
            found[int(stat.parent.name)] = int(fields[1])
    return found


def children(pid):
    """The processes that a process has started."""
    return [child for child, parent in _parents().items() if parent == pid]


def descendants(pid):
    """Those, and theirs."""
    parents = _parents()
    found, new = [], [pid]
    while new:
        new = [child for child, parent in parents.items() if parent in new]
        found += new
    return found


def processes(program, word):
    """The processes of a program that have that word in their command line."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if words[0].endswith(os.fsencode(program)) and os.fsencode(word) in words:
                found.append(int(path.parent.name))
    return found


def daemons(mountpoint):
    """The consolefs processes that were started for a mount point, by their command line."""
    return processes("consolefs", mountpoint)


def gone(pid):
    """Whether a process has ended; one that nobody has waited for counts as ended."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(") ")[2].split()[0] == "Z"


def end(pid, number=signal.SIGTERM):
    """Signals one process and waits for its end."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
    await_that(lambda: gone(pid), f"process {pid} ends")
