# SPDX-License-Identifier: MIT
"""A run of consolefs-archive: what it fetches, what it links, and what it leaves alone."""

import hashlib
import json
import os
import stat

from archiving import CONSOLE_CALLS, archive, calls, instances, runs, showing, summary


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files_of(run):
    return {str(path.relative_to(run)): path for path in run.rglob("*") if path.is_file()}


def test_each_live_file_is_fetched_by_one_call_and_kept_byte_for_byte(sim, mount, tmp_path):
    cloud = sim(instances=40)
    mounted = mount(cloud)
    expected = {(one, name) for name in CONSOLE_CALLS.values()
                for one in showing(mounted.aws, name)}
    done = archive(mounted.path, tmp_path / "kept")
    assert (done.returncode, done.stderr) == (0, "")
    (run,) = runs(tmp_path / "kept")
    sent = {(entry["instance"], CONSOLE_CALLS[entry["action"]]): entry["sha256"]
            for entry in calls(cloud)}
    assert len(calls(cloud)) == len(sent) == len(expected)
    assert set(sent) == expected
    for (one, name), digest in sent.items():
        assert sha256(run / "aws" / one / name) == digest
    assert {(path.parent.name, path.name) for path in run.rglob("*")
            if path.name in CONSOLE_CALLS.values()} == expected


def test_the_directory_of_an_instance_has_all_but_what_is_excluded(sim, mount, tmp_path):
    mounted = mount(sim(instances=20))
    assert archive(mounted.path, tmp_path).returncode == 0
    (run,) = runs(tmp_path)
    for cloud in ("aws", "tencent"):
        assert instances(run / cloud) == instances(mounted.path / cloud)
        assert set(os.listdir(run / cloud)) == {*instances(run / cloud), "status"}
        for one in instances(run / cloud):
            shown = set(os.listdir(mounted.path / cloud / one))
            assert set(os.listdir(run / cloud / one)) == shown - {"vnc_url", "vnc.html", "wake"}
            info = (run / cloud / one / "info.json").read_text()
            assert info == (mounted.path / cloud / one / "info.json").read_text()
            assert json.loads(info)["id"] == one
    assert set(os.listdir(run)) == {"aws", "tencent", "summary", "index.html"}


def test_no_vnc_link_is_made_and_no_display_woken(sim, mount, tmp_path):
    cloud = sim(instances=20)
    mounted = mount(cloud)
    assert archive(mounted.path, tmp_path).returncode == 0
    assert cloud.log_entries(action="DescribeInstanceVncUrl") == []
    assert cloud.log_entries(wakeup=True) == []


def test_a_file_of_an_excluded_name_elsewhere_is_kept(tmp_path):
    """They are excluded at the places where they stand in a mount, and nowhere else."""
    source = tmp_path / "mount"
    odd = source / "stats" / "wake"
    (odd / "deeper").mkdir(parents=True)
    (source / "stats/status").write_text("condition:   working\n")
    for name in ("by-name", "by-region"):
        (source / "stats" / name / "trap").mkdir(parents=True)
        (source / "stats" / name / "trap/info.json").write_text("{}\n")
    (source / "index.html").write_text("x")
    for name in ("info.json", "error", "vnc_url", "vnc.html", "wake", "index.html", "stats",
                 "deeper/vnc_url", "deeper/wake"):
        (odd / name).write_text(name)
    assert archive(source, tmp_path / "kept").returncode == 0
    (run,) = runs(tmp_path / "kept")
    kept = set(files_of(run / "stats"))
    assert kept == {"status", "wake/info.json", "wake/error", "wake/index.html", "wake/stats",
                    "wake/deeper/vnc_url", "wake/deeper/wake"}


def test_the_unchanged_is_a_hard_link_to_the_run_before(sim, mount, tmp_path):
    # Clocks stand still, so that screens are the same, and one machine comes to fail.
    cloud = sim(instances=20, freeze_clock=True)
    mounted = mount(cloud)
    assert archive(mounted.path, tmp_path).returncode == 0
    before = calls(cloud)
    changed = showing(mounted.aws, "screenshot.jpg")[0]
    old = runs(tmp_path)[0] / "aws" / changed / "console.log"
    os.chmod(old, 0o600)
    old.write_text("another")
    assert archive(mounted.path, tmp_path).returncode == 0
    first, second = runs(tmp_path)
    # It is compared by content, and that is fetched once.
    assert len(calls(cloud)) == 2 * len(before)
    one, two = files_of(first), files_of(second)
    assert set(one) == set(two)
    own = {name for name in two if one[name].stat().st_ino != two[name].stat().st_ino}
    assert own >= {f"aws/{changed}/console.log", "summary", "index.html"}
    assert {name for name in own if name.endswith((".jpg", ".log", ".json"))} == \
        {f"aws/{changed}/console.log"}
    assert old.read_text() == "another"


def test_a_source_may_be_a_mount_a_cloud_or_instances(sim, mount, tmp_path):
    mounted = mount(sim(instances=20))
    some = showing(mounted.aws, "screenshot.jpg")[:3]
    assert archive(mounted.aws, tmp_path / "cloud").returncode == 0
    assert os.listdir(runs(tmp_path / "cloud")[0] / "aws")
    assert not (runs(tmp_path / "cloud")[0] / "tencent").exists()
    assert archive(*(mounted.aws / one for one in some), tmp_path / "some").returncode == 0
    assert instances(runs(tmp_path / "some")[0] / "aws") == some


def test_of_sources_that_overlap_each_instance_is_fetched_once(sim, mount, tmp_path):
    cloud = sim(instances=20)
    mounted = mount(cloud)
    one = showing(mounted.aws, "screenshot.jpg")[0]
    done = archive(mounted.aws / one, f"{mounted.aws}/", mounted.path, tmp_path)
    assert done.returncode == 0
    made = [(entry["instance"], entry["action"]) for entry in calls(cloud)]
    assert len(made) == len(set(made)) > 20


def test_a_run_is_named_by_when_it_began_and_latest_is_the_last(sim, mount, tmp_path):
    mounted = mount(sim(instances=3))
    for n in (1, 2, 3):
        assert archive(mounted.aws, tmp_path).returncode == 0
        assert len(runs(tmp_path)) == n
        assert os.readlink(tmp_path / "latest") == runs(tmp_path)[-1].name
    assert set(os.listdir(tmp_path)) == {*(run.name for run in runs(tmp_path)), "latest", ".lock"}


def test_nobody_else_can_read_an_archive(sim, mount, tmp_path):
    mounted = mount(sim(instances=6))
    assert archive(mounted.path, tmp_path / "kept").returncode == 0
    for path in [tmp_path / "kept", *(tmp_path / "kept").rglob("*")]:
        if not path.is_symlink():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_what_has_nothing_to_fetch_is_skipped(sim, mount, tmp_path):
    mounted = mount(sim(instances=20))
    bare = {f"aws/{one}" for one in instances(mounted.aws)
            if not {"screenshot.jpg", "console.log"} & set(os.listdir(mounted.aws / one))}
    bare |= {f"tencent/{one}" for one in instances(mounted.tencent)}
    assert archive(mounted.path, tmp_path).returncode == 0
    counts, reasons = summary(runs(tmp_path)[0])
    assert reasons["skipped"] == dict.fromkeys(bare, "nothing to fetch")
    assert counts["skipped"] == len(bare)
    assert counts["fetched"] == len(instances(mounted.aws)) + len(instances(mounted.tencent)) - \
        len(bare)
