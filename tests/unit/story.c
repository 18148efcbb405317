/* SPDX-License-Identifier: Apache-2.0 */
#include "story.h"

#include "policy/base/error.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void take_plan(struct story *s, const struct plan *plan)
{
	struct error err = { .text = "" };

	if (!plan_check(plan, &s->w.policy, &err))
		fail_msg("%s", err.text);
	if (!plan_newer(plan, s->plan))
		fail_msg("plan %llu/%llu goes back",
			 (unsigned long long)plan->epoch,
			 (unsigned long long)plan->sequence);
	plan_free(s->plan);
	s->plan = plan_copy(plan);
	assert_non_null(s->plan);
	s->plans++;
}

void story_tick(struct story *s)
{
	const struct plan *plan = agent_tick(s->agent, &s->w.in);

	if (plan != NULL)
		take_plan(s, plan);
}

void story_pass(struct story *s, int64_t ms)
{
	for (int64_t t = 0; t < ms; t += 250) {
		steer_pass(&s->w, 250);
		story_tick(s);
	}
}

void story_begin(struct story *s)
{
	memset(s, 0, sizeof(*s));
	steer_init(&s->w);
	s->agent = agent_new(&s->w.policy, "a1");
	assert_non_null(s->agent);
	story_tick(s);
	assert_int_equal(s->plans, 1);
}

void story_end(struct story *s)
{
	agent_free(s->agent);
	plan_free(s->plan);
}

void story_succeed(struct story *s)
{
	agent_free(s->agent);
	s->agent = agent_new(&s->w.policy, "a2");
	assert_non_null(s->agent);
	s->w.in.now.now_ms = 10 * INT64_C(86400000); /* it is up for so long */
	s->w.in.epoch++;
	assert_true(agent_adopt(s->agent, s->plan, s->w.in.now));
	story_tick(s);
	assert_int_equal(s->plan->epoch, s->w.in.epoch);
	assert_string_equal(s->plan->agent, "a2");
}

void story_say(struct story *s, const struct command *c)
{
	struct error err = { .text = "" };

	if (!agent_command(s->agent, c, &s->w.in, &err))
		fail_msg("%s", err.text);
	story_tick(s);
}

struct command story_order(struct story *s, enum command_kind kind,
			   const char *target)
{
	struct command c = steer_command(&s->w, kind, target);

	story_say(s, &c);
	return c;
}

void story_refused(struct story *s, const struct command *c, const char *why)
{
	struct error err = { .text = "" };
	unsigned plans = s->plans;

	assert_false(agent_command(s->agent, c, &s->w.in, &err));
	if (strstr(err.text, why) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", why, err.text);
	story_tick(s);
	assert_int_equal(s->plans, plans);
}

void story_has_share(const struct story *s, const char *endpoint, double share)
{
	double is = plan_share_of(s->plan, endpoint);

	if (fabs(is - share) > 0.012)
		fail_msg("%s takes %g, not %g", endpoint, is, share);
}

enum plan_cause story_cause_of(const struct story *s, const char *endpoint)
{
	const struct plan_share *p = plan_find_share(s->plan, "www", endpoint);

	return p == NULL ? PLAN_FULL : p->cause;
}

bool story_was_told(struct story *s, const char *kind, const char *what)
{
	const struct audit *audit = agent_audit(s->agent);

	for (size_t i = 0; i < audit->count; i++)
		if (strcmp(audit->list[i].kind, kind) == 0 &&
		    strcmp(audit->list[i].what, what) == 0)
			return true;
	return false;
}

void story_without_residency(struct story *s)
{
	s->w.policy.residency_count = 0;
	s->w.in.classes.count = 0;
}

double story_api_share(const struct story *s)
{
	const struct plan_share *p = plan_find_share(s->plan, "api", "eu-west");

	return p == NULL ? 1 : p->share;
}
