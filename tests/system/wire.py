#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Queries to a real windrose-dns over UDP and TCP, and what the RFCs say that
must come back, octet for octet: tests/data/wire/README.

    wire.py                    every world below tests/data/wire
    wire.py WORLD [TEXT]       one of them, the cases with TEXT in their title
"""

import contextlib
import os
import shutil
import socket
import struct
import sys

from rig import SRC, Failed, Rig, main, note, until
from wire_cases import COOKIE, Malformed, Reader
from wire_message import Message

DATA = os.path.join(SRC, "tests/data/wire")
WAIT_S = 5
# After a message that must not be answered, one that is: SOA of the root is
# outside of every zone, and the refusal comes back with the ID.
SENTINEL = struct.pack("!6H", 0xF1F1, 0, 1, 0, 0, 0) + b"\0" + struct.pack("!2H", 6, 1)


class Wrong(Exception):
    """An answer is not what the case says."""


class Udp:
    """A client's socket of one address."""

    limited = True

    def __init__(self, port, source):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(WAIT_S)

    def send(self, octets):
        self.socket.send(octets)

    def receive(self):
        return self.socket.recv(65535)

    def close(self):
        self.socket.close()


class Tcp:
    """A connection; send() makes a message of octets, put() sends them as they are."""

    limited = False

    def __init__(self, port, source):
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT_S, (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def put(self, octets):
        self.socket.sendall(octets)

    def send(self, octets):
        self.put(framed(octets))

    def take(self, count):
        octets = b""
        while len(octets) < count:
            more = self.socket.recv(count - len(octets))
            if not more:
                raise Wrong(f"the connection ends after {len(octets)} of {count} octets")
            octets += more
        return octets

    def receive(self):
        return self.take(struct.unpack("!H", self.take(2))[0])

    def close(self):
        self.socket.close()


def framed(octets):
    """RFC 1035, 4.2.2."""
    return struct.pack("!H", len(octets)) + octets


def settle(port):
    """The server has done what came before: it answered somebody else."""
    with contextlib.closing(Tcp(port, "127.0.0.1")) as other:
        other.send(SENTINEL)
        other.receive()


# How a query goes out over TCP: each sends it and gives the answers that must
# be as the case says.

def whole(link, port, octets, words):
    link.send(octets)
    return [link.receive()]


def single_octets(link, port, octets, words):
    for octet in framed(octets):
        link.put(bytes([octet]))
    return [link.receive()]


def split(link, port, octets, words):
    """In two parts, of which the server has seen the first before the second goes out."""
    at = int(words[1])
    link.put(framed(octets)[:at])
    settle(port)
    link.put(framed(octets)[at:])
    return [link.receive()]


def pipelined(link, port, octets, words):
    """Many with an ID each in one write; any order of the answers will do."""
    count = int(words[1])
    link.put(b"".join(framed(struct.pack("!H", i) + octets[2:]) for i in range(count)))
    found = sorted((link.receive() for _ in range(count)), key=lambda a: a[:2])
    if [a[:2] for a in found] != [struct.pack("!H", i) for i in range(count)]:
        raise Wrong("the IDs of the answers are not those of the queries")
    return [octets[:2] + a[2:] for a in found]


def again(link, port, octets, words):
    answers = []
    for _ in range(int(words[1])):
        link.send(octets)
        answers.append(link.receive())
    if len(set(answers)) != 1:
        raise Wrong("the same query has several answers")
    return answers[:1]


def half_closed(link, port, octets, words):
    link.send(octets)
    link.socket.shutdown(socket.SHUT_WR)
    answer = link.receive()
    if link.socket.recv(1):
        raise Wrong("more than the answer came")
    return [answer]


def after_unanswered(link, port, octets, words):
    """After a message that gets no answer, and does not end the connection."""
    link.send(bytes.fromhex(words[1]) if len(words) > 1 else b"")
    link.send(octets)
    return [link.receive()]


def after_answered(link, port, octets, words):
    """After a message that gets an answer of RCODE words[2]."""
    link.send(bytes.fromhex(words[1]))
    first = link.receive()
    if first[3] & 15 != int(words[2]):
        raise Wrong(f"the message before got {first.hex()}")
    link.send(octets)
    return [link.receive()]


def beside_stalled(link, port, octets, words):
    """While others have sent a part of a message and nothing more; the last to come is served."""
    with contextlib.ExitStack() as others:
        for i in range(int(words[1])):
            other = others.enter_context(contextlib.closing(Tcp(port, "127.0.0.1")))
            other.put(framed(octets)[:i % 12 + 1])
        last = others.enter_context(contextlib.closing(Tcp(port, "127.0.0.1")))
        last.send(octets)
        return [last.receive()]


def beside_deaf(link, port, octets, words):
    """While another has asked much and reads nothing."""
    with contextlib.closing(Tcp(port, "127.0.0.1")) as other:
        other.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            for _ in range(int(words[1])):
                other.socket.send(framed(octets))
        link.send(octets)
        return [link.receive()]


HOW = {"octets": single_octets, "split": split, "pipelined": pipelined, "again": again, "half-closed": half_closed,
       "after-unanswered": after_unanswered, "after-answered": after_answered, "beside-stalled": beside_stalled,
       "beside-deaf": beside_deaf}


def learn_cookie(link, case):
    """The server's part of COOKIE, from an answer to a query with the client's alone."""
    link.send(case.query.octets(number=0x7777))
    found = [data for code, data in Message(link.receive()).options if code == COOKIE]
    if len(found) != 1 or len(found[0]) < 16:
        raise Wrong(f"no server cookie came: {found}")
    return found[0][8:]


def judge(case, octets, sent, limit):
    try:
        message = Message(octets)
    except Malformed as e:
        raise Wrong(f"malformed: {e}: {octets.hex()}") from None
    problems = list(case.problems(message, sent, limit))
    if problems:
        raise Wrong("\n".join([*problems, str(message)]))


def run(case, transport, port):
    """Raises Wrong, or OSError when nothing came."""
    link = (Udp if transport == "udp" else Tcp)(port, case.source)
    with contextlib.closing(link):
        known = learn_cookie(link, case) if case.query.cookie else b""
        octets = case.query.octets(server_cookie=known)
        if case.silent:
            link.send(octets)
            link.send(SENTINEL)
            answer = link.receive()
            if answer[:2] != SENTINEL[:2]:
                raise Wrong(f"answered: {answer.hex()}")
            return
        for answer in HOW[case.how[0]](link, port, octets, case.how) if case.how else whole(link, port, octets, None):
            judge(case, answer, octets, case.query.limit() if link.limited else 65535)


def start(rig, world):
    """windrose-dns for the world of that name; its port."""
    shutil.copytree(os.path.join(DATA, world), rig.path(world))
    with contextlib.suppress(FileNotFoundError), open(rig.path(world + "/like")) as f:
        shutil.copytree(os.path.join(DATA, f.read().strip()), rig.path(world), dirs_exist_ok=True)
    with contextlib.suppress(FileNotFoundError), open(rig.path(world + "/keys-of")) as f:
        shutil.copytree(os.path.join(SRC, "tests/data/keys", f.read().strip()), rig.path(world + "/keys"))
    rig.run(os.path.join(SRC, "contrib/geo/make-mmdb"), os.path.join(DATA, "geo.txt"), rig.path(world + "/geo.mmdb"))
    port = rig.port()
    argv = ["--policy", rig.path(world), "--workers", "2", "--listen", f"127.0.0.1:{port}"]
    with contextlib.suppress(FileNotFoundError), open(rig.path(world + "/arguments")) as f:
        argv += f.read().split()
    rig.start(world, rig.program("windrose-dns"), *argv)

    def answers():
        if not rig.alive(world):
            raise Failed(f"{world}: windrose-dns does not start")
        with contextlib.closing(Udp(port, "127.0.0.1")) as link:
            link.send(SENTINEL)
            return link.receive()

    until(f"{world} answers", 20, answers)
    return port


def run_world(rig, world, wanted):
    """Puts a world's cases to a responder; what failed."""
    folder = os.path.join(DATA, world)
    cases = [c for name in sorted(os.listdir(folder)) if name.endswith(".cases")
             for c in Reader(os.path.join(folder, name)).cases if wanted in c.title]
    port = start(rig, world)
    exchanges, failures = 0, []
    for case in cases:
        for transport in case.over:
            exchanges += 1
            try:
                run(case, transport, port)
            except (Wrong, OSError) as e:
                failures.append(f"{case.place}: {case.title} ({transport})\n{e}")
    if not rig.alive(world) or rig.stop(world) != 0:
        failures.append(f"{world}: windrose-dns did not end cleanly")
    note(f"{world}: {len(cases)} cases, {exchanges} exchanges, {len(failures)} fail")
    return failures


def test():
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    worlds = sys.argv[1:2] or sorted(w for w in os.listdir(DATA) if os.path.isdir(os.path.join(DATA, w)))
    failures = []
    with Rig() as rig:
        for world in worlds:
            failures += run_world(rig, world, wanted)
    if failures:
        print("\n\n".join(failures))
        raise Failed(f"{len(failures)} answers are not what the RFCs say")


main(test)
