# SPDX-License-Identifier: MIT
"""The AWS CLI and botocore sign in to the simulator in every way they know, and what it hands out is
good for EC2."""

import datetime
import hashlib
import json
import pathlib
import subprocess

import pytest

from clients import HERE, aws, ec2, run_warm
from simulator import (ACCOUNT, CONTAINER_TOKEN, EXTERNAL_ID, KEY_ID, SECRET, SSO_CLIENT_ID,
                       SSO_CLIENT_SECRET, SSO_REFRESH_TOKEN, SSO_TOKEN, WEB_IDENTITY, Simulator,
                       aws_role, scrubbed_env)

USER = f"arn:aws:iam::{ACCOUNT}:user/consolefs-sim"
BASE = f"[profile base]\naws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET}\n"


def session_arn(role, name=""):
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"


@pytest.fixture
def home(tmp_path):
    (tmp_path / ".aws").mkdir()
    return tmp_path


def configure(home, text):
    (home / ".aws" / "config").write_text(text)


def bare(sim, home, **env):
    """An environment without keys."""
    return scrubbed_env(home, AWS_DEFAULT_REGION=sim.aws_regions[0], AWS_CA_BUNDLE=str(sim.ca),
                        **{"AWS_EC2_METADATA_DISABLED": "true", **env})


def botocore(sim, home, **env):
    """What botocore_client.py prints."""
    done = run_warm("botocore", sim.url, sim.ca, env=bare(sim, home, **env))
    assert done.returncode == 0 and not done.stderr, done.stderr
    return json.loads(done.stdout)


def cli(sim, home, *command, **env):
    """What the AWS CLI answers, or what it says to be wrong."""
    done = run_warm("aws", "--endpoint-url", sim.url, *command,
                    env=bare(sim, home, AWS_PAGER="", AWS_MAX_ATTEMPTS="1", **env))
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip()


def assert_signed_in(answer, role, name=""):
    assert answer.get("arn", "").startswith(session_arn(role, name)), answer
    assert answer["account"] == ACCOUNT and answer["regions"] == ["us-east-1"]
    assert answer["id"].startswith("ASIA") and len(answer["id"]) == 20


def test_botocore_that_is_forked_is_botocore_as_a_process(sim, home):
    """All others run it with run_warm()."""
    configure(home, BASE)
    for profile in ("base", "nobody"):
        env = bare(sim, home, AWS_PROFILE=profile)
        done = subprocess.run(["/usr/bin/python3", HERE / "botocore_client.py", sim.url, sim.ca],
                              env=env, text=True, capture_output=True, timeout=120, check=False)
        warm = run_warm("botocore", sim.url, sim.ca, env=env)
        assert (warm.returncode, warm.stdout, warm.stderr) == (done.returncode, done.stdout,
                                                               done.stderr)
        assert ("error" in json.loads(done.stdout)) == (profile == "nobody")
    # And no run has anything of the one before it.
    assert botocore(sim, home) == {"error": "none"}


# STS itself

def test_the_user_is_told_who_he_is(sim, home):
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    answer = cli(sim, home, "sts", "get-caller-identity", **keys)
    assert answer["Arn"] == USER and answer["Account"] == ACCOUNT
    assert answer["UserId"].startswith("AIDA")
    refused = cli(sim, home, "sts", "get-caller-identity", **{**keys, "AWS_SECRET_ACCESS_KEY": "x"})
    assert "(SignatureDoesNotMatch)" in refused


def test_assumed_keys_work_for_ec2_with_their_token_only(sim, home):
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    answer = cli(sim, home, "sts", "assume-role", "--role-arn", aws_role("reader"),
                 "--role-session-name", "me", "--duration-seconds", "900", **keys)
    given = answer["Credentials"]
    assert answer["AssumedRoleUser"]["Arn"] == session_arn("reader", "me")
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":me")
    expires = datetime.datetime.fromisoformat(given["Expiration"])
    left = (expires - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    assert 890 < left <= 901
    keys = {"AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"]}
    assert cli(sim, home, "sts", "get-caller-identity", **keys)["Arn"] == session_arn("reader",
                                                                                      "me")
    assert cli(sim, home, "ec2", "describe-regions", **keys)["Regions"]
    for wrong in ({"AWS_SESSION_TOKEN": "other"}, {"AWS_SESSION_TOKEN": ""}):
        assert "(AuthFailure)" in cli(sim, home, "ec2", "describe-regions", **{**keys, **wrong})
        assert "(InvalidClientTokenId)" in cli(sim, home, "sts", "get-caller-identity",
                                               **{**keys, **wrong})


def test_keys_expire(home):
    with Simulator(instances=1, rate_scale=0, session_seconds=1) as sim:
        keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
        given = cli(sim, home, "sts", "assume-role", "--role-arn", aws_role("reader"),
                    "--role-session-name", "me", **keys)["Credentials"]
        keys = {"AWS_ACCESS_KEY_ID": given["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
                "AWS_SESSION_TOKEN": given["SessionToken"]}
        signing = {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"],
                   "token": given["SessionToken"]}
        while ec2(sim, "DescribeRegions", signing=signing).code is None:
            pass
        assert ec2(sim, "DescribeRegions", signing=signing).status == 400
        assert "(RequestExpired)" in cli(sim, home, "ec2", "describe-regions", **keys)
        assert "(ExpiredToken)" in cli(sim, home, "sts", "get-caller-identity", **keys)


# Where programs find keys

def test_the_metadata_service(sim, home):
    env = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": sim.metadata}
    answer = botocore(sim, home, **env)
    assert_signed_in(answer, "instance", "i-0123456789abcdef0")
    assert answer["method"] == "iam-role"
    # The CLI wants a slash at the end.
    env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] += "/"
    assert cli(sim, home, "sts", "get-caller-identity", **env)["Arn"] == session_arn(
        "instance", "i-0123456789abcdef0")
    actions = [entry["action"] for entry in sim.log_entries() if entry["action"][:8] == "Metadata"]
    assert actions[:3] == ["MetadataToken", "MetadataRole", "MetadataCredentials"]


def test_the_metadata_service_of_a_machine_without_a_role(home):
    with Simulator(instances=1, args=["--no-instance-role"]) as sim:
        answer = botocore(sim, home, AWS_EC2_METADATA_DISABLED="false",
                          AWS_EC2_METADATA_SERVICE_ENDPOINT=sim.metadata)
        assert answer == {"error": "none"}


def test_the_container_service(sim, home):
    env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": sim.metadata + "/container",
           "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN}
    answer = botocore(sim, home, **env)
    assert_signed_in(answer, "task")
    assert answer["method"] == "container-role"
    assert cli(sim, home, "ec2", "describe-regions", **env)["Regions"]
    wrong = botocore(sim, home, **{**env, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "wrong"})
    assert wrong["error"] == "CredentialRetrievalError"


def test_a_profile_that_assumes_a_role(sim, home):
    configure(home, BASE + f"[profile x]\nrole_arn={aws_role('reader')}\nsource_profile=base\n"
              "role_session_name=mine\n")
    answer = botocore(sim, home, AWS_PROFILE="x")
    assert_signed_in(answer, "reader", "mine")
    assert answer["method"] == "assume-role"


def test_a_profile_with_an_external_id(sim, home):
    text = BASE + f"[profile x]\nrole_arn={aws_role('partner')}\nsource_profile=base\n"
    configure(home, text + f"external_id={EXTERNAL_ID}\n")
    assert_signed_in(botocore(sim, home, AWS_PROFILE="x"), "partner")
    configure(home, text)
    assert botocore(sim, home, AWS_PROFILE="x")["error"] == "AccessDenied"


def test_a_chain_of_roles(sim, home):
    chained = f"[profile y]\nrole_arn={aws_role('chained')}\nsource_profile=%s\n"
    configure(home, BASE + f"[profile x]\nrole_arn={aws_role('reader')}\nsource_profile=base\n" +
              chained % "x")
    assert_signed_in(botocore(sim, home, AWS_PROFILE="y"), "chained")
    configure(home, BASE + chained % "base")
    assert botocore(sim, home, AWS_PROFILE="y")["error"] == "AccessDenied"


def test_a_role_of_the_machines_own(sim, home):
    configure(home, f"[profile x]\nrole_arn={aws_role('reader')}\n"
              "credential_source=Ec2InstanceMetadata\n")
    answer = botocore(sim, home, AWS_PROFILE="x", AWS_EC2_METADATA_DISABLED="false",
                      AWS_EC2_METADATA_SERVICE_ENDPOINT=sim.metadata)
    assert_signed_in(answer, "reader")


@pytest.mark.parametrize("role, token, error", [
    ("federated", WEB_IDENTITY, None), ("federated", "another", "InvalidIdentityToken"),
    ("reader", WEB_IDENTITY, "AccessDenied"), ("nobody", WEB_IDENTITY, "AccessDenied")])
def test_web_identity(sim, home, role, token, error):
    (home / "token").write_text(token)
    answer = botocore(sim, home, AWS_WEB_IDENTITY_TOKEN_FILE=str(home / "token"),
                      AWS_ROLE_ARN=aws_role(role), AWS_ROLE_SESSION_NAME="pod")
    if error:
        assert answer["error"] == error
    else:
        assert_signed_in(answer, role, "pod")
        assert answer["method"] == "assume-role-with-web-identity"


def test_a_web_identity_of_a_file(home):
    (home / "accepted").write_text("a-token-of-the-file\n")
    (home / "token").write_text("a-token-of-the-file")
    with Simulator(instances=1, args=["--web-identity-file", home / "accepted"]) as sim:
        env = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(home / "token"),
               "AWS_ROLE_ARN": aws_role("federated")}
        assert_signed_in(botocore(sim, home, **env), "federated")
        (home / "accepted").write_text("it-was-rotated\n")
        assert botocore(sim, home, **env)["error"] == "InvalidIdentityToken"


def test_a_credential_process(sim, home):
    program = home / "keys"
    program.write_text("#!/bin/sh\ncat <<EOF\n" + json.dumps({
        "Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}) + "\nEOF\n")
    program.chmod(0o755)
    configure(home, f"[profile x]\ncredential_process={program}\n")
    answer = botocore(sim, home, AWS_PROFILE="x")
    assert (answer["method"], answer["arn"]) == ("custom-process", USER)
    assert cli(sim, home, "sts", "get-caller-identity", AWS_PROFILE="x")["Arn"] == USER


def in_hours(hours):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def sso_login(home, name, **more):
    """What `aws sso login` leaves behind."""
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / (hashlib.sha1(name.encode()).hexdigest() + ".json")).write_text(json.dumps({
        "startUrl": "https://consolefs.awsapps.com/start", "region": "us-east-1",
        "accessToken": SSO_TOKEN, "expiresAt": in_hours(1), **more}))


SSO = ("sso_start_url=https://consolefs.awsapps.com/start\nsso_region=us-east-1\n")
SSO_ROLE = f"sso_account_id={ACCOUNT}\nsso_role_name=operator\n"


def test_single_sign_on_of_the_first_form(sim, home):
    configure(home, "[profile x]\n" + SSO + SSO_ROLE)
    sso_login(home, "https://consolefs.awsapps.com/start")
    answer = botocore(sim, home, AWS_PROFILE="x")
    assert_signed_in(answer, "operator")
    assert answer["method"] == "sso"
    sso_login(home, "https://consolefs.awsapps.com/start", accessToken="another")
    assert botocore(sim, home, AWS_PROFILE="x")["error"] == "UnauthorizedSSOTokenError"
    configure(home, "[profile x]\n" + SSO + SSO_ROLE.replace("operator", "reader"))
    sso_login(home, "https://consolefs.awsapps.com/start")
    assert botocore(sim, home, AWS_PROFILE="x")["error"] == "ForbiddenException"


def test_single_sign_on_by_a_session(sim, home):
    configure(home, "[sso-session s]\n" + SSO + "[profile x]\nsso_session=s\n" + SSO_ROLE)
    sso_login(home, "s")
    assert_signed_in(botocore(sim, home, AWS_PROFILE="x"), "operator")
    client = {"clientId": SSO_CLIENT_ID, "clientSecret": SSO_CLIENT_SECRET,
              "refreshToken": SSO_REFRESH_TOKEN, "registrationExpiresAt": in_hours(24)}
    sso_login(home, "s", expiresAt=in_hours(-1), accessToken="old", **client)
    assert_signed_in(botocore(sim, home, AWS_PROFILE="x"), "operator")
    assert sim.log_entries(action="CreateToken", status=200)
    cached = next(pathlib.Path(home / ".aws/sso/cache").iterdir())
    renewed = json.loads(cached.read_text())
    assert renewed["accessToken"] in sim.issued("ticket")
    assert renewed["refreshToken"] in sim.issued("ticket")
    sso_login(home, "s", expiresAt=in_hours(-1), **{**client, "clientSecret": "wrong"})
    # botocore says so in its log, and goes on with what it has: an expired token.
    assert "error" in botocore(sim, home, AWS_PROFILE="x")
    assert sim.log_entries(action="CreateToken", status=401)


# A clock that is off

@pytest.mark.parametrize("offset", [-86400, 86400])
def test_a_clock_a_day_off_is_refused_and_the_answer_has_the_date_to_use(home, offset):
    with Simulator(instances=1, clock_offset=offset) as sim:
        for shift, status in ((0, 400), (offset, 200), (offset - 890, 200), (offset - 910, 400),
                              (offset + 890, 200), (offset + 910, 400)):
            answer = ec2(sim, "DescribeRegions", signing={"shift": shift})
            assert (answer.status, answer.code) == (status,
                                                    None if status == 200 else "RequestExpired")
            date = datetime.datetime.strptime(answer.headers["Date"], "%a, %d %b %Y %H:%M:%S %Z")
            assert abs((date - datetime.datetime.utcnow()).total_seconds() - offset) < 5
            assert len(answer.headers.get_all("Date")) == 1
        with pytest.raises(Exception, match="RequestExpired"):
            aws(sim, "describe-regions")
