# SPDX-License-Identifier: MIT
"""Every way in which people sign in, end to end: where keys come from, and what becomes of it when
those places change. How a mount that lives for months keeps keys fresh is in test_signin_expiry.py."""

import concurrent.futures
import hashlib
import http.client
import json
import os
import re

import pytest

from lib import fleet, login
from lib.doing import Stopwatch, await_that, cat, errno_of, fails, read
from lib.simulator import (ACCOUNT, CONTAINER_TOKEN, EXTERNAL_ID, KEY_ID, SECRET, SSO_CLIENT_ID,
                           SSO_CLIENT_SECRET, SSO_REFRESH_TOKEN, WEB_IDENTITY, aws_role,
                           tencent_role)
from signing_in import home_directory, shared_simulator  # noqa: F401, fixtures
from signing_in import (CLOCK_OFF, NONE_USABLE, START_URL, assert_signed_in, aws_web_identity,
                        in_hours, live_file, login_profile, mounted, of_metadata, role_profile,
                        sso_profile, status_of, sts_keys, tencent_pod)


# Where keys come from: AWS

def aws_process(home, name="process"):
    keys = json.dumps({"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})
    program = home.put(name, f"#!/bin/sh\necho '{keys}'\n", 0o700)
    home.aws_config(f"[profile x]\ncredential_process={program}\n")


def aws_sso_session(home, hours, **more):
    home.aws_config(sso_profile())
    home.sso_token("s", hours, **more)


SSO_CLIENT = {"clientId": SSO_CLIENT_ID, "clientSecret": SSO_CLIENT_SECRET,
              "refreshToken": SSO_REFRESH_TOKEN, "registrationExpiresAt": in_hours(24)}

# How the user has set it up; the role that he then has.
AWS_WAYS = {
    "a role": (lambda home, sim: home.aws_config(role_profile()), "reader"),
    "an external id": (lambda home, sim: home.aws_config(
        role_profile("partner", f"external_id={EXTERNAL_ID}\n")), "partner"),
    "a session name and a duration": (lambda home, sim: home.aws_config(
        role_profile(more="role_session_name=mine\nduration_seconds=900\n")), "reader"),
    "a role chain": (lambda home, sim: home.aws_config(
        role_profile("chained", source="source_profile=y") +
        role_profile().replace("[profile x]", "[profile y]")), "chained"),
    "a role of the machine's": (lambda home, sim: (home.aws_config(
        role_profile(source="credential_source=Ec2InstanceMetadata")), of_metadata(sim))[1],
        "reader"),
    "a role of the environment's": (lambda home, sim: (home.aws_config(
        role_profile(source="credential_source=Environment")),
        {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET})[1], "reader"),
    "a role of a web identity's": (lambda home, sim: home.aws_config(
        f"[profile x]\nrole_arn={aws_role('federated')}\n"
        f"web_identity_token_file={home.put('token', WEB_IDENTITY)}\n"), "federated"),
    "single sign-on by a session": (lambda home, sim: aws_sso_session(home, 1), "operator"),
    "single sign-on, renewed": (lambda home, sim: aws_sso_session(
        home, -1, **{**SSO_CLIENT, "accessToken": "old"}), "operator"),
    "single sign-on of the first form": (lambda home, sim: (home.aws_config(
        f"[profile x]\nsso_start_url={START_URL}\nsso_region=us-east-1\n"
        f"sso_account_id={ACCOUNT}\nsso_role_name=operator\n"), home.sso_token(START_URL))[0],
        "operator"),
    "a process": (lambda home, sim: aws_process(home), None),
    "a login, renewed": (lambda home, sim: (home.aws_config(login_profile()),
                                            home.login(login.session(-1)))[0], "console"),
    "a role of a login's": (lambda home, sim: (home.aws_config(
        role_profile(source="source_profile=y") +
        login_profile().replace("[profile x]", "[profile y]")), home.login(login.session(-1)))[0],
        "reader"),
}


@pytest.mark.parametrize("by", ["setting", "variable"])
@pytest.mark.parametrize("way", AWS_WAYS)
def test_a_profile_of_aws(shared, home, way, by):
    set_up, role = AWS_WAYS[way]
    env = set_up(home, shared)
    env = env if isinstance(env, dict) else {}
    if by == "variable" and "AWS_ACCESS_KEY_ID" in env:
        pytest.skip("keys in the environment beat AWS_PROFILE")
    if by == "variable":
        env["AWS_PROFILE"] = "x"
    with mounted(shared, home, ["aws.profile=x"] if by == "setting" else [], **env) as mount:
        assert_signed_in(shared, mount, "aws", role)


def test_a_renewed_sso_token_is_written_back_for_the_other_tools(shared, home):
    aws_sso_session(home, -1, **SSO_CLIENT)
    [path] = (home.path / ".aws/sso/cache").iterdir()
    renewals = len(shared.log_entries(action="CreateToken"))
    with mounted(shared, home, ["aws.profile=x"]) as mount:
        assert_signed_in(shared, mount, "aws", "operator")
        renewed = json.loads(path.read_text())
        assert {renewed["accessToken"], renewed["refreshToken"]} <= set(shared.issued("ticket"))
        assert path.stat().st_mode & 0o777 == 0o600 and list(path.parent.iterdir()) == [path]
        # Another mount is one of these tools.
        with mounted(shared, home, ["aws.profile=x"]) as other:
            assert_signed_in(shared, other, "aws", "operator")
        assert len(shared.log_entries(action="CreateToken")) == renewals + 1
        shown = mount.log_text() + status_of(mount.aws)
        assert renewed["accessToken"] not in shown and renewed["refreshToken"] not in shown


AWS_PLACES = {
    "a web identity": (lambda home, sim: aws_web_identity(home), "federated"),
    "a container": (lambda home, sim: {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": sim.metadata + "/container",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN}, "task"),
    "a container with its token in a file": (lambda home, sim: {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": sim.metadata + "/container",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": home.put("token", CONTAINER_TOKEN)}, "task"),
    "the machine": (lambda home, sim: of_metadata(sim), "instance"),
}


@pytest.mark.parametrize("way", AWS_PLACES)
def test_keys_of_aws_from_beside_the_program(shared, home, way):
    set_up, role = AWS_PLACES[way]
    with mounted(shared, home, **set_up(home, shared)) as mount:
        assert_signed_in(shared, mount, "aws", role)


# Where keys come from: Tencent Cloud

TENCENT_WAYS = {
    "a role of the environment": (lambda home, sim: {
        "TENCENTCLOUD_SECRET_ID": KEY_ID, "TENCENTCLOUD_SECRET_KEY": SECRET,
        "TENCENTCLOUD_ROLE_ARN": tencent_role("reader"),
        "TENCENTCLOUD_ROLE_SESSION_NAME": "mine"}, "reader"),
    "a profile of tccli": (lambda home, sim: home.tccli(
        secretId=KEY_ID, secretKey=SECRET), None),
    "a profile of tccli that a variable names": (lambda home, sim: (home.tccli(
        "p", secretId=KEY_ID, secretKey=SECRET), {"TCCLI_PROFILE": "p"})[1], None),
    "a role of tccli": (lambda home, sim: home.tccli(**{
        "secretId": KEY_ID, "secretKey": SECRET, "role-arn": tencent_role("reader"),
        "role-session-name": "mine"}), "reader"),
    "a pod": (lambda home, sim: tencent_pod(home), "federated"),
    "the machine": (lambda home, sim: of_metadata(sim), "instance"),
}


@pytest.mark.parametrize("way", TENCENT_WAYS)
def test_keys_of_tencent(shared, home, way):
    set_up, role = TENCENT_WAYS[way]
    env = set_up(home, shared)
    with mounted(shared, home, **(env if isinstance(env, dict) else {})) as mount:
        assert_signed_in(shared, mount, "tencent", role)


@pytest.mark.parametrize("variable", ["TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SESSION_TOKEN"])
def test_a_token_in_the_environment(shared, home, variable):
    connection = http.client.HTTPConnection(shared.metadata.removeprefix("http://"))
    connection.request("GET", "/latest/meta-data/cam/security-credentials/instance")
    keys = json.loads(connection.getresponse().read())
    connection.close()
    with mounted(shared, home, **{"TENCENTCLOUD_SECRET_ID": keys["TmpSecretId"],
                                  "TENCENTCLOUD_SECRET_KEY": keys["TmpSecretKey"],
                                  variable: keys["Token"]}) as mount:
        assert_signed_in(shared, mount, "tencent", "instance")


# When it cannot sign in it says exactly why

REFUSED = {
    "a role that is not the user's": ("aws", lambda home, sim: home.aws_config(
        role_profile("chained")), "AccessDenied"),
    "a wrong external id": ("aws", lambda home, sim: home.aws_config(
        role_profile("partner", "external_id=other\n")), "AccessDenied"),
    "a wrong web identity": ("aws", lambda home, sim: home.aws_config(
        f"[profile x]\nrole_arn={aws_role('federated')}\n"
        f"web_identity_token_file={home.put('token', 'stale')}\n"), "InvalidIdentityToken"),
    "a loop of roles": ("aws", lambda home, sim: home.aws_config(
        role_profile(source="source_profile=y") + role_profile(source="source_profile=x").replace(
            "[profile x]", "[profile y]")), "loop|itself|circular|already"),
    "a process that fails": ("aws", lambda home, sim: home.aws_config(
        "[profile x]\ncredential_process=/bin/false\n"), "status 1|exit"),
    "single sign-on that has ended": ("aws", lambda home, sim: aws_sso_session(home, -1),
                                      "aws sso login"),
    "a login that has ended": ("aws", lambda home, sim: (home.aws_config(login_profile()), home.login(
        login.session(-1, refreshToken="x." + login.THUMBPRINT)))[0], "aws login --profile x"),
    "no login": ("aws", lambda home, sim: home.aws_config(login_profile()),
                 "there is no login session; sign in with: aws login --profile x"),
    "a role that there is not": ("tencent", lambda home, sim: home.tccli(**{
        "secretId": KEY_ID, "secretKey": SECRET, "role-arn": tencent_role("nobody"),
        "role-session-name": "mine"}), "RoleNotFound"),
    "a pod of another provider": ("tencent", lambda home, sim: {
        **tencent_pod(home), "TKE_PROVIDER_ID": "other"}, "WebIdentityTokenError"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_who_cannot_sign_in_is_told_why(shared, home, case):
    name, set_up, said = REFUSED[case]
    env = set_up(home, shared)
    options = ["aws.profile=x"] if name == "aws" else []
    with mounted(shared, home, options, **(env if isinstance(env, dict) else {})) as mount:
        mount.allow(NONE_USABLE)
        cloud = mount.path / name
        with fails("EACCES", "EKEYEXPIRED"):
            os.listdir(cloud)
        assert re.search(said, status_of(cloud)), status_of(cloud)
        assert re.search(said, mount.log_text())


# Those who wait

def test_those_who_wait_for_keys_share_one_search(sim, home):
    sim = sim(rate_scale=0, latency=300)
    home.aws_config(role_profile())
    home.tccli(**{"secretId": KEY_ID, "secretKey": SECRET, "role-arn": tencent_role("reader"),
                  "role-session-name": "mine"})
    with mounted(sim, home, ["aws.profile=x"]) as mount:
        files = [live_file(mount.aws), live_file(mount.tencent)] * 20
        with concurrent.futures.ThreadPoolExecutor(len(files)) as pool:
            assert all(pool.map(read, files))
        assert len(sim.log_entries(action="AssumeRole", cloud="aws")) == 1
        assert len(sim.log_entries(action="AssumeRole", cloud="tencent")) == 1


def test_a_sign_in_that_hangs_holds_up_nobody_else_and_dies_of_ctrl_c(sim, home):
    sim = sim(rate_scale=0, faults=["aws/AssumeRole:hang"])
    home.aws_config(role_profile())
    home.tccli(secretId=KEY_ID, secretKey=SECRET)
    with mounted(sim, home, ["aws.profile=x"]) as mount:
        with cat(live_file(mount.aws)) as waiting:
            sim.await_log(action="AssumeRole")
            watch = Stopwatch()
            assert fleet.clouds(mount.path) == ["aws", "tencent"]
            assert status_of(mount.aws)
            assert read(live_file(mount.tencent))
            assert watch.seconds() < 5
            assert waiting.poll() is None
            waiting.send_signal(2)
            assert waiting.wait(5) != 0


# Files that change

def keys_file(keys):
    return (f"[default]\naws_access_key_id={keys['AccessKeyId']}\n"
            f"aws_secret_access_key={keys['SecretAccessKey']}\n"
            f"aws_session_token={keys['SessionToken']}\n")


def last_role(sim, mount, cloud):
    assert read(live_file(mount.path / cloud))
    return sim.log_entries(cloud=cloud)[-1].get("role")


def test_a_rotated_credentials_file_is_noticed_without_a_remount(sim, home, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("AWS_", "REQUESTS_", "SSL_"))]:
        monkeypatch.delenv(name)
    sim = sim(rate_scale=0)
    home.put(".aws/credentials", keys_file(sts_keys(sim, "reader")))
    home.put(".tencentcloud/credentials",
             f"[default]\nsecret_id={KEY_ID}\nsecret_key={SECRET}\n")
    with mounted(sim, home) as mount:
        assert_signed_in(sim, mount, "aws", "reader")
        assert_signed_in(sim, mount, "tencent", None)
        home.put(".aws/credentials", keys_file(sts_keys(sim, "partner")))
        await_that(lambda: last_role(sim, mount, "aws") == "partner", "the new keys are used")
        # Away with the one place: the next of the chain.
        (home.path / ".tencentcloud/credentials").unlink()
        home.tccli(**{"secretId": KEY_ID, "secretKey": SECRET,
                      "role-arn": tencent_role("reader"), "role-session-name": "mine"})
        await_that(lambda: last_role(sim, mount, "tencent") == "reader", "the new place is used")
        assert not [entry for entry in sim.log_entries() if entry["code"]]


def cache_file(keys, **asked):
    """Where the AWS CLI keeps what it got, and what it keeps."""
    name = hashlib.sha1(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    return f".aws/cli/cache/{name}.json", json.dumps({"Credentials": {
        **keys, "Expiration": f"{keys['Expiration']:%Y-%m-%dT%H:%M:%SUTC}"}})


def test_a_role_that_needs_mfa_has_the_keys_that_the_cli_got_with_it(sim, home, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("AWS_", "REQUESTS_", "SSL_"))]:
        monkeypatch.delenv(name)
    sim = sim(rate_scale=0)
    device = f"arn:aws:iam::{ACCOUNT}:mfa/me"
    asked = {"RoleArn": aws_role("reader"), "SerialNumber": device}
    renew = "run: aws sts get-caller-identity --profile x"
    keys = sts_keys(sim, "reader")
    home.aws_config(role_profile(more=f"mfa_serial={device}\n"))
    home.put(*cache_file({**keys, "Expiration": keys["Expiration"].replace(year=2020)}, **asked))
    with mounted(sim, home, ["aws.profile=x"]) as mount:
        mount.allow(NONE_USABLE)
        with fails("EKEYEXPIRED"):
            os.listdir(mount.aws)
        assert ("profile x needs an MFA code, and the keys that the AWS CLI cached have expired; "
                + renew) in status_of(mount.aws)
        home.put(*cache_file(keys, **asked))
        await_that(lambda: errno_of(os.listdir, mount.aws) == "OK", "the new keys are used")
        assert_signed_in(sim, mount, "aws", "reader")
        until = f"{keys['Expiration']:%Y-%m-%dT%H:%M:%SZ}"
        assert re.search(rf"^credentials: .* when they expire, {renew}.*{until}",
                         status_of(mount.aws), re.M)


# A clock that is off

@pytest.mark.parametrize("offset", [-86400, 86400])
def test_a_clock_a_day_off_costs_one_attempt_and_is_remembered(sim, home, offset):
    sim = sim(rate_scale=0, clock_offset=offset)
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
            "TENCENTCLOUD_SECRET_ID": KEY_ID, "TENCENTCLOUD_SECRET_KEY": SECRET}
    with mounted(sim, home, **keys) as mount:
        mount.allow(CLOCK_OFF)
        for name in ("aws", "tencent"):
            assert len(fleet.instances(mount.path / name)) > 18
            for _ in range(5):
                assert read(live_file(mount.path / name))
            entries = sim.log_entries(cloud=name)
            assert [entry["code"] for entry in entries if entry["code"]] == [
                "RequestExpired" if name == "aws" else "AuthFailure.SignatureExpire"]
            assert entries[0]["code"] and len(entries) >= 7
        assert len(re.findall(CLOCK_OFF, mount.log_text(), re.MULTILINE)) == 2
