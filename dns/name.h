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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader;

enum {
	NAME_OCTETS_MAX = 255, /* with the root's: RFC 1035, 2.3.4 */
	NAME_LABEL_MAX = 63,
	NAME_LABELS_MAX = 127, /* of one octet each */
	NAME_PAD = 9,          /* so that folding and hashing read words */
	NAME_TEXT_SIZE = 1024, /* any name as text, every octet escaped */
};

struct name {
	uint8_t octets[NAME_OCTETS_MAX + NAME_PAD]; /* 8 zeroes after len */
	uint8_t len;                                /* the root's included */
	uint8_t labels;                             /* the root not counted */
	uint8_t at[NAME_LABELS_MAX + 1]; /* at[labels] is the root's */
};

/*
 * Reads an uncompressed name.  False, with the reader where it was and out
 * undefined, when it is cut short, has a pointer or another label type than
 * 00, or more than 255 octets.
 */
bool name_read(struct reader *r, struct name *out);

/* From whole wire octets; false when they are not exactly one such name. */
bool name_from_wire(const uint8_t *octets, size_t len, struct name *out);

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
 */
uint64_t name_hash(const struct name *name, unsigned label);

/* Is octets[0..len) the suffix of name that begins at label? */
bool name_suffix_is(const struct name *name, unsigned label,
		    const uint8_t *octets, size_t len);

/* Is name the apex or below it?  By label, not by octet. */
bool name_within(const struct name *name, const struct name *apex);

#endif
