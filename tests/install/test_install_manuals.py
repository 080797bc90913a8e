# SPDX-License-Identifier: MIT
"""The manual pages are clean, and tell of every option and setting that there is."""

import re
import subprocess

import pytest

from lib.simulator import ROOT, scrubbed_env

PAGES = sorted((ROOT / "contrib/man").glob("*.[158]"))
# The completions of the simulator ask it for its options.
MENTIONED_IN = {"consolefs": ["man/consolefs.1", "completions/consolefs.bash",
                              "completions/_consolefs", "completions/consolefs.fish"],
                "consolefs-sim": ["man/consolefs-sim.1"]}


def plain(text):
    """mdoc without its macros: `.It Fl -config Ar file` has --config."""
    return re.sub(r"\bFl -", "--", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_clean(page):
    done = subprocess.run(["mandoc", "-T", "lint", page], capture_output=True, text=True, check=False)
    # Other pages may not be installed.
    assert [line for line in done.stdout.splitlines() if "referenced manual not found" not in line] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_what_a_page_has(page):
    text = page.read_text(encoding="ascii")
    for section in ["NAME", "DESCRIPTION", "EXAMPLES", "SEE ALSO"]:
        assert f"\n.Sh {section}\n" in text
    if page.name in ("consolefs.1", "consolefs-sim.1"):
        for section in ["SYNOPSIS", "EXIT STATUS", "SECURITY CONSIDERATIONS"]:
            assert f"\n.Sh {section}\n" in text


def options_of(program):
    """The long options that --help lists."""
    usage = subprocess.run([program, "--help"], capture_output=True, text=True, check=True,
                           env=scrubbed_env("/nonexistent")).stdout
    found = set(re.findall(r"--[a-z][a-z-]+", usage))
    assert len(found) > 5
    return found


@pytest.mark.parametrize("name", MENTIONED_IN)
def test_every_option_is_in_the_manual_and_in_the_completions(installed, name):
    options = options_of(installed / "bin" / name)
    for place in MENTIONED_IN[name]:
        text = plain((ROOT / "contrib" / place).read_text())
        if place.endswith(".fish"):
            text = re.sub(r"-l ", "--", text)
        mentioned = set(re.findall(r"--[a-z][a-z-]+[a-z]", text))
        assert options <= mentioned, (place, options - mentioned)


def test_every_setting_is_in_the_manual(installed):
    """As --backends lists them, which is what the completions ask."""
    listed = subprocess.run([installed / "bin/consolefs", "--backends"], capture_output=True,
                            text=True, check=True, env=scrubbed_env("/nonexistent")).stdout
    settings = set(re.findall(r"^[a-z]+\.([a-z_]+)\t", listed, re.MULTILINE))
    assert {"backend", "regions", "filter"} <= settings
    text = (ROOT / "contrib/man/consolefs.conf.5").read_text()
    for setting in settings:
        assert re.search(rf"^\.It Cm {setting} ", text, re.MULTILINE), setting


def test_no_completion_knows_a_cloud():
    for path in (ROOT / "contrib/completions").iterdir():
        assert not re.search("aws|tencent|ec2|cvm|amazon", path.read_text(), re.IGNORECASE), path


def test_every_variable_is_in_the_manual():
    """Those that the code names."""
    code = "".join(path.read_text() for top in ("backends", "fs") for path in
                   sorted((ROOT / top).rglob("*.c")))
    known = set(re.findall(r'"((?:AWS|TENCENTCLOUD|TKE|TCCLI|CONSOLEFS|XDG)_[A-Z0-9_]*[A-Z0-9])"', code))
    assert len(known) > 30
    mentioned = set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", (ROOT / "contrib/man/consolefs.1").read_text()))
    assert known <= mentioned, known - mentioned


def test_the_commands_that_are_refused_are_in_the_manual():
    source = (ROOT / "fs/cloud/guests.c").read_text()
    names = "".join(re.findall(r'"(.*)"', source.partition("cfs_guests_default[] =")[2]
                               .partition(";")[0])).split(", ")
    assert len(names) > 10
    page = (ROOT / "contrib/man/consolefs.conf.5").read_text()
    listed = re.search(r"^\.Bd -filled.*\n((?:[^.].*\n)*)\.Ed", page, re.MULTILINE).group(1)
    assert listed.replace(",", "").split() == names
