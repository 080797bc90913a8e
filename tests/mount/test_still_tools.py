"""Tools that trust the size which stat gives before the open get exactly the bytes of the snapshot in
.still, at the price of one call. (On the live path they pad, stop, or die.)"""

import email.parser
import http.server
import os
import shutil
import threading
import types

import pytest

from evidence import NO_RATE, digest, fetches, lit_screen, run
from lib import fleet
from lib.mount import Mount
from lib.simulator import Simulator

# Each takes $src ($name in $dir) and leaves what it read in $dst, in an empty directory of its own.
TOOLS = {
    "bsdtar": 'bsdtar -cf a.tar -C "$dir" "$name"; tar -xOf a.tar > "$dst"',
    "bsdtar, zip": 'bsdtar -c --format zip -f a.zip -C "$dir" "$name"; unzip -p a.zip > "$dst"',
    "cpio": '(cd "$dir"; echo "$name" | cpio -o -H newc --quiet) > a.cpio; bsdtar -xOf a.cpio > "$dst"',
    "tar": 'tar -cf a.tar -C "$dir" "$name"; tar -xOf a.tar > "$dst"',
    "busybox tar": '(cd "$dir"; busybox tar -cf - "$name") | tar -xOf - > "$dst"',
    "busybox cpio": '(cd "$dir"; echo "$name" | busybox cpio -o -H newc 2> /dev/null) > a.cpio; '
                    'bsdtar -xOf a.cpio > "$dst"',
    "python tarfile": '"$python" -c "import tarfile as t; a = t.open(\'a.tar\', \'w\'); '
                      'a.add(\'$src\', \'x\'); a.close()"; '
                      'tar -xOf a.tar x > "$dst"',
    "python make_archive, tar": '"$python" -c "import shutil as s; '
                                's.make_archive(\'a\', \'tar\', \'$dir\', \'$name\')"; '
                                'tar -xOf a.tar > "$dst"',
    "python make_archive, zip": '"$python" -c "import shutil as s; '
                                's.make_archive(\'a\', \'zip\', \'$dir\', \'$name\')"; '
                                'unzip -p a.zip > "$dst"',
    "perl Archive::Tar": 'perl -MArchive::Tar -e \'Archive::Tar->create_archive("a.tar", 0, $ARGV[0])\' '
                         '"$src"; tar -xOf a.tar > "$dst"',
    "zstd FILE": 'zstd -q "$src" -o a.zst; zstd -qdc a.zst > "$dst"',
    "ar": 'ar rc a.a "$src"; ar p a.a "$name" > "$dst"',
    "genisoimage": 'genisoimage -quiet -R -o a.iso -graft-points "/x=$src"; bsdtar -xOf a.iso x > "$dst"',
    "git add": 'git init -q --bare g; git --git-dir=g --work-tree="$dir" add "$name"; '
               'git --git-dir=g cat-file blob ":$name" > "$dst"',
    "7z": '7z a -bso0 a.7z "$src"; 7z x -so a.7z > "$dst"',
    "zip": '(cd "$dir"; zip -q "$OLDPWD/a.zip" "$name"); unzip -p a.zip > "$dst"',
    "bzip2": 'bzip2 -c "$src" | bzip2 -dc > "$dst"',
    "rsync -a": 'rsync -a "$src" "$dst"',
    "rsync -a --checksum": 'rsync -a "$src" "$dst"; rsync -a --checksum "$src" "$dst"',
    "rsync --append": 'head -c 9999 "$src" > "$dst"; rsync --append "$src" "$dst"',
    "cp -a": 'cp -a "$src" "$dst"',
}


@pytest.fixture(scope="module")
def cloud():
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=NO_RATE) as mount:
        live = lit_screen(mount.aws)
        yield types.SimpleNamespace(sim=sim, mount=mount, still=mount.aws / ".still",
                                    screen=mount.aws / ".still" / live.parent.name / live.name)


@pytest.fixture
def fresh(cloud):
    """Nothing is held of its screen."""
    (cloud.screen.parent / "wake").write_text("0")
    return cloud


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_gets_exactly_the_bytes_for_one_call(fresh, tool, tmp_path):
    before = len(fetches(fresh.sim))
    (tmp_path / "work").mkdir()
    dst = tmp_path / "got"
    done = run(TOOLS[tool], tmp_path / "work", src=fresh.screen, dst=dst, dir=fresh.screen.parent,
               name=fresh.screen.name, python="/usr/bin/python3")
    assert done.status == 0, done.err
    sent = [entry["sha256"] for entry in fetches(fresh.sim)[before:]]
    assert sent == [digest(dst.read_bytes())]


class Upload(http.server.BaseHTTPRequestHandler):
    """Takes a form, and keeps the content of its first field."""

    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        form = email.parser.BytesParser().parsebytes(head + body)
        self.server.got = form.get_payload()[0].get_payload(decode=True)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):  # pylint: disable=arguments-differ
        pass


def test_curl_attaches_a_screen_to_a_form(fresh, tmp_path):
    server = http.server.HTTPServer(("127.0.0.1", 0), Upload)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        done = run('curl -sS --max-time 30 -F "f=@$src;type=image/jpeg" "$url"', tmp_path, src=fresh.screen,
                   url=f"http://127.0.0.1:{server.server_port}/")
        assert done.status == 0, done.err
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert digest(server.got) == fetches(fresh.sim)[-1]["sha256"]


# Each leaves a copy of the whole of $dir in the directory "got".
TREES = {
    "bsdtar": 'bsdtar -cf - -C "$dir" . | tar -xf - -C got',
    "tar": 'tar -cf - -C "$dir" . | tar -xf - -C got',
    "cpio": '(cd "$dir"; find . | cpio -o -H newc --quiet) | (cd got; cpio -idm --quiet)',
    "cpio -p": '(cd "$dir"; find . | cpio -pdm --quiet "$OLDPWD/got")',
    "make_archive": '"$python" -c "import shutil as s; s.make_archive(\'a\', \'gztar\', \'$dir\')"; '
                    'tar -xzf a.tar.gz -C got',
    "git": 'git init -q --bare g; git --git-dir=g --work-tree="$dir" add .; '
           'git --git-dir=g --work-tree=got checkout-index -a',
    "genisoimage": 'genisoimage -quiet -R -o a.iso "$dir"; bsdtar -xf a.iso -C got; chmod -R u+w got',
    "rsync": 'rsync -a "$dir/" got; test -z "$(rsync -ai "$dir/" got)"',
}


@pytest.mark.parametrize("tool", TREES)
def test_a_copy_of_the_whole_tree_is_exact(cloud, tool, tmp_path):
    live = [path for path in cloud.still.glob("*/*") if path.name in ("screenshot.jpg", "console.log")]
    assert len(live) > 20
    before = len(fetches(cloud.sim))
    for path in live:
        (path.parent / "wake").write_text("0")
    (tmp_path / "got").mkdir()
    done = run(TREES[tool], tmp_path, dir=cloud.still, python="/usr/bin/python3")
    assert done.status == 0, done.err
    assert sorted(os.listdir(tmp_path / "got")) == fleet.instances(cloud.mount.aws)
    got = {path: (tmp_path / "got" / path.relative_to(cloud.still)).read_bytes() for path in live}
    # The logs may be held since the tool before.
    sent = {(entry["instance"], entry["action"]): entry["sha256"] for entry in fetches(cloud.sim)}
    actions = {"screenshot.jpg": "GetConsoleScreenshot", "console.log": "GetConsoleOutput"}
    for path, content in got.items():
        assert digest(content) == sent[path.parent.name, actions[path.name]], path
    made = [(entry["instance"], entry["action"]) for entry in fetches(cloud.sim)[before:]]
    assert len(made) == len(set(made)) <= len(live)
    shutil.rmtree(tmp_path / "got")
