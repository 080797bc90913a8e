# SPDX-License-Identifier: MIT
"""The clients that the simulated cloud is tried with: the AWS CLI, botocore, the official Tencent
Cloud SDK, and bare HTTPS for what no client would do."""

import atexit
import datetime
import functools
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import subprocess
import threading
import time
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from simulator import KEY_ID, SECRET, scrubbed_env

HERE = pathlib.Path(__file__).resolve().parent
_ONE_AT_A_TIME = threading.Lock()  # of the runs of a warm program
EC2_VERSION = "2016-11-15"
CVM_VERSION = "2017-03-12"


class CliError(Exception):
    """What the AWS CLI says about an error of the service."""

    def __init__(self, text):
        super().__init__(text)
        self.code = text.partition("(")[2].partition(")")[0]
        found = re.search(r" operation(?: \(reached max retries: \d+\))?: ?(.*)", text, re.DOTALL)
        self.message = found.group(1).strip() if found else text


@functools.cache
def warmed(program):
    """A process that has all of a program in memory, until this one ends."""
    process = subprocess.Popen(["/usr/bin/python3", HERE / "warm.py", program], text=True,
                               env=scrubbed_env("/proc/self/cwd"), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)

    def end():
        process.stdin.close()
        process.wait(60)
        process.stdout.close()

    atexit.register(end)
    return process


def run_warm(program, *arguments, env):
    """What subprocess.run() would say of that program: "aws" or "botocore" (botocore_client.py)."""
    job = {"arguments": list(map(str, arguments)), "environ": env}
    with _ONE_AT_A_TIME:
        process = warmed(program)
        print(json.dumps(job), file=process.stdin, flush=True)
        done = json.loads(process.stdout.readline())
    return subprocess.CompletedProcess(arguments, done["status"], done["stdout"], done["stderr"])


def aws(sim, *args, text=False, **env):
    """Runs `aws ec2 ...` against the simulator; JSON output is returned parsed."""
    # One attempt: a refusal is to be seen, not retried.
    done = run_warm("aws", "--endpoint-url", sim.url, "ec2", *args,
                    env=sim.aws_env(AWS_MAX_ATTEMPTS="1", **env))
    if done.returncode != 0:
        raise CliError(done.stderr.strip())
    if text:
        return done.stdout
    return json.loads(done.stdout) if done.stdout.strip() else None


def node(sim, program, job, **env):
    """Runs a program of the official SDK's with a job, and returns what it prints."""
    modules = os.environ.get("CONSOLEFS_NODE_MODULES", str(HERE / "node_modules"))
    if not pathlib.Path(modules, "tencentcloud-sdk-nodejs-cvm").exists():
        raise FileNotFoundError(f"no Tencent SDK in {modules}: run `npm ci` in {HERE}")
    done = subprocess.run(["node", str(HERE / program)], input=json.dumps(job), text=True,
                          capture_output=True, timeout=120, check=False,
                          env=sim.tencent_env(NODE_PATH=modules, **env))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tencent(sim, *calls, secret=SECRET, **job):
    """Runs (action, params) calls through the official SDK, in one process."""
    job = {"port": sim.port, "secretKey": secret,
           "region": sim.tencent_regions[0],
           "calls": [{"action": action, "params": params} for action, params in calls], **job}
    answers = node(sim, "tencent.cjs", job)
    assert len(answers) == len(calls)
    return answers


class Answer:
    """The answer to a request that was sent by hand."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()
        self.text = self.body.decode("utf-8", "replace")

    @property
    def code(self):
        """The error code in either cloud's form, or None."""
        if self.text.startswith("{"):
            return json.loads(self.text)["Response"].get("Error", {}).get("Code")
        return self.text.partition("<Code>")[2].partition("</Code>")[0] or None


def connect(sim):
    return http.client.HTTPSConnection("127.0.0.1", sim.port, context=sim.tls(), timeout=60)


def send(sim, method, path, body=b"", headers=None, connection=None):
    own = connection is None
    connection = connection or connect(sim)
    try:
        connection.request(method, path, body, headers or {})
        return Answer(connection.getresponse())
    finally:
        if own:
            connection.close()


def ec2_headers(sim, body, region=None, key=KEY_ID, secret=SECRET, shift=0, service="ec2",
                token=None):
    """The headers of a request to EC2, signed by botocore with a clock that is `shift` s off."""
    request = botocore.awsrequest.AWSRequest(
        "POST", sim.url + "/", data=body,
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(key, secret, token), service,
                                     region or sim.aws_regions[0])
    real = botocore.auth.datetime

    class Shifted(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return super().utcnow() + datetime.timedelta(seconds=shift)

    class Module:
        datetime = Shifted

    botocore.auth.datetime = Module
    try:
        signer.add_auth(request)
    finally:
        botocore.auth.datetime = real
    return dict(request.headers.items())


def ec2(sim, action, connection=None, version=EC2_VERSION, drop=(), more=None, signing=None,
        **params):
    """A signed EC2 request. drop: headers to leave out; more: headers to set after signing."""
    form = {"Action": action, "Version": version, **params}
    body = urllib.parse.urlencode({name: value for name, value in form.items()
                                   if value is not None}).encode()
    headers = ec2_headers(sim, body, **(signing or {}))
    headers = {name: value for name, value in headers.items() if name not in drop}
    headers.update(more or {})
    return send(sim, "POST", "/", body, headers, connection)


def tc3_headers(sim, action, body, shift=0, secret=SECRET, key=KEY_ID, service="cvm",
                content_type="application/json", signed=("content-type", "host"),
                version=CVM_VERSION, token=None):
    """The documented algorithm, a second time: what the SDK does, with its screws loose."""
    timestamp = int(time.time()) + shift
    date = datetime.datetime.fromtimestamp(timestamp, datetime.timezone.utc).strftime("%Y-%m-%d")
    headers = {"Content-Type": content_type, "Host": sim.url.removeprefix("https://"),
               "X-TC-Action": action, "X-TC-Version": version,
               "X-TC-Timestamp": str(timestamp), "X-TC-Region": sim.tencent_regions[0]}
    if token is not None:
        headers["X-TC-Token"] = token
    lower = {name.lower(): value.lower() for name, value in headers.items()}
    canonical = "POST\n/\n\n" + "".join(f"{name}:{lower[name]}\n" for name in signed)
    canonical += "\n" + ";".join(signed) + "\n" + hashlib.sha256(body).hexdigest()
    scope = f"{date}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n"
    text += hashlib.sha256(canonical.encode()).hexdigest()
    digest = ("TC3" + secret).encode()
    for part in (date, service, "tc3_request", text):
        digest = hmac.new(digest, part.encode(), hashlib.sha256).digest()
    headers["Authorization"] = (f"TC3-HMAC-SHA256 Credential={key}/{scope}, "
                                f"SignedHeaders={';'.join(signed)}, Signature={digest.hex()}")
    return headers


def cvm(sim, action, params=None, connection=None, drop=(), more=None, body=None, signing=None):
    """A signed CVM request; drop and more as in ec2()."""
    if body is None:
        body = json.dumps(params or {}).encode()
    headers = tc3_headers(sim, action, body, **(signing or {}))
    headers = {name: value for name, value in headers.items() if name not in drop}
    headers.update(more or {})
    return send(sim, "POST", "/", body, headers, connection)


def instances(sim, *args):
    """All instances as the AWS CLI lists them."""
    listed = aws(sim, "describe-instances", *args)
    return [one for reservation in listed["Reservations"] for one in reservation["Instances"]]


def name_of(instance):
    """The Name tag, or None."""
    return next((tag["Value"] for tag in instance.get("Tags", []) if tag["Key"] == "Name"), None)
