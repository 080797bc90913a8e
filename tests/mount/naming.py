# SPDX-License-Identifier: MIT
"""What tests of names share: links, and a cloud whose names change."""

import contextlib
import os

from lib.mount import Mount
from lib.scripted import AWS_KEYS, ScriptedCloud, ec2_item, ec2_listing

ONE, TWO, THREE = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb", "i-0cccccccccccccccc"


def links(directory):
    """Every name in a directory, with where it leads; each is a link."""
    return {name: os.readlink(directory / name) for name in os.listdir(directory)}


@contextlib.contextmanager
def scripted(names, more=()):
    """A mount of an EC2 whose instances have these names, id -> name, which the test may change."""
    def answer(request):
        return 200, ec2_listing([ec2_item(one, tags={"Name": name})
                                 for one, name in names.items()])

    with ScriptedCloud(answer) as cloud, \
            Mount(options=[*cloud.options(), *more], keys=False, env=AWS_KEYS) as mount:
        mount.cloud = cloud
        yield mount
