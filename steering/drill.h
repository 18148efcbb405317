/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drill -- a game day: a region is left out on purpose, for a while, and it is
 * watched what comes of it.
 *
 *           in force           every node has it
 *   IDLE --------------> GOING ------------------> AWAY
 *    ^ ^                   | not in force any more   |
 *    | |  scored           v                         |
 *    | +-------------- RETURNING <-------------------+
 *    |  every node has that, or DRILL_PATIENCE_MS over
 *    +---- another agent led meanwhile (from any)
 *
 * It is a drain with a mark, so it goes through all that a drain does: safety
 * rules, a second person, expiry, undo.  It ends by itself at its expiry, and
 * is aborted when trouble is real: an endpoint elsewhere goes down, the demand
 * that is known exceeds the capacity of a region by more than was predicted,
 * more requests fail at the edges than it was given, or nobody counts those of
 * a service any more; another agent leads, or another policy is in force, for
 * then nobody knows what was before.
 *
 * What is seen is told to audit as events of kind "drill" with the command's
 * id, also of which services nobody would see errors, where it was given a
 * limit (nobody's at all: then it is refused); see steering/debrief, which
 * makes the report of them.  There is one drill at a time.  Pure.
 */
#ifndef STEERING_DRILL_H
#define STEERING_DRILL_H

#include "policy/bus/command.h"
#include "policy/language/policy.h"
#include "steering/excess.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent_input;
struct audit;
struct error;
struct plan;
struct state;

enum {
	DRILL_PATIENCE_MS = 60000, /* for nodes that do not acknowledge */
	DRILL_WEIGH_MS = 5000,     /* loads are worked out so often */
	DRILL_FADE_MS = 30000,     /* errors are counted over about so long */
	DRILL_WHY_SIZE = 200,
};

enum drill_phase { DRILL_IDLE, DRILL_GOING, DRILL_AWAY, DRILL_RETURNING };

/* What a drill does to one service. */
struct drill_service {
	bool concerned; /* the region has an endpoint of it */
	bool watched;   /* some edge has counted its requests since it began */
	bool predicted;
	/* Percent of its clients by region, as predicted. */
	double share[POLICY_REGIONS_MAX];
	double use; /* the most of a region's capacity, as predicted; 0: not
		     * known */
	struct trials begun[POLICY_REGIONS_MAX]; /* counted by its beginning */
	/* The same by when resolvers had no old answer any more. */
	struct trials settled[POLICY_REGIONS_MAX];
	struct trials seen; /* all regions, by the last look */
	struct excess_recent recent;
};

/* A plan by its numbers; 0, 0: not given out yet. */
struct drill_plan {
	uint64_t epoch, sequence;
};

/* Zero-initialised is idle. */
struct drill {
	enum drill_phase phase;
	struct command command;         /* the last one that was in force */
	struct drill_service *services; /* by service; owned; NULL: nothing is
					 * known */
	const struct policy *policy;    /* that they are of; borrowed */
	struct drill_plan away, back;   /* the plans that do so */
	int64_t began_ms, acked_ms, ended_ms, back_ms; /* monotonic; 0: not */
	int64_t settles_ms; /* after acked: when no TTL of before runs */
	int64_t looked_ms, weighed_ms;
	bool settled;
	bool machine;             /* the agent ended it */
	char why[DRILL_WHY_SIZE]; /* it was aborted; "": its time was over */
};

void drill_fini(struct drill *drill);

/* Another policy comes into force, and that drill's figures are of none. */
void drill_lose(struct drill *drill);

/* False with err set: the command begins a drill, and this is not the day for
 * it, or ends one where there is none. */
bool drill_allows(const struct command *command, const struct state *state,
		  const struct agent_input *in, struct error *err);

/* Advances to in->now; may end the command in the state.  agent: who says so
 * in the audit. */
void drill_step(struct drill *drill, struct state *state,
		const struct agent_input *in, const char *agent,
		struct audit *audit);

/* This plan is given out, made of the state after that step. */
void drill_given(struct drill *drill, const struct plan *plan);

#endif
