#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""A responder that gave up root, and the files of its keys: one that its user
cannot read is told at the start; one that becomes unreadable while it runs
changes no answer, is told in the log and the metrics, and is found again as
soon as it is readable."""

import os
import pwd
import urllib.request

import dns.dnssec
import dns.message
import dns.name
import dns.query
import dns.rdatatype

from rig import ONE_SERVICE, Failed, Rig, Skipped, main, note, until

ZONE = "gslb.example.com"
USER = "nobody"


def secure(port):
    """www's A records validate with the zone's own DNSKEY RRset."""
    zone, got = dns.name.from_text(ZONE), {}
    for name, rdtype in ((ZONE, "DNSKEY"), ("www." + ZONE, "A")):
        q = dns.message.make_query(name, rdtype, want_dnssec=True)
        answer = dns.query.udp(q, "127.0.0.1", timeout=1, port=port).answer
        got[rdtype] = [next(r for r in answer if r.rdtype == t)
                       for t in (dns.rdatatype.from_text(rdtype), dns.rdatatype.RRSIG)]
    for rrset, signatures in got.values():
        dns.dnssec.validate(rrset, signatures, {zone: got["DNSKEY"][0]})
    return True


def failed_signings(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as f:
        line = next(x for x in f.read().decode().splitlines() if x.startswith("windrose_dns_failed_signings_total"))
    return float(line.split()[1])


def count_recovered(rig):
    with open(rig.path("dns.log")) as f:
        return f.read().count("event=signing-recovered")


def body(rig):
    if os.geteuid() != 0:
        raise Skipped("only root can become another user")
    user = pwd.getpwnam(USER)
    policy = rig.write("policy.yaml", ONE_SERVICE.replace("example.net}", "example.net, dnssec: {keys: keys}}"))
    key = rig.run(rig.program("windrose"), "keygen", ZONE, "--keys", rig.path("keys"))[1].strip()
    secret = key[:-len(".key")] + ".private"
    port, metrics = rig.port(), rig.port()
    argv = [rig.program("windrose-dns"), "--policy", policy, "--listen", f"127.0.0.1:{port}",
            "--metrics", str(metrics), "--user", USER, "--workers", "1"]

    status, _, err = rig.run(*argv, check=False)
    if status == 0 or f'user "{USER}" cannot use the keys' not in err:
        raise Failed(f"with keys of root alone: exit {status}: {err}")
    os.chown(rig.path("keys"), user.pw_uid, user.pw_gid)
    os.chown(secret, user.pw_uid, user.pw_gid)
    rig.start("dns", *argv)
    until("a secure answer", 10, lambda: secure(port))
    for damage, repair in ((lambda: os.chown(secret, 0, 0), lambda: os.chown(secret, user.pw_uid, user.pw_gid)),
                           (lambda: os.rename(secret, secret + ".away"),
                            lambda: os.rename(secret + ".away", secret)),
                           (lambda: os.chmod(rig.path("keys"), 0), lambda: os.chmod(rig.path("keys"), 0o700)),
                           (lambda: os.rename(key, key + ".away"), lambda: os.rename(key + ".away", key))):
        before, recovered = failed_signings(metrics), count_recovered(rig)
        damage()
        until("the metric rises", 5, lambda: failed_signings(metrics) > before)
        secure(port)
        repair()
        until("it recovers", 5, lambda: count_recovered(rig) > recovered)
        secure(port)
    note("keys that became unreadable, and came back, in four ways: every answer secure")


def run():
    with Rig() as rig:
        body(rig)


main(run)
