# SPDX-License-Identifier: MIT
"""DESIGN: "Unmounting or SIGTERM while calls are in flight ends at once." With a thousand calls that
hang, and with a thousand in the rate queue."""

import signal
import subprocess

import pytest

from crowd import SANITIZED, crowd, queued, screens, under_way
from lib import fleet
from lib.doing import Stopwatch, await_that, ended_in, errno_of, read
from lib.mount import Mount, is_mounted

OPENS = 1000
# A sanitizer looks at all memory at the end.
AT_ONCE_S = 5 if SANITIZED else 1
BUSY_S = 120  # until a machine that has other things to do has done so much
GONE = {"ENOTCONN", "ECONNABORTED"}


def command(*words):
    return lambda mount: subprocess.run([*words, mount.path], capture_output=True, check=False)


WAYS = {
    "SIGTERM": lambda mount: mount.signal(signal.SIGTERM),
    "SIGINT": lambda mount: mount.signal(signal.SIGINT),
    "fusermount3 -uz": command("/usr/bin/fusermount3", "-uz"),
    "umount -l": command("/usr/bin/umount", "-l"),
    "umount -f": command("/usr/bin/umount", "-f"),
}


def hung(sim, mount):
    """A cloud that does not answer. And the wait until all calls are under way there."""
    cloud = sim(rate_scale=0, faults=["GetConsoleScreenshot:hang"])
    mounted = mount(cloud, options=["aws.rate=100000", "aws.timeout=600"])

    def all_hang():
        # A thousand handshakes, which looking on is not to delay.
        await_that(lambda: under_way(mounted.aws) == OPENS, "all are under way", BUSY_S, every=0.2)
        cloud.await_log(OPENS, timeout=BUSY_S, fault="hang")

    return mounted, all_hang


def in_the_queue(sim, mount):
    """A rate that lets one call through."""
    mounted = mount(sim(rate_scale=0), options=["aws.rate=0.01"])
    return mounted, lambda: await_that(lambda: queued(mounted.aws) >= OPENS - 1, "all are queued", BUSY_S, every=0.1)


# The other two are the same to it.
@pytest.mark.parametrize("made, way", [
    *[(hung, way) for way in ("SIGTERM", "fusermount3 -uz", "umount -f")],
    *[(in_the_queue, way) for way in WAYS]])
def test_it_ends_within_a_second_with_a_thousand_calls_under_way(sim, mount, made, way):
    mounted, all_wait = made(sim, mount)
    mounted.allow(r"^consolefs: (Terminated|Interrupt): unmounting$")
    paths = screens(mounted)
    with crowd(OPENS, *paths) as openers:
        all_wait()
        watch = Stopwatch()
        WAYS[way](mounted)
        took = ended_in(mounted.process, watch)
        status = mounted.wait()
        results = openers.results(timeout=10)
    assert status == 0
    assert took < AT_ONCE_S
    # One may have been let through and be read.
    served = results.pop("OK", 0)
    assert served <= (made is in_the_queue) and set(results) <= GONE
    assert sum(results.values()) == OPENS - served
    if is_mounted(mounted.path):
        # What umount -f leaves; as it does of any filesystem that is busy.
        subprocess.run(["/usr/bin/fusermount3", "-u", mounted.path], check=True)


def test_a_plain_unmount_says_busy_and_disturbs_no_call(sim, mount):
    cloud = sim(rate_scale=0, latency=1000)
    mounted = mount(cloud, options=["aws.rate=100000"])
    path = mounted.aws / fleet.aws(0) / "screenshot.jpg"
    path.stat()
    before = len(cloud.log_entries())
    with crowd(50, path) as openers:
        await_that(lambda: under_way(mounted.aws) == 50, "all wait")
        done = subprocess.run(["/usr/bin/fusermount3", "-u", mounted.path], capture_output=True,
                              text=True, check=False)
        assert done.returncode != 0 and "busy" in done.stderr
        assert openers.results() == {"OK": 50}
    assert len(cloud.log_entries()) == before + 50


def test_after_a_lazy_unmount_what_is_open_can_be_read_to_its_end(sim, mount):
    one, other = fleet.aws(fleet.AWAKE), fleet.aws(fleet.ASLEEP)
    cloud = sim(rate_scale=0, faults=[f"GetConsoleScreenshot@{other}:hang"])
    mounted = mount(cloud, options=["aws.timeout=600"])
    with open(mounted.aws / one / "screenshot.jpg", "rb", buffering=0) as file:
        start = file.read(100)
        with crowd(1, mounted.aws / other / "screenshot.jpg") as opener:
            cloud.await_log(fault="hang")
            subprocess.run(["/usr/bin/fusermount3", "-uz", mounted.path], check=True)
            assert opener.results(timeout=10) == {"ENOTCONN": 1}
        content = start + file.read()
        assert content.startswith(b"\xff\xd8") and content.endswith(b"\xff\xd9")
        assert mounted.process.poll() is None
    assert mounted.wait() == 0


def test_the_unmount_of_another_filesystem_ends_no_call(sim, mount):
    cloud = sim(rate_scale=0, latency=1000)
    mounted = mount(cloud)
    path = mounted.aws / fleet.aws(0) / "screenshot.jpg"
    path.stat()
    with crowd(1, path) as opener:
        await_that(lambda: under_way(mounted.aws) == 1, "it waits")
        with Mount.of(cloud):
            pass
        assert opener.results() == {"OK": 1}
    assert errno_of(read, path) == "OK"
