# SPDX-License-Identifier: MIT
"""The first five minutes: no configuration, and no keys or half of what is needed."""

import json
import re

import pytest

from lib import fleet
from lib.command import Background, consolefs, refused
from lib.mount import cloud_options
from lib.scripted import AWS_KEYS
from lib.simulator import Simulator

# No metadata service, as on most machines.
BARE = {"TENCENTCLOUD_METADATA": "http://127.0.0.1:1"}


@pytest.fixture(scope="module", name="bare")
def mount_without_anything(tmp_path_factory):
    path = tmp_path_factory.mktemp("bare")
    with Background(path, env=BARE) as mount:
        yield mount


def test_it_mounts_and_says_in_a_few_short_lines_what_is_missing_and_what_to_do(bare):
    assert bare.done.returncode == 0 and bare.done.stdout == ""
    lines = bare.done.stderr.splitlines()
    assert len(lines) <= 5 and all(len(line) < 220 for line in lines), lines
    assert re.match(r"consolefs: \[aws\]: no usable credentials \(environment, profile, .*\): "
                    r"run `aws configure`, or set AWS_PROFILE", lines[0])
    assert re.match(r"consolefs: \[tencent\]: no usable credentials \(environment, .*\): "
                    r"run `tccli configure`, or set TENCENTCLOUD_SECRET_ID", lines[1])
    assert "consolefs --demo DIR" in lines[2] and "consolefs --check" in lines[2]
    assert fleet.clouds(bare.path) == ["aws", "tencent"]


def test_status_names_the_main_trouble_first_and_index_html_what_to_do(bare):
    status = (bare.path / "aws" / "status").read_text().splitlines()
    assert status[1] == "condition:   not working"
    assert status[2].startswith("trouble:     no usable credentials (environment, ")
    assert status[3].startswith("to do:       run `aws configure`")
    page = (bare.path / "index.html").read_text()
    notices = re.findall(r'<p class="notice"><strong>(\w+)</strong>: (.*)', page)
    assert [name for name, _ in notices] == ["aws", "tencent"]
    assert all("no usable credentials" in text and "To do: run `" in text for _, text in notices)
    assert "has not been listed yet" not in page


def test_check_says_each_thing_once_and_ends_with_the_next_step():
    done = consolefs("--check", env=BARE)
    assert done.returncode == 1 and done.stderr == ""
    lines = [line for line in done.stdout.splitlines() if not line.startswith("  who  ")
             and "NOT OK" not in line and "looked in" not in line]
    assert len(lines) == len(set(lines))
    assert done.stdout.splitlines()[-1] == \
        "next: [aws] run `aws configure`, or set AWS_PROFILE to a profile that you have"
    assert done.stdout == consolefs("--check", env=BARE).stdout
    clouds = json.loads(consolefs("--check=json", env=BARE).stdout)
    assert [cloud["next"].split("`")[1] for cloud in clouds] == ["aws configure", "tccli configure"]


def test_check_of_what_works_ends_with_the_next_step_too():
    with Simulator(instances=4, rate_scale=0) as sim:
        env = {**AWS_KEYS, "TENCENTCLOUD_SECRET_ID": "CONSOLEFSSIM",
               "TENCENTCLOUD_SECRET_KEY": "consolefs-sim-secret"}
        options = [word for option in cloud_options(sim) for word in ("-o", option)]
        done = consolefs("--check", *options, env=env)
        assert done.returncode == 0
        assert done.stdout.splitlines()[-1] == "next: mount it: consolefs DIR"
        sim.set_faults("GetConsoleOutput:code=UnauthorizedOperation")
        done = consolefs("--check", *options, env=env)
        assert done.returncode == 1
        assert done.stdout.splitlines()[-1] == "next: [aws] add the statement above to the policy"


def test_a_region_that_is_missing_is_told_with_its_variable_and_its_option(tmp_path):
    assert refused(tmp_path, env=AWS_KEYS) == (
        "consolefs: [aws]: no region is configured: set AWS_REGION, or mount with "
        "-o aws.regions=us-east-1\n")
    assert "set TENCENTCLOUD_REGION, or mount with -o tencent.regions=ap-guangzhou" in refused(
        tmp_path, env={"TENCENTCLOUD_SECRET_ID": "a", "TENCENTCLOUD_SECRET_KEY": "b"})


def test_an_empty_configuration_file_means_the_default(tmp_path):
    (tmp_path / "mnt").mkdir()
    for text in ("", "# nothing yet\n\n"):
        (tmp_path / "consolefs.conf").write_text(text)
        with Background(tmp_path / "mnt", "-c", tmp_path / "consolefs.conf", env=BARE) as mount:
            assert mount.done.returncode == 0
            assert fleet.clouds(mount.path) == ["aws", "tencent"]
            assert "consolefs --demo DIR" in mount.done.stderr
