# SPDX-License-Identifier: MIT
"""What the mount tests share."""

from lib.fixtures import mount, sim  # noqa: F401
