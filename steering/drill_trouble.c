/* SPDX-License-Identifier: Apache-2.0 */
/* drill_trouble -- what ends a drill before its time. */
#include "steering/drill_impl.h"

#include "steering/burden.h"
#include "steering/counted.h"

#include <stdio.h>
#include <string.h>

/* One that takes nobody by command is somebody's who knows. */
static bool is_trouble(const struct state *state, const struct view *view,
		       size_t service, size_t endpoint)
{
	const struct effect effect =
		effect_of(state_commands(state), state->policy, service,
			  endpoint, EFFECT_SETTLED);

	return view->services[service].endpoints[endpoint].health.verdict ==
		       VERDICT_DOWN &&
	       effect_takes(&effect);
}

bool drill_is_blind(const struct command *command, const struct state *state,
		    const struct agent_input *in, char *buf, size_t size)
{
	const struct policy *policy = state->policy;
	int region = policy_find_region(policy, command->target);
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < policy->service_count; i++) {
		if (policy_stable_in(&policy->services[i], region) == 0)
			continue;
		if (counted_tells(in->counted, policy, i, in->now.now_ms))
			return false;
		if (len < size)
			len += (size_t)snprintf(buf + len, size - len, "%s%s",
						len == 0 ? "" : ", ",
						policy->services[i].name);
	}
	return len > 0;
}

bool drill_finds_down(const struct command *command, const struct state *state,
		      const struct view *view, char *buf, size_t size)
{
	const struct policy *policy = state->policy;
	int region = policy_find_region(policy, command->target);

	if (view == NULL || view->policy != policy)
		return false;
	for (size_t i = 0; i < policy->service_count; i++) {
		const struct policy_service *s = &policy->services[i];

		for (size_t j = 0; j < s->endpoint_count; j++) {
			const struct policy_endpoint *e = &s->endpoints[j];

			if (e->region == region || e->canary != POLICY_NONE ||
			    !is_trouble(state, view, i, j))
				continue;
			snprintf(buf, size, "%s/%s", s->name, e->name);
			return true;
		}
	}
	return false;
}

/* More than a hundredth of a capacity beyond what was predicted is no noise. */
static bool is_overloaded(struct drill *drill, const struct agent_input *in,
			  char *buf, size_t size)
{
	const struct burden_case c = { drill->policy, in->view, in->classes,
				       in->rates };

	if (in->view == NULL || in->view->policy != drill->policy ||
	    in->now.now_ms - drill->weighed_ms < DRILL_WEIGH_MS)
		return false;
	drill->weighed_ms = in->now.now_ms;
	for (size_t i = 0; i < drill->policy->service_count; i++) {
		const struct drill_service *s = &drill->services[i];
		const struct policy_service *of = &drill->policy->services[i];
		struct burden b;
		double use;
		size_t at;

		if (!s->concerned || !burden_of(&c, i, &b) || !b.known)
			continue;
		at = burden_most(&b, of->endpoint_count, &use);
		if (use <= 1 || use <= s->use + 0.01)
			continue;
		snprintf(buf, size,
			 "%s/%s has to carry %.0f %% of its capacity, "
			 "predicted were %.0f %%",
			 of->name, of->endpoints[at].name, 100 * use,
			 100 * s->use);
		return true;
	}
	return false;
}

static bool exceeds(double requests, double failures, double pct)
{
	return requests >= EXCESS_REQUESTS_MIN &&
	       failures >= EXCESS_FAILURES_MIN &&
	       100 * failures > pct * requests;
}

/* By the newest requests, or by all where they are few. */
static bool fails(const struct drill *drill, const struct agent_input *in,
		  char *buf, size_t size)
{
	double most = drill->command.abort_errors_pct;

	if (most <= 0)
		return false;
	for (size_t i = 0; i < drill->policy->service_count; i++) {
		const struct drill_service *s = &drill->services[i];
		struct trials all;

		if (!s->concerned)
			continue;
		if (s->watched && !counted_tells(in->counted, drill->policy, i,
						 in->now.now_ms)) {
			snprintf(buf, size,
				 "no edge counts requests of %s any more, so "
				 "nobody would see errors",
				 drill->policy->services[i].name);
			return true;
		}
		all = drill_figures_all(drill, i);
		if (!exceeds(s->recent.requests, s->recent.failures, most) &&
		    !exceeds((double)all.requests, (double)all.failures, most))
			continue;
		snprintf(buf, size,
			 "errors of %s: %llu of %llu requests failed since it "
			 "began, lately %.2f %%; the limit is %g %%",
			 drill->policy->services[i].name,
			 (unsigned long long)all.failures,
			 (unsigned long long)all.requests,
			 s->recent.requests > 0
				 ? 100 * s->recent.failures / s->recent.requests
				 : 0,
			 most);
		return true;
	}
	return false;
}

bool drill_trouble(struct drill *drill, const struct state *state,
		   const struct agent_input *in, char *buf, size_t size)
{
	char down[COMMAND_TARGET_SIZE];

	if (drill->services == NULL || drill->policy != state->policy) {
		snprintf(buf, size,
			 "another policy is in force, and what was "
			 "predicted and counted is of the old one");
		return true;
	}
	if (drill_finds_down(&drill->command, state, in->view, down,
			     sizeof(down))) {
		snprintf(buf, size, "%s is down, which is no drill", down);
		return true;
	}
	return is_overloaded(drill, in, buf, size) ||
	       fails(drill, in, buf, size);
}
