#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Completion in a real bash and, where there is one, a real zsh, against
windrose up: commands, options, and the names that are there at the moment; quick
and silent where nobody can be asked."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time

from rig import BUILD, SRC, Failed, Rig, main, note, until

POLICY = """
zone: {name: gslb.example.com, nameservers: ns.example.net}
regions:
  us-east: {location: [38.95, -77.45]}
  eu-west: {location: [53.35, -6.26]}
clients: {partners: [192.0.2.0/24], office: [198.51.100.0/24]}
services:
  www:
    steer: failover
    endpoints: {us-east: {A: 127.0.2.1}, eu-west: {A: 127.0.2.2}}
  api:
    steer: failover
    endpoints: {one: {region: us-east, A: 127.0.2.1}, two: {region: eu-west, A: 127.0.2.2}}
canaries:
  v2:
    service: www
    endpoints: {us-east: {A: 127.0.2.4}}
    stages: [{regions: us-east, percent: [10%, 100%], bake: 0s}]
safety: {max_override: 24h}
"""

ENDPOINTS = ["api/one", "api/two", "www/eu-west", "www/us-east", "www/v2/us-east"]


class Bash:
    def __init__(self, rig, env):
        self.rig, self.env = rig, env

    def complete(self, *words, breaks=True):
        """What is offered for the last of words; readline takes words apart at : and =."""
        line = " ".join(words)
        parts, at = [], 0
        for w in words:
            parts += [p for p in re.split(r"([:=]+)", w) if p] if breaks and w else [w]
            at = len(parts) - 1
        script = ('. "$1"; shift; COMP_LINE=$1; COMP_POINT=${#COMP_LINE}; shift; COMP_WORDS=("$@"); '
                  "COMP_CWORD=$(($# - 1)); f=$(complete -p windrose); f=${f#* -F }; ${f%% *}; "
                  '((${#COMPREPLY[@]})) && printf "%s\\n" "${COMPREPLY[@]}"')
        p = subprocess.run(["bash", "--norc", "-c", script, "-", os.path.join(SRC, "contrib/completion/windrose.bash"), line,
                            *parts], capture_output=True, text=True, env=self.env, timeout=60, check=False)
        if p.stderr or at < 0:
            raise Failed(f"{line}: {p.stderr}")
        return sorted(p.stdout.split())

    def expect(self, words, wanted):
        got = self.complete(*words)
        if got != sorted(wanted):
            raise Failed(f"{' '.join(words)}|: {got}, wanted {sorted(wanted)}")


def in_bash(rig, sock, env):
    b = Bash(rig, env)
    there = {**env, "WINDROSE_NODE": sock}
    live = Bash(rig, there)
    cases = 0
    for words, wanted in (
            (("windrose", "undr"), ["undrain"]),
            (("windrose", "--v"), ["--version"]),
            (("windrose", "drain", "us-east", "--rea"), ["--reason"]),
            (("windrose", "drain", "us-east", "--reason", ""), []),
            (("windrose", "check", "--format", "j"), ["json"]),
            (("windrose", "keygen", "--algorithm", ""), ["ecdsap256", "ed25519"]),
            (("windrose", "bus", ""), ["doctor"]),
            (("windrose", "bus", "doctor", "--trust-v"), ["--trust-vantage"]),
            (("windrose", "canary", ""), ["start", "promote", "pause", "resume", "abort"]),
            (("windrose", "nonsense", ""), []),
            (("windrose", "status", "--node", sock[:-3]), [sock])):
        b.expect(words, wanted)
        cases += 1
    for words, wanted in (
            (("windrose", "drain", ""), ["us-east", "eu-west", *ENDPOINTS]),
            (("windrose", "drain", "us"), ["us-east"]),
            (("windrose", "undrain", "www/"), [e for e in ENDPOINTS if e.startswith("www/")]),
            (("windrose", "failover", "a"), ["api"]),
            (("windrose", "failover", "www", "--to", "e"), ["eu-west"]),
            (("windrose", "pin", "www", "--clients", ""), ["office", "partners"]),
            (("windrose", "pin", "a"), ["api"]),
            (("windrose", "failover", "--reason", "INC-1", "w"), ["www"]),
            (("windrose", "explain", ".", "--service", ""), ["api", "www"]),
            (("windrose", "weight", "api/"), ["api/one", "api/two"]),
            (("windrose", "canary", "promote", ""), ["v2"]),
            (("windrose", "force", "api/one", "o"), ["open"])):
        live.expect(words, wanted)
        b.expect((words[0], words[1], "--node", sock, *words[2:]), wanted)
        cases += 2
    # A url is one word, however readline takes it apart.
    b.expect(("windrose", "drain", "--bus", "redis://127.0.0.1:1/e?a=b", "--dry"), ["--dry-run"])
    return cases


def commands_are_named(rig, sock, env):
    """What was just commanded can be cancelled by its id."""
    rig.run(rig.program("windrose"), "failover", "www", "--to", "eu-west", "--reason", "INC-1", "--yes", "--node", sock)
    ids = Bash(rig, {**env, "WINDROSE_NODE": sock}).complete("windrose", "cancel", "c-")
    if len(ids) != 1 or not re.fullmatch("c-[0-9a-f]{12}", ids[0]):
        raise Failed(f"cancel: {ids}")


def silence(rig, env):
    began = time.monotonic()
    Bash(rig, {**env, "WINDROSE_NODE": rig.path("nobody.sock")}).expect(("windrose", "drain", ""), [])
    took = time.monotonic() - began
    if took > 10:
        raise Failed(f"nobody can be asked, and that takes {took:.1f} s")


def in_zsh(rig, sock, env):
    """Types into a real one; TAB completes what is unique."""
    folder = rig.path("zsh")
    os.makedirs(folder)
    shutil.copy(os.path.join(SRC, "contrib/completion/_windrose"), folder)
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(rig.dir)
        os.execvpe("zsh", ["zsh", "-f"], {**env, "WINDROSE_NODE": sock, "TERM": "dumb", "ZDOTDIR": folder})
    seen = ""

    def read(what):
        nonlocal seen
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, 65536).decode(errors="replace").replace("\a", "")
        return what in seen

    def type_and_see(keys, what):
        nonlocal seen
        seen = ""
        os.write(master, keys.encode())
        try:
            until(f"zsh shows {what!r} after {keys!r}", 20, lambda: read(what))
        except Failed:
            raise Failed(f"zsh does not show {what!r} after {keys!r}: {seen!r}") from None

    try:
        type_and_see(f"PS1='> '; fpath=({folder} $fpath); autoload -U compinit; compinit -u -D; echo re''ady\r", "ready")
        cases = 0
        for keys, shown in (("windrose undr\t", "undrain "), ("windrose drain us-e\t", "us-east "),
                            ("windrose failover w\t", "www "), ("windrose failover www --to e\t", "eu-west "),
                            ("windrose pin www --clients p\t", "partners "),
                            ("windrose canary prom\t", "promote "), ("windrose canary abort \t", "v2 "),
                            ("windrose weight api/o\t", "api/one "), ("windrose drain us-east --dr\t", "--dry-run "),
                            (f"windrose drain --node {sock} us-e\t", "us-east ")):
            type_and_see(keys, keys[:-1].rsplit(" ", 1)[0] + " " + shown)
            type_and_see("\x15echo do''ne\r", "done")
            cases += 1
        return cases
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(master)


def test():
    with Rig() as rig:
        rig.write("policy.yaml", POLICY)
        sock = rig.path("up.sock")
        rig.start("up", rig.program("windrose"), "up", rig.path("policy.yaml"), "--workers", "1", "--listen",
                  f"127.0.0.1:{rig.port()}", "--control", sock)
        env = {"PATH": BUILD + ":/usr/bin:/bin", "HOME": rig.dir, "LANG": "C"}
        until("it leads", 15, lambda: "leads" in rig.run(rig.program("windrose"), "status", "--node", sock, check=False)[1])
        note(f"bash: {in_bash(rig, sock, env)} lines completed")
        commands_are_named(rig, sock, env)
        silence(rig, env)
        if shutil.which("zsh"):
            note(f"zsh: {in_zsh(rig, sock, env)} lines completed")
        else:
            note("zsh: not here")


main(test)
