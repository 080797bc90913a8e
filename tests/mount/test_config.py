# SPDX-License-Identifier: MIT
"""DESIGN, "Command line and configuration": the file, the -o settings, and what each does."""

import json
import os
import re
import time

import pytest

from lib import fleet
from lib.command import KEYS, in_namespace, refused
from lib.doing import Stopwatch, await_that, cats, daemons, errno_of, fails, read
from lib.mount import Mount, cloud_options, find_consolefs
from lib.scripted import (AWS_KEYS, TENCENT_KEYS, ScriptedCloud, cvm_listing, ec2_listing)

ONE = "i-0123456789abcdef0"


def aws_section(sim, name="aws", **more):
    settings = {"endpoint": sim.url, "ca_file": sim.ca, "regions": ", ".join(sim.aws_regions),
                **more}
    return f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())


def tencent_section(sim, name="tencent", **more):
    settings = {"endpoint": sim.url, "ca_file": sim.ca,
                "regions": ", ".join(sim.tencent_regions), **more}
    return f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())


@pytest.fixture(name="config")
def config_file(tmp_path):
    """write(text) makes a configuration file and returns its path."""
    def write(text):
        path = tmp_path / "test.conf"
        path.write_text(text)
        return path
    return write


@pytest.fixture(name="directory")
def mount_point(tmp_path):
    path = tmp_path / "mnt"
    path.mkdir()
    return path


# Where the file is

def test_the_file_is_what_c_names(sim, config):
    cloud = sim(rate_scale=0)
    path = config(aws_section(cloud, "prod", backend="aws"))
    for args in (["-c", path], ["--config", path], [f"--config={path}"]):
        with Mount(args=args) as mount:
            assert fleet.clouds(mount.path) == ["prod"]


def test_else_consolefs_config_else_xdg_config_home_else_the_home(sim, tmp_path):
    cloud = sim(rate_scale=0)
    home, xdg, named = tmp_path / "home", tmp_path / "xdg", tmp_path / "named.conf"
    places = [(home / ".config/consolefs/consolefs.conf", "home", {}),
              (xdg / "consolefs/consolefs.conf", "xdg", {"XDG_CONFIG_HOME": str(xdg)}),
              (named, "named", {"CONSOLEFS_CONFIG": str(named)})]
    env = {"HOME": str(home)}
    for path, name, more in places:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(aws_section(cloud, name, backend="aws"))
        env.update(more)
        with Mount(env=env) as mount:
            assert fleet.clouds(mount.path) == [name]
    # -c goes before all of them.
    path = tmp_path / "given.conf"
    path.write_text(aws_section(cloud, "given", backend="aws"))
    with Mount(args=["-c", path], env=env) as mount:
        assert fleet.clouds(mount.path) == ["given"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root has an /etc of his own")
def test_else_etc_consolefs_conf(sim, tmp_path, directory):
    cloud = sim(rate_scale=0)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/consolefs.conf").write_text(aws_section(cloud, "system", backend="aws"))
    for home, name in ((None, "system"), ("nothing", "system"), ("home", "mine")):
        env = dict(AWS_KEYS)
        if home:
            env["HOME"] = str(tmp_path / home)
        if home == "home":
            path = tmp_path / home / ".config/consolefs/consolefs.conf"
            path.parent.mkdir(parents=True)
            path.write_text(aws_section(cloud, "mine", backend="aws"))
        done = in_namespace('mount -t overlay overlay -o "lowerdir=$1:/etc" /etc; "$2" "$3"; '
                            'basename "$3"/*/; fusermount3 -u "$3"',
                            tmp_path / "etc", find_consolefs(), directory, env=env)
        assert done.stdout == name + "\n", done.stderr
        await_that(lambda: not daemons(directory), "the daemon ends")


def test_a_file_that_was_named_must_be_there(tmp_path, directory):
    missing = tmp_path / "missing.conf"
    for args, env in ((["-c", missing], {}), ([], {"CONSOLEFS_CONFIG": str(missing)})):
        assert f"{missing}: No such file or directory" in refused(*args, directory, env=env)
    assert "Is a directory" in refused("-c", tmp_path, directory)


# What it says

def test_two_clouds_of_one_backend_side_by_side_by_name(sim, config):
    first, second = sim(rate_scale=0), sim(rate_scale=0, instances=5, seed=2)
    text = (aws_section(first, "prod", backend="aws") + "\n" +
            aws_section(second, "test-2.x", backend="aws") +
            tencent_section(first) + tencent_section(second, "cn_2", backend="tencent"))
    with Mount(args=["-c", config(text)]) as mount:
        assert fleet.clouds(mount.path) == ["cn_2", "prod", "tencent", "test-2.x"]
        counts = {name: len(fleet.instances(mount.path / name))
                  for name in fleet.clouds(mount.path)}
        assert counts == {"prod": 19, "test-2.x": 5, "tencent": 20, "cn_2": 5}
        info = json.loads((mount.path / "prod" / fleet.aws(0) / "info.json").read_text())
        assert info["cloud"] == "prod"
        assert read(mount.path / "prod" / fleet.aws(0) / "screenshot.jpg")
        with fails("ENOENT"):
            (mount.path / "test-2.x" / fleet.aws(0)).stat()


def test_comments_blanks_crlf_and_order_do_not_matter(sim, config):
    cloud = sim(rate_scale=0)
    text = ("\ufeff# a comment\r\n; another\r\n\r\n[prod] \r\n  regions=us-east-1 ; here too\r\n" +
            f"endpoint:{cloud.url}\r\n\tca_file =   {cloud.ca}\r\nbackend=aws\r\n")
    with Mount(args=["-c", config(text)]) as mount:
        assert len(fleet.instances(mount.path / "prod")) == 19


def test_an_option_replaces_what_the_file_says(sim, config):
    cloud, nowhere = sim(rate_scale=0), "https://127.0.0.1:1"
    text = aws_section(cloud, endpoint=nowhere, regions="eu-west-1")
    with Mount(args=["-c", config(text)],
               options=[f"aws.endpoint={cloud.url}", "aws.regions=us-east-1"]) as mount:
        assert len(fleet.instances(mount.aws)) == 19


def test_an_option_can_add_a_cloud_and_several_stand_in_one_o(sim, config):
    cloud = sim(rate_scale=0)
    more = (f"prod.backend=aws,prod.endpoint={cloud.url},prod.ca_file={cloud.ca},"
            "prod.regions=us-east-1,ro")
    with Mount(args=["-c", config(tencent_section(cloud))], options=[more]) as mount:
        assert fleet.clouds(mount.path) == ["prod", "tencent"]
        assert len(fleet.instances(mount.path / "prod")) == 19


def test_regions_of_an_option_are_separated_by_colons_or_commas(sim):
    cloud = sim(rate_scale=0, aws_regions=["us-east-1", "eu-west-1"])
    assert "aws.regions=us-east-1:eu-west-1" in cloud_options(cloud)
    for separator in ":", ",":
        options = [one.replace("us-east-1:", f"us-east-1{separator}") for one in cloud_options(cloud)]
        with Mount(options=options) as mount:
            regions = {info["region"] for info in fleet.infos(mount.aws).values()}
            assert regions == {"us-east-1", "eu-west-1"}


def test_a_comma_in_a_filter_of_an_option_is_sent():
    """In -o, with and without what the shell leaves of quotes and backslashes."""
    with ScriptedCloud(lambda request: (200, ec2_listing([]))) as cloud:
        options = [*cloud.options(), *cloud.options("tencent"), "aws.filter=tag:env=prod,staging,ro",
                   "aws.filter=tag:a=dev\\,ro", 'aws.filter=tag:b="dev,ro"']
        with Mount(options=options) as mount:
            os.listdir(mount.aws)
            [line] = [line for line in open("/proc/self/mountinfo", encoding="utf-8") if str(mount.path) in line]
            assert line.split()[5].startswith("ro")
        assert {name: value for name, value in cloud.requests[0].params.items() if "Value" in name} == {
            "Filter.1.Value.1": "prod", "Filter.1.Value.2": "staging",
            "Filter.2.Value.1": "dev", "Filter.2.Value.2": "ro",
            "Filter.3.Value.1": "dev", "Filter.3.Value.2": "ro"}


@pytest.mark.parametrize("option, said", [
    ("aws.filter=tag:env=prod,dev", "'dev' may be a value, or a mount option"),
    ("aws.regions=us-east-1,noatme", "'noatme' is not a mount option (did you mean noatime?)"),
    ("aws.regions=us-east-1,us_west-2", "'us_west-2' is not a region name"),
    ("aws.regions", "-o aws.regions needs a value: -o aws.regions=VALUE"),
    ("us-west-2", "'us-west-2' may not be a mount option"),
    ("max_read=99999999999", "'99999999999' is not a number from 0 to 4294967295"),
    ("uid=99999999999", "'99999999999' is not a number from 0 to 4294967294")])
def test_an_option_is_read_before_anything_else_is_done(directory, option, said):
    """One line, and nothing about keys, which there are none."""
    text = refused("-o", option, directory, env={})
    assert text.startswith("consolefs: ") and said in text and text.count("\n") == 1, text


@pytest.mark.parametrize("env, region", [
    ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "sa-east-1"}, "eu-west-1"),
    ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1")])
def test_the_region_is_by_default_that_of_the_sdk(sim, env, region):
    cloud = sim(rate_scale=0, aws_regions=["us-east-1", "eu-west-1"])
    options = [one for one in cloud_options(cloud) if "regions" not in one]
    with Mount(options=options, keys=False, env={**AWS_KEYS, **env}) as mount:
        assert {info["region"] for info in fleet.infos(mount.aws).values()} == {region}


def test_the_region_of_tencent_is_by_default_that_of_its_tools(sim):
    cloud = sim(rate_scale=0, tencent_regions=["ap-guangzhou", "ap-tokyo"])
    options = [one for one in cloud_options(cloud) if "regions" not in one]
    with Mount(options=options, keys=False,
               env={**TENCENT_KEYS, "TENCENTCLOUD_REGION": "ap-tokyo"}) as mount:
        assert {info["region"] for info in fleet.infos(mount.tencent).values()} == {"ap-tokyo"}


def test_no_region_anywhere_is_said(directory):
    said = refused("-f", directory, env=AWS_KEYS)
    assert "[aws]" in said and "no region" in said and "regions" in said


def test_a_region_of_the_environment_that_is_not_one_is_said(directory):
    said = refused("-f", "-o", "aws.regions=us-east-1", directory,
                   env={**AWS_KEYS, **TENCENT_KEYS, "TENCENTCLOUD_REGION": "ap_tokyo"})
    assert ("[tencent]: region 'ap_tokyo' (from the environment or the profile) is not a region "
            "name (did you mean ap-tokyo?)") in said


def test_keys_without_a_region_do_not_keep_the_other_cloud_away(sim):
    cloud = sim(rate_scale=0)
    options = [one for one in cloud_options(cloud) if "tencent.regions" not in one]
    with Mount(options=options) as mount:
        mount.allow(r"\[tencent\]: left out: no region is configured")
        assert fleet.clouds(mount.path) == ["aws"]
        assert "left out" in mount.log_text()


def test_half_a_pair_of_keys_is_worth_a_directory_whose_status_says_so(sim):
    cloud = sim(rate_scale=0)
    env = {**AWS_KEYS, "TENCENTCLOUD_SECRET_ID": "half"}
    with Mount(options=cloud_options(cloud), keys=False, env=env) as mount:
        mount.allow(r"\[tencent\]: no usable credentials")
        assert fleet.clouds(mount.path) == ["aws", "tencent"]
        assert "TENCENTCLOUD_SECRET_KEY" in (mount.tencent / "status").read_text()


# Settings that are sent to the cloud, or held against it

def test_filter_is_sent_with_the_listing_and_may_repeat(sim, config):
    cloud = sim(rate_scale=0)
    text = (aws_section(cloud) + "filter = tag:env=prod\nfilter = instance-state-name=running\n" +
            tencent_section(cloud) + "filter = tag:env=prod\nfilter = instance-state=RUNNING\n")
    with Mount.of(cloud) as mount:
        wanted = {}
        for name, state in (("aws", "running"), ("tencent", "RUNNING")):
            infos = fleet.infos(mount.path / name)
            wanted[name] = {one for one, info in infos.items()
                            if info["tags"]["env"] == "prod" and info["state"] == state}
            assert 0 < len(wanted[name]) < 19
    with Mount(args=["-c", config(text)]) as mount:
        for name in ("aws", "tencent"):
            assert fleet.instances(mount.path / name) == sorted(wanted[name])


def test_filters_are_in_the_request():
    with ScriptedCloud(lambda request: (200, (cvm_listing if request.cvm else
                                              ec2_listing)([]))) as cloud:
        options = [*cloud.options(), *cloud.options("tencent"), "aws.filter=tag:env=prod",
                   "aws.filter=instance-type=t3.*", "tencent.filter=zone=ap-guangzhou-3"]
        with Mount(options=options) as mount:
            os.listdir(mount.aws), os.listdir(mount.tencent)
        aws, tencent = cloud.requests
        assert {name: value for name, value in aws.params.items() if "Filter" in name} == {
            "Filter.1.Name": "tag:env", "Filter.1.Value.1": "prod",
            "Filter.2.Name": "instance-type", "Filter.2.Value.1": "t3.*"}
        assert tencent.params["Filters"] == [{"Name": "zone", "Values": ["ap-guangzhou-3"]}]


def test_list_ttl_is_how_long_a_list_is_kept(sim):
    cloud = sim(rate_scale=0)
    with Mount.of(cloud, options=["aws.list_ttl=2"]) as mount:
        def listings():
            os.listdir(mount.aws)
            return len(cloud.log_entries(action="DescribeInstances"))
        watch = Stopwatch()
        assert listings() == 1
        await_that(lambda: listings() == 2, "the list is refreshed")
        assert time.monotonic() - watch.began >= 1.9 and watch.seconds() < 5


def test_timeout_is_what_a_call_may_take_retries_included(sim):
    cloud = sim(rate_scale=0, faults=["GetConsoleScreenshot:hang",
                                      "DescribeInstanceVncUrl:status=500"])
    with Mount.of(cloud, options=["aws.timeout=0.5", "tencent.timeout=0.5"]) as mount:
        for path, name in ((mount.aws / fleet.aws(0) / "screenshot.jpg", "ETIMEDOUT"),
                           (mount.tencent / fleet.cvm(0) / "vnc_url", "EREMOTEIO")):
            path.stat()
            watch = Stopwatch()
            with fails(name):
                read(path)
            assert watch.seconds() < 1.5


def test_rate_is_calls_a_second_and_the_queue_is_not_in_the_timeout(sim):
    cloud = sim(rate_scale=0)
    with Mount.of(cloud, options=["aws.rate=2", "aws.timeout=3"]) as mount:
        await_that(lambda: errno_of(os.listdir, mount.aws) == "OK", "it is listed")
        paths = [path / "screenshot.jpg" for path in mount.aws.glob("i-*")
                 if (path / "screenshot.jpg").name in os.listdir(path)]
        assert len(paths) >= 10
        watch = Stopwatch()
        with cats(paths[:10] + [paths[0]] * 2) as processes:
            assert [process.wait(30) for process in processes] == [0] * 12
        # A burst of two, and then one each half second.
        assert time.monotonic() - watch.began >= 4.9 and watch.seconds() < 8
        assert len(cloud.log_entries(action="GetConsoleScreenshot")) == 12


def test_the_documented_rates_are_kept_by_default(sim):
    """Ten a second for a VNC link. Without that, two of three here would be throttled at first; now
    it is only one that a busy machine has let catch up with another."""
    cloud = sim()
    with Mount.of(cloud) as mount:
        with cats([mount.tencent / fleet.cvm(0) / "vnc_url"] * 25) as processes:
            assert [process.wait(30) for process in processes] == [0] * 25
        assert len(cloud.log_entries(code="RequestLimitExceeded")) <= 3


def test_vnc_page_is_what_the_value_is_appended_to(sim):
    cloud = sim(rate_scale=0)
    options = [one for one in cloud_options(cloud) if "vnc_page" not in one]
    path = f"tencent/{fleet.cvm(0)}/vnc_url"
    with Mount(options=options) as mount:
        link = (mount.path / path).read_text()
        assert re.fullmatch(r"https://img\.qcloud\.com/qcloud/app/active_vnc/index\.html\?"
                            r"InstanceVncUrl=wss%3A%2F%2F\S+\n", link)
    with Mount(options=[*options, "tencent.vnc_page=https://example.com/x?u="]) as mount:
        assert re.fullmatch(r"https://example\.com/x\?u=wss%3A\S+\n",
                            (mount.path / path).read_text())


def test_ca_file_is_what_is_trusted(sim):
    cloud, other = sim(rate_scale=0), sim(rate_scale=0)
    options = [one for one in cloud_options(cloud) if not one.startswith("aws.ca_file")]
    for more, name in (([], "EPROTO"), ([f"aws.ca_file={other.ca}"], "EPROTO"),
                       ([f"aws.ca_file={cloud.ca}"], None)):
        with Mount(options=[*options, *more]) as mount:
            if name:
                with fails(name):
                    os.listdir(mount.aws)
            else:
                os.listdir(mount.aws)


# What is wrong with it

WRONG = [
    # text of the file, the line, and what is said
    ("[aws]\nregoins = us-east-1\n", 2, "regoins"),
    ("[aws]\n\n\nlist-ttl = 3\n", 4, "list-ttl"),
    ("[aws]\nvnc_page = https://example.com/?u=\n", 2, "vnc_page"),
    ("[tencent]\nwake = 1\n", 2, "wake"),
    ("[asw]\nregions = us-east-1\n", 1, "asw"),
    ("[prod]\nbackend = azure\n", 2, "backend"),
    ("regions = us-east-1\n[aws]\n", 1, "section"),
    ("[aws]\nregions\n", 2, "neither"),
    ("[aws\nregions = us-east-1\n", 1, "neither"),
    ("[aws]\nregions =\n", 2, "regions"),
    ("[aws]\nregions = US-EAST-1\n", 2, "regions"),
    ("[aws]\nregions = us-east-1, ../../x\n", 2, "regions"),
    ("[aws]\nregions = " + "a" * 33 + "\n", 2, "regions"),
    ("[aws]\nregions = us-east-1\nregions = eu-west-1\n", 3, "twice"),
    ("[aws]\nlist_ttl = 5\nregions = us-east-1\n[tencent]\n[aws]\nlist_ttl = 6\n", 6, "twice"),
    ("[aws]\nlist_ttl = 1m\n", 2, "list_ttl"),
    ("[aws]\nlist_ttl = 0\n", 2, "list_ttl"),
    ("[aws]\nlist_ttl = -1\n", 2, "list_ttl"),
    ("[aws]\nlist_ttl = 1e9\n", 2, "list_ttl"),
    ("[aws]\ntimeout = soon\n", 2, "timeout"),
    ("[aws]\ntimeout = nan\n", 2, "timeout"),
    ("[aws]\nrate = 0\n", 2, "rate"),
    ("[aws]\nrate = inf\n", 2, "rate"),
    ("[aws]\nrate = 1.2.3\n", 2, "rate"),
    ("[aws]\nca_file = /nonexistent/ca.pem\n", 2, "ca_file"),
    ("[aws]\nfilter = env\n", 2, "filter"),
    ("[tencent]\nfilter = \n", 2, "filter"),
    ("[tencent]\nvnc_page = javascript:alert(1)\n", 2, "vnc_page"),
    ("[..]\nbackend = aws\n", 1, "directory"),
    ("[.x]\nbackend = aws\n", 1, "directory"),
    ("[a/b]\nbackend = aws\n", 1, "directory"),
    ("[stats]\nbackend = aws\n", 1, "directory"),
    ("[index.html]\nbackend = aws\n", 1, "directory"),
    ("[" + "x" * 65 + "]\nbackend = aws\n", 1, "directory"),
    ("[aws]\nregions = us-east-1\n\x01\x02\n", 3, "neither"),
    ("[aws]\nregions = us-east-1\nendpoint = http://example.com\n", 3, "insecure_http = yes"),
    ("[tencent]\ninsecure_http = no\nendpoint = http://example.com\n", 3, "insecure_http = yes"),
    ("[aws]\ninsecure_http = maybe\n", 2, "neither yes nor no"),
    ("[tencent]\nendpoint = https://example.com/path\n", 2, "endpoint"),
]


@pytest.mark.parametrize("text, line, what", WRONG, ids=[repr(row[0])[:60] for row in WRONG])
def test_a_misspelt_section_key_or_value_is_an_error_that_names_file_and_line(
        config, directory, text, line, what):
    path = config(text)
    said = refused("-c", path, directory, env=KEYS)
    assert said.startswith(f"consolefs: {path}:{line}: "), said
    assert what in said and said.count("\n") == 1
    assert not [one for one in said if ord(one) < 32 and one != "\n"]


@pytest.mark.parametrize("option, what", [
    ("aws.regoins=us-east-1", "regoins"), ("asw.regions=us-east-1", "asw"),
    ("aws.list_ttl=x", "list_ttl"), ("aws.regions=", "regions"), (".x=1", "-o .x"),
    ("aws.=1", "aws"), ("aws.endpoint=ftp://example.com", "endpoint"),
    ("aws.endpoint=http://example.com", "endpoint"),
    ("tencent.endpoint=https://u:p@example.com", "endpoint")])
def test_a_misspelt_option_is_an_error_that_names_it(directory, option, what):
    said = refused("-f", "-o", "aws.regions=us-east-1,tencent.regions=ap-guangzhou", "-o", option,
                   directory, env=KEYS) if not option.startswith("aws.regions") else \
        refused("-f", "-o", option, directory, env=KEYS)
    assert what in said


def test_an_option_that_is_given_twice_is_an_error(directory):
    said = refused("-f", "-o", "aws.regions=us-east-1", "-o", "aws.regions=eu-west-1", directory,
                   env=AWS_KEYS)
    assert "-o aws.regions" in said and "twice" in said


def test_a_file_that_is_too_large_is_an_error(config, directory):
    assert "test.conf" in refused("-c", config("#" * (2 << 20)), directory)


# Private endpoints in the clear. This address leads here, and is no loopback address.
HERE = "0.0.0.0"


@pytest.mark.parametrize("cloud, keys, listing, one", [
    ("aws", AWS_KEYS, ec2_listing([ONE]), ONE),
    ("tencent", TENCENT_KEYS, cvm_listing(["ins-aaaaaaaa"]), "ins-aaaaaaaa")])
def test_plain_http_to_other_hosts_takes_insecure_http(config, directory, cloud, keys, listing,
                                                       one):
    """Wherever it stands in the file."""
    with ScriptedCloud(lambda request: (200, listing), HERE, plain=True) as other:
        path = config(f"[{cloud}]\nendpoint = {other.url}\ninsecure_http = yes\n"
                      f"regions = {'us-east-1' if cloud == 'aws' else 'ap-guangzhou'}\n")
        with Mount(args=["-c", path], keys=False, env=keys) as mount:
            assert fleet.instances(mount.path / cloud) == [one]
        assert other.requests
        said = refused("-o", f"{cloud}.endpoint={other.url}", directory, env=keys)
        assert "`insecure_http = yes`" in said


def test_an_endpoint_of_the_environment_says_which_setting_it_takes(directory):
    with ScriptedCloud(lambda request: (200, ec2_listing([ONE])), HERE, plain=True) as other:
        env = {**AWS_KEYS, "AWS_ENDPOINT_URL": other.url, "AWS_REGION": "us-east-1"}
        said = refused("-o", "aws.backend=aws", directory, env=env)
        assert "AWS_ENDPOINT_URL is http" in said and "`insecure_http = yes`" in said
        assert not other.requests
        with Mount(options=["aws.insecure_http=yes"], keys=False, env=env) as mount:
            assert fleet.instances(mount.path / "aws") == [ONE]
