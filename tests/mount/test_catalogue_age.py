# SPDX-License-Identifier: MIT
"""DESIGN, "Catalogue": what becomes of a list that grows old, when it can be refreshed and when it cannot."""

import contextlib
import functools
import os
import pathlib
import re
import signal
import socket
import tempfile
import threading

import pytest

from lib import fleet
from lib.doing import (await_age, await_that, errno_name, errno_of, read, running,
                       side_by_side)
from lib.fleet import instances
from lib.mount import Mount
from lib.scripted import (AWS_KEYS, TENCENT_KEYS, ScriptedCloud, cvm_listing, ec2_error, ec2_item,
                          ec2_listing, ec2_screenshot)
from lib.simulator import Simulator

NOBODY = {"aws": "i-0ffffffffffffffff", "tencent": "ins-zzzzzzzz"}
SOMEBODY = {"aws": "i-0123456789abcdef0", "tencent": "ins-abcdefgh"}
CLOUDS = ["aws", "tencent"]
JPEG = (pathlib.Path(__file__).resolve().parents[2] / "contrib" / "screen.jpg").read_bytes()

# What a cloud says once it has listed its instance: status and error code.
TROUBLES = {
    "throttled": (503, "RequestLimitExceeded"),
    "denied": (403, "UnauthorizedOperation"),
    "unsigned": (401, "AuthFailure"),
    "expired": (403, "ExpiredTokenException"),
    "broken": (500, "InternalError"),
    "nonsense": (200, None),
    "silent": None,
}


def one_ten_times_past_it_is_refreshed_first_and_a_failed_refresh_keeps_it():
    options = [f"{name}.list_ttl=1" for name in CLOUDS]
    with Simulator(rate_scale=0) as well, Simulator(rate_scale=0) as ill, \
            Mount.of(well, options=options) as mounted, \
            Mount.of(ill, options=options) as orphaned, \
            socket.socket() as nobody:
        orphaned.allow("")
        one = {"aws": fleet.aws(fleet.AWAKE), "tencent": fleet.cvm(fleet.AWAKE)}
        before = {name: instances(mounted.path / name) for name in CLOUDS}
        for name in CLOUDS:
            assert instances(orphaned.path / name) == before[name]
        ill.stop()
        # Else another cloud of these tests may get the port, and answer.
        nobody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        nobody.bind(("127.0.0.1", ill.port))
        for name in CLOUDS:
            await_age(orphaned.path / name, 2)
            assert instances(orphaned.path / name) == before[name]
            await_that(lambda name=name: "last attempt failed: ECONNREFUSED" in
                       (orphaned.path / name / "status").read_text(), "the refresh fails")
        for name in CLOUDS:
            await_age(mounted.path / name, 10)
            await_age(orphaned.path / name, 10)

        for name in CLOUDS:
            assert instances(orphaned.path / name) == before[name]
            assert (orphaned.path / name / one[name]).stat()
            assert one[name] in (orphaned.path / name / one[name] / "info.json").read_text()
            status = (orphaned.path / name / "status").read_text()
            assert "ECONNREFUSED" in status and re.search(r"listed 1\d s ago", status)

        os.kill(well.process.pid, signal.SIGSTOP)
        try:
            with contextlib.ExitStack() as stack:
                readers = [stack.enter_context(running("/bin/ls", mounted.path / name))
                           for name in CLOUDS]
                for name in CLOUDS:
                    await_that(lambda name=name: "listing now" in
                               (mounted.path / name / "status").read_text(), "the list is refreshed")
                assert [reader.poll() for reader in readers] == [None, None]
                os.kill(well.process.pid, signal.SIGCONT)
                for reader, name in zip(readers, CLOUDS):
                    listed = reader.communicate(timeout=30)[0].decode().split()
                    assert fleet.instances_among(listed) == before[name]
        finally:
            os.kill(well.process.pid, signal.SIGCONT)


def a_failed_refresh_says_so_in_status_and_the_next_one_heals_it():
    """With a cloud that stops listing for a while."""
    ill = threading.Event()

    def answer(request):
        return (403, ec2_error("UnauthorizedOperation")) if ill.is_set() else \
            (200, ec2_listing(["i-0123456789abcdef0"]))

    with ScriptedCloud(answer) as cloud, \
            Mount(options=[*cloud.options(), "aws.list_ttl=1"], keys=False, env=AWS_KEYS) as mount:
        status = mount.aws / "status"
        assert "condition:   not used yet" in status.read_text()
        assert instances(mount.aws) == ["i-0123456789abcdef0"]
        assert "condition:   working\n" in status.read_text()
        ill.set()
        await_age(mount.aws, 1)
        assert instances(mount.aws) == ["i-0123456789abcdef0"]
        await_that(lambda: "last attempt failed: EACCES: UnauthorizedOperation: so it is" in
                   status.read_text(), "the refresh fails")
        text = status.read_text()
        assert "1 instances, listed" in text and "allow ec2:DescribeInstances" in text
        ill.clear()

        def healed():
            assert instances(mount.aws) == ["i-0123456789abcdef0"]
            return "last attempt failed" not in status.read_text()
        await_that(healed, "the list is refreshed")
        assert "condition:   working\n" in status.read_text()


def an_instance_in_the_catalogue_is_never_enoent():
    """Because of throttling, authentication, or EC2's habit of answering InvalidInstanceID.NotFound
    for a stopped instance; nor when its list is far too old and cannot be refreshed."""
    ill = threading.Event()

    def cloud_with(trouble):
        def answer(request):
            if not ill.is_set():
                return 200, ec2_listing([SOMEBODY["aws"]])
            if trouble is None:
                return None
            status, code = trouble
            return status, ec2_error(code) if code else "neither XML nor JSON"
        return ScriptedCloud(answer)

    with contextlib.ExitStack() as stack:
        options, names = [], list(TROUBLES)
        for name in names:
            cloud = stack.enter_context(cloud_with(TROUBLES[name]))
            options += [*cloud.options(name), f"{name}.list_ttl=1", f"{name}.timeout=1"]
        config = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory())) / "config"
        config.write_text("".join(f"[{name}]\nbackend = aws\n" for name in names))
        mount = stack.enter_context(Mount(options=options, args=["-c", config], keys=False,
                                          env=AWS_KEYS))
        paths = [mount.path / name / SOMEBODY["aws"] for name in names]
        for path in paths:
            # A second is little time on a busy machine; and what is listed stays.
            await_that(lambda path=path: errno_of(os.listdir, path.parent) == "OK", "it is listed")
            assert instances(path.parent) == [SOMEBODY["aws"]]
        ill.set()
        # Past the time to live: served at once, and the refresh behind it fails.
        for path in paths:
            await_age(path.parent, 1)
            assert path.stat() and instances(path.parent) == [SOMEBODY["aws"]]
        for path in paths:
            await_that(lambda path=path: "last attempt failed" in
                       (path.parent / "status").read_text(), "the refresh fails")
            assert path.stat() and instances(path.parent) == [SOMEBODY["aws"]]
            assert errno_of(read, path / "screenshot.jpg") not in ("OK", "ENOENT")
        # Ten times past it: asked for first, and the asking fails.
        for path in paths:
            await_age(path.parent, 10)
        for path in paths:
            assert path.stat() and instances(path.parent) == [SOMEBODY["aws"]]
            with pytest.raises(OSError) as caught:
                read(path / "screenshot.jpg")
            assert errno_name(caught.value) != "ENOENT"


def an_instance_that_is_gone_leaves_with_the_next_list(cloud):
    left = threading.Event()

    def answer(request):
        listing = cvm_listing if request.cvm else ec2_listing
        ids = [SOMEBODY[cloud], NOBODY[cloud]]
        if left.is_set():
            ids = [] if request.find else [SOMEBODY[cloud]]
        if request.find and not ids and not request.cvm:
            return 400, ec2_error("InvalidInstanceID.NotFound")
        return 200, listing(ids)

    with ScriptedCloud(answer) as scripted, \
            Mount(options=[*scripted.options(cloud), f"{cloud}.list_ttl=1"], keys=False,
                  env=AWS_KEYS if cloud == "aws" else TENCENT_KEYS) as mount:
        path = mount.path / cloud
        assert instances(path) == sorted([SOMEBODY[cloud], NOBODY[cloud]])
        # Somebody still has its directory open when it goes.
        descriptor = os.open(path / NOBODY[cloud], os.O_RDONLY | os.O_DIRECTORY)
        try:
            left.set()
            await_that(lambda: instances(path) == [SOMEBODY[cloud]], "it leaves")
            # The kernel may keep what it looked up for a second.
            await_that(lambda: errno_of((path / NOBODY[cloud]).stat) == "ENOENT", "it is not found")
            assert "info.json" in os.listdir(descriptor)
        finally:
            os.close(descriptor)


def a_changed_state_shows_with_the_next_list():
    stopped = threading.Event()

    def answer(request):
        state = (80, "stopped") if stopped.is_set() else (16, "running")
        return 200, ec2_listing([ec2_item(SOMEBODY["aws"], state)])

    with ScriptedCloud(answer) as scripted, \
            Mount(options=[*scripted.options(), "aws.list_ttl=1"], keys=False,
                  env=AWS_KEYS) as mount:
        path = mount.aws / SOMEBODY["aws"]
        assert "screenshot.jpg" in os.listdir(path)
        stopped.set()
        await_that(lambda: "screenshot.jpg" not in os.listdir(path) and
                   '"stopped"' in (path / "info.json").read_text(), "the change shows")


def a_listing_that_fails_half_way_removes_nothing():
    pages = {"": ["i-0aaaaaaaaaaaaaaaa"], "two": ["i-0bbbbbbbbbbbbbbbb"]}
    ill = threading.Event()

    def answer(request):
        token = request.params.get("NextToken", "")
        if token and ill.is_set():
            return 403, ec2_error("UnauthorizedOperation")
        return 200, ec2_listing(pages[token], "" if token else "two")

    with ScriptedCloud(answer) as scripted, \
            Mount(options=[*scripted.options(), "aws.list_ttl=1"], keys=False,
                  env=AWS_KEYS) as mount:
        both = sorted(pages[""] + pages["two"])
        assert instances(mount.aws) == both
        ill.set()
        await_age(mount.aws, 1)
        assert instances(mount.aws) == both
        await_that(lambda: "last attempt failed" in (mount.aws / "status").read_text(),
                   "the refresh fails")
        assert instances(mount.aws) == both


def a_refresh_behind_leaves_the_open_a_connection():
    """One that had to make its own would wait for four round trips instead of one."""
    gate = threading.Event()

    def answer(request):
        if request.action == "DescribeInstances":
            assert gate.wait(60)
            return 200, ec2_listing([SOMEBODY["aws"]])
        return 200, ec2_screenshot(SOMEBODY["aws"], JPEG)

    def connections(action):
        return [request.connection for request in list(cloud.requests) if request.action == action]

    with ScriptedCloud(answer) as cloud, \
            Mount(options=[*cloud.options(), "aws.list_ttl=1"], keys=False, env=AWS_KEYS) as mounted:
        gate.set()
        screen = mounted.aws / SOMEBODY["aws"] / "screenshot.jpg"
        assert read(screen) == JPEG
        assert instances(mounted.aws) == [SOMEBODY["aws"]]
        for _ in range(2):
            await_age(mounted.aws, 1)
            gate.clear()
            before = set(connections("GetConsoleScreenshot") + connections("DescribeInstances"))
            listed, opened = cloud.count("DescribeInstances"), len(connections("GetConsoleScreenshot"))
            for _ in range(3):
                assert read(screen) == JPEG
            await_that(lambda n=listed: cloud.count("DescribeInstances") > n, "it is listed again")
            assert set(connections("GetConsoleScreenshot")[opened:]) <= before
            gate.set()
            await_that(lambda: "listing now" not in (mounted.aws / "status").read_text(),
                       "the list has come")
        # None more than both need.
        assert len(set(connections("GetConsoleScreenshot") + connections("DescribeInstances"))) == 2


WAITS = {wait.__name__: wait for wait in (
    a_refresh_behind_leaves_the_open_a_connection,
    one_ten_times_past_it_is_refreshed_first_and_a_failed_refresh_keeps_it,
    an_instance_in_the_catalogue_is_never_enoent,
    a_failed_refresh_says_so_in_status_and_the_next_one_heals_it,
    a_changed_state_shows_with_the_next_list,
    a_listing_that_fails_half_way_removes_nothing)}
WAITS.update((f"an_instance_that_is_gone_leaves_with_the_next_list[{cloud}]", functools.partial(
    an_instance_that_is_gone_leaves_with_the_next_list, cloud)) for cloud in CLOUDS)


@pytest.fixture(scope="module", name="under_way")
def all_at_once():
    fleet.aws(fleet.AWAKE)  # asked for by several
    with side_by_side(WAITS) as under_way:
        yield under_way


@pytest.mark.parametrize("name", WAITS)
def test_of_a_list_that_grows_old(under_way, name):
    under_way[name].result()
