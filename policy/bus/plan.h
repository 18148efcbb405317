/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan -- what the steering agent publishes: the share each endpoint takes,
 * the commands in force, where canaries stand.
 *
 * It is whole: it never refers to an earlier plan, and it is all the state
 * that an agent has, so a standby takes over from the last plan.  Order is by
 * (epoch, sequence): a reader never goes back.  JSON inside a signed envelope
 * (policy/bus/sign).  Pure.
 */
#ifndef POLICY_BUS_PLAN_H
#define POLICY_BUS_PLAN_H

#include "policy/bus/command.h"
#include "policy/bus/plan_canary.h"
#include "policy/bus/plan_change.h"
#include "policy/bus/plan_demand.h"
#include "policy/bus/plan_held.h"
#include "policy/bus/plan_release.h"
#include "policy/bus/plan_spill.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_t;
struct policy;

enum {
	PLAN_NAME_SIZE = 64,
	PLAN_OCTETS_MAX = 16 << 20,
	PLAN_SHARES_MAX = 262144,
	PLAN_COMMANDS_MAX = 1024,
	PLAN_CANARIES_MAX = 1024,
	PLAN_RUM_MAX = 4096,
};

enum plan_cause {
	PLAN_FULL,    /* nothing reduces it */
	PLAN_COMMAND, /* ref: the command's id */
	PLAN_RAMP,    /* failback after an outage */
	PLAN_HOLD,    /* out of service: waits to be healthy long enough */
	PLAN_CANARY,  /* a canary endpoint; ref: the canary's name */
};

/* One endpoint that does not simply take all of its clients. */
struct plan_share {
	char service[PLAN_NAME_SIZE];
	char endpoint[PLAN_NAME_SIZE];
	double share;   /* acceptance in [0, 1] */
	int64_t weight; /* -1: the policy's own */
	enum plan_cause cause;
	char ref[PLAN_NAME_SIZE];
	/* RAMP: when it began.  HOLD: since when it is healthy again, 0 while
	 * it is not.  COMMAND: as for the ramp or hold that it hides. */
	int64_t wall_since_ms;
	/* COMMAND: what its ramp would leave when the plan was made, should the
	 * command end before another plan comes; 0: all, or a writer that does
	 * not say. */
	double beneath;
};

/*
 * What real users of a cell of the map (policy/decide/client) measured to a
 * region: a median that moves only with a change that lasts.
 */
struct plan_rum {
	char region[PLAN_NAME_SIZE];
	int16_t cell_lat, cell_lon; /* 0..89, 0..179 */
	double ms;                  /* > 0 */
	uint32_t samples;           /* that it is the median of */
};

/* Borrowed, in the plan's order. */
struct plan_rum_list {
	const struct plan_rum *list;
	size_t count;
};

struct plan {
	uint64_t epoch, sequence; /* 1 to 2^53 - 1, exact in JSON and Lua */
	char policy_digest[65];
	char agent[PLAN_NAME_SIZE]; /* who made it */
	int64_t wall_made_ms;
	/* The plan that it was made from; zeros: none, or its maker is of a
	 * version that does not say. */
	uint64_t base_epoch, base_sequence;
	struct plan_share *shares; /* by service, endpoint (strcmp(3)), as
				    * plan_sort() leaves them; no pair twice */
	size_t share_count;
	struct command *commands; /* in force */
	size_t command_count;
	struct plan_canary *canaries;
	size_t canary_count;
	struct plan_change *changes; /* the newest, oldest first */
	size_t change_count;
	struct plan_held *held; /* not in force; the oldest first */
	size_t held_count;
	struct plan_rum *rum; /* by region, cell, as plan_sort() leaves them */
	size_t rum_count;
	struct plan_demand *demands; /* that spills are of; one a service */
	size_t demand_count;
	struct plan_spills spills;   /* what capacity leaves of shares */
	struct plan_release release; /* which policy each node is to serve */
};

/*
 * Parses the payload of a verified envelope.  NULL with err set when it is too
 * large, malformed, or names something twice; shares outside [0, 1] and zero
 * epochs are malformed.  The caller owns the plan.
 */
struct plan *plan_parse(const void *octets, size_t len, struct error *err);

/* JSON; the caller frees it; NULL when memory runs out, or a share is not a
 * number. */
char *plan_write(const struct plan *plan, size_t *len);

/*
 * The rum alone, for other messages that carry it.  list is that of a plan;
 * plan->rum has room for as many as that has items, sorted when it is true.
 */
struct json_t *plan_write_rum(struct plan_rum_list rum);
bool plan_parse_rum(struct plan *plan, const struct json_t *list,
		    struct error *err);

/* Accepts NULL. */
void plan_free(struct plan *plan);

/* A deep copy, or NULL when memory runs out. */
struct plan *plan_copy(const struct plan *plan);

/* Puts shares, rum and spills in their order; plan_parse() has. */
void plan_sort(struct plan *plan);

/* NULL when the plan says nothing of that endpoint: it takes all. */
const struct plan_share *plan_find_share(const struct plan *plan,
					 const char *service,
					 const char *endpoint);

/* Is a command of that id in force in it? */
bool plan_has_command(const struct plan *plan, const char *id);

/* Is a newer than b?  By epoch, then sequence.  b NULL: always. */
bool plan_newer(const struct plan *a, const struct plan *b);

/*
 * Would this plan leave a service of the policy with no endpoint that takes
 * anybody (every stable endpoint at share 0 or weight 0)?  Then nobody may
 * publish or follow it.  True when it is fine; err names the service else.
 */
bool plan_check(const struct plan *plan, const struct policy *policy,
		struct error *err);

const char *plan_cause_name(enum plan_cause cause);

#endif
