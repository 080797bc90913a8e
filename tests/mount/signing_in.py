# SPDX-License-Identifier: MIT
"""Those who sign in: what their tools keep in their homes, and mounts that find it."""

import datetime
import hashlib
import json

import botocore.session
import pytest

from lib import fleet, login
from lib.doing import read
from lib.mount import Mount
from lib.simulator import (ACCOUNT, EXTERNAL_ID, KEY_ID, OIDC_PROVIDER, SECRET, SSO_TOKEN, WEB_IDENTITY,
                           Simulator, aws_role, tencent_role)

NOT_RENEWED = r"^consolefs: \[[\w-]+\]: the credentials could not be renewed: "
NONE_USABLE = r"^consolefs: \[[\w-]+\]: no usable credentials"
CLOCK_OFF = r"^consolefs: \[[\w-]+\]: this host's clock is .* off the cloud's"
START_URL = "https://consolefs.awsapps.com/start"


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

    def login(self, text, mode=0o600):
        """What `aws login` leaves behind: a text of lib/login.py."""
        return self.put(f".aws/login/cache/{login.file_name()}", text, mode)

    def tccli(self, profile="default", **credential):
        return self.put(f".tccli/{profile}.credential", json.dumps(credential))


# Fixtures, for the files that import them.

@pytest.fixture(scope="module", name="shared")
def shared_simulator():
    with Simulator(rate_scale=0) as sim:
        yield sim


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


def role_profile(role="reader", more="", source="source_profile=base"):
    return f"[profile x]\nrole_arn={aws_role(role)}\n{source}\n{more}"


def sso_profile():
    """A profile whose session is `s`."""
    return (f"[sso-session s]\nsso_start_url={START_URL}\nsso_region=us-east-1\n"
            f"[profile x]\nsso_session=s\nsso_account_id={ACCOUNT}\nsso_role_name=operator\n")


def login_profile(more=""):
    return f"[profile x]\nlogin_session={login.NAME}\nregion=us-east-1\n{more}"


def sts_keys(sim, role):
    """Keys of a role, as somebody else has got them."""
    session = botocore.session.Session()
    session.set_config_variable("ca_bundle", str(sim.ca))
    client = session.create_client("sts", region_name="us-east-1", endpoint_url=sim.url,
                                   aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET)
    more = {"ExternalId": EXTERNAL_ID} if role == "partner" else {}
    return client.assume_role(RoleArn=aws_role(role), RoleSessionName="me", **more)["Credentials"]


def aws_web_identity(home):
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": home.put("token", WEB_IDENTITY),
            "AWS_ROLE_ARN": aws_role("federated")}


def tencent_pod(home):
    return {"TKE_REGION": "ap-guangzhou", "TKE_PROVIDER_ID": OIDC_PROVIDER,
            "TKE_WEB_IDENTITY_TOKEN_FILE": home.put("token", WEB_IDENTITY),
            "TKE_ROLE_ARN": tencent_role("federated")}
