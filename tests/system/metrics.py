#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What windrose-dns --metrics tells, read by strangers: Prometheus' own parsers
of both forms, strict about names, types, units, escapes and the end; and the
counts are those of the queries that were asked, over a reload, too."""

import os
import signal
import subprocess
import urllib.request

from prometheus_client.openmetrics import parser

from rig import Failed, Rig, ask, main, note, until

OPEN = "application/openmetrics-text"
LONDON, NEW_YORK = "81.2.69.0/24", "198.51.100.0/24"

POLICY = """
zone:
  name: gslb.example.com
  nameservers: [ns1.example.net]
  contact: hostmaster.example.com
geo:
  databases: [city-ipv4.mmdb, city-ipv6.mmdb]
regions:
{regions}
services:
{services}
"""
REGION = {"us-east": "[38.95, -77.45]", "eu-west": "[53.35, -6.26]", "aa-new": "[0, 0]"}


def policy(regions, services):
    """Each service has an endpoint in us-east and in eu-west."""
    return POLICY.format(
        regions="".join(f"  {r}: {{location: {REGION[r]}}}\n" for r in regions),
        services="".join(f"  {s}:\n    steer: geo\n    endpoints:\n"
                         "      us-east: {A: 192.0.2.1}\n      eu-west: {A: 192.0.2.2}\n" for s in services))


def fetch(port, page, accept=None):
    """Status, media type and text."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{page}", headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=10) as f:
        return f.status, f.headers["Content-Type"], f.read().decode()


class Scrape:
    """One reading, by the strict parser."""

    def __init__(self, port):
        _, media_type, self.text = fetch(port, "/metrics", OPEN)
        if media_type != OPEN + "; version=1.0.0; charset=utf-8":
            raise Failed(f"media type {media_type}")
        try:
            self.families = {f.name: f for f in parser.text_string_to_metric_families(self.text)}
        except ValueError as e:
            raise Failed(f"not OpenMetrics: {e}") from None
        self.samples = {(s.name, tuple(sorted(s.labels.items()))): s.value
                        for f in self.families.values() for s in f.samples}

    def get(self, name, **labels):
        return self.samples[("windrose_" + name, tuple(sorted(labels.items())))]


def expect(what, got, wanted):
    if got != wanted:
        raise Failed(f"{what}: {got}, not {wanted}")


def check_families(scrape):
    for f in scrape.families.values():
        if not f.name.startswith("windrose_") or not f.documentation.endswith("."):
            raise Failed(f"family {f.name}: {f.documentation}")
        if f.type not in ("counter", "gauge", "info"):
            raise Failed(f"{f.name} is of type {f.type}")
        for suffix in ("seconds", "bytes"):
            if f.name.endswith("_" + suffix) != (f.unit == suffix):
                raise Failed(f"{f.name} has unit {f.unit!r}")
    note(f"{len(scrape.families)} families, {len(scrape.samples)} samples")


def check_prometheus(port):
    _, media_type, text = fetch(port, "/metrics")
    expect("media type", media_type, "text/plain; version=0.0.4; charset=utf-8")
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    if checked.returncode != 0:
        raise Failed(f"promtool: {checked.stdout}{checked.stderr}")


def ask_some(port):
    for _ in range(3):
        ask(port, "www.gslb.example.com", LONDON)
    for _ in range(2):
        ask(port, "www.gslb.example.com", LONDON, tcp=True)
    ask(port, "api.gslb.example.com", NEW_YORK)
    ask(port, "api.gslb.example.com", rdtype="AAAA")
    ask(port, "nope.gslb.example.com")
    ask(port, "example.net", tcp=True)


def check_counts(scrape, region):
    """region is where clients of whom nothing is known are sent, too."""
    expect("UDP NOERROR", scrape.get("dns_answers_total", transport="udp", rcode="NOERROR"), 5)
    expect("UDP NXDOMAIN", scrape.get("dns_answers_total", transport="udp", rcode="NXDOMAIN"), 1)
    expect("TCP NOERROR", scrape.get("dns_answers_total", transport="tcp", rcode="NOERROR"), 2)
    expect("TCP REFUSED", scrape.get("dns_answers_total", transport="tcp", rcode="REFUSED"), 1)
    expect("www in eu-west", scrape.get("dns_service_answers_total", service="www", region="eu-west"), 5)
    expect("www in us-east", scrape.get("dns_service_answers_total", service="www", region="us-east"), 0)
    expect("api", scrape.get("dns_service_answers_total", service="api", region=region), 1)
    expect("api, no region", scrape.get("dns_service_answers_total", service="api", region=""), 1)
    expect("the zone", scrape.get("dns_zone_answers_total", zone="gslb.example.com."), 8)
    expect("with ECS", scrape.get("dns_ecs_answers_total"), 6)


def region_of(port):
    """Where api sends New York, by the scrape: one of the two has it."""
    scrape = Scrape(port)
    return next(r for r in ("us-east", "eu-west")
                if scrape.get("dns_service_answers_total", service="api", region=r) > 0)


def check_reload(rig, port, dns):
    """Services and regions change places; counts go with the names."""
    region = region_of(port)
    check_counts(Scrape(port), region)
    rig.write("policy/policy.yaml", policy(["aa-new", "eu-west", "us-east"], ["aaa", "www", "api"]))
    dns.send_signal(signal.SIGHUP)
    until("it is reloaded", 20, lambda: Scrape(port).get("dns_reloads_total", result="ok") == 1)
    scrape = Scrape(port)
    check_counts(scrape, region)
    expect("services", scrape.get("dns_services"), 3)
    expect("a new service", scrape.get("dns_service_answers_total", service="aaa", region="eu-west"), 0)
    rig.write("policy/policy.yaml", "zone: {nmae: x}\n")
    dns.send_signal(signal.SIGHUP)
    until("it is refused", 20, lambda: Scrape(port).get("dns_reloads_total", result="failed") == 1)
    expect("trouble", Scrape(port).get("dns_trouble"), 1)
    check_counts(Scrape(port), region)


def check_process(scrape, pid):
    with open(f"/proc/{pid}/limits") as f:
        limit = next(line.split()[3] for line in f if line.startswith("Max open files"))
    expect("descriptor limit", scrape.get("process_max_fds"), float(limit))
    memory = scrape.get("process_resident_memory_bytes")
    with open(f"/proc/{pid}/statm") as f:
        resident = int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    if not 0.5 < memory / resident < 2:
        raise Failed(f"{memory} bytes resident, the kernel says {resident}")


def test():
    with Rig() as rig:
        port, metrics = rig.port(), rig.port()
        rig.write("policy/policy.yaml", policy(["us-east", "eu-west"], ["www", "api"]))
        rig.geo(rig.path("policy"))
        dns = rig.start("dns", rig.program("windrose-dns"), "--policy", rig.path("policy"), "--workers", "2",
                        "--listen", f"127.0.0.1:{port}", "--metrics", str(metrics))
        until("it is ready", 20, lambda: fetch(metrics, "/ready")[0] == 200)
        ask_some(port)
        # TCP's answers are counted before they are sent, UDP's too.
        scrape = Scrape(metrics)
        check_families(scrape)
        check_prometheus(metrics)
        check_process(scrape, dns.pid)
        check_reload(rig, metrics, dns)
        expect("connections", until("they are closed", 5, lambda: (
            Scrape(metrics).get("dns_open_connections") == 0 and "closed"))[0], "closed")
        expect("accepted", Scrape(metrics).get("dns_accepted_connections_total"), 3)
        if rig.stop("dns") != 0:
            raise Failed("windrose-dns did not end cleanly")


main(test)
