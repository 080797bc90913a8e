# SPDX-License-Identifier: MIT
"""DESIGN: "Credentials never stand in this file: they come from where each cloud's own tools keep
them", and what wrong or missing ones get."""

import os
import pathlib
import re
import time

import pytest

from lib import fleet
from lib.doing import await_that, errno_of, fails, read, running, shell
from lib.mount import Mount, cloud_options
from lib.simulator import KEY_ID, SECRET, Simulator

CANARY = "CanaryThatMustNotSing0123456789abcdefghi"
CLOUDS = ["aws", "tencent"]


@pytest.fixture(scope="module", name="sim")
def shared_simulator():
    with Simulator(rate_scale=0) as sim:
        yield sim


@pytest.fixture(name="home")
def home_directory(tmp_path):
    """A home with nothing in it."""
    home = tmp_path / "home"
    home.mkdir()
    return home


def put(home, path, text):
    path = home / path
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(text)


def mounted(sim, home, options=(), **env):
    return Mount.of(sim, options=options, keys=False,
                    env={"HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", **env})


def aws_file(key=KEY_ID, secret=SECRET, profile="default"):
    return f"[{profile}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"


def tencent_file(key=KEY_ID, secret=SECRET):
    return f"[default]\nsecret_id = {key}\nsecret_key = {secret}\n"


def source(cloud):
    """Where the credentials come from, as status says it."""
    return (cloud / "status").read_text().partition("credentials: ")[2].partition("\n")[0]


def assert_works(mount, *clouds):
    for cloud in clouds:
        assert len(fleet.instances(mount.path / cloud)) > 18
        assert "condition:   working\n" in (mount.path / cloud / "status").read_text()


# Where they are found

def test_the_environment(sim, home):
    with mounted(sim, home, AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET,
                 TENCENTCLOUD_SECRET_ID=KEY_ID, TENCENTCLOUD_SECRET_KEY=SECRET) as mount:
        assert_works(mount, *CLOUDS)
        assert "environment" in source(mount.aws) and "AWS_ACCESS_KEY_ID" in source(mount.aws)
        assert "TENCENTCLOUD_SECRET_ID" in source(mount.tencent)


def test_the_shared_credentials_file_of_aws(sim, home):
    put(home, ".aws/credentials", aws_file())
    with mounted(sim, home) as mount:
        assert_works(mount, "aws")
        assert source(mount.aws) == "profile default in ~/.aws/credentials"


def test_the_shared_config_file_of_aws(sim, home):
    put(home, ".aws/config", aws_file(profile="default") + "region = us-east-1\n")
    options = [one for one in cloud_options(sim) if "regions" not in one]
    with Mount(options=options, keys=False, env={"HOME": str(home)}) as mount:
        assert_works(mount, "aws")
        assert source(mount.aws) == "profile default in ~/.aws/config"


def test_files_named_by_the_environment(sim, home, tmp_path):
    (tmp_path / "keys").write_text(aws_file())
    with mounted(sim, home, AWS_SHARED_CREDENTIALS_FILE="${KEYS}/keys", KEYS=str(tmp_path),
                 AWS_CONFIG_FILE=str(tmp_path / "nothing")) as mount:
        assert_works(mount, "aws")
        assert source(mount.aws) == "profile default in ${KEYS}/keys"


def test_aws_profile_names_the_profile(sim, home):
    put(home, ".aws/credentials", aws_file(secret="wrong") + aws_file(profile="prod"))
    with mounted(sim, home, AWS_PROFILE="prod") as mount:
        assert_works(mount, "aws")
        assert source(mount.aws) == "profile prod in ~/.aws/credentials"


def test_a_profile_of_the_configuration_beats_the_environment_and_aws_profile_does_not(sim, home):
    put(home, ".aws/credentials", aws_file(profile="prod"))
    wrong = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": "wrong"}
    with mounted(sim, home, ["aws.profile=prod"], **wrong) as mount:
        assert_works(mount, "aws")
    right = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    with mounted(sim, home, AWS_PROFILE="nothing", **right) as mount:
        assert_works(mount, "aws")
        assert "AWS_ACCESS_KEY_ID" in source(mount.aws)


def test_a_profile_of_the_config_file_with_keys_in_the_credentials_file(sim, home):
    put(home, ".aws/config", "[profile prod]\nregion = us-east-1\n")
    put(home, ".aws/credentials", aws_file(profile="prod"))
    options = [one for one in cloud_options(sim) if "regions" not in one]
    with Mount(options=[*options, "aws.profile=prod"], keys=False,
               env={"HOME": str(home)}) as mount:
        assert_works(mount, "aws")


def test_the_credentials_file_of_tencent(sim, home):
    put(home, ".tencentcloud/credentials", tencent_file())
    with mounted(sim, home) as mount:
        assert_works(mount, "tencent")
        assert source(mount.tencent) == "~/.tencentcloud/credentials [default]"


def test_a_tencent_file_named_by_the_environment(sim, home, tmp_path):
    (tmp_path / "keys").write_text(tencent_file())
    with mounted(sim, home, TENCENTCLOUD_CREDENTIALS_FILE=str(tmp_path / "keys")) as mount:
        assert_works(mount, "tencent")


def test_without_a_config_file_each_cloud_is_offered_if_its_credentials_are_found(sim, home):
    put(home, ".tencentcloud/credentials", tencent_file())
    with mounted(sim, home) as mount:
        assert fleet.clouds(mount.path) == ["tencent"]
    with mounted(sim, home, AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET) as mount:
        assert fleet.clouds(mount.path) == CLOUDS


# None, and wrong ones

def test_none_mount_succeeds_ls_says_permission_denied_and_where_they_were_looked_for(sim, home):
    with mounted(sim, home) as mount:
        mount.allow("no usable credentials")
        mount.allow("there is nothing to show yet")
        assert fleet.clouds(mount.path) == CLOUDS
        for cloud, places, names in (
                (mount.aws, ["AWS_ACCESS_KEY_ID", "~/.aws/credentials", "~/.aws/config"],
                 "environment, profile, "),
                (mount.tencent, ["TENCENTCLOUD_SECRET_ID", "~/.tencentcloud/credentials"],
                 "environment, credentials file, ")):
            done = shell('ls "$1"', cloud)
            assert done.returncode != 0 and "Permission denied" in done.stderr
            with fails("EACCES"):
                os.listdir(cloud)
            said = [line for line in mount.log_text().splitlines()
                    if line.startswith(f"consolefs: [{cloud.name}]: no usable credentials")]
            assert len(said) == 1 and names in said[0]
            status = (cloud / "status").read_text()
            assert "credentials: none; looked in\n" in status
            for place in places:
                assert place in status
        assert sim.log_entries(signature="missing") == []


def test_none_but_a_config_file_that_names_the_cloud(sim, home, tmp_path):
    config = tmp_path / "config"
    config.write_text(f"[prod]\nbackend = aws\nregions = us-east-1\nendpoint = {sim.url}\n")
    with Mount(args=["-c", config], keys=False, env={"HOME": str(home)}) as mount:
        mount.allow("no usable credentials")
        assert fleet.clouds(mount.path) == ["prod"]
        with fails("EACCES"):
            os.listdir(mount.path / "prod")
        with fails("EACCES"):
            (mount.path / "prod" / "i-0123456789abcdef0").stat()


@pytest.mark.parametrize("cloud, code", [("aws", "SignatureDoesNotMatch"),
                                         ("tencent", "AuthFailure.SignatureFailure")])
def test_a_wrong_secret_is_permission_denied_and_what_the_cloud_said(sim, home, cloud, code):
    put(home, ".aws/credentials", aws_file(secret="wrong"))
    put(home, ".tencentcloud/credentials", tencent_file(secret="wrong"))
    with mounted(sim, home) as mount:
        path = mount.path / cloud
        with fails("EACCES"):
            os.listdir(path)
        status = (path / "status").read_text()
        refused = [entry for entry in sim.log_entries(cloud=cloud, action="DescribeInstances")
                   if entry["code"]]
        assert refused[-1]["signature"] != "ok"
        assert refused[-1]["code"] == code
        assert code in status and "EACCES" in status
        assert "not working" in status


# A secret alone is passed over by the SDKs of AWS, and so it is here.
@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "TENCENTCLOUD_SECRET_ID",
                                      "TENCENTCLOUD_SECRET_KEY"])
def test_half_of_a_pair_is_said_and_nothing_else_is_used_instead(sim, home, tmp_path, variable):
    put(home, ".aws/credentials", aws_file())
    put(home, ".tencentcloud/credentials", tencent_file())
    config = tmp_path / "config"
    config.write_text("[aws]\n[tencent]\n")
    cloud = "aws" if variable.startswith("AWS") else "tencent"
    with Mount.of(sim, args=["-c", config], keys=False,
                  env={"HOME": str(home), variable: KEY_ID}) as mount:
        mount.allow("no usable credentials")
        with fails("EACCES"):
            os.listdir(mount.path / cloud)
        assert f"{variable} is set" in (mount.path / cloud / "status").read_text()
        assert_works(mount, "tencent" if cloud == "aws" else "aws")


@pytest.mark.parametrize("first", ["missing", "wrong"])
def test_a_corrected_credentials_file_works_without_remount_within_seconds(sim, home, first):
    if first == "wrong":
        put(home, ".aws/credentials", aws_file(secret="wrong"))
        put(home, ".tencentcloud/credentials", tencent_file(secret="wrong"))
    with mounted(sim, home) as mount:
        mount.allow("no usable credentials|there is nothing to show yet")
        for cloud in CLOUDS:
            with fails("EACCES"):
                os.listdir(mount.path / cloud)
        put(home, ".aws/credentials", aws_file())
        put(home, ".tencentcloud/credentials", tencent_file())
        began = time.monotonic()
        for cloud in CLOUDS:
            await_that(lambda cloud=cloud: errno_of(os.listdir, mount.path / cloud) == "OK",
                       "the corrected credentials are used")
        assert time.monotonic() - began < 15
        assert_works(mount, *CLOUDS)


DAMAGED = {
    ".aws/credentials": f"[default]\naws_access_key_id = {CANARY}\n{CANARY}\n",
    ".tencentcloud/credentials": f"[default]\nsecret_id = {CANARY}\n{CANARY}\n",
}


def test_a_damaged_file_is_said_by_its_line_and_not_quoted(sim, home):
    path = ".tencentcloud/credentials"
    put(home, path, DAMAGED[path])
    with mounted(sim, home) as mount:
        mount.allow("no usable credentials")
        with fails("EACCES"):
            os.listdir(mount.tencent)
        status = (mount.tencent / "status").read_text()
        assert re.search(rf"~/{path}: line 3", status)
        assert CANARY not in status and CANARY not in mount.log_text()


def test_a_damaged_file_of_settings_too_is_refused_by_its_line(sim, home):
    """The files of AWS hold regions, endpoints and what is to be trusted."""
    put(home, ".aws/credentials", DAMAGED[".aws/credentials"])
    options = [one for one in cloud_options(sim) if "regions" not in one]
    with pytest.raises(RuntimeError, match="line 3 of ~/.aws/credentials") as caught:
        Mount(options=options, keys=False, env={"HOME": str(home)})
    assert CANARY not in str(caught.value)


# Secrets stay secret

def unlisted(error):
    raise error


def everything(mount):
    """All that a mount shows: every file and every name, and all that is known of its process."""
    shown = {}
    for directory, _, names in os.walk(mount.path, onerror=unlisted):
        for path in (os.path.join(directory, name) for name in names):
            try:
                shown[path] = read(path)
            except OSError as error:
                shown[path] = str(error).encode()
    shown["links"] = "\n".join(f"{path} -> {path.readlink()}" for path in mount.path.rglob("*")
                               if path.is_symlink()).encode()
    process = pathlib.Path(f"/proc/{mount.process.pid}")
    shown["cmdline"] = (process / "cmdline").read_bytes()
    shown["log"] = mount.log_text().encode()
    shown["mountinfo"] = pathlib.Path("/proc/self/mountinfo").read_bytes()
    return shown


def occurrences(shown, *secrets):
    return [(name, secret) for name, content in shown.items() for secret in secrets
            if secret.encode() in content]


@pytest.mark.parametrize("place", ["environment", "files"])
def test_secrets_are_never_in_log_status_error_or_command_line(sim, home, place):
    """With secrets that are wrong, so that everything fails and says why; and with right ones."""
    env = {}
    if place == "environment":
        env = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": CANARY,
               "AWS_SESSION_TOKEN": CANARY + "token", "TENCENTCLOUD_SECRET_ID": KEY_ID,
               "TENCENTCLOUD_SECRET_KEY": CANARY, "TENCENTCLOUD_TOKEN": CANARY + "token"}
    else:
        put(home, ".aws/credentials", aws_file(secret=CANARY) +
            f"aws_session_token = {CANARY}token\n")
        put(home, ".tencentcloud/credentials", tencent_file(secret=CANARY) +
            f"token = {CANARY}token\n")
    with mounted(sim, home, **env) as mount:
        for cloud, one in (("aws", fleet.aws(0)), ("tencent", fleet.cvm(0))):
            with fails("EACCES"):
                os.listdir(mount.path / cloud)
            assert errno_of(read, mount.path / cloud / one / "info.json") == "EACCES"
        shown = {name: read(mount.path / name / "status") for name in CLOUDS}
        shown["log"] = mount.log_text().encode()
        shown["cmdline"] = pathlib.Path(f"/proc/{mount.process.pid}/cmdline").read_bytes()
        assert b"DescribeInstances" in shown["log"]
        assert occurrences(shown, CANARY) == []


def test_right_secrets_and_vnc_links_are_nowhere_but_in_their_files(sim, home):
    put(home, ".aws/credentials", aws_file())
    put(home, ".tencentcloud/credentials", tencent_file())
    with mounted(sim, home) as mount:
        shown = everything(mount)
        links = [content for name, content in shown.items() if name.endswith("vnc_url")
                 and content.startswith(b"https://")]
        assert len(links) > 5
        with fails("EHOSTDOWN"):
            read(mount.tencent / fleet.cvm(fleet.STOPPED) / "vnc_url")
        assert occurrences(shown, SECRET) == []
        rest = {name: content for name, content in everything(mount).items()
                if not name.endswith(("vnc_url", "vnc.html"))}
        tokens = [link.decode().strip().rpartition("InstanceVncUrl=")[2] for link in links]
        assert occurrences(rest, *tokens, "wss://", "wss%3A") == []


def test_no_other_process_of_the_user_reads_the_daemon_and_no_core_holds_its_keys(sim, home):
    put(home, ".aws/credentials", aws_file())
    with mounted(sim, home) as mount:
        assert_works(mount, "aws")
        process = pathlib.Path(f"/proc/{mount.process.pid}")
        limits = next(line for line in (process / "limits").read_text().splitlines()
                      if line.startswith("Max core file size"))
        assert limits.split()[4:6] == ["0", "0"]
        # A process that may be dumped belongs to its user, one that may not to root.
        if os.getuid() == 0:
            with running("/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                         "--", "/bin/cat", process / "environ") as reader:
                assert reader.wait(30) != 0
