#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""The audit of a real agent.  It is killed again and again while people command,
and its journal stays whole and is what the stream in Redis says; then somebody
alters it in each way there is, and windrose history --verify says where, or,
where only a head that was kept elsewhere can tell, with that head."""

import json
import os
import random
import shutil
import signal
import threading

from bus_faults import key, redis
from fleet import Fleet
from rig import Failed, Rig, main, note, until

KILLS = 12


class People(threading.Thread):
    """Drain and undrain an endpoint as fast as they are answered."""

    def __init__(self, f):
        super().__init__(daemon=True)
        self.f, self.over, self.done = f, threading.Event(), 0

    def run(self):
        while not self.over.is_set():
            for what in (("drain", "--for", "5m"), ("undrain",)):
                status, _, _ = self.f.person(what[0], "www/us-east", *what[1:], "--reason", "INC-1", "--wait", "0", "--yes",
                                             check=False)
                self.done += status in (0, 4)


def verify(f, *files, head=None):
    """(exit status, what was said)."""
    status, out, err = f.windrose("history", "--verify", *files, *(("--head", head) if head else ()), check=False)
    return status, out + err


def expect(f, wanted, words, *files, head=None):
    status, said = verify(f, *files, head=head)
    if status != wanted or words not in said:
        raise Failed(f"--verify {files}: exit {status}, wanted {wanted} and {words!r}: {said}")


def stream(f):
    """The lines in Redis, oldest first."""
    return [line for line in redis(f, "xrange", key("audit"), "-", "+").split("\n") if line.startswith("{")]


def killed(f, path):
    people = People(f)
    people.start()
    for i in range(KILLS):
        f.start_steer("steer1")
        until("it leads", 20, lambda: f.leads("steer1"))
        before = people.done
        until("people command", 20, lambda: people.done > before + random.randrange(3))
        f.rig.stop("steer1", signal.SIGKILL)
        expect(f, 0, "are as they were written", path)
    people.over.set()
    people.join()
    with open(path) as file:
        lines = file.read().splitlines()
    told = stream(f)
    if not set(told) <= set(lines) or len(told) < len(lines) - KILLS:
        raise Failed(f"the stream has {len(told)} lines, of which {len(set(told) - set(lines))} are not in the journal's "
                     f"{len(lines)}")
    note(f"killed {KILLS} times while people commanded {people.done} times: {len(lines)} lines, all whole, "
         f"{len(told)} of them in the stream")
    return lines


def torn(f, path):
    """Power went off half-way: said, and no alarm; set aside at the next start."""
    with open(path, "a") as file:
        file.write('{"n":7,"pre')
    expect(f, 0, "its last line is torn (11 octets)", path)
    f.start_steer("steer1")
    until("it leads", 20, lambda: f.leads("steer1"))
    with open(path + ".torn") as file:
        if '{"n":7,"pre' not in file.read():
            raise Failed("the torn line is not set aside")
    node = ("--node", f.rig.path("steer1.sock"))
    expect(f, 0, "the agent's journal: lines 1 to", *node)
    # Moved away, as logrotate(8) does: the new file goes on from the old.
    os.rename(path, path + ".1")
    f.rig.running["steer1"].send_signal(signal.SIGHUP)
    until("it goes on in a new file", 10, lambda: os.path.exists(path))
    f.person("drain", "www/us-east", "--reason", "INC-2", "--wait", "0", "--yes", check=False)
    until("which has its line", 10, lambda: os.path.getsize(path) > 0)
    expect(f, 0, "it goes on from", path + ".1", path)
    expect(f, 1, "does not go on from line", path, path + ".1")
    expect(f, 0, "the agent's journal", *node)
    f.rig.stop("steer1")
    expect(f, 0, "it goes on from", path + ".1", path)


def tampered(f, path, lines):
    """Each alteration of a copy with its head, and what finds it."""
    copy, middle = f.rig.path("copy.jsonl"), len(lines) // 2
    last = json.loads(lines[-1])["n"]
    head = verify(f, path + ".1")[1].split("head ")[1].split()[0]

    def put(changed, newest):
        with open(copy, "w") as file:
            file.write("".join(line + "\n" for line in changed))
        with open(copy + ".head", "w") as file:
            n, digest = newest.split(":")
            file.write(f"{int(n):020} {digest}\n")

    with open(path + ".1") as file:
        lines = file.read().splitlines()
    last = json.loads(lines[-1])["n"]
    put(lines, head)
    expect(f, 0, f"lines 1 to {last} are as they were written", copy)
    altered = lines[middle].replace("INC-1", "INC-7") if "INC-1" in lines[middle] else lines[middle].replace("event", "Event")
    put(lines[:middle] + [altered] + lines[middle + 1:], head)
    expect(f, 1, f"line {middle + 1}: was altered", copy)
    put(lines[:middle] + lines[middle + 1:], head)
    expect(f, 1, f"line {middle + 1}: has number {middle + 2} and follows number {middle}", copy)
    put(lines[:middle] + [lines[middle + 1], lines[middle]] + lines[middle + 2:], head)
    expect(f, 1, f"line {middle + 1}: has number", copy)
    put(lines[:-2], head)
    expect(f, 1, f"lines {last - 1} to {last} are missing from its end", copy)
    # Whoever can write the head, too, is found by one that was kept elsewhere: here the stream's last line has it.
    put(lines[:-2], f"{last - 2}:{json.loads(lines[-2])['prev']}")
    expect(f, 0, f"lines 1 to {last - 2} are as they were written", copy)
    expect(f, 1, "missing from its end", copy, head=head)
    os.remove(copy + ".head")
    expect(f, 0, "there is no head to compare its end with", copy)
    expect(f, 2, "--head", copy, head="nonsense")


def cut_before_a_start(f, path):
    """An agent that finds lines missing says so, and the gap stays."""
    shutil.copy(path + ".1", path)
    with open(path) as file:
        lines = file.read().splitlines()
    with open(path, "w") as file:
        file.write("".join(line + "\n" for line in lines[:-1]))
    f.start_steer("steer1")
    until("it leads", 20, lambda: f.leads("steer1"))
    with open(f.rig.path("steer1.log"), errors="replace") as file:
        if "are missing from its end" not in file.read():
            raise Failed("an agent does not say that lines are missing")
    f.rig.stop("steer1")
    expect(f, 1, "lines are missing", path)


def test():
    with Rig() as rig:
        f = Fleet(rig)
        rig.redis(f.redis_port)
        path = rig.path("steer1.jsonl")
        lines = killed(f, path)
        torn(f, path)
        tampered(f, path, lines)
        cut_before_a_start(f, path)


main(test)
