#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How many endpoints one prober carries.

  tests/bench/farm.py [--endpoints N] [--interval S] [--seconds N] [--responder]
                      [--keep] [--realtime] [--callgrind FILE]

One windrose-health probes N addresses of loopback (default 5000) by three
checks each, http, http with its body, and tcp with send and expect, every
S seconds (5), against bench_farm (make benches) and a real redis-server; prints
its CPU, memory, how late probes start, and the size of its report; with --keep over
connections that are kept (two of three checks, tcp keeps none).  The prober
is on core 0, all else on core 1; as root both go ahead of what else runs, with
--realtime of everything: what is late is then late for its own work.
"""

import argparse
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))
import measure  # noqa: E402
from rig import Failed, Rig, main, note, until  # noqa: E402

A_SERVICE = 50  # endpoints; 64 at most
CHECKS = {"plain": "type: http, path: /healthz", "body": "type: http, path: /ready, expect: {body: ok}",
          "app": 'type: tcp, send: "GET / HTTP/1.0\\r\\n\\r\\n", expect: {body: ok}'}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoints", type=int, default=5000)
    parser.add_argument("--interval", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=30, help="how long it is measured")
    parser.add_argument("--responder", action="store_true", help="measure a reader of the reports, too")
    parser.add_argument("--keep", action="store_true", help="http over kept connections")
    parser.add_argument("--realtime", action="store_true", help="before all else, on a machine that cannot be quiet; as root")
    parser.add_argument("--callgrind", metavar="FILE", help="count instructions; figures of time mean nothing then")
    return parser.parse_args()


def policy(args, port):
    kept = {n: "connection: kept, " if args.keep and n != "app" else "" for n in CHECKS}
    checks = "".join(f"  {n}: {{{what}, {kept[n]}port: {port}, interval: {args.interval}s, "
                     f"timeout: {args.interval * 1000 - 500}ms}}\n" for n, what in CHECKS.items())
    services = ""
    for first in range(0, args.endpoints, A_SERVICE):
        endpoints = ", ".join(f"e{i}: {{region: here, A: 127.{1 + i // 62500}.{1 + i // 250 % 250}.{1 + i % 250}}}"
                              for i in range(first, min(first + A_SERVICE, args.endpoints)))
        for n in CHECKS:
            services += f"  s{first}-{n}: {{steer: weighted, check: {n}, endpoints: {{{endpoints}}}}}\n"
    return f"""
zone: {{name: gslb.example.com, nameservers: ns.example.net}}
regions: {{here: {{location: [50, 8]}}}}
vantages: {{here: {{location: [50, 8]}}}}
checks:
{checks}services:
{services}"""


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rsplit(") ", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:")) / 1024


def status(rig, name):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(rig.path(name + ".sock"))
        s.sendall(b'{"op":"status"}\n')
        return json.loads(s.makefile().readline())


def start(rig, args):
    farm, bus = rig.port(), rig.port()
    url = f"redis://127.0.0.1:{bus}/bench"
    rig.write("policy/policy.yaml", policy(args, farm))
    rig.redis(bus)
    rig.start("farm", *measure.pinned(
        [rig.program("tests/bench/bench_farm"), "--port", str(farm), *(["--keep"] if args.keep else [])], measure.LOAD_CORE))
    if args.responder:
        rig.start("dns", *measure.pinned(
            [rig.program("windrose-dns"), "--policy", rig.path("policy"), "--workers", "1",
             "--listen", f"127.0.0.1:{rig.port()}", "--name", "dns", "--bus", url,
             "--control", rig.path("dns.sock")], measure.LOAD_CORE))
    prober = [rig.program("windrose-health"), "--policy", rig.path("policy"), "--vantage", "here",
              "--name", "health", "--bus", url, "--control", rig.path("health.sock")]
    if args.callgrind:
        prober = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={args.callgrind}", *prober]
    rig.start("health", *measure.pinned(prober))
    return bus


def watch(rig, seconds):
    """The load at one moment after another, for so long: what each says is of the newest probes."""
    seen, began = [], time.monotonic()

    def look():
        seen.append(status(rig, "health")["load"])
        return time.monotonic() - began > seconds

    until("the time is over", seconds + 60, look)
    return seen


def test():
    args = arguments()
    if args.realtime:
        os.environ["BENCH_REALTIME"] = "yes"
    with Rig() as rig:
        bus = start(rig, args)
        _, took = until("the first round is over", 600, lambda: not status(rig, "health")["abstains"])
        pids = {n: p.pid for n, p in rig.running.items()}
        note(f"{args.endpoints} endpoints x {len(CHECKS)} checks every {args.interval} s; first round over after {took:.1f} s")
        before, began = {n: cpu_s(p) for n, p in pids.items()}, time.monotonic()
        # Not asked for a while: what is measured is the work, not the asking.
        until("it was left alone", args.seconds + 60, lambda: time.monotonic() - began > args.seconds)
        took = time.monotonic() - began
        for n, p in pids.items():
            note(f"{n}: {100 * (cpu_s(p) - before[n]) / took:.0f} % of a core, {resident_mib(p):.0f} MiB")
        loads = watch(rig, args.seconds)
        last = status(rig, "health")
        middle = sorted(x["late_p50_ms"] for x in loads)[len(loads) // 2]
        note(f"late: p50 {middle:.1f} ms, p99 {sorted(x['late_p99_ms'] for x in loads)[len(loads) // 2]:.1f} ms in the middle, "
             f"max {max(x['late_max_ms'] for x in loads):.1f} ms; at most {max(x['in_flight'] for x in loads)} under way, "
             f"{max(x['waiting'] for x in loads)} waiting")
        octets = int(rig.run("redis-cli", "-p", str(bus), "strlen", "windrose:{bench}:vantage:here")[1])
        note(f"report: {octets} octets, {octets / (args.endpoints * len(CHECKS)):.0f} an entry")
        if last["left_out"] != args.endpoints * len(CHECKS):
            raise Failed(f"not all are up: {last['targets'][:3]}")
        for n in ("health", "dns"):
            if n in rig.running and rig.stop(n) != 0:
                raise Failed(f"{n} did not end as it should")


if __name__ == "__main__":
    main(test)
