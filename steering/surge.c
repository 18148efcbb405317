/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/surge.h"

#include "policy/base/error.h"
#include "steering/pause.h"
#include "steering/predict.h"

#include <math.h>
#include <string.h>

static double share_of(const struct plan *plan,
		       const struct policy_service *service, size_t endpoint)
{
	const struct policy_endpoint *e = &service->endpoints[endpoint];
	const struct plan_share *s =
		plan_find_share(plan, service->name, e->name);

	if (s != NULL)
		return s->share;
	return e->canary == POLICY_NONE ? 1 : 0;
}

/* Its clients have gone already: responders do not send any to what is down. */
static bool is_out(const struct plan *plan,
		   const struct policy_service *service, size_t endpoint)
{
	const struct plan_share *s =
		plan_find_share(plan, service->name,
				service->endpoints[endpoint].name);

	return s != NULL && s->cause == PLAN_HOLD && s->wall_since_ms == 0;
}

/* A step of a ramp of no fewer than RAMP_STEPS_MIN on a line. */
static bool is_gradual(const struct surge_case *c,
		       const struct policy_service *service, size_t endpoint)
{
	const char *name = service->endpoints[endpoint].name;
	const struct plan_share *was =
		plan_find_share(c->before, service->name, name);

	return was != NULL && was->cause == PLAN_RAMP &&
	       share_of(c->after, service, endpoint) - was->share <=
		       1.0 / RAMP_STEPS_MIN + 0.001;
}

/* No more clients than this can move. */
static double bound_pct(const struct surge_case *c,
			const struct policy_service *service)
{
	double sum = 0;

	for (size_t i = 0; i < service->endpoint_count; i++)
		if (!is_out(c->after, service, i) && !is_gradual(c, service, i))
			sum += fabs(share_of(c->after, service, i) -
				    share_of(c->before, service, i));
	return 100 * (sum < 1 ? sum : 1);
}

/* Clients of each service that move; empty where they cannot be counted. */
static void count_moved(const struct surge_case *c, const struct policy *policy,
			struct prediction *out)
{
	struct burden_case was = { policy, NULL, c->classes, c->rates };
	struct burden_case is = was;
	struct view *before, *after;
	struct error none;

	if (c->inputs == NULL)
		return;
	was.view = before = inputs_view(c->inputs, policy, c->before, c->now);
	is.view = after = inputs_view(c->inputs, policy, c->after, c->now);
	if (before != NULL && after != NULL)
		predict_of(&was, &is, out, &none);
	view_free(before);
	view_free(after);
}

static double moved_pct(const struct prediction *p, size_t service,
			double bound)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct predict_service *s = &p->services[i];
		double moved =
			s->v4.moved > s->v6.moved ? s->v4.moved : s->v6.moved;

		if (s->service == service)
			return moved < bound ? moved : bound;
	}
	return p->services == NULL ? bound : 0;
}

static void tell(const struct state *state, const struct surge *surge,
		 const struct surge_case *c, struct audit *audit)
{
	size_t service = (size_t)(surge - state->surges);
	struct audit_event event = { .wall_ms = c->now.wall_ms };

	audit_text(event.kind, sizeof(event.kind), "%s",
		   surge->held ? "held" : "held-over");
	audit_text(event.id, sizeof(event.id), "%s", surge->id);
	audit_text(event.who, sizeof(event.who), "%s", c->agent);
	audit_text(event.what, sizeof(event.what), "%s",
		   state->policy->services[service].name);
	if (surge->held)
		audit_text(event.why, sizeof(event.why),
			   "%.1f%% of its clients would move at once, by %s; "
			   "safety.max_change is %u%%",
			   surge->pct, demand_by(surge->counted),
			   state->policy->safety.max_change_pct);
	audit_add(audit, &event);
}

static void hold(struct state *state, struct surge *surge, double pct,
		 const struct surge_case *c, struct audit *audit)
{
	bool was = surge->held;

	surge->held = true;
	surge->pct = pct;
	surge->due_ms = c->now.now_ms + SURGE_AGAIN_MS;
	if (was)
		return;
	surge->wall_since_ms = c->now.wall_ms;
	audit_text(surge->id, sizeof(surge->id), "m-%llx-s%zu",
		   (unsigned long long)c->now.wall_ms,
		   (size_t)(surge - state->surges));
	tell(state, surge, c, audit);
}

static void let_go(struct state *state, struct surge *surge,
		   const struct surge_case *c, struct audit *audit)
{
	if (!surge->held)
		return;
	surge->held = false;
	tell(state, surge, c, audit);
}

void surge_weigh(struct state *state, const struct surge_case *c,
		 struct audit *audit)
{
	const struct policy *policy = state->policy;
	struct prediction moved = { .services = NULL };
	bool counted = false;

	for (size_t i = 0; i < policy->service_count; i++) {
		struct surge *surge = &state->surges[i];
		const struct demand_rates *rates =
			c->rates == NULL ? NULL : &c->rates[i];
		double pct = bound_pct(c, &policy->services[i]);

		if (surge->passed ||
		    (surge->held && c->now.now_ms < surge->due_ms))
			continue;
		surge->counted = demand_is_counted(rates);
		if (pct > policy->safety.max_change_pct && !counted) {
			count_moved(c, policy, &moved);
			counted = true;
		}
		if (counted)
			pct = moved_pct(&moved, i, pct);
		if (pct > policy->safety.max_change_pct &&
		    !pause_holds(c->view, policy, i))
			hold(state, surge, pct, c, audit);
		else
			let_go(state, surge, c, audit);
	}
	prediction_fini(&moved);
}

void surge_forget(struct state *state)
{
	for (size_t i = 0; i < state->policy->service_count; i++)
		state->surges[i].held = false;
}

static struct surge *find(const struct state *state, const char *id)
{
	for (size_t i = 0; i < state->policy->service_count; i++)
		if (state->surges[i].held &&
		    strcmp(state->surges[i].id, id) == 0)
			return &state->surges[i];
	return NULL;
}

bool surge_is_held(const struct state *state, const char *id)
{
	return find(state, id) != NULL;
}

bool surge_approve(struct state *state, const char *id)
{
	struct surge *surge = find(state, id);

	if (surge == NULL)
		return false;
	surge->held = false;
	surge->passed = true;
	return true;
}

void surge_given(struct state *state)
{
	for (size_t i = 0; i < state->policy->service_count; i++)
		state->surges[i].passed = false;
}
