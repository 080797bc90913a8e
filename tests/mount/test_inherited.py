# SPDX-License-Identifier: MIT
"""What a mount takes from the process that starts it: nothing that would be held as long as the mount lives."""

import fcntl
import json
import os
import pathlib
import signal
import subprocess

import pytest

from lib import fleet
from lib.command import KEYS, options_of
from lib.doing import await_that, end, shell
from lib.mount import Mount, cloud_options, find_consolefs, is_mounted
from lib.simulator import KEY_ID, SECRET, Simulator, scrubbed_env

OPTIONS = [[], ["-o", "auto_unmount"]]


@pytest.fixture(scope="module", name="cloud")
def simulated():
    with Simulator(instances=3, rate_scale=0) as simulator:
        yield simulator


@pytest.fixture(name="directory")
def mount_point(tmp_path):
    path = tmp_path / "mnt"
    path.mkdir()
    yield path
    if is_mounted(path):
        subprocess.run(["/usr/bin/fusermount3", "-uz", path], check=False)


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "auto_unmount"])
def test_a_lock_and_a_pipe_of_a_script_are_let_go(cloud, directory, tmp_path, options):
    """Of the script that mounts: others wait for that lock, and read that pipe to its end."""
    lock = tmp_path / "lock"
    reading, writing = os.pipe()
    with open(lock, "w", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        descriptors = (held.fileno(), writing)
        command = [find_consolefs(), *options_of(cloud_options(cloud)), *options, directory]
        with open(tmp_path / "output", "wb") as output:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=True, timeout=30,
                           pass_fds=descriptors, env=scrubbed_env(tmp_path, **KEYS))
    os.close(writing)
    try:
        assert fleet.clouds(directory) == ["aws", "tencent"]
        with open(lock, "w", encoding="ascii") as mine:
            fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.set_blocking(reading, False)
        assert os.read(reading, 1) == b"", "the pipe is open"
    finally:
        os.close(reading)
        subprocess.run(["/usr/bin/fusermount3", "-u", directory], check=True)


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "auto_unmount"])
def test_a_shell_that_reads_its_output_does_not_wait_for_the_mount(cloud, directory, options):
    done = shell('output=$("$@" 9>&1) && echo "ended:$output"', find_consolefs(), *options_of(cloud_options(cloud)),
                 *options, directory, env=scrubbed_env("/nonexistent", **KEYS))
    assert done.stdout == "ended:\n" and done.returncode == 0, done
    subprocess.run(["/usr/bin/fusermount3", "-u", directory], check=True)


PROGRAM = """#!/bin/sh
# A credential process that says what it was started with.
{ ls /proc/self/fd; grep -E '^Sig(Blk|Ign)' /proc/self/status; } >"$REPORT.new" 2>&1
mv "$REPORT.new" "$REPORT"
cat "$ANSWER"
"""

# Starts consolefs with a configuration that is open as 40, a lock held by 41, and signals as nobody wants them.
STARTER = """#!/usr/bin/python3
import fcntl, os, signal, sys
config = os.memfd_create("consolefs.conf", 0)
os.write(config, b"[aws]\\nrate = 50\\n")
os.dup2(config, 40)
lock = os.open(os.environ["LOCK"], os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
os.dup2(lock, 41)
for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGPIPE):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.execv(os.environ["PROGRAM"], ["consolefs", *sys.argv[1:]])
"""


def executable(path, text):
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module", name="heir")
def mount_that_inherits_much(cloud, tmp_path_factory):
    """A mount to which its parent leaves what it can, with a credential process."""
    home = tmp_path_factory.mktemp("heir")
    program = executable(home / "credentials", PROGRAM)
    (home / "aws.config").write_text(f"[profile p]\ncredential_process = {program}\n")
    (home / "answer").write_text(json.dumps({"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}))
    env = {"REPORT": str(home / "report"), "ANSWER": str(home / "answer"), "AWS_CONFIG_FILE": str(home / "aws.config"),
           "AWS_PROFILE": "p", "SSLKEYLOGFILE": str(home / "keylog"), "LOCK": str(home / "lock"),
           "PROGRAM": find_consolefs()}
    options = [option for option in cloud_options(cloud) if option.startswith("aws.")]
    with Mount(options=options, args=["-c", "/dev/fd/40"], env=env, keys=False,
               program=executable(home / "starter", STARTER)) as mount:
        mount.home = home
        mount.allow("SSLKEYLOGFILE is ignored")
        mount.allow("Hangup|reload|Interrupt")
        yield mount


def signals(status):
    """The sets of signals in such a file, by name."""
    fields = dict(line.split(":") for line in status.splitlines() if line.startswith(("SigIgn", "SigBlk")))
    return {name: {number for number in signal.valid_signals() if int(mask, 16) >> (number - 1) & 1}
            for name, mask in fields.items()}


def test_a_parent_that_ignores_the_end_of_children_does_not_hinder_a_credential_process(heir):
    assert [name for name in os.listdir(heir.aws) if name.startswith("i-")]


def test_a_credential_process_gets_no_descriptor_and_no_disposition(heir):
    os.listdir(heir.aws)
    report = (heir.home / "report").read_text()
    # One more is of the ls that looks.
    assert report.split("Sig")[0].split() == ["0", "1", "2", "3"], report
    assert signals(report) == {"SigBlk": set(), "SigIgn": set()}


def test_only_the_configuration_stays_open_of_what_was(heir):
    if os.geteuid() == 0:  # others may not look into it
        descriptors = {int(name) for name in os.listdir(f"/proc/{heir.process.pid}/fd")}
        assert 40 in descriptors and 41 not in descriptors
    with open(heir.home / "lock", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_signals_are_as_if_nobody_had_touched_them(heir):
    found = signals(pathlib.Path(f"/proc/{heir.process.pid}/status").read_text())
    assert found["SigIgn"] == {signal.SIGPIPE}
    assert found["SigBlk"] == {signal.SIGHUP, signal.SIGINT, signal.SIGTERM}


def test_a_configuration_without_a_name_is_read_again(heir):
    heir.signal(signal.SIGHUP)
    heir.await_log("reloaded the configuration")


def test_SSLKEYLOGFILE_is_not_honoured_and_a_line_says_so(heir):
    os.listdir(heir.aws)
    assert not (heir.home / "keylog").exists()
    heir.await_log("SSLKEYLOGFILE is ignored")


def test_what_nohup_has_started_outlives_its_terminal(cloud, tmp_path):
    """The signal that tells of the terminal's end is ignored from the start; then it is taken as by a daemon."""
    leading, terminal = os.openpty()
    path = tmp_path / "mnt"
    path.mkdir()
    with subprocess.Popen(["/usr/bin/env", "--ignore-signal=HUP", find_consolefs(), "-f",
                           *options_of(cloud_options(cloud)), path], stdin=subprocess.DEVNULL, stdout=terminal,
                          stderr=terminal, env=scrubbed_env(tmp_path, **KEYS)) as process:
        os.close(terminal)  # so that reading fails once it has ended
        try:
            await_that(lambda: is_mounted(path), "it is mounted")
            assert fleet.clouds(path) == ["aws", "tencent"]
            process.send_signal(signal.SIGHUP)
            said = b""
            while b"reloaded" not in said:
                said += os.read(leading, 1000)
        finally:
            end(process.pid)
    os.close(leading)
    assert process.returncode == 0 and not is_mounted(path)
