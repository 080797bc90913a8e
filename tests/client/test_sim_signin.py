# SPDX-License-Identifier: MIT
"""What the simulator's sign-in services answer to requests that no well-behaved client sends."""

import http.client
import json
import time
import urllib.parse
import xml.etree.ElementTree

import pytest

from clients import Answer, cvm, ec2, ec2_headers, send
from simulator import (ACCOUNT, CONTAINER_TOKEN, EXTERNAL_ID, SSO_CLIENT_ID, SSO_CLIENT_SECRET,
                       SSO_REFRESH_TOKEN, SSO_TOKEN, WEB_IDENTITY, Simulator, aws_role)

TTL = "x-aws-ec2-metadata-token-ttl-seconds"
ROLES = "/latest/meta-data/iam/security-credentials"
CAM_ROLES = "/latest/meta-data/cam/security-credentials"
NAMESPACE = "{https://sts.amazonaws.com/doc/2011-06-15/}"
USER = aws_role("x").replace("role/x", "user/consolefs-sim")


def metadata(sim, path, method="GET", **headers):
    """A request to the metadata port; _ in a header's name stands for -."""
    connection = http.client.HTTPConnection(sim.metadata.removeprefix("http://"), timeout=60)
    connection.request(method, path,
                       headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        return Answer(connection.getresponse())
    finally:
        connection.close()


def token_of(sim, ttl="60"):
    return metadata(sim, "/latest/api/token", "PUT", **{TTL: ttl}).text


def sts(sim, action, unsigned=False, signing=None, version="2011-06-15", **params):
    body = urllib.parse.urlencode({"Action": action, "Version": version, **params}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if not unsigned:
        headers = ec2_headers(sim, body, **{"service": "sts", **(signing or {})})
    return send(sim, "POST", "/", body, headers)


# EC2's metadata service

@pytest.mark.parametrize("ttl, status", [("1", 200), ("21600", 200), ("0", 400), ("21601", 400),
                                         ("x", 400), ("-1", 400), (None, 400)])
def test_a_metadata_token_needs_a_life_time(sim, ttl, status):
    answer = metadata(sim, "/latest/api/token", "PUT", **({TTL: ttl} if ttl else {}))
    assert answer.status == status
    if status == 200:
        assert len(answer.text) == 56 and answer.headers[TTL] == ttl


def test_a_forwarded_request_gets_no_metadata_token(sim):
    answer = metadata(sim, "/latest/api/token", "PUT", **{TTL: "60", "X-Forwarded-For": "10.1.1.1"})
    assert answer.status == 403


def test_metadata_needs_a_token_that_was_given_and_is_alive(sim):
    token = token_of(sim)
    for path in (ROLES, ROLES + "/", ROLES + "/instance", "/latest/meta-data/placement/region",
                 "/latest/dynamic/instance-identity/document"):
        assert metadata(sim, path).status == 401
        assert metadata(sim, path, x_aws_ec2_metadata_token="mine").status == 401
        assert metadata(sim, path, x_aws_ec2_metadata_token=token).status == 200
    assert metadata(sim, ROLES + "/other", x_aws_ec2_metadata_token=token).status == 404
    assert metadata(sim, "/latest/secrets", x_aws_ec2_metadata_token=token).status == 404
    assert metadata(sim, "/latest/api/token").status == 405
    short = token_of(sim, "1")
    end = time.monotonic() + 30
    while metadata(sim, ROLES, x_aws_ec2_metadata_token=short).status == 200:
        assert time.monotonic() < end
    assert metadata(sim, ROLES, x_aws_ec2_metadata_token=short).status == 401


def test_metadata_describes_the_machine(sim):
    token = token_of(sim)

    def get(path):
        return metadata(sim, path, x_aws_ec2_metadata_token=token).text

    assert get("/latest/meta-data/placement/region") == "us-east-1"
    assert get("/latest/meta-data/placement/availability-zone") == "us-east-1a"
    assert json.loads(get("/latest/dynamic/instance-identity/document"))["region"] == "us-east-1"
    assert get(ROLES) == get(ROLES + "/") == "instance"
    keys = json.loads(get(ROLES + "/instance"))
    assert set(keys) == {"Code", "LastUpdated", "Type", "AccessKeyId", "SecretAccessKey", "Token",
                         "Expiration"}
    assert keys == json.loads(get(ROLES + "/instance"))


def test_metadata_is_not_served_by_the_clouds_port_nor_the_clouds_by_metadatas(sim):
    assert send(sim, "PUT", "/latest/api/token", headers={TTL: "60"}).status == 404
    assert metadata(sim, "/").status == 404


def test_new_keys_are_there_before_the_old_ones_expire():
    with Simulator(instances=1, session_seconds=2) as sim:
        seen, end = [], time.monotonic() + 30
        token = token_of(sim)
        while len(seen) < 3 and time.monotonic() < end:
            keys = json.loads(metadata(sim, ROLES + "/instance",
                                       x_aws_ec2_metadata_token=token).text)
            signing = {"key": keys["AccessKeyId"], "secret": keys["SecretAccessKey"],
                       "token": keys["Token"]}
            # The real ones throttle; this one is asked as fast as it can answer.
            assert ec2(sim, "DescribeRegions", signing=signing).code in (None,
                                                                         "RequestLimitExceeded")
            if keys["AccessKeyId"] not in seen:
                seen.append(keys["AccessKeyId"])
        assert len(seen) == 3


# A container's, and the CVM's

def test_a_container_needs_its_token(sim, tmp_path):
    for more in ({}, {"Authorization": "x" + CONTAINER_TOKEN}):
        assert metadata(sim, "/container", **more).status == 401
    keys = json.loads(metadata(sim, "/container", Authorization=CONTAINER_TOKEN).text)
    assert set(keys) == {"RoleArn", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
    (tmp_path / "token").write_text("one\n")
    with Simulator(instances=1, args=["--container-token-file", tmp_path / "token"]) as other:
        assert metadata(other, "/container", Authorization="one").status == 200
        (tmp_path / "token").write_text("two")
        assert metadata(other, "/container", Authorization="one").status == 401
        assert metadata(other, "/container", Authorization="two").status == 200


def test_the_role_of_a_cvm_needs_no_token(sim):
    assert metadata(sim, CAM_ROLES + "/").text == metadata(sim, CAM_ROLES).text == "instance"
    keys = json.loads(metadata(sim, CAM_ROLES + "/instance").text)
    assert set(keys) == {"TmpSecretId", "TmpSecretKey", "Token", "ExpiredTime", "Expiration",
                         "Code"}
    assert keys["Code"] == "Success" and keys["ExpiredTime"] > time.time()
    signing = {"key": keys["TmpSecretId"], "secret": keys["TmpSecretKey"], "token": keys["Token"]}
    assert cvm(sim, "DescribeRegions", signing=signing).code is None
    assert metadata(sim, CAM_ROLES + "/other").status == 404
    with Simulator(instances=1, args=["--no-instance-role"]) as other:
        assert metadata(other, CAM_ROLES + "/").status == 404


# STS

def test_an_error_of_sts_has_the_shape_of_the_reference(sim):
    answer = sts(sim, "GetCallerIdentity", signing={"key": "AKIDOTHER"})
    root = xml.etree.ElementTree.fromstring(answer.body)
    assert answer.status == 403 and root.tag == NAMESPACE + "ErrorResponse"
    assert root.findtext(f"{NAMESPACE}Error/{NAMESPACE}Type") == "Sender"
    assert root.findtext(f"{NAMESPACE}Error/{NAMESPACE}Code") == "InvalidClientTokenId"
    assert root.findtext(NAMESPACE + "RequestId") == answer.headers["x-amzn-RequestId"]


@pytest.mark.parametrize("signing, code", [
    ({"service": "ec2"}, "SignatureDoesNotMatch"), ({"secret": "wrong"}, "SignatureDoesNotMatch"),
    ({"region": "mars-north-1"}, "SignatureDoesNotMatch"),
    ({"key": "AKIDOTHER"}, "InvalidClientTokenId"), ({"token": "mine"}, "InvalidClientTokenId"),
    ({"shift": -910}, "SignatureDoesNotMatch"), ({"shift": 910}, "SignatureDoesNotMatch"),
    ({"shift": 890}, None)])
def test_sts_verifies_signatures(sim, signing, code):
    answer = sts(sim, "GetCallerIdentity", signing=signing)
    assert (answer.status, answer.code) == (200 if code is None else 403, code)
    if "shift" in signing and code:
        assert "15 min" in answer.text


def test_sts_answers_to_us_east_1_wherever_the_machines_are():
    with Simulator(instances=1, aws_regions=["eu-west-1"]) as sim:
        assert sts(sim, "GetCallerIdentity", signing={"region": "us-east-1"}).code is None
        assert ec2(sim, "DescribeRegions", signing={"region": "us-east-1"}).code == "AuthFailure"


@pytest.mark.parametrize("params, code", [
    ({}, None), ({"DurationSeconds": "899"}, "ValidationError"),
    ({"DurationSeconds": "43200"}, None), ({"DurationSeconds": "43201"}, "ValidationError"),
    ({"DurationSeconds": "an hour"}, "ValidationError"), ({"Colour": "red"}, "ValidationError"),
    ({"RoleSessionName": "x"}, "ValidationError"), ({"RoleSessionName": "a b"}, "ValidationError"),
    ({"RoleSessionName": "x" * 65}, "ValidationError"), ({"RoleArn": "reader"}, "ValidationError"),
    ({"RoleArn": "x" * 30}, "ValidationError"), ({"RoleArn": aws_role("nobody")}, "AccessDenied"),
    ({"RoleArn": "arn:aws:iam::999999999999:role/reader"}, "AccessDenied"),
    ({"RoleArn": aws_role("partner")}, "AccessDenied"),
    ({"RoleArn": aws_role("partner"), "ExternalId": "other"}, "AccessDenied"),
    ({"RoleArn": aws_role("partner"), "ExternalId": EXTERNAL_ID}, None),
    ({"RoleArn": aws_role("instance")}, "AccessDenied"),
    ({"RoleArn": aws_role("chained")}, "AccessDenied")])
def test_assume_role_is_strict(sim, params, code):
    params = {"RoleArn": aws_role("reader"), "RoleSessionName": "me", **params}
    assert sts(sim, "AssumeRole", **params).code == code


def test_who_may_not_assume_a_role_is_told_by_name(sim):
    answer = sts(sim, "AssumeRole", RoleArn=aws_role("partner"), RoleSessionName="me")
    assert f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: " \
        f"{aws_role('partner')}" in answer.text


def test_keys_of_a_role_chain_live_an_hour_at_most(sim):
    root = xml.etree.ElementTree.fromstring(
        sts(sim, "AssumeRole", RoleArn=aws_role("reader"), RoleSessionName="me").body)
    given = {one.tag.removeprefix(NAMESPACE): one.text for one in root.iter()}
    signing = {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"],
               "token": given["SessionToken"]}
    for seconds, code in (("3600", None), ("3601", "ValidationError")):
        assert sts(sim, "AssumeRole", signing=signing, RoleArn=aws_role("chained"),
                   RoleSessionName="me", DurationSeconds=seconds).code == code


def test_only_a_web_identity_needs_no_signature(sim):
    params = {"RoleArn": aws_role("federated"), "RoleSessionName": "pod"}
    assert sts(sim, "AssumeRole", unsigned=True, **params).code == "MissingAuthenticationToken"
    assert sts(sim, "GetCallerIdentity", unsigned=True).code == "MissingAuthenticationToken"
    answer = sts(sim, "AssumeRoleWithWebIdentity", unsigned=True, WebIdentityToken=WEB_IDENTITY,
                 **params)
    assert answer.code is None and "<Provider>" in answer.text
    assert sts(sim, "AssumeRoleWithWebIdentity", unsigned=True, **params).code == "ValidationError"
    assert sts(sim, "GetSessionToken").code == "InvalidAction"


# Single sign-on

@pytest.mark.parametrize("role, account, token, status, error", [
    ("operator", ACCOUNT, SSO_TOKEN, 200, None),
    ("operator", ACCOUNT, "mine", 401, "UnauthorizedException"),
    ("operator", ACCOUNT, None, 400, "InvalidRequestException"),
    ("operator", "999999999999", SSO_TOKEN, 403, "ForbiddenException"),
    ("reader", ACCOUNT, SSO_TOKEN, 403, "ForbiddenException"),
    (None, ACCOUNT, SSO_TOKEN, 400, "InvalidRequestException")])
def test_the_portal_is_strict(sim, role, account, token, status, error):
    query = {name: value for name, value in (("role_name", role), ("account_id", account)) if value}
    headers = {"x-amz-sso_bearer_token": token} if token else {}
    answer = send(sim, "GET", "/federation/credentials?" + urllib.parse.urlencode(query),
                  headers=headers)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (status, error)
    if status == 200:
        assert set(json.loads(answer.text)["roleCredentials"]) == {
            "accessKeyId", "secretAccessKey", "sessionToken", "expiration"}


@pytest.mark.parametrize("change, status, error", [
    ({}, 200, None), ({"clientSecret": "wrong"}, 401, "invalid_client"),
    ({"refreshToken": "wrong"}, 400, "invalid_grant"),
    ({"grantType": "password"}, 400, "unsupported_grant_type")])
def test_the_oidc_service_is_strict(sim, change, status, error):
    asked = {"clientId": SSO_CLIENT_ID, "clientSecret": SSO_CLIENT_SECRET,
             "grantType": "refresh_token", "refreshToken": SSO_REFRESH_TOKEN, **change}
    answer = send(sim, "POST", "/token", json.dumps(asked).encode(),
                  {"Content-Type": "application/json"})
    given = json.loads(answer.text)
    assert (answer.status, given.get("error")) == (status, error)
    if status == 200:
        again = {**asked, "refreshToken": given["refreshToken"]}
        assert send(sim, "POST", "/token", json.dumps(again).encode(),
                    {"Content-Type": "application/json"}).status == 200
        assert given["expiresIn"] > 0 and given["tokenType"] == "Bearer"


# Faults, and what is written down

@pytest.mark.parametrize("rule, path, status, holds", [
    ("MetadataToken:throttle", "/latest/api/token", 429, "Too Many Requests"),
    ("MetadataRole:status=500", CAM_ROLES, 500, "500"),
    ("MetadataCredentials:code=AssumeRoleUnauthorizedAccess", CAM_ROLES + "/instance", 200,
     '"AssumeRoleUnauthorizedAccess"'),
    ("ContainerCredentials:code=Nothing", "/container", 400, '"Nothing"'),
    ("tencent/MetadataCredentials:empty", CAM_ROLES + "/instance", 200, "")])
def test_faults_hit_the_sign_in_services_too(rule, path, status, holds):
    with Simulator(instances=1, faults=[rule]) as sim:
        method, headers = ("PUT", {TTL: "60"}) if path.endswith("token") else ("GET", {})
        answer = metadata(sim, path, method, Authorization=CONTAINER_TOKEN, **headers)
        assert answer.status == status and holds in answer.text


def test_a_fault_of_sts_has_its_status():
    with Simulator(instances=1, faults=["GetCallerIdentity:code=ExpiredToken:x1",
                                        "GetCallerIdentity:throttle:x1"]) as sim:
        for status, code in ((403, "ExpiredToken"), (400, "Throttling"), (200, None)):
            answer = sts(sim, "GetCallerIdentity")
            assert (answer.status, answer.code) == (status, code)


def test_what_is_handed_out_is_in_a_file_of_its_own_and_in_no_log():
    with Simulator(instances=1) as sim:
        token = token_of(sim)
        metadata(sim, ROLES + "/instance", x_aws_ec2_metadata_token=token)
        metadata(sim, CAM_ROLES + "/instance")
        sts(sim, "AssumeRole", RoleArn=aws_role("reader"), RoleSessionName="me")
        issued = sim.issued()
        assert token in issued and len(sim.issued("secret")) == len(sim.issued("token")) == 3
        assert len(sim.issued("signature")) == 1
        text = sim.log.read_text()
        assert not [one for one in issued if one in text]
