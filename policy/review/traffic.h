/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic -- which part of queries that were asked another policy answers
 * otherwise: by service, from region to region, by country and by AS.
 *
 * Each query is put to both policies, in a world in which all is well and
 * nothing is commanded or measured (or what the subjects' views say), by the
 * very hash of its client: so what is told of a trace is what two responders
 * answer to it.  Of a service whose clients are not sticky each query draws a
 * number of its own, the same before and after.  An endpoint counts as the
 * same when its name is; of an answer of several the first one counts.  A
 * service that one of the two has not is one that answers nobody.  A, AAAA,
 * and, where the service has such records, HTTPS and SVCB count, and queries
 * of which no type is told.  Pure but
 * for what policy/review/carrier reads.
 */
#ifndef POLICY_REVIEW_TRAFFIC_H
#define POLICY_REVIEW_TRAFFIC_H

#include "policy/review/carrier.h"
#include "policy/review/choices.h"
#include "policy/review/signpost.h"
#include "policy/review/sums.h"
#include "policy/review/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TRAFFIC_REGIONS = POLICY_REGIONS_MAX + 1, /* the last: no answer */
	TRAFFIC_NOBODY = POLICY_REGIONS_MAX,
	TRAFFIC_LABEL_BITS = 32,
};

struct traffic_service {
	struct signpost_pair pair;
	bool open;
	struct choices choices_before, choices_after;
	int after_of[POLICY_ENDPOINTS_MAX]; /* by endpoint before: the same */
	double queries, moved;
	double before_in[TRAFFIC_REGIONS], after_in[TRAFFIC_REGIONS];
};

struct traffic {
	const struct rows_side *before, *after; /* borrowed */
	struct carriers *carriers;              /* owned */
	struct signpost post;
	struct traffic_service *services; /* owned */
	size_t count;
	double queries, moved; /* of services; what moves of them */
	double aside;   /* that ask for no endpoint: other names, or types */
	uint64_t drawn; /* numbers for those without sticky clients */
	int64_t wall_first_ms, wall_last_ms; /* 0: no times */
	/* Of what moves: the key is (from * TRAFFIC_REGIONS + to) <<
	 * TRAFFIC_LABEL_BITS | label, see struct traffic_part. */
	struct sums countries, asns;
	struct trace_tally tally; /* of whoever read the trace */
};

/* False when memory runs out.  The caller ends it in either case. */
bool traffic_init(struct traffic *traffic, const struct rows_side *before,
		  const struct rows_side *after);
void traffic_fini(struct traffic *traffic);

/* A trace_take: arg is a struct traffic. */
bool traffic_take(void *arg, const struct trace_query *query);

/* What of a flow is in one country, or in one AS. */
struct traffic_part {
	uint32_t label; /* ASN; or both letters of a country, the first in the
			 * high octet; 0: not known */
	double count;
};

enum { TRAFFIC_PARTS = 5 };

/* What moves from one region to another, greatest parts first. */
struct traffic_flow {
	size_t from, to; /* regions of before and after, TRAFFIC_NOBODY */
	double count;
	struct traffic_part countries[TRAFFIC_PARTS], asns[TRAFFIC_PARTS];
	size_t country_count, asn_count; /* of those that are known */
};

/* Greatest first; the caller frees them.  NULL when memory runs out. */
struct traffic_flow *traffic_flows(const struct traffic *traffic,
				   size_t *count);

/*
 * Of a region, by its index in the policy of the side that is asked about:
 * queries that it answers; and what it carries of the demand that the services
 * state, spread as their queries are.
 */
struct traffic_load {
	double queries, demand;
};
struct traffic_load traffic_load(const struct traffic *traffic, bool after,
				 size_t region);

/* From the first query to the last, in seconds; 0: not known. */
double traffic_seconds(const struct traffic *traffic);

#endif
