# SPDX-License-Identifier: MIT
"""A program that runs in a terminal of its own, 120 by 40."""

import contextlib
import os
import pty
import select
import signal

from .doing import PATIENCE_S
from .simulator import scrubbed_env


class Terminal:
    def __init__(self, *command, home):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            env = scrubbed_env(home, TERM="xterm", LINES="40", COLUMNS="120")
            os.execve(command[0], list(map(str, command)), env)
        self.output = b""

    def await_output(self, since=0):
        """Waits until it has written something more, and nothing further for a moment."""
        patience = PATIENCE_S
        while select.select([self.fd], [], [], patience)[0]:
            self.output += os.read(self.fd, 65536)
            patience = 0.02
        assert len(self.output) > since, "it shows nothing"

    def type(self, keys):
        since = len(self.output)
        os.write(self.fd, keys)
        self.await_output(since)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
