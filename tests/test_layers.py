#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/layers fails on what it is to find, and on nothing else: each case is a small tree."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

LAYERS = pathlib.Path(__file__).resolve().parent / "layers"

# A tree that keeps every rule.
GOOD = {
    "backends/base/buf.h": "",
    "backends/http/http.h": '#include "backends/base/buf.h"\n',
    "backends/http/http.c": '#include "backends/http/http.h"\n#include <curl/curl.h>\n',
    "backends/contract/backend.h": '#include "backends/http/http.h"\n',
    "backends/one/api/sign.h": '#include "backends/contract/backend.h"\n',
    "backends/one/vm/request.c": '#include "backends/one/api/sign.h"\n',
    "backends/one/vm/request.h": "",
    "backends/one/keys/file.h": '#include "backends/one/api/sign.h"\n',
    "backends/one/one.h": '#include "backends/one/vm/request.h"\n#include "backends/one/keys/file.h"\n',
    "backends/two/api/sign.h": "",
    "backends/registry.c": '#include "backends/one/one.h"\n',
    "backends/registry.h": "",
    "fs/base/clock.c": "int64_t now(void)\n{\n\tclock_gettime(CLOCK_MONOTONIC, &at);\n}\n",
    "fs/base/loop.h": '#include "backends/base/buf.h"\n',
    "fs/client/call.h": '#include "fs/base/loop.h"\n',
    "fs/catalogue/store.h": '#include "fs/client/call.h"\n',
    "fs/cloud/cloud.h": '#include "fs/catalogue/store.h"\n#include "backends/registry.h"\n',
    "fs/node/node.h": '#include "fs/cloud/cloud.h"\n',
    "fs/tree/layout.h": '#include "fs/node/node.h"\n',
    "fs/fuse/reply.c": '#include "fs/tree/layout.h"\n#include "fs/node/node.h"\n#include <fuse_lowlevel.h>\n',
    "fs/program/main.c": '#include "fs/fuse/reply.h"\n#include <fuse_opt.h>\n',
    "fs/fuse/reply.h": "/* not time(NULL), nor #include <curl/curl.h> */\n",
}

# What is appended to a file of it, and what must be said then.
BROKEN = [
    ("fs/client/call.h", '#include "fs/cloud/cloud.h"\n', "does not stand below"),
    ("fs/base/loop.h", '#include "backends/http/http.h"\n', "does not stand below"),
    ("fs/client/call.h", '#include "backends/registry.h"\n', "does not stand below"),
    ("fs/node/node.h", '#include "fs/fuse/reply.h"\n', "does not stand below"),
    ("fs/node/node.h", '#include "fs/tree/layout.h"\n', "does not stand below"),
    ("backends/base/buf.h", '#include "fs/base/loop.h"\n', "does not stand below"),
    ("backends/base/buf.h", '#include "backends/contract/backend.h"\n', "does not stand below"),
    ("backends/one/api/sign.h", '#include "backends/one/keys/file.h"\n', "does not stand below"),
    ("backends/one/vm/request.h", '#include "backends/one/keys/file.h"\n', "does not stand below"),
    ("backends/one/keys/file.h", '#include "backends/one/vm/request.h"\n', "does not stand below"),
    ("backends/one/one.h", '#include "backends/two/api/sign.h"\n', "does not stand below"),
    ("fs/node/node.h", '#include "node.h"\n', "is not a path from the top"),
    ("fs/odd/odd.h", "", "no rule for the folder fs/odd"),
    ("fs/node/node.h", "#include <fuse_lowlevel.h>\n", "has libfuse"),
    ("fs/node/node.h", "#include <linux/fuse.h>\n", "has libfuse"),
    ("fs/client/call.h", "#include <curl/curl.h>\n", "has libcurl"),
    ("backends/one/vm/request.c", "static int t;\nvoid f(void) { t = time(NULL); }\n", "has a reading of the clock"),
    ("fs/base/loop.h", "static void f(void) { clock_gettime(0, 0); }\n", "has a reading of the clock"),
]


def layers(files):
    """The exit status and the output of tests/layers for a tree of those files."""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in files.items():
            path = pathlib.Path(directory) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, LAYERS, directory], capture_output=True, text=True,
                              check=False)
    return done.returncode, done.stdout + done.stderr


class Layers(unittest.TestCase):
    def test_a_tree_that_keeps_the_rules_passes_in_silence(self):
        self.assertEqual(layers(GOOD), (0, ""))

    def test_each_rule_that_is_broken_is_said(self):
        for name, added, said in BROKEN:
            with self.subTest(name=name, added=added):
                status, output = layers({**GOOD, name: GOOD.get(name, "") + added})
                self.assertEqual(status, 1, output)
                self.assertIn(name, output)
                self.assertIn(said, output)

    def test_a_circle_inside_a_folder_is_said(self):
        tree = {**GOOD, "fs/node/fetch.h": '#include "fs/node/node.h"\n',
                "fs/node/node.c": '#include "fs/node/wake.h"\n',
                "fs/node/wake.h": '#include "fs/node/fetch.h"\n'}
        self.assertEqual(layers(tree), (1, "a circle: fs/node/fetch fs/node/node fs/node/wake\n"))


if __name__ == "__main__":
    unittest.main()
