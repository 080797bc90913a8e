# SPDX-License-Identifier: MIT
"""backends/http/http.h: "CFS_NO_MEMORY (or no descriptors left)". With few descriptors every open ends in
its bytes or says so, and what failed leaves nothing behind."""

import os
import pathlib
import re

import pytest

from crowd import crowd, sample, screens
from lib import fleet
from lib.doing import await_that, connections, read
from lib.mount import Mount, cloud_options, find_consolefs
from lib.simulator import Simulator

# A thousand handshakes at once may take longer than a call's usual time limit.
FAST = ["aws.rate=100000", "tencent.rate=100000", "aws.timeout=600"]
# Longer than a busy machine takes to begin them all.
LASTS = "GetConsoleScreenshot:delay=5000"
BUSY_S = 150  # until a machine that has other things to do has done so much


@pytest.fixture
def limited(tmp_path):
    """Makes a consolefs with that hard limit."""
    def make(limit):
        script = pathlib.Path(tmp_path) / "program"
        script.write_text(f'#!/bin/sh\nulimit -n {limit}\nexec "{find_consolefs()}" "$@"\n')
        script.chmod(0o755)
        return script
    return make


def descriptors(mounted, *sims):
    """How many are open beside connections to the clouds."""
    found = len(os.listdir(f"/proc/{mounted.process.pid}/fd"))
    return found - sum(connections(sim) for sim in sims)


@pytest.mark.parametrize("limit, opens", [(512, 560), (64, 300)])
def test_more_opens_than_descriptors_end_in_bytes_or_say_that_there_is_none(sim, mount, limited,
                                                                            limit, opens):
    """512 are enough for about as many at once, 64 are for a few dozen. Each is a handshake, of which a
    busy machine does not do a thousand within the time that a connection may take."""
    cloud = sim(rate_scale=0)
    mounted = mount(cloud, options=FAST, program=limited(limit))
    path = mounted.aws / fleet.aws(0) / "screenshot.jpg"
    read(path)
    assert len(fleet.instances(mounted.aws)) == 19
    before = descriptors(mounted, cloud)
    cloud.set_faults(LASTS)
    with crowd(opens, *screens(mounted)) as openers:
        await_that(lambda: sample(mounted, "calls_total", action="GetConsoleScreenshot",
                                  result="ENOMEM") or openers.process.poll() is not None,
                   "there are none left, or all is done", BUSY_S)
        # What needs none is as it was.
        assert len(fleet.instances(mounted.aws)) == 19
        assert (mounted.aws / fleet.aws(0) / "info.json").read_text()
        results = openers.results(timeout=BUSY_S)
    cloud.set_faults()
    assert set(results) <= {"OK", "ENOMEM"} and sum(results.values()) == opens
    assert results["OK"] > limit / 2
    if limit == 64:
        assert results["ENOMEM"] > 0
        assert "no file descriptor is left: raise the limit" in (path.parent / "error").read_text()
    # It says nothing of the cloud, which is not thought to be down.
    assert sample(mounted, "up", action="GetConsoleScreenshot") == 1
    assert "does not answer" not in mounted.log_text()
    assert read(path)[:2] == b"\xff\xd8"
    assert read(mounted.tencent / fleet.cvm(0) / "vnc_url")
    await_that(lambda: descriptors(mounted, cloud) <= before, "none is left behind")


def test_idle_connections_to_one_cloud_leave_descriptors_to_another(limited):
    with Simulator(rate_scale=0) as one, Simulator(rate_scale=0) as other:
        options = [*FAST, *[text for text in cloud_options(one) if text.startswith("aws")],
                   *[text for text in cloud_options(other) if text.startswith("tencent")]]
        with Mount(options=options, program=limited(64)) as mounted:
            path = mounted.aws / fleet.aws(0) / "screenshot.jpg"
            read(path)
            one.set_faults(LASTS)
            with crowd(200, *screens(mounted)) as openers:
                assert set(openers.results()) == {"OK", "ENOMEM"}
            one.set_faults()
            assert 0 < connections(one) <= 16
            # A cloud that was not asked before, by descriptors that were all taken.
            assert len(fleet.instances(mounted.tencent)) > 10
            assert read(mounted.tencent / fleet.cvm(0) / "vnc_url")
            assert re.search("condition: +working", (mounted.tencent / "status").read_text())
