#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Endpoints of several addresses, IPv4 and IPv6: one address after the other
dies and comes back, and what DNS answers for checks that probe the first
address, need all of them, or any, is what the words mean.  explain and status
say which address it is, and how it failed."""

import json
import signal

from listener import Listener
from rig import Failed, Rig, main, note, until
from trio import QUICK, Trio

ONE, TWO, SIX, THERE = "127.0.5.1", "127.0.5.2", "::1", "127.0.5.9"

POLICY = """
zone: {{name: gslb.example.com, nameservers: [ns1.example.net]}}
regions:
  here: {{location: [53.35, -6.26]}}
  there: {{location: [50.11, 8.68]}}
vantages:
  dub: {{location: [53.35, -6.26]}}
checks:
  lone: {{type: tcp, port: {port}, addresses: {lone}, {common}}}
  every: {{type: tcp, port: {port}, addresses: all, {common}}}
  some: {{type: tcp, port: {port}, addresses: any, {common}}}
services:
  first: {{check: lone, {rest}}}
  all: {{check: every, {rest}}}
  any: {{check: some, {rest}}}
  both: {{check: {{all: [lone, some]}}, {rest}}}
"""

REST = ("steer: failover, failback: {mode: auto, hold: 0s, ramp: 0s}, ttl: {steady: 2s, changing: 1s}, "
        f"endpoints: {{here: {{A: [{ONE}, {TWO}], AAAA: \"{SIX}\"}}, there: {{A: {THERE}}}}}")

# What each service needs; the truth, said another way than the policy.
NEEDS = {
    "first": lambda up: ONE in up,
    "all": lambda up: {ONE, TWO, SIX} <= up,
    "any": lambda up: up,
    "both": lambda up: ONE in up,
}

# One address changes with each step: every subset of the three is met.
STEPS = [TWO, SIX, ONE, TWO, SIX, ONE, SIX, TWO, ONE, SIX, ONE, TWO, ONE]


def wanted(up, needs):
    return {s: sorted([ONE, TWO]) if need(up) else [THERE] for s, need in needs.items()}


def told(node):
    """What is said of an endpoint whose second address alone is dead."""
    line = f"every {ONE} up at dub; every {TWO} down at dub (connect-refused); every {SIX} up at dub"
    text = until("explain says which address is down", 20, lambda: (
        lambda t: t if line in t else None)(node.explain("all")))[0]
    if "health   every (every address), at each vantage" not in text:
        raise Failed(f"explain does not say what its health is made of: {text}")
    for role in ("dns", "steer"):
        until(f"status of {role} says which it is", 20, lambda: line in node.windrose("status", role=role))
        parts = {(s["service"], e["endpoint"]): e.get("parts")
                 for s in json.loads(node.windrose("status", "--json", role=role))["services"] for e in s["endpoints"]}
        down = [(p["check"], p["address"]) for p in parts["any", "here"] if p["down"]]
        if down != [("some", TWO)] or parts["first", "here"] or parts["all", "there"]:
            raise Failed(f"status --json of {role} says {parts}")
    line = f"every {ONE} closed, every {TWO} open after connect-refused, every {SIX} closed"
    until("the prober says which address is down", 20, lambda: line in node.windrose("status", role="health"))
    load = json.loads(node.windrose("status", "--json", role="health"))["load"]
    if load["probes"] != 4:
        raise Failed(f"four addresses, probes that are alike, and {load['probes']} of them")


def reloaded(r, node, here, write):
    """The check of the first address comes to need all of them, one of which is dead."""
    here.pop(SIX).fall()
    until("the IPv6 address is known to be dead", 20, lambda: node.answers() == wanted(set(here), NEEDS))
    write("all")
    for role in ("dns", "health", "steer"):
        r.running[role].send_signal(signal.SIGHUP)
    needs = NEEDS | {"first": NEEDS["all"], "both": NEEDS["all"]}
    until("answers by the new policy", 20, lambda: node.answers() == wanted(set(here), needs))


def test():
    with Rig() as r:
        port = r.port(ONE)

        def write(lone):
            r.write("policy/policy.yaml", POLICY.format(common=QUICK, rest=REST, port=port, lone=lone))

        write("first")
        here = {address: Listener(address, port) for address in (ONE, TWO, SIX)}
        Listener(THERE, port)
        node = Trio(r, NEEDS)
        until("all are up", 20, lambda: node.answers() == wanted(set(here), NEEDS))
        until("and known to be", 20, lambda: all(
            f"{check} {SIX} up at dub" in node.explain(service) for service, check in (("all", "every"), ("any", "some"))))
        times = []
        for address in STEPS:
            if address in here:
                here.pop(address).fall()
            else:
                here[address] = Listener(address, port)
            _, took = until(f"answers with {sorted(here)} up", 20, lambda: node.answers() == wanted(set(here), NEEDS))
            times.append(took)
            if set(here) == {ONE, SIX}:
                told(node)
        for address in {ONE, TWO, SIX} - set(here):
            here[address] = Listener(address, port)
        until("all are up again", 20, lambda: node.answers() == wanted(set(here), NEEDS))
        reloaded(r, node, here, write)
        note(f"{len(STEPS)} addresses died or came back one by one: all four services right after {max(times):.2f} s at most")


main(test)
