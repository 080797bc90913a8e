# SPDX-License-Identifier: MIT
"""VNC links: good for one use within 15 seconds, and the page that shows it."""

import base64
import hashlib
import json
import re
import time

from clients import cvm, send
from simulator import Simulator

VNC = "DescribeInstanceVncUrl"


def fleet(sim):
    answer = cvm(sim, "DescribeInstances", {"Limit": 100})
    return [one["InstanceId"] for one in json.loads(answer.body)["Response"]["InstanceSet"]]


def new_link(sim, instance):
    answer = cvm(sim, VNC, {"InstanceId": instance})
    return json.loads(answer.body)["Response"]["InstanceVncUrl"]


def redeem(sim, value):
    return send(sim, "GET", sim.vnc_page.removeprefix(sim.url) + value)


def test_a_link_works_once_and_shows_the_instances_own_console(sim):
    target = fleet(sim)[0]
    value = new_link(sim, target)
    page = redeem(sim, value)
    assert page.status == 200 and page.headers["Content-Type"].startswith("text/html")
    assert f"belongs to {target}" in page.text
    image = base64.b64decode(re.search(r"data:image/jpeg;base64,([^\"]+)", page.text).group(1))
    assert image.startswith(b"\xff\xd8") and len(image) > 10_000
    again = redeem(sim, value)
    assert again.status == 410 and "used" in again.text
    first, second = sim.log_entries(action="RedeemVnc", instance=target)[-2:]
    digest = hashlib.sha256(value.encode()).hexdigest()
    assert (first["status"], first["code"], first["sha256"]) == (200, "", digest)
    assert (second["status"], second["code"], second["sha256"]) == (410, "Used", digest)
    assert sim.log_entries(action=VNC, instance=target)[-1]["sha256"] == digest


def test_a_link_that_was_never_given_out_is_gone(sim):
    for value in ("nonsense", "wss%3A%2F%2Fx%2Fvnc%3Fs%3D", "wss%3A%2F%2Fx%2Fvnc%3Fs%3DAAAA"):
        assert redeem(sim, value).status == 410
    assert send(sim, "GET", "/vnc").status == 400
    assert send(sim, "GET", "/vnc?InstanceVncUrl=%zz").status == 400


def test_a_link_lives_for_fifteen_seconds():
    with Simulator(instances=2) as sim:
        target = fleet(sim)[0]
        made = time.monotonic()
        young, old = new_link(sim, target), new_link(sim, target)
        time.sleep(made + 13 - time.monotonic())
        assert redeem(sim, young).status == 200
        time.sleep(made + 15.5 - time.monotonic())
        answer = redeem(sim, old)
        assert answer.status == 410 and "expired" in answer.text
        assert sim.log_entries(action="RedeemVnc")[-1]["code"] == "Expired"
