#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Two of four regions die, the large ones: what is left cannot carry all clients, so health is
not obeyed, within residency, and that is told; with its demand known to be
small another service goes on obeying it; when they live again panic ends."""


from in_one import InOne
from rig import Failed, Rig, addresses, ask, main, note, until

ZONE = "gslb.example.com"
REGIONS = ("east", "west", "north", "south")
EDE = 15

POLICY = """
zone: {name: gslb.example.com, nameservers: ns1.example.net}
clients: {home: [203.0.0.0/16]}
regions:
  east: {location: [40, -74], capacity: 200}
  west: {location: [37, -122], capacity: 200}
  north: {location: [59, 18], capacity: 50, jurisdictions: eu}
  south: {location: [-33, 151], capacity: 50}
vantages:
  here: {location: [0, 0]}
residency:
  home: {clients: home, within: eu}
checks:
  web: {type: http, port: PORT, path: /healthz, interval: 1s, timeout: 500ms, confirm: 200ms,
        breaker: {consecutive: 3, open_for: 1s, max_open_for: 2s, half_open_probes: 1}}
services:
  www:
    steer: weighted
    check: web
    endpoints: {east: {A: 127.0.4.1}, west: {A: 127.0.4.2}, north: {A: 127.0.4.3}, south: {A: 127.0.4.4}}
  idle:
    steer: weighted
    check: web
    demand: 90
    endpoints: {east: {A: 127.0.4.1}, west: {A: 127.0.4.2}, north: {A: 127.0.4.3}, south: {A: 127.0.4.4}}
  api:
    steer: weighted
    check: web
    panic: no-answer
    endpoints: {east: {A: 127.0.4.1}, west: {A: 127.0.4.2}, north: {A: 127.0.4.3}, south: {A: 127.0.4.4}}
safety: {max_capacity_opened: 100%, max_capacity_opened_at_once: 100%}
"""
ADDRESS = {r: f"127.0.4.{i + 1}" for i, r in enumerate(REGIONS)}


class Up(InOne):
    def service(self, name):
        return next(s for s in self.status()["services"] if s["service"] == name)

    def answers(self, service, network="198.51.{}.0/24"):
        """What 200 client networks get: the regions, and those of which an extended error is told."""
        found, told = set(), set()
        for i in range(200):
            message = ask(self.port, f"{service}.{ZONE}", network.format(i))
            regions = {r for r, a in ADDRESS.items() if a in addresses(message)}
            found |= regions
            if any(o.otype == EDE for o in message.options):
                told |= regions or {"none"}
        return found, told

    def log(self, words):
        return self.lines("event=panic", words)


def expect(what, is_, should):
    if is_ != should:
        raise Failed(f"{what}: {is_}, not {should}")


def test():
    with Rig() as rig:
        port = rig.port("127.0.4.1")
        for r in REGIONS:
            rig.web(r, ADDRESS[r], port)
        rig.write("policy.yaml", POLICY.replace("PORT", str(port)))
        up = Up(rig)
        until("all are up", 20, lambda: [e["verdict"] for e in up.service("www")["endpoints"]] == ["up"] * 4)
        expect("all are up", up.answers("www"), (set(REGIONS), set()))

        for r in ("east", "west"):
            rig.stop(r)
        until("it is panic", 20, lambda: up.service("www")["panic"])
        expect("what is healthy", up.service("www")["healthy_pct"], 20)
        expect("in panic", up.answers("www"), (set(REGIONS), {"east", "west"}))
        expect("within residency", up.answers("www", "203.0.{}.0/24"), ({"north"}, set()))
        until("idle obeys", 10, lambda: up.answers("idle") == ({"north", "south"}, set()))
        expect("idle", up.service("idle")["panic"], False)
        until("api's panic", 10, lambda: up.answers("api") == (set(), {"none"}))
        until("the node's record says so", 5, lambda: up.status()["node"].get("trouble", "").startswith(
            "panic of www and 1 more: 20% of its capacity is healthy"))
        if "PANIC: 20 % of the capacity is healthy" not in up.windrose("status")[1]:
            raise Failed("status does not say so")
        begun = up.log("state=begins")
        expect("lines that say so", len([b for b in begun if "service=www" in b and "healthy=20%" in b]), 1)

        for r in ("east", "west"):
            rig.web(r, ADDRESS[r], port)
        took = until("panic is over", 120, lambda: not up.service("www")["panic"])[1]
        expect("lines that say so", len([e for e in up.log("state=ends") if "service=www" in e]), 1)
        if took < 60:
            raise Failed(f"panic was over after {took:.0f} s")
        expect("afterwards", up.answers("www"), (set(REGIONS), set()))
        shares = [e["share"] for e in up.service("www")["endpoints"]]
        expect("shares", shares, [1, 1, 1, 1])
        until("no trouble is left", 5, lambda: up.status()["node"].get("trouble", "") == "")
        note(f"2 of 4 regions died: 200 networks were answered as before, {len(begun)} services said so; "
             f"panic ended {took:.0f} s after they came back, and no share had fallen")


if __name__ == "__main__":
    main(test)
