/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query -- a DNS query, read from the wire into what answering needs.
 *
 * Reads every octet of the message once, under one bounds check, and trusts
 * none: what can be wrong with it is a value, named by what we answer.  Pure.
 * Source: RFC 1035, 4.1; RFC 6891, 6; RFC 9619.
 */
#ifndef DNS_QUERY_H
#define DNS_QUERY_H

#include "dns/cookie.h"
#include "dns/ecs.h"
#include "dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DNS_HEADER_OCTETS = 12,
	DNS_PLAIN_MAX = 512, /* largest answer without EDNS, RFC 1035, 4.2.1 */
};

enum rr_class { CLASS_IN = 1, CLASS_CH = 3 };

/* The RR TYPEs that rules are made for; all others are only data. */
enum rr_type {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_DNAME = 39,
	TYPE_OPT = 41,
	TYPE_DS = 43,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_DNSKEY = 48,
	TYPE_CDS = 59,
	TYPE_CDNSKEY = 60,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_NXNAME = 128,
	TYPE_TKEY = 249,
	TYPE_TSIG = 250,
	TYPE_IXFR = 251,
	TYPE_AXFR = 252,
	TYPE_MAILB = 253,
	TYPE_MAILA = 254,
	TYPE_ANY = 255,
};

enum query_verdict {
	QUERY_OK,
	QUERY_DROP,    /* a response, or no whole header: silence */
	QUERY_FORMERR, /* cannot be read, or breaks a MUST */
	QUERY_NOTIMP,  /* an opcode that is not spoken here */
	QUERY_REFUSED, /* NOTIFY and UPDATE: policy alone changes the zone */
	QUERY_BADVERS, /* an EDNS version other than 0: RFC 6891, 6.1.3 */
	QUERY_EMPTY,   /* no question: a cookie may be all it wants */
};

struct query {
	uint16_t flags;        /* the header's second word, as it came */
	uint16_t question_len; /* octets of the question, which begins after
				* the header; 0: none that could be read */
	uint16_t qtype, qclass;
	uint16_t udp_size; /* requestor's, as it came; 0 without EDNS */
	bool edns;         /* there was an OPT, readable or not */
	bool dnssec_ok;
	bool has_ecs;          /* ecs below holds the client's */
	bool has_others;       /* any option but that; else none of these */
	bool has_cookie;       /* cookie below holds the first one */
	bool cookie_malformed; /* which matters only where cookies are on */
	bool has_nsid, has_keepalive, has_padding;
	bool keepalive_timed; /* with a TIMEOUT, which a client may not send */
	struct ecs ecs;
	struct cookie cookie;
	struct name qname; /* when question_len > 0 */
};

/*
 * For whom an answer is: the client subnet, else peer.  RFC 7871, 7.1.2: SOURCE
 * 0 asks to be answered as if it came without.  Borrowed from either.
 */
static inline const struct net_addr *query_client(const struct query *query,
						  const struct net_addr *peer)
{
	return query->has_ecs && query->ecs.source_bits > 0 ? &query->ecs.addr
							    : peer;
}

/*
 * Fills out as far as the message could be read; with QUERY_DROP not at all.
 * Unknown options, Z and the contents of other records are ignored.
 * Where an option is malformed, or of another version, there are none.
 */
enum query_verdict query_parse(const uint8_t *octets, size_t len,
			       struct query *out);

#endif
