#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Demand is what is counted: three responders, an edge with a real HAProxy, two
agents and a real Redis.  The division among the regions follows first what the
policy states, by address space, then who really asks; a responder that is killed
falls out, edges' requests say how much, and an agent that starts upon a plan
moves nobody until it knows."""

import dns.edns
import dns.message
import http.client
import re
import signal
import socket
import threading

import fleet
from rig import Failed, Rig, main, note, until

CAPACITY = {"us-east": 100, "eu-west": 600, "eu-central": 1000}
DEMAND = 1000
PATIENCE = 120


class Repeater(threading.Thread):
    """Does something so many times a second, until it is ended."""

    def __init__(self, per_s, once):
        super().__init__(daemon=True)
        self.pause, self.once, self.over = 1 / per_s, once, threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(self.pause):
            try:
                self.once()
            except OSError:
                pass  # whom it asks was stopped


class Crowd(Repeater):
    """Clients of one network, who ask one responder."""

    def __init__(self, port, subnet, per_s):
        query = dns.message.make_query(fleet.WWW, "A", use_edns=0)
        address, bits = subnet.split("/")
        query.use_edns(0, 0, 1232, options=[dns.edns.ECSOption(address, int(bits))])
        wire, s = query.to_wire(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        super().__init__(per_s, lambda: s.sendto(wire, ("127.0.0.1", port)))


class World(fleet.Fleet):
    def __init__(self, rig):
        super().__init__(rig)
        self.dns_ports["dns3"] = rig.port()
        text = fleet.policy(self.web_port)
        for region, capacity in CAPACITY.items():
            text = text.replace(f"  {region}: {{location:", f"  {region}: {{capacity: {capacity}, location:")
        text = text.replace("    check: web\n", f"    check: web\n    demand: {DEMAND}\n    spill: capacity\n")
        rig.write("policy/policy.yaml", text)

    def service(self):
        """As whoever leads has it."""
        for name in ("steer1", "steer2"):
            if self.leads(name):
                return self.status(name)["services"][0]
        return {}

    def demand(self):
        return self.service().get("demand", {})

    def passed(self):
        return self.service().get("spill", {}).get("passed_pct")

    def share(self):
        """The part of California that us-east takes, by a responder; not asked over DNS, for that would be counted."""
        told = self.windrose("explain", self.rig.path("policy"), "--node", self.rig.path("dns1.sock"), "--service", "www",
                             "--client", fleet.CALIFORNIA[0].split("/")[0])[1]
        takes = re.search(r"us-east \(.*\n.*takes ([0-9.]+) % of clients nearest to us-east", told)
        return float(takes.group(1)) / 100 if takes else 1

    def drained(self, region):
        """What the drain of a region is said to move, in percent, and by what."""
        told = self.person("drain", region, "--reason", "x", "--dry-run")[1]
        words = re.search(r"www: ([0-9.]+) % of IPv4 clients move, .*, by (.*)", told)
        if not words:
            raise Failed(f"what a drain moves is not said: {told}")
        return float(words.group(1)), words.group(2)

    def explained(self):
        """By what capacity sends clients elsewhere, as a responder says."""
        told = self.windrose("explain", self.rig.path("policy"), "--node", self.rig.path("dns1.sock"), "--service", "www",
                             "--client", fleet.CALIFORNIA[0].split("/")[0])[1]
        line = re.search(r"^demand   (.*)$", told, re.MULTILINE)
        return line.group(1) if line else ""

    def request(self):
        c = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=5)
        c.request("GET", "/healthz")
        c.getresponse().read()
        c.close()


def follows_what_is_counted(f):
    until("California is passed on, as stated", 60, lambda: (f.passed() or 0) > 0 and f.share() < 1)
    note(f"stated: {f.demand()}, {f.share():.2f} of California at us-east")
    if f.demand().get("homes") != "policy" or f.demand().get("demand") != DEMAND:
        raise Failed(f"demand is not yet counted: {f.demand()}")
    until("explain says where demand comes from", 30,
          lambda: f.explained() == "1000 as the policy states, shared out by address space")
    by_space, by = f.drained("us-east")
    if by != "address space":
        raise Failed(f"a drain moves {by_space} % by {by}")
    crowds = {"dns1": Crowd(f.dns_ports["dns1"], fleet.LONDON, 20), "dns2": Crowd(f.dns_ports["dns2"], fleet.LONDON, 20),
              "dns3": Crowd(f.dns_ports["dns3"], fleet.NEW_YORK, 1.5)}
    _, took = until("three responders' counts are taken", PATIENCE,
                    lambda: f.demand().get("homes") == "counted" and f.demand()["responders"] == 3)
    note(f"counted after {took:.0f} s: {f.demand()}")
    until("California is all at us-east", PATIENCE, lambda: f.share() == 1)
    until("Europe is passed on", PATIENCE, lambda: f.passed() > 5)
    until("shares are as queries are", PATIENCE, lambda: 0.01 < f.demand()["shares"].get("us-east", 0) < 0.08
          and f.demand()["shares"]["eu-west"] > 0.7)
    text = f.windrose("status", "--node", f.rig.path("steer1.sock"))[1]
    line = next((l for l in text.splitlines() if "demand is" in l), "")
    if "1000, as the policy states; by whom:" not in line or "at 3 responder(s)" not in line:
        raise Failed(f"status does not say where demand comes from: {text}")
    note(line.strip())
    until("so does explain", 30, lambda: re.fullmatch(
        r"1000 as the policy states, shared out as 3 responders counted until 20\S+Z", f.explained()))
    counted, by = f.drained("us-east")
    if by != "counted demand" or not counted < 0.5 * by_space:
        raise Failed(f"a drain moves {counted} % by {by}, and {by_space} % by address space")
    note(f"a drain of us-east moves {by_space} % of the address space, {counted} % of the demand that is counted")
    return crowds


def a_new_leader_holds(f):
    """Both agents go; the one that comes knows nothing, and goes on."""
    before = f.passed()
    f.rig.stop("steer1", signal.SIGKILL)
    _, took = until("the standby leads", 60, lambda: f.leads("steer2"))
    until("it knows the demand already", 30, lambda: f.demand().get("homes") == "counted")
    note(f"the standby took over in {took:.1f} s: {f.demand()}")
    f.rig.stop("steer2", signal.SIGKILL)
    f.start_steer("steer1")
    until("a new one leads", 60, lambda: f.leads("steer1"))

    def knows():
        if f.share() != 1:
            raise Failed(f"it moved clients by what it did not know: {f.share()}, {f.service()}")
        return f.demand().get("homes") == "counted"

    _, took = until("it knows, too", PATIENCE, knows)
    until("and passes on as much", PATIENCE, lambda: f.passed() is not None and abs(f.passed() - before) < 15)
    note(f"a new agent knows after {took:.0f} s: {f.passed():.1f} % are passed on, {before:.1f} % before")


def the_dead_fall_out(f):
    f.rig.stop("dns3", signal.SIGKILL)
    _, took = until("a dead responder counts for nothing", PATIENCE, lambda: f.demand()["responders"] == 2)
    share = f.demand()["shares"]["us-east"]
    until("nor do its clients, in time", 2 * PATIENCE, lambda: f.demand()["shares"].get("us-east", 0) < 0.8 * share)
    note(f"a dead responder fell out after {took:.0f} s: {f.demand()}")


def edges_say_how_much(f):
    f.start_edge()
    users = Repeater(20, f.request)
    until("an edge's requests are the demand", PATIENCE,
          lambda: f.demand().get("amount") == "edges" and 1 < f.demand()["demand"] < 100)
    until("explain says that, too", 30, lambda: re.match(
        r"[0-9.]+ as 1 edge counted, shared out as 2 responders counted until 20", f.explained()))
    until("so little needs no other region", PATIENCE, lambda: f.passed() == 0)
    note(f"with an edge: {f.demand()}")
    f.rig.stop("edge", signal.SIGKILL)
    until("without it, it is what is stated", PATIENCE,
          lambda: f.demand().get("amount") == "policy" and f.demand()["demand"] == DEMAND)
    users.over.set()


def test():
    with Rig() as rig:
        f = World(rig)
        f.start_ground()
        servers = "\n".join(f"    server {n} {a}:{f.web_port} weight 100" for n, (a, _, _) in fleet.REGIONS.items())
        rig.write("haproxy.cfg", fleet.HAPROXY.format(socket=rig.path("haproxy.sock"), port=f.http_port, servers=servers))
        f.start_haproxy()
        for name in f.dns_ports:
            f.start_dns(name)
        f.start_health()
        f.start_steer("steer1")
        until("steer1 leads", 20, lambda: f.leads("steer1"))
        f.start_steer("steer2")
        crowds = follows_what_is_counted(f)
        a_new_leader_holds(f)
        the_dead_fall_out(f)
        edges_say_how_much(f)
        for crowd in crowds.values():
            crowd.over.set()


if __name__ == "__main__":
    main(test)
