# SPDX-License-Identifier: Apache-2.0
"""rig -- real programs on loopback for a system test, started and stopped by pid.

A test makes one Rig in a with-statement; whatever it started is stopped at the
end, however it ends.  Nothing here sleeps for luck: until() tries a condition
again and again and fails at its deadline with what it last saw.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import dns.edns
import dns.exception
import dns.message
import dns.query
import dns.rdatatype

SRC = os.environ.get("SRCDIR", os.path.abspath(os.path.join(os.path.dirname(__file__), "../..")))
BUILD = os.environ.get("BUILDDIR", os.path.join(SRC, "build"))
PORTS = (10000, 32000)  # below those that the kernel gives away by itself
PATIENCE = 3  # a machine that is busy is no failure
# What a condition meets while what it looks at is not there yet, or half.
NOT_YET = (OSError, LookupError, ValueError, dns.exception.DNSException, subprocess.SubprocessError)
_tick = threading.Event()

# One service, www, which has one address, 192.0.2.1.
ONE_SERVICE = """
zone: {name: gslb.example.com, nameservers: ns.example.net}
regions:
  a: {location: [0, 0]}
services:
  www: {steer: failover, endpoints: {a: {A: 192.0.2.1}}}
"""


class Failed(Exception):
    """What the test expected did not happen."""


class Skipped(Exception):
    """This machine does not allow what the test needs."""


def until(what, seconds, condition):
    """Returns what condition() gives as soon as it is true, and how long it took.
    seconds are those of a machine that is not busy with something else."""
    began = time.monotonic()
    seconds *= PATIENCE
    last = None
    while time.monotonic() - began < seconds:
        try:
            last = condition()
        except NOT_YET as e:
            last = None
            seen = e
        else:
            seen = last
        if last:
            return last, time.monotonic() - began
        _tick.wait(0.02)
    raise Failed(f"{what}: not within {seconds} s; last seen: {seen!r}")


class Rig:
    """A folder, ports, and the processes that were started."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="windrose-system.")
        os.chmod(self.dir, 0o755)
        self.running = {}
        self.count = 0
        self.claims = []  # of ports: a name that the kernel gives up with us

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for name in list(self.running):
            self.stop(name, quiet=True)
        if kind is not None:
            for name in sorted(os.listdir(self.dir)):
                if name.endswith(".log"):
                    print(f"--- {name}")
                    with open(os.path.join(self.dir, name), errors="replace") as f:
                        print("".join(f.readlines()[-25:]))
        for claim in self.claims:
            claim.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def program(self, name):
        return os.path.join(BUILD, name)

    def port(self, address="127.0.0.1"):
        """A port free for UDP and TCP, which no other rig gets while this one lives, nor
        whoever is given any port by the kernel."""
        while True:
            port = random.randrange(*PORTS)
            claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            with contextlib.suppress(OSError), \
                    socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
                    socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                claim.bind(f"\0windrose-port-{port}")
                tcp.bind((address, port))
                udp.bind((address, port))
                self.claims.append(claim)
                return port
            claim.close()

    def start(self, name, *argv):
        """Starts argv as name; its output goes to name.log."""
        log = open(self.path(name + ".log"), "ab")
        self.running[name] = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        return self.running[name]

    def alive(self, name):
        return self.running[name].poll() is None

    def stop(self, name, sig=signal.SIGTERM, quiet=False):
        """Ends name by its pid and waits for it; returns its exit status."""
        p = self.running.pop(name)
        if p.poll() is None:
            p.send_signal(sig)
        try:
            status = p.wait(15)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            if quiet:
                return None
            raise Failed(f"{name} did not end within 15 s of signal {sig}") from None
        return status

    def run(self, *argv, check=True):
        """Runs argv to its end; returns (status, stdout, stderr)."""
        p = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if check and p.returncode != 0:
            raise Failed(f"{' '.join(argv)}: exit {p.returncode}: {p.stdout}{p.stderr}")
        return p.returncode, p.stdout, p.stderr

    # The parts that most tests need.

    def redis(self, port, *extra):
        self.start("redis", "redis-server", "--port", str(port), "--bind", "127.0.0.1",
                   "--save", "", "--appendonly", "no", "--dir", self.dir, *extra)
        until("redis answers", 10, lambda: self.run(
            "redis-cli", "-p", str(port), "ping", check=False)[1].strip() in ("PONG", "NOAUTH Authentication required."))

    def keypair(self, name):
        """An Ed25519 key pair: (private, public) paths."""
        private, public = self.path(name + ".key"), self.path(name + ".pub")
        self.run("openssl", "genpkey", "-algorithm", "ed25519", "-out", private)
        self.run("openssl", "pkey", "-in", private, "-pubout", "-out", public)
        return private, public

    def web(self, name, address, port):
        """An endpoint: a plain web server that answers /healthz with ok."""
        folder = self.path("web-" + name)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "healthz"), "w") as f:
            f.write("ok " + name)
        with open(os.path.join(folder, "index.html"), "w") as f:
            f.write(name)
        self.start(name, "/usr/bin/python3", "-m", "http.server", str(port), "--bind", address, "--directory", folder)

    def geo(self, folder):
        """The small world, flat, for IPv4 and IPv6."""
        for family in ("v4", "v6"):
            self.run(os.path.join(SRC, "contrib/geo/make-mmdb"), "--schema", "flat", "--" + family,
                     os.path.join(SRC, "contrib/geo/small.txt"), os.path.join(folder, f"city-ip{family}.mmdb"))


def ask(port, name, subnet=None, rdtype="A", tcp=False, timeout=2.0):
    """One query to 127.0.0.1:port; the response message."""
    q = dns.message.make_query(name, rdtype, use_edns=0, payload=1232)
    if subnet is not None:
        address, bits = subnet.split("/")
        q.use_edns(0, 0, 1232, options=[dns.edns.ECSOption(address, int(bits))])
    send = dns.query.tcp if tcp else dns.query.udp
    return send(q, "127.0.0.1", timeout=timeout, port=port)


def framed(wire):
    """A message as a stream has it."""
    return struct.pack("!H", len(wire)) + wire


def read_exactly(s, count):
    data = b""
    while len(data) < count:
        more = s.recv(count - len(data))
        if not more:
            raise OSError(f"closed after {len(data)} of {count} octets")
        data += more
    return data


def read_message(s):
    """One message from a stream."""
    return read_exactly(s, struct.unpack("!H", read_exactly(s, 2))[0])


def addresses(message):
    """Sorted addresses of the answer."""
    return sorted(r.to_text() for s in message.answer for r in s
                  if s.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA))


def note(text):
    """A measured figure; tests/run shows these lines."""
    print("# " + text, flush=True)


def main(test):
    """Runs test(); the exit status says whether it passed."""
    try:
        test()
    except Failed as e:
        print(f"not ok - {e}")
        sys.exit(1)
    except Skipped as e:
        print(e)
        sys.exit(77)
    print("ok")
