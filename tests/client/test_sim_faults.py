# SPDX-License-Identifier: MIT
"""--fault, --latency and --rate-scale: the simulator misbehaves as told, and only then."""

import base64
import concurrent.futures
import hashlib
import http.client
import io
import json
import os
import socket
import ssl
import time
import xml.etree.ElementTree

import pytest

from clients import connect, cvm, ec2, ec2_headers, send
from doing import Stopwatch
from simulator import Simulator

SCREEN = "GetConsoleScreenshot"
VNC = "DescribeInstanceVncUrl"


def first_id(sim):
    answer = ec2(sim, "DescribeInstances", MaxResults=5)
    return answer.text.partition("<instanceId>")[2].partition("</instanceId>")[0]


def first_cvm(sim):
    answer = cvm(sim, "DescribeInstances", {"Limit": 1})
    return json.loads(answer.body)["Response"]["InstanceSet"][0]["InstanceId"]


def simulator(*faults, **options):
    return Simulator(instances=3, rate_scale=0, faults=faults, **options)


def image_of(answer):
    return answer.text.partition("<imageData>")[2].partition("</imageData>")[0]


def test_delay_delays_the_answer_and_nothing_else():
    with simulator(f"{SCREEN}:delay=700") as sim:
        target = first_id(sim)
        start = time.monotonic()
        ec2(sim, "DescribeRegions")
        middle = time.monotonic()
        answer = ec2(sim, SCREEN, InstanceId=target)
        end = time.monotonic()
        assert answer.status == 200 and end - middle >= 0.7 and middle - start < 0.7
        assert sim.log_entries(action=SCREEN)[0]["fault"] == "delay"


def test_a_hung_call_is_logged_answered_never_and_holds_up_nobody():
    with simulator(f"{SCREEN}:hang") as sim:
        body = f"Action={SCREEN}&Version=2016-11-15&InstanceId={first_id(sim)}".encode()
        hung = connect(sim)
        hung.request("POST", "/", body, ec2_headers(sim, body))
        entry = sim.await_log(action=SCREEN)[0]
        assert entry["fault"] == "hang" and entry["status"] == 0
        assert ec2(sim, "DescribeRegions").status == 200
        hung.sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            hung.sock.recv(1)
        hung.close()
        assert ec2(sim, "DescribeRegions").status == 200


def test_it_ends_at_once_while_calls_hang_or_wait():
    with simulator(f"{SCREEN}:hang", "DescribeRegions:delay=60000") as sim:
        target = first_id(sim)
        clients = []
        for action in (SCREEN, "DescribeRegions"):
            body = f"Action={action}&Version=2016-11-15"
            body += f"&InstanceId={target}" if action == SCREEN else ""
            clients.append(connect(sim))
            clients[-1].request("POST", "/", body.encode(), ec2_headers(sim, body.encode()))
        sim.await_log(action=SCREEN)
        sim.await_log(action="DescribeRegions")
        start = time.monotonic()
        sim.stop()
        assert time.monotonic() - start < 5
        for client in clients:
            client.close()


def test_a_reset_is_a_reset():
    with simulator(f"{SCREEN}:reset:x1") as sim:
        target = first_id(sim)
        with pytest.raises(ConnectionResetError):
            ec2(sim, SCREEN, InstanceId=target)
        entry = sim.log_entries(action=SCREEN)[0]
        assert entry["fault"] == "reset" and entry["status"] == 0
        assert ec2(sim, SCREEN, InstanceId=target).status == 200


@pytest.mark.parametrize("action", [SCREEN, "DescribeInstances", VNC])
def test_a_truncated_answer_has_whole_headers_and_half_a_body(action):
    with simulator(f"{action}:truncate") as sim:
        with pytest.raises((http.client.IncompleteRead, ssl.SSLError)) as caught:
            if action == VNC:
                cvm(sim, action, {"InstanceId": first_cvm(sim)})
            elif action == SCREEN:
                ec2(sim, action, InstanceId=first_id(sim))
            else:
                ec2(sim, action)
        if isinstance(caught.value, http.client.IncompleteRead):
            whole = sim.log_entries(action=action)[-1]["bytes"]
            assert len(caught.value.partial) == whole // 2
            assert len(caught.value.partial) + caught.value.expected == whole


def test_a_truncated_long_listing_breaks_off_in_the_middle():
    with Simulator(instances=3000, faults=["DescribeInstances:truncate"]) as sim:
        with pytest.raises((http.client.IncompleteRead, ssl.SSLError)):
            ec2(sim, "DescribeInstances")


def test_status_answers_what_a_proxy_would():
    with simulator("*:status=502") as sim:
        for answer in (ec2(sim, "DescribeRegions"), cvm(sim, "DescribeRegions")):
            assert answer.status == 502 and answer.headers["Content-Type"] == "text/html"
            assert "<title>502</title>" in answer.text and answer.code is None


def test_code_is_an_error_in_each_clouds_own_form():
    with simulator("*:code=InternalError") as sim:
        answer = ec2(sim, "DescribeRegions")
        assert (answer.status, answer.code) == (500, "InternalError")
        answer = cvm(sim, "DescribeRegions")
        assert (answer.status, answer.code) == (200, "InternalError")


@pytest.mark.parametrize("code, status", [
    ("UnauthorizedOperation", 403), ("OptInRequired", 401), ("ExpiredTokenException", 403),
    ("Unavailable", 503), ("IncorrectInstanceState", 400)])
def test_codes_have_their_documented_status(code, status):
    with simulator(f"aws/*:code={code}") as sim:
        answer = ec2(sim, "DescribeRegions")
        assert (answer.status, answer.code) == (status, code)
        assert cvm(sim, "DescribeRegions").code is None


def test_throttle_is_a_request_limit_error():
    with simulator("*:throttle") as sim:
        answer = ec2(sim, "DescribeRegions")
        assert (answer.status, answer.code) == (503, "RequestLimitExceeded")
        answer = cvm(sim, "DescribeRegions")
        assert (answer.status, answer.code) == (200, "RequestLimitExceeded")


def test_garbage_is_no_answer_of_any_api():
    with simulator("*:garbage") as sim:
        for answer in (ec2(sim, "DescribeRegions"), cvm(sim, "DescribeRegions")):
            assert answer.status == 200
            with pytest.raises(xml.etree.ElementTree.ParseError):
                xml.etree.ElementTree.fromstring(answer.body)
            with pytest.raises(ValueError):
                json.loads(answer.body)


def test_bad_base64_and_good_base64_of_no_picture():
    with simulator(f"{SCREEN}:badbase64:x1", f"{SCREEN}:notjpeg:x1") as sim:
        target = first_id(sim)
        with pytest.raises(ValueError):
            base64.b64decode(image_of(ec2(sim, SCREEN, InstanceId=target)), validate=True)
        words = base64.b64decode(image_of(ec2(sim, SCREEN, InstanceId=target)), validate=True)
        assert words.isascii() and not words.startswith(b"\xff\xd8")
        image = base64.b64decode(image_of(ec2(sim, SCREEN, InstanceId=target)), validate=True)
        assert image.startswith(b"\xff\xd8")
        assert sim.log_entries(action=SCREEN)[2]["sha256"] == hashlib.sha256(image).hexdigest()


@pytest.mark.parametrize("spec, bad", [("../x", "../x"), ("", ""), ("long", None)])
def test_a_bad_id_is_one_instance_more(spec, bad):
    with simulator(f"DescribeInstances:badid={spec}") as sim:
        root = xml.etree.ElementTree.fromstring(ec2(sim, "DescribeInstances").body)
        ids = [node.text or "" for node in root.findall(".//{*}instancesSet/{*}item/{*}instanceId")]
        listed = json.loads(cvm(sim, "DescribeInstances").body)["Response"]["InstanceSet"]
        for found in (ids, [one["InstanceId"] for one in listed]):
            assert len(found) == 4
            if bad is None:
                assert any(len(one) == 300 for one in found)
            else:
                assert bad in found


def test_oversize_is_past_any_sane_limit():
    with simulator("*:oversize") as sim:
        assert len(ec2(sim, "DescribeInstances").body) > 20 << 20
        assert len(ec2(sim, SCREEN, InstanceId=first_id(sim)).body) > 20 << 20
        assert len(cvm(sim, "DescribeInstances").body) > 20 << 20


def test_empty_is_a_good_answer_with_nothing_in_it():
    with simulator(f"{SCREEN}:empty", "GetConsoleOutput:empty", f"{VNC}:empty") as sim:
        target = first_id(sim)
        assert "<imageData></imageData>" in ec2(sim, SCREEN, InstanceId=target).text
        assert "<output>" not in ec2(sim, "GetConsoleOutput", InstanceId=target).text
        answer = cvm(sim, VNC, {"InstanceId": first_cvm(sim)})
        assert json.loads(answer.body)["Response"]["InstanceVncUrl"] == ""
    with simulator("DescribeInstances:empty") as sim:
        assert "<instanceId>" not in ec2(sim, "DescribeInstances").text
        assert json.loads(cvm(sim, "DescribeInstances").body)["Response"]["InstanceSet"] == []


def test_a_rule_can_name_an_instance_and_a_number_of_times():
    with simulator() as sim:
        ids = [part.partition("<")[0]
               for part in ec2(sim, "DescribeInstances").text.split("<instanceId>")[1:]]
    with simulator(f"{SCREEN}@{ids[0]}:code=InternalError:x2") as sim:
        codes = [ec2(sim, SCREEN, InstanceId=ids[i]).code for i in (1, 0, 1, 0, 0)]
    assert codes == [None, "InternalError", None, "InternalError", None]


def test_a_share_is_drawn_from_the_seed():
    def draw(seed):
        with simulator("DescribeRegions:code=InternalError:0.5", seed=seed) as sim:
            connection = connect(sim)
            codes = [ec2(sim, "DescribeRegions", connection).code for _ in range(200)]
            connection.close()
            return codes

    codes = draw(1)
    assert 60 < codes.count("InternalError") < 140
    assert draw(1) == codes and draw(2) != codes


def test_two_hundred_calls_of_half_a_second_take_about_one():
    with simulator(latency=500) as sim:
        target = first_id(sim)

        def fetch(connection):
            return ec2(sim, SCREEN, connection, InstanceId=target)

        # The handshakes are no part of the calls.
        connections = [connect(sim) for _ in range(200)]
        for connection in connections:
            connection.connect()
        watch = Stopwatch()
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            answers = list(pool.map(fetch, connections))
        took = watch.seconds()
        assert time.monotonic() - watch.began >= 0.5
        assert all(answer.status == 200 for answer in answers)
        # One after the other they take 100 s, ten at a time 10 s.
        assert took < 5, took
        for connection in connections:
            connection.close()
        images = {hashlib.sha256(base64.b64decode(image_of(answer))).hexdigest()
                  for answer in answers}
        assert len(images) == 200
        assert images == {entry["sha256"] for entry in sim.log_entries(action=SCREEN)}


def test_a_thousand_calls_can_be_pending_in_one_thread():
    with simulator(f"{SCREEN}:hang") as sim:
        body = f"Action={SCREEN}&Version=2016-11-15&InstanceId={first_id(sim)}".encode()
        headers = ec2_headers(sim, body)

        def start(_):
            connection = connect(sim)
            connection.request("POST", "/", body, headers)
            return connection

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            pending = list(pool.map(start, range(1000)))
        assert len(sim.await_log(1000, action=SCREEN)) == 1000
        assert len(os.listdir(f"/proc/{sim.process.pid}/task")) == 1
        assert ec2(sim, "DescribeRegions").status == 200
        for connection in pending:
            connection.close()
        assert ec2(sim, "DescribeRegions").status == 200


def test_a_connection_is_kept_for_the_next_call():
    with simulator(latency=20) as sim:
        connection = connect(sim)
        ec2(sim, "DescribeRegions", connection)
        local = connection.sock.getsockname()
        for _ in range(5):
            assert ec2(sim, "DescribeRegions", connection).status == 200
            assert cvm(sim, "DescribeRegions", connection=connection).status == 200
        assert connection.sock.getsockname() == local
        connection.close()


def test_documented_rates_are_enforced_per_region_and_action():
    regions = ["us-east-1", "eu-west-1"]
    with Simulator(instances=1, aws_regions=regions) as sim:
        connection = connect(sim)
        start = time.monotonic()
        answers = [ec2(sim, "DescribeInstances", connection) for _ in range(60)]
        took = time.monotonic() - start
        good = [answer.status for answer in answers].count(200)
        # A bucket of 50 that refills with ten a second.
        assert 50 <= good <= 50 + 10 * took + 1 and good < 60
        throttled = [answer for answer in answers if answer.status != 200]
        assert {(answer.status, answer.code) for answer in throttled} == {
            (503, "RequestLimitExceeded")}
        assert ec2(sim, "DescribeRegions", connection).status == 200
        assert ec2(sim, "DescribeInstances", connection,
                   signing={"region": "eu-west-1"}).status == 200
        connection.close()


def test_a_badly_signed_request_costs_no_token_and_meets_no_service_fault():
    with Simulator(instances=1, rate_scale=0.01, faults=["*:code=InternalError:x1"]) as sim:
        for _ in range(5):
            assert ec2(sim, "DescribeRegions",
                       signing={"secret": "wrong"}).code == "SignatureDoesNotMatch"


def test_a_hundred_thousand_instances_start_and_list_fast():
    watch = Stopwatch()
    with Simulator(instances=100_000, rate_scale=0) as sim:
        assert watch.seconds() < 5
        watch = Stopwatch()
        answer = ec2(sim, "DescribeInstances")
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert answer.body.count(b"<reservationId>") == 100_000
        assert watch.seconds() < 30
        answer = cvm(sim, "DescribeInstances", {"Limit": 100, "Offset": 99_950})
        assert len(json.loads(answer.body)["Response"]["InstanceSet"]) == 50


def test_a_client_that_vanishes_in_the_middle_is_forgotten():
    with Simulator(instances=5000, rate_scale=0) as sim:
        body = b"Action=DescribeInstances&Version=2016-11-15"
        for _ in range(5):
            client = connect(sim)
            client.request("POST", "/", body, ec2_headers(sim, body))
            client.sock.recv(100)
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   b"\x01\0\0\0\0\0\0\0")
            client.close()
        assert send(sim, "POST", "/", body, ec2_headers(sim, body)).status == 200


def test_a_rule_may_hold_in_one_region_only():
    regions = {"aws_regions": ["us-east-1", "eu-west-1"],
               "tencent_regions": ["ap-guangzhou", "ap-shanghai"]}
    rules = ["aws/DescribeInstances%eu-west-1:code=InternalError",
             "tencent/*%ap-shanghai:code=InternalServerError"]
    with simulator(*rules, **regions) as sim:
        for region, code in (("us-east-1", None), ("eu-west-1", "InternalError")):
            assert ec2(sim, "DescribeInstances", signing={"region": region}).code == code
        assert ec2(sim, "DescribeRegions", signing={"region": "eu-west-1"}).code is None
        for region, code in (("ap-guangzhou", None), ("ap-shanghai", "InternalServerError")):
            assert cvm(sim, "DescribeInstances", more={"X-TC-Region": region}).code == code


def test_rules_of_the_file_change_while_it_runs():
    with simulator("DescribeRegions:code=First:x1") as sim:
        assert ec2(sim, "DescribeRegions").code == "First"
        assert ec2(sim, "DescribeRegions").code is None
        for code in ("Second", "Third"):
            sim.set_faults(f"DescribeRegions:code={code}")
            assert ec2(sim, "DescribeRegions").code == code
            assert ec2(sim, "DescribeRegions").code == code
        sim.set_faults("DescribeRegions:code=Fourth:x1")
        assert [ec2(sim, "DescribeRegions").code for _ in range(2)] == ["Fourth", None]
        sim.set_faults("DescribeRegions:code=Fifth")
        sim.set_faults()
        assert ec2(sim, "DescribeRegions").code is None


# Faults of the wire: what a socket sees.

# Of OpenSSL; Python sets it, and has no name for it.
IGNORE_UNEXPECTED_EOF = 1 << 7


class Wire:
    """One request over a bare TLS socket: every byte that came, and how it ended. It is "open" if nothing more comes for
    `patience` seconds, of which the second half is by a Stopwatch."""

    def __init__(self, sim, action=SCREEN, patience=1.0, target=None):
        body = f"Action={action}&Version=2016-11-15"
        body += f"&InstanceId={target or first_id(sim)}" if action != "DescribeInstances" else ""
        self.body = body.encode()
        headers = ec2_headers(sim, self.body)
        headers.update({"Host": f"127.0.0.1:{sim.port}", "Content-Length": str(len(self.body))})
        self.request = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.request = f"POST / HTTP/1.1\r\n{self.request}\r\n".encode() + self.body
        plain = socket.create_connection(("127.0.0.1", sim.port))
        context = sim.tls()
        context.options &= ~IGNORE_UNEXPECTED_EOF
        self.socket = context.wrap_socket(plain, server_hostname="127.0.0.1",
                                          suppress_ragged_eofs=False)
        self.socket.settimeout(patience / 2)
        self.patience = patience
        self.socket.sendall(self.request)
        self.bytes = b""
        self.pieces = 0
        self.end = self._read()
        self.head, _, self.content = self.bytes.partition(b"\r\n\r\n")

    def _read(self):
        watch = None
        while True:
            try:
                piece = self.socket.recv(65536)
            except TimeoutError:
                watch = watch or Stopwatch()
                if watch.seconds() < 0.4 * self.patience:
                    continue
                return "open"
            except ssl.SSLError as error:
                return "broken" if "UNEXPECTED_EOF" in error.reason else error.reason
            except ConnectionResetError:
                return "reset"
            if not piece:
                return "closed"
            self.bytes += piece
            self.pieces += 1
            watch = None

    def header(self, name):
        lines = self.head.decode().split("\r\n")[1:]
        return next((line.split(": ", 1)[1] for line in lines if line.startswith(name + ": ")),
                    None)

    def length(self):
        return int(self.header("Content-Length"))

    def close(self):
        self.socket.close()


@pytest.fixture
def wire():
    """wire(KIND) asks for a screen while that fault is on. The answer as it is meant to be is
    `bytes` long, by the log."""
    simulators = []

    def ask(kind, action=SCREEN, **more):
        sim = simulator(f"{action}:{kind}", **more)
        simulators.append(sim)
        seen = Wire(sim, action)
        seen.sim = sim
        seen.entry = sim.log_entries(action=action)[-1]
        assert seen.entry["fault"] == kind.partition("=")[0]
        return seen

    yield ask
    for sim in simulators:
        assert ec2(sim, "DescribeRegions").status == 200
        sim.stop()


def whole(content):
    """Whether it is a whole answer of EC2's."""
    try:
        root = xml.etree.ElementTree.fromstring(content)
    except xml.etree.ElementTree.ParseError:
        return False
    return base64.b64decode(root.findtext("{*}imageData"), validate=True).endswith(b"\xff\xd9")


def unchunk(content):
    """The data of chunks, their extensions, and the trailers."""
    data, extensions, stream = [], [], io.BytesIO(content)
    while True:
        size, _, extension = stream.readline().removesuffix(b"\r\n").partition(b";")
        extensions.append(extension)
        size = int(size, 16)
        if size == 0:
            return b"".join(data), extensions, stream.read()
        data.append(stream.read(size))
        assert stream.read(2) == b"\r\n"


def test_close_is_an_end_without_an_answer(wire):
    seen = wire("close")
    assert (seen.bytes, seen.end) == (b"", "closed")


def test_cutheader_breaks_off_within_the_headers(wire):
    seen = wire("cutheader")
    assert seen.end == "broken" and seen.bytes.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\n\r\n" not in seen.bytes


def test_cutbody_ends_properly_within_a_body_of_no_length(wire):
    seen = wire("cutbody")
    assert seen.end == "closed" and seen.header("Content-Length") is None
    assert len(seen.content) == seen.entry["bytes"] // 2 and not whole(seen.content)


def test_cuttls_breaks_off_within_a_record(wire):
    seen = wire("cuttls")
    # What is in the record that is cut cannot be had.
    assert seen.end == "broken" and 0 < len(seen.content) < seen.entry["bytes"] // 2 + 1
    assert seen.length() == seen.entry["bytes"]


def test_badtls_is_a_record_that_does_not_verify(wire):
    seen = wire("badtls")
    assert "BAD_RECORD_MAC" in seen.end and not whole(seen.content)


def test_stall_is_half_a_body_and_silence(wire):
    seen = wire("stall")
    assert seen.end == "open" and seen.length() == seen.entry["bytes"]
    assert seen.length() // 2 <= len(seen.content) <= seen.length() // 2 + 1
    seen.close()


def test_drip_is_half_an_answer_and_then_byte_after_byte():
    with simulator(f"{SCREEN}:drip=5:x1") as sim:
        body = f"Action={SCREEN}&Version=2016-11-15&InstanceId={first_id(sim)}".encode()
        connection = connect(sim)
        connection.request("POST", "/", body, ec2_headers(sim, body))
        answer = connection.getresponse()
        length = int(answer.headers["Content-Length"])
        start = time.monotonic()
        assert len(answer.read(length // 2 + 50)) == length // 2 + 50
        assert time.monotonic() - start > 0.1
        connection.close()
        assert ec2(sim, SCREEN, InstanceId=first_id(sim)).status == 200


def test_longlength_promises_more_than_comes(wire):
    seen = wire("longlength")
    assert seen.end == "closed" and whole(seen.content)
    assert seen.length() == len(seen.content) + 1000


def test_shortlength_sends_more_than_it_promises(wire):
    seen = wire("shortlength")
    assert seen.end == "open" and whole(seen.content)
    assert seen.length() == len(seen.content) // 2
    # Nobody answers any more on a connection whose place in the stream is not known.
    seen.socket.sendall(seen.request)
    with pytest.raises((ConnectionResetError, ssl.SSLError)):
        seen.socket.recv(1)


def test_badchunk_has_a_chunk_whose_size_is_no_number(wire):
    seen = wire("badchunk")
    assert seen.header("Transfer-Encoding") == "chunked" and seen.end == "open"
    with pytest.raises(ValueError, match="zz"):
        unchunk(seen.content)
    seen.close()


def test_nolastchunk_ends_without_the_last_chunk(wire):
    seen = wire("nolastchunk")
    assert seen.header("Transfer-Encoding") == "chunked" and seen.end == "closed"
    with pytest.raises(ValueError, match="invalid literal"):
        unchunk(seen.content)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunks_are_small_and_have_extensions_and_trailers(wire, size):
    seen = wire(f"chunks={size}")
    data, extensions, trailers = unchunk(seen.content)
    assert whole(data) and len(extensions) == -(-len(data) // size) + 1
    assert {b"", b"name", b"name=value"} < {*extensions}
    assert b"X-Trailer: end\r\n" in trailers and seen.end == "open"
    seen.close()


def test_bigheader_and_longheader_are_past_any_sane_limit(wire):
    seen = wire("bigheader")
    assert 128 << 10 > len(seen.head) > 128000 and whole(seen.content)
    seen.close()
    seen = wire("longheader")
    assert len(seen.head) > 256 << 10 and whole(seen.content)
    assert len(seen.head.split(b"\r\n")) < 10
    seen.close()


def test_interim_answers_come_before_the_good_one(wire):
    seen = wire("interim")
    answers = seen.bytes.split(b"\r\n\r\n")
    assert [answer[:13] for answer in answers[:3]] == [b"HTTP/1.1 100 ", b"HTTP/1.1 103 ",
                                                       b"HTTP/1.1 200 "]
    assert whole(answers[3]) and seen.end == "open"
    seen.close()


def test_twice_is_a_good_answer_and_one_that_nobody_asked_for(wire):
    seen = wire("twice")
    assert seen.end == "open" and len(seen.bytes) % 2 == 0
    half = len(seen.bytes) // 2
    assert seen.bytes[:half] == seen.bytes[half:]
    assert seen.length() == seen.entry["bytes"] and whole(seen.content[:seen.length()])
    seen.close()


def test_faults_of_the_wire_hit_errors_and_long_listings_too(wire):
    with simulator(f"{SCREEN}:longlength") as sim:
        seen = Wire(sim, target="i-0ffffffffffffffff")
        assert seen.head.startswith(b"HTTP/1.1 400 Error\r\n")
        assert b"InvalidInstanceID.NotFound" in seen.content
    with Simulator(instances=3000, rate_scale=0, faults=["DescribeInstances:chunks=500"]) as sim:
        # Which take their time to write.
        seen = Wire(sim, "DescribeInstances", patience=5)
        assert unchunk(seen.content)[0].count(b"<reservationId>") == 3000
        seen.close()


def test_faults_of_the_wire_hit_cvm_too():
    with simulator(f"{VNC}:longlength", f"{VNC}:chunks=3") as sim:
        with pytest.raises(http.client.IncompleteRead):
            cvm(sim, VNC, {"InstanceId": first_cvm(sim)})


def test_a_throttle_may_say_when_to_come_again():
    with simulator("*:throttle=7") as sim:
        for answer in (ec2(sim, "DescribeRegions"), cvm(sim, "DescribeRegions")):
            assert answer.code == "RequestLimitExceeded" and answer.headers["Retry-After"] == "7"
    with simulator("*:throttle") as sim:
        assert "Retry-After" not in ec2(sim, "DescribeRegions").headers


def test_the_log_names_the_request_as_the_answer_does():
    with simulator() as sim:
        answer = ec2(sim, "DescribeRegions")
        entry = sim.log_entries(action="DescribeRegions")[0]
        assert entry["request_id"] == answer.headers["x-amzn-RequestId"]
        answer = cvm(sim, "DescribeRegions")
        entry = sim.log_entries(action="DescribeRegions")[1]
        assert entry["request_id"] == json.loads(answer.body)["Response"]["RequestId"]


# What changes while it runs, and from start to start.

def replace(path, *lines):
    new = path.with_suffix(".new")
    new.write_text("".join(line + "\n" for line in lines))
    new.rename(path)


def ec2_states(sim):
    """The state of every listed instance, by id."""
    root = xml.etree.ElementTree.fromstring(ec2(sim, "DescribeInstances").body)
    return {item.findtext("{*}instanceId"): item.findtext("{*}instanceState/{*}name")
            for item in root.findall(".//{*}instancesSet/{*}item")}


def cvm_states(sim):
    answer = json.loads(cvm(sim, "DescribeInstances", {"Limit": 100}).body)["Response"]
    assert answer["TotalCount"] == len(answer["InstanceSet"])
    return {item["InstanceId"]: item["InstanceState"] for item in answer["InstanceSet"]}


def test_machines_go_come_stop_and_start_as_the_file_says(tmp_path):
    path = tmp_path / "fleet"
    with simulator(args=["--fleet-file", path]) as sim:
        was, was_cvm = ec2_states(sim), cvm_states(sim)
        one, other, *_ = was
        its, others, *_ = was_cvm
        assert was[one] == was[other] == "running" and was_cvm[its] == was_cvm[others] == "RUNNING"
        replace(path, f"{one} gone", f"{other} stopped", f"{its} gone", f"{others} STOPPED")
        assert ec2_states(sim) == {**{id: was[id] for id in was if id != one}, other: "stopped"}
        assert cvm_states(sim) == {**{id: was_cvm[id] for id in was_cvm if id != its},
                                   others: "STOPPED"}
        for target in (one, other):
            assert ec2(sim, SCREEN, InstanceId=target).code == "InvalidInstanceID.NotFound"
        assert ec2(sim, "DescribeInstances",
                   **{"InstanceId.1": one}).code == "InvalidInstanceID.NotFound"
        assert cvm(sim, VNC, {"InstanceId": its}).code == "InvalidInstanceId.NotFound"
        assert cvm(sim, VNC, {"InstanceId": others}).code.endswith("InstanceStateStopped")
        replace(path)
        assert ec2_states(sim) == was and cvm_states(sim) == was_cvm
        assert ec2(sim, SCREEN, InstanceId=one).status == 200


def test_a_certificate_is_another_at_each_start_and_its_authority_may_be_the_same(tmp_path):
    authority = tmp_path / "authority"
    seen = []
    for _ in range(2):
        with simulator(args=["--authority-file", authority]) as sim:
            with socket.create_connection(("127.0.0.1", sim.port)) as plain, \
                    sim.tls().wrap_socket(plain, server_hostname="127.0.0.1") as tls:
                seen.append((sim.ca.read_text(), tls.getpeercert(binary_form=True)))
    assert seen[0][0] == seen[1][0] and seen[0][1] != seen[1][1]
    assert authority.stat().st_mode & 0o777 == 0o600
    with simulator() as sim:
        assert sim.ca.read_text() != seen[0][0]
