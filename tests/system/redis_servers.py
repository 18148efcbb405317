# SPDX-License-Identifier: Apache-2.0
"""redis_servers -- real Redis servers and sentinels on loopback, each with the
example configuration of contrib/redis, and a small fleet that reaches them as
the users of users.acl."""

import os
import signal
import threading

from bus_faults import clients, plan_of
from fleet import CANARY, LONDON, REGIONS, WWW, Fleet
from rig import SRC, Failed, addresses, ask, note, until

WWW_IS_DRAINED = "us-east"


def example(name):
    """The text of a file in contrib/redis."""
    with open(os.path.join(SRC, "contrib/redis", name)) as f:
        return f.read()


class Servers:
    """Redis servers by name; all share users.acl."""

    def __init__(self, rig):
        self.rig, self.ports, self.extra = rig, {}, {}
        self.cli_extra = ()
        rig.write("redis.conf", example("redis.conf").replace("dir /var/lib/redis", "dir " + rig.dir))
        rig.write("users.acl", example("users.acl").replace("health-eu", "health-here").replace(
            "vantage:eu", "vantage:here"))

    def start(self, name, *extra, port=None):
        """Starts a server, again with what it was started with before."""
        self.extra.setdefault(name, extra)
        port = self.ports.setdefault(name, port or self.rig.port())
        folder = self.rig.path(name)
        os.makedirs(folder, exist_ok=True)
        self.rig.start(name, "redis-server", self.rig.path("redis.conf"), "--aclfile", self.rig.path("users.acl"),
                       "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--port", str(port), *self.extra[name])
        until(f"{name} answers", 10, lambda: self.cli(name, "ping") == "PONG")

    def kill(self, name):
        self.rig.stop(name, signal.SIGKILL)

    def cli(self, name, *argv, check=False):
        """What redis-cli prints."""
        return self.rig.run("redis-cli", "-p", str(self.ports[name]), "--user", "admin", "--pass", "change-me-admin",
                            "--no-auth-warning", *self.cli_extra, *argv, check=check)[1].strip()

    def readers(self, name):
        """How many follow a plan at this server."""
        told = self.cli(name, "pubsub", "numsub", "windrose:{default}:notify", "windrose:{default}:notify:plan")
        return sum(int(n) for n in told.split("\n")[1::2])

    def named(self, port):
        return next(n for n, p in self.ports.items() if p == int(port))

    def include(self, name):
        """Options that add a file of contrib/redis."""
        return "--include", self.rig.write("with-" + name, example(name))


class Reached(Fleet):
    """Two responders, a prober and two agents; url(role) says how each gets to Redis."""

    def __init__(self, rig, url):
        super().__init__(rig)
        self.url = url

    def start_dns(self, name, bus=None):
        self.bus = bus or self.url("dns")
        super().start_dns(name)

    def start_steer(self, name):
        self.bus = self.url("steer")
        super().start_steer(name)

    def person(self, *argv, check=True):
        self.bus = self.url("operator")
        return super().person(*argv, check=check)

    def start_all(self, **bus):
        """bus: of a responder that has its own."""
        r = self.rig
        for region, (address, _, _) in REGIONS.items():
            r.web(region, address, self.web_port)
        r.web("canary", CANARY, self.web_port)
        for name in self.dns_ports:
            self.start_dns(name, bus.get(name))
        r.start("health", r.program("windrose-health"), "--policy", r.path("policy"), "--vantage", "here",
                "--bus", self.url("health-here"), "--control", r.path("health.sock"))
        self.start_steer("steer1")
        until("steer1 leads", 20, lambda: self.leads("steer1"))
        self.start_steer("steer2")
        until("everything is up and both responders have the plan", 30, lambda: all(
            plan_of(self, n) > (0, 0) for n in self.dns_ports) and all(
            e["verdict"] == "up" for s in self.status("dns1")["services"] for e in s["endpoints"]))


class Forward(threading.Thread):
    """Looks all the time whether a responder's plan goes back."""

    def __init__(self, f, name):
        super().__init__(daemon=True)
        self.f, self.name, self.over = f, name, threading.Event()
        self.seen, self.back = [(0, 0)], []

    def run(self):
        while not self.over.wait(0.05):
            try:
                now = plan_of(self.f, self.name)
            except Exception:  # the status was cut off by the end
                continue
            if now == (0, 0):
                continue
            if now < self.seen[-1]:
                self.back.append((self.seen[-1], now))
            if now != self.seen[-1]:
                self.seen.append(now)

    def end(self):
        self.over.set()
        self.join()
        note(f"{self.name}: {len(self.seen) - 1} plans seen, (epoch, sequence) {self.seen[1]} to {self.seen[-1]}, "
             f"{len(self.back)} times back")
        if self.back:
            raise Failed(f"{self.name} went back: {self.back[:3]}")


def watched(f, faults):
    """Drains a region, then lets each fault happen while clients of DNS ask."""
    f.person("drain", WWW_IS_DRAINED, "--reason", "INC-1", "--for", "30m", "--yes")
    crowd, plans = clients(f), [Forward(f, n) for n in f.dns_ports]
    for p in plans:
        p.start()
    for fault in faults:
        fault()
        crowd.judge(fault.__name__.replace("_", " "))
    crowd.stop()
    for p in plans:
        p.end()
    for name in ("dns1", "dns2", "health", "steer1", "steer2"):
        if not f.rig.alive(name) or f.rig.stop(name) != 0:
            raise Failed(f"{name} did not live and end as it should")


def newer_everywhere(f, before, seconds=30):
    """Until both responders have a newer plan than before; how long it took."""
    return until("a newer plan everywhere", seconds, lambda: all(
        plan_of(f, n) > before for n in f.dns_ports))[1]


def answers_alone(f, name, bus, words):
    """A responder whose bus is refused answers, and its log tells words, once."""
    r = f.rig
    port = r.port()
    r.start(name, r.program("windrose-dns"), "--policy", r.path("policy"), "--workers", "1", "--listen",
            f"127.0.0.1:{port}", "--name", name, "--trust", f.plan_pub, "--bus", bus, "--control", r.path(name + ".sock"))
    until(f"{name} answers without the bus", 10, lambda: addresses(ask(port, WWW, LONDON)))

    def log():
        with open(r.path(name + ".log"), errors="replace") as file:
            return file.read()
    until(f"the log of {name} tells: {words}", 10, lambda: words in log())
    if plan_of(f, name) > (0, 0) or "redis-up" in log():
        raise Failed(f"{name} has got the plan all the same")
    lines = [line.split("event=")[1] for line in log().splitlines() if "redis-trouble" in line]
    if len(lines) > len(set(lines)) or "change-me" in log():
        raise Failed(f"wanted each trouble once a link, and never the password: {lines}")
    r.stop(name)
