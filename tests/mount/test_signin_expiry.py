# SPDX-License-Identifier: MIT
"""How a mount that lives for months keeps the keys fresh with which it signs in: keys that expire, and
a clock that is off."""

import functools
import os
import time

import pytest

from lib import fleet
from lib.doing import await_that, errno_of, read, side_by_side
from lib.mount import Mount
from lib.simulator import KEY_ID, SECRET, Simulator, tencent_role
from signing_in import (CLOCK_OFF, NONE_USABLE, NOT_RENEWED, Home, assert_signed_in,
                        aws_web_identity, live_file, mounted, of_metadata, role_profile,
                        sign_in_env, sso_profile, status_of, tencent_pod)

# Seconds for which keys are read with that live for so many. The whole two minutes take
# CONSOLEFS_LONG_TESTS in the environment.
LIFE_S = 12
LONG_S = 120 if os.environ.get("CONSOLEFS_LONG_TESTS") else 27


def config_of_four(sim, tmp_path):
    """Each cloud twice: with the machine's role, and with one that a profile assumes."""
    path = tmp_path / "consolefs.conf"
    path.write_text("".join(
        f"[{name}]\nbackend = {name.partition('-')[0]}\nendpoint = {sim.url}\n"
        f"ca_file = {sim.ca}\nregions = {region}\n{more}\n"
        for name, region, more in (
            ("aws-machine", "us-east-1", ""), ("aws-role", "us-east-1", "profile = x"),
            ("tencent-machine", "ap-guangzhou", ""),
            ("tencent-role", "ap-guangzhou", "profile = p"))))
    return path


FOUR = ["aws-machine", "aws-role", "tencent-machine", "tencent-role"]


def mount_of_four(sim, home, tmp_path):
    home.aws_config(role_profile())
    home.tccli("p", **{"secretId": KEY_ID, "secretKey": SECRET, "role-arn": tencent_role("reader"),
                       "role-session-name": "mine"})
    return Mount(args=["-c", config_of_four(sim, tmp_path)], keys=False,
                 env=sign_in_env(sim, home, **of_metadata(sim)))


def keys_that_expire_all_the_time_are_renewed_without_one_error(home, tmp_path):
    with Simulator(rate_scale=0, session_seconds=LIFE_S) as sim, \
            mount_of_four(sim, home, tmp_path) as mount:
        files = [live_file(mount.path / name) for name in FOUR]
        end = time.monotonic() + LONG_S
        reads = 0
        while time.monotonic() < end:
            for file in files:
                assert read(file)
                reads += 1
            # Ten a second are enough for a machine that has other tests to run.
            time.sleep(0.4)
        assert reads > LONG_S
        calls = [entry for entry in sim.log_entries()
                 if entry["action"] in ("GetConsoleScreenshot", "DescribeInstanceVncUrl")]
        assert len(calls) == reads and not [entry for entry in calls if entry["code"]]
        for action in ("AssumeRole", "MetadataCredentials"):
            for cloud in ("aws", "tencent"):
                renewed = len(sim.log_entries(action=action, cloud=cloud, status=200))
                # At half their life, give or take; the metadata services hand out the same keys
                # until then.
                assert LONG_S / LIFE_S <= renewed <= LONG_S * 8 / LIFE_S, (action, cloud, renewed)
        assert mount.events() == []


def keys_that_were_left_to_expire_are_renewed_before_the_next_call(home, tmp_path):
    with Simulator(rate_scale=0, session_seconds=2) as sim, \
            mount_of_four(sim, home, tmp_path) as mount:
        files = [live_file(mount.path / name) for name in FOUR]
        for _ in range(2):
            for file in files:
                assert read(file)
            # Past their end, and past the pause between two searches.
            time.sleep(6)
        for file in files:
            assert read(file)
        assert not [entry for entry in sim.log_entries() if entry["code"]]


RENEWALS = {"aws-machine": "aws/MetadataCredentials", "aws-role": "aws/AssumeRole",
            "tencent-machine": "tencent/MetadataCredentials",
            "tencent-role": "tencent/AssumeRole"}


def old_keys_serve_until_they_expire_and_recovery_is_automatic(home, tmp_path):
    """DESIGN: "when a refresh fails the old keys serve until they expire, then EKEYEXPIRED, and
    recovery is automatic"."""
    life = 14
    with Simulator(rate_scale=0, session_seconds=life) as sim, \
            mount_of_four(sim, home, tmp_path) as mount:
        mount.allow(NOT_RENEWED)
        mount.allow(NONE_USABLE)
        files, began = {}, {}
        for name in FOUR:
            began[name] = time.monotonic()  # the first look at a cloud signs in
            files[name] = live_file(mount.path / name)
        for name, file in files.items():
            assert read(file) and len(fleet.instances(mount.path / name)) > 18
        sim.set_faults(*(f"{action}:status=500" for action in RENEWALS.values()))
        expired = {}
        while len(expired) < len(FOUR):
            for name, file in files.items():
                if name in expired:
                    continue
                result = errno_of(read, file)
                if result != "OK":
                    assert result == "EKEYEXPIRED", (name, status_of(mount.path / name))
                    expired[name] = time.monotonic() - began[name]
            assert time.monotonic() - min(began.values()) < 3 * life
            time.sleep(0.2)
        for name, after in expired.items():
            assert life - 1 <= after <= life + 3, (name, after)
            status = status_of(mount.path / name)
            assert "EKEYEXPIRED" in status and "not renewed" in status, status
            mount.await_log(rf"\[{name}\]: the credentials could not be renewed")
            # What is known is shown for as long.
            assert len(fleet.instances(mount.path / name)) > 18
        sim.set_faults()
        for name, file in files.items():
            await_that(lambda file=file: errno_of(read, file) == "OK", f"{name} works again")
            assert "condition:   working\n" in status_of(mount.path / name)


def a_rotated_token_of_a_pod_is_used_for_the_next_keys(home, tmp_path):
    accepted = tmp_path / "accepted"
    accepted.write_text("the-first-token")
    env = {**aws_web_identity(home), **tencent_pod(home)}
    home.put("token", "the-first-token")
    with Simulator(rate_scale=0, session_seconds=8,
                   args=["--web-identity-file", accepted]) as sim, \
            mounted(sim, home, **env) as mount:
        assert_signed_in(sim, mount, "aws", "federated")
        assert_signed_in(sim, mount, "tencent", "federated")
        home.put("token", "the-second-token\n")
        accepted.write_text("the-second-token")
        end = time.monotonic() + 12
        while time.monotonic() < end:
            assert read(live_file(mount.aws)) and read(live_file(mount.tencent))
            time.sleep(0.4)
        for cloud in ("aws", "tencent"):
            assert len(sim.log_entries(action="AssumeRoleWithWebIdentity", cloud=cloud)) >= 2
        assert not [entry for entry in sim.log_entries() if entry["code"]]


def a_clock_a_day_off_where_keys_are_signed_out(offset, home, tmp_path):
    """The sign-in services refuse a wrong time too, and say in their own time when keys expire."""
    with Simulator(rate_scale=0, clock_offset=offset, session_seconds=8) as sim, \
            mount_of_four(sim, home, tmp_path) as mount:
        mount.allow(CLOCK_OFF)
        end = time.monotonic() + 12
        while time.monotonic() < end:
            for name in FOUR:
                assert read(live_file(mount.path / name)), name
            time.sleep(0.4)
        refused = [(entry["cloud"], entry["action"]) for entry in sim.log_entries()
                   if entry["code"]]
        assert len(refused) <= len(FOUR), refused


def a_token_in_a_file_expires_by_this_clock_whatever_the_clouds_is(offset, home, tmp_path):
    """`aws sso login` wrote the time of this host; the cloud's clock is a day off."""
    home.aws_config(sso_profile())
    home.sso_token("s", 1)
    with Simulator(rate_scale=0, clock_offset=offset, session_seconds=8) as sim, \
            mounted(sim, home, ["aws.profile=x"]) as mount:
        mount.allow(CLOCK_OFF)
        file = live_file(mount.aws)
        await_that(lambda: read(file) and len(sim.log_entries(action="GetRoleCredentials")) > 2,
                   "the keys are renewed with it", every=0.4)


WAITS = {wait.__name__: wait for wait in (
    keys_that_expire_all_the_time_are_renewed_without_one_error,
    old_keys_serve_until_they_expire_and_recovery_is_automatic,
    keys_that_were_left_to_expire_are_renewed_before_the_next_call,
    a_rotated_token_of_a_pod_is_used_for_the_next_keys)}
WAITS.update((f"a_clock_a_day_off_where_keys_are_signed_out[{offset}]", functools.partial(
    a_clock_a_day_off_where_keys_are_signed_out, offset)) for offset in (-86400, 86400))

WAITS.update((f"a_token_in_a_file_expires_by_this_clock_whatever_the_clouds_is[{offset}]",
              functools.partial(a_token_in_a_file_expires_by_this_clock_whatever_the_clouds_is,
                                offset)) for offset in (-86400, 86400))


@pytest.fixture(scope="module", name="under_way")
def all_at_once(tmp_path_factory):
    fleet.aws(fleet.AWAKE)  # asked for by all
    actions = {}
    for name, wait in WAITS.items():
        directory = tmp_path_factory.mktemp("wait")
        (directory / "home").mkdir()
        actions[name] = functools.partial(wait, Home(directory / "home"), directory)
    with side_by_side(actions) as under_way:
        yield under_way


@pytest.mark.parametrize("name", WAITS)
def test_keys_are_kept_fresh(under_way, name):
    under_way[name].result()
