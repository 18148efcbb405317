#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that drip, stall, break off, fill all places or send every length
there is, while another one asks over UDP and TCP without a pause: each of its
queries is answered, and sooner than the others are turned out."""

import os
import resource
import select
import socket
import struct
import threading
import time

import dns.message
import dns.rcode

from rig import BUILD, ONE_SERVICE, Failed, Rig, framed, main, note, read_message, until

NAME = "www.gslb.example.com"
HOST = "127.0.0.1"
IDLE = 10000
PER_SOURCE = 900
IDLE_TIMEOUT_S = 4
QUERY = dns.message.make_query(NAME, "A").to_wire()


def connect(port, source=None):
    s = socket.create_connection((HOST, port), 10, (source, 0) if source else None)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


class Other(threading.Thread):
    """Whom nobody may disturb."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.over = port, threading.Event()
        self.asked, self.slowest, self.troubles = 0, 0.0, []

    def udp(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            s.sendto(QUERY, (HOST, self.port))
            return s.recv(4096)

    def tcp(self):
        with connect(self.port, "127.0.0.200") as s:
            s.sendall(framed(QUERY))
            return read_message(s)

    def run(self):
        while not self.over.wait(0.005):
            for ask in (self.udp, self.tcp):
                began = time.monotonic()
                try:
                    if ask()[-4:] != socket.inet_aton("192.0.2.1"):
                        self.troubles.append("a wrong answer")
                except OSError as e:
                    self.troubles.append(f"{ask.__name__}: {e!r}")
                self.asked += 1
                self.slowest = max(self.slowest, time.monotonic() - began)


def every_length_over_udp(port):
    """From the empty datagram to the largest: silence below a header, else an
    answer with the ID."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((HOST, port))
    s.settimeout(5)
    body = QUERY + bytes(65536)
    for size in range(65508):
        wire = bytearray(body[:size])
        wire[0:2] = struct.pack("!H", size)[:min(2, size)]
        s.send(wire)
        if size >= 12 and struct.unpack("!H", s.recv(2000)[:2])[0] != size:
            raise Failed(f"UDP, {size} octets: another answer")
    if select.select([s], [], [], 0.1)[0]:
        raise Failed("UDP: more answers than there should be")
    s.close()


def every_length_over_tcp(port):
    """All lengths on few connections; none closes."""
    body = QUERY + bytes(65536)
    for begin in range(0, 65536, 8192):
        with connect(port) as s:
            for size in range(begin, begin + 8192):
                wire = bytearray(body[:size])
                wire[0:2] = struct.pack("!H", size)[:min(2, size)]
                s.sendall(framed(wire))
                if size >= 12 and struct.unpack("!H", read_message(s)[:2])[0] != size:
                    raise Failed(f"TCP, {size} octets: another answer")


def formerr_keeps_the_connection(port):
    with connect(port) as s:
        s.sendall(framed(QUERY[:-3]))
        if dns.message.from_wire(read_message(s)).rcode() != dns.rcode.FORMERR:
            raise Failed("no FORMERR")
        s.sendall(framed(QUERY))
        read_message(s)


def closes(s, within):
    """Reads until the other side closes."""
    s.settimeout(within)
    try:
        while s.recv(65536):
            pass
    except ConnectionResetError:
        pass
    except OSError as e:
        raise Failed(f"not closed within {within} s: {e!r}") from None
    s.close()


def slow_loris(port):
    """Drips octets of a length and a query; each drop does not help."""
    clients = [connect(port) for _ in range(200)]
    stream = framed(QUERY) * 2
    began = time.monotonic()
    alive, at = list(clients), 0
    while alive and time.monotonic() - began < 2 * IDLE_TIMEOUT_S + 2:
        for s in list(alive):
            try:
                s.send(stream[at:at + 1])
            except OSError:
                alive.remove(s)
        at = min(at + 1, len(QUERY) - 1)
        select.select([], [], [], 0.2)
    if alive:
        raise Failed(f"{len(alive)} that drip are still there")
    for s in clients:
        s.close()


def stalled(port):
    """Asks and asks and reads nothing: is cut off, whatever its buffers."""
    clients = [connect(port) for _ in range(20)]
    for s in clients:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(0.2)
        try:
            for _ in range(200):
                s.sendall(framed(QUERY) * 500)
        except OSError:
            pass
    for s in clients:
        poll = select.poll()
        poll.register(s, select.POLLHUP)
        if not poll.poll(20000):
            raise Failed("one that does not read is still there")
        s.close()


def cut_prefixes_and_resets(port):
    """Half a length, a length without its message, and gone; and gone with a
    reset while the answers come."""
    for sent in (b"", b"\x00", b"\x00\x40", framed(QUERY)[:-1]):
        with connect(port) as s:
            s.sendall(sent)
            s.shutdown(socket.SHUT_WR)
            closes(s, 5)
    for _ in range(300):
        s = connect(port)
        s.sendall(framed(QUERY) * 500)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()


def resident_octets(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) * 1024


def many_idle(port, pid):
    """Ten thousand that say nothing, and each of them can still ask."""
    before = resident_octets(pid)
    clients = [connect(port, f"127.0.1.{1 + i // PER_SOURCE}") for i in range(IDLE)]
    for s in clients[::100]:
        s.sendall(framed(QUERY))
    for s in clients[::100]:
        read_message(s)
    each = (resident_octets(pid) - before) // IDLE
    note(f"{IDLE} idle connections: {each} octets of memory each, beside the kernel's")
    if each > 4096:
        raise Failed(f"{each} octets for each connection")
    for s in clients:
        s.close()


def raise_limit():
    """A descriptor a connection, on both sides; the responder takes all it may."""
    wanted = IDLE + 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    elif soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def start(rig, name, port, *more):
    rig.start(name, os.path.join(BUILD, "windrose-dns"), "--policy", rig.path("policy.yaml"),
              "--listen", f"{HOST}:{port}", "--workers", "2", *more)

    def is_up():
        with open(rig.path(name + ".log")) as f:
            return "event=start" in f.read()

    until("the responder starts", 10, is_up)
    return rig.running[name].pid


def test():
    raise_limit()
    with Rig() as rig:
        rig.write("policy.yaml", ONE_SERVICE)
        port, crowded = rig.port(), rig.port()
        start(rig, "dns", port, "--tcp-idle-timeout", str(IDLE_TIMEOUT_S))
        pid = start(rig, "crowded", crowded, "--tcp-clients", str(3 * IDLE), "--tcp-idle-timeout", "60")
        others = [Other(port), Other(crowded)]
        for other in others:
            other.start()
        formerr_keeps_the_connection(port)
        for case in (every_length_over_udp, every_length_over_tcp, slow_loris, stalled, cut_prefixes_and_resets):
            began = time.monotonic()
            case(port)
            note(f"{case.__name__}: {time.monotonic() - began:.1f} s")
        many_idle(crowded, pid)
        for other in others:
            other.over.set()
            other.join(20)
            note(f"the other client: {other.asked} queries, the slowest took {other.slowest * 1000:.0f} ms")
            if other.troubles or other.slowest > 3 or other.asked < 100:
                raise Failed(f"disturbed: {other.troubles[:5]}, slowest {other.slowest:.2f} s")
        for name in ("dns", "crowded"):
            if rig.stop(name) != 0:
                raise Failed(f"{name} did not end well")


main(test)
