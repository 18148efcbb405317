#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""A prober asks every responder what clients would, and says who is wrong.

Three real responders: one is stopped, one is cut off from the bus while a drain
comes, one is given a command by break-glass, one has databases of its own: each
is told for what it is, by the prober and by nobody else's name, and told to be
over.  While an endpoint fails over and a policy is rolled out nothing is told."""

import json
import os
import shutil
import signal
import time

import fleet
from link import Link
from rig import SRC, Failed, Rig, main, note, until

NAMES = ("dns1", "dns2", "dns3")
GRACE, STALE = 3, 6  # seconds


def policy(f):
    text = fleet.policy(f.web_port)
    www = text[text.index("  www:\n"):text.index("canaries:")]
    # One steered by draws, one with all of its endpoints in each answer.
    more = www.replace("  www:", "  drawn:").replace("steer: geo", "steer: weighted")
    more += www.replace("  www:", "  all:").replace("steer: geo", "steer: weighted\n    answers: 3")
    listed = ", ".join(f'{n}: "127.0.0.1:{f.dns_ports[n]}"' for n in NAMES)
    return text.replace("canaries:", more + "canaries:") + (
        f"verify: {{responders: {{{listed}}}, rate: 20, timeout: 500ms, grace: {GRACE}s, stale: {STALE}s}}\n")


class Verified(fleet.Fleet):
    def __init__(self, rig):
        super().__init__(rig)
        self.dns_ports = {n: rig.port() for n in NAMES}
        self.link = Link(self.redis_port, rig.port())
        rig.write("policy/policy.yaml", policy(self))
        # The same policy by its digest, beside databases where London is elsewhere.
        shutil.copytree(rig.path("policy"), rig.path("other"))
        with open(os.path.join(SRC, "contrib/geo/small.txt")) as small:
            text = small.read()
        rig.write("other.txt", text.replace("51.51 -0.13", "40.71 -74.01"))
        for family in ("v4", "v6"):
            rig.run(os.path.join(SRC, "contrib/geo/make-mmdb"), "--schema", "flat",
                    "--" + family, rig.path("other.txt"), rig.path(f"other/city-ip{family}.mmdb"))

    def bus_by(self, name):
        return f"redis://127.0.0.1:{self.link.port}/test" if name == "dns2" else self.bus

    def start_all(self):
        self.start_ground()
        for name in NAMES:
            self.start_dns(name)
        self.start_steer("steer1")
        until("steer1 leads", 20, lambda: self.leads("steer1"))
        self.start_health("--trust", self.plan_pub)

    def alarms(self):
        """What the prober's record says: {(responder, kind)}."""
        return {(a["responder"], a["kind"]): a["text"] for a in self.node("health").get("alarms", [])}

    def asked(self):
        """Of each responder: how it did so far."""
        return {v["responder"]: v for v in self.status("health").get("verify", [])}

    def logged(self):
        with open(self.rig.path("health.log")) as log:
            return [line for line in log if "event=alarm" in line]


def is_only(f, responder, kind, *words):
    """Is this the one alarm?  Any other is a failure at once."""
    alarms = f.alarms()
    if any(key != (responder, kind) for key in alarms):
        raise Failed(f"wanted no alarm but {responder} {kind}: {alarms}")
    text = alarms.get((responder, kind))
    return text is not None and all(w in text for w in words) and text


def is_calm(f, what, seconds):
    """Nothing is told while all are asked further."""
    before, began = f.asked(), time.monotonic()
    until(f"{what}: all go on being asked", 60, lambda: f.alarms() == {} and time.monotonic() - began > seconds and all(
        f.asked()[n]["agreed"] > before[n]["agreed"] + 10 for n in NAMES))


def told(f, responder, kind, *words):
    text, took = until(f"{responder} is said to be {kind}", 30, lambda: is_only(f, responder, kind, *words))
    out = f.windrose("status", "--node", f.rig.path("steer1.sock"))[1]
    until("windrose status tells it, too", 10, lambda: f"ALARM {responder}: {kind}" in f.windrose(
        "status", "--node", f.rig.path("steer1.sock"))[1])
    note(f"{responder}, {kind}, told after {took:.1f} s: {text}")
    return out


def over(f, what):
    _, took = until(f"{what}: all alarms are over", 40, lambda: f.alarms() == {})
    note(f"{what}: over after {took:.1f} s")


def silent(f):
    f.rig.running["dns1"].send_signal(signal.SIGSTOP)
    told(f, "dns1", "silent", "timeout")
    f.rig.running["dns1"].send_signal(signal.SIGCONT)
    over(f, "dns1 goes on")


def stale(f):
    f.link.cut(blackhole=True)
    f.person("drain", "eu-west", "--reason", "INC-1", "--for", "10m", "--yes", check=False)
    told(f, "dns2", "stale", "cut off from the bus")
    f.link.heal()
    over(f, "dns2 is on the bus again")
    f.person("undrain", "eu-west", "--reason", "INC-1", "--yes")


def break_glass(f):
    f.windrose("drain", "eu-west", "--reason", "INC-2", "--for", "10m", "--yes", "--node", f.rig.path("dns3.sock"))
    told(f, "dns3", "disagreement", "expected", "got", "break-glass there")
    f.windrose("undrain", "eu-west", "--reason", "INC-2", "--yes", "--node", f.rig.path("dns3.sock"))
    over(f, "the break-glass drain is ended")


def other_databases(f):
    """Policy and plan are the same, and the answer is not."""
    f.rig.stop("dns3")
    r = f.rig
    shutil.copy(r.path("policy/policy.yaml"), r.path("other"))
    r.start("dns3", r.program("windrose-dns"), "--policy", r.path("other"), "--workers", "1",
            "--listen", f"127.0.0.1:{f.dns_ports['dns3']}", "--name", "dns3", "--bus", f.bus,
            "--trust", f.plan_pub, "--control", r.path("dns3.sock"))
    told(f, "dns3", "disagreement", "expected", "got", "ordered")
    f.rig.stop("dns3")
    f.start_dns("dns3")
    over(f, "dns3 has the databases of all")


def rightful_changes(f):
    """A failover, a ramp, a roll-out: nothing is told."""
    f.rig.stop("eu-west", signal.SIGKILL)
    is_calm(f, "an endpoint fails over", 2 * GRACE)
    f.rig.web("eu-west", fleet.REGIONS["eu-west"][0], f.web_port)
    is_calm(f, "it comes back by a ramp", 2 * GRACE)
    f.person("drain", "us-east", "--reason", "INC-3", "--for", "10m", "--over", "6s", "--yes")
    is_calm(f, "a drain by a ramp", 2 * GRACE)
    f.person("undrain", "us-east", "--reason", "INC-3", "--yes")
    f.rig.write("policy/policy.yaml", policy(f).replace("steady: 60s", "steady: 50s"))
    for name in (*NAMES, "steer1", "health"):
        f.rig.running[name].send_signal(signal.SIGHUP)
        began = time.monotonic()
        until("a moment passes between them", 5, lambda began=began: time.monotonic() - began > 0.7)
    is_calm(f, "a policy is rolled out", 2 * GRACE)


def test():
    with Rig() as rig:
        f = Verified(rig)
        with f.link:
            f.start_all()
            until("all agree", 60, lambda: f.alarms() == {} and all(
                f.asked()[n]["agreed"] > 50 for n in NAMES))
            rightful_changes(f)
            if f.logged():
                raise Failed(f"an alarm was raised for nothing: {f.logged()}")
            silent(f)
            stale(f)
            break_glass(f)
            other_databases(f)
            for name, asked in f.asked().items():
                note(f"{name}: {json.dumps(asked)}")
            lines = f.logged()
            if len(lines) != 8:
                raise Failed(f"four alarms are begun and ended by one line each: {lines}")


if __name__ == "__main__":
    main(test)
