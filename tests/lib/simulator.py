# SPDX-License-Identifier: MIT
"""Starts consolefs-sim, the simulated cloud, for a test.

    with Simulator(instances=12, faults=["GetConsoleScreenshot:hang:x1"]) as sim:
        ... sim.url, sim.ca, sim.aws_env(), sim.log_entries(action="GetConsoleScreenshot") ...

Leaving the block stops it and asserts that it ended with status 0 and a clean stderr.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY_ID = "CONSOLEFSSIM"
SECRET = "consolefs-sim-secret"
ACCOUNT = "123456789012"
UIN = "100000000001"

# What the sign-in services accept.
EXTERNAL_ID = "consolefs-sim-external"
WEB_IDENTITY = "consolefs-sim-web-identity-token"
CONTAINER_TOKEN = "consolefs-sim-container-token"
SSO_TOKEN = "consolefs-sim-sso-token"
SSO_REFRESH_TOKEN = "consolefs-sim-refresh-token"
SSO_CLIENT_ID = "consolefs-sim-client"
SSO_CLIENT_SECRET = "consolefs-sim-client-secret"
OIDC_PROVIDER = "consolefs-sim-oidc"
START_S = 30
STOP_S = 30


def find_simulator():
    """$CONSOLEFS_SIM, else the newest one in the build directories of this tree."""
    named = os.environ.get("CONSOLEFS_SIM")
    if named:
        return named
    built = list(ROOT.glob("build/**/consolefs-sim"))
    built = [path for path in built if path.is_file() and os.access(path, os.X_OK)]
    if not built:
        raise FileNotFoundError("no consolefs-sim: build it, or name it in $CONSOLEFS_SIM")
    return str(max(built, key=lambda path: path.stat().st_mtime))


def aws_role(name):
    """The ARN of one of the simulator's roles: reader (anybody's), partner (with EXTERNAL_ID),
    chained (the reader's), federated (of web identities), operator (of single sign-on)."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def tencent_role(name):
    return f"qcs::cam::uin/{UIN}:roleName/{name}"


def scrubbed_env(home, **more):
    """An environment in which no setting of the developer's machine is left, and in which nothing
    looks for the metadata service of the cloud that it may be in."""
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8",
           "TZ": "UTC", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1"}
    for name, value in os.environ.items():
        if name.endswith("SAN_OPTIONS") or name == "LLVM_PROFILE_FILE":
            env[name] = value
    env.update(more)
    return env


class Simulator:
    """One running consolefs-sim, with a directory of its own. It ends with the thread that started
    it, at the latest."""

    def __init__(self, instances=20, latency=0, faults=(), aws_regions=("us-east-1",),
                 tencent_regions=("ap-guangzhou",), seed=1, rate_scale=1, freeze_clock=False,
                 session_seconds=None, clock_offset=0, args=(), program=None):
        self.stopped = False
        # What was read of its log: whole lines only.
        self._reading = threading.Lock()
        self._entries, self._read_to = [], 0
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="consolefs-sim."))
        self.ca = self.dir / "ca.pem"
        self.log = self.dir / "log"
        self.stderr = self.dir / "stderr"
        self.aws_regions = list(aws_regions)
        self.tencent_regions = list(tencent_regions)
        self.fault_file = self.dir / "faults"
        self.issued_file = self.dir / "issued"
        self.metadata_file = self.dir / "metadata"
        ready = self.dir / "ready"
        command = [program or find_simulator(), "--die-with-parent", "--port", "0",
                   "--ready-file", ready, "--ca-file", self.ca, "--log", self.log,
                   "--instances", str(instances), "--aws-regions", ",".join(aws_regions),
                   "--tencent-regions", ",".join(tencent_regions), "--seed", str(seed),
                   "--latency", str(latency), "--rate-scale", str(rate_scale),
                   "--fault-file", self.fault_file, "--issued-file", self.issued_file,
                   "--metadata-file", self.metadata_file, "--clock-offset", str(clock_offset)]
        if session_seconds is not None:
            command += ["--session-seconds", str(session_seconds)]
        for fault in faults:
            command += ["--fault", fault]
        if freeze_clock:
            command.append("--freeze-clock")
        command += list(args)
        with open(self.stderr, "wb") as stderr:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr,
                                            stderr=stderr, env=scrubbed_env(self.dir))
        try:
            self._await_ready(ready)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def _await_ready(self, ready):
        end = time.monotonic() + START_S
        while not ready.exists():
            if self.process.poll() is not None:
                raise RuntimeError(f"consolefs-sim ended with {self.process.returncode}: "
                                   f"{self.stderr.read_text()}")
            if time.monotonic() > end:
                raise TimeoutError("consolefs-sim does not get ready")
            time.sleep(0.01)
        self.url = ready.read_text().strip()
        self.metadata = self.metadata_file.read_text().strip()
        self.port = int(self.url.rsplit(":", 1)[1])

    def set_faults(self, *rules):
        """From now on these --fault rules hold too, instead of those set so before."""
        new = self.fault_file.with_suffix(".new")
        new.write_text("".join(rule + "\n" for rule in rules))
        new.rename(self.fault_file)

    def issued(self, kind=None):
        """The secrets, tokens, tickets and links that it has handed out, and the signatures that it
        has received: texts that must appear nowhere."""
        if not self.issued_file.exists():
            return []
        lines = (line.split(" ", 1) for line in self.issued_file.read_text().splitlines())
        return [text for of, text in lines if kind in (None, of)]

    @property
    def vnc_page(self):
        """What a VNC value is appended to."""
        return self.url + "/vnc?InstanceVncUrl="

    def aws_env(self, secret=SECRET, region=None, **more):
        """The environment of an AWS client that uses this cloud."""
        env = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": secret, "AWS_PAGER": "",
               "AWS_DEFAULT_REGION": region or self.aws_regions[0],
               "AWS_CA_BUNDLE": str(self.ca), "AWS_EC2_METADATA_DISABLED": "true"}
        return scrubbed_env(self.dir, **{**env, **more})

    def tencent_env(self, secret=SECRET, **more):
        """The environment of a Tencent Cloud client that uses this cloud."""
        env = {"TENCENTCLOUD_SECRET_ID": KEY_ID, "TENCENTCLOUD_SECRET_KEY": secret,
               "TENCENTCLOUD_REGION": self.tencent_regions[0],
               "NODE_EXTRA_CA_CERTS": str(self.ca)}
        return scrubbed_env(self.dir, **{**env, **more})

    def tls(self):
        """An ssl context that trusts this simulator and nothing else."""
        return ssl.create_default_context(cafile=str(self.ca))

    def log_entries(self, **fields):
        """The request log so far: entries whose fields all have these values."""
        self._read_on()
        return [entry for entry in self._entries
                if all(entry.get(name) == value for name, value in fields.items())]

    def _read_on(self):
        """Reads what was added to the log since the last time."""
        with self._reading, contextlib.suppress(FileNotFoundError), open(self.log, "rb") as log:
            log.seek(self._read_to)
            lines = log.read().split(b"\n")[:-1]
            self._entries += map(json.loads, lines)
            self._read_to += sum(len(line) + 1 for line in lines)

    def await_log(self, count=1, timeout=30, **fields):
        """Waits until the log holds this many such entries, and returns them."""
        end = time.monotonic() + timeout
        while True:
            entries = self.log_entries(**fields)
            if len(entries) >= count:
                return entries
            if time.monotonic() > end:
                raise TimeoutError(f"{len(entries)} log entries of {fields}, not {count}")
            time.sleep(0.01)

    def stop(self):
        """Ends it; it must end by itself, with status 0 and nothing to complain about. A second
        stop does nothing."""
        if self.stopped:
            return
        self.stopped = True
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        complaints = self.stderr.read_text(errors="replace")
        with contextlib.suppress(OSError):
            shutil.rmtree(self.dir)
        assert status == 0, f"consolefs-sim ended with {status}: {complaints}"
        assert complaints == "", f"consolefs-sim complained: {complaints}"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()
