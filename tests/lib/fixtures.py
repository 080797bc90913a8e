# SPDX-License-Identifier: MIT
"""Fixtures of every kind of test on a mount: simulated clouds and mounts of them, made as a test wants
them. A conftest.py imports them."""

import contextlib

import pytest

from .mount import Mount
from .simulator import Simulator


@pytest.fixture
def sim():
    """Starts a Simulator(...). It ends, and how it ended is checked, after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(Simulator(*args, **more))


@pytest.fixture
def mount(sim):
    """Mounts a simulator's clouds, Mount.of(...). Unmounted and checked after the test, before the
    simulator ends."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(Mount.of(*args, **more))
