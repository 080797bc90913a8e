# SPDX-License-Identifier: MIT
"""A session on a mount whose program runs under valgrind: CONSOLEFS names the program, CONSOLEFS_SIM the
simulated cloud, which runs as it is. Ends with status 0 if valgrind has nothing to complain about and no
descriptor is left open."""

import concurrent.futures
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

# pylint: disable=wrong-import-position
from lib import fleet
from lib.doing import await_that, errno_of, running
from lib.mount import Mount, find_consolefs
from lib.simulator import Simulator, scrubbed_env

READERS = 16
FAULTS = ["status=500", "status=503", "code=UnauthorizedOperation", "throttle=1", "reset", "close",
          "empty", "garbage", "truncate", "cutheader", "cutbody", "badtls", "badbase64", "notjpeg",
          "oversize", "longlength", "shortlength", "badchunk", "chunks=7", "bigheader", "interim"]
CONSOLES = ["GetConsoleScreenshot", "GetConsoleOutput", "DescribeInstanceVncUrl"]
ANSWERS = re.compile(r"OK|E[A-Z]+")
DESCRIPTORS = re.compile(r"FILE DESCRIPTORS: (\d+) open \((\d+) std\) at exit")


def valgrind(directory):
    """A program that runs consolefs under valgrind, and where its complaints go."""
    log = directory / "log"
    wrapper = directory / "consolefs"
    command = ["valgrind", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible",
               "--errors-for-leak-kinds=definite,indirect,possible", "--track-fds=yes",
               "--error-exitcode=99", "--child-silent-after-fork=yes", "--num-callers=30",
               f"--log-file={log}", find_consolefs()]
    wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    wrapper.chmod(0o755)
    return wrapper, log


def live_files(mount):
    """Some of each kind that can be shown."""
    aws = [path for path in mount.aws.glob("i-*/*") if path.name in ("screenshot.jpg", "console.log")]
    tencent = [path for path in mount.tencent.glob("ins-*/*") if path.name in ("vnc_url", "vnc.html")]
    return aws[:4] + tencent[:4]


def see_everything(mount):
    env = scrubbed_env("/nonexistent")
    for command in (["ls", "-lR"], ["find"], ["du", "-s"]):
        subprocess.run([*command, mount.path], env=env, check=True, stdout=subprocess.DEVNULL)
    for name in ("index.html", "stats", "aws/status", "tencent/status"):
        assert (mount.path / name).read_bytes()
    for path in [*mount.aws.glob("i-*/*.json"), *mount.aws.glob("i-*/error"),
                 *mount.aws.glob("by-*/*"), *mount.tencent.glob("ins-*/*.json")]:
        if path.is_file():
            path.read_bytes()
        os.listxattr(path)
    for path in (mount.aws / "i-0123456789abcdef0", mount.aws / "by-name" / "nobody",
                 mount.tencent / "ins-00000000", mount.path / "nothing"):
        assert errno_of(os.stat, path) == "ENOENT"
    assert errno_of(os.mkdir, mount.path / "new") == "EPERM"


def read_all(files):
    """At once. How each reading ended."""
    with concurrent.futures.ThreadPoolExecutor(READERS) as readers:
        return list(readers.map(lambda path: errno_of(path.read_bytes), files))


def see_screens(mount):
    """Many at once, woken and not."""
    assert set(read_all(live_files(mount) * 4)) == {"OK"}
    instance = mount.aws / fleet.aws(0)
    for words in ("1", "off", "on"):
        (instance / "wake").write_text(words + "\n")
        assert (instance / "wake").read_text().strip() == ("0" if words == "off" else "1")
    assert (instance / "screenshot.jpg").read_bytes().startswith(b"\xff\xd8")
    assert (instance / "wake").read_text() == "0\n"


def see_failures(mount, sim):
    for fault in FAULTS:
        # An empty list is a fleet that is gone.
        actions = CONSOLES if fault == "empty" else ["*"]
        sim.set_faults(*(f"{action}:{fault}" for action in actions))
        assert all(map(ANSWERS.fullmatch, read_all(live_files(mount))))
        for path in mount.aws.glob("i-*/error"):
            path.read_text()
    sim.set_faults()


def interrupt(mount, sim):
    """A reader that gives up."""
    screen = mount.aws / fleet.aws(0) / "screenshot.jpg"
    # After all those failures the cloud may count as down for a while.
    await_that(lambda: errno_of(screen.read_bytes) == "OK", "the cloud is back")
    sim.set_faults("GetConsoleScreenshot:hang")
    with running("/bin/cat", screen) as process:
        await_that(lambda: sim.log_entries(action="GetConsoleScreenshot", fault="hang"),
                   "the call is under way")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == -signal.SIGINT
    sim.set_faults()


def main():
    with tempfile.TemporaryDirectory(prefix="consolefs-valgrind.") as name:
        wrapper, log = valgrind(pathlib.Path(name))
        try:
            with Simulator(rate_scale=0, instances=30, aws_regions=("us-east-1", "eu-west-1")) as sim, \
                    Mount.of(sim, options=["aws.timeout=15", "tencent.timeout=15"],
                             program=str(wrapper)) as mount:
                see_everything(mount)
                see_screens(mount)
                see_failures(mount, sim)
                interrupt(mount, sim)
                see_everything(mount)
        except BaseException:
            print(log.read_text(errors="replace"))
            raise
        text = log.read_text()
        open_ones = DESCRIPTORS.search(text)
        # The standard streams, and the log: nothing else is left open.
        if not open_ones or int(open_ones[1]) > int(open_ones[2]) + 1:
            print(text)
            return 1
        print(re.search(r"ERROR SUMMARY: .*", text)[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
