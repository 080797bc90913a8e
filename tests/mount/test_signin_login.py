# SPDX-License-Identifier: MIT
"""The session of `aws login` on a mount that lives longer than its keys, beside the other tools that
share its file."""

import contextlib
import datetime
import json
import os
import re
import stat
import subprocess
import threading

import pytest

from lib import fleet, login
from lib.doing import await_that, connections, errno_of, fails, read
from lib.simulator import SECRET, Simulator
from signing_in import shared_simulator  # noqa: F401, fixtures
from signing_in import (CLOCK_OFF, NONE_USABLE, Home, assert_signed_in, live_file, login_profile,
                        mounted, of_metadata, roles_since, status_of, sts_keys)

RENEW = "CreateOAuth2Token"


@pytest.fixture(name="home")
def home_directory(tmp_path):
    path = tmp_path / "home"
    path.mkdir()
    made = Home(path)
    # Keys of somebody else, everywhere that they could be found next.
    made.aws_config(login_profile(f"aws_access_key_id=OTHER\naws_secret_access_key={SECRET}\n"
                                  "credential_process=/bin/echo\n"))
    return made


def mounted_x(sim, home, **env):
    """The profile of the session, on a machine that has a role of its own."""
    return mounted(sim, home, ["aws.profile=x"], **{**of_metadata(sim), **env})


def keys_of(sim, role):
    keys = sts_keys(sim, role)
    return {"key_id": keys["AccessKeyId"], "secret": keys["SecretAccessKey"],
            "token": keys["SessionToken"]}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("AWS_", "REQUESTS_", "SSL_"))]:
        monkeypatch.delenv(name)


def renewals(sim):
    return len(sim.log_entries(action=RENEW))


def test_keys_that_live_are_used_and_nothing_is_asked(shared, home):
    path = home.login(login.session(3600, dpopKey="k", **keys_of(shared, "reader")))
    before, asked = os.stat(path), renewals(shared)
    with mounted_x(shared, home) as mount:
        assert_signed_in(shared, mount, "aws", "reader")
        assert f"aws login as {login.NAME}, by profile x" in status_of(mount.aws)
    assert renewals(shared) == asked
    assert os.stat(path).st_mtime_ns == before.st_mtime_ns


def test_new_keys_are_written_back_for_the_other_tools(shared, home):
    path = home.login(login.session(-1, other=["\u00e9", None]), 0o640)
    with open(path, encoding="utf-8") as before:
        old = json.load(before)
    asked = renewals(shared)
    with mounted_x(shared, home) as mount:
        assert_signed_in(shared, mount, "aws", "console")
        with open(path, encoding="utf-8") as after:
            new = json.load(after)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o640
        assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]
        assert new["accessToken"]["secretAccessKey"] in shared.issued("secret")
        assert new["refreshToken"].split(".")[0] in shared.issued("ticket")
        assert (new["dpopKey"], new["other"]) == (old["dpopKey"], old["other"])
        assert new["accessToken"]["accountId"] == old["accessToken"]["accountId"]
        # Another mount is one of these tools.
        with mounted_x(shared, home) as other:
            assert_signed_in(shared, other, "aws", "console")
        assert renewals(shared) == asked + 1
        shown = mount.log_text() + status_of(mount.aws)
        for secret in (new["refreshToken"], new["accessToken"]["sessionToken"], old["refreshToken"],
                       *new["dpopKey"].splitlines()[1:-1]):
            assert secret not in shown


def test_keys_are_renewed_for_as_long_as_the_session_lasts(home):
    home.login(login.session(-1))
    with Simulator(rate_scale=0, session_seconds=12) as sim, mounted_x(sim, home) as mount:
        file = live_file(mount.aws)
        await_that(lambda: read(file) and renewals(sim) >= 2, "they are renewed", every=0.2)
        # What is written here makes no search of its own.
        first, second = (datetime.datetime.fromisoformat(entry["time"].rstrip("Z"))
                         for entry in sim.log_entries(action=RENEW)[:2])
        assert (second - first).total_seconds() > 4
        assert not [entry for entry in sim.log_entries() if entry["code"]]
        assert mount.events() == []


def test_a_service_that_refuses_says_so_and_another_login_is_noticed(home):
    with Simulator(rate_scale=0) as sim:
        home.login(login.session(-1))
        sim.set_faults(f"{RENEW}:code=TOKEN_EXPIRED")
        with mounted_x(sim, home) as mount:
            mount.allow(NONE_USABLE)
            with fails("EKEYEXPIRED", "EACCES"):
                os.listdir(mount.aws)
            for text in (status_of(mount.aws), mount.log_text()):
                assert "the login session has ended; sign in with: aws login --profile x" in text
            # Nobody else's keys were tried.
            assert {entry["action"] for entry in sim.log_entries(cloud="aws")} == {RENEW}
            home.login(login.session(3600, **keys_of(sim, "reader")))
            await_that(lambda: errno_of(os.listdir, mount.aws) == "OK", "the new login is used")
            assert_signed_in(sim, mount, "aws", "reader")


def test_keys_that_live_serve_on_where_they_cannot_be_renewed(home):
    with Simulator(rate_scale=0) as sim:
        home.login(login.session(120, **keys_of(sim, "reader")))
        sim.set_faults(f"{RENEW}:code=USER_CREDENTIALS_CHANGED")
        with mounted_x(sim, home) as mount:
            assert_signed_in(sim, mount, "aws", "reader")
            assert ("not renewed; run: aws login --profile x (the password was changed after "
                    "signing in)") in status_of(mount.aws)


@contextlib.contextmanager
def asking(sim, home, *faults):
    """A mount that waits for the service to renew its keys: a moment in which others do things."""
    sim.set_faults(f"{RENEW}:delay=2500", *faults)
    with mounted_x(sim, home) as mount:
        mount.allow(NONE_USABLE)
        open_before = connections(sim)
        home.login(login.session(-1))
        # That there is a session is noticed within a second.
        reader = threading.Thread(target=await_that, args=(
            lambda: errno_of(read, live_file(mount.aws)) == "OK", "it is read"))
        reader.start()
        await_that(lambda: connections(sim) > open_before, "it asks for keys")
        yield mount, reader.join


@pytest.mark.parametrize("faults", [[], [f"{RENEW}:code=TOKEN_EXPIRED"]])
def test_another_tool_that_is_faster_wins(home, faults):
    with Simulator(rate_scale=0) as sim:
        other = login.session(3600, refreshToken="of another", **keys_of(sim, "reader"))
        with asking(sim, home, *faults) as (_, be_read):
            before = len(sim.log_entries(cloud="aws"))
            path = home.login(other)
            be_read()
            assert set(roles_since(sim, before, "aws")) == {"reader"}
            assert renewals(sim) == 1
        with open(path, encoding="utf-8") as file:
            assert file.read() == other


def test_who_has_signed_out_meanwhile_is_not_signed_in_again(home):
    with Simulator(rate_scale=0) as sim:
        with asking(sim, home) as (mount, be_read):
            mount.allow("could not be renewed")
            path = home.path / ".aws/login/cache"
            (path / login.file_name()).unlink()
            be_read()
            assert renewals(sim) == 1
            assert os.listdir(path) == []


def test_a_file_that_cannot_be_read_is_said_and_harms_nobody(shared, home):
    cases = {"directory": os.mkdir, "fifo": os.mkfifo,
             "large": lambda path: home.login(" " * (2 << 20)),
             "no json": lambda path: home.login("{"),
             "loop": lambda path: os.symlink(path, path)}
    if os.getuid() != 0:
        cases["mode"] = lambda path: home.login(login.session(3600), 0)
    path = home.login(login.session(3600, **keys_of(shared, "reader")))
    with mounted_x(shared, home) as mount:
        mount.allow(NONE_USABLE)
        mount.allow("could not be renewed")
        for name, make in cases.items():
            with contextlib.suppress(OSError):
                os.unlink(path)
            make(path)
            words = "holds no keys" if name == "no json" else "cannot read the login session's file"

            def said(words=words):
                # The keys that it has serve on.
                assert read(live_file(mount.aws))
                return re.search(f"{words}.*aws login --profile x", status_of(mount.aws))
            await_that(said, name, every=0.1)
            with contextlib.suppress(OSError):
                os.rmdir(path)


def test_a_directory_that_cannot_be_written_costs_nothing_but_the_writing(home):
    """Read-only: for root a mount of its own, for others by its mode."""
    with Simulator(rate_scale=0, session_seconds=12) as sim, contextlib.ExitStack() as stack:
        path = home.login(login.session(-1))
        with open(path, encoding="utf-8") as file:
            before = file.read()
        directory = os.path.dirname(path)
        if os.getuid() == 0:
            subprocess.run(["/usr/bin/mount", "--bind", directory, directory], check=True)
            stack.callback(subprocess.run, ["/usr/bin/umount", "-l", directory], check=True)
            subprocess.run(["/usr/bin/mount", "-o", "remount,bind,ro", directory], check=True)
        else:
            os.chmod(directory, 0o500)
            stack.callback(os.chmod, directory, 0o700)
        with mounted_x(sim, home) as mount:
            assert_signed_in(sim, mount, "aws", "console")
            assert re.search(r"aws login by profile x, not written back: (Read-only|Permission)",
                             status_of(mount.aws))
            # The old token goes on to be good for that.
            await_that(lambda: read(live_file(mount.aws)) and renewals(sim) == 2, "they are renewed",
                       every=0.2)
        with open(path, encoding="utf-8") as file:
            assert file.read() == before


def test_a_symbolic_link_is_not_replaced(shared, home, tmp_path):
    path = home.login(login.session(-1))
    real = tmp_path / "real.json"
    os.rename(path, real)
    os.symlink(real, path)
    before = real.read_text()
    with mounted_x(shared, home) as mount:
        assert_signed_in(shared, mount, "aws", "console")
        assert "not written back: Too many levels of symbolic links" in status_of(mount.aws)
    assert os.path.islink(path) and real.read_text() == before


@pytest.mark.parametrize("offset", [-86400, 86400])
def test_a_clock_a_day_off_is_corrected_for_the_proof(home, offset):
    with Simulator(rate_scale=0, clock_offset=offset) as sim:
        home.login(login.session(-2 * 86400))
        with mounted_x(sim, home) as mount:
            mount.allow(CLOCK_OFF)
            assert len(fleet.instances(mount.aws)) > 18
            assert [entry["status"] for entry in sim.log_entries(action=RENEW)] == [400, 200]
