# SPDX-License-Identifier: MIT
"""An archive of a thousand machines at 100 ms: hardly slower than its calls, and not begun anew.

By hand, with figures for other numbers of jobs:

    CONSOLEFS=... CONSOLEFS_SIM=... python3 tests/archive/test_archive_fleet.py 4 8 16
"""

import concurrent.futures
import contextlib
import os
import pathlib
import sys
import tempfile
import time

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pytest

from archiving import (archive, await_that, calls, instances, kill_all, runs, showing, start,
                       summary)
from lib.mount import Mount, find_consolefs
from lib.simulator import Simulator

INSTANCES, LATENCY_MS = 1000, 100
JOBS = 8
# Of the time that the calls take, shared out evenly among the jobs.
RATIO_MAX = 1.3
SANITIZED = b"__asan_init" in pathlib.Path(find_consolefs()).read_bytes()


@contextlib.contextmanager
def fleet():
    with Simulator(instances=INSTANCES, latency=LATENCY_MS, rate_scale=0) as cloud, \
            Mount.of(cloud, options=["aws.rate=100000"]) as mounted:
        os.listdir(mounted.aws)
        yield cloud, mounted


def live_files(mounted):
    return sum(len(showing(mounted.aws, name)) for name in ("screenshot.jpg", "console.log"))


def read_plainly(mounted, jobs):
    """Seconds that a thread for each job takes to read a fifth of the files, times five."""
    files = [mounted.aws / one / name for one in instances(mounted.aws)[::5]
             for name in ("screenshot.jpg", "console.log") if name in os.listdir(mounted.aws / one)]
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(jobs) as readers:
        list(readers.map(pathlib.Path.read_bytes, files))
    return (time.monotonic() - began) * live_files(mounted) / len(files)


def measure(jobs):
    """Seconds that an archive takes, that its calls alone would, and that reading the files does."""
    with fleet() as (cloud, mounted), tempfile.TemporaryDirectory() as dest:
        began = time.monotonic()
        done = archive("--jobs", str(jobs), "--quiet", mounted.aws, dest, timeout=600)
        took = time.monotonic() - began
        assert (done.returncode, done.stderr) == (0, "")
        assert len(calls(cloud)) == live_files(mounted)
        ideal = len(calls(cloud)) * LATENCY_MS / 1000 / jobs
        return took, ideal, read_plainly(mounted, jobs)


@pytest.mark.skipif(SANITIZED, reason="a sanitizer takes its time; the release build is measured")
def test_a_thousand_machines_take_hardly_longer_than_their_calls():
    # On a machine that is busy with something else, reading takes longer than the calls too.
    attempts = []
    for _ in range(2):
        took, ideal, plain = measure(JOBS)
        attempts.append((took, ideal, plain))
        if took <= RATIO_MAX * max(ideal, plain):
            return
    raise AssertionError(attempts)


def test_a_thousand_machines_are_interrupted_and_resumed_and_the_failed_named(tmp_path):
    with fleet() as (cloud, mounted):
        bad = showing(mounted.aws, "screenshot.jpg")[::100]
        cloud.set_faults(*(f"GetConsoleScreenshot@{one}:code=UnauthorizedOperation" for one in bad))
        for share in (0.2, 0.6):
            process = start("--jobs", "16", mounted.aws, tmp_path)
            await_that(lambda limit=share * live_files(mounted): len(calls(cloud)) > limit, 300)
            kill_all(process)
            assert runs(tmp_path) == []
        done = archive("--jobs", "16", mounted.aws, tmp_path, timeout=600)
        assert done.returncode == 1
        (run,) = runs(tmp_path)
        counts, reasons = summary(run)
        assert set(reasons["failed"]) == {f"aws/{one}" for one in bad}
        assert counts["failed"] == len(bad)
        assert sum(counts.values()) == len(instances(mounted.aws)) == len(instances(run / "aws"))
        kept = sum(1 for path in run.rglob("*") if path.name in ("screenshot.jpg", "console.log"))
        assert kept == live_files(mounted) - len(bad)
        # Two interruptions, each of 16 jobs that had read 5 instances at most and not written them;
        # and the failures are tried again.
        again = len(calls(cloud)) - live_files(mounted)
        assert again <= 2 * 16 * 5 * 2 + 2 * len(bad)


if __name__ == "__main__":
    for number in map(int, sys.argv[1:] or [str(JOBS)]):
        seconds, best, bare = measure(number)
        print(f"{INSTANCES} instances at {LATENCY_MS} ms, {number} jobs: {seconds:.1f} s, "
              f"ideal {best:.1f} s, ratio {seconds / best:.2f}; "
              f"read plainly {bare:.1f} s, ratio {seconds / bare:.2f}")
