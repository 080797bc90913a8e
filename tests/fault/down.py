# SPDX-License-Identifier: MIT
"""Clouds of which one can be ill, and what is to be true of a mount of them."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading

from crowd import sample, timed
from lib import fleet
from lib.doing import Stopwatch, await_that, errno_of, read
from lib.mount import Mount
from lib.simulator import Simulator

TIMEOUT_S = 8
AT_ONCE_S = 1.0
FRESH_S = 5     # CFS_BREAKER_FRESH_MS
PROBE_S = 3     # CFS_BREAKER_PROBE_MS
PAUSE_S = 1     # CFS_BREAKER_PAUSE_MS
# Until it is noticed that a cloud is back: a probe had begun when it was not yet, and the next follows.
BACK_S = PROBE_S + PAUSE_S + AT_ONCE_S
ASK_S = 0.3     # while somebody asks, this often
SETTINGS = [f"{cloud}.timeout={TIMEOUT_S}" for cloud in ("aws", "later", "tencent")]


def settings(ill, well, ca):
    """Two clouds at the one endpoint, and one at the other."""
    return [*SETTINGS, "later.backend=aws",
            *[f"{cloud}.{key}" for cloud in ("aws", "later")
              for key in (f"endpoint={ill.url}", f"ca_file={ca}", "regions=us-east-1")],
            f"tencent.endpoint={well.url}", f"tencent.ca_file={well.ca}",
            "tencent.regions=ap-guangzhou", f"tencent.vnc_page={well.vnc_page}"]


class Clouds:
    """`aws`, which is listed, and `later`, which nobody has asked yet, are at a simulator that can be
    ill; `tencent` is at another."""

    def __init__(self, ill, mount):
        self.ill, self.mount = ill, mount
        self.screen = mount.aws / fleet.aws(fleet.AWAKE) / "screenshot.jpg"
        self.link = mount.tencent / fleet.cvm(fleet.AWAKE) / "vnc_url"
        self.later = mount.path / "later"
        assert len(fleet.instances(mount.aws)) == 19
        read(self.screen)
        read(self.link)

    def up(self, action):
        return sample(self.mount, "up", action=action, region="us-east-1")


@contextlib.contextmanager
def clouds(tmp_path, **more):
    authority, ca = tmp_path / "authority", tmp_path / "ca.pem"
    args = ["--authority-file", authority]
    with Simulator(rate_scale=0) as well, contextlib.ExitStack() as stack:
        ill = stack.enter_context(Simulator(rate_scale=0, args=args, **more))
        shutil.copy(ill.ca, ca)
        found = None

        def restart():
            found.ill = stack.enter_context(
                Simulator(rate_scale=0, args=[*args, "--port", str(ill.port)]))

        with Mount(options=settings(ill, well, ca)) as mount:
            found = Clouds(ill, mount)
            found.restart = restart
            yield found


def tab_completion(directory):
    """What bash finds there, which never says why it finds nothing."""
    subprocess.run(["/bin/bash", "-c", 'compgen -f "$1/"', "bash", directory], check=False,
                   stdout=subprocess.DEVNULL, timeout=60)


def scan(directory):
    with os.scandir(directory) as entries:
        return list(entries)


def check_that_all_else_works(found):
    mount = found.mount
    for action in (lambda: fleet.instances(mount.aws), found.screen.stat,
                   lambda: (found.screen.parent / "info.json").read_text(),
                   lambda: os.listdir(found.screen.parent), lambda: os.listdir(mount.path),
                   lambda: os.listdir(mount.tencent), lambda: read(found.link)):
        result, took = timed(action)
        assert result == "OK" and took < AT_ONCE_S


def check_that_it_fails_at_once(found, name):
    for action, where in ((read, found.screen), (os.listdir, found.later), (scan, found.later),
                          (tab_completion, found.later)):
        result, took = timed(action, where)
        assert took < AT_ONCE_S, action
        assert result == ("OK" if action is tab_completion else name), action


@contextlib.contextmanager
def asking(found):
    """While somebody asks: what nobody has asked about for a while is found out anew, which takes as long as a probe
    does. How long the checks take is the machine's to say."""
    ended = threading.Event()

    def ask():
        while not ended.wait(ASK_S):
            errno_of(read, found.screen)
            errno_of(os.listdir, found.later)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def check_that_it_comes_back(found):
    """While somebody asks, and what others have not asked for is there as soon."""
    watch = Stopwatch()
    with asking(found):
        await_that(lambda: errno_of(read, found.screen) == "OK", "the screen is back", BACK_S, watch)
        await_that(lambda: errno_of(os.listdir, found.later) == "OK", "the list is back", BACK_S, watch)
    assert found.up("GetConsoleScreenshot") == 1
    assert "no answer:" not in (found.mount.aws / "status").read_text()


def hang(found):
    found.ill.set_faults("*:hang")


def heal(found):
    found.ill.set_faults()


def stop(found):
    os.kill(found.ill.process.pid, signal.SIGSTOP)


def go_on(found):
    os.kill(found.ill.process.pid, signal.SIGCONT)
