/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/view.h"

#include "policy/base/arena.h"
#include "policy/decide/ballot.h"
#include "policy/decide/census.h"
#include "policy/decide/decree.h"
#include "policy/decide/deferral.h"
#include "policy/decide/electorate.h"
#include "policy/decide/flock.h"
#include "policy/decide/frozen.h"
#include "policy/decide/hearing.h"
#include "policy/decide/opening.h"
#include "policy/decide/pin.h"

#include <string.h>

/* What view_reduce() works with; all but the view itself is scratch. */
struct reduction {
	const struct policy *policy;
	const struct view_input *in;
	struct view *view;
	struct arena *scratch;
	struct census census;
	struct electorate electorate;
	struct ballot_source sources[POLICY_VANTAGES_MAX];
	bool failed; /* memory ran out */
};

static struct view_endpoint *numbered(const struct reduction *r, size_t number)
{
	const struct census_place *at = &r->census.places[number];

	return &r->view->services[at->service].endpoints[at->endpoint];
}

/* One that is at hand, or one made now. */
static bool hear(struct reduction *r, size_t vantage)
{
	const struct heard_report *heard = &r->in->reports[vantage];
	struct ballot_source *source = &r->sources[vantage];
	struct hearing_entry *entries;

	if (heard->report == NULL || heard->report->abstains)
		return true;
	source->silence_ms = r->in->now_ms - heard->heard_ms;
	source->entries = hearing_entries(heard->hearing, r->policy);
	if (source->entries != NULL)
		return true;
	entries = arena_alloc(r->scratch, r->census.count, sizeof(*entries));
	if (entries == NULL)
		return false;
	hearing_fill(&r->census, heard->report, entries);
	source->entries = entries;
	return true;
}

static void hear_stretch(struct reduction *r)
{
	float reported[POLICY_VANTAGES_MAX] = { 0 };

	for (size_t v = 0; v < r->policy->vantage_count; v++)
		if (r->in->reports[v].report != NULL)
			reported[v] = r->in->reports[v].report->stretch;
	r->view->stretch =
		latency_stretch_of(reported, r->policy->vantage_count);
}

static bool hear_all(struct reduction *r)
{
	hear_stretch(r);
	for (size_t v = 0; v < r->policy->vantage_count; v++)
		if (!hear(r, v))
			return false;
	return true;
}

/* A service as the previous view had it. */
struct before {
	const struct view_service *service; /* NULL: it had none of the name */
	/* What it was declared as; NULL: of the same policy, as now. */
	const struct policy_service *declared;
};

static struct before find_before(const struct reduction *r, size_t service)
{
	const struct view *previous = r->in->previous;
	int s;

	if (previous == NULL)
		return (struct before){ 0 };
	if (previous->policy == r->policy)
		return (struct before){ &previous->services[service], NULL };
	s = policy_find_service(previous->policy,
				r->policy->services[service].name);
	if (s < 0)
		return (struct before){ 0 };
	return (struct before){ &previous->services[s],
				&previous->policy->services[s] };
}

/* NULL when the previous view had none of the name. */
static const struct view_endpoint *
endpoint_before(const struct before *before,
		const struct policy_service *declared, size_t endpoint)
{
	int e = (int)endpoint;

	if (before->service == NULL)
		return NULL;
	if (before->declared != NULL)
		e = policy_find_endpoint(before->declared,
					 declared->endpoints[endpoint].name);
	return e < 0 ? NULL : &before->service->endpoints[e];
}

/*
 * For how long it is down.  While the verdict is held nobody says it: then it
 * goes on by this reader's clock.
 */
static uint32_t down_for(const struct reduction *r, const struct ballot *ballot,
			 const struct policy_terms *terms,
			 const struct view_endpoint *before, bool held)
{
	int64_t passed_ms;

	if (!held)
		return quorum_down_ms(&r->electorate, ballot->votes,
				      terms->quorum, ballot->down_ms);
	passed_ms = r->in->now_ms - r->in->previous->made_ms;
	return passed_ms > UINT32_MAX - before->down_ms
		       ? UINT32_MAX
		       : before->down_ms + (uint32_t)passed_ms;
}

/* Held, nobody who says so now is left. */
static bool has_trickle(const struct quorum_result *health, uint64_t trickle)
{
	return !health->held &&
	       2 * __builtin_popcountll(health->down_by & trickle) >
		       __builtin_popcountll(health->down_by);
}

/*
 * Health and latency of one endpoint.  True while a probe of it fails.  What a
 * check in shadow sees is no verdict, but its latencies are measured.
 */
static bool reduce_health(const struct reduction *r, size_t number,
			  const struct policy_terms *terms,
			  const struct view_endpoint *before)
{
	static const struct quorum_result never = { .verdict =
							    VERDICT_UNKNOWN };
	struct view_endpoint *out = numbered(r, number);
	struct ballot ballot;

	ballot_take(r->sources, r->policy->vantage_count, terms, number,
		    &ballot);
	if (terms->counted)
		out->health =
			quorum_of(&r->electorate, ballot.votes, terms->quorum,
				  before == NULL ? &never : &before->health);
	if (out->health.verdict == VERDICT_DOWN) {
		out->down_ms =
			down_for(r, &ballot, terms, before, out->health.held);
		out->trickle = has_trickle(&out->health, ballot.trickle);
	} else if (terms->counted) {
		out->outage = outage_of(&r->electorate, &ballot, terms->quorum);
	}
	if (out->latency_ms == NULL)
		return ballot.failing && terms->counted;
	for (uint64_t rest = ballot.reach; rest != 0; rest &= rest - 1) {
		int v = __builtin_ctzll(rest);

		out->latency_ms[v] = r->sources[v].entries[number].latency_ms;
	}
	return ballot.failing && terms->counted;
}

/*
 * A vantage that fell silent a while ago, or has just begun again, moved no
 * endpoint: what it measured last stands, so that nobody is sent elsewhere and
 * back.
 */
static void remember_latencies(const struct reduction *r,
			       const struct before *before,
			       const struct view_endpoint *was,
			       struct view_endpoint *out)
{
	if (was == NULL || before->declared != NULL || out->latency_ms == NULL)
		return;
	for (size_t v = 0; v < r->policy->vantage_count; v++) {
		const struct heard_report *heard = &r->in->reports[v];

		if (!(out->latency_ms[v] > 0) && was->latency_ms[v] > 0 &&
		    heard->report != NULL &&
		    r->in->now_ms - heard->heard_ms <= VIEW_REMEMBER_MS) {
			out->latency_ms[v] = was->latency_ms[v];
			out->remembered = true;
		}
	}
}

/* What an endpoint takes when nobody says anything. */
static void reset_share(const struct reduction *r, size_t number)
{
	const struct census_place *at = &r->census.places[number];
	const struct policy_endpoint *declared =
		&r->policy->services[at->service].endpoints[at->endpoint];
	struct view_endpoint *e = numbered(r, number);

	e->weight = declared->weight;
	e->accept = ACCEPT_ALL;
	e->cause_ref = "";
	if (declared->canary == POLICY_NONE)
		return;
	e->accept = ACCEPT_NONE;
	e->cause = SHARE_CANARY;
	e->cause_ref = r->policy->canaries[declared->canary].name;
}

static bool in_transit(const struct view_endpoint *e)
{
	return e->cause == SHARE_COMMAND ||
	       (e->cause == SHARE_RAMP && e->accept != ACCEPT_NONE &&
		e->accept != ACCEPT_ALL);
}

/* Health of one service, whose first endpoint has this number.  True while a
 * probe of it fails. */
static bool reduce_verdicts(const struct reduction *r, size_t service,
			    size_t first, const struct before *before)
{
	const struct policy_service *declared = &r->policy->services[service];
	const struct view_endpoint *out = r->view->services[service].endpoints;
	const struct policy_terms terms = policy_terms(r->policy, declared);
	bool failing = false;
	unsigned down = 0;

	if (declared->check == POLICY_NONE)
		return false;
	for (size_t e = 0; e < declared->endpoint_count; e++) {
		failing |= reduce_health(r, first + e, &terms,
					 endpoint_before(before, declared, e));
		down += out[e].health.verdict == VERDICT_DOWN;
	}
	if (down > 1)
		deferral_apply(r->view, service);
	panic_apply(r->view, service);
	return failing;
}

/* One service, whose first endpoint has this number. */
static void reduce_service(const struct reduction *r, size_t service,
			   size_t first)
{
	const struct policy_service *declared = &r->policy->services[service];
	const struct before before = find_before(r, service);
	struct view_service *out = &r->view->services[service];
	bool changing = reduce_verdicts(r, service, first, &before);
	bool was_panic =
		before.service != NULL && before.service->panic.anywhere;
	bool moved;

	out->panic.turned = out->panic.anywhere != was_panic;
	moved = opening_set(r->view, service,
			    before.declared == NULL ? before.service : NULL);
	moved |= out->panic.turned && before.service != NULL;
	moved |= before.service != NULL && before.declared == NULL &&
		 !(flocks_same(before.service, out, declared->endpoint_count) &&
		   pins_same(before.service->pins, before.service->pin_count,
			     out->pins, out->pin_count));
	changing |= out->panic.anywhere || out->pin_count > 0;
	for (size_t i = 0; i < declared->endpoint_count; i++) {
		const struct view_endpoint *was =
			endpoint_before(&before, declared, i);
		struct view_endpoint *e = &out->endpoints[i];

		remember_latencies(r, &before, was, e);
		changing |= in_transit(e) || e->deferred || e->trickle;
		moved |= was != NULL && !view_endpoint_same(was, e);
		e->turned = e->deferred != (was != NULL && was->deferred);
		r->view->turned |= e->turned;
	}
	out->changed_ms = moved ? r->in->now_ms
			  : before.service == NULL
				  ? r->in->now_ms - VIEW_BAKE_MS
				  : before.service->changed_ms;
	out->changing =
		changing || r->in->now_ms - out->changed_ms < VIEW_BAKE_MS;
	out->since = r->view->serial;
	if (before.service != NULL &&
	    view_same(r->in->previous, r->view, service))
		out->since = before.service->since;
}

static bool make_endpoints(struct view *view, size_t service)
{
	const struct policy_service *declared =
		&view->policy->services[service];
	size_t count = declared->endpoint_count;
	size_t vantages = view->policy->vantage_count;
	struct view_endpoint *endpoints =
		arena_alloc(view->arena, count, sizeof(*endpoints));
	float *latencies = NULL;

	view->services[service].endpoints = endpoints;
	if (endpoints == NULL || declared->steer != STEER_LATENCY)
		return endpoints != NULL;
	latencies = arena_alloc(view->arena, count,
				vantages * sizeof(latencies[0]));
	for (size_t e = 0; latencies != NULL && e < count; e++)
		endpoints[e].latency_ms = latencies + e * vantages;
	return latencies != NULL;
}

static bool make_services(struct view *view)
{
	size_t count = view->policy->service_count;

	view->services =
		arena_alloc(view->arena, count, sizeof(*view->services));
	if (view->services == NULL)
		return false;
	for (size_t s = 0; s < count; s++)
		if (!make_endpoints(view, s))
			return false;
	return true;
}

static struct view *make_view(const struct policy *policy,
			      const struct view_input *in)
{
	struct arena *arena = arena_new();
	struct view *view =
		arena == NULL ? NULL : arena_alloc(arena, 1, sizeof(*view));

	if (view == NULL) {
		arena_free(arena);
		return NULL;
	}
	view->arena = arena;
	view->policy = policy;
	view->made_ms = in->now_ms;
	view->wall_made_ms = in->wall_ms;
	view->serial = in->previous == NULL ? 1 : in->previous->serial + 1;
	if (in->plan != NULL) {
		view->plan_epoch = in->plan->epoch;
		view->plan_sequence = in->plan->sequence;
		view->plan_mismatch =
			strcmp(in->plan->policy_digest, policy->digest) != 0;
	}
	if (make_services(view))
		return view;
	view_free(view);
	return NULL;
}

static bool reduce(struct reduction *r)
{
	const struct plan *plan = r->in->plan;
	size_t first = 0;

	r->electorate = electorate_of(r->policy);
	if (!census_init(&r->census, r->policy, r->scratch) || !hear_all(r) ||
	    !rum_fill(&r->view->rum, r->policy, plan, r->view->arena) ||
	    !flocks_fill(r->view, plan == NULL ? NULL : &plan->spills) ||
	    (plan != NULL &&
	     (!flocks_fill_demands(r->view,
				   (struct plan_demand_list){
					   plan->demands,
					   plan->demand_count }) ||
	      !frozen_fill(r->view, plan->commands, plan->command_count))))
		return false;
	for (size_t i = 0; i < r->census.count; i++)
		reset_share(r, i);
	decree_apply(&(struct decree){
		.policy = r->policy,
		.census = &r->census,
		.view = r->view,
		.plan = plan,
		.local = r->in->local,
		.local_count = r->in->local_count,
		.wall_ms = r->in->wall_ms,
		.failed = &r->failed,
	});
	for (size_t s = 0; s < r->policy->service_count; s++) {
		reduce_service(r, s, first);
		first += r->policy->services[s].endpoint_count;
	}
	return !r->failed && !r->census.failed;
}

struct view *view_reduce(const struct policy *policy,
			 const struct view_input *in)
{
	struct reduction r = {
		.policy = policy,
		.in = in,
		.view = make_view(policy, in),
		.scratch = arena_new(),
	};

	if (r.view == NULL || r.scratch == NULL || !reduce(&r)) {
		view_free(r.view);
		r.view = NULL;
	}
	arena_free(r.scratch);
	return r.view;
}

void view_free(struct view *view)
{
	if (view != NULL)
		arena_free(view->arena);
}
