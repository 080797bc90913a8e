# SPDX-License-Identifier: MIT
"""Many opens at once from one process, and numbers from a mount's files."""

import contextlib
import json
import pathlib
import re
import time

from lib import fleet
from lib.doing import Stopwatch, errno_of, running
from lib.mount import find_consolefs

PATIENCE_S = 60
# Machines of the simulated fleet that show a screen.
_SCREENS = (0, 1, 8, 10, 11, 12, 14, 16, 17, 18)
SANITIZED = b"__asan_init" in pathlib.Path(find_consolefs()).read_bytes()

# Each thread opens and reads once; a whole JPEG, or text, is what it should see.
_OPENERS = """
import collections, errno, json, os, sys, threading, time
count, paths = int(sys.argv[1]), sys.argv[2:]
results, lasted = [], []
def now():
    with open("/proc/thread-self/schedstat") as file:
        return time.monotonic() - int(file.read().split()[1]) / 1e9
def open_one(path):
    began = now()
    try:
        with open(path, "rb", buffering=0) as file:
            content = file.read()
        jpeg = content.startswith(b"\\xff\\xd8") and content.endswith(b"\\xff\\xd9")
        result = "OK" if jpeg or not path.endswith(".jpg") else "WRONG"
    except OSError as error:
        result = errno.errorcode[error.errno]
    results.append(result)
    lasted.append(now() - began)
# Who waits for the interpreter is not to ask for it every 5 ms.
sys.setswitchinterval(1)
threading.stack_size(65536)
threads = [threading.Thread(target=open_one, args=(paths[i % len(paths)],)) for i in range(count)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({"results": collections.Counter(results), "longest": max(lasted)}))
"""


class Crowd:
    def __init__(self, process):
        self.process = process
        self.watch, self.began = Stopwatch(), time.monotonic()
        self.longest = None

    def results(self, timeout=PATIENCE_S):
        """How many opens ended how: OK, WRONG or an errno's name. All must end within that time. The longest is by a
        Stopwatch, of the opener's own thread and of whom it waits for."""
        out, err = self.process.communicate(timeout=timeout)
        assert self.process.returncode == 0, err
        found = json.loads(out)
        self.longest = found["longest"] - (time.monotonic() - self.began - self.watch.seconds())
        return found["results"]


@contextlib.contextmanager
def crowd(count, *paths):
    """A process of as many threads, which open the paths in turn."""
    with running("/usr/bin/python3", "-c", _OPENERS, count, *paths) as process:
        yield Crowd(process)


def screens(mounted):
    """Screens for a crowd of hundreds, those of several machines: in the kernel, all who look up one name at once wake
    each other again and again, which takes more time than all the rest. The list is made already."""
    fleet.instances(mounted.aws)
    return [mounted.aws / fleet.aws(index) / "screenshot.jpg" for index in _SCREENS]


def timed(action, *args):
    """How it ended, OK or an errno's name, and the seconds that it took by a Stopwatch."""
    watch = Stopwatch()
    return errno_of(action, *args), watch.seconds()


def queued(cloud):
    """How many calls of a cloud wait for the rate, by its status."""
    return int(re.search(r"(\d+) waiting for the rate", (cloud / "status").read_text())[1])


def under_way(cloud):
    """The same of those that have been sent, or are about to be."""
    return int(re.search(r"(\d+) under way", (cloud / "status").read_text())[1])


def sample(mount, name, **labels):
    """The sum of the samples of `stats` of that name that have these labels, None: there is none."""
    found = None
    for line in (mount.path / "stats").read_text().splitlines():
        if line.startswith(f"consolefs_{name}{{") or line.startswith(f"consolefs_{name} "):
            if all(f'{label}="{value}"' in line for label, value in labels.items()):
                found = (found or 0) + float(line.rpartition(" ")[2])
    return found
