#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Two of four regions die at once: health takes one of them out, says loudly
that it leaves the other in, and a drain takes that out at once."""


from in_one import InOne
from rig import Failed, Rig, addresses, ask, main, note, until

WWW = "www.gslb.example.com"
REGIONS = ("east", "west", "north", "south")
ADDRESS = {r: f"127.0.3.{i + 1}" for i, r in enumerate(REGIONS)}
EDE = 15

POLICY = """
zone: {name: gslb.example.com, nameservers: ns1.example.net}
regions:
  east: {location: [40, -74]}
  west: {location: [37, -122]}
  north: {location: [59, 18]}
  south: {location: [-33, 151]}
vantages:
  here: {location: [0, 0]}
checks:
  web: {type: http, port: PORT, path: /healthz, interval: 1s, timeout: 500ms, confirm: 200ms, breaker: {consecutive: 3}}
services:
  www:
    steer: weighted
    check: web
    failback: {hold: 0s, ramp: 0s}
    endpoints:
      east: {A: 127.0.3.1}
      west: {A: 127.0.3.2}
      north: {A: 127.0.3.3}
      south: {A: 127.0.3.4}
"""


class Up(InOne):
    def endpoints(self):
        return {e["endpoint"]: e for s in self.status()["services"] for e in s["endpoints"]}

    def answers(self):
        """What 200 client networks get: the regions, and those of which an extended error is told."""
        found, told = set(), set()
        for i in range(200):
            message = ask(self.port, WWW, f"198.51.{i}.0/24")
            region = next(r for r, a in ADDRESS.items() if [a] == addresses(message))
            found.add(region)
            if any(o.otype == EDE for o in message.options):
                told.add(region)
        return found, told

    def log(self, words):
        return self.lines("event=deferred", words)


def test():
    with Rig() as rig:
        port = rig.port("127.0.3.1")
        for r in REGIONS:
            rig.web(r, ADDRESS[r], port)
        rig.write("policy.yaml", POLICY.replace("PORT", str(port)))
        up = Up(rig)
        until("all are up", 20, lambda: [e["verdict"] for e in up.endpoints().values()] == ["up"] * 4)
        if up.answers() != (set(REGIONS), set()):
            raise Failed(f"all are up, and answers are {up.answers()}")

        for r in ("east", "west"):
            rig.stop(r)
        until("both are down", 20, lambda: all(up.endpoints()[r]["verdict"] == "down" for r in ("east", "west")))
        seen = up.endpoints()
        kept = [r for r in REGIONS if seen[r]["deferred"]]
        if len(kept) != 1 or kept[0] not in ("east", "west"):
            raise Failed(f"deferred: {kept}")
        if seen[kept[0]]["down_by"] != ["here"] or seen[kept[0]]["down"] != 1:
            raise Failed(f"who says so: {seen[kept[0]]}")
        found, told = up.answers()
        if found != {kept[0], "north", "south"} or told != set(kept):
            raise Failed(f"{kept[0]} is left in: answers are {found}, extended errors with {told}")
        until("the node's record says so", 5, lambda: f"still served: www/{kept[0]}" in up.status()["node"].get("trouble", ""))
        if "STILL SERVED" not in up.windrose("status")[1]:
            raise Failed("status does not say so")
        said = up.windrose("explain", rig.path("policy.yaml"), "--client", "198.51.1.1", "--service", "www")[1]
        if said.count("down, and with it more than health may take out") != 1 or \
                said.count("not healthy: down: 1 of 1 votes of vantages say down (here)") != 1:
            raise Failed(f"explain says {said}")
        begun = up.log("state=begins")
        if len(begun) != 1 or f"endpoint={kept[0]}" not in begun[0]:
            raise Failed(f"the log says {begun}")
        note(f"both died: {({'east', 'west'} - set(kept)).pop()} is out, {kept[0]} is served; of 200 networks, "
             f"with an extended error: those that get {', '.join(told)}")

        up.windrose("drain", kept[0], "--reason", "INC-9", "--for", "10m", "--yes")
        if up.answers() != ({"north", "south"}, set()):
            raise Failed(f"after the drain answers are {up.answers()}")
        until("the log says that it is over", 5, lambda: len(up.log("state=ends")) == 1)

        up.windrose("undrain", kept[0], "--reason", "INC-9 is over", "--yes")
        for r in ("east", "west"):
            rig.web(r, ADDRESS[r], port)
        until("all are served again", 60, lambda: up.answers() == (set(REGIONS), set()))
        until("no trouble is left", 5, lambda: up.status()["node"].get("trouble", "") == "")


if __name__ == "__main__":
    main(test)
