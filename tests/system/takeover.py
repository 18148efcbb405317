#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A responder is replaced by a new instance twenty times while it is asked
without a pause over UDP and TCP: every query is answered.  A successor that
cannot start, or dies half-way, changes nothing; without --take-over a second
instance does not start."""

import json
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time

import dns.message

from rig import BUILD, ONE_SERVICE, Failed, Rig, main, note, until

NAME = "www.gslb.example.com"
TAKE_OVERS = 20
PATIENCE_S = 5
PER_CONNECTION = 40


def query(number):
    wire = bytearray(dns.message.make_query(NAME, "A").to_wire())
    wire[0:2] = struct.pack("!H", number & 0xFFFF)
    return bytes(wire)


class UdpLoad(threading.Thread):
    """Keeps a few queries in flight, each known by its ID, never sent again."""

    WINDOW = 8

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.over = port, threading.Event()
        self.asked, self.lost, self.wrong = 0, [], []

    def take(self, s, waiting):
        data = s.recv(4096)
        began = waiting.pop(data[:2], None)
        if began is None or data[3] & 15 or data[-4:] != socket.inet_aton("192.0.2.1"):
            self.wrong.append(data[:12])

    def run(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(("127.0.0.1", self.port))
        waiting = {}
        while waiting or not self.over.is_set():
            while len(waiting) < self.WINDOW and not self.over.is_set():
                self.asked += 1
                wire = query(self.asked)
                waiting[wire[:2]] = time.monotonic()
                s.send(wire)
            if select.select([s], [], [], 0.5)[0]:
                self.take(s, waiting)
            late = [i for i, began in waiting.items() if time.monotonic() - began > PATIENCE_S]
            for i in late:
                self.lost.append(i)
                del waiting[i]
        s.close()


class TcpLoad(threading.Thread):
    """Connections of many queries each, one after the other."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.over = port, threading.Event()
        self.asked, self.lost, self.wrong = 0, [], []

    def one(self, s):
        self.asked += 1
        wire = query(self.asked)
        s.sendall(struct.pack("!H", len(wire)) + wire)
        data = b""
        while len(data) < 2 or len(data) < 2 + struct.unpack("!H", data[:2])[0]:
            more = s.recv(4096)
            if not more:
                raise OSError("closed")
            data += more
        if data[2:4] != wire[:2] or data[-4:] != socket.inet_aton("192.0.2.1"):
            self.wrong.append(data[:14])

    def run(self):
        while not self.over.is_set():
            try:
                with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as s:
                    for _ in range(PER_CONNECTION):
                        self.one(s)
            except OSError as e:
                self.lost.append(repr(e))


class Instances:
    """Responders one after the other, each with a name of its own."""

    def __init__(self, rig):
        self.rig, self.port, self.metrics = rig, rig.port(), rig.port()
        self.socket = rig.path("control")
        self.count = 0
        with open(rig.path("policy.yaml"), "w") as f:
            f.write(ONE_SERVICE)

    def argv(self, *more):
        return [os.path.join(BUILD, "windrose-dns"), "--policy", self.rig.path("policy.yaml"),
                "--workers", "2", "--metrics", str(self.metrics), "--control", self.socket, "--keep", self.rig.path("keep"), *more]

    def start(self, *more):
        self.count += 1
        name = f"dns{self.count}"
        self.rig.start(name, *self.argv(*more))
        return name

    def log(self, name):
        with open(self.rig.path(name + ".log")) as f:
            return f.read()

    def await_start(self, name):
        until(name + " starts", 20, lambda: "event=start" in self.log(name))

    def ask(self, request):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE_S)
            s.connect(self.socket)
            s.sendall(json.dumps(request).encode() + b"\n")
            return json.loads(s.makefile().readline())


def ends_well(rig, name):
    until(name + " ends", 20, lambda: not rig.alive(name))
    status = rig.stop(name)
    if status != 0:
        raise Failed(f"{name}: exit {status}")


def refuses(instances, status, text, *more):
    p = subprocess.run(instances.argv(*more), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    if p.returncode != status or text not in p.stderr:
        raise Failed(f"wanted exit {status} and \"{text}\", got {p.returncode}: {p.stderr}")


def fails_late(rig, instances, current):
    """Has the sockets already when its certificate is found to be none."""
    bad = rig.write("bad.pem", "no certificate\n")
    refuses(instances, 1, "no certificate", "--take-over", "--tls-cert", bad, "--tls-key", bad)
    until("it goes on", 10, lambda: instances.log(current).count("state=failed") == 3)
    if not instances.ask({"op": "status"})["ok"]:
        raise Failed("a successor that failed took the control socket with it")


def ends_half_way(rig, instances, current):
    """The running one is stopped while a successor has the sockets."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(instances.socket)
        s.sendall(b'{"op":"take-over"}\n')
        fds = socket.recv_fds(s, 65536, 64)[1]
        if rig.stop(current) != 0 or not os.path.exists(instances.socket):
            raise Failed("it takes the control socket with it")
        for fd in fds:
            os.close(fd)


def dies_half_way(instances, current):
    """Takes the descriptors and closes them: the running one goes on."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(instances.socket)
        s.sendall(b'{"op":"take-over"}\n')
        data, fds, _, _ = socket.recv_fds(s, 65536, 64)
        if len(fds) < 5:
            raise Failed(f"got {len(fds)} descriptors with {data!r}")
        answer = instances.ask({"op": "take-over"})
        if answer["ok"] or "taking over" not in answer["error"]:
            raise Failed(f"a second successor at a time: {answer}")
        for fd in fds:
            os.close(fd)
    until("it goes on", 10, lambda: "state=failed" in instances.log(current))


def is_left(port):
    """An address that a successor was not started with is nobody's."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as s:
            s.bind(("127.0.0.1", port))


def replace_many_times(rig, instances, current, left):
    for i in range(TAKE_OVERS):
        # Now with the addresses named, now with all that is there.
        more = ["--listen", f"127.0.0.1:{instances.port}"] if i % 2 else []
        successor = instances.start("--take-over", *more)
        instances.await_start(successor)
        ends_well(rig, current)
        if "state=ended" not in instances.log(current):
            raise Failed(f"{current} does not say why it ended")
        current = successor
        if i % 2:
            is_left(left)
        if not instances.ask({"op": "status"})["ok"]:
            raise Failed("no status on the control socket")
    return current


def test():
    with Rig() as rig:
        instances = Instances(rig)
        listen = f"127.0.0.1:{instances.port}"
        # Nobody is there yet: it starts by itself.
        left = rig.port()
        current = instances.start("--listen", listen, "--listen", f"127.0.0.1:{left}", "--take-over")
        instances.await_start(current)
        refuses(instances, 1, "another program has this port", "--listen", listen)
        loads = [UdpLoad(instances.port), UdpLoad(instances.port), TcpLoad(instances.port)]
        for load in loads:
            load.start()
        refuses(instances, 1, "no-such-user", "--take-over", "--user", "no-such-user")
        until("it goes on", 10, lambda: "state=failed" in instances.log(current))
        dies_half_way(instances, current)
        fails_late(rig, instances, current)
        current = replace_many_times(rig, instances, current, left)
        for load in loads:
            load.over.set()
        for load in loads:
            load.join(30)
            kind = type(load).__name__
            note(f"{kind}: {load.asked} queries during {TAKE_OVERS} take-overs, {len(load.lost)} lost")
            if load.lost or load.wrong or load.asked < TAKE_OVERS:
                raise Failed(f"{kind}: lost {load.lost[:5]}, wrong {load.wrong[:5]}")
        if rig.stop(current, signal.SIGTERM) != 0 or os.path.exists(instances.socket):
            raise Failed("the last one does not end cleanly")
        current = instances.start("--listen", listen)
        instances.await_start(current)
        ends_half_way(rig, instances, current)


main(test)
