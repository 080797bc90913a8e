# SPDX-License-Identifier: MIT
"""README: "Calls wait in a queue so that they do not exceed the cloud's rate limit, and are made in the order
in which they arrived. Ctrl-C removes one from the queue. A call that the cloud throttles anyway does not
fail, but waits ... Mounts on several hosts arrive at equal shares without knowing of each other." """

import contextlib
import signal
import threading
import time

import pytest

from crowd import queued, sample
from lib import fleet
from lib.doing import Stopwatch, at_once, await_that, cat, errno_of, read
from lib.mount import Mount
from lib.simulator import Simulator

READERS = 12  # more than what the bucket gives needs
RATE = 14     # of the account; EC2's is 20, and a busy machine may not get so far
WINDOW = 80   # calls
WINDOWS = 25  # in which two mounts are to come to terms: of these one may begin with nearly all


class Readers:
    """Threads that open one file over and over."""

    def __init__(self, path):
        self.path, self.results, self.ended = path, [], False
        self.threads = [threading.Thread(target=self._read) for _ in range(READERS)]
        for thread in self.threads:
            thread.start()

    def _read(self):
        while not self.ended:
            self.results.append(errno_of(read, self.path))

    def end(self):
        self.ended = True
        for thread in self.threads:
            thread.join()


@contextlib.contextmanager
def reading(path):
    readers = Readers(path)
    try:
        yield readers
    finally:
        readers.end()


def rate(mount, action="GetConsoleScreenshot"):
    return sample(mount, "rate_limit", action=action)


class Window:
    """What the two mounts had of so many calls that the cloud answered."""

    def __init__(self, sim, *readers):
        before, began = [len(one.results) for one in readers], time.monotonic()
        first = len(sim.log_entries(action="GetConsoleOutput"))

        def answered():
            entries = sim.log_entries(action="GetConsoleOutput")[first:]
            throttled = sum(entry["code"] == "RequestLimitExceeded" for entry in entries)
            return (throttled, len(entries)) if len(entries) - throttled >= WINDOW else None

        self.throttled, self.entries = await_that(answered, "so many are answered")
        self.seconds = time.monotonic() - began
        self.shares = [len(one.results) - number for one, number in zip(readers, before)]

    def is_fair(self):
        """Most of what the bucket gives is used, and evenly, and little is asked for in vain."""
        return (self.throttled < 0.2 * self.entries and sum(self.shares) > 0.7 * RATE * self.seconds
                and min(self.shares) >= 0.5 * max(self.shares))


def test_two_mounts_share_an_accounts_bucket_and_one_has_it_when_the_other_stops():
    """What the account has for the two of them, each of which would take as much alone. A console.log is the cheapest
    for the simulated cloud."""
    options = [f"aws.rate={RATE}"]
    with Simulator(rate_scale=RATE / 20) as sim, Mount.of(sim, options=options) as one, \
            Mount.of(sim, options=options) as other:
        path = fleet.aws(fleet.AWAKE) + "/console.log"
        with reading(one.aws / path) as ones:
            with reading(other.aws / path) as others:
                sim.await_log(action="GetConsoleOutput", code="RequestLimitExceeded")
                windows = [Window(sim, ones, others)]
                while not windows[-1].is_fair():
                    assert len(windows) < WINDOWS, [vars(window) for window in windows]
                    windows.append(Window(sim, ones, others))
                # Now and then each tries whether it may have all.
                await_that(lambda: all(rate(mount, "GetConsoleOutput") < RATE for mount in (one, other)),
                           "both are held back")
                await_that(lambda: "throttled" in (one.aws / "status").read_text(), "it says so")
            await_that(lambda: rate(one, "GetConsoleOutput") == RATE, "the other's share is taken over", 20)
        assert set(ones.results) == set(others.results) == {"OK"}


def test_the_queue_is_first_come_first_served():
    """By the order in which the cloud is asked: when an open returns is the scheduler's to say."""
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=["aws.rate=4"]) as mount:
        names = [name for name in fleet.instances(mount.aws) if (mount.aws / name / "console.log").exists()][:8]
        for _ in range(4):
            read(mount.aws / names[0] / "console.log")
        threads = [threading.Thread(target=errno_of, args=(read, mount.aws / name / "console.log")) for name in names]
        for number, thread in enumerate(threads):
            thread.start()
            # Each is in the queue, or through, before the next comes.
            await_that(lambda: queued(mount.aws) + len(sim.log_entries(
                action="GetConsoleOutput")) >= 5 + number, "it is in the queue")
        for thread in threads:
            thread.join()
        asked = [entry["instance"] for entry in sim.log_entries(action="GetConsoleOutput")]
        assert asked[4:] == names and len(names) == 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_takes_an_open_out_of_the_queue_at_once(number):
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=["aws.rate=0.5"]) as mount:
        path = mount.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg"
        turn = Stopwatch()
        read(path)
        with cat(path) as first, cat(path) as last:
            await_that(lambda: queued(mount.aws) == 2, "both wait")
            at_once(first, number)
            await_that(lambda: queued(mount.aws) == 1, "one waits", 1)
            # It has the other's turn: two seconds after the first call, not four.
            assert last.communicate(timeout=30)[0][:2] == b"\xff\xd8"
            assert turn.seconds() < 4
        assert len(sim.log_entries(action="GetConsoleScreenshot")) == 2


def test_what_is_throttled_waits_and_is_not_failed():
    with Simulator(rate_scale=0, faults=["GetConsoleScreenshot:throttle:x3"]) as sim, \
            Mount.of(sim) as mount:
        path = mount.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg"
        assert errno_of(read, path) == "OK"
        assert len(sim.log_entries(action="GetConsoleScreenshot")) == 4
        assert (path.parent / "error").read_text() == ""
        assert rate(mount) < 20
        await_that(lambda: errno_of(read, path) == "OK" and rate(mount) == 20,
                   "the rate is what is documented again", 20)
