/* SPDX-License-Identifier: Apache-2.0 */
/* drill_figures -- what is predicted of a drill, and what edges count. */
#include "steering/drill_impl.h"

#include "policy/base/error.h"
#include "steering/counted.h"
#include "steering/draft.h"
#include "steering/inputs.h"
#include "steering/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct trials since(struct trials now, struct trials then)
{
	if (now.requests < then.requests || now.failures < then.failures)
		return (struct trials){ 0, 0 };
	return (struct trials){ now.requests - then.requests,
				now.failures - then.failures };
}

/* Of all clients of a family, by region. */
static void take_family(const struct predict_family *f,
			struct drill_service *out)
{
	double all = 0;

	for (size_t i = 0; i < POLICY_REGIONS_MAX; i++)
		all += f->after[i];
	for (size_t i = 0; i < POLICY_REGIONS_MAX && all > 0; i++)
		out->share[i] = 100 * f->after[i] / all;
	out->predicted = all > 0;
}

/* Of what its clients ask, where that is known. */
static void take_burden(const struct policy_service *s, const struct burden *b,
			struct drill_service *out)
{
	if (!b->known || b->demand <= 0)
		return;
	memset(out->share, 0, sizeof(out->share));
	for (size_t i = 0; i < s->endpoint_count; i++)
		out->share[s->endpoints[i].region] +=
			100 * b->load[i] / b->demand;
	burden_most(b, s->endpoint_count, &out->use);
}

struct plans {
	struct plan *before, *after;
};

/* Settled plans without the drill and with it. */
static struct plans draft(const struct drill *drill, const struct state *state,
			  const struct agent_input *in)
{
	const struct draft_when when = { .now = in->now, .settled = true };
	struct plans plans = { .after = draft_plan(state, &when) };
	struct state without;

	if (!state_copy(&without, state))
		return plans;
	for (size_t i = without.command_count; i-- > 0;)
		if (strcmp(without.commands[i].id, drill->command.id) == 0)
			state_remove(&without, i);
	plans.before = draft_plan(&without, &when);
	state_fini(&without);
	return plans;
}

static void take_prediction(struct drill *drill, const struct prediction *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct predict_service *s = &p->services[i];
		struct drill_service *out = &drill->services[s->service];

		take_family(s->v4.covered > 0 ? &s->v4 : &s->v6, out);
		take_burden(&p->policy->services[s->service], &s->after, out);
	}
}

static void predict(struct drill *drill, const struct state *state,
		    const struct agent_input *in)
{
	struct plans plans = draft(drill, state, in);
	struct prediction p = { .services = NULL };
	struct view *before = NULL, *after = NULL;
	struct error none;

	if (plans.before != NULL && plans.after != NULL) {
		before = inputs_view(in->inputs, state->policy, plans.before,
				     in->now);
		after = inputs_view(in->inputs, state->policy, plans.after,
				    in->now);
	}
	if (before != NULL && after != NULL) {
		const struct burden_case a = { state->policy, before,
					       in->classes, in->rates };
		const struct burden_case b = { state->policy, after,
					       in->classes, in->rates };

		if (predict_of(&a, &b, &p, &none)) {
			predict_loads(&p, &a, &b, &none);
			take_prediction(drill, &p);
			prediction_fini(&p);
		}
	}
	view_free(before);
	view_free(after);
	plan_free(plans.before);
	plan_free(plans.after);
}

/* Of a service, all regions together; each into by_region unless NULL. */
static struct trials count(const struct drill *drill,
			   const struct agent_input *in, size_t service,
			   struct trials *by_region)
{
	struct trials all = { 0, 0 };

	for (size_t i = 0; i < drill->policy->region_count; i++) {
		struct trials t =
			counted_in(in->counted, drill->policy, service, i);

		all.requests += t.requests;
		all.failures += t.failures;
		if (by_region != NULL)
			by_region[i] = t;
	}
	return all;
}

void drill_figures_begin(struct drill *drill, const struct state *state,
			 const struct agent_input *in)
{
	const struct policy *policy = state->policy;
	int region = policy_find_region(policy, drill->command.target);

	drill->policy = policy;
	drill->services =
		calloc(policy->service_count + 1, sizeof(*drill->services));
	for (size_t i = 0; drill->services != NULL && i < policy->service_count;
	     i++) {
		struct drill_service *s = &drill->services[i];

		s->concerned =
			policy_stable_in(&policy->services[i], region) != 0;
		s->watched =
			counted_tells(in->counted, policy, i, in->now.now_ms);
		s->seen = count(drill, in, i, s->begun);
		memcpy(s->settled, s->begun, sizeof(s->settled));
	}
	if (drill->services != NULL && in->inputs != NULL)
		predict(drill, state, in);
}

/* Old ones fade, so that what goes wrong late is not hidden by what went well
 * before. */
static void add(struct excess_recent *recent, struct trials more,
		int64_t passed_ms)
{
	double left = exp(-(double)passed_ms / DRILL_FADE_MS);

	recent->requests = recent->requests * left + (double)more.requests;
	recent->failures = recent->failures * left + (double)more.failures;
}

void drill_figures_look(struct drill *drill, const struct agent_input *in)
{
	int64_t passed_ms = in->now.now_ms - drill->looked_ms;

	if (drill->services == NULL || passed_ms <= 0)
		return;
	for (size_t i = 0; i < drill->policy->service_count; i++) {
		struct drill_service *s = &drill->services[i];
		struct trials now = count(drill, in, i, NULL);

		add(&s->recent, since(now, s->seen), passed_ms);
		s->seen = now;
		s->watched |= counted_tells(in->counted, drill->policy, i,
					    in->now.now_ms);
	}
	drill->looked_ms = in->now.now_ms;
}

void drill_figures_settle(struct drill *drill, const struct agent_input *in)
{
	for (size_t i = 0;
	     drill->services != NULL && i < drill->policy->service_count; i++)
		count(drill, in, i, drill->services[i].settled);
}

struct trials drill_figures_all(const struct drill *drill, size_t service)
{
	const struct drill_service *s = &drill->services[service];
	struct trials t = s->seen;

	for (size_t i = 0; i < drill->policy->region_count; i++) {
		t.requests -= s->begun[i].requests;
		t.failures -= s->begun[i].failures;
	}
	return t;
}

struct trials drill_figures_of(const struct drill *drill,
			       const struct agent_input *in, size_t service,
			       size_t region)
{
	return since(counted_in(in->counted, drill->policy, service, region),
		     drill->services[service].settled[region]);
}
