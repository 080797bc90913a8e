# SPDX-License-Identifier: MIT
"""Looks for credentials, or for an endpoint, with botocore: a JSON object a line on stdin, one on stdout for each.

    botocore_tool.py BASE [DIRECTORY]           DIRECTORY: of the botocore to take

    {"profile":S or null,"environ":{...},"homes":{USER:S ...},"role":S or null}
        homes: the user database, "": of who asks; role: that the instance has
    {"keys":[ID, SECRET, TOKEN or null]}, {"error":S} or {"none":true}

    {"service":S,"region":S or null,"environ":{...},"profile":S or null}
    {"url":S,"region":S} or {"error":S}         region: that is signed for

What is asked is answered by aws_cloud without leaving the process.
"""

import functools
import getpass
import json
import os
import pathlib
import pwd
import sys
import time
import types
from unittest import mock

sys.path[:0] = sys.argv[2:]

# Before anything takes it as the default of a parameter: no second try is waited for.
time.sleep = lambda _: None


def ask_nobody(*_):
    raise EOFError("nobody knows the code")


getpass.getpass = ask_nobody

# pylint: disable=wrong-import-position
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.hooks
import botocore.httpsession
import botocore.loaders
import botocore.session
import botocore.tokens
import botocore.utils

import aws_cloud

assert not sys.argv[2:] or pathlib.Path(botocore.__file__).is_relative_to(sys.argv[2])

LOADER = botocore.loaders.Loader()


def prepare(cloud, base):
    """Has requests answered by the cloud, and remembers what sessions and clients find out anew each time, though no
    question has a say in it: other names of events, and whether a function takes keywords."""
    transport = botocore.httpsession.URLLib3Session
    transport.__init__ = lambda *_, **__: None  # which reads the certificates of all authorities
    transport.close = lambda _: None
    transport.send = aws_cloud.sender(cloud, base, botocore.awsrequest)

    aliaser = getattr(botocore.hooks, "EventAliaser", None)  # the CLI's has none
    if aliaser:
        names = {}
        find_name = aliaser._alias_event_name

        def name_of(self, event):
            if event not in names:
                names[event] = find_name(self, event)
            return names[event]

        aliaser._alias_event_name = name_of

    # A method as its function, which is there once.
    takes = functools.lru_cache(4096)(botocore.hooks.accepts_kwargs)
    botocore.hooks.accepts_kwargs = lambda function: takes(getattr(function, "__func__", function))


def session_of(question):
    session = botocore.session.Session(profile=question["profile"])
    session.register_component("data_loader", LOADER)
    return session


def find_credentials(question):
    session = session_of(question)
    # As the CLI does when it begins (awscli.customizations), whose botocore is not the only one here.
    directory = os.path.expanduser("~/.aws/cli/cache")
    for name in ("assume-role", "assume-role-with-web-identity", "sso") if os.path.isdir(directory) else ():
        provider = session.get_component("credential_provider").get_provider(name)
        provider.cache = botocore.utils.JSONFileCache(directory)
    credentials = session.get_credentials()
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
    "signin": ("create_o_auth2_token", {"tokenInput": {
        "clientId": "arn:aws:signin:::devtools/same-device", "grantType": "refresh_token", "refreshToken": "r"}}),
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
    homes = question.get("homes", {})

    def find_user(user):
        return types.SimpleNamespace(pw_dir=homes["" if isinstance(user, int) else user])

    cache = os.path.join(question["environ"].get("HOME", homes.get("", "/")), ".aws", "sso", "cache")
    find = find_endpoint if "service" in question else find_credentials
    cloud.role = question.get("role")
    with (
        mock.patch.dict(os.environ, question["environ"], clear=True),
        mock.patch.object(botocore.credentials.SSOProvider, "_SSO_TOKEN_CACHE_DIR", cache),
        mock.patch.object(pwd, "getpwuid", find_user),
        mock.patch.object(pwd, "getpwnam", find_user),
        mock.patch.object(botocore.tokens.SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", cache),
    ):
        try:
            return find(question)
        except Exception as error:  # whatever it is, there are no keys
            return {"error": f"{type(error).__name__}: {error}"}


def main():
    cloud = aws_cloud.Cloud()
    prepare(cloud, sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), cloud)), flush=True)


main()
