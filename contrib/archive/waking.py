# SPDX-License-Identifier: MIT
"""Waking the display of an instance, some time before its screen is fetched."""

import contextlib
import os


def wake(path, wait):
    """Arms the wake flag of an instance. If there is a wait before the fetch, spends the flag on a
    screenshot that is thrown away, so that the display has that time to wake. Returns why the flag
    could not be armed, or nothing."""
    try:
        names = os.listdir(path)
    except OSError:
        # The fetch says why.
        return ""
    if "wake" not in names or "screenshot.jpg" not in names:
        return ""
    try:
        with open(f"{path}/wake", "wb") as flag:
            flag.write(b"\n")
    except OSError as error:
        return error.strerror
    if wait:
        # If it fails the flag stays armed, and the fetch says why.
        with contextlib.suppress(OSError):
            os.close(os.open(f"{path}/screenshot.jpg", os.O_RDONLY))
    return ""
