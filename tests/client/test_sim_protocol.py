# SPDX-License-Identifier: MIT
"""What no well-behaved client sends, and what the simulator answers to it, byte for byte."""

import json
import re
import time
import ssl
import socket
import xml.etree.ElementTree

import pytest

from clients import cvm, ec2, send, tc3_headers

NAMESPACE = "{http://ec2.amazonaws.com/doc/2016-11-15/}"


def test_the_port_speaks_tls_only(sim):
    with socket.create_connection(("127.0.0.1", sim.port), timeout=30) as plain:
        plain.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        received = plain.recv(4096)
    assert b"HTTP/" not in received


def test_the_certificate_names_loopback_and_only_its_ca_vouches_for_it(sim):
    for name in ("127.0.0.1", "localhost", "::1"):
        with socket.create_connection(("127.0.0.1", sim.port), timeout=30) as plain:
            with sim.tls().wrap_socket(plain, server_hostname=name) as secure:
                assert secure.getpeercert()
    for context, name in ((sim.tls(), "example.com"), (ssl.create_default_context(), "127.0.0.1")):
        with socket.create_connection(("127.0.0.1", sim.port), timeout=30) as plain:
            with pytest.raises(ssl.SSLCertVerificationError):
                context.wrap_socket(plain, server_hostname=name)


def test_no_private_key_is_written(sim):
    for path in sim.dir.iterdir():
        assert b"PRIVATE KEY" not in path.read_bytes()


def test_success_has_the_shape_of_the_reference(sim):
    answer = ec2(sim, "DescribeRegions")
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/xml;charset=UTF-8"
    root = xml.etree.ElementTree.fromstring(answer.body)
    assert root.tag == NAMESPACE + "DescribeRegionsResponse"
    request_id = root.findtext(NAMESPACE + "requestId")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", request_id)
    assert answer.headers["x-amzn-RequestId"] == request_id


def test_errors_have_the_shape_of_the_reference(sim):
    answer = ec2(sim, "GetConsoleScreenshot", InstanceId="i-1 & <2>")
    root = xml.etree.ElementTree.fromstring(answer.body)
    assert answer.status == 400 and root.tag == "Response"
    assert root.findtext("Errors/Error/Code") == "InvalidInstanceID.Malformed"
    assert "i-1 & <2>" in root.findtext("Errors/Error/Message")
    assert root.findtext("RequestID")


@pytest.mark.parametrize("action, params, code", [
    ("RunInstances", {}, "InvalidAction"),
    ("DescribeRegions", {"Colour": "red"}, "UnknownParameter"),
    ("GetConsoleScreenshot", {"InstanceId": "i-00000000000000000", "Latest": "true"},
     "UnknownParameter"),
    ("DescribeInstances", {"Filter.1.Size": "1"}, "UnknownParameter"),
    ("DescribeInstances", {"Filter.0.Name": "vpc-id"}, "UnknownParameter"),
    ("DescribeInstances", {"InstanceId": "i-00000000000000000"}, "UnknownParameter"),
    ("DescribeRegions", {"Version": "2014-01-01"}, "NoSuchVersion"),
    ("DescribeRegions", {"Version": None}, "MissingParameter"),
    ("GetConsoleScreenshot", {}, "MissingParameter"),
    ("GetConsoleScreenshot", {"InstanceId": "i-00000000000000000", "WakeUp": "maybe"},
     "InvalidParameterValue"),
    ("DescribeInstances", {"MaxResults": "4"}, "InvalidParameterValue"),
    ("DescribeInstances", {"MaxResults": "1001"}, "InvalidParameterValue"),
    ("DescribeInstances", {"MaxResults": "5x"}, "InvalidParameterValue"),
    ("DescribeInstances", {"MaxResults": "5", "NextToken": "mine"}, "InvalidNextToken"),
    ("DescribeInstances", {"Filter.1.Name": "shoe-size", "Filter.1.Value.1": "42"},
     "InvalidParameterValue"),
    ("DescribeInstances", {"Filter.1.Name": "vpc-id"}, "InvalidParameterValue")])
def test_parameters_are_strict(sim, action, params, code):
    answer = ec2(sim, action, **params)
    assert (answer.status, answer.code) == (400, code)


def test_a_token_is_sealed_to_its_listing(sim):
    first = ec2(sim, "DescribeInstances", MaxResults=5)
    token = first.text.partition("<nextToken>")[2].partition("</nextToken>")[0]
    forged = ("0" if token[0] != "0" else "1") + token[1:]
    assert ec2(sim, "DescribeInstances", MaxResults=5, NextToken=token).status == 200
    assert ec2(sim, "DescribeInstances", MaxResults=5, NextToken=forged).code == "InvalidNextToken"
    other = {"Filter.1.Name": "architecture", "Filter.1.Value.1": "arm64"}
    assert ec2(sim, "DescribeInstances", MaxResults=5, NextToken=token,
               **other).code == "InvalidNextToken"


@pytest.mark.parametrize("signing, status, code", [
    ({"secret": "wrong"}, 403, "SignatureDoesNotMatch"),
    ({"key": "AKIDOTHER"}, 401, "AuthFailure"),
    ({"region": "mars-north-1"}, 401, "AuthFailure"),
    ({"service": "sts"}, 401, "AuthFailure"),
    ({"shift": -16 * 60}, 400, "RequestExpired"),
    ({"shift": 16 * 60}, 400, "RequestExpired"),
    ({"shift": -14 * 60}, 200, None),
    ({"shift": 14 * 60}, 200, None)])
def test_sigv4_is_verified(sim, signing, status, code):
    answer = ec2(sim, "DescribeRegions", signing=signing)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("drop, more, status, code", [
    (["Authorization"], {}, 403, "MissingAuthenticationToken"),
    ([], {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, 400, "IncompleteSignature"),
    ([], {"X-Amz-Date": "20200101T000000Z"}, 403, "SignatureDoesNotMatch"),
    (["X-Amz-Date"], {}, 400, "IncompleteSignature"),
    ([], {"X-Amz-Target": "unsigned"}, 403, "SignatureDoesNotMatch"),
    ([], {"X-Amz-Security-Token": "unknown"}, 401, "AuthFailure"),
    ([], {"Content-Type": "application/x-www-form-urlencoded"}, 403, "SignatureDoesNotMatch")])
def test_what_is_signed_must_be_what_is_sent(sim, drop, more, status, code):
    answer = ec2(sim, "DescribeRegions", drop=drop, more=more)
    assert (answer.status, answer.code) == (status, code)


def test_a_changed_body_breaks_the_signature(sim):
    from clients import ec2_headers
    headers = ec2_headers(sim, b"Action=DescribeRegions&Version=2016-11-15")
    answer = send(sim, "POST", "/", b"Action=DescribeInstances&Version=2016-11-15", headers)
    assert answer.code == "SignatureDoesNotMatch"


def test_cvm_answers_json_with_status_200_even_to_errors(sim):
    answer = cvm(sim, "DescribeInstanceVncUrl", {"InstanceId": "ins-00000000"})
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    response = json.loads(answer.body)["Response"]
    assert set(response) == {"Error", "RequestId"} and set(response["Error"]) == {"Code", "Message"}


@pytest.mark.parametrize("signing, code", [
    ({"secret": "wrong"}, "AuthFailure.SignatureFailure"),
    ({"key": "AKIDOTHER"}, "AuthFailure.SecretIdNotFound"),
    ({"service": "cbs"}, "AuthFailure.InvalidAuthorization"),
    ({"shift": -310}, "AuthFailure.SignatureExpire"),
    ({"shift": 310}, "AuthFailure.SignatureExpire"),
    ({"signed": ("content-type",)}, "AuthFailure.InvalidAuthorization"),
    ({"signed": ("host", "content-type")}, "AuthFailure.SignatureFailure"),
    ({"signed": ("content-type", "host", "x-tc-action")}, None),
    ({"content_type": "application/json; charset=utf-8"}, None)])
def test_tc3_is_verified(sim, signing, code):
    assert cvm(sim, "DescribeRegions", signing=signing).code == code


@pytest.mark.parametrize("drop, more, code", [
    (["Authorization"], {}, "AuthFailure.InvalidAuthorization"),
    ([], {"Authorization": "TC3-HMAC-SHA256 Credential=x"}, "AuthFailure.InvalidAuthorization"),
    (["X-TC-Timestamp"], {}, "MissingParameter"),
    ([], {"X-TC-Timestamp": "soon"}, "InvalidParameter"),
    ([], {"X-TC-Token": "unknown"}, "AuthFailure.TokenFailure"),
    ([], {"Content-Type": "application/json; charset=utf-8"}, "AuthFailure.SignatureFailure"),
    (["X-TC-Action"], {}, "MissingParameter"),
    (["X-TC-Version"], {}, "MissingParameter"),
    ([], {"X-TC-Version": "2010-01-01"}, "NoSuchVersion"),
    ([], {"X-TC-Action": "RunInstances"}, "InvalidAction"),
    ([], {"X-TC-Region": "ap-nowhere"}, "UnsupportedRegion"),
    (["X-TC-Region"], {}, "MissingParameter")])
def test_cvm_headers_are_strict(sim, drop, more, code):
    assert cvm(sim, "DescribeInstances", drop=drop, more=more).code == code


@pytest.mark.parametrize("body, code", [
    (b"not json", "InvalidParameter"), (b"[]", "InvalidParameter"),
    (b'{"Colour": "red"}', "UnknownParameter"), (b'{"Limit": "20"}', "InvalidParameter"),
    (b'{"Limit": 2.5}', "InvalidParameter"), (b'{"InstanceIds": "ins-1"}', "InvalidParameter"),
    (b'{"InstanceIds": [1]}', "InvalidParameter"),
    (b'{"Filters": [{"Name": "zone"}]}', "InvalidParameter"), (b"{}", None)])
def test_cvm_parameters_are_strict(sim, body, code):
    assert cvm(sim, "DescribeInstances", body=body).code == code


def test_regions_need_no_region(sim):
    assert cvm(sim, "DescribeRegions", drop=["X-TC-Region"]).code is None


def test_other_paths_and_methods_are_refused(sim):
    assert send(sim, "GET", "/").status == 405
    assert send(sim, "POST", "/latest").status == 404
    assert send(sim, "POST", "/vnc").status == 405
    assert send(sim, "POST", "/", b"a=%zz").code == "MalformedQueryString"
    assert send(sim, "POST", "/", b"x" * (2 << 20), {"X-TC-Action": "A"}).status == 413


def test_the_log_has_a_line_for_every_request_and_holds_no_secret(sim):
    before = len(sim.log_entries())
    headers = tc3_headers(sim, "DescribeRegions", b"{}")
    assert send(sim, "POST", "/", b"{}", headers).code is None
    ec2(sim, "GetConsoleScreenshot", InstanceId="not-an-id", WakeUp="true")
    entries = sim.log_entries()[before:]
    assert len(entries) == 2
    assert set(entries[0]) == {"time", "cloud", "action", "region", "instance", "wakeup", "status",
                               "code", "signature", "request_id", "bytes", "at_us"}
    assert entries[0]["signature"] == "ok" and entries[0]["region"] == "ap-guangzhou"
    assert (entries[1]["code"], entries[1]["instance"], entries[1]["wakeup"]) == (
        "InvalidInstanceID.Malformed", "not-an-id", True)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entries[0]["time"])
    assert abs(entries[0]["at_us"] / 1e6 - time.time()) < 60
    text = sim.log.read_text()
    assert headers["Authorization"].rpartition("=")[2] not in text
    assert "consolefs-sim-secret" not in text
