# SPDX-License-Identifier: MIT
"""DESIGN: "by-name/web-1 -> ../i-0123456789abcdef0", by-region/, and what info.json says: the tree for
those who know a machine by what people call it."""

import collections
import json
import os
import re
import signal
import subprocess
import time
import unicodedata

import pytest

from evidence import fetches
from lib import fleet
from lib.doing import (Stopwatch, at_once, await_age, await_that, cat, errno_of, fails, read, running, shell)
from lib.mount import Mount, cloud_options
from lib.scripted import AWS_KEYS, TENCENT_KEYS, ScriptedCloud, cvm_listing, ec2_item, ec2_listing
from lib.simulator import Simulator
from naming import ONE, THREE, TWO, links, scripted

CLOUDS = ["aws", "tencent"]

# C0, DEL, C1, separators of lines and paragraphs, and the characters that nobody sees.
CONTROLS = {point for point in range(0x110000)
            if unicodedata.category(chr(point)) in ("Cc", "Cf", "Zl", "Zp")}
AN_ID = {"aws": "i-[0-9a-f]{8,17}", "tencent": "ins-[0-9a-z]+"}


def fit(name, room=255):
    """A name made fit for a directory, by DESIGN's rule and not by the code."""
    name = "".join("_" if one == "/" or ord(one) in CONTROLS else one for one in name)
    name = name.encode()[:room].decode(errors="ignore")
    return re.sub(r"\A[-+.]", "_", name)


def entries(cloud, infos):
    """What by-name/ of a cloud has for these instances: name -> id."""
    names = {one: fit(info["name"]) for one, info in infos.items()}
    found = {}
    for one, name in names.items():
        if not name:
            found[one] = one
        elif list(names.values()).count(name) > 1 or re.search(rf"(^|-){AN_ID[cloud]}$", name):
            found[f"{fit(name, 255 - 1 - len(one))}-{one}"] = one
        else:
            found[name] = one
    return found


def listings(sim):
    return len(sim.log_entries(action="DescribeInstances"))


@pytest.fixture(scope="module", name="world")
def one_world():
    """A fleet in several regions, with all the names that bite."""
    with Simulator(instances=400, rate_scale=0, aws_regions=["us-east-1", "eu-west-1"],
                   tencent_regions=["ap-guangzhou", "ap-singapore"]) as sim, \
            Mount.of(sim) as mount:
        mount.sim = sim
        yield mount


# What they are

@pytest.mark.parametrize("cloud", CLOUDS)
def test_by_name_has_a_relative_link_to_every_instance(world, cloud):
    path = world.path / cloud
    infos = fleet.infos(path)
    assert len(infos) > 390
    wanted = entries(cloud, infos)
    assert len(wanted) == len(infos)
    assert links(path / "by-name") == {name: f"../{one}" for name, one in wanted.items()}
    # The fleet does have names that bite.
    names = {info["name"] for info in infos.values()}
    assert {"", ".."} <= names and any("/" in name for name in names)
    assert any("\u202e" in name for name in names) and any("\n" in name for name in names)
    assert any(len(name.encode()) >= 255 for name in names)
    for name, one in wanted.items():
        encoded = name.encode()
        assert 0 < len(encoded) <= 255 and name[0] not in "-+." and "/" not in name
        assert not {ord(letter) for letter in name} & CONTROLS
        assert os.path.samefile(path / "by-name" / name, path / one)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_by_region_has_every_region_and_in_it_a_link_to_each_of_its_instances(world, cloud):
    path = world.path / cloud
    infos = fleet.infos(path)
    regions = world.sim.aws_regions if cloud == "aws" else world.sim.tencent_regions
    assert sorted(os.listdir(path / "by-region")) == sorted(regions)
    for region in regions:
        here = {one for one, info in infos.items() if info["region"] == region}
        assert len(here) > 100
        assert links(path / "by-region" / region) == {one: f"../../{one}" for one in here}
        for one in here:
            assert os.path.samefile(path / "by-region" / region / one, path / one)
        elsewhere = next(one for one in infos if one not in here)
        with fails("ENOENT"):
            os.readlink(path / "by-region" / region / elsewhere)
    for name in ("nowhere", "..x", regions[0].upper(), fleet.instances(path)[0]):
        with fails("ENOENT"):
            (path / "by-region" / name).lstat()


def test_the_tools_that_know_links_see_them(world):
    path = world.aws / "by-name"
    name, target = next((name, target) for name, target in links(path).items()
                        if name.startswith("web"))
    one = target.removeprefix("../")
    done = shell('cd "$1" && readlink "$2" && realpath "$2" && cd -P "$2" && pwd && '
                 'cd .. && pwd', path, name)
    assert (done.stderr, done.stdout.split("\n")) == (
        "", [target, f"{world.aws}/{one}", f"{world.aws}/{one}", f"{world.aws}", ""])
    stat = (path / name).lstat()
    assert stat.st_size == len(target) and stat.st_nlink == 1 and stat.st_uid == os.getuid()
    done = shell('ls -l "$1" | grep -c "^lrwxrwxrwx 1 .* -> [.][.]/i-[0-9a-f]*$"; '
                 'find "$1" -mindepth 1 -type l | wc -l; find "$1" -mindepth 1 ! -type l | wc -l; '
                 'find "$1" -xtype l', path)
    n = len(fleet.instances(world.aws))
    # Names of several lines are none here: a line is a name.
    assert (done.stderr, done.stdout.split()) == ("", [str(n), str(n), "0"])
    assert (path / name / "info.json").read_text() == (world.aws / one / "info.json").read_text()


def test_looking_at_names_costs_no_call(world):
    os.listdir(world.aws), os.listdir(world.tencent)
    before, fetched = listings(world.sim), len(fetches(world.sim))
    done = shell('ls -lRL "$1"/*/by-name >/dev/null && find -L "$1"/*/by-region -size +0 >/dev/null && '
                 'du -sL "$1" >/dev/null && stat -L "$1"/*/by-*/* >/dev/null', world.path)
    assert (done.returncode, done.stderr) == (0, "")
    # What the Tab key does.
    done = subprocess.run(["/bin/bash", "-c", 'compgen -f -- "$1/aws/by-name/we"; '
                           'compgen -d -- "$1/aws/by-name/db"; compgen -G "$1/*/by-name/*/"', "bash",
                           world.path], capture_output=True, text=True, timeout=60, check=True)
    assert len(done.stdout.splitlines()) > 800 and done.stderr == ""
    assert (listings(world.sim), len(fetches(world.sim))) == (before, fetched)


def test_an_open_by_name_is_one_call_of_that_instance(world):
    name, target = next((name, target) for name, target in links(world.aws / "by-name").items()
                        if "screenshot.jpg" in os.listdir(world.aws / "by-name" / name))
    before = len(fetches(world.sim))
    assert read(world.aws / "by-name" / name / "screenshot.jpg")[:2] == b"\xff\xd8"
    one, = fetches(world.sim)[before:]
    assert one["instance"] == target.removeprefix("../")


def test_a_name_too_long_is_that_and_255_bytes_are_just_not_there(world):
    for name, result in (("a" * 255, "ENOENT"), ("a" * 256, "ENAMETOOLONG"),
                         ("\u6570" * 85, "ENOENT"), ("\u6570" * 86, "ENAMETOOLONG")):
        for view in ("by-name", "by-region", "by-region/us-east-1"):
            assert errno_of(os.lstat, world.aws / view / name) == result


def test_all_regions_are_shown_before_any_is_listed(sim):
    cloud = sim(rate_scale=0, aws_regions=["us-east-1", "eu-west-1", "ap-south-1"])
    options = [one for one in cloud_options(cloud) if "regions" not in one]
    with Mount(options=[*options, "aws.regions=all", "tencent.regions=ap-guangzhou"]) as mounted:
        assert sorted(os.listdir(mounted.aws / "by-region")) == sorted(cloud.aws_regions)
        assert listings(cloud) == 0
        infos = fleet.infos(mounted.aws)
        for region in cloud.aws_regions:
            assert set(os.listdir(mounted.aws / "by-region" / region)) == {
                one for one, info in infos.items() if info["region"] == region}
        assert listings(cloud) == 3


@pytest.mark.parametrize("view", ["by-name", "by-region/us-east-1"])
def test_a_view_can_be_the_first_that_is_looked_at(sim, mount, view):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    assert (mounted.aws / view).is_dir()
    assert listings(cloud) == 0
    assert len(links(mounted.aws / view)) == 19
    assert listings(cloud) == 1


def test_a_cloud_that_cannot_be_listed_says_why_by_name_too(sim, mount):
    mounted = mount(sim(rate_scale=0, faults=["DescribeInstances:code=UnauthorizedOperation"]))
    for path in (mounted.aws / "by-name", mounted.aws / "by-region/us-east-1"):
        assert errno_of(os.listdir, path) == "EACCES"
    assert errno_of(os.stat, mounted.aws / "by-name/web-1") == "EACCES"
    assert os.listdir(mounted.aws / "by-region") == ["us-east-1"]


# Names that change

def test_a_directory_that_is_open_stays_when_its_name_goes():
    """Somebody stands in a directory that he came to by a name of the past."""
    names = {ONE: "web", TWO: "db"}
    with scripted(names, ["aws.list_ttl=1"]) as mount:
        path = mount.aws / "by-name"
        descriptor = os.open(path / "db", os.O_RDONLY | os.O_DIRECTORY)
        try:
            names[TWO] = "mail"
            await_that(lambda: "mail" in os.listdir(path), "the name changes")
            assert "info.json" in os.listdir(descriptor)
            # The kernel may trust its last answer for a second.
            await_that(lambda: errno_of(os.stat, path / "db") == "ENOENT", "the old one is gone", 2)
        finally:
            os.close(descriptor)


HOSTILE = ["..", ".", "/", "", "../../../etc/passwd", "a\nb", "\x1b[2J", "\u202egnp.exe", "\u2028",
           "a" * 256, "\u6570" * 200, "\U0001f525" * 100, "'; rm -rf ~; '", "$(reboot)", "-rf", "*",
           "by-name", "status", THREE, f"x-{THREE}", "ins-abcdefgh", " ", "~", "con", "\\", "%2f",
           "\ufeff", "e\u0301", "\u00e9", "same", "same"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_hostile_names_are_made_fit_and_lead_nowhere_else(cloud):
    infos = {}
    for index, name in enumerate(HOSTILE):
        one = f"i-0{index:016x}" if cloud == "aws" else f"ins-{index:08d}"
        infos[one] = {"name": name}

    def answer(request):
        if request.cvm:
            return 200, cvm_listing([{"InstanceId": one, "InstanceName": info["name"],
                                      "InstanceState": "RUNNING"} for one, info in infos.items()])
        return 200, ec2_listing([ec2_item(one, tags={"Name": info["name"]})
                                 for one, info in infos.items()])

    if cloud == "aws":
        # XML 1.0 has no such character, so no EC2 can say it.
        infos = {one: info for one, info in infos.items() if "\x1b" not in info["name"]}
    with ScriptedCloud(answer) as scripted_cloud, \
            Mount(options=scripted_cloud.options(cloud), keys=False,
                  env=AWS_KEYS if cloud == "aws" else TENCENT_KEYS) as mount:
        path = mount.path / cloud / "by-name"
        wanted = entries(cloud, infos)
        assert len(wanted) == len(infos)
        assert links(path) == {name: f"../{one}" for name, one in wanted.items()}
        for name, one in wanted.items():
            assert os.path.realpath(path / name) == str(mount.path / cloud / one)
            assert json.loads((path / name / "info.json").read_text())["id"] == one
        # As a shell's glob has them.
        done = shell('for i in "$1"/*/; do [ -f "$i/info.json" ] || exit 1; done; '
                     'set -- "$1"/*/; echo $#', path)
        assert (done.returncode, done.stderr) == (0, "")
        assert int(done.stdout) == len(wanted)


# Clouds that hang

def test_names_that_are_listed_work_while_the_cloud_hangs(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud, options=["aws.list_ttl=1", "aws.timeout=600"])
    known = links(mounted.aws / "by-name")
    await_age(mounted.aws, 6)
    os.kill(cloud.process.pid, signal.SIGSTOP)
    try:
        watch = Stopwatch()
        done = shell('cd "$1" && ls && readlink -- "$2" && cat -- "$2/info.json" && '
                     'ls -L ../by-region/us-east-1', mounted.aws / "by-name", next(iter(known)))
        assert done.returncode == 0, done.stderr
        assert watch.seconds() < 5
        # One that is not, waits for the refresh, and dies of Ctrl-C.
        with cat(mounted.aws / "by-name/nobody/info.json") as process:
            await_that(lambda: "listing now" in (mounted.aws / "status").read_text(), "it is asked")
            assert links(mounted.aws / "by-name") == known
            assert process.poll() is None
            at_once(process, signal.SIGINT)
    finally:
        os.kill(cloud.process.pid, signal.SIGCONT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("command", [["/bin/cat", "by-name/web-1/info.json"], ["/bin/ls", "by-name"],
                                     ["/bin/ls", "by-region/us-east-1"]])
def test_what_waits_for_names_is_interrupted(number, command):
    with Simulator(rate_scale=0, faults=["DescribeInstances:hang"]) as sim, \
            Mount.of(sim, options=["aws.timeout=600"]) as mount:
        with running(*command, cwd=mount.aws) as process:
            sim.await_log(action="DescribeInstances")
            assert os.listdir(mount.path) and (mount.aws / "status").read_text()
            assert os.listdir(mount.aws / "by-region") == ["us-east-1"]
            assert process.poll() is None
            at_once(process, number)


# info.json

TOP = {"id": str, "name": str, "cloud": str, "region": str, "zone": str, "state": str, "type": str,
       "addresses": list, "launched": str, "tags": dict}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_info_json_has_the_same_fields_whatever_the_provider(world, cloud):
    for one, info in fleet.infos(world.path / cloud).items():
        assert {key: type(value) for key, value in info.items()} == {**TOP, cloud: dict}
        assert (info["id"], info["cloud"]) == (one, cloud)
        assert all(isinstance(address, str) for address in info["addresses"])
        assert all(isinstance(value, str) for value in info["tags"].values())
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", info["launched"])


def test_the_providers_own_fields_are_under_the_backends_name_not_the_clouds(sim, tmp_path):
    cloud = sim(rate_scale=0)
    config = tmp_path / "config"
    config.write_text(f"[prod]\nbackend = aws\nendpoint = {cloud.url}\nca_file = {cloud.ca}\n"
                      "regions = us-east-1\n")
    with Mount(args=["-c", config]) as mount:
        for info in fleet.infos(mount.path / "prod").values():
            assert info["cloud"] == "prod" and set(info) == {*TOP, "aws"}


def running_now(info):
    return info["state"].lower() == "running"


# What jq answers, and the same by hand.
RECIPES = {
    # Every machine, a line each.
    "jq -c '[.cloud, .region, .id, .state, .name]' /mnt/cloud/*/i*/info.json":
        lambda infos: [json.dumps([info[key] for key in ("cloud", "region", "id", "state", "name")],
                                  ensure_ascii=False, separators=(",", ":"))
                       for info in infos],
    # Which machine has this address?
    "jq -r 'select(.addresses | index(\"10.0.0.3\")) | .id' /mnt/cloud/*/i*/info.json":
        lambda infos: [info["id"] for info in infos if "10.0.0.3" in info["addresses"]],
    # The screenshots of all that run in production.
    "jq -r 'select((.state | ascii_downcase) == \"running\" and .tags.env == \"prod\") | "
    "input_filename | sub(\"info.json$\"; \"screenshot.jpg\")' /mnt/cloud/aws/i-*/info.json":
        lambda infos: [f"/mnt/cloud/aws/{info['id']}/screenshot.jpg" for info in infos
                       if info["cloud"] == "aws" and running_now(info)
                       and info["tags"].get("env") == "prod"],
    # How many there are, by region.
    "jq -s -c 'group_by(.region)[] | [.[0].region, length]' /mnt/cloud/*/i*/info.json":
        lambda infos: [json.dumps([region, sum(info["region"] == region for info in infos)],
                                  separators=(",", ":"))
                       for region in sorted({info["region"] for info in infos})],
    # What has run for more than 90 days.
    "jq -r 'select(.launched < (now - 90 * 86400 | todate)) | .id' /mnt/cloud/*/i*/info.json":
        lambda infos: [info["id"] for info in infos if info["launched"] < time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 90 * 86400))],
    # Whose they are, and how many.
    "jq -r '.tags.team // \"nobody\"' /mnt/cloud/*/i*/info.json | sort | uniq -c":
        lambda infos: [f"{n:7} {team}" for team, n in collections.Counter(
            info["tags"].get("team", "nobody") for info in infos).items()],
    # A provider's own field.
    "jq -r 'select(.aws.VpcId == \"vpc-00000000000000002\") | .id' /mnt/cloud/aws/i-*/info.json":
        lambda infos: [info["id"] for info in infos if info.get("aws", {}).get("VpcId") ==
                       "vpc-00000000000000002"],
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_jq_answers_what_people_ask(world, recipe):
    infos = [info for cloud in CLOUDS for info in fleet.infos(world.path / cloud).values()]
    done = shell(recipe.replace("/mnt/cloud", str(world.path)))
    assert (done.returncode, done.stderr) == (0, "")
    wanted = RECIPES[recipe](infos)
    assert wanted
    assert sorted(done.stdout.replace(str(world.path), "/mnt/cloud").splitlines()) == sorted(wanted)


def test_jq_finds_whom_to_wake(sim, mount):
    """One line, from question to deed."""
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    recipe = ("jq -r 'select(.tags.env == \"prod\") | input_filename | "
              "sub(\"info.json$\"; \"wake\")' /mnt/cloud/aws/i-*/info.json | "
              "xargs -d '\\n' sh -c 'for i; do echo > \"$i\"; done' sh")
    done = shell(recipe.replace("/mnt/cloud", str(mounted.path)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    armed = {path.parent.name for path in mounted.aws.glob("i-*/wake")
             if path.read_text() == "1\n"}
    assert armed == {one for one, info in fleet.infos(mounted.aws).items()
                     if info["tags"].get("env") == "prod"}
    assert 0 < len(armed) < 19
