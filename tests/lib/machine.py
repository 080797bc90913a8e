# SPDX-License-Identifier: MIT
"""consolefs installed, and a machine that has it: this one, as a mount namespace of its own sees it.

    with Machine(installed) as machine:
        machine.fstab("none /mnt consolefs defaults 0 0")
        machine.run("mount", "/mnt")

What is mounted, and which /sbin and /etc/fstab there are, stays in there. Needs root.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

from .doing import await_that, end, gone
from .simulator import scrubbed_env

PATIENCE_S = 60


def install(prefix, destdir=None, build=None):
    """Runs cmake --install of the build under test."""
    env = scrubbed_env(pathlib.Path(prefix).parent)
    if destdir:
        env["DESTDIR"] = str(destdir)
    subprocess.run(["cmake", "--install", build or os.environ["CONSOLEFS_BUILD"], "--prefix", prefix],
                   check=True, stdout=subprocess.DEVNULL, env=env)


def installed_files(top):
    """Every file below a directory, as the paths it would have if that were the root."""
    return {str(path.relative_to(top)) for path in pathlib.Path(top).rglob("*") if path.is_file()}


class Machine:
    """A mount namespace in whose /usr a prefix is installed."""

    def __init__(self, prefix):
        self.prefix = pathlib.Path(prefix)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="consolefs-machine."))
        # For those who are not root to pass, and to hold no name of a user.
        self.dir.chmod(0o755)
        self.path = self.dir / "mnt"
        self.path.mkdir()
        (self.dir / "home").mkdir()
        self.fstab_file = self.dir / "fstab"
        self.fstab_file.touch()
        # Where only root may open it, a machine without udev is tested.
        os.mknod(self.dir / "fuse", 0o20666, os.stat("/dev/fuse").st_rdev)
        os.chmod(self.dir / "fuse", 0o666)
        self.env = scrubbed_env(self.dir / "home")
        self.keeper = subprocess.Popen(
            ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-ec",
             # Its copies of other tests' mounts would keep those alive beyond their unmount.
             'umount --all --lazy --no-canonicalize --types fuse.consolefs || true; '
             'for dir in bin sbin; do '
             'mount -t overlay overlay -o "lowerdir=$1/$dir:/usr/$dir" "/usr/$dir"; done; '
             'mount --bind "$2/fstab" /etc/fstab; mount --bind "$2/fuse" /dev/fuse; '
             'echo ready; read -r _', "sh", self.prefix, self.dir],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.env)
        ready = self.keeper.stdout.readline()
        assert ready == b"ready\n", ready

    def fstab(self, *lines):
        """What /etc/fstab says."""
        self.fstab_file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")

    def run(self, *command, env=None, check=True, before=()):
        """Runs a command on the machine. A daemon that it leaves keeps no pipe of the test's."""
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                ["/usr/bin/nsenter", "--mount", f"--target={self.keeper.pid}", *before,
                 *map(str, command)], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, timeout=PATIENCE_S, check=False,
                env={**self.env, **(env or {})}, cwd="/")
            output.seek(0)
            done.output = output.read()
        if check:
            assert done.returncode == 0, (command, done.returncode, done.output)
        return done

    def mounts(self, path=None):
        """[source, type, options] of what is mounted at a path."""
        found = []
        for line in open(f"/proc/{self.keeper.pid}/mountinfo", encoding="utf-8"):
            fields, _, rest = line.partition(" - ")
            fields, rest = fields.split(), rest.split()
            if fields[4] == str(path or self.path):
                options = set(fields[5].split(",")) | set(rest[2].split(","))
                found.append((rest[1], rest[0], options))
        return found

    def daemons(self):
        """The processes of the installed program."""
        programs = ["/usr/bin/consolefs", f"{self.prefix}/bin/consolefs"]
        found = []
        for exe in pathlib.Path("/proc").glob("[0-9]*/exe"):
            try:
                if str(exe.readlink()) in programs and self.sees(exe.parent):
                    found.append(int(exe.parent.name))
            except OSError:
                pass
        return found

    def sees(self, process):
        """Whether a process is on this machine."""
        return (process / "ns/mnt").readlink() == pathlib.Path(
            f"/proc/{self.keeper.pid}/ns/mnt").readlink()

    def unmount(self, path=None):
        """As people do it; nothing is left running."""
        daemons = self.daemons()
        self.run("umount", path or self.path)
        assert not self.mounts(path)
        for pid in daemons:
            await_that(lambda pid=pid: gone(pid), "the daemon ends")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for pid in self.daemons():
            end(pid)
        self.keeper.communicate(b"\n", timeout=PATIENCE_S)
        shutil.rmtree(self.dir)
