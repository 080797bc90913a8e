# SPDX-License-Identifier: MIT
"""Which files are believed: those that another user could change, and those whose path is relative."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest

from lib import fleet
from lib.command import KEYS, Background, consolefs, in_namespace, options_of, refused
from lib.doing import await_that, daemons, end, gone
from lib.mount import Mount, cloud_options, find_consolefs, is_mounted
from lib.simulator import KEY_ID, SECRET

STRANGER = 65534
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root gives files to others")


@pytest.fixture(name="top")
def directory_for_everybody():
    """A directory that other users can come to, unlike pytest's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="consolefs."))
    path.chmod(0o755)
    yield path
    for pid in daemons(path / "mnt"):
        end(pid, signal.SIGKILL)
    if is_mounted(path / "mnt"):
        subprocess.run(["/usr/bin/fusermount3", "-uz", path / "mnt"], check=False)
    shutil.rmtree(path)


def write_config(path, sim, name):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[{name}]\nbackend = aws\nendpoint = {sim.url}\nca_file = {sim.ca}\n"
                    f"regions = {', '.join(sim.aws_regions)}\n")
    return path


def give(path):
    subprocess.run(["chown", "-R", f"{STRANGER}:{STRANGER}", path], check=True)


# Whose they are

@as_root
def test_root_refuses_the_configuration_of_another_user(sim, top):
    """As `sudo -E consolefs` finds it, in the home of who called sudo."""
    cloud = sim(rate_scale=0)
    home, path = top / "home", top / "mnt"
    path.mkdir()
    config = write_config(home / ".config/consolefs/consolefs.conf", cloud, "theirs")
    give(home)
    env = {**KEYS, "HOME": str(home)}
    for args, more in (([], {}), (["-c", config], {}), (["--check"], {}),
                       ([], {"CONSOLEFS_CONFIG": str(config)}), ([config], {})):
        said = refused(*args, path, env={**env, **more})
        assert f"{config} is not read as root: {config} belongs to uid {STRANGER}" in said
        assert "-o trust_files" in said
    # One's own file in a directory that another user can change is no better.
    os.chown(config, 0, 0)
    assert f"{home}/.config/consolefs belongs to uid" in refused(path, env=env)
    with Background(path, "-o", "trust_files", env=env) as mount:
        assert (mount.done.returncode, mount.done.stderr) == (0, "")
        assert fleet.clouds(path) == ["theirs"]
        mount.unmount()


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_a_configuration_that_others_can_write_is_refused_or_warned_of(sim, top, mode):
    path = top / "mnt"
    path.mkdir()
    config = write_config(top / "consolefs.conf", sim(rate_scale=0), "cloud")
    config.chmod(mode)
    who = "its group" if mode == 0o664 else "everybody"
    if os.getuid() == 0:
        assert f"{config} can be changed by {who} (chmod go-w {config})" in refused("-c", config, path, env=KEYS)
    else:
        with Background(path, "-c", config) as mount:
            assert f"{config} can be changed by {who}" in mount.done.stderr
            mount.unmount()


USER = """
top=$1; program=$2; shift 2
mknod -m 666 "$top/fuse" c 10 229
mount --bind "$top/fuse" /dev/fuse
exec setpriv --reuid=65534 --regid=65534 --clear-groups -- /bin/sh -ec '
cd "$1"; "$2" -c theirs.conf mnt; ls mnt; fusermount3 -u mnt
"$2" -c theirs.conf -o trust_files mnt; fusermount3 -u mnt
"$2" -c own.conf mnt; fusermount3 -u mnt' sh "$top" "$program"
"""


@as_root
def test_an_ordinary_user_is_warned_and_mounts(sim, top):
    cloud = sim(rate_scale=0)
    shutil.copy(cloud.ca, top / "ca.pem")
    (top / "ca.pem").chmod(0o644)
    (top / "mnt").mkdir()
    give(top / "mnt")
    for name in ("theirs", "own"):
        config = write_config(top / f"{name}.conf", cloud, name)
        config.write_text(config.read_text().replace(str(cloud.ca), "ca.pem"))
    os.chown(top / "theirs.conf", 1234, 1234)
    done = in_namespace(USER, top, find_consolefs(), env={**KEYS, "HOME": "/nonexistent"})
    assert (done.returncode, done.stdout.split()) == (0, ["index.html", "stats", "theirs"]), done.stderr
    [line] = [line for line in done.stderr.splitlines() if "another user" in line]
    assert line.endswith(f"{top}/theirs.conf may hold what another user has written: "
                         f"{top}/theirs.conf belongs to uid 1234")
    await_that(lambda: not daemons("mnt"), "the daemon ends")


@as_root
def test_root_runs_no_credential_process_of_another_user(sim, top):
    cloud = sim(rate_scale=0)
    home = top / "home"
    (home / ".aws").mkdir(parents=True)
    ran = top / "ran"
    keys = f'{{"Version": 1, "AccessKeyId": "{KEY_ID}", "SecretAccessKey": "{SECRET}"}}'
    (top / "keys").write_text(f"#!/bin/sh\ntouch {ran}\necho '{keys}'\n")
    (top / "keys").chmod(0o755)
    (home / ".aws/config").write_text(f"[default]\ncredential_process = {top}/keys\n")
    give(home)
    env = {"HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"}
    with Mount.of(cloud, keys=False, env=env) as mount:
        mount.allow(r"credential_process of profile default is not run as root")
        mount.allow(r"no usable credentials|has no credentials|looked")
        with pytest.raises(PermissionError):
            os.listdir(mount.aws)
        status = (mount.aws / "status").read_text()
        assert f"is not run as root, unless -o trust_files: {home}/.aws/config belongs to uid {STRANGER}" in status
        assert not ran.exists()
        # One's own is, at once.
        (home / ".aws/config").rename(top / "theirs")
        shutil.copy(top / "theirs", home / ".aws/config")
        for path in (home, home / ".aws"):
            os.chown(path, 0, 0)
        await_that(lambda: os.access(mount.aws, os.R_OK) and listed(mount), "it is run")
        assert ran.exists()
    ran.unlink()
    give(home)
    with Mount.of(cloud, options=["trust_files"], keys=False, env=env) as mount:
        assert len(fleet.instances(mount.aws)) == 19
        assert ran.exists()


def listed(mount):
    try:
        return len(fleet.instances(mount.aws)) == 19
    except PermissionError:
        return False


# Relative paths

def test_relative_paths_mean_where_it_was_started_also_after_a_hangup(sim, top):
    """A daemon's directory is /: what it reads later is what it has read at first."""
    cloud = sim(rate_scale=0)
    path = top / "mnt"
    path.mkdir()
    shutil.copy(cloud.ca, top / "ca.pem")
    for name, args, env in (("named", ["-c", "named.conf"], {}), ("option", ["-o", "config=./option.conf"], {}),
                            ("variable", [], {"CONSOLEFS_CONFIG": "variable.conf"})):
        config = write_config(top / f"{name}.conf", cloud, "before")
        config.write_text(config.read_text().replace(str(cloud.ca), "ca.pem"))
        done = consolefs(*args, "mnt", cwd=top, env={**KEYS, **env})
        assert done.returncode == 0, done.stderr
        assert fleet.clouds(path) == ["before"]
        [pid] = daemons("mnt")
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        # As an editor does, and as a symlink is made to lead elsewhere.
        (top / "new.conf").write_text(config.read_text().replace("before", "after"))
        (top / "link").symlink_to("new.conf")
        (top / "link").rename(config)
        os.kill(pid, signal.SIGHUP)
        await_that(lambda: fleet.clouds(path) == ["after"], "it is reloaded")
        # One that is gone is missed, and no other read in its place.
        config.unlink()
        os.kill(pid, signal.SIGHUP)
        (top / "mnt/stats").read_text()
        assert fleet.clouds(path) == ["after"]
        subprocess.run(["/usr/bin/fusermount3", "-u", path], check=True)
        await_that(lambda pid=pid: gone(pid), "the daemon ends")


def test_a_relative_xdg_config_home_is_ignored(sim, top):
    cloud = sim(rate_scale=0)
    path = top / "mnt"
    path.mkdir()
    write_config(top / "xdg/consolefs/consolefs.conf", cloud, "relative")
    write_config(top / "home/.config/consolefs/consolefs.conf", cloud, "home")
    done = consolefs("mnt", cwd=top, env={**KEYS, "HOME": str(top / "home"), "XDG_CONFIG_HOME": "xdg"})
    assert done.returncode == 0, done.stderr
    assert fleet.clouds(path) == ["home"]
    [pid] = daemons("mnt")
    # Its own file stays the one that is read, however often.
    (top / "home/.config/consolefs/consolefs.conf").unlink()
    os.kill(pid, signal.SIGHUP)
    (path / "stats").read_text()
    assert fleet.clouds(path) == ["home"]
    subprocess.run(["/usr/bin/fusermount3", "-u", path], check=True)
    await_that(lambda: gone(pid), "the daemon ends")


def test_credentials_of_relative_paths_are_found_by_the_daemon(sim, top):
    """AWS_CONFIG_FILE, AWS_CA_BUNDLE, a command and the files of the other clouds: as the shell meant them."""
    cloud = sim(rate_scale=0)
    path = top / "mnt"
    path.mkdir()
    shutil.copy(cloud.ca, top / "ca.pem")
    keys = f'{{"Version": 1, "AccessKeyId": "{KEY_ID}", "SecretAccessKey": "{SECRET}"}}'
    (top / "keys").write_text("#!/bin/sh\ncat keys.json\n")
    (top / "keys").chmod(0o755)
    (top / "keys.json").write_text(keys)
    (top / "aws").write_text("[default]\ncredential_process = ./keys\n")
    (top / "tencent").write_text(f"[default]\nsecret_id = {KEY_ID}\nsecret_key = {SECRET}\n")
    options = [one for one in cloud_options(cloud) if "ca_file" not in one]
    done = consolefs(*options_of(options), "-o", "tencent.ca_file=ca.pem", "mnt", cwd=top,
                     env={"AWS_CONFIG_FILE": "aws", "AWS_CA_BUNDLE": "ca.pem", "AWS_EC2_METADATA_DISABLED": "true",
                          "TENCENTCLOUD_CREDENTIALS_FILE": "./tencent"})
    assert done.returncode == 0, done.stderr
    [pid] = daemons("mnt")
    assert len(fleet.instances(path / "aws")) == 19
    assert (path / "aws" / fleet.aws(fleet.AWAKE) / "screenshot.jpg").read_bytes()
    assert fleet.instances(path / "tencent")
    subprocess.run(["/usr/bin/fusermount3", "-u", path], check=True)
    await_that(lambda: gone(pid), "the daemon ends")
