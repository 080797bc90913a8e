# SPDX-License-Identifier: MIT
"""All that consolefs-archive parses of others' bytes, with mutations of good input: what instances are called and say of
themselves, what rsync says, and what an earlier run has left in DEST. FUZZ_SECONDS=60 tries each for so long."""

import html.parser
import json
import os
import re
import shutil
import sys

import pytest

from lib.simulator import ROOT
from mutating import Mutator, rounds

sys.path.insert(0, str(ROOT / "contrib/archive"))

import listing  # noqa: E402
import outcome  # noqa: E402
import rsync  # noqa: E402
import sheet  # noqa: E402
import summary  # noqa: E402
from destination import Destination  # noqa: E402
from messages import Fatal, REASON_MAX  # noqa: E402

RUN = "2026-11-21T20-13-48Z"
LINES = [b"fetched\taws\ti-0a1b\trunning\tus-east-1\tt3.nano\t2026-01-02T03:04:05.000Z\tweb\t2\t",
         b"failed\taws\ti-0a1c\t\t\t\t\ta \\u00e9\t0\tscreenshot.jpg: Permission denied",
         b"skipped\t%2Eaws\tins-1\tRUNNING\tap\tS5\t\t\t0\tnothing to fetch"]
INFOS = [json.dumps({"id": "i-1", "state": "running", "region": "us-east-1", "type": "t3.nano", "launched":
                     "2026-11-21T20:13:48.000Z", "name": "web \u00e9", "tags": {"a": "b"}}).encode(), b"{}", b"[]", b"[" * 3000,
         b'{"name": 1e999, "state": null, "type": "' + b"9" * 5000 + b'"}', b"9" * 5000]
ERRORS = [b"time: x\naction: y\nerrno: EACCES\ncode:       UnauthorizedOperation\nmessage:    You may not\n", b"code: -\n"]
RSYNCS = [b'rsync: [sender] read errors mapping "/mnt/aws/i-1/console.log": Permission denied (13)\n',
          b'rsync: [sender] send_files failed to open "/mnt/aws/i-2/screenshot.jpg": Host is down (112)\n'
          b'rsync error: some files could not be transferred (code 23) at main.c(1333) [sender=3.2.7]\n',
          b'rsync: [sender] link_stat "/mnt/aws/i-3" failed: No such file or directory (2)\n',
          b'rsync: [receiver] write failed on "/d": No space left on device (28)\n']
STATUSES = [b"cloud: aws (backend aws)\ncondition:   working in part\nregion: x: not listed; last attempt failed: EACCES\n",
            b"condition:   working\n", b"condition: not working\nregion:a: last attempt failed: b: c\n"]
NAMES = [b"i-0a1b2c", b"aws", b".still", b"a b", b"-rf", b"%41", b"\xff\xfe", "\u202egpj.exe".encode()]


def is_plain(text):
    return re.fullmatch(r"[ -~]*", text) is not None


def check_result(result):
    """What every part of a run relies on."""
    assert result.status in (outcome.FETCHED, outcome.FAILED, outcome.SKIPPED)
    for part in (result.cloud, result.id):
        assert re.fullmatch(r"(?!\.|-)[A-Za-z0-9._%-]+", part), part
    assert all(is_plain(str(field)) for field in result._replace(name="")), result
    line = result.line()
    assert line.isascii() and line.count("\n") == 1 and line.endswith("\n") and line.count("\t") == 9
    again = outcome.parse_line(line[:-1])
    assert again == result._replace(files=str(result.files), name=result.name[:outcome.NAME_MAX])


def make_result(names, texts, infos):
    """As one is made of an instance."""
    instance = listing.Instance(listing.encode(names.name()[:64]), listing.encode(names.name()[:64]), "/mnt/x/y")
    result = outcome.conclude(instance, infos.text(), len(texts.next()) % 3, texts.text(), texts.text(), texts.text())
    assert len(result.reason) <= REASON_MAX
    return result


def test_a_name_is_one_component_whatever_it_is():
    names, seen = Mutator(NAMES, 1), {}
    for _ in rounds(4000):
        name = names.name()
        encoded = listing.encode(name)
        assert re.fullmatch(r"(?!\.|-)[A-Za-z0-9._%-]+", encoded), encoded
        assert seen.setdefault(encoded, name) == name
        assert 0 <= listing.shard_of(encoded, 7) < 7


def test_what_an_instance_says_is_one_line():
    names, infos, texts = Mutator(NAMES, 2), Mutator(INFOS, 3), Mutator(ERRORS + RSYNCS + [b""], 4)
    for _ in rounds(500):
        check_result(make_result(names, texts, infos))


def test_lines_of_results_are_read_or_left_out():
    lines, read = Mutator(LINES, 5), 0
    for _ in rounds(4000):
        for line in lines.text().split("\n"):
            result = outcome.parse_line(line)
            if result:
                read += 1
                check_result(result)
    assert read > 100


def test_what_rsync_says_is_of_the_instances_it_fetched():
    said, ids = Mutator(RSYNCS, 6), ["i-1", "i-2", "i-3"]
    for number in rounds(3000):
        errors, some = said.next(), ids[:1 + number % 3]
        try:
            failures, general = rsync.explain(23, errors, some)
        except rsync.CannotWrite as error:
            assert b"\nrsync: [" in b"\n" + errors and str(error)
            continue
        assert set(failures) <= set(some)
        # It has failed, and somebody hears of it.
        assert failures or general
        assert all(failures.values())


def test_the_trouble_of_a_cloud_is_one_line():
    statuses = Mutator(STATUSES, 7)
    for _ in rounds(3000):
        trouble = listing.cloud_trouble(statuses.text())
        assert trouble is None or (trouble and "\n" not in trouble)


class Page(html.parser.HTMLParser):
    """Takes note of what is in a page beside its text."""

    KNOWN = {"html": {"lang"}, "head": set(), "meta": {"charset", "name", "content", "http-equiv"}, "title": set(),
             "style": set(), "body": set(), "h1": set(), "h2": set(), "h3": set(), "time": {"datetime"},
             "p": {"class"}, "a": {"href", "class", "rel", "type", "download"}, "ul": {"class"}, "li": {"class"}, "div": {"class"},
             "img": {"src", "alt", "loading", "decoding"}, "bdi": set(), "b": set(), "span": {"title"}}

    def __init__(self):
        super().__init__()
        self.cards = 0

    def handle_starttag(self, tag, attrs):
        assert set(dict(attrs)) <= self.KNOWN[tag], (tag, attrs)
        self.cards += tag == "li"
        for name, value in attrs:
            if name in ("href", "src"):
                # Not another host's, no script, no directory above.
                assert re.fullmatch(r"(summary|[A-Za-z0-9._%-]+/[A-Za-z0-9._%-]+/[a-z.]*)", value), value

    def handle_decl(self, decl):
        assert decl == "DOCTYPE html"

    def handle_comment(self, data):
        raise AssertionError(data)

    def handle_pi(self, data):
        raise AssertionError(data)


def check_told(results, troubles, tree):
    results = outcome.in_order(results)
    tally = outcome.tally(results, troubles)
    assert tally.fetched + tally.failed + tally.skipped == len(results) + len(troubles)
    text = summary.summarise(RUN, RUN, "", tally, troubles, results)
    assert re.fullmatch(r"[\n -~]*", text)
    assert text.count("\n") == 5 + len(troubles) + tally.failed - len(troubles) + tally.skipped
    page = sheet.page(RUN, tally, troubles, results, tree)
    page.encode("utf-8")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", page)
    parser = Page()
    parser.feed(page)
    parser.close()
    assert parser.cards == len(results)


def test_a_page_and_a_summary_hold_nothing_but_text(tmp_path):
    names, infos, texts = Mutator(NAMES, 8), Mutator(INFOS, 9), Mutator(ERRORS + RSYNCS + [b""], 10)
    for _ in rounds(150):
        results = [make_result(names, texts, infos) for _ in range(4)]
        place = tmp_path / results[0].place
        place.mkdir(parents=True, exist_ok=True)
        (place / "console.log").write_bytes(b"x")
        troubles = [listing.plain(texts.text())]
        check_told(results, troubles, str(tmp_path))


def test_what_an_earlier_run_left_is_continued_or_left_out(tmp_path):
    lines, names = Mutator(LINES, 11), Mutator([RUN.encode(), b"2026-11-21T20-13-4", b""], 12)
    path = tmp_path / "dest"
    for _ in rounds(40):
        results = path / ".unfinished/results"
        results.mkdir(parents=True)
        (path / ".unfinished/name").write_bytes(names.next())
        for number in range(3):
            (results / f"1.{number}.log").write_bytes(b"\n".join(lines.next() for _ in range(4)))
        destination = Destination(str(path))
        destination.begin()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ", destination.name, re.ASCII)
        recorded = destination.recorded()
        for place, result in recorded.items():
            assert place == result.place
            check_result(result)
        assert destination.recorded() == recorded
        check_told(list(recorded.values()), [], destination.tree)
        shutil.rmtree(path)


@pytest.mark.parametrize("pid", [b"99999999999999999999", b"\xd9\xa3", b"0", b"-1", b"", b"\0", b"1\n2"])
def test_a_lock_that_is_held_is_respected_whatever_is_in_it(tmp_path, pid):
    first, second = Destination(str(tmp_path)), Destination(str(tmp_path))
    first.lock()
    with open(tmp_path / ".lock", "r+b") as lock:
        lock.truncate()
        lock.write(pid)
    with pytest.raises(Fatal, match="another run is under way"):
        second.lock()
