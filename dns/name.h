/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name -- a domain name as the zone index wants it: wire form, lower case,
 * with the places where its labels begin.
 *
 * Only the ASCII letters A to Z are folded (RFC 4343, 3); a label may hold any
 * octet, dots and NULs included (RFC 2181, 11).  Comparing two names is
 * comparing octets; the suffix that begins at label i is the octets from
 * at[i] on.  Pure.
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include "dns/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NAME_OCTETS_MAX = 255, /* with the root's: RFC 1035, 2.3.4 */
	NAME_LABEL_MAX = 63,
	NAME_LABELS_MAX = 127, /* of one octet each */
	NAME_PAD = 17,         /* so that hashing reads pairs of words */
	NAME_TEXT_SIZE = 1024, /* any name as text, every octet escaped */
};

struct name {
	uint8_t octets[NAME_OCTETS_MAX + NAME_PAD]; /* 16 zeroes behind len */
	uint8_t len;                                /* the root's included */
	uint8_t labels;                             /* the root not counted */
	uint8_t at[NAME_LABELS_MAX + 1]; /* at[labels] is the root's */
};

/*
 * Reads the uncompressed name that begins at octets, of which there are len.
 * Returns how many octets it has; 0, and out is undefined, when it is cut
 * short, has a pointer or another label type than 00, or more than 255 octets.
 */
size_t name_parse(const uint8_t *octets, size_t len, struct name *out);

/* The same from a reader; false, with the reader where it was, for 0. */
static inline bool name_read(struct reader *r, struct name *out)
{
	size_t octets = name_parse(r->octets + r->at, reader_left(r), out);

	r->at += octets;
	return octets > 0 && !r->failed;
}

/* From whole wire octets; false when they are not exactly one such name. */
static inline bool name_from_wire(const uint8_t *octets, size_t len,
				  struct name *out)
{
	return len > 0 && name_parse(octets, len, out) == len;
}

/*
 * From text with the escapes of RFC 1035, 5.1; with or without the final dot,
 * always taken as absolute.  False when it is not a name.
 */
bool name_from_text(const char *text, struct name *out);

/* With the final dot, into buf of NAME_TEXT_SIZE octets, which is returned. */
const char *name_text(const uint8_t *octets, size_t len, char *buf);

/*
 * Hash of the suffix that begins at label: equal suffixes of different names
 * hash alike.  Not keyed: for tables that only an operator fills.
 *
 * Two words at a time, each multiplied, so that the processor does both at
 * once; the zeroes behind the name fill the last pair.  The length goes in
 * first, so padding is not mistaken for octets.
 */
static inline uint64_t name_hash(const struct name *name, unsigned label)
{
	const uint8_t *from = name->octets + name->at[label];
	size_t len = (size_t)(name->len - name->at[label]);
	uint64_t hash = len * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < len; i += 16) {
		uint64_t high = octets_word(from + i + 8) *
				UINT64_C(0xc4ceb9fe1a85ec53);

		hash ^= octets_word(from + i) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= high >> 29 | high << 35;
		hash *= UINT64_C(0x9e3779b97f4a7c15);
	}
	/* Products carry upwards alone, and tables go by the lowest bits. */
	hash = (hash ^ hash >> 32) * UINT64_C(0xff51afd7ed558ccd);
	return hash ^ hash >> 32;
}

/* Is octets[0..len) the suffix of name that begins at label? */
static inline bool name_suffix_is(const struct name *name, unsigned label,
				  const uint8_t *octets, size_t len)
{
	size_t at = name->at[label];

	return name->len - at == len &&
	       octets_equal(name->octets + at, octets, len);
}

/* Is name the apex or below it?  By label, not by octet. */
bool name_within(const struct name *name, const struct name *apex);

#endif
