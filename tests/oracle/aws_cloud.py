# SPDX-License-Identifier: MIT
"""What gives credentials out, as both sides of an oracle test see it: STS, IAM Identity Center, the agents of ECS and
EKS, and the instance metadata service.

Keys are made of what was asked, and of the keys it was asked with: whoever gets the same keys has asked the same
questions of the same hosts. Ours asks over HTTP, of a server on loopback that finds the host in the path; botocore's
requests are answered without leaving the process.
"""

import datetime
import hashlib
import http.server
import io
import json
import threading
import urllib.parse

SOON = 3600  # seconds that keys live
# What the two sides call a session whose name nobody gave.
OWN_NAMES = ("botocore-session-", "consolefs-")


def keys_of(**asked):
    text = json.dumps(asked, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"id": "ASIA" + digest[:16].upper(), "secret": digest[16:40], "token": digest[40:]}


def in_an_hour():
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=SOON)


def timestamp(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class Cloud:
    """Answers (status, headers, body) to (method, "/HOST/PATH?QUERY", headers, body)."""

    def __init__(self):
        self.role = None  # of the instance; None: no metadata service
        self.asked = []

    def answer(self, method, target, headers, body):
        url = urllib.parse.urlsplit(target)
        _, host, path = url.path.split("/", 2)
        headers = {name.lower(): value for name, value in headers.items()}
        query = dict(urllib.parse.parse_qsl(url.query))
        self.asked.append(f"{method} {target}")
        if host.startswith("sts"):
            return self.sts(host, headers, body)
        if host.startswith("portal.sso"):
            return self.portal(host, path, query, headers)
        if host.startswith("oidc"):
            return self.oidc(host, path, body)
        if host in ("169.254.170.2", "agent"):
            return self.agent(target, headers)
        if host in ("169.254.169.254", "imds"):
            return self.metadata(method, path, headers)
        return 404, {}, "no such host"

    def sts(self, host, headers, body):
        form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
        action = form["Action"]
        assert form.pop("Version") == "2011-06-15"
        asked = {"host": host, "signer": None, "session": None}
        if form["RoleSessionName"].startswith(OWN_NAMES):
            del form["RoleSessionName"]
        if action == "AssumeRole":
            scope = headers["authorization"].split("Credential=")[1].split(",")[0].split("/")
            asked.update(signer=scope[0], region=scope[2], service=scope[3],
                         session=headers.get("x-amz-security-token"))
        else:
            assert action == "AssumeRoleWithWebIdentity" and "authorization" not in headers
        if form["RoleArn"].endswith("/denied"):
            return 403, {}, ("<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message>"
                             "</Error><RequestId>r</RequestId></ErrorResponse>")
        keys = keys_of(**asked, form=form)
        return 200, {"Content-Type": "text/xml"}, (
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><Credentials>'
            f'<AccessKeyId>{keys["id"]}</AccessKeyId><SecretAccessKey>{keys["secret"]}</SecretAccessKey>'
            f'<SessionToken>{keys["token"]}</SessionToken><Expiration>{timestamp(in_an_hour())}</Expiration>'
            f"</Credentials></{action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
            f"</{action}Response>")

    def portal(self, host, path, query, headers):
        bearer = headers.get("x-amz-sso_bearer_token", "")
        assert path == "federation/credentials" and "authorization" not in headers
        if not bearer.startswith("good"):
            return 401, {"x-amzn-ErrorType": "UnauthorizedException"}, '{"message":"Session token not found or invalid"}'
        keys = keys_of(host=host, bearer=bearer, **query)
        return 200, {"Content-Type": "application/json"}, json.dumps({"roleCredentials": {
            "accessKeyId": keys["id"], "secretAccessKey": keys["secret"], "sessionToken": keys["token"],
            "expiration": int(in_an_hour().timestamp() * 1000)}})

    def oidc(self, host, path, body):
        asked = json.loads(body)
        assert path == "token" and asked["grantType"] == "refresh_token"
        used, _, number = asked["refreshToken"].partition("-")
        if used not in ("renew", "rotate"):
            return 400, {"x-amzn-ErrorType": "InvalidGrantException"}, '{"error":"invalid_grant"}'
        token = "good-renewed-" + keys_of(host=host, **asked)["id"]
        more = {"refreshToken": f"rotate-{int(number) + 1}"} if used == "rotate" else {}
        return 200, {"Content-Type": "application/json"}, json.dumps(
            {"accessToken": token, "expiresIn": SOON, "tokenType": "Bearer", **more})

    def document(self, **asked):
        keys = keys_of(**asked)
        return {"AccessKeyId": keys["id"], "SecretAccessKey": keys["secret"], "Token": keys["token"],
                "Expiration": timestamp(in_an_hour())}

    def agent(self, target, headers):
        if "missing" in target:
            return 404, {}, "{}"
        return 200, {}, json.dumps(self.document(target=target, authorization=headers.get("authorization")))

    def metadata(self, method, path, headers):
        if self.role is None:
            return 404, {}, ""
        if path == "latest/api/token":
            assert method == "PUT" and headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
            return 200, {}, "metadata-token"
        if headers.get("x-aws-ec2-metadata-token") != "metadata-token":
            return 401, {}, ""
        below = path.removeprefix("latest/meta-data/iam/security-credentials/")
        if not self.role:
            return 404, {}, ""
        if not below:
            return 200, {}, self.role
        return 200, {}, json.dumps({"Code": "Success", **self.document(instance_role=below)})


class Server:
    """The cloud on a port of loopback, for ours."""

    def __init__(self, cloud):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length).decode()
                status, headers, text = cloud.answer(self.command, self.path, dict(self.headers.items()), body)
                content = text.encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = handle_one

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Raw(io.BytesIO):
    def stream(self, **_):
        yield self.read()


def sender(cloud, base, awsrequest):
    """What botocore sends its requests with, in place of its own."""

    def send(_, request):
        url = request.url
        target = url.removeprefix(base) if url.startswith(base) else "/" + url.split("://")[1]
        body = request.body or b""
        headers = {name: value.decode() if isinstance(value, bytes) else str(value)
                   for name, value in request.headers.items()}
        if isinstance(body, str):
            body = body.encode()
        status, headers, text = cloud.answer(request.method, target, headers, body.decode())
        return awsrequest.AWSResponse(url, status, headers, Raw(text.encode()))

    return send
