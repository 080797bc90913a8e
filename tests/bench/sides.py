# SPDX-License-Identifier: MIT
"""The sides that are measured against each other: processes that do a thing so often, when they are
told to, and say how long each time took."""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

from lib.mount import Mount, is_mounted
from lib.programs import program
from lib.simulator import KEY_ID, SECRET, Simulator, find_simulator, scrubbed_env

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE_S = 60


def await_that(condition, what, timeout=PATIENCE_S):
    """Polls until the condition holds, and returns what it returned."""
    end = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout} s: {what}")
        time.sleep(0.005)
    return value


def children(pid):
    """The processes that a process has started."""
    return [int(word) for task in os.listdir(f"/proc/{pid}/task")
            for word in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split()]


def unmount(path):
    subprocess.run(["/usr/bin/fusermount3", "-u", str(path)], check=True)


def percentile(values, share):
    """The smallest of the values that so great a share of them does not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Cloud(Simulator):
    """A simulator without a log, limits and drawing."""

    def __init__(self, instances=20, regions=("us-east-1",), latency=0, screen_bytes=80000):
        # Not the tests' command line: each of their logs is a write for each request.
        self.stopped = False
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="consolefs-sim."))
        self.ca = self.dir / "ca.pem"
        self.stderr = self.dir / "stderr"
        self.aws_regions = list(regions)
        self.tencent_regions = ["ap-guangzhou"]
        self.fault_file = self.dir / "faults"
        self.metadata_file = self.dir / "metadata"
        ready = self.dir / "ready"
        with open(self.stderr, "wb") as stderr:
            self.process = subprocess.Popen(
                [find_simulator(), "--die-with-parent", "--ready-file", ready, "--ca-file", self.ca,
                 "--instances", str(instances), "--aws-regions", ",".join(regions),
                 "--latency", str(latency), "--rate-scale", "0", "--freeze-clock",
                 "--screen-bytes", str(screen_bytes), "--fault-file", self.fault_file,
                 "--metadata-file", self.metadata_file],
                stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, env=scrubbed_env(self.dir))
        try:
            self._await_ready(ready)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise


def mounted(cloud, *options):
    """A mount of a cloud's EC2, as an operator would make it, but for the rate."""
    return Mount(options=[f"aws.endpoint={cloud.url}", f"aws.ca_file={cloud.ca}",
                          "aws.regions=" + ":".join(cloud.aws_regions), "aws.rate=100000",
                          *options],
                 env={"TENCENTCLOUD_SECRET_ID": "", "TENCENTCLOUD_SECRET_KEY": ""})


@contextlib.contextmanager
def apart(*clouds):
    """Clouds have a processor of their own, as they have in life, and all that is started in the
    block shares the others. Else each side would be measured with what the scheduler happened to
    do: whether a reader and its filesystem run side by side or in turn makes more than either."""
    processors = os.sched_getaffinity(0)
    if len(processors) > 1:
        first = {min(processors)}
        for parent in (cloud.process.pid for cloud in clouds):
            for pid in (parent, *children(parent)):
                for task in os.listdir(f"/proc/{pid}/task"):
                    os.sched_setaffinity(int(task), first)
        os.sched_setaffinity(0, processors - first)
    try:
        yield
    finally:
        os.sched_setaffinity(0, processors)


class Process:
    """A process that answers each line with a line of microseconds."""

    def __init__(self, *command, env=None):
        self.process = subprocess.Popen([str(word) for word in command], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=env or scrubbed_env("/nonexistent"))

    def ask(self, line):
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args[0]} ended with {self.process.wait()}")
        return [float(word) for word in answer.split()]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.stdin.close()
        self.process.stdout.close()
        if self.process.wait(PATIENCE_S) != 0 and exception[0] is None:
            raise RuntimeError(f"{self.process.args[0]} ended with {self.process.returncode}")


class Commands:
    """A command that is run anew each time."""

    def __init__(self, command, env):
        self.command = [str(word) for word in command]
        self.env = env

    def ask(self, count):
        took = []
        for _ in range(int(count)):
            began = time.monotonic()
            subprocess.run(self.command, check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, env=self.env)
            took.append((time.monotonic() - began) * 1e6)
        return took


def interleave(rounds, sides):
    """Runs each side once in each round, in turn. The medians of each round, by side."""
    medians = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            medians[name].append(statistics.median(side()))
    return medians


class Memory:
    """The filesystem in memory, mounted."""

    def __init__(self, build, size):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="consolefs-bench."))
        self.path = self.dir / "mnt"
        self.path.mkdir()
        subprocess.run([build / "bench/bench-memory", "-o", "default_permissions", self.path,
                        str(size)], check=True, env=scrubbed_env("/nonexistent"))
        self.file = self.path / "file"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        unmount(self.path)
        shutil.rmtree(self.dir)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


NGINX = """
daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error;
events {{ worker_connections 1024; }}
http {{
    log_format agent "$http_user_agent"; access_log {dir}/requests agent;
    sendfile on; tcp_nopush on; keepalive_requests 1000000;
    client_body_temp_path {dir}/t; proxy_temp_path {dir}/t; fastcgi_temp_path {dir}/t;
    uwsgi_temp_path {dir}/t; scgi_temp_path {dir}/t;
    server {{ listen 127.0.0.1:{port}; root {dir}/root; autoindex on; }}
}}
"""


class WebServer:
    """nginx, which serves one file over plain HTTP."""

    def __init__(self, content):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="consolefs-bench."))
        (self.dir / "root/screens").mkdir(parents=True)
        (self.dir / "root/screens/screenshot.jpg").write_bytes(content)
        self.dir.chmod(0o755)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/screens/"
        config = self.dir / "nginx.conf"
        config.write_text(NGINX.format(dir=self.dir, port=port), encoding="utf-8")
        user = ["-g", "user root;"] if os.getuid() == 0 else []
        self.process = subprocess.Popen(
            [program("nginx", "usr/sbin/nginx"), "-e", self.dir / "error", "-c", config, *user],
            env=scrubbed_env(self.dir))
        await_that(lambda: self._answers(port), "nginx listens")

    def _answers(self, port):
        if self.process.poll() is not None:
            raise RuntimeError("nginx ended: " + (self.dir / "error").read_text())
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False

    def check_requests(self, agent, least, who):
        """Whoever took the file out of a cache has not been measured."""
        seen = (self.dir / "requests").read_text(encoding="utf-8").splitlines()
        count = sum(line.startswith(agent) for line in seen)
        if count < least:
            raise RuntimeError(f"{who} made {count} requests for {least} opens")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        shutil.rmtree(self.dir)


class WebMount:
    """A filesystem over HTTP, in the foreground."""

    def __init__(self, agent, command):
        self.agent = agent  # as which it makes its requests
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="consolefs-bench."))
        self.path = self.dir / "mnt"
        self.path.mkdir()
        with open(self.dir / "log", "wb") as log:
            self.process = subprocess.Popen(
                [word.replace("MOUNTPOINT", str(self.path)) for word in command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=scrubbed_env(self.dir))
        await_that(self._mounted, f"{command[0]} mounts")
        self.file = self.path / "screenshot.jpg"

    def _mounted(self):
        if self.process.poll() is not None:
            raise RuntimeError("ended: " + (self.dir / "log").read_text())
        return is_mounted(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        unmount(self.path)
        self.process.wait(PATIENCE_S)
        shutil.rmtree(self.dir)


# Neither keeps content. What they know of the directory both keep for a while, as consolefs keeps
# its list.

def rclone(url):
    return WebMount("rclone/", ["/usr/bin/rclone", "mount", f":http,url='{url}':", "MOUNTPOINT",
                                "--vfs-cache-mode", "off", "--read-only"])


def httpdirfs(url):
    """nginx says that it serves ranges, but not in the answers that are some."""
    return WebMount("HTTPDirFS", ["/usr/bin/httpdirfs", "-f", "--no-range-check", url,
                                  "MOUNTPOINT"])


def status(pid, field):
    """A number of /proc/PID/status; kilobytes are made bytes."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    number, unit = re.search(rf"^{field}:\s+(\d+)(.*)$", text, re.MULTILINE).groups()
    return int(number) * (1024 if unit.strip() == "kB" else 1)


def credentials():
    """The simulator's, which open nothing else."""
    return f"{KEY_ID}:{SECRET}"
