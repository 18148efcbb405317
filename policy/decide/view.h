/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view -- the state of the world as decisions see it: per endpoint, is it
 * healthy, which share of its clients does it take, how far is it from each
 * vantage.
 *
 * view_reduce() is the pure function (policy, reports, plan, local commands,
 * previous view, now) -> view.  Every reader of the same inputs computes the
 * same view: responders, the agent, `windrose explain`.
 */
#ifndef POLICY_DECIDE_VIEW_H
#define POLICY_DECIDE_VIEW_H

#include "policy/bus/command.h"
#include "policy/bus/plan.h"
#include "policy/bus/report.h"
#include "policy/decide/quorum.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Acceptance: a 32-bit threshold; a client accepts when its draw is below. */
#define ACCEPT_NONE UINT32_C(0)
#define ACCEPT_ALL UINT32_MAX

/* Share in [0, 1] to a threshold and back. */
static inline uint32_t accept_of(double share)
{
	return share <= 0     ? ACCEPT_NONE
	       : share >= 1.0 ? ACCEPT_ALL
			      : (uint32_t)(share * 4294967296.0);
}

static inline double accept_share(uint32_t accept)
{
	return accept == ACCEPT_ALL ? 1.0 : accept / 4294967296.0;
}

/* Why an endpoint takes less than all of its clients. */
enum share_cause {
	SHARE_FULL,
	SHARE_COMMAND, /* cause_ref: the command's id */
	SHARE_RAMP,    /* coming back after an outage */
	SHARE_CANARY,  /* a canary endpoint; cause_ref: the canary's name */
};

struct view_endpoint {
	struct quorum_result health; /* VERDICT_UNKNOWN: unmonitored or never
				      * heard of, counted as healthy */
	uint32_t accept;
	uint32_t weight;
	enum share_cause cause;
	char cause_ref[PLAN_NAME_SIZE];
	/* From each vantage, milliseconds; 0 when not known or stale. */
	float latency_ms[POLICY_VANTAGES_MAX];
};

struct view_service {
	struct view_endpoint *endpoints; /* as policy->services[i].endpoints */
	bool changing;                   /* use the TTL for changing times */
	int64_t changed_ms; /* monotonic: when health or shares last moved */
};

struct view {
	const struct policy *policy; /* borrowed */
	struct view_service *services;
	uint64_t plan_epoch, plan_sequence; /* 0, 0: no plan yet */
	bool plan_mismatch; /* the plan was made for another policy digest */
	int64_t made_ms;
	struct arena *arena;
};

/* A report and when this reader received it, monotonic. */
struct heard_report {
	const struct report *report; /* NULL: none yet */
	int64_t heard_ms;
};

struct view_input {
	const struct heard_report *reports; /* policy->vantage_count of them */
	const struct plan *plan;            /* NULL: none */
	const struct command *local;        /* break-glass, this node only */
	size_t local_count;
	const struct view *previous; /* NULL at start */
	int64_t now_ms;              /* monotonic */
	int64_t wall_ms;             /* for expiry of commands */
};

/* NULL when memory runs out.  The caller owns it; it borrows only policy. */
struct view *view_reduce(const struct policy *policy,
			 const struct view_input *in);

/* Accepts NULL. */
void view_free(struct view *view);

/* Do a and b lead to the same decisions for service?  (Not: are they equal.) */
bool view_same(const struct view *a, const struct view *b, size_t service);

#endif
