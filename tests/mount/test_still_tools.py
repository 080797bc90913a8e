# SPDX-License-Identifier: MIT
"""Tools that trust the size which stat gives before the open get exactly the bytes of the snapshot in
.still, at the price of one call. (On the live path they pad, stop, or die.)"""

import os
import shutil
import types

import pytest

from evidence import NO_RATE, digest, fetches, lit_screen, run
from lib import fleet
from lib.mount import Mount
from lib.simulator import Simulator

# Each takes $src ($name in $dir) and leaves what it read in $dst, in an empty directory of its own. The
# programs of the manual's table are tried by test_tools_table.py; these are their other formats.
TOOLS = {
    "bsdtar, zip": 'bsdtar -c --format zip -f a.zip -C "$dir" "$name"; unzip -p a.zip > "$dst"',
    "busybox cpio": '(cd "$dir"; echo "$name" | busybox cpio -o -H newc 2> /dev/null) > a.cpio; '
                    'bsdtar -xOf a.cpio > "$dst"',
    "python make_archive, zip": '"$python" -c "import shutil as s; '
                                's.make_archive(\'a\', \'zip\', \'$dir\', \'$name\')"; '
                                'unzip -p a.zip > "$dst"',
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
