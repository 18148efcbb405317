#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Game days on a whole fleet, with a real Redis and HAProxy: one runs to its
end; others are aborted, by errors that clients see, by a person, by an endpoint
that dies elsewhere, by the leader's death; each leaves its report."""

import http.client
import json
import signal
import threading

from fleet import NEW_YORK, REGIONS, Fleet
from rig import Failed, Rig, main, note, until


class Crowd(threading.Thread):
    """Asks through HAProxy; by METHOD, which a plain web server refuses with 501 when it is DELETE."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.method, self.over = port, "GET", threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.005):
            try:
                c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                c.request(self.method, "/healthz")
                c.getresponse().read()
                c.close()
            except OSError:
                pass  # an endpoint dies in this test


class Days(Fleet):
    def leader(self):
        return next((s for s in ("steer1", "steer2") if s in self.rig.running and self.leads(s)), None)

    def wants(self, what, status, words, *argv):
        got, out, err = self.person(*argv, check=False)
        missing = [w for w in words if w not in out + err]
        if got != status or missing:
            raise Failed(f"{what}: exit {got}, wanted {status}; not there: {missing}: {out}{err}")
        return out + err

    def begin(self, *options):
        argv = ("drill", "region-loss", "us-east", "--reason", "game day", *options)
        out = self.wants("a drill", 0, ["Done: 3 of 3 nodes have it"], *argv, "--yes")
        if not self.neither(NEW_YORK, "us-east") or self.haproxy_weights()["us-east"] != 0:
            raise Failed(f"us-east has clients: {out}")

    def commands(self):
        leader = self.leader()
        return self.status(leader)["plan"].get("commands", []) if leader else None

    def over(self, what):
        _, took = until(what, 30, lambda: self.commands() == [] and self.both(NEW_YORK, "us-east")
                        and self.haproxy_weights()["us-east"] == 100)
        return took

    def reports(self, *words):
        """The report has its score, and these words."""
        until("the report is complete", 20, lambda: "Score: " in self.person("drill", "report", "last", check=False)[1])
        return self.wants("report", 0, words, "drill", "report", "last")


def refused(f):
    for argv, status, words in (
            (("drill", "us-east", "--reason", "x"), 2, "region-loss"),
            (("drill", "region-loss", "us-east"), 2, "--reason"),
            (("drill", "region-loss", "us-east", "--reason", "x", "--abort-when", "errors"), 2, "errors>1%"),
            (("drill", "region-loss", "mars", "--reason", "x", "--yes"), 3, "mars"),
            (("drill", "abort", "us-east", "--reason", "x", "--yes"), 3, "no drill of us-east"),
            (("drill", "report", "last"), 1, "no drill")):
        f.wants(" ".join(argv), status, [words], *argv)
    f.wants("what it would do", 0, ["us-east", "less"], "drill", "region-loss", "us-east", "--reason", "x", "--dry-run")
    got, out, err = f.windrose("drill", "region-loss", "us-east", "--reason", "x", "--yes", "--node",
                               f.rig.path("dns1.sock"), check=False)
    if got != 3 or "for the agent" not in err:
        raise Failed(f"a responder alone plays: {got} {out}{err}")
    if f.commands() or not f.both(NEW_YORK, "us-east"):
        raise Failed("what was refused has changed something")


def to_its_end(f):
    until("the edge tells of requests", 20, lambda: f.person(
        "drill", "region-loss", "us-east", "--reason", "x", "--abort-when", "errors>1%", "--dry-run", check=False)[0] == 0)
    f.begin("--for", "8s", "--abort-when", "errors>1%")
    f.wants("status", 0, ["DRILL us-east by", "game day"], "status")
    f.wants("another one", 3, ["a drill of us-east by"], "drill", "region-loss", "eu-west", "--reason", "x", "--yes")
    out = f.windrose("explain", f.rig.path("policy"), "--client", NEW_YORK.split("/")[0], "--service", "www",
                     "--node", f.rig.path("dns1.sock"))[1]
    if "by command drill-" not in out:
        raise Failed(f"explain does not say that it is a drill: {out}")
    f.over("its time is over, and us-east has its clients again")
    text = f.reports("# Drill: loss of us-east", "It ran to its end.  Score: ", "| moved |", "| load us-east | 0.0 % | ",
                     "| load eu-west | ", "| errors www | at most 1 % | 0.00 %", "| ended |", "its time is over", "| back |")
    note("of one to its end: " + next(line for line in text.splitlines() if "Score" in line))
    f.wants("history", 0, ["drill us-east", "game day"], "history", "--count", "50")


def errors(f, crowd):
    f.begin("--for", "10m", "--abort-when", "errors>1%")
    crowd.method = "DELETE"
    took = f.over("clients see errors, and it is aborted")
    crowd.method = "GET"
    note(f"from the first failed request to us-east's clients back at all responders and HAProxy: {took:.2f} s")
    f.reports("ABORTED: errors of www: ", "the limit is 1 %")


def by_a_person(f):
    f.begin("--for", "10m")
    f.wants("an abort", 0, ["Done: 3 of 3 nodes have it"], "drill", "abort", "us-east", "--reason", "lunch", "--yes")
    f.over("a person aborts it")
    f.reports("ABORTED: by ", "drill abort us-east")


def trouble(f):
    f.begin("--for", "10m")
    f.rig.stop("eu-central", signal.SIGKILL)
    took = f.over("another endpoint dies, and it is aborted")
    note(f"from an endpoint's death elsewhere to us-east's clients back: {took:.2f} s")
    f.reports("ABORTED: www/eu-central is down, which is no drill")
    f.wants("not the day for it", 3, ["www/eu-central is down already"], "drill", "region-loss", "us-east", "--reason", "x",
            "--yes")
    f.rig.web("eu-central", REGIONS["eu-central"][0], f.web_port)
    well(f)


def leader_dies(f):
    f.begin("--for", "10m")
    old = f.leader()
    f.rig.stop(old, signal.SIGKILL)
    until("another agent leads", 20, f.leader)
    f.over("and ends what it has not begun")
    out = f.wants("history", 0, ["aborted", "another agent leads now"], "history", "--count", "50")
    if json.dumps(f.commands()) != "[]":
        raise Failed(f"it goes on: {out}")


def well(f):
    until("all is up, and everyone has the plan", 60, lambda: f.leader() and all(
        f.node(n).get("plan_epoch", 0) > 0 for n in ("dns1", "dns2", "edge")) and all(
        e["verdict"] == "up" and e["share"] == 1 for s in f.status(f.leader())["services"] for e in s["endpoints"]
        if not e["endpoint"].startswith("v2")))


def test():
    with Rig() as rig:
        f = Days(rig)
        f.start_all()
        until("both responders answer", 30, lambda: f.both(NEW_YORK, "us-east"))
        well(f)
        crowd = Crowd(f.http_port)
        refused(f)
        to_its_end(f)
        errors(f, crowd)
        by_a_person(f)
        trouble(f)
        leader_dies(f)
        crowd.over.set()
        crowd.join()


main(test)
