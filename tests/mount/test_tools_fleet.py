# SPDX-License-Identifier: MIT
"""What walks over a whole mount: tools that only look cost no console call, tools that copy a mixed
fleet end with status 0 and have every file right, and an archive survives the cloud's bad days."""

import html
import json
import os
import re
import types

import pytest

from evidence import ACTIONS, NO_RATE, digest, fetches, instances, run
from lib.mount import Mount
from lib.simulator import Simulator

# More than the first sixteen: one of every kind, in either cloud, and ordinary machines.
FLEET = 24
LIVE = {**ACTIONS, "vnc.html": "DescribeInstanceVncUrl"}

LOOKING = [
    'ls -lR "$mnt"',
    'ls -laiRS "$mnt"',
    'find "$mnt"',
    'find "$mnt" -type f -size +0 -ls',
    'find "$mnt" -name screenshot.jpg -newermt "1 minute ago" -readable -empty',
    'find "$mnt" -exec stat {} +',
    'find -L "$mnt" -type f -size +0',
    'find "$mnt" -type l -printf "%p %l\n"',
    'ls -lRL "$mnt"',
    'du -aL "$mnt"',
    'find "$mnt" -type f -exec test -r {} \\; -print',
    'du -a "$mnt"',
    'du -s --apparent-size "$mnt"',
    'df "$mnt" "$mnt"/*/*/',
    'stat -f "$mnt"/*/*/*',
    'getfattr -R -d -m - "$mnt" 2>&1 | grep -v ": Operation not supported$" || true',
    'tree -aspugD "$mnt"',
    'rsync -an --stats "$mnt/" copy',
    'rsync -r --list-only "$mnt/"',
    'cp -rs "$mnt" links',
    'realpath "$mnt"/*/*/*',
    'busybox ls -lR "$mnt"',
    'busybox find "$mnt" -type f',
    'busybox du -a "$mnt"',
    """/usr/bin/python3 -c 'import os, sys
for path, _, names in os.walk(sys.argv[1]):
    [os.access(os.path.join(path, name), os.R_OK) for name in names]' "$mnt" """,
]


@pytest.fixture(scope="module")
def cloud():
    with Simulator(instances=FLEET, rate_scale=0) as sim, \
            Mount.of(sim, options=NO_RATE) as mount:
        yield types.SimpleNamespace(sim=sim, mount=mount)


@pytest.mark.parametrize("command", LOOKING)
def test_looking_costs_no_console_call(cloud, tmp_path, command):
    before = len(fetches(cloud.sim))
    ran = run(command, tmp_path, mnt=cloud.mount.path)
    assert (ran.status, ran.err) == (0, "")
    assert len(fetches(cloud.sim)) == before


def test_looking_does_see_every_live_file(cloud, tmp_path):
    listed = run('ls -lR "$mnt"', tmp_path, mnt=cloud.mount.path).out.decode()
    for name in ACTIONS:
        shown = [line for line in listed.splitlines() if line.endswith(" " + name)]
        assert len(shown) > 5, name
        assert len({line.split()[4] for line in shown}) == 1


def test_looking_at_a_fresh_mount_lists_each_region_once(sim, mount, tmp_path):
    cloud = sim(instances=FLEET, rate_scale=0)
    path = mount(cloud, options=NO_RATE).path
    for command in LOOKING[:10]:
        assert run(command, tmp_path, mnt=path).status == 0
    entries = cloud.log_entries()
    assert {entry["action"] for entry in entries} == {"DescribeInstances"}
    assert len(entries) == 2


def files_below(path):
    return {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()}


COPIES = {
    "cp -r": 'cp -r "$mnt" "$copy"',
    "cp -a": 'cp -a "$mnt" "$copy"',
    "cp -r --sparse=always": 'cp -r --sparse=always "$mnt" "$copy"',
    "rsync -a": 'rsync -a "$mnt/" "$copy"',
    "rsync -aH --delete": 'rsync -aH --delete "$mnt/" "$copy"',
    "rsync -a --checksum": 'rsync -a --checksum "$mnt/" "$copy"',
    "tar": 'mkdir "$copy"; tar -cf - -C "$mnt" . | tar -xf - -C "$copy"',
    "tar.gz": 'mkdir "$copy"; tar -czf a.tgz -C "$mnt" .; tar -xzf a.tgz -C "$copy"',
    "zip": 'mkdir "$copy"; (cd "$mnt"; zip -qry "$OLDPWD/a.zip" .); unzip -q a.zip -d "$copy"',
    # It stores links, but holds those with ".." for dangerous when it unpacks them.
    "7z": '(cd "$mnt"; 7z a -xr!by-name -xr!by-region -bso0 -bsp0 "$OLDPWD/a.7z" .); '
          '7z x -bso0 -bsp0 -o"$copy" a.7z',
    "busybox cp -r": 'busybox cp -r "$mnt" "$copy"',
    "python copytree":
        '/usr/bin/python3 -c "import shutil as s; s.copytree(\'$mnt\', \'$copy\', symlinks=True)"',
}


def sent_to(sim, before):
    """What was sent for the live files: (instance, action) -> digests."""
    sent = {}
    for entry in fetches(sim)[before:]:
        sent.setdefault((entry["instance"], entry["action"]), []).append(entry["sha256"])
    return sent


def bytes_of(sim, path):
    """The bytes of a copied live file as the cloud sent them."""
    content = path.read_bytes()
    if path.name == "vnc_url":
        return content.removeprefix(sim.vnc_page.encode()).removesuffix(b"\n")
    if path.name == "vnc.html":
        link = re.search(r'content="0;url=([^"]*)"', content.decode()).group(1)
        return html.unescape(link).removeprefix(sim.vnc_page).encode()
    return content


@pytest.mark.parametrize("tool", COPIES)
def test_a_mixed_fleet_is_copied_with_status_0_and_every_file_right(cloud, tmp_path, tool):
    mnt, copy = cloud.mount.path, tmp_path / "copy"
    work = tmp_path / "work"
    work.mkdir()
    before = len(fetches(cloud.sim))
    ran = run(COPIES[tool], work, mnt=mnt, copy=copy)
    assert (ran.status, ran.err) == (0, "")
    assert files_below(copy) == files_below(mnt)
    sent = sent_to(cloud.sim, before)
    live = [path for path in copy.rglob("*") if path.name in LIVE]
    # To compare, rsync reads every file once more.
    opens = 2 if "--checksum" in tool else 1
    assert len(live) * opens == sum(map(len, sent.values())) > FLEET
    for path in live:
        assert digest(bytes_of(cloud.sim, path)) in sent[path.parent.name, LIVE[path.name]]
    for path in mnt.rglob("*"):
        if path.name in ("info.json", "error", "wake"):
            assert (copy / path.relative_to(mnt)).read_bytes() == path.read_bytes()
    assert all(entry["status"] == 200 for entry in fetches(cloud.sim)[before:])


def links_below(path):
    return {str(link.relative_to(path)): os.readlink(link) for link in path.rglob("*")
            if link.is_symlink()}


KEEPING_LINKS = [tool for tool in COPIES if tool != "7z"]


@pytest.mark.parametrize("tool", KEEPING_LINKS)
def test_a_copy_has_the_same_links_and_they_work_there(cloud, tmp_path, tool):
    mnt, copy = cloud.mount.aws, tmp_path / "copy"
    ran = run(COPIES[tool], tmp_path, mnt=mnt, copy=copy)
    assert (ran.status, ran.err) == (0, "")
    links = links_below(copy)
    assert links == links_below(mnt)
    assert len(links) == 2 * len(instances(mnt))
    for link in links:
        assert (copy / link).resolve().parent == copy
        assert (copy / link / "info.json").read_bytes() == (mnt / link / "info.json").read_bytes()


FOLLOWING = {
    "zip": 'mkdir "$copy"; (cd "$mnt"; zip -qr "$OLDPWD/a.zip" .); unzip -q a.zip -d "$copy"',
    "cp -rL": 'cp -rL "$mnt" "$copy"',
    "rsync -aL": 'rsync -aL "$mnt/" "$copy"',
    "tar -h": 'mkdir "$copy"; tar -chf - --hard-dereference -C "$mnt" . | tar -xf - -C "$copy"',
    "7z": '(cd "$mnt"; 7z a -l -bso0 -bsp0 "$OLDPWD/a.7z" .); 7z x -bso0 -bsp0 -o"$copy" a.7z',
    "find -L": '(cd "$mnt"; find -L . -type f -exec cp --parents -t "$copy" {} +)',
}


@pytest.mark.parametrize("tool", FOLLOWING)
def test_links_may_be_followed_too_and_each_way_to_a_file_is_an_open(cloud, tmp_path, tool):
    """Under its id, its name and its region: each with the bytes that the cloud sent for it."""
    mnt, copy = cloud.mount.tencent, tmp_path / "copy"
    work = tmp_path / "work"
    work.mkdir()
    if tool == "find -L":
        copy.mkdir()
    before = len(fetches(cloud.sim))
    ran = run(FOLLOWING[tool], work, mnt=mnt, copy=copy)
    assert (ran.status, ran.err) == (0, "")
    assert links_below(copy) == {}
    sent = sent_to(cloud.sim, before)
    live = [path for path in copy.rglob("*") if path.name in LIVE]
    assert len(live) == sum(map(len, sent.values())) > 3 * 10
    for path in live:
        instance = (mnt / path.relative_to(copy)).parent.resolve().name
        assert digest(bytes_of(cloud.sim, path)) in sent[instance, LIVE[path.name]]
    ways = [len(list(copy.glob(f"{way}/info.json"))) for way in ("*", "by-name/*", "by-region/*/*")]
    assert ways == [len(instances(mnt))] * 3


def test_tar_of_a_slow_fleet_sees_nothing_change(sim, mount, tmp_path):
    """tar warns, and ends with status 1, of what changed while it read it."""
    cloud = sim(instances=12, latency=150, rate_scale=0)
    mnt = mount(cloud, options=NO_RATE).path
    ran = run('tar -cf a.tar -C "$mnt" .', tmp_path, mnt=mnt)
    assert (ran.status, ran.err) == (0, "")


def archive_of(root):
    return {name: digest((root / name).read_bytes()) for name in files_below(root)}


def sync(mnt, archive, tmp_path):
    return run('rsync -a --delete "$mnt/" "$archive/"', tmp_path, mnt=mnt, archive=archive)


def test_rsync_delete_again_and_again_keeps_the_archive(cloud, tmp_path):
    archive = tmp_path / "archive"
    first = None
    for _ in range(3):
        ran = sync(cloud.mount.path, archive, tmp_path)
        assert (ran.status, ran.err) == (0, "")
        first = first or files_below(archive)
        assert files_below(archive) == first
    assert len({name.split("/")[1] for name in first if "/i" in name}) > FLEET


@pytest.fixture
def archived(sim, mount, tmp_path):
    """An archive of a good day: its path, and what is in it."""
    archive = tmp_path / "archive"
    good = sim(instances=FLEET, rate_scale=0)
    assert sync(mount(good, options=NO_RATE).path, archive, tmp_path).status == 0
    return types.SimpleNamespace(path=archive, files=archive_of(archive))


@pytest.mark.parametrize("fault", [
    "aws/GetConsoleScreenshot:code=InvalidInstanceID.NotFound",
    "aws/GetConsoleOutput:code=InvalidInstanceID.NotFound",
    "aws/GetConsoleScreenshot:code=UnauthorizedOperation",
    "tencent/DescribeInstanceVncUrl:code=InvalidInstanceId.NotFound",
    "tencent/DescribeInstanceVncUrl:code=AuthFailure.SecretIdNotFound",
])
def test_rsync_delete_keeps_an_archive_when_calls_fail(archived, sim, mount, tmp_path, fault):
    bad = sim(instances=FLEET, rate_scale=0, faults=[fault])
    ran = sync(mount(bad, options=NO_RATE).path, archived.path, tmp_path)
    assert ran.status == 23
    kept = archive_of(archived.path)
    assert kept.keys() == archived.files.keys()
    name = fault.split(":")[0].split("/")[1]
    failed = [file for file in kept if ACTIONS.get(file.rsplit("/", 1)[-1]) == name]
    assert len(failed) > 5
    assert all(kept[file] == archived.files[file] for file in failed)


@pytest.mark.parametrize("fault", [
    "DescribeInstances:code=RequestLimitExceeded", "DescribeInstances:code=AuthFailure",
    "DescribeInstances:garbage", "DescribeInstances:status=500"])
def test_rsync_delete_keeps_an_archive_when_nothing_can_be_listed(archived, sim, mount, tmp_path,
                                                                  fault):
    bad = sim(instances=FLEET, rate_scale=0, faults=[fault])
    mounted = mount(bad, options=[*NO_RATE, "aws.timeout=2", "tencent.timeout=2"])
    mounted.allow("DescribeInstances")
    ran = sync(mounted.path, archived.path, tmp_path)
    assert ran.status == 23
    kept = archive_of(archived.path)
    assert kept.keys() == archived.files.keys()
    # But for what tells of the mount and not of a machine.
    told = ("status", "stats", "index.html")
    assert all(kept[name] == archived.files[name] for name in kept
               if name.rpartition("/")[2] not in told)


def test_the_archive_of_a_stopped_machine_keeps_its_place(cloud, tmp_path):
    """EC2 says InvalidInstanceID.NotFound of a stopped machine. It is listed, so it is there."""
    stopped = [directory for directory in instances(cloud.mount.aws)
               if json.loads((directory / "info.json").read_text())["state"] == "stopped"]
    assert stopped
    for directory in stopped:
        assert "screenshot.jpg" not in os.listdir(directory)
        with pytest.raises(OSError) as caught:
            (directory / "screenshot.jpg").read_bytes()
        assert caught.value.strerror == os.strerror(112)  # EHOSTDOWN
        assert directory.is_dir()
