#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a responder says of itself, and to whom it says nothing more: cookies
that BIND's named takes and that are taken from it, a roll-over of secrets that
no client notices, NSID and CHAOS as dig shows them, and a rate limit that a
forger meets and a client with a cookie does not."""

import os
import signal

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode

from rig import Failed, Rig, main, note, until

WWW = "www.gslb.example.com"
OLD, NEW = "e5e973e5a6b2a43f48e7dc849e37bfcf", "445536bcd2513298075a5d379663c962"
CLIENT = bytes.fromhex("2464c4abcf10c957")
COOKIE, NSID = 10, 3

POLICY = """
zone: {name: gslb.example.com, nameservers: ns.example.net}
regions:
  eu: {location: [53.35, -6.26]}
services:
  www:
    steer: failover
    endpoints: {eu: {A: 192.0.2.1}}
"""

NAMED = """
options {{
	directory "{dir}";
	pid-file none;
	session-keyfile none;
	listen-on port {port} {{ 127.0.0.1; }};
	listen-on-v6 {{ none; }};
	recursion no;
	notify no;
	cookie-algorithm siphash24;
	cookie-secret "{secret}";
	require-server-cookie yes;
}};
controls {{ }};
zone "gslb.example.com" {{ type primary; file "zone"; }};
"""
ZONE = "$TTL 60\n@ SOA ns.example.net. h.example.net. 1 2 3 4 5\n@ NS ns.example.net.\nwww A 192.0.2.1\n"


def query(port, cookie=None, tcp=False, timeout=2.0):
    """(answer, the cookie in it)."""
    q = dns.message.make_query(WWW, "A", use_edns=0 if cookie is not None else False)
    if cookie is not None:
        q.use_edns(0, 0, 1232, options=[dns.edns.GenericOption(COOKIE, cookie)])
    send = dns.query.tcp if tcp else dns.query.udp
    answer = send(q, "127.0.0.1", timeout=timeout, port=port)
    given = [o.to_wire() for o in answer.options if o.otype == COOKIE]
    return answer, given[0] if given else None


def expect(what, holds, answer):
    if not holds:
        raise Failed(f"{what}:\n{answer}")


def learn(port):
    """A good cookie, as a client that has none gets it where one is required."""
    answer, cookie = query(port, CLIENT)
    expect("who has no server cookie gets BADCOOKIE", answer.rcode() == dns.rcode.BADCOOKIE, answer)
    expect("and a cookie", cookie is not None and len(cookie) == 24 and cookie[:8] == CLIENT, answer)
    return cookie


def accepts(port, cookie):
    answer, given = query(port, cookie)
    expect("a good cookie is answered", answer.rcode() == 0 and len(answer.answer) == 1, answer)
    return given


def required(port):
    answer, _ = query(port)
    expect("without a cookie: TC", answer.flags & dns.flags.TC and not answer.answer, answer)
    answer, _ = query(port, tcp=True)
    expect("and over TCP all of it", len(answer.answer) == 1, answer)
    cookie = learn(port)
    expect("a young cookie comes back", accepts(port, cookie) == cookie, cookie)


def with_named(rig, port):
    theirs = rig.port()
    folder = rig.path("bind")
    rig.write("bind/zone", ZONE)
    rig.write("bind/named.conf", NAMED.format(dir=folder, port=theirs, secret=OLD))
    rig.start("named", "/usr/sbin/named", "-4", "-g", "-n", "1", "-c", os.path.join(folder, "named.conf"))
    until("named answers", 20, lambda: query(theirs, tcp=True)[0].answer)
    accepts(port, learn(theirs))
    accepts(theirs, learn(port))
    note("named takes our cookies, and we take its")
    rig.stop("named")


def roll(rig, port, process, log):
    """The runbook of windrose-dns(8), with a client that never gives up its cookie."""
    cookie = learn(port)
    for step, text in enumerate((f"{OLD}\n{NEW}\n", f"{NEW}\n{OLD}\n", f"{NEW}\n")):
        with open(rig.path("secrets.new"), "w") as f:
            f.write(text)
        os.rename(rig.path("secrets.new"), rig.path("secrets"))
        if step < 2:  # the last one is noticed without
            process.send_signal(signal.SIGHUP)
        until(f"step {step + 1} is taken", 15, lambda n=step: log().count("event=cookie-secrets ") > n)
        given = accepts(port, cookie)
        expect("a new cookie only with the new secret", (given != cookie) == (step == 1), given)
        cookie = given


def as_dig_shows_it(rig, port):
    _, out, _ = rig.run("dig", "@127.0.0.1", "-p", str(port), "+nsid", "+cookie", WWW)
    for line in ('NSID: 6e 73 31 ("ns1")', "(good)", "192.0.2.1"):
        expect(f"dig shows {line}", line in out, out)
    for name, text in (("id.server", "ams-1"), ("hostname.bind", "ams-1"), ("version.bind", "W")):
        _, out, _ = rig.run("dig", "@127.0.0.1", "-p", str(port), "+short", "CH", "TXT", name)
        expect(f"{name}", out.strip() == f'"{text}"', out)
    _, out, _ = rig.run("dig", "@127.0.0.1", "-p", str(port), "+tcp", "+keepalive", WWW)
    expect("keepalive", "TCP KEEPALIVE: 10.0 secs" in out, out)


def rates(port):
    """One a second, all over it cut: of six in a row five, or four where a second begins."""
    cut = sum(bool(query(port)[0].flags & dns.flags.TC) for _ in range(6))
    expect("over the rate: TC", 4 <= cut <= 5, f"{cut} of 6")
    cookie = learn(port)
    for _ in range(6):
        accepts(port, cookie)
    answer, _ = query(port, tcp=True)
    expect("TCP has no limit", len(answer.answer) == 1, answer)


def test():
    with Rig() as rig:
        rig.write("policy.yaml", POLICY)
        rig.write("secrets", OLD + "\n")

        def start(name, *options):
            port = rig.port()
            rig.start(name, rig.program("windrose-dns"), "--policy", rig.path("policy.yaml"),
                      "--listen", f"127.0.0.1:{port}", *options)
            until(f"{name} answers", 20, lambda: query(port, tcp=True)[0].answer)
            return port

        def log():
            with open(rig.path("cookies.log"), errors="replace") as f:
                return f.read()

        port = start("cookies", "--cookies", "required", "--cookie-secrets", rig.path("secrets"),
                     "--nsid", "ns1", "--identity", "ams-1", "--version-text", "W")
        required(port)
        with_named(rig, port)
        as_dig_shows_it(rig, port)
        roll(rig, port, rig.running["cookies"], log)
        rates(start("limited", "--rrl", "responses-per-second=1,slip=1"))


if __name__ == "__main__":
    main(test)
