# SPDX-License-Identifier: MIT
"""The line on a terminal that tells how far a run has come."""

import os
import time

from messages import PROGRAM, show


class Progress:
    """Counts what has been dealt with, and shows it if standard error is a terminal."""

    def __init__(self):
        self._terminal = os.isatty(2)
        self._total = self._dealt_with = self._failed = 0
        self._began = self._drawn = 0.0
        self._doing = ""

    def begin(self, total, doing):
        self._total, self._doing = total, doing
        self._began = time.monotonic()

    def add(self, dealt_with, failed):
        self._dealt_with += dealt_with
        self._failed += failed
        now = time.monotonic()
        if now - self._drawn > 0.2 or self._dealt_with == self._total:
            self._drawn = now
            self._write(f"\r\033[K{PROGRAM}: {self._dealt_with} of {self._total} {self._doing}, "
                        f"{self._failed} failed{self._left(now)}")

    def _left(self, now):
        if not self._dealt_with:
            return ""
        left = (now - self._began) * (self._total - self._dealt_with) / self._dealt_with
        return f", {int(left) // 60}:{int(left) % 60:02} left"

    def clear(self):
        self._write("\r\033[K")

    def _write(self, text):
        if self._terminal:
            show(text)
