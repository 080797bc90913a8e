# SPDX-License-Identifier: MIT
"""consolefs-archive writes to nothing that another user has prepared or could change."""

import os
import pathlib
import shutil
import stat
import subprocess
import tempfile

import pytest

from archiving import archive, command, runs

# What is said of a DEST that is accepted: there is nothing to fetch.
NOTHING = "/nonexistent"
STRANGER = 65534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")


def refusal(dest, *options):
    """What it says instead of using DEST."""
    done = archive(*options, NOTHING, dest)
    assert (done.returncode, done.stdout) == (2, "")
    assert NOTHING not in done.stderr, "it was accepted"
    return done.stderr


def accepted(dest, *options):
    done = archive(*options, NOTHING, dest)
    return done.returncode == 2 and f"'{NOTHING}': No such file or directory" in done.stderr


@pytest.fixture
def dest(tmp_path):
    path = tmp_path / "dest"
    path.mkdir(mode=0o700)
    return path


@as_root
@pytest.mark.parametrize("what", ["", ".unfinished", ".unfinished/results", ".unfinished/tree", ".lock"])
def test_what_belongs_to_another_user_is_refused(dest, what):
    theirs = dest / what
    if what == ".lock":
        theirs.write_text("")
    else:
        theirs.mkdir(parents=True, exist_ok=True)
    os.chown(theirs, STRANGER, STRANGER)
    assert "belongs to nobody" in refusal(dest)


@pytest.mark.parametrize("mode", [0o770, 0o707])
@pytest.mark.parametrize("what", ["", ".unfinished", ".unfinished/results"])
def test_what_others_may_write_to_is_refused(dest, what, mode):
    (dest / what).mkdir(parents=True, exist_ok=True)
    (dest / what).chmod(mode)
    assert "chmod go-w" in refusal(dest)


def test_a_directory_where_all_may_add_names_is_fine(dest):
    dest.chmod(0o1777)
    assert accepted(dest)
    assert stat.S_IMODE((dest / ".lock").stat().st_mode) == 0o600


@pytest.mark.parametrize("what", [".lock", ".unfinished", ".unfinished/results"])
def test_no_symlink_is_followed_in_it(dest, tmp_path, what):
    victim = tmp_path / "victim"
    if what == ".lock":
        victim.write_text("precious\n")
    else:
        victim.mkdir()
    (dest / what).parent.mkdir(exist_ok=True)
    (dest / what).symlink_to(victim)
    assert "is a symlink" in refusal(dest)
    if what == ".lock":
        assert victim.read_text() == "precious\n"
    else:
        assert not list(victim.iterdir())


def test_a_lock_that_is_another_name_of_a_file_is_refused(dest, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    (dest / ".lock").hardlink_to(victim)
    assert "a hard link" in refusal(dest)
    assert victim.read_text() == "precious\n"


def test_a_lock_that_is_a_fifo_is_refused_at_once(dest):
    os.mkfifo(dest / ".lock", 0o600)
    assert "not a file of its own" in refusal(dest)


@as_root
def test_a_symlink_of_another_user_on_the_way_is_refused(dest, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(dest)
    assert accepted(link)
    assert accepted(link / "below")
    os.chown(link, STRANGER, STRANGER, follow_symlinks=False)
    assert "is a symlink of nobody" in refusal(link)
    assert "is a symlink of nobody" in refusal(link / "below")


def test_a_directory_that_cannot_be_listed_is_passed_through(dest):
    dest.chmod(0o300)
    assert accepted(dest / "below")
    loop = dest / "loop"
    loop.symlink_to("loop")
    assert "Too many levels of symbolic links" in refusal(loop)


@as_root
def test_dest_and_the_directory_of_a_shard_are_both_looked_at(dest):
    assert accepted(dest, "--shard=0/2")
    os.chown(dest / "shard-0-of-2", STRANGER, STRANGER)
    assert "shard-0-of-2' belongs to nobody" in refusal(dest, "--shard=0/2")
    assert accepted(dest, "--shard=1/2")
    dest.chmod(0o777)
    assert "chmod go-w" in refusal(dest, "--shard=1/2")


@as_root
def test_an_ordinary_user_has_their_own_and_no_other_users(request):
    # Everybody can reach it, unlike tmp_path.
    top = pathlib.Path(tempfile.mkdtemp(dir="/tmp"))
    request.addfinalizer(lambda: shutil.rmtree(top))
    top.chmod(0o755)
    for name, owner in (("own", STRANGER), ("another", STRANGER - 1)):
        (top / name).mkdir(mode=0o755)
        os.chown(top / name, owner, owner)

    def as_user(dest):
        return subprocess.run(["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups",
                               *command(NOTHING, dest)], capture_output=True, text=True, check=False,
                              cwd="/", timeout=60).stderr

    assert f"'{NOTHING}': No such file or directory" in as_user(top / "own")
    assert "belongs to user 65533" in as_user(top / "another")
    (top / "link").symlink_to(top / "own")
    assert f"'{NOTHING}': No such file or directory" in as_user(top / "link")
    os.chown(top / "link", STRANGER - 1, STRANGER - 1, follow_symlinks=False)
    assert "is a symlink of user 65533" in as_user(top / "link")


@as_root
def test_a_run_that_another_user_has_put_there_is_not_one(sim, mount, dest):
    """Where all may add names: neither linked to, nor removed for its age."""
    mounted = mount(sim(instances=2))
    assert archive(mounted.aws, dest).returncode == 0
    [first] = runs(dest)
    dest.chmod(0o1777)
    planted = dest / "2000-01-01T00-00-00Z"
    last = dest / "2099-01-01T00-00-00Z"
    for run in (planted, last):
        subprocess.run(["cp", "-a", first, run], check=True)
        os.chown(run, STRANGER, STRANGER)
    assert archive("--keep=1", mounted.aws, dest).returncode == 0
    assert planted.exists()
    [new] = set(runs(dest)) - {first, planted, last}
    info = next(new.glob("aws/*/info.json"))
    relative = info.relative_to(new)
    assert info.samefile(first / relative)
    assert not info.samefile(last / relative)
    assert (dest / "latest").resolve() == new


def test_a_directory_renamed_meanwhile_is_still_the_one_that_is_written_to(sim, mount, dest, tmp_path):
    """As another user could who owns the directory above: what takes its place gets nothing."""
    cloud = sim(instances=4)
    mounted = mount(cloud)
    cloud.set_faults("GetConsoleOutput:delay=500")
    with subprocess.Popen(command(mounted.aws, dest), stdout=subprocess.DEVNULL, cwd="/",
                          stderr=subprocess.PIPE) as process:
        while not (dest / ".unfinished/results").exists():
            assert process.poll() is None
        moved = tmp_path / "moved"
        dest.rename(moved)
        dest.mkdir()
        errors = process.communicate(timeout=60)[1]
    assert (process.returncode, errors) == (0, b"")
    assert not list(dest.iterdir())
    [run] = runs(moved)
    assert list(run.glob("aws/*/console.log"))
