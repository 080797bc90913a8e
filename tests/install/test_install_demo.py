# SPDX-License-Identifier: MIT
"""contrib/demo: it mounts on whatever directory it is given, and takes away nothing but what it has mounted."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from lib.doing import await_that, shell
from lib.mount import Mount, find_consolefs, is_mounted
from lib.simulator import ROOT, find_simulator, scrubbed_env

# In the place of cmake: what it would build is there already.
CMAKE = """#!/bin/sh
[ "$1" != --build ] || [ -z "$FAILS" ] || exec sh -c "echo no compiler; exit 1"
mkdir -p build/demo/bin
ln -sf "{consolefs}" "{simulator}" build/demo/bin/
"""


@pytest.fixture(name="tree")
def source_tree(tmp_path):
    """One of which contrib/demo is."""
    tree = tmp_path / "source tree"
    (tree / "contrib").mkdir(parents=True)
    for name in ("demo", "build-packages"):
        shutil.copy(ROOT / "contrib" / name, tree / "contrib")
    (tree / "contrib" / "apt-install").write_text("#!/bin/sh\n")
    (tree / "bin").mkdir()
    (tree / "bin" / "cmake").write_text(
        CMAKE.format(consolefs=find_consolefs(), simulator=find_simulator()))
    for path in (tree / "contrib" / "apt-install", tree / "bin" / "cmake"):
        path.chmod(0o755)
    (tree / "tmp dir").mkdir()
    return tree


def demo(tree, *args, cwd, **more):
    env = scrubbed_env(tree, TMPDIR=str(tree / "tmp dir"), **more)
    env["PATH"] = f"{tree}/bin:{env['PATH']}"
    return subprocess.Popen(["/bin/bash", tree / "contrib" / "demo", *args], cwd=cwd, env=env,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def run(*args, **more):
    with demo(*args, **more) as process:
        out = process.communicate(timeout=120)[0]
    return process.returncode, out


def assert_nothing_left(tree):
    assert os.listdir(tree / "tmp dir") == []


@pytest.mark.parametrize("given", [[], ["a b"], ["./there/../it's"], ["link"]],
                         ids=["none", "blank", "relative", "link"])
def test_a_directory_may_have_any_name_and_is_relative_to_where_it_is_called(tree, tmp_path, given):
    here = tmp_path / "here"
    here.mkdir()
    (here / "target").mkdir()
    (here / "there").mkdir()
    (here / "link").symlink_to("target")
    before = set(os.listdir(here))
    status, out = run(tree, *given, cwd=here)
    assert status == 0, out
    path = pathlib.Path(os.path.realpath(here / given[0])) if given else None
    if path:
        assert f"Unmounted {path}." in out and not is_mounted(path) and path.is_dir()
    assert set(os.listdir(here)) - before <= {os.path.basename(given[0])} if given else True
    assert "JPEG image data" in out and "files transferred" in out and "Host is down" in out
    assert "(exit status 1)" in out and "No such file" not in out
    assert_nothing_left(tree)


def test_it_unmounts_nothing_that_it_did_not_mount(tree, tmp_path):
    with Mount(options=["aws.regions=us-east-1", "tencent.regions=ap-guangzhou"]) as other:
        status, out = run(tree, other.path, cwd=tmp_path)
        assert status != 0 and "Unmounted" not in out and is_mounted(other.path)
        status, out = run(tree, other.path, cwd=tmp_path, FAILS="yes")
        assert status != 0 and "no compiler" in out and is_mounted(other.path)
    assert_nothing_left(tree)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_no_mount(tree, tmp_path, number):
    path = tmp_path / "mnt"
    with demo(tree, path, cwd=tmp_path) as process:
        await_that(lambda: is_mounted(path), "it mounts")
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 128 + number
    await_that(lambda: not is_mounted(path), "it is unmounted")
    assert_nothing_left(tree)


def test_what_it_mounted_over_since_is_left_alone(tree, tmp_path):
    """Somebody has unmounted the demo's, and mounted something else."""
    path = tmp_path / "mnt"
    with demo(tree, path, cwd=tmp_path) as process:
        await_that(lambda: is_mounted(path), "it mounts")
        process.send_signal(signal.SIGSTOP)
        try:
            await_that(lambda: shell('fusermount3 -uz "$1"', path).returncode == 0, "it goes")
            other = Mount(options=["aws.regions=us-east-1", "tencent.regions=ap-guangzhou"])
            with other:
                shell('mount --bind "$1" "$2"', other.path, path).check_returncode()
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGCONT)
                out = process.communicate(timeout=60)[0]
                assert "Unmounted" not in out and is_mounted(path)
                shell('umount "$1"', path).check_returncode()
        finally:
            process.send_signal(signal.SIGCONT)
