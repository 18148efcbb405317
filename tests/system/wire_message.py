# SPDX-License-Identifier: Apache-2.0
"""DNS messages as octets, written from the RFCs for tests/system/wire.py and
sharing nothing with what it tests nor with a DNS library.

Message(octets) reads strictly: pointers go back to where a name began a label,
RDATA is as long as it says, nothing is left over, names in RDATA of types that
must not be compressed (RFC 3597, 4) are not.  What it holds is decompressed,
so two messages that say the same have the same parts, octet for octet.
"""

import socket
import struct

TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16, "RP": 17, "AFSDB": 18,
    "AAAA": 28, "LOC": 29, "SRV": 33, "NAPTR": 35, "DNAME": 39, "OPT": 41, "DS": 43, "SSHFP": 44, "RRSIG": 46,
    "NSEC": 47, "DNSKEY": 48, "NSEC3": 50, "NSEC3PARAM": 51, "TLSA": 52, "CDS": 59, "CDNSKEY": 60, "SVCB": 64,
    "HTTPS": 65, "TKEY": 249, "TSIG": 250, "IXFR": 251, "AXFR": 252, "MAILB": 253, "MAILA": 254, "ANY": 255,
    "URI": 256, "CAA": 257,
}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
CLASSES = {"IN": 1, "CH": 3, "HS": 4, "NONE": 254, "ANY": 255}
RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5, "YXDOMAIN": 6,
          "NOTAUTH": 9, "BADVERS": 16, "BADCOOKIE": 23}
RCODE_NAMES = {number: name for name, number in RCODES.items()}
FLAGS = {"qr": 0x8000, "aa": 0x0400, "tc": 0x0200, "rd": 0x0100, "ra": 0x0080, "z": 0x0040, "ad": 0x0020,
         "cd": 0x0010}

# RDATA by type: N a name that may be compressed, n one that may not be,
# B W L numbers of 1, 2 and 4 octets, 4 and 6 addresses, S one string, * strings
# to the end, H hex to the end, ? the rest as it is.
FIELDS = {
    "A": "4", "NS": "N", "CNAME": "N", "SOA": "NNLLLLL", "PTR": "N", "HINFO": "SS", "MX": "WN", "TXT": "*",
    "RP": "nn", "AFSDB": "Wn", "AAAA": "6", "SRV": "WWWn", "NAPTR": "WWSSSn", "DNAME": "n", "DS": "WBBH",
    "CDS": "WBBH", "SSHFP": "BBH", "TLSA": "BBBH", "RRSIG": "WBBLLLWn?", "NSEC": "n?", "SVCB": "Wn?",
    "HTTPS": "Wn?", "URI": "WW?",
}
SIZES = {"B": 1, "W": 2, "L": 4}


class Malformed(Exception):
    """The octets are no message."""


def type_number(text):
    return TYPES[text] if text in TYPES else int(text.removeprefix("TYPE"))


def type_name(number):
    return TYPE_NAMES.get(number, f"TYPE{number}")


def characters(text):
    """The octets of text, with \\DDD and \\X undone, and whether each was escaped."""
    at = 0
    while at < len(text):
        if text[at] != "\\":
            yield ord(text[at]), False
            at += 1
        elif text[at + 1:at + 4].isdigit():
            yield int(text[at + 1:at + 4]), True
            at += 4
        else:
            yield ord(text[at + 1]), True
            at += 2


def name_octets(text, origin=b"\0"):
    """RFC 1035, 3.1 and 5.1.  A name without its last dot is below origin."""
    if text == "@":
        return origin
    if text == ".":
        return b"\0"
    labels, dot = [b""], False
    for octet, escaped in characters(text):
        dot = octet == ord(".") and not escaped
        if dot:
            labels.append(b"")
        else:
            labels[-1] += bytes([octet])
    if dot:
        labels.pop()
    return b"".join(bytes([len(label)]) + label for label in labels) + (b"\0" if dot else origin)


def name_text(octets):
    at, text = 0, ""
    while octets[at]:
        for octet in octets[at + 1:at + 1 + octets[at]]:
            plain = 0x20 < octet < 0x7F and chr(octet) not in '."\\;()@$'
            text += chr(octet) if plain else f"\\{octet:03}"
        text += "."
        at += 1 + octets[at]
    return text or "."


def string_octets(text):
    """A character-string of RFC 1035, 3.3."""
    octets = bytes(octet for octet, _ in characters(text.strip('"')))
    return bytes([len(octets)]) + octets


def rdata_octets(rdtype, words, origin):
    """Uncompressed, from the words of a master file, or \\# LENGTH HEX."""
    if words[:1] == ["\\#"]:
        octets = bytes.fromhex("".join(words[2:]))
        assert len(octets) == int(words[1]), words
        return octets
    words, octets = list(words), b""
    for field in FIELDS[rdtype]:
        if field in "Nn":
            octets += name_octets(words.pop(0), origin)
        elif field in SIZES:
            word = words.pop(0)
            octets += (type_number(word) if rdtype == "RRSIG" and not octets else int(word)).to_bytes(
                SIZES[field], "big")
        elif field in "46":
            octets += socket.inet_pton(socket.AF_INET if field == "4" else socket.AF_INET6, words.pop(0))
        elif field == "S":
            octets += string_octets(words.pop(0))
        elif field == "*":
            octets += b"".join(string_octets(word) for word in words)
            words = []
        else:
            octets += bytes.fromhex("".join(words))
            words = []
    assert not words, words
    return octets


class RR:
    """A record, decompressed."""

    def __init__(self, owner, number, rdclass, ttl, rdata):
        self.owner, self.type, self.rdclass, self.ttl, self.rdata = owner, number, rdclass, ttl, rdata

    def octets(self):
        return self.owner + struct.pack("!HHIH", self.type, self.rdclass, self.ttl, len(self.rdata)) + self.rdata

    def key(self):
        """Of its RRset.  RRSIGs are none together: RFC 4035, 2.2."""
        return self.owner, self.type, self.rdclass, self.rdata[:2] if self.type == TYPES["RRSIG"] else b""

    def __str__(self):
        return f"{name_text(self.owner)} {self.ttl} {type_name(self.type)} \\# {len(self.rdata)} {self.rdata.hex()}"


class Message:
    """One message, read."""

    def __init__(self, octets):
        self.octets, self.at = octets, 0
        self.labels = set()  # where labels of names begin: what a pointer may point at
        self.id, self.flags, *self.counts = struct.unpack("!6H", self.take(12))
        self.questions = []
        for _ in range(self.counts[0]):
            self.questions.append(self.name(compressed=False) + self.take(4))
        self.sections = [[self.record() for _ in range(n)] for n in self.counts[1:]]
        if self.at != len(octets):
            raise Malformed(f"{len(octets) - self.at} octets are left over")
        found = [rr for rr in self.sections[2] if rr.type == TYPES["OPT"]]
        self.sections[2] = [rr for rr in self.sections[2] if rr.type != TYPES["OPT"]]
        if len(found) > 1 or any(rr.type == TYPES["OPT"] for s in self.sections[:2] for rr in s):
            raise Malformed("more than one OPT, or one outside the additional section")
        self.opt = found[0] if found else None
        self.options = list(self.read_options()) if found else []

    def take(self, count):
        if self.at + count > len(self.octets):
            raise Malformed(f"ends at {len(self.octets)}, within {count} octets from {self.at}")
        self.at += count
        return self.octets[self.at - count:self.at]

    def name(self, compressed):
        """RFC 1035, 4.1.4: pointers to a prior occurrence, thus only back."""
        start, resume, octets, began = self.at, None, b"", []
        while True:
            here = self.at
            count = self.take(1)[0]
            if count >= 0xC0:
                target = (count & 0x3F) << 8 | self.take(1)[0]
                if not compressed:
                    raise Malformed(f"a pointer at {here} where names are not compressed")
                if target >= start or target not in self.labels:
                    raise Malformed(f"the pointer at {here} to {target} is to no label before it")
                resume = self.at if resume is None else resume
                start = self.at = target
                continue
            if count > 63:
                raise Malformed(f"label type {count >> 6} at {here}")
            if resume is None:
                began.append(here)
            octets += bytes([count]) + self.take(count)
            if count == 0:
                break
        if len(octets) > 255:
            raise Malformed(f"a name of {len(octets)} octets")
        self.labels.update(began)
        self.at = self.at if resume is None else resume
        return octets

    def rdata(self, number, end):
        octets = b""
        for field in FIELDS.get(type_name(number), "?"):
            if field in "Nn":
                octets += self.name(compressed=field == "N")
            elif field == "S":
                octets += self.octets[self.at:self.at + 1] + self.take(1 + self.octets[self.at])[1:]
            elif field in "*H?":
                octets += self.take(end - self.at)
            else:
                octets += self.take({"4": 4, "6": 16}.get(field) or SIZES[field])
        if self.at != end:
            raise Malformed(f"RDATA of {type_name(number)} ends at {self.at}, not {end}")
        return octets

    def record(self):
        owner = self.name(compressed=True)
        number, rdclass, ttl, length = struct.unpack("!HHIH", self.take(10))
        if self.at + length > len(self.octets):
            raise Malformed(f"RDATA of {length} octets at {self.at}")
        return RR(owner, number, rdclass, ttl, self.rdata(number, self.at + length))

    def read_options(self):
        """(code, data) in their order: RFC 6891, 6.1.2."""
        at, octets = 0, self.opt.rdata
        while at < len(octets):
            if at + 4 > len(octets):
                raise Malformed("an option is cut off")
            code, length = struct.unpack("!HH", octets[at:at + 4])
            at += 4 + length
            if at > len(octets):
                raise Malformed(f"option {code} is longer than OPT")
            yield code, octets[at - length:at]

    def rcode(self):
        return (self.opt.ttl >> 24 << 4 if self.opt else 0) | self.flags & 15

    def __str__(self):
        flags = " ".join(name for name, bit in FLAGS.items() if self.flags & bit)
        lines = [f"id {self.id:#06x} opcode {self.flags >> 11 & 15} {flags} "
                 f"{RCODE_NAMES.get(self.rcode(), self.rcode())} counts {self.counts} size {len(self.octets)}"]
        lines += ["  question " + name_text(q[:-4]) + " " + q[-4:].hex() for q in self.questions]
        for title, section in zip(("answer", "authority", "additional"), self.sections):
            lines += [f"  {title} {rr}" for rr in section]
        if self.opt:
            lines.append(f"  opt size {self.opt.rdclass} ttl {self.opt.ttl:08x} "
                         + " ".join(f"{code}:{data.hex()}" for code, data in self.options))
        return "\n".join(lines)
