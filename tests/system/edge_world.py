# SPDX-License-Identifier: Apache-2.0
"""edge_world -- an agent with a canary, and an edge with real proxies, made of
the examples in contrib, for the tests of windrose-edge.

Endpoints are listeners of a HAProxy of their own, which answer with their
names: us, eu, v2.us, v2.eu.
"""

import http.client
import json
import os
import re
import socket
import urllib.request

from rig import SRC, Failed, until

ZONE = "gslb.example.com"
ENDPOINTS = {"us": "192.0.2.1", "eu": "192.0.2.2", "v2.us": "192.0.2.11", "v2.eu": "192.0.2.12"}
PERCENTS = (1, 5, 25, 50, 100)

def policy(percents):
    return f"""
zone: {{name: {ZONE}, nameservers: ns.example.net}}
regions:
  us: {{location: [38.95, -77.45]}}
  eu: {{location: [53.35, -6.26]}}
services:
  www:
    steer: failover
    endpoints:
      us: {{A: {ENDPOINTS["us"]}}}
      eu: {{A: {ENDPOINTS["eu"]}}}
canaries:
  v2:
    service: www
    endpoints: {{us: {{A: {ENDPOINTS["v2.us"]}}}, eu: {{A: {ENDPOINTS["v2.eu"]}}}}}
    stages: [{{regions: [us, eu], percent: [{", ".join(f"{p}%" for p in percents)}], bake: 0s}}]
safety: {{max_override: 24h}}
"""


ORIGIN = """
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
"""


def example(path, *changes):
    """An example of contrib with changes (pattern, text), each of which must be due."""
    with open(os.path.join(SRC, path)) as f:
        text = f.read()
    for pattern, to in changes:
        text, count = re.subn(pattern, lambda _, to=to: to, text)
        if not count:
            raise Failed(f"{path} has nothing like {pattern!r}")
    return text


class World:
    """What runs, and questions to it."""

    def __init__(self, rig, percents=PERCENTS):
        self.rig = rig
        self.redis_port = rig.port()
        self.bus = f"redis://127.0.0.1:{self.redis_port}/test"
        self.origins = {name: rig.port() for name in ENDPOINTS}
        rig.write("policy.yaml", policy(percents))
        self.plan_key, self.plan_pub = rig.keypair("plan")
        self.person_key, self.person_pub = rig.keypair("person")
        self.edge_options = []

    def start_redis(self):
        self.rig.redis(self.redis_port)

    def start_steer(self):
        r = self.rig
        r.start("steer", r.program("windrose-steer"), "--policy", r.path("policy.yaml"), "--name", "steer",
                "--bus", self.bus, "--key", self.plan_key, "--people", self.person_pub,
                "--journal", r.path("steer.jsonl"), "--keep", r.path("steer.keep"), "--control", r.path("steer.sock"))
        until("the agent leads", 20, lambda: self.node("steer").get("leads") is True)

    def start_origins(self):
        listeners = "".join(f"listen {name}\n    bind 127.0.0.1:{port}\n    http-request return status 200 "
                            f"content-type text/plain string {name}\n" for name, port in self.origins.items())
        self.rig.write("origin.cfg", ORIGIN + listeners)
        self.rig.start("origin", "haproxy", "-db", "-f", self.rig.path("origin.cfg"))

    def start_edge(self, *extra):
        r = self.rig
        self.edge_options = list(extra) or self.edge_options
        r.start("edge", r.program("windrose-edge"), "--bus", self.bus, "--trust", self.plan_pub, "--name", "edge",
                "--keep", r.path("edge.keep"), "--control", r.path("edge.sock"), *self.edge_options)

    def start_dns(self, port):
        r = self.rig
        r.start("dns", r.program("windrose-dns"), "--policy", r.path("policy.yaml"), "--workers", "1",
                "--listen", f"127.0.0.1:{port}", "--name", "dns", "--bus", self.bus, "--trust", self.plan_pub,
                "--keep", r.path("dns.keep"), "--control", r.path("dns.sock"))

    def windrose(self, *argv, check=True):
        return self.rig.run(self.rig.program("windrose"), *argv, check=check)

    def person(self, *argv, check=True):
        return self.windrose(*argv, "--reason", "test", "--yes", "--bus", self.bus, "--key", self.person_key, check=check)

    def local(self, *argv, check=True):
        """A command for the edge alone."""
        return self.windrose(*argv, "--reason", "test", "--yes", "--node", self.rig.path("edge.sock"), check=check)

    def node(self, daemon="edge"):
        """The node record in a daemon's own status."""
        status, out, _ = self.windrose("status", "--json", "--node", self.rig.path(daemon + ".sock"), check=False)
        s = json.loads(out) if status == 0 else {}
        return s.get("node", s)

    def commands(self):
        """Those in force, as the agent says."""
        out = self.windrose("status", "--json", "--node", self.rig.path("steer.sock"))[1]
        return json.loads(out)["plan"]["commands"]

    def is_applied(self):
        """Has the edge the agent's plan?"""
        edge, steer = self.node(), self.node("steer")
        return edge.get("plan_sequence", 0) >= steer.get("plan_sequence", 1) > 0 and not edge.get("trouble")

    def all_applied(self, seconds=15):
        return until("the edge has the plan", seconds, self.is_applied)[1]


class HAProxy:
    """The example of contrib/haproxy, for a world; several may share its map."""

    def __init__(self, world, name="haproxy", changes=()):
        rig = world.rig
        self.rig, self.name, self.port = rig, name, rig.port()
        self.socket, self.map = rig.path(name + ".sock"), rig.path("cohorts.map")
        self.options = ["--haproxy", self.socket]
        origins = [(rf"server {e} {a}:80", f"server {short} 127.0.0.1:{world.origins[full]}") for full, short, e, a in (
            ("us", "us", "us-east", r"192\.0\.2\.1"), ("eu", "eu", "eu-west", r"192\.0\.2\.2"),
            ("v2.us", "us", "us-east", r"192\.0\.2\.11"), ("v2.eu", "eu", "eu-west", r"192\.0\.2\.12"))]
        rig.write(name + ".cfg", example(
            "contrib/haproxy/haproxy.cfg", ("/run/haproxy/windrose.sock mode 660", self.socket + " mode 600"),
            ("/etc/haproxy/windrose.lua", os.path.join(SRC, "contrib/haproxy/windrose.lua")),
            ("/var/lib/windrose/cohorts.map", self.map), ("bind :8080", f"bind 127.0.0.1:{self.port}"),
            *origins, *changes))
        if not os.path.exists(self.map):
            rig.write("cohorts.map", "")

    def start(self):
        self.rig.start(self.name, "haproxy", "-W", "-db", "-f", self.rig.path(self.name + ".cfg"))
        until(self.name + " listens", 10, lambda: self.ask("show version"))

    def ask(self, command):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(self.socket)
            s.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: s.recv(65536), b"")).decode()

    def weights(self, backend="www"):
        """What each server has in force: a weight, or "drain", or "maint"."""
        weights = {}
        for line in self.ask("show servers state " + backend).splitlines()[2:]:
            w = line.split()
            if len(w) > 7:
                weights[w[3]] = "maint" if int(w[6]) & 7 else "drain" if int(w[6]) & 8 else int(w[7])
        return weights

    def uptime_s(self):
        return int(re.search(r"Uptime_sec: (\d+)", self.ask("show info")).group(1))

    def thresholds(self):
        return {line.split()[1]: int(line.split()[2]) for line in self.ask("show map " + self.map).splitlines() if line}


class Nginx:
    """The example of contrib/nginx, for a world, with two workers."""

    SERVE = "www=us,eu,v2/us,v2/eu"

    def __init__(self, world):
        rig = world.rig
        self.rig, self.port, self.probe_port = rig, rig.port(), rig.port()
        self.include, self.pid = rig.path("windrose.conf"), rig.path("nginx.pid")
        self.config = rig.path("nginx.conf")
        test = f"/usr/sbin/nginx -t -q -p {rig.dir} -c {self.config}"
        self.options = ["--nginx", self.include, "--nginx-probe", f"http://127.0.0.1:{self.probe_port}/windrose-state",
                        "--nginx-pid", self.pid, "--nginx-test", test, "--serve", self.SERVE]
        scratch = "".join(f"\t{kind}_temp_path {rig.path(kind)};\n"
                          for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        origins = [change for full, name, a in (
            ("us", "us-east", r"192\.0\.2\.1"), ("eu", "eu-west", r"192\.0\.2\.2"),
            ("v2.us", "v2.us-east", r"192\.0\.2\.11"), ("v2.eu", "v2.eu-west", r"192\.0\.2\.12"))
            for change in ((rf"upstream www\.{name} ", f"upstream www.{full} "),
                           (rf"server {a}:80;", f"server 127.0.0.1:{world.origins[full]};"))]
        rig.write("nginx.conf", example(
            "contrib/nginx/nginx.conf", ("/run/nginx.pid;\nerror_log stderr notice", f"{self.pid};\nerror_log {rig.path('nginx-error.log')} notice"),
            ("worker_processes auto", ("user root;\n" if os.geteuid() == 0 else "") + "daemon off;\nworker_processes 2"), ("http {\n", "http {\n\taccess_log off;\n" + scratch),
            ("include /var/lib/windrose/nginx.conf", "include " + self.include),
            ("listen 8080", f"listen 127.0.0.1:{self.port}"), ("127.0.0.1:8081", f"127.0.0.1:{self.probe_port}"), *origins))

    def start(self):
        self.rig.start("nginx", "/usr/sbin/nginx", "-p", self.rig.dir, "-c", self.config)
        until("nginx listens", 10, self.state)

    def state(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.probe_port}/windrose-state", timeout=5) as answer:
            return answer.read().decode()

    def text(self):
        with open(self.include) as f:
            return f.read()

    def workers(self):
        """Of the master: their process ids, those that are ending included."""
        with open(f"/proc/{self.rig.running['nginx'].pid}/task/{self.rig.running['nginx'].pid}/children") as f:
            return set(f.read().split())


class Client:
    """Requests over one connection, which is opened again when it is closed."""

    def __init__(self, port):
        self.port, self.connection = port, None

    def get(self, session=None, path="/"):
        """(what answered, the session it gave); None as a session: comes without."""
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                self.connection.request("GET", path, headers={"Cookie": f"session={session}"} if session else {})
                response = self.connection.getresponse()
                text = response.read().decode().strip()
            except (OSError, http.client.HTTPException):
                self.close()
                if attempt == 2:
                    raise
                continue
            if response.status != 200:
                raise Failed(f"port {self.port}: {response.status}: {text}")
            cookie = response.getheader("Set-Cookie")
            return text, re.match(r"session=([^;]+)", cookie).group(1) if cookie else None
        return None

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def ask_all(port, sessions, source="127.0.0.1", batch=500):
    """What answers each session, in turn: requests in batches, a connection each."""
    got = []
    for at in range(0, len(sessions), batch):
        with socket.create_connection(("127.0.0.1", port), 10, (source, 0)) as s:
            stream = s.makefile("rb")
            for name in sessions[at:at + batch]:
                s.sendall(f"GET / HTTP/1.1\r\nHost: www\r\nCookie: session={name}\r\n\r\n".encode())
            got += [read_answer(stream) for _ in sessions[at:at + batch]]
    return got


def read_answer(stream):
    """One answer's text."""
    status = stream.readline()
    if b" 200 " not in status:
        raise Failed(f"not 200: {status!r}")
    length = 0
    for line in iter(stream.readline, b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return stream.read(length).decode().strip()
