#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What one person may not do alone.

A drain that would leave a jurisdiction without an endpoint, that would take too
much capacity, or that is the second in five minutes is refused with the rule and
the number.  With the approval of a second key it goes through and is in the
history under both names; but for residency, which nobody can set aside."""

import json
import signal

import fleet
from rig import Failed, Rig, main, note, until

SAFETY = """safety:
  max_override: 24h
  max_capacity_removed: 40%
  command_interval: 5m
  confirm: [failover, weight]
residency:
  gdpr: {clients: eea, within: eu, none_healthy: serve-unhealthy}
clients: {}
"""


class TwoPeople(fleet.Fleet):
    def __init__(self, rig):
        super().__init__(rig)
        text = fleet.policy(self.web_port)
        text = text[:text.index("safety:")] + SAFETY.replace("clients: {}\n", "clients: {europeans: eea}\n").replace(
            "clients: eea,", "clients: europeans,")
        www = text[text.index("  www:\n"):text.index("canaries:")]
        rig.write("policy/policy.yaml", text.replace("canaries:", www.replace("  www:", "  api:") + "canaries:"))
        self.second_key, second_pub = rig.keypair("second")
        with open(self.person_pub, "a") as people, open(second_pub) as second:
            people.write(second.read())

    def start_all(self):
        self.start_ground()
        for name in self.dns_ports:
            self.start_dns(name)
        self.start_health()
        self.start_steer("steer1")
        until("steer1 leads", 20, lambda: self.leads("steer1"))

    def alice(self, *argv):
        return self.windrose(*argv, "--author", "alice", "--bus", self.bus, "--key", self.person_key, check=False)

    def bob(self, *argv, author="bob"):
        return self.windrose(*argv, "--author", author, "--bus", self.bus, "--key", self.second_key, check=False)

    def held(self):
        return self.status("steer1").get("held", [])


def wants(what, result, status, *words):
    if result[0] != status or any(w not in result[1] + result[2] for w in words):
        raise Failed(f"{what}: exit {result[0]}, wanted {status} and {words}: {result[1]}{result[2]}")
    note(f"{what}: {(result[2] or result[1]).strip().splitlines()[-1]}")


def drain(target, *more):
    return ("drain", target, "--reason", "INC-1", "--for", "10m", "--yes", *more)


def approve(f, reason="I looked"):
    return ("approve", f.held()[0]["command"]["id"], "--reason", reason, "--yes")


def test():
    with Rig() as rig:
        f = TwoPeople(rig)
        f.start_all()
        until("both responders answer", 30, lambda: f.both(fleet.LONDON, "eu-west") and all(
            e["verdict"] == "up" for s in f.status("dns1")["services"] for e in s["endpoints"]))

        wants("the first", f.alice(*drain("www/eu-west")), 0, "Done")
        wants("a second in five minutes", f.alice(*drain("api/us-east")), 3,
              "safety.command_interval is 300 s", "drain www/eu-west by alice was", "too soon")
        wants("too much", f.alice(*drain("www/us-east")), 3,
              "safety.max_capacity_removed is 40%", "66.7%", "26.7 points too many")
        wants("the last of a jurisdiction", f.alice(*drain("www/eu-central")), 3, "residency", "gdpr")
        wants("the same, to be approved", f.alice(*drain("www/eu-central", "--approval")), 3, "residency", "gdpr")
        if f.held():
            raise Failed(f"what residency refuses is held: {f.held()}")

        wants("capacity, to be approved", f.alice(*drain("www/us-east", "--approval")), 8, "Held", "max_capacity_removed")
        if not f.both(fleet.NEW_YORK, "us-east"):
            raise Failed("a held command changed an answer")
        wants("status", f.windrose("status", "--node", f.rig.path("steer1.sock"), check=False), 0, "held ", "by alice")
        wants("what one may force", f.alice(*drain("www/us-east", "--force", "--dry-run")), 0, "FORCED, past a safety rule",
              "max_capacity_removed")
        wants("what nobody may", f.alice(*drain("www/eu-central", "--force")), 3, "residency", "gdpr")
        wants("by the same key", f.windrose(*approve(f), "--author", "bob", "--bus", f.bus, "--key", f.person_key,
                                            check=False), 3, "another person")
        wants("by the same name", f.bob(*approve(f), author="alice"), 3, "another person")
        wants("by a second person", f.bob(*approve(f)), 0, "Done")
        until("clients have moved", 10, lambda: f.both(fleet.NEW_YORK, "eu-central"))
        if f.held():
            raise Failed(f"it is held still: {f.held()}")

        f.alice("undrain", "www/us-east", "--reason", "over", "--yes")
        wants("forced", f.alice(*drain("www/us-east", "--force")), 0, "FORCED", "max_capacity_removed", "Done")
        wants("and seen", f.windrose("status", "--node", f.rig.path("steer1.sock"), check=False), 0,
              "drain www/us-east FORCED past a safety rule by alice")
        wants("and told", f.windrose("history", "--node", f.rig.path("steer1.sock"), check=False), 0,
              "alice forced c-", "safety.max_capacity_removed is 40%")
        f.alice("undrain", "www/us-east", "--reason", "over", "--yes")
        f.alice("undrain", "www/eu-west", "--reason", "over", "--yes")
        wants("one that is alone", f.alice(*drain("www/us-east")), 0, "Done")
        f.alice("undrain", "www/us-east", "--reason", "over", "--yes")
        wants("a kind that is always confirmed",
              f.alice("weight", "www/us-east", "0", "--reason", "INC-2", "--for", "10m", "--yes"), 8, "safety.confirm", "Held")
        wants("it goes through", f.bob(*approve(f, "agreed")), 0, "Done")
        until("New York has moved", 10, lambda: f.neither(fleet.NEW_YORK, "us-east"))

        weight = f.status("steer1")["plan"]["commands"][-1]["id"]
        wants("ended by one", f.alice("cancel", weight, "--reason", "over", "--yes"), 0, "Done")
        wants("but not undone by one", f.alice("undo", "--reason", "not over", "--yes"), 8,
              "safety.confirm: weight", "Held")

        events = [json.loads(line)["event"] for line in open(rig.path("steer1.jsonl"))]
        approved = [e for e in events if e["kind"] == "approved"]
        if [e["who"] for e in approved] != ["bob", "bob"] or any("of alice" not in e["what"] for e in approved) or any(
                " and " not in e["after"] for e in approved):
            raise Failed(f"the history does not have both: {approved}")
        note(f"in the history: {approved[0]['who']} approved {approved[0]['what']}, {approved[0]['after']}")

        f.start_steer("steer2")
        wants("held before a takeover", f.alice(
            "weight", "www/us-east", "0", "--reason", "INC-3", "--for", "10m", "--yes"), 8, "Held", "safety.confirm")
        waits = f.held()[-1]["command"]["id"]
        until("the standby has it", 10, lambda: waits in [
            h["command"]["id"] for h in f.status("steer2").get("plan", {}).get("held", [])])
        f.rig.stop("steer1", signal.SIGKILL)
        until("steer2 leads", 20, lambda: f.leads("steer2"))
        wants("not by the same key", f.alice("approve", waits, "--reason", "me again", "--yes"), 3, "another person")
        wants("approved after it", f.bob("approve", waits, "--reason", "I looked", "--yes"), 0, "Done",
              "answers have moved, drained in", "the last clients are off in about")
        until("clients have moved again", 10, lambda: f.neither(fleet.NEW_YORK, "us-east"))


if __name__ == "__main__":
    main(test)
