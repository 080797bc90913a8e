# SPDX-License-Identifier: MIT
"""What became of each instance: its result, which is a line in a log until the run is finished.

A line has ten fields between tabs, those of Result in their order. Cloud and id are percent-encoded,
name is as JSON has it, and the rest is ASCII: none has a tab or a newline in it.
"""

import collections
import json
import re

from messages import plain

FETCHED, FAILED, SKIPPED = "fetched", "failed", "skipped"
# Clouds allow 255.
NAME_MAX = 1000
# What listing.encode makes of a name.
ENCODED = re.compile(r"[A-Za-z0-9_%][A-Za-z0-9._%-]*")

Tally = collections.namedtuple("Tally", "fetched failed skipped")


class Result(collections.namedtuple(
        "Result", "status cloud id state region type launched name files reason")):
    """status is one of the above; files is how many were fetched, without info.json and error."""

    __slots__ = ()

    @property
    def place(self):
        return f"{self.cloud}/{self.id}"

    def line(self):
        name = json.dumps(self.name[:NAME_MAX])[1:-1]
        return "\t".join(map(str, self._replace(name=name))) + "\n"


def parse_line(line):
    """The result of a line, or None: the last line of a run that was killed may be half written, and
    a damaged one might say that something is fetched which is not."""
    fields = line.split("\t")
    if len(fields) != len(Result._fields) or not re.fullmatch(r"[\t -~]*", line):
        return None
    result = Result(*fields)
    if result.status not in (FETCHED, FAILED, SKIPPED) or not ENCODED.fullmatch(result.cloud) or \
            not ENCODED.fullmatch(result.id) or not result.files.isdecimal():
        return None
    try:
        return result._replace(name=json.loads(f'"{result.name}"', strict=False))
    except ValueError:
        return result._replace(name="")


def parse_info(text):
    """The strings at the top level of info.json that a result has, none if it is not JSON."""
    try:
        info = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        info = None
    if not isinstance(info, dict):
        info = {}
    return {key: info[key] if isinstance(info.get(key), str) else ""
            for key in ("state", "region", "type", "launched", "name")}


def cloud_said(error):
    """The cloud's own words in the text of an error file."""
    found = (re.search(rf"{key}: *([^\n]*)", error) for key in ("code", "message"))
    return ": ".join(match[1] for match in found if match and match[1] not in ("", "-"))


def conclude(instance, info, files, failure, error="", unwoken=""):
    """The result of an instance. info is the text of info.json; failure is why something of it
    could not be fetched, error the text of its error file if that is about this failure, and
    unwoken why its display could not be woken; each empty if there is none."""
    said = cloud_said(error) if failure else ""
    reason = failure + (f" ({said})" if said else "")
    if unwoken:
        reason += ("; " if reason else "") + f"wake: {unwoken}"
    if reason == "No such file or directory":
        status, reason = SKIPPED, "gone since it was listed"
    elif reason:
        status = FAILED
    elif files == 0:
        status, reason = SKIPPED, "nothing to fetch"
    else:
        status = FETCHED
    known = parse_info(info)
    name = known.pop("name")
    return Result(status, instance.cloud, instance.id, name=name, files=files, reason=plain(reason),
                  **{key: plain(value) for key, value in known.items()})


def in_order(results):
    """As they are shown: by cloud, the failed first, and the rest by name."""
    return sorted(results, key=lambda one: (one.cloud, one.status != FAILED, one.name.lower(), one.id))


def tally(results, troubles):
    count = collections.Counter(result.status for result in results)
    return Tally(count[FETCHED], count[FAILED] + len(troubles), count[SKIPPED])
