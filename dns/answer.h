/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer -- one query in, one answer out.
 *
 * The whole of what the responder says, as a function of the table, the query
 * and who asks: RFC 1034 4.3.2 over a frozen zone, RFC 6891, RFC 7871.  Pure:
 * no allocation, no lock, no clock, no system call; any number of threads.
 */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include "dns/index.h"
#include "dns/query.h"
#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct identity;
struct table;
struct view;
struct zone;

enum {
	ANSWER_UDP_MAX =
		1232,         /* no UDP answer is larger: RFC 9715; EDNS_SIZE */
	ANSWER_CAP_MIN = 512, /* an out of fewer octets gets no answer */
	ANSWER_TCP_MAX = 65535,
};

/* One message as it came. */
struct answer_input {
	const uint8_t *query; /* borrowed */
	size_t len;
	struct net_addr peer; /* IPv4-mapped IPv6 already made IPv4 */
	bool stream;          /* TCP: up to 65535 octets */
	uint64_t random; /* fresh bits: they spread TTLs and draw for `sticky:
			  * none`; the same input gives the same octets */
	const struct identity *identity; /* NULL: no cookies, NSID, CHAOS */
	uint32_t now_s;          /* wall clock, for cookies: seconds since 1970
				  * modulo 2^32 */
	uint32_t keepalive_ms;   /* stream: how long it may idle: RFC 7828 */
	bool encrypted;          /* stream: padded when the query was */
	bool turned_away;        /* not a stream: nothing but the way to prove
				  * who is asking, by cookie or by TCP */
	const struct view *view; /* stream: why the table is as it is, for
				  * dns/rationale; NULL: not told */
	bool long_way;           /* never by dns/express, so that tests can
				  * compare: the answer is the same */
};

/* What rate limits tell apart: RFC 2308, 1 and 2. */
enum answer_kind {
	ANSWER_DATA, /* also what is cut short */
	ANSWER_REFERRAL,
	ANSWER_NODATA,
	ANSWER_NXDOMAIN,
	ANSWER_ERROR, /* any other RCODE, and what has no question */
	ANSWER_KINDS,
};

/* For counters, logs and rate limits. */
struct answer_outcome {
	uint8_t rcode;  /* as sent; extended ones whole: 16 is BADVERS */
	bool truncated; /* TC was set */
	bool ecs;       /* the query carried a usable client subnet */
	bool dnssec_ok; /* the query had DO set */
	int zone;       /* policy->zones index that was asked, or -1 */
	int service;    /* policy->services index that was asked, or -1 */
	int endpoint;   /* of that service, the first in the answer, or -1 */
	int region;     /* that endpoint's, or -1 */
	uint8_t home;   /* of the client, when a service was asked: see
			 * policy/decide/demand; else 0 */
	bool proven;    /* a good server cookie: the client is no forgery */
	enum answer_kind kind;
	/* Of what is counted: QTYPE, but CNAME for every chain of aliases. */
	uint16_t type;
	/* Under which name it is counted: that of the question, but the
	 * wildcard's, the zone cut's, the zone's for NXDOMAIN.  Wire form in
	 * lower case, borrowed from table; NULL where there is none. */
	const uint8_t *account;
	uint8_t account_octets;
};

/* A query on its way to an answer. */
struct answer_asked {
	enum query_verdict verdict;
	const struct zone *zone;  /* of the name; NULL: none that is served */
	struct index_start start; /* of the search in it */
	struct query query;
};

/*
 * The same in steps, for who has several queries to answer: each step has the
 * memory fetched that the next one reads, which takes longer than all else, so
 * take a step with all of them before the next.  in and table stay the same
 * from step to step; answer_seek() may be left out.
 */
void answer_read(const struct table *table, const struct answer_input *in,
		 struct answer_asked *asked);
void answer_seek(const struct table *table, const struct answer_asked *asked);
size_t answer_write(const struct table *table, const struct answer_input *in,
		    const struct answer_asked *asked, uint8_t *out, size_t cap,
		    struct answer_outcome *outcome);

/*
 * Writes the answer into out and returns its length; 0 means stay silent (a
 * response, or nothing that has a header: outcome is then only zeroed).
 * outcome is not NULL; out and the query do not overlap.
 */
size_t answer_query(const struct table *table, const struct answer_input *in,
		    uint8_t *out, size_t cap, struct answer_outcome *outcome);

#endif
