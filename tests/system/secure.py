#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""delv, BIND's validator, believes what windrose-dns says of a signed zone, and
nothing but the zone's key: steered answers of every kind, wildcards, aliases
and all that is not there.  Two clients, told apart by address,
each get their own signed answers."""

import os

from rig import Failed, Rig, ask, main, note, until

ZONE = "gslb.example.com"
US, EU = "127.0.0.1", "127.0.0.2"

POLICY = """
zone:
  name: gslb.example.com
  nameservers: ns1.gslb.example.com.
  records: gslb.zone
  dnssec: {keys: keys}
zones:
  child.gslb.example.com:
    nameservers: ns1.gslb.example.com.
    records: child.zone
    dnssec: {keys: keys}
  plain.gslb.example.com:
    nameservers: ns1.gslb.example.com.
    records: child.zone
geo: {databases: [city-ipv4.mmdb, city-ipv6.mmdb], networks: near.csv}
regions:
  us: {location: [38.95, -77.45]}
  eu: {location: [53.35, -6.26]}
services:
  "@":
    steer: geo
    endpoints: {us: {A: 192.0.2.1}, eu: {A: 192.0.2.2}}
  www:
    steer: geo
    https: {alpn: [h2, h3]}
    endpoints:
      us: {A: 192.0.2.1, AAAA: "2001:db8::1"}
      eu: {A: 192.0.2.2}
  "*.pool":
    steer: geo
    endpoints:
      us: {A: 192.0.2.11, AAAA: "2001:db8::11"}
      eu: {A: 192.0.2.12}
  both:
    steer: weighted
    answers: 2
    endpoints: {us: {A: 192.0.2.21}, eu: {A: [192.0.2.22, 192.0.2.23]}}
  cdn:
    steer: geo
    endpoints: {us: {CNAME: host.gslb.example.com.}, eu: {CNAME: b.wild.gslb.example.com.}}
  www.child.gslb.example.com.:
    steer: geo
    endpoints: {us: {A: 192.0.2.31}, eu: {A: 192.0.2.32}}
"""

RECORDS = """$TTL 300
ns1         A      192.0.2.53
host        A      192.0.2.60
            TXT    "host"
far.below   TXT    "an empty non-terminal above"
*.wild      A      192.0.2.61
*.alias     CNAME  www
to          CNAME  x.alias
old         DNAME  new
www.new     A      192.0.2.62
*.new       TXT    "under a DNAME's target"
lost        CNAME  nowhere
down        CNAME  www.child
across      CNAME  host.plain
child       NS     ns1
child       DS     %s
plain       NS     ns1
lab         NS     ns1.lab
ns1.lab     A      192.0.2.70
"""

CHILD = """$TTL 300
host        A      192.0.2.80
*.w         TXT    "in a child"
"""

# Who asks, for what, and what delv has to say: words of the answer, or that
# there is no such type or name.
NODATA, NXDOMAIN = "ncache nxrrset", "ncache nxdomain"
CASES = [
    (US, "@", "SOA", "hostmaster"),
    (US, "@", "NS", "ns1.gslb.example.com."),
    (US, "@", "A", "192.0.2.1"),
    (EU, "@", "A", "192.0.2.2"),
    (US, "@", "DNSKEY", "257 3"),
    (US, "@", "MX", NODATA),
    (US, "@", "NSEC", "NSEC"),
    (US, "www", "A", "192.0.2.1"),
    (EU, "www", "A", "192.0.2.2"),
    (US, "www", "AAAA", "2001:db8::1"),
    (EU, "www", "AAAA", NODATA),
    (US, "www", "HTTPS", "ipv4hint=192.0.2.1"),
    (EU, "www", "HTTPS", "ipv4hint=192.0.2.2"),
    (US, "www", "TXT", NODATA),
    (US, "WwW", "A", "192.0.2.1"),
    (US, "a.pool", "A", "192.0.2.11"),
    (EU, "a.pool", "A", "192.0.2.12"),
    (US, "b.a.pool", "AAAA", "2001:db8::11"),
    (EU, "b.a.pool", "AAAA", NODATA),
    (US, "a.pool", "MX", NODATA),
    (US, "*.pool", "A", "192.0.2.11"),
    (EU, "*.pool", "AAAA", NODATA),
    (US, "pool", "A", NODATA),
    (US, "both", "A", "192.0.2.21"),
    (EU, "both", "A", "192.0.2.23"),
    (US, "both", "AAAA", NODATA),
    (US, "cdn", "A", "192.0.2.60"),
    (EU, "cdn", "A", "192.0.2.61"),
    (US, "cdn", "CNAME", "host"),
    (EU, "cdn", "TXT", NODATA),
    (US, "host", "TXT", '"host"'),
    (US, "host", "SRV", NODATA),
    (US, "below", "TXT", NODATA),
    (US, "x.wild", "A", "192.0.2.61"),
    (US, "y.x.wild", "A", "192.0.2.61"),
    (US, "x.wild", "AAAA", NODATA),
    (US, "wild", "A", NODATA),
    (EU, "x.alias", "A", "192.0.2.2"),
    (EU, "x.alias", "AAAA", NODATA),
    (EU, "to", "A", "192.0.2.2"),
    (US, "www.old", "A", "192.0.2.62"),
    (US, "x.old", "TXT", "under"),
    (US, "x.old", "A", NODATA),
    (US, "old", "A", NODATA),
    (US, "lost", "A", NXDOMAIN),
    (US, "nowhere", "A", NXDOMAIN),
    (US, "a.b.c.nowhere", "AAAA", NXDOMAIN),
    (US, "x.www", "A", NXDOMAIN),
    (US, "a", "A", NXDOMAIN),
    (US, "zzz", "A", NXDOMAIN),
    (US, "lab", "DS", NODATA),
    (US, "child", "DS", "13 2"),
    (US, "child", "SOA", "hostmaster"),
    (EU, "www.child", "A", "192.0.2.32"),
    (EU, "www.child", "AAAA", NODATA),
    (US, "x.w.child", "TXT", "in a child"),
    (US, "x.child", "TXT", NXDOMAIN),
    (US, "down", "A", "192.0.2.31"),
    (US, "plain", "DS", NODATA),
]


# Below a delegation without DS nothing has to be signed, and is not.
PLAIN = [
    (US, "host.plain", "A", "192.0.2.80"),
    (US, "plain", "SOA", "hostmaster"),
    (US, "x.w.plain", "TXT", "in a child"),
    (US, "across", "A", "192.0.2.80"),
]


def make_key(rig, zone):
    """A combined key by BIND; the path of its .key file."""
    keys = rig.path("policy/keys")
    os.makedirs(keys, exist_ok=True)
    _, name, _ = rig.run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "-K", keys, zone)
    return os.path.join(keys, name.strip() + ".key")


def make_anchor(rig, path):
    """The key in delv's words."""
    with open(path) as f:
        record = [line for line in f if line[0] != ";"][0].split()
    flags, protocol, algorithm, key = record[3], record[4], record[5], "".join(record[6:])
    return rig.write("anchor", f'trust-anchors {{ {ZONE}. static-key {flags} {protocol} {algorithm} "{key}"; }};\n')


def delv(rig, port, anchor, client, name, rdtype, *words):
    """What delv prints, standard error included."""
    fqdn = ZONE if name == "@" else f"{name}.{ZONE}"
    _, out, err = rig.run("delv", "@127.0.0.1", "-p", str(port), "-b", client, "-a", anchor, f"+root={ZONE}",
                          "+nodlv", *words, fqdn, rdtype, check=False)
    return out + err


def judge(rig, port, anchor, case):
    client, name, rdtype, wanted = case
    said = delv(rig, port, anchor, client, name, rdtype)
    if "fully validated" not in said or "unsigned" in said or wanted not in said:
        trace = delv(rig, port, anchor, client, name, rdtype, "+rtrace", "+vtrace", "+mtrace")
        raise Failed(f"{client} asked for {name} {rdtype}, wanted {wanted}, fully validated: {said}\n{trace}")


def judge_plain(rig, port, anchor, case):
    client, name, rdtype, wanted = case
    said = delv(rig, port, anchor, client, name, rdtype)
    if wanted not in said.partition("unsigned answer")[2]:
        raise Failed(f"{client} asked for {name} {rdtype}, wanted {wanted}, proven to be unsigned: {said}")


def other_key(rig, port):
    """The test can fail: with another key than the zone's, nothing is believed."""
    with open(rig.path("anchor")) as f:
        text = f.read()
    at = text.index('"') + 9
    anchor = rig.write("other", text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:])
    said = delv(rig, port, anchor, US, "www", "A")
    if "fully validated" in said:
        raise Failed(f"delv believes any key: {said}")


def test():
    with Rig() as rig:
        port = rig.port()
        rig.write("policy/policy.yaml", POLICY)
        rig.write("policy/near.csv", "127.0.0.1/32,US,,38.95,-77.45\n127.0.0.2/32,IE,,53.35,-6.26\n")
        rig.geo(rig.path("policy"))
        anchor = make_anchor(rig, make_key(rig, ZONE))
        _, ds, _ = rig.run("dnssec-dsfromkey", "-2", make_key(rig, "child." + ZONE))
        rig.write("policy/gslb.zone", RECORDS % ds.split("DS")[1].strip())
        rig.write("policy/child.zone", CHILD)
        rig.start("dns", rig.program("windrose-dns"), "--policy", rig.path("policy"), "--workers", "1",
                  "--listen", f"127.0.0.1:{port}", "--control", rig.path("dns.sock"))
        until("windrose-dns answers", 20, lambda: ask(port, ZONE, rdtype="SOA").answer)
        for case in CASES:
            judge(rig, port, anchor, case)
        for case in PLAIN:
            judge_plain(rig, port, anchor, case)
        other_key(rig, port)
        if rig.stop("dns") != 0:
            raise Failed("windrose-dns did not end cleanly")
        note(f"delv fully validated {len(CASES)} answers of {ZONE}, and found {len(PLAIN)} proven to be unsigned")


main(test)
