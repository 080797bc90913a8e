# SPDX-License-Identifier: MIT
"""DESIGN, "Command line and configuration": starting, options of the mount, and ending."""

import contextlib
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import tempfile

import pytest

from lib import fleet
from lib.command import KEYS, Background, consolefs, in_namespace, options_of, refused
from lib.doing import (Stopwatch, await_that, cats, connections, daemons, end, ended_in, fails, gone, processes, read,
                       running, shell)
from lib.mount import cloud_options, find_consolefs, is_mounted
from lib.simulator import scrubbed_env

NOBODY = 65534
SANITIZED = b"__asan_init" in pathlib.Path(find_consolefs()).read_bytes()
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root changes users and namespaces")
PLAIN = ["-o", "aws.regions=us-east-1,tencent.regions=ap-guangzhou"]


@pytest.fixture(name="directory")
def mount_point(tmp_path):
    path = tmp_path / "mnt"
    path.mkdir()
    yield path
    for pid in daemons(path):
        end(pid, signal.SIGKILL)
    if is_mounted(path):
        subprocess.run(["/usr/bin/fusermount3", "-uz", path], check=False)


@pytest.fixture(name="commons")
def directory_for_everybody():
    """A directory that other users can come to, unlike pytest's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="consolefs."))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def mount_line(path):
    """The fields of the mount in mountinfo: its options, and then its type, source and options."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        if fields.split()[4] == str(path):
            return fields.split()[5].split(","), *rest.split()
    raise AssertionError(f"nothing is mounted at {path}")


# Words that are understood, and those that are not

def test_help_goes_to_stdout_and_names_every_option():
    for option in ("-h", "--help"):
        done = consolefs(option)
        assert done.returncode == 0 and done.stderr == ""
        for word in ("MOUNTPOINT", "-c", "--config", "-f", "-o", "--demo", "-V", "-h", "ro",
                     "uid", "gid", "umask", "allow_other", "auto_unmount", "fsname"):
            assert word in done.stdout, word


def test_version():
    for option in ("-V", "--version"):
        done = consolefs(option)
        assert done.returncode == 0 and done.stderr == ""
        assert done.stdout.startswith("consolefs ")


def test_backends_prints_a_line_for_each_backend_and_setting():
    done = consolefs("--backends")
    assert done.returncode == 0 and done.stderr == ""
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    backends = [line[0] for line in lines if "." not in line[0]]
    assert backends == ["aws", "tencent"]
    backend = None
    for line in lines:
        if len(line) == 1:
            (backend,) = line
        else:
            name, words = line
            assert name.startswith(f"{backend}.") and words
    names = {line[0] for line in lines}
    assert {"aws.regions", "aws.filter", "tencent.backend", "tencent.vnc_page"} <= names


@pytest.mark.parametrize("args, what", [
    ([], "mount point"), (["-x", "{}"], "-x"), (["--nonsense", "{}"], "--nonsense"),
    (["--chekc"], "--chekc: unknown option (did you mean --check?)"),
    (["--log-level=worning", "{}"], "'worning' is not one of error, warning, info and debug"),
    (["-o", "alow_other", *PLAIN, "{}"], "did you mean allow_other?"),
    (["{}", "{}", "{}"], "{}"), (["-c"], None), (["-o", "uid=me", "{}"], "uid"),
    (["-o", "umask=9", "{}"], "umask"), (["-o", "nonsense", *PLAIN, "{}"], "nonsense"),
    (["-o", "nonsense=1", *PLAIN, "{}"], "nonsense")])
def test_unknown_options_are_refused(directory, args, what):
    done = consolefs(*[arg.format(directory) for arg in args], env=KEYS)
    assert done.returncode == 1 and done.stdout == ""
    assert "consolefs: " in done.stderr and \
        (what or "").format(directory) in done.stderr
    assert not is_mounted(directory)


# Mount points that are none

def test_a_mount_point_that_is_missing(tmp_path):
    said = refused(*PLAIN, tmp_path / "none", env=KEYS)
    assert f"{tmp_path}/none does not exist" in said and "mkdir" in said


def test_a_mount_point_that_is_no_directory(tmp_path):
    (tmp_path / "file").touch()
    assert "is not a directory" in refused(*PLAIN, tmp_path / "file", env=KEYS)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert "does not exist" in refused(*PLAIN, tmp_path / "link", env=KEYS)


def test_a_mount_point_that_is_busy(sim, mount):
    cloud = sim()
    mounted = mount(cloud)
    said = refused(*PLAIN, mounted.path, env=KEYS)
    assert f"{mounted.path} is busy" in said and f"fusermount3 -u {mounted.path}" in said
    assert len(fleet.instances(mounted.aws)) == 19


TOOK_AWAY = "consolefs: took away a dead mount that an earlier consolefs of this user has left behind\n"


def test_a_mount_point_that_is_ones_own_dead_mount_is_cleaned(sim, directory):
    cloud = sim()
    args = options_of(cloud_options(cloud))
    (directory.parent / "link").symlink_to(directory)
    for path in directory, directory.parent / "link":
        with Background(directory, *args) as first:
            os.kill(first.pid, signal.SIGKILL)
            await_that(lambda: gone(first.pid), "the daemon dies")
            with fails("ENOTCONN"):
                os.listdir(directory)
            done = consolefs(*args, path, env=KEYS)
            assert (done.returncode, done.stderr) == (0, TOOK_AWAY)
            assert pathlib.Path("/proc/self/mountinfo").read_text().count(f" {directory} ") == 1
            assert len(fleet.instances(directory / "aws")) == 19
            subprocess.run(["/usr/bin/fusermount3", "-u", directory], check=True)
            for pid in daemons(path):
                await_that(lambda pid=pid: gone(pid), "the daemon ends")


DEAD = """
directory=$1; program=$2; shift 2
mknod -m 666 "$directory/fuse" c 10 229
mount --bind "$directory/fuse" /dev/fuse
as_user() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
left() { grep -c " $directory/$1 " /proc/self/mountinfo || true; }
kill_and_wait() { kill -9 "$1"; while [ -d "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status"; do sleep 0.05; done; }
daemon_of() { pgrep -fx "$program $options $directory/$1"; }
options=$*
mkdir "$directory/own" "$directory/theirs" "$directory/roots"
chown 65534:65534 "$directory/own" "$directory/theirs"
as_user "$program" "$@" "$directory/own"
kill_and_wait "$(daemon_of own)"
as_user "$program" "$@" "$directory/own"
echo own "$(left own)"
as_user ls "$directory/own"
as_user fusermount3 -u "$directory/own"
# Another user's, for root; and root's, for another user.
as_user "$program" "$@" "$directory/theirs"
kill_and_wait "$(daemon_of theirs)"
"$program" "$@" "$directory/theirs" || echo theirs "$(left theirs)"
umount -l "$directory/theirs"
options="-o allow_other $options"
"$program" -o allow_other "$@" "$directory/roots"
kill_and_wait "$(daemon_of roots)"
as_user "$program" "$@" "$directory/roots" || echo roots "$(left roots)"
umount -l "$directory/roots"
"""


@as_root
def test_only_ones_own_dead_mount_is_cleaned(commons):
    args = ["-o", "aws.regions=us-east-1,tencent.regions=ap-guangzhou"]
    done = in_namespace(DEAD, commons, find_consolefs(), *args, env={**KEYS, "HOME": "/nonexistent"})
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert done.stdout.split() == ["own", "1", "aws", "index.html", "stats", "tencent", "theirs", "1", "roots", "1"]
    assert done.stderr.count(TOOK_AWAY) == 1
    assert f"{commons}/theirs is busy: another user has mounted something there" in done.stderr
    assert f"{commons}/roots is a stale mount, left by a filesystem that died" in done.stderr


def test_a_relative_mount_point_and_one_behind_a_link(sim, directory):
    args = options_of(cloud_options(sim()))
    (directory.parent / "link").symlink_to(directory)
    for path in ("mnt", "./mnt/", "link", "../" + directory.parent.name + "/mnt"):
        done = consolefs(*args, path, env=KEYS, cwd=directory.parent)
        assert done.returncode == 0, done.stderr
        assert is_mounted(directory)
        assert len(fleet.instances(directory / "aws")) == 19
        subprocess.run(["/usr/bin/fusermount3", "-u", directory], check=True)
        for pid in daemons(path):
            await_that(lambda pid=pid: gone(pid), "the daemon ends")


# What a machine lacks

@as_root
def test_dev_fuse_is_missing(directory):
    done = in_namespace('mount -t tmpfs none /dev; mknod /dev/null c 1 3; '
                        'mknod /dev/urandom c 1 9; exec "$@"', find_consolefs(), *PLAIN, directory)
    assert done.returncode == 1
    assert "/dev/fuse is missing" in done.stderr and "modprobe fuse" in done.stderr


@as_root
def test_dev_fuse_is_for_others(commons):
    done = in_namespace(
        'mknod -m 600 "$1/fuse" c 10 229; mount --bind "$1/fuse" /dev/fuse; shift; '
        'exec setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"', commons, find_consolefs(), *PLAIN, commons)
    assert done.returncode == 1
    assert "/dev/fuse cannot be opened: Permission denied: join its group, or have root `chmod 666 /dev/fuse`" in done.stderr


HELPER = """
directory=$1; shift
mknod -m 666 "$directory/fuse" c 10 229
mount --bind "$directory/fuse" /dev/fuse
touch "$directory/elsewhere"
mount --bind /usr/bin/fusermount3 "$directory/elsewhere"
mount --bind /dev/null /usr/bin/fusermount3
as_user() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
as_user "$@" && exit 1
mkdir "$directory/bin"
ln -s "$directory/elsewhere" "$directory/bin/fusermount3"
PATH=$PATH::$directory/bin
as_user "$@"
as_user fusermount3 -u "$directory/mnt"
"""


@as_root
def test_fusermount3_is_missing_or_elsewhere(commons):
    (commons / "mnt").mkdir()
    os.chown(commons / "mnt", NOBODY, NOBODY)
    done = in_namespace(HELPER, commons, find_consolefs(), *PLAIN, commons / "mnt")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("fusermount3 is missing: install the package fuse3") == 1


@pytest.mark.parametrize("limit", [0, 64 * 1024])
def test_memory_that_cannot_be_locked_is_told_at_debug_and_is_no_error(sim, limit):
    """Keys are kept in locked memory as far as the limit allows."""
    before = ["prlimit", f"--memlock={limit}:{limit}"]
    if os.getuid() == 0:
        before += ["setpriv", "--bounding-set", "-ipc_lock"]
    check = ["--check", *options_of(cloud_options(sim()))]
    done = consolefs("--log-level=debug", *check, env=KEYS, before=before)
    assert done.returncode == 0, done.stderr
    # A sanitizer says that it has locked what it was asked to lock.
    told = "keys may be swapped out: cannot lock memory" if limit == 0 and not SANITIZED else \
        f"keys are kept in locked memory, at most {limit // 1024} KiB"
    assert done.stderr.count(told) == 1, done.stderr
    done = consolefs(*check, env=KEYS, before=before)
    assert done.returncode == 0 and "memory" not in done.stderr, done.stderr


# In the background

def test_it_returns_only_when_the_mount_is_usable(sim, directory):
    with Background(directory, *options_of(cloud_options(sim()))) as mount:
        assert mount.done.returncode == 0 and mount.done.stderr == ""
        assert is_mounted(directory)
        assert fleet.clouds(directory) == ["aws", "tencent"]
        mount.unmount()
        assert not is_mounted(directory)


def test_a_failure_is_told_with_the_reason_and_a_non_zero_status(directory):
    for args, what in (([], "no region"), (["-o", "aws.regions=us-east-1,nonsense"], "nonsense")):
        done = consolefs(*args, directory, env={
            name: value for name, value in KEYS.items() if name.startswith("AWS")})
        assert done.returncode == 1 and what in done.stderr
        assert not is_mounted(directory) and daemons(directory) == []


def test_it_keeps_nothing_of_the_shell_it_was_started_from(sim, directory):
    args = [find_consolefs(), *options_of(cloud_options(sim())), str(directory)]
    # Through pipes: a daemon that held them open would never let the reader see their end.
    done = subprocess.run(args, stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
                          env=scrubbed_env("/nonexistent", **KEYS), check=True)
    assert done.stdout == done.stderr == b""
    (pid,) = daemons(directory)
    process = pathlib.Path(f"/proc/{pid}")
    assert os.readlink(process / "cwd") == "/"
    assert [os.readlink(process / "fd" / str(number)) for number in range(3)] == ["/dev/null"] * 3
    assert os.getsid(pid) == pid
    subprocess.run(["/usr/bin/fusermount3", "-u", directory], check=True)
    await_that(lambda: gone(pid), "the daemon ends")


# The end

def test_fusermount3_u_ends_it_with_status_0(sim, mount):
    mounted = mount(sim())
    os.listdir(mounted.aws)
    subprocess.run(["/usr/bin/fusermount3", "-u", mounted.path], check=True)
    assert mounted.wait() == 0
    assert mounted.events() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_unmount_cleanly(sim, mount, number):
    mounted = mount(sim(rate_scale=0))
    mounted.allow(": unmounting$")
    os.listdir(mounted.aws)
    # Even while somebody has a file open, reads a directory and stands in another.
    with open(mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg", "rb"), \
            os.scandir(mounted.aws) as entries, \
            running("/bin/sleep", "60", cwd=mounted.aws):
        next(entries)
        mounted.signal(number)
        assert mounted.wait() == 0
        assert not is_mounted(mounted.path)
        assert signal.strsignal(number) + ": unmounting" in mounted.log_text()


@pytest.mark.parametrize("way", ["signal", "umount"])
def test_the_end_while_calls_are_in_flight_is_at_once(sim, mount, way):
    if way == "umount" and os.getuid() != 0:
        pytest.skip("only root forces an unmount")
    cloud = sim(rate_scale=0, faults=["*:hang"])
    mounted = mount(cloud, options=["tencent.timeout=600", "aws.timeout=600"])
    mounted.allow(": unmounting$")
    with contextlib.ExitStack() as stack:
        hanging = stack.enter_context(cats([mounted.tencent / f"ins-aaaaaa{number:02}/vnc_url"
                                            for number in range(50)]))
        hanging.append(stack.enter_context(running("/bin/ls", mounted.aws)))
        cloud.await_log(51)
        watch = Stopwatch()
        if way == "signal":
            mounted.signal()
        else:
            # The first one cuts the calls off, whose end leaves it to the second.
            shell('umount -f "$1"', mounted.path)
        assert ended_in(mounted.process, watch) < 2
        assert mounted.wait() == 0
        for process in hanging:
            assert process.communicate(timeout=30)[0] == b""
            assert process.returncode > 0
    if way == "umount" and is_mounted(mounted.path):
        assert shell('umount "$1"', mounted.path).returncode == 0
    assert not is_mounted(mounted.path)
    await_that(lambda: connections(cloud) == 0, "the transfers are cancelled")


def test_a_lazy_unmount_lets_readers_finish(sim, mount):
    mounted = mount(sim(rate_scale=0))
    with open(mounted.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg", "rb") as screenshot:
        subprocess.run(["/usr/bin/fusermount3", "-uz", mounted.path], check=True)
        assert not is_mounted(mounted.path)
        assert mounted.process.poll() is None
        size = os.fstat(screenshot.fileno()).st_size
        assert len(screenshot.read()) == size
    assert mounted.wait() == 0


# The usual mount options

def test_modes_are_0500_and_0400_and_wake_0600_for_the_mounting_user(sim, mount):
    mounted = mount(sim(rate_scale=0))
    instance = mounted.aws / fleet.aws(fleet.AWAKE)
    for path, mode in ((mounted.path, 0o500), (mounted.aws, 0o500), (instance, 0o500),
                       (instance / "screenshot.jpg", 0o400), (instance / "info.json", 0o400),
                       (instance / "error", 0o400), (mounted.aws / "status", 0o400),
                       (instance / "wake", 0o600),
                       (mounted.tencent / fleet.cvm(0) / "vnc_url", 0o400)):
        about = path.stat()
        assert stat.S_IMODE(about.st_mode) == mode, path
        assert (about.st_uid, about.st_gid) == (os.getuid(), os.getgid())


def test_uid_gid_and_umask(sim, mount):
    mounted = mount(sim(rate_scale=0), options=["uid=1234,gid=2345", "umask=027"])
    instance = mounted.aws / fleet.aws(fleet.AWAKE)
    for path, mode in ((mounted.path, 0o550), (mounted.aws, 0o550), (instance, 0o550),
                       (instance / "screenshot.jpg", 0o440), (instance / "wake", 0o640)):
        about = path.stat()
        assert stat.S_IMODE(about.st_mode) == mode, path
        assert (about.st_uid, about.st_gid) == (1234, 2345)


def test_ro(sim, mount):
    mounted = mount(sim(rate_scale=0), options=["ro"])
    assert "ro" in mount_line(mounted.path)[0]
    wake = mounted.aws / fleet.aws(fleet.AWAKE) / "wake"
    with fails("EROFS"):
        wake.write_text("1")
    assert wake.read_text() == "0\n"
    assert read(wake.with_name("screenshot.jpg"))


def test_fsname_and_what_the_mount_table_shows(sim, mount):
    cloud = sim()
    mounted = mount(cloud)
    flags, kind, name, options = mount_line(mounted.path)
    assert (kind, name) == ("fuse.consolefs", "consolefs")
    assert {"nosuid", "nodev"} <= set(flags)
    assert "default_permissions" in options.split(",")
    assert "allow_other" not in options.split(",")
    named = mount(cloud, options=["fsname=my-consoles"])
    assert mount_line(named.path)[1:3] == ("fuse.consolefs", "my-consoles")


def test_options_of_mount_8_and_systemd_are_taken(sim, mount):
    """As /etc/fstab has them."""
    mounted = mount(sim(), options=["rw,nosuid,nodev,noatime,noexec", "x-systemd.automount",
                                    "x-systemd.idle-timeout=60"])
    assert {"noatime", "noexec"} <= set(mount_line(mounted.path)[0])


def test_auto_unmount_leaves_no_stale_mount(sim, directory):
    with Background(directory, *options_of(cloud_options(sim())), "-o",
                    "auto_unmount") as mount:
        assert mount.done.returncode == 0, mount.done.stderr
        assert len(fleet.instances(directory / "aws")) == 19
        # fusermount3 unmounts what is not connected any more, and sees that its daemon ends a moment before that is
        # so. Here it looks when the daemon is gone.
        (helper,) = processes("fusermount3", directory)
        os.kill(helper, signal.SIGSTOP)
        end(mount.pid, signal.SIGKILL)
        os.kill(helper, signal.SIGCONT)
        await_that(lambda: not is_mounted(directory), "the mount goes with its daemon")


# Other users

def as_nobody(*command):
    return subprocess.run(["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                           "--", *map(str, command)], capture_output=True, timeout=30, check=False,
                          stdin=subprocess.DEVNULL)


@as_root
def test_another_user_sees_nothing_unless_the_mounting_user_says_otherwise(sim, commons):
    cloud = sim(rate_scale=0)
    path = commons / "mnt"
    for options, listing, reading in (
            ([], False, False), (["allow_other"], False, False),
            (["allow_other", "umask=022"], True, True), (["umask=022"], False, False),
            (["allow_other", "uid=65534"], True, True)):
        path.mkdir()
        with Background(path, *options_of([*cloud_options(cloud), *options])) as mount:
            assert mount.done.returncode == 0, mount.done.stderr
            instance = path / "aws" / fleet.aws(fleet.AWAKE)
            instance.stat()
            assert (as_nobody("/bin/ls", path / "aws").returncode == 0) == listing, options
            done = as_nobody("/bin/cat", instance / "screenshot.jpg")
            assert (done.returncode == 0) == reading, (options, done.stderr)
            assert (b"Permission denied" in done.stderr) != reading
            written = as_nobody("/bin/sh", "-c", f"echo 1 > {instance}/wake").returncode == 0
            assert written == ("uid=65534" in options)
            mount.unmount()
        path.rmdir()


USER = """
directory=$1; program=$2; url=$3; shift 3
mknod -m 666 "$directory/fuse" c 10 229
mount --bind "$directory/fuse" /dev/fuse
cat > "$directory/script" <<'END'
set -e
directory=$1; program=$2; url=$3; shift 3
mkdir "$directory/home/mnt"
cd "$directory/home"
"$program" "$@" mnt
ls -d mnt/aws/i-* | wc -l
stat -c '%U %a' mnt mnt/aws/i-*/wake | sort -u
for file in mnt/tencent/ins-*/vnc_url; do head -c 8 "$file" && echo; done 2>/dev/null | sort -u
echo 1 | tee mnt/aws/i-*/wake > /dev/null
fusermount3 -u mnt
"$program" "$@" -o allow_other mnt 2>&1 || echo "status $?"
END
exec setpriv --reuid=65534 --regid=65534 --clear-groups -- \
    /bin/sh -e "$directory/script" "$directory" "$program" "$url" "$@"
"""


@as_root
def test_an_ordinary_user_mounts_through_fusermount3(sim, commons):
    cloud = sim(rate_scale=0)
    (commons / "home").mkdir()
    os.chown(commons / "home", NOBODY, NOBODY)
    shutil.copy(cloud.ca, commons / "ca.pem")
    (commons / "ca.pem").chmod(0o644)
    options = [one.replace(str(cloud.ca), str(commons / "ca.pem"))
               for one in cloud_options(cloud)]
    done = in_namespace(USER, commons, find_consolefs(), cloud.url, *options_of(options),
                        env={**KEYS, "HOME": str(commons / "home")})
    lines = done.stdout.splitlines()
    assert lines[:4] == ["19", "nobody 500", "nobody 600", "https://"], (lines, done.stderr)
    assert "user_allow_other" in done.stdout and "consolefs: the mount failed" in done.stdout
    assert lines[-1] == "status 1"
    await_that(lambda: not daemons("mnt"), "the daemon ends")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_it_mounts_though_a_standard_stream_is_closed(sim, directory, closed):
    """As cron and init scripts start it. What takes the stream's number must not be lost."""
    cloud = sim(rate_scale=0)
    words = options_of(cloud_options(cloud))
    done = subprocess.run(["/bin/sh", "-c", f'exec "$@" {closed}', "sh", find_consolefs(), *words,
                           directory], env=scrubbed_env(directory.parent, **KEYS), check=False)
    try:
        assert done.returncode == 0 and is_mounted(directory)
        assert len(fleet.instances(directory / "aws")) == 19
    finally:
        subprocess.run(["/usr/bin/fusermount3", "-u", directory], check=False)
    assert not is_mounted(directory)
