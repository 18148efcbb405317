#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Reports that are signed.  Of two responders one believes whoever writes to
Redis, the other only what its vantage's key signed: an unsigned prober moves
the first alone, a signed one moves both, and a forged report the first alone."""

import json
import time

from bus_faults import key, log, redis
from fleet import LONDON, REGIONS, Fleet
from rig import Failed, Rig, main, note, until


def wall_ms():
    return int(time.time() * 1000)


def start_health(f, *more):
    r = f.rig
    r.start("health", r.program("windrose-health"), "--policy", r.path("policy"), "--vantage", "here",
            "--name", "health1", "--bus", f.bus, "--control", r.path("health.sock"), *more)


def start_careful(f, pub):
    r = f.rig
    r.start("dns2", r.program("windrose-dns"), "--policy", r.path("policy"), "--workers", "1",
            "--listen", f"127.0.0.1:{f.dns_ports['dns2']}", "--name", "dns2", "--bus", f.bus, "--trust", f.plan_pub,
            "--trust-vantage", f"here={pub}", "--control", r.path("dns2.sock"))


def forge(f, down):
    """A report of the only vantage, far ahead in sequence, that nobody signed."""
    entries = [{"service": "www", "endpoint": n, "state": "open" if n == down else "closed",
                "wall_since_ms": wall_ms(), "wall_probed_ms": wall_ms()} for n in REGIONS]
    redis(f, "set", key("vantage:here"), json.dumps({"vantage": "here", "sequence": 2 * wall_ms(),
                                                     "wall_made_ms": wall_ms(), "entries": entries}), "px", "60000")
    redis(f, "publish", key("notify:reports"), redis(f, "incr", key("notices:reports")) + " here")


def test():
    with Rig() as rig:
        f = Fleet(rig)
        vantage_key, vantage_pub = rig.keypair("vantage")
        rig.redis(f.redis_port)
        for region, (address, _, _) in REGIONS.items():
            rig.web(region, address, f.web_port)
        f.start_dns("dns1")
        start_careful(f, vantage_pub)
        until("both responders answer", 30, lambda: f.both(LONDON, "eu-west"))
        start_health(f)
        until("the careful one refuses what is not signed", 20,
              lambda: "event=report-refused key=\"here\" error=\"is not a signed envelope\"" in log(f, "dns2"))
        until("and its record says so", 5, lambda: f.node("dns2").get("trouble") == "report of here: is not a signed envelope")
        rig.stop("eu-west")
        _, took = until("the other one leaves what is down", 20, lambda: f.region("dns1", LONDON) == "eu-central")
        if f.region("dns2", LONDON) != "eu-west":
            raise Failed("an unsigned report was believed")
        rig.stop("health")
        start_health(f, "--key", vantage_key)
        _, took = until("a signed report moves both", 20, lambda: f.both(LONDON, "eu-central"))
        note(f"prober started with its key: both believe it after {took:.2f} s")
        until("the trouble is over", 10, lambda: f.node("dns2").get("trouble", "") == "")
        rig.stop("health")
        forge(f, "eu-central")
        until("a forged report moves who checks nothing", 10, lambda: f.region("dns1", LONDON) != "eu-central")
        if f.region("dns2", LONDON) != "eu-central":
            raise Failed("a forged report was believed")
        for name in ("dns1", "dns2"):
            if not rig.alive(name) or rig.stop(name) != 0:
                raise Failed(f"{name} did not live and end as it should")


if __name__ == "__main__":
    main(test)
