# SPDX-License-Identifier: MIT
"""DESIGN: "Ctrl-C works. A FUSE interrupt cancels the transfer and the open returns EINTR. ... One
hung endpoint never delays `ls`, or another cloud, or another read." """

import os
import signal
import time

import pytest

from lib import fleet
from lib.doing import (Stopwatch, at_once, await_that, cat, connections, errno_of, read, running, shell)
from lib.mount import Mount
from lib.simulator import Simulator

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]
HANGING = ["GetConsoleScreenshot:hang", "GetConsoleOutput:hang", "DescribeInstanceVncUrl:hang"]


def listed(ls):
    """The instances that an ls prints."""
    return fleet.instances_among(ls.communicate(timeout=30)[0].decode().split())


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("file", ["screenshot.jpg", "console.log", "vnc_url"])
def test_a_cat_of_a_hung_call_dies_of_a_signal_at_once_while_ls_goes_on(file, number):
    with Simulator(rate_scale=0, faults=HANGING) as sim, Mount.of(sim) as mount:
        instance = (mount.tencent / fleet.cvm(0) if file == "vnc_url" else
                    mount.aws / fleet.aws(0))
        assert len(fleet.instances(mount.aws)) == 19 and instance.stat()
        idle = connections(sim)
        with cat(instance / file) as process:
            await_that(lambda: len(sim.log_entries(fault="hang")) == 1, "the call is under way")
            for path in (mount.path, mount.aws, mount.tencent, instance):
                assert os.listdir(path)
            assert shell('ls -l "$1"', instance).returncode == 0
            assert (instance / "info.json").read_text()
            assert process.poll() is None
            at_once(process, number)
        # The transfer of a cancelled call is cut off; what was idle before may stay.
        await_that(lambda: connections(sim) <= idle, "the transfer is cancelled")
        assert (instance / "error").read_text() == ""
        assert len(sim.log_entries(fault="hang")) == 1


@pytest.mark.parametrize("number", SIGNALS)
def test_an_opendir_that_waits_for_the_list_is_interrupted(number):
    with Simulator(rate_scale=0, faults=["DescribeInstances:hang:x1"]) as sim, \
            Mount.of(sim, options=["aws.timeout=600"]) as mount:
        with running("/bin/ls", mount.aws) as process:
            sim.await_log(action="DescribeInstances")
            assert os.listdir(mount.path) and (mount.aws / "status").read_text()
            at_once(process, number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_lookup_that_waits_for_the_cloud_is_interrupted(number):
    with Simulator(rate_scale=0, faults=["DescribeInstances:hang:x1"]) as sim, \
            Mount.of(sim, options=["aws.timeout=600"]) as mount:
        with cat(mount.aws / fleet.aws(0) / "screenshot.jpg") as process:
            sim.await_log(action="DescribeInstances")
            assert os.listdir(mount.path) and (mount.aws / "status").read_text()
            at_once(process, number)


def test_a_hung_lookup_delays_neither_ls_nor_another_lookup():
    one, other = fleet.aws(0), fleet.aws(1)
    with Simulator(rate_scale=0, faults=[f"DescribeInstances@{one}:hang"]) as sim, \
            Mount.of(sim, options=["aws.timeout=600"]) as mount:
        with cat(mount.aws / one / "info.json") as process:
            sim.await_log(instance=one)
            # In processes of their own, for what would hang could not be interrupted either.
            with cat(mount.aws / other / "screenshot.jpg") as reader:
                assert reader.communicate(timeout=10)[0]
            with running("/bin/ls", mount.aws) as reader:
                assert len(listed(reader)) == 19
            assert process.poll() is None
            at_once(process, signal.SIGINT)


def test_the_lookups_of_one_directory_go_side_by_side():
    with Simulator(rate_scale=0, latency=1000) as sim, Mount.of(sim) as mount:
        watch = Stopwatch()
        done = shell('for i in $2; do cat "$1/$i/info.json" & done; wait', mount.aws,
                     " ".join(fleet.aws(index) for index in range(9)))
        assert done.stdout.count('"id"') == 9, done.stderr
        assert watch.seconds() < 6
        assert len(sim.log_entries(action="DescribeInstances")) == 9


def test_of_two_who_wait_for_one_list_the_other_gets_it():
    with Simulator(rate_scale=0, latency=500) as sim, Mount.of(sim) as mount:
        with running("/bin/ls", mount.aws) as one, running("/bin/ls", mount.aws) as other:
            sim.await_log(action="DescribeInstances")
            at_once(one, signal.SIGINT)
            assert len(listed(other)) == 19
        assert len(sim.log_entries(action="DescribeInstances")) == 1


def test_an_open_that_was_interrupted_leaves_nothing_behind():
    """The next open is a call of its own, and works."""
    with Simulator(rate_scale=0, faults=["GetConsoleScreenshot:hang:x20"]) as sim, \
            Mount.of(sim) as mount:
        path = mount.aws / fleet.aws(0) / "screenshot.jpg"
        path.stat()
        for count in range(1, 21):
            with cat(path) as process:
                sim.await_log(count, action="GetConsoleScreenshot")
                at_once(process, signal.SIGINT)
        assert read(path)[:2] == b"\xff\xd8"
        assert len(sim.log_entries(action="GetConsoleScreenshot")) == 21


def test_a_signal_that_comes_with_the_answer_costs_nothing():
    """Signals at every moment of a call: whoever comes first, cat or its death, nothing is lost."""
    with Simulator(rate_scale=0, latency=20) as sim, Mount.of(sim) as mount:
        path = mount.aws / fleet.aws(0) / "screenshot.jpg"
        path.stat()
        for step in range(60):
            with cat(path) as process:
                # Not awaited: the moment is what is tried.
                time.sleep(step * 0.001)
                process.terminate()
                process.wait(30)
        assert read(path)[:2] == b"\xff\xd8"
        assert errno_of(os.listdir, mount.aws) == "OK"


def test_a_call_in_the_rate_queue_is_interrupted():
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=["aws.rate=0.01"]) as mount:
        path = mount.aws / fleet.aws(0) / "screenshot.jpg"
        read(path)
        with cat(path) as process:
            await_that(lambda: os.readlink(f"/proc/{process.pid}/exe").endswith("/cat") and
                       state_of(process.pid) == "S", "cat waits")
            at_once(process, signal.SIGINT)
        assert len(sim.log_entries(action="GetConsoleScreenshot")) == 1


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(") ")[2].split()[0]


def test_a_call_that_pauses_before_its_next_attempt_is_interrupted():
    with Simulator(rate_scale=0, faults=["GetConsoleScreenshot:throttle"]) as sim, \
            Mount.of(sim, options=["aws.timeout=600"]) as mount:
        with cat(mount.aws / fleet.aws(0) / "screenshot.jpg") as process:
            sim.await_log(4, action="GetConsoleScreenshot")
            at_once(process, signal.SIGINT)
