# SPDX-License-Identifier: MIT
"""The units of systemd are understood, confined as far as they say, and told of what happens."""

import os
import re
import signal
import socket
import subprocess

import pytest

from lib import fleet
from lib.doing import await_that
from lib.mount import Mount, cloud_options, find_consolefs
from lib.scripted import AWS_KEYS, TENCENT_KEYS
from lib.simulator import ROOT, scrubbed_env
from lib.systemd import analyze, complaints

SYSTEM = ROOT / "contrib/systemd/consolefs@.service"
USER = ROOT / "contrib/systemd/user/consolefs@.service"
# Of `systemd-analyze security`, 10 for the whole of root's power.
EXPOSURE_MAX = 2.5


def instance(unit, directory, installed, name):
    """A unit of an instance, by the whole path of the program."""
    text = unit.read_text().replace("ExecStart=consolefs", f"ExecStart={installed}/bin/consolefs")
    assert f"{installed}/bin/consolefs" in text
    path = directory / f"consolefs@{name}.service"
    path.write_text(text)
    return path


def test_systemd_understands_the_system_unit(installed, tmp_path):
    unit = instance(SYSTEM, tmp_path, installed, "mnt-cloud")
    assert complaints(unit) == []


def test_systemd_understands_the_user_unit(installed, tmp_path):
    unit = instance(USER, tmp_path, installed, "cloud")
    assert complaints(unit, "--user") == []


def test_what_else_the_machine_has_is_not_judged(installed, tmp_path):
    """A unit of another package, which ours are started after, is read with them."""
    wanted = tmp_path / "sysinit.target.wants"
    wanted.mkdir()
    (tmp_path / "foreign.service").write_text("[Service]\nTypo=yes\nExecStart=/bin/true\n")
    (wanted / "foreign.service").symlink_to("../foreign.service")
    unit = instance(SYSTEM, tmp_path, installed, "mnt-cloud")
    assert "Typo" in analyze(tmp_path, "verify", "--man=no", unit).stderr
    assert complaints(unit) == []
    unit.write_text(unit.read_text() + "Nonsense=yes\n")
    (complaint,) = complaints(unit)
    assert "Nonsense" in complaint


def test_the_system_unit_is_confined(installed, tmp_path):
    unit = instance(SYSTEM, tmp_path, installed, "mnt-cloud")
    done = analyze(tmp_path, "security", "--offline=true", unit)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure and float(exposure[1]) <= EXPOSURE_MAX, done.stdout


def test_what_mounts_for_the_system_does_it_in_the_namespace_of_the_machine():
    """The unit has one of its own, for its sandbox: a mount in it would be seen by nobody."""
    own = [line for line in SYSTEM.read_text().splitlines() if re.match(r"Exec(StartPre|StopPost)=", line)]
    assert len(own) == 3
    for line in own:
        assert re.match(r"Exec\w+=-?\+nsenter --target=1 --mount -- ", line), line


def test_the_unit_of_a_user_makes_no_mount_namespace():
    """A mount in it would be seen by nobody."""
    makes_one = re.compile(
        r"^(ProtectSystem|ProtectHome|ProtectProc|ProcSubset|ProtectKernel\w+|ProtectControlGroups|"
        r"PrivateTmp|PrivateDevices|PrivateMounts|PrivateIPC|MountFlags|Root\w+|BindPaths|"
        r"BindReadOnlyPaths|TemporaryFileSystem|ReadWritePaths|ReadOnlyPaths|InaccessiblePaths|"
        r"ExecPaths|NoExecPaths|DynamicUser)=", re.MULTILINE)
    assert not makes_one.search(USER.read_text())


def test_a_user_may_still_mount_by_a_set_user_id_program():
    """What makes no_new_privs for him is not in the user's unit."""
    makes_it = re.compile(
        r"^(NoNewPrivileges|SystemCall\w+|RestrictAddressFamilies|RestrictNamespaces|Lock\w+|"
        r"RestrictRealtime|RestrictSUIDSGID|MemoryDenyWriteExecute|ProtectClock|ProtectHostname|"
        r"Private\w+|Protect\w+)=", re.MULTILINE)
    assert not makes_it.search(USER.read_text())


@pytest.fixture
def manager(tmp_path):
    """A service manager's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(30)
        yield listening


def test_the_manager_hears_of_a_mount_when_it_is_usable(sim, manager):
    """And of its end, before it ends."""
    with Mount.of(sim, env={"NOTIFY_SOCKET": manager.getsockname()}) as mount:
        assert manager.recv(100) == b"READY=1"
        assert fleet.clouds(mount.path) == ["aws", "tencent"]
        mount.allow("Terminated")
        mount.signal(signal.SIGTERM)
        assert mount.wait() == 0
        assert manager.recv(100) == b"STOPPING=1"


def test_the_manager_hears_of_a_reload(sim, manager):
    with Mount.of(sim, env={"NOTIFY_SOCKET": manager.getsockname()}) as mount:
        assert manager.recv(100) == b"READY=1"
        mount.allow(r"(?i)hangup|reload|read again|configuration")
        mount.signal(signal.SIGHUP)
        assert manager.recv(100) == b"RELOADING=1"
        assert manager.recv(100) == b"READY=1"


def test_an_abstract_socket_is_one_too(sim):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0consolefs-test-{os.getpid()}")
        listening.settimeout(30)
        with Mount.of(sim, env={"NOTIFY_SOCKET": f"@consolefs-test-{os.getpid()}"}):
            assert listening.recv(100) == b"READY=1"


def test_without_a_manager_who_listens_it_mounts_all_the_same(sim, tmp_path):
    with Mount.of(sim, env={"NOTIFY_SOCKET": str(tmp_path / "nobody")}) as mount:
        mount.allow("cannot tell the service manager")
        mount.await_log("cannot tell the service manager READY=1: No such file")
        assert fleet.clouds(mount.path) == ["aws", "tencent"]


@pytest.mark.parametrize("of_stderr", [True, False])
def test_lines_for_the_journal_have_their_priority(sim, tmp_path, of_stderr):
    """And no others: a shell in a desktop's terminal has the JOURNAL_STREAM of what started it."""
    path = tmp_path / "mnt"
    path.mkdir()
    with open(tmp_path / "stderr", "w+", encoding="utf-8") as stderr:
        stat = os.fstat(stderr.fileno())
        env = scrubbed_env(tmp_path, NOTIFY_SOCKET=str(tmp_path / "nobody"),
                           JOURNAL_STREAM=f"{stat.st_dev}:{stat.st_ino + (not of_stderr)}",
                           **AWS_KEYS, **TENCENT_KEYS)
        mount = subprocess.Popen([find_consolefs(), "-f", "-o", ",".join(cloud_options(sim)), path],
                                 stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, env=env)
        try:
            await_that(lambda: "READY" in (tmp_path / "stderr").read_text(), "it says so")
        finally:
            mount.terminate()
            mount.wait(30)
        lines = (tmp_path / "stderr").read_text().splitlines()
    begins = "<4>cannot tell" if of_stderr else "consolefs: cannot tell"
    assert lines[0].startswith(begins), lines
