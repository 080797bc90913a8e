# SPDX-License-Identifier: MIT
"""What the fault tests share."""

from lib.fixtures import mount, sim  # noqa: F401
