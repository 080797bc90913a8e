# SPDX-License-Identifier: MIT
"""consolefs --get and --list: the tree of a mount, without one."""

import json
import os
import pathlib
import signal
import stat
import subprocess
import threading

import pytest

from lib import fleet
from lib.command import KEYS, options_of, refused
from lib.doing import await_that, read, running
from lib.mount import Mount, cloud_options, find_consolefs
from lib.scripted import AWS_KEYS, ScriptedCloud, ec2_error, ec2_listing, ec2_screenshot
from lib.simulator import SECRET, Simulator, scrubbed_env
from lib.terminal import Terminal

JPEG = (pathlib.Path(__file__).resolve().parents[2] / "contrib" / "screen.jpg").read_bytes()


@pytest.fixture(scope="module", name="sim")
def cloud():
    with Simulator(instances=fleet.INSTANCES, rate_scale=0) as sim:
        yield sim


@pytest.fixture(scope="module", name="mount")
def mount_to_compare_with(sim):
    with Mount.of(sim) as mount:
        yield mount


def command(options, *args):
    return [find_consolefs(), *options_of(options), *map(str, args)]


def run(options, *args, env=None, **more):
    """What it ends with: status, stdout (bytes) and the lines of stderr."""
    done = subprocess.run(command(options, *args), stdin=subprocess.DEVNULL, capture_output=True,
                          env=scrubbed_env("/nonexistent", **(KEYS if env is None else env)),
                          timeout=60, check=False, **more)
    return done.returncode, done.stdout, done.stderr.decode().splitlines()


def get(sim, *paths, **more):
    return run(cloud_options(sim), "--get", *paths, **more)


def listed(sim, *paths):
    status, out, err = run(cloud_options(sim), "--list", *paths)
    assert (status, err) == (0, [])
    return out.decode().splitlines()


def files_in(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*")
                  if path.is_file())


# What it writes

def test_a_file_is_what_a_mount_has(sim, mount):
    one = f"aws/{fleet.aws(fleet.AWAKE)}"
    for name in ("info.json", "console.log", "wake"):
        assert get(sim, f"{one}/{name}") == (0, read(mount.path / one / name), [])
    status, out, err = get(sim, f"{one}/screenshot.jpg")
    assert (status, err) == (0, []) and out[:3] == b"\xff\xd8\xff" and out[-2:] == b"\xff\xd9"
    status, out, err = get(sim, f"tencent/{fleet.cvm(fleet.AWAKE)}/vnc_url")
    assert (status, err) == (0, []) and out.startswith(sim.vnc_page.encode())


def test_files_come_in_the_order_of_the_paths_with_one_line_for_each_that_cannot_be_had(sim):
    ids = [fleet.aws(fleet.AWAKE), fleet.aws(fleet.ASLEEP), fleet.aws(fleet.STOPPED)]
    paths = [f"aws/{ids[2]}/info.json", f"aws/{ids[0]}/nothing", f"/aws//{ids[1]}/./info.json",
             f"aws/{ids[0]}", f"aws/{ids[2]}/screenshot.jpg", f"aws/{ids[0]}/info.json",
             "aws/i-0ffffffffffffffff/info.json", "nowhere/x", f"aws/../aws/{ids[0]}/info.json",
             f"aws/{'x' * 300}"]
    status, out, err = get(sim, *paths)
    assert status == 1
    decoder, text, seen = json.JSONDecoder(), out.decode(), []
    while text.strip():
        value, end = decoder.raw_decode(text.lstrip())
        seen.append(value["id"])
        text = text.lstrip()[end:]
    assert seen == [ids[2], ids[1], ids[0]]
    assert [line.split(": ", 1)[1] for line in err] == [
        f"aws/{ids[0]}/nothing: No such file or directory",
        f"aws/{ids[0]}: Is a directory",
        f"aws/{ids[2]}/screenshot.jpg: Host is down: InvalidInstanceID.NotFound; the instance is "
        "listed, but has no console now: start it, or wait",
        "aws/i-0ffffffffffffffff/info.json: No such file or directory",
        "nowhere/x: No such file or directory",
        f"aws/../aws/{ids[0]}/info.json: Invalid argument",
        f"aws/{'x' * 300}: File name too long"]


def test_patterns_match_what_a_directory_shows(sim, mount, tmp_path):
    status, _, err = get(sim, "aws/i-*/*.jpg", "--into", tmp_path)
    assert (status, err) == (0, [])
    assert {str(pathlib.PurePath(path).parent) for path in files_in(tmp_path)} == {
        f"aws/{name}" for name in fleet.instances(mount.path / "aws")
        if "screenshot.jpg" in os.listdir(mount.path / "aws" / name)}
    # Directories that match are passed over, as what is not there is.
    status, out, err = get(sim, "aws/*/info.json")
    assert (status, err) == (0, []) and out.count(b'"id"') == len(fleet.instances(mount.aws))
    # A pattern is of one part, a name that begins with a dot is matched by its dot only.
    assert listed(sim, "a?s", "[!a-s]*") == [*listed(sim, "aws"), *listed(sim, "tencent")]
    for path in ("aws/zz*", "aws*info.json", "*/*/*/*/*/*", "aws/*still/*/info.json", r"aws\/status"):
        assert get(sim, path) == (1, b"", [f"consolefs: {path}: No such file or directory"])
    # .still is found by its name only, and never shown.
    assert get(sim, "aws/.s*/*/info.json")[0] == 1
    assert get(sim, f"aws/.still/{fleet.aws(fleet.AWAKE)}/info.json")[0] == 0


def test_a_name_leads_to_its_instance(sim, mount, tmp_path):
    name = next(name for name in sorted(os.listdir(mount.aws / "by-name"))
                if os.readlink(mount.aws / "by-name" / name) == f"../{fleet.aws(fleet.AWAKE)}")
    path = f"aws/by-name/{name}/info.json"
    assert get(sim, path, f"aws/by-region/us-east-1/{fleet.aws(fleet.AWAKE)}/info.json") == (
        0, 2 * read(mount.aws / fleet.aws(fleet.AWAKE) / "info.json"), [])
    assert get(sim, path, "--into", tmp_path) == (0, b"", [])
    assert files_in(tmp_path) == [path]


def test_into_makes_files_of_the_mounts_times_that_nobody_else_can_read(sim, mount, tmp_path):
    one = f"aws/{fleet.aws(fleet.AWAKE)}"
    into = tmp_path / "new"
    assert get(sim, f"{one}/info.json", f"./{one}//screenshot.jpg", "--into", into) == (0, b"", [])
    assert files_in(into) == [f"{one}/info.json", f"{one}/screenshot.jpg"]
    assert stat.S_IMODE((into / one / "info.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((into / one).stat().st_mode) == 0o700
    assert read(into / one / "info.json") == read(mount.path / one / "info.json")
    # Over what is there, and with another mask.
    (into / one / "info.json").write_text("old")
    assert run([*cloud_options(sim), "umask=027"], "--get", f"{one}/info.json", "--into",
               into) == (0, b"", [])
    assert read(into / one / "info.json") == read(mount.path / one / "info.json")
    assert stat.S_IMODE((into / one / "info.json").stat().st_mode) == 0o640
    assert sorted(os.listdir(into / one)) == ["info.json", "screenshot.jpg"]


def test_into_follows_no_link_below_the_directory_and_says_what_is_in_the_way(sim, tmp_path):
    one = fleet.aws(fleet.AWAKE)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "aws").symlink_to(elsewhere)
    (tmp_path / "b" / "aws" / one / "info.json").mkdir(parents=True)
    (tmp_path / "c" / "aws" / one).mkdir(parents=True)
    (tmp_path / "c" / "aws" / one / "info.json").symlink_to(elsewhere / "x")
    path = f"aws/{one}/info.json"
    assert get(sim, path, "--into", tmp_path / "a") == (
        1, b"", [f"consolefs: cannot write {tmp_path}/a/{path}: Not a directory"])
    assert get(sim, path, "--into", tmp_path / "b") == (
        1, b"", [f"consolefs: cannot write {tmp_path}/b/{path}: Is a directory"])
    assert get(sim, path, "--into", tmp_path / "c") == (0, b"", [])
    assert not (tmp_path / "c" / path).is_symlink()
    # A pattern does not pass over that, as it does over what is not there and over directories.
    for into, why in (("a", "Not a directory"), ("b", "Is a directory")):
        status, _, err = get(sim, f"aws/{one}/inf*", "--into", tmp_path / into)
        assert (status, err) == (1, [f"consolefs: cannot write {tmp_path}/{into}/{path}: {why}"])
    assert os.listdir(elsewhere) == [] and os.listdir(tmp_path / "b" / "aws" / one) == ["info.json"]
    status, out, err = get(sim, path, "--into", tmp_path / "no" / "where")
    assert (status, out, err) == (
        1, b"", [f"consolefs: {tmp_path}/no/where: No such file or directory"])


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes a disk that is soon full")
def test_into_ends_when_the_disk_is_full_and_asks_for_nothing_more(sim, tmp_path):
    subprocess.run(["/usr/bin/mount", "-t", "tmpfs", "-o", "size=64k", "none", tmp_path], check=True)
    try:
        before = len(sim.log_entries(action="GetConsoleScreenshot"))
        done = run([*cloud_options(sim), "aws.rate=1"], "--get", *["aws/*/*.jpg"] * 9, "--into",
                   tmp_path / "x")
        assert done == (1, b"", [f"consolefs: {tmp_path}/x: No space left on device"])
        assert len(sim.log_entries(action="GetConsoleScreenshot")) - before < 9
        assert all(read(path)[-2:] == b"\xff\xd9" for path in tmp_path.rglob("*.jpg"))
        assert all(path.name == "screenshot.jpg" for path in tmp_path.rglob("*") if path.is_file())
    finally:
        subprocess.run(["/usr/bin/umount", tmp_path], check=True)


def test_list_prints_paths_that_can_be_got(sim, mount):
    assert listed(sim) == listed(sim, "/") == ["index.html", "stats", "aws/", "tencent/"]
    one = f"aws/{fleet.aws(fleet.AWAKE)}"
    assert sorted(listed(sim, one)) == sorted(
        f"{one}/{name}" for name in os.listdir(mount.path / one))
    assert set(listed(sim, "aws/*/")) >= {f"{one}/info.json", "aws/by-region/us-east-1/"}
    assert listed(sim, f"{one}/info.json") == [f"{one}/info.json"]
    status, out, err = run(cloud_options(sim), "--list", "aws/nope", one)
    assert status == 1 and err == ["consolefs: aws/nope: No such file or directory"]
    assert out.decode().splitlines() == listed(sim, one)


def test_wake_wakes_the_screenshots_of_this_run(tmp_path):
    with Simulator(rate_scale=0) as sim:
        awake, asleep = (f"aws/{fleet.aws(index)}" for index in (fleet.AWAKE, fleet.ASLEEP))
        assert get(sim, f"{awake}/screenshot.jpg", f"{asleep}/screenshot.jpg", f"{awake}/info.json",
                   "--wake", "--into", tmp_path) == (0, b"", [])
        calls = sim.log_entries(action="GetConsoleScreenshot")
        assert sorted(call["wakeup"] for call in calls) == [True, True]
        assert get(sim, f"{awake}/screenshot.jpg", "--into", tmp_path)[0] == 0
        assert [call["wakeup"] for call in sim.log_entries(action="GetConsoleScreenshot")][2:] == \
            [False]


# What goes wrong

def test_a_wrong_key_is_told_with_what_to_do_and_without_the_key(sim):
    wrong = {**AWS_KEYS, "AWS_SECRET_ACCESS_KEY": SECRET + "x"}
    options = [option for option in cloud_options(sim) if option.startswith("aws.")]
    status, out, err = run(options, "--get", "aws/*/info.json", "aws/i-0123456789abcdef0/info.json",
                           env=wrong)
    assert (status, out) == (1, b"")
    assert len(err) == 2 and err[0].startswith("consolefs: aws/*/info.json: Permission denied: ")
    assert "; " in err[0] and SECRET not in "".join(err)


def test_a_region_that_cannot_be_listed_is_told(tmp_path):
    with Simulator(rate_scale=0, aws_regions=["us-east-1", "eu-west-1"],
                   faults=["DescribeInstances%eu-west-1:code=UnauthorizedOperation"]) as sim:
        status, _, err = run(cloud_options(sim), "--get", "aws/*/info.json", "--into", tmp_path)
    assert status == 1 and len(err) == 1, err
    assert err[0].startswith("consolefs: aws/by-region/eu-west-1: Permission denied: ")
    assert len(files_in(tmp_path)) > 5


def test_it_needs_paths_and_options_that_go_together():
    for args, text in ((["--get"], "--get needs a path"),
                       (["--get", "--list", "x"], "cannot go together"),
                       (["--check", "--get", "x"], "--check cannot go with"),
                       (["--into", "x", "y"], "need --get"),
                       (["--list", "--wake"], "need --get")):
        assert text in refused(*args)


def test_it_needs_no_fuse(sim):
    script = 'mount --bind /dev/null /dev/fuse; exec "$@"'
    done = subprocess.run(["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh",
                           "-ec", script, "sh", *command(cloud_options(sim), "--get",
                                                         "aws/status")],
                          capture_output=True, env=scrubbed_env("/nonexistent", **KEYS),
                          check=False, timeout=60)
    assert done.returncode == 0 and b"condition:" in done.stdout, done.stderr


@pytest.fixture(scope="module", name="slow")
def cloud_of_which_some_screens_never_come():
    ids = [f"i-0{index:016x}" for index in range(300)]
    hangs = threading.Event()

    def answer(request):
        if request.action == "GetConsoleScreenshot":
            if int(request.ids[0][2:], 16) % 2:
                hangs.wait(60)
            return 200, ec2_screenshot(request.ids[0], JPEG)
        return 200, ec2_listing(ids)

    with ScriptedCloud(answer) as cloud:
        yield cloud, ids
        hangs.set()


def test_ctrl_c_ends_it_as_a_signal_does_and_leaves_no_half_file(slow, tmp_path):
    scripted, _ = slow
    with running(*command([*scripted.options(), "aws.rate=1000"], "--get", "aws/*/screenshot.jpg",
                          "--into", tmp_path), env=scrubbed_env("/nonexistent",
                                                                **AWS_KEYS)) as process:
        await_that(lambda: len(files_in(tmp_path)) >= 20, "some come")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT and out == b"" and err == b""
    assert {pathlib.Path(path).name for path in files_in(tmp_path)} == {"screenshot.jpg"}
    assert {read(tmp_path / path) for path in files_in(tmp_path)} == {JPEG}


def test_a_reader_that_leaves_ends_it_in_silence(sim):
    done = subprocess.run(
        ["/bin/bash", "-c", "\"$@\" | head -c 10; printf ' %s' \"${PIPESTATUS[0]}\"", "bash",
         *command(cloud_options(sim), "--get", *["aws/*/console.log"] * 40)],
        capture_output=True, check=False, timeout=60, env=scrubbed_env("/nonexistent", **KEYS))
    assert done.stdout.endswith(b" 141") and done.stderr == b""


def test_a_closed_stdout_is_told(sim):
    for words in (["--get", "index.html"], ["--list", ""], ["--check"], ["--version"]):
        done = subprocess.run(
            ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *command(cloud_options(sim), *words)],
            capture_output=True, check=False, timeout=60, env=scrubbed_env("/nonexistent", **KEYS))
        assert done.returncode == 1 and b"Bad file descriptor" in done.stderr, (words, done.stderr)


def test_a_reader_that_is_slow_holds_up_no_call():
    ids = [f"i-0{index:016x}" for index in range(40)]
    with ScriptedCloud(lambda request: (
            200, ec2_screenshot(request.ids[0], JPEG) if request.action == "GetConsoleScreenshot"
            else ec2_listing(ids))) as cloud:
        with running(*command([*cloud.options(), "aws.rate=20"], "--get",
                              "aws/*/screenshot.jpg"),
                     env=scrubbed_env("/nonexistent", **AWS_KEYS)) as process:
            await_that(lambda: cloud.count("GetConsoleScreenshot") == len(ids), "all are called")
            out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and err == b""
    assert out == len(ids) * JPEG


def test_a_terminal_shows_how_far_it_is_and_then_nothing_more(slow, tmp_path):
    scripted, ids = slow
    env = [f"{name}={value}" for name, value in AWS_KEYS.items()]
    with Terminal("/usr/bin/env", *env, *command([*scripted.options(), "aws.rate=1000"], "--get",
                  *(f"aws/{name}/screenshot.jpg" for name in ids[:9:4]),
                  f"aws/{ids[1]}/screenshot.jpg", "--into", tmp_path), home=tmp_path) as terminal:
        await_that(lambda: terminal.await_output(len(terminal.output)) or
                   b"3 got, 0 failed" in terminal.output, "it shows three")
        assert terminal.output.startswith(b"\r\x1b[K")


def test_more_than_one_is_fetched_at_once():
    ids = [f"i-0{index:016x}" for index in range(30)]
    together = threading.Barrier(10)

    def answer(request):
        if request.action == "GetConsoleScreenshot":
            together.wait(30)
            return 200, ec2_screenshot(request.ids[0], JPEG)
        return 200, ec2_listing(ids) if not request.find else ec2_error("InternalError")

    with ScriptedCloud(answer) as cloud:
        status, out, err = run([*cloud.options(), "aws.rate=1000"], "--get", "aws/*/screenshot.jpg",
                               env=AWS_KEYS)
    assert (status, err) == (0, []) and out == 30 * JPEG
