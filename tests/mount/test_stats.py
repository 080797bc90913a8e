# SPDX-License-Identifier: MIT
"""The file `stats`: what the mount does, in Prometheus's text format."""

import os
import re
import subprocess
import time

import pytest

from lib import fleet
from lib.doing import await_that, cats, errno_of, read
from lib.mount import Mount, cloud_options
from lib.programs import promtool
from lib.simulator import ROOT

LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")


def stats(mount):
    """The samples: by name, a list of (labels, value)."""
    samples = {}
    for line in read(mount.path / "stats").decode().splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            samples.setdefault(name.removeprefix("consolefs_"), []).append(
                (dict(LABEL.findall(labels or "")), float(value)))
    return samples


def value(samples, name, **labels):
    """The sum of all samples that have these labels."""
    return sum(number for found, number in samples.get(name, [])
               if labels.items() <= found.items())


def check(mount):
    """What promtool has to say of it."""
    done = subprocess.run([promtool(), "check", "metrics"], input=read(mount.path / "stats"),
                          capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def test_promtool_has_nothing_to_say_of_it(sim, mount):
    cloud = sim(rate_scale=0, aws_regions=("us-east-1", "eu-west-1"))
    mounted = mount(cloud)
    assert check(mounted) == (0, b"")
    for name in fleet.instances(mounted.aws):
        errno_of(read, mounted.aws / name / "screenshot.jpg")
    os.listdir(mounted.tencent)
    with open(mounted.aws / fleet.aws(fleet.AWAKE) / "console.log", "rb"):
        assert check(mounted) == (0, b"")


def test_every_name_in_it_is_in_the_manual(sim, mount):
    mounted = mount(sim(rate_scale=0))
    os.listdir(mounted.aws)
    page = (ROOT / "contrib/man/consolefs.1").read_text()
    names = re.findall(r"^# TYPE consolefs_(\w+) ", read(mounted.path / "stats").decode(),
                       re.MULTILINE)
    assert len(names) > 10
    assert [name for name in names if not re.search(rf"\b{name}\b", page)] == []


def test_calls_are_counted_by_cloud_region_action_and_result(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    assert "calls_total" not in stats(mounted)
    for _ in range(3):
        read(mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg")
    assert errno_of(read, mounted.aws / fleet.aws(fleet.METAL) / "screenshot.jpg") == "EOPNOTSUPP"
    read(mounted.tencent / fleet.cvm(0) / "vnc_url")
    now = stats(mounted)
    screenshots = {"cloud": "aws", "region": "us-east-1", "action": "GetConsoleScreenshot"}
    assert value(now, "calls_total", **screenshots, result="ok") == 3
    assert value(now, "calls_total", **screenshots, result="EOPNOTSUPP") == 1
    assert value(now, "calls_total", cloud="tencent", region="ap-guangzhou", result="ok",
                 action="DescribeInstanceVncUrl") == 1
    # Every request that the cloud saw is one of these.
    assert value(now, "calls_total") == len(cloud.log_entries())
    assert value(now, "call_duration_seconds_count", cloud="aws",
                 action="GetConsoleScreenshot") == 4


def test_it_costs_no_api_call(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    for _ in range(10):
        read(mounted.path / "stats")
        os.stat(mounted.path / "stats")
        os.listdir(mounted.path)
    assert cloud.log_entries() == []


def test_an_open_is_one_consistent_snapshot(sim, mount):
    mounted = mount(sim(rate_scale=0))
    with open(mounted.path / "stats", "rb", buffering=0) as file:
        before = file.read()
        assert len(before) == os.fstat(file.fileno()).st_size
        read(mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg")
        file.seek(0)
        assert file.read() == before
    assert read(mounted.path / "stats") != before


def test_retries_and_throttles_are_counted(sim, mount):
    cloud = sim(rate_scale=0, faults=["GetConsoleOutput:throttle:x2",
                                      "GetConsoleScreenshot:status=500:x1"])
    mounted = mount(cloud)
    one = mounted.aws / fleet.aws(fleet.AWAKE)
    read(one / "console.log")
    read(one / "screenshot.jpg")
    now = stats(mounted)
    assert value(now, "call_throttles_total", action="GetConsoleOutput") == 2
    assert value(now, "call_retries_total", action="GetConsoleOutput") == 2
    assert value(now, "call_throttles_total", action="GetConsoleScreenshot") == 0
    assert value(now, "call_retries_total", action="GetConsoleScreenshot") == 1
    assert value(now, "calls_total", action="GetConsoleOutput", result="ok") == 1


def test_the_queue_and_what_is_in_flight_show(sim, mount):
    cloud = sim(rate_scale=0, faults=["GetConsoleScreenshot:hang"])
    mounted = mount(cloud, options=["aws.rate=0.01", "aws.timeout=600"])
    os.listdir(mounted.aws)
    path = mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg"
    of = {"cloud": "aws", "action": "GetConsoleScreenshot"}

    def standing():
        now = stats(mounted)
        return value(now, "calls_in_flight", **of), value(now, "calls_queued", **of)

    with cats([path] * 4):
        await_that(lambda: standing() == (1, 3), "one in flight, the others in the queue")
    # They were given up.
    await_that(lambda: standing() == (0, 0), "nothing is under way")
    assert value(stats(mounted), "calls_total", **of, result="EINTR") == 4


def test_what_is_open_shows(sim, mount):
    mounted = mount(sim(rate_scale=0))
    path = mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg"
    before = stats(mounted)
    assert value(before, "open_snapshots") == value(before, "open_snapshot_bytes") == 0
    with open(path, "rb") as one, open(path, "rb") as two:
        now = stats(mounted)
        assert value(now, "open_snapshots") == 2
        assert value(now, "open_snapshot_bytes") == sum(
            os.fstat(file.fileno()).st_size for file in (one, two))
        assert value(now, "nodes") > value(before, "nodes")
    await_that(lambda: value(stats(mounted), "open_snapshots") == 0, "they are closed")


def test_lists_have_a_size_and_an_age_once_there_are_any(sim, mount):
    mounted = mount(sim(rate_scale=0, instances=7))
    assert "instances" not in stats(mounted) and "list_age_seconds" not in stats(mounted)
    count = len(fleet.instances(mounted.aws))
    now = stats(mounted)
    assert value(now, "instances", cloud="aws", region="us-east-1") == count
    assert [labels["cloud"] for labels, _ in now["list_age_seconds"]] == ["aws"]
    age = value(now, "list_age_seconds", cloud="aws")
    assert 0 <= age < 60
    await_that(lambda: value(stats(mounted), "list_age_seconds", cloud="aws") > age, "it ages")


def test_the_expiry_of_credentials_shows_if_they_have_one(sim, tmp_path):
    cloud = sim(rate_scale=0, session_seconds=3600)
    with Mount(options=cloud_options(cloud)) as mounted:
        assert "credentials_expiry_timestamp_seconds" not in stats(mounted)
    program = tmp_path / "keys"
    program.write_text("#!/bin/sh\necho '" + """{"Version": 1, "AccessKeyId": "CONSOLEFSSIM",
        "SecretAccessKey": "consolefs-sim-secret", "Expiration": "2099-01-01T00:00:00Z"}""" + "'\n")
    program.chmod(0o700)
    config = tmp_path / "config"
    config.write_text(f"[profile p]\ncredential_process = {program}\n")
    with Mount(options=[*cloud_options(cloud), "aws.profile=p"],
               env={"AWS_CONFIG_FILE": str(config)}) as mounted:
        os.listdir(mounted.aws)
        assert stats(mounted)["credentials_expiry_timestamp_seconds"] == [
            ({"cloud": "aws"}, 4070908800.0)]


def test_the_loop_is_timed_without_being_woken(sim, mount):
    mounted = mount(sim(rate_scale=0))
    read(mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg")
    assert value(stats(mounted), "loop_turn_duration_seconds_count") > 0

    def switches():
        with open(f"/proc/{mounted.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"\nvoluntary_ctxt_switches:\s(\d+)", status.read()).group(1))

    # Connections that are kept open are looked after once in a while, and whoever looks at all mounts looks at this
    # one; a ticking clock would show in each second.
    def sleeps():
        before = switches()
        time.sleep(1)
        return switches() - before < 5
    await_that(sleeps, "the loop sleeps")


@pytest.mark.parametrize("name", ["a.b", "A-1_x", "n" * 64])
def test_every_name_of_a_cloud_is_a_label(sim, tmp_path, name):
    cloud = sim(rate_scale=0)
    config = tmp_path / "test.conf"
    config.write_text(f"[{name}]\nbackend = aws\nendpoint = {cloud.url}\nca_file = {cloud.ca}\n"
                      "regions = us-east-1\n")
    with Mount(args=["-c", config]) as mounted:
        os.listdir(mounted.path / name)
        assert check(mounted) == (0, b"")
        assert value(stats(mounted), "calls_total", cloud=name, result="ok") == 1
