"""Looks for credentials, or for an endpoint, with botocore: a JSON object a line on stdin, one on stdout for each.

    botocore_tool.py BASE [DIRECTORY]           DIRECTORY: of the botocore to take

    {"profile":S or null,"environ":{...},"role":S or null}     role: that the instance has
    {"keys":[ID, SECRET, TOKEN or null]}, {"error":S} or {"none":true}

    {"service":S,"region":S or null,"environ":{...},"profile":S or null}
    {"url":S,"region":S} or {"error":S}         region: that is signed for

What is asked is answered by aws_cloud without leaving the process.
"""

import json
import os
import pathlib
import sys
from unittest import mock

sys.path[:0] = sys.argv[2:]

# pylint: disable=wrong-import-position
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.httpsession
import botocore.loaders
import botocore.session
import botocore.tokens

import aws_cloud

assert not sys.argv[2:] or pathlib.Path(botocore.__file__).is_relative_to(sys.argv[2])

LOADER = botocore.loaders.Loader()


def session_of(question):
    session = botocore.session.Session(profile=question["profile"])
    session.register_component("data_loader", LOADER)
    return session


def find_credentials(question):
    credentials = session_of(question).get_credentials()
    if credentials is None:
        return {"none": True}
    frozen = credentials.get_frozen_credentials()
    return {"keys": [frozen.access_key, frozen.secret_key, frozen.token]}


class Sent(Exception):
    """Carries the first request away."""


OPERATIONS = {
    "ec2": ("describe_regions", {}),
    "sts": ("get_caller_identity", {}),
    "sso": ("get_role_credentials", {"roleName": "r", "accountId": "a", "accessToken": "t"}),
    "sso-oidc": ("create_token", {"clientId": "c", "clientSecret": "s", "grantType": "g"}),
}


def find_endpoint(question):
    operation, parameters = OPERATIONS[question["service"]]
    client = session_of(question).create_client(
        question["service"], region_name=question["region"], aws_access_key_id="a", aws_secret_access_key="b",
        endpoint_url=question.get("endpoint"),
    )

    def send(request, **_):
        raise Sent(request)

    client.meta.events.register("before-send", send)
    try:
        getattr(client, operation)(**parameters)
    except Sent as sent:
        request = sent.args[0]
    scope = request.headers.get("Authorization", b"")
    scope = scope.decode() if isinstance(scope, bytes) else scope
    return {"url": request.url, "region": scope.split("/")[2] if scope else None}


def answer(question, cloud):
    cache = os.path.join(question["environ"].get("HOME", "/"), ".aws", "sso", "cache")
    find = find_endpoint if "service" in question else find_credentials
    cloud.role = question.get("role")
    with (
        mock.patch.dict(os.environ, question["environ"], clear=True),
        mock.patch.object(botocore.credentials.SSOProvider, "_SSO_TOKEN_CACHE_DIR", cache),
        mock.patch.object(botocore.tokens.SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", cache),
        mock.patch("time.sleep"),
    ):
        try:
            return find(question)
        except Exception as error:  # whatever it is, there are no keys
            return {"error": f"{type(error).__name__}: {error}"}


def main():
    cloud = aws_cloud.Cloud()
    send = aws_cloud.sender(cloud, sys.argv[1], botocore.awsrequest)
    botocore.httpsession.URLLib3Session.send = send
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), cloud)), flush=True)


main()
