# SPDX-License-Identifier: MIT
"""Reading, writing and removing whole files and directories."""

import contextlib
import os
import shutil

from messages import say


def read(path):
    """The bytes of a file, or none if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def read_text(path):
    return read(path).decode("utf-8", "replace")


def write_anew(path, data):
    """Writes a file that was not there before. The old one may be a hard link to that of an earlier run,
    which is left alone."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    with open(path, "xb") as file:
        file.write(data)


def remove_tree(path, named=str):
    """Removes what is there, and says what could not be removed: by the path that named() makes of its
    path."""
    def failed(_function, which, exception):
        if not isinstance(exception[1], FileNotFoundError):
            say(f"cannot remove {named(which)!r}: {exception[1]}")

    shutil.rmtree(path, onerror=failed)
