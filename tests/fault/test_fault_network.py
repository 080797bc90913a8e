# SPDX-License-Identifier: MIT
"""README, "Under load, and when the cloud fails", on a network that is cut and healed, and of which the
names are not known for a while."""

import contextlib
import ctypes
import os
import pathlib
import socket
import struct
import threading
import time

import pytest

from crowd import crowd, timed
from lib import fleet
from lib.doing import await_that, errno_of, read
from lib.mount import Mount, cloud_options, find_consolefs
from lib.simulator import Simulator, find_simulator
from network import FAR, Network

AT_ONCE_S = 0.5
BACK_S = 4
SILENT = {"ETIMEDOUT", "EHOSTUNREACH"}


@pytest.fixture
def joined(tmp_path):
    """A network, a simulator on its far side, and a mount on the near one with these settings."""
    with contextlib.ExitStack() as stack:
        def join(*options, **more):
            network = stack.enter_context(Network(tmp_path))
            sim = stack.enter_context(Simulator(
                rate_scale=0, program=network.far_program(find_simulator()), **more))
            mount = stack.enter_context(Mount.of(
                sim, options=options, program=network.near_program(find_consolefs())))
            return network, sim, mount
        yield join


def screen(mount):
    return mount.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg"


def link(mount):
    return mount.tencent / fleet.cvm(fleet.AWAKE) / "vnc_url"


def await_recovery(path):
    """Somebody asks until it works again, which is to be soon."""
    await_that(lambda: errno_of(read, path) == "OK", f"{path} is back", BACK_S)


def test_connections_that_died_in_silence_do_not_cost_a_time_limit(joined):
    """As after a change of networks, or behind a NAT that forgets."""
    network, sim, mount = joined("aws.rate=1000")
    path = screen(mount)
    read(path)
    # Ten connections are kept.
    sim.set_faults("*:delay=300")
    with crowd(10, path) as openers:
        assert openers.results() == {"OK": 10}
    sim.set_faults()
    network.move()
    with crowd(20, path) as openers:
        assert openers.results() == {"OK": 20}
    # The time limit is 30 seconds, and half of it that of a first byte.
    assert openers.longest < 10
    assert "does not answer" not in mount.log_text()
    result, took = timed(read, path)
    assert result == "OK" and took < AT_ONCE_S


def test_a_link_that_is_cut_in_a_transfer_and_healed_in_time_costs_nothing(joined):
    network, sim, mount = joined("aws.timeout=20", faults=["GetConsoleScreenshot:delay=4000:x1"])
    path = screen(mount)
    path.stat()
    with crowd(1, path) as opener:
        sim.await_log(action="GetConsoleScreenshot")
        network.cut()
        # Not awaited: the time that it lasts is what is tried.
        time.sleep(2)
        network.heal()
        assert opener.results() == {"OK": 1}
    assert len(sim.log_entries(action="GetConsoleScreenshot")) == 1


def test_a_link_that_is_cut_in_a_transfer_ends_it_in_time_and_the_rest_fails_at_once(joined):
    network, sim, mount = joined("aws.timeout=8", "tencent.timeout=8",
                                 faults=["GetConsoleScreenshot:drip=300:x1"])
    path = screen(mount)
    assert len(fleet.instances(mount.aws)) == 19
    read(link(mount))
    with crowd(1, path) as opener:
        sim.await_log(action="GetConsoleScreenshot")
        network.cut()
        results = opener.results()
        assert set(results) <= SILENT
        assert opener.longest < 8 + AT_ONCE_S
    for _ in range(3):
        result, took = timed(read, path)
        assert result in SILENT and took < AT_ONCE_S
    # What needs no network is as it was.
    assert len(fleet.instances(mount.aws)) == 19
    assert (path.parent / "info.json").read_text()
    assert "no answer:   us-east-1 GetConsoleScreenshot" in (mount.aws / "status").read_text()
    network.heal()
    await_recovery(path)
    assert timed(read, link(mount))[0] == "OK"
    assert "no answer:" not in (mount.aws / "status").read_text()


def test_without_a_route_it_is_unreachable_at_once(joined):
    network, _, mount = joined()
    path = screen(mount)
    path.stat()
    network.move()
    network.unplug()
    with crowd(1, path) as opener:
        # What was kept has to be found out first.
        assert opener.results() == {"EHOSTUNREACH": 1} and opener.longest < 10
    for one in [path, path, link(mount)] * 2:
        result, took = timed(read, one)
        assert result == "EHOSTUNREACH" and took < AT_ONCE_S
    network.plug()
    await_recovery(path)
    await_recovery(link(mount))


# Names

NAME = "consolefs-sim.test"
CLONE_NEWNET = 0x40000000


class Names:
    """A name server on the far side, which knows one name while it is well. It may also know of none
    (unknown), say that it has failed (ill), or say nothing (silent)."""

    def __init__(self, network):
        self.state, self.asked = "well", 0
        self.name = b"".join(bytes([len(part)]) + part.encode() for part in NAME.split(".")) + b"\0"
        made = threading.Thread(target=self._listen, args=(network,))
        made.start()
        made.join()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _listen(self, network):
        # A thread of its own, as it moves to that namespace; the socket stays there.
        with open(f"/run/netns/{network.far}", "rb") as namespace:
            assert ctypes.CDLL(None).setns(namespace.fileno(), CLONE_NEWNET) == 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((FAR, 53))

    def _serve(self):
        # Ends when the socket is closed.
        with contextlib.suppress(OSError):
            while True:
                query, client = self.socket.recvfrom(4096)
                self.asked += 1
                answer = self._answer(query)
                if answer:
                    self.socket.sendto(answer, client)

    def _answer(self, query):
        end = query.index(b"\0", 12) + 5
        question, a_record = query[12:end], query[end - 4:end - 2] == b"\0\1"
        if self.state == "silent":
            return None
        known = self.state == "well" and question.startswith(self.name)
        count = int(known and a_record)
        # No error; the server has failed; there is no such name.
        code = 0 if known else 2 if self.state == "ill" else 3
        answer = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, count, 0, 0) + question
        if count:
            answer += struct.pack(">HHHIH", 0xc00c, 1, 1, 0, 4) + socket.inet_aton("127.0.0.1")
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()


class MountWithNames(Mount):
    """A mount on the near side that asks the name server of the far one. It is in a mount namespace
    of its own, with an /etc/resolv.conf of its own, and seen through its root."""

    def __init__(self, network, attempts, **more):
        resolver = network.dir / "resolv.conf"
        resolver.write_text(f"nameserver {FAR}\noptions timeout:1 attempts:{attempts}\n")
        script = network.dir / "with-names"
        # As in lib/command.py: a copy of another test's mount would keep that alive.
        script.write_text(f"""#!/bin/sh
exec /usr/bin/unshare --mount --propagation private /bin/sh -ec '
umount --all --lazy --no-canonicalize --types fuse.consolefs || true
mount --bind "{resolver}" "$(readlink -f /etc/resolv.conf)"
exec "{find_consolefs()}" "$@"' sh "$@"
""")
        script.chmod(0o755)
        super().__init__(program=network.near_program(script), **more)
        self.allow(r"^consolefs: Terminated: unmounting$")

    def _await_mount(self):
        def mounted():
            assert self.process.poll() is None, self.log_text()
            fields = (line.split() for line in open(f"/proc/{self.process.pid}/mountinfo"))
            return any(field[4] == str(self.path) for field in fields)
        await_that(mounted, "it is mounted")
        self.path = pathlib.Path(f"/proc/{self.process.pid}/root{self.path}")

    def stop(self):
        self.signal()
        super().stop()


@pytest.fixture
def named(tmp_path):
    """The same where the endpoint has a name, and its name server."""
    with contextlib.ExitStack() as stack:
        def join(*options, attempts=2):
            network = stack.enter_context(Network(tmp_path))
            names = stack.enter_context(Names(network))
            sim = stack.enter_context(Simulator(
                rate_scale=0, program=network.far_program(find_simulator())))
            settings = [text.replace(sim.url, sim.url.replace("127.0.0.1", NAME))
                        if text.startswith("aws.endpoint") else text
                        for text in cloud_options(sim)]
            mount = stack.enter_context(MountWithNames(network, attempts, options=[*settings, *options]))
            return names, sim, mount
        yield join


@pytest.mark.parametrize("state", ["unknown", "ill", "silent"])
def test_a_name_that_does_not_resolve_is_unreachable_and_is_back_within_seconds(named, state):
    names, _, mount = named("aws.timeout=8")
    names.state = state
    result, took = timed(os.listdir, mount.aws)
    assert result == "EHOSTUNREACH" and took < 8 + AT_ONCE_S
    if state != "silent":
        assert took < 4
    # The other cloud, which has none, and the files that need no cloud.
    result, took = timed(os.listdir, mount.tencent)
    assert result == "OK" and took < AT_ONCE_S
    assert "EHOSTUNREACH" in (mount.aws / "status").read_text()
    await_that(lambda: timed(os.listdir, mount.aws)[1] < AT_ONCE_S, "it fails at once", 8)
    names.state = "well"
    await_that(lambda: errno_of(os.listdir, mount.aws) == "OK", "it is back", 8)
    assert read(screen(mount))[:2] == b"\xff\xd8"


def test_while_a_name_is_asked_for_nothing_else_waits(named):
    # For longer than a busy machine takes for all that follows.
    names, _, mount = named(attempts=5)
    names.state = "silent"
    with crowd(20, mount.aws / fleet.aws(0) / "screenshot.jpg") as openers:
        await_that(lambda: names.asked, "the name is asked for")
        for _ in range(3):
            for path in (mount.path, mount.tencent, mount.tencent / fleet.cvm(0)):
                result, took = timed(os.listdir, path)
                assert result == "OK" and took < AT_ONCE_S
            result, took = timed(read, link(mount))
            assert result == "OK" and took < 1
        assert openers.process.poll() is None
        names.state = "well"
        assert set(openers.results()) == {"OK"}


def test_a_name_server_that_is_gone_is_not_missed_by_who_is_connected(named):
    names, sim, mount = named()
    path = screen(mount)
    read(path)
    names.state = "silent"
    asked = names.asked
    for _ in range(5):
        result, took = timed(read, path)
        assert result == "OK" and took < AT_ONCE_S
    assert names.asked == asked
    assert len(sim.log_entries(action="GetConsoleScreenshot")) == 6
