#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What regions can carry, with real programs: clients are passed on before a
region has too many, the responders and explain agree on whom, and a command that
would bring a region too much is refused with the number, and goes through when a
second person approves it."""

import json
import re

import fleet
from rig import Failed, Rig, addresses, ask, main, note, until
from two_people import TwoPeople, approve, drain, wants

CAPACITY = {"us-east": 400, "eu-west": 900, "eu-central": 1000}
DEMAND = 2100
SAFETY = """safety:
  max_override: 24h
  command_interval: 5m
residency:
  gdpr: {clients: eea, within: eu, none_healthy: serve-unhealthy}
"""


class Capacity(TwoPeople):
    def __init__(self, rig):
        super().__init__(rig)
        text = fleet.policy(self.web_port)
        text = text[:text.index("canaries:")] + SAFETY + "clients: {europeans: eea}\n"
        text = text.replace("clients: eea,", "clients: europeans,")
        for region, capacity in CAPACITY.items():
            text = text.replace(f"  {region}: {{location:", f"  {region}: {{capacity: {capacity}, location:")
        text = text.replace("    check: web\n", f"    check: web\n    demand: {DEMAND}\n    demand_from: policy\n    spill: capacity\n")
        rig.write("policy/policy.yaml", text)

    def spill(self):
        return self.status("steer1")["services"][0].get("spill", {})

    def share(self, region):
        """Of many Californian networks, the part that gets a region."""
        addr = fleet.REGIONS[region][0]
        answers = [addresses(ask(self.dns_ports["dns1"], fleet.WWW, n)) for n in fleet.CALIFORNIA]
        return sum(a == [addr] for a in answers) / len(answers)


def loads(f, *argv):
    """What a dry run says comes to each region, and prints of it."""
    status, out, err = f.alice(*argv, "--dry-run", "--json")
    services = json.loads(out)["prediction"]["services"]
    if status != 3 or not services:
        raise Failed(f"{argv}: {status} {out} {err}")
    return {r["region"]: (r["load_before"], r["load_after"], r["capacity"]) for r in services[0]["regions"]}


def test():
    with Rig() as rig:
        f = Capacity(rig)
        f.start_all()
        until("both responders answer", 30, lambda: f.both(fleet.LONDON, "eu-west") and all(
            e["verdict"] == "up" for s in f.status("dns1")["services"] for e in s["endpoints"]))

        until("capacity passes clients on", 30, lambda: f.spill().get("passed_pct", 0) > 0 and f.spill()["use_pct"] <= 100)
        until("the responders do", 10, lambda: 0 < f.share("us-east") < 1)
        note(f"{f.spill()}; of 128 networks in California {100 * f.share('us-east'):.0f} % get us-east")
        explained = f.windrose("explain", rig.path("policy"), "--node", rig.path("dns1.sock"), "--service", "www",
                               "--client", fleet.CALIFORNIA[0].split("/")[0])[1]
        told = re.search(r"us-east \(.*\n.*takes ([0-9.]+) % of clients nearest to us-east, the rest is spilled by capacity",
                         explained)
        if not told:
            raise Failed(f"explain does not say so: {explained}")
        note(f"explain: us-east takes {told.group(1)} %")
        if abs(float(told.group(1)) / 100 - f.share("us-east")) > 0.15:
            raise Failed(f"{told.group(1)} % by explain, {f.share('us-east')} by the responder")
        wants("status", f.windrose("status", "--node", rig.path("steer1.sock"), check=False), 0, "capacity passes on",
              "of a demand of 2100")

        dry = loads(f, "drain", "www/us-east", "--reason", "look", "--for", "10m")
        note(f"drain www/us-east --dry-run: {dry}")
        if dry["us-east"][1] != 0 or min(dry["eu-west"][1] / 900, dry["eu-central"][1] / 1000) <= 1 or abs(
                sum(l[0] for l in dry.values()) - DEMAND) > 1 or any(l[0] > l[2] for l in dry.values()):
            raise Failed(f"that is not what comes to them: {dry}")
        wants("the same for people", f.alice("drain", "www/us-east", "--reason", "look", "--for", "10m", "--dry-run"), 3,
              "of 1000:", "TOO MUCH", "safety.max_load")

        wants("out of a jurisdiction", f.alice("failover", "www", "--to", "us-east", "--reason", "INC-1", "--for", "10m",
                                               "--yes"), 3, "residency", "gdpr")
        wants("too much for the others", f.alice(*drain("www/us-east")), 3, "safety.max_load is 100%", "which can carry",
              "points too many")
        wants("an answer has not changed", f.alice(*drain("www/us-east", "--approval")), 8, "Held", "safety.max_load")
        if f.share("us-east") == 0:
            raise Failed("a held command changed an answer")
        wants("by a second person", f.bob(*approve(f)), 0, "Done")
        until("California has moved", 10, lambda: f.share("us-east") == 0)
        until("overload is told", 20, lambda: f.spill().get("overloaded"))
        wants("and shown", f.windrose("status", "--node", rig.path("steer1.sock"), check=False), 0, "OVERLOAD",
              "overload: www brings 2100")
        wants("a second in five minutes", f.alice(*drain("www/eu-west")), 3, "command_interval is 300 s", "too soon")
        wants("history", f.windrose("history", "--node", rig.path("steer1.sock"), check=False), 0, "approved", "bob", "spill")
        events = [json.loads(line)["event"] for line in open(rig.path("steer1.jsonl"))]
        if not any(e["kind"] == "approved" and e["who"] == "bob" and "drain www/us-east of alice" in e["what"]
                   for e in events):
            raise Failed(f"the audit lacks the approval: {events}")
        f.alice("undrain", "www/us-east", "--reason", "over", "--yes")
        until("capacity carries all again", 60, lambda: not f.spill()["overloaded"] and f.share("us-east") > 0)


if __name__ == "__main__":
    main(test)
