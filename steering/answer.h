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

struct agent;
struct agent_preview;
struct draining;
struct held;
struct json_t;
struct prediction;
struct reckoning;
struct spilling;

struct json_t *answer_error(const char *text);

/* An error after which nobody knows whether the command is in force: it also
 * has "unknown". */
struct json_t *answer_unknown(const char *text);

/* What the preview's plans mean, the rule that refuses it, whether that
 * "yields" to a second person, and those near. */
struct json_t *answer_prediction(const struct prediction *prediction,
				 const struct agent_preview *preview);

/* A command that is committed.  prediction NULL: there is none to show;
 * draining NULL: it takes no clients away. */
struct json_t *answer_done(uint64_t epoch, uint64_t sequence,
			   const struct prediction *prediction,
			   const struct draining *draining);

/* lines: taken over, an array; NULL counts as out of memory. */
struct json_t *answer_history(struct json_t *lines);

enum {
	ANSWER_NODES_USUAL = 100,
	ANSWER_NODES_MAX = 500,
	ANSWER_ENDPOINTS_MAX = 1000, /* a page; one service more is begun */
	ANSWER_SHARES_MAX = 1000,    /* of the plan in a status */
};

/*
 * Everything: this node, the plan in force, health and share of each endpoint
 * of the policy, canaries, the fleet in numbers; of the services and of the
 * nodes the first page, with "left_out", how many endpoints stand on others.
 * A plan with more than ANSWER_SHARES_MAX shares is told without any: each
 * endpoint has its own.
 */
struct status {
	const struct policy *policy;
	const struct inputs *inputs;
	const struct node *self;
	struct ramp_now now;
	const struct held *held; /* commands that wait for a second person */
	const struct spilling *spilling;    /* by service; NULL: not told */
	const struct reckoning *reckoning;  /* of demand; NULL: not told */
	const struct plan_release *release; /* of policies that go out */
	const struct agent *agent;          /* for what it holds itself */
};
struct json_t *answer_status(const struct status *status);

/*
 * The services after the one of this name, in the policy's order, until a page
 * is full; "more" says whether there are others behind them.  A name that the
 * policy does not have (any more) is an error.
 */
struct json_t *answer_services(const struct status *status, const char *after);

/*
 * Of the nodes after that name ("": from the first), in order of names, at most
 * count; "more" says whether there are others behind them.  A node is its
 * record with silent_ms, since it was heard, and lag_ms, since it is behind the
 * newest plan.
 */
struct json_t *answer_nodes(const struct status *status, const char *after,
			    size_t count);

/*
 * How many of the nodes that apply plans "have" this one or a newer, of "all";
 * and the first count of those that have not, by name.
 */
struct json_t *answer_acks(const struct status *status, uint64_t epoch,
			   uint64_t sequence, size_t count);

/* What happened to a canary, in Markdown; lines: of the journal, borrowed. */
struct json_t *answer_report(const struct status *status, const char *name,
			     const struct json_t *lines);

/*
 * How a policy goes out: "release" as in plans, "waves" there are, the "digest"
 * that the agent steers by, and each responder that takes policies: its name,
 * digest, whether it is to serve "next", and what it has to say of it.
 */
struct json_t *answer_rollout(const struct status *status);

#endif
