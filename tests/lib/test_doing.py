# SPDX-License-Identifier: MIT
"""What the tests measure time with."""

import contextlib
import os
import pathlib
import subprocess
import time

from lib.doing import Stopwatch, ended_in


def test_a_thread_that_ends_while_it_is_read_is_left_out(monkeypatch, tmp_path):
    """It would count as one that has waited for less than before."""
    with subprocess.Popen(["/bin/sleep", "600"]) as sleep:
        before = Stopwatch._queues()
        assert ("sleep\n", sleep.pid) in before
        iterdir = pathlib.Path.iterdir
        monkeypatch.setattr(pathlib.Path, "iterdir",
                            lambda self: [*iterdir(self), tmp_path / str(sleep.pid + 1)])
        assert set(Stopwatch._queues()) == set(before)
        sleep.kill()


def test_who_waits_side_by_side_is_counted_once(monkeypatch):
    before = {("the test", 0): 1, ("cat", 10): 0.5, ("consolefs", 20): 3, ("consolefs", 21): 4}
    after = {("the test", 0): 1.5, ("cat", 10): 3.5, ("cat", 11): 4, ("consolefs", 20): 5}
    queues = iter([before, after])
    monkeypatch.setattr(Stopwatch, "_queues", lambda self: next(queues))
    times = iter([100, 110])
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    # The test 0.5 s, of cat the one that waited for 4 s, of consolefs 2 s.
    assert Stopwatch().seconds() == 10 - 0.5 - 4 - 2


def test_what_waits_for_a_processor_is_not_counted():
    processor = {min(os.sched_getaffinity(0))}
    programs = ["while True: pass", "import time\nwhile time.process_time() < 1: pass"]
    began, watch = time.monotonic(), Stopwatch()
    with contextlib.ExitStack() as stack:
        # Both are kept to one processor, so each waits for about half of the time.
        busy, worker = [stack.enter_context(subprocess.Popen(
            ["/usr/bin/python3", "-c", program], preexec_fn=lambda: os.sched_setaffinity(0, processor)))
                        for program in programs]
        took = ended_in(worker, watch)
        elapsed = time.monotonic() - began
        busy.kill()
    assert took < elapsed - 0.3
