#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What `windrose diff` predicts, against the truth: two responders, one with the
policy before and one with the policy after, are asked by 100,000 clients drawn
from all address space that the database knows; who gets another region is
counted for each way, and compared with what was said.

A drawn share errs: a difference is taken for one from five standard deviations
on, plus what the draws of the prediction itself err by.

Of a trace the prediction has to be exact, query by query: as text, as a pcap
made here, and, for root, as tcpdump captures the very queries.
"""
import collections
import ipaddress
import json
import math
import os
import random
import shutil
import signal
import socket
import struct

from rig import SRC, Failed, Rig, addresses, ask, main, note, until

CLIENTS, AT_ONCE, DRAWS, QUERIES = 100_000, 64, 4096, 30_000
REGIONS = {"us-east": 1, "us-west": 2, "eu-west": 3, "eu-central": 4,
           "ap-south": 5, "sa-east": 6}
SERVICES = ("near", "split")

BEFORE = """
zone: {{name: gslb.example.com, nameservers: ns.example.net}}
geo: {{databases: [{geo}/city-ipv4.mmdb, {geo}/city-ipv6.mmdb]}}
clients:
  gdpr: [eea, GB]
  islands: [JP, AU]
regions:
  us-east: {{location: [38.95, -77.45], jurisdictions: us}}
  us-west: {{location: [45.6, -121.2], jurisdictions: us}}
  eu-west: {{location: [53.35, -6.26], jurisdictions: gdpr}}
  eu-central: {{location: [50.11, 8.68], jurisdictions: gdpr}}
  ap-south: {{location: [1.35, 103.8], jurisdictions: sg}}
  sa-east: {{location: [-23.55, -46.6], jurisdictions: br}}
residency:
  home: {{clients: gdpr, within: gdpr}}
services:
"""


def services(weight, without=()):
    text = ""
    for n, name in enumerate(SERVICES):
        steer = "weighted" if name == "split" else "geo"
        text += f"  {name}:\n    steer: {steer}\n    endpoints:\n"
        for region, i in REGIONS.items():
            if region in without:
                continue
            w = weight if region == "eu-west" else 1
            text += f"      {region}: {{A: 192.0.{n}.{i}, weight: {w}}}\n"
    return text


def known_networks():
    """Those of IPv4 that no other contains, and the addresses of all."""
    rows = []
    with open(os.path.join(SRC, "contrib/geo/small.txt")) as text:
        for line in text:
            words = line.split("#")[0].split()
            if words and ":" not in words[0]:
                rows.append(ipaddress.ip_network(words[0]))
    rows.sort(key=lambda n: (int(n.network_address), n.prefixlen))
    top = []
    for n in rows:
        if not top or not n.subnet_of(top[-1]):
            top.append(n)
    return top, [n.num_addresses for n in top]


def query(number, name, client):
    """With the client's whole address as its subnet."""
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
    ecs = struct.pack("!HHHBB", 8, 8, 1, 32, 0) + client.packed
    return (struct.pack("!6H", number, 0, 1, 0, 0, 1) + labels + b"\0" +
            struct.pack("!HH", 1, 1) +
            struct.pack("!BHHIH", 0, 41, 1232, 0, len(ecs)) + ecs)


def region_in(answer, length):
    """The last octet of the one address, as the policies number regions."""
    if struct.unpack_from("!HH", answer, 4) != (1, 1) or answer[3] & 15:
        raise Failed(f"no answer: {answer.hex()}")
    return answer[length + 15]


def ask_all(port, name, clients):
    """The region of each client, asked by as many at once as a socket holds."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect(("127.0.0.1", port))
    got = [None] * len(clients)
    length = 12 + len(name) + 2 + 4
    for base in range(0, len(clients), AT_ONCE):
        some = clients[base:base + AT_ONCE]
        for i, client in enumerate(some):
            s.send(query(i, name, client))
        for _ in some:
            answer = s.recv(4096)
            got[base + struct.unpack_from("!H", answer)[0]] = \
                region_in(answer, length)
    s.close()
    return got


def predicted(rig, service):
    _, text, _ = rig.run(rig.program("windrose"), "diff", rig.path("before.yaml"),
                         rig.path("after.yaml"), "--json")
    ways = collections.Counter()
    for m in json.loads(text)["movements"]:
        if m["service"] == service:
            for flow in m["flows"]:
                ways[flow["from"], flow["to"]] += flow["v4_pct"]
    return ways


def compare(service, said, seen):
    worst = 0
    for way in set(said) | set(seen):
        p, q = said[way] / 100, seen[way] / CLIENTS
        sigma = math.sqrt(max(p, q, 1e-5) * (1 / CLIENTS + 1 / DRAWS))
        worst = max(worst, abs(p - q))
        if abs(p - q) > 5 * sigma:
            raise Failed(f"{service}, {way}: {100 * p:.3f} % were predicted "
                         f"to move, {100 * q:.3f} % did")
    note(f"{service}: {100 * sum(seen.values()) / CLIENTS:.2f} % of {CLIENTS} "
         f"clients moved in {len(seen)} ways, {sum(said.values()):.2f} % were "
         f"predicted to; no way off by more than {100 * worst:.3f} points")


def traffic(rng, clients):
    """Few ask much: service and client of each query."""
    heavy = [1 / (1 + rank) for rank in range(len(clients))]
    return [(rng.choice(SERVICES), client)
            for client in rng.choices(clients, heavy, k=QUERIES)]


def write_text(path, queries):
    with open(path, "w") as f:
        for (service, client), count in collections.Counter(queries).items():
            f.write(f"{client} {service}.gslb.example.com A {count}\n")


def write_pcap(path, queries):
    """Raw IPv4, and the resolver's address is not the client's."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for i, (service, client) in enumerate(queries):
            octets = query(i & 0xffff, service + ".gslb.example.com", client)
            packet = struct.pack("!BBHHHBBHII", 0x45, 0, 28 + len(octets), 1,
                                 0, 64, 17, 0, 0x7f000001, 0x7f000001) + \
                struct.pack("!4H", 40000, 53, 8 + len(octets), 0) + octets
            f.write(struct.pack("<4I", 1780000000 + i // 100, 0, len(packet),
                                len(packet)) + packet)


def said_of(rig, trace):
    _, text, _ = rig.run(rig.program("windrose"), "diff", rig.path("before.yaml"),
                         rig.path("after.yaml"), "--json", "--trace", trace)
    t = json.loads(text)["traffic"]
    return t, {(f["from"], f["to"]): f["queries"] for f in t["flows"]}


def ask_traffic(port, queries, names):
    """The regions, in the order of the queries of each service."""
    return {service: [names[i] for i in
                      ask_all(port, service + ".gslb.example.com",
                              [c for s, c in queries if s == service])]
            for service in SERVICES}


def packets(path):
    with open(path, "rb") as f:
        octets = f.read()
    at, count = 24, 0
    while at + 16 <= len(octets):
        at += 16 + struct.unpack_from("<I", octets, at + 8)[0]
        count += at <= len(octets)
    return count


def captured(rig, port, queries, names):
    """What tcpdump makes of asking a responder."""
    path = rig.path("seen.pcap")
    rig.start("tcpdump", "tcpdump", "-i", "lo", "-B", "65536", "-U", "-w", path,
              f"udp and port {port}")
    until("tcpdump captures", 10, lambda: addresses(
        ask(port, "near.gslb.example.com", "81.2.69.0/24")) and
        os.path.exists(path) and os.path.getsize(path) > 24)
    seen = ask_traffic(port, queries, names)
    until("all is captured", 20, lambda: packets(path) > 2 * QUERIES)
    rig.stop("tcpdump", signal.SIGINT)
    return path, seen


def check_traffic(rig, ports, names, rng, clients):
    queries = traffic(rng, clients)
    write_text(rig.path("trace.txt"), queries)
    write_pcap(rig.path("trace.pcap"), queries)
    traces = [("trace.txt", 0), ("trace.pcap", 0)]
    if os.geteuid() == 0 and shutil.which("tcpdump"):
        path, before = captured(rig, ports["before"], queries, names)
        traces.append((path, None))
    else:
        note("no tcpdump for who is not root")
        before = ask_traffic(ports["before"], queries, names)
    after = ask_traffic(ports["after"], queries, names)
    seen = collections.Counter(
        (a, b) for s in SERVICES for a, b in zip(before[s], after[s]) if a != b)
    load = collections.Counter(r for s in SERVICES for r in after[s])
    for trace, extra in traces:
        t, said = said_of(rig, rig.path(trace))
        if extra is None:  # those that waited for tcpdump
            extra = t["queries"] - QUERIES
            if not 0 <= extra < 100:
                raise Failed(f"tcpdump saw {t['queries']} queries")
        if t["queries"] - extra != QUERIES or said != dict(seen):
            raise Failed(f"{trace}: {said} of {t['queries']} queries was said, "
                         f"{dict(seen)} was seen")
        for region, n in load.items():
            if not n <= t["load_after"][region]["queries"] <= n + extra:
                raise Failed(f"{trace}: load of {region}: {n} was seen, "
                             f"{t['load_after'][region]} was said")
    note(f"{QUERIES} queries, {sum(seen.values())} of which move in {len(seen)} "
         f"ways: exactly as said of {len(traces)} forms of the trace")


def test():
    with Rig() as rig:
        rig.geo(rig.dir)
        rig.write("before.yaml", BEFORE.format(geo=rig.dir) + services(1))
        rig.write("after.yaml", BEFORE.format(geo=rig.dir).replace(
            "services:", "  far: {clients: islands, within: [us, sg]}\nservices:")
            + services(4, without=("sa-east",)))
        ports = {}
        for side in ("before", "after"):
            ports[side] = rig.port()
            rig.start(side, rig.program("windrose-dns"), "--policy",
                      rig.path(side + ".yaml"), "--listen",
                      f"127.0.0.1:{ports[side]}", "--name", side,
                      "--workers", "1")
            until(f"{side} answers", 30, lambda: addresses(
                ask(ports[side], "near.gslb.example.com", "81.2.69.0/24")))
        rng = random.Random(20261129)
        top, sizes = known_networks()
        clients = [ipaddress.ip_address(int(n.network_address) +
                                        rng.randrange(n.num_addresses))
                   for n in rng.choices(top, sizes, k=CLIENTS)]
        names = {i: r for r, i in REGIONS.items()}
        for service in SERVICES:
            name = service + ".gslb.example.com"
            before = ask_all(ports["before"], name, clients)
            after = ask_all(ports["after"], name, clients)
            seen = collections.Counter((names[a], names[b])
                                       for a, b in zip(before, after) if a != b)
            compare(service, predicted(rig, service), seen)
            if not seen:
                raise Failed(f"{service}: nobody moved; nothing was compared")
        check_traffic(rig, ports, names, rng, clients)


main(test)
