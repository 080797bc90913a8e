# SPDX-License-Identifier: MIT
"""Endpoints are those of the AWS tools: for every region, with FIPS, dual stack and custom URLs, the same URL and the
same region in the signature.

chain_tool finds them as the account does, botocore_tool as botocore does. The rules that Debian's botocore is too old
for (AWS_ENDPOINT_URL and its kin, the services section, AWS_REGION, regions and partitions of later years) have a table
of what botocore 1.43 answers, made by hand with the same tool; where the botocore at hand knows them, it is asked as
well.
"""

import contextlib
import itertools
import json
import os
import pathlib
import subprocess
import sys

import botocore
import botocore.configprovider

HERE = pathlib.Path(__file__).parent
BASE = "http://127.0.0.1:1"  # nothing is asked
SERVICES = ["ec2", "sts", "sso", "sso-oidc"]
KNOWS_URLS = hasattr(botocore.configprovider, "ConfiguredEndpointProvider")
KNOWS_SIGNIN = (pathlib.Path(botocore.__file__).parent / "data/signin").is_dir()
# The isolated partitions gained dual stack after 1.29; of the youngest two, botocore's own files disagree on it.
ISOLATED = ("us-iso", "eu-isoe") if not KNOWS_URLS else ("us-isof", "eu-isoe")


def regions():
    """Of EC2 and STS in endpoints.json, with what is called a region there, and some that no file names."""
    data = json.loads((pathlib.Path(botocore.__file__).parent / "data/endpoints.json").read_text())
    names = set()
    for partition in data["partitions"]:
        names.update(partition["regions"])
        for service in ("ec2", "sts"):
            names.update(partition["services"].get(service, {}).get("endpoints", {}))
    names.discard("aws-global")  # STS's own: below
    return sorted(names | {"us-east-9", "cn-south-7", "us-gov-north-1", "eu-nowhere-1", "us-isob-west-1"})


def start(stack, *command):
    return stack.enter_context(subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONDONTWRITEBYTECODE": "1"}))


def ask(process, question):
    print(json.dumps(question), file=process.stdin, flush=True)
    return json.loads(process.stdout.readline())


@contextlib.contextmanager
def tools():
    with contextlib.ExitStack() as stack:
        ours = start(stack, os.environ["CHAIN_TOOL"])
        theirs = start(stack, sys.executable, HERE / "botocore_tool.py", BASE)
        yield lambda question: ask(ours, question), lambda question: ask(theirs, question)
        for process in (ours, theirs):
            process.stdin.close()
            assert process.wait(60) == 0


def flag(name, value):
    return {} if value is None else {name: value}


def cut(url):
    """Without what an operation adds to it."""
    for tail in ("federation/credentials?role_name=r&account_id=a", "v1/token", "token"):
        url = url.removesuffix(tail)
    return url if url.endswith("/") else url + "/"


def same(ours, theirs):
    if "error" in ours or "error" in theirs:
        return "error" in ours and "error" in theirs
    # Services that take no signature need no region to sign for.
    return ours["url"] == cut(theirs["url"]) and theirs["region"] in (None, ours["region"])


def is_younger(service, region, fips, dual):
    """Whether botocore is older than the rule: as for dual stack, so for GovCloud's IAM Identity Center endpoints, which
    are FIPS endpoints without "-fips"."""
    if dual == "true" and region.startswith(ISOLATED):
        return True
    return not KNOWS_URLS and service.startswith("sso") and "us-gov" in region and (fips == "true" or "fips" in region)


def test_every_region_has_the_endpoint_that_botocore_gives_it():
    wrong, n, skipped = [], 0, 0
    with tools() as (ours, theirs):
        for service, region, fips, dual, sts in itertools.product(
                SERVICES, regions(), (None, "true", "False"), (None, "TRUE"), ("regional", "legacy")):
            if sts == "legacy" and service != "sts":
                continue
            if is_younger(service, region, fips, dual and dual.lower()):
                skipped += 1
                continue
            environ = {"HOME": "/nonexistent", "AWS_STS_REGIONAL_ENDPOINTS": sts,
                       **flag("AWS_USE_FIPS_ENDPOINT", fips), **flag("AWS_USE_DUALSTACK_ENDPOINT", dual)}
            question = {"service": service, "region": region, "profile": None, "environ": environ}
            answers = ours(question), theirs(question)
            n += 1
            if not same(*answers):
                wrong.append(f"{service} {region} fips={fips} dual={dual} {sts}: {answers[0]} is not {answers[1]}")
    print(f"{n - len(wrong)} of {n} endpoints agree with botocore {botocore.__version__}, {skipped} rules it does not know")
    assert not wrong, "\n".join(wrong)
    assert n > 500


def test_settings_of_the_profile_count_as_botocore_counts_them(tmp_path):
    """Which of variable, profile and nothing decides on FIPS, dual stack, the region, STS."""
    wrong, n = [], 0
    values = [None, "true", "false", "yes"]
    with tools() as (ours, theirs):
        for number, (variable, key, named) in enumerate(itertools.product(values, values, (False, True))):
            for name, text in (("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
                               ("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")):
                section = "[profile prod]\n" if named else "[default]\n"
                config = tmp_path / f"config-{number}-{text}"
                config.write_text(section + "region = us-west-2\n" + (f"{text} = {key}\n" if key else ""))
                environ = {"AWS_CONFIG_FILE": str(config), "HOME": "/nonexistent",
                           "AWS_STS_REGIONAL_ENDPOINTS": "regional", **flag(name, variable)}
                question = {"region": None, "profile": "prod" if named else None, "environ": environ}
                for service in ("ec2", "sts"):
                    question["service"] = service
                    answers = ours(question), theirs(question)
                    n += 1
                    if not same(*answers):
                        wrong.append(f"{question}: {answers[0]} is not {answers[1]}")
        for number, (variable, key, sts_variable, sts_key) in enumerate(itertools.product(
                (None, "eu-west-3"), (None, "us-west-1"), (None, "regional", "legacy", "both"),
                (None, "regional", "legacy", "both"))):
            config = tmp_path / f"config-{number}-region"
            config.write_text("[default]\n" + (f"region = {key}\n" if key else "") +
                              (f"sts_regional_endpoints = {sts_key}\n" if sts_key else ""))
            environ = {"AWS_CONFIG_FILE": str(config), "HOME": "/nonexistent", **flag("AWS_DEFAULT_REGION", variable),
                       **flag("AWS_STS_REGIONAL_ENDPOINTS", sts_variable)}
            # The default of Debian's botocore is the old one.
            if not sts_variable and not sts_key and not KNOWS_URLS:
                continue
            question = {"service": "sts", "region": None, "profile": None, "environ": environ}
            answers = ours(question), theirs(question)
            n += 1
            if not same(*answers):
                wrong.append(f"{question}: {answers[0]} is not {answers[1]}")
    print(f"{n - len(wrong)} of {n} settings agree with botocore {botocore.__version__}")
    assert not wrong, "\n".join(wrong)


def test_an_endpoint_of_our_configuration_is_as_an_endpoint_url_of_botocore():
    wrong, n = [], 0
    urls = ["https://vpce-1-x.ec2.us-east-1.vpce.amazonaws.com", "https://vpce.example.com/", "https://h.example:8443/a/b",
            "http://127.0.0.1:4566", "http://localhost:4566/", "https://[::1]:4000/x"]
    with tools() as (ours, theirs):
        for url, region, fips in itertools.product(urls, ("us-east-1", "cn-north-1"), (None, "true")):
            question = {"service": "ec2", "region": region, "profile": None, "endpoint": url,
                        "environ": {"HOME": "/nonexistent", **flag("AWS_USE_FIPS_ENDPOINT", fips)}}
            answers = ours(question), theirs(question)
            n += 1
            if "error" in answers[0] or answers[0]["url"].rstrip("/") != answers[1].get("url", "").rstrip("/") or \
                    answers[0]["region"] != answers[1]["region"]:
                wrong.append(f"{question}: {answers[0]} is not {answers[1]}")
    print(f"{n - len(wrong)} of {n} custom URLs agree with botocore {botocore.__version__}")
    assert not wrong, "\n".join(wrong)


SERVICES_FILE = """\
[default]
region = eu-west-1
endpoint_url = https://profile.example
services = mine
[profile ignoring]
endpoint_url = https://profile.example
ignore_configured_endpoint_urls = true
[profile global]
region = eu-west-1
endpoint_url = https://profile.example
[profile lost]
services = nobody
[services mine]
ec2 =
  endpoint_url = https://section-ec2.example
sso_oidc =
  max = 3
  endpoint_url = https://section-oidc.example/x
s3 =
  endpoint_url = https://section-s3.example
"""
ENV_EC2 = {"AWS_ENDPOINT_URL_EC2": "https://env-ec2.example"}
ENV_ALL = {"AWS_ENDPOINT_URL": "https://env.example"}
IGNORE = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
# (service, profile, variables, URL or what an error says)
CONFIGURED = [
    ("ec2", None, {}, "https://section-ec2.example/"),
    ("ec2", None, ENV_ALL, "https://env.example/"),
    ("ec2", None, {**ENV_ALL, **ENV_EC2}, "https://env-ec2.example/"),
    ("ec2", None, ENV_EC2, "https://env-ec2.example/"),
    ("ec2", "global", {}, "https://profile.example/"),
    ("ec2", None, {**ENV_ALL, **ENV_EC2, **IGNORE}, "https://ec2.eu-west-1.amazonaws.com/"),
    ("ec2", None, {**IGNORE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"}, "https://ec2.eu-west-1.amazonaws.com/"),
    ("ec2", None, {**IGNORE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "no"}, "https://section-ec2.example/"),
    ("ec2", "ignoring", {"AWS_DEFAULT_REGION": "eu-west-1"}, "https://ec2.eu-west-1.amazonaws.com/"),
    ("ec2", "ignoring", {"AWS_DEFAULT_REGION": "eu-west-1", **ENV_EC2}, "https://ec2.eu-west-1.amazonaws.com/"),
    ("ec2", "ignoring", {"AWS_DEFAULT_REGION": "eu-west-1", **ENV_EC2, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
     "https://env-ec2.example/"),
    ("ec2", None, {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
     "https://section-ec2.example/"),
    ("ec2", "lost", {"AWS_DEFAULT_REGION": "eu-west-1"}, "error"),
    ("sts", None, {}, "https://profile.example/"),
    ("sts", None, ENV_EC2, "https://profile.example/"),
    ("sts", None, {"AWS_ENDPOINT_URL_STS": "https://env-sts.example/a"}, "https://env-sts.example/a/"),
    ("sso", None, ENV_ALL, "https://env.example/"),
    ("sso", "global", {"AWS_ENDPOINT_URL_SSO": "https://env-sso.example"}, "https://env-sso.example/"),
    ("sso-oidc", None, {}, "https://section-oidc.example/x/"),
    ("signin", None, {}, "https://profile.example/"),
    ("signin", None, {"AWS_ENDPOINT_URL_SIGNIN": "https://env-signin.example/b"}, "https://env-signin.example/b/"),
    ("sso-oidc", None, {"AWS_ENDPOINT_URL_SSO_OIDC": "https://env-oidc.example"}, "https://env-oidc.example/"),
]


def test_configured_urls_come_in_the_order_of_the_sdks(tmp_path):
    wrong, asked = [], 0
    (tmp_path / "config").write_text(SERVICES_FILE)
    with tools() as (ours, theirs):
        for service, profile, variables, url in CONFIGURED:
            question = {"service": service, "region": None, "profile": profile,
                        "environ": {"HOME": "/nonexistent", "AWS_CONFIG_FILE": str(tmp_path / "config"), **variables}}
            answer = ours(question)
            if ("error" if "error" in answer else cut(answer["url"])) != url:
                wrong.append(f"{question}: {answer} is not {url}")
            if KNOWS_URLS and (service != "signin" or KNOWS_SIGNIN):
                answer = theirs(question)
                asked += 1
                if ("error" if "error" in answer else cut(answer["url"])) != url:
                    wrong.append(f"{question}: {url} is not botocore's {answer}")
    print(f"{len(CONFIGURED) - len(wrong)} of {len(CONFIGURED)} configured URLs are as they should be, "
          f"{asked} of them compared with botocore {botocore.__version__}")
    assert not wrong, "\n".join(wrong)


# (service, region, fips, dual stack, host): partitions and rules younger than 1.29.
YOUNGER = [
    ("ec2", "us-iso-east-1", False, True, "ec2.us-iso-east-1.api.aws.ic.gov"),
    ("ec2", "us-isob-west-1", True, True, "ec2-fips.us-isob-west-1.api.aws.scloud"),
    ("ec2", "eu-isoe-west-1", False, False, "ec2.eu-isoe-west-1.cloud.adc-e.uk"),
    ("ec2", "eu-isoe-west-1", True, True, "ec2-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk"),
    ("sts", "us-isof-south-1", False, False, "sts.us-isof-south-1.csp.hci.ic.gov"),
    ("sts", "us-isof-east-1", False, True, "sts.us-isof-east-1.api.aws.hci.ic.gov"),
    ("sts", "eusc-de-east-1", True, False, "sts-fips.eusc-de-east-1.amazonaws.eu"),
    ("ec2", "eusc-de-east-1", False, True, "ec2.eusc-de-east-1.api.amazonwebservices.eu"),
    ("ec2", "mx-central-1", False, False, "ec2.mx-central-1.amazonaws.com"),
    ("ec2", "il-central-1", True, False, "ec2-fips.il-central-1.amazonaws.com"),
    ("sso", "us-gov-west-1", True, False, "portal.sso.us-gov-west-1.amazonaws.com"),
    ("sso-oidc", "us-gov-west-1", True, False, "oidc.us-gov-west-1.amazonaws.com"),
    ("sts", "aws-global", False, False, "sts.amazonaws.com"),
    ("signin", "eu-west-1", False, False, "eu-west-1.signin.aws.amazon.com"),
    ("signin", "eu-west-1", False, True, "signin.eu-west-1.api.aws"),
    ("signin", "eu-west-1", True, False, "signin-fips.eu-west-1.amazonaws.com"),
    ("signin", "eu-west-1", True, True, "signin-fips.eu-west-1.api.aws"),
    ("signin", "cn-north-1", False, False, "cn-north-1.signin.amazonaws.cn"),
    ("signin", "cn-north-1", True, False, "signin-fips.cn-north-1.amazonaws.com.cn"),
    ("signin", "us-gov-west-1", False, False, "us-gov-west-1.signin.amazonaws-us-gov.com"),
    ("signin", "us-gov-west-1", True, False, "signin-fips.amazonaws-us-gov.com"),
    ("signin", "us-gov-west-1", True, True, "signin-fips.us-gov-west-1.api.aws"),
    ("signin", "us-gov-east-1", True, False, "us-gov-east-1.signin-fips.amazonaws-us-gov.com"),
    ("signin", "us-gov-east-1", False, True, "signin.us-gov-east-1.api.aws"),
    ("signin", "us-iso-east-1", False, False, "us-iso-east-1.signin.c2shome.ic.gov"),
    ("signin", "us-isob-east-1", False, False, "us-isob-east-1.signin.sc2shome.sgov.gov"),
    ("signin", "us-isof-south-1", False, False, "us-isof-south-1.signin.csphome.hci.ic.gov"),
    ("signin", "eu-isoe-west-1", False, False, "eu-isoe-west-1.signin.csphome.adc-e.uk"),
    ("signin", "eusc-de-east-1", False, False, "eusc-de-east-1.signin.amazonaws-eusc.eu"),
    ("signin", "eusc-de-east-1", False, True, "signin.eusc-de-east-1.api.amazonwebservices.eu"),
]


def test_younger_regions_and_partitions():
    with tools() as (ours, theirs):
        for service, region, fips, dual, host in YOUNGER:
            question = {"service": service, "region": region, "profile": None, "environ": {
                "HOME": "/nonexistent", "AWS_USE_FIPS_ENDPOINT": str(fips), "AWS_USE_DUALSTACK_ENDPOINT": str(dual)}}
            assert ours(question)["url"] == f"https://{host}/"
            if KNOWS_URLS and not (dual and region.startswith(ISOLATED)) and (service != "signin" or KNOWS_SIGNIN):
                assert cut(theirs(question)["url"]) == f"https://{host}/"


def test_the_region_is_that_of_the_cli(tmp_path):
    """AWS_REGION, AWS_DEFAULT_REGION, the profile."""
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-west-1\n")
    with tools() as (ours, _):
        for variables, region in [
            ({}, "eu-west-1"),
            ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
            ({"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-3"),
            ({"AWS_REGION": ""}, "eu-west-1"),
        ]:
            question = {"service": "ec2", "region": None, "profile": None,
                        "environ": {"HOME": "/nonexistent", "AWS_CONFIG_FILE": str(config), **variables}}
            assert ours(question) == {
                "url": f"https://ec2.{region}.amazonaws.com/", "region": region, "home": region}
