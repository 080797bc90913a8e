# SPDX-License-Identifier: MIT
"""README: "If the clock is wrong, the time of the cloud is used instead." While mounted, the clock of this
host or of the clouds is set by hours and days, forward and back; timers and the age of lists do not
follow it."""

import contextlib
import os
import re
import time

import pytest

from crowd import SANITIZED, crowd, timed
from lib import fleet
from lib.doing import await_that, read
from lib.mount import Mount
from lib.simulator import Simulator

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
PAUSE_S = 5  # CFS_CREDENTIALS_PAUSE_MS
STEPS = [3600, -3600, 2 * 86400, -2 * 86400, 30 * 86400, 0]
OFF = re.compile(r"^consolefs: \[(aws|tencent)\]: this host's clock is ([+-]\d+) s off the cloud's"
                 r": signing with the cloud's time$",
                 re.MULTILINE)

pytestmark = [
    pytest.mark.skipif(SANITIZED, reason="a sanitizer is to be the first that is loaded"),
    pytest.mark.skipif(not os.path.exists(LIBRARY), reason="needs Debian's libfaketime"),
]


class Clock:
    """The wall clock of one process."""

    def __init__(self, directory):
        self.file = directory / "clock"
        self.set(0)

    def set(self, seconds):
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.rename(self.file)

    @property
    def env(self):
        return {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(self.file),
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@contextlib.contextmanager
def mounted(sim, clock, *options, **more):
    env = {**clock.env, **more.pop("env", {})}
    with Mount.of(sim, options=["tencent.rate=100", *options], env=env, **more) as mount:
        mount.allow(OFF.pattern)
        mount.screen = mount.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg"
        mount.link = mount.tencent / fleet.cvm(fleet.AWAKE) / "vnc_url"
        yield mount


def ages(cloud):
    return [int(age) for age in re.findall(r"listed (\d+) s ago", (cloud / "status").read_text())]


@pytest.mark.parametrize("seconds", STEPS)
def test_a_step_costs_one_more_attempt_and_nothing_that_anybody_sees(clock, seconds):
    with Simulator(rate_scale=0) as sim, mounted(sim, clock) as mount:
        began = time.monotonic()
        for cloud in (mount.aws, mount.tencent):
            os.listdir(cloud)
        read(mount.screen)
        clock.set(seconds)
        # By the machine's own clock, as of every file that is made there now: to the minute.
        assert -5 < time.time() + seconds - mount.screen.stat().st_mtime < 65
        before = len(sim.log_entries())
        for path, action in ((mount.screen, "GetConsoleScreenshot"),
                             (mount.link, "DescribeInstanceVncUrl")):
            for _ in range(3):
                result, took = timed(read, path)
                assert result == "OK" and took < 1
            codes = [entry["code"] for entry in sim.log_entries()[before:]
                     if entry["action"] == action]
            # Told once, and known from then on.
            assert [bool(code) for code in codes] == ([True] if seconds else []) + [False] * 3, codes
        assert [int(off) for _, off in OFF.findall(mount.log_text())] == (
            [seconds, seconds] if seconds else [])
        # The lists are as old as they are, and so not fetched again.
        for cloud in (mount.aws, mount.tencent):
            assert all(age <= time.monotonic() - began + 1 for age in ages(cloud))
            result, took = timed(os.listdir, cloud)
            assert result == "OK" and took < 0.5
        assert len(sim.log_entries(action="DescribeInstances")) == 2
        if seconds:
            # And back again.
            clock.set(0)
            assert timed(read, mount.screen)[0] == "OK"
            assert timed(read, mount.link)[0] == "OK"
            assert "EKEYEXPIRED" not in mount.log_text()


@pytest.mark.parametrize("seconds", [3600, -3600, 86400])
def test_a_cloud_whose_clock_is_set_is_followed(tmp_path, clock, seconds):
    """It is started anew with another clock, behind a mount that has learnt the old one."""
    args = ["--authority-file", tmp_path / "authority"]
    with contextlib.ExitStack() as stack:
        sim = stack.enter_context(Simulator(rate_scale=0, args=args))
        ca = tmp_path / "ca.pem"
        ca.write_bytes(sim.ca.read_bytes())
        mount = stack.enter_context(mounted(
            sim, clock, env={"AWS_CA_BUNDLE": str(ca), "SSL_CERT_FILE": str(ca)}))
        read(mount.screen)
        port = sim.port
        sim.stop()
        assert timed(read, mount.screen)[0] == "ECONNREFUSED"
        stack.enter_context(Simulator(rate_scale=0, clock_offset=seconds,
                                      args=[*args, "--port", str(port)]))
        await_that(lambda: timed(read, mount.screen)[0] == "OK", "it is followed", 5)
        assert OFF.findall(mount.log_text()) == [("aws", f"{-seconds:+d}")]


def test_a_list_that_is_to_be_refreshed_is_although_the_clock_goes_back(clock):
    with Simulator(rate_scale=0) as sim, mounted(sim, clock, "aws.list_ttl=1") as mount:
        os.listdir(mount.aws)
        clock.set(-86400)
        await_that(lambda: ages(mount.aws)[0] >= 2, "the list is old", 10)
        os.listdir(mount.aws)
        sim.await_log(2, action="DescribeInstances", code="")
        await_that(lambda: ages(mount.aws)[0] < 2, "it was refreshed", 10)


@pytest.mark.parametrize("seconds", [7200, -7200])
def test_keys_that_expire_serve_on_although_the_clock_is_set(clock, seconds):
    """Those of the machine's role, valid for ten minutes: less than it is set by. At the latest at the
    next search, which is after a pause, it is noticed that it is not they that are old."""
    with Simulator(rate_scale=0, session_seconds=600) as sim:
        env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": sim.metadata}
        with mounted(sim, clock, keys=False, env=env) as mount:
            mount.allow("EKEYEXPIRED")
            assert timed(read, mount.screen)[0] == "OK"
            for step in (seconds, 0):
                clock.set(step)
                await_that(lambda: timed(read, mount.screen)[0] == "OK", "they serve", PAUSE_S + 3)
                for _ in range(3):
                    assert timed(read, mount.screen)[0] == "OK"


@pytest.mark.parametrize("seconds", [86400, -86400])
def test_pauses_and_time_limits_do_not_follow_the_clock(clock, seconds):
    """A time limit neither passes at once, nor does it never pass."""
    with Simulator(rate_scale=0, faults=["GetConsoleScreenshot:hang"]) as sim, \
            mounted(sim, clock, "aws.timeout=3") as mount:
        mount.screen.stat()
        with crowd(1, mount.screen) as opener:
            sim.await_log(fault="hang")
            clock.set(seconds)
            assert opener.results() == {"ETIMEDOUT": 1}
            assert 2 < opener.longest < 4
