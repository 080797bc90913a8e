# SPDX-License-Identifier: MIT
"""The session of `aws login` is used and renewed as the official AWS SDK for JavaScript does it, and what the one has
written back the other goes on with.

Both renew at consolefs-sim, which verifies the proof and every member of the request. Where ours is meant to differ, from
the SDK or from what it leaves to chance, there is no row here but a unit test: keys that live are used even when the
service has refused to renew them, and a file that another has changed meanwhile is not written over.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "lib"))

import login  # noqa: E402
from simulator import Simulator, scrubbed_env  # noqa: E402

CLIENT = HERE.parent / "client"
REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-7", "cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1",
           "us-iso-east-1", "us-iso-west-1", "us-isob-east-1", "us-isof-south-1", "eu-isoe-west-1", "eusc-de-east-1"]


def start(stack, *command, **more):
    return stack.enter_context(subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=scrubbed_env("/nonexistent", NODE_NO_WARNINGS="1", **more)))


def ask(process, question):
    print(json.dumps(question), file=process.stdin, flush=True)
    return json.loads(process.stdout.readline())


@pytest.fixture(scope="module", name="both")
def both_sides():
    """Asks ours and theirs, of one simulator."""
    modules = os.environ.get("CONSOLEFS_NODE_MODULES", str(CLIENT / "node_modules"))
    if not pathlib.Path(modules, "@aws-sdk/credential-provider-login").exists():
        raise FileNotFoundError(f"no AWS SDK in {modules}: run `npm ci` in {CLIENT}")
    with contextlib.ExitStack() as stack:
        sim = stack.enter_context(Simulator(instances=1, rate_scale=0))
        ours = start(stack, os.environ["CHAIN_TOOL"])
        theirs = start(stack, "node", str(CLIENT / "aws_login.cjs"), NODE_PATH=modules, NODE_EXTRA_CA_CERTS=str(sim.ca))
        yield Both(sim, ours, theirs)
        for process in (ours, theirs):
            process.stdin.close()
            assert process.wait(60) == 0


class Both:
    def __init__(self, sim, ours, theirs):
        self.sim, self.ours, self.theirs = sim, ours, theirs

    def environ(self, home, **more):
        return {"HOME": str(home), "AWS_ENDPOINT_URL": self.sim.url, "AWS_CA_BUNDLE": str(self.sim.ca), "AWS_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true", **{name: value.replace("@HOME@", str(home)) for name, value in more.items()}}

    def ask_ours(self, home, profile=None, **more):
        answer = ask(self.ours, {"profile": profile, "environ": self.environ(home, **more), "base": self.sim.url})
        if "id" in answer:
            return {"keys": [answer["id"], answer["secret"], answer.get("token")]}
        return {"error": answer.get("why", answer.get("looked"))}

    def ask_theirs(self, home, profile=None, **more):
        return ask(self.theirs, {"profile": profile, "environ": self.environ(home, **more)})


def put(home, text, config="", directory=".aws/login/cache", name=login.NAME, head="[default]"):
    """A home with such a session, if there is one."""
    (home / directory).mkdir(parents=True)
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws/config").write_text(f"{head}\nlogin_session = {name}\n{config}")
    path = home / directory / login.file_name(name)
    if text is not None:
        path.write_text(text)
    return path


def less(text, *names, within=None):
    whole = json.loads(text)
    for name in names:
        del (whole[within] if within else whole)[name]
    return json.dumps(whole)


# The file, what comes of it, and what else there is.
ROWS = {
    "live": (login.session(3600), "old", {}),
    "live-without-a-key-worth-the-name": (login.session(3600, dpopKey="k"), "old", {}),
    "live-for-a-moment-too-short": (login.session(299), "new", {}),
    "expired": (login.session(-1), "new", {}),
    "expired-long-ago": (login.session(-86400), "new", {}),
    "key-of-other-tools": (login.session(-1, dpopKey=login.KEY_PKCS8), "new", {}),
    "key-of-one-line-end": (login.session(-1, dpopKey=login.KEY.strip()), "new", {}),
    "signed-in-elsewhere": (login.session(-1, clientId=login.CLIENT_ID.replace("same", "cross")), "new", {}),
    "more-members": (login.session(-1, signInRegion="eu-west-1", more={"a": [1, None, "\u00e9\U0001f600"]}), "new", {}),
    "region-of-the-profile": (login.session(-1), "new", {"config": "region = eu-west-2\n"}),
    "profile": (login.session(-1), "new", {"head": "[profile p]", "profile": "p"}),
    "another-name": (login.session(-1), "new", {"name": "arn:aws:sts::1:assumed-role/R\u00f4le/ann@example.com"}),
    "directory": (login.session(-1), "new", {"directory": "elsewhere", "AWS_LOGIN_CACHE_DIRECTORY": "@HOME@/elsewhere"}),
    "spaces": (json.dumps(json.loads(login.session(-1)), indent=2) + "\n", "new", {}),
    "no-id-token": (less(login.session(-1), "idToken", "tokenType"), "new", {}),
    "no-file": (None, "error", {}),
    "empty": ("", "error", {}),
    "no-json": ("{", "error", {}),
    "no-keys": (less(login.session(3600), "accessToken"), "error", {}),
    "expired-no-key": (less(login.session(-1), "dpopKey"), "error", {}),
    "expired-no-token": (less(login.session(-1), "refreshToken"), "error", {}),
    "expired-no-client": (less(login.session(-1), "clientId"), "error", {}),
    "expired-key-not-one": (login.session(-1, dpopKey="k"), "error", {}),
    "expired-other-key": (login.session(-1, dpopKey=login.OTHER_KEY), "error", {}),
    "expired-other-token": (login.session(-1, refreshToken="x." + login.THUMBPRINT), "error", {}),
    "expired-other-client": (login.session(-1, clientId="mine"), "error", {}),
}
# What the service does; what comes of an expired session, and of one that lives for another minute.
FAULTS = {
    "500": (["CreateOAuth2Token:status=500"], "error", "old"),
    "busy-once": (["CreateOAuth2Token:status=503:x1"], "new", "new"),
    "throttled": (["CreateOAuth2Token:throttle"], "error", "old"),
    "reset": (["CreateOAuth2Token:reset"], "error", "old"),
    "no-keys": (["CreateOAuth2Token:empty"], "error", "old"),
    "refused": (["CreateOAuth2Token:code=TOKEN_EXPIRED"], "error", None),
    "password": (["CreateOAuth2Token:code=USER_CREDENTIALS_CHANGED"], "error", None),
    "forbidden": (["CreateOAuth2Token:code=INSUFFICIENT_PERMISSIONS"], "error", None),
}


def kind_of(answer):
    return "error" if "error" in answer else "old" if answer["keys"][0] == "ASIAOLD" else "new"


def assert_renewed(sim, before, path, keys):
    """The file holds the new keys, and nothing else has changed."""
    old, new = json.loads(before), json.loads(path.read_text())
    token = new["accessToken"]
    assert [token["accessKeyId"], token["secretAccessKey"], token["sessionToken"]] == keys
    assert keys[1] in sim.issued("secret") and new["refreshToken"].split(".")[0] in sim.issued("ticket")
    assert login.in_seconds(890) <= token["expiresAt"][:19] + "Z" <= login.in_seconds(900)
    for name in ("accessKeyId", "secretAccessKey", "sessionToken", "expiresAt"):
        del old["accessToken"][name], token[name]
    del old["refreshToken"], new["refreshToken"]
    assert new == old


def grown_old(path):
    whole = json.loads(path.read_text())
    whole["accessToken"]["expiresAt"] = login.in_seconds(-1)
    whole["accessToken"]["accessKeyId"] = "ASIAOLD"
    path.write_text(json.dumps(whole))


@pytest.mark.parametrize("row", ROWS)
def test_a_session_is_worth_the_same_to_both(both, tmp_path, row):
    text, kind, more = ROWS[row]
    placed = {name: more[name] for name in ("config", "directory", "name", "head") if name in more}
    asked = {name: value for name, value in more.items() if name not in placed}
    ours, theirs = put(tmp_path / "ours", text, **placed), put(tmp_path / "theirs", text, **placed)
    answers = both.ask_ours(tmp_path / "ours", **asked), both.ask_theirs(tmp_path / "theirs", **asked)
    assert [kind_of(answer) for answer in answers] == [kind, kind], answers
    if kind != "new":
        for path in (ours, theirs):
            assert (path.read_text() if path.exists() else None) == text
        return
    for path, answer in zip((ours, theirs), answers):
        assert_renewed(both.sim, text, path, answer["keys"])
        grown_old(path)
    # What the one has written the other goes on with.
    assert kind_of(both.ask_theirs(tmp_path / "ours", **asked)) == "new"
    assert kind_of(both.ask_ours(tmp_path / "theirs", **asked)) == "new"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_that_fails_costs_both_the_same(both, tmp_path, fault):
    rules, expired, living = FAULTS[fault]
    for seconds, kind in ((-1, expired), (60, living)):
        if kind is None:
            continue
        for side, find in (("ours", both.ask_ours), ("theirs", both.ask_theirs)):
            home = tmp_path / f"{side}{seconds}"
            path = put(home, login.session(seconds))
            before = path.read_text()
            both.sim.set_faults(*rules)
            answer = find(home)
            both.sim.set_faults()
            assert kind_of(answer) == kind, (side, answer)
            assert (path.read_text() == before) == (kind != "new")
            if side == "ours" and kind == "error":
                assert "aws login --profile default" in answer["error"]


def test_both_ask_the_service_of_the_same_host(both):
    wrong = []
    for region in REGIONS:
        for fips in (False, True):
            for dual in (False, True):
                ours = ask(both.ours, {"service": "signin", "region": region, "profile": None, "environ": {
                    "HOME": "/nonexistent", "AWS_USE_FIPS_ENDPOINT": str(fips), "AWS_USE_DUALSTACK_ENDPOINT": str(dual)}})
                theirs = ask(both.theirs, {"region": region, "fips": fips, "dual": dual})
                if ours["url"] != theirs["url"]:
                    wrong.append((region, fips, dual, ours, theirs))
    assert not wrong
    print(f"{4 * len(REGIONS)} endpoints of the sign-in service, {len(ROWS)} sessions and {len(FAULTS)} faults agree with "
          "the AWS SDK for JavaScript")
