/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_canary -- where a canary stands, as a plan says it.
 *
 * state is what every reader knows, with words that are closed: a reader
 * refuses a plan with another one whole.  What a later agent says beyond it is
 * in members of their own, which readers before it ignore; a phase that is not
 * known is none.  Nothing here is an instant that a successor would have to
 * compare with its own clock, but wall_since_ms, which is for people.  Pure.
 */
#ifndef POLICY_BUS_PLAN_CANARY_H
#define POLICY_BUS_PLAN_CANARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;
struct member_reader;

enum {
	PLAN_CANARY_NAME_SIZE = 64,
	PLAN_CANARY_REASON_SIZE = 200,
};

enum plan_canary_state {
	CANARY_OFF,     /* never started, or started over by a new policy */
	CANARY_RUNNING, /* on its way */
	CANARY_PAUSED,  /* goes no further */
	CANARY_DONE,    /* through its last step */
	CANARY_ABORTED, /* at 0 until started again */
};

/* See the drawing in steering/rollout.h. */
enum plan_canary_phase {
	CANARY_PLANNED, /* not under way, or nobody says */
	CANARY_PRECHECK,
	CANARY_STEP,
	CANARY_SETTLE,
	CANARY_BAKE,
	CANARY_JUDGE,
	CANARY_HOLD,
	CANARY_WAIT,
	CANARY_ROLLBACK, /* at 0; not every node has said that it has it */
	CANARY_ROLLED,   /* every node has */
	CANARY_PHASES,
};

struct plan_canary {
	char name[PLAN_CANARY_NAME_SIZE];
	enum plan_canary_state state;
	uint32_t stage, step; /* index of the stage and of its percent */
	int64_t wall_since_ms;
	enum plan_canary_phase phase;
	bool rolled_back; /* by the agent: no start before a new revision */
	char revision[PLAN_CANARY_NAME_SIZE];
	char reason[PLAN_CANARY_REASON_SIZE]; /* why it is in that phase */
	int64_t spent_ms; /* in SETTLE, or in BAKE and HOLD, so far */
	int64_t blind_ms; /* since the last measurement that was any good */
	/* What was seen in this BAKE; of tests, see steering/excess and
	 * steering/slowness. */
	uint64_t canary_requests, canary_errors;
	uint64_t stable_requests, stable_errors;
	double log_e;
	uint32_t looks;
};

/* Reads an object; what is wrong is r's.  False then. */
bool plan_canary_read(struct member_reader *r, struct plan_canary *out);

/* A new reference, or NULL when memory runs out. */
struct json_t *plan_canary_write(const struct plan_canary *canary);

/* "off", "running", ... */
const char *plan_canary_state_name(enum plan_canary_state state);
/* "planned", "precheck", ... */
const char *plan_canary_phase_name(enum plan_canary_phase phase);

#endif
