# SPDX-License-Identifier: MIT
"""fs/client/endpoint.h: "Regions that do not resolve or connect, and actions that hang where others answer, are
told apart." And an instance that hangs takes nothing down."""

import os
import re

from crowd import crowd, sample, timed
from down import AT_ONCE_S, BACK_S, clouds
from lib import fleet
from lib.doing import await_that, errno_of, read
from lib.mount import Mount
from lib.simulator import Simulator


def check_that_it_is_read_at_once(path, times=10):
    for _ in range(times):
        result, took = timed(read, path)
        assert result == "OK" and took < AT_ONCE_S


def test_one_instance_that_hangs_takes_no_other_down():
    hung, well = fleet.aws(fleet.AWAKE), fleet.aws(fleet.ASLEEP)
    with Simulator(rate_scale=0, faults=[f"GetConsoleScreenshot@{hung}:hang"]) as sim, \
            Mount.of(sim, options=["aws.timeout=4"]) as mount:
        os.listdir(mount.aws)
        with crowd(3, mount.aws / hung / "screenshot.jpg") as openers:
            check_that_it_is_read_at_once(mount.aws / well / "screenshot.jpg")
            assert openers.results() == {"ETIMEDOUT": 3}
        check_that_it_is_read_at_once(mount.aws / well / "screenshot.jpg")
        assert sample(mount, "up", action="GetConsoleScreenshot") == 1
        assert "does not answer" not in mount.log_text()


def test_an_action_that_hangs_takes_no_other_down(tmp_path):
    with clouds(tmp_path) as found:
        found.ill.set_faults("GetConsoleScreenshot:hang")
        assert errno_of(read, found.screen) == "ETIMEDOUT"
        await_that(lambda: found.up("GetConsoleScreenshot") == 0, "it is known to be down")
        assert timed(read, found.screen)[1] < AT_ONCE_S
        for action, where in ((os.listdir, found.later), (read, found.link),
                              (read, found.screen.with_name("console.log"))):
            result, took = timed(action, where)
            assert result == "OK" and took < AT_ONCE_S
        assert re.search("condition: +working", (found.mount.aws / "status").read_text())


def test_a_region_that_hangs_takes_no_other_down():
    regions = ("us-east-1", "eu-west-1")
    with Simulator(rate_scale=0, aws_regions=regions) as sim, \
            Mount.of(sim, options=["aws.timeout=4"]) as mount:
        where = {name: info["region"] for name, info in fleet.infos(mount.aws).items()
                 if "screenshot.jpg" in os.listdir(mount.aws / name)}
        hung, well = (next(name for name, region in where.items() if region == wanted)
                      for wanted in regions)
        sim.set_faults("*%us-east-1:hang")
        with crowd(3, mount.aws / hung / "screenshot.jpg") as openers:
            check_that_it_is_read_at_once(mount.aws / well / "screenshot.jpg")
            assert openers.results() == {"ETIMEDOUT": 3}
        await_that(lambda: sample(mount, "up", action="GetConsoleScreenshot",
                                  region="us-east-1") == 0, "it is known to be down")
        assert sample(mount, "up", action="GetConsoleScreenshot", region="eu-west-1") == 1
        check_that_it_is_read_at_once(mount.aws / well / "screenshot.jpg")
        sim.set_faults()
        await_that(lambda: errno_of(read, mount.aws / hung / "screenshot.jpg") == "OK",
                   "the region is back", BACK_S)
