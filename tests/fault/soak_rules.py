# SPDX-License-Identifier: MIT
"""What goes wrong in a soak, when, and which errno is right for it: DESIGN's table, for each fault of the
simulator's."""

import random

SCREEN, CONSOLE, VNC = "GetConsoleScreenshot", "GetConsoleOutput", "DescribeInstanceVncUrl"
ACTIONS = {"screenshot.jpg": SCREEN, "console.log": CONSOLE, "vnc_url": VNC, "vnc.html": VNC}
LISTING = "DescribeInstances"
OK = "OK"

# Whatever the cloud wanted to say, this is what comes of it.
TRANSPORT = {
    "hang": "ETIMEDOUT", "stall": "ETIMEDOUT", "drip": "ETIMEDOUT",
    "reset": "ECONNRESET", "close": "ECONNRESET", "truncate": "ECONNRESET",
    "cutheader": "ECONNRESET", "cuttls": "ECONNRESET", "badtls": "ECONNRESET",
    "longlength": "ECONNRESET", "nolastchunk": "ECONNRESET",
    "cutbody": "EBADMSG", "shortlength": "EBADMSG", "badchunk": "EBADMSG", "garbage": "EBADMSG",
    "bigheader": "EFBIG", "longheader": "EFBIG",
}
# Ended properly, as far as HTTP knows.
UNFINISHED = {"cutbody", "shortlength"}
# Where the cloud has something to show.
CONTENT = {"badbase64": "EBADMSG", "notjpeg": "EBADMSG", "oversize": "EFBIG"}
# Answers that are odd, and whole.
GOOD = {"", "delay", "chunks", "interim", "twice"}

CODES = {
    "UnauthorizedOperation": "EACCES", "AuthFailure": "EACCES", "OptInRequired": "EACCES",
    "ExpiredToken": "EKEYEXPIRED",
    "IncorrectInstanceState": "EBUSY", "RequestLimitExceeded": "EBUSY",
    "InternalError": "EREMOTEIO", "Unavailable": "EREMOTEIO", "InternalServerError": "EREMOTEIO",
    "UnsupportedOperation": "EOPNOTSUPP", "InvalidInstance.NotSupported": "EOPNOTSUPP",
    "UnsupportedOperation.SpecialInstanceType": "EOPNOTSUPP",
    "OperationDenied.InstanceOperationInProgress": "EBUSY",
    "UnsupportedOperation.InstanceStateStopped": "EHOSTDOWN",
    "UnsupportedOperation.InstanceStateShutdown": "EHOSTDOWN",
    "UnsupportedOperation.InstanceStateTerminated": "EHOSTDOWN",
    "UnsupportedOperation.StoppedModeStopCharging": "EHOSTDOWN",
}
TRANSITION = "UnsupportedOperation.InstanceState"  # ...Rebooting and so on
# Listed, so it is there: a machine that is not running. If it is not, there is none.
NOT_FOUND = {"InvalidInstanceID.NotFound": {"EHOSTDOWN", "ENOENT"},
             "InvalidInstanceId.NotFound": {"EHOSTDOWN", "ENOENT"}}


def outcomes(entry):
    """The errnos of which one is right for an open that ends with this answer; {OK}."""
    fault, code = entry.get("fault", ""), entry["code"]
    if fault in UNFINISHED and code:
        # What there is of an error may have said it.
        return {TRANSPORT[fault]} | outcomes({**entry, "fault": ""})
    if fault in TRANSPORT:
        return {TRANSPORT[fault]}
    if fault == "status":
        return {"EBUSY" if entry["status"] == 429 else "EREMOTEIO"}
    if code in NOT_FOUND:
        return NOT_FOUND[code]
    if code == "UnsupportedOperation" and fault != "code" and entry["action"] == SCREEN:
        return {"EOPNOTSUPP", "EBUSY"}  # of a pending instance, by the message
    if code == "InvalidInstanceState":
        return {"EBUSY", "EHOSTDOWN"}  # by the listed state, which may be of before
    if code in CODES:
        return {CODES[code]}
    if code.startswith(TRANSITION):
        return {"EBUSY"}
    if code:
        return {f"no errno is known for {code}"}
    if fault == "empty":
        return {OK} if entry["action"] == CONSOLE else {"ENODATA"}
    if entry["action"] == CONSOLE and not entry.get("sha256"):
        return {OK}  # a log that is empty cannot be spoilt
    return {CONTENT.get(fault, OK)}


# Rules. Every one of these is put on some instances alone, for the whole of a round.
PURE = ["hang", "reset", "close", "truncate", "cutheader", "cutbody", "cuttls", "badtls", "stall",
        "drip=1000", "longlength", "shortlength", "badchunk", "nolastchunk", "chunks=1", "chunks=13",
        "chunks=4096", "bigheader", "longheader", "interim", "twice", "status=500", "status=502", "status=503",
        "status=504", "garbage", "empty", "oversize", "delay=50", "delay=400"]
ONLY = {SCREEN: ["badbase64", "notjpeg", "code=UnauthorizedOperation", "code=InternalError",
                 "code=Unavailable", "code=IncorrectInstanceState", "code=OptInRequired"],
        CONSOLE: ["badbase64", "code=UnauthorizedOperation", "code=InternalError"],
        VNC: ["code=UnauthorizedOperation", "code=InternalServerError", "code=InternalError",
              "code=InvalidInstance.NotSupported"]}
LISTINGS = ["reset", "close", "truncate", "cutheader", "cutbody", "cuttls", "badtls", "stall", "hang",
            "drip=1000", "longlength", "shortlength", "badchunk", "nolastchunk", "chunks=100", "interim",
            "bigheader", "longheader", "status=500", "status=503", "garbage", "oversize",
            "badid=../x", "code=UnauthorizedOperation"]
RULES_MAX = 64  # of the simulator


def pure_rules(chance, instances, count):
    """Faults that hit every call of one action of one instance. instances: cloud -> ids."""
    rules = []
    for action, cloud in ((SCREEN, "aws"), (CONSOLE, "aws"), (VNC, "tencent")):
        kinds = PURE + ONLY[action]
        ids = instances[cloud]
        for kind in chance.sample(kinds, min(count, len(kinds), len(ids))):
            rules.append(f"{action}@{chance.choice(ids)}:{kind}")
    return rules


def mixed_rules(chance, share, count):
    """Faults that hit any call now and then."""
    rules = []
    for action in (SCREEN, CONSOLE, VNC):
        for kind in chance.sample(PURE + ONLY[action], count):
            # What takes the whole time limit is rarer, or there would be little else.
            slow = kind in ("hang", "stall", "drip=1000", "oversize")
            rules.append(f"{action}:{kind}:{share / 4 if slow else share}")
    return rules


def throttle_rules(slow):
    """slow: cloud -> the region that throttles."""
    return [f"{action}%{slow[cloud]}:{kind}"
            for action, cloud in ((SCREEN, "aws"), (CONSOLE, "aws"), (VNC, "tencent"))
            for kind in ("throttle:0.1", "throttle=1:0.1", "status=429:0.05")]


def a_round(seed, number, instances, slow, share):
    """The rules of a round, which depend on the seed and its number alone."""
    chance = random.Random(f"{seed} {number}")
    rules = throttle_rules(slow)
    rules += [f"{LISTING}:{kind}:0.15" for kind in chance.sample(LISTINGS, 3)]
    rules += mixed_rules(chance, share, 5)
    room = (RULES_MAX - len(rules)) // 3
    return pure_rules(chance, instances, room) + rules


def changes(seed, number, movers):
    """Lines for --fleet-file: what of the movers (cloud -> ids) is gone or stopped in this round."""
    chance = random.Random(f"fleet {seed} {number}")
    lines, gone = [], set()
    for cloud, ids in movers.items():
        for name in ids:
            fate = chance.choice(("", "", "gone", "stopped"))
            if fate == "gone":
                lines.append(f"{name} gone")
                gone.add(name)
            elif fate:
                lines.append(f"{name} {fate if cloud == 'aws' else fate.upper()}")
    return lines, gone
