# SPDX-License-Identifier: MIT
"""Names and texts of strangers: they break nothing, and run nothing."""

import html.parser
import json
import os
import re
import urllib.parse

import pytest

from archiving import archive, instances, runs, showing

NAMES = [b"a b", b"-rf", b"--delete", b"$(touch owned)", b"`touch owned`", b";touch owned;", b"new\nline",
         b"tab\there", b"'", b'"', b"\\", b"\\#012", b"*", b"?", b"[a]", b"%41", b"%", b"&amp;", b"<b>", b"...",
         b".hidden", b"\xff\xfe", "\u202egpj.exe".encode(), b"\x1b[2J", b"x" * 80, b"a:b", b"host::module",
         b"#", b"~", b"{a,b}", b"{}", b"!", b"a\r"]


def make_mount(source, clouds):
    """What looks like a mount, of names that no cloud gives: {cloud: [instance...]}."""
    for cloud, names in clouds.items():
        for name in names:
            one = os.path.join(os.fsencode(source), cloud, name)
            os.makedirs(one)
            for file, text in ((b"console.log", b"log of " + name), (b"error", b""), (b"vnc_url", b"secret"),
                               (b"info.json", b"{}\n")):
                with open(os.path.join(one, file), "wb") as out:
                    out.write(text)
        with open(os.path.join(os.fsencode(source), cloud, b"status"), "w") as out:
            out.write("condition:   working\n")


def check_kept(dest, clouds):
    (run,) = runs(dest)
    kept = {}
    # Neither an option nor hidden where `*` stands.
    assert not [path for path in run.glob("**/*") if path.name.startswith(("-", "."))]
    for path in run.glob("*/*/console.log"):
        cloud, one = (urllib.parse.unquote_to_bytes(part) for part in path.parts[-3:-1])
        assert path.read_bytes() == b"log of " + one
        kept.setdefault(cloud, set()).add(one)
        assert {file.name for file in path.parent.iterdir()} == {"console.log", "error", "info.json"}
    assert kept == {cloud: set(names) for cloud, names in clouds.items()}
    text = (run / "summary").read_bytes() + (run / "index.html").read_bytes()
    assert not re.search(rb"[^\n -~]", (run / "summary").read_bytes())
    assert b"\x1b" not in text
    return run


def test_names_of_any_bytes_are_kept_percent_encoded(tmp_path):
    clouds = {b"aws": NAMES}
    make_mount(tmp_path / "mount", clouds)
    done = archive("--jobs", "4", tmp_path / "mount", tmp_path / "kept", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    check_kept(tmp_path / "kept", clouds)
    assert set(os.listdir(tmp_path)) == {"mount", "kept"}


def test_clouds_of_any_bytes_are_kept_percent_encoded(tmp_path):
    clouds = {name: [b"i-1", b"i 2"] for name in NAMES}
    make_mount(tmp_path / "mount", clouds)
    done = archive(tmp_path / "mount", tmp_path / "kept", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    check_kept(tmp_path / "kept", clouds)


def test_names_of_any_bytes_are_shared_out_whole(tmp_path):
    make_mount(tmp_path / "mount", {b"aws": NAMES})
    found = []
    for shard in range(3):
        assert archive("-s", f"{shard}/3", tmp_path / "mount", tmp_path / "kept").returncode == 0
        (run,) = runs(tmp_path / "kept" / f"shard-{shard}-of-3")
        found += [urllib.parse.unquote_to_bytes(path.parent.name) for path in run.glob("*/*/console.log")]
    assert sorted(found) == sorted(NAMES)


@pytest.mark.parametrize("name", [b"-x y", b"new\nline\n", b"$(touch owned)", b"a:b", b"\xff", b"*", b"'\"\\ "])
def test_the_paths_may_have_any_bytes(tmp_path, name):
    source, dest = os.fsencode(tmp_path) + b"/s" + name, os.fsencode(tmp_path) + b"/d" + name
    clouds = {b"aws": [b"i-1", b"i-2", b"new\nline"]}
    make_mount(os.fsdecode(source), clouds)
    for _ in range(2):
        done = archive(source, dest, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    first, second = runs(os.fsdecode(dest))
    # Links too.
    assert os.path.samefile(first / "aws/i-1/console.log", second / "aws/i-1/console.log")
    assert (second / "aws/new%0Aline/console.log").read_bytes() == b"log of new\nline"
    assert set(os.listdir(os.fsencode(tmp_path))) == {b"s" + name, b"d" + name}


def test_relative_paths_that_begin_with_a_dash_are_paths(tmp_path):
    make_mount(tmp_path / "-mount", {b"aws": [b"i-1"]})
    assert archive("--", "-mount", "-kept", cwd=tmp_path).returncode == 0
    check_kept(tmp_path / "-kept", {b"aws": [b"i-1"]})


def test_links_to_elsewhere_are_not_followed(tmp_path):
    """by-name is one, and a mount may come to have others."""
    make_mount(tmp_path / "mount", {b"aws": [b"i-1"]})
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/info.json").write_text("{}")
    (tmp_path / "secret/status").write_text("")
    (tmp_path / "mount/link").symlink_to(tmp_path / "secret")
    (tmp_path / "mount/aws/i-2").symlink_to(tmp_path / "secret")
    (tmp_path / "mount/aws/i-1/other").symlink_to(tmp_path / "secret/info.json")
    assert archive(tmp_path / "mount", tmp_path / "kept").returncode == 0
    check_kept(tmp_path / "kept", {b"aws": [b"i-1"]})


class Page(html.parser.HTMLParser):
    """The elements and texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.names, self.alts, self.urls, self.stack = [], [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        attrs = dict(attrs)
        assert not any(name.startswith("on") or name == "style" for name in attrs), attrs
        self.urls += [attrs[name] for name in ("href", "src") if name in attrs]
        if tag == "bdi":
            self.names.append("")
        if tag == "img":
            self.alts.append(attrs["alt"])
        if tag not in ("meta", "img"):
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if "bdi" in self.stack:
            self.names[-1] += data
        self.texts.append(data)


KNOWN = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "time", "p", "a", "ul", "li",
         "img", "div", "bdi", "b", "span"}


def blank(name):
    """A name with blanks for what a page cannot have, and for what stands in its place."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffd]", " ", name)


def check_page(run):
    text = (run / "index.html").read_text()
    assert not re.search("[\u200e\u200f\u2028-\u202e\u2066-\u2069]", text)
    page = Page(text)
    assert set(page.tags) <= KNOWN and page.stack == []
    for url in page.urls:
        assert not re.match(r"[a-z]+:|//|/", url), url
        assert (run / urllib.parse.unquote(url)).exists(), url
    return page


def test_the_contact_sheet_has_every_instance_and_every_screen(sim, mount, tmp_path):
    """The simulated fleet has names with markup, bidirectional marks and 255 bytes."""
    cloud = sim(instances=60)
    mounted = mount(cloud)
    bad = showing(mounted.aws, "screenshot.jpg")[0]
    cloud.set_faults(f"GetConsoleScreenshot@{bad}:code=UnauthorizedOperation")
    assert archive(mounted.path, tmp_path).returncode == 1
    (run,) = runs(tmp_path)
    page = check_page(run)
    expected = [json.loads((each / one / "info.json").read_text()).get("name") or one
                for each in (mounted.aws, mounted.tencent) for one in instances(each)]
    assert any("<script>" in name for name in expected)
    assert sorted(map(blank, page.names)) == sorted(map(blank, expected))
    assert len(page.alts) == len(showing(mounted.aws, "screenshot.jpg")) - 1
    text = (run / "index.html").read_text()
    assert "default-src 'none'" in text and "prefers-color-scheme: dark" in text
    assert "screenshot.jpg: Permission denied (UnauthorizedOperation: Simulated error" in text
    # The failed come first.
    assert text.index(bad) < min(text.index(one) for one in showing(mounted.aws, "screenshot.jpg")
                                 if one != bad)


NASTY = ['</bdi><script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onmouseover='x", "&lt;b&gt;",
         "a\\b\"c/d", "tab\tnew\nline\r", "\u202egpj.exe", "\x00\x01\x1b[31m", "&#60;script&#62;", "\\u003cb",
         "\ud83d\ude00 smile", "<!--", "]]>", "{{x}}", "%3Cb%3E", "x" * 255, "\\", "\\\\n", "&", "&amp", "\\&"]


def test_the_contact_sheet_escapes_whatever_info_and_error_say(tmp_path):
    source = tmp_path / "mount"
    make_mount(source, {b"aws": [f"i-{n:02}".encode() for n in range(len(NASTY))]})
    for n, name in enumerate(NASTY):
        fields = {"id": name, "cloud": name, "name": name, "region": name, "zone": name, "state": name,
                  "type": name, "launched": name, "tags": {"name": "inner"}}
        # As the mount writes it.
        text = json.dumps(fields, indent="\t", ensure_ascii=n % 2 == 0).replace('": ', '":\t')
        (source / f"aws/i-{n:02}/info.json").write_text(text + "\n", errors="surrogatepass")
    assert archive(source, tmp_path / "kept").returncode == 0
    (run,) = runs(tmp_path / "kept")
    page = check_page(run)

    def seen(name):
        return blank(name.encode("utf-16", "surrogatepass").decode("utf-16"))

    got = {seen(name) for name in page.names}
    assert len(got) == len(NASTY)
    for name in NASTY:
        # Of a pair of halves each is none.
        assert seen(name) in got or "smile" in name, name


def test_the_page_of_an_empty_fleet_is_whole(tmp_path):
    (tmp_path / "mount/aws").mkdir(parents=True)
    (tmp_path / "mount/aws/status").write_text("condition:   working\n")
    assert archive(tmp_path / "mount", tmp_path / "kept").returncode == 0
    check_page(runs(tmp_path / "kept")[0])


def test_texts_of_the_cloud_are_plain_in_the_summary(tmp_path):
    """A message is a stranger's too."""
    source = tmp_path / "mount"
    make_mount(source, {b"aws": [b"i-1"]})
    (source / "aws/i-1/console.log").unlink()
    (source / "aws/i-1/console.log").symlink_to("/nonexistent")
    (source / "aws/i-1/error").write_bytes(b"code: \x1b]0;x\x07\ttab\nmessage: <b>\xff\xe2\x80\xae\n")
    archive(source, tmp_path / "kept")
    assert not re.search(rb"[^\n -~]", (runs(tmp_path / "kept")[0] / "summary").read_bytes())
