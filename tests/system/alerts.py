#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""contrib/prometheus against the whole fleet and a real Prometheus: no alert
while all is well, the right ones when an endpoint dies and when Redis does; and
each metric that a rule names is told by the daemon of its name."""

import json
import os
import re
import subprocess
import urllib.error
import urllib.request

from fleet import Fleet
from rig import SRC, Failed, Rig, main, note, until

RULES = os.path.join(SRC, "contrib/prometheus/windrose.rules.yaml")
CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
{jobs}
"""


class Watched(Fleet):
    """Each daemon tells of itself, and a Prometheus listens."""

    def __init__(self, rig):
        super().__init__(rig)
        self.metrics = {name: rig.port() for name in ("dns1", "dns2", "health", "steer1", "steer2", "edge")}
        self.prometheus = rig.port()

    def start_dns(self, name, *extra):
        super().start_dns(name, "--metrics", str(self.metrics[name]), *extra)

    def start_steer(self, name, *extra):
        super().start_steer(name, "--metrics", str(self.metrics[name]), *extra)

    def start_health(self, *options):
        super().start_health("--metrics", str(self.metrics["health"]), *options)

    def start_edge(self, *options):
        super().start_edge("--metrics", str(self.metrics["edge"]), *options)

    def start_prometheus(self):
        r = self.rig
        jobs = "\n".join(f'  - {{job_name: {n}, static_configs: [{{targets: ["127.0.0.1:{p}"]}}]}}'
                         for n, p in self.metrics.items())
        r.write("prometheus.yaml", CONFIG.format(rules=RULES, jobs=jobs))
        r.start("prometheus", "prometheus", "--config.file", r.path("prometheus.yaml"), "--storage.tsdb.path",
                r.path("tsdb"), "--web.listen-address", f"127.0.0.1:{self.prometheus}", "--log.level", "warn")

    def get(self, port, page):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=10) as f:
                return f.status, f.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()
        except OSError:
            return 0, ""

    def api(self, page):
        status, text = self.get(self.prometheus, "/api/v1/" + page)
        return json.loads(text)["data"] if status == 200 else {}

    def alerts(self):
        """Those that are pending or firing."""
        return {a["labels"]["alertname"] for a in self.api("alerts").get("alerts", [])}

    def scraped(self):
        """How often each daemon was, and whether all are up now."""
        targets = self.api("targets").get("activeTargets", [])
        return len(targets) == len(self.metrics) and all(t["health"] == "up" for t in targets)

    def evaluated(self):
        """When each rule was last, and whether that went well."""
        rules = [r for g in self.api("rules").get("groups", []) for r in g["rules"]]
        bad = [r["lastError"] for r in rules if r["health"] == "err"]
        if bad:
            raise Failed(f"rules: {bad}")
        return [r["lastEvaluation"] for r in rules]


def check_names(fleet):
    """A family is described even when it has no sample."""
    with open(RULES, encoding="utf-8") as f:
        wanted = set(re.findall(r"\bwindrose_[a-z_]+\b", f.read()))
    told = set()
    for name in ("dns1", "health", "steer1", "edge"):
        families = re.findall(r"^# TYPE (\S+)", fleet.get(fleet.metrics[name], "/metrics")[1], re.MULTILINE)
        role = name.rstrip("12")
        strange = [f for f in families if not f.startswith((f"windrose_{role}_", "windrose_process_", "windrose_build"))]
        if strange:
            raise Failed(f"{name} tells of {strange}")
        told |= set(families)
    if wanted - told:
        raise Failed(f"no daemon tells of {sorted(wanted - told)}")
    note(f"{len(wanted)} names in the rules, all told; {len(told)} families in all")


def check_forms(fleet):
    for name, port in fleet.metrics.items():
        text = fleet.get(port, "/metrics")[1]
        fleet.rig.write("scrape", text)
        with open(fleet.rig.path("scrape"), encoding="utf-8") as f:
            done = subprocess.run(["promtool", "check", "metrics"], stdin=f, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise Failed(f"{name}: {done.stdout}{done.stderr}")


def test():
    with Rig() as rig:
        rig.run("promtool", "check", "rules", RULES)
        rig.run("promtool", "test", "rules", RULES.replace(".rules.", ".test."))
        fleet = Watched(rig)
        fleet.start_all()
        for name, port in fleet.metrics.items():
            until(f"{name} is ready", 20, lambda p=port: fleet.get(p, "/ready")[0] == 200)
        check_forms(fleet)
        check_names(fleet)
        fleet.start_prometheus()
        until("all are scraped", 30, fleet.scraped)
        before = until("rules are evaluated", 20, lambda: all(t[:4] != "0001" for t in fleet.evaluated() or ["0001"]) and
                       fleet.evaluated())[0]
        until("and once more", 20, lambda: all(a > b for a, b in zip(fleet.evaluated(), before)))
        until("nothing to alert of", 30, lambda: not fleet.alerts() and fleet.scraped())

        rig.stop("us-east")
        took = until("a dead endpoint", 30, lambda: "WindroseEndpointDown" in fleet.alerts())[1]
        status, text = fleet.get(fleet.metrics["health"], "/metrics")
        if status != 200 or 'windrose_health_down{service="www",endpoint="us-east"} 1' not in text:
            raise Failed(f"the prober does not tell of us-east: {status}")
        note(f"an endpoint's death is an alert, pending, after {took:.1f} s")

        rig.stop("redis", quiet=True)
        took = until("Redis is dead", 30, lambda: "WindroseBusLost" in fleet.alerts())[1]
        for name in ("health", "steer1"):
            until(f"{name} is not ready", 20, lambda n=name: fleet.get(fleet.metrics[n], "/ready")[0] == 503)
        note(f"so is the death of Redis, after {took:.1f} s")


main(test)
