#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Thousands of endpoints and nodes: an agent's status comes in pages, over the
bus and by its socket, a responder's in one line; windrose status shows all of
them."""

import json
import socket
import time

from rig import Failed, Rig, main, note, read_exactly, until

SERVICES, PER_SERVICE, NODES = 4000, 4, 2500
PREFIX = "windrose:{default}:"


def policy():
    services = "\n".join(
        f"  s{i:04}: {{steer: failover, endpoints: {{a: {{A: 192.0.2.{i % 200}}}, b: {{A: 198.51.100.{i % 200}}}, "
        f"c: {{A: 203.0.113.{i % 200}}}, d: {{A: 192.0.2.{i % 200 + 50}}}}}}}" for i in range(SERVICES))
    return f"""
zone: {{name: gslb.example.com, nameservers: ns.example.net}}
regions:
  a: {{location: [0, 0]}}
  b: {{location: [10, 10]}}
  c: {{location: [20, 20]}}
  d: {{location: [30, 30]}}
services:
{services}
"""


def word(*parts):
    """A command as Redis reads it."""
    out = b"*%d\r\n" % len(parts)
    return out + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in (str(p).encode() for p in parts))


def fill(port):
    """Records of nodes that are not there."""
    with socket.create_connection(("127.0.0.1", port)) as redis:
        now = int(time.time() * 1000)
        for i in range(NODES):
            name = f"far{i:04}"
            record = json.dumps({"name": name, "role": "dns", "wall_made_ms": now, "version": "0.1.0"})
            redis.sendall(word("SET", f"{PREFIX}node:{name}", record, "PX", 600000) + word("SADD", PREFIX + "nodes", name))
            read_exactly(redis, len(b"+OK\r\n:1\r\n"))


def octets(path, request):
    """How long a line the answer to this is, and the answer."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(json.dumps(request).encode() + b"\n")
        line = b""
        while more := s.recv(1 << 20):
            line += more
        return len(line), json.loads(line)


def test():
    with Rig() as rig:
        rig.write("policy.yaml", policy())
        port, dns = rig.port(), rig.port()
        bus = f"redis://127.0.0.1:{port}"
        plan_key, plan_pub = rig.keypair("plan")
        person, person_pub = rig.keypair("person")
        rig.redis(port)
        fill(port)
        rig.start("steer", rig.program("windrose-steer"), "--policy", rig.path("policy.yaml"), "--name", "s1", "--bus", bus,
                  "--key", plan_key, "--people", person_pub, "--control", rig.path("steer.sock"))
        rig.start("dns", rig.program("windrose-dns"), "--policy", rig.path("policy.yaml"), "--workers", "1", "--listen",
                  f"127.0.0.1:{dns}", "--name", "dns1", "--bus", bus, "--trust", plan_pub, "--control", rig.path("dns.sock"))

        def status(*where):
            began = time.monotonic()
            out = rig.run(rig.program("windrose"), "status", *where, check=False)[1]
            return out, time.monotonic() - began

        def whole(*where):
            out, took = status("--json", *where)
            answer = json.loads(out)
            return answer, took, len(out)

        def expect(title, answer, nodes):
            endpoints = [(s["service"], e["endpoint"]) for s in answer["services"] for e in s["endpoints"]]
            if len(endpoints) != SERVICES * PER_SERVICE or len(set(endpoints)) != len(endpoints) or answer.get("left_out"):
                raise Failed(f"{title}: {len(endpoints)} endpoints, {answer.get('left_out')} left out")
            names = [n["name"] for n in answer.get("nodes", [])]
            if nodes and (len(names) < NODES + 2 or len(set(names)) != len(names)):
                raise Failed(f"{title}: {len(names)} nodes")

        until("the agent leads and knows the nodes", 30, lambda: octets(rig.path("steer.sock"), {"op": "status"})[1]["fleet"][
            "nodes"] >= NODES + 2)
        for title, where, nodes in (("over the bus", ("--bus", bus, "--key", person), True),
                                    ("by the agent's socket", ("--node", rig.path("steer.sock")), True),
                                    ("by the responder's socket", ("--node", rig.path("dns.sock")), False)):
            answer, took, size = whole(*where)
            expect(title, answer, nodes)
            text, _ = status(*where)
            shown = sum(line.startswith("  ") for line in text.splitlines())
            if shown < SERVICES * PER_SERVICE:
                raise Failed(f"{title}: {shown} lines of endpoints")
            who = f", {len(answer['nodes'])} nodes" if nodes else ""
            note(f"{title}: {SERVICES * PER_SERVICE} endpoints{who}, {size / 2**20:.1f} MiB in {took:.2f} s")
        first, answer = octets(rig.path("steer.sock"), {"op": "status"})
        if first > 1 << 20 or answer["left_out"] != SERVICES * PER_SERVICE - 1000:
            raise Failed(f"the first page has {first} octets, {answer['left_out']} are left out")
        _, answer = octets(rig.path("steer.sock"), {"op": "services", "after": "nobody"})
        if answer["ok"]:
            raise Failed(f"a page after a service that is not there: {answer}")


main(test)
