# SPDX-License-Identifier: MIT
"""A cloud that quotes what it was sent, in every field of its answers: session tokens, signatures and what signs in.
Nothing of that reaches `error`, `status`, the log, an attribute or a page."""

import base64
import json
import os
import random
import re
import urllib.parse

from lib import login
from lib.doing import await_that, errno_of, read
from lib.mount import Mount
from lib.scripted import ScriptedCloud, cvm_listing, ec2_item, ec2_listing, ec2_screenshot
from signing_in import home_directory  # noqa: F401, a fixture
from signing_in import START_URL, in_hours, login_profile
from test_canary import leaks
from test_hostile import JPEG

ONE, TWO = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb"
C_ONE = "ins-aaaaaaaa"
ROLE = "arn:aws:iam::123456789012:role/"


def secret(size, seed):
    return base64.b64encode(random.Random(seed).randbytes(size * 3 // 4)).decode()


TOKEN, OTHER_TOKEN, BEARER, REFRESH, WEB, METADATA = (
    secret(size, size) for size in (412, 420, 388, 360, 340, 56))
KEYS = {"AWS_ACCESS_KEY_ID": "ASIAQWERTYUIOPASDFGH", "AWS_SECRET_ACCESS_KEY": secret(40, 1),
        "AWS_SESSION_TOKEN": TOKEN, "TENCENTCLOUD_SECRET_ID": "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        "TENCENTCLOUD_SECRET_KEY": secret(32, 2), "TENCENTCLOUD_TOKEN": OTHER_TOKEN}
SECRETS = [BEARER, REFRESH, WEB, METADATA, login.REFRESH_TOKEN, *KEYS.values()]

# How a text is quoted.
FORMS = [lambda text: text, lambda text: f"You sent {text}, which is wrong", lambda text: text[60:110],
         lambda text: urllib.parse.quote(text, safe=""), lambda text: text[:64] + "\n" + text[64:]]
FIELDS = ["code", "message", "id"]


class Sent:
    """The secrets that a request shows, by its headers and its body."""

    def __init__(self, headers, body):
        self.all = [value for name, value in headers.items() if name.lower() in (
            "x-amz-security-token", "x-tc-token", "x-amz-sso_bearer_token", "x-aws-ec2-metadata-token", "dpop")]
        self.signatures = re.findall("Signature=([0-9a-f]{64})", headers.get("Authorization", ""))
        self.all += self.signatures + re.findall("Credential=([^/]{16,})/", headers.get("Authorization", ""))
        if body.startswith(b"{"):
            self.all += [value for name, value in json.loads(body).items()
                         if name in ("refreshToken", "clientSecret", "WebIdentityToken")]
        else:
            self.all += [value for name, value in urllib.parse.parse_qsl(body.decode())
                         if name == "WebIdentityToken"]


def said(sent, form, fields):
    """One text for each field: all of the secrets in a form, where it is one of the fields."""
    texts = {field: " ".join(FORMS[form](one) for one in sent.all) if field in fields else plain
             for field, plain in (("code", "Refused"), ("message", "no"), ("id", "r-1"))}
    return texts


def ec2_says(texts):
    code, message, request = (texts[field].replace("&", "&amp;").replace("<", "&lt;") for field in FIELDS)
    return (f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request}</RequestID></Response>")


def cvm_says(texts):
    return json.dumps({"Response": {"Error": {"Code": texts["code"], "Message": texts["message"]},
                                    "RequestId": texts["id"]}})


class Reflecting:
    """What a scripted cloud answers, and what it was sent."""

    def __init__(self):
        self.form, self.fields, self.list_fails, self.quotes_success = 0, FIELDS, False, False
        self.signatures = set()

    def __call__(self, request):
        sent = Sent(request.headers, request.body)
        self.signatures.update(sent.signatures)
        texts = said(sent, self.form, self.fields)
        if request.action == "DescribeInstances" and not self.list_fails:
            if request.cvm:
                return 200, cvm_listing([C_ONE, {"InstanceId": OTHER_TOKEN, "InstanceState": "RUNNING"}], total=2)
            return 200, ec2_listing([ONE, TWO, ec2_item(TOKEN)])
        if self.quotes_success and request.action == "GetConsoleScreenshot":
            text = ec2_screenshot(request.ids[0], JPEG)
            return 200, re.sub("<requestId>.*?</requestId>", f"<requestId>{texts['id']}</requestId>", text)
        if request.cvm:
            return 200, cvm_says(texts)
        return 400, ec2_says(texts)


def test_what_a_cloud_quotes_in_any_field_shows_nowhere():
    reflecting, shown = Reflecting(), {}
    with ScriptedCloud(reflecting) as cloud, Mount(
            options=[*cloud.options("aws"), *cloud.options("tencent"), "aws.list_ttl=1", "tencent.list_ttl=1",
                     "aws.rate=100", "tencent.rate=100"], keys=False, env=KEYS) as mount:
        mount.allow("^consolefs: ")
        files = [mount.aws / ONE / "screenshot.jpg", mount.aws / TWO / "console.log",
                 mount.tencent / C_ONE / "vnc_url"]
        assert all(os.listdir(path.parent) for path in files)
        for reflecting.form in range(len(FORMS)):
            for field in FIELDS:
                reflecting.fields = [field]
                for path in files:
                    assert errno_of(read, path) != "OK"
                    shown[f"{path} {reflecting.form} {field}"] = read(path.parent / "error")
                shown[f"page {reflecting.form} {field}"] = read(mount.tencent / C_ONE / "vnc.html")
        reflecting.fields, reflecting.quotes_success = ["id"], True
        for reflecting.form in range(len(FORMS)):
            with open(files[0], "rb") as file:
                for name in os.listxattr(file.fileno()):
                    shown[f"{name} {reflecting.form}"] = os.getxattr(file.fileno(), name)
        reflecting.fields, reflecting.list_fails = FIELDS, True
        for cloud_path in (mount.aws, mount.tencent):
            await_that(lambda path=cloud_path: errno_of(os.listdir, path) and "failed" in (path / "status").read_text(),
                       "a listing fails")
        for path in (mount.aws / "status", mount.tencent / "status", mount.path / "index.html"):
            shown[str(path)] = read(path)
        shown["log"] = mount.log_text().encode()
    assert len(reflecting.signatures) > 5
    assert b"Refused" in shown["log"] and b"EINVAL" in shown["log"]
    assert leaks(shown, SECRETS + sorted(reflecting.signatures)) == set()


# What signs in

class SigningIn:
    """All services that keys come from: each quotes what it was sent, in one form for each place it is asked at."""

    def __init__(self):
        self.asked = {}

    def answer(self, method, path, headers, body):
        name = urllib.parse.urlsplit(path).path
        if method == "PUT":
            return 200, METADATA
        if name.endswith("security-credentials/"):
            return 200, "role"
        sent = Sent(headers, body)
        place = headers.get("X-TC-Action") or (b"Action=AssumeRoleWith" in body and "web") or name
        form = self.asked[place] = self.asked.get(place, -1) + 1
        texts = said(sent, form % len(FORMS), FIELDS)
        if headers.get("X-TC-Action"):
            return 200, cvm_says(texts)
        if body.startswith(b"Action="):
            return 403, ec2_says(texts).replace("Response>", "ErrorResponse>").replace("Errors>", "X>").replace(
                "<X>", "").replace("</X>", "").replace("RequestID", "RequestId")
        status = 200 if "latest" in name else 403 if "federation" in name else 400
        return status, json.dumps({
            "Code": texts["code"], "Message": texts["message"], "message": texts["message"], "error": texts["code"],
            "error_description": texts["message"], "__type": texts["code"], "RequestId": texts["id"]})


def serve(signing_in, plain):
    """A scripted cloud that takes requests as they are."""
    cloud = ScriptedCloud(None, plain=plain)

    class Handler(cloud.server.RequestHandlerClass):
        def handle_one(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, text = signing_in.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_PUT = do_POST = handle_one

    cloud.server.RequestHandlerClass = Handler
    return cloud


def sections(cloud, home):
    """A section for each way to sign in and each form."""
    config, out = [], []
    client = {"clientId": "client", "clientSecret": REFRESH[:80], "refreshToken": REFRESH,
              "registrationExpiresAt": in_hours(24)}
    home.sso_token("live", 1, accessToken=BEARER)
    home.sso_token("old", -1, accessToken=BEARER, **client)
    home.login(login.session(-1))
    web = home.put("token", WEB)
    for number in range(len(FORMS)):
        base = (f"[profile base{number}]\naws_access_key_id={KEYS['AWS_ACCESS_KEY_ID']}\n"
                f"aws_secret_access_key={KEYS['AWS_SECRET_ACCESS_KEY']}\naws_session_token={TOKEN}\n")
        ways = {"role": f"role_arn={ROLE}r\nsource_profile=base{number}\n",
                "web": f"role_arn={ROLE}w\nweb_identity_token_file={web}\n",
                "live": f"sso_session=live\nsso_account_id=1\nsso_role_name=r{number}\n",
                "old": f"sso_session=old\nsso_account_id=1\nsso_role_name=r{number}\n",
                "login": login_profile().partition("\n")[2]}
        config.append(base + "".join(f"[profile {way}{number}]\n{text}" for way, text in ways.items()))
        home.tccli(f"p{number}", **{
            "secretId": KEYS["TENCENTCLOUD_SECRET_ID"], "secretKey": KEYS["TENCENTCLOUD_SECRET_KEY"],
            "token": OTHER_TOKEN, "role-arn": "qcs::cam::uin/1:roleName/r", "role-session-name": "me"})
        out += [("aws", f"{way}{number}") for way in ways] + [("tencent", f"p{number}")]
    config.append("".join(f"[sso-session {name}]\nsso_start_url={START_URL}\nsso_region=us-east-1\n"
                          for name in ("live", "old")))
    home.put(".aws/config", "".join(config))
    return "".join(f"[{backend}-{profile}]\nbackend = {backend}\nprofile = {profile}\nendpoint = {cloud.url}\n"
                   f"ca_file = {cloud.ca}\nregions = {'us-east-1' if backend == 'aws' else 'ap-guangzhou'}\n"
                   for backend, profile in out)


def shown_by(mount):
    shown = {}
    mount.allow("^consolefs: ")
    for name in os.listdir(mount.path):
        if (mount.path / name).is_dir():
            assert errno_of(os.listdir, mount.path / name) != "OK", name
            shown[name] = read(mount.path / name / "status")
    shown["index.html"] = read(mount.path / "index.html")
    shown["log"] = mount.log_text().encode()
    return shown


def test_what_a_service_that_signs_in_quotes_shows_nowhere(home, tmp_path):
    signing_in = SigningIn()
    with serve(signing_in, False) as cloud:
        path = tmp_path / "consolefs.conf"
        path.write_text(sections(cloud, home))
        env = {"HOME": str(home.path), "AWS_ENDPOINT_URL": cloud.url, "AWS_EC2_METADATA_DISABLED": "true"}
        with Mount(args=["-c", path], keys=False, env=env) as mount:
            shown = shown_by(mount)
    assert len(signing_in.asked) == 6 and min(signing_in.asked.values()) >= len(FORMS) - 1, signing_in.asked
    assert leaks(shown, SECRETS) == set()


def test_what_a_metadata_service_quotes_shows_nowhere(home):
    shown = {}
    for form in range(len(FORMS)):
        signing_in = SigningIn()
        with serve(signing_in, True) as cloud:
            for name in ("/latest/meta-data/iam/security-credentials/role",
                         "/latest/meta-data/cam/security-credentials/role"):
                signing_in.asked[name] = form - 1
            env = {"HOME": str(home.path), "AWS_EC2_METADATA_SERVICE_ENDPOINT": cloud.url,
                   "TENCENTCLOUD_METADATA_ENDPOINT": cloud.url}
            with Mount(options=["aws.regions=us-east-1", "tencent.regions=ap-guangzhou"], keys=False,
                       env=env) as mount:
                shown.update({f"{name} {form}": text for name, text in shown_by(mount).items()})
            assert set(signing_in.asked.values()) == {form}, signing_in.asked
    assert leaks(shown, SECRETS) == set()
