# SPDX-License-Identifier: MIT
"""The parts of consolefs-archive that need no mount."""

import sys

import pytest

from archiving import PROGRAM

sys.path.insert(0, str(PROGRAM.parent))

import destination
import linking
import listing
import options
import outcome
import progress
import rsync
import sheet


def instances(*names, cloud="aws"):
    return [listing.Instance(listing.encode(cloud), listing.encode(name), f"/mnt/{cloud}/{name}")
            for name in names]


@pytest.mark.parametrize("name, encoded", [
    ("i-032aa14e69d4f228c", "i-032aa14e69d4f228c"), ("-rf", "%2Drf"), ("a.b", "a.b"), ("..", "%2E."),
    ("a b", "a%20b"), ("100%", "100%25"), ("\udcff", "%FF"), ("é", "%C3%A9"), ("new\nline", "new%0Aline")])
def test_names_are_encoded(name, encoded):
    assert listing.encode(name) == encoded


def test_the_shard_of_an_instance_never_changes():
    """Archives in parts rely on these."""
    names = ["i-032aa14e69d4f228c", "ins-0a1b2c3d", "new%0Aline", "-rf", "%2Ehidden", "x"]
    assert [listing.shard_of(name, 5) for name in names] == [3, 1, 1, 1, 1, 0]
    assert [listing.shard_of(name, 1000) for name in names] == [648, 291, 811, 281, 366, 120]


@pytest.mark.parametrize("status, trouble", [
    ("condition:   working\n", None), ("", None),
    ("condition:   not working\n", "not working"),
    ("condition:   working in part\nus-east-1: 3 instances\n"
     "eu-west-1:   10 instances; last attempt failed: denied\n",
     "working in part; 10 instances; last attempt failed: denied")])
def test_the_status_of_a_cloud_tells_what_is_not_listed(status, trouble):
    assert listing.cloud_trouble(status) == trouble


def test_batches_have_all_instances_and_get_smaller_towards_the_end():
    fleet = instances(*(f"i-{n}" for n in range(100)))
    made = rsync.batches(fleet, 4)
    assert sum(made, []) == fleet
    sizes = [len(batch) for batch in made]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (rsync.BATCH, 1)


def test_names_that_were_encoded_and_other_clouds_are_not_in_one_batch():
    fleet = [*instances("i-1", "i 2", "i-3", "i-4"), *instances("i-5", "i-6", cloud="b"),
             *instances("i-7", "i-8", cloud="c d")]
    assert [[one.id for one in batch] for batch in rsync.batches(fleet, 1)] == \
        [["i-1"], ["i%202"], ["i-3", "i-4"], ["i-5", "i-6"], ["i-7"], ["i-8"]]


def test_an_encoded_instance_is_fetched_into_the_directory_of_its_encoded_name():
    (one,) = instances("a b")
    command = rsync.command([one], "/tree", "/tmp")
    assert command[-3:] == ["--", "/mnt/aws/a b/", "/tree/aws/a%20b/"]
    assert "--exclude=/wake" in command
    command = rsync.command(instances("i-1", "i-2"), "/tree", "/tmp")
    assert command[-4:] == ["--", "/mnt/aws/i-1", "/mnt/aws/i-2", "/tree/aws/"]
    assert "--exclude=/*/wake" in command


SENDER = b"rsync: [sender] "


@pytest.mark.parametrize("errors, failures, general", [
    (b"", {}, "rsync failed with status 23"),
    (SENDER + b'send_files failed to open "/mnt/aws/i-1/console.log": Permission denied (13)\n'
     + SENDER + b'send_files failed to open "/mnt/aws/i-1/screenshot.jpg": Host is down (112)\n',
     {"i-1": "console.log: Permission denied; screenshot.jpg: Host is down"}, ""),
    (SENDER + b'link_stat "/mnt/aws/i-2" failed: No such file or directory (2)\n',
     {"i-2": "No such file or directory"}, ""),
    (SENDER + b"out of memory\n", {}, "rsync: [sender] out of memory"),
    (b"file has vanished: \"/mnt/aws/i-1/x\"\n", {}, "rsync failed with status 23")])
def test_what_rsync_prints_is_shared_out_among_instances(errors, failures, general):
    assert rsync.explain(23, errors, ["i-1", "i-2"]) == (failures, general)


def test_of_one_instance_every_error_is_its_own():
    errors = SENDER + b'opendir "/mnt/a\\#012b/i 1" failed: Permission denied (13)\n'
    assert rsync.explain(23, errors, ["i%201"]) == ({"i%201": "Permission denied"}, "")


def test_what_the_receiver_prints_is_about_the_destination():
    with pytest.raises(rsync.CannotWrite, match="No space left"):
        rsync.explain(11, b'rsync: [receiver] write failed on "/x": No space left on device (28)\n', ["i-1"])


@pytest.mark.parametrize("files, failure, error, unwoken, status, reason", [
    (2, "", "", "", "fetched", ""),
    (0, "", "", "", "skipped", "nothing to fetch"),
    (0, "No such file or directory", "", "", "skipped", "gone since it was listed"),
    (1, "x.jpg: Permission denied", "code:    Denied\nmessage: -\n", "", "failed",
     "x.jpg: Permission denied (Denied)"),
    (1, "x.jpg: Permission denied", "code: A\nmessage: \x1bB\n", "busy", "failed",
     "x.jpg: Permission denied (A: ?B); wake: busy"),
    (1, "", "code: A\n", "busy", "failed", "wake: busy")])
def test_a_result_has_its_reason(files, failure, error, unwoken, status, reason):
    (one,) = instances("i-1")
    result = outcome.conclude(one, "{}", files, failure, error, unwoken)
    assert (result.status, result.reason) == (status, reason)


@pytest.mark.parametrize("info", ["", "[]", "{", "[" * 100000, '{"name": 5, "state": null}'])
def test_a_broken_info_json_says_nothing(info):
    assert set(outcome.parse_info(info).values()) == {""}


@pytest.mark.parametrize("name", ["web", 'a\t"b"\\\n', "\x00\x7f", "\ud83d", "x" * outcome.NAME_MAX])
def test_a_result_survives_its_line(name):
    result = outcome.Result("failed", "aws", "i-1", "running", "r", "t", "", name, "2", "why")
    line = result.line()
    assert line.isascii() and line.count("\n") == 1 and line.count("\t") == 9
    assert outcome.parse_line(line.rstrip("\n")) == result


@pytest.mark.parametrize("line", ["", "fetched\taws\ti-1", "\t" * 10])
def test_a_line_that_is_not_whole_is_no_result(line):
    assert outcome.parse_line(line) is None


def test_what_a_killed_run_has_recorded_is_known_and_failures_are_not(tmp_path):
    def opened():
        place = destination.Destination(str(tmp_path))
        place.begin()
        return place

    one, two = (outcome.conclude(each, "{}", 1, failure)
                for each, failure in zip(instances("i-1", "i-2"), ("", "Host is down")))
    first = opened()
    assert first.recorded() == {}
    first.record([one, two])
    (log,) = (log for log in tmp_path.glob(".unfinished/results/*.log") if log.name != "kept.log")
    log.write_text(log.read_text() + "fetched\taws\ti-3")
    for _ in range(2):
        assert set(opened().recorded()) == {"aws/i-1"}


def test_links_are_made_of_files_with_the_same_content_alone(tmp_path):
    for run, changed in (("old", b"1"), ("new", b"2")):
        (tmp_path / run / "aws").mkdir(parents=True)
        for name, text in (("same", b"0" * 300000), ("empty", b""), ("changed", changed),
                           (f"in {run}", b"x")):
            (tmp_path / run / "aws" / name).write_bytes(text)
    (tmp_path / "new/linked").symlink_to("aws/same")
    for _ in range(2):
        assert linking.link_unchanged(f"{tmp_path}/new", f"{tmp_path}/old", str(tmp_path))
        linked = {path.name for path in (tmp_path / "new").rglob("*") if path.stat().st_nlink == 2
                  and path.is_file() and not path.is_symlink()}
        assert linked == {"same", "empty"}
        assert {path.name for path in tmp_path.iterdir()} == {"old", "new"}


def test_options_may_stand_anywhere(monkeypatch):
    monkeypatch.setenv("POSIXLY_CORRECT", "1")
    parsed = options.parse(["a", "--keep", "007", "b", "-s", "0/3", "c", "--wake"])
    assert (parsed.sources, parsed.dest) == (["a", "b"], "c")
    assert (parsed.keep, parsed.shard, parsed.shards, parsed.wake, parsed.jobs) == (7, 0, 3, True, 8)


@pytest.mark.parametrize("string, shown", [
    ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;"), ("a\tb", "a b"), ("\x1b\x85\ud800", "\ufffd" * 3)])
def test_text_of_the_sheet_is_escaped(string, shown):
    assert sheet.text(string) == shown


@pytest.mark.parametrize("string, seconds", [
    ("1970-01-02T00-00-01Z", 86401), ("2026-11-21T20:13:48.000Z", 1795292028)])
def test_the_sheet_reads_the_time_of_runs_and_of_clouds(string, seconds):
    assert sheet.moment(string).timestamp() == seconds


@pytest.mark.parametrize("string", ["", "yesterday", "2026-13-40T00:00:00Z", "٢٠٢٦-01-01T00:00:00Z"])
def test_what_is_not_a_time_is_none(string):
    assert sheet.moment(string) is None


@pytest.mark.parametrize("seconds, shown", [(119, "119 s"), (120, "2 min"), (7200, "2 h"), (172800, "2 d")])
def test_ages_are_short(seconds, shown):
    assert sheet.age(seconds) == shown


def test_progress_tells_how_long_it_takes_yet(monkeypatch):
    shown, now = [], [0.0]
    monkeypatch.setattr(progress, "show", shown.append)
    monkeypatch.setattr(progress.os, "isatty", lambda _: True)
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    line = progress.Progress()
    line.begin(100, "fetched")
    now[0] = 10.0
    line.add(10, 1)
    assert shown == ["\r\033[Kconsolefs-archive: 10 of 100 fetched, 1 failed, 1:30 left"]
