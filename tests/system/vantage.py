#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""One vantage, alone, with a quorum of one: what it believes of itself and of
the world.  Everything dies and its anchors answer: believed.  Its anchors are
gone as well: nothing is believed, however long.  A person knows better.  Then
many endpoints: how late do probes start?"""

import json
import os
import time

from listener import Listener
from rig import Failed, Rig, main, note, until

ENDPOINTS = 6
# Services of 60 endpoints, each probed by three checks.
MANY = int(os.environ.get("WINDROSE_SERVICES", "8"))

POLICY = """
zone: {{name: gslb.example.com, nameservers: [ns1.example.net]}}
regions:
  here: {{location: [50.11, 8.68]}}
vantages:
  here: {{location: [50.11, 8.68], anchors: [{anchors}]}}
checks:
  web:
    type: tcp
    port: {port}
    interval: {interval}
    timeout: 200ms
    confirm: 100ms
    quorum: 1
    breaker: {{open_for: 500ms, max_open_for: 1s, half_open_probes: 2, damping: {{openings: 0}}}}
"""

SERVICES = """
services:
  www:
    steer: failover
    check: web
    endpoints:
{endpoints}
"""


class Vantage:
    """A prober on its own, and questions to it."""

    def __init__(self, rig, name, policy, bus):
        self.rig, self.socket, self.name = rig, rig.path(name + ".sock"), name
        rig.write(f"{name}/policy.yaml", policy)
        rig.start(name, rig.program("windrose-health"), "--policy", rig.path(name), "--vantage", "here",
                  "--bus", bus, "--control", self.socket)
        until(f"{name} listens", 10, lambda: os.path.exists(self.socket))
        until(f"{name} has probed all", 60, lambda: not self.status()["abstains"])

    def status(self):
        return json.loads(self.rig.run(self.rig.program("windrose"), "status", "--json", "--node", self.socket)[1])

    def states(self):
        return {t["state"] for t in self.status()["targets"]}

    def force(self, *words):
        return self.rig.run(self.rig.program("windrose"), "force", *words, "--node", self.socket, check=False)

    def target(self, endpoint):
        return next(t for t in self.status()["targets"] if t["endpoint"] == endpoint)


def trust(rig, bus):
    """All dead; all dead and nobody there; a person's word."""
    port, anchors = rig.port(), [rig.port(), rig.port()]
    places = [f"127.0.3.{i + 1}" for i in range(ENDPOINTS)]
    policy = POLICY.format(anchors=", ".join(f"127.0.0.1:{a}" for a in anchors), port=port, interval="300ms")
    policy += SERVICES.format(endpoints="\n".join(f"      e{i}: {{region: here, A: {a}}}"
                                                  for i, a in enumerate(places)))
    firm = [Listener("127.0.0.1", a) for a in anchors]
    up = [Listener(a, port) for a in places]
    v = Vantage(rig, "lone", policy, bus)
    until("all are up", 10, lambda: v.states() == {"closed"})

    for listener in up:
        listener.fall()
    _, took = until("an outage of everything is believed", 20, lambda: v.states() <= {"open", "half-open"})
    note(f"all endpoints dead, anchors there: believed after {took:.2f} s")
    up = [Listener(a, port) for a in places]
    until("all are up again", 20, lambda: v.states() == {"closed"} and not v.status()["mistrusts"])

    for listener in firm + up:
        listener.fall()
    _, took = until("it mistrusts itself", 20, lambda: v.status()["mistrusts"])
    note(f"anchors gone as well: mistrusts itself after {took:.2f} s")
    since_ms = time.time() * 1000 + 3000
    until("it has failed for ten intervals", 20,
          lambda: all(t["wall_probed_ms"] > since_ms and t["failing"] for t in v.status()["targets"]))
    if v.states() != {"closed"}:
        raise Failed(f"what nobody answered was believed: {v.status()}")
    if "none of its 2 anchors answers" not in v.status()["trouble"]:
        raise Failed(f"it does not say why: {v.status()['trouble']}")
    firm = [Listener("127.0.0.1", a) for a in anchors]
    up = [Listener(a, port) for a in places]
    until("it trusts itself again", 20, lambda: not v.status()["abstains"])

    status, _, err = v.force("www/e1", "open", "--for", "25h", "--reason", "INC-1")
    if status != 3 or "max_override" not in err:
        raise Failed(f"force for longer than max_override: {status} {err}")
    status, out, err = v.force("www/e1", "open", "--for", "1m", "--reason", "INC-1")
    if status != 0 or out != "www/e1 is open here\n":
        raise Failed(f"force: {status} {out} {err}")
    until("e1 is forced open", 5, lambda: v.target("e1")["state"] == "open" and v.target("e1")["forced_ms"] > 50000)
    if v.target("e0")["state"] != "closed" or v.target("e0")["forced_ms"] != 0:
        raise Failed(f"e0 was forced, too: {v.target('e0')}")
    v.force("www/e1", "auto", "--reason", "INC-1 is over")
    until("e1 has passed its trial", 10, lambda: v.target("e1")["state"] == "closed")
    rig.stop("lone")


def many(rig, bus):
    """Thousands of probes of one prober: processor, memory, lateness."""
    port = rig.port()
    listener = Listener("0.0.0.0", port)
    names = ["web", "too", "also"]
    head = POLICY.format(anchors=f"127.0.0.1:{port}, 127.0.0.2:{port}", port=port, interval="5s")
    check = head[head.index("  web:"):].rstrip("\n")
    # Checks that differ in no more than their names would share their probes.
    policy = head.rstrip("\n") + "\n" + "\n".join(
        check.replace("  web:", f"  {n}:").replace("timeout: 200ms", f"timeout: {201 + i}ms")
        for i, n in enumerate(names[1:])) + "\nservices:\n"
    for s in range(MANY):
        for n in names:
            policy += f"  s{s}-{n}:\n    steer: failover\n    check: {n}\n    endpoints:\n"
            policy += "".join(f"      e{e}: {{region: here, A: 127.{10 + s}.1.{e + 1}}}\n" for e in range(60))
    v = Vantage(rig, "busy", policy, bus)
    pid = rig.running["busy"].pid
    probes = v.status()["load"]["probes"]
    if probes != MANY * 60 * len(names):
        raise Failed(f"{probes} probes instead of {MANY * 60 * len(names)}")

    def ticks():
        with open(f"/proc/{pid}/stat") as f:
            return sum(int(w) for w in f.read().rsplit(")", 1)[1].split()[11:13])

    before, began = ticks(), time.monotonic()
    # Not asked meanwhile: writing of thousands of targets is work, too.
    until("two rounds are over", 60, lambda: time.monotonic() - began > 11)
    busy = (ticks() - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - began)
    with open(f"/proc/{pid}/statm") as f:
        resident = int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    status = v.status()
    load = status["load"]
    if status["left_out"] != probes or status["targets"]:
        raise Failed(f"not all are up: {status['targets'][:3]}")
    note(f"{probes} TCP probes every 5 s: {100 * busy:.0f} % of a core, {resident / 1e6:.0f} MB, started "
         f"{load['late_p50_ms']:.1f} ms late (p99 {load['late_p99_ms']:.1f} ms), "
         f"at most {load['in_flight_max']} at once")
    if load["late_p99_ms"] > 2500:
        raise Failed(f"probes start half an interval late: {load}")
    listener.fall()


def test():
    with Rig() as rig:
        port = rig.port()
        rig.redis(port)
        bus = f"redis://127.0.0.1:{port}"
        trust(rig, bus)
        many(rig, bus)


if __name__ == "__main__":
    main(test)
