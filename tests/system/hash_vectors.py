#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which endpoint a client gets, computed without a line of Windrose's C.

    hash_vectors.py FILE           checks every vector of FILE; TAP
    hash_vectors.py --write FILE   writes FILE anew

An edge in any language must assign clients as DNS does; this is one such
language.  The rules are in policy/base/hash.h and policy/decide/share.h.
"""
import ipaddress
import math
import sys

MASK = (1 << 64) - 1
FULL = 0xFFFFFFFF


def key(octets, seed=0xCBF29CE484222325):
    """FNV-1a, 64 bits."""
    for octet in octets:
        seed = ((seed ^ octet) * 0x100000001B3) & MASK
    return seed


def mix(x):
    """fmix64 of MurmurHash3."""
    x ^= x >> 33
    x = (x * 0xFF51AFD7ED558CCD) & MASK
    x ^= x >> 33
    x = (x * 0xC4CEB9FE1A85EC53) & MASK
    x ^= x >> 33
    return x


def client_hash(address, bits):
    network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
    packed = network.network_address.packed
    return mix(key(packed, key([network.version])))


def session_hash(name):
    return mix(key(name.encode(), key([0])))


def draw(client, purpose):
    return mix((client + key(purpose.encode())) & MASK)


def accepts(client, service, name, threshold):
    if threshold == FULL:
        return True
    return draw(client, f"accept/{service}/{name}") >> 32 < threshold


class Row:
    """row NAME SERVICE ANSWERS ENTRY...

    ENTRY is TIER:ENDPOINT:WEIGHT:ACCEPT[:CANARY:ENDPOINT:ACCEPT]; thresholds
    are 8 hex digits, ffffffff is full.
    """

    def __init__(self, words):
        self.name, self.service, answers = words[:3]
        self.answers = int(answers)
        self.entries = [entry.split(":") for entry in words[3:]]

    def taker(self, client, entry):
        if len(entry) > 4:
            canary, endpoint, threshold = entry[4:]
            if accepts(client, self.service, f"canary:{canary}",
                       int(threshold, 16)):
                return endpoint
        return entry[1]

    def score(self, client, entry):
        ranked = draw(client, f"rank/{self.service}/{entry[1]}")
        u = (ranked >> 11 | 1) / 2.0**53
        return -math.log(u) / int(entry[2])

    def picks(self, client):
        turn = []
        for tier in sorted({int(entry[0]) for entry in self.entries}):
            last = [e for e in self.entries if int(e[0]) == tier]
            last.sort(key=lambda e: self.score(client, e))
            turn += last
        taken = [e for e in turn
                 if accepts(client, self.service, e[1], int(e[3], 16))]
        taken = taken[:self.answers] or last[:1]
        return [self.taker(client, entry) for entry in taken]


ADDRESSES = [
    ("192.0.2.1", 24), ("192.0.2.200", 24), ("192.0.2.200", 32),
    ("198.51.100.7", 24), ("203.0.113.0", 24), ("81.2.69.142", 24),
    ("81.2.69.142", 16), ("10.0.0.0", 8), ("0.0.0.0", 0),
    ("255.255.255.255", 32), ("2001:db8::1", 48), ("2001:db8:1::1", 48),
    ("2001:db8:1:2::3", 56), ("2a02:2e0::1", 48), ("::", 0),
]
SESSIONS = ["a", "00000000-0000-0000-0000-000000000000",
            "3f0c6a52-9a1e-4c67-8f0b-2d1e5a7b9c33", "9jR_x.~%2F=+"]
PURPOSES = [
    ("rank", "www", "us-east"), ("rank", "www", "eu-west"),
    ("accept", "www", "eu-west"), ("accept", "www", "canary:www-v2"),
    ("rank", "@", "eu-west"), ("accept", "api.v1", "ap-south-1"),
]
ROWS = """\
row alone www 1 0:eu-west:1:ffffffff
row even www 1 0:us-east:1:ffffffff 0:eu-west:1:ffffffff 0:ap-south:1:ffffffff
row weighted www 1 0:us-east:1:ffffffff 0:eu-west:3:ffffffff 0:ap-south:7:ffffffff
row draining www 1 0:us-east:1:40000000 1:eu-west:1:ffffffff
row declined www 1 0:us-east:1:10000000 0:eu-west:1:10000000 0:ap-south:1:10000000
row declined-weighted www 1 0:us-east:2:10000000 0:eu-west:5:10000000
row canary www 1 0:us-east:1:ffffffff:www-v2:us-east-v2:40000000 0:eu-west:1:ffffffff:www-v2:eu-west-v2:40000000
row two-answers www 2 0:us-east:1:80000000 0:eu-west:2:ffffffff 1:ap-south:1:c0000000
row apex @ 1 0:us-east:1:ffffffff 0:eu-west:1:ffffffff
"""
HEAD = """\
# Which endpoint a client gets: vectors that fix the hash for ever.  Written by
# tests/system/hash_vectors.py, which shares no code with Windrose; checked by
# it and by tests/unit/test_hash_vectors.c.  Rules: policy/base/hash.h (client, draw),
# policy/decide/share.h (row, pick).
#
#   client ADDRESS BITS HASH
#   session NAME HASH
#   purpose WHAT SERVICE NAME HASH
#   draw ADDRESS BITS WHAT SERVICE NAME DRAW
#   drawn SESSION WHAT SERVICE NAME DRAW
#   row NAME SERVICE ANSWERS TIER:ENDPOINT:WEIGHT:ACCEPT[:CANARY:ENDPOINT:ACCEPT]...
#   pick ROW ADDRESS BITS ENDPOINT...
"""


def answer(words, rows):
    """What a line's last words must be, given the others."""
    kind = words[0]
    if kind == "client":
        return [f"{client_hash(words[1], words[2]):016x}"], 3
    if kind == "session":
        return [f"{session_hash(words[1]):016x}"], 2
    if kind == "drawn":
        client = session_hash(words[1])
        return [f"{draw(client, '/'.join(words[2:5])):016x}"], 5
    if kind == "purpose":
        return [f"{key('/'.join(words[1:4]).encode()):016x}"], 4
    if kind == "draw":
        client = client_hash(words[1], words[2])
        return [f"{draw(client, '/'.join(words[3:6])):016x}"], 6
    if kind == "pick":
        return rows[words[1]].picks(client_hash(words[2], words[3])), 4
    raise ValueError(f"unknown line: {kind}")


def questions():
    for address, bits in ADDRESSES:
        yield ["client", address, str(bits)]
    for session in SESSIONS:
        yield ["session", session]
    for purpose in PURPOSES:
        yield ["purpose", *purpose]
    for address, bits in ADDRESSES[::3]:
        for purpose in PURPOSES[:4]:
            yield ["draw", address, str(bits), *purpose]
    for session in SESSIONS:
        for purpose in PURPOSES[2:4]:
            yield ["drawn", session, *purpose]
    for line in ROWS.splitlines():
        yield line.split()
        for address, bits in ADDRESSES:
            yield ["pick", line.split()[1], address, str(bits)]


def write(path):
    rows = {}
    with open(path, "w", encoding="ascii") as out:
        out.write(HEAD)
        for words in questions():
            if words[0] == "row":
                rows[words[1]] = Row(words[1:])
            else:
                words = words + answer(words, rows)[0]
            out.write(" ".join(words) + "\n")


def check(path):
    rows, checked, wrong = {}, 0, 0
    with open(path, encoding="ascii") as lines:
        for number, line in enumerate(lines, 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "row":
                rows[words[1]] = Row(words[1:])
                continue
            expected, at = answer(words, rows)
            checked += 1
            if words[at:] != expected:
                wrong += 1
                print(f"# {path}:{number}: {words[at:]}, not {expected}")
    print("1..1")
    verdict = "ok" if checked > 100 and wrong == 0 else "not ok"
    print(f"{verdict} 1 - {checked} vectors, {wrong} wrong")
    return verdict == "ok"


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        write(sys.argv[2])
    elif not check(sys.argv[1]):
        sys.exit(1)
