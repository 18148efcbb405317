#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What only users see: /healthz is green, and what users ask for fails with 500.
Two real HAProxys with an edge each, two vantages, a quorum of both.  The breaker
opens, DNS moves, the trial takes two of a hundred clients and fails with them;
the application recovers, and they close it.  HAProxy and an edge are restarted
in between, and in the end both edges fall silent: then probes have the last
word."""

import http.server
import json
import random
import re
import socket
import threading

from rig import Failed, Rig, addresses, ask, main, note, until

ZONE = "gslb.example.com"
WWW = "www." + ZONE
REGIONS = {
    "us-east": ("127.0.4.1", "[38.95, -77.45]"),
    "us-west": ("127.0.4.2", "[45.6, -121.2]"),
    "eu-west": ("127.0.4.3", "[53.35, -6.26]"),
}
ILL = "us-east"  # what fails its users
CLIENTS = [f"{n}.{i}.0/24" for n in ("71.96", "66.108", "73.8") for i in range(256)]  # nearest to it
EDGES = ("a", "b")

POLICY = """
zone: {{name: {zone}, nameservers: [ns1.example.net], contact: hostmaster.example.com}}
geo: {{databases: [city-ipv4.mmdb, city-ipv6.mmdb]}}
regions:
{regions}
vantages: {{one: {{location: [50.11, 8.68]}}, two: {{location: [38.95, -77.45]}}}}
checks:
  web:
    type: http
    port: {port}
    path: /healthz
    interval: 1s
    timeout: 800ms
    confirm: 250ms
    breaker: {{open_for: 2s, max_open_for: {trial}, half_open_probes: 2, damping: {{openings: 0}}}}
    passive: {passive}
services:
  www:
    steer: geo
    ttl: {{steady: 60s, changing: 5s}}
    check: web
    failback: {{mode: auto, hold: 1s, ramp: 1s}}
    endpoints:
{endpoints}
"""

HAPROXY = """
global
    stats socket {socket} level admin mode 600
defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 10s
frontend www
    bind 127.0.0.1:{port}
    default_backend www
backend www
{rules}
{servers}
"""


class Application(http.server.ThreadingHTTPServer):
    """/healthz is always well; what else there is fails when it is ill."""
    daemon_threads = True
    request_queue_size = 128

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            ill = self.server.ill and self.path != "/healthz"
            self.send_response(500 if ill else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def __init__(self, address, port):
        super().__init__((address, port), Application.Handler)
        self.ill = False
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Users(threading.Thread):
    """Clients that ask DNS, and then an edge for the endpoint they were told."""

    def __init__(self, fleet):
        super().__init__(daemon=True)
        self.fleet, self.over, self.idle = fleet, threading.Event(), threading.Event()
        self.asked = self.failed = self.there = 0
        self.trouble = None

    def one(self, random_one):
        f = self.fleet
        got = f.region(random_one.choice(CLIENTS))
        edge = random_one.choice(EDGES)
        with socket.create_connection(("127.0.0.1", f.ports[edge]), timeout=5) as s:
            s.sendall(f"GET / HTTP/1.0\r\nX-Endpoint: {got}\r\n\r\n".encode())
            status = s.makefile("rb").readline().split()[1]
        self.asked += 1
        self.there += got == ILL
        self.failed += status == b"500"

    def run(self):
        random_one = random.Random(5)
        while not self.over.wait(0.002):
            if self.idle.is_set():
                continue
            try:
                self.one(random_one)
            except (OSError, IndexError) as e:  # HAProxy is restarted: nobody's failure here
                self.trouble = e

    def end(self):
        self.over.set()
        self.join()


class Fleet:
    Application = Application

    def __init__(self, rig):
        self.rig = rig
        self.redis, self.dns = rig.port(), rig.port()
        self.web = rig.port("127.0.4.1")
        self.ports = {e: rig.port() for e in EDGES}
        self.bus = f"redis://127.0.0.1:{self.redis}/test"
        self.plan_key, self.plan_pub = rig.keypair("plan")
        self.keys = {e: rig.keypair("edge-" + e) for e in EDGES}
        self.write_policy("60s")
        rig.geo(rig.path("policy"))
        self.applications = {r: self.Application(a, self.web) for r, (a, _) in REGIONS.items()}

    def write_policy(self, trial, passive="{weight: 10, min_requests: 10, edges: 2}"):
        self.rig.write("policy/policy.yaml", POLICY.format(
            zone=ZONE, port=self.web, trial=trial, passive=passive,
            regions="\n".join(f"  {r}: {{location: {at}}}" for r, (_, at) in REGIONS.items()),
            endpoints="\n".join(f"      {r}: {{A: {a}}}" for r, (a, _) in REGIONS.items())))

    def start(self):
        r = self.rig
        for e in EDGES:
            servers = "\n".join(f"    server {n} {a}:{self.web} weight 100" for n, (a, _) in REGIONS.items())
            rules = "\n".join(f"    use-server {n} if {{ req.hdr(x-endpoint) {n} }}" for n in REGIONS)
            r.write(f"haproxy-{e}.cfg", HAPROXY.format(socket=r.path(f"haproxy-{e}.sock"), port=self.ports[e],
                                                       rules=rules, servers=servers))
            self.start_haproxy(e)
        self.start_daemons(*(w for e in EDGES for w in ("--trust-edge", f"edge-{e}={self.keys[e][1]}")))
        for e in EDGES:
            self.start_edge(e)

    def start_daemons(self, *health):
        r = self.rig
        r.redis(self.redis)
        r.start("dns", r.program("windrose-dns"), "--policy", r.path("policy"), "--workers", "1", "--name", "dns1",
                "--listen", f"127.0.0.1:{self.dns}", "--bus", self.bus, "--trust", self.plan_pub,
                "--control", r.path("dns.sock"))
        for vantage in ("one", "two"):
            r.start("health-" + vantage, r.program("windrose-health"), "--policy", r.path("policy"),
                    "--vantage", vantage, "--bus", self.bus, "--control", r.path(f"health-{vantage}.sock"), *health)
        r.start("steer", r.program("windrose-steer"), "--policy", r.path("policy"), "--name", "steer1",
                "--bus", self.bus, "--key", self.plan_key, "--people", self.plan_pub,
                "--journal", r.path("steer.jsonl"), "--keep", r.path("steer.keep"), "--control", r.path("steer.sock"))

    def start_haproxy(self, edge):
        self.rig.start("haproxy-" + edge, "haproxy", "-db", "-f", self.rig.path(f"haproxy-{edge}.cfg"))

    def start_edge(self, edge):
        r = self.rig
        r.start("edge-" + edge, r.program("windrose-edge"), "--bus", self.bus, "--trust", self.plan_pub,
                "--name", "edge-" + edge, "--haproxy", r.path(f"haproxy-{edge}.sock"), "--backend", "www=www",
                "--key", self.keys[edge][0], "--control", r.path(f"edge-{edge}.sock"))

    def region(self, subnet):
        got = addresses(ask(self.dns, WWW, subnet))
        return next((r for r, (a, _) in REGIONS.items() if [a] == got), None)

    def share(self):
        """Of the clients that are nearest to the ill one, those that DNS sends there."""
        return sum(self.region(c) == ILL for c in CLIENTS) / len(CLIENTS)

    def status(self, daemon):
        out = self.rig.run(self.rig.program("windrose"), "status", "--json", "--node",
                           self.rig.path(daemon + ".sock"), check=False)[1]
        return json.loads(out) if out else {}

    def target(self, vantage):
        return next((t for t in self.status("health-" + vantage).get("targets", []) if t["endpoint"] == ILL), {})

    def everywhere(self, condition):
        return all(condition(self.target(v)) for v in ("one", "two"))

    def seen(self):
        """How the responder sees the ill one."""
        return next(e for s in self.status("dns")["services"] for e in s["endpoints"] if e["endpoint"] == ILL)

    def believed(self):
        return all(sum(e["believed"] for e in self.status("health-" + v).get("edges", [])) == 2
                   for v in ("one", "two"))


def fails_alone(f, users):
    before = users.failed
    f.applications[ILL].ill = True
    _, took = until("both vantages open", 30, lambda: f.everywhere(lambda t: t.get("state") == "open"))
    _, more = until("DNS has left", 10, lambda: f.share() == 0)
    note(f"users fail, probes pass: out at both vantages after {took:.1f} s, out of DNS after {took + more:.1f} s, "
         f"{users.failed - before} requests failed")
    t = f.target("one")
    if not t["by_users"] or t["failing"] or sorted(t["user_edges"].split(", ")) != ["edge-a", "edge-b"]:
        raise Failed(f"not said to be by users: {t}")
    status = f.rig.run(f.rig.program("windrose"), "status", "--node", f.rig.path("steer.sock"))[1]
    why = f.rig.run(f.rig.program("windrose"), "explain", f.rig.path("policy"), "--service", "www",
                    "--client", "66.108.1.1", "--node", f.rig.path("dns.sock"))[1]
    for name, text in (("status", status), ("explain", why)):
        # In the order in which they were first heard.
        if not re.search(r"opened by users: .* requests failed at edges edge-(a, edge-b|b, edge-a)", text, re.S):
            raise Failed(f"windrose {name} does not tell of users: {text}")


def trial_fails(f, users):
    """Green probes lead to the trickle, the users in it back; nobody else was let in."""
    there = users.there
    until("a trickle", 60, lambda: f.everywhere(lambda t: t.get("trickle")) and f.seen()["trickle"])
    until("it fails and opens again", 60, lambda: f.everywhere(lambda t: t.get("state") == "open"))
    note(f"a trial while it still failed: {users.there - there} requests went there")


def trickle_is_small(f, users):
    users.idle.set()  # so that nobody ends the trial while clients are counted
    until("a trickle again", 60, lambda: f.everywhere(lambda t: t.get("trickle")) and f.seen()["trickle"])
    share = f.share()
    note(f"the trickle: {100 * share:.1f} % of {len(CLIENTS)} clients")
    if not 0.004 <= share <= 0.045:
        raise Failed(f"the trickle takes {100 * share:.1f} % of clients")
    if share != f.share():
        raise Failed("the trickle is not sticky")


def recovers(f, users):
    f.applications[ILL].ill = False
    users.idle.clear()
    _, took = until("users close it", 60, lambda: f.everywhere(lambda t: t.get("state") == "closed"))
    if f.target("one")["unjudged"]:
        raise Failed("closed without a word of users")
    _, more = until("DNS is back", 30, lambda: f.share() == 1)
    note(f"recovered: closed by users of the trickle after {took:.1f} s, all clients back {more:.1f} s later")


def restarts(f, users):
    """Counters that begin anew are no failures, nor are they counted twice."""
    f.rig.stop("haproxy-a")
    f.start_haproxy("a")
    f.rig.stop("edge-b")
    f.start_edge("b")
    until("both edges are believed", 30, f.believed)
    asked = users.asked
    until("some hundred requests more", 60, lambda: users.asked > asked + 500)
    if f.share() != 1 or f.target("one")["user_errors"]:
        raise Failed("restarts were taken for failures")


def silence(f):
    """No edge tells any more: what users opened is closed by probes after all."""
    f.applications[ILL].ill = True
    until("users open it again", 60, lambda: f.everywhere(lambda t: t.get("state") == "open"))
    for e in EDGES:
        f.rig.stop("edge-" + e)
    _, took = until("probes close it", 60, lambda: f.everywhere(
        lambda t: t.get("state") == "closed" and t.get("unjudged")))
    note(f"both edges silent: closed by probes, unjudged, after {took:.1f} s")


def test():
    with Rig() as rig:
        f = Fleet(rig)
        f.start()
        until("all is up", 30, lambda: f.share() == 1 and f.everywhere(lambda t: t.get("state") == "closed"))
        users = Users(f)
        users.start()
        until("both edges are believed", 30, f.believed)
        fails_alone(f, users)
        trial_fails(f, users)
        trickle_is_small(f, users)
        recovers(f, users)
        restarts(f, users)
        silence(f)
        users.end()
        for name in ("dns", "health-one", "health-two", "steer"):
            if rig.stop(name) != 0:
                raise Failed(f"{name} ended badly")


if __name__ == "__main__":
    main(test)
