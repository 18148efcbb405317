/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view -- the state of the world as decisions see it: per endpoint, is it
 * healthy, which share of its clients does it take, how far is it from each
 * vantage.
 *
 * view_reduce() is the pure function (policy, reports, plan, local commands,
 * previous view, now) -> view.  Every reader of the same inputs computes the
 * same view: responders, the agent, `windrose explain`.
 *
 * Who votes on an endpoint, policy/decide/ballot says; what follows from the
 * votes, policy/decide/quorum.
 *
 * Time alone changes a view: votes age, commands expire, bake time ends.  So
 * reduce again at least every second, not only when something arrived.
 */
#ifndef POLICY_DECIDE_VIEW_H
#define POLICY_DECIDE_VIEW_H

#include "policy/bus/command.h"
#include "policy/bus/plan.h"
#include "policy/bus/report.h"
#include "policy/decide/latency.h"
#include "policy/decide/outage.h"
#include "policy/decide/panic.h"
#include "policy/decide/quorum.h"
#include "policy/decide/rum.h"
#include "policy/language/policy.h"
#include "policy/language/window.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flock;
struct hearing;
struct pin;

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
	SHARE_RAMP,    /* coming back after an outage, or waiting to */
	SHARE_CANARY,  /* a canary endpoint; cause_ref: the canary's name */
};

struct view_endpoint {
	struct quorum_result health; /* VERDICT_UNKNOWN: unmonitored (no check,
				      * or one in shadow) or never heard of,
				      * counted as healthy */
	bool deferred;    /* down, and beyond what health may take out: see
			   * policy/decide/budget */
	bool turned;      /* deferred began or ended with this view */
	bool remembered;  /* some latency is of an earlier report than the
			   * newest: a reader that is younger has none */
	bool trickle;     /* down, and more than half of those who say so have
			   * it on trial with users: REPORT_TRICKLE of its
			   * clients may come, where others are well */
	uint32_t down_ms; /* while it is down: for how long, by the reports */
	struct outage outage; /* while it is not: the last one, by them */
	uint32_t accept;
	uint32_t weight;
	enum share_cause cause;
	const char *cause_ref; /* "" when there is none */
	/*
	 * From each vantage, milliseconds; 0 when not known, or the vantage
	 * has not been heard for VIEW_REMEMBER_MS.  NULL
	 * where the service is not steered by latency: nobody looks at it.
	 */
	float *latency_ms;
};

/*
 * The verdict that is acted on: unknown where down is deferred.  Who asks
 * whether an endpoint works, and not what is done about it, reads health.
 */
static inline enum verdict view_verdict(const struct view_endpoint *e)
{
	return e->deferred ? VERDICT_UNKNOWN : e->health.verdict;
}

/* Did a command take all clients away? */
static inline bool view_is_drained(const struct view_endpoint *e)
{
	return e->cause == SHARE_COMMAND && e->accept == ACCEPT_NONE;
}

/* Do all clients of a stable endpoint go to its canary, which is well?
 * endpoints are those of the service. */
static inline bool view_is_replaced(const struct policy_service *service,
				    const struct view_endpoint *endpoints,
				    size_t endpoint)
{
	int canary = service->endpoints[endpoint].shadowed_by;

	return canary != POLICY_NONE &&
	       endpoints[canary].accept == ACCEPT_ALL &&
	       endpoints[canary].health.verdict != VERDICT_DOWN;
}

/* So long after the last change a service still counts as changing. */
enum {
	VIEW_BAKE_MS = 60000,
	VIEW_REMEMBER_MS = 600000, /* what a silent vantage measured */
};

struct view_service {
	struct view_endpoint *endpoints; /* as policy->services[i].endpoints */
	struct panic panic;
	const struct flock *flocks; /* what capacity leaves of shares */
	size_t flock_count;
	struct pin *pins; /* in force, see policy/decide/pin; room for as many
			   * as the policy has sets */
	size_t pin_count;
	const struct plan_demand *demand; /* of the flocks; NULL: untold */
	bool changing;                    /* use the TTL for changing times */
	uint64_t since; /* the serial of the first view from which on all led
			 * to the same decisions: see view_same() */
	int64_t changed_ms; /* monotonic: when health or shares last moved;
			     * at start VIEW_BAKE_MS ago */
	/* steer: schedule; wall clock: it was looked at from, and holds until.
	 * INT64_MAX: for ever. */
	struct window_opening opening;
	int64_t opening_from_ms, opening_until_ms;
};

struct view {
	const struct policy *policy; /* borrowed */
	struct view_service *services;
	struct latency_stretch stretch; /* of the newest reports, old or not:
					 * roads do not change with silence */
	struct rum rum;                 /* the plan's */
	const struct command *freezes;  /* see policy/decide/frozen */
	size_t freeze_count;
	uint64_t serial; /* one more than the previous view's; from 1 */
	uint64_t plan_epoch, plan_sequence; /* 0, 0: no plan yet */
	bool plan_mismatch; /* the plan was made for another policy digest */
	size_t deferred;    /* endpoints */
	bool turned;        /* some endpoint's is */
	int64_t made_ms, wall_made_ms;
	int64_t opening_until_ms; /* the least of the services'; wall clock; 0:
				   * none is scheduled */
	struct arena *arena;
};

/* A report and when this reader received it, monotonic. */
struct heard_report {
	const struct report *report; /* NULL: none yet */
	int64_t heard_ms;
	const struct hearing *hearing; /* of it; NULL, or one made for another
					* policy: the report is looked
					* through */
};

struct view_input {
	const struct heard_report *reports; /* policy->vantage_count of them */
	const struct plan *plan;            /* NULL: none */
	const struct command *local;        /* break-glass, this node only */
	size_t local_count;
	const struct view *previous; /* NULL at start */
	int64_t now_ms;              /* monotonic */
	int64_t wall_ms;             /* for expiry of commands, and schedules */
};

/*
 * Shares are the plan's, by name; names that the policy does not know are
 * ignored, a canary's endpoint takes share 0 unless the plan gives it one.  A
 * share that a command caused ends when the command in the plan expires, also
 * when no agent is there to say so.  Local commands multiply shares.
 *
 * NULL when memory runs out.  The caller owns it; it borrows only policy (the
 * previous view's policy is read, so it lives at least until this returns).
 */
struct view *view_reduce(const struct policy *policy,
			 const struct view_input *in);

/* Accepts NULL. */
void view_free(struct view *view);

/* Do two states of one endpoint lead to the same decisions? */
bool view_endpoint_same(const struct view_endpoint *a,
			const struct view_endpoint *b);

/*
 * Do a and b, of one policy, lead to the same decisions for service, as fresh?
 * (Not: are they equal.)
 */
bool view_same(const struct view *a, const struct view *b, size_t service);

#endif
