# SPDX-License-Identifier: MIT
"""The simulator's command line and life cycle."""

import os
import select
import signal
import subprocess
import sys

import pytest

from clients import ec2, send
from simulator import Simulator, find_simulator, scrubbed_env


def run(*args):
    return subprocess.run([find_simulator(), *args], text=True, capture_output=True, timeout=60,
                          env=scrubbed_env("/"), check=False)


def test_help_and_version():
    done = run("--help")
    assert done.returncode == 0 and "--ready-file" in done.stdout and not done.stderr
    done = run("--version")
    assert done.returncode == 0 and done.stdout.startswith("consolefs-sim ")


@pytest.mark.parametrize("args, named", [
    (["--colour"], "colour"), (["stray"], "stray"), (["--port", "70000"], "70000"),
    (["--port", "x"], '"x"'), (["--port", "-1"], '"-1"'), (["--instances", "many"], "many"),
    (["--latency"], "latency"), (["--aws-regions", "a,,b"], "a,,b"), (["--aws-regions", ""], '""'),
    (["--tencent-regions", "a,a"], "a,a"), (["--rate-scale", "-1"], '"-1"'),
    (["--rate-scale", "nan"], "nan"), (["--fault", "nothing"], "nothing"),
    (["--fault", "Fly:hang"], "unknown action"), (["--fault", "*:explode"], "unknown kind"),
    (["--fault", "*:delay"], "number"), (["--fault", "*:delay=-1"], "number"),
    (["--fault", "*:status=99"], "number"), (["--fault", "*:hang=1"], "no argument"),
    (["--fault", "*:code"], "argument"), (["--fault", "*:hang:2"], "share"),
    (["--fault", "*:hang:nan"], "share"), (["--fault", "*:hang:x"], "xN"),
    (["--fault", "DescribeRegions:notjpeg"], "does not apply"), (["--fault", "*@:hang"], "@"),
    (["--fault", "*%:hang"], "%"), (["--fault", "*%@x:hang"], "%"),
    (["--clock-offset", "soon"], "soon"), (["--clock-offset", "--1"], "-1"),
    (["--session-seconds", "43201"], "43201"), (["--metadata-port", "65536"], "65536"),
    (["--screen-bytes", "65535"], "65535"), (["--screen-bytes", "2m"], "2m")])
def test_a_misformed_option_is_refused_by_name(args, named):
    done = run(*args)
    assert done.returncode == 2 and named in done.stderr and not done.stdout


def test_a_port_in_use_is_said(sim):
    done = run("--port", str(sim.port))
    assert done.returncode == 1 and "Address already in use" in done.stderr


def test_a_file_that_cannot_be_written_is_said():
    for option in ("--ready-file", "--ca-file", "--log", "--issued-file", "--metadata-file"):
        done = run(option, "/no/such/directory/file")
        assert done.returncode == 1 and "/no/such/directory/file" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_status_0_on_a_signal(number):
    with Simulator(instances=1) as sim:
        assert ec2(sim, "DescribeRegions").status == 200
        sim.process.send_signal(number)
        assert sim.process.wait(30) == 0


def test_it_ends_with_its_parent(tmp_path):
    starter = ("import os, subprocess, sys, time\n"
               "process = subprocess.Popen(sys.argv[1:])\n"
               "print(process.pid, flush=True)\n"
               "while not os.path.exists(sys.argv[-1]): time.sleep(0.005)\n")
    ready = tmp_path / "ready"
    done = subprocess.run([sys.executable, "-c", starter, find_simulator(), "--die-with-parent",
                           "--ready-file", str(ready)], text=True, timeout=60, check=True,
                          stdout=subprocess.PIPE, env=scrubbed_env("/"))
    descriptor = None
    try:
        descriptor = os.pidfd_open(int(done.stdout))
        # Readable when the process has ended.
        assert select.select([descriptor], [], [], 30)[0]
    except ProcessLookupError:
        pass
    finally:
        if descriptor is not None:
            os.close(descriptor)


def test_the_log_is_appended_to():
    with Simulator(instances=1) as sim:
        ec2(sim, "DescribeRegions")
        with open(sim.log, "a", encoding="utf-8") as log:
            log.write('{"mine": true}\n')
        ec2(sim, "DescribeRegions")
        assert [entry.get("mine") for entry in sim.log_entries()] == [None, True, None]


def test_without_machines_both_clouds_are_empty():
    with Simulator(instances=0) as sim:
        answer = ec2(sim, "DescribeInstances")
        assert answer.status == 200 and "<instanceId>" not in answer.text
        assert send(sim, "POST", "/", b"").status == 403
