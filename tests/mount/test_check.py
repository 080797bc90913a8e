# SPDX-License-Identifier: MIT
"""consolefs --check: for each cloud who that is, where the credentials are from, what the regions hold, and which permission
is missing. Status 0 only if all is well."""

import json
import subprocess

import pytest

from lib.mount import cloud_options, find_consolefs
from lib.simulator import KEY_ID, SECRET, scrubbed_env

GOOD = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
        "TENCENTCLOUD_SECRET_ID": KEY_ID, "TENCENTCLOUD_SECRET_KEY": SECRET}


@pytest.fixture(name="check")
def fixture_check(tmp_path):
    def run(cloud, *args, options=(), **env):
        command = [find_consolefs(), *(args or ("--check",))]
        given = {option.split("=")[0]: option for option in [*cloud_options(cloud), *options]}
        for option in given.values():
            command += ["-o", option]
        env = scrubbed_env(tmp_path, **{"AWS_ENDPOINT_URL_STS": cloud.url, **GOOD, **env})
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60,
                              check=False)
        assert done.stderr == ""
        assert SECRET not in done.stdout
        return done
    return run


def test_a_good_account_is_well(sim, check):
    cloud = sim(rate_scale=0, instances=12, aws_regions=["us-east-1", "eu-west-1"])
    done = check(cloud)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "aws (backend aws)",
        "  credentials  the environment (AWS_ACCESS_KEY_ID)",
        "  who          arn:aws:iam::123456789012:user/consolefs-sim",
        "  region       us-east-1: 6 instances",
        "  region       eu-west-1: 5 instances",
        "  allowed      ec2:DescribeInstances",
        "  allowed      ec2:GetConsoleScreenshot",
        "  allowed      ec2:GetConsoleOutput",
        "  OK",
        "tencent (backend tencent)",
        "  credentials  TENCENTCLOUD_SECRET_ID",
        "  who          qcs::cam::uin/100000000001:uin/100000000002",
        "  region       ap-guangzhou: 12 instances",
        "  allowed      cvm:DescribeInstances",
        "  allowed      cvm:DescribeInstanceVncUrl",
        "  OK",
        "next: mount it: consolefs DIR"]


def test_it_takes_no_screenshot_and_makes_no_link(sim, check):
    cloud = sim(rate_scale=0)
    assert check(cloud).returncode == 0
    for action in ("GetConsoleScreenshot", "GetConsoleOutput", "DescribeInstanceVncUrl"):
        entries = cloud.log_entries(action=action)
        assert entries and all("sha256" not in entry for entry in entries), action


def test_a_wrong_key_is_told_once(sim, check):
    done = check(sim(rate_scale=0), AWS_SECRET_ACCESS_KEY="wrong")
    assert done.returncode == 1
    assert done.stdout.count("SignatureDoesNotMatch") == 1
    assert "  who          NOT KNOWN: SignatureDoesNotMatch" in done.stdout
    assert "  region       us-east-1: FAILED: as above" in done.stdout
    assert done.stdout.count("  NOT OK") == 1 and done.stdout.count("  OK") == 1


def test_no_credentials_says_where_they_were_looked_for(sim, check, tmp_path):
    config = tmp_path / "consolefs.conf"
    config.write_text("[aws]\n")
    done = check(sim(rate_scale=0), "--check", "-c", config,
                 options=["tencent.backend=tencent"], AWS_ACCESS_KEY_ID="",
                 AWS_SECRET_ACCESS_KEY="", AWS_EC2_METADATA_DISABLED="true", AWS_REGION="us-east-1")
    assert done.returncode == 1
    assert "  credentials  none; looked in" in done.stdout
    assert "AWS_ACCESS_KEY_ID is not set" in done.stdout


def test_an_expired_token_is_told(sim, check):
    cloud = sim(rate_scale=0, faults=["aws/DescribeInstances:code=ExpiredToken",
                                      "aws/GetConsoleScreenshot:code=ExpiredToken",
                                      "aws/GetConsoleOutput:code=ExpiredToken"])
    done = check(cloud)
    assert done.returncode == 1
    assert "  region       us-east-1: FAILED: ExpiredToken" in done.stdout
    assert "  unknown      ec2:GetConsoleScreenshot: as above" in done.stdout


@pytest.mark.parametrize("action, permission, statement", [
    ("GetConsoleScreenshot", "ec2:GetConsoleScreenshot",
     '{"Effect": "Allow", "Action": "ec2:GetConsoleScreenshot", "Resource": "*"}'),
    ("GetConsoleOutput", "ec2:GetConsoleOutput",
     '{"Effect": "Allow", "Action": "ec2:GetConsoleOutput", "Resource": "*"}'),
    ("DescribeInstanceVncUrl", "cvm:DescribeInstanceVncUrl",
     '{"effect": "allow", "action": ["cvm:DescribeInstanceVncUrl"], "resource": ["*"]}'),
    ("aws/DescribeInstances", "ec2:DescribeInstances",
     '{"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}'),
    ("tencent/DescribeInstances", "cvm:DescribeInstances",
     '{"effect": "allow", "action": ["cvm:DescribeInstances"], "resource": ["*"]}')])
def test_a_missing_permission_is_the_statement_to_add(sim, check, action, permission, statement):
    cloud = sim(rate_scale=0, faults=[f"{action}:code=UnauthorizedOperation"])
    done = check(cloud)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    at = lines.index(f"  MISSING      {permission}; add to the policy:")
    assert lines[at + 1].strip() == statement
    assert done.stdout.count("MISSING") == 1
    json.loads(statement)


def test_json_says_the_same_to_machines(sim, check):
    cloud = sim(rate_scale=0, instances=12, faults=["GetConsoleOutput:code=UnauthorizedOperation"])
    done = check(cloud, "--check=json")
    assert done.returncode == 1
    aws, tencent = json.loads(done.stdout)
    assert aws["identity"] == "arn:aws:iam::123456789012:user/consolefs-sim"
    assert aws["credentials"] == "the environment (AWS_ACCESS_KEY_ID)" and aws["expires"] is None
    assert aws["regions"] == [{"name": "us-east-1", "instances": 11, "error": None}]
    assert [(one["name"], one["allowed"]) for one in aws["permissions"]] == [
        ("ec2:DescribeInstances", True), ("ec2:GetConsoleScreenshot", True),
        ("ec2:GetConsoleOutput", False)]
    assert json.loads(aws["permissions"][2]["statement"])["Action"] == "ec2:GetConsoleOutput"
    assert not aws["ok"] and tencent["ok"]


def test_an_endpoint_that_is_down_is_told_at_once(sim, check):
    cloud = sim(rate_scale=0)
    done = check(cloud, options=["aws.endpoint=https://127.0.0.1:1"])
    assert done.returncode == 1
    assert "Connection refused" in done.stdout or "connect to server" in done.stdout


def test_without_the_service_that_tells_who_it_is_all_can_be_well(sim, check):
    """A VPC whose only endpoint is that of EC2."""
    cloud = sim(rate_scale=0)
    done = check(cloud, AWS_ENDPOINT_URL_STS="https://127.0.0.1:1")
    assert done.returncode == 0
    aws = done.stdout.partition("tencent (backend")[0].splitlines()
    assert aws[2].startswith("  who          not known: ")
    assert aws[-2:] == ["  note         the identity could not be looked up; nothing else needs it",
                        "  OK"]
    done = check(cloud, "--check=json", AWS_ENDPOINT_URL_STS="https://127.0.0.1:1")
    aws, tencent = json.loads(done.stdout)
    assert aws["ok"] and aws["identity"] is None and aws["identity_error"] and aws["note"]
    assert tencent["ok"] and tencent["note"] is None


def test_clouds_come_in_the_order_of_the_configuration(sim, check, tmp_path):
    """Also where an option names one, which is read before the file."""
    config = tmp_path / "consolefs.conf"
    config.write_text("[prod]\nbackend = aws\n[tencent]\n[aws]\n")
    done = check(sim(rate_scale=0), "--check=json", "-c", config,
                 options=["prod.regions=us-east-1", "prod.timeout=1"])
    assert [one["cloud"] for one in json.loads(done.stdout)] == ["prod", "tencent", "aws"]


@pytest.mark.parametrize("args, said", [
    (("--check=xml",), "--check: 'xml' is not a format: the only format is json"),
    (("--check", "-o", "aws.nonsense=1"), "nonsense is not a setting of aws")])
def test_a_wrong_command_line_is_refused(tmp_path, args, said):
    done = subprocess.run([find_consolefs(), *args], env=scrubbed_env(tmp_path, **GOOD),
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and said in done.stderr and done.stdout == ""
