#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""The key of gslb.example is rolled by pre-publication while clients ask two
validating resolvers without pause: at no moment is an answer bogus, or taken
for insecure.  All TTLs are two seconds, so that every cache that the roll has
to wait for runs out within the test."""

import itertools
import os
import signal
import threading
import time

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from internet import NAMED, NS1, NS2, UNBOUND, ZONE, Internet
from rig import Failed, main, note, until

TTL_S = 2


class Load:
    """Questions to both resolvers, each a little different from the last."""

    def __init__(self, net):
        self.net, self.asked, self.bad, self.stopping = net, {}, [], threading.Event()
        self.threads = [threading.Thread(target=net.inside, args=("london", lambda a=a: self.body(*a)))
                        for a in (("unbound", UNBOUND), ("named", NAMED))]

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, kind, value, trace):
        self.stopping.set()
        for t in self.threads:
            t.join()

    def body(self, resolver, address):
        for i in itertools.count():
            for name, rcode in ((f"r{i}.app", "NOERROR"), ("www", "NOERROR"), ("static", "NOERROR"),
                                (f"n{i}", "NXDOMAIN"), (f"r{i}.wild", "NOERROR"), ("@", "NOERROR")):
                if self.stopping.is_set():
                    return
                self.one(resolver, address, ZONE if name == "@" else f"{name}.{ZONE}", rcode)

    def one(self, resolver, address, name, rcode):
        q = dns.message.make_query(name, "A", use_edns=0, want_dnssec=True, payload=1232)
        try:
            got = dns.query.udp_with_fallback(q, address, timeout=5)[0]
            verdict = dns.rcode.to_text(got.rcode()) + (" AD" if got.flags & dns.flags.AD else " no AD")
        except dns.exception.DNSException as e:
            verdict = type(e).__name__
        self.asked[resolver] = self.asked.get(resolver, 0) + 1
        if verdict != rcode + " AD":
            self.bad.append(f"{time.strftime('%T')} {resolver} {name}: {verdict}, not {rcode} AD")


class Keys:
    """BIND-style key files that BIND's own tools make and time."""

    def __init__(self, net):
        self.net, self.folder = net, net.path("policy/keys")

    def make(self, publish, activate):
        os.makedirs(self.folder, exist_ok=True)
        return self.net.run("dnssec-keygen", "-q", "-K", self.folder, "-a", "ECDSAP256SHA256", "-f", "KSK",
                            "-P", publish, "-A", activate, ZONE)[1].strip()

    def time(self, key, *settings):
        """New times; both responders are told by SIGHUP."""
        self.net.run("dnssec-settime", "-K", self.folder, *settings, key)
        self.tell()

    def tell(self):
        for name in ("ns1", "ns2"):
            self.net.running[name].send_signal(signal.SIGHUP)

    def ds(self, *keys):
        lines = [self.net.run("dnssec-dsfromkey", "-2", os.path.join(self.folder, k + ".key"))[1] for k in keys]
        return [line.split(" DS ")[1] for line in lines]


def tag(key):
    return int(key.rsplit("+", 1)[1])


def signers(net, server, name, rdtype):
    """Tags of the keys in the RRSIGs of an answer that the server itself gives."""
    got = net.ask_from("london", server, name, rdtype, 1)
    return {r.key_tag for s in got.answer if s.rdtype == dns.rdatatype.RRSIG for r in s}


def published(net, server):
    got = net.ask_from("london", server, ZONE, "DNSKEY", 1)
    return sorted(dns.dnssec.key_id(r) for s in got.answer if s.rdtype == dns.rdatatype.DNSKEY for r in s)


def everywhere(net, what, condition):
    for server in (NS1, NS2):
        until(f"{what} at {server}", 20, lambda s=server: condition(s))


def caches_run_out():
    """Two TTLs: what a resolver took at the last moment is gone as well.  A
    cache tells nobody that it forgets; what is awaited is the time itself."""
    time.sleep(2 * TTL_S)


def roll(net, keys, old, load):
    new = keys.make("now", "none")
    keys.tell()
    everywhere(net, "the new key is published", lambda s: published(net, s) == sorted((tag(old), tag(new))))
    caches_run_out()
    net.parent_set("example.", ZONE + ".", keys.ds(old, new))
    caches_run_out()
    keys.time(new, "-A", "now")
    keys.time(old, "-I", "now")
    everywhere(net, "the new key signs", lambda s: signers(net, s, "www." + ZONE, "A") == {tag(new)})
    everywhere(net, "what was never asked is signed by it", lambda s: signers(net, s, "q.app." + ZONE, "A") == {tag(new)})
    caches_run_out()
    net.parent_set("example.", ZONE + ".", keys.ds(new))
    caches_run_out()
    keys.time(old, "-D", "now")
    everywhere(net, "the old key is gone", lambda s: published(net, s) == [tag(new)])
    caches_run_out()
    return new


def by_hand(net):
    """A CSK twice, each step commanded, by BIND's tools."""
    keys = Keys(net)
    first = keys.make("now-1h", "now-1h")
    net.delegate(lambda folder: keys.ds(first))
    net.resolvers()
    with Load(net) as load:
        until("both resolvers were asked", 20, lambda: len(load.asked) == 2)
        second = roll(net, keys, first, load)
        third = roll(net, keys, second, load)
    judge(load, f"two rolls of a CSK, {first} to {third}")


def by_itself(net):
    """A ZSK by one command, of the other algorithm; nobody tells the responders."""
    folder = net.path("policy/keys")

    def keygen(*more):
        out = net.run(net.program("windrose"), "keygen", ZONE, "--keys", folder, *more)[1]
        return os.path.basename(out.split()[0])[:-len(".key")]

    def make(_):
        made.extend(keygen("--algorithm", "ed25519", role) for role in ("--ksk", "--zsk"))
        return net.ds_of(folder)

    made = []
    net.delegate(make)
    net.resolvers()
    ksk, old = made
    with Load(net) as load:
        until("both resolvers were asked", 20, lambda: len(load.asked) == 2)
        new = keygen("--successor-of", os.path.join(folder, old + ".key"), "--prepublish", "15s",
                     "--dnskey-ttl", f"{TTL_S}s", "--max-ttl", f"{TTL_S}s")
        everywhere(net, "the new ZSK is published",
                   lambda s: published(net, s) == sorted(tag(k) for k in (ksk, old, new)))
        if signers(net, NS1, "www." + ZONE, "A") != {tag(old)}:
            raise Failed("the new ZSK signs too early")
        everywhere(net, "the new ZSK signs", lambda s: signers(net, s, "www." + ZONE, "A") == {tag(new)})
        caches_run_out()
        net.run(net.program("windrose"), "keygen", ZONE, "--set", os.path.join(folder, old + ".key"),
                "--delete", "now")
        everywhere(net, "the old ZSK is gone", lambda s: published(net, s) == sorted((tag(ksk), tag(new))))
        caches_run_out()
    judge(load, f"a roll of a ZSK, {old} to {new}")


def judge(load, what):
    if load.bad:
        raise Failed(f"{what}: {len(load.bad)} bad answers; first: {load.bad[:3]}")
    note(f"{what}: {sum(load.asked.values())} questions through unbound and named, each secure")


def test():
    for way in (by_hand, by_itself):
        with Internet() as net:
            net.registry(TTL_S)
            net.host("london", "81.2.69.142")
            way(net)


main(test)
