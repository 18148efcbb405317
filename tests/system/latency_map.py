#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""A latency map: three vantages that see each endpoint through ways of their
own delays.  The clients nearest to each vantage get what is truly fastest from
there, which is never what is nearest.  When a delay changes by 40 ms they move
once, after the hold, and once when it changes back; a wobble moves nobody."""

import asyncio
import json
import random
import threading

from rig import Failed, Rig, addresses, ask, main, note, until

ZONE = "gslb.example.com"
WWW = "www." + ZONE
REGIONS = {"us-east": ("127.0.2.1", "[38.95, -77.45]"),
           "us-west": ("127.0.2.2", "[45.6, -121.2]"),
           "eu-west": ("127.0.2.3", "[53.35, -6.26]")}
VANTAGES = {"iad": "[38.95, -77.45]", "pdx": "[45.6, -121.2]", "dub": "[53.35, -6.26]"}
# Milliseconds, there and back.
DELAYS = {"iad": {"us-east": 80, "us-west": 50, "eu-west": 95},
          "pdx": {"us-east": 70, "us-west": 85, "eu-west": 30},
          "dub": {"us-east": 60, "us-west": 80, "eu-west": 110}}
# Who is nearest to each vantage.
CLIENTS = {"iad": "72.229.28.0/24", "pdx": "73.162.0.0/24", "dub": "81.2.69.0/24"}
HOLD_S = 30  # as health/latency.h says


def policy(port):
    """What a prober that goes through ways on this port reads."""
    regions = "\n".join(f"  {r}: {{location: {at}}}" for r, (_, at) in REGIONS.items())
    vantages = "\n".join(f"  {v}: {{location: {at}}}" for v, at in VANTAGES.items())
    endpoints = "\n".join(f"      {r}: {{A: {a}}}" for r, (a, _) in REGIONS.items())
    return f"""
zone: {{name: {ZONE}, nameservers: [ns1.example.net]}}
geo: {{databases: [city-ipv4.mmdb, city-ipv6.mmdb]}}
regions:
{regions}
vantages:
{vantages}
checks:
  web: {{type: http, port: {port}, path: /healthz, interval: 1s, timeout: 900ms, quorum: 2}}
services:
  www:
    steer: latency
    check: web
    endpoints:
{endpoints}
"""


class Ways(threading.Thread):
    """A proxy for each vantage and endpoint that holds back what it carries."""

    def __init__(self, ports, web_port):
        super().__init__(daemon=True)
        self.ports, self.web_port = ports, web_port
        self.extra = {}  # region: milliseconds more, or a function that draws them
        self.loop, self.up = asyncio.new_event_loop(), threading.Event()

    def half_s(self, vantage, region):
        extra = self.extra.get(region, 0)
        return (DELAYS[vantage][region] + (extra() if callable(extra) else extra)) / 2000

    async def carry(self, reader, writer, wait):
        try:
            while data := await reader.read(65536):
                await asyncio.sleep(wait())
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    def way(self, vantage, region):
        async def serve(reader, writer):
            try:
                back, forth = await asyncio.open_connection(REGIONS[region][0], self.web_port)
            except OSError:
                writer.close()
                return
            await asyncio.gather(*(self.carry(r, w, lambda: self.half_s(vantage, region))
                                   for r, w in ((reader, forth), (back, writer))))
        return serve

    async def listen(self):
        for vantage, port in self.ports.items():
            for region, (address, _) in REGIONS.items():
                await asyncio.start_server(self.way(vantage, region), address, port)
        self.up.set()

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.listen())
        self.loop.run_forever()

    async def cancel(self):
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    def end(self):
        asyncio.run_coroutine_threadsafe(self.cancel(), self.loop).result(5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.join()


class Map:
    """What runs, and what the clients near each vantage have been told."""

    def __init__(self, rig):
        self.rig, self.dns_port, self.redis_port, self.web_port = rig, rig.port(), rig.port(), rig.port("127.0.2.1")
        self.ports = {v: rig.port("127.0.2.1") for v in VANTAGES}
        self.moves = {v: [] for v in VANTAGES}
        self.last = {}

    def start(self):
        r, bus = self.rig, f"redis://127.0.0.1:{self.redis_port}/test"
        r.redis(self.redis_port)
        for region, (address, _) in REGIONS.items():
            r.web(region, address, self.web_port)
        for vantage, port in self.ports.items():
            r.write(f"policy-{vantage}/policy.yaml", policy(port))
            r.geo(r.path(f"policy-{vantage}"))
            r.start(vantage, r.program("windrose-health"), "--policy", r.path(f"policy-{vantage}"),
                    "--vantage", vantage, "--name", vantage, "--bus", bus)
        r.start("dns", r.program("windrose-dns"), "--policy", r.path("policy-iad"), "--workers", "1", "--listen",
                f"127.0.0.1:{self.dns_port}", "--name", "dns", "--bus", bus, "--control", r.path("dns.sock"))

    def region(self, vantage):
        """Where the clients near a vantage are sent now; notes a move."""
        got = addresses(ask(self.dns_port, WWW, CLIENTS[vantage]))
        region = next((r for r, (a, _) in REGIONS.items() if [a] == got), None)
        if region is None:
            raise Failed(f"the clients near {vantage} got {got}")
        if self.last.get(vantage, region) != region:
            self.moves[vantage].append(region)
        self.last[vantage] = region
        return region

    def are(self, wanted):
        return {v: self.region(v) for v in VANTAGES} == wanted

    def watch(self, seconds):
        """Asks for so long; then all moves since the last watch, forgotten."""
        done = threading.Event()
        threading.Timer(seconds, done.set).start()
        while not done.wait(0.05):
            self.are({})
        moves, self.moves = self.moves, {v: [] for v in VANTAGES}
        return moves

    def explain(self, vantage):
        r = self.rig
        address = CLIENTS[vantage].replace(".0/24", ".9")
        text = r.run(r.program("windrose"), "explain", r.path("policy-iad"), "--client", address, "--service", "www",
                     "--node", r.path("dns.sock"), "--json")[1]
        return json.loads(text)


def fastest(vantage):
    return min(REGIONS, key=lambda r: DELAYS[vantage][r])


def misses(m):
    """Where explain disagrees with the answers, or with the delays, and how."""
    for vantage in VANTAGES:
        x = m.explain(vantage)
        if [a["endpoint"] for a in x["answer"]] != [m.region(vantage)]:
            yield f"near {vantage}: {x['answer']}"
        for e in x["endpoints"]:
            first = e["vantages"][0]
            off = first["measured_ms"] - DELAYS[vantage][e["name"]]
            if len(e["vantages"]) != 3 or first["vantage"] != vantage or not 0 <= off < 20 or first["probes"] < 8:
                yield f"{e['name']} near {vantage}: {e['vantages']}"


def explains(m):
    """Explain agrees with the answers, and says what they stand on; once what a busy start measured has settled."""
    seen = []

    def look():
        seen[:] = misses(m)
        return seen

    try:
        until("explain agrees", 120, lambda: not look())
    except Failed as e:
        raise Failed(f"{e}: {seen}") from None
    note(f"explain near dub: {json.dumps(m.explain('dub')['endpoints'][0]['vantages'])}")


def one_move(m, ways, wanted):
    """us-east's way became another: near dub all move there, once."""
    _, took = until(f"the clients near dub move to {wanted}", HOLD_S + 30, lambda: m.are({**m.last, "dub": wanted}))
    more = m.watch(20)
    note(f"us-east's delay {ways.extra['us-east']:+d} ms: near dub {wanted} after {took:.1f} s; moves: {more}")
    if took < HOLD_S:
        raise Failed(f"they moved after {took:.1f} s, before the hold of {HOLD_S} s was over")
    if more != {"iad": [], "pdx": [], "dub": [wanted]}:
        raise Failed(f"moves: {more}")


def test():
    with Rig() as rig:
        m = Map(rig)
        ways = Ways(m.ports, m.web_port)
        ways.start()
        ways.up.wait(10)
        m.start()
        wanted = {v: fastest(v) for v in VANTAGES}
        _, took = until("each gets what is fastest from there", 60, lambda: m.are(wanted))
        note(f"fastest from each vantage, {wanted}, after {took:.1f} s")
        explains(m)
        m.watch(1)
        ways.extra["us-east"] = lambda: random.uniform(0, 8)
        moves = m.watch(HOLD_S + 15)
        note(f"a wobble of 8 ms for {HOLD_S + 15} s: moves {moves}")
        if any(moves.values()):
            raise Failed(f"a wobble moved clients: {moves}")
        ways.extra["us-east"] = 40
        one_move(m, ways, "us-west")
        ways.extra["us-east"] = 0
        one_move(m, ways, "us-east")
        for name in ("dns", *VANTAGES):
            status = rig.stop(name)
            if status != 0:
                raise Failed(f"{name} ended with status {status}")
        ways.end()


if __name__ == "__main__":
    main(test)
