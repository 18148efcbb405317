#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Every kind of probe against servers that nobody here wrote: nginx, redis,
named and a program; what the prober says when each of them goes wrong, and
that its report carries the times and the certificate's life."""

import json
import os
import signal

from rig import Failed, Rig, main, note, until

POLICY = """
zone: {name: gslb.example.com, nameservers: ns.example.net}
regions: {a: {location: [0, 0]}}
vantages: {here: {location: [0, 0]}}
checks:
  secure: {type: https, http: 2, port: %(https)d, certificate_left: 2d, quorum: 1, %(pace)s,
           headers: {X-Probe: "yes"}, identity: X-Vantage, user_agent: our probe,
           client_certificate: us.pem, client_key: us.key, connection: kept,
           expect: {status: [200-204, 304], body: "yes here our probe SUCCESS"}}
  cache: {type: tcp, port: %(redis)d, send: "PING\\r\\n", quorum: 1, %(pace)s, expect: {body: +PONG}}
  # The same probe, by another name: it is made once.
  other: {type: tcp, port: %(redis)d, send: "PING\\r\\n", quorum: 1, %(pace)s, expect: {body: +PONG}}
  names: {type: dns, port: %(named)d, quorum: 1, %(pace)s, query: {name: www.example.org, type: A},
          expect: {rdata: 192.0.2.1}}
  large: {type: dns, port: %(named)d, quorum: 1, %(pace)s, query: {name: large.example.org, type: TXT}}
  program: {type: external, port: %(redis)d, quorum: 1, %(pace)s,
            program: check_redis, arguments: ["{address}", "{port}"]}
services:
  secure: {steer: failover, check: secure, endpoints: {a: {A: 127.0.0.1}}}
  cache: {steer: failover, check: cache, endpoints: {a: {A: 127.0.0.1}}}
  other: {steer: failover, check: other, endpoints: {a: {A: 127.0.0.1}}}
  names: {steer: failover, check: names, endpoints: {a: {A: 127.0.0.1}}}
  large: {steer: failover, check: large, endpoints: {a: {A: 127.0.0.1}}}
  program: {steer: failover, check: program, endpoints: {a: {A: 127.0.0.1}}}
"""
PACE = "interval: 1s, timeout: 900ms, confirm: 100ms"
SERVICES = ["cache", "large", "names", "other", "program", "secure"]

NGINX = """
daemon off; master_process off; pid %(dir)s/nginx.pid; error_log %(dir)s/nginx.log; events { }
http { access_log off; client_body_temp_path %(dir)s/b; proxy_temp_path %(dir)s/p;
fastcgi_temp_path %(dir)s/f; uwsgi_temp_path %(dir)s/u; scgi_temp_path %(dir)s/s;
server { listen 127.0.0.1:%(https)d ssl http2; ssl_certificate %(dir)s/%(name)s.pem;
ssl_certificate_key %(dir)s/%(name)s.key; ssl_client_certificate %(dir)s/policy/us.pem;
ssl_verify_client on; location / {
return 200 "$http_x_probe $http_x_vantage $http_user_agent $ssl_client_verify"; } } }
"""

ZONE = """$TTL 60
@ SOA ns hostmaster 1 3600 900 86400 60
@ NS ns
ns A 127.0.0.1
www A 192.0.2.1
large TXT """ + " ".join(['"' + "x" * 250 + '"'] * 4) + "\n"


class Site:
    def __init__(self, rig):
        self.rig = rig
        self.ports = {name: rig.port() for name in ("bus", "https", "redis", "named", "control")}
        self.socket = rig.path("health.sock")
        self.sleep = f"1000.{self.ports['control']}"  # as no other process does

    def certificate(self, name, days, folder=""):
        path = self.rig.path(folder + name)
        self.rig.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-days", str(days), "-subj", "/CN=secure.gslb.example.com",
                     "-addext", "subjectAltName=DNS:secure.gslb.example.com",
                     "-keyout", path + ".key", "-out", path + ".pem")
        return path + ".pem"

    def nginx(self, name):
        r = self.rig
        conf = r.write("nginx.conf", NGINX % {"dir": r.dir, "name": name, **self.ports})
        r.start("nginx", "/usr/sbin/nginx", "-c", conf, "-e", r.path("nginx.log"))

    def cache(self):
        self.rig.start("cache", "redis-server", "--port", str(self.ports["redis"]), "--bind", "127.0.0.1",
                       "--save", "", "--dir", self.rig.dir)

    def named(self):
        r = self.rig
        r.write("example.org", ZONE)
        conf = r.write("named.conf", f"""
options {{ directory "{r.dir}"; pid-file none; session-keyfile none; recursion no; listen-on-v6 {{ none; }};
listen-on port {self.ports['named']} {{ 127.0.0.1; }}; }};
controls {{ }};
zone "example.org" {{ type primary; file "example.org"; }};
""")
        r.start("named", "/usr/sbin/named", "-g", "-c", conf)

    def start(self):
        r = self.rig
        r.redis(self.ports["bus"])
        os.makedirs(r.path("policy"))
        self.certificate("us", 10, "policy/")
        with open(r.path("ca.pem"), "w") as ca:
            for name, days in ("long", 10), ("short", 1):
                with open(self.certificate(name, days)) as pem:
                    ca.write(pem.read())
        r.write("policy/p.yaml", POLICY % {"pace": PACE, **self.ports})
        os.chmod(r.write("programs/check_redis", f"#!/bin/sh\nsleep {self.sleep} &\n"
                         'redis-cli -h "$1" -p "$2" ping | grep -q PONG\n'), 0o755)
        self.nginx("long")
        self.cache()
        self.named()
        r.start("health", r.program("windrose-health"), "--policy", r.path("policy"), "--vantage", "here",
                "--bus", f"redis://127.0.0.1:{self.ports['bus']}", "--control", self.socket,
                "--ca", r.path("ca.pem"), "--programs", r.path("programs"))

    def status(self):
        status, out, _ = self.rig.run(self.rig.program("windrose"), "status", "--json", "--node", self.socket,
                                      check=False)
        return {t["service"]: t for t in json.loads(out)["targets"]} if status == 0 else {}

    def last(self):
        return {service: target["last"] for service, target in self.status().items()}

    def report(self):
        bus = ("redis-cli", "-p", str(self.ports["bus"]))
        keys = self.rig.run(*bus, "--raw", "keys", "*vantage:here")[1].split()
        return json.loads(self.rig.run(*bus, "--raw", "get", keys[0])[1])

    def children(self):
        """Of the prober: how many processes, and how many that are dead and not waited for."""
        pid = self.rig.running["health"].pid
        states = self.rig.run("ps", "-o", "stat=", "--ppid", str(pid), check=False)[1].split()
        return len(states), sum(s.startswith("Z") for s in states)


def good(site):
    until("all are well", 30, lambda: sorted(s for s, last in site.last().items() if last == "ok") == SERVICES)
    until("all are told to be well", 10, lambda: all(e["state"] == "closed" for e in site.report()["entries"]))
    entries = {e["service"]: e for e in site.report()["entries"]}
    secure = entries["secure"]
    if not 8 * 86400 < secure["certificate_left_s"] <= 10 * 86400:
        raise Failed(f"certificate_left_s: {secure}")
    if secure["first_byte_ms"] <= 0 or "connect_ms" not in entries["cache"]:
        raise Failed(f"times: {entries}")
    if "latency_ms" in entries["program"] or entries["names"]["latency_ms"] <= 0:
        raise Failed(f"latencies: {entries}")
    if entries["large"].get("connect_ms", 0) <= 0:
        raise Failed(f"the large answer did not come by TCP: {entries['large']}")
    probes = {t["probe"] for t in site.status().values()}
    if len(probes) != len(SERVICES) - 1:
        raise Failed(f"equal probes are not made once: {probes}")


def bad(site):
    r = site.rig

    def says(service, last, seconds=20):
        took = until(f"{service} says {last}", seconds, lambda: site.last().get(service) == last)[1]
        note(f"{service}: {last} after {took:.1f} s")

    r.stop("nginx")
    says("secure", "connect-refused")
    site.nginx("short")
    says("secure", "certificate-expiring")
    r.stop("cache")
    says("cache", "connect-refused")
    says("program", "exit-1")
    r.running["named"].send_signal(signal.SIGSTOP)
    says("names", "timeout")
    r.running["named"].send_signal(signal.SIGCONT)
    r.stop("named")
    says("names", "connect-refused")
    site.cache()
    says("cache", "ok", 40)
    says("program", "ok", 40)


def test():
    with Rig() as rig:
        site = Site(rig)
        site.start()
        good(site)
        bad(site)
        until("no zombies, and no more than one program", 10,
              lambda: site.children()[0] <= 1 and site.children()[1] == 0)
        left = rig.run("pgrep", "-f", "-c", f"^sleep {site.sleep}$", check=False)[1].strip()
        if int(left or 0) > 1:
            raise Failed(f"{left} sleeping children are left behind")
        if rig.stop("health") != 0:
            raise Failed("the prober did not stop as it should")


main(test)
