"""Which machine of the simulated fleet is which.

The simulator makes the same first machines for every seed, one of every kind there is, and gives
them the ids of the seed. All of tests/mount uses seed 1.
"""

import functools
import json

from .mount import Mount
from .simulator import Simulator

# Indices of EC2's.
AWAKE, ASLEEP, STOPPED, PENDING, ARM64, METAL, STOPPING, SHUTTING_DOWN, OLD_ASLEEP = range(9)
TERMINATED = 9  # not shown, so aws() does not know it
# Indices of CVM's that differ.
STARTING, CVM_STOPPING, REBOOTING, SHUTDOWN, SPECIAL_TYPE, TERMINATING = range(4, 10)
RESIZING, PARKED, RESCUE_IN, RESCUE_OUT, MOVING, STILLBORN = range(10, 16)

INSTANCES = 20


def infos(cloud):
    """What info.json says of every instance of a mounted cloud, by id."""
    return {path.name: json.loads((path / "info.json").read_text())
            for path in cloud.iterdir() if path.is_dir()}


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
