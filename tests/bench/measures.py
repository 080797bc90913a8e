# SPDX-License-Identifier: MIT
"""What is measured, each a row or two of the table.

A measure is a function that takes the Bench and yields rows. Both sides of a ratio are measured in
the same run and in turn, so that what else the machine does meets both.
"""

import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time

from lib.mount import find_consolefs, is_mounted
from lib.simulator import scrubbed_env
from sides import (Cloud, Commands, Memory, Process, WebServer, apart, await_that, credentials,
                   httpdirfs, interleave, mounted, percentile, rclone, status, unmount)

HERE = pathlib.Path(__file__).resolve().parent
REGION = "us-east-1"
TEN_REGIONS = ("us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2",
               "eu-west-3", "eu-central-1", "eu-north-1", "sa-east-1")
IMAGE_BYTES = 80000
MIB = 1 << 20


@dataclasses.dataclass
class Row:
    """A row of the table. `ratio` is what the goal is about; NaN: it was not measured."""
    what: str
    ours: str
    against: str
    ratio: float
    goal: float
    least: bool = False  # the goal is the least that the ratio may be, not the most
    unit: str = ""       # of the ratio, where it is none

    @property
    def met(self):
        return self.ratio >= self.goal if self.least else self.ratio <= self.goal


@dataclasses.dataclass
class Bench:
    """How much is measured."""
    build: pathlib.Path
    quick: bool

    def times(self, full, quick):
        return quick if self.quick else full

    def tool(self, name):
        return self.build / "bench" / name


def us(value):
    """Microseconds, for people."""
    if value >= 1e6:
        return f"{value / 1e6:.2f} s"
    return f"{value / 1e3:.1f} ms" if value >= 1e4 else f"{value:.0f} µs"


def pair_ratio(ours, against):
    """The median of the ratios of the rounds."""
    return statistics.median(mine / other for mine, other in zip(ours, against))


def screens(mount, count=1):
    """The screenshots of a mount's first instances, of which opening one works."""
    found = sorted((mount.aws).glob("i-*"))
    return [path / "screenshot.jpg" for path in found
            if "screenshot.jpg" in os.listdir(path)][:count]


def screenshot(bench):
    """One reader, one screen after the other."""
    count, rounds = bench.times(100, 3), bench.times(15, 1)
    with contextlib.ExitStack() as stack:
        cloud = stack.enter_context(Cloud())
        stack.enter_context(apart(cloud))
        screen = screens(stack.enter_context(mounted(cloud)))[0]
        memory = stack.enter_context(Memory(bench.build, IMAGE_BYTES))
        files = stack.enter_context(Process(bench.tool("bench-files")))
        fetch = [bench.tool("bench-fetch"), cloud.url, cloud.ca, REGION, screen.parent.name]
        bare = stack.enter_context(Process(*fetch))
        decoding = stack.enter_context(Process(*fetch, "decode"))
        for one in (bare, decoding):
            one.ask(2)
        took = interleave(rounds, {
            "ours": lambda: files.ask(f"open {count} {screen}"),
            "bare": lambda: bare.ask(count),
            "memory": lambda: files.ask(f"open {count} {memory.file}"),
            "decoding": lambda: decoding.ask(count)})
    middle = {name: statistics.median(values) for name, values in took.items()}
    for side, words in (("decoding", "bare libcurl, base64 decoded"), ("bare", "bare libcurl")):
        sums = [one + other for one, other in zip(took[side], took["memory"])]
        yield Row("open + fstat + read + close of a screenshot", us(middle["ours"]),
                  f"{words} ({us(middle[side])}) + FUSE in memory ({us(middle['memory'])})",
                  pair_ratio(took["ours"], sums), 1.15)


def others(bench):
    """The same, by other means."""
    with contextlib.ExitStack() as stack:
        cloud = stack.enter_context(Cloud())
        with contextlib.ExitStack() as early:
            mount = early.enter_context(mounted(cloud))
            content = screens(mount)[0].read_bytes()
        server = stack.enter_context(WebServer(content))
        stack.enter_context(apart(cloud, server))
        screen = screens(stack.enter_context(mounted(cloud)))[0]
        instance = screen.parent.name
        files = stack.enter_context(Process(bench.tool("bench-files")))
        boto = stack.enter_context(Process(
            "/usr/bin/python3", HERE / "boto_loop.py", cloud.url, cloud.ca, REGION, instance,
            env=cloud.aws_env()))
        cli = Commands(["/usr/bin/aws", "--endpoint-url", cloud.url, "ec2",
                        "get-console-screenshot", "--instance-id", instance], cloud.aws_env())
        curl = Commands(
            ["/usr/bin/curl", "--silent", "--fail", "--cacert", cloud.ca,
             "--aws-sigv4", f"aws:amz:{REGION}:ec2", "--user", credentials(), cloud.url + "/",
             "--data", f"Action=GetConsoleScreenshot&Version=2016-11-15&InstanceId={instance}"],
            cloud.aws_env())
        webs = {name: stack.enter_context(make(server.url))
                for name, make in (("rclone", rclone), ("httpdirfs", httpdirfs))}
        count = bench.times(50, 3)
        boto.ask(2)
        sides = {
            "ours": lambda: files.ask(f"open {count} {screen}"),
            "boto3": lambda: boto.ask(bench.times(25, 1)),
            "aws": lambda: cli.ask(1),
            "curl": lambda: curl.ask(bench.times(10, 1)),
            "rclone": lambda: files.ask(f"open {count} {webs['rclone'].file}"),
            "httpdirfs": lambda: files.ask(f"open {count} {webs['httpdirfs'].file}")}
        took = interleave(bench.times(9, 1), sides)
        for name, web in webs.items():
            server.check_requests(web.agent, bench.times(9, 1) * count, name)
    ours = us(statistics.median(took["ours"]))
    for name, words, goal in (
            ("boto3", "a warm boto3 loop", 3), ("aws", "the AWS CLI, a process each", 500),
            ("curl", "curl, a process each", 15), ("rclone", "rclone mount, over plain HTTP", 1.5),
            ("httpdirfs", "httpdirfs, over plain HTTP", 2.5)):
        yield Row("the same", ours, f"{words} ({us(statistics.median(took[name]))})",
                  pair_ratio(took[name], took["ours"]), goal, least=True, unit=" times faster")


def readers(bench):
    """Many at once, at a distance."""
    n, latency_ms = bench.times(256, 32), 100
    ideal = n * 1000 / latency_ms
    rates = []
    with Cloud(instances=2 * n, latency=latency_ms) as cloud, mounted(cloud) as mount:
        paths = screens(mount, n)
        for _ in range(bench.times(5, 1)):
            done = subprocess.run(
                [bench.tool("bench-readers"), str(n), "1.5", str(bench.times(4, 1)), *paths],
                check=True, capture_output=True, text=True, env=scrubbed_env("/nonexistent"))
            rates.append(float(done.stdout))
    yield Row(f"{n} concurrent readers at {latency_ms} ms latency",
              f"{statistics.median(rates):.0f}/s", f"ideal {ideal:.0f}/s",
              statistics.median(rates) / ideal, 0.9, least=True)


def in_flight(mount):
    """The calls under way, by the mount's own account."""
    text = (mount.path / "stats").read_text()
    return sum(int(value) for value in
               re.findall(r"^consolefs_calls_in_flight\{.*\} (\d+)$", text, re.MULTILINE))


@contextlib.contextmanager
def hung_calls(bench, cloud, mount, paths):
    """In the block as many opens as there are paths wait for a cloud that does not answer."""
    cloud.set_faults("aws/GetConsoleScreenshot:hang")
    process = subprocess.Popen(
        [bench.tool("bench-readers"), str(len(paths)), "600", "1", *paths],
        stdout=subprocess.DEVNULL, env=scrubbed_env("/nonexistent"))
    try:
        await_that(lambda: in_flight(mount) == len(paths), "all opens hang")
        yield
    finally:
        process.kill()
        process.wait()
        cloud.set_faults()
        await_that(lambda: in_flight(mount) == 0, "all calls end")


def hung(bench):
    """What a cloud that hangs does to everybody else."""
    n = bench.times(1000, 50)
    looks, lists = bench.times(10000, 200), bench.times(300, 10)
    took = {(verb, state): [] for verb in ("stat", "ls") for state in ("idle", "hung")}
    with Cloud(instances=n + 100) as cloud, mounted(cloud, "aws.timeout=600") as mount, \
            Process(bench.tool("bench-files")) as files:
        paths = [path / "screenshot.jpg" for path in sorted(mount.aws.glob("i-*"))[:n]]

        def look(state):
            for verb, count, path in (("stat", looks, paths[0].parent / "info.json"),
                                      ("ls", lists, mount.aws)):
                took[verb, state].append(percentile(files.ask(f"{verb} {count} {path}"), 0.99))

        look("idle")
        for values in took.values():
            values.clear()
        for _ in range(bench.times(7, 1)):
            look("idle")
            with hung_calls(bench, cloud, mount, paths):
                look("hung")
    for verb in ("stat", "ls"):
        ours, against = took[verb, "hung"], took[verb, "idle"]
        yield Row(f"p99 of `{verb}` of a listed cloud with {n} calls hung",
                  us(statistics.median(ours)),
                  f"the same mount idle ({us(statistics.median(against))})",
                  pair_ratio(ours, against), 2)


def listing(bench):
    """A hundred thousand instances: how long, and how much."""
    n, rounds = bench.times(100000, 2000), bench.times(3, 1)
    ours, against, sizes, peaks = [], [], [], []
    with Cloud(instances=n, regions=TEN_REGIONS) as cloud:
        for _ in range(rounds):
            with mounted(cloud, "aws.list_ttl=1") as mount, \
                    Process(bench.tool("bench-files")) as files:
                os.listdir(mount.path)
                pid = mount.process.pid
                before = status(pid, "VmRSS")
                ours += files.ask(f"ls 1 {mount.aws}")
                listed = len(list(mount.aws.glob("i-*")))
                after = status(pid, "VmRSS")
                sizes.append((after - before) / listed)
                peaks.append(peak_of_refresh(mount, after))
            done = subprocess.run([bench.tool("bench-listing"), cloud.url, cloud.ca, *TEN_REGIONS],
                                  check=True, capture_output=True, text=True,
                                  env=scrubbed_env("/nonexistent"))
            seconds, walked = done.stdout.split()
            against.append(float(seconds) * 1e6)
    assert listed <= int(walked)
    yield Row(f"listing {listed} instances of 10 regions", us(statistics.median(ours)),
              f"bare libcurl and libxml2 SAX ({us(statistics.median(against))})",
              pair_ratio(ours, against), 1.3)
    yield Row("memory of a listed instance of 5 tags", f"{statistics.median(sizes):.0f} B", "",
              statistics.median(sizes), 1024, unit=" B")
    yield Row("peak of a refresh above that", f"{statistics.median(peaks) / MIB:.1f} MiB", "",
              statistics.median(peaks) / MIB, 16, unit=" MiB")


def ages(cloud):
    """How old the lists of a cloud are, by its own account."""
    return [int(age) for age in re.findall(r"listed (\d+) s ago", (cloud / "status").read_text())]


def peak_of_refresh(mount, before):
    """Refreshes a list behind a reader, and returns how far resident memory rose above what it
    was."""
    await_that(lambda: min(ages(mount.aws)) > 1, "the list is old")
    listed_at = time.monotonic() - max(ages(mount.aws))
    pathlib.Path(f"/proc/{mount.process.pid}/clear_refs").write_text("5", encoding="ascii")
    os.close(os.open(mount.aws, os.O_RDONLY | os.O_DIRECTORY))
    await_that(lambda: time.monotonic() - max(ages(mount.aws)) > listed_at + 1, "it is refreshed",
               300)
    return max(0, status(mount.process.pid, "VmHWM") - before)


def start(command, env, path):
    """Microseconds from the start of a program that mounts to a first look at the mount."""
    began = time.monotonic()
    pid = os.posix_spawn(command[0], command, env)
    _, ended = os.waitpid(pid, 0)
    os.listdir(path)
    took = (time.monotonic() - began) * 1e6
    if ended != 0 or not is_mounted(path):
        raise RuntimeError(f"{command[0]} ended with {ended}")
    unmount(path)
    return [took]


def mounting(bench):
    """From a cold start."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="consolefs-bench."))
    path = directory / "mnt"
    path.mkdir()
    config = directory / "consolefs.conf"
    config.write_text("[aws]\nregions = us-east-1, eu-west-1\n", encoding="utf-8")
    access = credentials().split(":")
    env = scrubbed_env(directory, AWS_ACCESS_KEY_ID=access[0], AWS_SECRET_ACCESS_KEY=access[1])
    try:
        took = interleave(bench.times(40, 2), {
            "ours": lambda: start([find_consolefs(), "-c", str(config), str(path)], env, path),
            "empty": lambda: start([str(bench.tool("bench-memory")), "-o", "default_permissions",
                                    str(path)], env, path)})
    finally:
        shutil.rmtree(directory)
    yield Row("mounting, cold start to usable", us(statistics.median(took["ours"])),
              f"an empty libfuse filesystem ({us(statistics.median(took['empty']))})",
              pair_ratio(took["ours"], took["empty"]), 1.5)


def switches(pid):
    """How often the threads of a process have gone to sleep."""
    return sum(status(f"{pid}/task/{task}", "voluntary_ctxt_switches")
               for task in os.listdir(f"/proc/{pid}/task"))


def idle(bench):
    """A mount that has been used, and that nobody uses now."""
    seconds = bench.times(20, 1)
    with Cloud() as cloud, mounted(cloud) as mount:
        screens(mount)[0].read_bytes()
        time.sleep(bench.times(2, 0.5))
        before = switches(mount.process.pid)
        time.sleep(seconds)
        woken = (switches(mount.process.pid) - before) / seconds
    yield Row("wake-ups of an idle mount", f"{woken:g}/s", "", woken, 0, unit="/s")


MEASURES = {function.__name__: function for function in
            (screenshot, others, readers, hung, listing, mounting, idle)}
