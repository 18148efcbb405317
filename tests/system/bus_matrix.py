#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What clients of DNS see while Redis has each of its faults: down at the
start, killed and restarted empty, stopped for a minute, slow, too slow, garbage
in any key, no memory, and a network that is cut between it and some of the
nodes while a failover is commanded.  Clients ask three responders all the time;
every query is answered, and no answer is one that no command and no death of an
endpoint permitted at that moment."""

import signal
import time

from asker import Crowd
from fleet import CANARY, LONDON, NEW_YORK, REGIONS, WWW, Fleet
from link import Link
from rig import Failed, Rig, main, until

ADDRESS = {r: a for r, (a, _, _) in REGIONS.items()}
NODES = ("dns1", "dns2", "dns3")
PAUSED_S = 60


class LinkedFleet(Fleet):
    """Each responder has a way of its own to Redis; the rest share one."""

    def __init__(self, rig):
        super().__init__(rig)
        self.dns_ports["dns3"] = rig.port()
        self.links = {n: Link(self.redis_port, rig.port()) for n in (*NODES, "rest")}
        self.bus = self.bus_by("rest")
        self.crowd = Crowd(self.dns_ports, WWW)

    def bus_by(self, name):
        return f"redis://127.0.0.1:{self.links[name].port}/test"

    def permit(self, regions, only=None):
        """{client network: regions}, from now on."""
        for subnet, names in regions.items():
            self.crowd.permit(subnet, [ADDRESS[n] for n in names], only)

    def set_links(self, delay, rate):
        for link in self.links.values():
            link.delay, link.rate = delay, rate

    def plan(self, name):
        n = self.node(name)
        return n.get("plan_epoch", 0), n.get("plan_sequence", 0)

    def leader(self):
        return next((n for n in ("steer1", "steer2") if self.leads(n)), None)

    def all_newer(self, before):
        return all(self.plan(n) > before for n in NODES)

    def all_same(self):
        return len({self.plan(n) for n in NODES}) == 1

    def sent(self, name):
        return {subnet: self.region(name, subnet) for subnet in (LONDON, NEW_YORK)}

    def log(self, name):
        with open(self.rig.path(name + ".log"), errors="replace") as f:
            return f.read()


USUAL = {LONDON: ["eu-west"], NEW_YORK: ["us-east"]}
DRAINED = {LONDON: ["eu-west"], NEW_YORK: ["eu-west"]}
MOVED = {LONDON: ["eu-central"], NEW_YORK: ["eu-central"]}


def either(a, b):
    return {subnet: a[subnet] + b[subnet] for subnet in a}


def change(f, before, after, what, *argv):
    """A person's command while clients ask; what it took until all have it."""
    f.permit(either(before, after))
    began = time.monotonic()
    until(what, 60, lambda: f.person(*argv, "--yes", check=False)[0] == 0)
    until(f"{what}: all answers are the new ones", 20, lambda: all(
        [f.sent(n)[s]] == after[s] for n in NODES for s in after))
    f.permit(after)
    return time.monotonic() - began


def there_and_back(f, what):
    """A failover and its end: the whole way works."""
    took = change(f, DRAINED, MOVED, f"a failover after {what}", "failover", "www", "--to", "eu-central",
                  "--reason", what, "--for", "5m")
    command = next(c["id"] for n in ("steer1", "steer2") for c in f.status(n).get("plan", {}).get("commands", [])
                   if c.get("reason") == what)
    change(f, MOVED, DRAINED, f"its end after {what}", "cancel", command, "--reason", what + " is over")
    return took


def down_at_start(f):
    for name in NODES:
        f.start_dns(name)
    f.start_steer("steer1")
    f.start_steer("steer2")
    f.rig.start("health", f.rig.program("windrose-health"), "--policy", f.rig.path("policy"), "--vantage", "here",
                "--name", "health1", "--bus", f.bus, "--control", f.rig.path("health.sock"))
    for name in NODES:
        until(f"{name} answers without a bus", 10, lambda name=name: f.sent(name)[LONDON] == "eu-west")
    f.permit(USUAL)
    f.crowd.start()
    until("each responder says that its bus is down", 10, lambda: all("bus" in f.node(n).get("trouble", "") for n in NODES))
    f.rig.redis(f.redis_port)
    _, took = until("all have a plan, and a verdict on every endpoint", 40, lambda: f.all_newer((0, 0)) and all(
        e["verdict"] == "up" for n in NODES for s in f.status(n)["services"] for e in s["endpoints"]))
    f.crowd.judge(f"down at start; {took:.1f} s after it came all have its plan")
    change(f, USUAL, DRAINED, "a drain", "drain", "us-east", "--reason", "INC-1", "--for", "1h")
    f.crowd.judge("a drain commanded")


def restarted_empty(f):
    before = f.plan("dns1")
    f.rig.stop("redis", signal.SIGKILL)
    until("every responder says that its bus is down", 10, lambda: all("bus" in f.node(n).get("trouble", "") for n in NODES))
    f.rig.redis(f.redis_port)
    _, took = until("all have a newer plan from an empty Redis", 40, lambda: f.all_newer(before) and f.leader())
    back = there_and_back(f, "a restart")
    f.crowd.judge(f"killed, restarted empty; a newer plan everywhere after {took:.1f} s, a failover then took {back:.1f} s")


def paused(f):
    server, began = f.rig.running["redis"], time.monotonic()
    server.send_signal(signal.SIGSTOP)
    try:
        until("no agent leads", 15, lambda: f.leader() is None)
        status, _, err = f.person("drain", "eu-west", "--reason", "a pause", "--yes", check=False)
        if status != 5 or not err.strip():
            raise Failed(f"a drain during the pause: exit {status}, wanted 5 and words: {err}")
        until("the pause is over", PAUSED_S + 10, lambda: time.monotonic() - began > PAUSED_S)
    finally:
        server.send_signal(signal.SIGCONT)
    _, took = until("an agent leads again", 30, f.leader)
    back = there_and_back(f, "a pause")
    f.crowd.judge(f"stopped for {PAUSED_S} s; an agent leads {took:.1f} s later, a failover then took {back:.1f} s")


def slow(f):
    f.set_links(0.25, 100_000)
    carried = {n: link.carried for n, link in f.links.items()}
    until("the slow way is used by all", 20, lambda: all(link.carried > carried[n] + 2000 for n, link in f.links.items()))
    took = there_and_back(f, "slowness")
    if any("down" in f.node(n).get("trouble", "") for n in NODES):
        raise Failed("half a second there and back counts as down")
    f.crowd.judge(f"slow, 0.5 s there and back and 100 kB/s; a failover took {took:.1f} s")
    f.set_links(1.5, None)
    until("3 s there and back count as down", 30, lambda: all("bus" in f.node(n).get("trouble", "") for n in NODES))
    f.set_links(0, None)
    until("and all is well", 30, lambda: f.leader() and all(not f.node(n).get("trouble") for n in NODES))
    took = there_and_back(f, "great slowness")
    f.crowd.judge(f"too slow to be waited for, and quick again; a failover then took {took:.1f} s")


def redis(f, *argv):
    return f.rig.run("redis-cli", "-p", str(f.redis_port), *argv)[1].rstrip("\n")


def garbage(f):
    for kind in ("set", "rpush", "sadd"):
        before = f.plan("dns1")
        keys = redis(f, "keys", "windrose:*").split("\n")
        for k in keys:
            redis(f, "del", k)
            redis(f, kind, k, "\x01 garbage \xff")
            redis(f, "publish", "windrose:{test}:notify", k.split(":", 2)[2])
        until(f"a newer plan everywhere after garbage ({kind}) in {len(keys)} keys", 40, lambda: f.all_newer(before))
    redis(f, "del", "windrose:{test}:audit")  # of another type it is somebody's, and stays
    took = there_and_back(f, "garbage")
    f.crowd.judge(f"garbage of three types in every key, {len(keys)} of them; a failover then took {took:.1f} s")


def no_memory(f):
    redis(f, "config", "set", "maxmemory", "1")
    try:
        until("the log says that Redis has no memory", 20, lambda: any("OOM" in f.log(n) for n in ("steer1", "steer2")))
        until("nobody leads", 20, lambda: f.leader() is None)
    finally:
        redis(f, "config", "set", "maxmemory", "0")
    took = there_and_back(f, "no memory")
    f.crowd.judge(f"no memory, OOM errors; a failover then took {took:.1f} s")


def cut(f):
    """dns2 is refused, dns3 hears nothing more; then a failover."""
    f.links["dns2"].cut(blackhole=False)
    f.links["dns3"].cut(blackhole=True)
    off, on = ("dns2", "dns3"), ("dns1",)
    until("those cut off say so", 20, lambda: all("bus" in f.node(n).get("trouble", "") for n in off))
    f.permit(either(DRAINED, MOVED), on)  # the others stay with what they have
    began = time.monotonic()
    status, out, err = f.person("failover", "www", "--to", "eu-central", "--reason", "a cut", "--for", "5m",
                                "--wait", "3", "--yes", check=False)
    until("the one that is reached moves", 10, lambda: f.sent("dns1") == {s: r[0] for s, r in MOVED.items()})
    f.permit(MOVED, on)
    moved = time.monotonic() - began
    if status not in (0, 4):
        raise Failed(f"a failover with two nodes cut off: exit {status}: {out}{err}")
    # Nodes that are cut off are forgotten by their expiry; they go on alone.
    until("5 s are over", 10, lambda: time.monotonic() - began > 5)
    for n in off:
        if f.sent(n) != {s: r[0] for s, r in DRAINED.items()} or "bus" not in f.node(n)["trouble"]:
            raise Failed(f"{n}, cut off, does not hold what it had: {f.sent(n)}, {f.node(n)['trouble']!r}")
    f.crowd.judge(f"the network cut to 2 of 3 while a failover is commanded (exit {status}); the third moved after {moved:.1f} s")
    f.permit(either(DRAINED, MOVED), off)
    for n in off:
        f.links[n].heal()
    _, took = until("all agree", 20, lambda: f.all_same() and all(
        f.sent(n) == {s: r[0] for s, r in MOVED.items()} for n in NODES))
    f.permit(MOVED)
    until("and say that all is well", 10, lambda: all(not f.node(n).get("trouble") for n in NODES))
    f.crowd.judge(f"the network heals; all agree after {took:.1f} s")


def test():
    with Rig() as rig:
        f = LinkedFleet(rig)
        for region, (address, _, _) in REGIONS.items():
            rig.web(region, address, f.web_port)
        rig.web("canary", CANARY, f.web_port)
        for fault in (down_at_start, restarted_empty, slow, garbage, no_memory, paused, cut):
            fault(f)
        f.crowd.stop()
        for name in (*NODES, "health", "steer1", "steer2"):
            if not rig.alive(name) or rig.stop(name) != 0:
                raise Failed(f"{name} did not live and end as it should")


main(test)
