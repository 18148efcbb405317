/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_impl -- the agent from inside, for the files that make it up: agent
 * (life, tick), agent_command (what people want).
 *
 * Pure.
 */
#ifndef STEERING_AGENT_IMPL_H
#define STEERING_AGENT_IMPL_H

#include "steering/agent.h"
#include "steering/drill.h"
#include "steering/recent.h"
#include "steering/release.h"
#include "steering/state.h"

#include <stdbool.h>
#include <stdint.h>

struct agent {
	const struct policy *policy; /* borrowed */
	char name[PLAN_NAME_SIZE];
	struct state state;
	struct release release;
	struct drill drill;
	struct audit audit;
	struct recent recent;
	struct plan *last;       /* given out or adopted; NULL: none */
	uint64_t epoch;          /* highest seen */
	uint64_t sequence;       /* of the last one given out or adopted */
	bool silent;             /* nothing was given out since the adoption */
	int64_t published_ms;    /* monotonic, of last */
	int64_t ticked_ms;       /* monotonic */
	int64_t wall_adopted_ms; /* when the adopted plan was made */
	char trouble[240];
};

/* Ends the commands whose time is over, and tells of it. */
void agent_expire(struct agent *agent, int64_t wall_ms);

/* Ramps and canaries of a state that is the agent's, or a copy, to in->now. */
void agent_step(const struct agent *agent, const struct agent_input *in,
		struct state *state, struct audit *audit);

#endif
