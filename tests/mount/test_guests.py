# SPDX-License-Identifier: MIT
"""Uninvited guests: indexers and thumbnailers that open whatever they find."""

import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading

import pytest

from lib import fleet
from lib.doing import await_that, errno_of, fails, read
from lib.mount import Mount
from lib.simulator import scrubbed_env

PR_SET_NAME = 15
CONSOLE_CALLS = ("GetConsoleScreenshot", "GetConsoleOutput", "DescribeInstanceVncUrl")


def console_calls(sim):
    return [entry for entry in sim.log_entries() if entry["action"] in CONSOLE_CALLS]


@pytest.fixture(name="run_as")
def named_program(tmp_path):
    """run_as(name, path) reads a file with cat under another name: its status and stderr."""
    def run(name, path):
        program = tmp_path / name
        if not program.exists():
            shutil.copy("/bin/cat", program)
        done = subprocess.run([program, path], capture_output=True, text=True, timeout=60,
                              errors="replace", check=False, env=scrubbed_env(tmp_path))
        return done.returncode, done.stderr
    return run


@pytest.mark.parametrize("name", ["updatedb", "updatedb.plocate", "plocate", "tracker-extract",
                                  "tracker-miner-fs-3", "localsearch-3", "baloo_file",
                                  "baloo_file_extractor", "gvfsd-metadata", "tumblerd",
                                  "gdk-pixbuf-thumbnailer", "ffmpegthumbnailer",
                                  "evince-thumbnailer", "totem-video-thumbnailer"])
def test_a_guest_gets_eacces_and_a_log_line_and_no_call_is_made(sim, mount, run_as, name):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    mounted.allow("refused to pid")
    one = mounted.aws / fleet.aws(fleet.AWAKE)
    status, said = run_as(name, one / "screenshot.jpg")
    assert status == 1 and "Permission denied" in said
    status, said = run_as(name, mounted.tencent / fleet.cvm(0) / "vnc.html")
    assert status == 1 and "Permission denied" in said
    assert console_calls(cloud) == []
    assert re.search(rf"^consolefs: aws: {one.name}: screenshot.jpg refused to pid \d+ "
                     rf"\({re.escape(name[:15])}\), which `refuse` names$",
                     mounted.log_text(), re.MULTILINE)
    # What costs nothing it may read.
    assert run_as(name, one / "info.json") == (0, "")
    assert "consolefs_refused_opens_total 2\n" in read(mounted.path / "stats").decode()


def test_anybody_else_is_welcome(sim, mount, run_as):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    for name in ("cat", "eog", "tracker", "updated", "kioworker"):
        status, _ = run_as(name, mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg")
        assert status == 0, name
    assert len(console_calls(cloud)) == 5


def test_a_guests_thread_is_refused_by_the_name_of_either(sim, mount):
    """This process plays the guest, and then a thread of it."""
    mounted = mount(sim(rate_scale=0), options=["consolefs.refuse=guest-process:guest-thread"])
    mounted.allow("refused to pid")
    path = mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg"
    libc = ctypes.CDLL(None)
    comm = pathlib.Path("/proc/self/comm")
    own = comm.read_text().strip()

    def in_thread(name):
        results = []

        def act():
            libc.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
            results.append(errno_of(read, path))

        thread = threading.Thread(target=act)
        thread.start()
        thread.join()
        return results

    assert errno_of(read, path) == "OK"
    assert in_thread("pool-1") == ["OK"]
    assert in_thread("guest-thread") == ["EACCES"]
    try:
        libc.prctl(PR_SET_NAME, b"guest-process", 0, 0, 0)
        assert in_thread("pool-1") == ["EACCES"]
        assert errno_of(read, path) == "EACCES"
    finally:
        libc.prctl(PR_SET_NAME, own.encode(), 0, 0, 0)


@pytest.mark.parametrize("way", ["option", "file"])
def test_the_list_is_configurable_and_an_empty_one_lets_all_in(sim, mount, run_as, tmp_path, way):
    cloud = sim(rate_scale=0)

    def mounted(value):
        if way == "option":
            return mount(cloud, options=["consolefs.refuse=" + value])
        config = tmp_path / f"{len(value)}.conf"
        config.write_text(f"[consolefs]\nrefuse = {value}\n[aws]\n[tencent]\n")
        return mount(cloud, args=["-c", config])

    path = f"aws/{fleet.aws(fleet.AWAKE)}/screenshot.jpg"
    everybody = mounted("")
    assert run_as("tumblerd", everybody.path / path)[0] == 0
    others = mounted("evil*:eog")
    others.allow("refused to pid")
    assert run_as("tumblerd", others.path / path)[0] == 0
    assert run_as("eog", others.path / path)[0] == 1
    assert run_as("evil-one", others.path / path)[0] == 1


def test_a_list_that_is_none_names_file_and_line(tmp_path):
    config = tmp_path / "test.conf"
    config.write_text("[aws]\nregions = us-east-1\n[consolefs]\nrefuse = /usr/bin/cat\n")
    with pytest.raises(RuntimeError) as caught:
        Mount(args=["-c", config])
    assert f"{config}:4: [consolefs] refuse: '/usr/bin/cat' is not a command name" in \
        str(caught.value)


def test_sighup_brings_a_new_list(sim, mount, run_as, tmp_path):
    cloud = sim(rate_scale=0)
    config = tmp_path / "test.conf"
    config.write_text("[consolefs]\nrefuse = eog\n[aws]\n[tencent]\n")
    mounted = mount(cloud, args=["-c", config])
    mounted.allow("refused to pid")
    mounted.allow("the configuration")
    path = mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg"
    assert run_as("eog", path)[0] == 1
    config.write_text("[consolefs]\nrefuse = feh\n[aws]\n[tencent]\n")
    mounted.signal(signal.SIGHUP)
    mounted.await_log("reloaded the configuration")
    assert run_as("eog", path)[0] == 0
    assert run_as("feh", path)[0] == 1
    # One in error changes nothing.
    config.write_text("[consolefs]\nrefuse = *\n[aws]\n[tencent]\n")
    mounted.signal(signal.SIGHUP)
    mounted.await_log("the old one stays in use: .*:2: ")
    assert run_as("eog", path)[0] == 0
    assert run_as("feh", path)[0] == 1


# The log

def test_a_call_is_logged_with_the_callers_pid_and_command(sim, mount):
    mounted = mount(sim(rate_scale=0))
    one = fleet.aws(fleet.AWAKE)
    with subprocess.Popen(["/bin/cat", mounted.aws / one / "screenshot.jpg"],
                          stdout=subprocess.DEVNULL) as cat:
        cat.wait()
    lines = mounted.log_text().splitlines()
    assert f"consolefs: aws: {one}: GetConsoleScreenshot for pid {cat.pid} (cat)" in lines
    assert f"consolefs: aws: {one}: DescribeInstances for pid {cat.pid} (cat)" in lines
    with subprocess.Popen(["/bin/ls", mounted.tencent], stdout=subprocess.DEVNULL) as list_:
        list_.wait()
    assert "consolefs: tencent: ap-guangzhou: DescribeInstances for pid " \
        f"{list_.pid} (ls)" in mounted.log_text().splitlines()


def test_a_hostile_name_of_a_command_stays_in_its_line(sim, mount, run_as):
    mounted = mount(sim(rate_scale=0))
    path = mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg"
    assert run_as("a\n\x1b[2J%n\u202e", path)[0] == 0
    mounted.await_log(r"\(a\?\?\[2J%n\?\)$")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", mounted.log_text())


# updatedb

@pytest.mark.parametrize("pruned", [False, True])
def test_updatedb_makes_no_console_call(sim, mount, tmp_path, pruned):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    database = tmp_path / "db"
    done = subprocess.run(
        ["/usr/sbin/updatedb.plocate", "--database-root", mounted.path.parent, "--output", database,
         "--require-visibility", "no", "--prunepaths", "", "--prune-bind-mounts", "no",
         "--prunefs", "fuse.consolefs" if pruned else ""],
        capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = subprocess.run(["/usr/bin/plocate", "--database", database, "screenshot.jpg"],
                           capture_output=True, text=True, timeout=60, check=False).stdout
    assert console_calls(cloud) == []
    if pruned:
        assert found == "" and cloud.log_entries() == []
    else:
        assert str(mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg") in found.splitlines()


def test_the_example_prunes_the_mount_where_updatedb_looks(sim, mount, tmp_path):
    """contrib/examples/updatedb.conf, by the command in it, on the file that the package brings."""
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    example = pathlib.Path(__file__).parents[2] / "contrib/examples/updatedb.conf"
    config = tmp_path / "updatedb.conf"
    config.write_text('PRUNE_BIND_MOUNTS="yes"\nPRUNEFS="NFS afs fuse.sshfs"\n')
    command = next(line for line in example.read_text().splitlines() if "sed -i" in line)
    command = command.lstrip("# ").replace("/etc/updatedb.conf", str(config))
    for _ in range(2):
        subprocess.run(["/bin/sh", "-ec", command], check=True)
        assert config.read_text().splitlines()[1] == 'PRUNEFS="NFS afs fuse.sshfs fuse.consolefs"'
    prunefs = config.read_text().splitlines()[1].split('"')[1]
    subprocess.run(["/usr/sbin/updatedb.plocate", "--database-root", mounted.path.parent,
                    "--output", tmp_path / "db", "--require-visibility", "no", "--prunepaths", "",
                    "--prunefs", prunefs], check=True, timeout=120, capture_output=True)
    assert cloud.log_entries() == []
