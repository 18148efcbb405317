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
#include "dns/query.h"
#include "dns/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct identity_text;

enum {
	NSID_OPTION = 3,
	KEEPALIVE_OPTION = 11,
	PADDING_OPTION = 12,
	EDE_OPTION = 15,
	EDNS_OPT_OCTETS = 11,    /* an OPT record without options */
	EDNS_PADDED_BLOCK = 468, /* RFC 8467, 4.1 */
	EDNS_DO = 0x8000,        /* in the field where TTL is */
	EDNS_SIZE = 1232,        /* what we take, and send: RFC 9715 */
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

/* What the OPT of an answer carries. */
struct edns {
	/* Known before the answer is; they need room. */
	bool has_others; /* any of those below; else they are not set */
	bool has_cookie, has_keepalive, padded;
	const struct identity_text *nsid; /* NULL: not asked or not told */
	uint16_t keepalive_ds; /* tenths of a second: RFC 7828, 3.1 */
	uint8_t cookie[COOKIE_OCTETS];
	/* What only the whole answer tells. */
	uint8_t scope_bits; /* for the client subnet, if it was sent */
	struct ede ede;     /* if there is room */
};

/* Those of the options that few queries ask for. */
size_t edns_other_octets(const struct edns *edns);

/* Octets of the whole OPT record, but for padding and extended error. */
static inline size_t edns_octets(const struct edns *edns,
				 const struct query *query)
{
	return EDNS_OPT_OCTETS +
	       (query->has_ecs ? ecs_octets(&query->ecs) : 0) +
	       (edns->has_others ? edns_other_octets(edns) : 0);
}

/* Writes the options behind an OPT record without, and their length. */
void edns_put_options(const struct edns *edns, const struct query *query,
		      struct wire *w);

/*
 * Writes the fixed part of an OPT record, with so many octets of options to
 * come, which go where it returns.  rcode has all twelve bits, of which the
 * upper eight stand here, with version 0 and DO copied: RFC 6891, 6.1.3.
 */
static inline uint8_t *edns_put_opt(uint8_t *at, unsigned rcode, bool dnssec_ok,
				    size_t options)
{
	at[0] = 0; /* the root owns it */
	octets_put_u16(at + 1, TYPE_OPT);
	octets_put_u16(at + 3, EDNS_SIZE);
	octets_put_u32(at + 5, rcode >> 4 << 24 | (dnssec_ok ? EDNS_DO : 0u));
	octets_put_u16(at + 9, (uint16_t)options);
	return at + EDNS_OPT_OCTETS;
}

/*
 * Writes the OPT record behind what w has; its cap is that of the whole
 * message, and edns_octets() of it are free.
 */
static inline void edns_write(const struct edns *edns,
			      const struct query *query, unsigned rcode,
			      struct wire *w)
{
	uint8_t *opt = wire_claim(w, EDNS_OPT_OCTETS);

	if (opt == NULL)
		return; /* never: its room was kept */
	edns_put_opt(opt, rcode, query->dnssec_ok, 0);
	if (query->has_ecs || edns->has_others || edns->ede.text != NULL)
		edns_put_options(edns, query, w);
}

#endif
