/* SPDX-License-Identifier: Apache-2.0 */
/*
 * master -- a master file as records in wire form.
 *
 * Entries are split here and read by ldns: ldns knows every type (and any
 * other by RFC 3597), but loses the line inside parentheses, and neither
 * $INCLUDE nor going on after a mistake is for it.  Every bad entry is
 * reported with its line.
 *
 * $ORIGIN, $TTL and $INCLUDE are obeyed; file names of $INCLUDE are relative
 * to the file that includes.  $GENERATE is refused.
 *
 * Source: RFC 1035, 5; RFC 2308, 4 ($TTL); RFC 2181, 8 (largest TTL).
 */
#ifndef POLICY_LANGUAGE_MASTER_H
#define POLICY_LANGUAGE_MASTER_H

#include "policy/language/policy.h"

struct arena;
struct source;
struct sources;

enum {
	MASTER_ENTRY_SIZE = 128 * 1024, /* one entry's text, with its NUL */
	MASTER_INCLUDES_MAX = 4,        /* how deep */
	MASTER_RECORDS_MAX = 1000000,
};

/* A record and where it was written. */
struct master_record {
	struct record record;
	struct place at;
};

struct master {
	struct arena *arena;     /* borrowed; all octets are in it */
	struct errors *errs;     /* borrowed */
	struct sources *sources; /* borrowed; for $INCLUDE */
	const char *zone;        /* the first origin, absolute */
	uint32_t ttl_s;          /* of records without one and without $TTL */
	struct master_record *list; /* in the order read */
	size_t count, cap;
};

/* Adds the records of source, which begins at the zone's name. */
void master_read(struct master *m, const struct source *source);

/*
 * Adds one record that is written nowhere; owner and rdata are copied.  False
 * when memory ran out, which is reported.
 */
bool master_add(struct master *m, const struct record *record, struct place at);

/* A domain name in text to its wire form, lower case; its length or 0. */
size_t master_name(const char *text, uint8_t out[256]);

/* The other way, for errors; into buf, which is returned. */
const char *master_name_text(const uint8_t *wire, size_t len, char *buf,
			     size_t size);

#endif
