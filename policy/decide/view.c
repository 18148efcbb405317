/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/view.h"

#include "policy/base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An endpoint of the policy by name. */
struct slot {
	const char *service, *endpoint;
	size_t s, e;
};

/* What view_reduce() works with; all but the view itself is scratch. */
struct reduction {
	const struct policy *policy;
	const struct view_input *in;
	struct view *view;
	struct arena *scratch;
	struct slot *slots;   /* in the policy's order */
	struct slot **sorted; /* by names */
	size_t slot_count;
	/* slots x vantages: what each vantage says; NULL when nothing. */
	const struct report_entry **heard;
};

static int compare_names(const struct slot *a, const char *service,
			 const char *endpoint)
{
	int order = strcmp(a->service, service);

	return order != 0 ? order : strcmp(a->endpoint, endpoint);
}

static int compare_slots(const void *a, const void *b)
{
	const struct slot *const *left = a, *const *right = b;

	return compare_names(*left, (*right)->service, (*right)->endpoint);
}

static bool index_slots(struct reduction *r)
{
	size_t count = 0, at = 0;

	for (size_t s = 0; s < r->policy->service_count; s++)
		count += r->policy->services[s].endpoint_count;
	r->slots = arena_alloc(r->scratch, count, sizeof(*r->slots));
	r->sorted = arena_alloc(r->scratch, count, sizeof(struct slot *));
	if (r->slots == NULL || r->sorted == NULL)
		return false;
	for (size_t s = 0; s < r->policy->service_count; s++) {
		const struct policy_service *service = &r->policy->services[s];

		for (size_t e = 0; e < service->endpoint_count; e++, at++) {
			r->slots[at] = (struct slot){
				service->name, service->endpoints[e].name, s, e
			};
			r->sorted[at] = &r->slots[at];
		}
	}
	r->slot_count = count;
	qsort(r->sorted, count, sizeof(struct slot *), compare_slots);
	return true;
}

/*
 * hint is where to look first: writers go through the policy in its order, so
 * the slot after the last one is nearly always right.
 */
static const struct slot *find_slot(const struct reduction *r, size_t hint,
				    const char *service, const char *endpoint)
{
	size_t low = 0, high = r->slot_count;

	if (hint < r->slot_count &&
	    compare_names(&r->slots[hint], service, endpoint) == 0)
		return &r->slots[hint];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_names(r->sorted[middle], service, endpoint);

		if (order == 0)
			return r->sorted[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static struct view_endpoint *slot_endpoint(const struct reduction *r,
					   const struct slot *slot)
{
	return &r->view->services[slot->s].endpoints[slot->e];
}

static bool index_reports(struct reduction *r)
{
	size_t vantages = r->policy->vantage_count;

	r->heard = arena_alloc(r->scratch, r->slot_count,
			       vantages * sizeof(struct report_entry *));
	for (size_t v = 0; r->heard != NULL && v < vantages; v++) {
		const struct report *report = r->in->reports[v].report;
		size_t hint = 0;

		for (size_t i = 0; report != NULL && i < report->count; i++) {
			const struct report_entry *entry = &report->entries[i];
			const struct slot *slot =
				find_slot(r, hint, entry->service,
					  entry->endpoint);

			if (slot == NULL)
				continue;
			hint = (size_t)(slot - r->slots);
			r->heard[hint * vantages + v] = entry;
			hint++;
		}
	}
	return r->heard != NULL;
}

/* Does this vantage know enough of the endpoint, and fresh enough, to vote? */
static bool is_fresh(const struct reduction *r,
		     const struct policy_check *check, size_t vantage,
		     const struct report_entry *entry)
{
	const struct heard_report *heard = &r->in->reports[vantage];
	int64_t limit_ms = 3 * check->interval_ms;
	int64_t silence_ms = r->in->now_ms - heard->heard_ms;
	int64_t age_ms = heard->report->wall_made_ms - entry->wall_probed_ms;

	if (heard->report->abstains || entry->state == REPORT_UNKNOWN ||
	    entry->wall_probed_ms == 0)
		return false;
	if (entry->state == REPORT_OPEN)
		age_ms -= check->breaker.max_open_for_ms * 6 / 5;
	if (limit_ms < VIEW_SILENCE_MIN_MS)
		limit_ms = VIEW_SILENCE_MIN_MS;
	/* No overflow: codecs keep wall times within 2^53. */
	return silence_ms + (age_ms > 0 ? age_ms : 0) <= limit_ms;
}

/* The endpoint as the previous view had it, by name; NULL when it had not. */
static const struct view_endpoint *find_previous(const struct reduction *r,
						 const struct slot *slot)
{
	const struct view *previous = r->in->previous;
	int s, e;

	if (previous == NULL)
		return NULL;
	if (previous->policy == r->policy)
		return &previous->services[slot->s].endpoints[slot->e];
	s = policy_find_service(previous->policy, slot->service);
	if (s < 0)
		return NULL;
	e = policy_find_endpoint(&previous->policy->services[s],
				 slot->endpoint);
	return e < 0 ? NULL : &previous->services[s].endpoints[e];
}

/* Health and latency of one endpoint.  True while a probe of it fails. */
static bool reduce_health(const struct reduction *r, const struct slot *slot,
			  const struct policy_check *check)
{
	static const enum vote vote_of[] = {
		[REPORT_UNKNOWN] = VOTE_ABSTAIN,
		[REPORT_CLOSED] = VOTE_UP,
		[REPORT_OPEN] = VOTE_DOWN,
		[REPORT_HALF_OPEN] = VOTE_DOWN,
	};
	struct view_endpoint *out = slot_endpoint(r, slot);
	const struct view_endpoint *before = find_previous(r, slot);
	const struct quorum_result never = { .verdict = VERDICT_UNKNOWN };
	size_t vantages = r->policy->vantage_count;
	size_t at = (size_t)(slot - r->slots) * vantages;
	enum vote votes[POLICY_VANTAGES_MAX] = { VOTE_ABSTAIN };
	bool failing = false;

	for (size_t v = 0; v < vantages; v++) {
		const struct report_entry *entry = r->heard[at + v];

		if (entry == NULL || !is_fresh(r, check, v, entry))
			continue;
		votes[v] = vote_of[entry->state];
		failing |= entry->failing && entry->state == REPORT_CLOSED;
		if (entry->state != REPORT_OPEN)
			out->latency_ms[v] = entry->latency_ms;
	}
	out->health = quorum_of(votes, vantages,
				&(struct quorum_limits){ check->quorum,
							 (uint32_t)vantages },
				before == NULL ? &never : &before->health);
	return failing;
}

static void set_cause(struct view_endpoint *e, enum share_cause cause,
		      const char *ref)
{
	e->cause = cause;
	snprintf(e->cause_ref, sizeof(e->cause_ref), "%s", ref);
}

/* What an endpoint takes when nobody says anything. */
static void reset_share(const struct reduction *r, const struct slot *slot)
{
	struct view_endpoint *e = slot_endpoint(r, slot);
	const struct policy_endpoint *declared =
		&r->policy->services[slot->s].endpoints[slot->e];

	e->weight = declared->weight;
	e->accept = ACCEPT_ALL;
	if (declared->canary == POLICY_NONE)
		return;
	e->accept = ACCEPT_NONE;
	set_cause(e, SHARE_CANARY, r->policy->canaries[declared->canary].name);
}

/*
 * A command ends at its expiry though no agent lives to publish the end: no
 * human change is for ever by accident.
 */
static bool has_expired(const struct plan *plan, const struct plan_share *share,
			int64_t wall_ms)
{
	if (share->cause != PLAN_COMMAND)
		return false;
	for (size_t i = 0; i < plan->command_count; i++) {
		const struct command *c = &plan->commands[i];

		if (strcmp(c->id, share->ref) == 0)
			return c->wall_expires_ms != 0 &&
			       c->wall_expires_ms <= wall_ms;
	}
	return false;
}

static enum share_cause cause_of(enum plan_cause cause)
{
	switch (cause) {
	case PLAN_FULL:
		return SHARE_FULL;
	case PLAN_COMMAND:
		return SHARE_COMMAND;
	case PLAN_RAMP:
	case PLAN_HOLD:
		return SHARE_RAMP;
	case PLAN_CANARY:
		return SHARE_CANARY;
	}
	return SHARE_FULL;
}

static void apply_plan(const struct reduction *r)
{
	const struct plan *plan = r->in->plan;
	size_t hint = 0;

	for (size_t i = 0; plan != NULL && i < plan->share_count; i++) {
		const struct plan_share *share = &plan->shares[i];
		const struct slot *slot =
			find_slot(r, hint, share->service, share->endpoint);
		struct view_endpoint *e;

		if (slot == NULL)
			continue;
		hint = (size_t)(slot - r->slots) + 1;
		if (has_expired(plan, share, r->in->wall_ms))
			continue;
		e = slot_endpoint(r, slot);
		e->accept = accept_of(share->share);
		if (share->weight >= 0)
			e->weight = share->weight > UINT32_MAX
					    ? UINT32_MAX
					    : (uint32_t)share->weight;
		set_cause(e, cause_of(share->cause), share->ref);
	}
}

static void apply_command(const struct reduction *r, const struct command *c)
{
	for (size_t i = 0; i < r->slot_count; i++) {
		const struct slot *slot = &r->slots[i];
		struct view_endpoint *e = slot_endpoint(r, slot);
		struct command_effect effect =
			command_effect_on(c, r->policy, slot->s, slot->e,
					  r->in->wall_ms);
		uint32_t weight = effect.weighs ? effect.weight : e->weight;

		if (!effect.concerns ||
		    (effect.share >= 1 && weight == e->weight))
			continue;
		e->accept = accept_of(accept_share(e->accept) * effect.share);
		e->weight = weight;
		set_cause(e, SHARE_COMMAND, c->id);
	}
}

static void apply_local(const struct reduction *r)
{
	for (size_t i = 0; i < r->in->local_count; i++) {
		const struct command *c = &r->in->local[i];

		if (c->wall_expires_ms > r->in->wall_ms)
			apply_command(r, c);
	}
}

/* Unknown counts as healthy, so going from one to the other is no change. */
static bool decides_same(const struct view_endpoint *a,
			 const struct view_endpoint *b)
{
	return (a->health.verdict == VERDICT_DOWN) ==
		       (b->health.verdict == VERDICT_DOWN) &&
	       a->accept == b->accept && a->weight == b->weight &&
	       (a->cause == SHARE_COMMAND) == (b->cause == SHARE_COMMAND);
}

static bool in_transit(const struct view_endpoint *e)
{
	return e->cause == SHARE_COMMAND ||
	       (e->cause == SHARE_RAMP && e->accept != ACCEPT_NONE &&
		e->accept != ACCEPT_ALL);
}

static int64_t previous_change_ms(const struct reduction *r, size_t service)
{
	const struct view *previous = r->in->previous;
	int s;

	if (previous == NULL)
		return r->in->now_ms - VIEW_BAKE_MS;
	if (previous->policy == r->policy)
		return previous->services[service].changed_ms;
	s = policy_find_service(previous->policy,
				r->policy->services[service].name);
	return s < 0 ? r->in->now_ms - VIEW_BAKE_MS
		     : previous->services[s].changed_ms;
}

/* One service, whose first endpoint is slots[first]. */
static void reduce_service(const struct reduction *r, size_t service,
			   size_t first)
{
	const struct policy_service *declared = &r->policy->services[service];
	struct view_service *out = &r->view->services[service];
	bool changing = false, moved = false;

	for (size_t e = 0; e < declared->endpoint_count; e++) {
		const struct slot *slot = &r->slots[first + e];
		const struct view_endpoint *before = find_previous(r, slot);

		if (declared->check != POLICY_NONE)
			changing |= reduce_health(
				r, slot, &r->policy->checks[declared->check]);
		changing |= in_transit(&out->endpoints[e]);
		moved |= before != NULL &&
			 !decides_same(before, &out->endpoints[e]);
	}
	out->changed_ms =
		moved ? r->in->now_ms : previous_change_ms(r, service);
	out->changing =
		changing || r->in->now_ms - out->changed_ms < VIEW_BAKE_MS;
}

static bool make_services(struct view *view)
{
	const struct policy *policy = view->policy;

	view->services = arena_alloc(view->arena, policy->service_count,
				     sizeof(*view->services));
	if (view->services == NULL)
		return false;
	for (size_t s = 0; s < policy->service_count; s++) {
		view->services[s].endpoints =
			arena_alloc(view->arena,
				    policy->services[s].endpoint_count,
				    sizeof(struct view_endpoint));
		if (view->services[s].endpoints == NULL)
			return false;
	}
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
	size_t first = 0;

	if (!index_slots(r) || !index_reports(r))
		return false;
	for (size_t i = 0; i < r->slot_count; i++)
		reset_share(r, &r->slots[i]);
	apply_plan(r);
	apply_local(r);
	for (size_t s = 0; s < r->policy->service_count; s++) {
		reduce_service(r, s, first);
		first += r->policy->services[s].endpoint_count;
	}
	return true;
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

static bool hears_same(const struct view_endpoint *e,
		       const struct view_endpoint *f)
{
	for (size_t i = 0; i < POLICY_VANTAGES_MAX; i++)
		if (e->latency_ms[i] != f->latency_ms[i])
			return false;
	return true;
}

bool view_same(const struct view *a, const struct view *b, size_t service)
{
	const struct view_service *x = &a->services[service];
	const struct view_service *y = &b->services[service];

	if (a->policy != b->policy || x->changing != y->changing)
		return false;
	for (size_t i = 0; i < a->policy->services[service].endpoint_count;
	     i++) {
		const struct view_endpoint *e = &x->endpoints[i];
		const struct view_endpoint *f = &y->endpoints[i];

		if (!decides_same(e, f) || !hears_same(e, f) ||
		    e->health.held != f->health.held)
			return false;
	}
	return true;
}
