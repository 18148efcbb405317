#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Two agents that both believe that they lead.  The leader is stopped for longer
than its lease lasts, the standby leads, and the old leader goes on: twenty
times, and in half of them with a plan of its own still on the way to Redis,
which arrives when the other one's is stored.  Redis tells all that it is asked
to do, and every follower what it applies; nothing of an old leader is stored,
or applied anywhere."""

import json
import re
import signal
import socket
import threading
import time

from envelope import sealed
from fleet import Fleet
from link import Link
from rig import Failed, Rig, main, note, until

ROUNDS = 20
AGENTS = ("steer1", "steer2")
FOLLOWERS = ("dns1", "dns2", "edge")


class Monitor(threading.Thread):
    """What the server is asked to commit, and what it stores, in its order."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.asked, self.stored, self.agent = [], [], {}
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(b"MONITOR\r\n")

    def run(self):
        with self._socket.makefile("rb") as lines:
            for line in lines:
                self._take(line.decode(errors="replace"))

    def _take(self, line):
        asked = re.search(r':notices:plan" "(\d+)" "(\d+)" "wr1 ', line)
        head = re.search(r' lua\] "SET" "windrose:\{test\}:plan-head" "(\d+) (\d+)"', line)
        agent = re.search(r' lua\] "SET" "windrose:\{test\}:plan" "wr1 .*?\\"agent\\":\\"(\w+)\\"', line)
        if asked:
            newest = self.stored[-1][0] if self.stored else 0
            self.asked.append((int(asked[1]), int(asked[2]), newest))
        elif head:
            self.stored.append((int(head[1]), int(head[2])))
        elif agent:
            self.agent[self.stored[-1]] = agent[1]

    def late(self):
        """Plans that came when one of a later epoch was stored."""
        return [(epoch, sequence) for epoch, sequence, newest in self.asked if epoch < newest]


class LinkedFleet(Fleet):
    """Each agent has a way of its own to Redis; followers tell what they apply."""

    def __init__(self, rig):
        super().__init__(rig)
        self.links = {n: Link(self.redis_port, rig.port()) for n in AGENTS}

    def start(self):
        self.rig.redis(self.redis_port)
        self.rig.write("haproxy.cfg", "global\n    stats socket {0} level admin mode 600\ndefaults\n    mode http\n"
                       "    timeout connect 1s\n    timeout client 10s\n    timeout server 10s\n"
                       "frontend www\n    bind 127.0.0.1:{1}\n    default_backend www\nbackend www\n"
                       "    server us-east 127.0.2.1:{2} weight 100\n    server eu-west 127.0.2.2:{2} weight 100\n"
                       "    server eu-central 127.0.2.3:{2} weight 100\n"
                       "    server v2.us-east 127.0.2.4:{2} weight 100\n".format(
                           self.rig.path("haproxy.sock"), self.http_port, self.web_port))
        self.start_haproxy()
        for name in self.dns_ports:
            self.start_dns(name, "--log", "debug")
        self.start_edge()
        for name in AGENTS:
            self.bus = f"redis://127.0.0.1:{self.links[name].port}/test"
            self.start_steer(name)
        self.bus = f"redis://127.0.0.1:{self.redis_port}/test"

    def leader(self):
        return next((n for n in AGENTS if self.leads(n)), None)

    def applied(self, name):
        """All that a follower has applied, in its order."""
        event = "applied" if name == "edge" else "plan"
        with open(self.rig.path(name + ".log"), errors="replace") as f:
            return [(int(e), int(s)) for e, s in
                    re.findall(rf"event={event} epoch=(\d+) sequence=(\d+)", f.read())]

    def all_reached(self, epoch):
        return all(a and a[-1][0] > epoch for a in map(self.applied, FOLLOWERS))


def command(f, agent, what):
    """A drain that only this agent ever hears of, at its socket; its answer is to be read there."""
    wall_ms = int(time.time() * 1000)
    drain = {"id": what, "kind": "drain", "target": "us-east", "author": "ann", "reason": what,
             "wall_made_ms": wall_ms, "wall_expires_ms": wall_ms + 300000}
    envelope = sealed(f.rig, f.person_key, f.person_pub, json.dumps({"op": "command", "command": drain}), "command")
    person = socket.socket(socket.AF_UNIX)
    person.settimeout(30)
    person.connect(f.rig.path(agent + ".sock"))
    person.sendall(json.dumps({"envelope": envelope}).encode() + b"\n")
    return person


def split(f, monitor, number, answers):
    """One round; the seconds until every follower had the standby's plan."""
    old, _ = until("an agent leads, and the other stands by", 30, lambda: f.leader())
    other = next(n for n in AGENTS if n != old)
    until("the standby has read the plan", 30, lambda: f.node(other).get("plan_epoch") == f.node(old)["plan_epoch"])
    epoch, link, person = f.node(old)["plan_epoch"], f.links[old], None
    late = len(monitor.late())
    if number % 2 == 1:
        link.hold()
        person = command(f, old, f"INC-{number}")
        until("the leader's plan is on its way", 10, lambda: link.holds(f"INC-{number}".encode()) and link.holds(b"wr1 "))
    process = f.rig.running[old]
    process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        until("the standby's plan is everywhere", 20, lambda: f.all_reached(epoch))
        took = time.monotonic() - began
        if person is not None and number % 4 == 1:
            link.release()
            until("the old plan arrives", 10, lambda: len(monitor.late()) > late)
    finally:
        process.send_signal(signal.SIGCONT)
    if person is not None:
        link.release()
        until("the old plan has arrived", 10, lambda: len(monitor.late()) > late)
        with person:
            answers.append(json.loads(person.makefile().readline()))
        if answers[-1]["ok"]:
            raise Failed("a command that only the old leader heard of is said to be done")
    until("the old leader stands by and reads the other's plan", 30, lambda: not f.leads(old) and f.leads(other) and
          f.node(old).get("plan_epoch", 0) > epoch)
    return took


def judge(f, monitor):
    """Everything is in order, and of one agent an epoch."""
    agents = {}
    for (epoch, sequence), agent in monitor.agent.items():
        if agents.setdefault(epoch, agent) != agent:
            raise Failed(f"epoch {epoch} has plans of {agent} and of {agents[epoch]}")
    if any(a >= b for a, b in zip(monitor.stored, monitor.stored[1:])):
        raise Failed("the store went back")
    if set(monitor.stored) & set(monitor.late()):
        raise Failed("a plan of an old leader was stored")
    for name in FOLLOWERS:
        applied = f.applied(name)
        if any(a >= b for a, b in zip(applied, applied[1:])):
            raise Failed(f"{name} went back: {applied}")
        if not set(applied) <= set(monitor.stored):
            raise Failed(f"{name} applied what was never stored: {set(applied) - set(monitor.stored)}")
    for agent in AGENTS:
        for drained in (c for c in f.status(agent)["plan"]["commands"] if c["reason"].startswith("INC-")):
            raise Failed(f"a command of an old leader is in force: {json.dumps(drained)}")
    return agents


def test():
    with Rig() as rig:
        f = LinkedFleet(rig)
        with f.links["steer1"], f.links["steer2"]:
            f.start()
            until("an agent leads", 30, f.leader)
            until("all follow", 30, lambda: f.all_reached(0))
            monitor = Monitor(f.redis_port)
            monitor.start()
            answers = []
            took = sorted(split(f, monitor, number, answers) for number in range(ROUNDS))
            # Followers read the plan in force when the monitor began.
            monitor.stored[:0] = [a for a in sorted(set(sum(map(f.applied, FOLLOWERS), []))) if a < monitor.stored[0]]
            agents = judge(f, monitor)
            applied = sum(len(f.applied(n)) for n in FOLLOWERS)
            note(f"{ROUNDS} times the leader was stopped for longer than its lease: {len(agents)} epochs, "
                 f"{len(monitor.late())} plans of old leaders came late to Redis, 0 were stored; "
                 f"{applied} plans applied by {len(FOLLOWERS)} followers, 0 of an old leader")
            unknown = sum(a.get("unknown", False) for a in answers)
            note(f"{len(answers)} commands that only an old leader heard of: to {len(answers) - unknown} it said that "
                 f"nothing changed, to {unknown} that it does not know")
            note(f"from the stop until the standby's plan was everywhere: p50 {took[len(took) // 2]:.2f} s, "
                 f"max {took[-1]:.2f} s")
            for name in (*AGENTS, *f.dns_ports, "edge"):
                if not rig.alive(name) or rig.stop(name) != 0:
                    raise Failed(f"{name} did not live and end as it should")


main(test)
