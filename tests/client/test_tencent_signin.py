# SPDX-License-Identifier: MIT
"""The official Tencent Cloud SDK signs in to the simulator with each of its providers, and what it
hands out is good for CVM."""

import datetime
import json

import pytest

from clients import cvm, node, send, tc3_headers
from simulator import (EXTERNAL_ID, OIDC_PROVIDER, SECRET, UIN, WEB_IDENTITY, Simulator,
                       tencent_role)

STS_VERSION = "2018-08-13"
CALLS = [{"action": "DescribeInstances", "params": {"Limit": 3}}]


def signed_in(sim, provider, env=None, **job):
    return node(sim, "tencent_signin.cjs", {
        "port": sim.port, "metadataPort": int(sim.metadata.rsplit(":", 1)[1]),
        "region": sim.tencent_regions[0], "provider": provider, "calls": CALLS, **job},
        **(env or {}))


def assert_is_role(answer, role):
    assert "error" not in answer, answer
    assert answer["identity"]["Arn"] == f"qcs::sts:{UIN}:assumed-role/{role}"
    assert answer["identity"]["AccountId"] == UIN and answer["identity"]["Type"] == "CAMRole"
    assert answer["keys"]["token"] and answer["keys"]["secretId"].startswith("AKID")
    assert len(answer["answers"][0]["result"]["InstanceSet"]) == 3


def test_the_user_is_told_who_he_is(sim):
    identity = signed_in(sim, "user")["identity"]
    assert identity["Arn"].startswith(f"qcs::cam::uin/{UIN}:uin/")
    assert identity["AccountId"] == UIN and identity["UserId"] == identity["PrincipalId"]


def test_an_assumed_role(sim):
    assert_is_role(signed_in(sim, "role", role=tencent_role("reader")), "reader")


def test_a_role_with_an_external_id(sim):
    role = tencent_role("partner")
    assert_is_role(signed_in(sim, "role", role=role, externalId=EXTERNAL_ID), "partner")
    for other in ("", "other"):
        error = signed_in(sim, "role", role=role, externalId=other)["error"]
        assert "not authorized" in error["message"]


def test_a_chain_of_roles(sim):
    answer = signed_in(sim, "chain", role=tencent_role("reader"), next=tencent_role("chained"))
    assert_is_role(answer, "chained")
    assert "not authorized" in signed_in(
        sim, "role", role=tencent_role("chained"))["error"]["message"]
    assert "does not exist" in signed_in(
        sim, "role", role=tencent_role("nobody"))["error"]["message"]


def test_the_identity_of_a_pod(sim, tmp_path):
    token = tmp_path / "token"
    token.write_text(WEB_IDENTITY)
    env = {"TKE_REGION": "ap-guangzhou", "TKE_PROVIDER_ID": OIDC_PROVIDER,
           "TKE_WEB_IDENTITY_TOKEN_FILE": str(token), "TKE_ROLE_ARN": tencent_role("federated")}
    assert_is_role(signed_in(sim, "oidc", env), "federated")
    entry = sim.log_entries(action="AssumeRoleWithWebIdentity")[0]
    assert entry["cloud"] == "tencent" and entry["signature"] == ""
    token.write_text("another")
    error = signed_in(sim, "oidc", env)["error"]
    assert "token is invalid" in error["message"]


def test_the_role_of_a_machine(sim):
    assert_is_role(signed_in(sim, "cvm"), "instance")
    actions = [entry["action"] for entry in sim.log_entries(cloud="tencent")
               if entry["action"].startswith("Metadata")]
    assert actions == ["MetadataRole", "MetadataCredentials"]


def test_a_machine_without_a_role():
    with Simulator(instances=1, args=["--no-instance-role"]) as sim:
        assert "role name failed" in signed_in(sim, "cvm")["error"]["message"]


def assume(sim, signing=None, more=None, **params):
    body = json.dumps(params).encode()
    headers = tc3_headers(sim, "AssumeRole", body,
                          **{"service": "sts", "version": STS_VERSION, **(signing or {})})
    return send(sim, "POST", "/", body, {**headers, **(more or {})})


def test_keys_are_good_with_their_token_until_they_expire():
    with Simulator(instances=1, rate_scale=0, session_seconds=1) as sim:
        answer = json.loads(assume(sim, RoleArn=tencent_role("reader"),
                                   RoleSessionName="me").body)["Response"]
        given = answer["Credentials"]
        expires = datetime.datetime.fromisoformat(answer["Expiration"])
        assert expires.timestamp() == answer["ExpiredTime"]
        signing = {"key": given["TmpSecretId"], "secret": given["TmpSecretKey"]}
        for token, code in ((given["Token"], None), ("other", "AuthFailure.TokenFailure"),
                            (None, "AuthFailure.TokenFailure")):
            assert cvm(sim, "DescribeRegions", signing={**signing, "token": token}).code == code
        assert cvm(sim, "DescribeRegions", signing={**signing, "secret": SECRET,
                   "token": given["Token"]}).code == "AuthFailure.SignatureFailure"
        signing["token"] = given["Token"]
        while cvm(sim, "DescribeRegions", signing=signing).code is None:
            pass
        assert cvm(sim, "DescribeRegions", signing=signing).code == "AuthFailure.TokenFailure"


@pytest.mark.parametrize("signing, more, params, code", [
    ({"service": "cvm"}, {}, {}, "AuthFailure.InvalidAuthorization"),
    ({}, {"Authorization": "SKIP"}, {}, "AuthFailure.InvalidAuthorization"),
    ({"version": "2017-03-12", "service": "cvm"}, {}, {}, "InvalidAction"),
    ({}, {}, {"DurationSeconds": 43201}, "InvalidParameter.OverTimeError"),
    ({}, {}, {"DurationSeconds": "60"}, "InvalidParameter"),
    ({}, {}, {"RoleSessionName": "a b"}, "InvalidParameter.ParamError"),
    ({}, {}, {"RoleArn": "qcs::cam::uin/1:roleName/reader"}, "ResourceNotFound.RoleNotFound"),
    ({}, {}, {"Colour": "red"}, "UnknownParameter")])
def test_sts_is_strict(sim, signing, more, params, code):
    params = {"RoleArn": tencent_role("reader"), "RoleSessionName": "me", **params}
    assert assume(sim, signing, more, **params).code == code


@pytest.mark.parametrize("offset", [-86400, 86400])
def test_a_clock_a_day_off_is_refused_and_the_answer_has_the_date_to_use(offset):
    with Simulator(instances=1, clock_offset=offset) as sim:
        for shift, code in ((0, "AuthFailure.SignatureExpire"), (offset, None),
                            (offset - 310, "AuthFailure.SignatureExpire"), (offset + 280, None)):
            answer = cvm(sim, "DescribeRegions", signing={"shift": shift})
            assert answer.code == code
            date = datetime.datetime.strptime(answer.headers["Date"], "%a, %d %b %Y %H:%M:%S %Z")
            assert abs((date - datetime.datetime.utcnow()).total_seconds() - offset) < 5
