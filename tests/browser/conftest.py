# SPDX-License-Identifier: MIT
"""What the browser tests share: see browser.py, and the fixtures of the mount tests."""

import contextlib

import pytest

from browser import Browser
from lib.fixtures import mount, sim  # noqa: F401


@pytest.fixture
def browser(mount):
    """Starts a Browser(...). It ends, and what happened in it is checked, before the mount does."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(Browser(*args, **more))
