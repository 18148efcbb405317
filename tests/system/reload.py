#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One responder, asked without a pause over UDP and TCP while its policy, its
zone and its geo databases are loaded again and again: no query is lost, no
answer is wrong, and what does not load changes nothing."""

import os
import shutil
import signal
import socket
import struct
import threading

import dns.edns
import dns.message

from rig import SRC, Failed, Rig, addresses, ask, main, note, until

ZONE = "gslb.example.com"
WWW = "www." + ZONE
LONDON = "81.2.69.0/24"
RELOADS = 20

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
services:
  www:
    steer: geo
    endpoints:
      us-east: {A: 192.0.2.1}
      eu-west: {A: 192.0.2.2}
"""


class Asker(threading.Thread):
    """One question after the other; every answer is compared."""

    def __init__(self, port, wanted, tcp):
        super().__init__(daemon=True)
        self.port, self.wanted, self.tcp = port, wanted, tcp
        self.over = threading.Event()
        self.asked, self.wrong = 0, []

    def exchange(self, wire):
        if not self.tcp:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(2)
                s.sendto(wire, ("127.0.0.1", self.port))
                return s.recv(4096)
        with socket.create_connection(("127.0.0.1", self.port), 2) as s:
            s.sendall(struct.pack("!H", len(wire)) + wire)
            data = b""
            while len(data) < 2 or len(data) < 2 + struct.unpack("!H", data[:2])[0]:
                more = s.recv(4096)
                if not more:
                    raise OSError("closed")
                data += more
            return data[2:]

    def run(self):
        q = dns.message.make_query(WWW, "A", use_edns=0)
        q.use_edns(0, 0, 1232, options=[dns.edns.ECSOption("81.2.69.0", 24)])
        wire = q.to_wire()
        while not self.over.is_set():
            self.asked += 1
            try:
                got = addresses(dns.message.from_wire(self.exchange(wire)))
                if got != self.wanted:
                    self.wrong.append(f"got {got}")
            except OSError as e:
                self.wrong.append(repr(e))

    def end(self):
        self.over.set()
        self.join()
        if self.wrong:
            raise Failed(f"{len(self.wrong)} of {self.asked} {'TCP' if self.tcp else 'UDP'} answers: {self.wrong[:3]}")
        return self.asked


def logged(rig, event):
    with open(rig.path("dns.log"), errors="replace") as f:
        return sum(f"event={event}" in line for line in f)


def replace(rig, name, text=None, source=None):
    """Beside it, then renamed over it, as every file of ours should change."""
    new = rig.path("policy/" + name + ".tmp")
    if source is not None:
        shutil.copy(source, new)
    else:
        with open(new, "w") as f:
            f.write(text)
    os.rename(new, rig.path("policy/" + name))


def serial_of(port):
    answer = ask(port, ZONE, rdtype="SOA").answer
    return answer[0][0].serial if answer else 0


def write_zone(rig, serial):
    replace(rig, "gslb.zone", f"$TTL 60\n@ IN SOA ns1.example.net. hostmaster.example.com. {serial} 3600 600 86400 30\n"
                              "@ IN NS ns1.example.net.\ntxt IN TXT \"here\"\n")


def reloads(rig, port, dns):
    askers = [Asker(port, ["192.0.2.2"], tcp) for tcp in (False, False, False, True)]
    for a in askers:
        a.start()
    for serial in range(2, 2 + RELOADS):
        write_zone(rig, serial)
        dns.send_signal(signal.SIGHUP)
        until(f"zone {serial} is served", 20, lambda s=serial: serial_of(port) == s)
    before = serial_of(port)
    for name, garbage in (("policy.yaml", "zone: {nmae: x}\n"), ("gslb.zone", "@ IN A not-an-address\n")):
        good = open(rig.path("policy/" + name)).read()
        failed = logged(rig, "reload-failed")
        replace(rig, name, garbage)
        dns.send_signal(signal.SIGHUP)
        until(f"garbage in {name} is refused", 20, lambda f=failed: logged(rig, "reload-failed") > f)
        replace(rig, name, good)
    if serial_of(port) != before:
        raise Failed("what did not load changed what is served")
    asked = sum(a.end() for a in askers)
    note(f"{RELOADS} reloads and 2 refused ones: {asked} queries over UDP and TCP, all answered and right")


def geo_changes(rig, port):
    """A database that is replaced is noticed; a broken one is not taken."""
    moved = rig.path("moved.txt")
    with open(os.path.join(SRC, "contrib/geo/small.txt")) as f, open(moved, "w") as out:
        out.write(f.read().replace("81.2.69.0/24 GB ENG 51.51 -0.13", "81.2.69.0/24 US NY 40.71 -74.01"))
    rig.run(os.path.join(SRC, "contrib/geo/make-mmdb"), "--schema", "flat", "--v4", moved, rig.path("moved.mmdb"))
    good = rig.path("good.mmdb")
    shutil.copy(rig.path("policy/city-ipv4.mmdb"), good)
    with open(good, "rb") as f:
        half = f.read()[: os.path.getsize(good) // 2]
    with open(rig.path("half.mmdb"), "wb") as f:
        f.write(half)
    failed = logged(rig, "reload-failed")
    replace(rig, "city-ipv4.mmdb", source=rig.path("half.mmdb"))
    until("half a database is refused", 30, lambda: logged(rig, "reload-failed") > failed)
    if addresses(ask(port, WWW, LONDON)) != ["192.0.2.2"]:
        raise Failed("half a database changed an answer")
    replace(rig, "city-ipv4.mmdb", source=rig.path("moved.mmdb"))
    _, took = until("London has moved", 30, lambda: addresses(ask(port, WWW, LONDON)) == ["192.0.2.1"])
    note(f"a replaced geo database is served after {took:.1f} s, without a signal")


def test():
    with Rig() as rig:
        port = rig.port()
        rig.write("policy/policy.yaml", POLICY)
        rig.geo(rig.path("policy"))
        write_zone(rig, 1)
        dns = rig.start("dns", rig.program("windrose-dns"), "--policy", rig.path("policy"), "--workers", "2",
                        "--listen", f"127.0.0.1:{port}")
        until("it answers", 20, lambda: serial_of(port) == 1)
        reloads(rig, port, dns)
        geo_changes(rig, port)
        if rig.stop("dns") != 0:
            raise Failed("windrose-dns did not end cleanly")


main(test)
