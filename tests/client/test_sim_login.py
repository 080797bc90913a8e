# SPDX-License-Identifier: MIT
"""What the simulator's sign-in service, which renews the keys of `aws login`, answers to requests that no tool sends. That
it takes what the official SDK sends, tests/oracle/test_login.py shows."""

import base64
import json
import subprocess
import time
import uuid

import pytest

import login
from clients import ec2, send
from simulator import Simulator

X, Y = "ibvnCllburQoVTUeq4-emVCc72UihHnxrTgmBbrWgS0", "mhGXiPb4qw3r7oTJ0khWkiEYjtb_YyChrSz7fEURVlU"
JWK = {"kty": "EC", "crv": "P-256", "x": X, "y": Y}
BODY = {"clientId": login.CLIENT_ID, "grantType": "refresh_token", "refreshToken": login.REFRESH_TOKEN}


@pytest.fixture(scope="module", name="key")
def key_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "key.pem"
    path.write_text(login.KEY)
    return path


def encode(data):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(key, text):
    """As JWS has it: both numbers, without DER."""
    der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text.encode(), capture_output=True,
                         check=True).stdout
    both, rest = b"", der[2:]
    while rest:
        both += rest[2:2 + rest[1]][-32:].rjust(32, b"\0")
        rest = rest[2 + rest[1]:]
    return both


def proof(sim, key, header=None, claims=None):
    text = encode({"typ": "dpop+jwt", "alg": "ES256", "jwk": JWK, **(header or {})}) + "." + encode({
        "htm": "POST", "htu": sim.url + "/v1/token", "iat": int(time.time()), "jti": str(uuid.uuid4()),
        **(claims(sim) if callable(claims) else claims or {})})
    return text + "." + encode(sign(key, text))


def ask(sim, proofs, body=None, **headers):
    return send(sim, "POST", "/v1/token", json.dumps(BODY if body is None else body).encode(),
                {"Content-Type": "application/json", **({"DPoP": proofs} if proofs else {}), **headers})


def code_of(answer):
    return json.loads(answer.text).get("error")


def test_keys_and_a_token_are_given_that_are_good(sim, key):
    answer = ask(sim, proof(sim, key))
    assert answer.status == 200
    given = json.loads(answer.text)
    assert set(given) == {"accessToken", "tokenType", "expiresIn", "refreshToken"}
    assert given["tokenType"] == "aws_sigv4" and given["expiresIn"] == 900
    keys = given["accessToken"]
    signing = {"key": keys["accessKeyId"], "secret": keys["secretAccessKey"], "token": keys["sessionToken"]}
    assert ec2(sim, "DescribeRegions", signing=signing).status == 200
    assert sim.log_entries(cloud="aws")[-1]["role"] == "console"
    # The old token is good as well, as the model has it: "idempotent within token validity window".
    for token in (given["refreshToken"], login.REFRESH_TOKEN):
        assert ask(sim, proof(sim, key), {**BODY, "refreshToken": token}).status == 200
    entry = sim.log_entries(action="CreateOAuth2Token")[-1]
    assert entry["signature"] == "ok" and entry["status"] == 200


@pytest.mark.parametrize("header, claims, said", [
    ({"typ": "jwt"}, None, "header"), ({"alg": "none"}, None, "header"), ({"alg": "ES384"}, None, "header"),
    ({"jwk": {**JWK, "d": X}}, None, "jwk"), ({"jwk": {**JWK, "crv": "P-384"}}, None, "jwk"),
    ({"jwk": {**JWK, "x": X[:-1]}}, None, "jwk"), ({"jwk": None}, None, "jwk"),
    ({"jwk": {**JWK, "x": Y, "y": X}}, None, "signature"),
    (None, {"htm": "GET"}, "htm"), (None, {"htu": "https://us-east-1.signin.aws.amazon.com/v1/token"}, "htu"),
    (None, lambda sim: {"htu": sim.url + "/v1/token?"}, "htu"), (None, {"iat": int(time.time()) - 4000}, "iat"),
    (None, {"iat": int(time.time()) + 4000}, "iat"), (None, {"iat": "now"}, "iat"), (None, {"iat": None}, "iat"),
    (None, {"jti": ""}, "jti"), (None, {"jti": "x" * 65}, "jti")])
def test_a_proof_that_is_not_right_is_refused(sim, key, header, claims, said):
    answer = ask(sim, proof(sim, key, header, claims))
    assert (answer.status, code_of(answer)) == (400, "INVALID_REQUEST")
    assert answer.headers["x-amzn-ErrorType"] == "ValidationException"
    assert said in json.loads(answer.text)["message"]
    assert said in sim.log_entries(action="CreateOAuth2Token")[-1]["signature"]


def test_a_proof_is_needed_once_and_whole(sim, key):
    good = proof(sim, key)
    head, claims, signature = good.split(".")
    for bad in (None, "x", head, f"{head}.{claims}", f"{good}.", f"{head}.{claims}.{signature[:-1]}", f"{good}=",
                f"{head}.{claims[:-3]}.{signature}", f"{head}.{claims}.{signature[::-1]}", " " + good + " x"):
        assert code_of(ask(sim, bad)) == "INVALID_REQUEST", bad
    assert ask(sim, good).status == 200
    answer = ask(sim, good)
    assert (answer.status, code_of(answer)) == (400, "INVALID_REQUEST")
    assert "used before" in answer.text


@pytest.mark.parametrize("body", [
    {}, [], {**BODY, "clientId": "arn:aws:signin:::devtools/other"}, {**BODY, "grantType": "authorization_code"},
    {**BODY, "refreshToken": ""}, {**BODY, "refreshToken": "x" * 2049}, {**BODY, "code": "x"}, {**BODY, "grantType": 1},
    {name: BODY[name] for name in ("clientId", "grantType")}])
def test_the_body_is_the_one_of_the_grant(sim, key, body):
    answer = ask(sim, proof(sim, key), body)
    assert (answer.status, code_of(answer)) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("token", ["consolefs-sim-login", "consolefs-sim-login.", "x." + login.THUMBPRINT,
                                   "consolefs-sim-login." + login.THUMBPRINT[::-1]])
def test_a_token_of_another_key_or_of_nobody_is_refused(sim, key, token):
    answer = ask(sim, proof(sim, key), {**BODY, "refreshToken": token})
    assert (answer.status, code_of(answer)) == (401, "TOKEN_EXPIRED")
    assert answer.headers["x-amzn-ErrorType"] == "AccessDeniedException"


def test_other_requests_are_no_requests_for_tokens(sim, key):
    assert send(sim, "GET", "/v1/token").status == 405
    assert code_of(ask(sim, proof(sim, key), **{"Content-Type": "text/plain"})) == "INVALID_REQUEST"
    assert code_of(ask(sim, proof(sim, key), Authorization="Bearer x")) == "INVALID_REQUEST"


def test_the_service_fails_as_it_is_told_to(key):
    with Simulator(instances=1, rate_scale=0, session_seconds=60) as sim:
        assert json.loads(ask(sim, proof(sim, key)).text)["expiresIn"] == 60
        for rule, status, name, code in [
                ("throttle", 429, "TooManyRequestsError", "INVALID_REQUEST"),
                ("code=TOKEN_EXPIRED", 401, "AccessDeniedException", "TOKEN_EXPIRED"),
                ("code=USER_CREDENTIALS_CHANGED", 403, "AccessDeniedException", "USER_CREDENTIALS_CHANGED"),
                ("code=CONFLICT", 400, "ValidationException", "CONFLICT")]:
            sim.set_faults("CreateOAuth2Token:" + rule)
            answer = ask(sim, proof(sim, key))
            assert (answer.status, answer.headers["x-amzn-ErrorType"], code_of(answer)) == (status, name, code)
        sim.set_faults("CreateOAuth2Token:empty")
        assert ask(sim, proof(sim, key)).text == "{}"
