# SPDX-License-Identifier: MIT
"""How rsync is told to fetch instances, which of them it fetches at once, and what its errors mean."""

import os
import re
import shutil

from messages import Fatal, plain

# Instances that one rsync fetches, at most: its start takes as long as a fast call.
BATCH = 5
# Right in an instance's directory. error is read afterwards.
EXCLUDED = ("vnc_url", "vnc.html", "wake", "error")


class CannotWrite(Exception):
    """It is DEST that fails. The text is what rsync said."""


def need_rsync():
    """Before anything is begun that only rsync can end."""
    if not shutil.which("rsync"):
        raise Fatal("rsync is missing: install it")


def batches(instances, jobs):
    """Instances in groups, each of which one rsync can fetch: of one cloud, and none whose name had
    to be encoded, unless it is alone. They get smaller towards the end, so that no worker is left
    with much when the others have nothing."""
    made, cloud, room = [], None, 0
    for dealt_with, instance in enumerate(instances):
        if room > 0 and instance.path == f"{cloud}/{instance.id}":
            made[-1].append(instance)
            room -= 1
            continue
        made.append([instance])
        room = min((len(instances) - dealt_with) // (2 * jobs), BATCH) - 1
        cloud = os.path.dirname(instance.path)
        if not instance.path.endswith(f"/{instance.place}"):
            # A name had to be encoded.
            cloud = None
    return made


def command(batch, tree, tmp):
    """The command that fetches a batch into the tree of a run."""
    first = batch[0]
    sources, target = [instance.path for instance in batch], f"{tree}/{first.cloud}/"
    if os.path.basename(first.path) == first.id:
        top = "/*/"
    else:
        sources, target, top = [first.path + "/"], f"{target}{first.id}/", "/"
    return ["rsync", "-rt", "--whole-file", "--ignore-existing", "--chmod=D0700,F0400",
            f"--temp-dir={tmp}", *(f"--exclude={top}{name}" for name in EXCLUDED),
            "--", *sources, target]


def environment():
    """Messages in English, and no option from the user's environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RSYNC_")}
    return {**kept, "LC_ALL": "C"}


def explain(status, errors, ids):
    """What could not be fetched, by id, and why; and what is wrong with all others, if anything.
    errors is what rsync printed, about instances of these ids."""
    failures, general = {}, ""
    if status == 0:
        return failures, general
    for line in errors.decode("ascii", "replace").split("\n"):
        if line.startswith(("rsync: [receiver]", "rsync: [generator]")):
            raise CannotWrite(plain(line))
        match = re.fullmatch(r'rsync: .*/([^/]*)/([^/]*)":? ?(?:failed)?: (.*) \([0-9]+\)', line)
        found = match and concerned(match[1], match[2], ids)
        if not found:
            if line.startswith("rsync:"):
                general = line
        elif " failed to open " in line:
            before = failures[found] + "; " if found in failures else ""
            failures[found] = f"{before}{match[2]}: {match[3]}"
        else:
            # Of the directory.
            failures[found] = match[3]
    if not failures and not general:
        general = f"rsync failed with status {status}" if status > 0 else \
            f"rsync was ended by signal {-status}"
    return failures, general


def concerned(parent, name, ids):
    """Which instance a message is about that names PARENT/NAME."""
    if len(ids) == 1:
        return ids[0]
    return next((one for one in (name, parent) if one in ids), None)
