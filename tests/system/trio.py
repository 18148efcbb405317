# SPDX-License-Identifier: Apache-2.0
"""A responder, a prober and an agent of the rig's policy, over Redis."""
import urllib.request

from rig import addresses, ask

# Of a check: what fails is out, and what is well is back, within a second.
QUICK = ("interval: 400ms, timeout: 200ms, confirm: 100ms, quorum: 1, breaker: {consecutive: 2, open_for: 300ms, "
         "max_open_for: 600ms, half_open_probes: 2, damping: {openings: 0}}")


class Trio:
    """Questions go to the responder unless another role is named."""

    def __init__(self, rig, services):
        self.rig, self.services, self.port, self.metrics = rig, list(services), rig.port(), rig.port()
        self.sockets = {role: rig.path(role + ".sock") for role in ("dns", "health", "steer")}
        port = rig.port()
        bus = f"redis://127.0.0.1:{port}"
        rig.redis(port)
        key, public = rig.keypair("plan")
        extra = {"dns": ["--trust", public, "--workers", "1", "--listen", f"127.0.0.1:{self.port}", "--metrics", str(self.metrics)],
                 "health": ["--vantage", "dub"],
                 "steer": ["--name", "steer", "--key", key, "--journal", rig.path("steer.jsonl")]}
        for role, words in extra.items():
            rig.start(role, rig.program("windrose-" + role), "--policy", rig.path("policy"), "--bus", bus,
                      "--control", self.sockets[role], *words)

    def windrose(self, *argv, role="dns"):
        return self.rig.run(self.rig.program("windrose"), *argv, "--node", self.sockets[role])[1]

    def answers(self):
        return {s: addresses(ask(self.port, f"{s}.gslb.example.com")) for s in self.services}

    def explain(self, service):
        return self.windrose("explain", self.rig.path("policy"), "--client", "192.0.2.1", "--service", service)

    def scrape(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=5) as r:
            return r.read().decode()
