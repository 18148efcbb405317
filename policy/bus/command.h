/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command -- what a person asked for: who, what, why, until when.
 *
 * Commands travel as JSON, signed by the person's key, to the leading agent
 * (or straight to one daemon's control socket: break-glass); those in force
 * travel on inside the plan.  Pure.
 */
#ifndef POLICY_BUS_COMMAND_H
#define POLICY_BUS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_t;
struct policy;

enum {
	COMMAND_NAME_SIZE = 64,
	COMMAND_TARGET_SIZE = 130,
	COMMAND_TEXT_SIZE = 200,
};

enum command_kind {
	COMMAND_NONE,
	COMMAND_DRAIN,    /* target: REGION, SERVICE/ENDPOINT */
	COMMAND_UNDRAIN,  /* target as its drain; ends it */
	COMMAND_FAILOVER, /* target: SERVICE; to: REGION takes all */
	COMMAND_WEIGHT,   /* target: SERVICE/ENDPOINT; weight */
	COMMAND_CANCEL,   /* target: the id of a failover, weight or pin; ends
			   * it */
	COMMAND_ROLLBACK, /* target: EPOCH/SEQUENCE of a plan, or "previous" */
	COMMAND_CANARY_START,   /* target: canary name, for all of these */
	COMMAND_CANARY_PROMOTE, /* to the next percent */
	COMMAND_CANARY_PAUSE,   /* promote is refused until resumed */
	COMMAND_CANARY_RESUME,
	COMMAND_CANARY_ABORT, /* to 0 at once */
	COMMAND_APPROVE,  /* target: the id of a held command; never in a plan
			   */
	COMMAND_FREEZE,   /* target: all, SERVICE, SERVICE/CANARY; nothing
			   * moves there by itself */
	COMMAND_UNFREEZE, /* target as its freeze; ends it */
	COMMAND_UNDO,     /* target: the id of a change, or "last" */
	COMMAND_PIN,      /* target: SERVICE; clients: SET; to: REGION, or
			   * ENDPOINT: the only one they get */
};

struct command {
	char id[COMMAND_NAME_SIZE]; /* chosen by the sender, unique */
	enum command_kind kind;
	char target[COMMAND_TARGET_SIZE];
	char to[COMMAND_NAME_SIZE];      /* failover, pin */
	char clients[COMMAND_NAME_SIZE]; /* pin */
	uint32_t weight;                 /* weight */
	char author[COMMAND_NAME_SIZE];
	char reason[COMMAND_TEXT_SIZE];
	int64_t wall_made_ms;
	int64_t wall_expires_ms; /* 0 only for those that end others and
				  * for canary commands */
	int64_t over_ms;         /* drain and undrain: ramp; 0 at once */
	bool approval; /* to be held for a second person where a rule that
			* yields to two refuses it */
	bool force;    /* past a rule that yields to two people, by one: in a
			* plan it says that there was such a rule */
	/* A game day, see steering/drill.  Of a drain: it is one; of an
	 * undrain: it ends one.  To a reader before it is a plain drain. */
	bool drill;
	double abort_errors_pct; /* drill: it ends when more requests fail, in
				  * percent; 0: whatever fails */
	uint64_t drill_epoch;    /* of the agent that watches over it, which
				  * states it; 0: none does yet */
};

/*
 * JSON object of one command, as a person gives it: a member that is not known
 * is refused, for it may be what was meant.  False with err set, out untouched.
 */
bool command_parse(const struct json_t *json, struct command *out,
		   struct error *err);

/*
 * The same, as it stands in a plan: an agent has judged it and said what comes
 * of it in the shares, so a newer agent's members are ignored as everywhere in
 * a plan.
 */
bool command_read(const struct json_t *json, struct command *out,
		  struct error *err);

/* A new reference, or NULL when memory runs out. */
struct json_t *command_write(const struct command *command);

/* "drain", "canary-start", ...; COMMAND_NONE for what is none. */
const char *command_kind_name(enum command_kind kind);
/* The same for people: also "drill", "drill abort". */
const char *command_verb(const struct command *command);
enum command_kind command_kind_of(const char *name);

/*
 * Is it of a kind that readers of plans once did not know?  Those refuse a plan
 * with a command that they do not know, so it stands apart there: see
 * policy/bus/plan_commands.
 */
bool command_is_newer(enum command_kind kind);

/*
 * Does the command make sense for this policy: the target exists, the author
 * and reason are there, an expiry within safety.max_override when one is
 * due?  False with err saying what is allowed.
 */
bool command_check(const struct command *command, const struct policy *policy,
		   int64_t wall_ms, struct error *err);

/* The same, where there is no policy: but for the target. */
bool command_check_bare(const struct command *command, int64_t max_override_ms,
			int64_t wall_ms, struct error *err);

/* The share in [0, 1] that a drain leaves of what it concerns, by now. */
double command_drain_share(const struct command *drain, int64_t wall_ms);

/*
 * The share in [0, 1] that this command in force leaves to an endpoint at a
 * time, 1 when it does not concern it, and the weight that it sets.  Drains
 * ramp linearly over over_ms from wall_made_ms.
 */
struct command_effect {
	double share;
	uint32_t weight; /* when it weighs */
	bool concerns;   /* the command names this endpoint */
	bool weighs;
};
struct command_effect command_effect_on(const struct command *command,
					const struct policy *policy,
					size_t service, size_t endpoint,
					int64_t wall_ms);

#endif
