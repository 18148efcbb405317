/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/claim.h"

#include "policy/decide/chain.h"
#include "policy/decide/pin.h"
#include "policy/decide/share.h"
#include "policy/review/timetable.h"

#include <string.h>

/* Orders on endpoints (drain, weight, hold), then on regions (drain all,
 * failover). */
enum { ON_ENDPOINT = 3, ON_REGION = 2 };

struct trying {
	const struct claim *claim;
	const struct policy_service *service;
	struct view_service *view;
	struct chain chain;
	const struct client_class *class; /* one: all choose alike.  In a set
					   * if one is: it can be pinned */
	uint64_t present;  /* regions that the service has endpoints in */
	uint64_t stable;   /* its stable endpoints */
	uint64_t eligible; /* those of them that residency leaves */
	uint64_t pinned;   /* those that it is tried to pin the class to */
	struct pin pin;    /* the view's */
	bool watched, has_canary;
	struct scenario_canaries canaries[SCENARIO_CANARIES_MAX];
	size_t canary_count;
	struct timetable hours; /* count 0: not looked at yet */
	struct claim_result *result;
};

static bool is_allowed(const struct trying *t, int endpoint)
{
	int region = t->service->endpoints[endpoint].region;

	if (t->claim->barred != 0)
		return !(t->claim->barred >> endpoint & 1);
	return t->claim->allowed >> region & 1;
}

/* Those of a set of endpoints that are outside. */
static uint64_t find_outside(const struct trying *t, uint64_t set)
{
	uint64_t outside = 0;

	for (; set != 0; set &= set - 1) {
		int i = __builtin_ctzll(set);

		if (!is_allowed(t, i))
			outside |= UINT64_C(1) << i;
	}
	return outside;
}

/* All that the choice leaves, canaries too. */
static uint64_t left_by(const struct trying *t, const struct chain_choice *got)
{
	uint64_t left = got->kept;

	for (uint64_t rest = got->canaried; rest != 0; rest &= rest - 1) {
		int i = __builtin_ctzll(rest);

		left |= UINT64_C(1) << t->service->endpoints[i].shadowed_by;
	}
	return left;
}

/* The first class of which some client is given one that is outside. */
static bool is_given_now(const struct trying *t, struct claim_way *way)
{
	const struct claim *claim = t->claim;
	bool one = !tiers_by_way(t->service) && t->view->pin_count == 0;
	size_t count = one ? 1 : claim->class_count;

	for (size_t i = 0; i < count; i++) {
		struct row row = chain_row(claim->policy, claim->view,
					   (size_t)claim->service,
					   claim->classes[i], NULL);
		uint64_t given =
			find_outside(t,
				     share_possible(&row, t->service->answers));

		if (given == 0)
			continue;
		way->outside = __builtin_ctzll(given);
		way->at = i;
		return true;
	}
	return false;
}

/* The first time at which some is. */
static bool is_given(struct trying *t, struct claim_way *way)
{
	if (t->service->steer != STEER_SCHEDULE)
		return is_given_now(t, way);
	if (t->hours.count == 0)
		timetable_make(t->claim->policy, t->service, &t->hours);
	t->result->complete &= t->hours.complete;
	for (size_t i = 0; i < t->hours.count; i++) {
		t->view->opening = t->hours.list[i].opening;
		way->scenario.at_s = t->hours.list[i].at_s;
		if (is_given_now(t, way))
			return true;
	}
	return false;
}

/* None is given: may that be? */
static bool is_withheld(const struct trying *t)
{
	bool by_panic = t->service->panic == PANIC_NO_ANSWER;

	if (t->eligible == 0 || (t->view->panic.anywhere && by_panic))
		return true;
	if (t->class->none_healthy != NONE_HEALTHY_NO_ANSWER && !by_panic)
		return false;
	for (uint64_t rest = t->eligible; rest != 0; rest &= rest - 1)
		if (t->view->endpoints[__builtin_ctzll(rest)].health.verdict !=
		    VERDICT_DOWN)
			return false;
	return true;
}

/* Is this one wrong? */
static bool is_wrong(struct trying *t, struct claim_way *way)
{
	struct chain_choice got = chain_choose(&t->chain, t->class, 0, NULL);

	way->outside = POLICY_NONE;
	way->at = 0;
	if (got.kept == 0)
		return t->claim->barred == 0 && !is_withheld(t);
	return find_outside(t, left_by(t, &got)) != 0 && is_given(t, way);
}

/* Has b all that is out of the ordinary in a, and is no smaller? */
static bool is_beyond(const struct claim_way *a, const struct claim_way *b)
{
	return a->size <= b->size && (a->kinds & ~b->kinds) == 0;
}

static bool is_known(const struct trying *t, const struct claim_way *way)
{
	for (size_t i = 0; i < t->result->way_count; i++)
		if (is_beyond(&t->result->ways[i], way))
			return true;
	return false;
}

/* Behind those of its size, instead of those that are beyond it. */
static void add_way(struct claim_result *r, const struct claim_way *way)
{
	size_t kept = 0, at;

	for (size_t i = 0; i < r->way_count; i++)
		if (!is_beyond(way, &r->ways[i]))
			r->ways[kept++] = r->ways[i];
	for (at = kept; at > 0 && r->ways[at - 1].size > way->size; at--)
		;
	r->held = false;
	r->way_count = kept;
	if (at == CLAIM_WAYS_MAX)
		return;
	if (r->way_count < CLAIM_WAYS_MAX)
		r->way_count++;
	memmove(&r->ways[at + 1], &r->ways[at],
		(r->way_count - at - 1) * sizeof(r->ways[0]));
	r->ways[at] = *way;
	claim_settle(r);
}

static void try_one(struct trying *t, const struct scenario *scenario)
{
	struct claim_way way = {
		.scenario = *scenario,
		.size = scenario_size(scenario),
		.kinds = scenario_kinds(scenario),
	};

	t->result->evaluated++;
	if (is_known(t, &way))
		return;
	scenario_apply(scenario, t->claim->policy, t->claim->service, t->view);
	if (!is_wrong(t, &way))
		return;
	if (scenario->canaries != NULL)
		way.moved = *scenario->canaries;
	add_way(t->result, &way);
}

/* As it would be commanded: where its region has the name, to all in it. */
static void try_pin(struct trying *t, struct scenario *s, size_t endpoint)
{
	struct supposition pin = { .canary = NULL };

	if (!supposition_pin(t->claim->policy, t->claim->service,
			     __builtin_ctzll(t->class->sets),
			     t->service->endpoints[endpoint].name, &pin))
		return;
	s->order = pin.order;
	s->target = pin.target;
	s->set = pin.set;
	try_one(t, s);
}

static void try_orders(struct trying *t, struct scenario *s)
{
	static const enum supposition_order on_endpoint[ON_ENDPOINT] = {
		SUPPOSE_DRAIN,
		SUPPOSE_WEIGHTLESS,
		SUPPOSE_HOLD,
	};
	static const enum supposition_order on_region[ON_REGION] = {
		SUPPOSE_DRAIN_ALL,
		SUPPOSE_FAILOVER,
	};

	s->order = SUPPOSE_NO_ORDER;
	try_one(t, s);
	for (uint64_t rest = t->eligible; rest != 0; rest &= rest - 1)
		for (size_t k = 0; k < ON_ENDPOINT; k++) {
			s->order = on_endpoint[k];
			s->target = __builtin_ctzll(rest);
			try_one(t, s);
		}
	for (uint64_t rest = t->present; rest != 0; rest &= rest - 1)
		for (size_t k = 0; k < ON_REGION; k++) {
			s->order = on_region[k];
			s->target = __builtin_ctzll(rest);
			try_one(t, s);
		}
	for (uint64_t rest = t->pinned; rest != 0; rest &= rest - 1)
		try_pin(t, s, (size_t)__builtin_ctzll(rest));
}

/* What may be so or not, whatever is commanded. */
static void try_states(struct trying *t, struct scenario *s)
{
	int deferrals = s->failed != 0 ? 2 : 1;
	int panics = t->watched ? 2 : 1;
	int failures = t->has_canary && t->watched ? 2 : 1;

	for (int deferred = 0; deferred < deferrals; deferred++)
		for (int panic = 0; panic < panics; panic++)
			for (int own = 0; own < failures; own++) {
				s->deferred = deferred;
				s->panic = panic;
				s->canaries_failed = own;
				try_orders(t, s);
			}
}

static void try_failed(struct trying *t, uint64_t failed)
{
	struct scenario s = { .failed = failed };

	for (size_t i = 0; i < t->canary_count; i++) {
		s.canaries = &t->canaries[i];
		try_states(t, &s);
	}
}

/* Every set of count of the regions, added to failed. */
static void try_sets(struct trying *t, uint64_t regions, unsigned count,
		     uint64_t failed)
{
	if (count == 0) {
		try_failed(t, failed);
		return;
	}
	for (; (unsigned)__builtin_popcountll(regions) >= count;
	     regions &= regions - 1)
		try_sets(t, regions & (regions - 1), count - 1,
			 failed | (regions & -regions));
}

/* Saturates: what is beyond is more than anybody counts. */
static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t set_count(unsigned n, unsigned most)
{
	uint64_t sum = 1, sets = 1;

	for (unsigned k = 1; k <= most && k <= n; k++) {
		sets = times(sets, n - k + 1) / k;
		sum = sum + sets < sum ? UINT64_MAX : sum + sets;
	}
	return sum;
}

/* Of one class of clients: also those that are not tried, see above. */
static uint64_t count_covered(const struct trying *t, uint64_t canary_steps)
{
	unsigned regions = (unsigned)__builtin_popcountll(t->present);
	unsigned stable = (unsigned)__builtin_popcountll(t->stable);
	uint64_t orders = 1 + ON_ENDPOINT * stable + ON_REGION * regions +
			  (unsigned)__builtin_popcountll(t->pinned);
	uint64_t sets = set_count(regions, t->claim->most);

	/* Deferred or not, but where nothing failed; in panic or not. */
	return times(times(times(2 * sets - 1, t->watched ? 2 : 1), orders),
		     times(canary_steps, t->has_canary ? 2 : 1));
}

static void survey(struct trying *t)
{
	uint64_t steps;

	for (size_t i = 0; i < t->service->endpoint_count; i++) {
		const struct policy_endpoint *e = &t->service->endpoints[i];

		t->present |= UINT64_C(1) << e->region;
		t->has_canary |= e->canary != POLICY_NONE;
		if (e->canary != POLICY_NONE)
			continue;
		t->stable |= UINT64_C(1) << i;
		if (t->class->regions >> e->region & 1)
			t->eligible |= UINT64_C(1) << i;
	}
	if (t->class->sets != 0)
		t->pinned = t->claim->barred & t->eligible;
	t->watched = policy_unmonitored(t->claim->policy, t->service) == NULL;
	t->canary_count =
		scenario_canaries(t->claim->policy, t->claim->service,
				  t->canaries, &steps, &t->result->complete);
	t->result->covered = count_covered(t, steps);
	t->result->never_served = t->eligible == 0;
}

void claim_settle(struct claim_result *result)
{
	for (size_t i = 0; i < result->way_count; i++)
		if (result->ways[i].scenario.canaries != NULL)
			result->ways[i].scenario.canaries =
				&result->ways[i].moved;
}

static const struct client_class *choose_class(const struct claim *claim)
{
	for (size_t i = 0; i < claim->class_count; i++)
		if (claim->classes[i]->sets != 0)
			return claim->classes[i];
	return claim->classes[0];
}

void claim_try(const struct claim *claim, struct claim_result *out)
{
	struct trying t = {
		.claim = claim,
		.service = &claim->policy->services[claim->service],
		.view = &claim->view->services[claim->service],
		.class = choose_class(claim),
		.result = out,
	};
	struct window_opening opening = t.view->opening;
	struct pin *pins = t.view->pins;
	uint64_t failing;

	t.view->pins = &t.pin;
	memset(out, 0, sizeof(*out));
	out->held = true;
	survey(&t);
	t.chain = (struct chain){
		.policy = claim->policy,
		.service = t.service,
		.view = t.view,
	};
	failing = t.watched ? t.present & t.class->regions : 0;
	for (unsigned n = 0;
	     n <= claim->most && n <= (unsigned)__builtin_popcountll(failing);
	     n++)
		try_sets(&t, failing, n, 0);
	t.view->opening = opening;
	t.view->pins = pins;
	t.view->pin_count = 0;
}
