# SPDX-License-Identifier: MIT
"""Every tool that opens a screenshot gets exactly the bytes that the cloud sent for that open,
though each image has another size than the one before; and each open costs one call."""

import re
import shutil
import subprocess
import types
import urllib.request

import pytest

from evidence import NO_RATE, Witness, digest, lit_screen, run
from lib.mount import Mount
from lib.simulator import Simulator, scrubbed_env

NODE = shutil.which("node", path="/usr/bin:/usr/local/bin") or shutil.which("node") or "node"

# Each takes $src by its path and leaves what it read in $dst, in an empty directory of its own.
TOOLS = {
    "cat": 'cat "$src" > "$dst"',
    "cat, from a pipe": 'cat < "$src" | cat > "$dst"',
    "cp": 'cp "$src" "$dst"',
    "cp -a": 'cp -a "$src" "$dst"',
    "cp --sparse=always": 'cp --sparse=always "$src" "$dst"',
    "cp --sparse=never": 'cp --sparse=never "$src" "$dst"',
    "cp --reflink=auto": 'cp --reflink=auto "$src" "$dst"',
    "cp over a longer file": 'head -c 2000000 /dev/zero > "$dst"; cp "$src" "$dst"',
    "install": 'install -m 600 "$src" "$dst"',
    "dd": 'dd if="$src" of="$dst" status=none',
    "dd bs=1M": 'dd if="$src" of="$dst" bs=1M status=none',
    "dd bs=777": 'dd if="$src" of="$dst" bs=777 status=none',
    "dd iflag=direct": 'dd if="$src" of="$dst" bs=4096 iflag=direct status=none',
    "head -c": 'head -c 2000000 "$src" > "$dst"',
    "head, all but nothing": 'head -c -0 "$src" > "$dst"',
    "head -n": 'head -n 1000000 "$src" > "$dst"',
    "tail -c": 'tail -c 2000000 "$src" > "$dst"',
    "tail, from the first byte": 'tail -c +1 "$src" > "$dst"',
    "tail -n": 'tail -n +1 "$src" > "$dst"',
    "rsync -a": 'rsync -a "$src" "$dst"',
    "rsync -a, twice": 'rsync -a "$src" "$dst"; rsync -a "$src" "$dst"',
    "rsync -a --inplace": 'rsync -a "$src" "$dst"; rsync -a --inplace "$src" "$dst"',
    "rsync -a --inplace --no-whole-file":
        'rsync -a "$src" "$dst"; rsync -a --inplace --no-whole-file "$src" "$dst"',
    "rsync -a --checksum": 'rsync -a --checksum "$src" "$dst"; rsync -a --checksum "$src" "$dst"',
    "rsync -aH": 'rsync -aH "$src" "$dst"; rsync -aH "$src" "$dst"',
    "rsync -aS": 'rsync -aS "$src" "$dst"',
    "tar": 'tar -cf a.tar -C "$dir" "$name"; tar -xf a.tar; mv "$name" "$dst"',
    "tar to a pipe": 'tar -cf - -C "$dir" "$name" | tar -xOf - > "$dst"',
    "tar --sparse": 'tar --sparse -cf - -C "$dir" "$name" | tar -xOf - > "$dst"',
    "tar -z": 'tar -czf - -C "$dir" "$name" | tar -xzOf - > "$dst"',
    "gzip": 'gzip -c "$src" > a.gz; gzip -dc a.gz > "$dst"',
    "zip": '(cd "$dir"; zip -q "$OLDPWD/a.zip" "$name"); unzip -p a.zip > "$dst"',
    "zip -0": '(cd "$dir"; zip -0 -q "$OLDPWD/a.zip" "$name"); unzip -p a.zip > "$dst"',
    "7z": '7z a -bso0 a.7z "$src"; 7z x -so a.7z > "$dst"',
    "7z -tzip": '7z a -tzip -bso0 a.zip "$src"; unzip -p a.zip > "$dst"',
    "busybox cat": 'busybox cat "$src" > "$dst"',
    "busybox cp": 'busybox cp "$src" "$dst"',
    "curl file://": 'curl -sS "file://$src" -o "$dst"',
    "python shutil.copyfile": '"$python" -c "import shutil as s; s.copyfile(\'$src\', \'$dst\')"',
    "python shutil.copy": '"$python" -c "import shutil as s; s.copy(\'$src\', \'$dst\')"',
    "python shutil.copy2": '"$python" -c "import shutil as s; s.copy2(\'$src\', \'$dst\')"',
    "node readFile": '"$node" -e "const fs = require(\'fs\'); fs.readFile(\'$src\', '
                     '(e, d) => { if (e) throw e; fs.writeFileSync(\'$dst\', d); })"',
    "node readFileSync": '"$node" -e "const fs = require(\'fs\'); '
                         'fs.writeFileSync(\'$dst\', fs.readFileSync(\'$src\'))"',
    "node promises.readFile": '"$node" -e "const fs = require(\'fs\'); '
                              'fs.promises.readFile(\'$src\')'
                              '.then((d) => fs.writeFileSync(\'$dst\', d))"',
    "node copyFile": '"$node" -e "require(\'fs\').copyFile(\'$src\', \'$dst\', '
                     '(e) => { if (e) throw e; })"',
    "node createReadStream": '"$node" -e "const fs = require(\'fs\'); '
                             'fs.createReadStream(\'$src\').pipe(fs.createWriteStream(\'$dst\'))"',
    # The shell in place of ssh: what runs at either end, and what they tell each other, is scp's
    # own.
    "scp from there": 'scp -q -S "$ssh" "there:$src" "$dst"',
    "scp to there": 'scp -q -S "$ssh" "$src" "there:$dst"',
    "scp -O from there": 'scp -q -O -S "$ssh" "there:$src" "$dst"',
    "scp -O to there": 'scp -q -O -S "$ssh" "$src" "there:$dst"',
    "sftp get": 'echo "get $src $dst" | sftp -q -S "$ssh" -b - there > /dev/null',
    "rsync from there": 'rsync -a -e "$ssh" "there:$src" "$dst"',
    "rsync to there": 'rsync -a -e "$ssh" "$src" "there:$dst"',
}

# Stands for ssh: drops its options, and runs the command, or the subsystem that -s asks for, right
# here.
SSH = """#!/bin/bash
subsystem=
while [ $# -gt 0 ]; do
	case $1 in
	-s) subsystem=1 ;;
	-o|-l|-p|-F|-i|-P) shift ;;
	--) shift; break ;;
	-*) ;;
	*) break ;;
	esac
	shift
done
shift
[ "${1-}" != -s ] || { subsystem=1; shift; }
[ -z "$subsystem" ] || exec /usr/lib/openssh/sftp-server
exec /bin/sh -c "$*"
"""


@pytest.fixture(scope="module")
def cloud():
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=NO_RATE) as mount:
        yield types.SimpleNamespace(sim=sim, mount=mount, screen=lit_screen(mount.aws))


@pytest.fixture(scope="module")
def still():
    """Screens that do not change, for what shows only a part of one."""
    with Simulator(rate_scale=0, freeze_clock=True) as sim, \
            Mount.of(sim, options=NO_RATE) as mount:
        path = lit_screen(mount.aws)
        yield types.SimpleNamespace(sim=sim, mount=mount, screen=path, image=path.read_bytes())


def test_the_size_changes_at_every_call(cloud):
    sizes = [len(cloud.screen.read_bytes()) for _ in range(6)]
    assert all(one != following for one, following in zip(sizes, sizes[1:])), sizes


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_gets_what_was_sent_for_its_open(cloud, tmp_path, tool):
    ssh = tmp_path / "ssh"
    ssh.write_text(SSH)
    ssh.chmod(0o700)
    work = tmp_path / "work"
    work.mkdir()
    copy = tmp_path / "copy"
    src = cloud.screen
    with Witness(cloud.sim, src) as seen:
        ran = run(TOOLS[tool], work, src=src, dst=copy, dir=src.parent, name=src.name, ssh=ssh,
                  node=NODE, python="/usr/bin/python3")
    assert (ran.status, ran.err) == (0, "")
    assert seen.opens > 0
    assert len(seen.sent) == seen.opens
    assert digest(copy.read_bytes()) == seen.sent[-1]


@pytest.mark.parametrize("tool", ["sha256sum", "busybox sha256sum", "openssl dgst -sha256 -r"])
def test_a_digest_is_that_of_what_was_sent(cloud, tmp_path, tool):
    with Witness(cloud.sim, cloud.screen) as seen:
        ran = run(f'{tool} "$src"', tmp_path, src=cloud.screen)
    assert ran.out.split()[0].decode() == seen.sent[0]
    assert len(seen.sent) == seen.opens == 1


def test_file_knows_what_it_is(cloud, tmp_path):
    with Witness(cloud.sim, cloud.screen) as seen:
        ran = run('file -b "$src"', tmp_path, src=cloud.screen)
    assert ran.out.startswith(b"JPEG image data") and b"800x600" in ran.out
    assert len(seen.sent) == seen.opens == 1


def test_imagemagick_identifies_and_converts(cloud, tmp_path):
    with Witness(cloud.sim, cloud.screen) as seen:
        ran = run('identify -regard-warnings -verbose "$src" | grep -c "Geometry: 800x600+0+0"; '
                  'identify -regard-warnings -format "%m %w %h" "$src"; '
                  'convert -regard-warnings "$src" out.png; identify out.png', tmp_path,
                  src=cloud.screen)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(b"1\nJPEG 800 600") and b"PNG 800x600" in ran.out
    assert len(seen.sent) == seen.opens >= 3


# These tell of a file's length, or of a part: the parts and lengths of an image that stays the
# same.
@pytest.mark.parametrize("tool, wanted", [
    ('wc -c < "$src"', lambda image: b"%d\n" % len(image)),
    ('wc -c "$src" | cut -d " " -f 1', lambda image: b"%d\n" % len(image)),
    ('wc -l "$src" | cut -d " " -f 1', lambda image: b"%d\n" % image.count(b"\n")),
    ('head -c 1000 "$src"', lambda image: image[:1000]),
    ('head -c -1000 "$src"', lambda image: image[:-1000]),
    ('head -n 3 "$src"', lambda image: b"".join(line + b"\n" for line in image.split(b"\n")[:3])),
    ('tail -c 1000 "$src"', lambda image: image[-1000:]),
    ('tail -c +1001 "$src"', lambda image: image[1000:]),
    ('tail -n 3 "$src"', lambda image: b"\n".join(image.split(b"\n")[-3:])),
    ('busybox tail -c 1000 "$src"', lambda image: image[-1000:]),
    ('dd if="$src" bs=1000 skip=7 count=2 status=none', lambda image: image[7000:9000]),
    ('dd if="$src" bs=1 skip=40001 count=77 status=none', lambda image: image[40001:40078]),
    ('od -An -v -tx1 -w64 -j 40001 -N 64 "$src" | tr -d " \\n"',
     lambda image: image[40001:40065].hex().encode()),
    ('curl -sS -r 5000-5999 "file://$src"', lambda image: image[5000:6000]),
    ('curl -sS -r -500 "file://$src"', lambda image: image[-500:]),
])
def test_a_part_is_a_part_of_what_was_sent(still, tmp_path, tool, wanted):
    with Witness(still.sim, still.screen) as seen:
        ran = run(tool, tmp_path, src=still.screen)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == wanted(still.image)
    assert len(seen.sent) == seen.opens == 1


def test_imagemagick_sees_every_pixel(still, tmp_path):
    (tmp_path / "copy.jpg").write_bytes(still.image)
    copied = run("convert copy.jpg rgb:-", tmp_path).out
    assert len(copied) == 800 * 600 * 3
    assert run('convert "$src" rgb:-', tmp_path, src=still.screen).out == copied


def test_cmp_finds_a_copy_of_a_still_screen_the_same(still, tmp_path):
    ran = run('cp "$src" a; cmp a "$src"; cmp -s "$src" a; cmp "$src" "$src"', tmp_path,
              src=still.screen)
    assert (ran.status, ran.out, ran.err) == (0, b"", "")


def test_two_commands_share_an_open_that_they_inherit(cloud, tmp_path):
    with Witness(cloud.sim, cloud.screen) as seen:
        ran = run('{ head -c 1000; cat; } < "$src"', tmp_path, src=cloud.screen)
    assert [digest(ran.out)] == seen.sent
    with open(cloud.screen, "rb") as file:
        size = run("wc -c", tmp_path, stdin=file).out
        file.seek(0)
        end = run("tail -c 99", tmp_path, stdin=file).out
        file.seek(0)
        image = file.read()
    assert int(size) == len(image)
    assert end == image[-99:]


def test_an_http_server_announces_the_length_it_sends(cloud, tmp_path):
    log = tmp_path / "log"
    with open(log, "wb") as out:
        server = subprocess.Popen(
            ["/usr/bin/python3", "-u", "-m", "http.server", "0", "--bind", "127.0.0.1",
             "--directory", cloud.mount.path], stdout=subprocess.PIPE, stderr=out,
            env=scrubbed_env(tmp_path))
    try:
        port = int(re.search(rb"port (\d+)", server.stdout.readline()).group(1))
        url = f"http://127.0.0.1:{port}/{cloud.screen.relative_to(cloud.mount.path)}"
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(3):
            with Witness(cloud.sim, cloud.screen) as seen:
                with direct.open(url, timeout=60) as answer:
                    image = answer.read()
                    length = int(answer.headers["Content-Length"])
            assert len(image) == length
            assert [digest(image)] == seen.sent
            assert seen.opens == 1
    finally:
        server.terminate()
        server.wait(30)
        server.stdout.close()
