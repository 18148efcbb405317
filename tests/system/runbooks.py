#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Every runbook of contrib/runbooks as somebody follows it: its commands are run
in their order against a whole fleet that has the runbook's fault, and must end
and print as the runbook says."""

import os
import re
import socket
import subprocess
import sys
import threading

from fleet import CANARY, HAPROXY, REGIONS, WWW, Fleet, policy
from guide import must_show
from rig import SRC, Failed, Rig, addresses, ask, main, note, until

FOLDER = os.path.join(SRC, "contrib/runbooks")
GERMANY, IRELAND = "84.128.0.0/24", "86.40.0.0/24"

# What the commands of runbooks are found as: names of machines are ports here.
DIG = """#!/bin/sh
for word; do
	shift
	case $word in
{cases}
	*) set -- "$@" "$word" ;;
	esac
done
exec /usr/bin/dig +tries=1 +time=2 "$@"
"""
SYSTEMCTL = """#!/bin/sh
exec /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(" ".join(sys.argv[2:]).encode() + b"\\n")
sys.exit(int(s.makefile().readline()))' {socket} "$@"
"""


class Scene(Fleet):
    """The fleet, with three vantages, a residency rule, and units to restart."""

    def __init__(self, rig):
        super().__init__(rig)
        text = policy(self.web_port).replace("quorum: 1", "quorum: 2").replace(
            "  here: {location: [50.11, 8.68]}\n",
            "  here: {location: [50.11, 8.68]}\n  there: {location: [48.86, 2.35]}\n  far: {location: [40.71, -74.01]}\n")
        text += "residency:\n  gdpr:\n    clients: eea\n    within: [eu]\n    none_healthy: serve-unhealthy\n"
        self.rig.write("policy/policy.yaml", text)
        # A prober that goes another way to eu-west: nobody is there.
        self.rig.write("far/policy.yaml", text.replace(REGIONS["eu-west"][0], "127.0.2.99"))
        for name in os.listdir(rig.path("policy")):
            if name.endswith(".mmdb"):
                os.symlink(rig.path("policy/" + name), rig.path("far/" + name))
        self.rig.write("people.pub", open(self.person_pub).read())

    def start_steer(self, name):
        r = self.rig
        r.start(name, r.program("windrose-steer"), "--policy", r.path("policy"), "--name", name, "--bus", self.bus,
                "--key", self.plan_key, "--trust", self.plan_pub, "--people", r.path("people.pub"), "--journal", r.path(name + ".jsonl"),
                "--keep", r.path(name + ".keep"), "--control", r.path(name + ".sock"))

    def start_health(self, vantage, folder="policy"):
        r = self.rig
        r.start("health-" + vantage, r.program("windrose-health"), "--policy", r.path(folder), "--vantage", vantage,
                "--name", "health-" + vantage, "--bus", self.bus, "--control", r.path(f"health-{vantage}.sock"))

    def start_redis(self):
        self.rig.redis(self.redis_port, "--save", "300 1")

    def start_all(self):
        r = self.rig
        self.start_redis()
        for region, (address, _, _) in REGIONS.items():
            r.web(region, address, self.web_port)
        r.web("canary", CANARY, self.web_port)
        servers = "\n".join(f"    server {n} {a}:{self.web_port} weight 100" for n, (a, _, _) in REGIONS.items())
        servers += f"\n    server v2.us-east {CANARY}:{self.web_port} weight 100"
        r.write("haproxy.cfg", HAPROXY.format(socket=r.path("haproxy.sock"), port=self.http_port, servers=servers))
        self.start_haproxy()
        for name in self.dns_ports:
            self.start_dns(name)
        for vantage in ("here", "there", "far"):
            self.start_health(vantage)
        self.start_steer("steer1")
        until("steer1 leads", 20, lambda: self.leads("steer1"))
        self.start_steer("steer2")
        self.start_edge()
        self.settle()

    def settle(self):
        """All have the newest plan, and everything is up."""
        def settled():
            s = self.agent()
            fleet = s.get("fleet", {})
            return fleet.get("followers") == 3 == fleet.get("have") and len(self.verdicts("up", s)) == 4 and all(
                self.region(n, GERMANY) == "eu-central" for n in self.dns_ports)
        until("the fleet is well", 60, settled)

    def agent(self):
        """The status of whoever leads."""
        return next((s for s in map(self.status, ("steer1", "steer2")) if s.get("leads")), {})

    def verdicts(self, verdict, status=None):
        return [e["endpoint"] for s in (status or self.agent()).get("services", []) for e in s["endpoints"]
                if e["verdict"] == verdict]

    def endpoint(self, name):
        return next((e for s in self.agent().get("services", []) for e in s["endpoints"] if e["endpoint"] == name), {})

    # Units: what systemd would do.

    def start(self, unit):
        kind, _, name = unit.partition("@")
        {"windrose-dns": lambda: self.start_dns(name), "windrose-steer": lambda: self.start_steer(name),
         "windrose-edge": self.start_edge, "windrose-health": lambda: self.start_health(name),
         "redis-server": self.start_redis}[kind]()

    def stop(self, unit):
        kind, _, name = unit.partition("@")
        self.rig.stop({"windrose-health": "health-" + name, "redis-server": "redis", "windrose-edge": "edge"}.get(kind, name))

    def unit(self, verb, unit):
        if verb in ("stop", "restart"):
            self.stop(unit)
        if verb in ("start", "restart"):
            self.start(unit)
            kind, _, name = unit.partition("@")
            if kind == "windrose-dns":
                until(f"{name} answers", 15, lambda: addresses(ask(self.dns_ports[name], WWW, GERMANY)))
            elif kind == "windrose-steer":
                until(f"{name} is there", 15, lambda: self.status(name))


class Units(threading.Thread):
    """Takes what systemctl is told."""

    def __init__(self, scene):
        super().__init__(daemon=True)
        self.scene, self.path = scene, scene.rig.path("units.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.start()

    def run(self):
        while True:
            call, _ = self.listener.accept()
            with call, call.makefile("rw") as f:
                try:
                    self.scene.unit(*f.readline().split())
                    f.write("0\n")
                except Exception as e:  # the caller fails, and tells
                    print(f"# systemctl: {e!r}")
                    f.write("1\n")


# What happens in a runbook, by the name in its comments.

def us_east_fails(f):
    f.rig.stop("us-east")
    until("us-east is down, nobody is sent there, and everybody has the plan that says so", 30, lambda: f.endpoint(
        "us-east").get("cause") == "hold" and f.neither("72.229.28.0/24", "us-east") and f.agent().get("fleet", {}).get("have") == 3)


def us_east_comes_back(f):
    f.rig.web("us-east", REGIONS["us-east"][0], f.web_port)
    until("us-east is up", 30, lambda: f.endpoint("us-east").get("verdict") == "up")


def a_canary_runs(f):
    f.person("canary", "start", "v2", "--reason", "release of v2", "--yes")


def redis_is_gone(f):
    f.rig.stop("redis")


def all_have_found_the_bus_again(f):
    until("all have found the bus, and are heard", 60, lambda: f.agent().get("fleet", {}).get("have") == 3
          and len([n for n in f.agent()["nodes"] if n.get("local")]) == 3 and len(f.verdicts("up")) == 4)


def far_sees_eu_west_down(f):
    f.rig.stop("health-far")
    f.start_health("far", "far")
    until("far votes against eu-west", 30, lambda: f.endpoint("eu-west").get("down_by") == ["far"])


def far_votes_for_eu_west(f):
    until("nobody votes against eu-west", 30, lambda: f.endpoint("eu-west").get("down_by") == []
          and f.endpoint("eu-west").get("forced"))


def far_is_not_heard_any_more(f):
    until("two vote", 60, lambda: f.endpoint("eu-west").get("up") == 2)


def far_is_heard_again(f):
    until("three vote", 60, lambda: f.endpoint("eu-west").get("up") == 3)


def somebody_drained_eu_west_yesterday(f):
    f.person("drain", "eu-west", "--reason", "INC-390 disk", "--for", "24h", "--author", "bob", "--yes")


def an_agent_leads(f):
    until("an agent leads again", 30, f.agent)


def everybody_follows_the_new_key(f):
    until("all have the newest plan of the agent that leads", 60, lambda: f.agent().get("fleet", {}).get("have") == 3
          and f.agent()["fleet"]["followers"] == 3)


def the_edge_tells_of_requests(f):
    until("the edge tells of requests", 20, lambda: f.person(
        "drill", "region-loss", "us-east", "--reason", "x", "--abort-when", "errors>1%", "--dry-run", check=False)[0] == 0)


def the_drill_is_scored(f):
    until("the drill is scored", 60, lambda: "Score: " in f.person("drill", "report", "last", check=False)[1])


EVENTS = {e.__name__.replace("_", " "): e for e in (
    us_east_fails, us_east_comes_back, a_canary_runs, redis_is_gone, all_have_found_the_bus_again, far_sees_eu_west_down,
    far_votes_for_eu_west, far_is_not_heard_any_more, far_is_heard_again, somebody_drained_eu_west_yesterday, an_agent_leads,
    everybody_follows_the_new_key, the_edge_tells_of_requests, the_drill_is_scored)}


def steps(name):
    """(what, text) in order: an event's name, commands, the output that they must have."""
    with open(os.path.join(FOLDER, name)) as f:
        text = f.read()
    found = re.findall(r"^```(\w*)\n(.*?)^```$|^<!-- rig: (.*?) -->$", text, re.M | re.S)
    for kind, block, event in found:
        if event:
            yield "event", event
        elif kind in ("sh", "text"):
            yield kind, block
        else:
            raise Failed(f"{name}: a block that is neither sh nor text: {kind!r} {block!r}")


class Follower:
    """Somebody who does what a runbook says."""

    def __init__(self, f):
        self.f, self.commands = f, 0
        r = f.rig
        Units(f)
        cases = "\n".join(f'\t@{n}.example.net) set -- "$@" @127.0.0.1 -p {p} ;;' for n, p in f.dns_ports.items())
        r.write("bin/dig", DIG.format(cases=cases))
        r.write("bin/systemctl", SYSTEMCTL.format(socket=r.path("units.sock")))
        os.symlink(r.program("windrose"), r.path("bin/windrose"))
        for name in ("dig", "systemctl"):
            os.chmod(r.path("bin/" + name), 0o755)
        self.env = {"PATH": r.path("bin") + ":/usr/bin:/bin", "HOME": r.dir, "LANG": "C.UTF-8", "WINDROSE_BUS": f.bus,
                    "WINDROSE_KEY": f.person_key, "SUDO_USER": "alice"}

    def run(self, where, block):
        wanted = re.search(r"^# exit status (\d+)$", block, re.M)
        text = block.replace("/run/windrose/", self.f.rig.dir + "/").replace("/etc/windrose/", self.f.rig.dir + "/")
        p = subprocess.run(["sh", "-c", "set -e\n" + text], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, env=self.env, timeout=120, check=False)
        if p.returncode != int(wanted[1] if wanted else 0):
            raise Failed(f"{where}: exit {p.returncode}:\n{block}\n{p.stdout}")
        self.commands += sum(bool(line) and line[0] != "#" for line in block.splitlines())
        return p.stdout

    def follow(self, name):
        said = ""
        for kind, text in steps(name):
            if kind == "event":
                EVENTS[text.replace("-", " ")](self.f)
            elif kind == "sh":
                said = self.run(name, text)
            else:
                must_show(name, said, text)


def test():
    names = sorted(n for n in os.listdir(FOLDER) if n != "README.md")
    with open(os.path.join(FOLDER, "README.md")) as f:
        listed = sorted(set(re.findall(r"\]\(([a-z-]+\.md)\)", f.read())))
    if listed != names:
        raise Failed(f"README.md lists {listed}, there are {names}")
    for name in sys.argv[1:] or names:
        with Rig() as rig:
            f = Scene(rig)
            f.start_all()
            person = Follower(f)
            person.follow(name)
            note(f"{name}: {person.commands} commands, each as it is written")


main(test)
