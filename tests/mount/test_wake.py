# SPDX-License-Identifier: MIT
"""DESIGN, "wake": writing arms WakeUp=true for the next screenshot fetch."""

import os
import signal
import time

import pytest

from lib import fleet
from lib.doing import await_that, cat, cats, errno_of, fails, read, shell
from lib.mount import Mount
from lib.simulator import Simulator


@pytest.fixture(scope="module", name="mount")
def shared_mount():
    with Simulator(rate_scale=0) as sim, Mount.of(sim) as mount:
        mount.sim = sim
        yield mount


@pytest.fixture(name="wake")
def disarmed(mount):
    """The wake file of one instance, disarmed."""
    path = mount.aws / fleet.aws(fleet.AWAKE) / "wake"
    path.write_text("0")
    assert path.read_text() == "0\n"
    return path


def screenshots(sim, **fields):
    return sim.log_entries(action="GetConsoleScreenshot", **fields)


def wakeups(sim, instance):
    """WakeUp of every screenshot call of an instance, in order."""
    return [entry["wakeup"] for entry in screenshots(sim, instance=instance)]


WRITES = [
    'echo > "$1"',
    'echo 1 > "$1"',
    'echo >> "$1"',
    'echo 1 >> "$1"',
    'echo please > "$1"',
    'echo 1 | tee "$1"',
    'echo 1 | tee -a "$1"',
    'dd if=/dev/zero of="$1" bs=1 count=1',
    'printf 1 | dd of="$1" conv=notrunc',
    'printf 1 | dd of="$1" oflag=append conv=notrunc',
    'printf "1 off" > "$1"',
    'printf offline > "$1"',
    'printf 00 > "$1"',
    'printf none > "$1"',
    'echo 1 1<>"$1"',
]


@pytest.mark.parametrize("script", WRITES)
def test_any_write_arms_it(wake, script):
    done = shell(script, wake)
    assert done.returncode == 0, done.stderr
    assert wake.read_text() == "1\n"


@pytest.mark.parametrize("text", ["off", "no", "false", "0", "OFF  x", "No\n", "FALSE\n", "0\n",
                                  " \toff\n", "0 1", "\n0"])
def test_a_write_whose_first_word_is_0_off_no_or_false_disarms(wake, text):
    wake.write_text("1")
    assert wake.read_text() == "1\n"
    assert shell('printf "$2" > "$1"', wake, text).returncode == 0
    assert wake.read_text() == "0\n"


def test_tee_over_a_glob_arms_every_instance(mount):
    done = shell('echo 1 | tee "$1"/i-*/wake', mount.aws)
    assert done.returncode == 0, done.stderr
    states = [path.read_text() for path in mount.aws.glob("i-*/wake")]
    assert len(states) == 19 and set(states) == {"1\n"}
    assert shell('echo off | tee "$1"/i-*/wake', mount.aws).returncode == 0
    assert {path.read_text() for path in mount.aws.glob("i-*/wake")} == {"0\n"}


def test_o_trunc_and_o_append_work(wake):
    for flags in (os.O_TRUNC, os.O_APPEND, os.O_CREAT | os.O_TRUNC, os.O_RDWR):
        wake.write_text("0")
        descriptor = os.open(wake, os.O_WRONLY | flags if flags != os.O_RDWR else flags, 0o600)
        try:
            assert os.write(descriptor, b"1\n") == 2
        finally:
            os.close(descriptor)
        assert wake.read_text() == "1\n"


def test_reading_gives_1_or_0_and_a_newline_as_it_is_now(wake):
    with open(wake, "rb", buffering=0) as reader:
        assert reader.read(16) == b"0\n"
        wake.write_text("1")
        reader.seek(0)
        assert reader.read(16) == b"1\n"
    assert wake.stat().st_size == 2


def test_the_next_screenshot_call_sends_it_and_only_that_one():
    one, other = fleet.aws(fleet.AWAKE), fleet.aws(fleet.ASLEEP)
    with Simulator(rate_scale=0) as sim, Mount.of(sim) as mount:
        (mount.aws / one / "wake").write_text("1")
        read(mount.aws / other / "screenshot.jpg")
        read(mount.aws / one / "console.log")
        assert (mount.aws / one / "wake").read_text() == "1\n"
        for _ in range(3):
            read(mount.aws / one / "screenshot.jpg")
        assert wakeups(sim, one) == [True, False, False]
        assert wakeups(sim, other) == [False]
        assert (mount.aws / one / "wake").read_text() == "0\n"


def test_a_display_that_sleeps_is_black_until_it_is_woken():
    with Simulator(rate_scale=0) as sim, Mount.of(sim) as mount:
        instance = mount.aws / fleet.aws(fleet.ASLEEP)
        black = read(instance / "screenshot.jpg")
        (instance / "wake").write_text("\n")
        assert len(read(instance / "screenshot.jpg")) > 2 * len(black)


@pytest.mark.parametrize("count", [2, 16])
def test_of_several_concurrent_opens_exactly_one_carries_it(count):
    one = fleet.aws(fleet.AWAKE)
    with Simulator(rate_scale=0, latency=300) as sim, Mount.of(sim) as mount:
        assert shell('echo > "$1"', mount.aws / one / "wake").returncode == 0
        with cats([mount.aws / one / "screenshot.jpg"] * count) as processes:
            assert [process.wait(30) for process in processes] == [0] * count
        assert sorted(wakeups(sim, one)) == [False] * (count - 1) + [True]


# A failure of either kind: one that is final at once, and one that is after three attempts.
@pytest.mark.parametrize("fault, attempts", [
    ("code=UnauthorizedOperation:x1", 1),
    ("code=InvalidInstanceID.NotFound:x1", 1),
    ("notjpeg:x1", 1),
    ("garbage:x1", 1),
    ("status=500:x3", 3),
])
def test_a_failed_call_arms_it_again_and_success_consumes_it(fault, attempts):
    one = fleet.aws(fleet.AWAKE)
    with Simulator(rate_scale=0, faults=[f"GetConsoleScreenshot:{fault}"]) as sim, \
            Mount.of(sim) as mount:
        wake, screenshot = mount.aws / one / "wake", mount.aws / one / "screenshot.jpg"
        wake.write_text("1")
        assert errno_of(read, screenshot) != "OK"
        assert wake.read_text() == "1\n"
        read(screenshot)
        assert wake.read_text() == "0\n"
        read(screenshot)
        assert wakeups(sim, one) == [True] * attempts + [True, False]


def test_a_retry_belongs_to_the_same_call():
    one = fleet.aws(fleet.AWAKE)
    with Simulator(rate_scale=0, faults=["GetConsoleScreenshot:status=503:x1"]) as sim, \
            Mount.of(sim) as mount:
        (mount.aws / one / "wake").write_text("1")
        read(mount.aws / one / "screenshot.jpg")
        read(mount.aws / one / "screenshot.jpg")
        assert wakeups(sim, one) == [True, True, False]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_call_arms_it_again(number):
    one = fleet.aws(fleet.AWAKE)
    with Simulator(rate_scale=0, faults=["GetConsoleScreenshot:hang:x1"]) as sim, \
            Mount.of(sim) as mount:
        wake, screenshot = mount.aws / one / "wake", mount.aws / one / "screenshot.jpg"
        wake.write_text("1")
        with cat(screenshot) as process:
            sim.await_log(action="GetConsoleScreenshot")
            assert wake.read_text() == "0\n"
            process.send_signal(number)
            assert process.wait(30) == -number
        assert wake.read_text() == "1\n"
        read(screenshot)
        assert wakeups(sim, one) == [True, True]
        assert wake.read_text() == "0\n"


def test_a_call_that_runs_out_of_time_arms_it_again():
    one = fleet.aws(fleet.AWAKE)
    # Each time: half of the timeout is left for another attempt.
    with Simulator(rate_scale=0, faults=[f"GetConsoleScreenshot@{one}:hang"]) as sim, \
            Mount.of(sim, options=["aws.timeout=1"]) as mount:
        # A second is little time for a list on a busy machine.
        await_that(lambda: errno_of(os.listdir, mount.aws) == "OK", "it is listed")
        (mount.aws / one / "wake").write_text("1")
        with fails("ETIMEDOUT"):
            read(mount.aws / one / "screenshot.jpg")
        assert (mount.aws / one / "wake").read_text() == "1\n"


@pytest.mark.parametrize("text", ["0", "1"])
def test_what_is_written_while_a_call_is_under_way_counts(text):
    """The call took the flag with it; its end does not overrule what was asked for since."""
    one = fleet.aws(fleet.AWAKE)
    with Simulator(rate_scale=0, faults=["GetConsoleScreenshot:hang:x1"]) as sim, \
            Mount.of(sim) as mount:
        wake, screenshot = mount.aws / one / "wake", mount.aws / one / "screenshot.jpg"
        wake.write_text("1")
        with cat(screenshot) as process:
            sim.await_log(action="GetConsoleScreenshot")
            wake.write_text(text)
            process.terminate()
            process.wait(30)
        assert wake.read_text() == text + "\n"
        read(screenshot)
        assert wakeups(sim, one) == [True, text == "1"]


def test_it_survives_catalogue_refreshes():
    one = fleet.aws(fleet.AWAKE)
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=["aws.list_ttl=1"]) as mount:
        (mount.aws / one / "wake").write_text("1")
        lists = len(sim.log_entries(action="DescribeInstances", cloud="aws", instance=""))
        end = time.monotonic() + 30
        while len(sim.log_entries(action="DescribeInstances", cloud="aws",
                                  instance="")) < lists + 2:
            assert time.monotonic() < end, "the list is not refreshed"
            os.listdir(mount.aws)
            time.sleep(0.05)
        assert (mount.aws / one / "wake").read_text() == "1\n"
        read(mount.aws / one / "screenshot.jpg")
        assert wakeups(sim, one) == [True]


def test_a_backend_without_wake_has_no_such_file(mount):
    instance = mount.tencent / fleet.cvm(fleet.AWAKE)
    assert "wake" not in os.listdir(instance)
    assert errno_of((instance / "wake").stat) == "ENOENT"
    done = shell('echo > "$1"', instance / "wake")
    assert done.returncode != 0 and "not permitted" in done.stderr
