"""Every way in which people sign in, end to end: where keys come from, and how a mount that lives for
months keeps them fresh."""

import concurrent.futures
import datetime
import hashlib
import http.client
import json
import os
import re
import time

import botocore.session
import pytest

from lib import fleet
from lib.doing import Stopwatch, await_that, cat, errno_of, fails, read
from lib.mount import Mount, cloud_options
from lib.simulator import (ACCOUNT, CONTAINER_TOKEN, EXTERNAL_ID, KEY_ID, OIDC_PROVIDER, SECRET,
                           SSO_CLIENT_ID, SSO_CLIENT_SECRET, SSO_REFRESH_TOKEN, SSO_TOKEN,
                           WEB_IDENTITY, Simulator, aws_role, tencent_role)

NOT_RENEWED = r"^consolefs: \[[\w-]+\]: the credentials could not be renewed: "
NONE_USABLE = r"^consolefs: \[[\w-]+\]: no usable credentials"
CLOCK_OFF = r"^consolefs: \[[\w-]+\]: this host's clock is .* off the cloud's"
START_URL = "https://consolefs.awsapps.com/start"

# Seconds for which keys that live for 20 are read with. The whole two minutes take
# CONSOLEFS_LONG_TESTS in the environment.
LONG_S = 120 if os.environ.get("CONSOLEFS_LONG_TESTS") else 45


@pytest.fixture(scope="module", name="shared")
def shared_simulator():
    with Simulator(rate_scale=0) as sim:
        yield sim


class Home:
    """The home of a user, with what his tools keep in it."""

    def __init__(self, path):
        self.path = path

    def put(self, name, text, mode=0o600):
        path = self.path / name
        path.parent.mkdir(mode=0o700, exist_ok=True, parents=True)
        new = path.with_name(path.name + ".new")
        new.write_text(text)
        new.chmod(mode)
        new.rename(path)
        return str(path)

    def aws_config(self, text, base=f"aws_access_key_id={KEY_ID}\n"
                                    f"aws_secret_access_key={SECRET}\n"):
        return self.put(".aws/config", f"[profile base]\n{base}{text}")

    def sso_token(self, name, hours=1, **more):
        """What `aws sso login` leaves behind."""
        name = hashlib.sha1(name.encode()).hexdigest()
        return self.put(f".aws/sso/cache/{name}.json", json.dumps({
            "startUrl": START_URL, "region": "us-east-1", "accessToken": SSO_TOKEN,
            "expiresAt": in_hours(hours), **more}))

    def tccli(self, profile="default", **credential):
        return self.put(f".tccli/{profile}.credential", json.dumps(credential))


@pytest.fixture(name="home")
def home_directory(tmp_path):
    path = tmp_path / "home"
    path.mkdir()
    return Home(path)


def in_hours(hours):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def sign_in_env(sim, home, **env):
    """An environment without keys, whose sign-in services are the simulator's."""
    return {"HOME": str(home.path), "AWS_ENDPOINT_URL": sim.url, "AWS_REGION": sim.aws_regions[0],
            "AWS_EC2_METADATA_DISABLED": "true", **env}


def mounted(sim, home, options=(), **env):
    return Mount.of(sim, options=options, keys=False, env=sign_in_env(sim, home, **env))


def of_metadata(sim):
    """The environment of a machine whose metadata service is the simulator's."""
    return {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": sim.metadata,
            "TENCENTCLOUD_METADATA_ENDPOINT": sim.metadata}


def status_of(cloud):
    return (cloud / "status").read_text()


def live_file(cloud):
    """A live file that always has something to show."""
    if cloud.name.startswith("aws"):
        return cloud / fleet.aws(fleet.AWAKE) / "screenshot.jpg"
    return cloud / fleet.cvm(fleet.AWAKE) / "vnc_url"


def roles_since(sim, count, cloud):
    return [entry.get("role") for entry in sim.log_entries(cloud=cloud)[count:]
            if entry["action"].startswith(("DescribeInstance", "GetConsole"))]


def assert_signed_in(sim, mount, name, role):
    """The cloud works from end to end, with the keys of that role and no others."""
    before = len(sim.log_entries(cloud=name))
    cloud = mount.path / name
    assert len(fleet.instances(cloud)) > 18, status_of(cloud)
    assert read(live_file(cloud))
    assert set(roles_since(sim, before, name)) == {role}
    assert "condition:   working\n" in status_of(cloud)


# Where keys come from: AWS

def role_profile(role="reader", more="", source="source_profile=base"):
    return f"[profile x]\nrole_arn={aws_role(role)}\n{source}\n{more}"


def aws_process(home, name="process"):
    keys = json.dumps({"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})
    program = home.put(name, f"#!/bin/sh\necho '{keys}'\n", 0o700)
    home.aws_config(f"[profile x]\ncredential_process={program}\n")


def aws_web_identity(home):
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": home.put("token", WEB_IDENTITY),
            "AWS_ROLE_ARN": aws_role("federated")}


def aws_sso_session(home, hours, **more):
    home.aws_config(f"[sso-session s]\nsso_start_url={START_URL}\nsso_region=us-east-1\n"
                    f"[profile x]\nsso_session=s\nsso_account_id={ACCOUNT}\n"
                    "sso_role_name=operator\n")
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

def tencent_pod(home):
    return {"TKE_REGION": "ap-guangzhou", "TKE_PROVIDER_ID": OIDC_PROVIDER,
            "TKE_WEB_IDENTITY_TOKEN_FILE": home.put("token", WEB_IDENTITY),
            "TKE_ROLE_ARN": tencent_role("federated")}


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


# Keys that expire

def config_of_four(sim, tmp_path):
    """Each cloud twice: with the machine's role, and with one that a profile assumes."""
    path = tmp_path / "consolefs.conf"
    path.write_text("".join(
        f"[{name}]\nbackend = {name.partition('-')[0]}\nendpoint = {sim.url}\n"
        f"ca_file = {sim.ca}\nregions = {region}\n{more}\n"
        for name, region, more in (
            ("aws-machine", "us-east-1", ""), ("aws-role", "us-east-1", "profile = x"),
            ("tencent-machine", "ap-guangzhou", ""),
            ("tencent-role", "ap-guangzhou", "profile = p"))))
    return path


FOUR = ["aws-machine", "aws-role", "tencent-machine", "tencent-role"]


def mount_of_four(sim, home, tmp_path):
    home.aws_config(role_profile())
    home.tccli("p", **{"secretId": KEY_ID, "secretKey": SECRET, "role-arn": tencent_role("reader"),
                       "role-session-name": "mine"})
    return Mount(args=["-c", config_of_four(sim, tmp_path)], keys=False,
                 env=sign_in_env(sim, home, **of_metadata(sim)))


def test_keys_that_expire_every_20_seconds_are_renewed_without_one_error(home, tmp_path):
    with Simulator(rate_scale=0, session_seconds=20) as sim, \
            mount_of_four(sim, home, tmp_path) as mount:
        files = [live_file(mount.path / name) for name in FOUR]
        end = time.monotonic() + LONG_S
        reads = 0
        while time.monotonic() < end:
            for file in files:
                assert read(file)
                reads += 1
            # Ten a second are enough for a machine that has other tests to run.
            time.sleep(0.4)
        assert reads > LONG_S
        calls = [entry for entry in sim.log_entries()
                 if entry["action"] in ("GetConsoleScreenshot", "DescribeInstanceVncUrl")]
        assert len(calls) == reads and not [entry for entry in calls if entry["code"]]
        for action in ("AssumeRole", "MetadataCredentials"):
            for cloud in ("aws", "tencent"):
                renewed = len(sim.log_entries(action=action, cloud=cloud, status=200))
                # At half their life, give or take; the metadata services hand out the same keys
                # until then.
                assert LONG_S / 20 <= renewed <= LONG_S / 2.5, (action, cloud, renewed)
        assert mount.events() == []


def test_keys_that_were_left_to_expire_are_renewed_before_the_next_call(home, tmp_path):
    with Simulator(rate_scale=0, session_seconds=2) as sim, \
            mount_of_four(sim, home, tmp_path) as mount:
        files = [live_file(mount.path / name) for name in FOUR]
        for _ in range(2):
            for file in files:
                assert read(file)
            # Past their end, and past the pause between two searches.
            time.sleep(6)
        for file in files:
            assert read(file)
        assert not [entry for entry in sim.log_entries() if entry["code"]]


RENEWALS = {"aws-machine": "aws/MetadataCredentials", "aws-role": "aws/AssumeRole",
            "tencent-machine": "tencent/MetadataCredentials",
            "tencent-role": "tencent/AssumeRole"}


def test_old_keys_serve_until_they_expire_and_recovery_is_automatic(home, tmp_path):
    """DESIGN: "when a refresh fails the old keys serve until they expire, then EKEYEXPIRED, and
    recovery is automatic"."""
    life = 14
    with Simulator(rate_scale=0, session_seconds=life) as sim, \
            mount_of_four(sim, home, tmp_path) as mount:
        mount.allow(NOT_RENEWED)
        mount.allow(NONE_USABLE)
        files, began = {}, {}
        for name in FOUR:
            began[name] = time.monotonic()  # the first look at a cloud signs in
            files[name] = live_file(mount.path / name)
        for name, file in files.items():
            assert read(file) and len(fleet.instances(mount.path / name)) > 18
        sim.set_faults(*(f"{action}:status=500" for action in RENEWALS.values()))
        expired = {}
        while len(expired) < len(FOUR):
            for name, file in files.items():
                if name in expired:
                    continue
                result = errno_of(read, file)
                if result != "OK":
                    assert result == "EKEYEXPIRED", (name, status_of(mount.path / name))
                    expired[name] = time.monotonic() - began[name]
            assert time.monotonic() - min(began.values()) < 3 * life
            time.sleep(0.2)
        for name, after in expired.items():
            assert life - 1 <= after <= life + 3, (name, after)
            status = status_of(mount.path / name)
            assert "EKEYEXPIRED" in status and "not renewed" in status, status
            mount.await_log(rf"\[{name}\]: the credentials could not be renewed")
            # What is known is shown for as long.
            assert len(fleet.instances(mount.path / name)) > 18
        sim.set_faults()
        for name, file in files.items():
            await_that(lambda file=file: errno_of(read, file) == "OK", f"{name} works again")
            assert "condition:   working\n" in status_of(mount.path / name)


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

def sts_keys(sim, role):
    """Keys of a role, as somebody else has got them."""
    session = botocore.session.Session()
    session.set_config_variable("ca_bundle", str(sim.ca))
    client = session.create_client("sts", region_name="us-east-1", endpoint_url=sim.url,
                                   aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET)
    more = {"ExternalId": EXTERNAL_ID} if role == "partner" else {}
    return client.assume_role(RoleArn=aws_role(role), RoleSessionName="me", **more)["Credentials"]


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


def test_a_rotated_token_of_a_pod_is_used_for_the_next_keys(sim, home, tmp_path):
    accepted = tmp_path / "accepted"
    accepted.write_text("the-first-token")
    sim = sim(rate_scale=0, session_seconds=8, args=["--web-identity-file", accepted])
    env = {**aws_web_identity(home), **tencent_pod(home)}
    home.put("token", "the-first-token")
    with mounted(sim, home, **env) as mount:
        assert_signed_in(sim, mount, "aws", "federated")
        assert_signed_in(sim, mount, "tencent", "federated")
        home.put("token", "the-second-token\n")
        accepted.write_text("the-second-token")
        end = time.monotonic() + 12
        while time.monotonic() < end:
            assert read(live_file(mount.aws)) and read(live_file(mount.tencent))
            time.sleep(0.2)
        for cloud in ("aws", "tencent"):
            assert len(sim.log_entries(action="AssumeRoleWithWebIdentity", cloud=cloud)) >= 2
        assert not [entry for entry in sim.log_entries() if entry["code"]]


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


@pytest.mark.parametrize("offset", [-86400, 86400])
def test_a_clock_a_day_off_where_keys_are_signed_out(home, tmp_path, offset):
    """The sign-in services refuse a wrong time too, and say in their own time when keys expire."""
    with Simulator(rate_scale=0, clock_offset=offset, session_seconds=8) as sim, \
            mount_of_four(sim, home, tmp_path) as mount:
        mount.allow(CLOCK_OFF)
        end = time.monotonic() + 12
        while time.monotonic() < end:
            for name in FOUR:
                assert read(live_file(mount.path / name)), name
            time.sleep(0.2)
        refused = [(entry["cloud"], entry["action"]) for entry in sim.log_entries()
                   if entry["code"]]
        assert len(refused) <= len(FOUR), refused
