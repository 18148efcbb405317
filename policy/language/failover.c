/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/failover.h"

#include "policy/language/code.h"
#include "policy/language/draft.h"
#include "policy/language/expression.h"
#include "policy/language/scalar.h"

enum { LATE_PCT = 10 }; /* a probe starts so much of an interval late */

/* In a row, from a window full of passes, until the breaker opens. */
static int64_t failures_that_open(const struct policy_check *check)
{
	const struct policy_breaker *b = &check->breaker;
	int64_t by_rate = ((int64_t)b->window * b->failure_rate_pct + 99) / 100;
	bool fills =
		b->window_ms >= ((int64_t)b->window + 1) * check->interval_ms;

	return fills && by_rate < b->consecutive ? by_rate : b->consecutive;
}

static int64_t notice_ms(const struct policy_check *check)
{
	int64_t failures = failures_that_open(check);

	return check->interval_ms + check->interval_ms * LATE_PCT / 100 +
	       failures * check->timeout_ms +
	       (failures - 1) * check->confirm_ms;
}

static void take(struct failover *f, const struct policy_check *check)
{
	int64_t ms = notice_ms(check);

	if (ms > f->notice_ms)
		f->notice_ms = ms;
}

bool failover_of(const struct policy *policy,
		 const struct policy_service *service, struct failover *out)
{
	const struct policy_expression *x = service->expression;
	struct failover f = {
		.kept_ms = (int64_t)service->ttl.steady_s * 1000,
	};

	if (policy_unmonitored(policy, service) != NULL)
		return false;
	if (x == NULL)
		take(&f, &policy->checks[service->check]);
	for (size_t i = 0; x != NULL && i < x->check_count; i++)
		if ((x->counted >> i & 1) != 0)
			take(&f, &policy->checks[x->checks[i]]);
	*out = f;
	return true;
}

/* What to do; a TTL is a whole second at least. */
static const char *advice(const struct failover *f, int64_t goal_ms,
			  char buf[80])
{
	int64_t left_ms = (goal_ms - f->notice_ms) / 1000 * 1000;
	char text[SCALAR_DURATION_SIZE];

	if (left_ms <= 0)
		return "probe more often, or with a shorter timeout";
	snprintf(buf, 80, "lower ttl.steady to %s, or probe more often",
		 scalar_duration_text(left_ms, text));
	return buf;
}

static void judge(struct draft *d, const struct policy_service *s,
		  const struct tree *node)
{
	const struct tree *ttl = tree_find(node, "ttl");
	int64_t goal_ms = d->policy->safety.failover_goal_ms;
	char goal[SCALAR_DURATION_SIZE], notice[SCALAR_DURATION_SIZE],
		kept[SCALAR_DURATION_SIZE], all[SCALAR_DURATION_SIZE], buf[80];
	struct failover f;
	struct tree *steady = NULL;

	/* Where nothing is left to go to, no TTL helps. */
	if (s->endpoint_count < 2 || !failover_of(d->policy, s, &f) ||
	    (ttl != NULL && !draft_usable(ttl, "steady", &steady)) ||
	    f.notice_ms + f.kept_ms <= goal_ms)
		return;
	errors_warn(d->errs, CODE_FAILOVER_LATE,
		    steady == NULL ? s->at : steady->at,
		    "service \"%s\" can keep clients at a failed endpoint for "
		    "%s (%s until probes tell, a TTL of %s), and "
		    "safety.failover_goal is %s; %s",
		    s->name, scalar_duration_text(f.notice_ms + f.kept_ms, all),
		    scalar_duration_text(f.notice_ms, notice),
		    scalar_duration_text(f.kept_ms, kept),
		    scalar_duration_text(goal_ms, goal),
		    advice(&f, goal_ms, buf));
}

void failover_judge(struct draft *d)
{
	struct tree *section = d->sections[SECTION_SERVICES];
	struct tree *node = section == NULL ? NULL : section->first;

	if (d->policy->safety.failover_goal_ms == 0)
		return;
	for (size_t i = 0; node != NULL && i < d->policy->service_count;
	     i++, node = node->next)
		judge(d, &d->policy->services[i], node);
}
