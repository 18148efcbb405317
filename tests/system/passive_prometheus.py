#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What only a real Prometheus knows: /healthz is green, there is no edge, and
applications count that their users get 500.  Two vantages ask it; the breaker
opens, DNS moves, the trial fails while it must, and the users in it close it when
the application is well.  Then counters begin anew, a scrape fails and comes back
with all its past, and Prometheus is killed: while all is well nothing changes,
and what it took out comes back by probes; started again, it is heard again."""

import http.client
import http.server
import threading
import time

import passive
from passive import ILL, REGIONS
from rig import Failed, Rig, main, note, until

PASSIVE = """
      weight: 10
      min_requests: 5
      prometheus:
        url: http://{login}@127.0.0.1:{port}
        requests: sum by (service, endpoint, instance) (http_requests_total)
        errors: sum by (service, endpoint, instance) (http_requests_total{{code=~"5.."}})
        interval: 1s"""
LOGIN = "prober:open-sesame"  # which this Prometheus does not ask for, and no log shows

SCRAPES = """
global: {{scrape_interval: 1s, scrape_timeout: 900ms}}
scrape_configs:
  - job_name: www
    static_configs:
{targets}
"""


class Application(http.server.ThreadingHTTPServer):
    """/healthz is always well; what else there is fails when it is ill, and is counted."""
    daemon_threads = True
    request_queue_size = 128

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            status, body = self.server.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def __init__(self, address, port):
        super().__init__((address, port), Application.Handler)
        self.ill, self.mute = False, False
        self.lock, self.counts = threading.Lock(), {200: 0, 500: 0}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answer(self, path):
        if path == "/healthz":
            return 200, b""
        with self.lock:
            if path == "/metrics":
                lines = (f'http_requests_total{{code="{c}"}} {n}\n' for c, n in self.counts.items())
                return (503, b"") if self.mute else (200, "".join(lines).encode())
            status = 500 if self.ill else 200
            self.counts[status] += 1
            return status, b""

    def count_from(self, ok, failed):
        with self.lock:
            self.counts = {200: ok, 500: failed}


class Users(passive.Users):
    """Clients that ask DNS, and then the endpoint they were told."""

    def one(self, random_one):
        f = self.fleet
        got = f.region(random_one.choice(passive.CLIENTS))
        if got is None:
            return
        c = http.client.HTTPConnection(REGIONS[got][0], f.web, timeout=5)
        c.request("GET", "/")
        status = c.getresponse().status
        c.close()
        self.asked += 1
        self.there += got == ILL
        self.failed += status == 500


class Fleet(passive.Fleet):
    Application = Application

    def __init__(self, rig):
        self.prometheus = rig.port()
        super().__init__(rig)

    def write_policy(self, _trial):
        super().write_policy("5m", PASSIVE.format(login=LOGIN, port=self.prometheus))

    def start_prometheus(self):
        r = self.rig
        r.write("prometheus.yml", SCRAPES.format(targets="\n".join(
            f'      - {{targets: ["{a}:{self.web}"], labels: {{service: www, endpoint: {name}}}}}'
            for name, (a, _) in REGIONS.items())))
        r.start("prometheus", "prometheus", "--config.file", r.path("prometheus.yml"), "--storage.tsdb.path",
                r.path("tsdb"), "--web.listen-address", f"127.0.0.1:{self.prometheus}", "--log.level", "warn")

    def heard(self):
        """Both vantages have Prometheus for an edge, and believe it."""
        return all(any(e["edge"] == "prometheus" and e["believed"] and e["silence_ms"] < 5000
                       for e in self.status("health-" + v).get("edges", [])) for v in ("one", "two"))

    def silence_ms(self):
        """Of the vantage that heard it longer ago."""
        return max(e["silence_ms"] for v in ("one", "two") for e in self.status("health-" + v)["edges"])

    def silent(self):
        return all(not e["believed"] for v in ("one", "two") for e in self.status("health-" + v).get("edges", []))

    def closed(self):
        return self.everywhere(lambda t: t.get("state") == "closed")


def fails(f, users):
    before = users.failed
    f.applications[ILL].ill = True
    _, took = until("both vantages open", 60, lambda: f.everywhere(lambda t: t.get("state") == "open"))
    _, more = until("DNS has left", 30, lambda: f.share() == 0)
    note(f"users fail, probes pass: out at both vantages after {took:.1f} s, out of DNS after {took + more:.1f} s, "
         f"{users.failed - before} requests failed")
    t = f.target("one")
    if not t["by_users"] or t["failing"] or t["user_edges"] != "prometheus":
        raise Failed(f"not said to be by Prometheus: {t}")
    status = f.rig.run(f.rig.program("windrose"), "status", "--node", f.rig.path("steer.sock"))[1]
    if "requests failed at edges prometheus" not in status:
        raise Failed(f"windrose status does not tell of Prometheus: {status}")


def trial_fails(f, users):
    there = users.there
    until("a trickle", 120, lambda: f.everywhere(lambda t: t.get("trickle")) and f.seen()["trickle"])
    until("it fails and opens again", 120, lambda: f.everywhere(lambda t: t.get("state") == "open"))
    note(f"a trial while it still failed: {users.there - there} requests went there")


def recovers(f):
    f.applications[ILL].ill = False
    _, took = until("users close it", 200, f.closed)
    if f.target("one")["unjudged"]:
        raise Failed("closed without a word of users")
    _, more = until("DNS is back", 60, lambda: f.share() == 1)
    note(f"recovered: closed by users of the trickle after {took:.1f} s, all clients back {more:.1f} s later")


def nothing_happens(f, users, what):
    """So many requests later all is as it was."""
    asked = users.asked
    until(f"requests after {what}", 90, lambda: users.asked > asked + 500)
    until(f"it is heard after {what}", 30, f.heard)
    if f.share() != 1 or not f.closed() or any(f.target(v)["user_errors"] for v in ("one", "two")):
        raise Failed(f"{what} was taken for failures: {f.target('one')}")


def scraped(f, value):
    """Prometheus has that of the ill one's scrapes, and both vantages have asked it since."""
    def told():
        c = http.client.HTTPConnection("127.0.0.1", f.prometheus, timeout=5)
        c.request("GET", f"/api/v1/query?query=up%7Bendpoint%3D%22{ILL}%22%7D%20%3D%3D%20{value}")
        text = c.getresponse().read()
        c.close()
        return b'"value"' in text
    until(f"up is {value}", 30, told)
    since = time.monotonic()
    # An answer that came more than its timeout later was asked for later.
    until(f"it is asked while up is {value}", 30,
          lambda: f.silence_ms() + 2000 < 1000 * (time.monotonic() - since))


def restarts(f, users):
    """A past of failures that goes away and comes back is none of now's."""
    ill = f.applications[ILL]
    ill.count_from(0, 0)
    nothing_happens(f, users, "a restart")
    ill.mute = True
    scraped(f, 0)
    ill.count_from(10, 100000)
    ill.mute = False
    scraped(f, 1)
    nothing_happens(f, users, "a failed scrape")


def killed(f, users):
    """Who is not there says nothing, neither good nor bad."""
    f.rig.stop("prometheus")
    until("it is not heard", 60, f.silent)
    if f.share() != 1 or not f.closed():
        raise Failed("without Prometheus something changed")
    f.start_prometheus()
    until("it is heard again", 60, f.heard)
    nothing_happens(f, users, "Prometheus' restart")
    f.applications[ILL].ill = True
    until("users open it again", 60, lambda: f.everywhere(lambda t: t.get("state") == "open"))
    f.rig.stop("prometheus")
    _, took = until("probes close it", 90, lambda: f.everywhere(
        lambda t: t.get("state") == "closed" and t.get("unjudged")))
    note(f"Prometheus gone: closed by probes, unjudged, after {took:.1f} s")
    until("DNS is back", 60, lambda: f.share() == 1)


def test():
    with Rig() as rig:
        f = Fleet(rig)
        f.start_prometheus()
        f.start_daemons()
        until("all is up", 60, lambda: f.share() == 1 and f.closed())
        users = Users(f)
        users.start()
        until("Prometheus is heard", 60, f.heard)
        fails(f, users)
        trial_fails(f, users)
        recovers(f)
        restarts(f, users)
        killed(f, users)
        users.end()
        for name in ("dns", "health-one", "health-two", "steer"):
            if rig.stop(name) != 0:
                raise Failed(f"{name} ended badly")
        for vantage in ("one", "two"):
            with open(rig.path(f"health-{vantage}.log")) as log:
                said = log.read()
            if f'server=127.0.0.1:{f.prometheus} outcome="ok"' not in said or LOGIN.partition(":")[2] in said:
                raise Failed(f"the log of health-{vantage} names Prometheus wrongly")


if __name__ == "__main__":
    main(test)
