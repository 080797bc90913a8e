# SPDX-License-Identifier: MIT
"""What a cloud sends without end fills no memory: a listing has bounds, and what was listed before stays."""

import os
import pathlib
import re

import pytest

from lib.doing import await_that, read
from lib.fleet import instances
from lib.mount import Mount, find_consolefs
from lib.scripted import (AWS_KEYS, NAMESPACE, REQUEST_ID, TENCENT_KEYS, ScriptedCloud, cvm_listing,
                          ec2_listing)

MIB = 1 << 20
ONE, TWO = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb"
PAGE = 25_000

SANITIZED = b"__asan_init" in pathlib.Path(find_consolefs()).read_bytes()


def peak(mount):
    """The most memory that the daemon has had, in bytes."""
    text = pathlib.Path(f"/proc/{mount.process.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB", text, re.MULTILINE).group(1)) * 1024


def endless(first):
    """A page of as little as an instance can be, that leads to another page of others."""
    items = "".join(f"<item><instanceId>i-{number:017x}</instanceId></item>"
                    for number in range(first, first + PAGE))
    return (f'<DescribeInstancesResponse xmlns="{NAMESPACE}"><requestId>{REQUEST_ID}</requestId>'
            f"<reservationSet><item><instancesSet>{items}</instancesSet></item></reservationSet>"
            f"<nextToken>{first + PAGE}</nextToken></DescribeInstancesResponse>")


@pytest.mark.skipif(SANITIZED, reason="memory and time are those of the release build")
def test_an_endless_listing_fills_no_memory_and_the_old_list_stays():
    grown = False

    def answer(request):
        if request.find:
            return 200, ec2_listing([])
        return 200, endless(int(request.params.get("NextToken", 1))) if grown else \
            ec2_listing([ONE, TWO])

    with ScriptedCloud(answer) as cloud, \
            Mount(options=[*cloud.options(), "aws.list_ttl=1", "aws.rate=1000"], keys=False,
                  env=AWS_KEYS) as mount:
        assert instances(mount.aws) == [ONE, TWO]
        grown = True
        await_that(lambda: os.listdir(mount.aws) and
                   "last attempt failed: EFBIG" in read(mount.aws / "status").decode(),
                   "the listing is given up", timeout=60)
        assert instances(mount.aws) == [ONE, TWO]
        status = read(mount.aws / "status").decode()
        assert "more than 1000000 instances" in status
        assert "name fewer `regions`, or set a `filter`" in status
        assert peak(mount) < 640 * MIB


def test_a_total_that_lies_ends_the_listing_and_takes_nothing_away():
    """Tencent's answers say how many instances there are in all; pages that repeat themselves go on
    for as long as that says, and an empty one ends them."""
    ids = [f"ins-{number:08x}" for number in range(100)]
    pages = {0: ids}

    def answer(request):
        return 200, cvm_listing(pages.get(request.params.get("Offset", 0), []), total=2**31 - 1)

    with ScriptedCloud(answer) as cloud, \
            Mount(options=[*cloud.options("tencent"), "tencent.list_ttl=1"], keys=False,
                  env=TENCENT_KEYS) as mount:
        assert instances(mount.tencent) == ids
        assert cloud.count("DescribeInstances") == 2


def test_what_makes_no_sense_is_logged_a_few_times():
    """A million ids that are none are not a million lines of the log."""
    with ScriptedCloud(lambda request: (200, ec2_listing(["none"] * 5000 + [ONE]))) as cloud, \
            Mount(options=cloud.options(), keys=False, env=AWS_KEYS) as mount:
        mount.allow(r"is not an EC2 instance ID$|more is left out, without a line for each$")
        assert instances(mount.aws) == [ONE]
        assert len(mount.events()) == 11
