# SPDX-License-Identifier: MIT
"""The AWS CLI accepts the simulator as EC2: every action, paging, filters, DryRun, WakeUp, errors."""

import base64
import hashlib
import subprocess

import pytest

from clients import CliError, aws, ec2, instances, name_of, run_warm
from simulator import Simulator

RUNNING, ASLEEP, STOPPED, PENDING, ARM, METAL, STOPPING, SHUTTING, NAMELESS, GONE = range(10)


@pytest.fixture(scope="module")
def fleet(sim):
    return instances(sim)


def refused(sim, *args, **env):
    with pytest.raises(CliError) as caught:
        aws(sim, *args, **env)
    return caught.value


def screenshot(sim, instance, *args):
    answer = aws(sim, "get-console-screenshot", "--instance-id", instance["InstanceId"], *args)
    assert answer["InstanceId"] == instance["InstanceId"]
    return base64.b64decode(answer["ImageData"], validate=True)


@pytest.mark.parametrize("command", [
    ["describe-instances"], ["describe-regions", "--dry-run"], ["describe-regions", "--no-such"]])
def test_the_cli_that_is_forked_is_the_cli_as_a_process(sim, command):
    """All others run it with run_warm()."""
    command, env = ["--endpoint-url", sim.url, "ec2", *command], sim.aws_env(AWS_MAX_ATTEMPTS="1")
    done = subprocess.run(["/usr/bin/aws", *command], env=env, text=True, capture_output=True,
                          timeout=120, check=False)
    warm = run_warm("aws", *command, env=env)
    assert (warm.returncode, warm.stdout, warm.stderr) == (done.returncode, done.stdout,
                                                           done.stderr)
    assert done.stdout or done.stderr


def test_the_first_ten_hold_every_kind(fleet):
    states = [one["State"]["Name"] for one in fleet[:10]]
    assert states == ["running", "running", "stopped", "pending", "running", "running", "stopping",
                      "shutting-down", "running", "terminated"]
    assert [one["State"]["Code"] for one in fleet[:10]] == [16, 16, 80, 0, 16, 16, 64, 32, 16, 48]
    assert fleet[ARM]["Architecture"] == "arm64"
    assert fleet[METAL]["InstanceType"].endswith(".metal")
    names = [name_of(one) for one in fleet[:10]]
    assert names[0] == names[1] == "web-1"
    assert names[2] == "db/primary" and names[3] == ".."
    assert names[4] == "<script>alert(1)</script>"
    assert "\n" in names[5] and "\u202e" in names[5]
    assert len(names[6]) == 255 and names[7] == "" and names[8] is None


def test_ids_have_the_form_of_ec2_and_are_unique(fleet):
    ids = {one["InstanceId"] for one in fleet}
    assert len(ids) == len(fleet) == 20
    for one in ids:
        assert one.startswith("i-0") and len(one) == 19 and int(one[2:], 16)


def test_instances_carry_the_documented_fields(fleet):
    for one in fleet:
        assert one["LaunchTime"] and one["InstanceType"] and one["Hypervisor"] == "xen"
        assert one["PlatformDetails"] == "Linux/UNIX"
        if one["State"]["Name"] != "terminated":
            assert one["Placement"]["AvailabilityZone"].startswith("us-east-1")
            assert one["PrivateIpAddress"].startswith("10.") and one["VpcId"] and one["SubnetId"]
            assert one["NetworkInterfaces"][0]["Attachment"]["Status"] == "attached"
    assert fleet[STOPPED]["StateReason"]["Code"] == "Client.UserInitiatedShutdown"


def test_pages_add_up_to_the_whole(sim, fleet):
    paged = instances(sim, "--page-size", "5")
    assert [one["InstanceId"] for one in paged] == [one["InstanceId"] for one in fleet]
    calls = sim.log_entries(action="DescribeInstances", signature="ok")
    assert len(calls) >= 6


def test_max_items_and_starting_token_go_on_where_they_stopped(sim, fleet):
    first = aws(sim, "describe-instances", "--max-items", "7", "--page-size", "5")
    assert len(first["Reservations"]) == 7
    rest = aws(sim, "describe-instances", "--page-size", "5", "--starting-token",
               first["NextToken"])
    seen = [r["Instances"][0]["InstanceId"] for r in first["Reservations"] + rest["Reservations"]]
    assert seen == [one["InstanceId"] for one in fleet]


def test_a_page_may_be_empty_and_still_carry_a_token(sim):
    sizes, token = [], None
    while True:
        answer = ec2(sim, "DescribeInstances", MaxResults=5, NextToken=token)
        sizes.append(answer.text.count("<reservationId>"))
        token = answer.text.partition("<nextToken>")[2].partition("</nextToken>")[0]
        if not token:
            break
    assert sum(sizes) == 20
    assert 0 in sizes[:-1] and any(0 < size < 5 for size in sizes[:-1])


@pytest.mark.parametrize("name, values", [
    ("instance-state-name", "stopped,stopping"), ("instance-type", "m*"), ("tag:Name", "web-1"),
    ("tag:Name", "web-?"), ("tag-key", "Name"), ("architecture", "arm64"),
    ("availability-zone", "us-east-1a"), ("instance-state-code", "16")])
def test_filters_select(sim, fleet, name, values):
    got = {one["InstanceId"] for one in instances(sim, "--filters",
                                                  f"Name={name},Values={values}")}

    def matches(one):
        value = {"instance-state-name": one["State"]["Name"], "instance-type": one["InstanceType"],
                 "tag:Name": name_of(one), "architecture": one["Architecture"],
                 "tag-key": None if name_of(one) is None else "Name",
                 "availability-zone": one["Placement"]["AvailabilityZone"]
                 if "Placement" in one else None,
                 "instance-state-code": str(one["State"]["Code"])}[name]
        if values == "m*":
            return value.startswith("m")
        if values == "web-?":
            return value is not None and len(value) == 5 and value.startswith("web-")
        return value in values.split(",")

    assert got == {one["InstanceId"] for one in fleet if matches(one)}
    assert 0 < len(got) < 20


def test_filters_are_anded_and_named_instances_filtered(sim, fleet):
    got = instances(sim, "--filters", "Name=instance-state-name,Values=running",
                    "Name=tag:Name,Values=web-1")
    assert [one["InstanceId"] for one in got] == [fleet[0]["InstanceId"], fleet[1]["InstanceId"]]
    got = instances(sim, "--instance-ids", fleet[0]["InstanceId"], fleet[2]["InstanceId"],
                    "--filters", "Name=instance-state-name,Values=stopped")
    assert [one["InstanceId"] for one in got] == [fleet[2]["InstanceId"]]


def test_one_unknown_id_fails_the_whole_listing(sim, fleet):
    error = refused(sim, "describe-instances", "--instance-ids", fleet[0]["InstanceId"],
                    "i-00000000000000000")
    assert error.code == "InvalidInstanceID.NotFound"
    assert "i-00000000000000000" in error.message
    error = refused(sim, "describe-instances", "--instance-ids", "i-xyz")
    assert error.code == "InvalidInstanceID.Malformed"


def test_a_page_of_named_instances_is_refused(sim, fleet):
    error = refused(sim, "describe-instances", "--no-paginate", "--max-results", "5",
                    "--instance-ids", fleet[0]["InstanceId"])
    assert error.code == "InvalidParameterCombination"


def test_regions(sim):
    listed = aws(sim, "describe-regions")["Regions"]
    assert [one["RegionName"] for one in listed] == ["us-east-1"]
    assert listed[0]["OptInStatus"] == "opt-in-not-required"
    listed = aws(sim, "describe-regions", "--all-regions")["Regions"]
    assert {one["OptInStatus"] for one in listed} == {"opt-in-not-required", "not-opted-in"}


def test_regions_that_were_opted_in_to():
    with Simulator(instances=1, aws_regions=["us-east-1", "ap-east-1"]) as sim:
        listed = aws(sim, "describe-regions")["Regions"]
        assert {one["RegionName"]: one["OptInStatus"] for one in listed} == {
            "us-east-1": "opt-in-not-required", "ap-east-1": "opted-in"}
        assert "ap-east-1" in [one["RegionName"] for one in
                               aws(sim, "describe-regions", "--all-regions")["Regions"]]


def test_a_screen_is_a_jpeg_that_differs_each_time_and_is_logged(sim, fleet):
    images = [screenshot(sim, fleet[RUNNING]) for _ in range(3)]
    for image in images:
        assert image.startswith(b"\xff\xd8\xff\xe0") and image.endswith(b"\xff\xd9")
        assert 10_000 < len(image) < 100_000
    assert len(set(images)) == 3
    assert len(images[0]) != len(images[1]) != len(images[2])
    logged = sim.log_entries(action="GetConsoleScreenshot", instance=fleet[RUNNING]["InstanceId"],
                             status=200)
    assert [entry["sha256"] for entry in logged[-3:]] == [
        hashlib.sha256(image).hexdigest() for image in images]


def test_screens_drawn_at_start_are_jpegs_of_that_length_and_logged(tmp_path):
    with Simulator(instances=20, rate_scale=0, args=["--screen-bytes", "80000"]) as sim:
        fleet = instances(sim)
        images = [screenshot(sim, fleet[index]) for index in (RUNNING, ASLEEP, NAMELESS)]
        assert screenshot(sim, fleet[RUNNING]) == images[0]
        (tmp_path / "screen").write_bytes(images[0])
        said = subprocess.run(["/usr/bin/identify", "-regard-warnings", tmp_path / "screen"],
                              check=True, capture_output=True, text=True)
        assert " JPEG 800x600 " in said.stdout and not said.stderr
        assert [len(image) for image in images] == [80_000] * 3 and len(set(images)) == 3
        logged = sim.log_entries(action="GetConsoleScreenshot")
        assert [entry["sha256"] for entry in logged[:3]] == [
            hashlib.sha256(image).hexdigest() for image in images]


def test_a_sleeping_display_is_black_until_woken(sim, fleet):
    assert len(screenshot(sim, fleet[ASLEEP])) < 10_000
    assert len(screenshot(sim, fleet[ASLEEP])) < 10_000
    assert len(screenshot(sim, fleet[ASLEEP], "--wake-up")) > 10_000
    assert len(screenshot(sim, fleet[ASLEEP])) > 10_000
    logged = sim.log_entries(instance=fleet[ASLEEP]["InstanceId"])
    assert [entry["wakeup"] for entry in logged] == [False, False, True, False]


@pytest.mark.parametrize("index, code, message", [
    (STOPPED, "InvalidInstanceID.NotFound", ""), (GONE, "InvalidInstanceID.NotFound", ""),
    (PENDING, "UnsupportedOperation", "instance is not running"),
    (ARM, "UnsupportedOperation", None), (METAL, "UnsupportedOperation", None)])
def test_instances_without_a_screen(sim, fleet, index, code, message):
    error = refused(sim, "get-console-screenshot", "--instance-id", fleet[index]["InstanceId"])
    assert error.code == code
    if message == "":
        # What the CLI shows for an absent or empty message.
        assert error.message in ("", "None")
    elif message:
        assert error.message == message


def test_a_stopping_instance_still_has_a_screen(sim, fleet):
    assert screenshot(sim, fleet[STOPPING]).startswith(b"\xff\xd8")


def test_unknown_and_malformed_ids_have_no_screen(sim):
    error = refused(sim, "get-console-screenshot", "--instance-id", "i-00000000000000000")
    assert error.code == "InvalidInstanceID.NotFound" and error.message in ("", "None")
    error = refused(sim, "get-console-screenshot", "--instance-id", "i-12345")
    assert error.code == "InvalidInstanceID.Malformed"


def test_dry_runs_are_allowed_and_do_nothing(sim, fleet):
    for args in (["get-console-screenshot", "--instance-id", "i-00000000000000000"],
                 ["get-console-output", "--instance-id", fleet[0]["InstanceId"]],
                 ["describe-instances"], ["describe-regions"]):
        assert refused(sim, *args, "--dry-run").code == "DryRunOperation"
    assert all(entry["status"] == 412 for entry in sim.log_entries(code="DryRunOperation"))


def test_console_output_is_text_with_colours_and_a_byte_that_is_no_utf8(sim, fleet):
    answer = ec2(sim, "GetConsoleOutput", InstanceId=fleet[RUNNING]["InstanceId"])
    encoded = answer.text.partition("<output>")[2].partition("</output>")[0]
    lines = encoded.rstrip("\n").split("\n")
    assert len(lines) > 10 and all(len(line) <= 76 for line in lines)
    text = base64.b64decode(encoded)
    assert b"\r\n" in text and b"\x1b[" in text and b"\xe9" in text
    with pytest.raises(UnicodeDecodeError):
        text.decode()
    assert len(text) <= 65536
    entry = sim.log_entries(action="GetConsoleOutput", status=200)[-1]
    assert entry["sha256"] == hashlib.sha256(text).hexdigest()
    shown = aws(sim, "get-console-output", "--instance-id", fleet[RUNNING]["InstanceId"])
    assert "Linux version" in shown["Output"] and shown["Timestamp"]


def test_latest_output_grows_on_nitro_and_is_refused_elsewhere(sim, fleet):
    nitro, xen = fleet[RUNNING]["InstanceId"], fleet[NAMELESS]["InstanceId"]
    plain = aws(sim, "get-console-output", "--instance-id", nitro)["Output"]
    latest = aws(sim, "get-console-output", "--latest", "--instance-id", nitro)["Output"]
    assert latest.startswith(plain) and len(latest) > len(plain)
    assert refused(sim, "get-console-output", "--latest", "--instance-id",
                   xen).code == "UnsupportedOperation"
    assert "Linux version" in aws(sim, "get-console-output", "--instance-id", xen)["Output"]


def test_a_machine_that_never_ran_has_no_output(sim, fleet):
    answer = aws(sim, "get-console-output", "--instance-id", fleet[PENDING]["InstanceId"])
    assert "Output" not in answer
    error = refused(sim, "get-console-output", "--instance-id", "i-00000000000000000")
    assert error.code == "InvalidInstanceID.NotFound"


def test_a_wrong_secret_is_refused(sim):
    error = refused(sim, "describe-regions", AWS_SECRET_ACCESS_KEY="wrong")
    assert error.code == "SignatureDoesNotMatch"
    assert sim.log_entries(signature="mismatch")[-1]["status"] == 403


def test_an_unknown_key_and_a_session_token_are_refused(sim):
    assert refused(sim, "describe-regions", AWS_ACCESS_KEY_ID="AKIDOTHER").code == "AuthFailure"
    assert refused(sim, "describe-regions", AWS_SESSION_TOKEN="token").code == "AuthFailure"


def test_a_region_that_is_not_ours_is_refused(sim):
    error = refused(sim, "--region", "eu-west-1", "describe-instances")
    assert error.code == "AuthFailure" and "region" in error.message


def test_regions_share_the_fleet_and_hide_each_others_instances():
    with Simulator(instances=11, aws_regions=["us-east-1", "eu-west-1"]) as sim:
        here = instances(sim)
        there = instances(sim, "--region", "eu-west-1")
        assert (len(here), len(there)) == (6, 5)
        assert not {one["InstanceId"] for one in here} & {one["InstanceId"] for one in there}
        assert there[0]["Placement"]["AvailabilityZone"].startswith("eu-west-1")
        foreign = there[0]["InstanceId"]
        for args in (["get-console-screenshot", "--instance-id"],
                     ["describe-instances", "--instance-ids"]):
            assert refused(sim, *args, foreign).code == "InvalidInstanceID.NotFound"


def test_one_seed_makes_one_fleet_and_a_frozen_clock_one_image():
    def look(seed):
        with Simulator(instances=12, seed=seed, freeze_clock=True) as sim:
            fleet = instances(sim)
            images = [screenshot(sim, fleet[RUNNING]), screenshot(sim, fleet[RUNNING]),
                      screenshot(sim, fleet[ASLEEP], "--wake-up"), screenshot(sim, fleet[ASLEEP])]
            return fleet, images

    fleet, images = look(7)
    assert images[0] == images[1] and images[2] == images[3] and images[0] != images[2]
    assert look(7) == (fleet, images)
    assert look(8)[0] != fleet
