/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim: what is tried smartly, against every single case tried by the whole
 * decision and by the draw's own word on who may be given.
 */
#include "policy/review/claim.h"

#include "policy/base/error.h"
#include "policy/decide/chain.h"
#include "policy/decide/pin.h"
#include "policy/decide/share.h"

#include "good_policy.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One case as the test writes it down: nothing is shared with scenario. */
struct plight {
	uint64_t failed;
	bool deferred, panic, own;
	int kind, target;      /* of the order; 0: none */
	size_t stage, percent; /* of the canary: SIZE_MAX: it has not begun */
};

enum { DRAIN = 1, WEIGHTLESS, HOLD, PIN, DRAIN_ALL, FAILOVER, KINDS };

/* Sets of what may be out of the ordinary: failures, deferred or not, panic,
 * canaries' own failures, an order, a canary's step. */
enum { KINDS_OF_CASE = 1 << 6 };

static unsigned kinds_of(const struct plight *p)
{
	return (p->failed != 0 ? 1u : 0) | (p->deferred ? 2u : 0) |
	       (p->panic ? 4u : 0) | (p->own ? 8u : 0) |
	       (p->kind != 0 ? 16u : 0) | (p->stage != SIZE_MAX ? 32u : 0);
}

struct world {
	struct policy *policy;
	struct view *view;
	int service;
	struct client_class class;
	uint64_t allowed;
	uint64_t barred; /* endpoints; 0: what is allowed counts */
	bool held;
	unsigned least[KINDS_OF_CASE]; /* size, by kinds; UINT_MAX: none */
	uint64_t cases;
	struct pin pin;       /* the view's, of set 0, in which the class is */
	uint64_t openings[8]; /* endpoints that may be open together */
	size_t opening_count;
};

static const struct policy_service *service_of(const struct world *w)
{
	return &w->policy->services[w->service];
}

static double canary_pct(const struct world *w, const struct plight *p,
			 int region)
{
	const struct policy_canary *c = &w->policy->canaries[0];
	double pct = 0;

	if (p->stage == SIZE_MAX)
		return 0;
	for (size_t i = 0; i <= p->stage; i++)
		if (c->stages[i].regions >> region & 1)
			pct = c->stages[i].percents
				      [i == p->stage
					       ? p->percent
					       : c->stages[i].percent_count -
							 1];
	return pct / 100;
}

static bool is_gone(const struct plight *p, size_t i, int region)
{
	return (p->kind == DRAIN && p->target == (int)i) ||
	       (p->kind == DRAIN_ALL && p->target == region) ||
	       (p->kind == FAILOVER && p->target != region);
}

/* By the endpoint's name, which may be that of a region where others are. */
static void set_pin(struct world *w, const struct plight *p)
{
	const struct policy_service *s = service_of(w);
	struct view_service *view = &w->view->services[w->service];
	const char *name = s->endpoints[p->target].name;
	uint64_t there = 0;

	view->pins = &w->pin;
	view->pin_count = p->kind == PIN;
	for (size_t i = 0; i < s->endpoint_count; i++)
		if (s->endpoints[i].canary == POLICY_NONE &&
		    strcmp(w->policy->regions[s->endpoints[i].region].name,
			   name) == 0)
			there |= UINT64_C(1) << i;
	w->pin = (struct pin){
		.endpoints = there != 0 ? there : UINT64_C(1) << p->target,
	};
}

static void set_view(struct world *w, const struct plight *p)
{
	const struct policy_service *s = service_of(w);
	struct view_endpoint *e = w->view->services[w->service].endpoints;
	bool watched = s->check != POLICY_NONE;

	if (p->kind < DRAIN_ALL)
		set_pin(w, p);
	else
		w->view->services[w->service].pin_count = 0;
	w->view->services[w->service].panic = (struct panic){
		.anywhere = p->panic,
		.everywhere = p->panic,
		.rules = p->panic ? UINT64_MAX : 0,
	};
	for (size_t i = 0; i < s->endpoint_count; i++) {
		int region = s->endpoints[i].region;
		bool canary = s->endpoints[i].canary != POLICY_NONE;
		bool gone = is_gone(p, i, region);
		bool hold = p->kind == HOLD && p->target == (int)i;
		bool down = watched &&
			    ((p->failed >> region & 1) || (canary && p->own));

		e[i].health.verdict = down ? VERDICT_DOWN : VERDICT_UP;
		e[i].deferred = down && p->deferred;
		e[i].weight = p->kind == WEIGHTLESS && p->target == (int)i
				      ? 0
				      : s->endpoints[i].weight;
		e[i].cause = canary ? SHARE_CANARY
			     : gone ? SHARE_COMMAND
			     : hold ? SHARE_RAMP
				    : SHARE_FULL;
		e[i].accept = gone || (hold && !canary) ? ACCEPT_NONE
			      : canary ? accept_of(canary_pct(w, p, region))
				       : ACCEPT_ALL;
	}
}

/* Is there an endpoint that is up, and that residency leaves; or one that is
 * down and to be served all the same? */
static bool could_answer(const struct world *w, bool panic)
{
	const struct policy_service *s = service_of(w);
	const struct view_endpoint *e = w->view->services[w->service].endpoints;
	bool silent = s->panic == PANIC_NO_ANSWER;

	if (panic && silent)
		return false;
	for (size_t i = 0; i < s->endpoint_count; i++)
		if (s->endpoints[i].canary == POLICY_NONE &&
		    (w->class.regions >> s->endpoints[i].region & 1) &&
		    (e[i].health.verdict == VERDICT_UP ||
		     (w->class.none_healthy != NONE_HEALTHY_NO_ANSWER &&
		      !silent)))
			return true;
	return false;
}

/* Is someone given what is outside, or none though one could be? */
static bool is_wrong(struct world *w, const struct plight *p)
{
	const struct policy_service *s = service_of(w);
	struct row row = chain_row(w->policy, w->view, (size_t)w->service,
				   &w->class, NULL);
	uint64_t given = share_possible(&row, s->answers);

	if (w->barred != 0)
		return (given & w->barred) != 0;
	for (size_t i = 0; i < s->endpoint_count; i++)
		if ((given >> i & 1) &&
		    !(w->allowed >> s->endpoints[i].region & 1))
			return true;
	return row.count == 0 && could_answer(w, p->panic);
}

static void look(struct world *w, const struct plight *p)
{
	unsigned *least = &w->least[kinds_of(p)];
	unsigned size = (unsigned)__builtin_popcountll(p->failed) +
			p->deferred + p->panic + p->own + (p->kind != 0) +
			(p->stage != SIZE_MAX);

	w->cases++;
	set_view(w, p);
	for (size_t i = 0; i < w->opening_count; i++) {
		w->view->services[w->service].opening.open = w->openings[i];
		if (!is_wrong(w, p))
			continue;
		w->held = false;
		if (size < *least)
			*least = size;
	}
}

static void look_at_orders(struct world *w, struct plight p)
{
	const struct policy_service *s = service_of(w);

	look(w, &p);
	for (p.kind = 1; p.kind < KINDS; p.kind++) {
		int count = p.kind >= DRAIN_ALL ? (int)w->policy->region_count
						: (int)s->endpoint_count;

		for (p.target = 0; p.target < count; p.target++) {
			bool canary =
				p.kind < DRAIN_ALL &&
				s->endpoints[p.target].canary != POLICY_NONE;

			if (!canary)
				look(w, &p);
		}
	}
}

static void look_at_canaries(struct world *w, struct plight p)
{
	const struct policy_canary *c = &w->policy->canaries[0];

	p.stage = SIZE_MAX;
	look_at_orders(w, p);
	if (c->service != w->service)
		return;
	for (p.stage = 0; p.stage < c->stage_count; p.stage++)
		for (p.percent = 0;
		     p.percent < c->stages[p.stage].percent_count; p.percent++)
			look_at_orders(w, p);
}

/* Every single case. */
static void look_at_all(struct world *w)
{
	struct plight p = { .failed = 0 };

	w->held = true;
	for (size_t i = 0; i < KINDS_OF_CASE; i++)
		w->least[i] = UINT_MAX;
	w->cases = 0;
	for (; p.failed < UINT64_C(1) << w->policy->region_count; p.failed++)
		for (unsigned n = 0; n < 8; n++) {
			p.deferred = n & 1;
			p.own = n & 2;
			p.panic = n & 4;
			look_at_canaries(w, p);
		}
}

/* Is there a case with no more than its kinds that is no larger? */
static bool is_beyond(const struct world *w, unsigned kinds)
{
	for (unsigned k = 0; k < KINDS_OF_CASE; k++)
		if (k != kinds && (k & ~kinds) == 0 &&
		    w->least[k] <= w->least[kinds])
			return true;
	return false;
}

/* Each kind of case that goes wrong is shown, by one of its least. */
static void compare_ways(const struct world *w, const struct claim_result *got,
			 const char *title)
{
	size_t wanted = 0;

	for (unsigned k = 0; k < KINDS_OF_CASE; k++)
		wanted += w->least[k] != UINT_MAX && !is_beyond(w, k);
	if (got->way_count != wanted)
		fail_msg("%s: %zu ways, case by case %zu", title,
			 got->way_count, wanted);
	for (size_t i = 0; i < got->way_count; i++) {
		const struct claim_way *way = &got->ways[i];

		assert_int_equal(way->size, scenario_size(&way->scenario));
		assert_int_equal(way->kinds, scenario_kinds(&way->scenario));
		if (is_beyond(w, way->kinds) ||
		    way->size != w->least[way->kinds])
			fail_msg("%s: kinds %x shown with %u out of the "
				 "ordinary, %u do",
				 title, way->kinds, way->size,
				 w->least[way->kinds]);
		assert_true(i == 0 || way[-1].size <= way->size);
	}
}

static void compare(struct world *w, const char *title)
{
	struct claim_result got;
	const struct client_class *class = &w->class;
	const struct claim claim = {
		.policy = w->policy,
		.view = w->view,
		.service = w->service,
		.classes = &class,
		.class_count = 1,
		.allowed = w->allowed,
		.barred = w->barred,
		.most = (unsigned)w->policy->region_count,
	};

	look_at_all(w);
	claim_try(&claim, &got);
	if (got.held != w->held)
		fail_msg("%s: %s, case by case it %s", title,
			 got.held ? "holds" : "does not hold",
			 w->held ? "does" : "does not");
	compare_ways(w, &got, title);
	assert_true(got.complete);
	assert_true(got.evaluated <= got.covered);
	assert_true(got.evaluated <= w->cases);
}

/* The regions that residency leaves, and what happens when all are down. */
static void set_class(struct world *w, uint64_t regions, int strict)
{
	w->class.regions = regions;
	w->class.sets = 1;
	w->class.none_healthy =
		strict ? NONE_HEALTHY_NO_ANSWER : NONE_HEALTHY_SERVE;
}

/* Who is given an endpoint, of each of them: some are and some are not. */
static void compare_barred(struct world *w)
{
	size_t count = service_of(w)->endpoint_count;
	char title[100];

	for (size_t i = 0; i < count; i++) {
		w->barred = UINT64_C(1) << i;
		snprintf(title, sizeof(title), "%s, barred %zu",
			 service_of(w)->name, i);
		compare(w, title);
	}
	w->barred = 0;
}

static size_t compare_all(struct world *w)
{
	uint64_t all = (UINT64_C(1) << w->policy->region_count) - 1;
	size_t broken = 0;
	char title[100];

	for (uint64_t regions = 1; regions <= all; regions++)
		for (int strict = 0; strict < 2; strict++) {
			set_class(w, regions, strict);
			for (uint64_t allowed = 0; allowed <= all; allowed++) {
				w->allowed = allowed;
				snprintf(title, sizeof(title),
					 "%s, regions %x, allowed %x, "
					 "strict %d",
					 service_of(w)->name, (unsigned)regions,
					 (unsigned)allowed, strict);
				compare(w, title);
				broken += !w->held;
			}
			compare_barred(w);
		}
	return broken;
}

/* All that a quarter of an hour of some week has open. */
static void find_openings(struct world *w)
{
	enum { QUARTER_S = 900, QUARTERS = 7 * 96 };

	w->opening_count = 0;
	for (int i = 0; i < QUARTERS; i++) {
		uint64_t open =
			service_of(w)->steer == STEER_SCHEDULE
				? window_opening(w->policy, service_of(w),
						 1780000200 + i * QUARTER_S)
					  .open
				: 0;
		size_t at = 0;

		while (at < w->opening_count && w->openings[at] != open)
			at++;
		assert_in_range(at, 0, 7);
		w->openings[at] = open;
		w->opening_count += at == w->opening_count;
	}
}

static void test_case_by_case(void **state)
{
	static const struct heard_report silent[POLICY_VANTAGES_MAX];
	struct world w = { .policy = good_policy("walls.yaml") };

	(void)state;
	w.view = view_reduce(w.policy, &(struct view_input){
					       .reports = silent,
				       });
	assert_non_null(w.view);
	for (; w.service < (int)w.policy->service_count; w.service++) {
		size_t broken;

		find_openings(&w);
		assert_int_equal(w.opening_count,
				 service_of(&w)->steer == STEER_SCHEDULE ? 4
									 : 1);
		broken = compare_all(&w);
		/* Both ends are met, or the comparison shows nothing. */
		assert_in_range(broken, 1, 15 * 16 * 2 - 1);
	}
	view_free(w.view);
	policy_free(w.policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_case_by_case),
	};

	return cmocka_run_group_tests_name("claim", tests, NULL, NULL);
}
