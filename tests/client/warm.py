# SPDX-License-Identifier: MIT
"""Runs a Python program many times over without starting Python, importing it and reading its service models each time: a
process that has done all of that forks for every run, so that no run knows of another.

    warm.py aws                 /usr/bin/aws
    warm.py botocore            botocore_client.py

    {"arguments":[S...],"environ":{...}}        on stdin, one a line
    {"status":N,"stdout":S,"stderr":S}          on stdout, for each

Started with HOME=/proc/self/cwd, and every run is in its own home: paths that are made of $HOME while modules are imported
are those of the run.
"""

import functools
import gc
import json
import os
import signal
import sys
import traceback

assert os.environ["HOME"] == "/proc/self/cwd"
PATIENCE_S = 120


def load_aws():
    # pylint: disable=import-outside-toplevel
    import awscli.clidriver
    import awscli.handlers  # noqa: F401, imported by every run
    import botocore.session

    warm(botocore)
    awscli.clidriver.create_clidriver()._get_command_table()
    return awscli.clidriver.main


def load_botocore():
    # pylint: disable=import-outside-toplevel
    import botocore.session

    import botocore_client

    warm(botocore)
    return botocore_client.main


def warm(botocore):
    """Makes all loaders of service models one, which has read what runs need."""
    create = functools.cache(botocore.loaders.create_loader)
    botocore.loaders.create_loader = botocore.session.create_loader = create
    session = botocore.session.Session()
    for service in ("ec2", "sts", "sso", "sso-oidc"):
        session.create_client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        session.get_service_model(service)
        session.get_paginator_model(service)


def run(main, own, job, out, err):
    """One run, in a process of its own."""
    signal.alarm(PATIENCE_S)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.environ.clear()
    os.environ.update(own | job["environ"])
    os.chdir(job["environ"]["HOME"])
    sys.argv = ["aws", *job["arguments"]]
    try:
        status = main() or 0
    except SystemExit as end:
        status = end.code or 0
    except BaseException:  # pylint: disable=broad-except
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def content(descriptor):
    with open(descriptor, "rb") as file:
        file.seek(0)
        return file.read().decode()


def main():
    before = dict(os.environ)
    program = {"aws": load_aws, "botocore": load_botocore}[sys.argv[1]]()
    # What the program sets itself.
    own = {name: value for name, value in os.environ.items() if before.get(name) != value}
    gc.freeze()
    for line in sys.stdin:
        out, err = os.memfd_create("stdout"), os.memfd_create("stderr")
        child = os.fork()
        if child == 0:
            run(program, own, json.loads(line), out, err)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"status": status, "stdout": content(out), "stderr": content(err)}), flush=True)


main()
