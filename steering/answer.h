/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer -- what the agent says to people's programs, as JSON.
 *
 * Every answer has "ok"; one that is not says why in "error".  All functions
 * give a new reference, or NULL when memory runs out.  Pure.
 */
#ifndef STEERING_ANSWER_H
#define STEERING_ANSWER_H

#include "steering/inputs.h"

struct json_t;
struct prediction;

struct json_t *answer_error(const char *text);

/* refused: the safety rule against it, "" for none. */
struct json_t *answer_prediction(const struct prediction *prediction,
				 const char *refused);

/* A command that is committed.  prediction NULL: there is none to show. */
struct json_t *answer_done(uint64_t epoch, uint64_t sequence,
			   const struct prediction *prediction);

/* lines: taken over, an array; NULL counts as out of memory. */
struct json_t *answer_history(struct json_t *lines);

/*
 * Everything: this node, the plan in force, health and share of each endpoint
 * of the policy, canaries, all nodes.
 */
struct status {
	const struct policy *policy;
	const struct inputs *inputs;
	const struct node *self;
	struct ramp_now now;
};
struct json_t *answer_status(const struct status *status);

#endif
