/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent -- the steering agent: what should the plan say now?
 *
 * A machine advanced by agent_tick() from inputs that are data; its outputs
 * are data too.  It reads no clock and owns no connection, so a simulator can
 * run many of them in virtual time.  All of its state can be read back from
 * the last plan: a standby that becomes leader adopts that and goes on with
 * ramps, canaries and commands where they were.
 *
 *   a = agent_new(policy, name)
 *   agent_adopt(a, last plan or NULL, now)      on each new leadership
 *   agent_command(a, ...)                       refused, or in the next plan
 *   plan = agent_tick(a, ...)                   to be committed, or NULL
 *   agent_audit(a)                              what to write down
 *
 * When a plan could not be committed, adopt the last one that was: that takes
 * back everything since; commands may be repeated then.  A plan names the one
 * it was made from, the last given out or adopted, as its base.
 *
 * Promises: (epoch, sequence) of the plans it gives out only rise, also over
 * agent_adopt(); the first plan of an epoch has the sequence after that of the
 * plan adopted (see bus_commit_plan()); no plan that plan_check() refuses is
 * given out (the newest commands that bear on a service left with nothing are
 * dropped, and told). Pure.
 */
#ifndef STEERING_AGENT_H
#define STEERING_AGENT_H

#include "policy/bus/plan.h"
#include "policy/decide/view.h"
#include "steering/audit.h"
#include "steering/canaries.h"
#include "steering/guard.h"
#include "steering/ramp.h"
#include "steering/release_request.h"

#include <stdbool.h>
#include <stdint.h>

struct agent;
struct counted;
struct state;
struct error;
struct generations;
struct held;
struct inputs;
struct surge;

enum {
	AGENT_PERIOD_MS = 5000, /* a plan at least this often: constant work */
	AGENT_STEP_MS = 1000,   /* shares on a ramp move at most this often */
	AGENT_FRESH_MS = 60000, /* how far a command's time may be off ours */
};

/* policy is borrowed until agent_reload() or agent_free().  NULL: no memory. */
struct agent *agent_new(const struct policy *policy, const char *name);

/* Accepts NULL. */
void agent_free(struct agent *agent);

/*
 * Goes on from a plan, forgetting what it knew; NULL: from nothing.  Commands
 * made before that plan are refused from now on: a predecessor may have
 * carried them out and ended them, and nobody else remembers their ids.
 * False, unchanged: out of memory.
 */
bool agent_adopt(struct agent *agent, const struct plan *plan,
		 struct ramp_now now);

/* Goes on under another policy, which is borrowed from now on, the old one no
 * more.  False, unchanged: out of memory. */
bool agent_reload(struct agent *agent, const struct policy *policy,
		  struct ramp_now now);

struct agent_input {
	struct ramp_now now;
	const struct view *view; /* of the agent's policy, for health; NULL:
				  * nothing is known of any endpoint */
	uint64_t epoch;          /* of the lease held; 0: none */
	struct demand_classes classes;
	struct plan_rum_list rum;         /* what users measured, to be told */
	struct plan_demand_list demands;  /* what rates are of, to be told */
	const struct demand_rates *rates; /* by service, counted; NULL: none */
	bool waits; /* none yet, but they are to come: who goes on from a plan
		     * moves nobody by what he does not know */
	const struct held *held;        /* to be told too; NULL: none */
	const struct generations *past; /* to roll back to; NULL: none */
	bool approved; /* a command that a second person approved */
	bool repeats;  /* the command was taken on before, and taken back by
			* agent_adopt(): it may be old, and its id known */
	const struct measure *measures; /* of each canary of the policy; NULL:
					 * nothing was measured of any */
	const struct counted *counted;  /* what edges served; NULL: nobody
					 * tells */
	struct registry_floor acked;    /* the plan that every node has */
	/* For policies that go out: nodes (NULL: none does), the policy that
	 * was tried here and why it does not load: see release_input. */
	const struct registry *registry;
	const char *tried, *failure;
	const struct inputs *inputs; /* to count who would move; NULL: by an
				      * upper bound */
};

/*
 * Takes a command on.  It is in the next plan.  False with err set, nothing
 * changed: malformed, not fresh, seen before, pointless, or against a safety
 * rule.  Both outcomes are audited.
 */
bool agent_command(struct agent *agent, const struct command *command,
		   const struct agent_input *in, struct error *err);

/* The same for a request of a policy to go out, or back. */
bool agent_publish(struct agent *agent, const struct release_request *request,
		   const struct agent_input *in, struct error *err);

/* How that stands; borrowed until the next call. */
const struct plan_release *agent_release(const struct agent *agent);

/* Audits a command that was refused before it came to agent_command(). */
void agent_refuse(struct agent *agent, const struct command *command,
		  int64_t wall_ms, const struct error *err);

/* The change that an undo takes back; id "": it is none. */
struct agent_undone {
	char id[COMMAND_NAME_SIZE], author[COMMAND_NAME_SIZE];
	char what[COMMAND_TEXT_SIZE];
	int64_t wall_ms;
};

/*
 * What a command would do: settled plans without it and with it, owned by the
 * caller; in refused the safety rule against it ("" when none); and the rules
 * that it comes near.  False with err set when it cannot be carried out at
 * all.
 */
struct agent_preview {
	struct plan *before, *after;
	char refused[240];
	bool yields;         /* that rule does, to a second person */
	char overrides[240]; /* the rule that it is forced past; "": none */
	struct guard_warnings warnings;
	struct agent_undone undoes;
};
bool agent_preview(const struct agent *agent, const struct command *command,
		   const struct agent_input *in, struct agent_preview *out,
		   struct error *err);

/*
 * Advances to in->now.  The plan to commit, borrowed until the next call of
 * any agent function, or NULL when there is nothing to say or no lease.
 */
const struct plan *agent_tick(struct agent *agent,
			      const struct agent_input *in);

/*
 * The highest epoch of any plan given out or adopted, stored or not: with a
 * lower one it gives out none.  A lease must not be for less.
 */
uint64_t agent_epoch(const struct agent *agent);

/* What happened since audit_clear(); the caller clears it. */
struct audit *agent_audit(struct agent *agent);

/* How canaries stand, as the policy's; borrowed until the next call. */
const struct plan_canary *agent_canaries(const struct agent *agent);

/* All that it goes by; borrowed until the next call. */
const struct state *agent_state(const struct agent *agent);

/* "" when all is well, else what keeps the agent from publishing. */
const char *agent_trouble(const struct agent *agent);

/* Does it hold a move of its own of that id, for a person to approve? */
bool agent_holds(const struct agent *agent, const char *id);

/* What it holds of a service of its policy: see surge; NULL: nothing. */
const struct surge *agent_surge(const struct agent *agent,
				const struct policy *policy, size_t service);

/* How an endpoint stands in its failback. */
enum ramp_state agent_ramp_state(const struct agent *agent, size_t service,
				 size_t endpoint);

#endif
