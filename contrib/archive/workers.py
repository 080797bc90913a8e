# SPDX-License-Identifier: MIT
"""Work in many threads, the rsyncs that those start, and the end of both."""

import collections
import os
import queue
import subprocess
import threading

from messages import Fatal


class Workers:
    """count threads at most. stop() ends the rsyncs they have started; whatever else a thread waits
    for ends with the process."""

    def __init__(self, count):
        self._count = count
        # Reentrant, as a signal handler calls stop().
        self._lock = threading.RLock()
        self._children = set()
        self._stopped = False

    def each(self, work, items):
        """Calls work with each item, in the threads, and yields the results as they come. An
        exception in a thread is raised here."""
        todo = collections.deque(items)
        done = queue.SimpleQueue()

        def worker():
            while True:
                try:
                    item = todo.popleft()
                except IndexError:
                    return
                try:
                    done.put((work(item), None))
                except Exception as error:
                    done.put((None, error))

        for _ in range(min(self._count, len(items))):
            threading.Thread(target=worker, daemon=True).start()
        for _ in items:
            result, error = done.get()
            if error:
                raise error
            yield result

    def run(self, command, env):
        """Runs a command to its end, and returns its status, as subprocess has it, and what it
        wrote to standard error."""
        # Not a pipe: the command must be able to go on if this process is killed. Nor a file in
        # DEST, which may be full.
        with open(os.memfd_create("errors"), "w+b") as errors:
            with self._lock:
                if self._stopped:
                    raise Fatal("stopped")
                try:
                    # It inherits the lock of DEST, and no other descriptor here can be inherited.
                    child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, close_fds=False,
                                             stdout=subprocess.DEVNULL, stderr=errors)
                except OSError as error:
                    raise Fatal(f"cannot run {command[0]}: {error.strerror}") from error
                self._children.add(child)
            status = child.wait()
            with self._lock:
                self._children.remove(child)
            errors.seek(0)
            return status, errors.read()

    def stop(self):
        """Ends all commands, and lets no more be started."""
        with self._lock:
            self._stopped = True
            children = list(self._children)
        for child in children:
            child.terminate()
        for child in children:
            child.wait()
