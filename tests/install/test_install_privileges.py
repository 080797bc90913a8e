# SPDX-License-Identifier: MIT
"""A mount that root makes and a user without rights serves: mount.fuse3 hands it over as /dev/fd/N."""

import concurrent.futures
import contextlib
import os
import pathlib
import pwd
import signal
import socket
import subprocess

import pytest

from lib.doing import await_that, gone
from lib.mount import cloud_options, find_consolefs
from lib.simulator import KEY_ID, SECRET, scrubbed_env

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts as root")

NOBODY = pwd.getpwnam("nobody")
AS_NOBODY = ["setpriv", "--reuid=nobody", f"--regid={NOBODY.pw_gid}", "--clear-groups"]
AS_DAEMON = ["setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups"]
DROPPED = "setuid=nobody,drop_privileges"
SAFE = "default_permissions,nosuid,nodev,noexec"
KEYS = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
DESCRIPTOR = 45


@pytest.fixture(scope="module", name="options")
def options_of_mount(sim):
    """Of one cloud, which anybody may reach."""
    for path in (sim.dir, sim.ca):
        path.chmod(0o755)
    return ",".join(option for option in cloud_options(sim) if option.startswith("aws."))


def mount(machine, options, kind="fuse.consolefs", check=True):
    return machine.run("mount", "-t", kind, "-o", options, "none", machine.path, env=KEYS, check=check)


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def has_no_rights(pid):
    fields = status(pid)
    return (fields["Uid"] == [str(NOBODY.pw_uid)] * 4 and fields["NoNewPrivs"] == ["1"] and
            all(int(fields[name][0], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")))


def screen_of(machine, before=()):
    """The first bytes of one screen, whichever has one."""
    return machine.run("sh", "-c", f"head -qc 2 {machine.path}/aws/i-*/screenshot.jpg 2>/dev/null | od -An -tx1 -N2",
                       before=before).output.split()


def test_root_mounts_and_a_user_without_capabilities_serves(machine, options):
    mount(machine, f"{options},{DROPPED},allow_other,umask=022,{SAFE}")
    [(_, mounted, words)] = machine.mounts()
    assert mounted == "fuse.consolefs"
    assert {f"user_id={NOBODY.pw_uid}", "allow_other", "default_permissions", "nosuid", "nodev", "noexec"} <= words
    [daemon] = machine.daemons()
    assert has_no_rights(daemon)
    # Whose files they are: that user's, unless uid= and gid= say otherwise.
    assert machine.run("stat", "-c", "%U %a", machine.path / "aws").output == "nobody 555\n"
    assert screen_of(machine, AS_DAEMON) == ["ff", "d8"]
    machine.unmount()


def test_the_helper_gives_the_environment_of_the_user(machine, options):
    """The keys of whoever mounts stay with them; mount.fuse3 itself passes on what it has."""
    mount(machine, f"{options},{DROPPED},allow_other,umask=022", "consolefs")
    [(_, _, words)] = machine.mounts()
    assert {"default_permissions", "nosuid", "nodev", "noexec"} <= words
    [daemon] = machine.daemons()
    assert has_no_rights(daemon)
    assert "credentials: none" in machine.run("cat", machine.path / "aws/status").output
    machine.unmount()


def test_only_the_user_reads_without_allow_other(machine, options):
    mount(machine, f"{options},{DROPPED},uid=1,gid=1,umask=022,nosuid,nodev")
    assert machine.run("stat", "-c", "%u %g", machine.path / "aws", before=AS_NOBODY).output == "1 1\n"
    assert machine.run("ls", machine.path, check=False).returncode != 0
    machine.unmount()


def test_a_mount_in_which_anybody_could_do_anything_is_not_served(machine, options):
    done = mount(machine, f"{options},{DROPPED},allow_other", check=False)
    assert done.returncode != 0 and "needs default_permissions" in done.output
    assert machine.daemons() == []
    machine.run("umount", machine.path)


def test_a_lazy_unmount_is_noticed(machine, options, sim):
    """By a reader who waits for a cloud that does not answer: the kernel alone would let it wait."""
    mount(machine, f"{options},{DROPPED},allow_other,{SAFE}")
    [daemon] = machine.daemons()
    assert machine.run("ls", machine.path / "aws").returncode == 0
    sim.set_faults("GetConsoleScreenshot:hang")
    try:
        reader = subprocess.Popen(["/usr/bin/nsenter", "--mount", f"--target={machine.keeper.pid}", "sh", "-c",
                                   f"cat {machine.path}/aws/i-*/screenshot.jpg"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        sim.await_log(action="GetConsoleScreenshot")
        machine.run("umount", "-l", machine.path)
        assert reader.wait(30) != 0
        await_that(lambda: gone(daemon), "the daemon ends")
    finally:
        sim.set_faults()


def test_what_is_told_to_end_or_killed_leaves_the_mount_to_root(machine, options):
    """It may not unmount, and says so by what a dead mount says."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        mount(machine, f"{options},{DROPPED},{SAFE}")
        [daemon] = machine.daemons()
        os.kill(daemon, number)
        await_that(lambda pid=daemon: gone(pid), "the daemon ends")
        assert "not connected" in machine.run("stat", "-f", machine.path, before=AS_NOBODY, check=False).output
        machine.run("umount", machine.path)
        assert machine.mounts() == []


def test_auto_unmount_removes_it_after_a_kill(machine, options):
    """A socket that mount.fuse3 leaves open tells fusermount3 that the daemon is gone."""
    # By root alone: fusermount3 of libfuse 3.14 looks at a mount of others in vain.
    mount(machine, f"{options},drop_privileges,auto_unmount,{SAFE}")
    [daemon] = machine.daemons()
    assert machine.run("ls", machine.path).output.split()[0] == "aws"
    os.kill(daemon, signal.SIGKILL)
    await_that(lambda: machine.mounts() == [], "fusermount3 unmounts")


@pytest.mark.parametrize("path", [None, "/dev/null", "/dev/zero"])
def test_a_descriptor_that_is_no_mount_is_refused(tmp_path, path):
    with contextlib.ExitStack() as stack:
        passed = []
        if path:
            file = stack.enter_context(open(path, "rb"))
            os.dup2(file.fileno(), DESCRIPTOR)
            stack.callback(os.close, DESCRIPTOR)
            passed = [DESCRIPTOR]
        done = subprocess.run([find_consolefs(), "-f", f"/dev/fd/{DESCRIPTOR}"], pass_fds=passed, capture_output=True, text=True,
                              check=False, env=scrubbed_env(tmp_path), timeout=30)
    assert done.returncode == 1
    assert ("not an open /dev/fuse" if path else "is not open") in done.stderr


def test_a_mount_is_handed_to_the_service_manager(machine, options):
    """As systemd asks for it, who gives it to the daemon; and that tells it to keep no copy."""
    directory = pathlib.Path(machine.dir)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(directory / "notify"))
        (directory / "notify").chmod(0o777)
        manager.settimeout(30)
        notify = {**KEYS, "NOTIFY_SOCKET": str(directory / "notify")}
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            mounting = pool.submit(machine.run, "mount.fuse3", "consolefs", machine.path, "-t", "fuse.consolefs", "-o",
                                   options, "-o", f"drop_privileges,hand_over,{SAFE}", env=notify)
            message, passed, _, _ = socket.recv_fds(manager, 100, 1)
            assert passed, (message, mounting.result().output)
            [descriptor] = passed
            assert message == b"FDSTORE=1\nFDNAME=mount"
            # It waits until this is read, as systemd believes nobody who has ended.
            message, [barrier], _, _ = socket.recv_fds(manager, 100, 1)
            assert message == b"BARRIER=1" and not mounting.done()
            os.close(barrier)
            mounting.result()
        assert machine.daemons() == []
        os.dup2(descriptor, DESCRIPTOR)
        os.close(descriptor)
        daemon = subprocess.Popen(
            ["/usr/bin/nsenter", "--mount", f"--target={machine.keeper.pid}", *AS_NOBODY, "--no-new-privs",
             "--bounding-set=-all", f"{machine.prefix}/bin/consolefs", "-f", "-o", "uid=0,gid=0", "-o", options,
             f"/dev/fd/{DESCRIPTOR}"], pass_fds=[DESCRIPTOR], env={**machine.env, **notify})
        os.close(DESCRIPTOR)
        assert manager.recv(100) == b"FDSTOREREMOVE=1\nFDNAME=mount"
        assert manager.recv(100) == b"READY=1"
        assert has_no_rights(daemon.pid)
        assert machine.run("stat", "-c", "%u %g %a", machine.path / "aws").output == "0 0 500\n"
        assert screen_of(machine) == ["ff", "d8"]
        assert machine.run("ls", machine.path, before=AS_NOBODY, check=False).returncode != 0
        machine.run("umount", machine.path)
        assert daemon.wait(30) == 0
        assert manager.recv(100) == b"STOPPING=1"
