# SPDX-License-Identifier: MIT
"""Whose directories and files these are: what another user could change under us, or has put in our
way, is refused.

DEST is opened once, and everything in it is reached by that descriptor: whoever renames a directory
above it afterwards changes nothing.
"""

import contextlib
import errno
import os
import pwd
import stat

from messages import Fatal

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# As many as the kernel follows.
SYMLINKS_MAX = 40


def ours(details):
    """Whether it belongs to the user who runs this, or to root."""
    return details.st_uid in (0, os.geteuid())


def others_write(details, sticky_is_safe):
    """Who else may write to it: a word, or nothing. With the sticky bit, others may add names to a
    directory, but neither rename nor remove ours."""
    if sticky_is_safe and details.st_mode & stat.S_ISVTX:
        return ""
    if details.st_mode & stat.S_IWOTH:
        return "everybody"
    return "its group" if details.st_mode & stat.S_IWGRP else ""


def is_safe(details):
    """Whether nobody else can have put there what is in this directory."""
    return ours(details) and not others_write(details, False)


def check(details, shown, sticky_is_safe=False):
    """Fatal unless only the user who runs this and root can change it."""
    if not ours(details):
        raise Fatal(f"{shown!r} belongs to {user(details.st_uid)}, who could change it at any time: it "
                    "must belong to the user who runs consolefs-archive, or to root")
    who = others_write(details, sticky_is_safe)
    if who:
        raise Fatal(f"{shown!r} can be changed by {who}: chmod go-w it")


def user(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def open_destination(path):
    """A descriptor of the directory, which is made if need be. Symlinks on the way to it must be ours."""
    fd = _walk(path)
    check(os.fstat(fd), path, sticky_is_safe=True)
    return fd


def own_directory(directory, name, shown):
    """Makes a directory in one that is ours, or takes it if it is ours too. Returns a descriptor."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=directory)
    try:
        fd = os.open(name, DIRECTORY, dir_fd=directory)
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
        raise Fatal(f"{shown!r} is a symlink or a file, where consolefs-archive has a directory of its "
                    "own: remove it") from error
    check(os.fstat(fd), shown)
    return fd


def own_file(directory, name, shown):
    """The same of a file, open for reading and writing. It has no other name: what is written to it
    is written to nothing else."""
    try:
        # Of a FIFO it would wait for the other end.
        fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600, dir_fd=directory)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Fatal(f"{shown!r} is a symlink: remove it") from error
        raise
    details = os.fstat(fd)
    check(details, shown)
    if not stat.S_ISREG(details.st_mode) or details.st_nlink != 1:
        raise Fatal(f"{shown!r} is not a file of its own, but something else or a hard link: remove it")
    return fd


def _walk(path):
    """Opens a directory name by name, and makes those that are missing."""
    fd = os.open("/" if path.startswith("/") else ".", os.O_PATH | os.O_DIRECTORY)
    names, followed, gone = path.split("/"), 0, ""
    while names:
        name = names.pop(0)
        if name in ("", "."):
            continue
        gone += "/" + name
        try:
            below = _open(fd, name, gone)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=fd)
            below = _open(fd, name, gone)
        if stat.S_ISLNK(os.fstat(below).st_mode):
            followed += 1
            if followed > SYMLINKS_MAX:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            target = os.readlink("", dir_fd=below)
            names = target.split("/") + names
            os.close(below)
            if not target.startswith("/"):
                continue
            below = os.open("/", os.O_PATH | os.O_DIRECTORY)
        os.close(fd)
        fd = below
    # One that was opened as a place only cannot be listed.
    last = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
    os.close(fd)
    return last


def _open(directory, name, gone):
    """Opens a directory, or a symlink that is ours: as itself."""
    try:
        # Not as a place only: that would mount nothing where autofs waits.
        return os.open(name, DIRECTORY, dir_fd=directory)
    except PermissionError:
        # It may be passed through, though.
        return os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
    fd = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=directory)
    details = os.fstat(fd)
    if not stat.S_ISLNK(details.st_mode):
        os.close(fd)
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if not ours(details):
        raise Fatal(f"{gone!r} is a symlink of {user(details.st_uid)}, who could point it anywhere: name "
                    "the directory itself")
    return fd
