# SPDX-License-Identifier: MIT
"""A real Chromium, headless, for a test.

    with Browser() as browser:
        browser.open(mount.path / "index.html")
        browser.eval("document.title")

Leaving the block asserts that nothing ran, failed or asked in any page but what the test allowed.
"""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile

from lib.simulator import scrubbed_env

DRIVER = pathlib.Path(__file__).with_name("driver.cjs")
STOP_S = 30


class Browser:
    def __init__(self, width=1280, height=900, dark=False, scripts=True, **env):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="consolefs-browser."))
        self.allowed = []
        node = shutil.which("node")
        assert node, "node is not installed"
        env = scrubbed_env(self.dir, XDG_CONFIG_HOME=str(self.dir), XDG_CACHE_HOME=str(self.dir),
                           **env)
        self.process = subprocess.Popen([node, DRIVER], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=env, text=True)
        try:
            self.ask("start", profile=str(self.dir / "profile"), width=width, height=height,
                     dark=dark, scripts=scripts)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def ask(self, do, **more):
        self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the driver ended at {do}"
        answer = json.loads(line)
        assert "error" not in answer, f"{do}: {answer['error']}"
        return answer["result"]

    def open(self, path):
        """Goes to a file, as a double click would."""
        self.ask("open", url=pathlib.Path(path).as_uri())

    def eval(self, text):
        return self.ask("eval", text=text)

    def wait(self, text):
        """Until an expression is true in the page."""
        self.ask("wait", text=text)

    def press(self, *keys):
        for key in keys:
            self.ask("press", key=key)

    def screenshot(self, path):
        self.ask("screenshot", path=str(path))

    def allow(self, pattern):
        """Events that match are expected."""
        self.allowed.append(pattern)

    def events(self):
        return [event for event in self.ask("events")
                if not any(re.search(pattern, event) for pattern in self.allowed)]

    def stop(self):
        events = self.events()
        self.ask("stop")
        self.process.stdin.close()
        try:
            assert self.process.wait(STOP_S) == 0
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            shutil.rmtree(self.dir, ignore_errors=True)
        assert not events, events

    def __enter__(self):
        return self

    def __exit__(self, kind, *exception):
        if kind is None:
            self.stop()
            return
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
