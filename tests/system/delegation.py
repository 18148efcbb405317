#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""A zone as the world meets it: root and TLD on knotd, gslb.example delegated
with DS to two windrose-dns that share their keys, unbound (with its subnet
cache) and named in between as validating resolvers.  Clients of three
continents get their region through unbound, secure; every kind of answer
validates at both; with one responder killed resolution goes on."""

import contextlib
import signal

import dns.exception
import dns.rcode

from internet import CLIENTS, NAMED, UNBOUND, ZONE, Internet, must_be_secure
from rig import Failed, addresses, main, note

# name, type, RCODE, and the addresses wanted (None: whatever)
CASES = (
    ("static", "A", "NOERROR", ["192.0.2.80"]),
    ("www", "A", "NOERROR", None),
    ("www", "AAAA", "NOERROR", None),
    ("www", "TXT", "NOERROR", []),
    ("@", "A", "NOERROR", None),
    ("@", "DNSKEY", "NOERROR", []),
    ("@", "MX", "NOERROR", []),
    ("alias", "A", "NOERROR", None),
    ("away", "A", "NOERROR", ["192.0.2.80"]),
    ("x.app", "A", "NOERROR", None),
    ("x.y.app", "A", "NOERROR", None),
    ("x.app", "TXT", "NOERROR", []),
    ("app", "A", "NOERROR", []),
    ("two", "A", "NOERROR", None),
    ("v4", "A", "NOERROR", None),
    ("v4", "AAAA", "NOERROR", None),
    ("x.wild", "TXT", "NOERROR", []),
    ("x.wild", "A", "NOERROR", []),
    ("ent", "A", "NOERROR", []),
    ("b.ent", "A", "NOERROR", []),
    ("no.ent", "A", "NXDOMAIN", []),
    ("nothing", "A", "NXDOMAIN", []),
    ("x.static", "A", "NXDOMAIN", []),
    ("host.old", "A", "NOERROR", None),
    ("sub", "DS", "NOERROR", []),
)


def fqdn(name):
    return ZONE if name == "@" else f"{name}.{ZONE}"


def validated(net):
    """Every kind of answer, secure at both resolvers."""
    for resolver, address in (("unbound", UNBOUND), ("named", NAMED)):
        for name, rdtype, rcode, wanted in CASES:
            what = f"{fqdn(name)} {rdtype} by {resolver}"
            got = must_be_secure(net.ask_from("london", address, fqdn(name), rdtype), what)
            if dns.rcode.to_text(got.rcode()) != rcode:
                raise Failed(f"{what}: {dns.rcode.to_text(got.rcode())}, not {rcode}")
            if wanted is not None and addresses(got) != wanted:
                raise Failed(f"{what}: {addresses(got)}, not {wanted}")
    note(f"{len(CASES)} names and types secure at unbound and at named")


def regions(net):
    """Clients of three continents, through one unbound."""
    for turn in range(3):
        for client, (address, endpoint) in CLIENTS.items():
            for name in ("www", "@", "alias", f"h{turn}.app"):
                got = must_be_secure(net.ask_from(client, UNBOUND, fqdn(name)), f"{name} asked from {client}")
                if addresses(got) != [endpoint]:
                    raise Failed(f"{client} ({address}) asked for {name} and got {addresses(got)}, not {endpoint}")
    note(f"clients in {', '.join(CLIENTS)} each got their region through unbound, AD set")


def patiently(net, address, name):
    """Asks as a client's library does: again after five seconds, twice."""
    for tries in range(3):
        with contextlib.suppress(dns.exception.Timeout):
            return net.ask_from("london", address, name, timeout=5), tries
    raise Failed(f"{name} asked of {address} three times: no answer")


def one_killed(net):
    """The first responder dies; names nobody has cached go on to resolve."""
    again = 0
    net.stop("ns1", signal.SIGKILL)
    for i in range(40):
        for resolver, address in (("unbound", UNBOUND), ("named", NAMED)):
            what = f"k{i}.app with one responder killed, by {resolver}"
            got, tries = patiently(net, address, fqdn(f"k{i}.app"))
            again += tries
            if not addresses(must_be_secure(got, what)):
                raise Failed(f"{what}: no address")
    note(f"one of two responders killed: 80 uncached questions answered, secure; {again} had to be asked again")


def test():
    with Internet() as net:
        net.registry(60)
        net.clients()
        net.delegate()
        net.resolvers()
        validated(net)
        regions(net)
        one_killed(net)


main(test)
