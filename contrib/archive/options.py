# SPDX-License-Identifier: MIT
"""The command line."""

import getopt
import os
import re
import sys
import types

from messages import plain, say, show

USAGE = """\
usage: consolefs-archive [options] SOURCE... DEST
Fetches what the consoles show into DEST/2026-11-21T20-13-48Z/CLOUD/ID/, with hard links to what is
unchanged. SOURCE is a mount of consolefs, a cloud or an instance in it.

  -j, --jobs N           fetch from N instances at once (8)
  -k, --keep DAYS        afterwards remove runs older than DAYS
  -q, --quiet            print nothing unless something failed
  -s, --shard I/N        fetch part I of N, from 0 to N-1, into DEST/shard-I-of-N
  -w, --wake             wake the displays first
      --wake-wait SECS   seconds between waking and fetching (5)
  -h, --help             print this

Status: 0 everything was fetched, 1 something could not be fetched, 2 nothing was done.
"""
LONG = ["jobs=", "keep=", "quiet", "shard=", "wake", "wake-wait=", "help"]


def parse(arguments):
    """The options, sources and dest, each an attribute. Ends the program if they are wrong."""
    options = types.SimpleNamespace(jobs=8, keep=None, quiet=False, shard=None, shards=None,
                                    wake=False, wake_wait=5)
    # With it, options after the first source would be taken for sources.
    os.environ.pop("POSIXLY_CORRECT", None)
    try:
        given, operands = getopt.gnu_getopt(arguments, "j:k:qs:wh", LONG)
    except getopt.GetoptError as error:
        misused(plain(str(error)))
    for option, value in given:
        if option in ("-j", "--jobs"):
            options.jobs = number(option, value, 1, 1000)
        elif option in ("-k", "--keep"):
            options.keep = number(option, value, 0, 100000)
        elif option in ("-q", "--quiet"):
            options.quiet = True
        elif option in ("-s", "--shard"):
            options.shard, options.shards = shard(option, value)
        elif option in ("-w", "--wake"):
            options.wake = True
        elif option == "--wake-wait":
            options.wake_wait = number(option, value, 0, 3600)
        else:
            print(USAGE, end="")
            sys.exit(0)
    if len(operands) < 2:
        misused("SOURCE and DEST are needed")
    *options.sources, options.dest = operands
    return options


def number(option, text, least, most):
    if not re.fullmatch(r"[0-9]{1,6}", text) or not least <= int(text) <= most:
        misused(f"{option}: {text!r} is not a number from {least} to {most}")
    return int(text)


def shard(option, text):
    index, slash, count = text.partition("/")
    if not slash:
        misused(f"{option}: {text!r} is not I/N")
    count = number(option, count, 1, 100000)
    return number(option, index, 0, count - 1), count


def misused(text):
    say(text)
    show(USAGE)
    sys.exit(2)
