"""What the browser tests share: see browser.py, and the fixtures of the mount tests."""

import contextlib

import pytest

from browser import Browser
from lib.mount import Mount
from lib.simulator import Simulator


@pytest.fixture
def sim():
    """Starts a Simulator(...). It ends, and how it ended is checked, after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(Simulator(*args, **more))


@pytest.fixture
def mount(sim):
    """Mounts a simulator's clouds, Mount.of(...)."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(Mount.of(*args, **more))


@pytest.fixture
def browser(mount):
    """Starts a Browser(...). It ends, and what happened in it is checked, before the mount does."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(Browser(*args, **more))
