/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/ramp.h"

#include <math.h>
#include <stddef.h>

struct ramp_limits ramp_limits_of(const struct policy_service *service)
{
	int64_t ttl_ms = INT64_C(1000) * service->ttl.changing_s;
	int64_t most_ms = service->failback_ramp_ms / RAMP_STEPS_MIN;
	struct ramp_limits limits = {
		.hold_ms = service->failback_hold_ms,
		.ramp_ms = service->failback_ramp_ms,
		.step_ms = service->failback_step_ms,
		.curve = service->failback_curve,
	};

	if (limits.step_ms > 0 && limits.step_ms < ttl_ms)
		limits.step_ms = ttl_ms;
	if (limits.step_ms > most_ms)
		limits.step_ms = most_ms;
	return limits;
}

struct ramp_case {
	const struct ramp *ramp;
	const struct ramp_limits *limits;
	enum verdict verdict;
	int64_t now_ms;
};

static bool is_down(const struct ramp_case *c)
{
	return c->verdict == VERDICT_DOWN;
}

static bool is_up(const struct ramp_case *c)
{
	return c->verdict == VERDICT_UP;
}

static bool hold_is_over(const struct ramp_case *c)
{
	return is_up(c) && !c->limits->manual &&
	       c->now_ms - c->ramp->since_ms >= c->limits->hold_ms;
}

static bool ramp_is_over(const struct ramp_case *c)
{
	return c->now_ms - c->ramp->since_ms >= c->limits->ramp_ms;
}

/* The first rule that applies fires; none means stay. */
/* clang-format off */
static const struct rule {
	enum ramp_state in;
	bool (*when)(const struct ramp_case *c);
	enum ramp_state next;
} rules[] = {
	{ RAMP_FULL,    is_down,      RAMP_DOWN    },
	{ RAMP_DOWN,    is_up,        RAMP_WAITING },
	{ RAMP_WAITING, is_down,      RAMP_DOWN    },
	{ RAMP_WAITING, hold_is_over, RAMP_RISING  },
	{ RAMP_RISING,  is_down,      RAMP_DOWN    },
	{ RAMP_RISING,  ramp_is_over, RAMP_FULL    },
};
/* clang-format on */

static const struct rule *rule_for(const struct ramp_case *c)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].in == c->ramp->state && rules[i].when(c))
			return &rules[i];
	return NULL;
}

static struct ramp enter(enum ramp_state state, struct ramp_now now)
{
	return (struct ramp){
		.state = state,
		.since_ms = now.now_ms,
		.wall_since_ms = now.wall_ms,
	};
}

/* No verdict leads round in a circle, so this ends: up leads to FULL, down to
 * DOWN, unknown to FULL. */
struct ramp ramp_step(struct ramp ramp, const struct ramp_limits *limits,
		      enum verdict verdict, struct ramp_now now)
{
	const struct ramp_case c = {
		.ramp = &ramp,
		.limits = limits,
		.verdict = verdict,
		.now_ms = now.now_ms,
	};
	const struct rule *rule;

	while ((rule = rule_for(&c)) != NULL)
		ramp = enter(rule->next, now);
	return ramp;
}

bool ramp_release(struct ramp *ramp, struct ramp_now now)
{
	if (ramp->state != RAMP_WAITING && ramp->state != RAMP_RISING)
		return false;
	*ramp = enter(ramp->state == RAMP_WAITING ? RAMP_RISING : RAMP_FULL,
		      now);
	return true;
}

bool ramp_hold(struct ramp *ramp, struct ramp_now now)
{
	if (ramp->state != RAMP_RISING && ramp->state != RAMP_FULL)
		return false;
	*ramp = enter(RAMP_WAITING, now);
	return true;
}

static double curve_of(const struct ramp_limits *limits)
{
	return limits->curve > 0 ? limits->curve : 1;
}

double ramp_share(const struct ramp *ramp, const struct ramp_limits *limits,
		  int64_t now_ms)
{
	int64_t passed_ms = now_ms - ramp->since_ms;
	double share;

	if (ramp->state == RAMP_FULL)
		return 1;
	if (ramp->state != RAMP_RISING || passed_ms <= 0)
		return RAMP_FLOOR;
	if (passed_ms >= limits->ramp_ms)
		return 1;
	if (limits->step_ms > 0)
		passed_ms -= passed_ms % limits->step_ms;
	share = pow((double)passed_ms / (double)limits->ramp_ms,
		    1 / curve_of(limits));
	return share > RAMP_FLOOR ? share : RAMP_FLOOR;
}

enum plan_cause ramp_cause(const struct ramp *ramp)
{
	switch (ramp->state) {
	case RAMP_FULL:
		return PLAN_FULL;
	case RAMP_DOWN:
	case RAMP_WAITING:
		return PLAN_HOLD;
	case RAMP_RISING:
		return PLAN_RAMP;
	}
	return PLAN_FULL;
}

int64_t ramp_wall_since_ms(const struct ramp *ramp)
{
	return ramp->state == RAMP_WAITING || ramp->state == RAMP_RISING
		       ? ramp->wall_since_ms
		       : 0;
}

static enum ramp_state adopted_state(const struct plan_share *share)
{
	bool dated = share->wall_since_ms > 0;

	switch (share->cause) {
	case PLAN_HOLD:
		return dated ? RAMP_WAITING : RAMP_DOWN;
	case PLAN_RAMP:
		return dated ? RAMP_RISING : RAMP_WAITING;
	case PLAN_COMMAND:
		return dated ? RAMP_WAITING : RAMP_FULL;
	case PLAN_FULL:
	case PLAN_CANARY:
		return RAMP_FULL;
	}
	return RAMP_FULL;
}

/* How long a ramp has been rising that has come to this share, which was
 * rounded: a step is the one that is nearest. */
static int64_t rising_ms(const struct ramp_limits *limits, double share)
{
	int64_t passed_ms, over_ms;

	if (share <= RAMP_FLOOR)
		return 0;
	passed_ms = (int64_t)(pow(share, curve_of(limits)) *
				      (double)limits->ramp_ms +
			      0.5);
	if (limits->step_ms == 0)
		return passed_ms;
	over_ms = passed_ms % limits->step_ms;
	return passed_ms - over_ms +
	       (over_ms > limits->step_ms / 2 ? limits->step_ms : 0);
}

struct ramp ramp_adopt(const struct plan_share *share,
		       const struct ramp_limits *limits, int64_t wall_made_ms,
		       struct ramp_now now)
{
	struct ramp ramp = enter(adopted_state(share), now);
	int64_t passed_ms = 0;

	if (ramp.state == RAMP_RISING)
		passed_ms = rising_ms(limits, share->share);
	else if (share->wall_since_ms > 0 &&
		 wall_made_ms > share->wall_since_ms)
		passed_ms = wall_made_ms - share->wall_since_ms;
	ramp.since_ms -= passed_ms;
	ramp.wall_since_ms -= passed_ms;
	return ramp;
}

const char *ramp_state_name(enum ramp_state state)
{
	static const char *const names[] = {
		[RAMP_FULL] = "full",
		[RAMP_DOWN] = "down",
		[RAMP_WAITING] = "waiting",
		[RAMP_RISING] = "rising",
	};

	return names[state];
}
