# SPDX-License-Identifier: MIT
"""cmake --install puts everything where a system looks for it."""

import json
import os
import re
import subprocess

import pytest

from lib.machine import install, installed_files
from lib.simulator import ROOT, scrubbed_env

ARCHIVE = {f"share/consolefs/archive/{part.name}" for part in (ROOT / "contrib/archive").iterdir()
           if part.is_file()}
DOCUMENTS = {f"share/doc/consolefs/{path.relative_to(ROOT)}" for pattern in ("doc/*.md", "*.jpg")
             for path in (ROOT / "contrib").glob(pattern)}
PROGRAM = {
    *ARCHIVE,
    *DOCUMENTS,
    "bin/consolefs",
    "bin/consolefs-archive",
    "lib/systemd/system/consolefs-archive@.service",
    "lib/systemd/system/consolefs-archive@.timer",
    "lib/systemd/system/consolefs@.service",
    "lib/systemd/user/consolefs-archive@.service",
    "lib/systemd/user/consolefs-archive@.timer",
    "lib/systemd/user/consolefs@.service",
    "sbin/mount.consolefs",
    "share/bash-completion/completions/consolefs",
    "share/bash-completion/completions/consolefs-archive",
    "share/doc/consolefs/CHANGELOG.md",
    "share/doc/consolefs/LICENSE",
    "share/doc/consolefs/README.md",
    "share/doc/consolefs/consolefs.spdx.json",
    "share/doc/consolefs/examples/consolefs.conf",
    "share/doc/consolefs/examples/fstab",
    "share/doc/consolefs/examples/updatedb.conf",
    "share/fish/vendor_completions.d/consolefs.fish",
    "share/man/man1/consolefs-archive.1",
    "share/man/man1/consolefs.1",
    "share/man/man5/consolefs.conf.5",
    "share/man/man8/mount.consolefs.8",
    "share/zsh/site-functions/_consolefs",
}
SIMULATOR = {
    "bin/consolefs-sim",
    "share/bash-completion/completions/consolefs-sim",
    "share/doc/consolefs-sim/LICENSE",
    "share/doc/consolefs-sim/consolefs-sim.spdx.json",
    "share/fish/vendor_completions.d/consolefs-sim.fish",
    "share/man/man1/consolefs-sim.1",
    "share/zsh/site-functions/_consolefs-sim",
}


def test_an_installation_has_these_files(tmp_path):
    install("/usr", destdir=tmp_path)
    files = installed_files(tmp_path)
    assert files == {f"usr/{path}" for path in PROGRAM | SIMULATOR}


def test_destdir_takes_the_whole_of_another_prefix(tmp_path):
    install("/opt/consolefs", destdir=tmp_path)
    assert installed_files(tmp_path) == {f"opt/consolefs/{path}" for path in PROGRAM | SIMULATOR}


def test_only_programs_can_be_executed(installed):
    for path in PROGRAM | SIMULATOR:
        mode = (installed / path).stat().st_mode & 0o777
        program = path.startswith(("bin/", "sbin/")) or path == "share/consolefs/archive/consolefs-archive"
        assert mode == (0o755 if program else 0o644), path


def test_no_file_names_the_place_where_it_was_built(installed):
    """What is installed may be moved: units and helpers find the program by themselves."""
    for path in PROGRAM | SIMULATOR:
        if not path.startswith("bin/"):
            assert str(installed).encode() not in (installed / path).read_bytes(), path


def test_uninstall_removes_what_was_installed_and_nothing_else(tmp_path):
    """As cmake --build BUILD --target uninstall does."""
    install("/usr", destdir=tmp_path)
    kept = {"usr/share/doc/consolefs/notes", "usr/bin/other"}
    for path in kept:
        (tmp_path / path).write_text("kept")
    # As cmake writes it; its own is that of whichever test has installed last.
    manifest = tmp_path / "manifest"
    manifest.write_text("\n".join(f"/usr/{path}" for path in sorted(PROGRAM | SIMULATOR)))
    command = ["cmake", "-D", f"manifest={manifest}", "-P", ROOT / "contrib/package/uninstall.cmake"]
    subprocess.run(command, check=True, env={**os.environ, "DESTDIR": str(tmp_path)},
                   stdout=subprocess.DEVNULL)
    assert installed_files(tmp_path) == kept
    assert not (tmp_path / "usr/share/consolefs").exists()
    assert not (tmp_path / "usr/share/doc/consolefs-sim").exists()
    again = subprocess.run(command, check=False, capture_output=True, text=True)
    assert again.returncode == 1 and "nothing was installed" in again.stderr


@pytest.mark.parametrize("name", ["consolefs", "consolefs-sim"])
def test_the_list_of_libraries_names_all_that_the_program_needs(installed, name):
    dynamic = subprocess.run(["readelf", "-d", installed / f"bin/{name}"], check=True, text=True,
                             capture_output=True, env={"LC_ALL": "C"}).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    listed = json.loads((installed / f"share/doc/{name}/{name}.spdx.json").read_text())
    assert listed["spdxVersion"] == "SPDX-2.3" and listed["dataLicense"] == "CC0-1.0"
    itself, *libraries = listed["packages"]
    assert (itself["name"], itself["licenseDeclared"]) == (name, "MIT")
    assert sorted(library["packageFileName"] for library in libraries) == sorted(needed)
    for library in libraries:
        assert re.fullmatch(r"[0-9][0-9.]*", library["versionInfo"]), library
        assert library["licenseDeclared"] not in ("", "NOASSERTION"), library
    # Each is linked by the program, and all are described.
    assert sorted(relation["relatedSpdxElement"] for relation in listed["relationships"]) == sorted(
        package["SPDXID"] for package in listed["packages"])
    # The page about licences has them all.
    page = (installed / "share/doc/consolefs/contrib/doc/licences.md").read_text()
    for library in libraries:
        if library["name"] != "gcc":  # of the sanitizers
            assert library["licenseDeclared"] in page, library


def test_the_installed_archive_program_finds_its_parts(installed):
    done = subprocess.run([installed / "bin/consolefs-archive", "--help"], cwd="/", env={},
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith("usage: consolefs-archive"), done.stderr
    assert installed_files(installed / "share/consolefs/archive") == {
        path.rpartition("/")[2] for path in ARCHIVE}


def check(installed, config, home):
    """What --check says of a configuration, without a cloud anywhere."""
    credentials = home / ".aws/credentials"
    credentials.parent.mkdir(exist_ok=True)
    credentials.write_text("[prod]\naws_access_key_id = A\naws_secret_access_key = B\n")
    return subprocess.run(
        [installed / "bin/consolefs", "--check", "-c", config, "-o",
         "aws.timeout=1,tencent.timeout=1,tencent.endpoint=https://127.0.0.1:1"],
        capture_output=True, text=True, timeout=60, check=False,
        # A proxy at which nobody listens, for whatever is asked of the world.
        env=scrubbed_env(home, TENCENTCLOUD_SECRET_ID="A", TENCENTCLOUD_SECRET_KEY="B",
                         HTTPS_PROXY="http://127.0.0.1:1"))


def test_the_example_configuration_is_one(installed, tmp_path):
    """With every setting that it shows turned on, --check gets as far as the clouds."""
    text = (installed / "share/doc/consolefs/examples/consolefs.conf").read_text()
    lines = [line[1:] if line.startswith("#") and " = " in line else line
             for line in text.splitlines()]
    text = "\n".join(lines).replace("https://ec2.example.net", "https://127.0.0.1:1")
    text = text.replace("/etc/ssl/private-ca.pem", "/etc/ssl/certs/ca-certificates.crt")
    assert text.count(" = ") == 14
    config = tmp_path / "consolefs.conf"
    config.write_text(text + "\n")
    done = check(installed, config, tmp_path)
    assert "aws" in done.stdout and "tencent" in done.stdout, done.stderr
    config.write_text(text + "\nbogus = 1\n")
    done = check(installed, config, tmp_path)
    assert "bogus is not a setting" in done.stderr, done.stderr
