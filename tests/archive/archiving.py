# SPDX-License-Identifier: MIT
"""consolefs-archive as the tests run it, and what it leaves behind."""

import os
import pathlib
import re
import signal
import subprocess
import time

from lib.simulator import ROOT

PROGRAM = ROOT / "contrib/archive/consolefs-archive"
# All that cron gives.
CRON = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "SHELL": "/bin/sh", "LOGNAME": "root"}
DATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ")
CONSOLE_CALLS = {"GetConsoleScreenshot": "screenshot.jpg", "GetConsoleOutput": "console.log"}


def command(*args):
    return [PROGRAM, *args]


def archive(*args, env=None, cwd="/", timeout=120):
    """Runs it to its end, as cron does."""
    return subprocess.run(command(*args), env=env or CRON, cwd=cwd, timeout=timeout, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace")


def start(*args):
    """Starts it as the leader of a process group."""
    return subprocess.Popen(command(*args), env=CRON, cwd="/", stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            start_new_session=True)


def kill_all(process):
    """Kills it and what it has started, as a crash of the machine does."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def runs(dest):
    """The finished runs, oldest first."""
    return sorted(path for path in pathlib.Path(dest).iterdir()
                  if DATED.fullmatch(path.name) and not path.is_symlink())


def summary(run):
    """What its summary says: the counts, and the reasons by CLOUD/ID."""
    text = (run / "summary").read_text()
    counts = {key: int(value) for key, value in
              re.findall(r"^(fetched|failed|skipped): +(\d+)$", text, re.MULTILINE)}
    reasons = {status: dict(re.findall(rf"^{status} ([^ :]+): (.*)$", text, re.MULTILINE))
               for status in ("failed", "skipped")}
    return counts, reasons


def calls(sim, **fields):
    """Every console call so far."""
    return [entry for entry in sim.log_entries(**fields)
            if entry["action"] in CONSOLE_CALLS or entry["action"] == "DescribeInstanceVncUrl"]


def await_that(condition, timeout=60):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it does not come to pass"
        time.sleep(0.005)


def instances(cloud):
    return sorted(path.name for path in cloud.iterdir() if path.name.startswith(("i-", "ins-")))


def showing(cloud, name):
    """The instances whose directory shows a file of this name."""
    return [one for one in instances(cloud) if name in os.listdir(cloud / one)]
