# SPDX-License-Identifier: MIT
"""Extended attributes of an open live file: which request brought its bytes, when, from where."""

import ctypes
import datetime
import errno
import os
import subprocess

import pytest

from lib import fleet
from lib.doing import fails, read

PREFIX = "user.consolefs."


def attributes(file):
    return {name.removeprefix(PREFIX): os.getxattr(file.fileno(), name).decode()
            for name in os.listxattr(file.fileno())}


def test_an_open_live_file_says_where_its_bytes_come_from(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    seen = set()
    for path, region in ((mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg", "us-east-1"),
                         (mounted.aws / fleet.aws(fleet.AWAKE) / "console.log", "us-east-1"),
                         (mounted.tencent / fleet.cvm(0) / "vnc_url", "ap-guangzhou")):
        with open(path, "rb") as file:
            said = attributes(file)
            assert sorted(said) == ["fetched", "region", "request_id", "woken"]
            assert said["region"] == region and said["woken"] == "0"
            fetched = datetime.datetime.strptime(said["fetched"], "%Y-%m-%dT%H:%M:%S%z")
            assert before <= fetched <= datetime.datetime.now(datetime.timezone.utc)
            assert len(said["request_id"]) > 8
            seen.add(said["request_id"])
    assert len(seen) == 3


def test_two_opens_of_a_file_have_attributes_of_their_own(sim, mount):
    mounted = mount(sim(rate_scale=0))
    one = mounted.aws / fleet.aws(fleet.AWAKE)
    with open(one / "screenshot.jpg", "rb") as first:
        (one / "wake").write_text("1\n")
        with open(one / "screenshot.jpg", "rb") as second:
            assert attributes(first)["woken"] == "0" and attributes(second)["woken"] == "1"
            assert attributes(first)["request_id"] != attributes(second)["request_id"]
        with open(one / "screenshot.jpg", "rb") as third:
            assert attributes(third)["woken"] == "0"


def test_getfattr_reads_them_by_the_path_of_a_descriptor(sim, mount):
    mounted = mount(sim(rate_scale=0))
    with open(mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg", "rb") as file:
        done = subprocess.run(
            ["/usr/bin/getfattr", "--absolute-names", "-d", f"/proc/self/fd/{file.fileno()}"],
            pass_fds=[file.fileno()], capture_output=True, text=True, check=True)
        assert 'user.consolefs.region="us-east-1"\n' in done.stdout
        assert 'user.consolefs.woken="0"\n' in done.stdout
        assert done.stderr == ""


def test_by_its_path_a_file_has_none_and_no_question_costs_a_call(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud)
    one = mounted.aws / fleet.aws(fleet.AWAKE)
    os.listdir(one)
    calls = len(cloud.log_entries())
    for path in (one, one / "screenshot.jpg", one / "info.json", mounted.path / "stats",
                 mounted.path):
        assert os.listxattr(path) == []
        with fails("ENODATA"):
            os.getxattr(path, PREFIX + "region")
        with fails("EOPNOTSUPP"):
            os.getxattr(path, "security.capability")
    with open(one / "error", "rb") as file:
        assert attributes(file) == {}
    assert len(cloud.log_entries()) == calls


def test_they_cannot_be_changed(sim, mount):
    mounted = mount(sim(rate_scale=0))
    path = mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg"
    with open(path, "rb") as file:
        for where in (file.fileno(), path):
            with pytest.raises(OSError) as caught:
                os.setxattr(where, PREFIX + "region", b"x")
            # The kernel looks at the mode first, and root may do all.
            assert caught.value.errno in (errno.EPERM, errno.EACCES)
            with pytest.raises(OSError) as caught:
                os.removexattr(where, PREFIX + "region")
            assert caught.value.errno in (errno.EPERM, errno.EACCES)
        assert attributes(file)["region"] == "us-east-1"


def test_a_buffer_that_is_too_small_is_told(sim, mount):
    mounted = mount(sim(rate_scale=0))
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(64)
    with open(mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg", "rb") as file:
        name = PREFIX.encode() + b"region"
        assert libc.fgetxattr(file.fileno(), name, None, 0) == len("us-east-1")
        assert libc.fgetxattr(file.fileno(), name, buffer, 64) == len("us-east-1")
        assert libc.fgetxattr(file.fileno(), name, buffer, 3) == -1
        assert ctypes.get_errno() == errno.ERANGE
        assert libc.flistxattr(file.fileno(), buffer, 3) == -1
        assert ctypes.get_errno() == errno.ERANGE


def test_a_wake_is_written_as_before(sim, mount):
    """The kernel asks for security.capability before it writes."""
    mounted = mount(sim(rate_scale=0))
    wake = mounted.aws / fleet.aws(fleet.AWAKE) / "wake"
    wake.write_text("1\n")
    assert read(wake) == b"1\n"


def test_cp_with_attributes_keeps_them_in_the_copy(sim, mount, tmp_path):
    mounted = mount(sim(rate_scale=0))
    copy = tmp_path / "copy.jpg"
    try:
        copy.touch()
        os.setxattr(copy, "user.test", b"1")
    except OSError:
        pytest.skip("no user attributes in the temporary directory")
    subprocess.run(["/bin/cp", "--preserve=xattr",
                    mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg", copy], check=True)
    assert os.getxattr(copy, PREFIX + "region") == b"us-east-1"
