#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A responder takes queries off its interface by AF_XDP: what it answers is
what sockets answer, octet by octet, over IPv4, IPv6 and VLANs; what is not for
it goes on to the kernel; nothing is lost by bursts, reloads and take-overs; and
however it ends, nothing stays behind on the interface."""

import contextlib
import json
import re
import select
import shutil
import signal
import socket
import struct
import threading
import time
import urllib.request

import dns.edns
import dns.flags
import dns.message
import dns.query

from internet import CHECKER, NS1, SIX, Internet
from rig import Failed, Skipped, main, note, until

POLICY = """
zone:
  name: gslb.example
  nameservers: [ns1.gslb.example]
  contact: hostmaster@gslb.example
  negative_ttl: 60s
  ttl: 60s
  records: gslb.zone
geo: {databases: [city-ipv4.mmdb, city-ipv6.mmdb]}
regions:
  eu-west: {location: [53.35, -6.26]}
  ap-southeast: {location: [1.29, 103.85]}
services:
  www:
    steer: geo
    ttl: {steady: 60s, changing: 2s, jitter: 0%}
    endpoints:
      eu-west: {A: 192.0.2.2, AAAA: "2001:db8::2"}
      ap-southeast: {A: 192.0.2.3, AAAA: "2001:db8::3"}
"""
RECORDS = "$TTL 60\nns1 A 45.83.1.53\nstatic A 192.0.2.80\n" + "".join(
    f'large TXT "{i:03d}{"x" * 197}"\n' for i in range(5)) + "".join(
    f'huge TXT "{i:03d}{"x" * 197}"\n' for i in range(9))
NO_LINKS = ("the kernel has no AF_XDP", "cannot load the XDP program", "cannot open an XDP socket")
PACKET_AUXDATA, SOL_PACKET, ETH_P_ALL = 8, 263, 3
LINK = "v0"  # the router's end of the server's interface


# What is asked, by whom it is answered, and what is checked of that by hand.
QUERIES = [  # name, type, client subnet, EDNS size or 0, TC expected
    ("static", "A", None, 0, False),
    ("static", "A", None, 1232, False),
    ("www", "A", "81.2.69.0/24", 1232, False),
    ("www", "A", "116.86.7.0/24", 1232, False),
    ("www", "AAAA", "2a02:c7f::/32", 1232, False),
    ("nothing", "A", None, 1232, False),
    ("large", "TXT", None, 1232, False),
    ("large", "TXT", None, 0, True),
    ("huge", "TXT", None, 4096, True),
]


def query(name, rdtype="A", subnet=None, payload=0, number=0x1234):
    q = dns.message.make_query(f"{name}.gslb.example", rdtype)
    if payload:
        options = []
        if subnet:
            address, bits = subnet.split("/")
            options = [dns.edns.ECSOption(address, int(bits))]
        q.use_edns(0, 0, payload, options=options)
    q.id = number
    return q.to_wire()


# Frames.

def words_sum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def frame(net, payload, **change):
    """An Ethernet frame from the router to the server; change says what is
    unusual."""
    c = {"tags": (), "source": CHECKER, "to": NS1, "port": 4242, "dport": 53, "fragment": 0, "options": b"",
         "udp_len": None, "sum": None, "station": net.server_station, **change}
    v6 = ":" in c["source"]
    family = socket.AF_INET6 if v6 else socket.AF_INET
    ends = socket.inet_pton(family, c["source"]) + socket.inet_pton(family, c["to"])
    size = 8 + len(payload)
    udp = struct.pack("!HHHH", c["port"], c["dport"], size if c["udp_len"] is None else c["udp_len"], 0) + payload
    pseudo = ends + struct.pack("!II", size, 17)
    udp_sum = (0xFFFF - words_sum(pseudo + udp) or 0xFFFF) if c["sum"] is None else c["sum"]
    udp = udp[:6] + struct.pack("!H", udp_sum) + udp[8:]
    if v6:
        ip = struct.pack("!IHBB", 6 << 28, size, 17, 64) + ends
    else:
        words = 5 + len(c["options"]) // 4
        ip = struct.pack("!BBHHHBBH", 0x40 | words, 0, words * 4 + size, 1, c["fragment"], 64, 17, 0) + ends + c["options"]
        ip = ip[:10] + struct.pack("!H", 0xFFFF - words_sum(ip)) + ip[12:]
    tags = b"".join(struct.pack("!HH", kind, tag) for kind, tag in c["tags"])
    return c["station"] + net.router_station + tags + struct.pack("!H", 0x86DD if v6 else 0x0800) + ip + udp


def fragments(whole):
    """Two of an untagged frame of IPv4; the first has UDP's header."""
    head, ip, rest = whole[:14], whole[14:34], whole[34:]
    for part, flags in ((rest[:24], 0x2000), (rest[24:], 24 // 8)):
        piece = ip[:2] + struct.pack("!HHH", 20 + len(part), 77, flags) + ip[8:10] + b"\0\0" + ip[12:]
        yield head + piece[:10] + struct.pack("!H", 0xFFFF - words_sum(piece)) + piece[12:] + part


def receive_frame(s):
    """With the tag that the kernel took off."""
    data, notes, _, _ = s.recvmsg(4096, 256)
    for level, kind, value in notes:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tag, tpid = struct.unpack("IIIHHHH", value[:20])
            if status & 0x10:
                data = data[:12] + struct.pack("!HH", tpid if status & 0x40 else 0x8100, tag) + data[12:]
    return data


class Wire(Internet):
    """client -- router -- server; frames are made and caught at the router."""

    def build(self):
        self.host("server", NS1)
        self.host("client", CHECKER)
        self.router_station = self.station("", LINK)
        self.server_station = self.station("server", "eth0")
        self.geo(self.dir)
        self.write("windrose.yaml", POLICY)
        self.write("gslb.zone", RECORDS)
        self.raw = self.inside("", self.open_raw)
        self.listens = [f"{NS1}:53", f"[{SIX[NS1]}]:53", "127.0.0.1:53"]

    def station(self, host, link):
        shown = json.loads(self.run_on(host, "ip", "-j", "link", "show", link)[1])
        return bytes.fromhex(shown[0]["address"].replace(":", ""))

    @staticmethod
    def open_raw():
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        s.bind((LINK, ETH_P_ALL))
        s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        return s

    def options(self, *more):
        listens = [word for at in self.listens for word in ("--listen", at)]
        return (self.program("windrose-dns"), "--policy", self.path("windrose.yaml"), *listens, "--cookies", "off",
                "--workers", "1", *more)

    def serve(self, name="dns", *more, port=5301):
        """Starts it; returns when it is ready."""
        self.start_on("server", name, *self.options("--metrics", f"127.0.0.1:{port}", *more))
        until(f"{name} is ready", 20, lambda: self.died(name) or self.metrics(port))

    def died(self, name):
        if self.alive(name):
            return False
        with open(self.path(name + ".log")) as f:
            log = f.read()
        if any(text in log for text in NO_LINKS):
            raise Skipped(f"no AF_XDP here: {log.strip().splitlines()[-1]}")
        if "built without" in log:
            raise Skipped("built without --enable-xdp")
        raise Failed(f"{name} ended: {log}")

    def metrics(self, port=5301):
        def read():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as f:
                return f.read().decode()
        return self.inside("server", read)

    def answers(self, transport, port=5301):
        return sum(int(n) for n in re.findall(
            rf'windrose_dns_answers_total{{transport="{transport}",rcode="\w+"}} (\d+)', self.metrics(port)))

    def attached(self):
        return "xdp" in json.loads(self.run_on("server", "ip", "-j", "link", "show", "eth0")[1])[0]

    def socket_on(self, host, server, port=53):
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        s = self.inside(host, lambda: socket.socket(family, socket.SOCK_DGRAM))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.inside(host, lambda: s.connect((server, port)))
        s.settimeout(3)
        return s

    def exchange(self, host, server, wire):
        with self.socket_on(host, server) as s:
            s.send(wire)
            return s.recv(4096)

    def frames_back(self, seconds, enough):
        """Those to the router from UDP port 53 to 4242 until enough have come."""
        end, seen = time.monotonic() + seconds, []
        while len(seen) < enough and time.monotonic() < end:
            if not select.select([self.raw], [], [], end - time.monotonic())[0]:
                break
            data = receive_frame(self.raw)
            if data[:6] == self.router_station and b"\x00\x35\x10\x92" in data:
                seen.append(data)
        return seen


class Load(threading.Thread):
    """Keeps queries in flight, each known by its ID, never sent again."""

    WINDOW = 32

    def __init__(self, s):
        super().__init__(daemon=True)
        self.s, self.over = s, threading.Event()
        self.asked, self.lost = 0, 0
        self.wire = query("static")

    def run(self):
        waiting = {}
        while waiting or not self.over.is_set():
            while len(waiting) < self.WINDOW and not self.over.is_set():
                self.asked += 1
                number = struct.pack("!H", self.asked & 0xFFFF)
                waiting[number] = time.monotonic()
                self.s.send(number + self.wire[2:])
            if select.select([self.s], [], [], 0.5)[0]:
                waiting.pop(self.s.recv(4096)[:2], None)
            late = [i for i, began in waiting.items() if time.monotonic() - began > 5]
            self.lost += len(late)
            for i in late:
                del waiting[i]


@contextlib.contextmanager
def load(net):
    thread = Load(net.socket_on("client", NS1))
    thread.start()
    yield thread
    thread.over.set()
    thread.join()
    if thread.lost or not thread.asked:
        raise Failed(f"{thread.lost} of {thread.asked} queries lost")


def expect(what, wanted, got):
    if wanted != got:
        raise Failed(f"{what}: {got!r}, not {wanted!r}")


def same_answers(net):
    before, sockets = net.answers("xdp"), net.answers("udp")
    for name, rdtype, subnet, payload, cut in QUERIES:
        wire = query(name, rdtype, subnet, payload)
        plain = net.exchange("server", "127.0.0.1", wire)
        for server in (NS1, SIX[NS1]):
            got = net.exchange("client", server, wire)
            expect(f"{name} {rdtype} {subnet} from {server}", plain, got)
            expect(f"{name} {rdtype} TC", cut, bool(dns.message.from_wire(got).flags & dns.flags.TC))
    expect("answers by XDP", 2 * len(QUERIES), net.answers("xdp") - before)
    expect("answers by sockets", len(QUERIES), net.answers("udp") - sockets)


def others_go_on(net):
    """TCP, ICMP, ARP, neighbours of IPv6 and other ports."""
    q = dns.message.make_query("huge.gslb.example", "TXT")
    expect("TXT over TCP", 9, len(net.inside("client", lambda: dns.query.tcp(q, NS1, timeout=5)).answer[0]))
    with net.inside("client", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)) as s:
        s.settimeout(3)
        ping = struct.pack("!BBHHH", 8, 0, 0, 7, 1)
        ping = ping[:2] + struct.pack("!H", 0xFFFF - words_sum(ping)) + ping[4:]
        s.sendto(ping, (NS1, 0))
        until("an echo reply", 3, lambda: s.recv(256)[20:21] == b"\0")
    net.run_on("", "ip", "neigh", "flush", "dev", LINK)
    net.exchange("client", NS1, query("static"))
    net.exchange("client", SIX[NS1], query("static"))
    with net.inside("server", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as s:
        s.bind((NS1, 5354))
        s.settimeout(3)
        with net.socket_on("client", NS1, 5354) as c:
            c.send(b"to another port")
        expect("another port", b"to another port", s.recv(100))


def vlans(net):
    rows = [((0x8100, 0x6064),), ((0x88A8, 0x0065), (0x8100, 0x2066))]
    for tags in rows:
        for ends in ({}, {"source": SIX[CHECKER], "to": SIX[NS1]}):
            net.raw.send(frame(net, query("static"), tags=tags, **ends))
            back = net.frames_back(3, 1)
            head = b"".join(struct.pack("!HH", kind, tag) for kind, tag in tags)
            expect(f"answers to {tags}", 1, len(back))
            expect(f"tags of the answer to {tags}", head, back[0][12:12 + len(head)])
            expect("its station", net.router_station, back[0][:6])


def bad_frames(net):
    """After each, a good one: its answer is the only one that comes."""
    bad = query("static", number=0xBAD)
    rows = {
        "a wrong sum": {"sum": 1},
        "from port 0": {"port": 0},
        "from 127.0.0.1": {"source": "127.0.0.1"},
        "from 0.0.0.0": {"source": "0.0.0.0"},
        "from a group": {"source": "224.0.0.1"},
        "from itself": {"source": NS1},
        "UDP longer than it is": {"udp_len": 500},
        "UDP shorter than its header": {"udp_len": 7, "sum": 0},
        "IPv6 without a sum": {"source": SIX[CHECKER], "to": SIX[NS1], "sum": 0},
        "from IPv6's loopback": {"source": "::1", "to": SIX[NS1]},
        "a first fragment": {"fragment": 0x2000},
        "a later fragment": {"fragment": 5},
        "for another station": {"station": bytes.fromhex("020000000099")},
        "for another address": {"to": "45.83.1.54"},
        "for another address of IPv6": {"source": SIX[CHECKER], "to": SIX[NS1][:-1] + "4"},
        "to another port": {"dport": 54},
        "three tags": {"tags": ((0x88A8, 1), (0x8100, 2), (0x8100, 3))},
    }
    for title, change in rows.items():
        net.raw.send(frame(net, bad, **change))
        net.raw.send(frame(net, query("static", number=0x600D)))
        back = net.frames_back(3, 1)
        if len(back) != 1 or b"\x60\x0d\x84" not in back[0] and b"\x60\x0d\x85" not in back[0]:
            raise Failed(f"{title}: {[b.hex() for b in back]}")


def odd_frames(net):
    """What only the kernel can put together or read, it does."""
    before = net.answers("udp")
    net.raw.send(frame(net, query("static"), options=b"\1\1\1\1"))
    expect("answers to IPv4 with options", 1, len(net.frames_back(3, 1)))
    for piece in fragments(frame(net, query("static"))):
        net.raw.send(piece)
    expect("answers to fragments", 1, len(net.frames_back(3, 1)))
    expect("of these by sockets", 2, net.answers("udp") - before)


def bursts(net):
    wires = [query("static", number=n) for n in range(2000)]
    with net.socket_on("client", NS1) as s:
        for wire in wires:
            s.send(wire)
        got = {s.recv(512)[:2] for _ in wires}
    expect("answers to a burst", len(wires), len(got))
    expect("packets lost", "0", re.search(r"xdp_lost_packets_total (\d+)", net.metrics())[1])


def long_frames(net):
    """Those that fit the memory for one are taken; sockets get longer ones."""
    for host, link in (("server", "eth0"), ("", LINK)):
        net.run_on(host, "ip", "link", "set", link, "mtu", "3000")
    for octets, transport in ((1792, "xdp"), (1793, "udp")):
        before = net.answers(transport)
        bare = len(query("static", payload=1232)) + 4
        padding = dns.edns.GenericOption(12, bytes(octets - 42 - bare))
        q = dns.message.make_query("static.gslb.example", "A", use_edns=0, payload=1232, options=[padding])
        sent = frame(net, q.to_wire(max_size=65535))
        expect("octets of the frame", octets, len(sent))
        net.raw.send(sent)
        expect(f"answers to a frame of {octets} octets", 1, len(net.frames_back(3, 1)))
        expect(f"of these by {transport}", 1, net.answers(transport) - before)
    for host, link in (("server", "eth0"), ("", LINK)):
        net.run_on(host, "ip", "link", "set", link, "mtu", "1500")


def reloads(net):
    log = net.path("dns.log")
    with load(net) as thread:
        for i in range(5):
            net.running["dns"].send_signal(signal.SIGHUP)
            until("a reload", 20, lambda n=i + 1: open(log).read().count("event=reload") >= n)
    note(f"{thread.asked} queries answered over five reloads")


def take_over(net):
    """The successor waits for the interface, and sockets answer meanwhile."""
    with load(net) as thread:
        net.serve("next", "--xdp", "eth0", "--control", net.path("dns.sock"), "--take-over", port=5302)
        status = net.running.pop("dns").wait(20)
        expect("exit status of the one before", 0, status)
        until("the successor answers by XDP", 10, lambda: net.answers("xdp", 5302) > 100)
    note(f"{thread.asked} queries answered over a take-over")
    expect("exit status", 0, net.stop("next"))
    expect("attached after SIGTERM", False, net.attached())


def ends(net):
    net.serve("dns", "--xdp", "eth0")
    expect("attached", True, net.attached())
    net.stop("dns", signal.SIGKILL)
    until("nothing on the interface after SIGKILL", 5, lambda: not net.attached())
    net.serve("dns")
    net.exchange("client", NS1, query("static"))
    expect("answers by sockets", 1, net.answers("udp"))
    net.stop("dns")


def without_a_driver(net):
    """Where the driver has no XDP, as that of a macvlan, the kernel does it."""
    other = "45.83.1.99"
    if net.run_on("server", "ip", "link", "add", "link", "eth0", "name", "mv0", "type", "macvlan", check=False)[0]:
        note("no macvlan here")
        return
    net.run_on("server", "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1")
    net.run_on("server", "ip", "addr", "add", other + "/32", "dev", "mv0")
    net.run_on("server", "ip", "link", "set", "mv0", "up")
    net.run_on("", "ip", "route", "add", other + "/32", "dev", LINK)
    listens, net.listens = net.listens, [f"{NS1}:53", f"{other}:53"]
    net.serve("dns", "--xdp", "eth0", "--xdp", "mv0")
    for server in (NS1, other):
        expect(f"from {server}", query("static")[:2], net.exchange("client", server, query("static"))[:2])
    expect("answers by XDP", 2, net.answers("xdp"))
    net.stop("dns")
    net.run_on("server", "ip", "link", "del", "mv0")
    net.listens = listens


def capabilities(net):
    """Of an ordinary user: they are needed at the start, and then gone."""
    wanted = "+net_admin,+bpf,+net_raw,+net_bind_service,+ipc_lock"
    # Where it was built, nobody may not be let in.
    program = shutil.copy(net.program("windrose-dns"), net.dir)
    net.start_on("server", "dns", "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                 f"--inh-caps={wanted}", f"--ambient-caps={wanted}",
                 program, *net.options("--metrics", "127.0.0.1:5301", "--xdp", "eth0")[1:])
    until("dns is ready", 20, lambda: net.died("dns") or net.metrics())
    with open(f"/proc/{net.running['dns'].pid}/status") as f:
        expect("capabilities left", {"0" * 16}, set(re.findall(r"Cap(?:Prm|Eff|Inh|Amb):\s*(\w+)", f.read())))
    net.exchange("client", NS1, query("static"))
    expect("answers by XDP", 1, net.answers("xdp"))
    net.stop("dns")
    until("nothing on the interface", 5, lambda: not net.attached())


def small_mtu(net):
    """Cut by what the link carries, not fragmented.  Such links have no IPv6."""
    net.listens = [f"{NS1}:53"]
    for host, link in (("server", "eth0"), ("", LINK)):
        net.run_on(host, "ip", "link", "set", link, "mtu", "700")
    net.serve("dns", "--xdp", "eth0", "--user", "nobody")
    got = dns.message.from_wire(net.exchange("client", NS1, query("large", "TXT", None, 1232)))
    expect("TC on a link of 700 octets", True, bool(got.flags & dns.flags.TC))
    net.exchange("client", NS1, query("www", "A", "81.2.69.0/24", 1232))
    expect("answers by XDP", 2, net.answers("xdp"))
    net.stop("dns")


def says(net, what, *argv):
    status, _, error = net.run_on("server", *argv, check=False)
    if status == 0 or what not in error or error.count("\n") > 2:
        raise Failed(f"{argv[-2:]}: exit {status}: {error}")


def errors(net):
    listens, net.listens = net.listens, [f"{NS1}:5399"]
    says(net, "there is none of this name", *net.options("--xdp", "nosuch"))
    says(net, "names it twice", *net.options("--xdp", "eth0", "--xdp", "eth0"))
    says(net, "is not an Ethernet", *net.options("--xdp", "lo"))
    says(net, "CAP_NET_ADMIN", "setpriv", "--bounding-set=-all", "--inh-caps=-all", *net.options("--xdp", "eth0"))
    net.listens = listens
    net.serve("dns", "--xdp", "eth0")
    net.listens = [f"{NS1}:5399"]
    says(net, "another program has it", *net.options("--xdp", "eth0"))
    net.listens = listens
    net.exchange("client", NS1, query("static"))
    expect("answers by XDP", 1, net.answers("xdp"))
    net.stop("dns")


def test():
    with Wire() as net:
        net.build()
        net.serve("dns", "--xdp", "eth0", "--control", net.path("dns.sock"))
        for part in (same_answers, others_go_on, vlans, bad_frames, odd_frames, bursts, long_frames, reloads, take_over, ends,
                     without_a_driver, capabilities, errors, small_mtu):
            part(net)


main(test)
