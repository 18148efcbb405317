#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Clients of a set are held to a region, by the whole fleet: those and nobody
else move, residency keeps who may not, the death of what they are held to moves
them on, and each way in which a pin ends moves them back."""

import json
import os
import signal
import threading
import time

import fleet
from rig import Failed, Rig, main, note, until

LONDON, OTHER_LONDON = fleet.LONDON, "81.2.70.0/24"
GERMANY, IRELAND, NEW_YORK = "84.128.0.0/24", "86.40.0.0/24", fleet.NEW_YORK
USUAL = {LONDON: "eu-west", OTHER_LONDON: "eu-west", IRELAND: "eu-west", GERMANY: "eu-central", NEW_YORK: "us-east"}
PATIENCE = 30

SETS = """
clients:
  europeans: eea
  partners: [81.2.69.0/24]
  abroad: [81.2.69.0/24, IE, DE]
  unseen: [203.0.113.0/24]
residency:
  gdpr: {clients: europeans, within: eu, none_healthy: serve-unhealthy}
"""


class Pinned(fleet.Fleet):
    def __init__(self, rig):
        super().__init__(rig)
        text = fleet.policy(self.web_port)
        rig.write("policy/policy.yaml", text[:text.index("canaries:")] + "safety:\n  max_override: 24h\n" + SETS)

    def sent(self, name):
        return {client: self.region(name, client) for client in USUAL}

    def all_as(self, moved):
        """Both responders, all clients: as usual, but for the moved."""
        return all(self.sent(n) == {**USUAL, **moved} for n in self.dns_ports)

    def wants(self, what, moved):
        if not self.all_as(moved):
            raise Failed(f"{what}: {[self.sent(n) for n in self.dns_ports]}")

    def pin(self, *argv, reason="INC-414", check=True):
        return self.person("pin", "www", *argv, "--reason", reason, "--yes", check=check)

    def in_force(self):
        return self.status("steer1")["plan"]["commands"]

    def cancel(self):
        for c in self.in_force():
            self.person("cancel", c["id"], "--reason", "over", "--yes")


def says(what, got, status, *words):
    if got[0] != status or not all(w in got[1] + got[2] for w in words):
        raise Failed(f"{what}: exit {got[0]}, not {status} with {words}: {got[1]}{got[2]}")


def pinned(f):
    """Predicted, done, told, explained."""
    out = f.person("pin", "www", "--clients", "partners", "--to", "us-east", "--reason", "look", "--dry-run",
                   "--json")[1]
    moved = json.loads(out)["prediction"]["services"][0]["moved_pct"]
    if not 0 < moved < 50:
        raise Failed(f"a dry run says that {moved} % move: {out}")
    f.wants("a dry run", {})
    done = {}
    asker = threading.Thread(target=lambda: done.update(got=f.pin("--clients", "partners", "--to", "us-east", "--json",
                                                                  check=False)))
    asker.start()
    _, took = until("both responders send partners to us-east", PATIENCE, lambda: f.both(LONDON, "us-east"))
    asker.join()
    says("pin", done["got"], 0)
    answer = json.loads(done["got"][1].strip().splitlines()[-1])
    note(f"windrose pin, from its start, to both responders: {1000 * took:.0f} ms; {answer['nodes_have']} of "
         f"{answer['nodes_all']} nodes after {answer['took_ms']} ms; {moved} % of clients were to move")
    f.wants("nobody else moves", {LONDON: "us-east"})
    says("status", f.windrose("status", "--node", f.rig.path("steer1.sock")), 0, "pin www of partners to us-east by ")
    says("history", f.person("history", "--count", "5"), 0, "pin www of partners to us-east")
    pins = f.status("dns1")["services"][0]["pins"]
    if [(p["clients"], p["to"], p["reason"]) for p in pins] != [("partners", ["us-east"], "INC-414")]:
        raise Failed(f"a responder tells other pins: {pins}")
    explained = f.windrose("explain", f.rig.path("policy"), "--node", f.rig.path("dns1.sock"), "--service", "www",
                           "--client", "81.2.69.1")
    says("explain", explained, 0, "commanded", "of clients partners by ", "(INC-414)")


def held_by_residency(f):
    got = f.pin("--clients", "europeans", "--to", "us-east", check=False)
    says("out of the EEA", got, 3, "pin: www of clients europeans to us-east: residency leaves that to none of them")
    f.wants("what was refused", {LONDON: "us-east"})
    f.cancel()
    says("some of them", f.pin("--clients", "abroad", "--to", "us-east"), 0, "residency keeps some of them from there")
    f.wants("only who may be moved is", {LONDON: "us-east"})
    says("inside of it", f.pin("--clients", "europeans", "--to", "eu-central"), 0)
    f.wants("inside of it", {LONDON: "us-east", IRELAND: "eu-central"})
    f.cancel()
    f.wants("all are cancelled", {})
    for argv, wanted, words in (
            (("--clients", "martians", "--to", "us-east"), 3, '"martians" is not a client set'),
            (("--clients", "partners", "--to", "mars"), 3, 'no endpoint "mars"'),
            (("--clients", "partners"), 2, "--to REGION|ENDPOINT")):
        says("refused", f.pin(*argv, check=False), wanted, words)


def newest_counts(f):
    f.pin("--clients", "abroad", "--to", "us-east")
    f.pin("--clients", "partners", "--to", "eu-central")
    f.wants("the newer of two", {LONDON: "eu-central"})
    f.pin("--clients", "partners", "--to", "us-east")
    if len(f.in_force()) != 2:
        raise Failed(f"a second pin of a set does not take the first one's place: {f.in_force()}")
    f.person("undo", "--reason", "no", "--yes")
    f.wants("undone, the one before is back", {LONDON: "eu-central"})
    f.cancel()


def endpoint_dies(f):
    f.pin("--clients", "partners", "--to", "us-east")
    f.rig.stop("us-east", signal.SIGKILL)
    _, took = until("partners move on", PATIENCE, lambda: f.both(LONDON, "eu-west"))
    note(f"what is pinned to died: partners are elsewhere after {took:.2f} s")
    says("to what is down", f.pin("--clients", "abroad", "--to", "us-east", check=False), 3, "that is down or drained")
    f.rig.web("us-east", fleet.REGIONS["us-east"][0], f.web_port)
    until("partners are back", 60, lambda: f.all_as({LONDON: "us-east"}))
    f.person("drain", "www/us-east", "--reason", "INC-415", "--for", "5m", "--yes")
    until("a drain beats a pin", PATIENCE, lambda: f.both(LONDON, "eu-west") and f.neither(NEW_YORK, "us-east"))
    f.person("undrain", "www/us-east", "--reason", "INC-415", "--yes")
    until("all are back", PATIENCE, lambda: f.all_as({LONDON: "us-east"}))
    f.cancel()


def expires(f):
    began = time.monotonic()
    f.pin("--clients", "partners", "--to", "eu-central", "--for", "6s")
    until("its own end comes", PATIENCE, lambda: f.all_as({}))
    note(f"a pin for 6 s was over {time.monotonic() - began:.1f} s after it was asked for")
    until("the agent says so", PATIENCE, lambda: not f.in_force())


def break_glass(f):
    sock = f.rig.path("dns2.sock")
    f.windrose("pin", "www", "--clients", "partners", "--to", "us-east", "--reason", "INC-416", "--for", "10m", "--yes",
               "--node", sock)
    until("dns2 alone obeys", PATIENCE, lambda: f.region("dns2", LONDON) == "us-east")
    if f.region("dns1", LONDON) != "eu-west" or f.sent("dns2") != {**USUAL, LONDON: "us-east"}:
        raise Failed("break-glass reached another, or moved another")
    until("the agent hears of it", PATIENCE, lambda: "pin www of partners to us-east" in json.dumps(
        f.status("steer1")["nodes"]))
    f.rig.stop("dns2")
    f.start_dns("dns2")
    until("a restart keeps it", PATIENCE, lambda: f.region("dns2", LONDON) == "us-east")
    f.windrose("cancel", f.status("dns2")["local"][0]["id"], "--reason", "over", "--yes", "--node", sock)
    until("it is cancelled", PATIENCE, lambda: f.all_as({}))
    got = f.windrose("pin", "www", "--clients", "partners", "--to", "us-east", "--reason", "INC-416", "--yes", "--node",
                     f.rig.path("edge.sock"), check=False)
    says("of an edge", got, 3, "an edge does not know which client set a client is in")


def test():
    with Rig() as rig:
        f = Pinned(rig)
        f.start_all()
        until("all is well", 60, lambda: f.all_as({}) and all(
            f.node(n).get("plan_epoch", 0) > 0 for n in ("dns1", "dns2", "edge")) and all(
            e["verdict"] == "up" for s in f.status("dns1")["services"] for e in s["endpoints"]))
        for part in (pinned, held_by_residency, newest_counts, endpoint_dies, expires, break_glass):
            part(f)
        if not os.path.exists(rig.path("dns1.keep")) or not all(map(rig.alive, ("dns1", "dns2", "steer1", "edge"))):
            raise Failed("somebody is gone")


if __name__ == "__main__":
    main(test)
