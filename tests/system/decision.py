# SPDX-License-Identifier: Apache-2.0
"""The decision, written a second time from the written rules, without a line
of the C: windrose-policy(5), policy/decide/chain.h, policy/decide/share.h,
policy/base/hash.h.  Endpoints are all of full share: nothing is commanded.

oracle.py compares it with the programs.
"""
import bisect
import functools
import ipaddress
import math

LOCATED = ("latency", "geo")

CONTINENTS = {
    "europe": "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LT LU LV"
              " NL NO PL PT RO RS RU SE SK UA",
    "asia": "AE BD CN HK ID IL IN JP KR MY PH PK SA SG TH TR TW VN",
    "oceania": "AU NZ",
    "africa": "EG GH KE MA NG ZA",
    "north-america": "CA MX US",
    "south-america": "AR BR CL CO PE",
}
CONTINENT_OF = {c: name for name, all_of in CONTINENTS.items()
                for c in all_of.split()}
EU = set("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT"
         " RO SE SI SK".split())
EEA = EU | {"IS", "LI", "NO"}


class Networks:
    """Prefixes with something attached; the longest around an address wins."""

    def __init__(self):
        self.by_length = {4: {}, 6: {}}

    def add(self, network, value):
        level = self.by_length[network.version].setdefault(
            network.prefixlen, {})
        level[int(network.network_address)] = value

    def find(self, address):
        number, size = int(address), address.max_prefixlen
        for bits in sorted(self.by_length[address.version], reverse=True):
            base = number >> (size - bits) << (size - bits)
            if base in self.by_length[address.version][bits]:
                return self.by_length[address.version][bits][base]
        return None

    def edges(self, version):
        size = 32 if version == 4 else 128
        for bits, level in self.by_length[version].items():
            for base in level:
                yield base
                yield base + (1 << (size - bits))


def facts_of_row(row):
    _, country, subdivision, latitude, longitude, asn = row
    return {
        "country": country,
        "subdivision": f"{country}-{subdivision}" if subdivision else None,
        "place": (float(latitude), float(longitude)) if latitude else None,
        "asn": int(asn) if asn else None,
    }


YES, MAYBE, NO = "yes", "maybe", "no"


def tell(known, yes):
    return (YES if yes else NO) if known else MAYBE


def cell_middle(place):
    """Cells of 2 degrees from (-90, -180)."""
    return tuple(min(int((x + edge) / 2), edge - 1) * 2 + 1 - edge
                 for x, edge in zip(place, (90, 180)))


def way_ms(a, b):
    (lat1, lon1), (lat2, lon2) = (map(math.radians, p) for p in (a, b))
    h = (math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) *
         math.sin((lon2 - lon1) / 2) ** 2)
    return 2 * 6371.0 * math.asin(math.sqrt(min(1, h))) * 2 / 200 * 1.6


def key(octets, seed=0xCBF29CE484222325):
    for octet in octets:
        seed = (seed ^ octet) * 0x100000001B3 % 2**64
    return seed


def mix(x):
    x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD % 2**64
    x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53 % 2**64
    return x ^ x >> 33


def rank_score(address, bits, service, endpoint, weight):
    network = ipaddress.ip_network((address, bits), strict=False)
    client = mix(key(bytes([network.version]) + network.network_address.packed))
    draw = mix((client + key(f"rank/{service}/{endpoint}".encode())) % 2**64)
    return -math.log((draw >> 11 | 1) / 2**53) / weight


class Oracle:
    def __init__(self, policy):
        self.p = policy
        self.needs_place = any(s["steer"] in LOCATED
                               for s in policy["services"].values())
        self.rows = {}
        self.pin = None  # (client set, region or endpoint)

    def facts(self, address):
        merged = {"country": None, "subdivision": None, "place": None,
                  "asn": None}
        for database in self.p["databases"]:
            found = database.find(address)
            for name in merged if found else ():
                if merged[name] is None:
                    merged[name] = found[name]
        better = self.p["corrections"].find(address)
        if better:
            if better["country"] != merged["country"]:
                merged["place"] = merged["subdivision"] = None
            for name in ("country", "subdivision", "place"):
                merged[name] = better[name] or merged[name]
        return merged

    def term_member(self, term, address, facts):
        country = facts["country"]
        if term == "all":
            return YES
        if term in ("eu", "eea"):
            return tell(country, country in (EU if term == "eu" else EEA))
        if term in CONTINENTS:
            return tell(country, CONTINENT_OF.get(country) == term)
        if term in self.p["sets"]:
            return self.member(term, address, facts)
        if "/" in term:
            network = ipaddress.ip_network(term)
            return tell(True, address.version == network.version and
                        address in network)
        if term.startswith("AS") and term[2:].isdigit():
            return tell(True, facts["asn"] == int(term[2:]))
        if "-" in term:
            if country and country != term[:2]:
                return NO
            return tell(facts["subdivision"], facts["subdivision"] == term)
        return tell(country, country == term)

    def member(self, name, address, facts):
        terms = self.p["sets"].get(name, [name])
        found = {self.term_member(t, address, facts) for t in terms}
        return YES if YES in found else MAYBE if MAYBE in found else NO

    def binding(self, address, facts):
        """The names of the residency rules that bind this client."""
        found = []
        for name, rule in self.p["residency"].items():
            member = self.member(rule["clients"], address, facts)
            strict = (rule["unknown_clients"] == "included" and
                      (member == MAYBE or not facts["country"]))
            if member == YES or strict:
                found.append(name)
        return found

    def allowed(self, address, facts):
        """Regions that residency leaves, and may unhealthy ones serve."""
        regions, serve = set(self.p["regions"]), True
        for name in self.binding(address, facts):
            rule = self.p["residency"][name]
            regions &= {region for region, r in self.p["regions"].items()
                        if set(r["jurisdictions"]) & set(rule["within"])}
            serve &= rule["none_healthy"] == "serve-unhealthy"
        return regions, serve

    def tiers(self, service, left, facts):
        """[[endpoint]], best first, and what each is expected to take."""
        s = self.p["services"][service]
        if s["steer"] == "failover":
            return [[e] for e in left], {}
        if s["steer"] == "weighted" or not facts["place"]:
            return [left] if left else [], {}
        here = cell_middle(facts["place"])
        ms = {e: way_ms(here, self.p["regions"][s["endpoints"][e]["region"]]
                        ["location"]) for e in left}
        tiers = []
        for e in sorted(left, key=lambda e: ms[e]):
            if not tiers or ms[e] > ms[tiers[-1][0]] + s["within"]:
                tiers.append([])
            tiers[-1].append(e)
        order = list(s["endpoints"])
        return [sorted(t, key=order.index) for t in tiers], ms

    def pinned(self, service, eligible, address, facts):
        """What a pin names of the eligible; none when it is not for him."""
        endpoints = self.p["services"][service]["endpoints"]
        if not self.pin or self.member(self.pin[0], address, facts) != YES:
            return []
        there = [e for e, v in endpoints.items() if v["region"] == self.pin[1]]
        return [e for e in there or [self.pin[1]] if e in eligible]

    def row(self, service, down, address):
        """Steps by endpoint, the tiers that clients can reach, the note."""
        facts = self.facts(address)
        s = self.p["services"][service]
        regions, serve = self.allowed(address, facts)
        down = down if s["check"] else set()
        step = {e: "eligible" for e in s["endpoints"]}
        eligible = [e for e, v in s["endpoints"].items()
                    if v["region"] in regions]
        alive = [e for e in eligible
                 if s["endpoints"][e]["region"] not in down]
        note = ("no-region" if not eligible else "plain" if alive else
                "none-healthy" if serve else "withheld")
        left = alive or (eligible if serve else [])
        step.update((e, "healthy") for e in eligible)
        pinned = self.pinned(service, eligible, address, facts)
        if set(pinned) & set(alive):
            left = [e for e in alive if e in pinned]
            step.update((e, "commanded") for e in eligible if e not in pinned)
        tiers, ms = self.tiers(service, left, facts)
        weighty = [e for e in left if s["endpoints"][e]["weight"]] or left
        step.update((e, "shared") for e in left)
        step.update((e, "kept") for e in weighty)
        tiers = [[e for e in t if e in weighty] for t in tiers]
        tiers = [t for t in tiers if t]
        return {"step": step, "tiers": tiers, "note": note, "ms": ms,
                "reached": self.reached(tiers, s["answers"])}

    @staticmethod
    def reached(tiers, answers):
        count, seen = 0, []
        for tier in tiers:
            if count >= answers:
                break
            seen.append(tier)
            count += len(tier)
        return seen

    def pick(self, service, row, address):
        s = self.p["services"][service]
        bits = s["sticky_prefix"][address.version]
        turn = []
        for tier in row["reached"]:
            turn += sorted(tier, key=lambda e: rank_score(
                address, bits, service, e, s["endpoints"][e]["weight"] or 1))
        return turn[:s["answers"]]

    def answer_key(self, service, row):
        """Rows with one key give every client the same answer."""
        endpoints = self.p["services"][service]["endpoints"]
        shape = []
        for tier in row["reached"]:
            weights = [endpoints[e]["weight"] or 1 for e in tier]
            shape.append(tuple(zip(tier, (w // functools.reduce(
                math.gcd, weights) for w in weights))))
        return row["note"], tuple(shape)

    def runs(self, service, down, version):
        """[(first address, key)]: where the answer changes, in order."""
        at = service, frozenset(down), version, self.pin
        if at in self.rows:
            return self.rows[at]
        edges = {0}
        for source in self.p["databases"] + [self.p["corrections"],
                                             self.p["networks"]]:
            edges.update(source.edges(version))
        make = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
        size = 32 if version == 4 else 128
        runs = []
        for edge in sorted(e for e in edges if e < 1 << size):
            k = self.answer_key(service, self.row(service, down, make(edge)))
            if not runs or runs[-1][1] != k:
                runs.append((edge, k))
        self.rows[at] = runs
        return runs

    def scope(self, service, down, address, row):
        s = self.p["services"][service]
        runs = self.runs(service, down, address.version)
        size = address.max_prefixlen
        at = bisect.bisect_right([r[0] for r in runs], int(address)) - 1
        first = runs[at][0]
        end = runs[at + 1][0] if at + 1 < len(runs) else 1 << size
        bits = next(b for b in range(size + 1)
                    if first <= int(address) >> (size - b) << (size - b) and
                    ((int(address) >> (size - b)) + 1) << (size - b) <= end)
        if s["sticky"] == "client" and self.is_draw(row):
            bits = max(bits, s["sticky_prefix"][address.version])
        return bits

    @staticmethod
    def is_draw(row):
        return any(len(t) > 1 for t in row["reached"])
