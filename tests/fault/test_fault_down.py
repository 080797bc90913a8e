# SPDX-License-Identifier: MIT
"""README: "A region that does not answer fails fast. The first call takes its whole `timeout` ... As long as
there are calls, a test request about every second finds out when the region answers again. Nothing is sent
while nobody uses the mount." """

import concurrent.futures
import os
import shutil
import time

import pytest

from crowd import crowd, sample, timed
from down import (AT_ONCE_S, TIMEOUT_S, asking, check_that_all_else_works, check_that_it_comes_back,
                  check_that_it_fails_at_once, clouds, go_on, hang, heal, stop)
from lib.doing import read


def check_that_a_crowd_is_not_sent(found):
    """What comes to the cloud is a probe a second."""
    before, began = len(found.ill.log_entries()), time.monotonic()
    for _ in range(3):
        with crowd(100, found.screen) as openers:
            assert openers.results() == {"ETIMEDOUT": 100}
        assert openers.longest < 2
    assert len(found.ill.log_entries()) - before <= 3 + 2 * (time.monotonic() - began)


@pytest.mark.parametrize("falls_ill, recovers", [(hang, heal), (stop, go_on)],
                         ids=["no answer", "stopped"])
def test_a_cloud_that_hangs_costs_one_timeout_and_then_fails_at_once(tmp_path, falls_ill, recovers):
    with clouds(tmp_path) as found:
        falls_ill(found)
        try:
            with concurrent.futures.ThreadPoolExecutor() as pool:
                first = [pool.submit(timed, read, found.screen),
                         pool.submit(timed, os.listdir, found.later)]
                # While they wait, too.
                check_that_all_else_works(found)
                for one in first:
                    result, took = one.result()
                    assert result == "ETIMEDOUT" and took < TIMEOUT_S + AT_ONCE_S
            with asking(found):
                check_that_it_fails_at_once(found, "ETIMEDOUT")
                check_that_a_crowd_is_not_sent(found)
                check_that_it_fails_at_once(found, "ETIMEDOUT")
                check_that_all_else_works(found)
            assert ("no answer:   us-east-1 GetConsoleScreenshot; calls fail at once"
                    in (found.mount.aws / "status").read_text())
            assert found.up("GetConsoleScreenshot") == 0
            assert sample(found.mount, "up", cloud="tencent", action="DescribeInstances") == 1
        finally:
            recovers(found)
        check_that_it_comes_back(found)


def test_a_cloud_that_was_killed_refuses_at_once_and_comes_back_on_its_port(tmp_path):
    with clouds(tmp_path) as found:
        found.ill.process.kill()
        found.ill.process.wait()
        shutil.rmtree(found.ill.dir)
        found.ill.stopped = True
        with asking(found):
            for _ in range(5):
                check_that_it_fails_at_once(found, "ECONNREFUSED")
                check_that_all_else_works(found)
        found.restart()
        check_that_it_comes_back(found)
