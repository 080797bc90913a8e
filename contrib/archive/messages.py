# SPDX-License-Identifier: MIT
"""What the program says to its user, and how text from outside is made safe to print."""

import contextlib
import os
import re

PROGRAM = "consolefs-archive"
# Characters of a reason that are kept.
REASON_MAX = 400


class Fatal(Exception):
    """Ends the program without a finished run. Its text says why."""


def show(text):
    """Writes to standard error, unbuffered, so that a signal handler may use it at any time."""
    # A run goes on when its terminal has gone.
    with contextlib.suppress(OSError):
        os.write(2, text.encode("ascii", "backslashreplace"))


def say(text):
    show(f"{PROGRAM}: {text}\n")


def plain(text):
    """Text fit for a line: printable ASCII, and not long."""
    return re.sub(r"[^ -~]", "?", text)[:REASON_MAX]
