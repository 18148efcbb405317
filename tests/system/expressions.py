#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Health made of several checks: an endpoint is a gateway (nginx) and two
applications (plain TCP); its parts are killed one by one, and what DNS answers
for services that need all, any, two, or the gateway and an application, is what
the words mean.  explain and status say which part it is."""

import json
import os

from listener import Listener
from rig import Failed, Rig, main, note, until
from trio import QUICK, Trio

HERE, THERE = "127.0.4.1", "127.0.4.2"

POLICY = """
zone: {{name: gslb.example.com, nameservers: [ns1.example.net]}}
regions:
  here: {{location: [53.35, -6.26]}}
  there: {{location: [50.11, 8.68]}}
vantages:
  dub: {{location: [53.35, -6.26]}}
checks:
  gateway: {{type: http, host: gateway.example.com, path: /healthz, expect: {{body: well}}, port: {gateway}, {common}}}
  app: {{type: tcp, port: {app}, {common}}}
  api: {{type: tcp, port: {api}, {common}}}
services:
  all: {{check: {{all: [gateway, app]}}, {rest}}}
  any: {{check: {{any: [gateway, app]}}, {rest}}}
  two: {{check: {{at_least: 2, of: [gateway, app, api]}}, {rest}}}
  one: {{check: {{all: [gateway, {{any: [app, api]}}]}}, {rest}}}
"""

REST = ("steer: failover, failback: {mode: auto, hold: 0s, ramp: 0s}, ttl: {steady: 2s, changing: 1s}, "
        f"endpoints: {{here: {{A: {HERE}}}, there: {{A: {THERE}}}}}")

NGINX = """
daemon off; master_process off; pid %(dir)s/nginx.pid; error_log %(dir)s/nginx.log; events { }
http {
  access_log off; client_body_temp_path %(dir)s/b; proxy_temp_path %(dir)s/p; fastcgi_temp_path %(dir)s/f;
  uwsgi_temp_path %(dir)s/u; scgi_temp_path %(dir)s/s;
  server { listen %(address)s:%(port)s; location = /healthz { return 200 "well\\n"; } }
}
"""

# What each service needs; the truth, said another way than the policy.
NEEDS = {
    "all": lambda up: {"gateway", "app"} <= up,
    "any": lambda up: up & {"gateway", "app"},
    "two": lambda up: len(up) >= 2,
    "one": lambda up: "gateway" in up and up & {"app", "api"},
}

# One part changes with each step: every subset of the three but one is met.
STEPS = ["gateway", "app", "gateway", "api", "app", "gateway", "api", "app", "gateway"]


class Place:
    """An endpoint's three parts."""

    def __init__(self, rig, name, address, ports):
        self.rig, self.name, self.address, self.ports = rig, name, address, ports
        self.running = {}
        for part in ports:
            self.begin(part)

    def begin(self, part):
        if part != "gateway":
            self.running[part] = Listener(self.address, self.ports[part])
            return
        folder = self.rig.path(self.name)
        os.makedirs(folder, exist_ok=True)
        conf = self.rig.write(f"{self.name}/nginx.conf", NGINX % {
            "dir": folder, "address": self.address, "port": self.ports[part]})
        self.running[part] = self.rig.start(f"nginx-{self.name}", "/usr/sbin/nginx", "-c", conf,
                                            "-e", f"{folder}/nginx.log")

    def toggle(self, part):
        if part not in self.running:
            self.begin(part)
            return
        was = self.running.pop(part)
        if part == "gateway":
            self.rig.stop(f"nginx-{self.name}")
        else:
            was.fall()


def wanted(up):
    return {s: [HERE] if needs(up) else [THERE] for s, needs in NEEDS.items()}


def explained(node):
    """What is told of a gateway that is dead, and applications that live."""
    text = until("explain says which part is down", 10, lambda: (
        lambda t: t if "gateway down at dub (connect-refused); app up at dub" in t else None)(node.explain("all")))[0]
    for line in ("health   all of gateway, app, at each vantage", "not healthy: down: 1 of 1 votes"):
        if line not in text:
            raise Failed(f"explain does not say \"{line}\": {text}")
    for role in ("dns", "steer"):
        status = node.windrose("status", role=role)
        if "gateway down at dub (connect-refused)" not in status:
            raise Failed(f"status of {role} does not say which part is down: {status}")
        parts = {(s["service"], e["endpoint"]): e["parts"]
                 for s in json.loads(node.windrose("status", "--json", role=role))["services"] for e in s["endpoints"]}
        if [(p["check"], p["up"]) for p in parts["any", "here"]] != [("gateway", []), ("app", ["dub"])]:
            raise Failed(f"status --json of {role} says {parts}")
    seen = node.windrose("status", role="health")
    if "gateway open after connect-refused, app closed" not in seen:
        raise Failed(f"the prober does not say what its parts are: {seen}")
    line = 'windrose_dns_down_parts{service="one",endpoint="here",check="gateway"} 1'
    if line not in node.scrape():
        raise Failed(f"the metrics do not say {line}")
    load = json.loads(node.windrose("status", "--json", role="health"))["load"]
    if load["probes"] != 6:
        raise Failed(f"two places, three checks, and {load['probes']} probes")


def test():
    with Rig() as r:
        ports = {part: r.port(HERE) for part in ("gateway", "app", "api")}
        r.write("policy/policy.yaml", POLICY.format(common=QUICK, rest=REST, **ports))
        here = Place(r, "here", HERE, ports)
        Place(r, "there", THERE, ports)
        node = Trio(r, NEEDS)
        until("all are up", 20, lambda: node.answers() == wanted(set(here.running)))
        until("and known to be", 20, lambda: node.windrose("status").count("gateway up at dub; app up at dub") >= 8)
        times = []
        for part in STEPS:
            here.toggle(part)
            up = set(here.running)
            _, took = until(f"answers with {sorted(up)} up", 20, lambda: node.answers() == wanted(up))
            times.append(took)
            if up == {"app", "api"}:
                explained(node)
        note(f"{len(STEPS)} parts died or came back one by one: all four services right after {max(times):.2f} s at most")


main(test)
