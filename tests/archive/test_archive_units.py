# SPDX-License-Identifier: MIT
"""The units of systemd that run consolefs-archive."""

import re
import subprocess

import pytest

from archiving import PROGRAM
from lib.simulator import ROOT
from lib.systemd import analyze, complaints

UNITS = ROOT / "contrib/systemd"
# Of `systemd-analyze security`, 10 for the whole of root's power. It needs none of that.
EXPOSURE_MAX = 2.5


@pytest.fixture
def units(tmp_path):
    """Copies, by the path of the program here."""
    for place in (UNITS, UNITS / "user"):
        (tmp_path / place.name).mkdir()
        for unit in place.glob("consolefs-archive@.*"):
            text = unit.read_text().replace("ExecStart=", f"ExecStart={ROOT}/contrib/archive/")
            (tmp_path / place.name / unit.name.replace("@", "@mnt-cloud")).write_text(text)
    return tmp_path


@pytest.mark.parametrize("place, options", [("systemd", []), ("user", ["--user"])])
def test_systemd_understands_them(units, place, options):
    for kind in ("service", "timer"):
        assert complaints(units / place / f"consolefs-archive@mnt-cloud.{kind}", *options) == []


def test_the_system_service_is_confined(units):
    done = analyze(units, "security", "--offline=true",
                   units / "systemd/consolefs-archive@mnt-cloud.service")
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure and float(exposure[1]) <= EXPOSURE_MAX, done.stdout


def test_the_timers_run_every_night_and_make_up_for_a_missed_one():
    for place in (UNITS, UNITS / "user"):
        text = (place / "consolefs-archive@.timer").read_text()
        assert "\nPersistent=yes\n" in text
        when = re.search(r"^OnCalendar=(.*)$", text, re.MULTILINE)[1]
        done = subprocess.run(["/usr/bin/systemd-analyze", "calendar", "--iterations=2", when],
                              capture_output=True, text=True, check=True)
        assert len(re.findall(r"(?:Next elapse|Iter\. #2): \w+ \d{4}-\d\d-\d\d 03:00:00", done.stdout)) == 2


def test_the_manual_tells_every_option_and_status(tmp_path):
    page = (ROOT / "contrib/man/consolefs-archive.1").read_text()
    help_ = subprocess.run([PROGRAM, "--help"],
                           capture_output=True, text=True, check=True).stdout
    completion = (ROOT / "contrib/completions/consolefs-archive.bash").read_text()
    for option in set(re.findall(r"--([a-z-]+)", help_)):
        assert re.search(rf"Fl -{option}\b", page), option
        assert f"--{option}" in completion, option
    for section in ("SYNOPSIS", "EXIT STATUS", "EXAMPLES", "SECURITY CONSIDERATIONS"):
        assert f"\n.Sh {section}\n" in page
