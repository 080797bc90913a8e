# SPDX-License-Identifier: MIT
"""What the mount shows is what the clouds' own clients get: the same bytes of the same screens and
logs, and the same fields of the same instances. The clock of the screens stands still."""

import base64
import datetime
import ipaddress
import json
import types
import urllib.error
import urllib.request

import pytest

import clients
from evidence import NO_RATE, instances, showing
from lib.mount import Mount
from lib.simulator import Simulator

# Two regions in each cloud. Every kind of machine is among the first sixteen of a fleet.
FLEET = 24


@pytest.fixture(scope="module")
def cloud():
    with Simulator(instances=FLEET, rate_scale=0, freeze_clock=True,
                   aws_regions=("us-east-1", "eu-west-1"),
                   tencent_regions=("ap-guangzhou", "ap-shanghai")) as sim, \
            Mount.of(sim, options=NO_RATE) as mount:
        yield types.SimpleNamespace(sim=sim, mount=mount)


def info(directory):
    return json.loads((directory / "info.json").read_text())


def cli(cloud, directory, *args):
    return clients.aws(cloud.sim, "--region", info(directory)["region"], *args, "--instance-id",
                       directory.name)


@pytest.fixture(scope="module")
def described(cloud):
    """Every instance that is not terminated, as the AWS CLI describes it, and its region."""
    return {one["InstanceId"]: (region, one) for region in cloud.sim.aws_regions
            for one in clients.instances(cloud.sim, "--region", region)
            if one["State"]["Name"] != "terminated"}


def test_the_aws_cli_gets_the_same_screens(cloud):
    directories = showing(cloud.mount.aws, "screenshot.jpg")
    # Lit displays, sleeping ones, and one of a stopping machine.
    assert {"running", "stopping"} <= {info(directory)["state"] for directory in directories}
    answers = [cli(cloud, one, "get-console-screenshot") for one in directories]
    images = [(directory / "screenshot.jpg").read_bytes() for directory in directories]
    for answer, image in zip(answers, images):
        assert base64.b64decode(answer["ImageData"], validate=True) == image
        assert image.startswith(b"\xff\xd8") and image.endswith(b"\xff\xd9")
    assert len({len(image) > 10000 for image in images}) == 2


def test_the_aws_cli_wakes_a_display_to_the_same_screen(cloud):
    asleep = [directory for directory in showing(cloud.mount.aws, "screenshot.jpg")
              if len((directory / "screenshot.jpg").read_bytes()) < 10000]
    (asleep[0] / "wake").write_text("1\n")
    image = (asleep[0] / "screenshot.jpg").read_bytes()
    answer = cli(cloud, asleep[0], "get-console-screenshot", "--wake-up")
    assert base64.b64decode(answer["ImageData"], validate=True) == image
    assert len(image) > 10000


def test_the_aws_cli_gets_the_same_logs(cloud):
    directories = showing(cloud.mount.aws, "console.log")[::3]
    answers = [cli(cloud, one, "get-console-output") for one in directories]
    for directory, answer in zip(directories, answers):
        # The CLI shows text: what is no UTF-8 in a log it has replaced.
        log = (directory / "console.log").read_bytes()
        assert answer["Output"] == log.decode(errors="replace")
    assert len(directories) > 5


def test_a_bare_signed_request_gets_the_same_log_to_the_byte(cloud):
    different = 0
    directories = showing(cloud.mount.aws, "console.log")
    assert len(directories) > FLEET // 2
    for directory in directories:
        answer = clients.ec2(cloud.sim, "GetConsoleOutput", InstanceId=directory.name,
                             signing={"region": info(directory)["region"]})
        encoded = answer.text.partition("<output>")[2].partition("</output>")[0]
        log = (directory / "console.log").read_bytes()
        assert base64.b64decode(encoded) == log
        different += log.decode(errors="replace").encode() != log
    # Some logs are no valid UTF-8, and these are not made valid.
    assert different > 0


def test_the_aws_cli_refuses_where_the_mount_does(cloud, described):
    """No screenshot.jpg is shown where EC2 has none to give."""
    hidden = [directory for directory in instances(cloud.mount.aws)
              if directory not in showing(cloud.mount.aws, "screenshot.jpg")]
    kinds = {}
    for directory in hidden:
        one = described[directory.name][1]
        metal = one["InstanceType"].endswith(".metal")
        kinds.setdefault((one["State"]["Name"], one["Architecture"], metal), directory)
    assert len(kinds) >= 4

    def refusal(directory):
        with pytest.raises(clients.CliError) as caught:
            cli(cloud, directory, "get-console-screenshot")
        return caught.value.code

    codes = [refusal(directory) for directory in kinds.values()]
    assert set(codes) == {"InvalidInstanceID.NotFound", "UnsupportedOperation"}
    for directory in kinds.values():
        with pytest.raises(OSError):
            (directory / "screenshot.jpg").read_bytes()


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def ec2_addresses(value):
    """Every address that the AWS CLI shows of an instance, wherever it stands."""
    if isinstance(value, list):
        return set().union(*map(ec2_addresses, value))
    if not isinstance(value, dict):
        return set()
    keys = ("PrivateIpAddress", "PublicIpAddress", "PublicIp", "Ipv6Address")
    return ec2_addresses(list(value.values())) | {str(ipaddress.ip_address(value[key]))
                                                  for key in keys if key in value}


def test_the_aws_cli_describes_the_same_instances(cloud, described):
    directories = instances(cloud.mount.aws)
    assert {directory.name for directory in directories} == set(described)
    assert {region for region, _ in described.values()} == set(cloud.sim.aws_regions)
    most = 0
    for directory in directories:
        shown = info(directory)
        region, one = described[directory.name]
        tags = {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])}
        addresses = ec2_addresses(one)
        assert shown["id"] == one["InstanceId"]
        assert shown["cloud"] == "aws"
        assert shown["name"] == tags.get("Name", "")
        assert shown["region"] == region
        assert shown["zone"] == one["Placement"]["AvailabilityZone"]
        assert shown["state"] == one["State"]["Name"]
        assert shown["type"] == one["InstanceType"]
        assert moment(shown["launched"]) == moment(one["LaunchTime"])
        assert shown["addresses"][:1] == [one["PrivateIpAddress"]]
        assert sorted(shown["addresses"]) == sorted(addresses)
        most = max(most, len(addresses))
        assert shown["tags"] == tags
        extra = shown["aws"]
        for key in ("Architecture", "Hypervisor", "PlatformDetails", "VpcId", "SubnetId"):
            assert extra[key] == one[key]
        for key in ("PrivateDnsName", "PublicDnsName", "ImageId", "KeyName"):
            assert extra.get(key, "") == one.get(key, "")
    assert most >= 4


def by_sdk(cloud, region):
    return clients.tencent(cloud.sim, ("DescribeInstances", {"Limit": 100}),
                           region=region)[0]["result"]["InstanceSet"]


def by_hand(cloud, region):
    answer = clients.cvm(cloud.sim, "DescribeInstances", {"Limit": 100},
                         more={"X-TC-Region": region})
    return json.loads(answer.text)["Response"]["InstanceSet"]


@pytest.mark.parametrize("describe", [by_sdk, by_hand], ids=["sdk", "bare request"])
def test_tencents_sdk_describes_the_same_instances(cloud, describe):
    described = {one["InstanceId"]: (region, one) for region in cloud.sim.tencent_regions
                 for one in describe(cloud, region)}
    directories = instances(cloud.mount.tencent)
    assert {directory.name for directory in directories} == set(described)
    assert len(directories) == FLEET
    for directory in directories:
        shown = info(directory)
        region, one = described[directory.name]
        addresses = [address for key in ("PrivateIpAddresses", "RdmaIpAddresses",
                                         "PublicIpAddresses", "IPv6Addresses",
                                         "PublicIPv6Addresses")
                     for address in one.get(key) or []]
        assert shown["id"] == one["InstanceId"]
        assert shown["cloud"] == "tencent"
        assert shown["name"] == one["InstanceName"]
        assert shown["region"] == region
        assert shown["zone"] == one["Placement"]["Zone"]
        assert shown["state"] == one["InstanceState"]
        assert shown["type"] == one["InstanceType"]
        assert moment(shown["launched"]) == moment(one["CreatedTime"])
        assert shown["addresses"] == addresses
        assert shown["tags"] == {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        extra = shown["tencent"]
        for key in ("Uuid", "OsName", "ImageId", "InstanceChargeType", "RestrictState",
                    "StopChargingMode"):
            assert extra[key] == one[key]


def vnc_answer(cloud, directory):
    answer = clients.cvm(cloud.sim, "DescribeInstanceVncUrl", {"InstanceId": directory.name},
                         more={"X-TC-Region": info(directory)["region"]})
    return json.loads(answer.text)["Response"]


def test_a_vnc_url_is_shown_where_tencent_gives_one(cloud):
    shown = showing(cloud.mount.tencent, "vnc_url")
    for directory in instances(cloud.mount.tencent):
        assert ("InstanceVncUrl" in vnc_answer(cloud, directory)) == (directory in shown)
    assert 5 < len(shown) < FLEET - 5


def test_a_vnc_url_is_the_page_and_the_value_as_the_cloud_encoded_it_and_opens_once(cloud):
    directory = showing(cloud.mount.tencent, "vnc_url")[0]
    value = vnc_answer(cloud, directory)["InstanceVncUrl"]
    page, value_shown = (directory / "vnc_url").read_text().removesuffix("\n").split("=", 1)
    assert page + "=" == cloud.sim.vnc_page
    secret = "%3Fs%3D"
    assert value_shown.partition(secret)[0] == value.partition(secret)[0] != ""
    assert value_shown != value

    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=cloud.sim.tls()))
    with opener.open(page + "=" + value_shown, timeout=30) as answer:
        assert directory.name in answer.read().decode()
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(page + "=" + value_shown, timeout=30)
    assert caught.value.code == 410
    caught.value.close()
