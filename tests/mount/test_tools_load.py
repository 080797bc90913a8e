# SPDX-License-Identifier: MIT
"""Many at once, many in a row, and too much: no reader gets another's bytes, no image stays in
memory, and an answer over its limit is refused."""

import collections
import errno
import multiprocessing
import os
import pathlib
import random
import re
import time

import pytest

from evidence import ACTIONS, NO_RATE, Witness, digest, fetches, lit_screen, run, showing
from lib.mount import find_consolefs

PROCESSES = 32
SANITIZED = b"__asan_init" in pathlib.Path(find_consolefs()).read_bytes()


def read_in_pieces(fd, size, chance):
    """The first size + 1 bytes, read in pieces of any length and in any order."""
    marks = sorted({0, size + 1, *(chance.randrange(size + 1) for _ in range(3))})
    pieces = list(zip(marks, marks[1:]))
    parts = {}
    for begin, end in chance.sample(pieces, len(pieces)):
        parts[begin] = os.pread(fd, end - begin, begin)
    return b"".join(parts[begin] for begin, _ in pieces)


def hammer(path, opens, seed, start, results):
    """Opens the path again and again, and looks at each open twice: at once, and when the next one
    has been opened and read."""
    chance = random.Random(seed)
    digests, before = [], None
    start.wait()
    for _ in range(opens):
        fd = os.open(path, os.O_RDONLY)
        size = os.fstat(fd).st_size
        content = read_in_pieces(fd, size, chance)
        assert len(content) == size > 0
        digests.append(digest(content))
        if before:
            assert os.fstat(before[0]).st_size == len(before[1])
            assert os.pread(before[0], len(before[1]) + 1, 0) == before[1]
            os.close(before[0])
        before = fd, content
    os.close(before[0])
    results.put(digests)


def hammered(path, opens):
    """The digests that all processes together have read."""
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(PROCESSES), context.Queue()
    workers = [context.Process(target=hammer, args=(path, opens, seed, start, results))
               for seed in range(PROCESSES)]
    for worker in workers:
        worker.start()
    try:
        digests = [one for _ in workers for one in results.get(timeout=120)]
    finally:
        for worker in workers:
            worker.join(1)
            worker.kill()
            worker.join()
    assert all(worker.exitcode == 0 for worker in workers)
    return digests


@pytest.fixture
def cloud(sim):
    return sim(rate_scale=0)


def test_32_processes_open_one_screenshot_at_once_and_none_is_wrong(cloud, mount):
    path = lit_screen(mount(cloud, options=NO_RATE).aws)
    with Witness(cloud, path) as seen:
        digests = hammered(path, 40)
    assert len(set(seen.sent)) == PROCESSES * 40
    assert collections.Counter(digests) == collections.Counter(seen.sent)


def test_32_processes_open_one_vnc_url_at_once_and_no_two_share_a_link(cloud, mount):
    mounted = mount(cloud, options=NO_RATE)
    path = next(directory / "vnc_url" for directory in showing(mounted.tencent, "vnc_url"))
    with Witness(cloud, path) as seen:
        digests = hammered(path, 200)
    assert len(seen.sent) == len(set(seen.sent)) == PROCESSES * 200
    assert len(set(digests)) == PROCESSES * 200


@pytest.mark.parametrize("name", ACTIONS)
def test_an_answer_over_its_limit_is_efbig(sim, mount, tmp_path, name):
    cloud = sim(instances=3, rate_scale=0, faults=[f"{ACTIONS[name]}:oversize"])
    mounted = mount(cloud, options=NO_RATE)
    directory = (showing(mounted.aws, name) + showing(mounted.tencent, name))[0]
    with pytest.raises(OSError) as caught:
        os.open(directory / name, os.O_RDONLY)
    assert caught.value.errno == errno.EFBIG
    ran = run('cp "$src" copy', tmp_path, src=directory / name)
    assert ran.status == 1 and "File too large" in ran.err
    assert not (tmp_path / "copy").exists()
    assert re.search(r"^errno: +EFBIG ", (directory / "error").read_text(), re.MULTILINE)
    # One call each: what is too large stays so, however often it is asked for.
    assert len(fetches(cloud)) == 2


def resident(mount):
    """The daemon's resident memory in bytes."""
    text = pathlib.Path(f"/proc/{mount.process.pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.MULTILINE).group(1)) * 1024


def falls_below(mount, limit):
    """Waits until so little is resident: the kernel tells of a close when it has nothing else to
    do."""
    end = time.monotonic() + 10
    while resident(mount) >= limit and time.monotonic() < end:
        time.sleep(0.01)
    return resident(mount) < limit


# glibc keeps what is freed between other allocations. Images in mappings of their own go back to
# the system as they are freed, so that what is resident is what is held.
EXACT = {"MALLOC_MMAP_THRESHOLD_": "8192"}

needs_real_memory = pytest.mark.skipif(
    SANITIZED, reason="a sanitizer keeps freed memory in quarantine; the release build is measured")


@needs_real_memory
def test_memory_stays_level_over_thousands_of_opens(cloud, mount):
    mounted = mount(cloud, options=NO_RATE)
    path = lit_screen(mounted.aws)

    def look(times):
        for _ in range(times):
            path.read_bytes()
        return resident(mounted)

    look(300)
    levels = [look(500) for _ in range(4)]
    assert levels[-1] - levels[0] < 256 * 1024, levels


@needs_real_memory
def test_after_an_rsync_the_daemon_holds_no_image(sim, mount, tmp_path):
    cloud = sim(instances=400, rate_scale=0)
    mounted = mount(cloud, options=NO_RATE, env=EXACT)
    run('ls -lR "$src"', tmp_path, src=mounted.aws)
    before = resident(mounted)
    assert run('rsync -a "$src/" copy', tmp_path, src=mounted.aws).status == 0
    images = sum(path.stat().st_size for path in (tmp_path / "copy").rglob("screenshot.jpg"))
    assert images > 5 << 20
    assert falls_below(mounted, before + images // 5)


@needs_real_memory
def test_an_image_is_held_while_open_and_freed_at_the_last_release(cloud, mount):
    mounted = mount(cloud, options=NO_RATE, env=EXACT)
    path = lit_screen(mounted.aws)
    image = len(path.read_bytes())
    before = resident(mounted)
    fds = [os.open(path, os.O_RDONLY) for _ in range(200)]
    joined = [os.open(f"/proc/self/fd/{fd}", os.O_RDONLY) for fd in fds]
    # Handles that keep the kernel from forgetting the files, and hold nothing else.
    known = [os.open(f"/proc/self/fd/{fd}", os.O_PATH) for fd in fds]
    held = resident(mounted) - before
    for fd in fds:
        os.close(fd)
    still = resident(mounted) - before
    for fd in joined:
        os.close(fd)
    freed = falls_below(mounted, before + 200 * image // 10)
    for fd in known:
        os.close(fd)
    # Not the nominal size, which is twenty times as much.
    assert 200 * image * 0.8 < held < 200 * image * 2
    assert 200 * image * 0.8 < still
    assert freed
