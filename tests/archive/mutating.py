# SPDX-License-Identifier: MIT
"""Inputs that nobody would think of: mutations of good ones, the same in every run."""

import os
import random
import time

# What means something to somebody who parses it.
WORDS = [b"\t", b"\n", b"\r", b"\0", b"\x1b[2J", b"\"", b"\\", b"\\ud800", b"\\u0000", b"/", b"..", b"../", b"-", b"%",
         b"%2F", b": ", b"<", b">", b"&", b"'", b"{", b"}", b"[", b"]", b"\xff", b"\xc3\xa9", b"\xe2\x80\xae",
         b"\xed\xa0\x80", b"\xf3\xa0\x80\x81", b"\xc2\x9b", b"9" * 30, b"-1", b"1e999", b"NaN", b"\xd9\xa3", b"fetched", b"failed",
         b"skipped", b"rsync: ", b" failed: ", b" (13)", b"code: ", b"message: ", b"condition: not working"]


class Mutator:
    """Mutations of seeds. The number of the round is all that they depend on."""

    def __init__(self, seeds, seed):
        self._seeds, self._random = list(seeds), random.Random(seed)

    def next(self):
        data = bytearray(self._random.choice(self._seeds))
        for _ in range(self._random.choice((0, 1, 1, 2, 3, 5, 8))):
            self._change(data)
        return bytes(data[:20000])

    def text(self):
        """As files are read: what is not UTF-8 is replaced."""
        return self.next().decode("utf-8", "replace")

    def name(self):
        """A name as the kernel has it, and as os.fsdecode gives it."""
        name = self.next().replace(b"\0", b"").replace(b"/", b"")[:255]
        return os.fsdecode(name if name not in (b"", b".", b"..") else b"x")

    def _change(self, data):
        draw = self._random
        at = draw.randint(0, len(data))
        end = min(len(data), at + draw.choice((1, 1, 2, 8, 64)))
        kind = draw.randint(0, 5)
        if kind == 0:
            data[at:at] = draw.choice(WORDS)
        elif kind == 1:
            data[at:end] = draw.choice(WORDS)
        elif kind == 2:
            del data[at:end]
        elif kind == 3:
            data[at:at] = data[at:end] * draw.choice((1, 2, 50))
        elif kind == 4 and at < len(data):
            data[at] = draw.randint(0, 255)
        else:
            other = draw.choice(self._seeds)
            data[at:end] = other[draw.randint(0, len(other)):]


def rounds(count):
    """So many rounds; or as many as there is time for, where FUZZ_SECONDS is set."""
    seconds = float(os.environ.get("FUZZ_SECONDS", 0))
    end, number = time.monotonic() + seconds, 0
    while number < count or time.monotonic() < end:
        yield number
        number += 1
