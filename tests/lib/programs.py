# SPDX-License-Identifier: MIT
"""Programs of Debian packages that a test wants and that nobody wants installed: their packages
bring services that would be started."""

import functools
import os
import pathlib
import subprocess
import tempfile


def _download(package, directory):
    """Fetches a package, with apt's lists brought up to date if they name one that is gone."""
    command = ["/usr/bin/apt-get", "download", "-qq", package]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        subprocess.run(["/usr/bin/apt-get", "update", "-qq"], check=True, capture_output=True)
        subprocess.run(command, cwd=directory, check=True, capture_output=True)
    (found,) = pathlib.Path(directory).glob("*.deb")
    return found


@functools.cache
def program(package, path):
    """That program: the one that is installed, else one of the package, unpacked in the build's
    directory, or in one of this run's."""
    installed = pathlib.Path("/") / path
    if os.access(installed, os.X_OK):
        return installed
    build = os.environ.get("CONSOLEFS_BUILD")
    root = pathlib.Path(build or tempfile.mkdtemp(prefix="consolefs-packages."))
    root = root / "packages" / package
    if not os.access(root / path, os.X_OK):
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root.parent) as directory:
            deb = _download(package, directory)
            new = pathlib.Path(directory) / "new"
            subprocess.run(["/usr/bin/dpkg-deb", "--extract", deb, new], check=True)
            if not root.exists():
                new.rename(root)
    return root / path


def promtool():
    return program("prometheus", "usr/bin/promtool")
