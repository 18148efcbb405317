/* SPDX-License-Identifier: Apache-2.0 */
/*
 * movement -- which clients of a service another policy sends elsewhere, from
 * where to where, and why.
 *
 * Both policies are taken to be in a world in which all is well and nothing is
 * commanded or measured.  Of clients whose row is no draw it is exact; of the
 * others MOVEMENT_DRAWS are drawn for each pair of rows, the same before and
 * after, so that only those count as moved who move.  Endpoints and regions of
 * the two policies are matched by name.  Pure.
 */
#ifndef POLICY_REVIEW_MOVEMENT_H
#define POLICY_REVIEW_MOVEMENT_H

#include "policy/review/overlay.h"
#include "policy/review/rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { MOVEMENT_DRAWS = 4096, MOVEMENT_NOBODY = -1 };

/* What of a change moves clients. */
enum movement_cause {
	MOVEMENT_GONE,   /* the endpoint that they had is not there */
	MOVEMENT_WALLED, /* a residency rule takes it from them: rule, after */
	MOVEMENT_NEW,    /* the endpoint that they get was not there */
	MOVEMENT_UNWALLED, /* one kept it from them: rule, before */
	MOVEMENT_STEERED,  /* the service is steered by something else */
	MOVEMENT_WEIGHED,  /* weights, or how many an answer has */
	MOVEMENT_PLACED,   /* where clients or regions are taken to be */
};

/* Clients of one country that go one way for one cause. */
struct movement_flow {
	int from, to; /* region before, region after; MOVEMENT_NOBODY: no
		       * answer */
	enum movement_cause cause;
	int rule;        /* index of a residency rule, or POLICY_NONE */
	char country[3]; /* "": not known, or nobody asks for it */
	double v4, v6;   /* percent of all clients of the family */
};

/* Of all that move, those of one AS number. */
enum { MOVEMENT_ASNS = 10 };
struct movement_asn {
	uint32_t asn;
	double v4, v6; /* percent of all clients of the family */
};

struct movement {
	int before, after;           /* the service in each */
	struct movement_flow *flows; /* owned; greatest first; moved only */
	size_t count, cap;
	double moved_v4, moved_v6;               /* percent */
	struct movement_asn asns[MOVEMENT_ASNS]; /* greatest first */
	size_t asn_count;
	/* Percent by region: of each policy's own; the last is no answer. */
	double load_before_v4[POLICY_REGIONS_MAX + 1];
	double load_after_v4[POLICY_REGIONS_MAX + 1];
	double load_before_v6[POLICY_REGIONS_MAX + 1];
	double load_after_v6[POLICY_REGIONS_MAX + 1];
};

/* Two policies, and what their classes have to do with each other; borrowed. */
struct movement_ground {
	struct rows_side before, after;
	const struct overlay *overlay;
	const struct carriage *carriage; /* of it; NULL: no database knows AS
					  * numbers */
};

/* False when memory runs out; *out is then empty.  The caller ends it. */
bool movement_find(const struct movement_ground *ground, int before, int after,
		   struct movement *out);
void movement_fini(struct movement *movement);

/* Why, in words, with the place in a file where there is one. */
void movement_print_cause(const struct movement_ground *ground,
			  const struct movement_flow *flow, FILE *out);

#endif
