/* SPDX-License-Identifier: Apache-2.0 */
/*
 * effect -- what all commands in force together leave to an endpoint.
 *
 * The share is the least that any of them leaves, so ending one command never
 * takes more away; the weight is that of the newest weight command.  Whoever
 * keeps the list drops what has expired; nothing here looks at expiry.  Pure.
 */
#ifndef STEERING_EFFECT_H
#define STEERING_EFFECT_H

#include "policy/bus/command.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An instant at which every ramp of a command is over. */
#define EFFECT_SETTLED (INT64_MAX / 2)

struct commands {
	const struct command *list; /* borrowed; oldest first */
	size_t count;
};

struct effect {
	double share;    /* in [0, 1] */
	uint32_t weight; /* the policy's own unless a command changes it */
	const struct command *by;      /* that took share away; NULL: none */
	const struct command *weighed; /* that gave the weight; NULL: none */
};

struct effect effect_of(struct commands commands, const struct policy *policy,
			size_t service, size_t endpoint, int64_t wall_ms);

/*
 * What one command leaves.  As command_effect_on(), and an undrain with a ramp
 * gives back from 0 at wall_made_ms to 1 after over_ms.
 */
double effect_share(const struct command *command, const struct policy *policy,
		    size_t service, size_t endpoint, int64_t wall_ms);

/* May any client get it: share and weight above 0? */
static inline bool effect_takes(const struct effect *effect)
{
	return effect->share > 0 && effect->weight > 0;
}

#endif
