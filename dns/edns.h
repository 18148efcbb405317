/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edns -- the OPT record of an answer: which options it has and what room
 * they need.
 *
 * The room is known before the answer is written, so that truncation never
 * costs an option; an extended error goes in only if there is room left.  Pure.
 *
 * Source: RFC 6891, 6.1; RFC 5001; RFC 7828; RFC 7830; RFC 7871; RFC 7873;
 * RFC 8467; RFC 8914.
 */
#ifndef DNS_EDNS_H
#define DNS_EDNS_H

#include "dns/cookie.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct identity_text;
struct query;
struct wire;

enum {
	NSID_OPTION = 3,
	KEEPALIVE_OPTION = 11,
	PADDING_OPTION = 12,
	EDE_OPTION = 15,
	EDNS_OPT_OCTETS = 11,    /* an OPT record without options */
	EDNS_PADDED_BLOCK = 468, /* RFC 8467, 4.1 */
};

/* RFC 8914, 5.2; those that an authoritative server has a use for. */
enum ede_code {
	EDE_OTHER = 0,
	EDE_STALE_ANSWER = 3,
	EDE_PROHIBITED = 18,
	EDE_NOT_AUTHORITATIVE = 20,
	EDE_NOT_SUPPORTED = 21,
	EDE_INVALID_QUERY_TYPE = 30, /* RFC 9824, 3.5 */
};

/* An extended error: why, for people.  text NULL: none is sent. */
struct ede {
	uint16_t info_code;
	const char *text;
};

/* What is known of the options before the answer is; zero: none of them. */
struct edns {
	const struct identity_text *nsid; /* NULL: not asked or not told */
	bool has_cookie, has_keepalive, padded;
	uint8_t cookie[COOKIE_OCTETS];
	uint16_t keepalive_ds; /* tenths of a second: RFC 7828, 3.1 */
};

/* What only the whole answer tells. */
struct edns_end {
	unsigned rcode;     /* all twelve bits */
	uint8_t scope_bits; /* for the client subnet, if it was sent */
	struct ede ede;
	size_t limit; /* padding stays below it */
};

/* Octets of the whole OPT record, but for padding and extended error. */
size_t edns_octets(const struct edns *edns, const struct query *query);

/*
 * Writes the OPT record behind what w has; its cap leaves edns_octets() free.
 */
void edns_write(const struct edns *edns, const struct query *query,
		const struct edns_end *end, struct wire *w);

#endif
