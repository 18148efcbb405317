#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""One prober, many endpoints that do what no endpoint should: heads, bodies and
lines without end, lengths that lie, TLS that stalls, HTTP/2 that goes away,
answers to DNS that nobody asked for, programs that hang.  Each failure has its
right name, connections that end while they are kept are none, those that are
well go on being probed, and memory stays what it was."""

import contextlib
import gzip
import json
import os
import socket
import ssl
import struct
import threading

from rig import Failed, Rig, main, note, until

WELL = 80
HANGING = 20  # programs; more than run at a time
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BOMB = gzip.compress(bytes(50_000_000))
PACE = "interval: 2s, timeout: 900ms, confirm: 200ms, quorum: 1, breaker: {open_for: 2s, max_open_for: 2s}"

POLICY = """
zone: {name: gslb.example.com, nameservers: ns.example.net}
regions: {a: {location: [0, 0]}}
vantages: {here: {location: [0, 0], anchors: ["127.0.0.1:%d"]}}
checks:
%s
services:
%s
"""


class Server(threading.Thread):
    """Lets serve(connection) have each connection, in a thread of its own."""

    def __init__(self, port, serve):
        super().__init__(daemon=True)
        self.serve = serve
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.take, args=self.listener.accept()[:1], daemon=True).start()

    def take(self, connection):
        with contextlib.suppress(OSError, EOFError), connection:
            connection.settimeout(30)
            self.serve(connection)


def head(c):
    """Reads a request."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        more = c.recv(4096)
        if not more:
            raise EOFError
        octets += more


def until_closed(c):
    while c.recv(4096):
        pass


def says(answer, stays=True):
    def serve(c):
        head(c)
        c.sendall(answer)
        if stays:
            until_closed(c)
    return serve


def endless(first, again):
    def serve(c):
        head(c)
        c.sendall(first)
        while True:
            c.sendall(again)
    return serve


def reset(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def closes_when_asked_again(c):
    says(OK, False)(c)
    head(c)


def resets_when_asked_again(c):
    says(OK, False)(c)
    c.recv(1)
    reset(c)


def wants_to_close(c):
    """What some servers say on a connection that was idle for too long."""
    says(OK, False)(c)
    head(c)
    c.sendall(b"HTTP/1.1 408 Request Time-out\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def drop_by_drop(octets, stays=True):
    def serve(c):
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in octets:
            c.sendall(bytes([octet]))
        if stays:
            until_closed(c)
    return serve


HTTP = {
    "well": (says(OK), "ok"),
    "continues": (says(b"HTTP/1.1 100 Continue\r\n\r\n" + OK), "ok"),
    "head-without-end": (endless(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 1000), "protocol"),
    "line-without-end": (endless(b"HTTP/1.1 200 OK\r\na: ", b"b" * 10000), "protocol"),
    "status-without-end": (endless(b"HTTP/1.1 200 ", b"b" * 10000), "protocol"),
    "continues-without-end": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), "protocol"),
    "gigabyte": (endless(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"x" * 65536), "body"),
    "bomb": (says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB), "body"),
    "transfer-bomb": (says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n%x\r\n" % len(BOMB) + BOMB), "body"),
    "redirects": (says(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), "status-302"),
    "chunks": (says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"), "protocol"),
    "negative": (says(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok"), "protocol"),
    "short": (says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno", False), "closed"),
    "nul": (says(b"HTTP/1.1 200 OK\r\na: b\0c\r\nContent-Length: 2\r\n\r\nok"), "protocol"),
    "000": (says(b"HTTP/1.1 000 No\r\nContent-Length: 2\r\n\r\nok"), "protocol"),
    "999": (says(b"HTTP/1.1 999 No\r\nContent-Length: 2\r\n\r\nok"), "status-999"),
    "http09": (says(b"ok", False), "protocol"),
    "reset": (lambda c: (head(c), reset(c)), "closed"),
    "nothing": (head, "closed"),
    "silent": (until_closed, "timeout"),
}
KEPT = {
    "kept-closed": closes_when_asked_again,
    "kept-reset": resets_when_asked_again,
    "kept-408": wants_to_close,
    "kept-not": says(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"), False),
}
TCP = {
    "split": (drop_by_drop(b"xx\0\xff220 ready"), "ok"),
    "other": (drop_by_drop(b"no", False), "body"),
    "flood": (lambda c: [c.sendall(b"x" * 65536) for _ in iter(int, 1)], "body"),
}
TLS = {
    "stalls": (lambda c: (c.recv(4096), c.sendall(b"\x16\x03\x03\x00\x40\x02"), until_closed(c)), "timeout"),
    "plain": (lambda c: (c.recv(4096), c.sendall(b"HTTP/1.0 400 Bad\r\n\r\n"), until_closed(c)), "tls"),
    "alert": (lambda c: (c.recv(4096), c.sendall(b"\x15\x03\x03\x00\x02\x02\x28"), until_closed(c)), "tls"),
}


class Http2:
    """Just enough of RFC 9113 to behave badly."""

    def __init__(self, c):
        self.c, self.octets = c, b""
        c.sendall(self.frame(4, 0, 0))
        self.take(24)

    @staticmethod
    def frame(kind, flags, stream, payload=b""):
        return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload

    def take(self, count):
        while len(self.octets) < count:
            more = self.c.recv(4096)
            if not more:
                raise EOFError
            self.octets += more
        taken, self.octets = self.octets[:count], self.octets[count:]
        return taken

    def request(self):
        """The stream of the next one."""
        while True:
            start = self.take(9)
            self.take(int.from_bytes(start[:3], "big"))
            if start[3] == 4 and not start[4] & 1:
                self.c.sendall(self.frame(4, 1, 0))
            if start[3] == 1:
                return int.from_bytes(start[5:], "big")

    def fine(self):
        stream = self.request()
        self.c.sendall(self.frame(1, 4, stream, b"\x88") + self.frame(0, 1, stream, b"ok"))

    def go_away(self, last):
        self.c.sendall(self.frame(7, 0, 0, struct.pack("!II", last, 0)))
        until_closed(self.c)

    def reset(self, error):
        self.c.sendall(self.frame(3, 0, self.request(), struct.pack("!I", error)))

    def continue_for_ever(self):
        stream = self.request()
        self.c.sendall(self.frame(1, 0, stream, b"\x88"))
        while True:
            self.c.sendall(self.frame(9, 0, stream, b"\x40\x01a\x7f\xe1\x03" + b"b" * 480) * 10)


HTTP2 = {
    "h2-well": (lambda h: [h.fine() for _ in iter(int, 1)], "ok"),
    "h2-closes": (lambda h: (h.fine(), h.request()), "ok"),
    "h2-goes": (lambda h: (h.fine(), h.request(), h.go_away(1)), "ok"),
    "h2-refuses-once": (lambda h: (h.fine(), h.reset(7), until_closed(h.c)), "ok"),
    "h2-gone": (lambda h: (h.request(), h.go_away(0)), "protocol"),
    "h2-reset": (lambda h: [h.reset(2) for _ in iter(int, 1)], "protocol"),
    "h2-continues": (lambda h: h.continue_for_ever(), "protocol"),
}


def answer(query, flags=0x8180, records=1):
    end = query.index(b"\0", 12) + 5
    return query[:2] + struct.pack("!HHHHH", flags, 1, records, 0, 0) + query[12:end] + \
        b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\xc0\0\2\1" * min(records, 1)


def loops(query):
    """The owner of its record is a pointer to itself."""
    question = answer(query, records=0)[12:]
    return answer(query)[:12] + question + bytes([0xC0, 12 + len(question)]) + b"\0\1\0\1\0\0\0\1\0\4abcd"


DNS = {
    "dns-well": (lambda q: [answer(q)], "ok"),
    "dns-loops": (lambda q: [loops(q)], "protocol"),
    "dns-counts": (lambda q: [answer(q, records=65535)], "protocol"),
    "dns-id": (lambda q: [bytes([q[0] ^ 1]) + answer(q)[1:]], "timeout"),
    "dns-flood": (lambda q: [os.urandom(40)] * 500, "protocol"),
    "dns-cut": (lambda q: [answer(q, flags=0x8380, records=0)], "connect-refused"),
    "dns-elsewhere": (None, "timeout"),
}


def serve_dns(port, make):
    def serve():
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            s.bind(("127.0.0.1", port))
            while True:
                query, client = s.recvfrom(4096)
                for octets in make(query) if make else [answer(query)]:
                    (s if make else other).sendto(octets, client)
    threading.Thread(target=serve, daemon=True).start()


class Site:
    def __init__(self, rig):
        self.rig = rig
        self.checks, self.services, self.expected = [], [], {}
        self.control = rig.path("health.sock")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.certificate()
        self.context.set_alpn_protocols(["h2"])
        self.strict = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.strict.load_cert_chain(rig.path("ca.pem"), rig.path("key.pem"))
        self.strict.load_verify_locations(rig.path("ca.pem"))
        self.strict.verify_mode = ssl.CERT_REQUIRED

    def certificate(self):
        r = self.rig
        r.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
              "-subj", "/CN=gslb.example.com", "-addext", "subjectAltName=DNS:*.gslb.example.com",
              "-keyout", r.path("key.pem"), "-out", r.path("ca.pem"))
        self.context.load_cert_chain(r.path("ca.pem"), r.path("key.pem"))

    def add(self, name, expected, check, port):
        check = f"{check}, port: {port}" if port else check
        self.checks.append(f"  {name}: {{{check}, {PACE}}}")
        self.add_service(name, name, expected)

    def add_service(self, name, check, expected):
        self.services.append(f"  {name}: {{steer: failover, check: {check}, endpoints: {{a: {{A: 127.0.0.1}}}}}}")
        self.expected[name] = expected

    def serve(self, name, expected, check, serve):
        port = self.rig.port()
        Server(port, serve)
        self.add(name, expected, check, port)

    def miss_certificate(self, c):
        """It says so after the client's handshake, and only then ends."""
        tls = self.strict.wrap_socket(c, server_side=True, do_handshake_on_connect=False)
        with contextlib.suppress(ssl.SSLError):
            tls.do_handshake()
        with contextlib.suppress(ssl.SSLError), tls:
            c = socket.socket(fileno=os.dup(tls.fileno()))
            c.shutdown(socket.SHUT_WR)
            until_closed(c)

    def speak_2(self, serve):
        def take(c):
            with self.context.wrap_socket(c, server_side=True) as tls:
                serve(Http2(tls))
        return take

    def build(self):
        body = "expect: {body: ok}"
        for name, (serve, expected) in HTTP.items():
            self.serve(name, expected, f"type: http, {body}", serve)
        for i in range(WELL):
            self.add_service(f"well-{i}", "well", "ok")
        for name, serve in KEPT.items():
            self.serve(name, "ok", f"type: http, connection: kept, {body}", serve)
        for name, (serve, expected) in TCP.items():
            self.serve(name, expected, "type: tcp, expect: {body: '220 ready'}", serve)
        for name, (serve, expected) in TLS.items():
            self.serve("tls-" + name, expected, f"type: https, {body}", serve)
        self.serve("tls-certificate", "tls", f"type: https, {body}", self.miss_certificate)
        for name, (serve, expected) in HTTP2.items():
            self.serve(name, expected, f"type: https, http: 2, connection: kept, {body}", self.speak_2(serve))
        for name, (make, expected) in DNS.items():
            port = self.rig.port()
            serve_dns(port, make)
            self.add(name, expected, "type: dns, query: {name: www.example.org, type: A}, expect: {rdata: 192.0.2.1}", port)
        os.chmod(self.rig.write("programs/hangs", "#!/bin/sh\ntrap '' TERM\nsleep 1000\nsleep 1000\n"), 0o755)
        for i in range(HANGING):
            self.add(f"hangs-{i}", "timeout", "type: external, program: hangs", None)

    def start(self):
        r = self.rig
        self.build()
        anchor = r.port()
        Server(anchor, until_closed)
        r.write("policy/p.yaml", POLICY % (anchor, "\n".join(self.checks), "\n".join(self.services)))
        port = r.port()
        r.redis(port)
        r.start("health", r.program("windrose-health"), "--policy", r.path("policy"), "--vantage", "here",
                "--bus", f"redis://127.0.0.1:{port}", "--control", self.control, "--ca", r.path("ca.pem"),
                "--programs", r.path("programs"))

    def status(self):
        return json.loads(self.rig.run(self.rig.program("windrose"), "status", "--json", "--node", self.control,
                                       check=False)[1])

    def wrong(self):
        return {t["service"]: t["last"] for t in self.status()["targets"] if t["last"] != self.expected[t["service"]]}


def test():
    with Rig() as rig:
        site = Site(rig)
        site.start()
        seen = {}

        def all_named():
            """At some time, that is: what a busy machine makes of a timeout is local."""
            for t in site.status()["targets"]:
                if t["last"] == site.expected[t["service"]]:
                    seen[t["service"]] = True
            return len(seen) == len(site.expected)

        try:
            until("each failure has its name", 60, all_named)
        except Failed as e:
            raise Failed(f"{e}; other than expected: {site.wrong()}") from None
        until("all that is bad is out", 60, lambda: all(
            t["state"] in ("open", "half-open") for t in site.status()["targets"]
            if site.expected[t["service"]] != "ok"))
        until("all that is well was probed ten times", 60, lambda: all(
            t["samples"] >= 10 for t in site.status()["targets"] if site.expected[t["service"]] == "ok"))
        status = site.status()
        # Servers on a busy machine may be late, and nothing else.
        failed = {t["service"]: t["failure"] for t in status["targets"]
                  if site.expected[t["service"]] == "ok" and t["failure"] not in ("", "timeout", "local")}
        if failed:
            raise Failed(f"those that are well failed: {failed}")
        with open(f"/proc/{rig.running['health'].pid}/status") as f:
            most_kb = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
        note(f"{len(site.expected)} endpoints, {sum(e != 'ok' for e in site.expected.values())} of them hostile: at most "
             f"{most_kb // 1024} MiB, probes {status['load']['late_p99_ms']:.0f} ms late (p99)")
        if most_kb > 1024 * 1024:  # as sanitizers need
            raise Failed(f"{most_kb} KiB of memory")
        if rig.stop("health") != 0:
            raise Failed("the prober did not stop as it should")


main(test)
