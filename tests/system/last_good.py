#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""The ring of last known good generations under a real responder: killed at
random moments while plans change, on a disk that is full or read-only, with
files damaged, and brought down again and again.  What is on disk can always be
read, and a start without the bus answers from it."""

import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import threading

from fleet import LONDON, NEW_YORK, REGIONS, WWW, Fleet
from rig import Failed, Rig, addresses, ask, main, note, until

LIVES = 30
DRAINED = REGIONS["us-east"][0]
SLOTS = ["", ".1", ".2", ".3"]


def read(path):
    """The values of a keep; fails when it is not whole."""
    with open(path, "rb") as f:
        head, _, body = f.read().partition(b"\n")
    if head != b"windrose-keep 1 " + hashlib.sha256(body).hexdigest().encode():
        raise Failed(f"{path} is damaged")
    values = {}
    while body:
        line, _, body = body.partition(b"\n")
        name, length = line.split(b" ")
        values[name.decode()] = body[:int(length)]
        body = body[int(length) + 1:]
    return values


def ring(f, name="dns1"):
    """What can be read: the endings of files, and their values."""
    paths = {e: f.rig.path(name + ".keep" + e) for e in SLOTS}
    return {e: read(p) for e, p in paths.items() if os.path.exists(p)}


def log(f, name="dns1"):
    with open(f.rig.path(name + ".log"), errors="replace") as file:
        return file.read()


def answers(f, name="dns1"):
    return addresses(ask(f.dns_ports[name], WWW, LONDON, timeout=0.5))


def drained(f, name="dns1"):
    """Nobody is sent to the region that is drained."""
    return answers(f, name) and addresses(ask(f.dns_ports[name], WWW, NEW_YORK, timeout=0.5)) not in ([], [DRAINED])


def newest_is_good_of(f):
    """The plan on the bus is on disk, twice."""
    sequence = f.node("steer1")["plan_sequence"]

    def holds():
        plans = [v["plan"] for v in ring(f).values() if f'"sequence":{sequence},'.encode() in v.get("plan", b"")]
        return len(plans) > 1
    return holds


class Commands(threading.Thread):
    """A person who cannot make up his mind: another plan, again and again."""

    def __init__(self, f):
        super().__init__(daemon=True)
        self.f, self.over, self.count = f, threading.Event(), 0

    def run(self):
        while not self.over.wait(2.6):
            for verb in ("drain", "undrain"):
                self.f.person(verb, "eu-central", "--reason", "again", "--yes", "--wait", "1", check=False)
                self.count += 1


def killed_at_random(f):
    """Whole after each death; the next life begins from there."""
    seed = random.SystemRandom().randrange(1 << 32)
    draw = random.Random(seed)
    person = Commands(f)
    person.start()
    generations = set()
    for life in range(LIVES):
        f.start_dns("dns1", "--keep-soak", "1")
        end = threading.Event()
        end.wait(draw.choice([0.1, 0.5, 3, 8]) * draw.random())
        f.rig.stop("dns1", signal.SIGKILL)
        for e, values in ring(f).items():
            if e:
                generations.add(int(values["ring-generation"]))
    person.over.set()
    person.join()
    f.start_dns("dns1", "--keep-soak", "1")
    for weight in ("10", "20", "30"):
        f.person("weight", "www/eu-west", weight, "--reason", "x", "--yes", "--wait", "1", check=False)
        until("what is newest is good", 30, newest_is_good_of(f))
    note(f"seed {seed}: killed {LIVES} times while {person.count} commands were given: every file whole each time; "
         f"generations seen: {sorted(generations)}")
    if not generations or "is damaged" in log(f):
        raise Failed("no generation became good, or a start found a damaged file")


def on_its_own(f, expect, *argv):
    """A start without the bus: from which file, by the log."""
    before = len(log(f))
    f.start_dns("dns1", *argv)
    until("it answers without the bus, with the drain in force", 10, lambda: drained(f))
    lines = [line for line in log(f)[before:].splitlines() if " event=keep " in line and " from=" in line]
    if len(lines) != 1 or f'.keep{expect}"' not in lines[0]:
        raise Failed(f"wanted a start from .keep{expect}: {lines}")


def brought_down(f):
    """Killed within the soak time: twice from one, then the next older one."""
    newest = sorted((e for e in ring(f) if e), key=lambda e: -int(ring(f)[e]["ring-generation"]))
    # Both deaths are before it has saved anything, a second after its start.
    for expect in ("", "", newest[0], newest[0], newest[1]):
        on_its_own(f, expect)
        f.rig.stop("dns1", signal.SIGKILL)
    note(f"brought down twice from each: starts from the newest, then {newest[0]}, then {newest[1]}, all answering")
    on_its_own(f, newest[1])
    if f.rig.stop("dns1") != 0 or os.path.exists(f.rig.path("dns1.keep.tries")):
        raise Failed("a start that ended well still counts")


def damaged(f):
    """The newest one cut, then the next: each time the next older is taken."""
    shutil.copy(f.rig.path("dns1.keep.1"), f.rig.path("dns1.keep"))  # by hand, as the manual says
    on_its_own(f, "")
    f.rig.stop("dns1")
    good = sorted((e for e in ring(f) if e), key=lambda e: -int(ring(f)[e]["ring-generation"]))
    for i, expect in enumerate(good):
        for e in ["", *good[i - 1:i]]:
            path = f.rig.path("dns1.keep" + e)
            if os.path.exists(path):
                os.truncate(path, random.randrange(os.path.getsize(path)))
        on_its_own(f, expect)
        f.rig.stop("dns1")
    note("newest to oldest cut at a random octet: each start took the next, and answered")


def disk_full_or_read_only(f):
    """On a disk of its own: what is there stays, the node says so, and is well again."""
    folder = f.rig.path("disk")
    os.mkdir(folder)
    try:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", folder], capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        note("no disk of its own can be mounted here: full and read-only disks are left to test_ring")
        return
    try:
        argv = ("--keep", folder + "/keep", "--keep-soak", "1")
        f.start_dns("dns2", *argv)
        until("a good generation on the disk", 30, lambda: os.path.exists(folder + "/keep.1"))
        ballast = os.open(folder + "/ballast", os.O_WRONLY | os.O_CREAT)
        with contextlib.suppress(OSError):
            while os.write(ballast, b"x" * 4096) > 0:
                pass
        os.close(ballast)
        until("the node says that its disk is full", 10, lambda: "No space" in f.node("dns2").get("trouble", ""))
        read(folder + "/keep"), read(folder + "/keep.1")
        os.unlink(folder + "/ballast")
        until("and that it is not", 10, lambda: "No space" not in f.node("dns2").get("trouble", ""))
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        until("the node says that its disk is read-only", 10, lambda: "Read-only" in f.node("dns2").get("trouble", ""))
        f.rig.stop("dns2", signal.SIGKILL)
        f.start_dns("dns2", *argv)
        until("a start from a read-only disk answers", 10, lambda: drained(f, "dns2"))
        if f.rig.stop("dns2") != 0:
            raise Failed("it does not end well on a read-only disk")
        note("a disk that is full, then read-only: nothing lost, both shown, answers throughout")
    finally:
        if "dns2" in f.rig.running:
            f.rig.stop("dns2", quiet=True)
        subprocess.run(["umount", folder], check=False)


def test():
    with Rig() as rig:
        f = Fleet(rig)
        rig.redis(f.redis_port)
        for region, (address, _, _) in REGIONS.items():
            rig.web(region, address, f.web_port)
        rig.start("health", rig.program("windrose-health"), "--policy", rig.path("policy"), "--vantage", "here",
                  "--name", "health1", "--bus", f.bus)
        f.start_steer("steer1")
        until("steer1 leads", 20, lambda: f.leads("steer1"))
        f.person("drain", "us-east", "--reason", "INC-1", "--for", "30m", "--yes", "--wait", "1", check=False)
        killed_at_random(f)
        disk_full_or_read_only(f)
        until("the drain is kept", 10, lambda: b"INC-1" in ring(f)[""]["plan"])
        rig.stop("redis", signal.SIGKILL)
        if rig.stop("dns1") != 0:
            raise Failed("dns1 did not end as it should")
        brought_down(f)
        damaged(f)


main(test)
