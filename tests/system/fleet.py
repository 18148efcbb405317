#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""The whole fleet, joined by a real Redis: two responders, a prober, two agents,
an edge with a real HAProxy.  An endpoint dies, a region is drained, the leader
is killed, Redis is killed and comes back empty; clients of DNS are asked
throughout, and no answer may be missing."""

import json
import signal
import socket
import threading

from rig import Failed, Rig, addresses, ask, main, note, until

ZONE = "gslb.example.com"
WWW = "www." + ZONE
REGIONS = {
    "us-east": ("127.0.2.1", "[38.95, -77.45]", "us"),
    "eu-west": ("127.0.2.2", "[53.35, -6.26]", "eu"),
    "eu-central": ("127.0.2.3", "[50.11, 8.68]", "eu"),
}
LONDON, NEW_YORK = "81.2.69.0/24", "72.229.28.0/24"
CALIFORNIA = [f"73.162.{i}.0/24" for i in range(0, 256, 2)]
CANARY = "127.0.2.4"


def policy(port):
    """The policy of this fleet; endpoints listen on port."""
    regions = "\n".join(f"  {r}: {{location: {at}, jurisdictions: [{j}]}}" for r, (_, at, j) in REGIONS.items())
    endpoints = "\n".join(f"      {r}: {{A: {a}}}" for r, (a, _, _) in REGIONS.items())
    return f"""
zone:
  name: {ZONE}
  nameservers: [ns1.example.net, ns2.example.net]
  contact: hostmaster.example.com
geo:
  databases: [city-ipv4.mmdb, city-ipv6.mmdb]
regions:
{regions}
vantages:
  here: {{location: [50.11, 8.68]}}
checks:
  web:
    type: http
    port: {port}
    path: /healthz
    interval: 1s
    timeout: 500ms
    confirm: 250ms
    breaker: {{consecutive: 3, open_for: 1s, max_open_for: 5s, half_open_probes: 2}}
    quorum: 1
services:
  www:
    steer: geo
    ttl: {{steady: 60s, changing: 10s}}
    check: web
    failback: {{mode: auto, hold: 1s, ramp: 2s}}
    endpoints:
{endpoints}
canaries:
  v2:
    service: www
    endpoints: {{us-east: {{A: {CANARY}}}}}
    stages: [{{regions: us-east, percent: [10%, 50%, 100%], bake: 0s}}]
safety:
  max_override: 24h
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
    balance roundrobin
{servers}
"""


class Watcher(threading.Thread):
    """Asks a responder all the time; counts what was not answered."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.over = port, threading.Event()
        self.asked = self.missed = 0

    def run(self):
        while not self.over.wait(0.01):
            self.asked += 1
            try:
                if not addresses(ask(self.port, WWW, LONDON)):
                    self.missed += 1
            except Exception:  # whatever it is, it is not an answer
                self.missed += 1

    def end(self):
        self.over.set()
        self.join()
        return self.asked, self.missed


class Fleet:
    """What runs, and questions to it."""

    def __init__(self, rig):
        self.rig = rig
        self.redis_port = rig.port()
        self.web_port = rig.port("127.0.2.1")
        self.dns_ports = {"dns1": rig.port(), "dns2": rig.port()}
        self.http_port = rig.port()
        self.bus = f"redis://127.0.0.1:{self.redis_port}/test"
        rig.write("policy/policy.yaml", policy(self.web_port))
        rig.geo(rig.path("policy"))
        self.plan_key, self.plan_pub = rig.keypair("plan")
        self.person_key, self.person_pub = rig.keypair("person")

    def bus_by(self, name):
        """The bus as a responder reaches it."""
        return self.bus

    def start_dns(self, name, *extra):
        r = self.rig
        r.start(name, r.program("windrose-dns"), "--policy", r.path("policy"), "--workers", "1",
                "--listen", f"127.0.0.1:{self.dns_ports[name]}", "--name", name, "--bus", self.bus_by(name),
                "--trust", self.plan_pub, "--keep", r.path(name + ".keep"), "--control", r.path(name + ".sock"), *extra)

    def start_steer(self, name, *options):
        r = self.rig
        r.start(name, r.program("windrose-steer"), "--policy", r.path("policy"), "--name", name, "--bus", self.bus,
                "--key", self.plan_key, "--people", self.person_pub, "--journal", r.path(name + ".jsonl"),
                "--keep", r.path(name + ".keep"), "--control", r.path(name + ".sock"), *options)

    def start_ground(self):
        """What the fleet stands on: the bus and the endpoints."""
        r = self.rig
        r.redis(self.redis_port)
        for region, (address, _, _) in REGIONS.items():
            r.web(region, address, self.web_port)
        r.web("canary", CANARY, self.web_port)

    def start_health(self, *options):
        r = self.rig
        r.start("health", r.program("windrose-health"), "--policy", r.path("policy"), "--vantage", "here",
                "--name", "health1", "--bus", self.bus, "--control", r.path("health.sock"), *options)

    def start_all(self):
        r = self.rig
        self.start_ground()
        servers = "\n".join(f"    server {n} {a}:{self.web_port} weight 100" for n, (a, _, _) in REGIONS.items())
        servers += f"\n    server v2.us-east {CANARY}:{self.web_port} weight 100"
        r.write("haproxy.cfg", HAPROXY.format(socket=r.path("haproxy.sock"), port=self.http_port, servers=servers))
        self.start_haproxy()
        for name in self.dns_ports:
            self.start_dns(name)
        self.start_health()
        self.start_steer("steer1")
        until("steer1 leads", 20, lambda: self.leads("steer1"))
        self.start_steer("steer2")
        self.start_edge()

    def start_haproxy(self):
        self.rig.start("haproxy", "haproxy", "-db", "-f", self.rig.path("haproxy.cfg"))

    def start_edge(self, *options):
        r = self.rig
        r.start("edge", r.program("windrose-edge"), "--bus", self.bus, "--trust", self.plan_pub, "--name", "edge1",
                "--haproxy", r.path("haproxy.sock"), "--backend", "www=www", "--keep", r.path("edge.keep"),
                "--control", r.path("edge.sock"), *options)

    def windrose(self, *argv, check=True):
        return self.rig.run(self.rig.program("windrose"), *argv, check=check)

    def person(self, *argv, check=True):
        return self.windrose(*argv, "--bus", self.bus, "--key", self.person_key, check=check)

    def status(self, daemon):
        status, out, _ = self.windrose("status", "--json", "--node", self.rig.path(daemon + ".sock"), check=False)
        return json.loads(out) if status == 0 else {}

    def node(self, daemon):
        """The node record in a daemon's own status."""
        s = self.status(daemon)
        return s.get("node", s)

    def leads(self, daemon):
        return self.node(daemon).get("leads") is True

    def region(self, name, subnet):
        """Where a responder sends a client: the region."""
        got = addresses(ask(self.dns_ports[name], WWW, subnet))
        return next((r for r, (a, _, _) in REGIONS.items() if [a] == got), got)

    def both(self, subnet, wanted):
        return all(self.region(n, subnet) == wanted for n in self.dns_ports)

    def neither(self, subnet, unwanted):
        return all(self.region(n, subnet) not in (unwanted, []) for n in self.dns_ports)

    def in_canary(self, name):
        """Which of California's networks a responder sends to the canary."""
        return {c for c in CALIFORNIA if addresses(ask(self.dns_ports[name], WWW, c)) == [CANARY]}

    def haproxy_weights(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(2)
            s.connect(self.rig.path("haproxy.sock"))
            s.sendall(b"show servers state www\n")
            text = b"".join(iter(lambda: s.recv(65536), b"")).decode()
        weights = {}
        for line in text.splitlines()[2:]:
            w = line.split()
            if len(w) > 7:
                weights[w[3]] = 0 if int(w[6]) & 8 else int(w[7])
        return weights


def endpoint_dies(f):
    f.rig.stop("eu-west", signal.SIGKILL)
    _, took = until("both responders leave eu-west", 15, lambda: f.neither(LONDON, "eu-west"))
    note(f"endpoint death to the last responder's changed answer: {took:.2f} s")
    f.rig.web("eu-west", REGIONS["eu-west"][0], f.web_port)
    _, took = until("both responders are back on eu-west", 60, lambda: f.both(LONDON, "eu-west"))
    note(f"endpoint back to both responders sending London there again: {took:.2f} s")


def drain_reaches_all(f):
    done = {}

    def drain():
        done["result"] = f.person("drain", "us-east", "--reason", "INC-1", "--for", "10m", "--yes", "--json", check=False)

    asker = threading.Thread(target=drain)
    asker.start()
    _, took = until("both responders leave us-east", 10, lambda: f.neither(NEW_YORK, "us-east"))
    _, more = until("HAProxy drains us-east", 10, lambda: f.haproxy_weights().get("us-east") == 0)
    asker.join()
    status, out, err = done["result"]
    if status != 0:
        raise Failed(f"windrose drain: exit {status}: {out}{err}")
    answer = json.loads(out.strip().splitlines()[-1])
    note(f"windrose drain, from its start, to both responders: {1000 * took:.0f} ms; and HAProxy: {1000 * (took + more):.0f} ms")
    note(f"the command's own measure: {answer['nodes_have']} of {answer['nodes_all']} nodes after {answer['took_ms']} ms")
    if answer["nodes_all"] != 3:
        raise Failed(f"three nodes follow plans, the command saw {answer['nodes_all']}")


def refusals(f):
    """What must be refused is, with words and the exit status for it."""
    for argv, wanted, words in (
            (("drain", "mars", "--reason", "x", "--yes"), 3, "mars"),
            (("drain", "us-east", "--reason", "x", "--for", "25h", "--yes"), 3, "(1d)"),
            (("drain", "us-east", "--yes"), 2, "--reason"),
            (("drain", "us-east", "--reason", "x", "--fro", "1h"), 2, "--for"),
            (("drain", "eu-west", "--reason", "x"), 6, "--yes")):
        status, out, err = f.person(*argv, check=False)
        if status != wanted or words not in err:
            raise Failed(f"windrose {' '.join(argv)}: exit {status}, wanted {wanted} and {words!r}: {out}{err}")
    _, stranger_pub = f.rig.keypair("stranger")
    status, out, err = f.windrose("drain", "eu-west", "--reason", "x", "--yes", "--bus", f.bus,
                                  "--key", stranger_pub.replace(".pub", ".key"), check=False)
    if status not in (3, 5):
        raise Failed(f"a stranger's key was obeyed: exit {status}: {out}{err}")
    if not f.both(LONDON, "eu-west"):
        raise Failed("a refused command changed an answer")


def canary_moves(f):
    """A person takes a canary from step to step; whoever is in stays in."""
    before, shares = set(), []
    for action, low, high in (("start", 0.04, 0.2), ("promote", 0.35, 0.65), ("promote", 1, 1)):
        f.person("canary", action, "v2", "--reason", "release", "--yes")
        now = f.in_canary("dns1")
        if not before <= now or not low <= len(now) / len(CALIFORNIA) <= high or f.in_canary("dns2") != now:
            raise Failed(f"canary {action}: {len(now)} of {len(CALIFORNIA)} networks, {len(before - now)} left it")
        before = now
        shares.append(f"{100 * len(now) / len(CALIFORNIA):.0f} %")
    f.person("canary", "abort", "v2", "--reason", "release", "--yes")
    if f.in_canary("dns1") or f.in_canary("dns2") or f.haproxy_weights()["v2.us-east"] != 0:
        raise Failed("an aborted canary still takes clients")
    note(f"canary of 10, 50, 100 %: {', '.join(shares)} of networks; nobody left it; after abort none")


def failover_and_cancel(f):
    out = f.person("failover", "www", "--to", "eu-central", "--reason", "INC-3", "--for", "5m", "--yes")[1]
    if not f.both(NEW_YORK, "eu-central") or not f.both(LONDON, "eu-central"):
        raise Failed(f"failover did not move everyone: {out}")
    commands = f.status("steer1")["plan"]["commands"]
    f.person("cancel", commands[-1]["id"], "--reason", "INC-3 is over", "--yes")
    if not f.both(NEW_YORK, "us-east") or not f.both(LONDON, "eu-west"):
        raise Failed("cancel did not bring everyone back")


def leader_dies(f):
    leader, other = ("steer1", "steer2") if f.leads("steer1") else ("steer2", "steer1")
    before = f.node(leader)["plan_epoch"]
    f.rig.stop(leader, signal.SIGKILL)
    _, took = until("the standby leads with a higher epoch and the responders have its plan", 20,
                    lambda: f.leads(other) and all(f.node(n).get("plan_epoch", 0) > before for n in f.dns_ports))
    note(f"leader killed to both responders on the standby's plan: {took:.2f} s, epoch {before} -> {f.node('dns1')['plan_epoch']}")
    if not f.neither(NEW_YORK, "us-east"):
        raise Failed("the drain was lost with the leader")
    f.start_steer(leader)


def redis_dies(f):
    before = f.node("dns1")["plan_epoch"]
    watcher = Watcher(f.dns_ports["dns1"])
    watcher.start()
    f.rig.stop("redis", signal.SIGKILL)
    f.rig.stop("dns2")
    f.start_dns("dns2")
    _, took = until("dns2, restarted without Redis, answers from disk", 15,
                    lambda: f.region("dns2", NEW_YORK) not in ("us-east", []) and f.region("dns2", LONDON) == "eu-west")
    note(f"a responder restarted without Redis answers with the drain in force after {took:.2f} s")
    status, out, err = f.windrose("drain", "eu-west", "--reason", "INC-2", "--for", "5m", "--yes",
                                  "--node", f.rig.path("dns2.sock"), check=False)
    if status != 0:
        raise Failed(f"break-glass drain: exit {status}: {out}{err}")
    until("break-glass moved dns2 and only dns2", 5,
          lambda: f.region("dns2", LONDON) == "eu-central" and f.region("dns1", LONDON) == "eu-west")
    f.windrose("undrain", "eu-west", "--reason", "INC-2", "--yes", "--node", f.rig.path("dns2.sock"))
    until("and was taken back", 5, lambda: f.region("dns2", LONDON) == "eu-west")
    f.rig.redis(f.redis_port)
    _, took = until("all converge on a plan of a higher epoch from an empty Redis", 30,
                    lambda: all(f.node(n).get("plan_epoch", 0) > before for n in ("dns1", "dns2", "edge")))
    note(f"Redis back, and empty: all on a newer plan after {took:.2f} s, epoch {before} -> {f.node('dns1')['plan_epoch']}")
    if not f.neither(NEW_YORK, "us-east") or f.haproxy_weights()["us-east"] != 0:
        raise Failed("the drain was lost with Redis")
    f.person("undrain", "us-east", "--reason", "INC-1 is over", "--yes")
    until("us-east serves again everywhere", 15,
          lambda: f.both(NEW_YORK, "us-east") and f.haproxy_weights()["us-east"] == 100)
    asked, missed = watcher.end()
    note(f"while Redis was away and came back: {asked} queries to dns1, {missed} unanswered")
    if missed:
        raise Failed(f"{missed} of {asked} queries were not answered")


def history(f):
    lines = f.person("history", "--count", "50")[1]
    for word in ("INC-1", "us-east"):
        if word not in lines:
            raise Failed(f"windrose history does not tell of {word}: {lines}")


def test():
    with Rig() as rig:
        f = Fleet(rig)
        f.start_all()
        until("both responders answer", 30, lambda: f.both(LONDON, "eu-west") and f.both(NEW_YORK, "us-east"))
        until("everything is up and everyone has the plan", 30, lambda: all(
            f.node(n).get("plan_epoch", 0) > 0 for n in ("dns1", "dns2", "edge")) and all(
            e["verdict"] == "up" for s in f.status("dns1")["services"] for e in s["endpoints"]))
        canary_moves(f)
        failover_and_cancel(f)
        endpoint_dies(f)
        drain_reaches_all(f)
        refusals(f)
        leader_dies(f)
        redis_dies(f)
        history(f)
        for name in ("dns1", "dns2", "health", "steer1", "steer2", "edge"):
            if not rig.alive(name):
                raise Failed(f"{name} is not running any more")
            status = rig.stop(name)
            if status != 0:
                raise Failed(f"{name} ended with status {status}")


if __name__ == "__main__":
    main(test)
