/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_check -- what HAProxy's agent-check of a server is answered.
 *
 *   takes clients                     "up ready 75%"
 *   nobody: a person's command        "up drain"
 *   nobody: a canary's                "up maint": persistent sessions leave it
 *   nobody: not healthy long enough   "ready down #hold"
 *
 * The weight is in percent of the server's configured one, at least 1 while
 * the part is above 0; so weights of --serve are those that HAProxy has, and a
 * canary's server has the weight of the one that it shadows.  A server is made
 * ready by what makes it up: what a person made of it at HAProxy does not
 * last.
 *
 * Source: HAProxy 2.6 configuration manual, 5.2 "agent-check".  Pure.
 */
#ifndef STEERING_EDGE_AGENT_CHECK_H
#define STEERING_EDGE_AGENT_CHECK_H

#include "steering/edge/serving.h"

#include <stddef.h>

enum {
	AGENT_CHECK_WORDS_SIZE = 32,
	AGENT_CHECK_QUESTION_MAX = 2 * PLAN_NAME_SIZE,
};

/* What the part at of a serving that was divided is answered, and "\n". */
void agent_check_write(const struct serving *serving, size_t at,
		       char out[AGENT_CHECK_WORDS_SIZE]);

/*
 * Finds whom a question, which is "SERVICE/ENDPOINT" and a line end, is about:
 * 1, and where it is; 0 when the line has not ended yet; -1 when it is none of
 * ours, or too long.
 */
struct agent_check_place {
	size_t serving, part;
};
int agent_check_find(const struct serving *servings, size_t count,
		     const char *question, size_t len,
		     struct agent_check_place *out);

#endif
