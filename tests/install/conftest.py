# SPDX-License-Identifier: MIT
"""What the tests of an installation share: one, made by cmake --install."""

import pathlib
import tempfile

import pytest

from lib.machine import Machine, install
from lib.simulator import Simulator


@pytest.fixture(scope="session")
def installed():
    """The prefix of an installation."""
    with tempfile.TemporaryDirectory(prefix="consolefs-prefix.") as directory:
        pathlib.Path(directory).chmod(0o755)
        install(directory)
        yield pathlib.Path(directory)


@pytest.fixture
def machine(installed):
    """A machine on which it is installed."""
    with Machine(installed) as made:
        yield made


@pytest.fixture(scope="session")
def sim():
    """A simulated cloud."""
    with Simulator(instances=6, rate_scale=0) as simulator:
        yield simulator
