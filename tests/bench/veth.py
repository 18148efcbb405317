# SPDX-License-Identifier: Apache-2.0
"""veth -- the part of the benchmark for AF_XDP: server and load each in a
network namespace, a veth between them, for servers over AF_XDP and over sockets
alike.  As root.

The load makes frames itself (bench_load --xdp): a socket on that side would be
slower than the servers, and its kernel's work on an answer is done on the
server's core.
"""

import contextlib
import ctypes
import os
import re
import subprocess

import measure
import peers
import world
from rig import Failed

CLONE_NEWNET = 0x40000000
SERVER, LOAD = "198.18.0.1", "198.18.0.2"  # RFC 2544, C.2.2: for benchmarks
PORT = 5300


class XdpEcho(peers.Echo):
    name = "xdp-echo"
    works = peers.STATIC + peers.STEERED

    @classmethod
    def installed(cls):
        return os.path.join(world.BUILD, "tests/bench/bench_xdp_echo")

    def argv(self):
        octets = ["--answer-octets", str(self.answer_octets)] if self.answer_octets else []
        return [self.installed(), *octets, self.iface]


class WindroseXdp(peers.Windrose):
    name = "windrose-xdp"

    @classmethod
    def installed(cls):
        program = os.path.join(world.BUILD, "windrose-dns")
        usage = subprocess.run([program, "--help"], capture_output=True, text=True).stdout
        return program if re.search(r"^ *--xdp\b", usage, re.M) else None


class KnotXdp(peers.Knot):
    name = "knot-xdp"


SERVERS = (peers.Echo, XdpEcho, peers.Windrose, WindroseXdp, peers.Gdnsd, peers.Knot, KnotXdp)
OVER_XDP = (XdpEcho, WindroseXdp, KnotXdp)


class Pair:
    """The two namespaces, new and empty: a server may leave a program behind."""

    def __init__(self, rig, number):
        self.rig = rig
        self.server, self.load = f"wrbs{os.getpid()}-{number}", f"wrbl{os.getpid()}-{number}"
        self.macs = {}

    def ip(self, namespace, *argv):
        return self.rig.run("ip", "-n", namespace, *argv)[1]

    def __enter__(self):
        try:
            self.make()
        except Failed:
            self.__exit__(None, None, None)
            raise
        return self

    def make(self):
        for namespace in (self.server, self.load):
            self.rig.run("ip", "netns", "add", namespace)
        self.ip(self.server, "link", "add", "server", "type", "veth", "peer", "name", "load", "netns", self.load)
        for namespace, iface, address in ((self.server, "server", SERVER), (self.load, "load", LOAD)):
            self.ip(namespace, "addr", "add", address + "/24", "dev", iface)
            self.ip(namespace, "link", "set", "lo", "up")
            self.ip(namespace, "link", "set", iface, "up")
            # Checksums in full: frames are read by programs, not by a card.
            self.rig.run(*self.inside(namespace), "ethtool", "-K", iface, "tx", "off")
            self.macs[iface] = re.search(r"link/ether ([0-9a-f:]{17})", self.ip(namespace, "link", "show", iface)).group(1)
        # While AF_XDP takes every frame nobody answers ARP.
        self.ip(self.server, "neigh", "replace", LOAD, "lladdr", self.macs["load"], "dev", "server")
        self.ip(self.load, "neigh", "replace", SERVER, "lladdr", self.macs["server"], "dev", "load")

    def __exit__(self, kind, value, trace):
        for namespace in (self.server, self.load):
            self.rig.run("ip", "netns", "del", namespace, check=False)

    @staticmethod
    def inside(namespace):
        return ["nsenter", "--net=/run/netns/" + namespace]

    @contextlib.contextmanager
    def on_load_side(self):
        """This thread, and what it starts, is in the load's namespace meanwhile."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as here, open("/run/netns/" + self.load) as there:
            if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            try:
                yield
            finally:
                libc.setns(here.fileno(), CLONE_NEWNET)

    def load_options(self):
        # The load's own program is generic: so the server's core has less to do for it.
        return ["--xdp", "load", "--generic", "--local", LOAD, "--macs", f"{self.macs['load']},{self.macs['server']}",
                "--window", "64"]


def measured(bench, server, work, pair):
    options = ["--milliseconds", str(bench.args.milliseconds), *pair.load_options()]
    full = bench.load(server, work, *options)
    half = bench.load(server, work, *options, "--rate", str(max(1, int(full["rate"] / 2))))
    if full["wrong"] + half["wrong"] > 0:
        bench.troubles.append(f"{server.name} {work} over veth: {full['wrong'] + half['wrong']:.0f} wrong answers")
    bench.octets.setdefault(work, int(full["octets"] + 0.5))
    return {"rate": full["rate"], "cpu_us": full["cpu_us"], "p50": half["p50_us"], "p99": half["p99_us"],
            "loss": half["lost"] / max(1, half["sent"])}


def turn(bench, kind, works, number):
    """One server's turn, in namespaces of its own."""
    with Pair(bench.rig, number) as pair:
        server = bench.server(kind, address=SERVER, port=PORT, iface="server" if kind in OVER_XDP else None)
        for work in works:
            if isinstance(server, peers.Echo):
                server.answer_octets = bench.octets.get(work, 0)
            with pair.on_load_side():
                if server.name not in bench.rig.running:
                    bench.start(server, prefix=lambda argv: pair.inside(pair.server) + measure.pinned(argv))
                trouble = measure.wrong(server, work, bench.geo.subnets)
                if trouble:
                    bench.troubles.append(f"{server.name} over veth is not timed at {work}: {trouble}")
                else:
                    bench.keep("xdp", server.name, work, measured(bench, server, work, pair))
            if isinstance(server, peers.Echo):
                bench.rig.stop(server.name)
        if server.name in bench.rig.running:
            bench.rig.stop(server.name)


def compare(bench):
    if os.geteuid() != 0:
        bench.troubles.append("AF_XDP is not measured: that needs root, for network namespaces")
        return
    names = {kind.name for kind in bench.args.kinds}
    number = 0
    for _ in range(bench.args.rounds):
        for kind in SERVERS:
            wanted = kind.name.replace("-xdp", "").replace("xdp-", "udp-") in names
            works = [w for w in ("static", "steered-v4") if w in bench.args.works and w in kind.works]
            if not wanted or not works:
                continue
            if not kind.installed():
                bench.troubles.append(f"{kind.name} is not there")
                continue
            number += 1
            try:
                turn(bench, kind, works, number)
            except Failed as e:
                bench.troubles.append(f"{kind.name} over veth: {e}")
                if kind.name in bench.rig.running:
                    bench.rig.stop(kind.name, quiet=True)
