# SPDX-License-Identifier: MIT
"""DESIGN, "Catalogue": which instances a mount shows. test_catalogue_age.py has what waits for a list to grow
old."""

import contextlib
import os
import pathlib
import re
import signal
import time

import boto3
import botocore.config
import pytest

from lib import fleet
from lib.doing import Stopwatch, await_age, await_that, errno_of, fails, read, running, shell
from lib.fleet import instances
from lib.mount import Mount
from lib.scripted import (AWS_KEYS, TENCENT_KEYS, ScriptedCloud, cvm_error, cvm_listing,
                          ec2_listing)
from lib.simulator import KEY_ID, SECRET

NOBODY = {"aws": "i-0ffffffffffffffff", "tencent": "ins-zzzzzzzz"}
SOMEBODY = {"aws": "i-0123456789abcdef0", "tencent": "ins-abcdefgh"}
CLOUDS = ["aws", "tencent"]


def listings(sim, cloud, find=False):
    return [entry for entry in sim.log_entries(action="DescribeInstances", cloud=cloud)
            if bool(entry["instance"]) == find]


def by_the_sdk(sim):
    """Every EC2 instance with its state, as boto3 lists them."""
    client = boto3.client(
        "ec2", endpoint_url=sim.url, verify=str(sim.ca), region_name=sim.aws_regions[0],
        aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET,
        config=botocore.config.Config(proxies={}))
    return {one["InstanceId"]: one["State"]["Name"]
            for page in client.get_paginator("describe_instances").paginate()
            for reservation in page["Reservations"] for one in reservation["Instances"]}


def test_listed_on_first_use_then_kept(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    os.listdir(mounted.path)
    mounted.aws.stat()
    (mounted.aws / "status").read_text()
    assert cloud.log_entries() == []
    for _ in range(5):
        assert len(instances(mounted.aws)) == 19
        for name in instances(mounted.aws):
            os.listdir(mounted.aws / name)
    assert len(cloud.log_entries()) == 1
    assert len(instances(mounted.tencent)) == 20
    assert len(listings(cloud, "tencent")) == 1


def test_every_page_is_read(sim, mount):
    cloud = sim(instances=2500, rate_scale=0)
    mounted = mount(cloud)
    known = {name for name, state in by_the_sdk(cloud).items() if state != "terminated"}
    assert set(instances(mounted.aws)) == known and len(known) == 2499
    assert len(instances(mounted.tencent)) == 2500
    assert len(listings(cloud, "tencent")) == 25
    assert "2499 instances" in (mounted.aws / "status").read_text()


def test_all_regions_side_by_side(sim, mount):
    cloud = sim(aws_regions=["us-east-1", "eu-west-1", "ap-south-1"],
                tencent_regions=["ap-guangzhou", "ap-singapore"], rate_scale=0)
    mounted = mount(cloud)
    for path, regions in ((mounted.aws, cloud.aws_regions),
                          (mounted.tencent, cloud.tencent_regions)):
        infos = fleet.infos(path)
        assert {info["region"] for info in infos.values()} == set(regions)
        assert len(infos) in (19, 20)
        for name, info in infos.items():
            assert info["id"] == name
    screenshot = mounted.aws / fleet.aws(fleet.ASLEEP) / "screenshot.jpg"
    assert read(screenshot)[:2] == b"\xff\xd8"
    assert cloud.log_entries(action="GetConsoleScreenshot", status=200, region="eu-west-1")


def test_terminated_instances_are_not_shown(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    states = by_the_sdk(cloud)
    terminated = [name for name, state in states.items() if state == "terminated"]
    assert len(terminated) == 1
    assert instances(mounted.aws) == sorted(set(states) - set(terminated))
    with fails("ENOENT"):
        (mounted.aws / terminated[0]).stat()
    assert len(listings(cloud, "aws", find=True)) == 1


def test_a_list_past_its_time_is_served_at_once_and_refreshed_behind(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud, options=["aws.list_ttl=1", "tencent.list_ttl=1"])
    before = {name: instances(mounted.path / name) for name in CLOUDS}
    for name in CLOUDS:
        await_age(mounted.path / name, 1)
    os.kill(cloud.process.pid, signal.SIGSTOP)
    try:
        for name in CLOUDS:
            watch = Stopwatch()
            assert instances(mounted.path / name) == before[name]
            assert watch.seconds() < 1
            assert "listing now" in (mounted.path / name / "status").read_text()
    finally:
        os.kill(cloud.process.pid, signal.SIGCONT)
    for name in CLOUDS:
        await_that(lambda name=name: "listed 0 s ago" in
                   (mounted.path / name / "status").read_text(), "the list is refreshed")
        assert len(listings(cloud, name)) == 2


def short(fault, *clouds):
    """A short time limit for what takes all of it; for nothing else, as a busy machine may need more."""
    return [f"{cloud}.timeout=1" for cloud in clouds] if fault in ("hang", "throttle") else []


@pytest.mark.parametrize("fault, name", [
    ("code=UnauthorizedOperation", "EACCES"), ("garbage", "EBADMSG"), ("status=500", "EREMOTEIO"),
    ("throttle", "EBUSY"), ("hang", "ETIMEDOUT"), ("reset", "ECONNRESET")])
def test_never_listed_and_failing_opendir_returns_the_errno(sim, mount, fault, name):
    cloud = sim(rate_scale=0, faults=[f"DescribeInstances:{fault}"])
    mounted = mount(cloud, options=short(fault, *CLOUDS))
    for path in (mounted.aws, mounted.tencent):
        with fails(name):
            os.listdir(path)
        status = (path / "status").read_text()
        assert f"not listed; last attempt failed: {name}: " in status
        assert "condition:   not working\n" in status


def test_an_opendir_that_failed_is_healed_by_the_next(sim, mount):
    cloud = sim(rate_scale=0, faults=[
        f"{name}/DescribeInstances:code=UnauthorizedOperation:x1" for name in CLOUDS])
    mounted = mount(cloud)
    for path in (mounted.aws, mounted.tencent):
        with fails("EACCES"):
            os.listdir(path)
        await_that(lambda path=path: errno_of(os.listdir, path) == "OK", "the listing heals")
        assert "condition:   working\n" in (path / "status").read_text()


def test_one_refresh_at_a_time_per_region_and_regions_in_parallel(sim, mount):
    cloud = sim(rate_scale=0, latency=1000, aws_regions=["us-east-1", "eu-west-1", "sa-east-1"])
    mounted = mount(cloud)
    watch = Stopwatch()
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(running("/bin/ls", mounted.aws)) for _ in range(10)]
        assert [reader.wait(30) for reader in readers] == [0] * 10
    assert time.monotonic() - watch.began >= 1 and watch.seconds() < 2
    asked = [entry["region"] for entry in listings(cloud, "aws")]
    assert sorted(asked) == sorted(cloud.aws_regions)


@pytest.mark.parametrize("first", [True, False])
def test_a_region_that_fails_does_not_hide_the_others(sim, mount, first):
    cloud = sim(rate_scale=0)
    other = {"aws": "eu-west-9", "tencent": "ap-nowhere"}
    regions = {"aws": "us-east-1", "tencent": "ap-guangzhou"}
    cloud.aws_regions = [regions["aws"], other["aws"]]
    cloud.tencent_regions = [regions["tencent"], other["tencent"]]
    if first:
        cloud.aws_regions.reverse()
        cloud.tencent_regions.reverse()
    mounted = mount(cloud)
    assert len(instances(mounted.aws)) == 19
    assert len(instances(mounted.tencent)) == 20
    for name in CLOUDS:
        status = (mounted.path / name / "status").read_text()
        assert re.search(rf"^region: +{regions[name]}: \d+ instances, listed", status, re.M)
        assert re.search(rf"^region: +{other[name]}: not listed; last attempt failed: E", status,
                         re.M)
        assert "condition:   working in part\n" in status
    assert read(mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_path_that_is_not_in_the_catalogue_is_asked_by_id(sim, mount, cloud):
    simulator = sim(rate_scale=0)
    mounted = mount(simulator)
    one = fleet.aws(fleet.AWAKE) if cloud == "aws" else fleet.cvm(fleet.AWAKE)
    live = "screenshot.jpg" if cloud == "aws" else "vnc_url"
    assert read(mounted.path / cloud / one / live)
    entries = simulator.log_entries()
    assert [(entry["action"], entry["status"]) for entry in entries] == [
        ("DescribeInstances", 200),
        ("GetConsoleScreenshot" if cloud == "aws" else "DescribeInstanceVncUrl", 200)]
    assert one in entries[0].values() or cloud == "tencent"
    for _ in range(5):
        os.listdir(mounted.path / cloud / one)
    assert len(simulator.log_entries()) == 2


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_machine_launched_a_second_ago_opens_by_path(cloud):
    """Its list is fresh and does not have it yet."""
    old, new = (("i-0123456789abcdef0", "i-0aaaaaaaaaaaaaaaa") if cloud == "aws" else
                ("ins-abcdefgh", "ins-aaaaaaaa"))

    def answer(request):
        listing = cvm_listing if request.cvm else ec2_listing
        return 200, listing([new] if request.find else [old])

    with ScriptedCloud(answer) as scripted, \
            Mount(options=scripted.options(cloud), keys=False,
                  env=AWS_KEYS if cloud == "aws" else TENCENT_KEYS) as mount:
        path = mount.path / cloud
        assert instances(path) == [old]
        assert (path / new).stat()
        assert new in (path / new / "info.json").read_text()
        assert scripted.count("DescribeInstances", find=True) == 1
        assert instances(path) == sorted([old, new])


def test_misses_are_remembered_5_s(sim, mount):
    simulator = sim(rate_scale=0)
    mounted = mount(simulator)

    def asked(cloud):
        """How often the cloud was asked, once nobody was found."""
        with fails("ENOENT"):
            (mounted.path / cloud / NOBODY[cloud]).stat()
        return len(simulator.log_entries(cloud=cloud, action="DescribeInstances"))

    watch = Stopwatch()
    assert [asked(cloud) for cloud in CLOUDS] == [1, 1]
    for cloud in CLOUDS:
        await_that(lambda cloud=cloud: asked(cloud) > 1, "the id is asked for again")
        assert time.monotonic() - watch.began >= 4.9 and watch.seconds() < 10


def test_a_path_of_another_shape_costs_no_call(sim, mount):
    cloud = sim()
    mounted = mount(cloud)
    names = ["i-", "i-0123", "i-0123456789ABCDEF0", "i-0123456789abcdefg", "ins-", "autorun.inf",
             ".hidden", "i-0123456789abcdef01", "ins-aaaaaaaaaaaaaaaaa", "x" * 255, "\udcff", "\n"]
    for path in (mounted.aws, mounted.tencent):
        for name in names:
            assert errno_of((path / name).stat) == "ENOENT", name
    with fails("ENOENT"):
        (mounted.aws / SOMEBODY["tencent"]).stat()
    with fails("ENOENT"):
        (mounted.tencent / SOMEBODY["aws"]).stat()
    assert cloud.log_entries() == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_account_that_may_not_list_opens_by_path(sim, mount, cloud):
    """Even when nobody knows in which region the instance is."""
    simulator = sim(rate_scale=0, faults=["DescribeInstances:code=UnauthorizedOperation"],
                    aws_regions=["us-east-1", "eu-west-1", "sa-east-1"],
                    tencent_regions=["ap-guangzhou", "ap-singapore", "ap-tokyo"])
    mounted = mount(simulator)
    path = mounted.path / cloud
    with fails("EACCES"):
        os.listdir(path)
    live = "screenshot.jpg" if cloud == "aws" else "vnc_url"
    # The second and the third machine live in the second and the third region.
    for index in (fleet.AWAKE, fleet.ASLEEP, fleet.OLD_ASLEEP if cloud == "aws" else
                  fleet.MOVING):
        one = fleet.aws(index) if cloud == "aws" else fleet.cvm(index)
        assert live in os.listdir(path / one)
        assert f'"{one}"' in (path / one / "info.json").read_text()
        if index != fleet.MOVING:
            assert read(path / one / live)
    assert "allow " in (path / "status").read_text()


def test_readdir_shows_the_live_files_that_make_sense_now(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    for index, shown in ((fleet.AWAKE, True), (fleet.ASLEEP, True), (fleet.STOPPED, False),
                         (fleet.METAL, False), (fleet.ARM64, False), (fleet.STOPPING, True)):
        names = os.listdir(mounted.aws / fleet.aws(index))
        assert ("screenshot.jpg" in names) == shown, index
        assert {"info.json", "error", "wake"} <= set(names)
    for index, shown in ((fleet.AWAKE, True), (fleet.STOPPED, False), (fleet.PARKED, False),
                         (fleet.SHUTDOWN, False)):
        names = os.listdir(mounted.tencent / fleet.cvm(index))
        assert ("vnc_url" in names) == shown, index
        assert {"info.json", "error"} <= set(names)


def test_opening_one_by_name_still_asks_and_reports_what_the_cloud_says(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    os.listdir(mounted.aws), os.listdir(mounted.tencent)
    for index, name in ((fleet.STOPPED, "EHOSTDOWN"), (fleet.METAL, "EOPNOTSUPP"),
                        (fleet.ARM64, "EOPNOTSUPP"), (fleet.PENDING, "EBUSY")):
        path = mounted.aws / fleet.aws(index) / "screenshot.jpg"
        assert path.stat().st_size == 1 << 20
        with fails(name):
            read(path)
        assert len(cloud.log_entries(action="GetConsoleScreenshot",
                                     instance=fleet.aws(index))) == 1
    for index, name in ((fleet.STOPPED, "EHOSTDOWN"), (fleet.PENDING, "EBUSY"),
                        (fleet.SPECIAL_TYPE, "EOPNOTSUPP"), (fleet.PARKED, "EHOSTDOWN"),
                        (fleet.RESIZING, "EBUSY")):
        with fails(name):
            read(mounted.tencent / fleet.cvm(index) / "vnc_url")


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("fault, name", [
    ("throttle", "EBUSY"), ("code=AuthFailure", "EACCES"), ("hang", "ETIMEDOUT"),
    ("status=500", "EREMOTEIO"), ("reset", "ECONNRESET"), ("garbage", "EBADMSG")])
def test_what_could_not_be_found_out_is_not_enoent(sim, mount, cloud, fault, name):
    """An id of which nothing is known yet, asked of a cloud that does not answer."""
    simulator = sim(rate_scale=0, faults=[f"DescribeInstances:{fault}"])
    mounted = mount(simulator, options=short(fault, cloud))
    with fails(name):
        (mounted.path / cloud / SOMEBODY[cloud]).stat()


def test_a_stopped_instance_of_the_catalogue_is_host_is_down(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    stopped = mounted.aws / fleet.aws(fleet.STOPPED)
    with fails("EHOSTDOWN"):
        read(stopped / "screenshot.jpg")
    entry = cloud.log_entries(action="GetConsoleScreenshot")[0]
    assert entry["code"] == "InvalidInstanceID.NotFound"
    assert "EHOSTDOWN" in (stopped / "error").read_text()


def test_a_listing_says_nothing_of_the_cloud_that_is_not_asked(sim, mount):
    """One hung cloud: its own opendir waits, the other answers, and so does the top."""
    cloud = sim(rate_scale=0, faults=["aws/DescribeInstances:hang"])
    mounted = mount(cloud)
    with running("/bin/ls", mounted.aws) as reader:
        cloud.await_log(cloud="aws")
        assert len(instances(mounted.tencent)) == 20
        assert fleet.clouds(mounted.path) == ["aws", "tencent"]
        assert "listing now" in (mounted.aws / "status").read_text()
        assert reader.poll() is None
        reader.send_signal(signal.SIGINT)
        assert reader.wait(30) == -signal.SIGINT


def test_cvm_says_no_such_id_in_another_way():
    """An empty set is no such instance, and so is a code of its own."""
    said = {}

    def answer(request):
        return 200, said["now"]

    with ScriptedCloud(answer) as scripted, \
            Mount(options=scripted.options("tencent"), keys=False, env=TENCENT_KEYS) as mount:
        for number, text in enumerate((cvm_listing([]), cvm_error("InvalidInstanceId.NotFound"),
                                       cvm_error("InvalidInstanceId.Malformed"))):
            said["now"] = text
            with fails("ENOENT"):
                (mount.tencent / f"ins-aaaaaaa{number}").stat()


def test_an_rsync_with_delete_does_not_erase_an_archive(sim, mount, tmp_path):
    """The list fails: rsync must see an error, not an empty cloud."""
    well, ill = sim(rate_scale=0), sim(rate_scale=0, faults=["DescribeInstances:throttle"])
    archive = tmp_path / "archive"
    done = shell('rsync -a --delete "$1"/ "$2"/', mount(well).aws, archive)
    assert done.returncode == 0, done.stderr
    kept = sorted(os.listdir(archive))
    assert len(fleet.instances_among(kept)) == 19
    done = shell('rsync -a --delete "$1"/ "$2"/',
                 mount(ill, options=["aws.timeout=1"]).aws, archive)
    assert done.returncode != 0
    assert sorted(os.listdir(archive)) == kept


def test_ls_takes_no_node_for_each_name_and_ls_l_no_lookup(sim, mount):
    """The kernel asks for names with their nodes as long as it uses these (READDIRPLUS)."""
    cloud = sim(instances=2000, rate_scale=0)
    mounted = mount(cloud)
    directories = [mounted.aws, mounted.aws / "by-name", mounted.aws / "by-region/us-east-1"]

    def nodes():
        return int(re.search(r"^consolefs_nodes (\d+)$", (mounted.path / "stats").read_text(),
                             re.MULTILINE).group(1))

    def requests():
        """How often the daemon has read, which it does for each request and a few times more."""
        return int(re.search(r"^syscr: (\d+)$", pathlib.Path(
            f"/proc/{mounted.process.pid}/io").read_text(), re.MULTILINE).group(1))

    for path in directories:
        before = nodes()
        assert len(os.listdir(path)) >= 1999
        # The first of them come with their nodes: as many as fit into one answer.
        assert nodes() - before < 1000
    for path in directories:
        before = requests()
        found = {entry.name: entry.stat(follow_symlinks=False) for entry in os.scandir(path)}
        assert requests() - before < 1000
        assert nodes() > 1999 and len(found) >= 1999
        if path != mounted.aws:
            name = next(iter(found))
            assert found[name].st_size == len(os.readlink(path / name))
    try:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("2\n", encoding="ascii")
    except OSError:
        return
    await_that(lambda: nodes() < 20, "each lookup is forgotten")
    for path in directories:
        assert len(list(path.glob("*/info.json"))) == 1999
