# SPDX-License-Identifier: MIT
""".still of a large fleet, of more than still_max holds, and under many readers at once."""

import collections
import multiprocessing
import os
import pathlib
import random
import re

from evidence import ACTIONS, NO_RATE, digest, fetches, lit_screen, run
from lib.mount import find_consolefs

SANITIZED = b"__asan_init" in pathlib.Path(find_consolefs()).read_bytes()
FLEET = 100 if SANITIZED else 1000
PROCESSES = 12
ROUNDS = 40


def sent(sim):
    """What was sent, {(instance, name): [digests]}."""
    names = {action: name for name, action in ACTIONS.items()}
    found = collections.defaultdict(list)
    for entry in fetches(sim):
        found[entry["instance"], names[entry["action"]]].append(entry["sha256"])
    return found


def live_files(top):
    return {(path.parent.name, path.name): path for path in top.glob("*/*") if path.name in ACTIONS}


def test_rsync_of_a_large_fleet_is_exact_and_costs_one_call_a_file(sim, mount, tmp_path):
    cloud = sim(instances=FLEET, rate_scale=0, args=["--screen-bytes", "65536"])
    mounted = mount(cloud, options=NO_RATE)
    # The time of a directory is known when it has been listed.
    assert os.listdir(mounted.aws)
    done = run('rsync -a "$src/" got', tmp_path, src=mounted.aws / ".still")
    assert done.status == 0, done.err
    copied = {key: digest(path.read_bytes()) for key, path in live_files(tmp_path / "got").items()}
    assert len(copied) >= FLEET
    were_sent = sent(cloud)
    assert {key: value for key, value in were_sent.items() if value != [copied.get(key)]} == {}
    assert set(copied) == set(were_sent)
    # All of it is what is held, so nothing has changed for a second run.
    again = run('rsync -ain "$src/" got', tmp_path, src=mounted.aws / ".still")
    assert (again.status, again.out) == (0, b"")
    assert len(fetches(cloud)) == len(copied)


def gauge(mounted, name):
    return int(re.search(rf"^consolefs_{name} (\d+)$", (mounted.path / "stats").read_text(), re.MULTILINE)[1])


def test_what_exceeds_still_max_is_fetched_twice_and_never_wrong(sim, mount, tmp_path):
    cloud = sim(instances=60, rate_scale=0, args=["--screen-bytes", "65536"])
    mounted = mount(cloud, options=[*NO_RATE, "consolefs.still_max=1"])
    done = run('find "$src" -type f -size +0 | wc -l; rsync -a "$src/" got', tmp_path,
               src=mounted.aws / ".still")
    assert done.status == 0, done.err
    assert 0 < gauge(mounted, "open_snapshot_bytes") <= 1 << 20
    copied = live_files(tmp_path / "got")
    were_sent = sent(cloud)
    assert set(copied) == set(were_sent)
    for key, path in copied.items():
        assert digest(path.read_bytes()) in were_sent[key], key
    assert max(map(len, were_sent.values())) > 1


def mix(live, still, seed, start, results):
    """Opens one or the other at random, twice as often still, and wakes it now and then."""
    chance = random.Random(seed)
    digests = []
    start.wait()
    for _ in range(ROUNDS):
        path = chance.choice([live, still, still])
        if chance.random() < 0.1:
            (path.parent / "wake").write_text("0")
        if path == still and chance.random() < 0.5:
            assert os.stat(path).st_size > 0
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            content = file.read()
            assert len(content) == size == os.fstat(file.fileno()).st_size
            assert os.pread(file.fileno(), size + 1, 0) == content
        digests.append((path == still, digest(content)))
    results.put(digests)


def test_live_opens_and_still_ones_at_once_have_each_their_bytes(sim, mount):
    cloud = sim(rate_scale=0)
    mounted = mount(cloud, options=[*NO_RATE, "consolefs.still_ttl=0.1"])
    live = lit_screen(mounted.aws)
    still = mounted.aws / ".still" / live.parent.name / live.name
    before = len(fetches(cloud))
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(PROCESSES), context.Queue()
    workers = [context.Process(target=mix, args=(live, still, seed, start, results))
               for seed in range(PROCESSES)]
    for worker in workers:
        worker.start()
    got = [pair for _ in workers for pair in results.get(timeout=120)]
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    of_live = [value for is_still, value in got if not is_still]
    of_still = {value for is_still, value in got if is_still}
    were_sent = collections.Counter(entry["sha256"] for entry in fetches(cloud)[before:])
    # An image of its own for each live open; and for still, what no live open got.
    assert collections.Counter(of_live) + collections.Counter(of_still) <= were_sent
    assert max(collections.Counter(of_live).values()) == 1
    assert len(of_live) < sum(were_sent.values()) < len(got)
    assert gauge(mounted, "open_snapshots") <= 2
