/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulation -- the load of regions over time, when queries that were asked are
 * put to one policy or two, while regions fail.
 *
 * Each query is decided by the state of the world at its own time: of regions
 * that have failed every monitored endpoint is down, of services steered by
 * schedule what is open then is open.  All else is well.  What caches hold is
 * left out, so in truth clients of a failed region come over within its TTL;
 * so is what health and the agent do over time: budgets of health, panic,
 * shares after an outage, spilling by capacity.  Pure.
 */
#ifndef POLICY_REVIEW_SIMULATION_H
#define POLICY_REVIEW_SIMULATION_H

#include "policy/review/choices.h"
#include "policy/review/signpost.h"
#include "policy/review/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum {
	SIMULATION_OUTAGES_MAX = 64,
	SIMULATION_STEPS_MAX = 10000,
	SIMULATION_REGIONS = POLICY_REGIONS_MAX + 1, /* the last: no answer */
};

/* While from <= time < to. */
struct simulation_outage {
	char region[64];        /* name; a policy without one is not touched */
	bool relative;          /* times are from the first query on */
	int64_t from_ms, to_ms; /* wall clock otherwise */
};

/* "REGION@FROM..TO"; FROM and TO are instants, or "+5m" from the first query
 * on; without TO: for ever.  False with err set. */
bool simulation_read_outage(const char *text, struct simulation_outage *out,
			    struct error *err);

/* One policy: in each set of failed regions that occurs, its choices. */
struct simulation_side {
	struct subject *subject; /* borrowed; its view is changed */
	struct rows_side rows;
	struct simulation_state *states; /* owned, as is what is in them */
	size_t state_count;
};

/* From step_ms times its index on. */
struct simulation_step {
	double queries;
	double load[2][SIMULATION_REGIONS]; /* by side, by its own regions */
};

struct simulation {
	struct simulation_side sides[2];
	size_t side_count;
	struct signpost post;
	const struct simulation_outage *outages; /* borrowed */
	size_t outage_count;
	int64_t step_ms;
	int64_t wall_first_ms;         /* of the first query; 0: none came */
	struct simulation_step *steps; /* owned; from that on */
	size_t step_count, room;
	double aside, timeless; /* queries: that ask for no endpoint; that tell
				 * no time */
	uint64_t drawn;
	bool too_long; /* SIMULATION_STEPS_MAX were not enough */
};

/*
 * Of subjects[0], and subjects[1] unless it is NULL; vicinities are theirs.
 * outages and step_ms are set by the caller beforehand, all else is zero.
 * False when memory runs out.  The caller ends it in either case.
 */
bool simulation_init(struct simulation *simulation,
		     struct subject *const subjects[2],
		     const struct vicinity *const vicinities[2]);
void simulation_fini(struct simulation *simulation);

/* A trace_take: arg is a struct simulation.  Of queries before the first one
 * the time of that is taken. */
bool simulation_take(void *arg, const struct trace_query *query);

/* Regions of a side that have failed at some time from one to before another: a
 * bit each. */
uint64_t simulation_failed(const struct simulation *simulation, size_t side,
			   int64_t wall_from_ms, int64_t wall_to_ms);

#endif
