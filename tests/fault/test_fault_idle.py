# SPDX-License-Identifier: MIT
"""README: "Nothing is sent while nobody uses the mount." And fs/client/breaker.h: "what was
found out grows old: then a call is kept waiting for a probe, rather than refused for what was so an
hour ago." """

import time

from crowd import timed
from down import AT_ONCE_S, FRESH_S, PAUSE_S, PROBE_S, check_that_it_comes_back, clouds, hang, heal
from lib.doing import await_that, errno_of, read


def be_idle(found):
    """For so long that what is known of the cloud is old."""
    count = len(found.ill.log_entries())
    # Not awaited: that nothing happens is what is tried, but for a last probe that somebody's asking called for. It
    # hangs, too.
    time.sleep(PAUSE_S + PROBE_S + FRESH_S + 0.5)
    assert len(found.ill.log_entries()) <= count + 1


def test_an_idle_mount_asks_nothing_and_nobody_is_refused_for_old_news(tmp_path):
    with clouds(tmp_path) as found:
        hang(found)
        assert errno_of(read, found.screen) == "ETIMEDOUT"
        await_that(lambda: found.up("GetConsoleScreenshot") == 0, "it is known to be down")
        result, took = timed(read, found.screen)
        assert result == "ETIMEDOUT" and took < AT_ONCE_S
        be_idle(found)
        # Still down: known after one probe, which is not the time limit of a call.
        began = time.monotonic()
        result, took = timed(read, found.screen)
        assert result == "ETIMEDOUT" and took < PROBE_S + AT_ONCE_S
        assert time.monotonic() - began > PROBE_S - 0.1
        be_idle(found)
        # Up again, of which the mount cannot know.
        heal(found)
        result, took = timed(read, found.screen)
        assert result == "OK" and took < 1
        check_that_it_comes_back(found)
