# SPDX-License-Identifier: MIT
"""Whether each open of a soak ended as it must: in the exact bytes of one answer that the simulator has logged, or
in an errno that is right for what happened to its call."""

import bisect
import collections
import errno
import json
import pathlib
import struct

from soak_rules import ACTIONS, CONSOLE, GOOD, LISTING, OK, outcomes

# As soak_worker.c writes it.
RECORD = struct.Struct("<QQQIHBBiiiI32s48s32s24s")
OPENED, KILLED, ARMED, FLAG, LISTED, STATTED = range(1, 7)
WRONG = ["", "fstat told another size than was read", "a second read gave other bytes",
         "the mapped file has other bytes", "it could not be read",
         "it holds no link, or several, or a link and an error"]

MS = 1_000_000
S = 1000 * MS
US = 1000  # the resolution of the simulator's log
# For so long a probe that got no answer makes calls fail at once (fs/client/breaker.h), and a miss is remembered.
MEMORY = 10 * S
# Who has come back is known by the next good list, for which a region that gives no answer has to be waited for.
COMEBACK = 30 * S

Open = collections.namedtuple("Open", "began ended size file worker kind interrupted error wrong value sequence "
                              "digest request region page")


def name_of(number):
    return {0: OK, errno.EOPNOTSUPP: "EOPNOTSUPP"}.get(number) or errno.errorcode.get(number, str(number))


def text(field):
    return field.split(b"\0", 1)[0].decode()


def read_records(path):
    """The records of one process, in order."""
    data = pathlib.Path(path).read_bytes()
    for fields in RECORD.iter_unpack(data[:len(data) // RECORD.size * RECORD.size]):
        yield Open(*fields[:11], fields[11].hex(), *map(text, fields[12:]))


def read_log(path):
    """The simulator's log, each entry with `at`, its time in nanoseconds."""
    with open(path, encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    for entry in entries:
        entry["at"] = entry["at_us"] * 1000
    entries.sort(key=lambda entry: entry["at"])
    return entries


class Timeline:
    """Entries of the log by a key, to be had by time."""

    def __init__(self):
        self.times, self.entries = [], []

    def add(self, entry):
        self.times.append(entry["at"])
        self.entries.append(entry)

    def between(self, began, ended):
        return self.entries[bisect.bisect_left(self.times, began - US):
                            bisect.bisect_right(self.times, ended + US)]


class Judge:
    """files: [(owner or None, cloud, region, instance, name)] as the workers know them. outages: [(began, ended,
    errnos)]. gone: [(began, ended, ids)]. stalls: [(began, ended)], when the machine was too busy.
    crowd: how many processes open."""

    def __init__(self, files, log, outages, gone, stalls, crowd, timeout_s, patience_s):
        self.files, self.outages, self.gone, self.stalls = files, outages, gone, stalls
        self.crowd = crowd
        self.timeout, self.patience = timeout_s * S, patience_s * S
        known = {file[3] for file in files}
        self.calls = collections.defaultdict(Timeline)   # of an instance's file
        self.looks = collections.defaultdict(Timeline)   # for an instance, by its id
        self.probes = collections.defaultdict(Timeline)  # of a region's action
        self.by_request = {}
        for entry in log:
            action, instance = entry["action"], entry["instance"]
            if action == LISTING and instance:
                self.looks[instance].add(entry)
            if action in ACTIONS.values() and instance in known:
                self.calls[action, instance].add(entry)
            elif instance not in known:
                self.probes[entry["cloud"], entry["region"], action].add(entry)
            if "request_id" in entry:
                self.by_request[entry["request_id"]] = entry
        self.matched = {}
        self.violations = []
        self.results = collections.Counter()    # of opens, by errno
        self.by_fault = collections.defaultdict(collections.Counter)

    def violation(self, what, record, entries=()):
        where = "/".join(map(str, self.files[record.file][1:]))
        lines = [f"{what}: worker {record.worker} number {record.sequence}: {where} "
                 f"{name_of(record.error)} after {(record.ended - record.began) / S:.3f} s, began {record.began}"]
        lines += ["    " + json.dumps(entry) for entry in entries[-6:]]
        self.violations.append("\n".join(lines))

    # One open

    def judge_open(self, record):
        _, _, _, instance, name = self.files[record.file]
        entries = self.calls[ACTIONS[name], instance].between(record.began, record.ended)
        shown = record.page or name_of(record.error)
        if shown == "ENOTSUP":
            shown = "EOPNOTSUPP"
        self.results[shown] += 1
        self.by_fault[self.last_fault(record, entries)][shown] += 1
        if record.error == 0:
            if record.wrong:
                self.violation(WRONG[record.wrong], record, entries)
            if not record.page:
                self.judge_bytes(record, entries)
                return
        allowed = self.allowed(record, entries)
        if shown not in allowed:
            self.violation(f"{shown} is none of {sorted(allowed)}", record, entries)
        if record.ended - record.began > self.patience_with(record) and \
                self.files[record.file][0] != "slow" and not self.is_stalled(record):
            self.violation("it took too long", record, entries)

    @staticmethod
    def last_fault(record, entries):
        if record.request:
            entries = [entry for entry in entries if entry.get("request_id") == record.request] or entries
        if not entries:
            return "(not asked)"
        entry = entries[-1]
        fault = entry.get("fault") or entry["code"] or "(none)"
        if fault == "status":
            fault = f"status={entry['status']}"
        return f"code={entry['code']}" if fault == "code" else fault

    def judge_bytes(self, record, entries):
        _, _, region, instance, name = self.files[record.file]
        entry = self.by_request.get(record.request)
        if entry is None:
            self.violation(f"no answer was logged with its request id \"{record.request}\"", record, entries)
            return
        if record.request in self.matched:
            self.violation("two opens have one answer", record, [entry])
        self.matched[record.request] = record
        if (entry["action"], entry["instance"], entry["region"]) != (ACTIONS[name], instance, region) or \
                record.region != region:
            self.violation("the answer is another file's", record, [entry])
        if not record.began - US <= entry["at"] <= record.ended + US:
            self.violation("the answer is none of its own time", record, [entry])
        empty = record.size == 0 and entry["action"] == CONSOLE and not entry.get("sha256")
        if entry.get("sha256") != record.digest and not empty:
            self.violation("the bytes are not the answer's", record, [entry])
        if OK not in outcomes(entry) or entry["status"] != 200 or \
                (entry.get("fault", "") not in GOOD and not empty):
            self.violation("the answer was spoilt, and yet shown", record, [entry])
        if record.value != int(entry["wakeup"]):
            self.violation(f"it says it was{'' if record.value else ' not'} woken", record, [entry])

    def is_gone(self, record):
        """Whether the instance was gone then, or shortly before."""
        instance = self.files[record.file][3]
        return any(instance in ids and record.began <= ended + COMEBACK and record.ended >= began
                   for began, ended, ids in self.gone)

    def patience_with(self, record):
        """How long a call may take. Whoever is gone is looked up by its id first; and of lookups of one name that
        fail the kernel makes one after the other, each with a time limit of its own."""
        return self.patience + (self.crowd * self.timeout if self.is_gone(record) else 0)

    def is_stalled(self, record):
        return any(record.began <= ended and record.ended >= began for began, ended in self.stalls)

    def judge_calls(self, records, since, until):
        """Every good answer was some open's: of one that is shown, or of one that could not wait for it, or had to ask
        again meanwhile."""
        given_up = collections.defaultdict(list)
        for record in records:
            late = record.ended - record.began > 0.4 * self.timeout
            if record.kind == KILLED or (record.kind == OPENED and (record.error or record.page or late)):
                _, _, _, instance, name = self.files[record.file]
                given_up[ACTIONS[name], instance].append((record.began, record.ended))
        for key, timeline in self.calls.items():
            for entry in timeline.entries:
                if not since < entry["at"] < until or OK not in outcomes(entry) or \
                        entry.get("request_id") in self.matched:
                    continue
                # Cut off by an outage, or too late: then it was asked again.
                if any(span[0] - S <= entry["at"] <= span[1] + S for span in [*self.outages, *self.stalls]):
                    continue
                if not any(began - US <= entry["at"] <= ended + S for began, ended in given_up[key]):
                    self.violations.append(f"nobody's answer: {json.dumps(entry)}")

    def judge_look(self, record):
        """ls and stat: of what is listed they never wait."""
        lasted = record.ended - record.began
        patience = self.patience_with(record) if self.is_gone(record) else self.timeout
        if lasted > patience and not self.is_stalled(record):
            self.violation("ls" if record.kind == LISTED else "stat", record)

    def allowed(self, record, entries):
        owner, cloud, region, instance, name = self.files[record.file]
        lasted = record.ended - record.began
        allowed = set()
        if record.interrupted:
            allowed.add("EINTR")
        for began, ended, names in self.outages:
            if record.began <= ended + MEMORY and record.ended >= began:
                allowed |= names
        # Nobody knows it any more; or somebody asked by id.
        if self.is_gone(record):
            allowed.add("ENOENT")
            # Others may have asked for it before; and where a region is known to be down, nobody does.
            for entry in self.looks[instance].between(record.began - MEMORY, record.ended):
                allowed |= outcomes(entry)
            for other in {file[2] for file in self.files if file[1] == cloud}:
                allowed |= self.unanswered(record, cloud, other, LISTING)
        if entries:
            last = outcomes(entries[-1])
            # Another's of the same file; or it was over before the last was answered.
            late = lasted > 0.9 * self.timeout or \
                (lasted > 0.4 * self.timeout and any(OK in outcomes(entry) for entry in entries))
            if owner is None or last == {"ETIMEDOUT"} or late:
                for entry in entries:
                    allowed |= outcomes(entry)
            allowed |= last
            if not self.is_gone(record):
                allowed -= {"ENOENT"}
        else:
            # Refused, as a probe or another call got no answer.
            allowed |= self.unanswered(record, cloud, region, ACTIONS[name])
        # No attempt may go without a byte for half of the time limit (fs/client/call.h).
        if lasted > 0.49 * self.timeout:
            allowed.add("ETIMEDOUT")
        return allowed - {OK}

    def unanswered(self, record, cloud, region, action):
        """What an action that is known to be down makes a call fail with."""
        found = set()
        for entry in self.probes[cloud, region, action].between(record.began - MEMORY, record.ended):
            found |= outcomes(entry) & {"ETIMEDOUT", "ECONNRESET"}
        return found

    # Wakes

    def judge_wakes(self, records, flags):
        """records: of all processes. flags: at the end, by instance."""
        arms, woken, perhaps = (collections.defaultdict(list) for _ in range(3))
        for record in records:
            if record.kind == ARMED:
                if record.error:
                    if not self.is_gone(record):
                        self.violation("wake could not be written", record)
                    continue
                arms[record.file].append(record)
            elif record.kind == OPENED and record.error == 0 and record.value == 1:
                woken[record.file].append(record)
            elif record.kind == KILLED and self.woke_a_dead_one(record):
                perhaps[record.file].append(record)
        delivered = 0
        for file, writes in arms.items():
            ends = woken[file]
            delivered += len(ends)
            last = max(write.began for write in writes)
            if any(self.files[file][3] in ids for _, _, ids in self.gone):
                continue  # its flag went with it
            if len(ends) > len(writes):
                self.violation(f"woken {len(ends)} times for {len(writes)} writes", writes[-1])
            if flags[self.files[file][3]] != "1" and not any(
                    one.ended > last for one in ends + perhaps[file]):
                self.violation("a wake is lost", writes[-1])
        for file in set(woken) - set(arms):
            self.violation("woken, and nobody had asked", woken[file][0])
        return sum(map(len, arms.values())), delivered

    def woke_a_dead_one(self, record):
        """Whether the answer may have come before the process died, with nobody to see it."""
        _, _, _, instance, name = self.files[record.file]
        entries = self.calls[ACTIONS[name], instance].between(record.began, record.ended)
        return any(entry["wakeup"] and OK in outcomes(entry) for entry in entries)

    def judge_flags(self, records):
        """records: of one process. Of its own files it knows what the flag must be."""
        armed = {}
        for record in records:
            if record.kind not in (OPENED, KILLED, ARMED, FLAG):
                continue
            owner, _, _, _, name = self.files[record.file]
            if name != "screenshot.jpg" or not isinstance(owner, int):
                continue
            was = armed.get(record.file, False)
            if record.kind == ARMED:
                armed[record.file] = True
            elif record.kind == KILLED:
                armed[record.file] = None if was in (True, None) else False
            elif record.kind == FLAG:
                if record.error or (was is not None and bool(record.value) != was):
                    self.violation(f"wake says {record.value}, and it is {was}", record)
                armed[record.file] = bool(record.value)
            elif record.error == 0 and record.value >= 0:
                if was is not None and bool(record.value) != was:
                    self.violation("the next screenshot of an armed one did not wake it" if was else
                                   "it was woken once more", record)
                armed[record.file] = False
