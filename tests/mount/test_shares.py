# SPDX-License-Identifier: MIT
"""With allow_other, one user who opens files without end is refused more, and nobody else is."""

import json
import os
import subprocess
import sys
import threading

import pytest

from lib.doing import await_that, read
from lib.mount import Mount
from lib.scripted import AWS_KEYS, ScriptedCloud, ec2_listing, ec2_screenshot
from test_bounds import ONE, TWO
from test_hostile import jpeg

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user too")

SHARE = 128 << 20
BIG = 900_000  # bytes of a screen: its snapshot takes a MiB
OPENS = 1000
WAITING_SHARE = 512
# The kernel wakes all who wait for one name for each of them: a crowd is spread over many.
OTHERS = [f"i-0cccccccccccccc{number:02d}" for number in range(30)]

# Opens as uid 65534: told "open PATH N" it says which errno each has, and holds what it has; and with
# "wait DIRECTORY N" N threads open the logs in it, and it says of each that fails at once.
GREEDY = """
import errno, glob, json, os, resource, sys, threading
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
os.setgroups([]); os.setgid(65534); os.setuid(65534)
held = []
def one(path):
    try:
        held.append(os.open(path, os.O_RDONLY))
        return "OK"
    except OSError as error:
        return errno.errorcode[error.errno]
for line in sys.stdin:
    verb, path, n = line.split()
    if verb == "open":
        print(json.dumps([one(path) for _ in range(int(n))]), flush=True)
    elif verb == "close":
        for fd in held:
            os.close(fd)
        held = []
        print("[]", flush=True)
    elif verb == "wait":
        said = threading.Lock()
        logs = sorted(glob.glob(path + "/i-*/console.log"))
        def wait(log):
            result = one(log)
            with said:
                print(json.dumps([result]), flush=True)
        threading.stack_size(65536)
        for i in range(int(n)):
            threading.Thread(target=wait, args=[logs[i % len(logs)]], daemon=True).start()
"""


class Greedy:
    def __init__(self):
        self.process = subprocess.Popen([sys.executable, "-c", GREEDY], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def tell(self, verb, path="-", n=0):
        self.process.stdin.write(f"{verb} {path} {n}\n")
        self.process.stdin.flush()

    def hear(self):
        return json.loads(self.process.stdout.readline())

    def ask(self, *words):
        self.tell(*words)
        return self.hear()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def mounted():
    """A mount that others may read, of a cloud of large screens whose logs never come."""
    end = threading.Event()
    screens = {one: ec2_screenshot(one, jpeg(data=bytes(BIG))).encode() for one in (ONE, TWO)}

    def answer(request):
        if request.action == "GetConsoleScreenshot":
            return 200, screens[request.params["InstanceId"]]
        if request.action == "GetConsoleOutput":
            end.wait()
            return None
        return 200, ec2_listing([ONE, TWO, *OTHERS])

    with ScriptedCloud(answer) as cloud, \
            Mount(options=[*cloud.options(), "aws.timeout=300", "allow_other", "umask=0"],
                  keys=False, env=AWS_KEYS) as mount:
        mount.dir.chmod(0o711)
        try:
            yield mount, cloud
        finally:
            end.set()


def test_one_user_has_a_quarter_of_the_memory_and_the_others_theirs(mounted):
    mount, cloud = mounted
    path = mount.aws / ONE / "screenshot.jpg"
    with Greedy() as greedy:
        results = greedy.ask("open", path, OPENS)
        opened = results.count("OK")
        assert results == ["OK"] * opened + ["ENOMEM"] * (OPENS - opened)
        # A buffer may have grown beyond what it holds.
        assert SHARE // (2 * BIG) <= opened <= SHARE // BIG
        # What was refused was not asked for, but for the one that did not fit.
        assert cloud.count("GetConsoleScreenshot") <= opened + 1
        # Nor what is generated.
        assert greedy.ask("open", mount.path / "index.html", 1) == ["ENOMEM"]
        assert len(read(path)) > BIG
        assert read(mount.path / "index.html")
        assert greedy.ask("close") == []
        assert greedy.ask("open", path, 2) == ["OK", "OK"]
        assert greedy.ask("open", mount.path / "index.html", 1) == ["OK"]
    with Greedy() as greedy:
        assert greedy.ask("open", path, 1) == ["OK"]


def test_one_user_has_a_quarter_of_the_calls_that_wait(mounted):
    mount, _ = mounted
    with Greedy() as greedy:
        greedy.tell("wait", mount.aws, WAITING_SHARE + 88)
        for _ in range(88):
            assert greedy.hear() == ["EBUSY"]
        assert len(read(mount.aws / TWO / "screenshot.jpg")) > BIG
        assert (mount.aws / TWO / "info.json").read_text()
    # What waits ends with the process.
    with Greedy() as greedy:
        await_that(lambda: greedy.ask("open", mount.aws / ONE / "screenshot.jpg", 1) == ["OK"],
                   "the greedy one can open again")
