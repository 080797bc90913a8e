# SPDX-License-Identifier: MIT
"""A cloud that says whatever a test wants, for what no simulator of the real ones would do.

    def answer(request):
        return 200, ec2_listing(["i-0123456789abcdef0"])

    with ScriptedCloud(answer) as cloud:
        ... cloud.url, cloud.ca, cloud.requests ...

It verifies no signature and speaks HTTPS on loopback with a certificate of its own.
"""

import base64
import contextlib
import functools
import http.server
import json
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import urllib.parse
import xml.sax.saxutils

from .simulator import KEY_ID, SECRET

AWS_KEYS = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
TENCENT_KEYS = {"TENCENTCLOUD_SECRET_ID": KEY_ID, "TENCENTCLOUD_SECRET_KEY": SECRET}

REQUEST_ID = "11111111-2222-4333-8444-555555555555"
NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"


@functools.cache
def _certificate():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="consolefs-scripted."))
    try:
        subprocess.run(["/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=scripted cloud", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        directory / "key", "-out", directory / "certificate"],
                       check=True, capture_output=True)
        return (directory / "key").read_bytes(), (directory / "certificate").read_bytes()
    finally:
        shutil.rmtree(directory)


class Request:
    """One request in either cloud's form, or in that of a cloud which asks for paths: the action of
    such a one is the path."""

    def __init__(self, method, target, headers, body):
        self.method = method
        self.headers = headers
        self.body = body
        self.ids = []
        self.cvm = headers.get("X-TC-Action") is not None
        url = urllib.parse.urlsplit(target)
        if not self.cvm and (method != "POST" or "json" in headers.get("Content-Type", "")):
            self.params = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
            self.action = url.path
        elif self.cvm:
            self.action = headers["X-TC-Action"]
            self.params = json.loads(body)
            self.ids = self.params.get("InstanceIds", [])
        else:
            self.params = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
            self.action = self.params["Action"]
            self.ids = [value for name, value in self.params.items()
                        if name.startswith("InstanceId")]
        self.find = self.action == "DescribeInstances" and (
            bool(self.ids) or "instance-id" in body.decode())


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self.command, self.path, self.headers, body)
        request.connection = self.client_address
        self.server.cloud.requests.append(request)
        answer = self.server.cloud.answer(request)
        if answer is None:
            self.close_connection = True
            return
        status, content = answer
        if isinstance(content, str):
            content = content.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST

    def handle(self):
        # A client that goes away in the middle is part of the job.
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            super().handle()

    def log_message(self, format, *args):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def finish_request(self, request, client_address):
        """In the connection's own thread, so that a slow handshake stops nobody."""
        if self.cloud.plain:
            super().finish_request(request, client_address)
            return
        with contextlib.suppress(ConnectionError, ssl.SSLError), \
                self.cloud.tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request, client_address):
        self.cloud.errors.append(client_address)


class ScriptedCloud:
    def __init__(self, answer, address="127.0.0.1", plain=False):
        """The certificate names 127.0.0.1, whatever the address. Plain: http."""
        self.plain = plain
        self.answer = answer
        self.requests = []
        self.errors = []
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="consolefs-scripted."))
        key, certificate = _certificate()
        (self.dir / "key").write_bytes(key)
        self.ca = self.dir / "ca.pem"
        self.ca.write_bytes(certificate)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.ca, self.dir / "key")
        self.server = _Server((address, 0), _Handler)
        self.server.cloud = self
        self.port = self.server.server_address[1]
        self.url = f"http{'' if plain else 's'}://{address}:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.02})
        self.thread.start()

    def options(self, name="aws", region=None):
        """The -o settings of a cloud of that name there."""
        region = region or ("ap-guangzhou" if name == "tencent" else "us-east-1")
        return [f"{name}.endpoint={self.url}", f"{name}.ca_file={self.ca}",
                f"{name}.regions={region}"]

    def count(self, action, find=False):
        return sum(request.action == action and request.find == find
                   for request in list(self.requests))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        shutil.rmtree(self.dir)
        assert not self.errors, "the scripted cloud has failed, see stderr"


def _escape(text):
    return xml.sax.saxutils.escape(text)


def ec2_item(instance, state=(16, "running"), kind="t3.micro", more="", tags=None):
    tags = "".join(f"<item><key>{_escape(key)}</key><value>{_escape(value)}</value></item>"
                   for key, value in (tags or {}).items())
    return (f"<item><instancesSet><item><instanceId>{_escape(instance)}</instanceId>"
            f"<instanceState><code>{state[0]}</code><name>{state[1]}</name></instanceState>"
            f"<instanceType>{kind}</instanceType><architecture>x86_64</architecture>"
            f"<tagSet>{tags}</tagSet>{more}</item></instancesSet></item>")


def ec2_listing(instances, token=None):
    """Ids, or items as ec2_item makes them."""
    items = "".join(one if one.startswith("<") else ec2_item(one) for one in instances)
    token = f"<nextToken>{_escape(token)}</nextToken>" if token else ""
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<DescribeInstancesResponse '
            f'xmlns="{NAMESPACE}"><requestId>{REQUEST_ID}</requestId><reservationSet>{items}'
            f"</reservationSet>{token}</DescribeInstancesResponse>")


def ec2_screenshot(instance, jpeg):
    return (f'<GetConsoleScreenshotResponse xmlns="{NAMESPACE}"><requestId>{REQUEST_ID}'
            f"</requestId><instanceId>{instance}</instanceId><imageData>"
            f"{base64.b64encode(jpeg).decode()}</imageData></GetConsoleScreenshotResponse>")


def ec2_error(code, message="so it is"):
    return (f"<Response><Errors><Error><Code>{_escape(code)}</Code><Message>{_escape(message)}"
            f"</Message></Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>")


def cvm_listing(instances, total=None, **more):
    items = [one if isinstance(one, dict) else
             {"InstanceId": one, "InstanceName": "", "InstanceState": "RUNNING",
              "InstanceType": "S5.MEDIUM2"} for one in instances]
    return json.dumps({"Response": {"TotalCount": len(items) if total is None else total,
                                    "InstanceSet": items, "RequestId": REQUEST_ID, **more}})


def cvm_error(code, message="so it is"):
    return json.dumps({"Response": {"Error": {"Code": code, "Message": message},
                                    "RequestId": REQUEST_ID}})
