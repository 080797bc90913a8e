# SPDX-License-Identifier: MIT
"""`consolefs --demo DIR` starts the simulator, mounts it and prints what to try."""

import os
import pathlib
import re
import signal
import subprocess

import pytest

from lib import fleet
from lib.command import Background, consolefs, refused
from lib.doing import await_that, children, gone, shell
from lib.mount import find_consolefs, is_mounted
from lib.simulator import find_simulator, scrubbed_env


@pytest.fixture(name="search_path")
def path_with_both(tmp_path):
    """A PATH on which consolefs and its simulator are, as after an installation."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for program in (find_consolefs(), find_simulator()):
        (directory / pathlib.Path(program).name).symlink_to(program)
    return f"{directory}:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture(name="demo")
def running_demo(tmp_path, search_path):
    with Background(tmp_path / "cloud", "--demo", env={"PATH": search_path}) as demo:
        assert demo.done.returncode == 0, demo.done.stderr
        yield demo


def simulators(demo):
    return [pid for pid in children(demo.pid) if
            b"consolefs-sim" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]


def leftovers(text):
    """The simulator's directory, of which nothing may be left."""
    (directory,) = set(re.findall(r"/tmp/consolefs-demo-\w+", text))
    return pathlib.Path(directory)


def test_it_makes_the_directory_and_mounts_two_clouds(demo):
    assert is_mounted(demo.path)
    assert fleet.clouds(demo.path) == ["aws", "tencent"]
    assert len(fleet.instances(demo.path / "aws")) > 5
    assert len(fleet.instances(demo.path / "tencent")) > 5
    demo.unmount()
    assert not is_mounted(demo.path)


def commands(text):
    """What it prints to be tried: indented lines, with those that a backslash continues."""
    joined = re.sub(r"\\\n\s*", "", text)
    return [line.strip() for line in joined.splitlines() if line.startswith("    ")]


def test_every_printed_command_works_as_written(demo, tmp_path, search_path):
    printed = commands(demo.done.stdout)
    assert len(printed) >= 7
    env = scrubbed_env(tmp_path, PATH=search_path)
    screens = tmp_path / "screens"
    ran = 0
    for command in printed:
        # A test opens no window, and keeps to its own directory. Only Debian's own AWS CLI counts.
        command = command.replace("xdg-open", "file -E").replace("~/screens", str(screens))
        command = re.sub(r"(^| )aws ", r"\1/usr/bin/aws ", command)
        done = shell(command, env=env)
        # Some of the machines are of a kind that refuses: cat says so and goes on.
        if "vnc_url" in command:
            assert done.stdout.count("https://") >= 2
        else:
            assert done.returncode == 0, (command, done.stdout, done.stderr)
        ran += 1
        if command.startswith("file"):
            assert "JPEG image data" in done.stdout
        if "describe-instances" in command:
            assert '"InstanceId"' in done.stdout
            assert set(re.findall(r'"InstanceId": "(i-\w+)"', done.stdout)) & set(
                os.listdir(demo.path / "aws"))
    assert ran == len(printed)
    assert list(screens.glob("i-*/screenshot.jpg"))
    text = demo.done.stdout
    log = pathlib.Path(re.search(r"tail -f (\S+)", text).group(1))
    assert '"wakeup":true' in log.read_text() or '"wakeup":false' in log.read_text()
    assert re.search(rf"fusermount3 -u {re.escape(str(demo.path))}$", text, re.M)
    demo.unmount()


def test_wake_and_the_screen_that_follows(demo):
    log = pathlib.Path(re.search(r"tail -f (\S+)", demo.done.stdout).group(1))
    done = shell('cd "$1"/aws && for i in i-*/; do case $(ls $i) in *screenshot.jpg*) break;; '
                 'esac; done; echo > $i/wake; cat $i/screenshot.jpg & cat $i/screenshot.jpg; '
                 'wait', demo.path.resolve(), errors="replace")
    assert done.returncode == 0, done.stderr
    assert log.read_text().count('"wakeup":true') == 1
    assert log.read_text().count("GetConsoleScreenshot") == 2
    demo.unmount()


def test_rsync_of_the_mixed_fleet_ends_with_status_0(demo, tmp_path):
    for _ in range(2):
        done = shell('rsync -a "$1"/aws/ "$2"/', demo.path, tmp_path / "a")
        assert done.returncode == 0, done.stderr
    demo.unmount()


@pytest.mark.parametrize("way", ["fusermount3", signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_simulator_ends_with_the_mount(demo, way):
    (simulator,) = simulators(demo)
    directory = leftovers(demo.done.stdout)
    assert directory.is_dir()
    if way == "fusermount3":
        demo.unmount()
    else:
        os.kill(demo.pid, way)
        await_that(lambda: gone(demo.pid), "the daemon ends")
    await_that(lambda: gone(simulator), "the simulator ends")
    if way != signal.SIGKILL:
        assert not is_mounted(demo.path)
        assert not directory.exists()
    else:
        subprocess.run(["/bin/rm", "-r", directory], check=True)


def test_in_the_foreground_it_prints_the_same(tmp_path, search_path):
    process = subprocess.Popen([find_consolefs(), "-f", "--demo", tmp_path / "cloud"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True,
                               env=scrubbed_env(tmp_path, PATH=search_path))
    try:
        lines = []
        while not lines or "fusermount3 -u" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr.read()
        assert is_mounted(tmp_path / "cloud")
        assert len(commands("".join(lines))) >= 7
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert "AddressSanitizer" not in process.stderr.read()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
        if is_mounted(tmp_path / "cloud"):
            subprocess.run(["/usr/bin/fusermount3", "-uz", tmp_path / "cloud"], check=False)


def test_nothing_of_the_users_own_is_read(tmp_path, search_path):
    """Wrong keys, a wrong configuration, a wrong endpoint: the demo does not care."""
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws/credentials").write_text("nonsense\n")
    (home / ".config/consolefs").mkdir(parents=True)
    (home / ".config/consolefs/consolefs.conf").write_text("nonsense\n")
    env = {"PATH": search_path, "HOME": str(home), "AWS_ACCESS_KEY_ID": "wrong",
           "AWS_SECRET_ACCESS_KEY": "wrong", "AWS_ENDPOINT_URL": "https://127.0.0.1:1",
           "AWS_CA_BUNDLE": "/nonexistent", "TENCENTCLOUD_SECRET_ID": "wrong",
           "AWS_PROFILE": "wrong"}
    with Background(tmp_path / "cloud", "--demo", env=env) as demo:
        assert demo.done.returncode == 0, demo.done.stderr
        assert len(fleet.instances(demo.path / "aws")) > 5
        assert len(fleet.instances(demo.path / "tencent")) > 5
        demo.unmount()


def test_no_simulator_is_said(tmp_path):
    """A copy of the program alone in a directory, and nothing in PATH."""
    alone = tmp_path / "alone"
    alone.mkdir()
    program = alone / "consolefs"
    program.write_bytes(pathlib.Path(find_consolefs()).read_bytes())
    program.chmod(0o755)
    done = subprocess.run([program, "--demo", tmp_path / "cloud"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=30, check=False,
                          env=scrubbed_env(tmp_path))
    if os.path.exists("/usr/bin/consolefs-sim"):
        pytest.skip("the simulator is installed on this machine")
    assert done.returncode == 1
    assert done.stderr.startswith("consolefs: ") and "consolefs-sim" in done.stderr
    assert not is_mounted(tmp_path / "cloud")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory to another user")
def test_a_directory_that_another_user_has_made_is_refused(tmp_path, search_path):
    """As anybody can who knows the name, in /tmp."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    for name in "theirs", "link":
        os.chown(tmp_path / name, 65534, 65534, follow_symlinks=False)
        said = refused("--demo", tmp_path / name, env={"PATH": search_path})
        assert f"{tmp_path / name} is there already, and belongs to uid 65534" in said


def test_a_directory_that_cannot_be_made_is_said(tmp_path, search_path):
    done = consolefs("--demo", tmp_path / "no" / "such" / "place", env={"PATH": search_path})
    assert done.returncode == 1 and "No such file or directory" in done.stderr
    (tmp_path / "file").touch()
    done = consolefs("--demo", tmp_path / "file", env={"PATH": search_path})
    assert done.returncode == 1 and "not a directory" in done.stderr
