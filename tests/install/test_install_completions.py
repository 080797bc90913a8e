# SPDX-License-Identifier: MIT
"""Completions, asked for in the shells themselves."""

import os
import pathlib
import pty
import re
import shlex
import subprocess
import time

import pytest

from lib.simulator import scrubbed_env

PATIENCE_S = 30
# Of all backends. Of one cloud there may be fewer.
SETTINGS = ["backend", "ca_file", "endpoint", "filter", "insecure_http", "list_ttl", "profile", "rate",
            "regions", "timeout", "vnc_page"]
MOUNT_SETTINGS = {f"consolefs.{key}=" for key in ("refuse", "still_max", "still_ttl")}
BASHRC = r"""
PS1=
bind 'set bell-style none' 2>/dev/null
bind 'set enable-bracketed-paste off' 2>/dev/null
bind 'set completion-query-items 0'
bind 'set page-completions off'
bind -x '"\C-g": printf "<<%s>>\n" "$READLINE_LINE"'
. /usr/share/bash-completion/bash_completion
. "$COMPLETIONS/consolefs"
. "$COMPLETIONS/consolefs-sim"
echo '<<ready>>'
"""


def path_of(installed):
    """Where the programs are that the completions ask."""
    return f"{installed}/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Bash:
    """An interactive bash at a terminal of its own."""

    def __init__(self, installed, home):
        (home / "bashrc").write_text(BASHRC)
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            ["/bin/bash", "--noprofile", "--rcfile", home / "bashrc", "-i"], stdin=slave,
            stdout=slave, stderr=slave, cwd=home, start_new_session=True,
            env=scrubbed_env(home, TERM="dumb", PATH=path_of(installed),
                             COMPLETIONS=str(installed / "share/bash-completion/completions")))
        os.close(slave)
        os.set_blocking(self.master, False)
        self.text = ""
        assert self.await_mark() == "ready"

    def await_mark(self):
        """What stands in the next <<...>>."""
        end = time.monotonic() + PATIENCE_S
        while not (found := re.search(r"<<(.*?)>>", self.text, re.DOTALL)):
            assert time.monotonic() < end, self.text
            try:
                self.text += os.read(self.master, 65536).decode()
            except BlockingIOError:
                time.sleep(0.005)
        self.seen, self.text = self.text[:found.start()], self.text[found.end():]
        return found[1]

    def complete(self, line):
        """What the line becomes by TAB."""
        os.write(self.master, f"\x15{line}\t\x07".encode())
        return self.await_mark()

    def candidates(self, line):
        """The mount options that are offered by TAB TAB."""
        os.write(self.master, f"\x15{line}\t\t\x07".encode())
        self.await_mark()
        return set(re.findall(r"[\w.-]+=", self.seen))

    def close(self):
        os.close(self.master)
        self.process.wait(PATIENCE_S)


@pytest.fixture
def bash(installed, tmp_path):
    (tmp_path / "cloud").mkdir()
    (tmp_path / "clouds.conf").touch()
    shell = Bash(installed, tmp_path)
    yield shell
    shell.close()


@pytest.mark.parametrize("line, completed", [
    ("consolefs --dem", "consolefs --demo "),
    ("consolefs --log", "consolefs --log-level "),
    ("consolefs --log-level warn", "consolefs --log-level warning "),
    ("consolefs --log-level=de", "consolefs --log-level=debug "),
    ("consolefs --check=", "consolefs --check=json "),
    ("consolefs clo", "consolefs cloud/"),
    ("consolefs -c clo", "consolefs -c cloud"),
    ("consolefs -c clouds", "consolefs -c clouds.conf "),
    ("consolefs --config=clouds", "consolefs --config=clouds.conf "),
    ("consolefs -o allow", "consolefs -o allow_other "),
    ("consolefs -o ro,um", "consolefs -o ro,umask="),
    ("consolefs -o uid=1,aws.reg", "consolefs -o uid=1,aws.regions="),
    ("consolefs -o aws.regions=us-east-1:eu-west-1,tencent.v",
     "consolefs -o aws.regions=us-east-1:eu-west-1,tencent.vnc_page="),
    ("consolefs --back", "consolefs --backends "),
    ("consolefs-sim --freeze", "consolefs-sim --freeze-clock "),
    ("consolefs-sim --aws", "consolefs-sim --aws-regions "),
    ("consolefs-sim --vers", "consolefs-sim --version "),
    ("consolefs-sim --fault GetConsoleS", "consolefs-sim --fault GetConsoleScreenshot:"),
    ("consolefs-sim --log clo", "consolefs-sim --log cloud"),
    ("consolefs-sim --ca-file clouds", "consolefs-sim --ca-file clouds.conf "),
    ("consolefs-sim --seed --fre", "consolefs-sim --seed --fre"),
])
def test_bash_completes(bash, line, completed):
    assert bash.complete(line) == completed


def test_bash_offers_the_settings_of_the_configured_clouds(bash, tmp_path):
    config = tmp_path / ".config/consolefs/consolefs.conf"
    config.parent.mkdir(parents=True)
    config.write_text("[prod-1]\nbackend = aws\n# [no]\n[test]\nbackend = tencent\n"
                      "[consolefs]\nrefuse =\n")
    assert bash.candidates("consolefs -o prod-1.") == {f"prod-1.{key}=" for key in SETTINGS}
    assert bash.candidates("consolefs -o n") == set()
    assert bash.candidates("consolefs -o consolefs.") == MOUNT_SETTINGS
    assert bash.complete("consolefs -o test.reg") == "consolefs -o test.regions="


def test_bash_offers_each_cloud_its_own_settings_without_a_configuration(bash):
    assert bash.candidates("consolefs -o aws.") == {
        f"aws.{key}=" for key in SETTINGS if key != "vnc_page"}
    assert bash.candidates("consolefs -o tencent.") == {f"tencent.{key}=" for key in SETTINGS}


@pytest.fixture
def counted(installed, tmp_path):
    """An installation whose program notes each time that it is asked."""
    prefix = tmp_path / "prefix"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "share").symlink_to(installed / "share")
    (prefix / "bin/consolefs").write_text(
        f'#!/bin/sh\necho "$@" >> {prefix}/asked\nprintf "one\\none.key\\twhat it is\\n"\n')
    (prefix / "bin/consolefs").chmod(0o755)
    return prefix


def test_bash_asks_once(counted, tmp_path):
    bash = Bash(counted, tmp_path)
    try:
        for _ in range(3):
            assert bash.complete("consolefs -o ro,one.k") == "consolefs -o ro,one.key="
    finally:
        bash.close()
    assert (counted / "asked").read_text() == "--backends\n"


def test_zsh_asks_once(counted, tmp_path):
    line = "consolefs -o one.k"
    assert zsh(counted, tmp_path, line + "\t\x15" + line) == "consolefs -o one.key="
    assert (counted / "asked").read_text() == "--backends\n"


def test_fish_asks_once(counted, tmp_path):
    line = "consolefs -o one.k"
    assert fish(counted, tmp_path, line, times=2) == {"one.key="}
    assert (counted / "asked").read_text() == "--backends\n"


OLD = "#!/bin/sh\necho 'unknown option' >&2\nexit 1\n"


@pytest.fixture(params=[OLD, None], ids=["old", "missing"])
def other(request, installed, tmp_path):
    """An installation whose programs are older than the completions, or cannot be run."""
    (tmp_path / "prefix/bin").mkdir(parents=True)
    (tmp_path / "prefix/share").symlink_to(installed / "share")
    for name in ("consolefs", "consolefs-sim"):
        if request.param:
            (tmp_path / "prefix/bin" / name).write_text(request.param)
            (tmp_path / "prefix/bin" / name).chmod(0o755)
    return tmp_path / "prefix"


def test_a_program_that_does_not_answer_breaks_no_completion(other, tmp_path):
    bash = Bash(other, tmp_path)
    try:
        assert bash.complete("consolefs -o allow") == "consolefs -o allow_other "
        assert not re.search("error|unknown|not found", bash.seen)
        assert bash.complete("consolefs -o aws.r") == "consolefs -o aws.r"
        assert bash.complete("consolefs-sim --fre") == "consolefs-sim --fre"
        assert not re.search("error|unknown|not found", bash.seen)
    finally:
        bash.close()
    assert fish(other, tmp_path, "consolefs -o ro,allow") == {"ro,allow_other"}
    assert fish(other, tmp_path, "consolefs-sim --fre") == set()
    assert zsh(other, tmp_path, "consolefs -o allow") == "consolefs -o allow_other,"
    assert zsh(other, tmp_path, "consolefs-sim --vers") == "consolefs-sim --version "


def fish(installed, home, line, times=1):
    """What fish offers for a line."""
    script = f". {installed}/share/fish/vendor_completions.d/{line.split()[0]}.fish; " + times * f"complete -C '{line}';"
    done = subprocess.run(["/usr/bin/fish", "--no-config", "-c", script], capture_output=True,
                          text=True, check=True, cwd=home,
                          env=scrubbed_env(home, PATH=path_of(installed)))
    assert done.stderr == ""
    return {offer.partition("\t")[0] for offer in done.stdout.splitlines()}


def test_fish_completes(installed, tmp_path):
    (tmp_path / "cloud").mkdir()
    assert fish(installed, tmp_path, "consolefs --dem") == {"--demo"}
    assert fish(installed, tmp_path, "consolefs --log-level d") == {"debug"}
    assert fish(installed, tmp_path, "consolefs -o ro,aws.r") == {"ro,aws.rate=", "ro,aws.regions="}
    assert fish(installed, tmp_path, "consolefs -o consolefs.") == MOUNT_SETTINGS
    assert fish(installed, tmp_path, "consolefs clo") == {"cloud/"}
    assert fish(installed, tmp_path, "consolefs -o tencent.v") == {"tencent.vnc_page="}
    assert fish(installed, tmp_path, "consolefs -o aws.v") == set()
    assert fish(installed, tmp_path, "consolefs-sim --fre") == {"--freeze-clock"}
    assert fish(installed, tmp_path, "consolefs-sim --aws") == {"--aws-regions"}
    assert fish(installed, tmp_path, "consolefs-sim --ca-file clo") == {"cloud/"}
    config = tmp_path / ".config/consolefs/consolefs.conf"
    config.parent.mkdir(parents=True)
    config.write_text("[prod.1]\nbackend = aws\n[consolefs]\nrefuse =\n")
    assert fish(installed, tmp_path, "consolefs -o prod.1.") == {
        f"prod.1.{key}=" for key in SETTINGS}


ZSH = r"""
zmodload zsh/zpty
zpty z 'TERM=dumb PS1= zsh -f -i'
zpty -w z 'fpath=($FUNCTIONS $fpath); autoload -Uz compinit; compinit -u -D; bindkey "^I" complete-word'
zpty -w z 'show() { print -r -- "<<$BUFFER>>"; }; zle -N show; bindkey "^G" show; unsetopt beep'
zpty -w z 'print "<<re""ady>>"'
while zpty -r z line && [[ $line != *'<<ready>>'* ]]; do :; done
zpty -n -w z "$1"$'\t\a'
while zpty -r z line; do [[ $line == *'<<'*'>>'* ]] && break; done
print -r -- "${${line#*<<}%%>>*}"
zpty -d z
"""


def zsh(installed, home, line):
    """What the line becomes by TAB."""
    functions = pathlib.Path(installed) / "share/zsh/site-functions"
    done = subprocess.run(["/usr/bin/zsh", "-f", "-c", ZSH, "zsh", line], capture_output=True,
                          text=True, check=True, timeout=PATIENCE_S, cwd=home,
                          env=scrubbed_env(home, FUNCTIONS=str(functions), PATH=path_of(installed)))
    return done.stdout.rstrip("\n")


@pytest.mark.parametrize("line, completed", [
    ("consolefs --dem", "consolefs --demo "),
    ("consolefs --log-level=warn", "consolefs --log-level=warning "),
    ("consolefs -o allow", "consolefs -o allow_other,"),
    ("consolefs -o ro,aws.reg", "consolefs -o ro,aws.regions="),
    ("consolefs -o consolefs.r", "consolefs -o consolefs.refuse="),
    ("consolefs -o tencent.vnc", "consolefs -o tencent.vnc_page="),
    ("consolefs -o aws.fil", "consolefs -o aws.filter="),
    ("consolefs --back", "consolefs --backends "),
    ("consolefs-sim --freeze", "consolefs-sim --freeze-clock "),
    ("consolefs-sim --aws", "consolefs-sim --aws-regions "),
    ("consolefs-sim --ca-file clo", "consolefs-sim --ca-file clouds.conf "),
    ("consolefs-sim --vers", "consolefs-sim --version "),
])
def test_zsh_completes(installed, tmp_path, line, completed):
    (tmp_path / "clouds.conf").touch()
    assert zsh(installed, tmp_path, line) == completed


def test_zsh_offers_the_settings_of_the_configured_clouds(installed, tmp_path):
    config = tmp_path / ".config/consolefs/consolefs.conf"
    config.parent.mkdir(parents=True)
    config.write_text("[prod-1]\nbackend = aws\n[consolefs]\nrefuse =\n")
    assert zsh(installed, tmp_path, "consolefs -o prod-1.vnc") == "consolefs -o prod-1.vnc_page="


# Of directories, as by-name has them.
STRANGE = ["$(touch owned)", "`touch owned`", ";touch owned;", "it's", '"', "a b", "*", "\\", "~", "!x", "&", "#x"]


def in_places(home, names):
    """A directory for each name, in which that is alone."""
    for number, name in enumerate(names):
        (home / f"in{number}" / name).mkdir(parents=True)
    return [(f"in{number}/", name) for number, name in enumerate(names)]


def test_bash_completes_a_strange_name_as_one_word(bash, tmp_path):
    for place, name in in_places(tmp_path, STRANGE):
        line = bash.complete(f"consolefs {place}")
        assert shlex.split(line) == ["consolefs", f"{place}{name}/"], line
    assert not list(tmp_path.glob("**/owned"))


def test_zsh_completes_a_strange_name_as_one_word(installed, tmp_path):
    [(place, name)] = in_places(tmp_path, ["$(touch owned)`touch owned`;'"])
    line = zsh(installed, tmp_path, f"consolefs {place}")
    assert shlex.split(line) == ["consolefs", f"{place}{name}/"], line
    assert not list(tmp_path.glob("**/owned"))


def test_fish_offers_a_strange_name_as_it_is(installed, tmp_path):
    for place, name in in_places(tmp_path, STRANGE[:4]):
        assert fish(installed, tmp_path, f"consolefs {place}") == {f"{place}{name}/"}
    assert not list(tmp_path.glob("**/owned"))
