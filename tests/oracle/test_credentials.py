# SPDX-License-Identifier: MIT
"""Credentials are found where the AWS tools find them: the same winner, and the same keys.

Environments and files are made up and given to our chain (chain_tool) and to two releases of botocore, Debian's own
and the one inside its AWS CLI (botocore_tool.py). What they ask of STS and its kin is answered by aws_cloud, whose keys tell what was
asked.

Left out, because botocore differs from what the SDKs document, or from itself:

- AWS_PROFILE before AWS_DEFAULT_PROFILE, and AWS_REGION at all, are rules of the CLI: asked of its botocore only.
- Sections that come twice, and comments behind values: an error, and part of the value, to botocore.
- AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and the agent of EKS: younger than these releases.
- sso_session in a source profile: they look for the session in the profile that is not the source.
- ~/.boto and AWS_CREDENTIAL_FILE: of a past which only botocore remembers.
- A named profile that does not exist, or a file that cannot be read as one, with keys in the environment: an error to
  botocore before it looks at them. (Ours refuses such a file too, when it makes the account.)
- A profile whose sso_session is none, with AWS_WEB_IDENTITY_TOKEN_FILE: botocore looks for a token that it does not
  need, and gives up.
- sts_regional_endpoints: unknown to the CLI, which asks in the region; a metadata endpoint without a slash at its end.
- [default] behind [profile default]: to botocore the later is the profile, in AWS's guide the prefixed one.
- An unquoted `#` or `;` behind a blank in credential_process: a comment, as in AWS's guide; to botocore an argument.
- Blanks at the brackets of a header: part of the name to botocore, which trims no name but a profile's.
- Keys that the CLI has cached for a role, where new ones can be had: it uses the old ones, and in their last quarter of
  an hour none of them.
"""

import contextlib
import datetime
import hashlib
import itertools
import json
import os
import pathlib
import subprocess
import sys
import warnings

import dateutil.parser
import pytest

import aws_cloud

# Debian's botocore, and the one inside its AWS CLI, which goes by the same name.
RELEASES = {"botocore": [], "aws": ["/usr/lib/python3/dist-packages/awscli"]}
CLI_ONLY, BOTOCORE_ONLY = ["aws"], ["botocore"]
N_AT_LEAST = 150
HERE = pathlib.Path(__file__).parent
ROLE = "arn:aws:iam::123456789012:role/"


def static(name):
    return f"aws_access_key_id = AKIA{name}\naws_secret_access_key = secret-{name}\n"


def session_token(name):
    return f"aws_session_token = token-{name}\n"


class Case:
    def __init__(self, name, config="", credentials="", environ=None, profile=None, role=None, files=None,
                 releases=tuple(RELEASES), homes=("",)):  # fmt: skip
        self.name = name
        self.config, self.credentials = config, credentials
        self.environ = dict(environ or {})
        self.profile, self.role, self.files, self.releases = profile, role, files or {}, releases
        self.homes = homes  # users that the user database knows, "": who asks

    def put(self, home):
        """Writes the files: anew for each who reads them, because botocore writes to some."""
        (home / ".aws/sso/cache").mkdir(parents=True, exist_ok=True)
        for name, text in {".aws/config": self.config, ".aws/credentials": self.credentials, **self.files}.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("@HOME@", str(home)), encoding="utf-8", newline="")


# The parts that cases are put together from


def token_file(name, *, token="good", expires_in=7200, **more):
    """The file that `aws sso login` leaves."""
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=expires_in)
    path = f".aws/sso/cache/{hashlib.sha1(name.encode()).hexdigest()}.json"
    return {path: json.dumps({"accessToken": token, "expiresAt": aws_cloud.timestamp(when), **more})}


REGISTERED = {"clientId": "client", "clientSecret": "client \"secret\"\\", "refreshToken": "renew",
              "registrationExpiresAt": "2099-01-01T00:00:00Z"}
START = "https://example.awsapps.com/start"
SSO = f"sso_start_url = {START}\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = ops\n"
SSO_SESSION = "sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = ops\n"
CORP = f"[sso-session corp]\nsso_region = eu-central-1\nsso_start_url = {START}\n"
PROCESS = 'credential_process = /bin/cat "@HOME@/out put.json"\n'
KEYS_JSON = {"Version": 1, "AccessKeyId": "ASIAPROC", "SecretAccessKey": "secret-proc", "SessionToken": "token-proc"}
WEB = f"web_identity_token_file = @HOME@/token\nrole_arn = {ROLE}web\n"


def out(**more):
    return {"out put.json": json.dumps({**KEYS_JSON, **more})}


def profiles():
    """(name, section of the profile in config, in credentials, other sections of config, of credentials, files)"""
    role = f"role_arn = {ROLE}ops\n"
    yield "nothing", None, None, "", "", {}
    yield "empty", "region = eu-west-1\n", None, "", "", {}
    yield "static-credentials", None, static("CRED"), "", "", {}
    yield "static-config", static("CONF"), None, "", "", {}
    yield "static-both", static("CONF") + session_token("CONF"), static("CRED"), "", "", {}
    yield "static-token", None, static("CRED") + session_token("CRED"), "", "", {}
    yield "static-old-token", None, static("CRED") + session_token("CRED") + "aws_security_token = old\n", "", "", {}
    yield "half-credentials", None, "aws_access_key_id = AKIA\n", "", "", {}
    yield "secret-only", static("CONF"), "aws_secret_access_key = secret\n", "", "", {}
    yield "half-config", "aws_access_key_id = AKIA\n", None, "", "", {}
    yield "odd-spelling", "AWS_Access_Key_ID=AKIAODD\nAWS_SECRET_ACCESS_KEY: secret=odd:\n", None, "", "", {}
    yield "crlf", (static("CRLF") + "region = us-east-2\n").replace("\n", "\r\n"), None, "", "", {}
    yield "nested", "s3 =\n    aws_access_key_id = NESTED\n    max = 3\n" + static("CONF"), None, "", "", {}
    yield "comments", f"# one\n; two\n\n{static('CONF')}# three\n", None, "", "", {}
    yield "nonsense", "nonsense\n", None, "", "", {}

    yield "process", PROCESS, None, "", "", out()
    yield "process-forever", PROCESS, None, "", "", out(SessionToken=None)
    yield "process-expiring", PROCESS, None, "", "", out(Expiration=aws_cloud.timestamp(aws_cloud.in_an_hour()))
    yield "process-expired", PROCESS, None, "", "", out(Expiration="2020-01-01T00:00:00Z")
    yield "process-version-2", PROCESS, None, "", "", out(Version=2)
    yield "process-no-secret", PROCESS, None, "", "", {"out put.json": '{"Version":1,"AccessKeyId":"A"}'}
    yield "process-no-json", PROCESS, None, "", "", {"out put.json": "hello"}
    yield "process-fails", "credential_process = /bin/false\n", None, "", "", {}
    yield "process-missing", "credential_process = /nonexistent/program\n", None, "", "", {}
    yield "process-unclosed", 'credential_process = /bin/cat "x\n', None, "", "", {}
    yield "process-quotes", "credential_process = /bin/cat @HOME@/'out put'.json\n", None, "", "", out()
    yield "process-backslash", "credential_process = /bin/cat @HOME@/out\\ put.json\n", None, "", "", out()
    yield "process-in-credentials", None, PROCESS, "", "", out()
    yield "process-before-config", PROCESS + static("CONF"), None, "", "", out()
    yield "process-after-credentials", PROCESS, static("CRED"), "", "", out()

    source = "source_profile = base\n"
    yield "role", role + source, None, "", "[base]\n" + static("BASE"), {}
    yield "role-config-source", role + source, None, "[profile base]\n" + static("BASE"), "", {}
    yield "role-in-credentials", None, role + source, "", "[base]\n" + static("BASE"), {}
    yield "role-temporary-source", role + source, None, "", "[base]\n" + static("BASE") + session_token("BASE"), {}
    yield "role-options", role + source + ("external_id = ext id&=\nrole_session_name = me@here\n"
                                           "duration_seconds = 1800\n"), None, "", "[base]\n" + static("BASE"), {}
    yield "role-bad-duration", role + source + "duration_seconds = long\n", None, "", "[base]\n" + static("BASE"), {}
    yield "role-region", role + source + "region = ap-east-1\n", None, "", "[base]\n" + static("BASE"), {}
    yield "role-china", f"region = cn-north-1\nrole_arn = {ROLE.replace('aws', 'aws-cn')}x\n{source}", None, "", \
        "[base]\n" + static("BASE"), {}
    yield "role-fips", role + source + "region = us-west-2\nuse_fips_endpoint = true\n", None, "", \
        "[base]\n" + static("BASE"), {}
    yield "role-legacy", role + source + "region = us-west-2\n", None, "", "[base]\n" + static("BASE"), {}
    yield "role-denied", f"role_arn = {ROLE}denied\n{source}", None, "", "[base]\n" + static("BASE"), {}
    yield "role-beats-static", role + source, static("CRED"), "", "[base]\n" + static("BASE"), {}
    yield "role-of-itself", role + "source_profile = @NAME@\n" + static("SELF"), None, "", "", {}
    yield "role-of-itself-no-keys", role + "source_profile = @NAME@\n", None, "", "", {}
    chain = f"[profile base]\nrole_arn = {ROLE}middle\nexternal_id = middle-id\nsource_profile = bottom\n"
    yield "role-chain", role + source, None, chain, "[bottom]\n" + static("BOTTOM"), {}
    yield "role-chain-static-wins", role + source, None, chain + static("MIDDLE"), "[bottom]\n" + static("BOTTOM"), {}
    yield "role-chain-3", role + source, None, chain + f"[profile bottom]\nrole_arn = {ROLE}low\n" \
        "credential_source = Environment\n", "", {}
    yield "role-chain-process", role + source, None, chain + "[profile bottom]\n" + PROCESS, "", out()
    yield "role-loop", role + source, None, "[profile base]\n" + role + "source_profile = @NAME@\n", "", {}
    yield "role-loop-static", role + source + static("TOP"), None, \
        "[profile base]\n" + role + "source_profile = @NAME@\n", "", {}
    yield "role-loop-below", role + source, None, chain + f"[profile bottom]\n{role}source_profile = base\n", "", {}
    yield "role-neither", role, None, "", "", {}
    yield "role-neither-static", role, static("CRED"), "", "", {}
    yield "role-both", role + source + "credential_source = Environment\n", None, "", "[base]\n" + static("BASE"), {}
    yield "role-missing-source", role + "source_profile = nobody\n", None, "", "", {}
    yield "role-empty-source", role + source, None, "[profile base]\nregion = eu-west-1\n", "", {}
    yield "role-half-source", role + source, None, "", "[base]\naws_access_key_id = AKIA\n", {}
    yield "role-environment", role + "credential_source = Environment\n", None, "", "", {}
    yield "role-ec2", role + "credential_source = Ec2InstanceMetadata\n", None, "", "", {}
    yield "role-ecs", role + "credential_source = EcsContainer\n", None, "", "", {}
    yield "role-unknown-source", role + "credential_source = Ouija\n", None, "", "", {}
    yield "role-source-case", role + "credential_source = environment\n", None, "", "", {}
    yield "role-source-process", role + source, None, "[profile base]\n" + PROCESS, "", out()
    yield "role-source-web", role + source, None, "[profile base]\n" + WEB, "", {"token": "jwt.base"}
    yield "role-source-sso", role + source, None, "[profile base]\n" + SSO, "", token_file(START)

    yield "web", WEB, None, "", "", {"token": "jwt.one"}
    yield "web-named", WEB + "role_session_name = pod\n", None, "", "", {"token": "jwt.one"}
    yield "web-beats-static", WEB, static("CRED"), "", "", {"token": "jwt.one"}
    yield "web-beats-source", WEB + source, None, "", "[base]\n" + static("BASE"), {"token": "jwt.one"}
    yield "web-beats-sso", WEB + SSO, None, "", "", {"token": "jwt.one", **token_file(START)}
    yield "web-no-token", WEB, None, "", "", {}
    yield "web-no-role", "web_identity_token_file = @HOME@/token\n", None, "", "", {"token": "jwt.one"}

    yield "sso", SSO, None, "", "", token_file(START)
    yield "sso-beats-static", SSO, static("CRED"), "", "", token_file(START)
    yield "sso-in-credentials", None, SSO, "", "", token_file(START)
    yield "sso-signed-out", SSO, None, "", "", {}
    yield "sso-refused", SSO, None, "", "", token_file(START, token="bad")
    yield "sso-no-region", SSO.replace("sso_region", "region"), None, "", "", token_file(START)
    yield "sso-no-account", SSO.replace("sso_account_id", "x"), None, "", "", token_file(START)
    yield "sso-no-role", SSO.replace("sso_role_name", "x"), None, "", "", token_file(START)
    yield "sso-start-url-only", f"sso_start_url = {START}\n" + static("CONF"), None, "", "", token_file(START)
    yield "session", SSO_SESSION, None, CORP, "", token_file("corp")
    yield "session-quoted", SSO_SESSION.replace("corp", "a corp"), None, CORP.replace("corp", "'a corp'"), "", \
        token_file("a corp")
    yield "session-missing", SSO_SESSION, None, "", "", token_file("corp")
    yield "session-agrees", SSO_SESSION + "sso_region = eu-central-1\n", None, CORP, "", token_file("corp")
    yield "session-differs", SSO_SESSION + "sso_region = eu-west-3\n", None, CORP, "", token_file("corp")
    yield "session-no-region", SSO_SESSION, None, CORP.replace("sso_region", "x"), "", token_file("corp")
    yield "session-renewed", SSO_SESSION, None, CORP, "", token_file("corp", expires_in=300, **REGISTERED)
    yield "session-expired-renewed", SSO_SESSION, None, CORP, "", token_file("corp", expires_in=-60, **REGISTERED)
    yield "session-not-renewed", SSO_SESSION, None, CORP, "", \
        token_file("corp", expires_in=300, **{**REGISTERED, "refreshToken": "no"})
    yield "session-expired", SSO_SESSION, None, CORP, "", token_file("corp", expires_in=-60)
    yield "session-expired-not-renewed", SSO_SESSION, None, CORP, "", \
        token_file("corp", expires_in=-60, **{**REGISTERED, "refreshToken": "no"})
    yield "session-registration-over", SSO_SESSION, None, CORP, "", \
        token_file("corp", expires_in=-60, **{**REGISTERED, "registrationExpiresAt": "2020-01-01T00:00:00Z"})


KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "secret-env"}
ENVIRONMENTS = {
    "bare": {},
    "keys": KEYS,
    "web": {"AWS_WEB_IDENTITY_TOKEN_FILE": "@HOME@/env-token", "AWS_ROLE_ARN": ROLE + "env"},
    "agent": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "@BASE@/agent/full?x=1"},
    "region": {"AWS_DEFAULT_REGION": "eu-north-1"},
}
# How the profile comes to count: what it is called, who says so.
WAYS = {
    "default": ("default", {}, None),
    "variable": ("prod", {"AWS_PROFILE": "prod"}, None),
    "ours": ("prod", {}, "prod"),
}


LEFT_OUT = {("nonsense", "keys"), ("session-missing", "web"), ("session-no-region", "web")}


def product():
    """Every profile in every environment, by every way."""
    for name, config, credentials, more_config, more_credentials, files in profiles():
        for way, (profile, variables, own) in WAYS.items():
            for where, environ in ENVIRONMENTS.items():
                head = "[default]\n" if profile == "default" else f"[profile {profile}]\n"
                text = head + config + more_config if config is not None else more_config
                if config is not None and "\r" in config:
                    text = text.replace("\r\n", "\n").replace("\n", "\r\n")
                shared = f"[{profile}]\n{credentials}" if credentials is not None else ""
                if config is None and credentials is None and profile != "default":
                    continue
                if (name, where) in LEFT_OUT:
                    continue
                made = {**environ, **variables}
                if "legacy" in name:
                    made["AWS_STS_REGIONAL_ENDPOINTS"] = "legacy"
                yield Case(f"{name}/{way}/{where}", text.replace("@NAME@", profile),
                           (shared + more_credentials).replace("@NAME@", profile), made, own,
                           role="instance-role" if "ec2" in name else None,
                           files={**files, "env-token": "jwt.env"},
                           releases=BOTOCORE_ONLY if "legacy" in name else tuple(RELEASES))


def singles():
    """What needs no product."""
    agent = ENVIRONMENTS["agent"]
    relative = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/abc?y=2"}
    for name, environ, role in [
        ("imds", {}, "web-server"),
        ("imds-no-role", {}, ""),
        ("imds-disabled", {"AWS_EC2_METADATA_DISABLED": "True"}, "web-server"),
        ("imds-not-disabled", {"AWS_EC2_METADATA_DISABLED": "1"}, "web-server"),
        ("imds-endpoint", {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "@BASE@/imds/"}, "web-server"),
        ("imds-endpoint-bare", {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "@BASE@/imds"}, "web-server"),
        ("imds-after-agent", agent, "web-server"),
        ("imds-after-keys", KEYS, "web-server"),
        ("agent-relative", relative, None),
        ("agent-relative-first", {**relative, **agent}, None),
        ("agent-token", {**agent, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic abc=="}, None),
        ("agent-missing", {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/missing"}, "web-server"),
        ("agent-stranger", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/x"}, "web-server"),
        ("agent-name", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost.example.com/x"}, None),
        ("env-token", {**KEYS, "AWS_SESSION_TOKEN": "token"}, None),
        ("env-old-token", {**KEYS, "AWS_SECURITY_TOKEN": "old", "AWS_SESSION_TOKEN": "token"}, None),
        ("env-half", {"AWS_ACCESS_KEY_ID": "AKIA"}, "web-server"),
        ("env-secret", {"AWS_SECRET_ACCESS_KEY": "secret"}, "web-server"),
        ("env-expiring", {**KEYS, "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z"}, None),
        ("env-expired", {**KEYS, "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"}, "web-server"),
        ("env-web-no-role", {"AWS_WEB_IDENTITY_TOKEN_FILE": "@HOME@/env-token"}, "web-server"),
        ("env-web-no-file", {**ENVIRONMENTS["web"], "AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent"}, "web-server"),
        ("env-web-name", {**ENVIRONMENTS["web"], "AWS_ROLE_SESSION_NAME": "pod-1"}, None),
        ("env-role-only", {"AWS_ROLE_ARN": ROLE + "env"}, "web-server"),
        ("no-home-files", {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}, None),
        ("elsewhere", {"AWS_SHARED_CREDENTIALS_FILE": "@HOME@/mine"}, None),
        ("elsewhere-home", {"AWS_SHARED_CREDENTIALS_FILE": "~/mine"}, None),
        ("default-profile", {"AWS_DEFAULT_PROFILE": "other"}, None),
        ("missing-profile", {"AWS_PROFILE": "nobody"}, "web-server"),
    ]:
        yield Case(name, environ=environ, role=role, files={"env-token": "jwt.env", "mine": "[default]\n" + static("X")},
                   config="[profile other]\n" + static("OTHER"),
                   releases=BOTOCORE_ONLY if name == "imds-endpoint-bare" else tuple(RELEASES))
    both = "[profile a]\n" + static("A") + "[profile b]\n" + static("B")
    yield Case("two-variables", both, environ={"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}, releases=CLI_ONLY)
    source = f"[default]\nrole_arn = {ROLE}r\nsource_profile = b\n" + both
    yield Case("two-regions", source, environ={"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"},
               releases=CLI_ONLY)
    yield Case("one-region", source, environ={"AWS_REGION": "eu-west-2"}, releases=CLI_ONLY)
    # The role of the environment with the token of the profile.
    yield Case("env-role-profile-token", "[default]\n" + WEB, environ={"AWS_ROLE_ARN": ROLE + "env"},
               files={"token": "jwt.one"})
    yield Case("env-role-own-profile", "[default]\n" + WEB, environ={"AWS_ROLE_ARN": ROLE + "env"}, profile="default",
               files={"token": "jwt.one"})
    for header in ['"p q"', "'p q'", "p\\ q", '"p" q', "  p", '"p', "p q r"]:
        for wanted in ("p q", "p"):
            yield Case(f"header-{header}-{wanted}", f"[profile {header}]\n" + static("H"), profile=wanted)
    yield Case("bare-section", "[prod]\n" + static("BARE"), profile="prod")
    yield Case("prefix-in-credentials", credentials="[profile prod]\n" + static("X"), profile="prod")
    yield Case("prefix-in-name", credentials="[profile prod]\n" + static("X"), profile="profile prod")
    yield Case("sso-session-is-no-profile", CORP + static("X"), profile="corp")
    yield Case("continued", "[default]\naws_access_key_id = AKIA\naws_secret_access_key =\n  secret\n")


def comments():
    command = "credential_process = "
    for name, line in [
        ("double-quotes", 'sh -c "true ; cat @HOME@/out\\ put.json" --team "team #4"'),
        ("single-quotes", "/bin/cat '@HOME@/a #b ;c.json'"),
        ("backslash", "/bin/cat @HOME@/a\\ \\#b\\ \\;c.json"),
        ("no-blank", "/bin/cat @HOME@/a#b;c.json"),
        ("unclosed", "/bin/cat '@HOME@/a #b ;c.json"),
    ]:
        yield Case(f"process-comment-{name}", "[default]\n" + command + line + "\n",
                   files={**out(), "a #b ;c.json": out()["out put.json"], "a#b;c.json": out()["out put.json"]})
    base = "source_profile = base\n[profile base]\n" + static("BASE")
    yield Case("external-id-comment", f"[default]\nrole_arn = {ROLE}r\nexternal_id = one #two ;three\n" + base)
    for odd in ["[profile other # old]", "[profile other ; old]", "[#]", "[ ]", "[profile other", "[profile", "[", "[]",
                "[profile 'other]", "[profile other]\n[key = x", "[profile other]\nkey # l = v", "[profile other]x",
                "[profile other]\nkey", "[profile other]\n= v", "[profile other]\nk = \0", "\xa0", "\u2003# x", "\x0c",
                "[profile other]\rk = v", "[profile other]\nk = v\r\rl = w", "[[other]", "[other]]", "other"]:
        for where, text in [("before", f"{odd}\n[default]\n{static('ODD')}"),
                            ("behind", f"[default]\n{static('ODD')}\n{odd}\n")]:
            yield Case(f"line-{odd!r}-{where}", text)
    yield Case("wide-blanks", "[default]\xa0\n\xa0" +
               static("WIDE").replace(" =", "\u3000=").replace("\n", "\xa0\n", 1))
    yield Case("return-alone", ("[default]\n" + static("MAC")).replace("\n", "\r"))
    for wanted in ("team #4", "team"):
        yield Case(f"header-comment-{wanted}", '[profile "team #4"]\n' + static("TEAM"), profile=wanted)
    yield Case("source-comment", f'[default]\nrole_arn = {ROLE}r\nsource_profile = team #4\n'
               f'[profile "team #4"]\n' + static("TEAM") + "[profile team]\n" + static("OTHER"))
    yield Case("session-comment", "[default]\n" + SSO_SESSION.replace("corp", "corp #4") +
               CORP.replace("corp", "'corp #4'") + CORP.replace("central", "west"), files=token_file("corp #4"))


def places():
    """Where the files are."""
    mine = "[default]\n" + static("MINE")
    for name, path in [("variable", "$HOME/mine"), ("braces", "${HOME}/mine"), ("two", "${HOME}/${DIR}/$NAME"),
                       ("tilde-variable", "~/$NAME"), ("unset", "$UNSET/mine"), ("longer", "$HOME_/mine"),
                       ("open", "${HOME/mine"), ("dollar", "$HOME/$"), ("variable-tilde", "$TILDE/mine"),
                       ("somebody", "~somebody/mine"), ("nobody", "~nobody-of-that-name/mine"),
                       ("missing", "$HOME/missing")]:
        for variable in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
            yield Case(f"path-{name}-{variable}", environ={variable: path, "DIR": ".", "NAME": "mine", "TILDE": "~"},
                       files={"mine": mine, "$": mine}, homes=["somebody"])
    yield Case("no-home", config="[default]\n" + static("CONFIG"), environ={"HOME": None})
    yield Case("no-home-tilde", environ={"HOME": None, "AWS_CONFIG_FILE": "~/mine"}, files={"mine": mine})
    yield Case("no-home-variable", environ={"HOME": None, "AWS_CONFIG_FILE": "$HOME/mine"}, files={"mine": mine})
    yield Case("no-home-nor-user", config=mine, environ={"HOME": None}, homes=[])


def defaults():
    """[DEFAULT], and two sections for the profile of that name in small letters."""
    given = "[DEFAULT]\n" + static("DEF")
    prod = "[profile prod]\nregion = eu-west-1\n"
    yield Case("default-inherited", given + prod, profile="prod")
    yield Case("default-behind", prod + given, profile="prod")
    yield Case("default-of-default", given + "[default]\n")
    yield Case("default-nobody", given)
    yield Case("default-missing", given + prod, profile="dev")
    yield Case("default-own", given + prod + static("OWN"), profile="prod")
    yield Case("default-half", given + prod + "aws_access_key_id = AKIAOWN\n", profile="prod")
    yield Case("default-credentials", credentials=given + "[prod]\n", profile="prod")
    yield Case("default-other-file", given, "[prod]\nx = y\n", profile="prod")
    yield Case("default-both", given + prod, "[DEFAULT]\n" + static("CRED") + "[prod]\n", profile="prod")
    yield Case("default-credentials-nobody", prod, given, profile="prod")
    yield Case("default-as-profile", "[profile DEFAULT]\n" + static("X") + prod, profile="DEFAULT")
    yield Case("default-as-name", given + prod, profile="DEFAULT")
    yield Case("default-in-credentials-as-name", credentials=given, profile="DEFAULT")
    base = "[profile base]\n" + static("BASE")
    yield Case("default-role", f"[DEFAULT]\nrole_arn = {ROLE}d\nsource_profile = base\n{prod}{base}", profile="prod")
    yield Case("default-external-id", f"[DEFAULT]\nexternal_id = dd\n{prod}role_arn = {ROLE}d\n"
               f"source_profile = base\n{base}", profile="prod")
    yield Case("default-process", "[DEFAULT]\n" + PROCESS + prod, profile="prod", files=out())
    yield Case("default-session", "[DEFAULT]\nsso_region = eu-central-1\n" + prod + SSO_SESSION +
               CORP.replace("sso_region", "x"), profile="prod", files=token_file("corp"))
    yield Case("default-web", f"[DEFAULT]\nrole_arn = {ROLE}d\n{prod}web_identity_token_file = @HOME@/token\n",
               profile="prod", files={"token": "jwt.one"})
    prefixed = "[profile default]\n"
    yield Case("two-defaults", "[default]\n" + static("BARE") + prefixed + static("PREFIXED"))
    yield Case("two-defaults-token", "[default]\n" + static("BARE") + session_token("BARE") + prefixed + static("P"))
    yield Case("two-defaults-empty", "[default]\n" + static("BARE") + prefixed + "region = eu-west-1\n")
    yield Case("two-defaults-credentials", "[default]\n" + static("B") + prefixed, "[default]\n" + static("CRED"))


def expirations():
    """When keys and tokens expire, as other tools write it."""
    for text in ["2099-01-01T00:00Z", "2099-01-01T00:00+02:00", "20990101T000000Z", "2099-01-01T00:00:00+00",
                 "2099-01-01T00:00:00GMT", "2099-01-01 00:00:00 UTC", "2099-01-01T00:00:00.123456Z",
                 "2099-01-01T00:00:00-0330", "2020-01-01T00:00Z", "20200101T000000Z", "2099-01-01T00:00:00",
                 "2099-01-01", "tomorrow"]:
        yield Case(f"process-{text}", "[default]\n" + PROCESS, files=out(Expiration=text))
        yield Case(f"environment-{text}", environ={**KEYS, "AWS_CREDENTIAL_EXPIRATION": text})
        yield Case(f"session-{text}", "[default]\n" + SSO_SESSION + CORP, files=token_file("corp", expiresAt=text))
        if not text.startswith("2020") and not text.startswith("202001"):
            yield Case(f"sso-{text}", "[default]\n" + SSO, files=token_file(START, expiresAt=text))
        yield Case(f"registration-{text}", "[default]\n" + SSO_SESSION + CORP,
                   files=token_file("corp", expires_in=-60, **{**REGISTERED, "registrationExpiresAt": text}))
        yield Case(f"cached-{text}", MFA, files=cached({"RoleArn": ROLE + "mfa", "SerialNumber": DEVICE}, text))


DEVICE = "arn:aws:iam::123456789012:mfa/me"
BASE_PROFILE = "[profile base]\n" + static("BASE")
MFA = f"[default]\nrole_arn = {ROLE}mfa\nsource_profile = base\nmfa_serial = {DEVICE}\n" + BASE_PROFILE


def cached(asked, expires="2099-01-01T00:00:00UTC", **style):
    """The file that the CLI leaves for what it asked for."""
    name = hashlib.sha1(json.dumps(asked, sort_keys=True, **style).encode()).hexdigest()
    return {f".aws/cli/cache/{name}.json": json.dumps({"Credentials": {
        "AccessKeyId": "ASIACACHED", "SecretAccessKey": "secret-cached", "SessionToken": "token-" + name,
        "Expiration": expires}})}


def caches():
    """Keys that the CLI has cached, where none can be had."""
    mfa = {"RoleArn": ROLE + "mfa", "SerialNumber": DEVICE}
    yield Case("mfa", MFA, files=cached(mfa))
    yield Case("mfa-no-cache", MFA)
    yield Case("mfa-expired", MFA, files=cached(mfa, "2020-01-01T00:00:00UTC"))
    yield Case("mfa-other-device", MFA, files=cached({**mfa, "SerialNumber": DEVICE + "2"}))
    yield Case("mfa-not-of-it", MFA, files=cached({"RoleArn": ROLE + "mfa"}))
    yield Case("mfa-variable", MFA.replace("[default]", "[profile prod]"), environ={"AWS_PROFILE": "prod"},
               files=cached(mfa))
    yield Case("mfa-source-missing", MFA.replace(BASE_PROFILE, ""), files=cached(mfa))
    yield Case("mfa-environment", MFA.replace("source_profile = base", "credential_source = Environment"),
               environ={"AWS_PROFILE": "default", **KEYS}, files=cached(mfa))
    for name, options, asked in [
        ("id", "external_id = x #\u00e9\U0001f600\"\\\x7f", {"ExternalId": "x #\u00e9\U0001f600\"\\\x7f"}),
        ("name", "role_session_name = me@here", {"RoleSessionName": "me@here"}),
        ("duration", "duration_seconds = 3600", {"DurationSeconds": 3600}),
        ("zeros", "duration_seconds = 003600", {"DurationSeconds": 3600}),
        ("no-duration", "duration_seconds = an hour", {}),
    ]:
        yield Case(f"mfa-{name}", MFA.replace("mfa_serial", options + "\nmfa_serial"), files=cached({**mfa, **asked}))
        if asked:
            yield Case(f"mfa-{name}-not-asked-for", MFA.replace("mfa_serial", options + "\nmfa_serial"),
                       files=cached(mfa))
    above = f"role_arn = {ROLE}top\nsource_profile = default\n"
    yield Case("mfa-below", MFA + "[profile top]\n" + above, profile="top", files=cached(mfa))
    yield Case("mfa-below-no-cache", MFA + "[profile top]\n" + above, profile="top")
    yield Case("mfa-below-cached-above", MFA + "[profile top]\n" + above, profile="top",
               files=cached({"RoleArn": ROLE + "top"}))
    sso = "[default]\n" + f"role_arn = {ROLE}top\nsource_profile = signed-out\n[profile signed-out]\n" + SSO
    yield Case("role-of-a-session-that-is-over", sso, files=cached({"RoleArn": ROLE + "top"}))
    yield Case("role-refused", f"[default]\nrole_arn = {ROLE}denied\nsource_profile = base\n" + BASE_PROFILE,
               files=cached({"RoleArn": ROLE + "denied"}))
    yield Case("web-cached", "[default]\n" + WEB, files=cached({"RoleArn": ROLE + "web"}))
    yield Case("web-cached-name", environ={**ENVIRONMENTS["web"], "AWS_ROLE_SESSION_NAME": "pod"},
               files=cached({"RoleArn": ROLE + "env", "RoleSessionName": "pod"}))
    compact = {"separators": (",", ":")}
    role = {"roleName": "ops", "accountId": "123456789012"}
    by_url = cached({**role, "startUrl": START}, **compact)
    by_session = cached({**role, "sessionName": "corp"}, **compact)
    yield Case("sso-cached", "[default]\n" + SSO, files=by_url)
    yield Case("sso-cached-refused", "[default]\n" + SSO, files={**by_url, **token_file(START, token="bad")})
    yield Case("sso-cached-by-session", "[default]\n" + SSO, files=by_session)
    yield Case("session-cached", "[default]\n" + SSO_SESSION + CORP, files=by_session)
    yield Case("session-cached-expired", "[default]\n" + SSO_SESSION + CORP,
               files={**by_session, **token_file("corp", expires_in=-60)})
    yield Case("session-cached-no-region", "[default]\n" + SSO_SESSION + CORP.replace("sso_region", "x"),
               files=by_session)


CASES = [*product(), *singles(), *comments(), *places(), *defaults(), *expirations(), *caches()]


def fill(case, home, base):
    return {name: value.replace("@HOME@", str(home)).replace("@BASE@", base) for name, value in case.environ.items()
            if value is not None}


def start(stack, *command):
    """A process that answers a JSON object a line."""
    return stack.enter_context(subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONDONTWRITEBYTECODE": "1"}))


def ask_all(processes, questions):
    """Each its question, all at once."""
    for process, question in zip(processes, questions):
        print(json.dumps(question), file=process.stdin, flush=True)
    return [json.loads(process.stdout.readline()) for process in processes]


def test_the_aws_tools_would_find_the_same_keys(tmp_path):
    cloud = aws_cloud.Cloud()
    counts = {"keys": 0, "error": 0, "none": 0}
    wrong = []
    assert len({case.name for case in CASES}) == len(CASES) >= N_AT_LEAST
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(aws_cloud.Server(cloud))
        tool = start(stack, os.environ["CHAIN_TOOL"])
        oracles = {name: start(stack, sys.executable, HERE / "botocore_tool.py", server.base, *path)
                   for name, path in RELEASES.items()}
        for number, case in enumerate(CASES):
            processes, questions = [tool, *(oracles[name] for name in case.releases)], []
            for reader in ("ours", *case.releases):
                home = tmp_path / reader / str(number)
                case.put(home)
                environ = {"AWS_STS_REGIONAL_ENDPOINTS": "regional", "PATH": "/usr/bin:/bin",
                           **fill(case, home, server.base)}
                if "HOME" not in case.environ:
                    environ["HOME"] = str(home)
                questions.append({"profile": case.profile, "environ": environ, "base": server.base,
                                  "role": case.role, "homes": {user: str(home) for user in case.homes}})
            cloud.role = case.role
            ours, *others = ask_all(processes, questions)
            kind = "keys" if "id" in ours else "error" if "fault" in ours else "none"
            counts[kind] += 1
            for name, theirs in zip(case.releases, others, strict=True):
                agreed = kind in theirs
                if kind == "keys":
                    agreed = theirs.get("keys") == [ours["id"], ours["secret"], ours.get("token")]
                if not agreed:
                    wrong.append(f"{case.name} ({name}): {ours} is not {theirs}")
        for process in [tool, *oracles.values()]:
            process.stdin.close()
            assert process.wait(60) == 0
    differ = {line.split(" (")[0] for line in wrong}
    print(f"{len(CASES) - len(differ)} of {len(CASES)} cases agree with botocore: {counts}")
    assert not wrong, "\n".join(wrong)
    assert min(counts.values()) > 10


def what_the_cli_leaves():
    """(name, config, files, which of them are gone when ours looks)"""
    role = f"[default]\nrole_arn = {ROLE}ops\nsource_profile = base\n[profile base]\n" + PROCESS
    yield "role", role, out(), "out put.json"
    options = "external_id = \u00e9 #1\nrole_session_name = me\nduration_seconds = 900\n"
    yield "role-options", role.replace("source", options + "source"), out(), "out put.json"
    yield "web", "[default]\n" + WEB, {"token": "jwt.one"}, "token"
    for name, text, token in [("sso", SSO, token_file(START)), ("session", SSO_SESSION + CORP, token_file("corp"))]:
        yield name, "[default]\n" + text, token, next(iter(token))


def test_what_the_aws_cli_has_cached_is_found(tmp_path):
    cloud = aws_cloud.Cloud()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(aws_cloud.Server(cloud))
        tool = start(stack, os.environ["CHAIN_TOOL"])
        cli = start(stack, sys.executable, HERE / "botocore_tool.py", server.base, *RELEASES["aws"])
        for name, config, files, gone in what_the_cli_leaves():
            home = tmp_path / name
            Case(name, config, files={**files, ".aws/cli/cache/.keep": ""}).put(home)
            question = {"profile": None, "base": server.base, "role": None,
                        "environ": {"HOME": str(home), "PATH": "/usr/bin:/bin"}}
            [theirs] = ask_all([cli], [question])
            (home / gone).unlink()
            [ours] = ask_all([tool], [question])
            assert [ours.get("id"), ours.get("secret"), ours.get("token")] == theirs.get("keys"), (name, ours)
            assert "cached" in ours["why"]
        for process in (tool, cli):
            process.stdin.close()
            assert process.wait(60) == 0


def sso_sessions():
    """(name, members of the file beside the token, seconds until it expires, what is renewed with after one renewal)"""
    rotating = {**REGISTERED, "refreshToken": "rotate-1"}
    yield "rotating", rotating, -10, "rotate-2"
    yield "rotating-soon", rotating, 700, "rotate-2"
    yield "more-members", {**rotating, "startUrl": "old", "region": "old", "scopes": ["a"], "other": None}, -10, "rotate-2"
    yield "not-ascii", {**rotating, "clientId": "\u00e9\U0001f600\\ \"", "clientSecret": "/\x7f\u2028"}, -10, "rotate-2"
    yield "no-new-one", REGISTERED, -10, None
    yield "lives", rotating, 7200, "rotate-1"
    yield "refused-while-it-lives", {**rotating, "refreshToken": "bad"}, 700, "bad"
    yield "registration-is-over", {**rotating, "registrationExpiresAt": "2020-01-01T00:00:00Z"}, 700, "rotate-1"


def aged(path):
    """What the file holds, with a token that has expired from now on."""
    held = json.loads(path.read_text())
    when = held["expiresAt"]
    path.write_text(json.dumps({**held, "expiresAt": "2020-01-01T00:00:00Z"}))
    return when, [item for item in held.items() if item[0] != "expiresAt"]


def test_a_renewed_token_is_written_back_as_botocore_does_it(tmp_path):
    """And each goes on with what the other has written."""
    cloud = aws_cloud.Cloud()
    renewals = 0
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(aws_cloud.Server(cloud))
        sides = [start(stack, os.environ["CHAIN_TOOL"]),
                 start(stack, sys.executable, HERE / "botocore_tool.py", server.base, *RELEASES["aws"])]
        for name, members, seconds, refresh in sso_sessions():
            homes = [tmp_path / name / side for side in ("ours", "theirs")]
            [file] = token_file("corp")
            for home in homes:
                Case(name, "[default]\n" + SSO_SESSION + CORP,
                     files=token_file("corp", expires_in=seconds, **members)).put(home)
                (home / file).chmod(0o640 if name == "rotating-soon" else 0o600)
            # Each in its own home, and then each in the other's.
            for turn in (homes, homes[::-1]):
                questions = [{"profile": None, "base": server.base, "role": None,
                              "environ": {"HOME": str(home), "PATH": "/usr/bin:/bin"}} for home in turn]
                [ours], [theirs] = (ask_all([side], [question]) for side, question in zip(sides, questions))
                assert [ours.get("id"), ours.get("secret"), ours.get("token")] == (theirs.get("keys") or [None] * 3), name
                modes = [(home / file).stat().st_mode & 0o777 for home in turn]
                assert modes == [0o640 if name == "rotating-soon" else 0o600] * 2
                whens, held = zip(*(aged(home / file) for home in turn))
                assert held[0] == held[1], name
                assert abs(dateutil.parser.parse(whens[0]) - dateutil.parser.parse(whens[1])).total_seconds() < 10
                if turn is homes:
                    assert dict(held[0]).get("refreshToken") == refresh
                elif refresh == "rotate-2":
                    assert dict(held[0])["refreshToken"] == "rotate-3"
                    renewals += 2
        for process in sides:
            process.stdin.close()
            assert process.wait(60) == 0
    assert renewals == 8
    print(f"{len(list(sso_sessions()))} sessions of IAM Identity Center are written back as botocore does it")


DATES = ["2099-01-02", "20990102", "2096-02-29", "2097-02-29", "2099-13-01"]
CLOCKS = ["03", "03:04", "0304", "03:04:05", "030405", "03:04:05.5", "03:04:05,5", "030405.25", "03:04.5", "03:60:00",
          "24:00:00"]
ZONES = ["", "Z", "z", "UTC", " UTC", "GMT", " GMT", " Z", "+02:00", "-0230", "+02", "-02", " +0200", " -02:30", "+00",
         "EST", "utc", "\u221202:00"]
# No ISO 8601, though dateutil makes something of it.
ODD_DATES, ODD_CLOCKS, ODD_ZONES = ["2099-0102", "99-01-02"], ["0304:05", "03:0405", "3", "03:4", "03:04:05.", ""], \
    ["Z ", "ZZ", "+0"]


def test_the_aws_cli_would_read_the_same_times():
    parts = list(itertools.product(DATES + ODD_DATES, "T ", CLOCKS + ODD_CLOCKS, ZONES + ODD_ZONES))
    taken, wrong = 0, []
    with contextlib.ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of zones that are not known
        tool = start(stack, os.environ["CHAIN_TOOL"])
        for date, between, clock, zone in parts:
            text = date + between + clock + zone
            odd = date in ODD_DATES or clock in ODD_CLOCKS or zone in ODD_ZONES
            [ours] = ask_all([tool], [{"time": text}])
            try:
                theirs = dateutil.parser.parse(text)
                theirs = int(theirs.timestamp()) if theirs.tzinfo else None
            except (ValueError, OverflowError):
                theirs = None
            if ours.get("seconds") != (None if odd else theirs):
                wrong.append(f"{text!r}: {ours} is not {theirs}")
            taken += "seconds" in ours
        tool.stdin.close()
        assert tool.wait(60) == 0
    print(f"{len(parts)} times, {taken} of them taken")
    assert not wrong, "\n".join(wrong)
    assert taken > 300


if __name__ == "__main__":
    pytest.main([str(pathlib.Path(__file__)), "-s", "-q", "-p", "no:cacheprovider"])
