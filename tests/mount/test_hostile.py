# SPDX-License-Identifier: MIT
"""Answers that no cloud should give: DESIGN's "Bad message, or the one bad instance left out with a
log line; never a crash, never a wrong file." The mount ends with status 0 under sanitizers, or its
fixture says so."""

import base64
import json
import os
import re

import pytest

from lib import fleet
from lib.doing import errno_of, fails, read, shell
from lib.fleet import instances
from lib.mount import Mount
from lib.scripted import (AWS_KEYS, NAMESPACE, REQUEST_ID, TENCENT_KEYS, ScriptedCloud, cvm_error,
                          cvm_listing, ec2_error, ec2_item, ec2_listing, ec2_screenshot)

ONE, TWO = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb"
C_ONE, C_TWO = "ins-aaaaaaaa", "ins-bbbbbbbb"


def jpeg(frame=b"\x08\x02\x58\x03\x20\x01\x01\x11\x00", data=bytes(1000), end=b"\xff\xd9"):
    """A grey JPEG of 800x600: as whole as one can be without anything to see in it."""
    return (b"\xff\xd8\xff\xc0" + (len(frame) + 2).to_bytes(2, "big") + frame +
            b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + data + end)


JPEG = jpeg()


def ec2_of(answer, more=()):
    """A mount of one scripted EC2, and the cloud."""
    return _Both(answer, "aws", AWS_KEYS, more)


def cvm_of(answer, more=()):
    return _Both(answer, "tencent", TENCENT_KEYS, more)


class _Both:
    def __init__(self, answer, name, keys, more):
        self.cloud = ScriptedCloud(answer if callable(answer) else lambda request: answer)
        self.mount = Mount(options=[*self.cloud.options(name), f"{name}.timeout=3", *more],
                           keys=False, env=keys)
        self.path = self.mount.path / name

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        try:
            self.mount.__exit__(*exception)
        finally:
            self.cloud.__exit__(*exception)


# Ids that are none

BAD_IDS = ["../x", "long", "", "i-0123/../../etc", "i-", ".", "..", "ins-..", "i-0\\n", "I-0123",
           "a b", "%2e%2e%2f"]


@pytest.mark.parametrize("bad", BAD_IDS)
def test_an_id_that_is_none_leaves_its_instance_out_with_a_log_line(sim, mount, bad):
    cloud = sim(rate_scale=0, faults=[f"DescribeInstances:badid={bad}"])
    mounted = mount(cloud)
    mounted.allow(r"^consolefs: (aws|tencent): .*(left out|leaving out|no id|not an id|instance)")
    assert len(instances(mounted.aws)) == 19
    assert len(instances(mounted.tencent)) == 20
    for name in ("aws", "tencent"):
        lines = [line for line in mounted.events() if line.startswith(f"consolefs: {name}: ")]
        assert len(lines) == 1 and len(lines[0]) < 300 and lines[0].isprintable()
        assert "condition:   working\n" in (mounted.path / name / "status").read_text()
        names = os.listdir(mounted.path / name)
        assert not [one for one in names if not re.fullmatch(
            r"i-0[0-9a-f]{16}|ins-[0-9a-z]{8}|[a-z-]+", one)]
    assert read(mounted.aws / fleet.aws(0) / "screenshot.jpg")


@pytest.mark.parametrize("bad", ["i-0\x01", "i-0\ud83d", "i-\xff\xfe", "\u202ei-0", "\n", "i-0\t"])
def test_an_id_of_strange_bytes_is_left_out_too(bad):
    encoded = bad.encode("utf-8", "replace").decode()
    item = {"InstanceId": encoded, "InstanceState": "RUNNING"}
    with cvm_of((200, cvm_listing([C_ONE, item, C_TWO], total=3))) as both:
        both.mount.allow("^consolefs: tencent: ")
        assert instances(both.path) == [C_ONE, C_TWO]
        assert len(both.mount.events()) == 1
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", both.mount.log_text())


def test_an_instance_without_an_id_is_left_out():
    item = ec2_item(TWO).replace(f"<instanceId>{TWO}</instanceId>", "")
    with ec2_of((200, ec2_listing([item, ONE]))) as both:
        both.mount.allow("^consolefs: aws: ")
        assert instances(both.path) == [ONE]
    strange = [{}, {"InstanceId": None}, {"InstanceId": 5}, {"InstanceId": [C_TWO]}]
    with cvm_of((200, cvm_listing([*strange, C_ONE], total=5))) as both:
        both.mount.allow("^consolefs: tencent: ")
        assert instances(both.path) == [C_ONE]


def test_an_id_that_comes_twice_is_one_instance():
    with ec2_of((200, ec2_listing([ONE, ONE, TWO, ONE]))) as both:
        assert instances(both.path) == [ONE, TWO]
        assert "2 instances" in (both.path / "status").read_text()
    with cvm_of((200, cvm_listing([C_ONE, C_ONE, C_TWO]))) as both:
        assert instances(both.path) == [C_ONE, C_TWO]


def test_another_instance_than_the_one_asked_for_is_not_it():
    with ec2_of((200, ec2_listing([TWO]))) as both:
        assert errno_of((both.path / ONE).stat) in ("ENOENT", "EBADMSG")
        assert errno_of((both.path / TWO).stat) == "OK"
    with cvm_of((200, cvm_listing([C_TWO]))) as both:
        assert errno_of((both.path / C_ONE).stat) in ("ENOENT", "EBADMSG")


def test_the_screenshot_of_another_instance_is_not_shown():
    def answer(request):
        if request.action == "DescribeInstances":
            return 200, ec2_listing([ONE])
        return 200, ec2_screenshot(TWO, JPEG)
    with ec2_of(answer) as both, fails("EBADMSG"):
        read(both.path / ONE / "screenshot.jpg")


# Names and tags of strangers

HOSTILE = ["", "../../etc/passwd", "a\"b\\c", "</script><script>alert(1)</script>", "\u202egpj.exe",
           "tab\there", "line\nbreak", "caf\u00e9 \U0001f600", "x" * 255, "\u9577" * 128,
           "$(id) `id` ; rm -rf /", "&amp; &lt;", "'; DROP TABLE--", "\x7f", "\ufffd",
           "C1 \x9b31m", "zero\u200bwidth", "\ufeffmark", "\u2028\u2029\u2066", "tag\U000e0041"]
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e"
                         "\u2060-\u206f\ufeff\U000e0000-\U000e007f]")


def read_info(path):
    """info.json, which nothing in it changes a terminal with."""
    text = (path / "info.json").read_text("utf-8")
    assert not UNPRINTABLE.search(text)
    return json.loads(text)


def test_hostile_names_and_tags_are_escaped_in_info_json():
    tags = {f"key {number} {text}"[:127]: text for number, text in enumerate(HOSTILE)}
    items = [ec2_item(f"i-0{number:016x}", tags={"Name": text, **tags})
             for number, text in enumerate(HOSTILE)]
    with ec2_of((200, ec2_listing(items))) as both:
        assert len(instances(both.path)) == len(HOSTILE)
        for number, text in enumerate(HOSTILE):
            info = read_info(both.path / f"i-0{number:016x}")
            # XML itself folds the ends of lines, and has no other control bytes.
            assert info["name"] == text.replace("\r", "\n")
            assert info["tags"] == {"Name": text, **tags}
    items = [{"InstanceId": f"ins-{number:08}", "InstanceName": text, "InstanceState": "RUNNING",
              "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
             for number, text in enumerate([*HOSTILE, "\x01\x1b[31m"])]
    with cvm_of((200, cvm_listing(items))) as both:
        for number, item in enumerate(items):
            info = read_info(both.path / f"ins-{number:08}")
            assert info["name"] == item["InstanceName"] and info["tags"] == tags


# What a service may let through, and a parser does not: as bytes, and as references or escapes.
NO_CHARACTERS = [b"\x00", b"\x08", b"\x1b[31m", b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xef\xbf\xbf"]
NO_XML_REFERENCES = [b"&#x8;", b"&#0;", b"&#xD83D;", b"&#xFFFF;", b"&bogus;", b"R&D", b"]]>"]
NO_JSON_ESCAPES = [b"\\u0000", b"\\ud800", b"\\udc00\\ud83d", b"C:\\path", b"\\u12", b"\n\t"]


def test_one_strangers_bytes_hide_no_fleet():
    """In a tag, in a name; where they come in pieces of the stream is for the unit tests."""
    text = b"MARK".join(NO_CHARACTERS + NO_XML_REFERENCES)
    item = ec2_item(ONE, tags={"Name": "a MARK", "note MARK": "MARK z"})
    listing = ec2_listing([item, TWO]).encode().replace(b"MARK", text)
    with ec2_of((200, listing)) as both:
        assert instances(both.path) == [ONE, TWO]
        info = json.loads((both.path / ONE / "info.json").read_text())
        assert info["tags"]["Name"] == info["name"]
        assert "\ufffd" in info["name"] and "R&D" in info["name"] and "\x08" not in info["name"]
        assert read(both.path / "status")
    text = b"MARK".join(NO_CHARACTERS + NO_JSON_ESCAPES)
    item = {"InstanceId": C_ONE, "InstanceName": "a MARK", "InstanceState": "RUNNING",
            "Tags": [{"Key": "note MARK", "Value": "MARK z"}]}
    listing = cvm_listing([item, C_TWO]).encode().replace(b"MARK", text)
    with cvm_of((200, listing)) as both:
        assert instances(both.path) == [C_ONE, C_TWO]
        info = json.loads((both.path / C_ONE / "info.json").read_text())
        assert "\ufffd" in info["name"] and "C:\\path" in info["name"]
        assert "\x08" not in info["name"]
        assert list(info["tags"]) == [info["name"].replace("a ", "note ", 1)]


def test_the_fleets_hostile_names_break_nothing(sim, mount):
    mounted = mount(sim(instances=400, rate_scale=0))
    for cloud in (mounted.aws, mounted.tencent):
        done = shell('cat "$1"/i*/info.json', cloud)
        assert done.returncode == 0 and done.stdout.count('"id":') >= 399
        for info in fleet.infos(cloud).values():
            assert set(info) >= {"id", "name", "region", "state", "type", "tags"}


def test_a_tag_that_comes_twice_is_one_member():
    item = ec2_item(ONE, tags={"a": "1"}).replace(
        "</tagSet>", "<item><key>a</key><value>2</value></item></tagSet>")
    with ec2_of((200, ec2_listing([item]))) as both:
        text = (both.path / ONE / "info.json").read_text()
        assert text.count('"a":') == 1
        assert json.loads(text)["tags"]["a"] in ("1", "2")


def test_a_message_of_the_cloud_is_one_line_wherever_it_is_shown():
    message = "first\nconsolefs: aws: forged\x1b[31m \u202e " + "x" * 5000
    clean = message.replace("\x1b", "\N{SYMBOL FOR ESCAPE}")

    def answer(request):
        if request.action == "DescribeInstances":
            return 200, cvm_listing([C_ONE]) if request.cvm else ec2_listing([ONE])
        return (200, cvm_error("Internal\nError" * 40, message)) if request.cvm else \
            (403, ec2_error("Unauthorized\nOperation" * 40, clean))

    for both, path in ((ec2_of(answer), f"{ONE}/screenshot.jpg"),
                       (cvm_of(answer), f"{C_ONE}/vnc_url")):
        with both:
            assert errno_of(read, both.path / path) not in ("OK", "ENOENT")
            error = (both.path / path).with_name("error").read_text()
            for text in (error, both.mount.log_text(), (both.path / "status").read_text()):
                assert len(text) < 4096
                assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
            assert error.count("\n") == 7
            assert len(both.mount.events()) == 1


# Answers that are none

NO_XML = {
    "empty": "",
    "text": "neither XML nor JSON",
    "html": "<html><body><h1>Sign in to the hotel's network</h1></body></html>",
    "half": ec2_listing([ONE])[:-40],
    "another document": ec2_screenshot(ONE, JPEG),
    "bytes": bytes(range(256)) * 8,
    "nul": b"\0" * 1000,
    "two roots": ec2_listing([ONE]) + ec2_listing([TWO]),
    "json": cvm_listing([C_ONE]),
    "entities": ('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
                 '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>') +
                ec2_listing([ec2_item(ONE, more="<keyName>&c;</keyName>")]).partition("?>\n")[2],
    "external entity": ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>') +
                       ec2_listing([ec2_item(ONE, more="<keyName>&a;</keyName>")]
                                   ).partition("?>\n")[2],
    "deep": "<a>" * 100000,
    "long name": f"<{'a' * 200000}/>",
    "many attributes": "<a " + " ".join(f'a{n}="{n}"' for n in range(50000)) + "/>",
}


@pytest.mark.parametrize("text", NO_XML.values(), ids=NO_XML)
def test_garbage_for_xml_is_bad_message(text):
    with ec2_of((200, text)) as both:
        with fails("EBADMSG", "EFBIG"):
            os.listdir(both.path)
        # What was read of it before the damage is known since; that it is not there nobody said.
        assert errno_of((both.path / ONE).stat) != "ENOENT"
        assert "not working" in (both.path / "status").read_text()
        assert "root:" not in both.mount.log_text()


NO_JSON = {
    "empty": "",
    "text": "neither XML nor JSON",
    "html": "<html><body><h1>Sign in to the hotel's network</h1></body></html>",
    "half": cvm_listing([C_ONE])[:-10],
    "null": "null",
    "array": "[]",
    "number": "5",
    "no response": "{}",
    "null response": '{"Response": null}',
    "response of another kind": '{"Response": [1, 2]}',
    "null set": '{"Response": {"TotalCount": 1, "InstanceSet": null}}',
    "set of another kind": '{"Response": {"TotalCount": 1, "InstanceSet": {"a": 1}}}',
    "nul": b"\0" * 1000,
    "bytes": bytes(range(256)) * 8,
    "deep": "[" * 100000,
    "deep object": '{"a":' * 100000,
    "xml": ec2_listing([ONE]),
    "two documents": cvm_listing([C_ONE]) + cvm_listing([C_TWO]),
}


@pytest.mark.parametrize("text", NO_JSON.values(), ids=NO_JSON)
def test_garbage_for_json_is_bad_message(text):
    with cvm_of((200, text)) as both:
        with fails("EBADMSG", "EFBIG"):
            os.listdir(both.path)
        assert errno_of((both.path / C_ONE).stat) in ("EBADMSG", "EFBIG", "ENOENT")
        assert "not working" in (both.path / "status").read_text()


IMAGES = {
    "none": ("", "ENODATA"), "text": (b"This is no picture.", "EBADMSG"),
    "html": (b"<html>", "EBADMSG"), "png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "EBADMSG"),
    "almost": (b"\xff\xd8", "EBADMSG"), "its first bytes": (b"\xff\xd8\xff", "EBADMSG"),
    "nothing between": (b"\xff\xd8\xff\xe0" + bytes(1000) + b"\xff\xd9", "EBADMSG"),
    "no data": (jpeg(data=b""), "EBADMSG"), "half": (JPEG[:500], "EBADMSG"),
    "no end": (jpeg(end=b""), "EBADMSG"),
    "no size": (jpeg(frame=b"\x08" + bytes(4) + b"\x01\x01\x11\x00"), "EBADMSG"),
    "too large": (jpeg(data=bytes(1 << 20)), "EFBIG"),
    "as large as may be": (jpeg(data=bytes((1 << 20) - len(jpeg(data=b"")))), "OK"),
    "small": (JPEG, "OK"), "with more behind it": (JPEG + bytes(100), "OK"),
}


@pytest.mark.parametrize("image, name", IMAGES.values(), ids=IMAGES)
def test_an_image_that_is_no_image_is_never_a_file(image, name):
    def answer(request):
        if request.action == "DescribeInstances":
            return 200, ec2_listing([ONE])
        return 200, ec2_screenshot(ONE, image or b"")
    with ec2_of(answer) as both:
        path = both.path / ONE / "screenshot.jpg"
        assert errno_of(read, path) == name
        if name == "OK":
            assert read(path) == image
        elif name == "EBADMSG":
            assert "not a whole JPEG image" in path.with_name("error").read_text()


def test_a_link_that_is_no_link_is_never_shown():
    values = ["", "http://example.com/\n<script>", "x y", "\x01", "a" * 20000, None, 5, ["x"], {}]
    said = {}

    def answer(request):
        if request.action == "DescribeInstances":
            return 200, cvm_listing([C_ONE])
        return 200, json.dumps({"Response": {"InstanceVncUrl": said["now"],
                                             "RequestId": REQUEST_ID}})
    with cvm_of(answer) as both:
        for value in values:
            said["now"] = value
            name = errno_of(read, both.path / C_ONE / "vnc_url")
            if name == "OK":
                text = (both.path / C_ONE / "vnc_url").read_text()
                assert re.fullmatch(r"https://[!-~]+\n", text), (value, text)
                assert "<" not in text
            else:
                assert name in ("EBADMSG", "EFBIG", "ENODATA"), value


# Listings without an end

def test_a_listing_that_hands_out_one_token_for_ever_ends():
    with ec2_of((200, ec2_listing([ONE], token="again"))) as both:
        with fails("EBADMSG"):
            os.listdir(both.path)
        assert len(both.cloud.requests) <= 3
        assert "does not end" in both.mount.log_text()


def test_empty_pages_with_a_token_are_gone_through():
    """Documented: "a short or empty page may carry one"."""
    def answer(request):
        page = int(request.params.get("NextToken", "0"))
        return 200, ec2_listing([ONE] if page == 5 else [], str(page + 1) if page < 9 else None)
    with ec2_of(answer) as both:
        assert instances(both.path) == [ONE]
        assert len(both.cloud.requests) == 10


def test_a_total_that_never_comes_ends():
    """A TotalCount past what the pages hold."""
    with cvm_of(lambda request: (200, cvm_listing([] if request.params.get("Offset") else [C_ONE],
                                                  total=1000000))) as both:
        assert errno_of(os.listdir, both.path) in ("OK", "EBADMSG")
        assert len(both.cloud.requests) <= 3
        if errno_of(os.listdir, both.path) == "OK":
            assert instances(both.path) == [C_ONE]


@pytest.mark.parametrize("total", [-1, 1e300, "many", None, 2.5])
def test_a_total_that_is_no_count(total):
    listing = json.loads(cvm_listing([C_ONE]))
    listing["Response"]["TotalCount"] = total
    with cvm_of((200, json.dumps(listing))) as both:
        assert errno_of(os.listdir, both.path) in ("OK", "EBADMSG")
        assert len(both.cloud.requests) <= 2


def test_a_token_that_is_too_long():
    with ec2_of(lambda request: (200, ec2_listing(
            [ONE], None if "NextToken" in request.params else "t" * 5000))) as both:
        assert errno_of(os.listdir, both.path) in ("EBADMSG", "EFBIG")


# Too much of everything

def test_fields_that_are_too_long_break_nothing():
    item = ec2_item(ONE, kind="t" * 100000, more=f"<keyName>{'k' * 100000}</keyName>",
                    tags={"Name": "n" * 100000, "k" * 100000: "v" * 100000})
    with ec2_of((200, ec2_listing([item, TWO]))) as both:
        both.mount.allow("^consolefs: aws: ")
        name = errno_of(os.listdir, both.path)
        assert name in ("OK", "EBADMSG", "EFBIG")
        if name == "OK":
            assert TWO in instances(both.path)
            for one in instances(both.path):
                json.loads((both.path / one / "info.json").read_text())


def test_more_tags_than_any_cloud_gives_break_nothing():
    tags = {f"key-{number}": "v" * 255 for number in range(2000)}
    with ec2_of((200, ec2_listing([ec2_item(ONE, tags=tags), TWO]))) as both:
        both.mount.allow("^consolefs: aws: ")
        assert TWO in instances(both.path)
        for one in instances(both.path):
            json.loads((both.path / one / "info.json").read_text())


@pytest.mark.parametrize("action, path", [("DescribeInstances", ""),
                                          ("GetConsoleScreenshot", "/screenshot.jpg"),
                                          ("GetConsoleOutput", "/console.log"),
                                          ("DescribeInstanceVncUrl", "/vnc_url")])
@pytest.mark.parametrize("fault", ["garbage", "oversize", "truncate", "empty"])
def test_the_simulators_own_spoilt_answers(sim, mount, action, path, fault):
    cloud = sim(rate_scale=0, faults=[f"{action}:{fault}"])
    mounted = mount(cloud, options=["aws.timeout=20", "tencent.timeout=20"])
    mounted.allow("^consolefs: (aws|tencent): ")
    clouds = [mounted.tencent] if "Vnc" in action else [mounted.aws] if path else \
        [mounted.aws, mounted.tencent]
    for one in clouds:
        if path:
            instance = fleet.aws(0) if one == mounted.aws else fleet.cvm(0)
            result = errno_of(read, one / (instance + path))
            fine = fault == "empty" and path == "/console.log"
        else:
            result = errno_of(os.listdir, one)
            # One field that is too long spoils one instance and no more.
            fine = fault in ("empty", "oversize")
        assert result in {"garbage": ["EBADMSG"], "oversize": ["EFBIG", "EBADMSG"],
                          "truncate": ["ECONNRESET"], "empty": ["ENODATA"]}[fault] or (
                              fine and result == "OK"), (one.name, result)


# A log that is not text

LOGS = {"not UTF-8": bytes(range(256)) * 4, "escapes": b"\x1b[2J\x1b]0;title\x07\r\n" * 100,
        "as large as may be": b"x" * 65536}


@pytest.mark.parametrize("text", LOGS.values(), ids=LOGS)
def test_a_console_log_is_passed_on_as_it_is(text):
    def answer(request):
        if request.action == "DescribeInstances":
            return 200, ec2_listing([ONE])
        wrapped = base64.encodebytes(text).decode()
        return 200, (f'<GetConsoleOutputResponse xmlns="{NAMESPACE}"><requestId>{REQUEST_ID}'
                     f"</requestId><instanceId>{ONE}</instanceId><output>{wrapped}</output>"
                     "</GetConsoleOutputResponse>")
    with ec2_of(answer) as both:
        assert read(both.path / ONE / "console.log") == text


def test_the_wrong_kind_of_server_breaks_nothing():
    """Statuses that no API answers with, and a body all the same."""
    for status in (204, 301, 304, 400, 404, 407, 418):
        with ec2_of((status, "" if status in (204, 304) else "<p>what?</p>")) as both:
            assert errno_of(os.listdir, both.path) in ("EBADMSG", "EACCES", "EREMOTEIO", "EINVAL")
