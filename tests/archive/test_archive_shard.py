# SPDX-License-Identifier: MIT
"""--shard: parts that together are all, and have nothing in common, on machines that know nothing of each other."""

import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import time

import pytest

from archiving import CRON, PROGRAM, archive, calls, instances, runs
from lib.simulator import ROOT, scrubbed_env


def parts(dest, shards):
    """What each shard has archived, as CLOUD/ID."""
    found = []
    for shard in range(shards):
        (run,) = runs(dest / f"shard-{shard}-of-{shards}")
        found.append({f"{cloud}/{one}" for cloud in ("aws", "tencent")
                      if (run / cloud).exists() for one in instances(run / cloud)})
    return found


def everything(mounted):
    return {f"{cloud}/{one}" for cloud in ("aws", "tencent")
            for one in instances(mounted.path / cloud)}


def check_complete_and_disjoint(mounted, dest, shards):
    found = parts(dest, shards)
    assert set().union(*found) == everything(mounted)
    assert sum(map(len, found)) == len(everything(mounted))
    return found


def check_no_call_twice(sim):
    made = [(entry["instance"], entry["action"]) for entry in calls(sim)]
    assert len(made) == len(set(made)) > 0


@pytest.mark.parametrize("shards", [1, 2, 5])
def test_shards_are_complete_and_disjoint(sim, mount, tmp_path, shards):
    cloud = sim(instances=60)
    mounted = mount(cloud)
    for shard in range(shards):
        assert archive("--shard", f"{shard}/{shards}", mounted.path, tmp_path).returncode == 0
    found = check_complete_and_disjoint(mounted, tmp_path, shards)
    check_no_call_twice(cloud)
    # And of much the same size.
    assert all(len(part) > 120 / shards / 2 for part in found)


def test_an_instance_stays_in_its_shard(sim, mount, tmp_path):
    """Whatever else there is, so that its hard links go on."""
    few, many = mount(sim(instances=20)), mount(sim(instances=60))
    for name, mounted in (("few", few), ("many", many)):
        for shard in range(3):
            archive("--shard", f"{shard}/3", mounted.path, tmp_path / name)
    for one, other in zip(parts(tmp_path / "few", 3), parts(tmp_path / "many", 3)):
        assert one == other & everything(few)


def test_the_index_of_a_kubernetes_job_or_a_slurm_array_is_a_shard(sim, mount, tmp_path):
    """As the manual has it: the same command in each, and the index from the environment."""
    cloud = sim(instances=20)
    mounted = mount(cloud)
    page = (ROOT / "contrib/man/consolefs-archive.1").read_text()
    for variables, text, base in (
            ({"JOB_COMPLETION_INDEX": "{}"}, "$JOB_COMPLETION_INDEX/4", "kubernetes"),
            ({"SLURM_ARRAY_TASK_ID": "{}", "SLURM_ARRAY_TASK_COUNT": "4"},
             "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT", "slurm")):
        assert text in page
        tasks = [subprocess.Popen(
            ["/bin/sh", "-c", f'"$0" --quiet --shard "{text}" "$1" "$2"', PROGRAM, mounted.path,
             tmp_path / base],
            env={**CRON, **{name: value.format(task) for name, value in variables.items()}})
            for task in range(4)]
        assert [task.wait(120) for task in tasks] == [0] * 4
        check_complete_and_disjoint(mounted, tmp_path / base, 4)


class Sshd:
    """An sshd of its own: its port, keys and configuration are in a directory, and it lets one key in."""

    def __init__(self, directory):
        self.dir = directory
        directory.chmod(0o700)
        for name in ("host", "user"):
            subprocess.run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                            directory / name], check=True)
        shutil.copy(directory / "user.pub", directory / "authorized")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        host = (directory / "host.pub").read_text().split()
        (directory / "known").write_text(f"[127.0.0.1]:{self.port} {host[0]} {host[1]}\n")
        (directory / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {directory}/host\n"
            f"AuthorizedKeysFile {directory}/authorized\nPidFile none\nStrictModes no\n"
            "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "PermitRootLogin prohibit-password\nMaxStartups 100\n")
        (directory / "ssh_config").write_text(
            f"Host *\nHostName 127.0.0.1\nPort {self.port}\nUser {getpass.getuser()}\n"
            f"IdentityFile {directory}/user\nIdentitiesOnly yes\nIdentityAgent none\n"
            f"UserKnownHostsFile {directory}/known\nGlobalKnownHostsFile /dev/null\n"
            "StrictHostKeyChecking yes\nBatchMode yes\n")
        self.ssh = f"/usr/bin/ssh -F {directory}/ssh_config"
        self.log = open(directory / "log", "wb")
        # It insists on the directory, whoever starts it.
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", directory / "sshd_config"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def __enter__(self):
        end = time.monotonic() + 30
        while True:
            assert self.process.poll() is None, (self.dir / "log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            assert time.monotonic() < end
            time.sleep(0.01)

    def __exit__(self, *exception):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


def test_gnu_parallel_spreads_the_shards_over_machines_by_ssh(sim, mount, tmp_path):
    """Two hosts by their names, with an sshd and a mount each."""
    cloud = sim(instances=40)
    mounted = mount(cloud)
    keys, home, dest = tmp_path / "keys", tmp_path / "home", tmp_path / "kept"
    keys.mkdir()
    home.mkdir()
    with Sshd(keys) as sshd:
        done = subprocess.run(
            ["/usr/bin/parallel", "--will-cite", "--ssh", sshd.ssh, "--sshlogin",
             "2/hostone,2/hosttwo", "--joblog", tmp_path / "joblog",
             f"{PROGRAM} --quiet --shard {{}}/4 {mounted.path} {dest}", ":::", "0", "1", "2", "3"],
            env=scrubbed_env(home), cwd=home, capture_output=True, text=True, timeout=120,
            stdin=subprocess.DEVNULL, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert "Accepted publickey" in (keys / "log").read_text()
    lines = [line.split("\t") for line in (tmp_path / "joblog").read_text().splitlines()[1:]]
    assert {line[1] for line in lines} == {"hostone", "hosttwo"}
    check_complete_and_disjoint(mounted, dest, 4)
    check_no_call_twice(cloud)
    assert not os.path.exists(home / ".ssh")
