# SPDX-License-Identifier: MIT
"""What a program sees that opens a live file: the nominal size before, its own exact bytes after,
and one call for each open, however often the open is read, mapped or joined."""

import errno
import mmap
import os
import socket
import threading
import time
import types

import pytest

from evidence import NO_RATE, Witness, digest, fetches, lit_screen, showing
from lib.mount import Mount
from lib.simulator import Simulator

NOMINAL = {"screenshot.jpg": 1 << 20, "console.log": 128 << 10, "vnc_url": 16 << 10}


@pytest.fixture(scope="module")
def cloud():
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=NO_RATE) as mount:
        running = [directory for directory in showing(mount.tencent, "vnc_url")
                   if '"RUNNING"' in (directory / "info.json").read_text()]
        screen = lit_screen(mount.aws)
        yield types.SimpleNamespace(
            sim=sim, mount=mount, screen=screen, log=screen.parent / "console.log",
            links=[directory / "vnc_url" for directory in running])


@pytest.fixture
def opened(cloud):
    """An open screenshot: its descriptor, and the digest of what was sent for it."""
    with Witness(cloud.sim, cloud.screen) as seen:
        fd = os.open(cloud.screen, os.O_RDONLY)
    namespace = types.SimpleNamespace(fd=fd, sent=seen.sent[0], size=os.fstat(fd).st_size)
    yield namespace
    os.close(namespace.fd)


def whole(fd):
    """All of a file, by its descriptor, without moving its offset."""
    parts, at = [], 0
    while part := os.pread(fd, 100000, at):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


@pytest.mark.parametrize("name", NOMINAL)
def test_stat_before_open_gives_the_nominal_size_and_the_present_minute(cloud, name):
    before = len(fetches(cloud.sim))
    paths = [directory / name for cloud_path in (cloud.mount.aws, cloud.mount.tencent)
             for directory in showing(cloud_path, name)]
    assert len(paths) > 5
    for path in paths:
        earliest = time.time()
        st = os.stat(path)
        assert st.st_size == NOMINAL[name]
        assert st.st_blocks == NOMINAL[name] // 512
        assert earliest - 60 < st.st_mtime <= time.time()
        assert st.st_mtime_ns % 60_000_000_000 == 0
        assert st.st_mode & 0o777 == 0o400 and st.st_nlink == 1
    assert len(fetches(cloud.sim)) == before


@pytest.mark.parametrize("name", NOMINAL)
def test_fstat_after_open_is_exact(cloud, name):
    path = cloud.links[0] if name == "vnc_url" else cloud.screen.parent / name
    with open(path, "rb", buffering=0) as file:
        st = os.fstat(file.fileno())
        content = file.readall()
    assert 0 < st.st_size == len(content) < NOMINAL[name]
    assert st.st_blocks == (len(content) + 511) // 512
    assert st.st_ino == os.stat(path).st_ino


def test_an_open_does_not_change_what_stat_of_the_path_says(cloud, opened):
    assert os.stat(cloud.screen).st_size == NOMINAL["screenshot.jpg"]
    assert os.fstat(opened.fd).st_size == opened.size == len(whole(opened.fd))


def test_five_overlapping_opens_have_each_its_own_bytes(cloud):
    before = len(fetches(cloud.sim))
    fds = [os.open(cloud.screen, os.O_RDONLY) for _ in range(5)]
    try:
        # Interleaved, and by the page cache: what one has read must not show in another.
        sizes = [os.fstat(fd).st_size for fd in fds]
        parts = [[] for _ in fds]
        for at in range(0, max(sizes), 4096):
            for fd, got in zip(fds, parts):
                got.append(os.pread(fd, 4096, at))
        images = [b"".join(got) for got in parts]
        sent = [entry["sha256"] for entry in fetches(cloud.sim)[before:]]
        assert [digest(image) for image in images] == sent
        assert len(set(sent)) == 5
        assert [len(image) for image in images] == sizes
        assert all(one != following for one, following in zip(sizes, sizes[1:]))
        assert [os.fstat(fd).st_size for fd in fds] == sizes
        # One closed, the others stay as they were.
        os.close(fds.pop(2))
        sent.pop(2)
        assert [digest(whole(fd)) for fd in fds] == sent
    finally:
        for fd in fds:
            os.close(fd)
    assert len(fetches(cloud.sim)) == before + 5


def test_an_open_is_read_again_and_again_without_a_call(cloud, opened):
    with Witness(cloud.sim, cloud.screen) as seen:
        for _ in range(3):
            os.lseek(opened.fd, 0, os.SEEK_SET)
            assert digest(os.read(opened.fd, 1 << 21)) == opened.sent
    assert seen.sent == []


def test_seeks_know_the_end(opened):
    image = whole(opened.fd)
    assert digest(image) == opened.sent
    assert os.lseek(opened.fd, 0, os.SEEK_END) == opened.size
    assert os.read(opened.fd, 100) == b""
    assert os.lseek(opened.fd, -777, os.SEEK_END) == opened.size - 777
    assert os.read(opened.fd, 1000) == image[-777:]
    assert os.lseek(opened.fd, 4095, os.SEEK_SET) == 4095
    assert os.read(opened.fd, 2) == image[4095:4097]
    assert os.lseek(opened.fd, 0, os.SEEK_DATA) == 0
    assert os.lseek(opened.fd, 0, os.SEEK_HOLE) == opened.size


def test_pread_at_odd_offsets(opened):
    image = whole(opened.fd)
    for at in (0, 1, 511, 4095, 4096, 4097, 12345, 40001, opened.size - 1, opened.size,
               opened.size + 1, 1 << 20, 1 << 40):
        for size in (1, 2, 4095, 4096, 4097, 30000, 1 << 20):
            assert os.pread(opened.fd, size, at) == image[at:at + size]


def test_readv_and_reads_past_the_cache(cloud, opened):
    first, second = bytearray(10001), bytearray(1 << 20)
    count = os.preadv(opened.fd, [first, second], 0)
    assert digest((bytes(first) + bytes(second))[:count]) == opened.sent
    os.posix_fadvise(opened.fd, 0, 0, os.POSIX_FADV_DONTNEED)
    assert digest(whole(opened.fd)) == opened.sent


@pytest.mark.parametrize("flags, prot", [
    (mmap.MAP_SHARED, mmap.PROT_READ), (mmap.MAP_PRIVATE, mmap.PROT_READ),
    (mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE),
    (mmap.MAP_SHARED | mmap.MAP_POPULATE, mmap.PROT_READ)])
def test_a_mapping_has_the_bytes_and_outlives_its_descriptor(cloud, flags, prot):
    with Witness(cloud.sim, cloud.screen) as seen:
        fd = os.open(cloud.screen, os.O_RDONLY)
        size = os.fstat(fd).st_size
        mapping = mmap.mmap(fd, size, flags=flags, prot=prot)
        os.close(fd)
        # Another open of the path, whose pages are not these.
        with open(cloud.screen, "rb") as file:
            other = file.read()
        assert digest(mapping[:]) == seen_digest(cloud, -2)
        assert digest(other) == seen_digest(cloud, -1)
        if prot & mmap.PROT_WRITE:
            mapping[0:4] = b"mine"
            assert mapping[0:4] == b"mine"
        mapping.close()
    assert len(seen.sent) == 2


def seen_digest(cloud, index):
    return fetches(cloud.sim)[index]["sha256"]


def test_a_writable_shared_mapping_is_refused(opened):
    with pytest.raises(PermissionError):
        mmap.mmap(opened.fd, opened.size, flags=mmap.MAP_SHARED,
                  prot=mmap.PROT_READ | mmap.PROT_WRITE)


def test_a_private_change_is_nobody_elses(opened):
    mine = mmap.mmap(opened.fd, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    mine[:] = bytes(len(mine))
    assert digest(whole(opened.fd)) == opened.sent
    mine.close()


def test_sendfile_to_a_file_and_to_a_socket(opened, tmp_path):
    with open(tmp_path / "copy", "wb") as copy:
        at = 0
        while sent := os.sendfile(copy.fileno(), opened.fd, at, 1 << 20):
            at += sent
    assert digest((tmp_path / "copy").read_bytes()) == opened.sent
    near, far = socket.socketpair()
    got = []
    reader = threading.Thread(target=lambda: got.extend(iter(lambda: far.recv(65536), b"")))
    reader.start()
    with open(opened.fd, "rb", closefd=False) as file:
        near.sendfile(file)
    near.close()
    reader.join()
    far.close()
    assert digest(b"".join(got)) == opened.sent


def test_splice_through_a_pipe(opened):
    out, into = os.pipe()
    image, at = b"", 0
    while count := os.splice(opened.fd, into, 30000, offset_src=at):
        at += count
        while count > 0:
            part = os.read(out, count)
            image += part
            count -= len(part)
    os.close(out)
    os.close(into)
    assert digest(image) == opened.sent


def test_copy_file_range_out_of_the_mount_and_within_it(cloud, opened, tmp_path):
    with open(tmp_path / "copy", "wb") as copy:
        at = 0
        try:
            while count := os.copy_file_range(opened.fd, copy.fileno(), 1 << 20, at):
                at += count
            assert digest((tmp_path / "copy").read_bytes()) == opened.sent
        except OSError as error:
            # From 5.19 on Linux copies no range from one filesystem to another, whichever these
            # are: callers go on with read().
            assert (error.errno, at) == (errno.EXDEV, 0)
    wake = cloud.screen.parent / "wake"
    with open(wake, "wb", buffering=0) as file:
        assert os.copy_file_range(opened.fd, file.fileno(), 1 << 20, 0) == opened.size
    assert wake.read_text() == "1\n"
    wake.write_text("0")


def test_an_open_joined_through_proc_has_the_same_bytes_and_costs_no_call(cloud, opened):
    with Witness(cloud.sim, cloud.screen) as seen:
        fd = os.open(f"/proc/self/fd/{opened.fd}", os.O_RDONLY)
        assert os.fstat(fd).st_size == opened.size
        assert digest(whole(fd)) == opened.sent
        os.close(opened.fd)
        opened.fd = fd
        # The snapshot is kept for whoever is left.
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        assert digest(whole(fd)) == opened.sent
    assert seen.sent == []


def test_o_path_opens_nothing_and_opening_it_fetches(cloud):
    with Witness(cloud.sim, cloud.screen) as seen:
        handle = os.open(cloud.screen, os.O_PATH)
        assert os.fstat(handle).st_size == NOMINAL["screenshot.jpg"]
    assert seen.sent == []
    with Witness(cloud.sim, cloud.screen) as seen:
        image = whole_of(f"/proc/self/fd/{handle}")
    assert [digest(image)] == seen.sent
    # Closed again: the next open is a fetch of its own, of another size, through the same inode.
    with Witness(cloud.sim, cloud.screen) as seen:
        again = whole_of(f"/proc/self/fd/{handle}")
    assert [digest(again)] == seen.sent
    assert len(again) != len(image)
    os.close(handle)


def whole_of(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        assert os.fstat(fd).st_size == os.lseek(fd, 0, os.SEEK_END)
        return whole(fd)
    finally:
        os.close(fd)


def test_openat_below_a_directory_descriptor(cloud):
    directory = os.open(cloud.screen.parent, os.O_RDONLY | os.O_DIRECTORY)
    with Witness(cloud.sim, cloud.screen) as seen:
        fds = [os.open("screenshot.jpg", os.O_RDONLY, dir_fd=directory) for _ in range(2)]
        images = [whole(fd) for fd in fds]
    for fd in [*fds, directory]:
        os.close(fd)
    assert [digest(image) for image in images] == seen.sent


def test_a_descriptor_is_inherited_with_its_bytes(opened):
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(into, digest(whole(opened.fd)).encode())
        os._exit(0)
    os.close(into)
    assert os.waitpid(child, 0)[1] == 0
    assert os.read(out, 100).decode() == opened.sent
    os.close(out)


@pytest.mark.parametrize("flags", [os.O_WRONLY, os.O_RDWR, os.O_RDONLY | os.O_TRUNC,
                                   os.O_WRONLY | os.O_APPEND])
def test_a_refused_open_costs_no_call(cloud, flags):
    with Witness(cloud.sim, cloud.screen) as seen:
        with pytest.raises(PermissionError):
            os.open(cloud.screen, flags)
    assert seen.sent == []


def test_a_log_is_what_was_sent_to_the_byte(cloud):
    with Witness(cloud.sim, cloud.log) as seen:
        log = cloud.log.read_bytes()
    assert [digest(log)] == seen.sent
    assert b"\r\n" in log and b"\x1b[" in log


def test_each_reader_of_a_vnc_url_has_a_link_of_his_own(cloud):
    path = cloud.links[0]
    with Witness(cloud.sim, path) as seen:
        fds = [os.open(path, os.O_RDONLY) for _ in range(3)]
        lines = [whole(fd).decode() for fd in fds]
        for fd in fds:
            os.close(fd)
    assert all(line.startswith(cloud.sim.vnc_page) and line.endswith("\n") for line in lines)
    values = [line.strip().removeprefix(cloud.sim.vnc_page) for line in lines]
    assert [digest(value.encode()) for value in values] == seen.sent
    assert len(set(values)) == 3
