# SPDX-License-Identifier: MIT
"""Secrets stay where they are: a run of every provider at debug level, with every error provoked, leaves
no key, token, signature or VNC link anywhere but in memory and in the files that show the links."""

import concurrent.futures
import contextlib
import os
import pathlib
import resource
import signal
import subprocess
import urllib.parse

import pytest

from lib import fleet, login
from lib.doing import await_that, errno_of, read, running
from lib.mount import Mount, find_consolefs, is_mounted
from lib.simulator import (ACCOUNT, CONTAINER_TOKEN, KEY_ID, OIDC_PROVIDER, SECRET, SSO_CLIENT_ID,
                           SSO_CLIENT_SECRET, SSO_REFRESH_TOKEN, SSO_TOKEN, WEB_IDENTITY,
                           Simulator, aws_role, scrubbed_env, tencent_role)
from signing_in import home_directory  # noqa: F401, fixtures
from signing_in import (START_URL, in_hours, login_profile, role_profile, sign_in_env,
                        sts_keys)

KNOWN = [SECRET, CONTAINER_TOKEN, SSO_TOKEN, SSO_REFRESH_TOKEN, SSO_CLIENT_SECRET, WEB_IDENTITY,
         login.REFRESH_TOKEN, *login.KEY.splitlines()[1:-1]]
CHUNK = 24  # of a secret: no part as long as that may show either

SSO = (f"[sso-session s]\nsso_start_url={START_URL}\nsso_region=us-east-1\n[profile sso]\n"
       f"sso_session=s\nsso_account_id={ACCOUNT}\nsso_role_name=operator\n")
# Those without an answer come last: calls fail at once after them, and nothing is asked.
FAULTS = ["garbage", "empty", "oversize", "throttle", "status=403", "status=500", "status=302",
          "code=AccessDenied", "code=ExpiredToken", "code=SignatureDoesNotMatch",
          "code=UnauthorizedOperation", "code=AuthFailure.TokenFailure", "badid=../x", "truncate",
          "reset"]
SAID = {"AccessDenied", "ExpiredToken", "SignatureDoesNotMatch"}


def chunks(secret):
    """The parts to look for: none that is common to all secrets of a kind."""
    skip = 16 if len(secret) > 2 * CHUNK else 0
    text = secret[skip:]
    pieces = {text[i:i + CHUNK] for i in range(0, max(1, len(text) - CHUNK + 1), CHUNK // 2)}
    return {form for piece in pieces
            for form in (piece, urllib.parse.quote(piece, safe=""))}


def leaks(shown, secrets):
    """Where parts of which secrets show."""
    needles = {part: secret for secret in secrets for part in chunks(secret)}
    return {(name, secret) for name, content in shown.items()
            for part, secret in needles.items() if part.encode() in content}


def test_the_search_finds_parts_of_secrets():
    secret = "0123456789abcdefghijklmnopqrstuvwxyz/ABCDEFGHIJKLMNOPQRSTUVWXYZ+0123456789abcdef"
    for text in (secret, secret[16:60], urllib.parse.quote(secret, safe="")):
        assert leaks({"log": b"x" + text.encode() + b"x"}, [secret])
    assert not leaks({"log": secret[:30].encode()}, [secret])
    assert leaks({"log": SECRET.encode()}, [SECRET])


def set_up(sim, home, tmp_path):
    """Clouds whose keys come from everywhere. Returns the configuration's path."""
    # The program of the process shows what it gets of its parent, too.
    process = home.put("process", (
        f"#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ > {tmp_path}/child\n"
        f"ls /proc/$$/fd > {tmp_path}/descriptors\n"
        f'echo \'{{"Version": 1, "AccessKeyId": "{KEY_ID}", "SecretAccessKey": "{SECRET}"}}\'\n'),
        0o700)
    home.aws_config(
        role_profile() + SSO + role_profile("chained", source="source_profile=x").replace(
            "[profile x]", "[profile chain]") +
        f"[profile web]\nrole_arn={aws_role('federated')}\n"
        f"web_identity_token_file={home.put('token', WEB_IDENTITY)}\n"
        f"[profile process]\ncredential_process={process}\n" +
        login_profile().replace("[profile x]", "[profile login]"))
    home.login(login.session(-1))
    home.sso_token("s", -1, clientId=SSO_CLIENT_ID, clientSecret=SSO_CLIENT_SECRET,
                   refreshToken=SSO_REFRESH_TOKEN, registrationExpiresAt=in_hours(24))
    home.tccli("p", **{"secretId": KEY_ID, "secretKey": SECRET, "role-arn": tencent_role("reader"),
                       "role-session-name": "mine"})
    sections = [("aws-base", "profile = base"), ("aws-role", "profile = x"),
                ("aws-chain", "profile = chain"), ("aws-web", "profile = web"),
                ("aws-sso", "profile = sso"), ("aws-process", "profile = process"),
                ("aws-login", "profile = login"),
                ("aws-beside", ""), ("tencent-role", "profile = p"), ("tencent-beside", "")]
    path = tmp_path / "consolefs.conf"
    path.write_text("".join(
        f"[{name}]\nbackend = {name.partition('-')[0]}\nendpoint = {sim.url}\n"
        f"ca_file = {sim.ca}\ntimeout = 1\nlist_ttl = 1\n"
        f"regions = {'us-east-1' if name.startswith('aws') else 'ap-guangzhou'}\n{more}\n"
        for name, more in sections))
    return path


def beside(sim, home, place):
    """Where those find keys who are told of none."""
    if place == "machine":
        return {"AWS_EC2_METADATA_DISABLED": "false",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": sim.metadata,
                "TENCENTCLOUD_METADATA_ENDPOINT": sim.metadata}
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": sim.metadata + "/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": home.put("container", CONTAINER_TOKEN),
            "TKE_REGION": "ap-guangzhou", "TKE_PROVIDER_ID": OIDC_PROVIDER,
            "TKE_WEB_IDENTITY_TOKEN_FILE": home.put("token", WEB_IDENTITY),
            "TKE_ROLE_ARN": tencent_role("federated")}


def places(cloud):
    """Of a cloud, whose files are read: one that has everything, one that is off, and nobody's."""
    if cloud.name.startswith("tencent"):
        ids = [fleet.cvm(index) for index in (fleet.AWAKE, fleet.STOPPED)] + ["ins-00000000"]
    else:
        ids = [fleet.aws(index) for index in (fleet.AWAKE, fleet.STOPPED)] + ["i-00000000000000000"]
    return [cloud / one for one in ids]


def look(instance):
    """Reads what an instance shows, all kinds of file once; errors are welcome."""
    shown = {}
    for file in ("screenshot.jpg", "console.log", "vnc_url", "vnc.html", "wake", "info.json",
                 "error"):
        with contextlib.suppress(OSError):
            content = read(instance / file)
            if file not in ("vnc_url", "vnc.html", "screenshot.jpg"):
                shown[f"{instance.parent.name}/{instance.name}/{file}"] = content
    return shown


def look_everywhere(mount):
    """Each instance by somebody of its own: some calls are made again for a second before they fail."""
    clouds = [mount.path / name for name in fleet.clouds(mount.path)]
    instances = [one for cloud in clouds for one in places(cloud)]
    with concurrent.futures.ThreadPoolExecutor(len(clouds) + len(instances)) as pool:
        lists = [pool.submit(errno_of, os.listdir, cloud) for cloud in clouds]
        shown = {name: content for part in pool.map(look, instances)
                 for name, content in part.items()}
        concurrent.futures.wait(lists)
    for cloud in clouds:
        shown[f"{cloud.name}/status"] = read(cloud / "status")
    for path in mount.path.iterdir():
        if path.is_file():
            shown[path.name] = read(path)
    return shown


@pytest.mark.parametrize("place", ["machine", "container"])
def test_no_secret_shows_whatever_goes_wrong(home, tmp_path, place):
    with Simulator(rate_scale=0, session_seconds=4) as sim:
        config = set_up(sim, home, tmp_path)
        env = sign_in_env(sim, home, **beside(sim, home, place))
        with Mount(args=["-c", config, "--log-level", "debug"], keys=False, env=env) as mount:
            mount.allow(r"^consolefs: ")
            for name in fleet.clouds(mount.path):
                # A second is little time on a busy machine; and what is listed stays.
                await_that(lambda name=name: errno_of(os.listdir, mount.path / name) == "OK",
                           f"{name} is listed")
            shown = {}

            def all_issued():
                shown.update(look_everywhere(mount))
                return all(map(sim.issued, ("secret", "token", "ticket", "link", "signature")))
            await_that(all_issued, "a secret of every kind is handed out")
            for fault in FAULTS:
                sim.set_faults(f"DescribeInstances:{fault}" if "badid" in fault else f"*:{fault}")

                def said(fault=fault):
                    for name, content in look_everywhere(mount).items():
                        shown[f"{name} ({fault}, {len(shown)})"] = content
                    code = fault.partition("code=")[2]
                    return code not in SAID or sim.log_entries(code=code)
                # On a busy machine a second may have been too little for an answer: calls then fail at
                # once for a while, and nobody is told anything.
                await_that(said, f"{fault} is said")
            shown["log"] = mount.log_text().encode()
            shown["cmdline"] = pathlib.Path(f"/proc/{mount.process.pid}/cmdline").read_bytes()
            shown["environ"] = pathlib.Path(f"/proc/{mount.process.pid}/environ").read_bytes()
            shown["mountinfo"] = pathlib.Path("/proc/self/mountinfo").read_bytes()
        shown["child"] = (tmp_path / "child").read_bytes()
        assert b"process" in shown["child"]
        secrets = KNOWN + sim.issued()
        assert SAID <= {entry["code"] for entry in sim.log_entries()}
        assert leaks(shown, secrets) == set()
        # Those that a shell has of its own for its script have numbers from 10 up.
        numbers = {int(name) for name in (tmp_path / "descriptors").read_text().split()}
        assert {number for number in numbers if number < 10} == {0, 1, 2}


@pytest.mark.parametrize("where", ["EC2", "STS"])
def test_what_a_cloud_would_have_signed_shows_no_token(home, tmp_path, where):
    """With a wrong secret beside a right token EC2 and STS tell what they would have signed."""
    with Simulator(rate_scale=0) as sim:
        keys = sts_keys(sim, "reader")
        home.aws_config(role_profile("chained"), base=(
            f"aws_access_key_id={keys['AccessKeyId']}\naws_secret_access_key={SECRET}\n"
            f"aws_session_token={keys['SessionToken']}\n"))
        config = tmp_path / "consolefs.conf"
        config.write_text(f"[aws]\nendpoint = {sim.url}\nca_file = {sim.ca}\nregions = us-east-1\n"
                          f"profile = {'base' if where == 'EC2' else 'x'}\n")
        with Mount(args=["-c", config, "--log-level", "debug"], keys=False,
                   env=sign_in_env(sim, home)) as mount:
            mount.allow(r"^consolefs: ")
            assert errno_of(os.listdir, mount.aws) == "EACCES"
            assert sim.log_entries(code="SignatureDoesNotMatch")
            shown = {"status": read(mount.aws / "status"), "log": mount.log_text().encode()}
        secrets = [SECRET, keys["SecretAccessKey"], keys["SessionToken"], *sim.issued()]
        assert sim.issued("signature")
        for name, content in shown.items():
            assert b"Check your AWS Secret Access Key" in content, name
        assert leaks(shown, secrets) == set()


# Memory

def unlimited_core():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def dies_with_core(process):
    """Whether the kernel has written a core for a process that SIGSEGV has killed."""
    process.send_signal(signal.SIGSEGV)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = status
    assert os.WIFSIGNALED(status), status
    return os.WCOREDUMP(status)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to lift the limit on cores")
def test_a_crash_leaves_no_core_though_one_is_asked_for(tmp_path):
    with Simulator(rate_scale=0) as sim:
        # It can tell: another program, right here, does leave one.
        sleeper = subprocess.Popen(["/bin/sleep", "60"], cwd=tmp_path, preexec_fn=unlimited_core)
        leaves_core = dies_with_core(sleeper)
        for path in tmp_path.iterdir():
            path.unlink()
        if not leaves_core:
            pytest.skip("this system writes no cores at all")
        point = tmp_path / "mnt"
        point.mkdir()
        options = [word for setting in ("aws.endpoint=" + sim.url, f"aws.ca_file={sim.ca}",
                                        "aws.regions=us-east-1") for word in ("-o", setting)]
        env = scrubbed_env(tmp_path, AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET)
        # The sanitizers would keep cores away and signals to themselves.
        env["ASAN_OPTIONS"] = "disable_coredump=0:handle_segv=0"
        process = subprocess.Popen([find_consolefs(), "-f", *options, point], cwd=tmp_path, env=env,
                                   stdin=subprocess.DEVNULL, preexec_fn=unlimited_core)
        try:
            await_that(lambda: is_mounted(point), "it is mounted")
            assert read(point / "aws" / fleet.aws(fleet.AWAKE) / "screenshot.jpg")
            assert not dies_with_core(process)
        finally:
            if process.returncode is None:
                process.kill()
                process.wait()
            subprocess.run(["/usr/bin/fusermount3", "-uz", point], check=False)
        assert [path.name for path in tmp_path.iterdir()] == ["mnt"]


# Root as an ordinary user is: one who may not look into a process only because he is root.
ORDINARY = [] if os.getuid() else ["/usr/bin/setpriv", "--bounding-set=-sys_ptrace",
                                   "--inh-caps=-sys_ptrace", "--"]


def can_read_memory_of(pid):
    """Whether another process of the same user gets at its memory."""
    return subprocess.run([*ORDINARY, "/bin/sh", "-c", 'exec 3<"$1"', "sh", f"/proc/{pid}/mem"],
                          capture_output=True, check=False).returncode == 0


def test_no_other_process_of_the_same_user_reads_its_memory(tmp_path):
    program = tmp_path / "consolefs"
    program.write_text("#!/bin/sh\nexec " + " ".join([*ORDINARY, find_consolefs(), '"$@"']) + "\n")
    program.chmod(0o755)
    with Simulator(rate_scale=0) as sim, Mount.of(sim, program=program) as mount:
        assert read(mount.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg")
        limits = pathlib.Path(f"/proc/{mount.process.pid}/limits").read_text().splitlines()
        core = next(line for line in limits if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"]
        assert not can_read_memory_of(mount.process.pid)
        # It can tell: the memory of any other can be read.
        with running(*ORDINARY, "/bin/sleep", "60") as other:
            await_that(lambda: pathlib.Path(f"/proc/{other.pid}/comm").read_text() == "sleep\n",
                       "it runs")
            assert can_read_memory_of(other.pid)
