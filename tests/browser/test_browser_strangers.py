# SPDX-License-Identifier: MIT
"""Files that machines and clouds fill, opened in a browser: markup in them is text, and no script of theirs runs."""

import base64

import pytest

from browser import Browser
from lib.doing import errno_of, read
from lib.mount import Mount
from lib.scripted import AWS_KEYS, NAMESPACE, REQUEST_ID, ScriptedCloud, ec2_listing, ec2_screenshot

# In the order in which they are listed: the console's log is the first's; the second's picture is none.
ONE, TWO = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb"
SCRIPT = "<script>console.error('ran'); document.title = 'ran'</script>"
LOGS = {
    "html": f"<!DOCTYPE html><html><body>{SCRIPT}</body></html>",
    "tag": f"<body onload=\"console.error('ran')\">{SCRIPT}",
    "svg": f'<svg xmlns="http://www.w3.org/2000/svg">{SCRIPT}</svg>',
    "xhtml": f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">{SCRIPT}</html>',
    "mhtml": "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/html"
             f"\r\n\r\n<html>{SCRIPT}</html>\r\n--x--\r\n",
    "boot": f"[    0.000000] Linux version 6.1\r\n{SCRIPT}",
}

# To a text of less than 1,024 bytes, where it looks for the type, Chromium adds NULs up to there.
LOGS = {name: text + "\n" + "[    1.000000] a line of the console\n" * 40 for name, text in LOGS.items()}


def polyglot():
    """A whole JPEG of 8x8 whose comment is a page."""
    page = LOGS["html"].encode()
    table = b"\xff\xdb\x00\x43\x00" + b"\x01" * 64
    frame = b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"
    codes = b"".join(b"\xff\xc4\x00\x14" + kind + b"\x01" + bytes(15) + b"\x00" for kind in (b"\x00", b"\x10"))
    return (b"\xff\xd8\xff\xfe" + (len(page) + 2).to_bytes(2, "big") + page + table + frame + codes +
            b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x3f" + b"\xff\xd9")


@pytest.fixture(name="cloud", scope="module")
def cloud_of_strangers():
    log = {"text": ""}

    def answer(request):
        if request.action == "DescribeInstances":
            return 200, ec2_listing([ONE, TWO])
        if request.action == "GetConsoleScreenshot":
            return 200, ec2_screenshot(request.ids[0],
                                       polyglot() if request.ids == [ONE] else LOGS["html"].encode())
        return 200, (f'<GetConsoleOutputResponse xmlns="{NAMESPACE}"><requestId>{REQUEST_ID}</requestId>'
                     f"<instanceId>{request.ids[0]}</instanceId><output>"
                     f"{base64.b64encode(log['text'].encode()).decode()}</output></GetConsoleOutputResponse>")
    with ScriptedCloud(answer) as cloud, \
            Mount(options=[*cloud.options(), "aws.rate=1000"], keys=False, env=AWS_KEYS) as mount:
        mount.log, mount.index = log, mount.path / "index.html"
        yield mount


@pytest.mark.parametrize("types", ["known", "unknown"])
def test_what_a_machine_writes_is_never_a_page(cloud, tmp_path, types):
    """Whether the system knows the types of files by their names or not."""
    env = {"XDG_DATA_DIRS": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)} if types == "unknown" else {}
    one = cloud.aws / ONE
    with Browser(**env) as browser:
        for text in LOGS.values():
            cloud.log["text"] = text
            browser.open(one / "console.log")
            assert browser.eval("document.contentType") in ("text/plain", "text/x-log")
            assert browser.eval("document.body.children.length") == 1
            assert browser.eval("document.querySelector('body > pre').textContent") == text.replace("\r\n", "\n")
        browser.open(one / "screenshot.jpg")
        assert browser.eval("document.contentType") == "image/jpeg"
        assert browser.eval("document.querySelectorAll('script').length") == 0
        assert browser.eval("document.images[0].naturalWidth") == 8


def test_the_gallery_leads_to_the_text(cloud):
    cloud.log["text"] = LOGS["html"]
    with Browser() as browser:
        browser.open(cloud.index)
        browser.ask("click", selector=f"a[href$='{ONE}/console.log']")
        browser.wait("location.pathname.endsWith('/console.log') && document.querySelector('body > pre')")
        assert browser.eval("document.title") != "ran"


def test_a_picture_that_is_a_page_is_no_file(cloud):
    assert errno_of(read, cloud.aws / TWO / "screenshot.jpg") == "EBADMSG"
    assert read(cloud.aws / ONE / "screenshot.jpg") == polyglot()
