# SPDX-License-Identifier: MIT
"""DESIGN: "FUSE requests are answered when their call completes; thousands can be in flight." And:
"One hung endpoint never delays `ls`, or another cloud, or another read." """

import os
import signal
import time

import pytest

from lib import fleet
from lib.doing import await_that, cats, connections, read
from lib.mount import Mount, cloud_options
from lib.simulator import Simulator

NO_RATE = ["aws.rate=100000", "tencent.rate=100000"]


def slowest_of(action, times=50):
    """Seconds of the slowest call."""
    slowest = 0.0
    for _ in range(times):
        began = time.monotonic()
        action()
        slowest = max(slowest, time.monotonic() - began)
    return slowest


def test_a_hundred_concurrent_cats_at_500_ms_take_about_one_second():
    with Simulator(instances=200, rate_scale=0, latency=500) as sim, Mount.of(sim) as mount:
        paths = [mount.aws / name / "screenshot.jpg" for name in fleet.instances(mount.aws)
                 if "screenshot.jpg" in os.listdir(mount.aws / name)][:100]
        assert len(paths) == 100
        began = time.monotonic()
        with cats(paths) as processes:
            outputs = [process.communicate(timeout=60)[0] for process in processes]
            took = time.monotonic() - began
        assert all(output.startswith(b"\xff\xd8") for output in outputs)
        # One second; more on a machine that is busy, under sanitizers. One by one it would be fifty.
        assert took < 15
        assert len(sim.log_entries(action="GetConsoleScreenshot")) == 100


def test_concurrent_opens_of_one_file_are_calls_of_their_own_and_side_by_side():
    with Simulator(rate_scale=0, latency=500) as sim, Mount.of(sim) as mount:
        path = mount.aws / fleet.aws(0) / "screenshot.jpg"
        path.stat()
        began = time.monotonic()
        with cats([path] * 50) as processes:
            outputs = {process.communicate(timeout=60)[0] for process in processes}
        assert time.monotonic() - began < 10
        assert len(outputs) == 50, "each draws a screen of its own"
        assert len(sim.log_entries(action="GetConsoleScreenshot")) == 50


def test_vnc_links_are_never_shared_between_two_readers():
    with Simulator(rate_scale=0, latency=100) as sim, \
            Mount.of(sim, options=["tencent.rate=1000"]) as mount:
        path = mount.tencent / fleet.cvm(0) / "vnc_url"
        with cats([path] * 20) as processes:
            links = {process.communicate(timeout=60)[0] for process in processes}
        assert len(links) == 20
        assert len(sim.log_entries(action="DescribeInstanceVncUrl")) == 20


def test_three_hundred_hung_opens_slow_neither_stat_nor_ls_nor_another_read():
    one, other = fleet.aws(fleet.AWAKE), fleet.aws(fleet.ASLEEP)
    faults = [f"GetConsoleScreenshot@{one}:hang"]
    with Simulator(rate_scale=0, faults=faults) as sim, \
            Mount.of(sim, options=[*NO_RATE, "aws.timeout=600"]) as mount:
        (mount.aws / one).stat()
        read(mount.aws / other / "screenshot.jpg")
        with cats([mount.aws / one / "screenshot.jpg"] * 300) as processes:
            sim.await_log(300, fault="hang", timeout=60)
            assert slowest_of((mount.aws / one / "screenshot.jpg").stat) < 0.5
            assert slowest_of(lambda: os.listdir(mount.aws)) < 0.5
            assert slowest_of(lambda: os.listdir(mount.path)) < 0.5
            assert slowest_of(lambda: read(mount.aws / other / "screenshot.jpg"), 5) < 1
            assert slowest_of(lambda: read(mount.tencent / fleet.cvm(0) / "vnc_url"), 5) < 1
            assert not any(process.poll() for process in processes)
            began = time.monotonic()
            for process in processes:
                process.send_signal(signal.SIGINT)
            assert [process.wait(30) for process in processes] == [-signal.SIGINT] * 300
            assert time.monotonic() - began < 10
        assert read(mount.aws / other / "screenshot.jpg")


@pytest.mark.parametrize("hung", ["aws", "tencent"])
def test_one_hung_cloud_never_delays_the_other(hung):
    """Two endpoints, one of which is stopped in its tracks: not even its kernel's connections are
    answered by anybody."""
    with Simulator(rate_scale=0) as well, Simulator(rate_scale=0) as ill:
        options = [one for one in cloud_options(ill) if one.startswith(hung)]
        options += [one for one in cloud_options(well) if not one.startswith(hung)]
        with Mount(options=options) as mount:
            sick, healthy = ((mount.aws, mount.tencent) if hung == "aws" else
                             (mount.tencent, mount.aws))
            known = sick / (fleet.aws(0) if hung == "aws" else fleet.cvm(0))
            good = healthy / (fleet.cvm(0) if hung == "aws" else fleet.aws(0))
            names = {mount.aws: "screenshot.jpg", mount.tencent: "vnc_url"}
            known.stat()
            os.kill(ill.process.pid, signal.SIGSTOP)
            try:
                with cats([known / names[sick]] * 20) as processes:
                    assert slowest_of(lambda: os.listdir(healthy), 10) < 1
                    assert slowest_of(lambda: read(good / names[healthy]), 5) < 1
                    assert slowest_of(known.stat, 10) < 0.5
                    assert slowest_of(lambda: os.listdir(mount.path), 10) < 0.5
                    assert [process.poll() for process in processes] == [None] * 20
            finally:
                os.kill(ill.process.pid, signal.SIGCONT)


def test_overlapping_opens_each_see_their_own_bytes():
    with Simulator(rate_scale=0) as sim, Mount.of(sim) as mount:
        path = mount.aws / fleet.aws(0) / "screenshot.jpg"
        files = [open(path, "rb") for _ in range(5)]
        try:
            sizes = [os.fstat(file.fileno()).st_size for file in files]
            contents = [file.read() for file in files]
            assert sizes == [len(content) for content in contents]
            assert len(set(contents)) == 5
            for file, content in zip(files, contents):
                file.seek(0)
                assert file.read() == content
        finally:
            for file in files:
                file.close()


def test_a_mount_keeps_no_more_open_than_it_had_in_use_at_once():
    """After bursts: descriptors for its idle connections, and nothing else."""
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=NO_RATE) as mount:
        path = mount.aws / fleet.aws(0) / "screenshot.jpg"

        def descriptors():
            return len(os.listdir(f"/proc/{mount.process.pid}/fd"))

        read(path)
        before = descriptors() - connections(sim)
        for _ in range(3):
            with cats([path] * 50) as processes:
                assert [process.wait(60) for process in processes] == [0] * 50
        await_that(lambda: descriptors() - connections(sim) <= before, "descriptors do not grow")
        assert connections(sim) <= 50
