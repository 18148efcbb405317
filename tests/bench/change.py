#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long it takes from a change of state to a changed answer, under load.

One responder with one worker is kept saturated by dnsperf, and loops that do
nothing compete for the processors.  Then state is changed again and again: by a
break-glass command on the control socket, and by a prober's report on the bus.
The time is from when the responder is given it to when the first UDP answer
that shows it has come, so it holds one query's own way through the saturated
worker, which is measured too, for comparison.  What measures, and Redis, go
before everyone else where that is allowed (as root): it is the responder that
has to compete.

    BUILDDIR=build tests/bench/change.py [--changes N] [--services N]
        [--endpoints N] [--busy N] [--queue N] [--no-load] [DATABASE.mmdb ...]
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))

from rig import Failed, Rig, addresses, ask, main, note, until  # noqa: E402

import dns.message  # noqa: E402

ZONE = "gslb.example.com"
WATCHED = "s0000"
GIVE_UP_S = 5
PAUSE_S = 0.0002  # between queries: what measures leaves a processor to the rest


def policy(args, databases):
    """Services in the order of their endpoints, so that one more down shows."""
    regions = "".join(f"  r{i:02}: {{location: [{(i * 37) % 120 - 60}, {(i * 71) % 360 - 180}]}}\n"
                      for i in range(args.endpoints))
    endpoints = "".join(f"      r{i:02}: {{A: 192.0.2.{i + 1}}}\n" for i in range(args.endpoints))
    services = "".join(f"  s{i:04}:\n    steer: {'failover' if i == 0 else 'latency'}\n    check: web\n"
                       f"    endpoints:\n{endpoints}" for i in range(args.services))
    return f"""
zone: {{name: {ZONE}, nameservers: [ns1.example.net], contact: admin.example.com}}
geo:
  databases: [{', '.join(databases)}]
regions:
{regions}
vantages:
  here: {{location: [50.11, 8.68]}}
checks:
  web: {{type: tcp, port: 443, interval: 5m, timeout: 1s, quorum: 1}}
services:
{services}
"""


class Responder:
    """One windrose-dns, its bus, and a client that asks it one question."""

    def __init__(self, rig, args):
        self.rig, self.args = rig, args
        self.port, self.redis_port = rig.port(), rig.port()
        self.sequence = time.time_ns() // 1000000
        databases = [os.path.abspath(d) for d in args.databases]
        if not databases:
            rig.geo(rig.dir)
            databases = [rig.path(f"city-ip{family}.mmdb") for family in ("v4", "v6")]
        rig.write("policy/policy.yaml", policy(args, databases))
        rig.redis(self.redis_port)
        rig.start("dns", rig.program("windrose-dns"), "--policy", rig.path("policy"), "--workers", "1",
                  "--listen", f"127.0.0.1:{self.port}", "--name", "dns", "--control", rig.path("dns.sock"),
                  "--bus", f"redis://127.0.0.1:{self.redis_port}/test")
        until("it answers", 60, lambda: addresses(ask(self.port, f"{WATCHED}.{ZONE}")))
        self.asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.asker.connect(("127.0.0.1", self.port))
        self.asker.settimeout(0.5)
        self.query = dns.message.make_query(f"{WATCHED}.{ZONE}", "A", use_edns=False).to_wire()
        self.bus = socket.create_connection(("127.0.0.1", self.redis_port))
        self.replies = self.bus.makefile("rb")
        self.number = 0

    def answer(self):
        """The last octet of the address it answers with now."""
        self.number = (self.number + 1) & 0xffff
        wire = struct.pack("!H", self.number) + self.query[2:]
        self.asker.send(wire)
        while True:
            got = self.asker.recv(4096)
            if got[:2] == wire[:2]:
                # The only record is the last thing of the message.
                return got[-1]

    def wait_for(self, octet, began):
        """Milliseconds from began until an answer has this octet."""
        while time.monotonic() - began < GIVE_UP_S:
            try:
                if self.answer() == octet:
                    return (time.monotonic() - began) * 1000
            except TimeoutError:
                pass
            time.sleep(PAUSE_S)
        raise Failed(f"no answer with 192.0.2.{octet} within {GIVE_UP_S} s; {self.answer()}")

    def redis(self, *argv):
        self.bus.sendall(b"*%d\r\n" % len(argv) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in argv))
        return self.replies.readline()

    def command(self, kind):
        """Given to the responder as soon as it is written; its answer is read later."""
        wall_ms = time.time_ns() // 1000000
        self.sequence += 1
        command = {"id": f"c{self.sequence}", "kind": kind, "target": f"{WATCHED}/r00", "author": "bench",
                   "reason": "bench", "wall_made_ms": wall_ms, "to": "", "weight": 0, "over_ms": 0,
                   "wall_expires_ms": wall_ms + 600000 if kind == "drain" else 0}
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.rig.path("dns.sock"))
        began = time.monotonic()
        s.sendall(json.dumps({"op": "command", "command": command}).encode() + b"\n")
        return began, s

    def by_command(self, down):
        began, s = self.command("drain" if down else "undrain")
        took = self.wait_for(2 if down else 1, began)
        answer = s.makefile().readline()
        if json.loads(answer).get("ok") is not True:
            raise Failed(f"the command was refused: {answer}")
        s.close()
        return took

    def report(self, down):
        """Puts a report on the bus; the clock starts when readers are told."""
        self.sequence += 1
        wall_ms = time.time_ns() // 1000000
        entries = [{"service": f"s{s:04}", "endpoint": f"r{e:02}",
                    "state": "open" if down and s == 0 and e == 0 else "closed", "wall_since_ms": wall_ms,
                    "wall_probed_ms": wall_ms, "failure": "", "failing": False, "samples": 1, "failures": 0,
                    "latency_ms": 10.0 + e, "ewma_ms": 10.0, "p50_ms": 10.0, "p95_ms": 10.0}
                   for s in range(self.args.services) for e in range(self.args.endpoints)]
        text = json.dumps({"vantage": "here", "policy_digest": "", "sequence": self.sequence,
                           "wall_made_ms": wall_ms, "abstains": False, "entries": entries})
        self.redis(b"SET", b"windrose:{test}:vantage:here", text.encode(), b"PX", b"60000")
        self.redis(b"SADD", b"windrose:{test}:vantages", b"here")
        began = time.monotonic()
        self.redis(b"PUBLISH", b"windrose:{test}:notify", b"vantage:here")
        return began

    def by_report(self, down):
        return self.wait_for(2 if down else 1, self.report(down))

    def asking(self):
        """Milliseconds that a query takes when nothing changes."""
        time.sleep(PAUSE_S)
        began = time.monotonic()
        self.answer()
        return (time.monotonic() - began) * 1000


def go_first(redis):
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, redis.pid, -20)
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))


def start_load(rig, responder, args):
    names = "".join(f"s{i % args.services:04}.{ZONE} A\n" for i in range(max(args.services, 100)))
    rig.start("load", "dnsperf", "-s", "127.0.0.1", "-p", str(responder.port), "-d", rig.write("queries", names),
              "-q", str(args.queue), "-c", "1", "-T", "1", "-l", "600")
    for i in range(args.busy):
        rig.start(f"busy{i}", "sh", "-c", "while :; do :; done")


def status(rig):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(rig.path("dns.sock"))
        s.sendall(b'{"op":"status"}\n')
        return json.loads(s.makefile().readline())


def tell(what, times):
    times = sorted(times)
    note(f"{what:<28} p50 {times[len(times) // 2]:7.2f} ms, p99 {times[len(times) * 99 // 100]:7.2f} ms, "
         f"max {times[-1]:7.2f} ms")


def bench():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--endpoints", type=int, default=8)
    parser.add_argument("--busy", type=int, default=1)
    parser.add_argument("--queue", type=int, default=100)
    parser.add_argument("--no-load", action="store_true")
    parser.add_argument("databases", nargs="*")
    args = parser.parse_args()
    with Rig() as rig:
        responder = Responder(rig, args)
        responder.report(False)
        until("reports are heard", 20, lambda: responder.by_report(True) and responder.by_report(False))
        if not args.no_load:
            start_load(rig, responder, args)
            responder.asking()
        go_first(rig.running["redis"])
        before, began = status(rig)["stats"]["answers"], time.monotonic()
        tell("a query alone", [responder.asking() for _ in range(10 * args.changes)])
        for what, change in (("by a command", responder.by_command), ("by a report on the bus", responder.by_report)):
            times = []
            for i in range(args.changes):
                times.append(change(i % 2 == 0))
                # Not in step with the responder's own second.
                until("a moment passed", 1, lambda t=time.monotonic() + i * 7 % 31 / 1000: time.monotonic() > t)
            tell(what, times)
        rate = (status(rig)["stats"]["answers"] - before) / (time.monotonic() - began)
        note(f"{rate:.0f} answers a second meanwhile")
        for name in list(rig.running):
            if name.startswith(("load", "busy")):
                rig.stop(name, signal.SIGKILL)


if __name__ == "__main__":
    main(bench)
