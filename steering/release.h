/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release -- how a published policy goes out to responders, wave by wave, or
 * comes back.
 *
 *   PLANNED --it loads, and probers have it---> WAVE --all serve it--> SOAK
 *      |                                        |  ^                   | | |
 *      | it does not load,                      |  '---soak is over----' | |
 *      | or never came                          |       (next wave)      | |
 *      v                                        v                        | |
 *    (GONE) <---nobody serves it any more--- BACK <---------trouble------' |
 *                                                                          v
 *                                          the last soak is over: -----> (DONE)
 *
 *   trouble: a responder refuses it, does not serve it or is unheard of for
 *   too long, answers nothing for a service that it answered for, or fails more
 *   of its queries than before; abort, from PLANNED on
 *
 * It has to load at the agent, and probers that take policies probe by it, too,
 * from PLANNED on: one that refuses it ends it there, one that is not ready is
 * waited for, but not longer than the policy's patience.
 *
 * The plan names the responders that are to serve the next policy; all others
 * serve the base, so those of later waves never see one that is taken back.
 * Failing is for good: its digest is refused from then on, unless forced.
 * Where two people are wanted, one that the first asks for is held until the
 * second asks for the same: then it is PLANNED.
 *
 * Time is counted, and only while it can be judged: the soak stands still
 * unless every responder of the wave was heard of lately and serves the policy.
 * A tick counts as RELEASE_TICK_MS at most, so neither a pause nor a bus that
 * was away is taken for watching.  Counters of queries are compared by a leader
 * from the first time that it sees them; a successor begins anew.  Pure.
 */
#ifndef STEERING_RELEASE_H
#define STEERING_RELEASE_H

#include "policy/bus/plan_release.h"
#include "policy/language/policy.h"
#include "steering/audit.h"
#include "steering/registry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RELEASE_TICK_MS = 2000,
	RELEASE_QUERIES_MIN = 100, /* fewer say nothing */
};

/* What a leader remembers of a responder that serves the next policy. */
struct release_watch {
	char name[RELEASE_NAME_SIZE];
	uint64_t queries, bad; /* its counters when that began */
	double before;         /* share of its queries that were bad until then,
				* in [0, 1] */
	bool counts;           /* false: not heard of yet */
	bool compares;         /* before is of enough queries */
};

/* Zeroed memory has published nothing. */
struct release {
	struct plan_release said;
	struct release_watch *watches; /* owned; as said.nodes */
	int64_t ticked_ms;             /* monotonic; 0: not yet */
	int64_t amiss_ms; /* for how long some responder was not as it should
			   * be, while soaking */
};

struct release_input {
	const struct registry *registry; /* NULL: nothing goes on */
	const struct policy_rollout *rollout;
	const char *agent; /* this one's name */
	/* The policy that this agent has tried to load, and why it could not;
	 * "" when there is none, and when it could. */
	const char *tried, *failure;
	int64_t confirm_ms; /* so long the first of two people is waited for;
			     * 0: one is enough */
	int64_t now_ms;     /* monotonic */
	int64_t wall_ms;
};

void release_fini(struct release *r);

/* Goes on from what a plan says.  False, unchanged: out of memory. */
bool release_adopt(struct release *r, const struct plan_release *said);

/* Follows the rules that apply, at in->now_ms; tells audit. */
void release_step(struct release *r, const struct release_input *in,
		  struct audit *audit);

/*
 * For steering/release_request: goes back, and why; a phase was entered, for a
 * reason; who did it is told to audit.
 */
void release_take_back(struct release *r, const char *why);
void release_enter(struct release *r, const struct release_input *in,
		   const char *why);
void release_tell(const struct release *r, const struct release_input *in,
		  const char *who, struct audit *audit);

#endif
