#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Why a client gets what it gets, asked of a responder with dig: whom the
operator lists is told by TCP what `windrose explain` says, of the client in the
subnet option too, and of a drain the command; all others get octet for octet
what a responder without the option gives, in a signed zone as well."""

import re

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rdataclass

from rig import Failed, Rig, main, note, until

WWW = "www.gslb.example.com"
WHY = "_explain." + WWW
MORE = 12  # endpoints that make it longer than any datagram

POLICY = """
zone: {{name: gslb.example.com, nameservers: ns.example.net{dnssec}}}
regions:
  eu: {{location: [53.35, -6.26], jurisdictions: [eu]}}
  us: {{location: [39.0, -77.5], jurisdictions: [us]}}
clients:
  office: [203.0.113.0/24]
residency:
  stay: {{clients: office, within: eu}}
services:
  www:
    steer: failover
    endpoints: {{eu: {{A: 192.0.2.1}}, us: {{A: 192.0.2.2}}}}
  many:
    steer: failover
    endpoints: {{{many}}}
"""


def policy(dnssec):
    many = ", ".join(f"e{i}: {{region: eu, A: 192.0.2.{i + 10}}}" for i in range(MORE))
    return POLICY.format(dnssec=dnssec, many=many)


class Site:
    def __init__(self, rig):
        self.rig = rig
        self.ports = {}

    def start(self, name, dnssec, *options):
        self.rig.write(f"{name}.yaml", policy(dnssec))
        port = self.ports[name] = self.rig.port()
        self.rig.start(name, self.rig.program("windrose-dns"), "--policy", self.rig.path(f"{name}.yaml"),
                       "--listen", f"127.0.0.1:{port}", "--workers", "1", "--control", self.rig.path(f"{name}.sock"),
                       *options)
        until(f"{name} answers", 20, lambda: dns.query.udp(
            dns.message.make_query(WWW, "A"), "127.0.0.1", timeout=1, port=port).answer)

    def dig(self, name, *words):
        return self.rig.run("dig", "@127.0.0.1", "-p", str(self.ports[name]), "+tries=3", "+timeout=5", *words)[1]

    def lines(self, name, *words):
        """The strings of each record, as one."""
        out = self.dig(name, "+short", *words)
        return [re.sub(r'" "', "", line).strip('"') for line in out.splitlines() if not line.startswith(";")]

    def octets(self, name, query, source, tcp):
        send = dns.query.tcp if tcp else dns.query.udp
        answer = send(query, "127.0.0.1", timeout=5, port=self.ports[name], source=source)
        return re.sub(rb"^..", b"", answer.to_wire())


def wants(what, lines, *patterns):
    for pattern in patterns:
        if not any(re.search(pattern, line) for line in lines):
            raise Failed(f"{what}: no {pattern!r} in {lines}")


def refused(what, out):
    if "status: REFUSED" not in out or "ANSWER: 0" not in out:
        raise Failed(f"{what}:\n{out}")


def told(site):
    lines = site.lines("told", "CH", "TXT", WHY)
    wants("who is listed is told", lines, r"^answer 1: eu 192\.0\.2\.1$", r"^eu \(.*yaml:\d+\) serves: tier 1",
          r"^us \(.*yaml:\d+\) serves: tier 2", r"^service: www \(.*\), steer failover", r"^client: 127\.0\.0\.1,")
    lines = site.lines("told", "+subnet=203.0.113.0/24", "CH", "TXT", WHY)
    wants("of another client", lines, r"^client: 203\.0\.113\.0, 203\.0\.113\.0/24 is all",
          r"^us \(.*\) not eligible: residency stay \(.*:\d+\) allows only eu$")
    out = site.dig("told", "+subnet=203.0.113.0/24", "CH", "TXT", WHY)
    for part in ("CLIENT-SUBNET: 203.0.113.0/24/24", "retrying in TCP mode", " 0 CH\tTXT", "flags: qr aa"):
        if part not in out:
            raise Failed(f"dig does not show {part!r}:\n{out}")


def same_words(site):
    """What the command says of each endpoint, when it asks the same node."""
    out = site.rig.run(site.rig.program("windrose"), "explain", site.rig.path("told.yaml"), "--node",
                       site.rig.path("told.sock"), "--client", "203.0.113.0", "--service", "www")[1]
    command = re.findall(r"^  (\w+ \(.*\))\n    (.*)$", out, re.MULTILINE)
    lines = site.lines("told", "+subnet=203.0.113.0/24", "CH", "TXT", WHY)
    if len(command) != 2:
        raise Failed(out)
    for endpoint, why in command:
        if f"{endpoint} {why}" not in lines:
            raise Failed(f"{endpoint} {why}: not in {lines}")


def drained(site):
    site.rig.run(site.rig.program("windrose"), "drain", "www/eu", "--reason", "INC-7", "--for", "10m", "--yes",
                 "--node", site.rig.path("told.sock"))
    lines, took = until("the drain is told", 20, lambda: [
        line for line in site.lines("told", "CH", "TXT", WHY) if " commanded: share 0 by command " in line])
    wants("of eu", lines, r"^eu \(")
    same_words(site)
    note(f"{lines[0]}; after {took * 1000:.0f} ms")


def long(site):
    """TC by UDP, no longer than asked; all of it by TCP."""
    query = dns.message.make_query("_explain.many.gslb.example.com", "TXT", dns.rdataclass.CH)
    short = dns.query.udp(query, "127.0.0.1", timeout=5, port=site.ports["told"])
    if not short.flags & dns.flags.TC or short.answer or len(short.to_wire()) > len(query.to_wire()):
        raise Failed(f"by UDP:\n{short}")
    whole = dns.query.tcp(query, "127.0.0.1", timeout=5, port=site.ports["told"])
    size = len(whole.to_wire())
    if whole.flags & dns.flags.TC or len(whole.answer[0]) < MORE + 4 or size < 1232:
        raise Failed(f"by TCP {size} octets:\n{whole}")
    note(f"{len(whole.answer[0])} lines in {size} octets by TCP, {len(short.to_wire())} by UDP")


def no_sign(site):
    """From 127.0.0.2 as without the option; and in class IN all are denied alike."""
    refused("who is not listed", site.dig("told", "-b", "127.0.0.2", "CH", "TXT", WHY))
    refused("whoever he says to be", site.dig("told", "-b", "127.0.0.2", "+tcp", "+subnet=127.0.0.1/32", "CH", "TXT",
                                              WHY))
    count = 0
    for name in (WHY, "_explain.gslb.example.com", "_explain.many.gslb.example.com"):
        for rdtype in ("TXT", "ANY", "A"):
            for tcp in (False, True):
                q = dns.message.make_query(name, rdtype, dns.rdataclass.CH, want_dnssec=True)
                if site.octets("told", q, "127.0.0.2", tcp) != site.octets("plain", q, "127.0.0.2", tcp):
                    raise Failed(f"{name} CH {rdtype} differs")
                q = dns.message.make_query(name, rdtype, want_dnssec=True)
                denied = site.octets("told", q, "127.0.0.2", tcp)
                if denied != site.octets("told", q, "127.0.0.1", tcp):
                    raise Failed(f"{name} IN {rdtype} differs")
                count += 2
    note(f"{count} answers have no sign of it, those of a signed zone among them")


def test():
    with Rig() as rig:
        site = Site(rig)
        rig.run(rig.program("windrose"), "keygen", "gslb.example.com", "--keys", rig.path("keys"))
        signed = ", dnssec: {keys: keys}"
        site.start("told", signed, "--explain-to", "127.0.0.1", "--explain-to", "192.0.2.0/24")
        site.start("plain", signed)
        told(site)
        same_words(site)
        no_sign(site)
        long(site)
        drained(site)
        refused("without the option nobody is told", site.dig("plain", "+tcp", "CH", "TXT", WHY))


if __name__ == "__main__":
    main(test)
