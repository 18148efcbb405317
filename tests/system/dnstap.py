#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What windrose-dns --dnstap gives a collector that nobody here wrote,
fstrm_capture, as dnstap-read of BIND prints it and as the schema says it; and
that no collector, and one that never reads, hold up nobody."""

import json
import os
import shutil
import signal
import socket
import struct
import time
import urllib.request

import dns.message
import dns.query

from rig import Failed, Rig, ask, main, note, until

ZONE = "gslb.example.com"
POLICY = """
zone:
  name: gslb.example.com
  nameservers: [ns1.example.net]
  contact: hostmaster.example.com
regions:
  us-east: {location: [38.95, -77.45]}
services:
  www:
    steer: weighted
    endpoints:
      us-east: {A: 192.0.2.1}
"""
MESSAGE = {1: "type", 2: "family", 3: "protocol", 4: "client", 5: "server", 6: "client_port", 7: "server_port",
           8: "asked_s", 9: "asked_ns", 10: "query", 11: "zone", 12: "answered_s", 13: "answered_ns", 14: "answer"}
QUERY, ANSWER, UDP, TCP = 1, 2, 1, 2
BOTH = ["127.0.0.1", "[::1]"]


def varint(octets, at):
    value = shift = 0
    while True:
        value |= (octets[at] & 0x7F) << shift
        shift += 7
        at += 1
        if octets[at - 1] < 0x80:
            return value, at


def fields(octets):
    """The fields of one protocol buffers message: number -> value."""
    found, at = {}, 0
    while at < len(octets):
        key, at = varint(octets, at)
        if key & 7 == 0:
            value, at = varint(octets, at)
        elif key & 7 == 5:
            value, at = struct.unpack("<I", octets[at:at + 4])[0], at + 4
        elif key & 7 == 2:
            size, at = varint(octets, at)
            value, at = octets[at:at + size], at + size
        else:
            raise Failed(f"wire type {key & 7}")
        found[key >> 3] = value
    return found


def frames(path):
    """The messages in a Frame Streams file."""
    with open(path, "rb") as f:
        octets = f.read()
    at, found = 0, []
    while at < len(octets):
        size = struct.unpack("!I", octets[at:at + 4])[0]
        at += 4
        if size == 0:  # a control frame
            size = struct.unpack("!I", octets[at:at + 4])[0]
            at += 4
        else:
            outer = fields(octets[at:at + size])
            if outer[15] != 1 or outer[1] != b"tapped" or not outer[2].startswith(b"windrose "):
                raise Failed(f"a frame says {outer}")
            found.append({MESSAGE[k]: v for k, v in fields(outer[14]).items()})
        at += size
    return found


def start(rig, listen, port, *options):
    where = [word for address in listen for word in ("--listen", f"{address}:{port}")]
    rig.start("dns", rig.program("windrose-dns"), "--policy", rig.path("policy.yaml"), "--workers", "2",
              "--name", "tapped", *where, *options)
    until("it answers", 20, lambda: ask(port, "ready." + ZONE))


def collect(rig):
    rig.start("collector", "fstrm_capture", "-t", "protobuf:dnstap.Dnstap", "-u", rig.path("tap.sock"),
              "-w", rig.path("tap.fs"))
    until("the collector listens", 10, lambda: os.path.exists(rig.path("tap.sock")))


def expect(what, got, wanted):
    if got != wanted:
        raise Failed(f"{what}: {got}, not {wanted}")


def asked_name(message):
    question = dns.message.from_wire(message.get("query", message.get("answer"))).question
    return question[0].name.to_text() if question else ""


def check_pair(messages, port, name, protocol, family):
    """One query and one answer about name."""
    mine = [m for m in messages if asked_name(m) == name + "."]
    expect(f"messages of {name}", sorted(m["type"] for m in mine), [QUERY, ANSWER])
    asked, told = sorted(mine, key=lambda m: m["type"])
    loopback = socket.inet_pton(socket.AF_INET, "127.0.0.1") if family == 1 else socket.inet_pton(socket.AF_INET6, "::1")
    for m in mine:
        expect(f"{name}: protocol and family", (m["protocol"], m["family"]), (protocol, family))
        expect(f"{name}: addresses", (m["client"], m["server"]), (loopback, loopback))
        expect(f"{name}: server port", m["server_port"], port)
        expect(f"{name}: time", abs(m["asked_s"] - time.time()) < 60 and m["asked_ns"] < 10**9, True)
    expect(f"{name}: client port", told["client_port"], asked["client_port"])
    expect(f"{name}: what is in which", ("query" in asked, "answer" in asked, "query" in told, "answer" in told),
           (True, False, False, True))
    if (told["answered_s"], told["answered_ns"]) < (asked["asked_s"], asked["asked_ns"]):
        raise Failed(f"{name} was answered before it was asked")
    return told


def check_messages(rig, port):
    messages = frames(rig.path("tap.fs"))
    told = check_pair(messages, port, "www." + ZONE, UDP, 1)
    expect("its zone", told["zone"], b"\4gslb\7example\3com\0")
    expect("its address", dns.message.from_wire(told["answer"]).answer[0][0].to_text(), "192.0.2.1")
    check_pair(messages, port, "tcp." + ZONE, TCP, 1)
    check_pair(messages, port, "six." + ZONE, UDP, 2)
    told = check_pair(messages, port, "www.example.net", UDP, 1)
    expect("the zone of what is refused", told.get("zone"), None)
    silent = [m for m in messages if m.get("query", b"")[:2] == b"\xab\xcd"]
    expect("what deserves silence is a query without an answer", len(silent), 1)
    return len(messages)


def check_printed(rig, count):
    printed = rig.run("dnstap-read", rig.path("tap.fs"))[1].splitlines()
    readable = [line for line in printed if " AQ " in line or " AR " in line]
    expect("lines of dnstap-read", len(readable), count - 1)  # all but the malformed one
    expect("www in them", sum(f" www.{ZONE}/IN/A" in line for line in readable), 2)


def check_reviewed(rig):
    """windrose diff reads it, and leaves out what is no query of a service."""
    policy = rig.path("policy.yaml")
    _, text, _ = rig.run(rig.program("windrose"), "diff", policy, policy, "--json", "--trace", rig.path("tap.fs"))
    traffic = json.loads(text)["traffic"]
    asked = sum(asked_name(m) == f"www.{ZONE}." for m in frames(rig.path("tap.fs")) if m["type"] == QUERY and
                m["query"][:2] != b"\xab\xcd")
    expect("queries of www", (traffic["queries"], traffic["records"]["bad"]), (asked, 0))


def metric(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as f:
        return float(next(line.split(" ")[-1] for line in f.read().decode().splitlines() if line.startswith(name)))


def ask_six(port):
    dns.query.udp(dns.message.make_query("six." + ZONE, "A"), "::1", port=port, timeout=2)


def collected(rig, port):
    collect(rig)
    start(rig, BOTH, port, "--dnstap", "unix:" + rig.path("tap.sock"))
    ask(port, "www." + ZONE)
    ask(port, "tcp." + ZONE, tcp=True)
    ask_six(port)
    ask(port, "www.example.net")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"\xab\xcd\x80\x00" + bytes(8), ("127.0.0.1", port))
    ask(port, "last." + ZONE)
    expect("exit status", rig.stop("dns"), 0)
    rig.stop("collector", signal.SIGINT)
    count = check_messages(rig, port)
    check_reviewed(rig)
    check_printed(rig, count)
    note(f"{count} messages by fstrm_capture, read by dnstap-read and by the schema")


def into_a_file(rig, port):
    """And by way of a wildcard: which address was asked is known all the same."""
    start(rig, ["[::]"], port, "--dnstap", "file:" + rig.path("own.fs"))
    ask(port, "www." + ZONE)
    ask_six(port)
    expect("exit status", rig.stop("dns"), 0)
    check_pair(frames(rig.path("own.fs")), port, "www." + ZONE, UDP, 1)
    check_pair(frames(rig.path("own.fs")), port, "six." + ZONE, UDP, 2)


def nobody_waits(rig, port, metrics):
    """A collector that takes the connection and reads nothing."""
    path = rig.path("deaf.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
        deaf.bind(path)
        deaf.listen(1)
        start(rig, BOTH, port, "--dnstap", "unix:" + path, "--metrics", str(metrics))
        wire = dns.message.make_query("www." + ZONE, "A").to_wire()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(2)
            s.connect(("127.0.0.1", port))
            asked = 0
            while metric(metrics, "windrose_dns_dnstap_lost_messages_total") == 0:
                for _ in range(1000):
                    s.send(wire)
                    s.recv(4096)
                asked += 1000
                if asked > 100000:
                    raise Failed("queues are never full")
        note(f"{asked} queries answered while the collector reads nothing")
        deaf.close()
        os.unlink(path)
        expect("exit status", rig.stop("dns"), 0)


def refused(rig):
    for value in ("tcp:127.0.0.1:6000", "unix:", "nonsense"):
        status, _, text = rig.run(rig.program("windrose-dns"), "--policy", rig.path("policy.yaml"),
                                  "--listen", f"127.0.0.1:{rig.port()}", "--dnstap", value, check=False)
        if status != 1 or "unix:SOCKET or file:FILE" not in text:
            raise Failed(f"--dnstap {value}: status {status}: {text}")


def test():
    with Rig() as rig:
        for program in ("fstrm_capture", "dnstap-read"):
            if shutil.which(program) is None:
                raise Failed(f"{program} is not installed")
        rig.write("policy.yaml", POLICY)
        collected(rig, rig.port())
        into_a_file(rig, rig.port())
        nobody_waits(rig, rig.port(), rig.port())
        refused(rig)


main(test)
