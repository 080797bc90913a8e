# SPDX-License-Identifier: MIT
"""The soak: opens of every live file, by many processes at once, through a mount of simulated clouds in which
everything goes wrong. tests/fault/run starts it; soak_judge.py says what must hold of each open.

What must hold at the end, of the daemon: no descriptor, node, snapshot or byte is left; no wake is lost; RSS is flat;
nothing secret is in its log, nor anything that is not meant to be; it ends with status 0.
"""

import argparse
import collections
import errno
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import soak_judge as judging                                # noqa: E402
import soak_rules as rules                                  # noqa: E402
from lib.mount import Mount, cloud_options, find_consolefs  # noqa: E402
from lib.simulator import SECRET, find_simulator, scrubbed_env  # noqa: E402

AWS_REGIONS = ["us-east-1", "eu-west-1", "ap-south-1", "eu-north-1"]
TENCENT_REGIONS = ["ap-guangzhou", "ap-shanghai", "ap-tokyo"]
# Where the clouds throttle, so that all else is not slowed down by what is slow on purpose.
SLOW = {"aws": "eu-north-1", "tencent": "ap-tokyo"}
LIVE = {"aws": ["screenshot.jpg", "console.log"], "tencent": ["vnc_url", "vnc.html"]}
PASSING = {errno.ECONNREFUSED, errno.ECONNRESET, errno.ETIMEDOUT}
SHOWN_MAX = 25  # violations that are printed

# What the log may say, beside failed calls and for whom calls are made.
LOG_LINES = [
    r"^consolefs: \[?(aws|tencent)\]?: .*(left out|is not an (EC2 )?instance (id|ID)|has no InstanceId)",
    r"^consolefs: (aws|tencent): \S+: (Get|Describe)\w+ (does not answer: calls fail at once until it does|"
    r"answers again)$",
    r"^consolefs: (aws|tencent): .*\bE[A-Z]+: ",
]


class Cloud:
    """The simulator, which is ended and started again, on the same port and with the same log."""

    def __init__(self, directory, instances, seed):
        self.dir = directory
        self.url = None
        self.aws_regions, self.tencent_regions = AWS_REGIONS, TENCENT_REGIONS
        self.ca, self.log, self.issued = (directory / name for name in ("ca.pem", "log", "issued"))
        self.fault_file, self.fleet_file = directory / "faults", directory / "fleet"
        self.stderr = directory / "sim.stderr"
        self.options = ["--instances", str(instances), "--seed", str(seed), "--rate-scale", "0",
                        "--aws-regions", ",".join(AWS_REGIONS),
                        "--tencent-regions", ",".join(TENCENT_REGIONS), "--log", self.log,
                        "--issued-file", self.issued, "--fault-file", self.fault_file,
                        "--fleet-file", self.fleet_file, "--screen-bytes", "80000"]
        self.process = None

    @property
    def vnc_page(self):
        return self.url + "/vnc?InstanceVncUrl="

    def start(self, authority="authority"):
        """With the certificate of that authority, which is not its own if it is another's."""
        own = authority == "authority"
        ready = self.dir / "ready"
        ready.unlink(missing_ok=True)
        port = self.url.rsplit(":", 1)[1] if self.url else "0"
        with open(self.stderr, "ab") as stderr:
            self.process = subprocess.Popen(
                [find_simulator(), "--die-with-parent", "--port", port, "--ready-file", ready,
                 "--authority-file", self.dir / authority,
                 "--ca-file", self.ca if own else self.dir / "other.pem", *self.options],
                stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, env=scrubbed_env(self.dir))
        end = time.monotonic() + 60
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"consolefs-sim does not start: {self.stderr.read_text()}")
            time.sleep(0.005)
        self.url = ready.read_text().strip()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(60)

    @staticmethod
    def _replace(path, lines):
        new = path.with_suffix(".new")
        new.write_text("".join(line + "\n" for line in lines))
        new.rename(path)

    def set_faults(self, lines=()):
        self._replace(self.fault_file, lines)

    def set_fleet(self, lines=()):
        self._replace(self.fleet_file, lines)


class Daemon:
    """What can be seen of the program that is tried."""

    def __init__(self, mount):
        self.mount, self.pid = mount, mount.process.pid

    def rss_kb(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def descriptors(self):
        """How many there are of each kind."""
        kinds = collections.Counter()
        for path in pathlib.Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                kinds[os.readlink(path).partition(":")[0]] += 1
            except FileNotFoundError:
                pass
        return kinds

    def stats(self):
        """The sum of each number in `stats`, over its labels."""
        sums = collections.Counter()
        for line in (self.mount.path / "stats").read_text().splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                sums[name.partition("{")[0].removeprefix("consolefs_")] += float(value)
        return sums


class Stalls:
    """When the daemon or the simulator could not run, though it wanted to: on a machine that others use, time limits
    say nothing of it then. The kernel counts what they wait for a processor (proc(5), schedstat)."""

    NOTICED_S = 0.25

    def __init__(self, daemon, cloud):
        self.daemon, self.cloud = daemon, cloud
        self.last = {}
        self.found = []

    @staticmethod
    def _waited(pid):
        try:
            return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[1])
        except (OSError, IndexError):
            return 0

    def look(self):
        now = time.time_ns()
        for pid in (self.daemon.pid, self.cloud.process.pid, os.getpid()):
            waited = self._waited(pid)
            was, before = self.last.get(pid, (waited, now))
            if waited - was > self.NOTICED_S * judging.S or now - before > 4 * self.NOTICED_S * judging.S:
                self.found.append((before, now))
            self.last[pid] = waited, now


def drop_caches():
    """Makes the kernel forget what nobody uses. False: it may not be asked to."""
    try:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("2\n")
    except OSError:
        return False
    return True


class Soak:
    """One run."""

    def __init__(self, options, directory):
        self.options, self.dir = options, directory
        self.problems = []
        self.outages, self.gone = [], []
        self.samples = []
        self.rounds = options.rounds
        instances = max(60, min(320, options.opens // 300))
        self.cloud = Cloud(directory, instances, options.seed)
        self.cloud.set_faults()
        self.cloud.set_fleet()
        self.cloud.start()

    def check(self, holds, what):
        if not holds:
            self.problems.append(what)
        return holds

    # What there is to open

    def find_files(self):
        """[(owner, cloud, region, instance, name)]: two thirds belong to one process each, those of the slow
        regions to the last two, and the rest to all."""
        self.files, self.ids = [], {"aws": [], "tencent": []}
        fast = max(1, self.options.processes - 2)
        for cloud in ("aws", "tencent"):
            top = self.mount.path / cloud
            names = sorted(name for name in os.listdir(top) if name.startswith(("i-", "ins-")))
            for number, name in enumerate(names):
                region = json.loads((top / name / "info.json").read_text())["region"]
                owner = number % fast if number % 3 else None
                if region == SLOW[cloud]:
                    owner = "slow"
                self.ids[cloud].append(name)
                self.files += [(owner, cloud, region, name, live) for live in LIVE[cloud]]
        # Instances that come and go belong to nobody and are in no slow region.
        fleet = {cloud: [file[3] for file in self.files if file[1] == cloud and file[0] is None]
                 for cloud in self.ids}
        self.movers = {cloud: sorted(set(names))[::3] for cloud, names in fleet.items()}

    def write_list(self, path):
        with open(path, "w", encoding="utf-8") as out:
            for owner, cloud, _, name, live in self.files:
                if owner == "slow":
                    # All files of an instance to one, as some of them make the same call.
                    owner = self.options.processes - 1 - self.ids[cloud].index(name) % 2
                out.write(f"{'*' if owner is None else owner} {self.mount.path}/{cloud}/{name}/{live}\n")

    # The run

    def start_workers(self, opens, seed, out):
        self.progress = self.dir / "progress"
        self.progress.unlink(missing_ok=True)
        self.write_list(self.dir / "list")
        return subprocess.Popen([self.options.worker, self.dir / "list", self.dir / out, self.progress,
                                 str(self.options.processes), str(opens), str(seed)],
                                env=scrubbed_env(self.dir), stdin=subprocess.DEVNULL)

    def opened(self):
        try:
            return struct.unpack("<Q", self.progress.read_bytes())[0]
        except (FileNotFoundError, struct.error):
            return 0

    def settle(self):
        """Nothing is open, nobody asks, and of connections only those that the next calls have made."""
        self.cloud.set_faults()
        self.cloud.set_fleet()
        self.cloud.stop()
        self.cloud.start()
        end = time.monotonic() + 30
        wanted = {(file[1], file[2], file[4]): file for file in self.files}
        for file in wanted.values():
            path = self.mount.path / file[1] / file[3] / file[4]
            while time.monotonic() < end:
                try:
                    path.read_bytes()
                    break
                except OSError as error:
                    if error.errno not in PASSING:
                        break
                    time.sleep(0.2)
        while time.monotonic() < end and self.daemon.stats()["calls_in_flight"]:
            time.sleep(0.05)
        dropped = drop_caches()
        # The kernel tells what it has forgotten by and by.
        last, calm = None, 0
        while time.monotonic() < end and calm < 5:
            stats = self.daemon.stats()
            calm = calm + 1 if stats["nodes"] == last else 0
            last = stats["nodes"]
            time.sleep(0.05)
        return {"stats": self.daemon.stats(), "descriptors": self.daemon.descriptors(), "dropped": dropped}

    def outage(self, number):
        """Every third round the simulator is ended and started again, with another certificate."""
        began = time.time_ns()
        errnos = {"ECONNREFUSED", "ECONNRESET"}
        self.cloud.stop(signal.SIGKILL if number % 2 else signal.SIGTERM)
        if number % 4 == 2:
            time.sleep(1.5)
        if number % 4 == 3:
            # Somebody else, who cannot be verified.
            self.cloud.start("stranger")
            errnos.add("EPROTO")
            time.sleep(1.5)
            self.cloud.stop()
        self.cloud.start()
        self.outages.append((began, time.time_ns(), errnos))

    def begin_round(self, number):
        self.cloud.set_faults(rules.a_round(self.options.seed, number, self.ids, SLOW,
                                            self.options.share))
        lines, gone = rules.changes(self.options.seed, number, self.movers)
        now = time.time_ns()
        if self.gone:
            self.gone[-1][1] = now
        self.gone.append([now, now, gone])
        self.cloud.set_fleet(lines)

    def run_rounds(self, workers):
        opens, number = self.options.opens, 0
        self.stalls = Stalls(self.daemon, self.cloud)
        start = time.monotonic()
        while workers.poll() is None:
            done = self.opened()
            if number < self.rounds and done >= opens * number // self.rounds:
                self.begin_round(number)
                number += 1
            elif number % 3 == 2 and len(self.outages) < number // 3 + 1 and \
                    done >= opens * (2 * number - 1) // (2 * self.rounds):
                self.outage(len(self.outages))
            self.samples.append((done, self.daemon.rss_kb()))
            self.stalls.look()
            if not self.check(self.mount.process.poll() is None, "consolefs has ended"):
                workers.kill()
            if time.monotonic() - start > self.options.limit:
                self.check(False, f"it is not done after {self.options.limit} s: {done} opens")
                workers.kill()
                break
            time.sleep(0.05)
        self.took = time.monotonic() - start
        self.check(workers.wait() == 0, "the processes that open have failed")
        if self.gone:
            self.gone[-1][1] = time.time_ns()

    def read_flags(self):
        """What `wake` says of each EC2 instance, when all is quiet; and of the armed ones, that the next
        screenshot delivers it."""
        flags = {}
        for name in self.ids["aws"]:
            flags[name] = (self.mount.path / "aws" / name / "wake").read_text().strip()
        delivered = refused = 0
        for name in (name for name, flag in flags.items() if flag == "1"):
            path = self.mount.path / "aws" / name
            try:
                with open(path / "screenshot.jpg", "rb") as file:
                    woken = os.getxattr(file.fileno(), "user.consolefs.woken") == b"1"
                delivered += 1
            except OSError:
                woken = False
                refused += 1
            still = (path / "wake").read_text().strip() == "1"
            self.check(woken != still, f"aws/{name}: armed, {'' if woken else 'not '}woken, "
                       f"{'still' if still else 'no longer'} armed")
        self.late = delivered, refused
        return flags

    # The verdict

    def judge_opens(self, flags):
        log = judging.read_log(self.cloud.log)
        judge = judging.Judge(self.files, log, self.outages, self.gone, self.stalls.found,
                              self.options.processes, self.options.timeout, self.options.timeout + self.options.slack)
        everything, self.looks = [], []
        for number in range(self.options.processes + 1):
            records = list(judging.read_records(self.dir / f"records.{number}"))
            for record in records:
                if record.kind == judging.OPENED:
                    judge.judge_open(record)
                elif record.kind in (judging.LISTED, judging.STATTED):
                    self.looks.append(record)
                    judge.judge_look(record)
            judge.judge_flags(records)
            everything += records
        self.killed = sum(record.kind == judging.KILLED for record in everything)
        self.wakes = judge.judge_wakes(everything, flags)
        judge.judge_calls(everything, self.mark, self.until)
        self.requests = len(log)
        self.judge = judge
        count = sum(judge.results.values()) + self.killed
        self.check(count >= self.options.opens, f"only {count} opens are written down")

    def judge_rss(self):
        """After the first eighth, the first quarter of what follows against the last."""
        done = [(opened, rss) for opened, rss in self.samples if opened > self.options.opens / 8]
        quarter = max(1, len(done) // 4)
        first = statistics.median(rss for _, rss in done[:quarter])
        last = statistics.median(rss for _, rss in done[-quarter:])
        self.rss = first / 1024, last / 1024, max(rss for _, rss in self.samples) / 1024
        if not self.options.sanitize:  # ASan keeps what is freed
            self.check(last <= first * 1.1 + 2048, f"RSS grew from {first} to {last} kB")

    def judge_rest(self, before, after):
        old, new = before["stats"], after["stats"]
        for name in ("open_snapshots", "open_snapshot_bytes", "calls_in_flight", "calls_queued"):
            # `stats` itself is open while it is made, and empty.
            least = 1 if name == "open_snapshots" else 0
            self.check(new[name] <= max(least, old[name]), f"{name} is {new[name]}, and was {old[name]}")
        if before["dropped"]:
            self.check(new["nodes"] <= old["nodes"] + 8, f"{new['nodes']} nodes, and there were {old['nodes']}")
        for kind in after["descriptors"] | before["descriptors"]:
            had, has = before["descriptors"][kind], after["descriptors"][kind]
            # Of sockets, one call more or less may have been under way at once.
            self.check(has <= had + (4 if kind == "socket" else 0), f"{has} descriptors of kind {kind}, and "
                       f"there were {had}")
        self.nodes = old["nodes"], new["nodes"]
        self.descriptors = sum(before["descriptors"].values()), sum(after["descriptors"].values())

    def judge_log(self, log):
        """Nothing that the clouds have handed out, no signature that they have seen, is in the log."""
        secrets = {piece for line in self.cloud.issued.read_text().splitlines()
                   for piece in re.split(r"[^\w%.+/=-]", line.split(" ", 1)[1]) if len(piece) >= 16}
        for word in set(re.split(r"[^\w%.+/=-]", log)):
            self.check(word not in secrets, f"the log has a secret: {word[:8]}...")
        for word in (SECRET, "InstanceVncUrl=", "wss%3A", "wss:", "Signature="):
            self.check(word not in log, f"the log has {word}")
        self.log_lines = log.count("\n")

    def stop(self):
        try:
            self.mount.stop()
        except AssertionError as error:
            self.check(False, str(error)[:2000])

    def run(self):
        options = [*cloud_options(self.cloud)]
        for name in ("aws", "tencent"):
            options += [f"{name}.rate=100000", f"{name}.timeout={self.options.timeout}",
                        f"{name}.list_ttl=2"]
        self.mount = Mount(options=options)
        self.daemon = Daemon(self.mount)
        for line in LOG_LINES:
            self.mount.allow(line)
        try:
            self.find_files()
            warm = self.start_workers(40 * self.options.processes, self.options.seed + 1, "warm")
            self.check(warm.wait(120) == 0, "the processes that open have failed")
            for name in self.ids["aws"]:
                (self.mount.path / "aws" / name / "wake").write_text("0\n")
            before = self.settle()
            self.mark = time.time_ns()
            self.run_rounds(self.start_workers(self.options.opens, self.options.seed, "records"))
            self.judge_rss()
            self.until = time.time_ns()
            self.cloud.set_faults()
            self.cloud.set_fleet()
            time.sleep(6)  # what is known to be down has time to be up
            flags = self.read_flags()
            after = self.settle()
        finally:
            log = self.mount.log_text()
            (self.dir / "mount.log").write_text(log)
            self.stop()
        self.cloud.stop()
        self.judge_opens(flags)
        self.judge_rest(before, after)
        self.judge_log(log)
        complaints = self.cloud.stderr.read_text()
        self.check(complaints == "", f"consolefs-sim complained: {complaints[:500]}")

    def summary(self):
        results, faults = self.judge.results, self.judge.by_fault
        total = sum(results.values())
        print(f"\nseed {self.options.seed}, {self.options.processes} processes, {self.rounds} rounds, "
              f"{len(self.outages)} restarts, {len(self.files)} files of {len(self.ids['aws'])} + "
              f"{len(self.ids['tencent'])} instances, timeout {self.options.timeout} s")
        print(f"opens      {total} in {self.took:.0f} s, {total / self.took:.0f} a second; {self.killed} more "
              f"died in theirs; {self.requests} requests, {self.requests / self.took:.0f} a second")
        stalled = sum(ended - began for began, ended in self.stalls.found) / judging.S
        print(f"machine    too busy for the daemon or the simulator in {len(self.stalls.found)} spans, {stalled:.0f} s "
              "in all, in which no time limit is judged")
        print("outcomes   " + ", ".join(f"{name} {count}" for name, count in results.most_common()))
        print("by what the last answer was:")
        for fault, counts in sorted(faults.items(), key=lambda item: -sum(item[1].values())):
            print(f"  {fault:46} " + ", ".join(f"{name} {count}" for name, count in counts.most_common()))
        looks = sorted((one.ended - one.began) / 1e6 for one in self.looks)
        if looks:
            listed = max((one.ended - one.began) / 1e6 for one in self.looks if not self.judge.is_gone(one))
            print(f"ls, stat   {len(looks)}: median {statistics.median(looks):.2f} ms, 99% "
                  f"{looks[len(looks) * 99 // 100]:.1f} ms, worst {listed:.0f} ms of what is listed and "
                  f"{looks[-1]:.0f} ms of what is gone; failed {sum(one.error != 0 for one in self.looks)}")
        print(f"wakes      {self.wakes[0]} writes, {self.wakes[1]} delivered, at the end {self.late[0]} more, "
              f"{self.late[1]} armed where there is no screen")
        print(f"RSS        {self.rss[0]:.1f} MiB in the first quarter, {self.rss[1]:.1f} in the last, "
              f"{self.rss[2]:.1f} at most")
        print(f"left       descriptors {self.descriptors[0]} before, {self.descriptors[1]} after; nodes "
              f"{self.nodes[0]:.0f} before, {self.nodes[1]:.0f} after; {self.log_lines} lines of log")
        violations = [*self.problems, *self.judge.violations]
        kinds = collections.Counter(one.partition(":")[0] for one in self.judge.violations)
        for kind, count in kinds.most_common(SHOWN_MAX):
            print(f"VIOLATIONS {count} times: {kind}")
        for violation in violations[:SHOWN_MAX]:
            print(f"VIOLATION  {violation}")
        print(f"violations {len(violations)}" + (f": see {self.dir}" if violations else ""))
        return violations


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--opens", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, help="of faults; one for 2,500 opens, at least 6")
    parser.add_argument("--timeout", type=int, default=2, help="of a call, s")
    parser.add_argument("--slack", type=float, default=2, help="what an open may take beyond it, s")
    parser.add_argument("--share", type=float, default=0.004, help="of calls that a fault hits at random")
    parser.add_argument("--limit", type=int, default=3600, help="of the whole, s")
    parser.add_argument("--sanitize", action="store_true", help="RSS says nothing")
    parser.add_argument("--worker", default=os.environ.get("CONSOLEFS_SOAK"), help="the program that opens")
    options = parser.parse_args()
    options.rounds = options.rounds or max(6, options.opens // 2500)
    print(f"{find_consolefs()} and {find_simulator()}, seed {options.seed}")
    directory = pathlib.Path(tempfile.mkdtemp(prefix="consolefs-soak."))
    soak = Soak(options, directory)
    soak.run()
    violations = soak.summary()
    if not violations:
        shutil.rmtree(directory)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
