# SPDX-License-Identifier: MIT
"""mount(8) and /etc/fstab, for both types: consolefs and fuse.consolefs."""

import os
import pwd

import pytest

from lib.machine import Machine
from lib.mount import cloud_options
from lib.simulator import KEY_ID, SECRET

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts as root")

KEYS = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
        "TENCENTCLOUD_SECRET_ID": KEY_ID, "TENCENTCLOUD_SECRET_KEY": SECRET}
# What is for mount(8) and systemd, in a line of fstab and on a command line.
FOR_OTHERS = "defaults,_netdev,nofail,noauto,user,exec,x-systemd.automount,x-systemd.idle-timeout=9"
TYPES = ["consolefs", "fuse.consolefs"]


@pytest.fixture
def config(sim, tmp_path_factory):
    """A configuration of the simulated clouds."""
    sections = {}
    for option in cloud_options(sim):
        name, _, value = option.partition("=")
        section, _, key = name.partition(".")
        sections.setdefault(section, []).append(f"{key} = {value.replace(':', ',')}"
                                                if key == "regions" else f"{key} = {value}")
    path = sim.dir / "machine.conf"
    path.write_text("".join(f"[{section}]\n" + "\n".join(lines) + "\n"
                            for section, lines in sections.items()))
    for readable in (sim.dir, path, sim.ca):
        readable.chmod(0o755)
    return path


TOP = ["aws", "index.html", "stats", "tencent"]


def ls(machine, path=None):
    return machine.run("ls", path or machine.path).output.split()


@pytest.mark.parametrize("kind", TYPES)
def test_mount_mounts_the_clouds_of_a_configuration(machine, config, kind):
    machine.run("mount", "-t", kind, config, machine.path, env=KEYS)
    [(source, mounted, options)] = machine.mounts()
    assert (source, mounted) == (str(config), "fuse.consolefs")
    assert {"rw", "nosuid", "nodev", "noexec", "default_permissions"} <= options
    assert "allow_other" not in options
    assert ls(machine) == TOP
    instances = [name for name in ls(machine, machine.path / "aws") if name.startswith("i-")]
    assert len(instances) > 3
    machine.unmount()


@pytest.mark.parametrize("kind", TYPES)
def test_every_setting_is_a_mount_option(machine, sim, kind):
    machine.run("mount", "-t", kind, "none", machine.path, env=KEYS,
                *("-o", ",".join(["ro", "uid=1", "umask=027", *cloud_options(sim)])))
    [(source, _, options)] = machine.mounts()
    assert source == "none" and "ro" in options
    assert machine.run("stat", "-c", "%u %a", machine.path).output == "1 550\n"
    assert ls(machine) == TOP
    machine.unmount()


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("written, values", [
    ("tag:env=prod,staging", ["prod", "staging"]), ('"tag:env=dev,prod"', ["dev", "prod"]),
    ('tag:env="prod,staging"', ["prod", "staging"])])
def test_a_comma_in_a_setting_reaches_it_through_mount(machine, config, kind, written, values):
    """mount(8) moves what it knows itself, and mount.fuse3(8) adds to the end."""
    machine.fstab(f"none {machine.path} {kind} config={config},nofail,ro,aws.filter={written},_netdev 0 0")
    machine.run("mount", machine.path, env=KEYS)
    assert "ro" in machine.mounts()[0][2]
    found = machine.run("sh", "-c", f"grep -h '\"env\":' {machine.path}/aws/i-*/info.json | sort -u")
    assert [line.split('"')[3] for line in found.output.splitlines()] == values
    machine.unmount()


@pytest.mark.parametrize("kind", TYPES)
def test_a_line_of_fstab_mounts_once(machine, config, kind):
    machine.fstab(f"{config} {machine.path} {kind} _netdev,nofail,x-systemd.automount 0 0")
    for _ in range(2):
        machine.run("mount", "-a", env=KEYS)
        assert len(machine.mounts()) == 1
    machine.unmount()


@pytest.mark.parametrize("kind", TYPES)
def test_options_for_others_are_passed_over(machine, config, kind):
    machine.fstab(f"none {machine.path} {kind} {FOR_OTHERS},config={config} 0 0")
    machine.run("mount", machine.path, env=KEYS)
    assert ls(machine) == TOP
    machine.unmount()


@pytest.mark.parametrize("kind", TYPES)
def test_a_mount_that_fails_says_why(machine, kind, tmp_path):
    config = tmp_path / "wrong.conf"
    config.write_text("[aws]\nbogus = 1\n")
    done = machine.run("mount", "-t", kind, config, machine.path, check=False)
    assert f"{config}:2" in done.output
    assert done.returncode == (32 if kind == "consolefs" else 1)
    assert machine.mounts() == [] and machine.daemons() == []
    assert machine.run("mount", "-t", kind, "aws", machine.path, check=False).returncode != 0


def test_a_helper_is_told_by_status_1_of_a_wrong_command_line(machine):
    for wrong in (["none"], ["none", machine.path, "-x"], ["none", machine.path, "more"]):
        done = machine.run("mount.consolefs", *wrong, check=False)
        assert done.returncode == 1 and "usage" in done.output, wrong


def test_a_fake_mount_mounts_nothing(machine, config):
    machine.run("mount", "-f", "-t", "consolefs", config, machine.path)
    assert machine.mounts() == [] and machine.daemons() == []


def test_setuid_mounts_as_another_user(machine, config):
    """With his rights, by fusermount3, and without the environment of root."""
    user = pwd.getpwnam("nobody")
    os.chown(machine.path, user.pw_uid, user.pw_gid)
    machine.run("mount", "-t", "consolefs", "-o", "setuid=nobody", config, machine.path, env=KEYS)
    [(_, mounted, options)] = machine.mounts()
    assert mounted == "fuse.consolefs" and f"user_id={user.pw_uid}" in options
    [daemon] = machine.daemons()
    assert os.stat(f"/proc/{daemon}").st_uid in (0, user.pw_uid)  # root's, when not dumpable
    with open(f"/proc/{daemon}/status", encoding="ascii") as status:
        fields = dict(line.split(":", 1) for line in status)
    assert fields["Uid"].split() == [str(user.pw_uid)] * 4
    assert fields["Groups"].split() == [str(user.pw_gid)]
    assert int(fields["CapEff"], 16) == 0
    as_user = ["setpriv", "--reuid=nobody", f"--regid={user.pw_gid}", "--clear-groups"]
    assert machine.run("ls", machine.path, before=as_user).output.split() == TOP
    # Not even root may enter; and root's keys are not the user's.
    assert machine.run("ls", machine.path, check=False).returncode != 0
    status = machine.run("cat", machine.path / "aws/status", before=as_user).output
    assert "credentials: none" in status, status
    machine.unmount()


def test_setuid_of_a_user_who_is_not_there_is_refused(machine, config):
    done = machine.run("mount", "-t", "consolefs", "-o", "setuid=no-such-user", config,
                       machine.path, check=False)
    assert done.returncode == 32 and "no-such-user" in done.output
    assert machine.mounts() == []


@pytest.fixture
def stub(installed, tmp_path):
    """An installation whose program prints how it was called."""
    for name in ("bin", "sbin"):
        (tmp_path / name).mkdir()
    helper = tmp_path / "sbin/mount.consolefs"
    helper.write_bytes((installed / "sbin/mount.consolefs").read_bytes())
    program = tmp_path / "bin/consolefs"
    program.write_text('#!/bin/sh\nprintf "<%s>" "$@"\nenv | grep -E "^(HOME|PATH)=" | sort\n')
    for path in (helper, program):
        path.chmod(0o755)
    with Machine(tmp_path) as machine:
        yield machine


def test_the_helper_hands_options_over_as_they_are(stub):
    hard = r"aws.filter=tag:a=b\,c,fsname=it's $HOME * ,x-a=1"
    done = stub.run("mount.consolefs", "/a b", stub.path, "-sn", "-v", "-o", "ro", "-o", hard, "-t",
                    "consolefs", env={"HOME": "/h"})
    assert done.output.startswith(f"</a b><{stub.path}><-o><ro,{hard}>HOME=/h\n"), done.output


def test_the_helper_finds_what_mount_does_not_pass_on(stub):
    """A home for credentials, and where to look for a credential_process."""
    done = stub.run("mount", "-t", "consolefs", "none", stub.path)
    home, path = done.output.splitlines()
    assert home == f"<none><{stub.path}><-o><rw>HOME={pwd.getpwuid(0).pw_dir}"
    assert path.startswith("PATH=") and "/usr/bin" in path


def test_the_helper_gives_the_environment_of_the_user(stub):
    """PATH=... of whoever mounts, and keys in his environment, stay with him."""
    program = stub.prefix / "bin/consolefs"
    program.write_text('#!/bin/sh\nid -un\necho "$HOME ${AWS_ACCESS_KEY_ID-unset} $4"\n')
    stub.prefix.parent.chmod(0o755)
    stub.prefix.chmod(0o755)
    done = stub.run("mount.consolefs", "none", stub.path, "-o", "ro,setuid=nobody,uid=1", env=KEYS,
                    check=False)
    assert done.output == f"nobody\n{pwd.getpwnam('nobody').pw_dir} unset ro,uid=1\n"


def test_it_works_from_a_link_in_another_directory(machine, config, tmp_path):
    """As one is made to an installation in /usr/local."""
    link = tmp_path / "mount.consolefs"
    link.symlink_to(machine.prefix / "sbin/mount.consolefs")
    machine.run(link, config, machine.path, env={**KEYS, "PATH": "/usr/bin:/bin"})
    assert ls(machine) == TOP
    machine.unmount()
