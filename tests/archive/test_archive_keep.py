# SPDX-License-Identifier: MIT
"""--keep, and what cron has to offer."""

import datetime
import os
import pty
import subprocess

from archiving import CRON, archive, command, runs


def dated(days):
    when = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
    return when.strftime("%Y-%m-%dT%H-%M-%SZ")


def make_run(dest, days, whole=True):
    run = dest / dated(days)
    (run / "aws/i-1").mkdir(parents=True)
    (run / "aws/i-1/console.log").write_text("old")
    if whole:
        (run / "summary").write_text("fetched: 1\n")
    return run


def test_older_finished_runs_are_removed_and_nothing_else(sim, mount, tmp_path):
    dest = tmp_path / "kept"
    old, older, young = make_run(dest, 10.01), make_run(dest, 400), make_run(dest, 9.99)
    strange = make_run(dest, 500, whole=False)
    (dest / "notes-2020-01-01T00-00-00Z").mkdir()
    elsewhere = make_run(tmp_path / "elsewhere", 600)
    (dest / elsewhere.name).symlink_to(elsewhere)
    done = archive("--keep", "10", mount(sim(instances=3)).aws, dest)
    assert done.returncode == 0
    assert not old.exists() and not older.exists()
    assert young.exists() and strange.exists() and (dest / "notes-2020-01-01T00-00-00Z").exists()
    assert (dest / elsewhere.name).is_symlink() and (elsewhere / "aws/i-1/console.log").exists()
    assert len([run for run in runs(dest) if run not in (young, strange)]) == 1
    assert not (dest / ".removing").exists()


def test_without_keep_nothing_is_removed(sim, mount, tmp_path):
    old = make_run(tmp_path, 4000)
    assert archive(mount(sim(instances=3)).aws, tmp_path).returncode == 0
    assert old.exists()


def test_a_run_that_fetched_nothing_removes_nothing(sim, mount, tmp_path):
    """Else an account that has stopped working would end with an empty archive."""
    old = make_run(tmp_path, 400)
    cloud = sim(instances=6, faults=["GetConsoleScreenshot:code=UnauthorizedOperation",
                                     "GetConsoleOutput:code=UnauthorizedOperation"])
    assert archive("--keep", "1", mount(cloud).aws, tmp_path).returncode == 1
    assert old.exists()


def test_the_newest_is_kept_by_keep_0(sim, mount, tmp_path):
    mounted = mount(sim(instances=3))
    assert archive(mounted.aws, tmp_path).returncode == 0
    assert archive("--keep", "0", mounted.aws, tmp_path).returncode == 0
    assert len(runs(tmp_path)) == 1 and os.readlink(tmp_path / "latest") == runs(tmp_path)[0].name


def test_it_runs_with_no_environment_at_all(sim, mount, tmp_path):
    done = archive("-q", mount(sim(instances=3)).path, tmp_path, env={"PWD": "/"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_settings_of_a_user_do_not_change_what_is_fetched(sim, mount, tmp_path):
    hostile = {"RSYNC_PARTIAL_DIR": "/nonexistent", "RSYNC_RSH": "false", "CDPATH": "/", "GREP_COLOR": "1",
               "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo", "TIME_STYLE": "x", "GLOBIGNORE": "*",
               "RSYNC_OLD_ARGS": "1", "POSIXLY_CORRECT": "1"}
    done = archive(mount(sim(instances=6)).aws, tmp_path, env={**CRON, **hostile})
    assert (done.returncode, done.stderr) == (0, "")
    (run,) = runs(tmp_path)
    assert abs(datetime.datetime.strptime(run.name, "%Y-%m-%dT%H-%M-%SZ") -
               datetime.datetime.utcnow()) < datetime.timedelta(minutes=5)


def test_progress_is_shown_on_a_terminal_only(sim, mount, tmp_path):
    mounted = mount(sim(instances=6))
    master, slave = pty.openpty()
    done = subprocess.run(command("-q", mounted.aws, tmp_path), env={**CRON, "TERM": "xterm"}, cwd="/",
                          stdin=slave, stdout=slave, stderr=slave, timeout=60, check=False)
    os.close(slave)
    shown = b""
    try:
        while piece := os.read(master, 65536):
            shown += piece
    except OSError:
        pass
    os.close(master)
    assert done.returncode == 0
    assert b"\r" in shown and b" of " in shown
    assert archive(mounted.aws, tmp_path).stderr == ""
