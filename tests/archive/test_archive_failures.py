# SPDX-License-Identifier: MIT
"""What consolefs-archive says when not all is well, and the status that it ends with."""

import os
import pathlib
import re
import signal
import subprocess

import pytest

from archiving import (CRON, archive, await_that, calls, command, instances, runs, showing, start,
                       summary)


def test_a_failure_is_named_with_its_reason_and_the_rest_is_fetched(sim, mount, tmp_path):
    cloud = sim(instances=20)
    mounted = mount(cloud)
    bad, worse = showing(mounted.aws, "screenshot.jpg")[:2]
    cloud.set_faults(f"GetConsoleScreenshot@{bad}:code=UnauthorizedOperation",
                     f"*@{worse}:code=IncorrectInstanceState")
    done = archive(mounted.aws, tmp_path)
    assert done.returncode == 1
    counts, reasons = summary(runs(tmp_path)[0])
    assert counts["failed"] == 2
    assert set(reasons["failed"]) == {f"aws/{bad}", f"aws/{worse}"}
    assert re.fullmatch(r"screenshot\.jpg: Permission denied \(UnauthorizedOperation: .+\)",
                        reasons["failed"][f"aws/{bad}"])
    assert re.fullmatch(r"console\.log: Device or resource busy; "
                        r"screenshot\.jpg: Device or resource busy \(IncorrectInstanceState: .+\)",
                        reasons["failed"][f"aws/{worse}"])
    kept = runs(tmp_path)[0] / "aws"
    assert set(os.listdir(kept / bad)) == {"console.log", "error", "info.json"}
    # The file is what the mount says afterwards.
    assert (kept / bad / "error").read_text() == (mounted.aws / bad / "error").read_text() != ""
    fine = set(showing(mounted.aws, "screenshot.jpg")) - {bad, worse}
    assert all((kept / one / "screenshot.jpg").stat().st_size > 0 for one in fine)


def test_the_summary_is_printed_and_kept(sim, mount, tmp_path):
    mounted = mount(sim(instances=6))
    done = archive(mounted.aws, tmp_path)
    assert done.stdout == (runs(tmp_path)[0] / "summary").read_text()
    assert done.stderr == ""


def test_a_quiet_run_prints_nothing_unless_something_failed(sim, mount, tmp_path):
    cloud = sim(instances=6)
    mounted = mount(cloud)
    done = archive("--quiet", mounted.aws, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    cloud.set_faults("GetConsoleOutput:code=InternalError:x1000")
    done = archive("--quiet", mounted.aws, tmp_path)
    assert done.returncode == 1
    assert done.stdout == (runs(tmp_path)[1] / "summary").read_text()


def test_an_old_failure_is_not_taken_for_the_reason_of_a_new_one(sim, mount, tmp_path):
    cloud = sim(instances=6)
    mounted = mount(cloud)
    one = showing(mounted.aws, "screenshot.jpg")[0]
    cloud.set_faults(f"GetConsoleScreenshot@{one}:code=UnauthorizedOperation:x1")
    with pytest.raises(PermissionError):
        (mounted.aws / one / "screenshot.jpg").read_bytes()
    assert archive(mounted.aws, tmp_path).returncode == 0
    assert summary(runs(tmp_path)[0])[1]["failed"] == {}


def test_if_no_cloud_can_be_listed_nothing_is_done(sim, mount, tmp_path):
    cloud = sim(instances=6, faults=["DescribeInstances:code=UnauthorizedOperation"])
    mounted = mount(cloud)
    mounted.allow("")
    done = archive(mounted.aws, tmp_path)
    assert done.returncode == 2
    assert "aws: cannot be listed: Permission denied" in done.stderr
    assert runs(tmp_path) == [] and not (tmp_path / "latest").is_symlink()


def test_one_cloud_that_cannot_be_listed_is_a_failure_among_others(sim, mount, tmp_path):
    cloud = sim(instances=6, faults=["aws/DescribeInstances:code=UnauthorizedOperation"])
    mounted = mount(cloud)
    mounted.allow("")
    done = archive(mounted.path, tmp_path)
    assert done.returncode == 1
    counts, reasons = summary(runs(tmp_path)[0])
    assert reasons["failed"] == {"aws": "cannot be listed: Permission denied"}
    assert counts["failed"] == 1
    assert len(instances(runs(tmp_path)[0] / "tencent")) == 6


def test_a_region_that_cannot_be_listed_is_a_failure(sim, mount, tmp_path):
    cloud = sim(instances=12, aws_regions=("us-east-1", "eu-west-1"),
                faults=["aws/DescribeInstances%eu-west-1:code=UnauthorizedOperation"])
    mounted = mount(cloud)
    mounted.allow("")
    assert archive(mounted.aws, tmp_path).returncode == 1
    reason = summary(runs(tmp_path)[0])[1]["failed"]["aws"]
    assert reason.startswith("working in part") and "eu-west-1" in reason


def test_an_rsync_that_is_killed_is_a_failure(sim, mount, tmp_path):
    """By a machine without memory, say: its instances must not be missing from a run that is well."""
    cloud = sim(instances=20, faults=["GetConsoleOutput:hang:x1"])
    mounted = mount(cloud)
    mounted.allow("EINTR|Interrupted")
    process = start("--jobs", "1", mounted.aws, tmp_path)
    await_that(lambda: cloud.log_entries(action="GetConsoleOutput"))
    for children in pathlib.Path(f"/proc/{process.pid}/task").glob("*/children"):
        for child in children.read_text().split():
            os.kill(int(child), signal.SIGKILL)
    assert process.wait(60) == 1
    counts, reasons = summary(runs(tmp_path)[0])
    assert set(reasons["failed"].values()) == {"rsync was ended by signal 9"}
    assert sum(counts.values()) == len(instances(mounted.aws))


USAGE = [[], ["--jobs"], ["one"], ["--jobs", "0", "a", "b"], ["--jobs", "x", "a", "b"],
         ["--jobs", "-1", "a", "b"], ["--jobs", "9999999999999999999999", "a", "b"],
         ["--keep", "1.5", "a", "b"], ["--shard", "4/4", "a", "b"], ["--shard", "4", "a", "b"],
         ["--shard", "/4", "a", "b"], ["--shard", "1/", "a", "b"], ["--shard", "1/2/3", "a", "b"],
         ["--shard", "0/0", "a", "b"], ["--wake-wait", "", "a", "b"], ["--bogus", "a", "b"],
         ["--jobs", "a[$(touch owned)]", "a", "b"]]


@pytest.mark.parametrize("args", USAGE, ids=" ".join)
def test_a_wrong_command_line_is_refused_with_status_2(tmp_path, args):
    done = archive(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert "usage: consolefs-archive" in done.stderr and done.stdout == ""
    assert os.listdir(tmp_path) == []


def test_help_says_what_there_is():
    done = archive("--help")
    assert done.returncode == 0 and done.stderr == ""
    assert {"--jobs", "--keep", "--quiet", "--shard", "--wake", "--wake-wait"} <= \
        set(re.findall(r"--[a-z-]+", done.stdout))


def test_a_source_that_is_none_is_status_2(tmp_path):
    (tmp_path / "empty").mkdir()
    for source, reason in ((tmp_path / "empty", "no mount of consolefs"),
                           (tmp_path / "none", "No such file or directory")):
        done = archive(source, tmp_path / "kept")
        assert done.returncode == 2 and reason in done.stderr
    assert runs(tmp_path / "kept") == []


def test_without_rsync_it_says_so_and_begins_nothing(tmp_path):
    (tmp_path / "mount/aws").mkdir(parents=True)
    (tmp_path / "mount/aws/status").write_text("condition:   working\n")
    done = archive(tmp_path / "mount", tmp_path / "kept", env={**CRON, "PATH": str(tmp_path)})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "consolefs-archive: rsync is missing: install it\n"
    assert not (tmp_path / "kept").exists()


def test_a_destination_that_cannot_be_made_is_status_2(sim, mount, tmp_path):
    (tmp_path / "file").write_text("")
    done = archive(mount(sim(instances=2)).aws, tmp_path / "file" / "kept")
    assert done.returncode == 2 and "cannot make" in done.stderr


def test_a_destination_that_is_full_ends_the_run_and_it_is_continued(sim, mount, tmp_path):
    cloud = sim(instances=40)
    mounted = mount(cloud)
    (tmp_path / "kept").mkdir()
    script = ('mount -t tmpfs -o size=64k,mode=700 none "$1" && shift && "$@"; status=$?; '
              'ls -A "$dest"; exit $status')
    done = subprocess.run(
        ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh",
         tmp_path / "kept", *map(str, command("--jobs", "1", mounted.aws, tmp_path / "kept"))],
        capture_output=True, text=True, check=False, cwd="/", timeout=60,
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "dest": str(tmp_path / "kept")})
    assert done.returncode == 2
    assert "cannot write to" in done.stderr and "No space left on device" in done.stderr
    assert ".unfinished" in done.stdout.split() and "latest" not in done.stdout.split()
    assert len(calls(cloud)) < len(instances(mounted.aws))
