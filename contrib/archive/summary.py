# SPDX-License-Identifier: MIT
"""The summary of a finished run. Its first lines are for programs too."""

from outcome import FAILED, SKIPPED


def summarise(name, ended, shard, tally, troubles, results):
    """The text of the file. shard is I/N, or nothing."""
    lines = [f"run:     {name}", f"ended:   {ended}"]
    if shard:
        lines.append(f"shard:   {shard}")
    lines += [f"fetched: {tally.fetched}", f"failed:  {tally.failed}", f"skipped: {tally.skipped}"]
    lines += [f"failed {trouble}" for trouble in troubles]
    lines += [f"{result.status} {result.place}: {result.reason}" for result in results
              if result.status in (FAILED, SKIPPED)]
    return "\n".join(lines) + "\n"
