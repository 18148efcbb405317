/* SPDX-License-Identifier: Apache-2.0 */
/*
 * questions -- queries of one kind, made before any clock starts.
 *
 * Names and subnets differ from query to query, as those of many resolvers
 * do; a seed makes the same queries again.  IDs are zero: who sends sets them.
 */
#ifndef BENCH_QUESTIONS_H
#define BENCH_QUESTIONS_H

#include <stddef.h>
#include <stdint.h>

/* Whether a query carries a client's subnet: /24, or /56 for IPv6. */
enum question_client { CLIENT_NONE, CLIENT_V4, CLIENT_V6 };

/* What is asked for. */
enum question_names {
	NAMES_STATIC, /* a host-NNNNNN of the zone: one A record */
	NAMES_ABSENT, /* 16 random digits: distinct, NXDOMAIN */
	NAMES_STEERED /* www */
};

struct question_kind {
	const char *name;
	enum question_names names;
	enum question_client client;
	int edns; /* 0: none, 1: OPT, 2: OPT with DO */
	uint8_t rcode;
};

/* By its name; NULL when there is none.  question_kinds ends with name NULL. */
extern const struct question_kind question_kinds[];
const struct question_kind *question_kind_find(const char *name);

struct question_plan {
	const struct question_kind *kind;
	const char *zone;    /* in text, without a final dot */
	unsigned hosts;      /* host-000000 and so on: so many */
	const char *subnets; /* file that tests/bench/subnets wrote; read when
			      * the kind has clients */
	size_t count;
	uint64_t seed;
};

struct questions {
	size_t count;
	uint8_t *octets;
	uint32_t *starts; /* count + 1 of them: the i-th ends at i + 1 */
};

/* False, having said why on standard error. */
int questions_make(const struct question_plan *plan, struct questions *out);
void questions_fini(struct questions *questions);

static inline uint8_t *question_at(const struct questions *q, size_t i,
				   size_t *len)
{
	*len = q->starts[i + 1] - q->starts[i];
	return q->octets + q->starts[i];
}

#endif
