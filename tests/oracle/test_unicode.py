# SPDX-License-Identifier: MIT
"""Which characters are unprintable is Unicode's to say: every code point beside Python's database of it."""

import os
import subprocess
import unicodedata

CATEGORIES = ("Cc", "Cf", "Zl", "Zp")
TABLE = (17, 0, 0)  # the version of Unicode in backends/base/text.c


def test_unprintable_characters_are_those_of_unicode():
    done = subprocess.run([os.environ["TEXT_TOOL"]], stdout=subprocess.PIPE, text=True, check=True)
    ours = {int(line, 16) for line in done.stdout.split()}
    category = [unicodedata.category(chr(point)) for point in range(0x110000)]
    theirs = {point for point, name in enumerate(category) if name in CATEGORIES}
    assert len(theirs) > 150
    # An older Unicode has not assigned some yet; a younger one may have more.
    unassigned = {point for point, name in enumerate(category) if name == "Cn"}
    version = tuple(map(int, unicodedata.unidata_version.split(".")))
    if version <= TABLE:
        assert theirs - ours == set()
    assert ours - theirs - unassigned == set()
    if version == TABLE:
        assert ours == theirs
