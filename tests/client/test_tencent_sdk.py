# SPDX-License-Identifier: MIT
"""The official Tencent Cloud SDK accepts the simulator as CVM: every action, paging, filters,
each instance state's error, and what a wrong secret or clock gets."""

import hashlib

import pytest

from clients import tencent
from simulator import Simulator

VNC = "DescribeInstanceVncUrl"

# By position in the fleet. The first ten hold every state, the next six every other circumstance.
CONSOLE_ERRORS = {
    2: "UnsupportedOperation.InstanceStateStopped",
    3: "UnsupportedOperation.InstanceStatePending",
    4: "UnsupportedOperation.InstanceStateStarting",
    5: "UnsupportedOperation.InstanceStateStopping",
    6: "UnsupportedOperation.InstanceStateRebooting",
    7: "UnsupportedOperation.InstanceStateShutdown",
    8: "UnsupportedOperation.SpecialInstanceType",
    9: "UnsupportedOperation.InstanceStateTerminating",
    10: "OperationDenied.InstanceOperationInProgress",
    11: "UnsupportedOperation.StoppedModeStopCharging",
    12: "UnsupportedOperation.InstanceStateEnterRescueMode",
    13: "UnsupportedOperation.InstanceStateExitRescueMode",
    14: "UnsupportedOperation.InstanceStateEnterServiceLiveMigrate",
    15: "InvalidInstanceState",
}
# Documented too, but no state of a machine leads to them.
OTHER_ERRORS = ["InvalidInstance.NotSupported", "UnauthorizedOperation.InvalidToken",
                "UnauthorizedOperation.MFAExpired", "UnauthorizedOperation.MFANotFound",
                "UnsupportedOperation.InstanceStateTerminated"]


@pytest.fixture(scope="module")
def fleet(sim):
    return tencent(sim, ("DescribeInstances", {"Limit": 100}))[0]["result"]["InstanceSet"]


def codes(answers):
    return [answer.get("error", {}).get("code") for answer in answers]


def listed(answer):
    return [one["InstanceId"] for one in answer["result"]["InstanceSet"]]


def test_instances_carry_the_documented_fields(fleet):
    assert len({one["InstanceId"] for one in fleet}) == 20
    for one in fleet:
        assert one["InstanceId"].startswith("ins-") and len(one["InstanceId"]) == 12
        assert one["Placement"]["Zone"].startswith("ap-guangzhou-")
        assert one["PrivateIpAddresses"][0].startswith("10.")
        assert one["InstanceType"] and one["OsName"] and one["Uuid"] and one["RestrictState"]
        assert len(one["Tags"]) == 5
    assert {one["CreatedTime"][-1] for one in fleet} == {"Z", "0"}
    assert any(one["PublicIpAddresses"] is None for one in fleet)
    assert any(one["PublicIpAddresses"] for one in fleet)
    assert any(one["ExpiredTime"] is None for one in fleet)
    assert any(one["ExpiredTime"] for one in fleet)


def test_the_first_ten_hold_every_kind(fleet):
    assert [one["InstanceState"] for one in fleet[:10]] == [
        "RUNNING", "RUNNING", "STOPPED", "PENDING", "STARTING", "STOPPING", "REBOOTING",
        "SHUTDOWN", "RUNNING", "TERMINATING"]
    names = [one["InstanceName"] for one in fleet[:10]]
    assert names[0] == names[1] == "web-1"
    assert names[2] == "db/primary" and names[3] == ".." and names[7] == ""
    assert "\n" in names[5] and "\u202e" in names[5]
    assert len(names[6]) == 128 and len(names[6].encode()) > 255


def test_pages_are_of_twenty_by_default_and_a_hundred_at_most(fleet):
    with Simulator(instances=130, rate_scale=0) as sim:
        answers = tencent(sim, ("DescribeInstances", {}), ("DescribeInstances", {"Limit": 100}),
                          ("DescribeInstances", {"Limit": 100, "Offset": 100}),
                          ("DescribeInstances", {"Limit": 101}), ("DescribeInstances", {"Limit": 0}),
                          ("DescribeInstances", {"Offset": -1}),
                          ("DescribeInstances", {"Offset": 1000}))
    assert [len(listed(answer)) for answer in answers[:3]] == [20, 100, 30]
    assert len(set(listed(answers[1]) + listed(answers[2]))) == 130
    assert listed(answers[0]) == [one["InstanceId"] for one in fleet]
    assert all(answer["result"]["TotalCount"] == 130 for answer in answers[:3])
    assert codes(answers)[3:6] == ["InvalidParameterValueLimit", "InvalidParameterValueLimit",
                                   "InvalidParameterValueOffset"]
    assert listed(answers[6]) == [] and answers[6]["result"]["TotalCount"] == 130


def test_instances_by_id(sim, fleet):
    ids = [fleet[4]["InstanceId"], fleet[1]["InstanceId"]]
    answers = tencent(
        sim, ("DescribeInstances", {"InstanceIds": ids}),
        ("DescribeInstances", {"InstanceIds": ["ins-00000000"]}),
        ("DescribeInstances", {"InstanceIds": ["i-0123"]}),
        ("DescribeInstances", {"InstanceIds": [f"ins-{i:08}" for i in range(101)]}),
        ("DescribeInstances", {"InstanceIds": ids,
                               "Filters": [{"Name": "zone", "Values": ["ap-guangzhou-3"]}]}))
    assert sorted(listed(answers[0])) == sorted(ids)
    assert listed(answers[1]) == []
    assert codes(answers)[2:] == ["InvalidInstanceId.Malformed",
                                  "InvalidParameterValue.LimitExceeded",
                                  "InvalidParameterCombination"]


def test_filters_select_and_are_limited(sim, fleet):
    def select(name, *values):
        return ("DescribeInstances", {"Limit": 100, "Filters": [{"Name": name,
                                                                 "Values": list(values)}]})

    tag = fleet[0]["Tags"][0]
    answers = tencent(
        sim, select("instance-name", "web-1"), select("instance-state", "RUNNING", "PENDING"),
        select("zone", "ap-guangzhou-3"), select("tag:" + tag["Key"], tag["Value"]),
        select("instance-id", fleet[3]["InstanceId"]), select("tag-key", "no-such-key"),
        select("shoe-size", "42"), select("zone", *"abcdef"),
        ("DescribeInstances", {"Filters": [{"Name": "zone", "Values": ["a"]}] * 11}))
    expected = [
        lambda one: one["InstanceName"] == "web-1",
        lambda one: one["InstanceState"] in ("RUNNING", "PENDING"),
        lambda one: one["Placement"]["Zone"] == "ap-guangzhou-3",
        lambda one: tag in one["Tags"],
        lambda one: one["InstanceId"] == fleet[3]["InstanceId"],
        lambda one: False,
    ]
    for answer, want in zip(answers, expected):
        assert listed(answer) == [one["InstanceId"] for one in fleet if want(one)]
    assert len(listed(answers[0])) >= 2
    assert codes(answers)[6:] == ["InvalidFilter", "InvalidFilterValue.LimitExceeded",
                                  "InvalidFilter"]


def test_regions(sim):
    answer = tencent(sim, ("DescribeRegions", {}))[0]["result"]
    states = {one["Region"]: one["RegionState"] for one in answer["RegionSet"]}
    assert states == {"ap-guangzhou": "AVAILABLE", "ap-shenzhen-fsi": "UNAVAILABLE",
                      "ap-taipei": "UNAVAILABLE"}
    assert answer["TotalCount"] == 3


def test_a_vnc_url_is_percent_encoded_and_new_each_time(sim, fleet):
    call = (VNC, {"InstanceId": fleet[0]["InstanceId"]})
    urls = [answer["result"]["InstanceVncUrl"] for answer in tencent(sim, call, call)]
    assert urls[0] != urls[1]
    for url in urls:
        assert url.startswith("wss%3A%2F%2F") and "://" not in url
    logged = sim.log_entries(action=VNC, instance=fleet[0]["InstanceId"])
    assert [entry["sha256"] for entry in logged] == [
        hashlib.sha256(url.encode()).hexdigest() for url in urls]
    assert not any(url in sim.log.read_text() for url in urls)


def test_each_state_has_its_documented_error(sim, fleet):
    answers = tencent(sim, *[(VNC, {"InstanceId": fleet[index]["InstanceId"]})
                             for index in CONSOLE_ERRORS])
    assert dict(zip(CONSOLE_ERRORS, codes(answers))) == CONSOLE_ERRORS
    assert all(answer["error"]["requestId"] for answer in answers)


def test_the_other_documented_errors_come_on_demand():
    faults = [f"{VNC}:code={code}:x1" for code in OTHER_ERRORS]
    with Simulator(instances=1, rate_scale=0, faults=faults) as sim:
        target = tencent(sim, ("DescribeInstances", {}))[0]["result"]["InstanceSet"][0]
        call = (VNC, {"InstanceId": target["InstanceId"]})
        answers = tencent(sim, *[call] * (len(OTHER_ERRORS) + 1))
    assert codes(answers) == OTHER_ERRORS + [None]


def test_unknown_and_malformed_ids_have_no_console(sim):
    answers = tencent(sim, (VNC, {"InstanceId": "ins-00000000"}), (VNC, {"InstanceId": "ins-1"}),
                      (VNC, {}))
    assert codes(answers) == ["InvalidInstanceId.NotFound", "InvalidInstanceId.Malformed",
                              "MissingParameter"]


def test_the_eleventh_console_in_a_second_is_too_many():
    with Simulator(instances=1) as sim:
        target = tencent(sim, ("DescribeInstances", {}))[0]["result"]["InstanceSet"][0]
        answers = tencent(sim, *[(VNC, {"InstanceId": target["InstanceId"]})] * 40)
    assert codes(answers)[:10] == [None] * 10
    assert "RequestLimitExceeded" in codes(answers)


def test_a_wrong_secret_and_an_unknown_id_are_refused(sim):
    call = ("DescribeRegions", {})
    assert codes(tencent(sim, call, secret="wrong")) == ["AuthFailure.SignatureFailure"]
    assert codes(tencent(sim, call, secretId="AKIDOTHER")) == ["AuthFailure.SecretIdNotFound"]


def test_a_clock_more_than_five_minutes_off_is_refused(sim):
    call = ("DescribeRegions", {})
    for shift, code in ((-310, "AuthFailure.SignatureExpire"), (-280, None), (280, None),
                        (310, "AuthFailure.SignatureExpire")):
        assert codes(tencent(sim, call, shift=shift)) == [code], shift


def test_a_region_that_is_not_ours_is_refused(sim):
    answers = tencent(sim, ("DescribeInstances", {}), region="ap-nowhere")
    assert codes(answers) == ["UnsupportedRegion"]


def test_regions_share_the_fleet_and_hide_each_others_instances():
    regions = ["ap-guangzhou", "ap-shanghai"]
    with Simulator(instances=5, rate_scale=0, tencent_regions=regions) as sim:
        here = listed(tencent(sim, ("DescribeInstances", {}))[0])
        there = listed(tencent(sim, ("DescribeInstances", {}), region="ap-shanghai")[0])
        assert (len(here), len(there)) == (3, 2) and not set(here) & set(there)
        assert codes(tencent(sim, (VNC, {"InstanceId": there[0]}))) == [
            "InvalidInstanceId.NotFound"]
