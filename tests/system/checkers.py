#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What delegation checkers say of gslb.example on two windrose-dns: the
checks of zonemaster-cli find no ERROR and nothing above it, and each WARNING
is one that is explained here; dnsviz finds every kind of answer secure; delv
validates them from the root's key alone, asking each server itself."""

import json

from internet import CHECKER, NS1, NS2, ROOT, UNBOUND, ZONE, Internet
from rig import Failed, main, note

# Debian 12's dnsviz asks its pygraphviz for a module that is no longer there.
GROK = ("import sys, types, pygraphviz; pygraphviz.release = types.SimpleNamespace(version=pygraphviz.__version__); "
        "from dnsviz.commands.grok import main; main(sys.argv)")

# Tag of a WARNING and why it is as it should be.
EXPLAINED = {
}

ANSWERS = (
    ("www", "A"), ("www", "AAAA"), ("www", "TXT"), ("@", "A"), ("@", "SOA"), ("@", "DNSKEY"), ("static", "A"),
    ("x.app", "A"), ("x.app", "TXT"), ("x.wild", "TXT"), ("x.wild", "A"), ("ent", "A"), ("two", "A"), ("alias", "A"),
    ("nothing", "A"), ("x.static", "A"), ("host.old", "A"),
)


def fqdn(name):
    return ZONE if name == "@" else f"{name}.{ZONE}"


def zonemaster(net):
    out = net.run_on("checker", "zonemaster-cli", "--hints", net.path("hints"), "--json", "--level",
                     "NOTICE", ZONE)[1]
    found = json.loads(out)
    found = found if isinstance(found, list) else found["results"]
    bad = []
    for entry in found:
        what = f'{entry["level"]} {entry.get("module", "")} {entry["tag"]} {entry.get("args", "")}'
        if entry["level"] in ("ERROR", "CRITICAL") or (entry["level"] == "WARNING" and entry["tag"] not in EXPLAINED):
            bad.append(what)
        note(f"zonemaster: {what}")
    if bad:
        raise Failed("zonemaster: " + "; ".join(bad))
    note(f"zonemaster: no ERROR, {sum(e['level'] == 'WARNING' for e in found)} WARNING")


def anchors(net, name, zone, keys):
    """A file of trust anchors in delv's form."""
    lines = "".join(f'  "{zone}" static-ds {" ".join(ds.split()[:3])} "{ds.split()[3]}";\n' for ds in keys)
    return net.write(name, f"trust-anchors {{\n{lines}}};\n")


def delv(net):
    """From the zone's own key at each server, and from the root's by unbound."""
    ours = anchors(net, "zone.anchors", ZONE, net.ds_of(net.path("policy/keys")))
    root = anchors(net, "root.anchors", ".", net.ds_of_knot("."))
    for server, file, top in ((NS1, ours, ZONE), (NS2, ours, ZONE), (UNBOUND, root, ".")):
        for name, rdtype in ANSWERS:
            argv = ("delv", "-4", "@" + server, "-a", file, "+root=" + top, "+cdflag", fqdn(name), rdtype)
            out, err = net.run_on("checker", *argv, check=False)[1:]
            if "; fully validated" not in out and "; negative response, fully validated" not in out:
                raise Failed(f"{' '.join(argv)}: {out}{err}")
    note(f"delv: {len(ANSWERS)} answers fully validated at both servers and from the root by unbound")


def dnsviz(net):
    """Each name from the root down, as dnsviz grok judges it."""
    trusted = net.write("root.key", net.run("keymgr", "-c", net.path("knot.conf"), ".", "dnskey")[1])
    names = sorted({fqdn(name) for name, _ in ANSWERS})
    probe, verdict = net.path("probe.json"), net.path("grok.json")
    net.run_on("checker", "dnsviz", "probe", "-A", "-a", ".", "-x", f".+:a.root={ROOT}", "-o", probe, *names)
    net.run_on("checker", "/usr/bin/python3", "-c", GROK, "-l", "info", "-t", trusted, "-r", probe, "-o", verdict)
    with open(verdict) as f:
        found = {name: node for name, node in json.load(f).items() if name.rstrip(".") in names}
    bad = list(findings(found, ("errors", "warnings"), ""))
    states = [text for text in findings(found, ("status",), "") if "/answer" in text or "/proof" in text]
    bad += [text for text in states if not text.endswith(("SECURE", "VALID", "NOERROR", "NXDOMAIN"))]
    if bad or len(found) != len(names) or not states:
        raise Failed(f"dnsviz: {len(found)} of {len(names)} names, {len(states)} states; " + "; ".join(bad[:10]))
    note(f"dnsviz: {len(names)} names from the root down, {len(states)} states, no error and no warning")


def findings(node, keys, where):
    """What a grok result has under these keys, with where it stands."""
    if isinstance(node, list):
        for item in node:
            yield from findings(item, keys, where)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key not in keys:
                yield from findings(value, keys, f"{where}/{key}")
            elif isinstance(value, list):
                yield from (f"{where}: {key}: {item.get('description', item)}" for item in value)
            else:
                yield f"{where}: {key}: {value}"


def test():
    with Internet() as net:
        net.registry(60)
        net.host("checker", CHECKER)
        net.delegate()
        net.resolvers()
        zonemaster(net)
        delv(net)
        dnsviz(net)


main(test)
