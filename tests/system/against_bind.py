#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One zone, served by BIND's named and by windrose-dns: every owner name, its
neighbours, children and parents, and names drawn at random, asked of both for
many types, over UDP and TCP, with and without EDNS.  What differs is either
one of DIFFERENCES, each with the RFC that allows ours, or a failure."""

import collections
import os
import random
import socket
import struct
import time

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.zone

from rig import Failed, Rig, ask, main, note, until

ZONE = "gslb.example.com."
APEX = dns.name.from_text(ZONE)
SEED = int(os.environ.get("WINDROSE_SEED", "4034"))
TYPES = ["A", "AAAA", "NS", "SOA", "CNAME", "TXT", "MX", "SRV", "CAA", "DS", "PTR", "DNAME", "HTTPS", "TYPE65280", "TYPE65534"]
PIVOTS = ["a.moved", "a.b.mtwice", "x.mout", "x.mlong", "here.moved", "www.mdel", "many", "more", "most", "big", "wide", "x.wide", "cmost", "child", "www.child", "host", "nope", "c1", "cdel"]
IN_FLIGHT = 64  # queries at once: less than any buffer holds

POLICY = """
zone:
  name: gslb.example.com
  records: gslb.zone
geo:
  databases: [city-ipv4.mmdb, city-ipv6.mmdb]
regions:
  us-east: {location: [38.95, -77.45]}
services:
  steered:
    steer: geo
    endpoints:
      us-east: {A: 192.0.2.1}
"""

# named knows nothing of `steered`, which nobody is asked for.
RECORDS = r"""
$TTL 300
@           3600 SOA   ns1 hostmaster.example.com. 7 7200 900 1209600 60
@                NS    ns1
@                NS    ns2.example.net.
@                MX    10 mail
@                TXT   "the apex"
@                CAA   0 issue "ca.example.net"
ns1              A     192.0.2.53
ns1              AAAA  2001:db8::53
mail             A     192.0.2.25
; of several types and TTLs
host        120  A     192.0.2.10
host        120  A     192.0.2.11
host        900  AAAA  2001:db8::10
host             TXT   "one" "two strings"
host             TYPE65534 \# 4 0a000001
_sip._tcp        SRV   1 2 5060 host
web              HTTPS 1 . alpn=h2
; empty non-terminals, and names deep down
a.b.ent          A     192.0.2.20
x.y.z.w.v.u.t.s.r.q.p.o.n.m.l.k.j.i.h.g A 192.0.2.21
1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.9.0.deep TXT "thirty"
; wildcards: with a name beside, below which nothing is taken in; at an ENT
*.wild           A     192.0.2.30
*.wild           MX    5 mail
here.wild        TXT   "in the way"
*.below.here.wild AAAA 2001:db8::31
sub.*.wild       TXT   "below an asterisk"
*.cnamed         CNAME host
*.outward        CNAME elsewhere.example.org.
*.chained        CNAME x.wild
; CNAMEs: in the zone, to nothing, to an ENT, round about, out, to wildcards
c1               CNAME c2
c2               CNAME c3
c3               CNAME host
cnx              CNAME no.such.name
cent             CNAME ent
cwild            CNAME q.wild
cwildc           CNAME q.cnamed
cout             CNAME elsewhere.example.org.
cout2            CNAME cout
ring1            CNAME ring2
ring2            CNAME ring3
ring3            CNAME ring1
self             CNAME self
*.whirl          CNAME x.whirl
cdel             CNAME www.child
cdelcut          CNAME child
capex            CNAME @
; DNAMEs: to a wildcard, out, from one to the next, to nothing, too long
moved            DNAME wild
moved            TXT   "beside a DNAME"
mout             DNAME example.org.
mtwice           DNAME moved
mnx              DNAME no.such.name
mlong            DNAME bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd.wild
cmoved           CNAME q.moved
mdel             DNAME child
mcname           DNAME cnamed
; delegations: in-domain glue, sibling glue, none, in the zone, deep, with DS
child            NS    ns.child
child            NS    ns2.example.net.
ns.child         A     192.0.2.90
ns.child         AAAA  2001:db8::90
hidden.child     A     192.0.2.91
cousin           NS    ns.child
lame             NS    ns.lame.example.net.
near             NS    ns1
*.under.child    A     192.0.2.92
deep.er.cut      NS    a.deep.er.cut
a.deep.er.cut    A     192.0.2.93
signed           NS    ns.signed
signed           DS    60485 13 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A
ns.signed        A     192.0.2.94
inner.child      NS    ns.inner.child
ns.inner.child   A     192.0.2.95
; escapes, the longest label, upper case
dot\.in\.label   TXT   "dots"
sp\032ace        A     192.0.2.40
nul\000byte      A     192.0.2.41
\255\128high     A     192.0.2.42
UPPER.Case       A     192.0.2.43
\@               A     192.0.2.44
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa A 192.0.2.45
*star            A     192.0.2.46
**               A     192.0.2.47
"""


def generated():
    """What is too long to write by hand: RRsets of 512, 1232 and more octets."""
    rows = []
    for name, count in (("many", 28), ("more", 70), ("most", 100)):
        rows += [f"{name} A 10.1.{i // 256}.{i % 256}" for i in range(count)]
    rows += [f'big TXT "{i} {"t" * 200}"' for i in range(20)]
    rows += [f"wide NS ns{i}.wide" for i in range(14)]
    rows += [f"ns{i}.wide A 192.0.2.{100 + i}" for i in range(14)]
    rows += [f"ns{i}.wide AAAA 2001:db8::{100 + i}" for i in range(14)]
    rows.append("cmost CNAME most")
    return "\n".join(rows) + "\n"


NAMED = """
options {{
  directory "{dir}"; pid-file none; session-keyfile none; lock-file none;
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; allow-query {{ any; }}; allow-transfer {{ none; }}; notify no;
  dnssec-validation no; minimal-responses yes; empty-zones-enable no;
  max-udp-size 1232; edns-udp-size 1232; answer-cookie no; rrset-order {{ order none; }};
  zero-no-soa-ttl no; querylog no; zone-statistics none; tcp-clients 100;
  check-names primary ignore;
}};
controls {{ }};
logging {{ channel out {{ stderr; severity warning; }}; category default {{ out; }}; }};
zone "{zone}" {{ type primary; file "gslb.zone"; check-names ignore; check-sibling no; check-integrity no; }};
"""


class Question(collections.namedtuple("Question", "name rdtype edns do rd tcp")):
    def limit(self):
        return 65535 if self.tcp else min(max(self.edns, 512), 1232)

    def wire(self, number):
        q = dns.message.make_query(self.name, self.rdtype, use_edns=False)
        q.id = number
        q.flags = dns.flags.RD if self.rd else 0
        if self.edns:
            q.use_edns(0, dns.flags.DO if self.do else 0, self.edns)
        return q.to_wire()

    def __str__(self):
        words = [self.name.to_text(), self.rdtype, "TCP" if self.tcp else "UDP"]
        words += [f"edns={self.edns}"] if self.edns else []
        words += ["do"] if self.do else []
        words += ["rd"] if self.rd else []
        return " ".join(words)


def below(name, *labels):
    """name with labels in front, or None when it is too long."""
    try:
        return dns.name.Name(labels + name.labels)
    except dns.name.NameTooLong:
        return None


def any_case(rng, name):
    return dns.name.Name(bytes(o ^ 0x20 if chr(o).isalpha() and o < 128 and rng.random() < 0.3 else o for o in label)
                         for label in name.labels)


def names(rng):
    """Owners, their parents, neighbours and children, and names of nobody."""
    zone = dns.zone.from_text(RECORDS + generated(), origin=APEX, relativize=False, check_origin=False)
    owners = sorted(zone.nodes)
    found = set(owners)
    for owner in owners:
        for child in ((b"kid",), (b"x", b"kid"), (b"*",), (b"a\x00.B",)):
            found.add(below(owner, *child))
        while owner != APEX:
            found.add(below(owner.parent(), b"zz" + owner.labels[0][:60]))
            owner = owner.parent()
            found.add(owner)
    for _ in range(150):
        drawn = [bytes(rng.choices(b"abcxyz01*-_.\x00\xff", k=rng.randint(1, 12))) for _ in range(rng.randint(1, 3))]
        found.add(below(dns.name.Name(rng.choice(owners).labels[-rng.randint(4, 6):]), *drawn))
    hidden = dns.name.from_text("steered", APEX)
    found = sorted(n for n in found if n is not None and n.is_subdomain(APEX) and not n.is_subdomain(hidden))
    outside = ["example.com.", "com.", ".", "xgslb.example.com.", "example.org.", "gslb.example.com.net."]
    return found + [dns.name.from_text(n) for n in outside]


def questions(rng):
    """Every name with every type in a manner drawn at random; those that
    decide about size and referrals in every manner."""
    manners = [(edns, do, tcp) for edns in (0, 512, 1232, 4096) for do in (False, True) for tcp in (False, True)
               if edns or not do]
    for name in names(rng):
        for rdtype in TYPES:
            edns, do, tcp = rng.choice(manners)
            yield Question(any_case(rng, name), rdtype, edns, do, rng.random() < 0.5, tcp)
    for label in PIVOTS:
        for rdtype in ("A", "TXT", "NS", "DS"):
            for edns, do, tcp in manners:
                yield Question(dns.name.from_text(label, APEX), rdtype, edns, do, False, tcp)


def exchange_udp(port, asked):
    """All answers by the question's place; the queries go in batches."""
    answers = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", port))
        s.settimeout(3)
        for start in range(0, len(asked), IN_FLIGHT):
            batch = asked[start:start + IN_FLIGHT]
            for number, wire in batch:
                s.send(wire)
            for _ in batch:
                octets = s.recv(65535)
                answers[struct.unpack("!H", octets[:2])[0]] = octets
    return [answers[number] for number, _ in asked]


def exchange_tcp(port, asked):
    answers = {}
    for start in range(0, len(asked), IN_FLIGHT):
        batch = asked[start:start + IN_FLIGHT]
        with socket.create_connection(("127.0.0.1", port), 3) as s:
            s.sendall(b"".join(struct.pack("!H", len(w)) + w for _, w in batch))
            stream = s.makefile("rb")
            for _ in batch:
                octets = stream.read(struct.unpack("!H", stream.read(2))[0])
                answers[struct.unpack("!H", octets[:2])[0]] = octets
    return [answers[number] for number, _ in asked]


def ask_all(port, asked):
    """Answers in the order of the questions."""
    answers = [None] * len(asked)
    for tcp, exchange in ((False, exchange_udp), (True, exchange_tcp)):
        places = [i for i, q in enumerate(asked) if q.tcp == tcp]
        for start in range(0, len(places), 60000):
            part = places[start:start + 60000]
            numbered = [(n, asked[i].wire(n)) for n, i in enumerate(part)]
            for i, octets in zip(part, exchange(port, numbered)):
                answers[i] = octets
    return answers


class Heard:
    """An answer as the set of what it says; the order of records says nothing."""

    def __init__(self, octets):
        self.size = len(octets)
        m = dns.message.from_wire(octets)
        self.message = m
        self.rcode = dns.rcode.to_text(m.rcode())
        self.flags = dns.flags.to_text(m.flags)
        self.opt = m.edns >= 0 and (m.edns, m.ednsflags & dns.flags.DO)
        self.question = [(q.name.labels, q.rdtype, q.rdclass) for q in m.question]
        self.answer, self.authority, self.additional = (
            frozenset((s.name, dns.rdatatype.to_text(s.rdtype), s.ttl, r.to_digestable()) for s in section for r in s)
            for section in (m.answer, m.authority, m.additional))

    def truncated(self):
        return bool(self.message.flags & dns.flags.TC)

    def differs(self, other):
        """The parts that differ; a truncated answer's sections do not count."""
        parts = ["rcode", "flags", "opt", "question"]
        if not self.truncated():
            parts += ["answer", "authority", "additional"]
        return {p for p in parts if getattr(self, p) != getattr(other, p)}


def targets(section):
    """Names of the name servers in it."""
    return {r.target for s in section if s.rdtype == dns.rdatatype.NS for r in s}


def more_glue(q, parts, theirs, ours, whole):
    extra = ours.additional - theirs.additional
    return parts == {"additional"} and theirs.additional < ours.additional and {r[0] for r in extra} <= targets(ours.message.authority)


def ours_too_large(q, parts, theirs, ours, whole):
    all_of_it = Heard(whole)
    return (ours.truncated() and not theirs.truncated() and len(whole) > q.limit()
            and ours.rcode == theirs.rcode and theirs.answer == all_of_it.answer
            and theirs.authority == all_of_it.authority and theirs.additional < all_of_it.additional)


def theirs_too_large(q, parts, theirs, ours, whole):
    return (theirs.truncated() and parts == {"flags"} and ours.size <= q.limit()
            and not ours.differs(Heard(whole)) and q.name.labels[-4:] != APEX.labels)


def less_beside_ns(q, parts, theirs, ours, whole):
    return (parts == {"additional"} and q.rdtype == "NS" and not ours.additional
            and {r[0] for r in theirs.additional} <= targets(theirs.message.answer))


def ring(q, parts, theirs, ours, whole):
    return (parts <= {"rcode", "answer"} and (theirs.rcode, ours.rcode) == ("SERVFAIL", "NOERROR")
            and ours.answer and ours.answer <= theirs.answer and {r[1] for r in theirs.answer} == {"CNAME"})


# What may differ: why, and a test of (question, parts, theirs, ours, whole),
# whole being ours over TCP.
DIFFERENCES = [
    ("RFC 9471, 3.2: glue of siblings and addresses in the zone may be sent, named's minimal answers have none",
     more_glue),
    ("RFC 9471, 3.1: TC where glue does not fit; named leaves it out",
     ours_too_large),
    ("RFC 1035, 4.1.4: named keeps the file's case, so cannot point at a question in another, and fits less",
     theirs_too_large),
    ("RFC 1034, 4.3.2, step 6: addresses beside an NS RRset that was asked for may be sent; ours are not",
     less_beside_ns),
    ("RFC 6604, 3: the RCODE is the last name's, and every name of a ring of CNAMEs exists (1034, 3.6.2: loops do "
     "not fail); named gives up", ring),
]


def judge(asked, theirs, ours, whole):
    """Counts of allowed differences, and those that none of them allows."""
    counts, wrong = collections.Counter(), []
    for q, t, o, w in zip(asked, theirs, ours, whole):
        if t == o:
            continue
        t, o = Heard(t), Heard(o)
        parts = t.differs(o)
        if not parts:
            continue
        why = next((title for title, allowed in DIFFERENCES if allowed(q, parts, t, o, w)), None)
        counts[why] += 1
        if why is None:
            wrong.append((q, sorted(parts), t, o))
    return counts, wrong


def start(rig, port_bind, port_ours):
    records = RECORDS + generated()
    rig.write("bind/gslb.zone", records)
    rig.write("bind/named.conf", NAMED.format(dir=rig.path("bind"), port=port_bind, zone=ZONE))
    rig.write("policy/gslb.zone", records)
    rig.write("policy/policy.yaml", POLICY)
    rig.geo(rig.path("policy"))
    rig.start("named", "/usr/sbin/named", "-4", "-g", "-n", "1", "-c", rig.path("bind/named.conf"))
    rig.start("dns", rig.program("windrose-dns"), "--policy", rig.path("policy"), "--workers", "1",
              "--listen", f"127.0.0.1:{port_ours}")
    for port in (port_bind, port_ours):
        until("both answer", 20, lambda p=port: ask(p, ZONE, rdtype="SOA").answer)


def test():
    rng = random.Random(SEED)
    asked = list(questions(rng))
    with Rig() as rig:
        ports = rig.port(), rig.port()
        start(rig, *ports)
        began = time.monotonic()
        theirs, ours = (ask_all(port, asked) for port in ports)
        whole = ask_all(ports[1], [q._replace(tcp=True) for q in asked])
        counts, wrong = judge(asked, theirs, ours, whole)
        took = time.monotonic() - began
        for name in ("named", "dns"):
            if rig.stop(name) != 0:
                raise Failed(f"{name} did not end cleanly")
    kinds = {}
    for row in wrong:
        kinds.setdefault((*row[1], row[2].rcode, row[3].rcode, row[3].flags), row)
    for q, parts, t, o in list(kinds.values())[:20]:
        print(f"--- {q}: {', '.join(parts)} differ\n- named:\n{t.message}\n- ours:\n{o.message}")
    if wrong:
        raise Failed(f"{len(wrong)} of {len(asked)} answers differ from named's (WINDROSE_SEED={SEED})")
    note(f"{len(asked)} answers compared with named's in {took:.1f} s; {sum(counts.values())} differ as they may")
    for why, count in counts.most_common():
        note(f"{count:5} {why}")


main(test)
