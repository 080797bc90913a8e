# SPDX-License-Identifier: MIT
"""The tables in consolefs(1), TOOLS: every program of every line is tried, on a live file and in .still."""

import contextlib
import email.parser
import http.server
import os
import re
import signal
import subprocess
import threading
import time
import types

import pytest

from evidence import NO_RATE, digest, fetches, lit_screen, run
from lib.doing import PATIENCE_S, await_that, read
from lib.mount import Mount
from lib.simulator import ROOT, Simulator, scrubbed_env
from lib.terminal import Terminal
from test_still_above import Smbd, needs_root
from test_tools import NODE, SSH

# Each reads $src ($name in $dir) and leaves in $dst, in an empty directory of its own, what it read: at
# once, or by the second command.
COPY = {
    "cat": ('cat "$src" > "$dst"',),
    "head": ('head -c -0 "$src" > "$dst"',),
    "tail": ('tail -c +1 "$src" > "$dst"',),
    "dd": ('dd if="$src" of="$dst" status=none',),
    "od": ('od -An -v -tx1 "$src" > hex', '"$python" -c "import sys; sys.stdout.buffer.write('
           'bytes.fromhex(sys.stdin.read()))" < hex > "$dst"'),
    "split": ('split -b 10000 "$src" part.', 'cat part.* > "$dst"'),
    "base64": ('base64 "$src" > text', 'base64 -d text > "$dst"'),
    "cp": ('cp "$src" "$dst"',),
    "install": ('install -m 600 "$src" "$dst"',),
    "scp": ('scp -q -S "$ssh" "there:$src" "$dst"',),
    "sftp": ('echo "get $src $dst" | sftp -q -S "$ssh" -b - there > /dev/null',),
    "rsync -a": ('rsync -a "$src" "$dst"',),
    "tar": ('tar -cf a.tar -C "$dir" "$name"', 'tar -xOf a.tar > "$dst"'),
    "zip": ('(cd "$dir"; zip -q "$OLDPWD/a.zip" "$name")', 'unzip -p a.zip > "$dst"'),
    "7z": ('7z a -bso0 a.7z "$src"', '7z x -so a.7z > "$dst"'),
    "gzip": ('gzip -c "$src" > a.gz', 'gzip -dc a.gz > "$dst"'),
    "xz": ('xz -0 -c "$src" > a.xz', 'xz -dc a.xz > "$dst"'),
    "borg create": ('borg init -e none a; borg create a::a "$src"', 'borg extract --stdout a::a > "$dst"'),
    "bzip2 < FILE": ('bzip2 < "$src" > a.bz2', 'bzip2 -dc a.bz2 > "$dst"'),
    "zstd < FILE": ('zstd -q < "$src" > a.zst', 'zstd -qdc a.zst > "$dst"'),
    "gpg -c < FILE": ('$gpg -c < "$src" > a.gpg', '$gpg -d a.gpg > "$dst"'),
    "curl file://": ('curl -sS "file://$src" -o "$dst"',),
    "curl -T": ('curl -sS -T "$src" "file://$dst"',),
    "git hash-object": ('git init -q --bare g; git --git-dir=g hash-object -w "$src" > hash',
                        'git --git-dir=g cat-file blob "$(cat hash)" > "$dst"'),
    "busybox cat": ('busybox cat "$src" > "$dst"',),
    "busybox cp": ('busybox cp "$src" "$dst"',),
    "Python open": ('"$python" -c "open(\'$dst\', \'wb\').write(open(\'$src\', \'rb\').read())"',),
    "shutil.copy": ('"$python" -c "import shutil as s; s.copy(\'$src\', \'$dst\')"',),
    "zipfile": ('"$python" -m zipfile -c a.zip "$src"', 'unzip -p a.zip > "$dst"'),
    "Perl File::Copy": ('perl -MFile::Copy -e "copy(@ARGV) or die" "$src" "$dst"',),
    "Node.js fs.readFile": ('"$node" -e "const fs = require(\'fs\'); fs.readFile(\'$src\', '
                            '(e, d) => { if (e) throw e; fs.writeFileSync(\'$dst\', d); })"',),
    "rclone copy with the options below":
        ('rclone --config= copy --local-no-check-updated --ignore-size --ignore-checksum "$src" a',
         'cp a/* "$dst"'),
    "bzip2": ('bzip2 -c "$src" > a.bz2', 'bzip2 -dc a.bz2 > "$dst"'),
    "dar": ('dar -Q -c a -R "$dir" -g "$name" > /dev/null',
            'mkdir a; dar -Q -x a -R a > /dev/null; cp a/* "$dst"'),
    "gpg -c": ('$gpg -o a.gpg -c "$src"', '$gpg -d a.gpg > "$dst"'),
    "rsync --checksum": ('echo > "$dst"; rsync -a --checksum "$src" "$dst"',),
    "vim": ('vim -es -u NONE -b "+w! $dst" +q! "$src"',),
    "ar": ('ar qc a.a "$src"', 'ar p a.a > "$dst"'),
    "busybox tar": ('busybox tar -cf a.tar -C "$dir" "$name"', 'tar -xOf a.tar > "$dst"'),
    "genisoimage": ('genisoimage -quiet -R -o a.iso -graft-points "x=$src"',
                    'bsdtar -xOf a.iso x > "$dst"'),
    "zstd": ('zstd -q "$src" -o a.zst', 'zstd -qdc a.zst > "$dst"'),
    "curl -F": ('timeout "$patience" curl -sS -F "f=@$src" -o "$dst" "$url"',),
    "git add": ('git init -q --bare g; git --git-dir=g --work-tree="$dir" add "$name"',
                'git --git-dir=g cat-file blob ":$name" > "$dst"'),
    "rclone copy": ('rclone --config= --retries 1 copy "$src" a', 'cp a/* "$dst"'),
    "Python tarfile": ('"$python" -m tarfile -c a.tar "$src"', 'tar -xOf a.tar > "$dst"'),
    "shutil.make_archive":
        ('"$python" -c "import shutil as s; s.make_archive(\'a\', \'tar\', \'$dir\', \'$name\')"',
         'tar -xOf a.tar > "$dst"'),
    "bsdtar": ('bsdtar -cf a.tar -C "$dir" "$name"', 'tar -xOf a.tar > "$dst"'),
    "cpio": ('(cd "$dir"; echo "$name" | cpio -o -H newc) > a.cpio',
             'cpio -i --quiet --to-stdout < a.cpio > "$dst"'),
    "rdiff-backup": ('rdiff-backup backup --include "$src" --exclude "**" "$dir" a', 'cp "a/$name" "$dst"'),
    "Perl Archive::Tar":
        ('perl -MArchive::Tar -e \'Archive::Tar->create_archive("a.tar", 0, @ARGV) or die\' "$src"',
         'tar -xOf a.tar > "$dst"'),
    # What is there already is an older copy, and a longer one.
    "rsync --append": ('head -c 999999 /dev/zero > "$dst"; rsync -a --append "$src" "$dst"',),
    "rsync --append-verify":
        ('head -c 999999 /dev/zero > "$dst"; rsync -a --append-verify "$src" "$dst"',),
}

# These tell something of what they read.
TELL = {
    "wc": 'wc "$src"',
    "grep": 'grep -c JFIF "$src"',
    "sha256sum": 'sha256sum "$src"',
    "file": 'file "$src" | grep JPEG',
    "identify": 'identify -regard-warnings "$src"',
    "convert": 'convert -regard-warnings "$src" out.png',
}

# These show it, until they are ended, on a screen.
SHOW = {
    "feh": ("feh", "$src"),
    "feh in the directory": ("feh", "$dir"),
    "sxiv": ("sxiv", "$src"),
    "pcmanfm in the directory": ("pcmanfm", "--no-desktop", "$dir"),
}

# These mount $mnt on a directory.
MOUNT = {
    "bindfs": 'bindfs "$mnt" "$above"',
    "mergerfs": 'mergerfs "$mnt" "$above"',
    "sshfs": 'sshfs -o ssh_command="$ssh" "there:$mnt" "$above"',
    "fuse-overlayfs": 'fuse-overlayfs -o lowerdir="$mnt" "$above"',
    "overlayfs": 'mkdir upper work; mount -t overlay -o "lowerdir=$mnt,upperdir=upper,workdir=work" none '
                 '"$above"',
}

GPG = "gpg --homedir . --no-autostart --batch -q --passphrase x --s2k-count 65536"


def tables():
    """The rows of each table: {program: (what happens to a live file, what happens in .still)}."""
    text = (ROOT / "contrib/man/consolefs.1").read_text()
    section = re.search(r"^\.Sh TOOLS\n(.*?)^\.Sh", text, re.MULTILINE | re.DOTALL).group(1)
    for table in re.findall(r"^\.Bl -column.*?^\.El", section, re.MULTILINE | re.DOTALL):
        rows = {}
        for names, live, still in re.findall(r"^\.It Li (.*) Ta (.*) Ta (.*)$", table, re.MULTILINE):
            for name in names.split(" , "):
                assert name not in rows
                rows[name] = live, still
        yield rows


READERS, MOUNTERS = tables()


def test_every_program_is_tried_and_no_other():
    assert {*READERS} == {*COPY, *TELL, *SHOW, "lf"}
    assert {*MOUNTERS} == {*MOUNT, "Samba to smbclient"}


class Attachment(http.server.BaseHTTPRequestHandler):
    """Sends back the content of a form's first field."""

    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        form = email.parser.BytesParser().parsebytes(head + body)
        content = form.get_payload()[0].get_payload(decode=True)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle(self):
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, *args):  # pylint: disable=arguments-differ
        pass


@pytest.fixture(scope="module")
def url():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Attachment)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def display():
    with subprocess.Popen(["/usr/bin/Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten",
                           "tcp"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        yield ":" + server.stdout.readline().decode().strip()
        server.terminate()


@pytest.fixture(scope="module")
def cloud():
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=NO_RATE) as mount:
        yield types.SimpleNamespace(sim=sim, mount=mount, screen=lit_screen(mount.aws))


@pytest.fixture(scope="module", params=["live", "still"])
def above(request):
    """A mount to pass on, as it is and with -o still."""
    options = ["still"] if request.param == "still" else []
    with Simulator(rate_scale=0) as sim, Mount.of(sim, options=[*NO_RATE, *options]) as mount:
        yield types.SimpleNamespace(sim=sim, mount=mount, screen=lit_screen(mount.aws), of=request.param)


@pytest.fixture(params=["live", "still"])
def screen(request, cloud):
    """The path of a screenshot, of which .still holds nothing."""
    path = cloud.screen
    (path.parent / "wake").write_text("0")
    if request.param == "still":
        path = cloud.mount.aws / ".still" / path.parent.name / path.name
    return types.SimpleNamespace(path=path, of=request.param, sim=cloud.sim,
                                 before=len(fetches(cloud.sim)))


def sent(screen):
    """The digests of the screenshots that were sent."""
    return [entry["sha256"] for entry in fetches(screen.sim)[screen.before:]
            if entry["action"] == "GetConsoleScreenshot"]


def expected(rows, program, of):
    return rows[program][of == "still"]


@pytest.mark.parametrize("program", COPY)
def test_a_copy(screen, url, tmp_path, program):
    ssh = tmp_path / "ssh"
    ssh.write_text(SSH)
    ssh.chmod(0o700)
    (tmp_path / "work").mkdir(mode=0o700)
    dst = tmp_path / "copy"

    def step(command):
        return run(command, tmp_path / "work", src=screen.path, dst=dst, dir=screen.path.parent,
                   name=screen.path.name, ssh=ssh, node=NODE, gpg=GPG, python="/usr/bin/python3", url=url,
                   BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK="yes",
                   patience=2 if expected(READERS, program, screen.of) == "hangs" else PATIENCE_S)

    first, *then = COPY[program]
    ran = step(first)
    if ran.status:
        got = "hangs" if ran.status == 124 else "fails"
    elif any(step(command).status for command in then) or digest(read(dst)) not in sent(screen):
        got = "wrong"
    else:
        got = str(len(sent(screen)))
    assert got == expected(READERS, program, screen.of), ran.err


@pytest.mark.parametrize("program", TELL)
def test_what_is_told(screen, tmp_path, program):
    ran = run(TELL[program], tmp_path, src=screen.path)
    assert (ran.status, ran.err) == (0, "")
    assert str(len(sent(screen))) == expected(READERS, program, screen.of)


@pytest.mark.parametrize("program", SHOW)
def test_what_is_shown(screen, display, tmp_path, program):
    calls = expected(READERS, program, screen.of)
    command = [word.replace("$src", str(screen.path)).replace("$dir", str(screen.path.parent))
               for word in SHOW[program]]
    with subprocess.Popen(command, env=scrubbed_env(tmp_path, DISPLAY=display), cwd=tmp_path,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as viewer:
        try:
            if calls == "fails":
                # What it maps is not there.
                assert viewer.wait(PATIENCE_S) == -signal.SIGBUS
                return
            await_that(lambda: len(sent(screen)) >= int(calls), "it shows the file")
            # It would ask again at once.
            with contextlib.suppress(subprocess.TimeoutExpired):
                viewer.wait(0.3)
            assert viewer.poll() is None
        finally:
            viewer.kill()
    assert len(sent(screen)) == int(calls)


def test_lf(screen, tmp_path):
    began = time.time()
    with Terminal("/usr/bin/lf", screen.path, home=tmp_path) as terminal:
        terminal.await_output()
        await_that(lambda: sent(screen), "it shows the file")
        for _ in range(10):
            terminal.type(b"\x0c")  # draw everything
    calls = expected(READERS, "lf", screen.of)
    minutes = int(time.time() // 60 - began // 60) if calls.endswith(" a minute") else 0
    assert 1 <= len(sent(screen)) <= int(calls.split()[0]) + minutes


@contextlib.contextmanager
def mounted(program, tmp_path, mnt):
    """The directory on which it mounts."""
    if program == "overlayfs" and os.geteuid() != 0:
        pytest.skip("only root can mount")
    ssh = tmp_path / "ssh"
    ssh.write_text(SSH)
    ssh.chmod(0o700)
    directory = tmp_path / "above"
    directory.mkdir()
    ran = run(MOUNT[program], tmp_path, mnt=mnt, above=directory, ssh=ssh)
    if ran.status and program == "overlayfs":
        pytest.skip(f"no overlayfs here: {ran.err}")
    assert ran.status == 0, ran.err
    try:
        yield directory
    finally:
        if os.geteuid() == 0:
            subprocess.run(["/usr/bin/umount", "-l", directory], check=True, timeout=PATIENCE_S)
        else:
            subprocess.run(["/usr/bin/fusermount3", "-uz", directory], check=True, timeout=PATIENCE_S)


@pytest.mark.parametrize("program", MOUNT)
def test_what_passes_it_on(above, tmp_path, program):
    (above.screen.parent / "wake").write_text("0")
    above.before = len(fetches(above.sim))
    with mounted(program, tmp_path, above.mount.path) as directory:
        path = directory / above.screen.relative_to(above.mount.path)
        os.listdir(path.parent)
        try:
            # As most that ask before they open do: what is missing is padded, what is too much cut.
            size = path.stat().st_size
            content = read(path).ljust(size, b"\0")[:size]
            got = str(len(sent(above))) if digest(content) in sent(above) else "wrong"
        except OSError:
            got = "fails"
    assert got == expected(MOUNTERS, program, above.of)


@needs_root
def test_samba(above, tmp_path):
    (above.screen.parent / "wake").write_text("0")
    above.before = len(fetches(above.sim))
    smbd = Smbd(tmp_path, above.mount.path)
    try:
        ran = run('smbclient -N -s smb.conf -p "$port" //127.0.0.1/consoles -c "cd aws/$id; get screenshot.jpg"',
                  tmp_path, port=smbd.port, id=above.screen.parent.name)
    finally:
        smbd.stop()
    exact = ran.status == 0 and digest(read(tmp_path / "screenshot.jpg")) in sent(above)
    assert (str(len(sent(above))) if exact else "wrong") == expected(MOUNTERS, "Samba to smbclient", above.of), ran.err
