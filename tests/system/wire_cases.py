# SPDX-License-Identifier: Apache-2.0
"""The language of tests/data/wire/*/*.cases, described in
tests/data/wire/README: a query and the whole message that must answer it."""

import ipaddress
import re
import struct
import time

from wire_message import CLASSES, FLAGS, RCODES, RR, TYPES, Malformed, name_octets, rdata_octets, type_number

SECTIONS = {"ans": 0, "aut": 1, "add": 2}
ECS, NSID, COOKIE, KEEPALIVE, PADDING, EDE = 8, 3, 10, 11, 12, 15
WORD = re.compile(r'"(?:\\.|[^"\\])*"|\S+')
RUN = re.compile(r"(?:\((\w+)\)|(.))\{(\d+)\}")


def low_high(text):
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def ecs_octets(text):
    """ADDRESS/SOURCE as a query has it (RFC 7871, 6); "0" is FAMILY 0."""
    if text == "0":
        return struct.pack("!HBB", 0, 0, 0)
    network = ipaddress.ip_network(text)
    octets = network.network_address.packed[:(network.prefixlen + 7) // 8]
    return struct.pack("!HBB", {4: 1, 6: 2}[network.version], network.prefixlen, 0) + octets


def option(code, data):
    return struct.pack("!HH", code, len(data)) + data


class Query:
    """What `ask` says, as octets."""

    def __init__(self, words, origin):
        self.id, self.flags, self.opcode, self.qclass, self.rcode = 0x1234, 0, 0, 1, 0
        self.counts, self.question, self.records, self.tail, self.cut = {}, b"", [b"", b"", b""], b"", 0
        self.added = [0, 0, 0]
        self.whole = False  # the question's octets have its class, or end before
        self.edns, self.size, self.version, self.optflags, self.options = False, 1232, 0, 0, b""
        self.cookie = None  # the client cookie that is sent with the server's own
        self.opts, self.optname, self.raw = 1, b"\0", None
        if words[0].startswith("raw="):
            self.raw = bytes.fromhex(words[0][4:])
            words = words[1:]
        elif words[0].startswith("question="):
            self.question = bytes.fromhex(words[0][9:])
            words = words[1:]
        else:
            name = bytes.fromhex(words[0][4:]) if words[0].startswith("hex=") else name_octets(words[0], origin)
            self.question = name + struct.pack("!H", type_number(words[1]))
            words = words[2:]
        for word in words:
            self.word(*word.partition("=")[::2])
        if self.raw is None and not self.whole:
            self.question += struct.pack("!H", self.qclass)

    def word(self, key, value):
        if key in FLAGS:
            self.flags |= FLAGS[key]
        elif key in ("id", "opcode", "rcode", "cut"):
            setattr(self, key, int(value, 0))
        elif key == "class":
            self.qclass = CLASSES[value] if value in CLASSES else int(value)
        elif key in ("qd", "an", "ns", "ar"):
            self.counts[("qd", "an", "ns", "ar").index(key)] = int(value)
        elif key == "whole":
            self.whole = True
        elif key == "tail":
            self.tail = bytes.fromhex(value)
        elif key.startswith("rr-"):
            self.records[SECTIONS[key[3:]]] += bytes.fromhex(value)
            self.added[SECTIONS[key[3:]]] += 1
        else:
            self.edns_word(key, value)

    def edns_word(self, key, value):
        self.edns = True
        if key == "edns":
            self.size = int(value or 1232)
        elif key == "version":
            self.version = int(value)
        elif key == "do":
            self.optflags |= 0x8000
        elif key == "optflags":
            self.optflags |= int(value, 0)
        elif key == "opts":
            self.opts = int(value)
        elif key == "optname":
            self.optname = bytes.fromhex(value)
        elif key == "opt":
            code, _, data = value.partition(":")
            self.options += option(int(code), bytes.fromhex(data))
        elif key == "optraw":
            self.options += bytes.fromhex(value)
        elif key == "ecs":
            self.options += option(ECS, ecs_octets(value))
        elif key == "cookie" and value.endswith("+"):
            self.cookie = bytes.fromhex(value[:-1])
        elif key == "cookie":
            self.options += option(COOKIE, bytes.fromhex(value))
        elif key == "nsid":
            self.options += option(NSID, b"")
        elif key == "keepalive":
            self.options += option(KEEPALIVE, bytes.fromhex(value))
        elif key == "padding":
            self.options += option(PADDING, bytes(int(value)))
        else:
            raise ValueError(f"no word of a query: {key}")

    def opt_octets(self, more):
        data = self.options + more
        return self.optname + struct.pack("!HHBBHH", TYPES["OPT"], self.size, 0, self.version, self.optflags,
                                          len(data)) + data

    def octets(self, number=None, server_cookie=b""):
        """The message; number is an ID other than its own."""
        if self.raw is not None:
            return self.raw
        more = b"" if self.cookie is None else option(COOKIE, self.cookie + server_cookie)
        opts = self.opts if self.edns else 0
        counts = [1 if self.question else 0, *self.added]
        counts[3] += opts
        for place, count in self.counts.items():
            counts[place] = count
        flags = self.flags | self.opcode << 11 | self.rcode
        octets = struct.pack("!6H", self.id if number is None else number, flags, *counts) + self.question
        octets += b"".join(self.records) + self.opt_octets(more) * opts + self.tail
        return octets[:len(octets) - self.cut]

    def limit(self):
        """RFC 1035, 4.2.1; RFC 6891, 6.2.3 to 6.2.5; RFC 9715, 3: over UDP."""
        return min(max(self.size, 512), 1232) if self.edns else 512


class Row:
    """One expected record.  mark "?": its RRset may be left out, whole; "|":
    exactly one of those so marked is there."""

    def __init__(self, words, origin, mark):
        owner, ttl, rdtype, *rdata = words
        rdclass, _, rdtype = rdtype.rpartition(".")
        self.ttl = low_high(ttl)
        self.mark = mark
        self.rr = RR(name_octets(owner, origin), type_number(rdtype), CLASSES[rdclass or "IN"], self.ttl[0],
                     rdata_octets(rdtype, rdata, origin))

    def takes(self, rr, any_case):
        told = RR(self.rr.owner, self.rr.type, self.rr.rdclass, rr.ttl, self.rr.rdata).octets()
        seen = rr.octets()
        same = told.lower() == seen.lower() if any_case else told == seen
        return same and self.ttl[0] <= rr.ttl <= self.ttl[1]


class SignatureRow(Row):
    """An expected RRSIG, of ECDSA P-256: TYPE LABELS ORIGINAL-TTL KEY-TAG; its
    times are around now, its signature is some 64 octets."""

    def __init__(self, words, origin, mark):
        covered, labels, original, tag = words[3:]
        signer = name_octets("@", origin)
        head = struct.pack("!HBBI", type_number(covered), 13, int(labels), int(original))
        super().__init__([*words[:3], "\\#", "0"], origin, mark)
        self.rr.rdata = head + bytes(8) + struct.pack("!H", int(tag)) + signer + bytes(64)

    def takes(self, rr, any_case):
        expires, begins = struct.unpack("!II", rr.rdata[8:16]) if len(rr.rdata) > 82 else (0, 0)
        blank = RR(rr.owner, rr.type, rr.rdclass, rr.ttl, rr.rdata[:8] + bytes(8) + rr.rdata[16:-64] + bytes(64))
        return begins <= time.time() <= expires and super().takes(blank, any_case)


class Case:
    """A rule, a query and the answer it demands."""

    def __init__(self, title, place):
        self.title, self.place = title, place
        self.over, self.how, self.source = ("udp", "tcp"), None, "127.0.0.1"
        self.query = None
        self.silent = self.no_question = self.any_case = False
        self.rcode, self.flags, self.rows = 0, 0, ([], [], [])
        self.opt, self.opt_optional = None, False
        self.size = None

    def say(self, words):
        self.silent = words == ["nothing"]
        if self.silent:
            return
        self.rcode = RCODES[words[0]]
        for word in words[1:]:
            if word == "no-question":
                self.no_question = True
            elif word == "any-case":
                self.any_case = True
            elif word.startswith("size="):
                self.size = low_high(word[5:])
            else:
                self.flags |= FLAGS[word]

    def problems(self, message, sent, limit):
        """What is wrong with the answer to the octets sent, in words."""
        opcode = sent[2] & 0x78
        flags = 0x8000 | opcode << 8 | self.flags | self.rcode & 15
        if message.octets[:2] != sent[:2]:
            yield f"the ID is {message.octets[:2].hex()}"
        if message.flags != flags:
            yield f"flags are {message.flags:#06x}, not {flags:#06x}"
        if message.rcode() != self.rcode:
            yield f"RCODE is {message.rcode()}, not {self.rcode}"
        asked = [] if self.no_question else [self.query.question or sent[12:12 + question_octets(sent)]]
        if message.questions != asked:
            yield f"the question is not as it was sent: {[q.hex() for q in message.questions]}"
        if len(message.octets) > limit:
            yield f"{len(message.octets)} octets, more than {limit}"
        if self.size and not self.size[0] <= len(message.octets) <= self.size[1]:
            yield f"{len(message.octets)} octets, not {self.size}"
        for place, title in enumerate(("answer", "authority", "additional")):
            yield from self.section_problems(title, self.rows[place], message.sections[place])
        yield from self.opt_problems(message)

    def section_problems(self, title, rows, records):
        left, missing = list(records), []
        for row in rows:
            rr = next((r for r in left if row.takes(r, self.any_case)), None)
            if rr is None:
                missing.append(row)
            else:
                left.remove(rr)
        there = {rr.key() for rr in records}
        for row in missing:
            if row.mark == "" or row.mark == "?" and row.rr.key() in there:
                yield f"not in the {title} section: {row.rr}"
        choice = [row in missing for row in rows if row.mark == "|"]
        if choice and choice.count(False) != 1:
            yield f"{choice.count(False)} of {len(choice)} records in the {title} section, not one"
        yield from (f"too much in the {title} section: {rr}" for rr in left)
        ttls, order = {}, []
        for rr in records:
            ttls.setdefault(rr.key(), set()).add(rr.ttl)
            if not order or order[-1] != rr.key():
                order.append(rr.key())
        # RFC 2181, 5.2: one TTL an RRset.  An RRset's records stand together.
        yield from (f"TTLs of one RRset differ: {t}" for t in ttls.values() if len(t) > 1)
        if len(order) != len(set(order)):
            yield f"records of one RRset are apart in the {title} section"
        # RFC 1034, 4.3.2: a chain of CNAMEs is told from its begin.
        told = list(dict.fromkeys(row.rr.key() for row in rows))
        if title == "answer" and not self.any_case and [k for k in told if k in order] != [
                k for k in order if k in told]:
            yield "the RRsets of the answer are in another order"

    def opt_problems(self, message):
        if (self.opt is None) != (message.opt is None) and not self.opt_optional:
            yield f"OPT: {'missing' if self.opt is not None else 'not asked for'}"
        if self.opt is None or message.opt is None:
            return
        ttl = self.rcode >> 4 << 24 | (0x8000 if "do" in self.opt else 0)
        if (message.opt.owner, message.opt.rdclass, message.opt.ttl) != (b"\0", 1232, ttl):
            yield f"OPT's fixed part: size {message.opt.rdclass}, ttl {message.opt.ttl:08x}, not {ttl:08x}"
        left = list(message.options)
        for word in self.opt:
            if word == "do":
                continue
            key, _, value = word.partition("=")
            found = next((o for o in left if option_is(key.rstrip("?"), value, o, self.query)), None)
            if found is not None:
                left.remove(found)
            elif not key.endswith("?"):
                yield f"option not there: {word}"
        yield from (f"option too much: {code}:{data.hex()}" for code, data in left)


def question_octets(octets):
    at = 12
    while octets[at]:
        at += 1 + octets[at]
    return at + 5 - 12


def option_is(key, value, found, query):
    """Is the option that was found the one that `opt` tells of?"""
    code, data = found
    if key == "ecs":
        # ADDRESS/SOURCE/SCOPE; RFC 7871, 7.2.1: all but SCOPE as it was sent.
        told, _, scope = value.rpartition("/")
        low, high = low_high(scope)
        octets = ecs_octets(told)
        return code == ECS and data[:3] + b"\0" + data[4:] == octets and low <= data[3] <= high
    if key == "ede":
        # RFC 8914, 2: the text is the server's own; UTF-8, not ended by NUL.
        return (code == EDE and not data[2:].decode("utf-8").endswith("\0")
                and (value == "" or data[:2] == int(value).to_bytes(2, "big")))
    if key == "cookie":
        # RFC 9018, 4: version 1, three octets of zero, a time of now, a hash.
        made = int.from_bytes(data[12:16], "big")
        return (code == COOKIE and len(data) == 24 and data[:12] == bytes.fromhex(value) + b"\1\0\0\0"
                and abs(made - time.time()) < 300)
    if key == "nsid":
        return code == NSID and data == value.encode()
    if key == "keepalive":
        low, high = low_high(value)
        return code == KEEPALIVE and len(data) == 2 and low <= int.from_bytes(data, "big") <= high
    if key == "opt":
        number, _, octets = value.partition(":")
        return (code, data) == (int(number), bytes.fromhex(octets))
    raise ValueError(f"no word of an OPT: {key}")


class Reader:
    """One file of cases."""

    def __init__(self, path):
        self.path, self.origin = path, b"\0"
        self.cases, self.words_of = [], {}
        with open(path) as f:
            for number, line in enumerate(f, 1):
                try:
                    self.line(line.strip(), number)
                except (ValueError, KeyError, IndexError, AssertionError, OSError) as e:
                    raise ValueError(f"{path}:{number}: {e!r}") from None

    def line(self, line, number):
        if line == "" or line.startswith("#"):
            return
        key, _, rest = line.partition(" ")
        if key == "case":
            self.cases.append(Case(rest, f"{self.path}:{number}"))
            return
        if key == "let":
            name, _, words = rest.partition(" = ")
            self.words_of["$" + name] = WORD.findall(words)
            return
        words = [w for word in WORD.findall(rest) for w in self.words_of.get(word, [word])]
        words = [RUN.sub(lambda run: (run[1] or run[2]) * int(run[3]), word) for word in words]
        key, mark = key.rstrip("?|"), key[-1] if key[-1] in "?|" else ""
        if key == "origin":
            self.origin = name_octets(words[0])
        else:
            self.case_line(self.cases[-1], key, words, mark)

    def case_line(self, case, key, words, mark):
        if key in SECTIONS:
            kind = SignatureRow if words[2] == "RRSIG" else Row
            case.rows[SECTIONS[key]].append(kind(words, self.origin, mark))
        elif key == "ask":
            case.query = Query(words, self.origin)
        elif key == "say":
            case.say(words)
        elif key == "opt":
            case.opt, case.opt_optional = words, mark == "?"
        elif key == "over":
            case.over = tuple(words)
        elif key == "how":
            case.how = words
        elif key == "from":
            case.source = words[0]
        else:
            raise ValueError(f"no such line: {key}")


__all__ = ["COOKIE", "Case", "Malformed", "Reader"]
