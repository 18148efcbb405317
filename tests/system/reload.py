#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One responder, asked without a pause over UDP and TCP while its policy, its
zone and its geo databases are loaded again and again: every query is answered,
every answer is that of a generation that was in force while the query was on
its way, and what does not load changes nothing.

WINDROSE_RELOADS=100  with WINDROSE_GEO_V4 and WINDROSE_GEO_V6: so many, each of
                      them of these databases; by default 10 of the small one
"""

import os
import select
import shutil
import signal
import socket
import struct
import threading
import time
import urllib.request

import dns.edns
import dns.message

from rig import SRC, Failed, Rig, addresses, ask, main, note, until

ZONE = "gslb.example.com"
WWW = "www." + ZONE
LONDON = "81.2.69.0/24"
RELOADS = min(int(os.environ.get("WINDROSE_RELOADS", "10")), 250)  # the last octet of an address
REAL = "WINDROSE_RELOADS" in os.environ and os.environ.get("WINDROSE_GEO_V4")
OUTSTANDING = 32
PATIENCE_S = 5
EAST, WEST = "192.0.2.", "198.51.100."

POLICY = """
zone:
  name: gslb.example.com
  nameservers: [ns1.example.net]
  contact: hostmaster.example.com
  records: gslb.zone
geo:
  databases: [city-ipv4.mmdb, city-ipv6.mmdb]
regions:
  us-east: {{location: [38.95, -77.45]}}
  eu-west: {{location: [53.35, -6.26]}}
services:
  www:
    steer: geo
    endpoints:
      us-east: {{A: 192.0.2.{0}}}
      eu-west: {{A: 198.51.100.{0}}}
"""


def query(name, rdtype, subnet=None):
    """A query's wire, without its id, and where its first answer's RDLENGTH is."""
    q = dns.message.make_query(name, rdtype, use_edns=0)
    options = []
    if subnet is not None:
        address, bits = subnet.split("/")
        options = [dns.edns.ECSOption(address, int(bits))]
    q.use_edns(0, 0, 1232, options=options)
    question = len(dns.message.make_query(name, rdtype, use_edns=-1).to_wire())
    return q.to_wire()[2:], question + 10


class History:
    """Which generation was in force when.  Generation g has the SOA serial g,
    the TXT record "g", and addresses that end in g."""

    def __init__(self):
        self.lock = threading.Lock()
        self.rows = [[1, 0.0, None, WEST]]  # number, from, until, where London is

    def begin(self, number, london):
        """Its files are about to be there."""
        with self.lock:
            self.rows.append([number, time.monotonic(), None, london])

    def served(self, number):
        """It answers: queries sent from now on never get the one before."""
        with self.lock:
            for row in self.rows:
                if row[0] < number and row[2] is None:
                    row[2] = time.monotonic()

    def right(self, sent, got):
        """Generations in force between the two times, and where London was in them."""
        with self.lock:
            rows = [r for r in self.rows if r[1] <= got and (r[2] is None or r[2] >= sent)]
        return {r[0] for r in rows}, {r[3] for r in rows}


class Asker(threading.Thread):
    """Keeps OUTSTANDING queries on their way; each has an id, and each answer
    is held against what was in force."""

    KINDS = {
        "address": query(WWW, "A", LONDON),
        "text": query("txt." + ZONE, "TXT"),
        "serial": query(ZONE, "SOA"),
    }

    def __init__(self, port, history, tcp):
        super().__init__(daemon=True)
        self.port, self.history, self.tcp = port, history, tcp
        self.over = threading.Event()
        self.asked = self.answered = 0
        self.slowest = 0.0
        self.wrong = []
        self.waiting = {}  # id -> kind, time
        self.next_id = 0

    def message(self):
        kind = list(self.KINDS)[self.next_id % len(self.KINDS)]
        wire = struct.pack("!H", self.next_id) + self.KINDS[kind][0]
        self.waiting[self.next_id] = (kind, time.monotonic())
        self.next_id = (self.next_id + 1) % 65536
        self.asked += 1
        return wire

    def judge(self, wire):
        number = struct.unpack("!H", wire[:2])[0]
        if number not in self.waiting:
            self.wrong.append(f"an answer to nothing asked: {wire.hex()}")
            return
        kind, sent = self.waiting.pop(number)
        got = time.monotonic()
        self.slowest = max(self.slowest, got - sent)
        self.answered += 1
        flags, questions, answers = struct.unpack("!HHH", wire[2:8])
        if flags & 0xFE0F != 0x8400 or questions != 1 or answers != 1:
            self.wrong.append(f"{kind}: {wire.hex()}")
            return
        at = self.KINDS[kind][1]
        length = struct.unpack("!H", wire[at:at + 2])[0]
        self.judge_rdata(kind, wire[at + 2:at + 2 + length], sent, got)

    def judge_rdata(self, kind, rdata, sent, got):
        generations, london = self.history.right(sent, got)
        if kind == "address":
            said = socket.inet_ntoa(rdata)
            good = rdata[3] in generations and any(said.startswith(p) for p in london)
        elif kind == "text":
            said = rdata[1:].decode()
            good = int(said) in generations
        else:
            said = struct.unpack("!I", rdata[-20:-16])[0]
            good = said in generations
        if not good:
            self.wrong.append(f"{kind} {said}, in force: {sorted(generations)} {sorted(london)}")

    def check_patience(self):
        """True when some answer is overdue."""
        oldest = min((sent for _, sent in self.waiting.values()), default=None)
        return oldest is not None and time.monotonic() - oldest > PATIENCE_S

    def run(self):
        try:
            while not self.over.is_set() and not self.check_patience():
                if self.tcp:
                    self.one_connection()
                else:
                    self.one_socket()
        except OSError as e:
            self.wrong.append(repr(e))

    def one_socket(self):
        """A port for a while."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", self.port))
            until_count = self.asked + 5000
            while self.waiting or (self.asked < until_count and not self.over.is_set()):
                while len(self.waiting) < OUTSTANDING and self.asked < until_count and not self.over.is_set():
                    s.send(self.message())
                if select.select([s], [], [], 0.2)[0]:
                    self.judge(s.recv(4096))
                elif self.check_patience():
                    return

    def one_connection(self):
        """A connection for a hundred queries, all of them pipelined."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as s:
            wires = [self.message() for _ in range(100)]
            s.sendall(b"".join(struct.pack("!H", len(w)) + w for w in wires))
            data = b""
            while self.waiting:
                while len(data) >= 2 and len(data) >= 2 + struct.unpack("!H", data[:2])[0]:
                    end = 2 + struct.unpack("!H", data[:2])[0]
                    self.judge(data[2:end])
                    data = data[end:]
                if not self.waiting:
                    return
                more = s.recv(65536)
                if not more:
                    raise OSError("closed with queries unanswered")
                data += more

    def end(self):
        self.over.set()
        self.join()
        name = "TCP" if self.tcp else "UDP"
        if self.wrong:
            raise Failed(f"{len(self.wrong)} of {self.asked} {name} answers: {self.wrong[:3]}")
        if self.waiting:
            raise Failed(f"{len(self.waiting)} of {self.asked} {name} queries were not answered")


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


def write_generation(rig, number, london):
    """Addresses, zone and databases, all of them new."""
    replace(rig, "policy.yaml", POLICY.format(number))
    replace(rig, "gslb.zone", f"$TTL 60\n@ IN SOA ns1.example.net. hostmaster.example.com. {number} 3600 600 86400 30\n"
                              f"@ IN NS ns1.example.net.\ntxt IN TXT \"{number}\"\n")
    for family in ("v4", "v6"):
        source = os.environ["WINDROSE_GEO_" + family.upper()] if REAL else rig.path(f"{london}{family}.mmdb")
        replace(rig, f"city-ip{family}.mmdb", source=source)


def make_databases(rig):
    """London where it is, and in New York."""
    with open(os.path.join(SRC, "contrib/geo/small.txt")) as f:
        here = f.read()
    moved = here.replace("81.2.69.0/24 GB ENG 51.51 -0.13", "81.2.69.0/24 US NY 40.71 -74.01")
    if moved == here:
        raise Failed("contrib/geo/small.txt has no London")
    for london, text in ((WEST, here), (EAST, moved)):
        rig.write(london + "txt", text)
        for family in ("v4", "v6"):
            rig.run(os.path.join(SRC, "contrib/geo/make-mmdb"), "--schema", "flat", "--" + family,
                    rig.path(london + "txt"), rig.path(f"{london}{family}.mmdb"))


def reload_once(rig, port, dns, history, number):
    london = WEST if REAL or number % 2 else EAST
    history.begin(number, london)
    write_generation(rig, number, london)
    dns.send_signal(signal.SIGHUP)
    until(f"generation {number} is served", 120, lambda: serial_of(port) == number)
    # One made of the files of two may have been loaded: this one is whole.
    until("London is right", 120, lambda: addresses(ask(port, WWW, LONDON)) == [f"{london}{number}"])
    history.served(number)


def refuse_garbage(rig, port, dns):
    before = serial_of(port)
    for name, garbage in (("policy.yaml", "zone: {nmae: x}\n"), ("gslb.zone", "@ IN A not-an-address\n")):
        with open(rig.path("policy/" + name)) as f:
            good = f.read()
        failed = logged(rig, "reload-failed")
        replace(rig, name, garbage)
        dns.send_signal(signal.SIGHUP)
        until(f"garbage in {name} is refused", 120, lambda f=failed: logged(rig, "reload-failed") > f)
        replace(rig, name, good)
    if serial_of(port) != before:
        raise Failed("what did not load changed what is served")


def metric(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as f:
        lines = f.read().decode().splitlines()
    return float(next(line.split(" ")[-1] for line in lines if line.startswith(name)))


def reloads(rig, ports, dns):
    port, metrics = ports
    history = History()
    askers = [Asker(port, history, tcp) for tcp in (False, False, True)]
    for a in askers:
        a.start()
    began = time.monotonic()
    for number in range(2, 2 + RELOADS):
        reload_once(rig, port, dns, history, number)
    took = time.monotonic() - began
    refuse_garbage(rig, port, dns)
    for a in askers:
        a.end()
    ok = metric(metrics, 'windrose_dns_reloads_total{result="ok"}')
    failed = metric(metrics, 'windrose_dns_reloads_total{result="failed"}')
    if ok < RELOADS or failed < 2:
        raise Failed(f"metrics say {ok:.0f} good reloads and {failed:.0f} bad ones")
    udp = sum(a.answered for a in askers if not a.tcp)
    tcp = sum(a.answered for a in askers if a.tcp)
    note(f"{RELOADS} reloads of policy, zone and {'real ' if REAL else ''}databases in {took:.1f} s, and 2 refused: "
         f"{udp} UDP and {tcp} TCP queries, none unanswered, none wrong; "
         f"the slowest took {1000 * max(a.slowest for a in askers):.0f} ms")


def west(found):
    return found if found and found[0].startswith(WEST) else None


def geo_changes(rig, port):
    """A database that is replaced is noticed; a broken one is not taken."""
    replace(rig, "city-ipv4.mmdb", source=rig.path(WEST + "v4.mmdb"))
    before, _ = until("London is in the west", 30, lambda: west(addresses(ask(port, WWW, LONDON))))
    good = rig.path(WEST + "v4.mmdb")
    with open(good, "rb") as f:
        half = f.read()[: os.path.getsize(good) // 2]
    with open(rig.path("half.mmdb"), "wb") as f:
        f.write(half)
    failed = logged(rig, "reload-failed")
    replace(rig, "city-ipv4.mmdb", source=rig.path("half.mmdb"))
    until("half a database is refused", 30, lambda: logged(rig, "reload-failed") > failed)
    if addresses(ask(port, WWW, LONDON)) != before:
        raise Failed("half a database changed an answer")
    replace(rig, "city-ipv4.mmdb", source=rig.path(EAST + "v4.mmdb"))
    _, took = until("London has moved", 30, lambda: addresses(ask(port, WWW, LONDON))[0].startswith(EAST))
    note(f"a replaced geo database is served after {took:.1f} s, without a signal")


def test():
    with Rig() as rig:
        port, metrics = rig.port(), rig.port()
        os.makedirs(rig.path("policy"))
        make_databases(rig)
        write_generation(rig, 1, WEST)
        dns = rig.start("dns", rig.program("windrose-dns"), "--policy", rig.path("policy"), "--workers", "2",
                        "--listen", f"127.0.0.1:{port}", "--metrics", str(metrics))
        until("it answers", 60, lambda: serial_of(port) == 1)
        reloads(rig, (port, metrics), dns)
        geo_changes(rig, port)
        if rig.stop("dns") != 0:
            raise Failed("windrose-dns did not end cleanly")


main(test)
