#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""How long requests took at a real HAProxy, by what it logs to the edge: of each
endpoint and of a canary, as many times as requests; over a restart of HAProxy and
of the edge."""

import http.server
import json
import threading
import time

from edge_world import ORIGIN, Client, HAProxy, World
from rig import Failed, Rig, main, note, until

SLOW_MS = 300
LOG = """frontend www
    log %s len 1024 format raw local0 info
    log-format "windrose|%%b|%%s|%%Tc|%%Tr"
"""


def floor_ms(bucket):
    """Where a bucket of policy/bus/served begins."""
    octave, sub = divmod(bucket - 1, 4)
    return 0 if bucket == 0 else (64 << octave) * (4 + sub) / 1000


class Slow(http.server.ThreadingHTTPServer):
    """An origin that takes its time."""
    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            time.sleep(SLOW_MS / 1000)  # what it is for
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"eu")

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Slow.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Site(World):
    def start_origins(self):
        """As in edge_world, but for the slow one."""
        Slow(self.origins["eu"])
        self.rig.write("origin.cfg", ORIGIN + "".join(
            f"listen {name}\n    bind 127.0.0.1:{port}\n"
            f"    http-request return status 200 content-type text/plain string {name}\n"
            for name, port in self.origins.items() if name != "eu"))
        self.rig.start("origin", "haproxy", "-db", "-f", self.rig.path("origin.cfg"))

    def document(self):
        cli = ("redis-cli", "-p", str(self.redis_port))
        keys = self.rig.run(*cli, "--scan", "--pattern", "*served*edge")[1].split()
        text = self.rig.run(*cli, "get", keys[0])[1] if len(keys) == 1 else ""
        return json.loads(text) if text.strip() else {}

    def rows(self):
        return {r["endpoint"]: r for r in self.document().get("rows", [])}

    def timed(self):
        """Requests by endpoint, when each has a time; else nothing."""
        rows = self.rows()
        if any(sum(r.get("latency", [])[1::2]) != r.get("requests", 0) for r in rows.values()):
            return {}
        return {e: r.get("requests", 0) for e, r in rows.items()}


def ask(port, count):
    """How often each origin answered."""
    got = {}
    client = Client(port)
    for i in range(count):
        body = client.get(f"s-{i}")[0]
        got[body] = got.get(body, 0) + 1
    return got


def test():
    with Rig() as rig:
        world = Site(rig)
        log = rig.path("haproxy.log.sock")
        haproxy = HAProxy(world, changes=(("frontend www\n", LOG % log),))
        world.start_redis()
        world.start_origins()
        world.start_steer()
        world.start_edge(*haproxy.options, "--backend", "www=www", "--haproxy-log", log)
        haproxy.start()
        world.all_applied()
        until("HAProxy's servers are counted", 20, lambda: world.rows().keys() >= {"us", "eu"})
        got = ask(haproxy.port, 40)
        until("each has its time", 30, lambda: world.timed() == got)
        slow = world.rows()["eu"]["latency"][::2]
        if any(floor_ms(b + 1) < SLOW_MS for b in slow):
            raise Failed(f"the slow one is not: {slow}")
        note(f"{got}; the slow one in buckets from {floor_ms(min(slow)):.0f} ms on")
        rig.stop("haproxy")
        haproxy.start()
        world.all_applied()
        again = ask(haproxy.port, 40)
        sum_of = {e: got[e] + again[e] for e in got}
        until("and after HAProxy's restart", 30, lambda: world.timed() == sum_of)
        began = world.document()["wall_start_ms"]
        rig.stop("edge")
        world.start_edge()
        world.all_applied()
        until("the edge tells again", 20, lambda: world.document().get("wall_start_ms", began) != began and world.rows())
        last = ask(haproxy.port, 40)
        until("and after the edge's", 30, lambda: world.timed() == last)


if __name__ == "__main__":
    main(test)
