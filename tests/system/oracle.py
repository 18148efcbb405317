#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What each client gets, computed a second time without a line of the C.

    oracle.py [SEED]

Makes random policies over the small world (contrib/geo/small.txt), asks
`windrose explain --json` for random clients, failed regions and pins, and
compares with what decision.py makes of the written rules.  A difference prints the
policy's folder, which is then kept, and the command that shows it.
"""
import ipaddress
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile

from decision import CONTINENTS, LOCATED, YES, Networks, Oracle, facts_of_row

TOP = os.environ.get("SRCDIR", os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.environ.get("BUILDDIR", os.path.join(TOP, "build"))
POLICIES, ROUNDS, CLIENTS = 16, 4, 30


def read_world():
    rows = []
    with open(os.path.join(TOP, "contrib/geo/small.txt")) as text:
        for line in text:
            words = line.split("#")[0].split()
            if words:
                rows.append([ipaddress.ip_network(words[0])] +
                            [None if w == "-" else w for w in words[1:]])
    return rows


# ---- random policies

def make_sets(rng, world):
    def network():
        base = rng.choice(world)[0]
        longest = 30 if base.version == 4 else 60
        bits = rng.randint(max(4, base.prefixlen - 4), longest)
        address = ipaddress.ip_address(
            int(base.network_address) +
            rng.randrange(base.num_addresses))
        return str(ipaddress.ip_network((address, bits), strict=False))

    def term(earlier):
        row = rng.choice([r for r in world if r[1] and r[2]])
        return rng.choice([
            lambda: row[1], lambda: row[1], lambda: f"{row[1]}-{row[2]}",
            lambda: rng.choice(list(CONTINENTS)), lambda: "eea",
            lambda: "eu", lambda: f"AS{row[5]}", network, network,
            lambda: rng.choice(earlier) if earlier else "eu",
            lambda: "all" if rng.random() < 0.2 else row[1],
        ])()

    sets = {}
    for i in range(rng.randint(1, 6)):
        sets[f"set{i}"] = list(dict.fromkeys(
            term(list(sets)) for _ in range(rng.randint(1, 5))))
    # Of a client whose country alone is known, nobody can tell.
    sets["states"] = list(dict.fromkeys(
        f"{r[1]}-{r[2]}" for r in rng.sample(world, 60) if r[1] and r[2]))
    return sets


def make_corrections(rng, world):
    lines, found = {}, Networks()
    for _ in range(rng.randint(0, 25)):
        base = rng.choice(world)[0]
        bits = min(base.max_prefixlen,
                   max(8, base.prefixlen + rng.randint(-3, 6)))
        network = ipaddress.ip_network((base.network_address, bits),
                                       strict=False)
        other = rng.choice([r for r in world if r[1] and r[2] and r[3]])
        row = [network, other[1]] + [None] * 4
        if rng.random() < 0.5:
            row[2] = other[2]
        if rng.random() < 0.5:
            row[3:5] = other[3:5]
        fields = [str(network), row[1]]
        if row[2] or row[3]:
            fields.append(row[2] or "")
        if row[3]:
            fields += row[3:5]
        if network not in lines:
            lines[network] = ",".join(fields)
            found.add(network, facts_of_row(row))
    return "\n".join(lines.values()) + "\n", found


def make_service(rng, steer, regions, rules):
    endpoints = {}
    for region in rng.sample(list(regions), rng.randint(1, len(regions))):
        for name in [region] + [region + "-b"] * (rng.random() < 0.2):
            endpoints[name] = {
                "region": region,
                "weight": rng.choice([1, 1, 1, 2, 3, 0, 7, 10, 1000000]),
            }
    for rule in rules.values():
        inside = [n for n, r in regions.items()
                  if set(r["jurisdictions"]) & set(rule["within"])]
        if not any(e["region"] in inside for e in endpoints.values()):
            endpoints[rng.choice(inside)] = {"region": None, "weight": 1}
    for name, e in endpoints.items():
        e["region"] = e["region"] or name
    if not any(e["weight"] for e in endpoints.values()):
        endpoints[name]["weight"] = 1
    return {
        "steer": steer,
        "within": rng.choice([0, 0, 5, 30, 80, 500]) if steer in LOCATED else 0,
        "sticky": rng.choice(["client", "client", "client", "none"]),
        "sticky_prefix": {4: rng.choice([24, 24, 20, 32, 8]),
                          6: rng.choice([48, 48, 32, 64, 16])},
        "answers": rng.choice([1, 1, 1, 2, 3, 16]),
        "check": rng.random() < 0.8,
        "endpoints": endpoints,
        "canaries": [e for e in endpoints if rng.random() < 0.2],
    }


def make_policy(rng, world):
    places = [(rng.uniform(-60, 70), rng.uniform(-180, 180))
              for _ in range(rng.randint(1, 6))]
    regions = {}
    for i in range(rng.randint(2, 7)):
        regions[f"r{i}"] = {
            "location": tuple(round(x, 2) for x in rng.choice(places)),
            "jurisdictions": rng.sample(["j0", "j1", "j2"],
                                        rng.choice([0, 1, 1, 1, 2])),
        }
    used = sorted({j for r in regions.values() for j in r["jurisdictions"]})
    sets = make_sets(rng, world)
    rules = {}
    for i in range(rng.randint(0, 3) if used else 0):
        rules[f"rule{i}"] = {
            "clients": rng.choice(list(sets) + ["states"] * 3 +
                                  ["eea", "eu", "europe", "all"]),
            "within": rng.sample(used, rng.choice([1, 1, len(used)])),
            "unknown_clients": rng.choice(["excluded", "included"]),
            "none_healthy": rng.choice(["serve-unhealthy", "no-answer"]),
        }
    text, corrections = make_corrections(rng, world)
    networks = Networks()
    for terms in sets.values():
        for term in terms:
            if "/" in term:
                networks.add(ipaddress.ip_network(term), True)
    return {
        "regions": regions, "sets": sets, "residency": rules,
        "services": {steer[:2]: make_service(rng, steer, regions, rules)
                     for steer in ("latency", "geo", "weighted", "failover")},
        "corrections": corrections, "corrections_text": text,
        "networks": networks,
        "layout": rng.choice(["nested", "flat", "flat", "halves", "v4"]),
    }


# ---- the same policy as files

LAYOUTS = {
    # file: (arguments of make-mmdb, which fields of the world it has)
    "nested": {"all.mmdb": (["--schema", "nested"], slice(1, 6))},
    "flat": {"v4.mmdb": (["--schema", "flat", "--v4"], slice(1, 6)),
             "v6.mmdb": (["--schema", "flat", "--v6"], slice(1, 6))},
    "halves": {"a.mmdb": (["--schema", "flat"], slice(1, 2)),
               "b.mmdb": (["--schema", "nested"], slice(1, 6))},
    "v4": {"v4.mmdb": (["--schema", "nested", "--v4"], slice(1, 6))},
}


def make_databases(folder, layout, world):
    made = []
    for file, (args, fields) in LAYOUTS[layout].items():
        networks = Networks()
        path = os.path.join(folder, file)
        with open(path + ".txt", "w") as out:
            for row in world:
                kept = [row[0]] + [x if i in range(fields.start, fields.stop)
                                   else None for i, x in enumerate(row)][1:]
                print(*["-" if x is None else x for x in kept], file=out)
                if row[0].version == 4 or "--v4" not in args:
                    if row[0].version == 6 or "--v6" not in args:
                        networks.add(row[0], facts_of_row(kept))
        subprocess.run(["perl", os.path.join(TOP, "contrib/geo/make-mmdb"),
                        *args, path + ".txt", path], check=True)
        os.remove(path + ".txt")
        made.append(networks)
    return made


def write_policy(folder, p, databases):
    def listed(words):
        return "[" + ", ".join(f'"{w}"' for w in words) + "]"

    out = ["zone: {name: gslb.example.com, nameservers: ns.example.net}",
           f"geo: {{databases: {listed(databases)}, networks: better.csv}}",
           "vantages: {here: {location: [50, 8]}}",
           "checks: {web: {type: tcp, port: 80, quorum: 1}}", "clients:"]
    out += [f"  {n}: {listed(t)}" for n, t in p["sets"].items()]
    out += ["regions:"]
    out += [f"  {n}: {{location: {list(r['location'])}, jurisdictions: "
            f"{listed(r['jurisdictions'])}}}" if r["jurisdictions"] else
            f"  {n}: {{location: {list(r['location'])}}}"
            for n, r in p["regions"].items()]
    out += ["residency:"] if p["residency"] else []
    out += [f"  {n}: {{clients: {r['clients']}, within: {listed(r['within'])}, "
            f"unknown_clients: {r['unknown_clients']}, "
            f"none_healthy: {r['none_healthy']}}}"
            for n, r in p["residency"].items()]
    out += ["services:"]
    for name, s in p["services"].items():
        out += [f"  {name}:", f"    steer: {s['steer']}",
                f"    sticky: {s['sticky']}", f"    answers: {s['answers']}",
                f"    sticky_prefix: {{v4: /{s['sticky_prefix'][4]}, "
                f"v6: /{s['sticky_prefix'][6]}}}"]
        out += [f"    within: {s['within']}ms"] if s["within"] else []
        out += ["    check: web"] if s["check"] else []
        out += ["    endpoints:"]
        out += [f"      {n}: {{region: {e['region']}, A: 192.0.2.{i + 1}, "
                f"weight: {e['weight']}}}"
                for i, (n, e) in enumerate(s["endpoints"].items())]
    canaries = [(n, s) for n, s in p["services"].items() if s["canaries"]]
    out += ["canaries:"] if canaries else []
    for name, s in canaries:
        places = dict.fromkeys(s["endpoints"][e]["region"]
                               for e in s["canaries"])
        out += [f"  new-{name}:", f"    service: {name}", "    endpoints:"]
        out += [f"      {e}: {{A: 198.51.100.{i + 1}}}"
                for i, e in enumerate(s["canaries"])]
        out += [f"    stages: [{{regions: {listed(places)}, percent: 5%}}]"]
    with open(os.path.join(folder, "policy.yaml"), "w") as file:
        print("\n".join(out), file=file)
    with open(os.path.join(folder, "better.csv"), "w") as file:
        file.write(p["corrections_text"])


# ---- asking, and comparing

def random_client(rng, p, world):
    networks = [r[0] for r in world]
    for source in (p["corrections"], p["networks"]):
        for version, size in ((4, 32), (6, 128)):
            for bits, level in source.by_length[version].items():
                networks += [ipaddress.ip_network((b, bits)) if version == 4
                             else ipaddress.IPv6Network((b, bits))
                             for b in level] * 2
    near = rng.choice(networks)
    number = int(near.network_address) + rng.choice([
        rng.randrange(near.num_addresses), 0, near.num_addresses - 1,
        near.num_addresses, -1])
    if rng.random() < 0.05:
        number = rng.randrange(1 << near.max_prefixlen)
    number %= 1 << near.max_prefixlen
    make = ipaddress.IPv4Address if near.version == 4 else ipaddress.IPv6Address
    return make(number)


def random_pin(rng, p, service):
    """(client set, region or endpoint), or None."""
    endpoints = p["services"][service]["endpoints"]
    to = rng.choice(list(endpoints) + [e["region"] for e in endpoints.values()])
    return rng.choice([None, (rng.choice(list(p["sets"])), to)])


def explain(folder, service, down, pin, clients):
    command = [os.path.join(BUILD, "windrose"), "explain", folder, "--json",
               "--service", service]
    for region in sorted(down):
        command += ["--down", region]
    if pin:
        command += ["--order", "pin:%s:%s" % pin]
    for client in clients:
        command += ["--client", str(client)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stderr}")
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(done.stdout.rstrip()):
        value, at = decoder.raw_decode(done.stdout, at)
        at += 1
        found.append(value)
    return found


def has_aliases(p, address):
    """Where a database has IPv4 inside IPv6, edges are not the world's."""
    return address.version == 6 and p["layout"] in ("nested", "halves")


def differences(oracle, service, down, address, got):
    """[(what, expected, got)] for one client."""
    p, s = oracle.p, oracle.p["services"][service]
    row = oracle.row(service, down, address)
    facts = oracle.facts(address)
    regions, _ = oracle.allowed(address, facts)
    picks = [a["endpoint"] for a in got["answer"]]
    expected = oracle.pick(service, row, address)
    step, tier = dict(row["step"]), {}
    for number, members in enumerate(row["tiers"], 1):
        tier.update((e, number) for e in members)
    for e in s["canaries"]:
        inside = s["endpoints"][e]["region"] in regions
        step[f"new-{service}/{e}"] = "canary" if inside else "eligible"
    by_name = {e["name"]: e for e in got["endpoints"]}
    pairs = [
        ("step", step, {n: e["step"] for n, e in by_name.items()}),
        ("tier", tier, {n: e["tier"] for n, e in by_name.items()
                        if "tier" in e}),
        ("note", row["note"], got["note"]),
        ("draw", oracle.is_draw(row), got["draw"]),
        ("ttl", 60, got["ttl_s"]),
        ("sets", [n for n in p["sets"]
                  if oracle.member(n, address, facts) == YES],
         [n for n in got["client"]["sets"] if n in p["sets"]]),
        ("residency", oracle.binding(address, facts),
         got["client"]["residency"]),
        ("outside", [], [e for e in picks
                         if by_name[e]["region"] not in regions]),
    ]
    if s["sticky"] == "client":
        pairs.append(("answer", expected, picks))
    else:
        pairs.append(("answers", len(expected), len(set(picks))))
        reached = {e for t in row["reached"] for e in t}
        pairs.append(("not reached", set(), set(picks) - reached))
    if not has_aliases(p, address):
        # Wider than needed would be wrong; lpm.h says when it is narrower.
        exact = oracle.scope(service, down, address, row)
        pairs.append(("scope", max(exact, got["scope_bits"]),
                      got["scope_bits"]))
    pairs += [(f"ms of {e}", True, math.isclose(
        ms, by_name[e].get("expected_ms", 0), abs_tol=1e-3, rel_tol=1e-4))
        for e, ms in row["ms"].items()]
    return [d for d in pairs if d[1] != d[2]]


def compare_policy(rng, folder, world, seen):
    p = make_policy(rng, world)
    p["databases"] = make_databases(folder, p["layout"], world)
    write_policy(folder, p, list(LAYOUTS[p["layout"]]))
    oracle = Oracle(p)
    wrong = 0
    for service in p["services"]:
        for _ in range(ROUNDS):
            down = {r for r in p["regions"]
                    if rng.random() < rng.choice([0, 0.3, 0.7, 1])}
            clients = [random_client(rng, p, world) for _ in range(CLIENTS)]
            oracle.pin = random_pin(rng, p, service)
            answers = explain(folder, service, down, oracle.pin, clients)
            for address, got in zip(clients, answers):
                found = differences(oracle, service, down, address, got)
                seen[got["note"]] = seen.get(got["note"], 0) + 1
                seen["draws"] = seen.get("draws", 0) + got["draw"]
                seen["pinned"] = seen.get("pinned", 0) + any(
                    e["step"] == "commanded" for e in got["endpoints"])
                if found and wrong < 5:
                    print(f"not ok: {folder} --service {service} --client "
                          f"{address}",
                          *[f"--down {r}" for r in sorted(down)],
                          oracle.pin or "")
                    for what, expected, is_now in found:
                        print(f"    {what}: expected {expected}, got {is_now}")
                wrong += bool(found)
            if len(answers) != len(clients):
                print(f"not ok: {len(clients)} asked, {len(answers)} answered")
                wrong += 1
    return wrong


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    rng = random.Random(seed)
    world = read_world()
    folder = tempfile.mkdtemp(prefix="windrose-oracle-")
    wrong, seen = 0, {}
    for i in range(POLICIES):
        at = os.path.join(folder, str(i))
        os.mkdir(at)
        found = compare_policy(rng, at, world, seen)
        wrong += found
        if not found:
            shutil.rmtree(at)
    total = POLICIES * 4 * ROUNDS * CLIENTS
    print(f"# seed {seed}: {total} answers compared, {wrong} differ;",
          ", ".join(f"{n} {word}" for word, n in sorted(seen.items())))
    if not wrong:
        os.rmdir(folder)
    # A run in which some outcome never came up would have shown nothing.
    wanted = {"plain", "none-healthy", "withheld", "no-region", "draws",
              "pinned"}
    return 1 if wrong or not all(seen.get(w) for w in wanted) else 0


if __name__ == "__main__":
    sys.exit(main())
