"""What tests do to a mount, and how they wait for what comes of it."""

import contextlib
import errno
import os
import pathlib
import re
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


def await_that(condition, what, timeout=PATIENCE_S):
    """Polls until the condition holds, and returns what it returned."""
    end = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout} s: {what}")
        time.sleep(0.01)
    return value


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
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(PATIENCE_S) == -number
    assert time.monotonic() - began < 2


def await_age(cloud, seconds):
    """Waits until every region's list is older than this, by the mount's own account."""
    def old():
        ages = re.findall(r"listed (\d+) s ago", (cloud / "status").read_text())
        return ages and all(int(age) > seconds for age in ages)
    await_that(old, f"the list is {seconds} s old", seconds + PATIENCE_S)


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


def children(pid):
    """The processes that a process has started."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(errors="replace").rpartition(") ")[2].split()
            if int(fields[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def daemons(mountpoint):
    """The consolefs processes that were started for a mount point, by their command line."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if words[0].endswith(b"consolefs") and os.fsencode(mountpoint) in words:
                found.append(int(path.parent.name))
    return found


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
