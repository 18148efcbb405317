/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario -- one state of the world that an answer may be asked for in: which
 * regions have failed, what is commanded, how far canaries have got.
 *
 * Everything is of one service.  What is not stated is as it is when nothing
 * is wrong and nothing commanded.  Pure.
 */
#ifndef POLICY_REVIEW_SCENARIO_H
#define POLICY_REVIEW_SCENARIO_H

#include "policy/decide/view.h"
#include "policy/language/supposition.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* How much each endpoint of a canary takes, by its index in the service. */
struct scenario_canaries {
	uint32_t accept[POLICY_ENDPOINTS_MAX]; /* ACCEPT_NONE for others */
	const struct policy_canary *moved;     /* NULL: none has begun */
	uint32_t stage, step;                  /* of the one that moved */
};

struct scenario {
	uint64_t failed; /* regions: every monitored endpoint in them is down */
	bool deferred;   /* and all stay served: health is over its budget */
	bool panic;      /* too little of it is healthy (policy/decide/panic) */
	bool canaries_failed; /* canaries' endpoints are down by themselves */
	enum supposition_order order;
	int target; /* of the order: endpoint or region */
	int set;    /* of clients: of a pin alone */
	/* NULL: none has begun. */
	const struct scenario_canaries *canaries;
	int64_t at_s; /* since 1970; 0: it does not matter.  Who asks moves the
		       * view there (policy/decide/opening) */
};

/*
 * A service as a view has it in this state.  What the state does not say
 * (latency_ms) is left as it is there.  Where the order is a pin, view->pins
 * has room for one.
 */
void scenario_apply(const struct scenario *scenario,
		    const struct policy *policy, int service,
		    struct view_service *view);

/* How much is out of the ordinary in it: the least is the one to be shown.  It
 * is always some time of the day. */
unsigned scenario_size(const struct scenario *scenario);

/*
 * What kinds of things are out of the ordinary in it, a bit each.  A scenario
 * from which something is taken back has the same kinds, or fewer.
 */
unsigned scenario_kinds(const struct scenario *scenario);

/* The same in words, ", " between them; "nothing is wrong" for nothing. */
void scenario_print(const struct scenario *scenario,
		    const struct policy *policy, int service, FILE *out);

/* The same as options of `windrose explain`, a space before each. */
void scenario_print_options(const struct scenario *scenario,
			    const struct policy *policy, int service,
			    FILE *out);

/* Takes over what is supposed; canaries is where the step of one is kept, and
 * outlives *scenario. */
void scenario_suppose(struct scenario *scenario, const struct policy *policy,
		      const struct supposition *supposed,
		      struct scenario_canaries *canaries);

enum { SCENARIO_CANARIES_MAX = 64 };

/*
 * All that the canaries of a service can be at, into out; how many.  Every
 * percent between 0 and 100 decides alike who may be sent where, so one stands
 * for all.  Beyond SCENARIO_CANARIES_MAX *complete is false.  covered counts
 * every step of every canary.
 */
size_t scenario_canaries(const struct policy *policy, int service,
			 struct scenario_canaries out[SCENARIO_CANARIES_MAX],
			 uint64_t *covered, bool *complete);

#endif
