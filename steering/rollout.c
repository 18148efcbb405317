/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/rollout.h"

#include "steering/canary.h"

#include <stdarg.h>
#include <stdio.h>

/* The probability that a canary that is as good as the stable version is ever
 * taken back, all steps together: for its errors, and again for its latency. */
#define ALPHA 0.01

enum { BLIND_INTERVALS = 3 }; /* so many without a measure are no chance */

struct rollout_case {
	const struct rollout_input *in;
	struct plan_canary *c;
	struct rollout *r;
};

static void say(const struct rollout_case *k, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct rollout_case *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(k->c->reason, sizeof(k->c->reason), fmt, ap);
	va_end(ap);
}

static bool has_metrics(const struct rollout_case *k)
{
	return policy_measures(k->in->canary);
}

static const struct canary_stage *stage_of(const struct rollout_case *k)
{
	return &k->in->canary->stages[k->c->stage];
}

/* Each step has its part of the probability to err. */
static double alpha_of(const struct policy_canary *canary)
{
	size_t steps = 0;

	for (size_t i = 0; i < canary->stage_count; i++)
		steps += canary->stages[i].percent_count;
	return ALPHA / (double)steps;
}

/* Do measures count now?  Those of a SETTLE do not. */
static bool is_testing(enum plan_canary_phase phase)
{
	return phase == CANARY_BAKE || phase == CANARY_HOLD ||
	       phase == CANARY_JUDGE || phase == CANARY_WAIT;
}

/* Before it has clients nothing is known of the canary, and where the stable
 * version has none nothing of that. */
static bool is_needed(const struct rollout_case *k, enum arm arm)
{
	return arm == ARM_CANARY ? k->c->phase != CANARY_PRECHECK
				 : k->in->health.compares;
}

/* The version whose measurement is wanting; ARMS: none. */
static enum arm wanting(const struct rollout_case *k)
{
	for (enum arm arm = 0; arm < ARMS; arm++)
		if (is_needed(k, arm) &&
		    (k->in->measure == NULL ||
		     k->in->measure->arms[arm].outcome != MEASURE_OK))
			return arm;
	return ARMS;
}

static double percent(const struct trials *t)
{
	return t->requests == 0
		       ? 0
		       : 100.0 * (double)t->failures / (double)t->requests;
}

/* What was seen of both, for people. */
static void say_seen(const struct rollout_case *k, const char *what)
{
	const struct excess *x = &k->r->excess;

	if (!has_metrics(k))
		say(k, "%s", what);
	else
		say(k,
		    "%s: %.3g %% of %llu requests failed, %.3g %% of %llu "
		    "of the stable version",
		    what, percent(&x->canary),
		    (unsigned long long)x->canary.requests, percent(&x->stable),
		    (unsigned long long)x->stable.requests);
}

/* Conditions: each says why when it holds. */

static bool is_failing(const struct rollout_case *k)
{
	if (k->in->health.failing == NULL)
		return false;
	say(k, "%.60s fails its checks", k->in->health.failing);
	return true;
}

static bool has_errors(const struct rollout_case *k)
{
	if (!is_testing(k->c->phase) ||
	    !excess_found(&k->r->excess, k->in->canary->rollback.error_ratio,
			  alpha_of(k->in->canary)))
		return false;
	say_seen(k, "too many errors");
	return true;
}

static bool is_slow(const struct rollout_case *k)
{
	if (!is_testing(k->c->phase) || !k->r->slow)
		return false;
	say(k,
	    "too slow: %.2f times the stable version's median, %.2f times "
	    "its 95th percentile",
	    k->r->slowness.median_ratio, k->r->slowness.p95_ratio);
	return true;
}

static void say_blind(const struct rollout_case *k, const char *what)
{
	enum arm arm = wanting(k);
	const struct measure *m = k->in->measure;

	if (m == NULL || arm == ARMS)
		say(k, "%s: nothing was measured", what);
	else
		say(k, "%s: %s: %s%s%.100s", what, arm_name(arm),
		    measure_outcome_name(m->arms[arm].outcome),
		    m->detail[0] == '\0' ? "" : ": ", m->detail);
}

static bool is_blind_for_long(const struct rollout_case *k)
{
	if (!has_metrics(k) ||
	    k->c->blind_ms < k->in->canary->rollback.no_data_ms)
		return false;
	say_blind(k, "no data for too long");
	return true;
}

static bool is_blind(const struct rollout_case *k)
{
	const struct policy_metrics *m = &k->in->canary->metrics;

	if (!has_metrics(k) ||
	    k->c->blind_ms < BLIND_INTERVALS * m->interval_ms + m->timeout_ms)
		return false;
	say_blind(k, "no data");
	return true;
}

static bool is_ready(const struct rollout_case *k)
{
	if (!k->in->health.ready)
		return false;
	if (has_metrics(k) && (k->in->measure == NULL || wanting(k) != ARMS))
		return false;
	say(k, "its endpoints are healthy");
	return true;
}

static bool is_in(const struct rollout_case *k)
{
	say(k, "%u %% of the clients", stage_of(k)->percents[k->c->step]);
	return true;
}

static bool has_settled(const struct rollout_case *k)
{
	if (k->c->spent_ms < k->in->settle_ms)
		return false;
	say(k, "old answers have run out");
	return true;
}

static bool is_over(const struct rollout_case *k)
{
	return k->c->spent_ms >= stage_of(k)->bake_ms;
}

/* The bake is over and says too little. */
static bool is_short(const struct rollout_case *k)
{
	const struct policy_rollback *want = &k->in->canary->rollback;
	const struct excess *x = &k->r->excess;

	if (!has_metrics(k) || !is_over(k))
		return false;
	if (x->canary.requests < want->min_requests ||
	    (k->in->health.compares &&
	     x->stable.requests < want->min_requests)) {
		say(k,
		    "too few requests: %llu of the canary, %llu of the "
		    "stable version; %u are wanted",
		    (unsigned long long)x->canary.requests,
		    (unsigned long long)x->stable.requests, want->min_requests);
		return true;
	}
	if (!k->in->health.compares || !excess_suspected(x, want->error_ratio))
		return false;
	say_seen(k, "undecided");
	return true;
}

static bool is_baked(const struct rollout_case *k)
{
	if (!is_over(k) || is_blind(k) || is_short(k))
		return false;
	say_seen(k, "baked");
	return true;
}

static bool goes_on(const struct rollout_case *k)
{
	if (is_blind(k) || is_short(k))
		return false;
	say_seen(k, "goes on");
	return true;
}

static bool is_stage_over(const struct rollout_case *k)
{
	return k->c->step + 1 >= stage_of(k)->percent_count;
}

static bool needs_person(const struct rollout_case *k)
{
	if (!has_metrics(k))
		say(k, "nothing is measured of it: promote or abort it");
	else if (is_stage_over(k) && stage_of(k)->gate == GATE_MANUAL)
		say_seen(k, "the gate is manual: promote or abort it");
	else
		return false;
	return true;
}

static bool is_last(const struct rollout_case *k)
{
	return is_stage_over(k) &&
	       k->c->stage + 1 >= k->in->canary->stage_count;
}

static bool is_passed(const struct rollout_case *k)
{
	(void)k;
	return true;
}

static bool is_acknowledged(const struct rollout_case *k)
{
	return k->in->acknowledged;
}

/* The rules. */

enum {
	WHILE_PAUSED = 1, /* also then */
	ANEW = 2,         /* time is counted from 0, tests begin */
	ON = 4,           /* one step further, or done */
	BACK = 8,         /* acceptance 0 */
};

#define UNDER_WAY CANARY_PHASES /* every phase from PRECHECK to WAIT */

/* The first rule that applies fires; none means stay. */
/* clang-format off */
static const struct rule {
	enum plan_canary_phase in;
	bool (*when)(const struct rollout_case *k);
	enum plan_canary_phase next;
	unsigned does;
} rules[] = {
	{ UNDER_WAY,       is_failing,        CANARY_ROLLBACK, BACK | WHILE_PAUSED },
	{ UNDER_WAY,       has_errors,        CANARY_ROLLBACK, BACK | WHILE_PAUSED },
	{ UNDER_WAY,       is_slow,           CANARY_ROLLBACK, BACK | WHILE_PAUSED },
	{ UNDER_WAY,       is_blind_for_long, CANARY_ROLLBACK, BACK | WHILE_PAUSED },
	{ CANARY_PRECHECK, is_ready,          CANARY_STEP,     0 },
	{ CANARY_STEP,     is_in,             CANARY_SETTLE,   ANEW },
	{ CANARY_SETTLE,   has_settled,       CANARY_BAKE,     ANEW },
	{ CANARY_BAKE,     is_blind,          CANARY_HOLD,     0 },
	{ CANARY_BAKE,     is_short,          CANARY_HOLD,     0 },
	{ CANARY_BAKE,     is_baked,          CANARY_JUDGE,    0 },
	{ CANARY_HOLD,     goes_on,           CANARY_BAKE,     0 },
	{ CANARY_JUDGE,    needs_person,      CANARY_WAIT,     0 },
	{ CANARY_JUDGE,    is_last,           CANARY_PLANNED,  ON },
	{ CANARY_JUDGE,    is_stage_over,     CANARY_PRECHECK, ON },
	{ CANARY_JUDGE,    is_passed,         CANARY_STEP,     ON },
	{ CANARY_ROLLBACK, is_acknowledged,   CANARY_ROLLED,   WHILE_PAUSED },
};
/* clang-format on */

bool rollout_is_watched(const struct plan_canary *c)
{
	return c->state == CANARY_RUNNING || c->state == CANARY_PAUSED;
}

static const struct rule *rule_for(const struct rollout_case *k)
{
	bool watched = rollout_is_watched(k->c);

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];

		if (rule->in == UNDER_WAY ? !watched : rule->in != k->c->phase)
			continue;
		if ((k->c->state == CANARY_PAUSED || k->in->panics ||
		     k->in->frozen) &&
		    (rule->does & WHILE_PAUSED) == 0)
			continue;
		if (rule->when(k))
			return rule;
	}
	return NULL;
}

static void begin_tests(const struct rollout_case *k)
{
	struct plan_canary *c = k->c;
	const struct rollout fresh = {
		.heard = k->r->heard,
		.baking_ms = k->in->now_ms,
		.ticked_ms = k->r->ticked_ms,
	};

	*k->r = fresh;
	c->canary_requests = c->canary_errors = 0;
	c->stable_requests = c->stable_errors = 0;
	c->log_e = 0;
	c->looks = 0;
}

bool rollout_turn(const struct rollout_input *in, struct plan_canary *c,
		  struct rollout *r)
{
	struct plan_canary was = *c;
	const struct rollout_case k = { in, c, r };
	const struct rule *rule = rule_for(&k);

	if (rule == NULL) {
		/* Conditions that did not hold have said nothing. */
		*c = was;
		return false;
	}
	if ((rule->does & ON) != 0)
		canary_advance(in->canary, c);
	if ((rule->does & BACK) != 0) {
		c->state = CANARY_ABORTED;
		c->rolled_back = true;
	}
	if ((rule->does & (ON | BACK)) != 0)
		c->wall_since_ms = in->wall_ms;
	if ((rule->does & ANEW) != 0) {
		c->spent_ms = 0;
		begin_tests(&k);
	}
	c->phase = rule->next;
	return true;
}

/* Measures. */

static void keep_seen(struct plan_canary *c, const struct rollout *r)
{
	c->canary_requests = r->excess.canary.requests;
	c->canary_errors = r->excess.canary.failures;
	c->stable_requests = r->excess.stable.requests;
	c->stable_errors = r->excess.stable.failures;
	c->log_e = r->excess.log_e;
	c->looks = r->slowness.looks;
}

static void test_latency(const struct rollout_case *k,
			 const struct measure_arm part[ARMS])
{
	const struct policy_canary *canary = k->in->canary;

	if (part[ARM_CANARY].latencies.count > 0 &&
	    part[ARM_STABLE].latencies.count > 0 &&
	    slowness_add(&k->r->slowness, &part[ARM_CANARY].latencies,
			 &part[ARM_STABLE].latencies) &&
	    slowness_found(&k->r->slowness, canary->rollback.latency_ratio,
			   alpha_of(canary)))
		k->r->slow = true;
}

/* What came since the last measure counts, unless a counter went back. */
static void count(const struct rollout_case *k)
{
	const struct measure *m = k->in->measure;
	struct measure_arm part[ARMS] = { { .outcome = MEASURE_NONE } };
	struct measure base = k->r->base;

	k->r->base = *m;
	if (base.number == 0)
		return;
	for (enum arm arm = 0; arm < ARMS; arm++)
		if (m->arms[arm].outcome == MEASURE_OK &&
		    (base.arms[arm].outcome != MEASURE_OK ||
		     !measure_between(&base.arms[arm], &m->arms[arm],
				      &part[arm])))
			return;
	excess_add(&k->r->excess, k->in->canary->rollback.error_ratio,
		   part[ARM_CANARY].total, part[ARM_STABLE].total);
	test_latency(k, part);
	keep_seen(k->c, k->r);
}

static void take_measure(const struct rollout_case *k)
{
	const struct measure *m = k->in->measure;

	if (m == NULL || m->number == k->r->heard)
		return;
	k->r->heard = m->number;
	if (wanting(k) != ARMS)
		return;
	k->c->blind_ms = 0;
	if (!is_testing(k->c->phase))
		k->r->base.number = 0;
	else if (m->taken_ms >= k->r->baking_ms)
		count(k);
}

void rollout_hear(const struct rollout_input *in, struct plan_canary *c,
		  struct rollout *r)
{
	const struct rollout_case k = { in, c, r };
	int64_t passed_ms = r->ticked_ms == 0 ? 0 : in->now_ms - r->ticked_ms;
	bool waits = c->phase == CANARY_SETTLE || c->phase == CANARY_BAKE;

	if (!rollout_is_watched(c)) {
		r->ticked_ms = 0;
		return;
	}
	r->ticked_ms = in->now_ms;
	if (passed_ms < 0)
		passed_ms = 0;
	if (has_metrics(&k))
		c->blind_ms += passed_ms;
	if (waits && c->state == CANARY_RUNNING)
		c->spent_ms += passed_ms < ROLLOUT_TICK_MS ? passed_ms
							   : ROLLOUT_TICK_MS;
	if (has_metrics(&k))
		take_measure(&k);
}

void rollout_adopt(struct plan_canary *c, struct rollout *r)
{
	*r = (struct rollout){
		.excess = excess_adopt(
			(struct trials){ c->canary_requests, c->canary_errors },
			(struct trials){ c->stable_requests, c->stable_errors },
			c->log_e),
		.slowness = { .looks = c->looks },
	};
	if (rollout_is_watched(c) &&
	    (c->phase < CANARY_PRECHECK || c->phase > CANARY_WAIT)) {
		c->phase = CANARY_SETTLE;
		c->spent_ms = 0;
	}
}
