# SPDX-License-Identifier: MIT
"""Hard links to the files of an earlier run, for those that have not changed since."""

import os
import stat

CHUNK = 1 << 18


def same(one, other):
    """Whether two regular files of one user have the same content. False if there is no such other."""
    try:
        details = os.lstat(one), os.lstat(other)
        if not all(stat.S_ISREG(each.st_mode) for each in details) or \
                details[0].st_size != details[1].st_size or details[0].st_uid != details[1].st_uid:
            return False
        with open(one, "rb", buffering=0) as first, open(other, "rb", buffering=0) as second:
            while True:
                piece = first.read(CHUNK)
                if piece != second.read(CHUNK):
                    return False
                if not piece:
                    return True
    except OSError:
        return False


def link_unchanged(tree, previous, tmp):
    """Replaces each file of a tree that is the same in the previous one by a link to it. Returns
    whether all of these could be linked; the others stay as they are."""
    complete = True
    for directory, _, names in os.walk(tree):
        for name in names:
            path = f"{directory}/{name}"
            old = previous + path[len(tree):]
            # Where both are one file already, a rename would leave the other name.
            if not same(path, old) or os.path.samefile(path, old):
                continue
            try:
                os.link(old, f"{tmp}/link")
                os.rename(f"{tmp}/link", path)
            except OSError:
                complete = False
    return complete
