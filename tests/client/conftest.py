# SPDX-License-Identifier: MIT
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
sys.path.insert(0, str(HERE))

from simulator import Simulator  # noqa: E402


@pytest.fixture(scope="module")
def sim():
    """Twenty machines in each cloud, and no rate limit."""
    with Simulator(instances=20, rate_scale=0) as simulator:
        yield simulator
