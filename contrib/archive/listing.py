# SPDX-License-Identifier: MIT
"""What there is to fetch: the instances of the sources, and what kept some from being listed."""

import collections
import os
import re

from files import read_text
from messages import plain


class Instance(collections.namedtuple("Instance", "cloud id path")):
    """An instance: cloud and id percent-encoded, as a run names directories; path is in the mount."""

    __slots__ = ()

    @property
    def place(self):
        return f"{self.cloud}/{self.id}"


def encode(name):
    """Percent-encodes a name as a component of a URL."""
    # A dot at the beginning would make a hidden file, or ".." of it, and a hyphen an option.
    return re.sub(rb"^[.-]|[^A-Za-z0-9._-]", lambda match: b"%%%02X" % match[0][0],
                  os.fsencode(name)).decode("ascii")


def shard_of(name, shards):
    """The shard of an instance, by its encoded id.

    It depends on the id alone, so that all machines agree about it without a word, and a machine
    keeps its instances from run to run. An archive in parts relies on it: it must never change.
    """
    value = 0
    for byte in name.encode("ascii"):
        value = (value * 131 + byte) % 1000003
    return value % shards


def cloud_trouble(status):
    """What the text of a cloud's status says is wrong with its listing, if anything."""
    match = re.search(r"condition:[ \t]*([^\n]*)", status)
    if not match or not re.search("working in part|not working", match[1]):
        return None
    attempts = re.findall(r"^[^:\n]*: *(.*attempt failed.*)", status, re.MULTILINE)
    return "; ".join([match[1], *attempts])


class Listing:
    """The instances; clouds that are sources, as their path by encoded name; and troubles, each a
    line "what: reason"."""

    def __init__(self, sources):
        self.instances = []
        self.clouds = {}
        self.troubles = []
        self._places = set()
        for source in sources:
            self._add_source(source)

    def keep_shard(self, shard, shards):
        self.instances = [instance for instance in self.instances
                          if shard_of(instance.id, shards) == shard]

    def _add_trouble(self, text):
        self.troubles.append(plain(text))

    def _add_source(self, source):
        try:
            os.stat(source)
            path = os.path.realpath(source)
            if os.path.isfile(f"{path}/status"):
                self._add_cloud(path)
            elif os.path.isfile(f"{path}/info.json"):
                self._add_instance(os.path.dirname(path), os.path.basename(path))
            elif not self._add_clouds(path):
                self._add_trouble(f"{source!r}: there is no mount of consolefs here, nor a directory of one")
        except OSError as error:
            self._add_trouble(f"{source!r}: {error.strerror}")

    def _add_clouds(self, mount):
        found = False
        for name in sorted(os.listdir(mount)):
            path = f"{mount}/{name}"
            if os.path.exists(f"{path}/status") and not os.path.islink(path):
                self._add_cloud(path)
                found = True
        return found

    def _add_cloud(self, path):
        """The instances in a cloud's directory. What else is in it is known by name."""
        cloud = encode(os.path.basename(path))
        self.clouds.setdefault(cloud, path)
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.name not in ("by-name", "by-region") and \
                            entry.is_dir(follow_symlinks=False):
                        self._add_instance(path, entry.name)
        except OSError as error:
            self._add_trouble(f"{cloud}: cannot be listed: {error.strerror}")
            return
        # A region that cannot be listed hides its instances from us, and its cloud's status says so.
        trouble = cloud_trouble(read_text(f"{path}/status"))
        if trouble:
            self._add_trouble(f"{cloud}: {trouble}")

    def _add_instance(self, cloud_path, name):
        """Of the same instance twice, the first counts."""
        instance = Instance(encode(os.path.basename(cloud_path)), encode(name),
                            f"{cloud_path}/{name}")
        if instance.place not in self._places:
            self._places.add(instance.place)
            self.instances.append(instance)
