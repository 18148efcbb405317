#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""How long an endpoint's death takes to reach the last responder's answers.

  tests/system/death.py [--long]

Three vantages probe every 2 s, two of them must agree, three responders are
asked every few milliseconds.  Endpoints die at random moments of the cycle of
probes, by refusing connections and by falling silent in turn; then the same
with one vantage cut off, to which everything is dead, and with one that lies.
All answers are looked at throughout: an endpoint that lives is never missing,
one that has left stays away until it lives, and no query is unanswered.
--long is 200, 50 and 50 deaths, else there are a few of each.

Several services have their deaths at the same time, each its own; so few that
no vantage comes to look around (an eighth of its probes), which would make it
faster.  The safety budget is the preset: it lets one region of a service go.
"""

import asyncio
import random
import sys
import time

from bus_faults import key
from mortals import PROBE_PORTS, Mortal
from rig import Failed, Rig, main, note
from watching import Bus, Watcher, until_all, wall_ms

ZONE = "gslb.example.com"
VANTAGES = ("iad", "dub", "pdx")
ODD = "pdx"  # the one that is cut off, or lies
RESPONDERS = ("dns1", "dns2", "dns3")
REGIONS = ("east", "west", "north")
SERVICES = [f"s{i}" for i in range(6)]
STEADY = 42      # endpoints of a service of their own, which never die
INTERVAL_S = 2.0
LIMIT_S = 10.0   # a death that takes longer fails the test
PATIENCE_S = 60.0


def address(service, region):
    return f"127.0.4.{10 + len(REGIONS) * SERVICES.index(service) + REGIONS.index(region)}"


def steady_address(i):
    return f"127.0.5.{10 + i}"


def policy(port):
    """What a prober reads that reaches endpoints by this port."""
    services = "".join(f"""
  {s}:
    steer: weighted
    answers: {len(REGIONS)}
    check: web
    failback: {{hold: 0s, ramp: 0s}}
    endpoints: {{{', '.join(f'{r}: {{A: {address(s, r)}}}' for r in REGIONS)}}}""" for s in SERVICES)
    steady = ", ".join(f"e{i}: {{region: west, A: {steady_address(i)}}}" for i in range(STEADY))
    return f"""
zone: {{name: {ZONE}, nameservers: [ns1.example.net]}}
regions: {{{', '.join(f'{r}: {{location: [50, {8 + i}]}}' for i, r in enumerate(REGIONS))}}}
vantages: {{{', '.join(f'{v}: {{location: [50, {8 + i}]}}' for i, v in enumerate(VANTAGES))}}}
checks:
  web:
    type: http
    port: {port}
    path: /healthz
    interval: {int(INTERVAL_S)}s
    timeout: 1s
    quorum: 2
    breaker: {{consecutive: 3, open_for: 1s, max_open_for: 1s, half_open_probes: 2, damping: {{openings: 0}}}}
services:{services}
  steady: {{steer: weighted, check: web, endpoints: {{{steady}}}}}
"""


class Fleet:
    """What runs."""

    def __init__(self, rig):
        self.rig, self.redis_port = rig, rig.port()
        self.web_ports = {way: rig.port("127.0.4.10") for way in PROBE_PORTS}
        self.bus = Bus(self.redis_port, VANTAGES)
        self.dns_ports = {n: rig.port() for n in RESPONDERS}
        self.watchers = {}  # service: one a responder
        self.mortals = {}   # service: its endpoint that dies
        self.all = []

    def start_programs(self):
        r, url = self.rig, f"redis://127.0.0.1:{self.redis_port}/test"
        for way, port in self.web_ports.items():
            r.write(f"policy-{way}/policy.yaml", policy(port))
        r.redis(self.redis_port)
        private, public = r.keypair("plan")
        r.start("steer", r.program("windrose-steer"), "--policy", r.path("policy-own"), "--name", "steer", "--bus", url,
                "--key", private, "--people", public, "--journal", r.path("steer.jsonl"),
                "--keep", r.path("steer.keep"), "--control", r.path("steer.sock"))
        for v in VANTAGES:
            r.start(v, r.program("windrose-health"), "--policy", r.path(f"policy-{'odd' if v == ODD else 'own'}"),
                    "--vantage", v, "--name", v, "--bus", url)
        for n, port in self.dns_ports.items():
            r.start(n, r.program("windrose-dns"), "--policy", r.path("policy-own"), "--workers", "1",
                    "--listen", f"127.0.0.1:{port}", "--name", n, "--bus", url, "--trust", public,
                    "--control", r.path(n + ".sock"))

    async def start(self):
        dying = [address(s, REGIONS[0]) for s in SERVICES]
        others = [address(s, r) for s in SERVICES for r in REGIONS[1:]] + [steady_address(i) for i in range(STEADY)]
        self.all = [Mortal(a, self.web_ports) for a in dying + others]
        self.mortals = dict(zip(SERVICES, self.all))
        for m in self.all:
            await m.live()
        self.start_programs()
        await self.bus.start()
        for s in SERVICES:
            rest = [address(s, r) for r in REGIONS[1:]]
            self.watchers[s] = [Watcher(n, p, f"{s}.{ZONE}", self.mortals[s].address, rest)
                                for n, p in self.dns_ports.items()]
            for w in self.watchers[s]:
                await w.start()

    def permit(self, service, *may_be_in):
        for w in self.watchers[service]:
            w.permitted = set(may_be_in)

    def calm(self, vantages):
        """Every one of these vantages sees everything up, and trusts itself."""
        return all(self.bus.up(v) == len(self.all) for v in vantages)

    def lives(self, service, endpoint):
        return endpoint != REGIONS[0] or not self.mortals[service].silent

    def trouble(self):
        return [t for of in self.watchers.values() for w in of for t in w.wrong]

    def asked(self):
        return sum(w.asked for of in self.watchers.values() for w in of)


async def death(f, service, silent, vantages):
    """One, from a moment when all is well to the next; the seconds until the last responder left it."""
    watchers, mortal = f.watchers[service], f.mortals[service]
    await asyncio.sleep(random.uniform(0, INTERVAL_S))  # the moment is to be any
    f.permit(service, True, False)
    for w in watchers:
        w.hasten()
    began = mortal.die(silent)
    await until_all(f"the answers of {service} leave its dead endpoint", LIMIT_S, lambda: all(w.out_at for w in watchers))
    took = max(w.out_at for w in watchers) - began
    f.permit(service, False)
    seen = [w.asked for w in watchers]
    await until_all("it stays away", 10, lambda: all(w.asked > n + 20 for w, n in zip(watchers, seen)))
    for w in watchers:
        w.relax()
    f.permit(service, True, False)
    await mortal.live()
    await until_all(f"{service} is whole again", PATIENCE_S, lambda: all(
        f.bus.sees(v, service, REGIONS[0]) for v in vantages) and all(w.is_in for w in watchers))
    f.permit(service, True)
    return took, silent


async def deaths(f, count, vantages):
    """That many, the services in parallel; the measurements."""
    left, found = list(range(count)), []

    async def line(service):
        while left:
            found.append(await death(f, service, left.pop() % 2 == 1, vantages))

    await asyncio.gather(*(line(s) for s in SERVICES))
    if f.trouble():
        raise Failed(f"wrong answers: {f.trouble()[:5]}")
    return found


def tell(title, found, asked):
    def row(kind, values):
        values = sorted(values)
        if values:
            at = [values[min(len(values) - 1, int(len(values) * p))] for p in (0, 0.5, 0.9, 0.99, 1)]
            note(f"{title}: {len(values)} {kind}: s min {at[0]:.2f} p50 {at[1]:.2f} p90 {at[2]:.2f} "
                 f"p99 {at[3]:.2f} max {at[4]:.2f}")

    row("deaths", [t for t, _ in found])
    row("that refuse", [t for t, silent in found if not silent])
    row("that are silent", [t for t, silent in found if silent])
    note(f"{title}: {asked} answers, 0 unanswered, 0 without a living endpoint, 0 with one that had left")


async def cut_off(f, count):
    """The odd vantage sees everything dead; up to one death of each service in a cut."""
    found, others = [], [v for v in VANTAGES if v != ODD]
    while len(found) < count:
        for m in f.all:
            m.cut.add("odd")
        await until_all(f"{ODD} mistrusts itself", 30, lambda: f.bus.mistrusts(ODD))
        found += await deaths(f, min(len(SERVICES), count - len(found)), others)
        if not f.bus.mistrusts(ODD):
            raise Failed(f"{ODD} was cut off and trusts itself")
        for m in f.all:
            m.cut.discard("odd")
        await until_all(f"{ODD} is whole again", PATIENCE_S, lambda: f.calm(VANTAGES))
    return found


def opposite(f, report):
    """The opposite of what is true, of the endpoints that another one reports: what that one
    sees comes later than the truth, and its opposite would at times be true."""
    now = wall_ms()
    swapped = [{"service": e["service"], "endpoint": e["endpoint"], "wall_since_ms": now - 60000, "wall_probed_ms": now,
                **({"state": "open", "down_ms": 60000, "failing": True, "failure": "timeout"}
                   if f.lives(e["service"], e["endpoint"]) else {"state": "closed"})} for e in report["entries"]]
    return {"vantage": ODD, "policy_digest": report["policy_digest"], "sequence": now, "wall_made_ms": now,
            "entries": swapped}


async def lying(f, count):
    """A stand-in of the odd vantage says the opposite of what is true, four times a second."""
    others = [v for v in VANTAGES if v != ODD]
    f.rig.stop(ODD)

    async def lie():
        while True:
            await f.bus.put_report(key, ODD, opposite(f, f.bus.reports[others[0]]))
            await asyncio.sleep(0.25)  # the pace of a prober that has news, not a wait

    liar = asyncio.create_task(lie())
    await until_all("the lie is told", 10, lambda: f.bus.up(ODD) == 0)
    found = await deaths(f, count, others)
    if liar.done():
        raise Failed(f"the liar ended: {liar.exception()}")
    liar.cancel()
    return found


async def story(rig, counts):
    f = Fleet(rig)
    await f.start()
    await until_all("all is well", PATIENCE_S, lambda: f.calm(VANTAGES) and all(
        w.is_in for of in f.watchers.values() for w in of))
    for s in SERVICES:
        f.permit(s, True)
    for title, act, count in (
            ("all vantages well", lambda n: deaths(f, n, VANTAGES), counts[0]),
            ("one cut off", lambda n: cut_off(f, n), counts[1]),
            ("one lies", lambda n: lying(f, n), counts[2])):
        before, began = f.asked(), time.monotonic()
        tell(title, await act(count), f.asked() - before)
        note(f"{title}: {time.monotonic() - began:.0f} s")
    for name in ("steer", *RESPONDERS, *(v for v in VANTAGES if v != ODD)):
        if not rig.alive(name):
            raise Failed(f"{name} is not running any more")
    if f.trouble():
        raise Failed(f"wrong answers: {f.trouble()[:5]}")


def test():
    with Rig() as rig:
        asyncio.run(story(rig, (200, 50, 50) if "--long" in sys.argv else (12, 6, 6)))


if __name__ == "__main__":
    main(test)
