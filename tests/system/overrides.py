#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What people can say to a fleet beyond a drain, on a real Redis.

A freeze: an endpoint that died is left out, and is not given its clients back
when it is well again, also by an agent that takes over, until it is over.  An
undo: of a drain, of an undrain that another agent carried out, of what the agent
did by itself; and what cannot be undone says why.  And what the agent
would move at once by itself, and may not."""

import json
import re
import signal
import urllib.request

import fleet
from fleet import LONDON, NEW_YORK, REGIONS
from rig import Failed, Rig, main, note, until


class Overrides(fleet.Fleet):
    def start_all(self):
        self.start_ground()
        for name in self.dns_ports:
            self.start_dns(name, "--explain-to", "127.0.0.1")
        self.start_health()
        self.metrics = self.rig.port()
        self.start_steer("steer1", "--metrics", str(self.metrics))
        until("steer1 leads", 20, lambda: self.leads("steer1"))
        self.start_steer("steer2")
        until("both responders answer, and all is up", 30, lambda: self.both(LONDON, "eu-west") and all(
            e["verdict"] == "up" for s in self.status("dns1")["services"] for e in s["endpoints"]))

    def scrape(self):
        """What steer1 tells of itself, a sample each."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=10) as page:
            return dict(line.rsplit(" ", 1) for line in page.read().decode().splitlines() if not line.startswith("#"))

    def leader(self):
        return next(s for s in ("steer1", "steer2") if s in self.rig.running and self.leads(s))

    def endpoint(self, name):
        return next(e for s in self.status(self.leader())["services"] for e in s["endpoints"] if e["endpoint"] == name)

    def wants(self, what, status, words, *argv):
        """A command, its exit status, and what it says."""
        got, out, err = self.person(*argv, check=False)
        if got != status or any(w not in out + err for w in words):
            raise Failed(f"{what}: exit {got}, wanted {status} and {words}: {out}{err}")
        return out + err

    def does(self, *argv):
        return self.wants(" ".join(argv), 0, [], *argv, "--yes")


def explained(f):
    """Why nothing moves, from a responder: as text, as JSON and over DNS."""
    words = ["explain", f.rig.path("policy"), "--client", LONDON.split("/")[0], "--service", "www", "--node",
             f.rig.path("dns1.sock")]
    until("a responder knows of the freeze", 10, lambda: re.search(
        r"^frozen   www by command c-\S+ of \S+ \(INC-7\) until 20\S+Z: nothing comes back", f.windrose(*words)[1], re.M))
    told = json.loads(f.windrose(*words, "--json")[1])["freezes"]
    if [(c["target"], c["reason"]) for c in told] != [("www", "INC-7")] or not told[0]["author"]:
        raise Failed(f"explain --json tells {told}")
    lines = f.rig.run("dig", "@127.0.0.1", "-p", str(f.dns_ports["dns1"]), "+tcp", "+short", "CH", "TXT",
                      "_explain.www.gslb.example.com")[1]
    if f'"frozen: www by command {told[0]["id"]} of {told[0]["author"]} (INC-7) until {told[0]["until"]}' not in lines:
        raise Failed(f"over DNS: {lines}")


def freeze(f):
    f.wants("frozen by no reason", 2, ["--reason"], "freeze", "all", "--yes")
    f.wants("a freeze of nothing", 3, ["nor SERVICE/CANARY"], "freeze", "mars", "--reason", "x", "--yes")
    said = f.does("freeze", "www", "--reason", "INC-7", "--for", "10m")
    if "No client moves." not in said:
        raise Failed(f"a freeze moves clients: {said}")
    f.wants("status", 0, ["FROZEN by c-", "freeze www by", "INC-7"], "status")
    explained(f)
    f.wants("a canary under it", 3, ["v2 is frozen by"], "canary", "start", "v2", "--reason", "x", "--yes")
    address = REGIONS["eu-west"][0]
    f.rig.stop("eu-west", signal.SIGKILL)
    _, took = until("frozen, what died is left out all the same", 15, lambda: f.neither(LONDON, "eu-west"))
    note(f"frozen: from an endpoint's death to the last responder's changed answer: {took:.2f} s")
    f.rig.web("eu-west", address, f.web_port)
    until("it is seen to be up", 20, lambda: f.endpoint("eu-west")["verdict"] == "up")
    old, new = f.leader(), "steer2" if f.leader() == "steer1" else "steer1"
    f.rig.stop(old, signal.SIGKILL)
    until("another agent leads", 20, lambda: f.leads(new))
    made = f.status(new)["plan"]["wall_made_ms"]
    # The policy's hold and ramp are 3 s together.
    until("six seconds of plans", 30, lambda: f.status(new)["plan"]["wall_made_ms"] > made + 6000)
    e = f.endpoint("eu-west")
    if e["cause"] != "hold" or e["share"] > 0.06 or not f.both(LONDON, "eu-central"):
        raise Failed(f"it came back though it was frozen: {e}")
    f.does("unfreeze", "www", "--reason", "INC-7 is over")
    _, took = until("unfrozen, it comes back", 15, lambda: f.both(LONDON, "eu-west") and f.endpoint("eu-west")["share"] == 1)
    note(f"unfrozen to all its clients back: {took:.2f} s (a ramp of 2 s)")
    f.wants("unfrozen twice", 3, ["not frozen by that name"], "unfreeze", "www", "--reason", "x", "--yes")
    f.start_steer(old)


def watched(f):
    """What a responder showed of all that, and what the agents did."""
    def lines():
        with open(f.rig.path("watch.log")) as log:
            return [json.loads(line) for line in log if line.startswith("{")]

    def seen(kind, what, after):
        return any((w["kind"], w["what"], w["after"]) == (kind, what, after) for w in lines())

    until("watch has the death, the hold and the end of it", 10, lambda: seen("health", "www/eu-west", "down") and seen(
        "health", "www/eu-west", "up"))
    with open(f.rig.path("watch2.log")) as log:
        text = log.read()
    for words in ("command c-", "freeze www by", "freeze www: nothing -> c-", "health www/eu-west: up -> down",
                  "leader: steer", "share www/eu-west: "):
        if words not in text:
            raise Failed(f"watch does not tell {words!r}: {text}")
    for name in ("watch", "watch2"):
        if f.rig.stop(name, signal.SIGINT) != -signal.SIGINT:
            raise Failed(f"{name} did not end by the signal")


def last_change(f):
    return f.status(f.leader())["plan"]["changes"][-1]["id"]


def undo(f):
    said = f.does("drain", "us-east", "--reason", "INC-8", "--for", "10m")
    if "answers have moved, drained in" not in said:
        raise Failed(f"a drain does not say when it is done: {said}")
    f.wants("nor does status", 0, ["answers have moved, drained in", "the last clients are off in about 1m"], "status")
    drain = last_change(f)
    until("us-east is drained", 5, lambda: f.neither(NEW_YORK, "us-east"))
    f.wants("what it would do", 0, [f"Takes back {drain}: drain us-east, by", "less"], "undo", "--reason", "x", "--dry-run")
    f.does("undo", "--reason", "it was the wrong one")
    until("and is not any more", 5, lambda: f.both(NEW_YORK, "us-east"))
    f.wants("undone twice", 3, ["is not in force any more"], "undo", drain, "--reason", "x", "--yes")
    f.does("undo", "--reason", "it was the right one after all")
    until("undone, the undo drains it again", 5, lambda: f.neither(NEW_YORK, "us-east"))
    f.does("undrain", "us-east", "--reason", "INC-8 is over")
    undrain = last_change(f)
    old, new = f.leader(), "steer2" if f.leader() == "steer1" else "steer1"
    f.rig.stop(old)
    until("another agent leads", 20, lambda: f.leads(new))
    f.does("undo", undrain, "--reason", "it is not over")
    until("the drain is in force again", 5, lambda: f.neither(NEW_YORK, "us-east"))
    f.does("undrain", "us-east", "--reason", "now it is")
    f.start_steer(old)
    machine = next(c for c in f.status(new)["plan"]["changes"] if c.get("machine") and c["what"] == "www/eu-west")
    f.does("freeze", "www", "--reason", "so that it waits")
    f.does("undo", machine["id"], "--reason", "it is not well")
    if f.endpoint("eu-west")["cause"] != "hold":
        raise Failed(f"an undone failback goes on: {f.endpoint('eu-west')}")
    f.wants("history", 0, [f"undo of {machine['id']}: www/eu-west by steer", f"undo of {undrain}: undrain us-east by"],
            "history", "--count", "40")
    f.does("unfreeze", "www", "--reason", "it is")
    until("it comes back once more", 15, lambda: f.both(LONDON, "eu-west"))


def surge(f):
    """A failback without a ramp is more than the agent may move at once: one person lets it happen."""
    text = fleet.policy(f.web_port).replace("ramp: 2s", "ramp: 0s").replace("safety:", "safety:\n  max_change: 1%")
    f.rig.write("policy/policy.yaml", text)
    f.start_all()
    f.rig.stop("eu-west", signal.SIGKILL)
    until("what died is left out, whatever share that is", 15, lambda: f.neither(LONDON, "eu-west"))
    f.rig.web("eu-west", REGIONS["eu-west"][0], f.web_port)
    until("its way back is held", 30, lambda: f.status(f.leader()).get("held_back"))
    waits = f.status(f.leader())["held_back"][0]
    if f.endpoint("eu-west")["cause"] != "hold" or not f.neither(LONDON, "eu-west"):
        raise Failed(f"it came back though it is held: {f.endpoint('eu-west')}")
    f.wants("status", 0, [f"held back {waits['id']} of www", "safety.max_change is 1 %"], "status")
    told, since = f.scrape(), 'windrose_steer_held_since_timestamp_seconds{reason="max-change"}'
    if told['windrose_steer_held{reason="max-change"}'] != "1" or abs(
            float(told['windrose_steer_held_step_ratio{service="www"}']) * 100 - waits["pct"]) > 0.1 or abs(
            float(told[since]) * 1000 - waits["wall_since_ms"]) > 1:
        raise Failed(f"metrics do not tell what is held: {told}")
    f.wants("what it would do", 0, ["eu-west", "more"], "approve", waits["id"], "--reason", "x", "--dry-run")
    f.does("approve", waits["id"], "--reason", "it is well")
    _, took = until("approved, it is back", 10, lambda: f.both(LONDON, "eu-west"))
    if f.scrape()['windrose_steer_held{reason="max-change"}'] != "0":
        raise Failed("metrics tell that it is held still")
    note(f"held back {waits['pct']:.1f} % of the clients; approved to both responders' answers: {took:.2f} s")


def test():
    with Rig() as rig:
        surge(Overrides(rig))
    with Rig() as rig:
        f = Overrides(rig)
        f.start_all()
        rig.start("watch", rig.program("windrose"), "watch", "--json", "--node", rig.path("dns1.sock"))
        rig.start("watch2", rig.program("windrose"), "watch", "--bus", f.bus, "--key", f.person_key)
        freeze(f)
        watched(f)
        undo(f)


if __name__ == "__main__":
    main(test)
