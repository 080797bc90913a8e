# SPDX-License-Identifier: MIT
"""Which machine of the simulated fleet is which.

The simulator makes the same first machines for every seed, one of every kind there is, and gives
them the ids of the seed. All of tests/mount uses seed 1.
"""

import functools
import json
import os

from .mount import Mount
from .simulator import Simulator

# Indices of EC2's.
AWAKE, ASLEEP, STOPPED, PENDING, ARM64, METAL, STOPPING, SHUTTING_DOWN, OLD_ASLEEP = range(9)
TERMINATED = 9  # not shown, so aws() does not know it
# Indices of CVM's that differ.
STARTING, CVM_STOPPING, REBOOTING, SHUTDOWN, SPECIAL_TYPE, TERMINATING = range(4, 10)
RESIZING, PARKED, RESCUE_IN, RESCUE_OUT, MOVING, STILLBORN = range(10, 16)

INSTANCES = 20

# What else is in a cloud's directory.
BESIDE_INSTANCES = ["by-name", "by-region", "status"]


def clouds(path):
    """The names of the clouds that are mounted on a path: all that is a directory there."""
    return sorted(entry.name for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False))


def instances_among(names):
    """Those that are instances' of the names in a cloud's directory, where nothing unknown is."""
    found = sorted(name for name in names if name.startswith(("i-", "ins-")))
    assert {*names} == {*found, *BESIDE_INSTANCES}, names
    return found


def instances(cloud):
    """The names of the instances' directories in a cloud's."""
    return instances_among(os.listdir(cloud))


def infos(cloud):
    """What info.json says of every instance of a mounted cloud, by id."""
    return {name: json.loads((cloud / name / "info.json").read_text())
            for name in instances(cloud)}


@functools.cache
def _ids():
    with Simulator(instances=INSTANCES, rate_scale=0) as sim, Mount.of(sim) as mount:
        found = {}
        for cloud in ("aws", "tencent"):
            for name, info in infos(mount.path / cloud).items():
                # A machine's private address is made of its index.
                index = next(int(address.rsplit(".", 1)[1]) for address in info["addresses"]
                             if address.startswith("10."))
                found[cloud, index] = name
        return found


def aws(index):
    """The id of an EC2 instance."""
    return _ids()["aws", index]


def cvm(index):
    """The id of a CVM instance."""
    return _ids()["tencent", index]
