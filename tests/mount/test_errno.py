# SPDX-License-Identifier: MIT
"""DESIGN, "errno": what happened, and the errno, words and log line that it gets."""

import calendar
import contextlib
import os
import re
import signal
import socket
import time

import pytest

from lib import fleet
from lib.doing import Stopwatch, cat, errno_of, fails, read, running
from lib.mount import Mount, cloud_options
from lib.scripted import AWS_KEYS, ScriptedCloud, ec2_listing
from lib.simulator import Simulator

SCREEN = ("aws", "screenshot.jpg", "GetConsoleScreenshot")
LOG = ("aws", "console.log", "GetConsoleOutput")
VNC = ("tencent", "vnc_url", "DescribeInstanceVncUrl")

# The file, the simulator's fault, and the errno. A fault of the kind that is retried is there for
# good, and `timeout` ends it.
ROWS = [
    # not allowed, wrong or missing credentials, MFA, opt-in region
    (SCREEN, "code=UnauthorizedOperation", "EACCES"),
    (SCREEN, "code=AuthFailure", "EACCES"),
    (SCREEN, "code=OptInRequired", "EACCES"),
    (SCREEN, "code=SignatureDoesNotMatch", "EACCES"),
    (SCREEN, "code=InvalidClientTokenId", "EACCES"),
    (LOG, "code=UnauthorizedOperation", "EACCES"),
    (VNC, "code=UnauthorizedOperation", "EACCES"),
    (VNC, "code=UnauthorizedOperation.MFAExpired", "EACCES"),
    (VNC, "code=UnauthorizedOperation.MFANotFound", "EACCES"),
    (VNC, "code=UnauthorizedOperation.InvalidToken", "EACCES"),
    (VNC, "code=AuthFailure.MFAFailure", "EACCES"),
    (VNC, "code=AuthFailure.SecretIdNotFound", "EACCES"),
    (VNC, "code=AuthFailure.UnauthorizedOperation", "EACCES"),
    # credentials expired and not renewable
    (SCREEN, "code=ExpiredTokenException", "EKEYEXPIRED"),
    (LOG, "code=ExpiredToken", "EKEYEXPIRED"),
    # instance stopped, shut down or terminated
    (SCREEN, "code=InvalidInstanceID.NotFound", "EHOSTDOWN"),
    (VNC, "code=UnsupportedOperation.InstanceStateStopped", "EHOSTDOWN"),
    (VNC, "code=UnsupportedOperation.InstanceStateShutdown", "EHOSTDOWN"),
    (VNC, "code=UnsupportedOperation.InstanceStateTerminated", "EHOSTDOWN"),
    (VNC, "code=UnsupportedOperation.StoppedModeStopCharging", "EHOSTDOWN"),
    # instance in transition, or an operation in progress
    (SCREEN, "code=IncorrectInstanceState", "EBUSY"),
    (VNC, "code=UnsupportedOperation.InstanceStateRebooting", "EBUSY"),
    (VNC, "code=UnsupportedOperation.InstanceStateEnterRescueMode", "EBUSY"),
    (VNC, "code=UnsupportedOperation.InstanceStateEnterServiceLiveMigrate", "EBUSY"),
    (VNC, "code=OperationDenied.InstanceOperationInProgress", "EBUSY"),
    (VNC, "code=InvalidInstanceState", "EBUSY"),
    (SCREEN, "code=PendingVerification", "EACCES"),
    (SCREEN, "code=Blocked", "EACCES"),
    (VNC, "code=IpNotInWhitelist", "EACCES"),
    (VNC, "code=UnsupportedOperation.InstanceStateLaunchFailed", "EHOSTDOWN"),
    # instance or type does not support it
    (SCREEN, "code=UnsupportedOperation", "EOPNOTSUPP"),
    (LOG, "code=UnsupportedOperation", "EOPNOTSUPP"),
    (VNC, "code=InvalidInstance.NotSupported", "EOPNOTSUPP"),
    (VNC, "code=UnsupportedOperation.SpecialInstanceType", "EOPNOTSUPP"),
    (VNC, "code=UnsupportedOperation.SomethingNew", "EOPNOTSUPP"),
    # rate limit, after retries
    (SCREEN, "throttle", "EBUSY"),
    (SCREEN, "status=429", "EBUSY"),
    (VNC, "throttle", "EBUSY"),
    # time limit passed
    (SCREEN, "hang", "ETIMEDOUT"),
    (VNC, "hang", "ETIMEDOUT"),
    # reset
    (SCREEN, "reset", "ECONNRESET"),
    (SCREEN, "truncate", "ECONNRESET"),
    (VNC, "truncate", "ECONNRESET"),
    # cloud's own fault (5xx) after retries
    (SCREEN, "status=500", "EREMOTEIO"),
    (SCREEN, "status=502", "EREMOTEIO"),
    (SCREEN, "code=InternalError", "EREMOTEIO"),
    (SCREEN, "code=Unavailable", "EREMOTEIO"),
    (VNC, "status=503", "EREMOTEIO"),
    (VNC, "code=InternalServerError", "EREMOTEIO"),
    # an answer that is no valid answer
    (SCREEN, "garbage", "EBADMSG"),
    (SCREEN, "badbase64", "EBADMSG"),
    (SCREEN, "notjpeg", "EBADMSG"),
    (LOG, "garbage", "EBADMSG"),
    (LOG, "badbase64", "EBADMSG"),
    (VNC, "garbage", "EBADMSG"),
    # answer over its limit
    (SCREEN, "oversize", "EFBIG"),
    (LOG, "oversize", "EFBIG"),
    (VNC, "oversize", "EFBIG"),
    # nothing to show yet
    (SCREEN, "empty", "ENODATA"),
    (VNC, "empty", "ENODATA"),
]

# Faults after which a call is tried again, as long as its time lasts.
RETRIED = re.compile("throttle|status=|hang|reset|truncate|Internal|Unavailable")


@contextlib.contextmanager
def mounted(faults, options=()):
    with Simulator(rate_scale=0, faults=faults) as sim, Mount.of(sim, options=options) as mount:
        mount.sim = sim
        yield mount


def instance_of(mount, cloud):
    return mount.path / cloud / (fleet.aws if cloud == "aws" else fleet.cvm)(fleet.AWAKE)


def account(text):
    """The fields of `error`, or of the account at the end of `status`."""
    return dict(re.findall(r"^([a-z ]+): +(.*)$", text, re.MULTILINE))


@pytest.fixture(scope="module", name="shared")
def shared_simulator():
    """One for all rows, which set their faults. Each has a mount of its own."""
    with Simulator(rate_scale=0) as sim:
        yield sim


@pytest.mark.parametrize("file, fault, name", ROWS,
                         ids=[f"{row[0][1]}-{row[1]}" for row in ROWS])
def test_each_row_of_the_table(shared, file, fault, name):
    cloud, base, action = file
    short = [f"{cloud}.timeout=1"] if RETRIED.search(fault) else []
    shared.set_faults(f"{action}:{fault}")
    with Mount.of(shared, options=short) as mount:
        instance = instance_of(mount, cloud)
        began = time.time()
        with fails(name):
            read(instance / base)
        fields = account((instance / "error").read_text())
        assert fields["action"] == action
        assert re.fullmatch(name + r" \(.+\)", fields["errno"])
        code = fault.partition("code=")[2]
        if code:
            assert fields["code"] == code
            assert fields["message"] == f"Simulated error {code}"
            assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", fields["request id"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", fields["time"])
        when = calendar.timegm(time.strptime(fields["time"], "%Y-%m-%dT%H:%M:%SZ"))
        assert int(began) <= when <= time.time()
        assert fields["advice"]
        if re.search("OptIn|Pending|Blocked|IpNot", code):
            assert "not be enabled" in fields["advice"] and "credentials" not in fields["advice"]
        # "The log has the same line", and `status` the same account.
        line = f"consolefs: {cloud}: {action} {instance.name}: {name}: "
        logged = [one for one in mount.log_text().splitlines() if one.startswith(line)]
        assert len(logged) == 1
        if code:
            assert code in logged[0] and f"Simulated error {code}" in logged[0]
            assert fields["request id"] in logged[0]
        status = (mount.path / cloud / "status").read_text()
        assert (instance / "error").read_text() in status


def test_an_instance_whose_launch_failed_is_down_and_not_busy():
    with mounted([]) as mount:
        failed = [one for one, info in fleet.infos(mount.tencent).items()
                  if info["state"] == "LAUNCH_FAILED"]
        assert failed
        for one in failed:
            with fails("EHOSTDOWN"):
                read(mount.tencent / one / "vnc_url")
            assert account((mount.tencent / one / "error").read_text())["code"] == \
                "InvalidInstanceState"


def test_a_failed_instance_does_not_taint_its_neighbours():
    one = fleet.aws(fleet.AWAKE)
    with mounted([f"GetConsoleScreenshot@{one}:code=UnauthorizedOperation"]) as mount:
        with fails("EACCES"):
            read(mount.aws / one / "screenshot.jpg")
        for path in mount.aws.glob("i-*/error"):
            assert (path.read_text() == "") == (path.parent.name != one)
        read(mount.aws / fleet.aws(fleet.ASLEEP) / "screenshot.jpg")


def test_error_is_empty_when_there_was_none_and_keeps_the_last():
    faults = ["GetConsoleScreenshot:code=UnauthorizedOperation:x1",
              "GetConsoleScreenshot:notjpeg:x1"]
    with mounted(faults) as mount:
        error = instance_of(mount, "aws") / "error"
        screenshot = error.with_name("screenshot.jpg")
        assert error.read_text() == "" and error.stat().st_size == 0
        with fails("EACCES"):
            read(screenshot)
        assert error.stat().st_size == len(error.read_text()) > 0
        with fails("EBADMSG"):
            read(screenshot)
        assert "EBADMSG" in error.read_text()
        read(screenshot)
        assert "EBADMSG" in error.read_text()


def test_error_says_which_permission_is_missing():
    faults = [f"{action}:code=UnauthorizedOperation" for _, _, action in (SCREEN, LOG, VNC)]
    with mounted(faults) as mount:
        for (cloud, base, _), permission in ((SCREEN, "ec2:GetConsoleScreenshot"),
                                             (LOG, "ec2:GetConsoleOutput"),
                                             (VNC, "cvm:DescribeInstanceVncUrl")):
            with fails("EACCES"):
                read(instance_of(mount, cloud) / base)
            advice = account((instance_of(mount, cloud) / "error").read_text())["advice"]
            assert advice == f"allow {permission}"


def test_an_empty_log_is_an_empty_file():
    with mounted(["GetConsoleOutput:empty"]) as mount:
        assert read(instance_of(mount, "aws") / "console.log") == b""


@pytest.mark.parametrize("fault", ["status=500:x2", "throttle:x2", "reset:x2", "status=429:x1",
                                   "code=InternalError:x1"])
def test_what_passes_is_retried(fault):
    for cloud, base, action in (SCREEN, VNC):
        with mounted([f"{action}:{fault}"]) as mount:
            assert read(instance_of(mount, cloud) / base)
            assert len(mount.sim.log_entries(action=action)) == 1 + int(fault[-1])
            assert (instance_of(mount, cloud) / "error").read_text() == ""


def test_what_is_final_is_asked_once():
    with mounted(["GetConsoleScreenshot:code=UnauthorizedOperation"]) as mount:
        with fails("EACCES"):
            read(instance_of(mount, "aws") / "screenshot.jpg")
        assert len(mount.sim.log_entries(action="GetConsoleScreenshot")) == 1


def test_no_such_instance_is_enoent():
    with mounted([]) as mount:
        for path in (mount.aws / "i-0ffffffffffffffff", mount.tencent / "ins-zzzzzzzz",
                     mount.aws / "nothing", mount.path / "nothing",
                     instance_of(mount, "aws") / "nothing"):
            with fails("ENOENT"):
                path.stat()


# What happens before a cloud can answer.

def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_endpoint_down_is_connection_refused_at_once():
    url = f"https://127.0.0.1:{closed_port()}"
    options = [f"aws.endpoint={url}", "aws.regions=us-east-1",
               f"tencent.endpoint={url}", "tencent.regions=ap-guangzhou"]
    with Mount(options=options) as mount:
        watch = Stopwatch()
        for cloud in (mount.aws, mount.tencent):
            with fails("ECONNREFUSED"):
                os.listdir(cloud)
            with fails("ECONNREFUSED"):
                (cloud / ("i-0123456789abcdef0" if cloud == mount.aws else "ins-aaaaaaaa")).stat()
            assert "ECONNREFUSED" in (cloud / "status").read_text()
        assert watch.seconds() < 3


def test_a_name_that_does_not_resolve_is_no_route_to_host():
    options = ["aws.endpoint=https://nowhere.invalid", "aws.regions=us-east-1",
               "tencent.endpoint=https://nowhere.invalid", "tencent.regions=ap-guangzhou"]
    with Mount(options=options) as mount:
        for cloud in (mount.aws, mount.tencent):
            with fails("EHOSTUNREACH"):
                os.listdir(cloud)
            assert "nowhere.invalid" in (cloud / "status").read_text()


def test_wrong_ca_is_protocol_error_and_never_a_fallback():
    with Simulator() as sim, Simulator() as other:
        for options in (cloud_options(sim),
                        [option for option in cloud_options(sim) if "ca_file" not in option]):
            options = [option.replace(str(sim.ca), str(other.ca)) for option in options]
            with Mount(options=options) as mount:
                for cloud in (mount.aws, mount.tencent):
                    with fails("EPROTO"):
                        os.listdir(cloud)
        assert sim.log_entries() == [], "a request went to a server that was not verified"


def test_a_certificate_for_another_name_is_protocol_error():
    with ScriptedCloud(lambda request: (200, ec2_listing([])), "127.0.0.2") as cloud:
        with Mount(options=cloud.options(), keys=False, env=AWS_KEYS) as mount:
            with fails("EPROTO"):
                os.listdir(mount.aws)
        assert cloud.requests == []


WANTS_CERTIFICATE = (b"<html>\r\n<head><title>400 No required SSL certificate was sent</title>"
                     b"</head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n"
                     b"<center>No required SSL certificate was sent</center>\r\n"
                     b"<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n")


@pytest.mark.parametrize("role", [False, True], ids=["call", "credentials"])
def test_a_page_that_wants_a_client_certificate_is_protocol_error_in_words(tmp_path, role):
    env = {**AWS_KEYS, "HOME": str(tmp_path)}
    with ScriptedCloud(lambda request: (400, WANTS_CERTIFICATE)) as cloud:
        if role:
            (tmp_path / "config").write_text(
                "[profile base]\naws_access_key_id=A\naws_secret_access_key=s\n"
                "[profile x]\nsource_profile=base\nrole_arn=arn:aws:iam::123456789012:role/r\n")
            env = {"HOME": str(tmp_path), "AWS_CONFIG_FILE": str(tmp_path / "config"),
                   "AWS_PROFILE": "x"}
        with Mount(options=cloud.options(), keys=False,
                   env={**env, "AWS_ENDPOINT_URL": cloud.url}) as mount:
            mount.allow("no usable credentials")
            with fails("EPROTO"):
                os.listdir(mount.aws)
            assert "the server asks for a client certificate, and there is none to give" in \
                (mount.aws / "status").read_text()
        assert {request.action for request in cloud.requests} == {
            "AssumeRole" if role else "DescribeInstances"}


INTERRUPTED = """
import os, signal, sys

def interrupt(number, frame):
    raise InterruptedError

signal.signal(signal.SIGUSR1, interrupt)
try:
    os.open(sys.argv[1], os.O_RDONLY)
except InterruptedError:
    print("EINTR")
"""


def test_interrupted_is_eintr():
    with mounted(["GetConsoleScreenshot:hang"]) as mount, \
            running("/usr/bin/python3", "-c", INTERRUPTED,
                    instance_of(mount, "aws") / "screenshot.jpg") as process:
        mount.sim.await_log(action="GetConsoleScreenshot")
        process.send_signal(signal.SIGUSR1)
        assert process.communicate(timeout=30)[0] == b"EINTR\n"


# "any write elsewhere, mkdir, unlink, rename, chmod"

def changes(mount):
    instance = instance_of(mount, "aws")
    screenshot, info, cloud, top = (instance / "screenshot.jpg", instance / "info.json",
                                    mount.aws, mount.path)
    views = cloud / "by-name", cloud / "by-region", cloud / "by-region/us-east-1"
    links = next(views[0].iterdir()), views[2] / instance.name
    for directory in (top, cloud, instance, *views):
        yield "mkdir", os.mkdir, directory / "new"
        yield "create", lambda path: open(path, "x"), directory / "new"
        yield "mknod", os.mknod, directory / "new"
        yield "mkfifo", os.mkfifo, directory / "new"
        yield "symlink", lambda path: os.symlink("target", path), directory / "new"
        yield "link", lambda path: os.link(info, path), directory / "new"
    for path in (screenshot, info, cloud / "status", instance / "error"):
        yield "open for writing", lambda path: os.open(path, os.O_WRONLY), path
        yield "open for both", lambda path: os.open(path, os.O_RDWR), path
        yield "append", lambda path: os.open(path, os.O_WRONLY | os.O_APPEND), path
        yield "O_TRUNC", lambda path: os.open(path, os.O_WRONLY | os.O_TRUNC), path
        yield "truncate", lambda path: os.truncate(path, 0), path
        yield "unlink", os.unlink, path
        yield "utime", os.utime, path
    for path in links:
        yield "unlink", os.unlink, path
        yield "rename", lambda path: os.rename(path, path.with_name("new")), path
        yield "utime", lambda path: os.utime(path, follow_symlinks=False), path
        yield "chown", lambda path: os.chown(path, 1, 1, follow_symlinks=False), path
    for path in (screenshot, info, instance / "wake", instance, cloud, *views):
        yield "rename", lambda path: os.rename(path, path.with_name("new")), path
        yield "chmod", lambda path: os.chmod(path, 0o777), path
        yield "chown", lambda path: os.chown(path, 1, 1), path
    yield "unlink", os.unlink, instance / "wake"
    yield "rmdir", os.rmdir, instance
    for path in (cloud, *views):
        yield "rmdir", os.rmdir, path


def test_any_write_elsewhere_mkdir_unlink_rename_chmod_are_eperm():
    with mounted([]) as mount:
        wrong = [(what, str(path), result) for what, action, path in changes(mount)
                 if (result := errno_of(action, path)) != "EPERM"]
        assert wrong == []
        assert not mount.sim.log_entries(action="GetConsoleScreenshot")


def test_what_can_be_written_can_be_touched_and_truncated():
    """touch, and the truncation that comes with a shell's `>`: neither is an error, nor a write."""
    with mounted([]) as mount:
        wake = instance_of(mount, "aws") / "wake"
        os.utime(wake)
        os.truncate(wake, 0)
        assert wake.read_text() == "0\n"


def test_a_cat_says_what_the_errno_says():
    with mounted(["GetConsoleScreenshot:code=UnauthorizedOperation"]) as mount:
        with cat(instance_of(mount, "aws") / "screenshot.jpg") as process:
            out, err = process.communicate(timeout=30)
        assert out == b"" and b"Permission denied" in err and process.returncode == 1
