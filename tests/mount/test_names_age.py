# SPDX-License-Identifier: MIT
"""DESIGN: names that change, and names of which nothing is known yet: by-name/ as its list grows old."""

import os

import pytest

from lib.doing import await_age, await_that, errno_of, shell, side_by_side
from lib.mount import Mount
from lib.simulator import Simulator
from naming import ONE, THREE, TWO, links, scripted


def an_unknown_name_hurries_a_refresh_if_the_list_is_older_than_5_s():
    names = {ONE: "web-1"}
    with scripted(names) as mount:
        path = mount.aws / "by-name"

        def asked():
            return mount.cloud.count("DescribeInstances")
        assert links(path) == {"web-1": f"../{ONE}"}
        names[TWO] = "web-2"
        # Young: nobody is asked, however often it is missed.
        for _ in range(20):
            assert errno_of(os.stat, path / "web-2") == "ENOENT"
        assert asked() == 1
        await_age(mount.aws, 5)
        # A name that is known is no reason to ask.
        assert os.readlink(path / "web-1") == f"../{ONE}"
        assert asked() == 1
        assert os.readlink(path / "web-2") == f"../{TWO}"
        assert asked() == 2
        for _ in range(20):
            assert errno_of(os.stat, path / "web-3") == "ENOENT"
        assert asked() == 2
        # And of many who miss one at once, all get it from one refresh.
        names[THREE] = "web-3"
        await_age(mount.aws, 5)
        done = shell('for i in 1 2 3 4 5 6 7 8; do readlink "$1" & done; wait', path / "web-3")
        assert done.stdout.split() == [f"../{THREE}"] * 8
        assert asked() == 3


def names_follow_the_list_and_a_refresh_that_changes_nothing_changes_none():
    names = {ONE: "web", TWO: "db"}
    with scripted(names, ["aws.list_ttl=1"]) as mount:
        path = mount.aws / "by-name"
        for changed, wanted in (
                ({}, {"web": ONE, "db": TWO}),
                ({}, {"web": ONE, "db": TWO}),
                ({ONE: "db"}, {f"db-{ONE}": ONE, f"db-{TWO}": TWO}),
                # Another's id, and what another's entry was: it gets its own id in any case.
                ({ONE: TWO}, {f"{TWO}-{ONE}": ONE, "db": TWO}),
                ({ONE: f"db-{TWO}"}, {f"db-{TWO}-{ONE}": ONE, "db": TWO}),
                ({ONE: "a/../../b"}, {"a_.._.._b": ONE, "db": TWO}),
                ({ONE: ""}, {ONE: ONE, "db": TWO})):
            names.update(changed)
            asked = mount.cloud.count("DescribeInstances")
            await_that(lambda asked=asked: os.listdir(path) and
                       mount.cloud.count("DescribeInstances") > asked + 1, "it is listed twice")
            assert links(path) == {name: f"../{one}" for name, one in wanted.items()}


def a_refresh_that_fails_leaves_a_missed_name_missing():
    with Simulator(rate_scale=0) as cloud, Mount.of(cloud) as mounted:
        known = links(mounted.aws / "by-name")
        await_age(mounted.aws, 5)
        cloud.set_faults("DescribeInstances:code=UnauthorizedOperation")
        for _ in range(5):
            assert errno_of(os.stat, mounted.aws / "by-name/nobody") == "ENOENT"
        assert len(cloud.log_entries(action="DescribeInstances", code="UnauthorizedOperation")) == 1
        assert links(mounted.aws / "by-name") == known


WAITS = {wait.__name__: wait for wait in (
    an_unknown_name_hurries_a_refresh_if_the_list_is_older_than_5_s,
    names_follow_the_list_and_a_refresh_that_changes_nothing_changes_none,
    a_refresh_that_fails_leaves_a_missed_name_missing)}


@pytest.fixture(scope="module", name="under_way")
def all_at_once():
    with side_by_side(WAITS) as under_way:
        yield under_way


@pytest.mark.parametrize("name", WAITS)
def test_of_a_list_that_grows_old(under_way, name):
    under_way[name].result()
