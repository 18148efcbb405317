#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Real-user measurements from an edge's posts to a responder's answers: enough
of them move the clients of their place and nobody else, a new leader goes on
with them, and what is no measurement is refused in one way each."""

import http.client
import json

from rig import Failed, Rig, addresses, ask, main, note, until

ZONE = "gslb.example.com"
WWW = "www." + ZONE
REGIONS = {"us-west": "127.0.2.1", "eu-west": "127.0.2.2"}
CALIFORNIA, LONDON = "73.162.0.0/24", "81.2.69.0/24"
STRANGER = "127.0.0.9"

POLICY = f"""
zone: {{name: {ZONE}, nameservers: [ns1.example.net]}}
geo: {{databases: [city-ipv4.mmdb, city-ipv6.mmdb]}}
regions:
  us-west: {{location: [45.6, -121.2]}}
  eu-west: {{location: [53.35, -6.26]}}
services:
  www:
    steer: latency
    endpoints:
      us-west: {{A: 127.0.2.1}}
      eu-west: {{A: 127.0.2.2}}
"""


class Users:
    """What runs, and what is posted to it."""

    def __init__(self, rig):
        self.rig, self.dns_port, self.redis_port = rig, rig.port(), rig.port()
        self.bus = f"redis://127.0.0.1:{self.redis_port}/test"
        self.rum_ports = {"steer1": rig.port(), "steer2": rig.port()}
        self.key, self.pub = rig.keypair("plan")
        rig.write("policy/policy.yaml", POLICY)
        rig.geo(rig.path("policy"))

    def start(self, name):
        r = self.rig
        if name == "dns":
            r.start("dns", r.program("windrose-dns"), "--policy", r.path("policy"), "--workers", "1", "--listen",
                    f"127.0.0.1:{self.dns_port}", "--name", "dns", "--bus", self.bus, "--trust", self.pub,
                    "--control", r.path("dns.sock"))
        else:
            r.start(name, r.program("windrose-steer"), "--policy", r.path("policy"), "--name", name, "--bus", self.bus,
                    "--key", self.key, "--control", r.path(name + ".sock"), "--rum",
                    f"127.0.0.1:{self.rum_ports[name]}", "--rum-edge", "127.0.0.1")

    def request(self, method, body=b"", path="/rum", source="127.0.0.1", agent="steer1", **fields):
        c = http.client.HTTPConnection("127.0.0.1", self.rum_ports[agent], timeout=5, source_address=(source, 0))
        try:
            c.request(method, path, body if isinstance(body, bytes) else json.dumps(body).encode(),
                      {k.replace("_", "-"): v for k, v in fields.items()})
            answer = c.getresponse()
            return answer.status, answer.read().decode(), dict(answer.getheaders())
        finally:
            c.close()

    def node(self, name):
        r = self.rig
        status, out, _ = r.run(r.program("windrose"), "status", "--json", "--node", r.path(name + ".sock"), check=False)
        s = json.loads(out) if status == 0 else {}
        return s.get("node", s)

    def leads(self, name):
        return self.node(name).get("leads") is True

    def epoch(self):
        return self.node("dns").get("plan_epoch", 0)

    def region(self, subnet):
        got = addresses(ask(self.dns_port, WWW, subnet))
        return next((r for r, a in REGIONS.items() if [a] == got), got)

    def explain(self, client):
        r = self.rig
        return {e["name"]: e for e in json.loads(r.run(
            r.program("windrose"), "explain", r.path("policy"), "--client", client, "--service", "www", "--node",
            r.path("dns.sock"), "--json")[1])["endpoints"]}


RTTS = [{"region": "us-west", "ms": 200}, {"region": "eu-west", "ms": 20}]


def refusals(u):
    for method, body, wanted, words in (
            ("POST", b"eu-west 20", 400, "not JSON"),
            ("POST", {"rtts": []}, 400, "empty"),
            ("POST", {"rtts": [{"region": "eu-west", "ms": -1}]}, 400, "ms is -1"),
            ("POST", b"{" + b" " * 9000 + b"}", 413, ""),
            ("GET", b"", 405, "POST"),
            ("POST", {"client": "73.162.0.0/24", "rtts": RTTS}, 403, "edges")):
        source = STRANGER if wanted == 403 else "127.0.0.1"
        status, text, _ = u.request(method, body, source=source)
        if status != wanted or words not in text:
            raise Failed(f"{method} {body[:60]}: {status} {text!r}, wanted {wanted} and {words!r}")
    if u.request("POST", {"rtts": RTTS}, path="/other")[0] != 404:
        raise Failed("there is more than /rum")
    if u.request("POST", {"rtts": RTTS}, X_Forwarded_For="nobody")[0] != 400:
        raise Failed("an edge may forward for nobody")
    status, _, fields = u.request("OPTIONS", Origin="https://www.example.com", Access_Control_Request_Method="POST")
    if status != 204 or fields.get("Access-Control-Allow-Origin") != "*" or \
            fields.get("Access-Control-Allow-Methods") != "POST":
        raise Failed(f"what a browser asks first is answered {status} {fields}")
    statuses = [u.request("POST", {"rtts": RTTS}, source=STRANGER)[0] for _ in range(30)]
    if statuses[0] != 204 or statuses[-1] != 429 or set(statuses) != {204, 429}:
        raise Failed(f"30 posts from one network: {statuses}")
    note(f"30 posts at once from one network: {statuses.count(204)} taken")


def users_decide(u):
    """Networks of California say that Ireland is near: half by an edge's word, half through a proxy."""
    for i in range(80):
        if i % 2 == 0:
            status, text, _ = u.request("POST", {"client": f"73.162.{i}.0/24", "rtts": RTTS})
        else:
            status, text, _ = u.request("POST", {"rtts": RTTS}, X_Forwarded_For=f"10.1.1.1, 73.162.{i}.7")
        if status != 204:
            raise Failed(f"post {i}: {status} {text}")
    _, took = until("California follows its users", 90, lambda: u.region(CALIFORNIA) == "eu-west")
    if u.region(LONDON) != "eu-west":
        raise Failed("London moved")
    e = u.explain("73.162.0.9")
    if e["eu-west"].get("users", 0) < 50 or not 18 < e["eu-west"]["expected_ms"] < 22:
        raise Failed(f"explain says {e['eu-west']}")
    if "users" in u.explain("81.2.69.9")["eu-west"]:
        raise Failed("explain makes London out to have users")
    note(f"80 posts to the changed answer: {took:.1f} s; explain: {e['eu-west']['reason']}")


def new_leader(u):
    u.start("steer2")
    until("steer2 is up", 20, lambda: u.request("GET", agent="steer2")[0] == 405)
    before = u.epoch()
    u.rig.stop("steer1")
    _, took = until("the responder has a plan of steer2", 30, lambda: u.leads("steer2") and u.epoch() > before)
    for _ in range(100):
        if u.region(CALIFORNIA) != "eu-west":
            raise Failed("the new leader forgot what users measured")
    note(f"a plan of steer2 after {took:.1f} s: it goes on with what users measured")


def test():
    with Rig() as rig:
        u = Users(rig)
        rig.redis(u.redis_port)
        u.start("dns")
        u.start("steer1")
        until("steer1 leads", 20, lambda: u.leads("steer1"))
        until("each gets what is near", 10,
              lambda: u.region(CALIFORNIA) == "us-west" and u.region(LONDON) == "eu-west")
        refusals(u)
        users_decide(u)
        new_leader(u)
        for name in ("dns", "steer2"):
            status = rig.stop(name)
            if status != 0:
                raise Failed(f"{name} ended with status {status}")


if __name__ == "__main__":
    main(test)
