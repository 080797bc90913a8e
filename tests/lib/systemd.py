# SPDX-License-Identifier: MIT
"""What systemd-analyze says of units, and of nothing else that this machine has."""

import subprocess

from .simulator import scrubbed_env


def analyze(runtime, *args):
    """Runs systemd-analyze, for which units are in that directory, and then where they always are."""
    return subprocess.run(["/usr/bin/systemd-analyze", *map(str, args)], capture_output=True, text=True, check=False,
                          env={**scrubbed_env(runtime), "XDG_RUNTIME_DIR": str(runtime),
                               "SYSTEMD_UNIT_PATH": f"{runtime}:"})


def complaints(unit, *options):
    """The lines of `systemd-analyze verify` about a unit. It reads the machine's own units with it, and complains of those
    too; and it fails if anything was complained of, whose ever."""
    done = analyze(unit.parent, *options, "verify", "--man=no", unit)
    found = [line for line in done.stderr.splitlines() if unit.name in line or unit.stem in line]
    # Without a word about it, the unit was read whole.
    if done.returncode != 0 and not found and not done.stderr:
        found = [f"status {done.returncode}"]
    return found
