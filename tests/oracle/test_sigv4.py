# SPDX-License-Identifier: MIT
"""Our signatures are those of the official SDK.

A few hundred requests are made up from a fixed seed, signed by sign_tool (our signer) and by botocore, and compared
stage by stage; and questions to the EC2 backend are compared with what botocore serialises and signs for the same
operation.
"""

import datetime
import json
import os
import random
import subprocess
import urllib.parse
from unittest import mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.loaders
import botocore.model
import botocore.serialize

SEED = 20150830
N_REQUESTS = 400
N_QUESTIONS = 300

ASCII = "abcXYZ019-_.~ !\"#$%&'()*+,/:;<=>?@[]^`{|}"
UNICODE = "\u00e9\u00df\u4e2d\u6587\u0416\u1234\U0001f600\u202f"
REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-7", "cn-north-1", "us-gov-west-1"]


def sign_all(questions):
    """What sign_tool makes of each."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run(
        [os.environ["SIGN_TOOL"]], input=lines, capture_output=True, text=True, check=False, timeout=120, env={}
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions)
    return answers


class Maker:
    """Makes things up."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self, longest, alphabet=ASCII + UNICODE):
        return "".join(self.random.choice(alphabet) for _ in range(self.random.randint(0, longest)))

    def name(self, longest, alphabet="abcdefghijklmnopqrstuvwxyzABC0123456789-_"):
        return self.random.choice("abcABC") + self.text(longest, alphabet)

    def keys(self):
        key_id = self.random.choice(["AKIA", "ASIA"]) + self.text(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        secret = self.name(60, "abcXYZ0189+/=")
        token = self.name(900, "abcXYZ0189+/=") if self.random.random() < 0.5 else None
        return {"id": key_id, "secret": secret, "token": token}

    def now(self):
        # Leap days and the last seconds of years among them.
        return self.random.choice(
            [self.random.randint(0, 2**31), self.random.randint(2**31, 2**33), 951782399, 951782400, 1483228799, 0]
        )

    def path(self):
        segments = []
        for _ in range(self.random.randint(0, 5)):
            pick = self.random.random()
            if pick < 0.2:
                segments.append(self.random.choice([".", "..", ""]))
            else:
                segments.append(urllib.parse.quote(self.text(12), safe="!$&'()*+,;=:@"))
        # Never a dotted segment at the end: RFC 3986 and curl leave a slash there, botocore does not.
        segments.append(self.random.choice(["", self.name(8)]))
        return "/" + "/".join(segments)

    def headers(self):
        headers = {}
        for _ in range(self.random.randint(0, 8)):
            value = self.random.choice(["", " ", "\t", "  "]).join(self.text(20) for _ in range(3))
            headers["X-" + self.name(10)] = value.replace("\u202f", "")
        # One name in two cases is one header.
        return {name: headers[name] for name in {name.lower(): name for name in headers}.values()}


def credentials_of(keys):
    return botocore.credentials.Credentials(keys["id"], keys["secret"], keys["token"])


def sign_with_botocore(request, keys, service, region, now):
    """The signer after it has signed the request, whose headers it changes."""
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=now)
    signer = botocore.auth.SigV4Auth(credentials_of(keys), service, region)
    with mock.patch.object(botocore.auth.datetime, "datetime", mock.Mock(wraps=datetime.datetime)) as clock:
        clock.utcnow.return_value = when
        signer.add_auth(request)
    return signer


def test_made_up_requests_are_signed_as_botocore_signs_them():
    maker = Maker(SEED)
    questions, requests = [], []
    for _ in range(N_REQUESTS):
        keys = maker.keys()
        host = f"{maker.name(10, 'abc0').lower()}.example.com" + maker.random.choice(["", ":8443"])
        question = {
            "now": maker.now(),
            "region": maker.random.choice(REGIONS),
            "service": maker.random.choice(["ec2", "sts", "service"]),
            "method": maker.random.choice(["GET", "POST", "PUT"]),
            "path": maker.path(),
            "body": maker.text(200),
            **keys,
        }
        parameters = [(maker.name(6, "abc%- \u00e9"), maker.text(12)) for _ in range(maker.random.randint(0, 8))]
        question["query"] = urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)
        headers = maker.headers()
        request = botocore.awsrequest.AWSRequest(
            method=question["method"],
            url="https://" + host + question["path"],
            headers=headers,
            data=question["body"].encode(),
            params=parameters,
        )
        signer = sign_with_botocore(
            request, keys, question["service"], question["region"], question["now"]
        )
        date = request.headers["X-Amz-Date"]
        all_headers = [[name, value] for name, value in headers.items()]
        all_headers += [["Host", host], ["X-Amz-Date", date]]
        if keys["token"]:
            all_headers.append(["X-Amz-Security-Token", keys["token"]])
        maker.random.shuffle(all_headers)
        question["headers"] = all_headers
        questions.append(question)
        requests.append((request, signer))
    for question, (request, signer), ours in zip(questions, requests, sign_all(questions)):
        authorization = request.headers["Authorization"]
        del request.headers["Authorization"]
        canonical = signer.canonical_request(request)
        assert ours["canonical"] == canonical, question
        assert ours["string"] == signer.string_to_sign(request, canonical), question
        assert ours["authorization"] == authorization, question


def ec2_model():
    model = botocore.loaders.create_loader().load_service_model("ec2", "service-2", "2016-11-15")
    return botocore.model.ServiceModel(model)


def parameters_of(question):
    """The operation, and its parameters as the SDK takes them."""
    filters = []
    for text in question["filters"]:
        name, _, values = text.partition("=")
        filters.append({"Name": name.strip(" "), "Values": [value.strip(" ") for value in values.split(",")]})
    parameters = {}
    if question["verb"] in ("list", "find") and filters:
        parameters["Filters"] = filters
    if question["verb"] == "list":
        parameters["MaxResults"] = 1000
        if question["page"]:
            parameters["NextToken"] = question["page"]
        return "DescribeInstances", parameters
    if question["verb"] == "find":
        return "DescribeInstances", {"InstanceIds": [question["instance"]], **parameters}
    if question["verb"] == "log":
        return "GetConsoleOutput", {"InstanceId": question["instance"]}
    parameters = {"InstanceId": question["instance"]}
    if question["wake"]:
        parameters["WakeUp"] = True
    return "GetConsoleScreenshot", parameters


def make_question(maker):
    def filter_text():
        values = [maker.name(12, ASCII.replace(",", "") + UNICODE).strip() for _ in range(maker.random.randint(1, 4))]
        return f"tag:{maker.name(8, 'abc0:/ ').strip()}={maker.random.choice([',', ' , ']).join(values)}"

    return {
        "now": maker.now(),
        "region": maker.random.choice(REGIONS),
        "verb": maker.random.choice(["list", "find", "screenshot", "log"]),
        "instance": "i-" + "".join(maker.random.choice("0123456789abcdef") for _ in range(17)),
        "wake": maker.random.random() < 0.5,
        "page": maker.text(60, "abcXYZ019+/=") if maker.random.random() < 0.5 else "",
        "endpoint": maker.random.choice(
            [
                None,
                "https://127.0.0.1:8443",
                "https://[2001:DB8::1]:443/",
                "http://[::1]:4566",
                "https://Private.Example.COM:443/a/b%20c/",
            ]
        ),
        "filters": [filter_text() for _ in range(maker.random.randint(0, 3))],
        **maker.keys(),
    }


def test_questions_to_ec2_are_those_of_the_sdk():
    maker = Maker(SEED + 1)
    model = ec2_model()
    serializer = botocore.serialize.create_serializer("ec2", include_validation=True)
    questions = [make_question(maker) for _ in range(N_QUESTIONS)]
    seen = set()
    for question, ours in zip(questions, sign_all(questions)):
        operation, parameters = parameters_of(question)
        seen.add((question["verb"], "Filters" in parameters, "WakeUp" in parameters))
        expected = serializer.serialize_to_request(parameters, model.operation_model(operation))
        sent = urllib.parse.parse_qsl(ours["body"], keep_blank_values=True, strict_parsing=True)
        assert len(dict(sent)) == len(sent), question
        assert dict(sent) == {name: str(value) for name, value in expected["body"].items()}, question

        headers = dict(header.split(": ", 1) for header in ours["headers"])
        assert headers["Content-Type"] == expected["headers"]["Content-Type"], question
        request = botocore.awsrequest.AWSRequest(
            method=expected["method"],
            url=ours["url"],
            headers={"Content-Type": headers["Content-Type"]},
            data=ours["body"].encode(),
        )
        sign_with_botocore(request, question, "ec2", question["region"], question["now"])
        # botocore's own view of the Host header goes into its signature.
        for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
            assert headers.get(name) == request.headers.get(name), question
    assert len(seen) == 7, seen
