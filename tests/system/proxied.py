#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients behind proxies: dnsdist over UDP and TCP, HAProxy over TCP and before
TLS, and headers by hand, whole, in drops and wrong.  Answers are steered by the
client's address, and only listed proxies are believed."""

import os
import shutil
import socket
import ssl
import struct

import dns.message
import dns.query

from rig import BUILD, SRC, Failed, Rig, addresses, framed, main, note, read_message, until

NAME = "near.gslb.example.com"
LONDON, ELSEWHERE = "203.0.113.44", "203.0.113.1"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
QUERY = dns.message.make_query(NAME, "A").to_wire()
FRAMED = framed(QUERY)
PROXY = "127.0.0.77"
STRANGER = "127.0.0.78"

POLICY = """
zone: {name: gslb.example.com, nameservers: ns.example.net}
geo: {databases: [geo.mmdb]}
regions:
  gb: {location: [51.5, -0.1]}
  us: {location: [39.0, -77.5]}
services:
  near:
    steer: geo
    endpoints:
      us: {A: 203.0.113.1}
      gb: {A: 203.0.113.44}
"""


def header(client, transport=2, command=1, more=b""):
    body = socket.inet_aton(client) + socket.inet_aton("127.0.0.1") + struct.pack("!HH", 4242, 53) + more
    return SIGNATURE + bytes([0x20 | command, 0x10 | transport]) + struct.pack("!H", len(body)) + body


def address(wire):
    got = addresses(dns.message.from_wire(wire))
    return got[0] if len(got) == 1 else got


def udp(port, source, wire, timeout=5):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((source, 0))
        s.settimeout(timeout)
        s.sendto(wire, ("127.0.0.1", port))
        return s.recv(4096)


def connect(port, source):
    s = socket.create_connection(("127.0.0.1", port), 5, (source, 0))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def expect(title, got, wanted):
    if got != wanted:
        raise Failed(f"{title}: {got}, not {wanted}")


def by_hand_udp(port, british, other):
    expect("UDP, from London", address(udp(port, PROXY, header(british) + QUERY)), LONDON)
    expect("UDP, from elsewhere", address(udp(port, PROXY, header(other) + QUERY)), ELSEWHERE)
    expect("UDP, with extensions", address(udp(port, PROXY, header(british, more=b"\4\0\2hi") + QUERY)), LONDON)
    expect("UDP, LOCAL", address(udp(port, PROXY, header(british, command=0) + QUERY)), ELSEWHERE)
    for title, source, wire in (("a query alone", PROXY, QUERY),
                                ("a cut header", PROXY, header(british)[:20]),
                                ("an unknown command", PROXY, header(british, command=7) + QUERY)):
        try:
            udp(port, source, wire, 0.3)
        except socket.timeout:
            continue
        raise Failed(f"UDP, {title} is answered")
    # A stranger's header is a strange query, and no more.
    wire = udp(port, STRANGER, header(british) + QUERY)
    if dns.message.from_wire(wire, ignore_trailing=True, one_rr_per_rrset=True).answer:
        raise Failed("a stranger's header is believed")
    expect("UDP, a stranger", address(udp(port, STRANGER, QUERY)), ELSEWHERE)


def by_hand_tcp(port, british, other):
    for title, start, wanted in (("from London", header(british, 1), LONDON),
                                 ("from elsewhere", header(other, 1), ELSEWHERE),
                                 ("with long extensions", header(british, 1, more=b"\4" + b"x" * 3000), LONDON),
                                 ("LOCAL", SIGNATURE + b"\x20\0\0\0", ELSEWHERE)):
        with connect(port, PROXY) as s:
            s.sendall(start + FRAMED * 2)
            expect("TCP, " + title, address(read_message(s)), wanted)
            expect("TCP, " + title, address(read_message(s)), wanted)
    with connect(port, PROXY) as s:
        for octet in header(british, 1) + FRAMED:
            s.sendall(bytes([octet]))
        expect("TCP, in drops", address(read_message(s)), LONDON)
    for title, start in (("a query alone", FRAMED), ("version 1", b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n"),
                         ("an unknown command", header(british, 1, command=9))):
        with connect(port, PROXY) as s:
            s.sendall(start + FRAMED)
            try:
                read_message(s)
            except OSError:
                continue
        raise Failed(f"TCP, {title} is answered")
    with connect(port, STRANGER) as s:
        s.sendall(FRAMED)
        expect("TCP, a stranger", address(read_message(s)), ELSEWHERE)


def by_hand_tls(port, british):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    raw = connect(port, PROXY)
    raw.sendall(header(british, 1))
    with c.wrap_socket(raw) as s:
        s.sendall(FRAMED)
        expect("TLS behind a header", address(read_message(s)), LONDON)


def haproxy(rig, port):
    front = rig.port()
    rig.write("haproxy.cfg", f"""
defaults
  mode tcp
  timeout connect 5s
  timeout client 10s
  timeout server 10s
listen dns
  bind 127.0.0.1:{front}
  server s 127.0.0.1:{port} send-proxy-v2 source {PROXY} check
""")
    rig.start("haproxy", "haproxy", "-db", "-f", rig.path("haproxy.cfg"))

    def over(source):
        with connect(front, source) as s:
            s.sendall(FRAMED)
            return address(read_message(s))

    until("haproxy answers", 10, lambda: over("127.0.0.1") == ELSEWHERE)
    expect("haproxy", over("127.0.0.44"), LONDON)
    rig.stop("haproxy")
    note("HAProxy: TCP")


def dnsdist(rig, port):
    front = rig.port()
    rig.write("dnsdist.conf", f"""
setLocal("127.0.0.1:{front}")
setACL("127.0.0.0/8")
newServer({{address="127.0.0.1:{port}", source="{PROXY}", useProxyProtocol=true, healthCheckMode="up"}})
""")
    rig.start("dnsdist", "dnsdist", "--supervised", "--disable-syslog", "-C", rig.path("dnsdist.conf"))
    until("dnsdist answers", 20, lambda: address(udp(front, "127.0.0.1", QUERY, 1)) == ELSEWHERE)
    expect("dnsdist, UDP", address(udp(front, "127.0.0.44", QUERY)), LONDON)
    for source, wanted in (("127.0.0.44", LONDON), ("127.0.0.1", ELSEWHERE)):
        with connect(front, source) as s:
            s.sendall(FRAMED)
            expect("dnsdist, TCP", address(read_message(s)), wanted)
    rig.stop("dnsdist")
    note("dnsdist: UDP and TCP")


def test():
    with Rig() as rig:
        # The proxies' clients come from loopback: 127.0.0.44 is in London.
        rig.write("geo.txt", "127.0.0.44/32 GB - 51.5 -0.1 -\n192.0.2.0/24 GB - 51.5 -0.1 -\n"
                             "0.0.0.0/5 US - 39.0 -77.5 -\n127.0.0.64/26 US - 39.0 -77.5 -\n127.0.0.1/32 US - 39.0 -77.5 -\n")
        rig.run(os.path.join(SRC, "contrib/geo/make-mmdb"),
                rig.path("geo.txt"), rig.path("geo.mmdb"))
        rig.write("policy.yaml", POLICY)
        rig.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", "/CN=dot", "-keyout", rig.path("dot.key"), "-out", rig.path("dot.pem"))
        port, tls = rig.port(), rig.port()
        rig.start("dns", os.path.join(BUILD, "windrose-dns"), "--policy", rig.path("policy.yaml"),
                  "--listen", f"127.0.0.1:{port}", "--workers", "1", "--proxy-from", PROXY + "/32",
                  "--dot", f"127.0.0.1:{tls}", "--tls-cert", rig.path("dot.pem"), "--tls-key", rig.path("dot.key"))
        until("it answers", 10, lambda: address(udp(port, STRANGER, QUERY, 1)) == ELSEWHERE)
        by_hand_udp(port, "192.0.2.7", "1.2.3.4")
        by_hand_tcp(port, "192.0.2.7", "1.2.3.4")
        by_hand_tls(tls, "192.0.2.7")
        haproxy(rig, port)
        if shutil.which("dnsdist"):
            dnsdist(rig, port)
        status, _, err = rig.run(os.path.join(BUILD, "windrose-dns"), "--policy", rig.path("policy.yaml"),
                                 "--listen", f"127.0.0.1:{port}", "--proxy-from", "127.0.0.1/24", check=False)
        if status != 1 or "no bits beyond" not in err:
            raise Failed(f"a bad network: {status} {err}")
        if rig.stop("dns") != 0:
            raise Failed("does not end well")


main(test)
