# SPDX-License-Identifier: MIT
"""What the tests of consolefs-archive share: simulated clouds, and mounts of them."""

import contextlib

import pytest

from lib.mount import Mount
from lib.simulator import Simulator

# The client's own brake is not what these tests are about.
NO_RATE = ["aws.rate=100000", "tencent.rate=100000"]


@pytest.fixture
def sim():
    with contextlib.ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(
            Simulator(*args, **{"rate_scale": 0, **more}))


@pytest.fixture
def mount(sim):
    with contextlib.ExitStack() as stack:
        yield lambda cloud, options=(), **more: stack.enter_context(
            Mount.of(cloud, options=[*NO_RATE, *options], **more))
