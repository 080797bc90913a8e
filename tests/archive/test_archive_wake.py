# SPDX-License-Identifier: MIT
"""--wake: first every display is woken, then there is time, and then the screens are fetched."""

import hashlib

import pytest

from archiving import archive, calls, runs, showing, summary


def screenshots(sim, one):
    return [entry for entry in calls(sim, action="GetConsoleScreenshot") if entry["instance"] == one]


def test_each_display_is_woken_once_and_fetched_after_the_wait(sim, mount, tmp_path):
    cloud = sim(instances=20)
    mounted = mount(cloud)
    done = archive("--wake", "--wake-wait", "2", mounted.path, tmp_path)
    assert done.returncode == 0
    shows = showing(mounted.aws, "screenshot.jpg")
    for one in shows:
        assert [entry["wakeup"] for entry in screenshots(cloud, one)] == [True, False], one
        assert (mounted.aws / one / "wake").read_text() == "0\n"
    assert {entry["instance"] for entry in cloud.log_entries(wakeup=True)} == set(shows)
    assert len(calls(cloud, action="GetConsoleOutput")) == len(showing(mounted.aws, "console.log"))
    assert cloud.log_entries(action="DescribeInstanceVncUrl") == []


def test_the_screen_that_is_kept_is_the_later_one(sim, mount, tmp_path):
    cloud = sim(instances=20)
    mounted = mount(cloud)
    assert archive("--wake", "--wake-wait", "0", mounted.aws, tmp_path / "0").returncode == 0
    # Without a wait the fetch itself wakes, and there is no other.
    for one in showing(mounted.aws, "screenshot.jpg"):
        assert [entry["wakeup"] for entry in screenshots(cloud, one)] == [True]
    assert archive("-w", "--wake-wait", "1", mounted.aws, tmp_path / "1").returncode == 0
    (run,) = runs(tmp_path / "1")
    for one in showing(mounted.aws, "screenshot.jpg"):
        kept = hashlib.sha256((run / "aws" / one / "screenshot.jpg").read_bytes()).hexdigest()
        assert kept == screenshots(cloud, one)[-1]["sha256"]


def test_a_display_that_cannot_be_woken_is_fetched_and_named(sim, mount, tmp_path):
    mounted = mount(sim(instances=6), options=["ro"])
    done = archive("--wake", "--wake-wait", "0", mounted.aws, tmp_path)
    assert done.returncode == 1
    (run,) = runs(tmp_path)
    shows = showing(mounted.aws, "screenshot.jpg")
    assert summary(run)[1]["failed"] == {
        f"aws/{one}": "wake: Read-only file system" for one in shows}
    assert all((run / "aws" / one / "screenshot.jpg").exists() for one in shows)


@pytest.mark.parametrize("wait", ["0", "1"])
def test_a_wake_that_fails_is_made_up_for_by_the_fetch(sim, mount, tmp_path, wait):
    cloud = sim(instances=6)
    mounted = mount(cloud)
    one = showing(mounted.aws, "screenshot.jpg")[0]
    cloud.set_faults(f"GetConsoleScreenshot@{one}:code=UnauthorizedOperation:x1")
    done = archive("--wake", "--wake-wait", wait, mounted.aws, tmp_path)
    assert done.returncode == (1 if wait == "0" else 0)
    assert [entry["wakeup"] for entry in screenshots(cloud, one)] == [True] * (1 + int(wait))
