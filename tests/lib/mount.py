# SPDX-License-Identifier: MIT
"""Mounts consolefs on a private directory for a test.

    with Simulator() as sim, Mount.of(sim) as mount:
        (mount.path / "aws").iterdir()

The program runs in the foreground as a child, so that its log and its exit are the test's to see. Leaving the
block unmounts with fusermount3 and asserts that the program ended by itself, with status 0, and
that its log has no line but those the test allows.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from .simulator import KEY_ID, ROOT, SECRET, scrubbed_env

START_S = 30
STOP_S = 30

# A line of the log that reports a failed call: many tests provoke them.
CALL_FAILED = re.compile(r"^consolefs: [\w.-]+: \w+ \S+: E[A-Z]+: ")
# A line of the log that says for whom a call is made: every test makes some.
CALL_MADE = re.compile(r"^consolefs: [\w.-]+: (\S+|all regions): \w+ for pid \d+ \(.*\)$")
# An action that nothing answers, and again that it is answered.
REACH_CHANGED = re.compile(
    r"^consolefs: \S+: .+: \w+ (does not answer: calls fail at once until it does|answers again)$")


def find_consolefs():
    """$CONSOLEFS, else the newest one in the build directories of this tree."""
    named = os.environ.get("CONSOLEFS")
    if named:
        return named
    built = [path for path in ROOT.glob("build/**/bin/consolefs") if os.access(path, os.X_OK)]
    if not built:
        raise FileNotFoundError("no consolefs: build it, or name it in $CONSOLEFS")
    return str(max(built, key=lambda path: path.stat().st_mtime))


def cloud_options(sim):
    """The -o settings that point both clouds to the simulator."""
    return [f"aws.endpoint={sim.url}", f"aws.ca_file={sim.ca}",
            "aws.regions=" + ":".join(sim.aws_regions),
            f"tencent.endpoint={sim.url}", f"tencent.ca_file={sim.ca}",
            "tencent.regions=" + ":".join(sim.tencent_regions),
            f"tencent.vnc_page={sim.vnc_page}"]


def is_mounted(path):
    """Whether something is mounted right there, by the kernel's own account."""
    fields = (line.split() for line in open("/proc/self/mountinfo", encoding="utf-8"))
    return any(field[4] == str(path) for field in fields)


def _threads(pid):
    """The state of each thread of a process, where in the kernel it is, and for how long it has run."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            fields = (task / "stat").read_text(errors="replace").rpartition(") ")[2].split()
            found.append(f"{fields[0]} {(task / 'wchan').read_text()} "
                         f"{fields[11]}+{fields[12]} ticks")
    return found


class Mount:
    """One running consolefs."""

    def __init__(self, options=(), args=(), env=None, keys=True, program=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="consolefs."))
        self.path = self.dir / "mnt"
        self.path.mkdir()
        self.home = self.dir / "home"
        self.home.mkdir()
        self.stderr = self.dir / "stderr"
        self.ends = False
        self.allowed = [CALL_FAILED, CALL_MADE, REACH_CHANGED]
        self.env = scrubbed_env(self.home)
        if keys:
            self.env.update(AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET,
                            TENCENTCLOUD_SECRET_ID=KEY_ID, TENCENTCLOUD_SECRET_KEY=SECRET)
        self.env.update(env or {})
        command = [program or find_consolefs(), "-f"]
        for option in options:
            command += ["-o", option]
        command += [*map(str, args), str(self.path)]
        with open(self.stderr, "wb") as stderr:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr,
                                            stderr=stderr, env=self.env)
        try:
            self._await_mount()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    @classmethod
    def of(cls, sim, options=(), **more):
        """A mount of both clouds of a simulator."""
        return cls(options=[*cloud_options(sim), *options], **more)

    def _await_mount(self):
        end = time.monotonic() + START_S
        while not is_mounted(self.path):
            if self.process.poll() is not None:
                raise RuntimeError(f"consolefs ended with {self.process.returncode}: "
                                   f"{self.log_text()}")
            if time.monotonic() > end:
                raise TimeoutError("consolefs does not mount")
            time.sleep(0.01)

    @property
    def aws(self):
        return self.path / "aws"

    @property
    def tencent(self):
        return self.path / "tencent"

    def log_text(self):
        return self.stderr.read_text(errors="replace")

    def events(self):
        """The lines of the log but for those that say for whom a call is made."""
        return [line for line in self.log_text().splitlines() if not CALL_MADE.search(line)]

    def await_log(self, pattern, timeout=30):
        """Waits for a line of the log that matches."""
        end = time.monotonic() + timeout
        while not re.search(pattern, self.log_text(), re.MULTILINE):
            if time.monotonic() > end:
                raise TimeoutError(f"the log has no {pattern}: {self.log_text()}")
            time.sleep(0.01)

    def allow(self, pattern):
        """Lines of the log that match are expected."""
        self.allowed.append(re.compile(pattern))

    def signal(self, number=signal.SIGTERM):
        self.ends = self.ends or number in (signal.SIGINT, signal.SIGTERM)
        self.process.send_signal(number)

    def wait(self):
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired as error:
            seen = f"mounted: {is_mounted(self.path)}, threads: {_threads(self.process.pid)}"
            self.process.kill()
            self.process.wait()
            raise TimeoutError(
                f"consolefs does not end within {STOP_S} s; {seen}: {self.log_text()}") from error

    def stop(self):
        """Unmounts, and checks how it ended."""
        # One that was told to end unmounts by itself.
        if self.process.poll() is None and not self.ends and is_mounted(self.path):
            subprocess.run(["/usr/bin/fusermount3", "-u", str(self.path)], check=True)
        status = self.wait()
        log = self.log_text()
        mounted = is_mounted(self.path)
        if not mounted:
            shutil.rmtree(self.dir)
        unexpected = [line for line in log.splitlines()
                      if not any(pattern.search(line) for pattern in self.allowed)]
        assert not mounted, "the mount is still there"
        assert status == 0, f"consolefs ended with {status}: {log}"
        assert not unexpected, f"unexpected lines in the log: {unexpected}"

    def __enter__(self):
        return self

    def __exit__(self, kind, *exception):
        try:
            self.stop()
        except subprocess.CalledProcessError:
            # Something of a failed test still has files open: end it without asking them.
            self.process.kill()
            self.process.wait()
            subprocess.run(["/usr/bin/fusermount3", "-uz", str(self.path)], check=False)
            if kind is None:
                raise
