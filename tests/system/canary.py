#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Canaries that judge themselves, with a real Redis, Prometheus and HAProxies:
a version that fails 5 % of its requests is rolled back by itself, and for good;
a healthy one reaches 100 % through its gates; too little traffic holds;
Prometheus stopped in the middle of a bake holds, then rolls back at the
deadline; and the same by what the edge counted itself.

  canary.py --long    twenty rollbacks instead of three
"""

import http.client
import json
import os
import re
import signal
import statistics
import sys
import threading
import time

import edge_world
from edge_world import HAProxy, World
from rig import Failed, Rig, main, note, until

RUNS = 20 if "--long" in sys.argv[1:] else 3
ALL = 1 << 32  # the threshold of a canary that has everybody
NO_DATA_S = 10
CLIENTS = 6

POLICY = """
zone: {name: gslb.example.com, nameservers: ns.example.net}
regions:
  us: {location: [38.95, -77.45]}
  eu: {location: [53.35, -6.26]}
services:
  www:
    steer: failover
    ttl: {steady: 1s, changing: 1s}
    endpoints:
      us: {A: 192.0.2.1}
      eu: {A: 192.0.2.2}
canaries:
  v2:
    service: www
    revision: "%(revision)d"
    endpoints: {us: {A: 192.0.2.11}, eu: {A: 192.0.2.12}}
    stages:
      - {regions: us, percent: [20, 50, 100], bake: 4s}
      - {regions: eu, percent: 100, bake: 2s, gate: %(gate)s}
    metrics:
%(metrics)s
      interval: 1s
    rollback_when: {error_ratio: 2, min_requests: 50, no_data: """ + str(NO_DATA_S) + """s}
safety: {max_override: 24h}
"""

BY_PROMETHEUS = """
      prometheus: http://127.0.0.1:%d
      requests: sum(haproxy_server_http_responses_total{server=~"$endpoints"})
      errors: sum(haproxy_server_http_responses_total{server=~"$endpoints",code="5xx"})
"""
BY_EDGES = "      edges: true"

PROMETHEUS = """
global: {scrape_interval: 1s, scrape_timeout: 900ms}
scrape_configs:
  - job_name: haproxy
    static_configs: [{targets: [%s]}]
    metric_relabel_configs:
      - {source_labels: [proxy, server], regex: "www-v2;(.*)", target_label: server, replacement: "v2.$1"}
"""

EXPORTER = """
frontend exporter
    bind 127.0.0.1:%d
    http-request use-service prometheus-exporter if { path /metrics }
"""

# Of the new version's requests, so many of 1000 fail as the map says.
FAILING = """
    http-request set-var(txn.permille) str(v2),map_str_int(%s,0)
    http-request return status 500 content-type text/plain string broken if { rand(1000),sub(txn.permille) lt 0 }
"""


class Site(World):
    """The edge's world with Prometheus, a version that can be made to fail, and people who ask."""

    def __init__(self, rig):
        super().__init__(rig)
        self.revision, self.gate = 0, "auto"
        self.prometheus = rig.port()
        self.metrics = BY_PROMETHEUS % self.prometheus
        self.dns_port = rig.port()
        self.proxies, self.exporters = [], []
        self.crowd = None

    def start_origins(self):
        """As in edge_world, but the new version fails when it is told to."""
        rig, failing = self.rig, rig_map(self.rig)
        text = edge_world.ORIGIN.replace("defaults", f"global\n    stats socket {rig.path('origin.sock')} level admin\ndefaults", 1)
        for name, port in self.origins.items():
            text += (f"listen {name}\n    bind 127.0.0.1:{port}\n" + (FAILING % failing if name.startswith("v2") else "") +
                     f"    http-request return status 200 content-type text/plain string {name}\n")
        rig.write("origin.cfg", text)
        rig.start("origin", "haproxy", "-db", "-f", rig.path("origin.cfg"))

    def start_proxies(self):
        for name in ("haproxy1", "haproxy2"):
            proxy, port = HAProxy(self, name), self.rig.port()
            with open(self.rig.path(name + ".cfg"), "a") as f:
                f.write(EXPORTER % port)
            proxy.start()
            self.proxies.append(proxy)
            self.exporters.append(port)

    def start_prometheus(self):
        r = self.rig
        r.write("prometheus.yml", PROMETHEUS % ", ".join(f'"127.0.0.1:{p}"' for p in self.exporters))
        r.start("prometheus", "prometheus", "--config.file", r.path("prometheus.yml"), "--storage.tsdb.path",
                r.path("tsdb"), "--web.listen-address", f"127.0.0.1:{self.prometheus}", "--log.level", "warn")
        until("Prometheus has read every edge", 30, lambda: self.query("count(up == 1)") == len(self.exporters))

    def query(self, text):
        c = http.client.HTTPConnection("127.0.0.1", self.prometheus, timeout=5)
        c.request("GET", "/api/v1/query?query=" + text.replace(" ", "%20").replace("=", "%3D"))
        response = c.getresponse()
        text = response.read()
        c.close()
        result = json.loads(text)["data"]["result"] if response.status == 200 else None  # 503: it is starting
        return float(result[0]["value"][1]) if result else None

    def fail(self, permille):
        origin = HAProxy.__new__(HAProxy)
        origin.socket = self.rig.path("origin.sock")
        if "v2" in origin.ask(f"show map {rig_map(self.rig)}"):
            origin.ask(f"set map {rig_map(self.rig)} v2 {permille}")
        else:
            origin.ask(f"add map {rig_map(self.rig)} v2 {permille}")

    def revise(self):
        """Another revision, which both the agent and the responder read."""
        self.revision += 1
        self.rig.write("policy.yaml", POLICY % {"revision": self.revision, "gate": self.gate, "metrics": self.metrics})
        for name in ("steer", "dns"):
            if name in self.rig.running:
                self.rig.running[name].send_signal(signal.SIGHUP)
                digest = self.rig.run(self.rig.program("windrose"), "check", self.rig.path("policy.yaml"))[1]
                digest = re.search(r"digest ([0-9a-f]+)", digest).group(1)
                until(f"{name} has the revision", 20, lambda n=name: self.node(n).get("policy_digest", "").startswith(digest))

    def canary(self):
        out = self.windrose("status", "--json", "--node", self.rig.path("steer.sock"))[1]
        return json.loads(out)["canaries"][0]

    def order(self, action):
        self.person("canary", action, "v2")

    def reaches(self, what, seconds, **wanted):
        """Until the canary stands so; what it was seen in on the way."""
        def is_there():
            c = self.canary()
            return c if all(c[k] == v for k, v in wanted.items()) else None

        try:
            return until(what, seconds, is_there)[0]
        except Failed as e:
            raise Failed(f"{e}; the canary: {self.canary()}") from None

    def is_at(self, threshold):
        return all(p.thresholds().get("www/v2", 0) == threshold for p in self.proxies)


def rig_map(rig):
    path = rig.path("failing.map")
    if not os.path.exists(path):
        rig.write("failing.map", "")
    return path


class Crowd:
    """Clients that ask and ask, each a new session every time."""

    def __init__(self, proxies, clients, pause_s=0.0):
        self.over = threading.Event()
        self.first_failure = None
        self.requests = 0
        self.threads = [threading.Thread(target=self.ask, args=(proxies[i % len(proxies)].port, pause_s))
                        for i in range(clients)]
        for t in self.threads:
            t.start()

    def ask(self, port, pause_s):
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while not self.over.wait(pause_s):
            try:
                c.request("GET", "/")
                response = c.getresponse()
                response.read()
                if response.status == 500 and self.first_failure is None:
                    self.first_failure = time.monotonic()
            except (OSError, http.client.HTTPException):
                c.close()
            self.requests += 1
        c.close()

    def stop(self):
        self.over.set()
        for t in self.threads:
            t.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def healthy(site):
    """Through every gate to all, one phase after the other."""
    site.fail(0)
    site.gate = "manual"
    site.revise()
    with Crowd(site.proxies, CLIENTS) as crowd:
        began = time.monotonic()
        site.order("start")
        waiting = site.reaches("it waits at the manual gate", 60, phase="wait")
        took = time.monotonic() - began
        if "gate is manual" not in waiting["reason"] or waiting["stage"] != 2:
            raise Failed(f"it waits for another reason: {waiting}")
        until("every proxy has it at all", 10, lambda: site.is_at(ALL))
        site.order("promote")
        site.reaches("it is done", 10, state="done")
        note(f"a healthy canary: 20, 50, 100 % of one region and all of the next in {took:.1f} s, "
             f"{crowd.requests / took:.0f} requests/s")
    phases = [e["after"].split(",")[0] for e in events(site) if e["kind"] == "canary" and e["who"] == "steer"]
    while "hold" in phases:  # a busy machine's traffic may be little for a while
        at = phases.index("hold")
        del phases[at:at + 2]
    wanted = ["step", "settle", "bake", "judge"] * 3 + ["precheck", "step", "settle", "bake", "judge", "wait"]
    if phases != wanted:
        raise Failed(f"it went another way: {phases}")
    site.order("abort")
    site.gate = "auto"


def events(site):
    with open(site.rig.path("steer.jsonl")) as f:
        return [json.loads(line)["event"] for line in f]


def fails(site):
    """5 % of its requests: back to nothing at every edge; how long after the first failure?"""
    site.revise()
    site.fail(50)
    with Crowd(site.proxies, CLIENTS) as crowd:
        site.order("start")
        until("it has clients", 10, lambda: crowd.first_failure)
        _, _ = until("it is at nothing at every edge", 60, lambda: site.canary()["rolled_back"] and site.is_at(0))
        took = time.monotonic() - crowd.first_failure
    c = site.reaches("every node has acknowledged", 15, phase="rolled back")
    if "too many errors" not in c["reason"]:
        raise Failed(f"it was rolled back for another reason: {c['reason']}")
    status, _, err = site.windrose("canary", "start", "v2", "--reason", "again", "--yes", "--bus", site.bus,
                                   "--key", site.person_key, check=False)
    if status == 0 or "another revision" not in err:
        raise Failed(f"it could be started again: {err}")
    check_report(site, c)
    return took


def check_report(site, canary):
    """What windrose tells of it afterwards."""
    report = site.windrose("canary", "report", "v2", "--node", site.rig.path("steer.sock"))[1]
    for text in (f"# Canary v2 of www, revision {site.revision}\n", "| canary-start v2 |", "| settle, stage 1, step 1 | steer |",
                 "| rollback, stage 1, step ", canary["reason"], "Every responder and edge acknowledged",
                 f"| canary | {canary['canary_requests']} | {canary['canary_errors']} |"):
        if text not in report:
            raise Failed(f"the report has no {text!r}: {report}")
    if len(re.findall(r"canary-start v2 \| \S+ \| test", report)) != 1:  # a refused one may follow
        raise Failed(f"the report is not of one run: {report}")
    status = site.windrose("canary", "status", "v2", "--node", site.rig.path("steer.sock"))[1]
    if "rolled back" not in status or "too many errors" not in status:
        raise Failed(f"the status: {status}")


def rollbacks(site):
    took = sorted(fails(site) for _ in range(RUNS))
    note(f"a canary that fails 5 % of its requests, {RUNS} times: from the first failure that a client met to nothing "
         f"at every edge {took[0]:.1f} to {took[-1]:.1f} s, median {statistics.median(took):.1f} s "
         "(2 s of it settle, a scrape a second)")


def too_little(site):
    """A request now and then: it holds as long as that is so."""
    site.fail(0)
    site.revise()
    with Crowd(site.proxies, 1, 0.5):
        site.order("start")
        site.reaches("too few requests hold", 40, phase="hold")
        began = time.monotonic()
        while time.monotonic() - began < 1.5 * NO_DATA_S:
            c = site.reaches("it goes on holding", 1, phase="hold", state="running")
            if "too few requests" not in c["reason"]:
                raise Failed(f"it holds for another reason: {c['reason']}")
    with Crowd(site.proxies, CLIENTS):
        site.reaches("more traffic lets it go on", 30, step=2)
    site.order("abort")
    note(f"too little traffic: held for {1.5 * NO_DATA_S:.0f} s, which no deadline ended, and went on with more")


def blind(site):
    """Prometheus dies in the middle of a bake."""
    site.revise()
    with Crowd(site.proxies, CLIENTS):
        site.order("start")
        site.reaches("it bakes", 20, phase="bake")
        site.rig.stop("prometheus", signal.SIGKILL)
        began = time.monotonic()
        c = site.reaches("no data holds", 15, phase="hold")
        if not re.match("no data|too few requests: 0 of", c["reason"]):
            raise Failed(f"it holds for another reason: {c['reason']}")
        c = site.reaches("no data rolls back", 30, rolled_back=True)
        took = time.monotonic() - began
        if "no data for too long: canary: no connection" not in c["reason"] or took < 0.7 * NO_DATA_S:
            raise Failed(f"it was rolled back after {took:.1f} s: {c['reason']}")
        until("it is at nothing at every edge", 10, lambda: site.is_at(0))
    note(f"Prometheus stopped in the middle of a bake: rolled back {took:.1f} s later, with no_data: {NO_DATA_S}s")


def by_edges(site):
    """Without any Prometheus: the edge tells what it counted."""
    site.metrics = BY_EDGES
    took = fails(site)
    note(f"measured by the edge itself, without Prometheus: {took:.1f} s")


def test():
    with Rig() as rig:
        site = Site(rig)
        site.revise()
        site.start_redis()
        site.start_steer()
        site.start_origins()
        site.start_proxies()
        site.start_edge(*(o for p in site.proxies for o in p.options), "--backend", "www=www", "--backend", "www/v2=www-v2",
                        "--cohorts", site.proxies[0].map)
        site.start_dns(site.dns_port)
        site.all_applied(30)
        site.start_prometheus()
        healthy(site)
        rollbacks(site)
        too_little(site)
        blind(site)
        by_edges(site)


main(test)
