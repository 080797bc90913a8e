# SPDX-License-Identifier: MIT
"""A run that was interrupted is continued, whatever interrupted it and wherever; and no two runs meet."""

import os
import signal
import subprocess
import time

import pytest

from archiving import (CONSOLE_CALLS, CRON, archive, await_that, calls, command, instances, kill_all,
                      runs, showing, start, summary)


def made(sim):
    """How many calls each file has cost."""
    counts = {}
    for entry in calls(sim):
        key = entry["instance"], CONSOLE_CALLS[entry["action"]]
        counts[key] = counts.get(key, 0) + 1
    return counts


def whole(dest):
    """The files that an unfinished run has got already."""
    return {(path.parent.name, path.name)
            for path in (dest / ".unfinished/tree").rglob("*") if path.name in CONSOLE_CALLS.values()}


def check_complete(mounted, dest, sim):
    (run,) = runs(dest)
    for name in CONSOLE_CALLS.values():
        for one in showing(mounted.aws, name):
            assert (run / "aws" / one / name).exists()
    assert not (dest / ".unfinished").exists()
    assert set(os.listdir(dest)) == {run.name, "latest", ".lock"}
    return run


@pytest.mark.parametrize("after", [1, 25, 90])
def test_a_killed_run_is_continued_and_fetches_nothing_twice(sim, mount, tmp_path, after):
    cloud = sim(instances=100, latency=50)
    mounted = mount(cloud)
    process = start("--jobs", "4", mounted.aws, tmp_path)
    await_that(lambda: len(whole(tmp_path)) >= after if (tmp_path / ".unfinished/tree").exists()
               else False)
    kill_all(process)
    assert runs(tmp_path) == []
    name = (tmp_path / ".unfinished/name").read_text().strip()
    before, kept = made(cloud), whole(tmp_path)
    done = archive(mounted.aws, tmp_path)
    assert done.returncode == 0 and f"continuing the run of {name}" in done.stderr
    run = check_complete(mounted, tmp_path, cloud)
    assert run.name == name
    for key, count in made(cloud).items():
        if key in kept:
            assert count == before[key] == 1, key
    # Of what was under way, rsync had read some that it had not written: BATCH instances a job.
    assert sum(made(cloud).values()) - len(made(cloud)) <= 4 * 5 * 2
    counts, _ = summary(run)
    assert counts["fetched"] + counts["skipped"] == len(instances(mounted.aws))
    # The next run is a new one.
    assert archive(mounted.aws, tmp_path).returncode == 0
    assert len(runs(tmp_path)) == 2


def test_when_only_the_program_is_killed_the_next_run_waits_for_what_it_started(sim, mount,
                                                                                tmp_path):
    cloud = sim(instances=30, latency=100)
    mounted = mount(cloud)
    process = start("--jobs", "3", mounted.aws, tmp_path)
    await_that(lambda: len(calls(cloud)) > 6)
    process.kill()
    process.wait()
    assert archive(mounted.aws, tmp_path).returncode == 0
    check_complete(mounted, tmp_path, cloud)
    assert set(made(cloud).values()) == {1}


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_at_once_and_the_next_run_continues_it(sim, mount, tmp_path, number,
                                                                status):
    cloud = sim(instances=20, faults=["GetConsoleOutput:hang:x3"])
    mounted = mount(cloud)
    mounted.allow("EINTR|Interrupted")
    process = subprocess.Popen(command("--jobs", "3", mounted.aws, tmp_path), env=CRON, cwd="/",
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, start_new_session=True)
    await_that(lambda: len(cloud.log_entries(action="GetConsoleOutput")) >= 3)
    began = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert process.returncode == status and "the next run continues this one" in said
    assert runs(tmp_path) == []
    assert archive(mounted.aws, tmp_path).returncode == 0
    check_complete(mounted, tmp_path, cloud)


def test_what_failed_in_the_interrupted_run_is_tried_again(sim, mount, tmp_path):
    cloud = sim(instances=40, latency=50)
    mounted = mount(cloud)
    shows = showing(mounted.aws, "screenshot.jpg")
    cloud.set_faults("GetConsoleScreenshot:code=UnauthorizedOperation:x1000")
    process = start("--jobs", "2", mounted.aws, tmp_path)
    await_that(lambda: len(list((tmp_path / ".unfinished/results").glob("*.log"))) >= 2
               if (tmp_path / ".unfinished/results").exists() else False)
    kill_all(process)
    kept = whole(tmp_path)
    assert kept
    cloud.set_faults()
    assert archive(mounted.aws, tmp_path).returncode == 0
    run = check_complete(mounted, tmp_path, cloud)
    assert all((run / "aws" / one / "screenshot.jpg").exists() for one in shows)
    assert all(made(cloud)[key] == 1 for key in kept if key[1] == "console.log")


def test_a_run_killed_after_it_got_its_name_is_settled(sim, mount, tmp_path):
    cloud = sim(instances=3)
    mounted = mount(cloud)
    assert archive(mounted.aws, tmp_path).returncode == 0
    (run,) = runs(tmp_path)
    (tmp_path / "latest").unlink()
    (tmp_path / ".unfinished/results").mkdir(parents=True)
    (tmp_path / ".unfinished/name").write_text(run.name + "\n")
    assert archive(mounted.aws, tmp_path).returncode == 0
    assert len(runs(tmp_path)) == 2
    assert not (tmp_path / ".unfinished").exists()
    assert os.readlink(tmp_path / "latest") == runs(tmp_path)[1].name


def test_a_failure_retried_does_not_change_the_run_before(sim, mount, tmp_path):
    """Killed while it was being put together, a run has hard links to the one before already."""
    cloud = sim(instances=6)
    mounted = mount(cloud)
    one = showing(mounted.aws, "screenshot.jpg")[0]
    cloud.set_faults(f"GetConsoleScreenshot@{one}:code=UnauthorizedOperation:x1000")
    assert archive(mounted.aws, tmp_path).returncode == 1
    (run,) = runs(tmp_path)
    before = (run / "aws" / one / "error").read_text()
    tree = tmp_path / ".unfinished/tree/aws" / one
    tree.mkdir(parents=True)
    (tmp_path / ".unfinished/name").write_text("2020-01-01T00-00-00Z\n")
    os.link(run / "aws" / one / "error", tree / "error")
    cloud.set_faults(f"GetConsoleScreenshot@{one}:code=InternalError:x1000")
    assert archive(mounted.aws, tmp_path).returncode == 1
    assert (run / "aws" / one / "error").read_text() == before
    assert "InternalError" in (tmp_path / "2020-01-01T00-00-00Z/aws" / one / "error").read_text()


def test_two_runs_never_meet(sim, mount, tmp_path):
    cloud = sim(instances=20, faults=["GetConsoleOutput:hang:x1"])
    mounted = mount(cloud)
    mounted.allow("EINTR|Interrupted")
    process = start(mounted.aws, tmp_path)
    await_that(lambda: cloud.log_entries(action="GetConsoleOutput"))
    done = archive(mounted.aws, tmp_path)
    assert done.returncode == 2 and "another run is under way" in done.stderr
    process.terminate()
    assert process.wait(30) == 143
    assert archive(mounted.aws, tmp_path).returncode == 0
