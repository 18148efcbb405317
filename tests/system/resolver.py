#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A real resolver in between: unbound with its subnet cache asks windrose-dns.
Clients of many networks, asking the same unbound in turn, each get what
windrose-dns itself says to their network; the cache holds one answer a scope,
never another scope's; a static name is cached once for everybody."""

import ipaddress
import json
import os
import random
import socket

from rig import SRC, Failed, Rig, addresses, ask, main, note, until

SEED = int(os.environ.get("WINDROSE_SEED", "7871"))
ZONE = "gslb.example.com"
WWW, APP, STATIC = "www." + ZONE, "app." + ZONE, "static." + ZONE
SINGAPORE = "116.86.7.0/24"
TURNS = 200

POLICY = """
zone:
  name: gslb.example.com
  nameservers: [ns1.example.net]
  contact: hostmaster.example.com
  records: gslb.zone
geo:
  databases: [city-ipv4.mmdb, city-ipv6.mmdb]
regions:
  us-east: {location: [38.95, -77.45]}
  eu-west: {location: [53.35, -6.26]}
  ap-southeast: {location: [1.29, 103.85]}
services:
  www:
    steer: geo
    ttl: {steady: 10m, changing: 10m, jitter: 0%}
    endpoints:
      us-east: {A: 192.0.2.1, AAAA: "2001:db8::1"}
      eu-west: {A: 192.0.2.2, AAAA: "2001:db8::2"}
      ap-southeast: {A: 192.0.2.3, AAAA: "2001:db8::3"}
  app:
    steer: weighted
    ttl: {steady: 10m, changing: 10m, jitter: 0%}
    endpoints:
      us-east: {A: 192.0.2.11}
      eu-west: {A: 192.0.2.12}
      ap-southeast: {A: 192.0.2.13}
"""

# Nothing but our zone may be asked: every other zone ends at a dead port.  No
# minimising, which asks for A before AAAA, so that questions can be counted.
UNBOUND = """
server:
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{dir}"
  pidfile: ""
  use-syslog: no
  interface: 127.0.0.1
  port: {port}
  do-ip6: no
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "subnetcache iterator"
  client-subnet-zone: gslb.example.com
  client-subnet-always-forward: yes
  max-client-subnet-ipv4: 32
  max-client-subnet-ipv6: 64
  max-ecs-tree-size-ipv4: 10000
  max-ecs-tree-size-ipv6: 10000
  prefetch: no
  qname-minimisation: no
remote-control:
  control-enable: no
stub-zone:
  name: gslb.example.com
  stub-addr: 127.0.0.1@{dns}
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{dead}
"""


def networks(family):
    """The networks of the small world of one family, with no smaller inside."""
    with open(os.path.join(SRC, "contrib/geo/small.txt")) as f:
        found = [ipaddress.ip_network(line.split()[0]) for line in f if line[0].isdigit()]
    return [n for n in found if n.version == family]


def subnet_in(rng, network, bits):
    """A client's subnet of so many bits somewhere in network."""
    spare = bits - network.prefixlen
    if spare <= 0:
        return ipaddress.ip_network((network.network_address, bits), strict=False)
    start = int(network.network_address) + (rng.getrandbits(spare) << (network.max_prefixlen - bits))
    return ipaddress.ip_network((start, bits))


class Responder:
    def __init__(self, rig, port):
        self.port, self.control = port, rig.path("dns.sock")
        self.process = rig.start("dns", rig.program("windrose-dns"), "--policy", rig.path("policy"), "--workers", "1",
                                 "--listen", f"127.0.0.1:{port}", "--control", self.control)

    def answered(self):
        """How many answers it has given."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(2)
            s.connect(self.control)
            s.sendall(b'{"op":"status"}\n')
            return json.loads(s.makefile().readline())["stats"]["answers"]


def scope(message):
    return next(o.scopelen for o in message.options if o.otype == 8)


def compare(rng, responder, resolver, name, rdtype, bits, found):
    """TURNS clients of networks drawn at random; returns the answers seen and
    how many questions reached the responder."""
    clients = [str(subnet_in(rng, rng.choice(found), bits)) for _ in range(TURNS)]
    direct = [ask(responder.port, name, c, rdtype) for c in clients]
    before = responder.answered()
    for client, wanted in zip(clients, direct):
        got = ask(resolver, name, client, rdtype, timeout=5)
        if addresses(got) != addresses(wanted):
            raise Failed(f"{client} asked for {name} {rdtype} (WINDROSE_SEED={SEED}): unbound says {addresses(got)}, "
                         f"windrose-dns {addresses(wanted)} of scope /{scope(wanted)}")
    asked = responder.answered() - before
    scopes = {ipaddress.ip_network((c.split("/")[0], scope(d)), strict=False) for c, d in zip(clients, direct)}
    return {tuple(addresses(d)) for d in direct}, asked, len(scopes)


def steered(rng, responder, resolver):
    for name, rdtype, bits in ((WWW, "A", 24), (WWW, "A", 32), (WWW, "AAAA", 24), (APP, "A", 24), (WWW, "AAAA", 56)):
        found = networks(6 if bits == 56 else 4)
        answers, asked, scopes = compare(rng, responder, resolver, name, rdtype, bits, found)
        if len(answers) != 3:
            raise Failed(f"{name} {rdtype}: clients get {answers}, not three regions")
        if not 3 <= asked <= scopes:
            raise Failed(f"{name} {rdtype}: {asked} questions for {scopes} scopes: unbound's cache is not used")
        note(f"{TURNS} clients with /{bits} asked unbound for {name} {rdtype}: all as windrose-dns says; "
             f"{asked} questions passed on for {scopes} scopes")


def two_in_turn(responder, resolver):
    """London and Singapore, each time in turn: a question each in all."""
    before = responder.answered()
    for _ in range(TURNS // 2):
        for client, wanted in (("81.2.69.0/24", "192.0.2.2"), (SINGAPORE, "192.0.2.3")):
            got = addresses(ask(resolver, WWW, client, timeout=5))
            if got != [wanted]:
                raise Failed(f"{client} got {got} through unbound, not {wanted}")
    asked = responder.answered() - before
    if asked != 2:
        raise Failed(f"two networks in turn cost {asked} questions, not 2")
    note(f"two networks asked unbound in turn, {TURNS} times: never mixed, {asked} questions passed on")


def static(responder, resolver):
    """Scope 0: whoever asks with a subnet or without, once."""
    before = responder.answered()
    for i in range(TURNS):
        got = ask(resolver, STATIC, f"90.{i}.0.0/24" if i % 2 else None, timeout=5)
        if addresses(got) != ["192.0.2.80"]:
            raise Failed(f"the static name is {addresses(got)} through unbound")
    asked = responder.answered() - before
    if asked > 1:
        raise Failed(f"a static name cost {asked} questions")
    note(f"a static name asked of unbound {TURNS} times, half with a subnet: {asked} more than the first passed on")


def test():
    rng = random.Random(SEED)
    with Rig() as rig:
        port, resolver, dead = rig.port(), rig.port(), rig.port()
        rig.write("policy/policy.yaml", POLICY)
        rig.write("policy/gslb.zone", "$TTL 600\nstatic A 192.0.2.80\n")
        rig.geo(rig.path("policy"))
        responder = Responder(rig, port)
        rig.write("unbound.conf", UNBOUND.format(dir=rig.dir, port=resolver, dns=port, dead=dead))
        rig.start("unbound", "/usr/sbin/unbound", "-d", "-c", rig.path("unbound.conf"))
        until("windrose-dns answers", 20, lambda: addresses(ask(port, WWW)))
        until("unbound answers", 20, lambda: addresses(ask(resolver, STATIC)))
        static(responder, resolver)
        two_in_turn(responder, resolver)
        steered(rng, responder, resolver)
        for name in ("unbound", "dns"):
            if rig.stop(name) != 0:
                raise Failed(f"{name} did not end cleanly")


main(test)
