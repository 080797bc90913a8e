# SPDX-License-Identifier: MIT
"""Two network namespaces joined by a cable: consolefs is in the near one, the clouds in the far one.

    with Network(directory) as network, \\
            Simulator(program=network.far_program(find_simulator())) as sim, \\
            Mount.of(sim, program=network.near_program(find_consolefs())) as mount:
        network.cut()

127.0.0.1, where the simulator is, is on the far side for both: the near one has no loopback, but a
route. Mounts and files are those of everybody. Needs root.
"""

import os
import pathlib
import subprocess

NEAR, FAR, OTHER_NEAR = "192.0.2.1", "192.0.2.2", "192.0.2.9"


def _run(*words):
    subprocess.run(["/usr/sbin/ip", *words], check=True, capture_output=True, timeout=30)


class Network:
    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.near = f"consolefs-near-{os.getpid()}"
        self.far = f"consolefs-far-{os.getpid()}"
        self.address = NEAR
        self.programs = 0

    def __enter__(self):
        try:
            _run("netns", "add", self.near)
            _run("netns", "add", self.far)
            _run("link", "add", "cable", "netns", self.near, "type", "veth",
                 "peer", "name", "cable", "netns", self.far)
            for name, address in ((self.near, NEAR), (self.far, FAR)):
                _run("-n", name, "address", "add", f"{address}/24", "dev", "cable")
                # 127.0.0.1 may come and go by it.
                subprocess.run(
                    ["/usr/bin/nsenter", f"--net=/run/netns/{name}", "/bin/sh", "-c",
                     "echo 1 > /proc/sys/net/ipv4/conf/cable/route_localnet"], check=True)
                _run("-n", name, "link", "set", "cable", "up")
            _run("-n", self.far, "link", "set", "lo", "up")
            self._route()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        for name in (self.near, self.far):
            subprocess.run(["/usr/sbin/ip", "netns", "delete", name], check=False,
                           capture_output=True)

    def _route(self):
        _run("-n", self.near, "route", "add", "127.0.0.1/32", "via", FAR, "dev", "cable")

    def _program(self, name, program):
        self.programs += 1
        script = self.dir / f"in-{name}-{self.programs}"
        script.write_text(f'#!/bin/sh\nexec nsenter --net=/run/netns/{name} "{program}" "$@"\n')
        script.chmod(0o755)
        return script

    def near_program(self, program):
        """What runs a program there."""
        return self._program(self.near, program)

    def far_program(self, program):
        return self._program(self.far, program)

    def cut(self):
        """Somewhere beyond this machine: nothing arrives any more, and nobody is told."""
        _run("-n", self.far, "address", "flush", "dev", "cable")
        _run("-n", self.far, "link", "set", "cable", "down")

    def heal(self):
        _run("-n", self.far, "address", "add", f"{FAR}/24", "dev", "cable")
        _run("-n", self.far, "link", "set", "cable", "up")

    def unplug(self):
        """This machine's own end: there is no route."""
        _run("-n", self.near, "link", "set", "cable", "down")

    def plug(self):
        _run("-n", self.near, "link", "set", "cable", "up")
        self._route()

    def move(self):
        """This machine gets another address, as after a change of networks: every connection that
        there was is dead, and nobody is told."""
        _run("-n", self.near, "address", "flush", "dev", "cable")
        _run("-n", self.near, "address", "add", f"{OTHER_NEAR}/24", "dev", "cable")
        self._route()
