/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spilling: how the agent brings what capacity asks for into the plan.
 *
 * Twelve regions at 80 % (traffic_world), of which each is lost in turn, while
 * demand is counted with noise of 10 % and told late, and the responders have a
 * plan a second after it is made: nobody is beyond his capacity once the first
 * plan is there, and from then on hardly anybody moves.
 */
#include "steering/spilling.h"

#include "decide_world.h"
#include "policy/base/arena.h"
#include "steering/state.h"
#include "traffic_world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	REGIONS = TRAFFIC_REGIONS,
	SECOND = 1000,
	LATE_S = 10, /* what is known of demand is so old */
	LOST_S = 300,
	SETTLED_S = LOST_S + 60,
	BACK_S = LOST_S + 600,
	BACK_TAKES_S = 240,
	END_S = BACK_S + 600,
};

/* What came of a part of the time. */
struct phase {
	double use;   /* the most of any region's capacity */
	double moved; /* part of all demand */
	unsigned plans;
};

struct run {
	struct traffic_world *w;
	struct state state;
	struct audit audit;
	struct rng rng;
	struct demand_rates truth, rates[LATE_S];
	struct plan_spills sent; /* the plan of a second ago */
	double goes[TRAFFIC_CLASSES_MAX][REGIONS];
	struct phase phase;
};

static void run_init(struct run *r)
{
	memset(r, 0, sizeof(*r));
	r->w = traffic_world_new("users");
	r->rng.state = 20260301;
	r->w->view.arena = arena_new();
	assert_non_null(r->w->view.arena);
	assert_true(state_init(&r->state, &r->w->policy));
	for (size_t i = 0; i < r->w->count; i++)
		r->truth.home[demand_home(&r->w->policy, r->w->list[i])] +=
			r->w->demand[i];
}

static void run_fini(struct run *r)
{
	state_fini(&r->state);
	audit_fini(&r->audit);
	plan_spills_fini(&r->sent);
	arena_free(r->w->view.arena);
	free(r->w);
}

/* Within 10 % of the truth, each second anew. */
static const struct demand_rates *count(struct run *r, int at_s)
{
	struct demand_rates counted = r->truth;
	struct demand_rates *now = &r->rates[at_s % LATE_S];

	for (size_t i = 0; i < DEMAND_HOMES; i++)
		counted.home[i] *= 0.9 + rng_below(&r->rng, 2001) / 1e4;
	*now = r->rates[(at_s + LATE_S - 1) % LATE_S];
	demand_follow(now, &counted, SECOND);
	return &r->rates[(at_s + 1) % LATE_S];
}

static void look_while(struct run *r, const struct demand_rates *rates,
		       int at_s, bool waits)
{
	const struct spilling_input in = {
		.now = { at_s * SECOND, at_s * SECOND },
		.view = &r->w->view,
		.classes = { r->w->list, r->w->count },
		.rates = rates,
		.waits = waits,
		.agent = "steer-1",
	};

	spilling_step(&r->state, &in, &r->audit);
}

static void look(struct run *r, const struct demand_rates *rates, int at_s)
{
	look_while(r, rates, at_s, false);
}

/* Responders have what was sent a second ago. */
static void publish(struct run *r)
{
	struct view *view = &r->w->view;

	arena_free(view->arena);
	view->arena = arena_new();
	assert_non_null(view->arena);
	assert_true(flocks_fill_service(view, 0, &r->sent));
	if (plan_spills_compare(&r->sent, &r->state.spills) == PLAN_SPILLS_SAME)
		return;
	r->phase.plans++;
	plan_spills_fini(&r->sent);
	assert_true(plan_spills_copy(&r->sent, &r->state.spills));
}

static void answer_class(struct run *r, size_t i, double *load)
{
	struct traffic_world *w = r->w;
	struct row row = chain_row(&w->policy, &w->view, 0, w->list[i], NULL);
	const struct spill_load of = { &row, w->demand[i] };
	const struct spill_case one = {
		.endpoint_count = REGIONS,
		.loads = &of,
		.count = 1,
	};
	double all[REGIONS], goes[REGIONS];

	for (int e = 0; e < REGIONS; e++)
		all[e] = 1;
	spill_loads(&one, all, goes);
	for (int e = 0; e < REGIONS; e++) {
		assert_true(!(goes[e] > 0) || (w->list[i]->regions >> e & 1));
		load[e] += goes[e];
		r->phase.moved += fmax(0, goes[e] - r->goes[i][e]) / w->whole;
		r->goes[i][e] = goes[e];
	}
}

/* Where all go by the responders' own rows. */
static void answer(struct run *r)
{
	double load[REGIONS] = { 0 };

	for (size_t i = 0; i < r->w->count; i++)
		answer_class(r, i, load);
	for (int e = 0; e < REGIONS; e++)
		r->phase.use =
			fmax(r->phase.use, load[e] / r->w->regions[e].capacity);
}

/* The part of all that is elsewhere than it was. */
static double moved_since(const struct run *r, const double (*was)[REGIONS])
{
	double moved = 0;

	for (size_t i = 0; i < r->w->count; i++)
		for (int e = 0; e < REGIONS; e++)
			moved += fmax(0, r->goes[i][e] - was[i][e]);
	return moved / r->w->whole;
}

static struct phase pass(struct run *r, int from_s, int to_s)
{
	r->phase = (struct phase){ 0 };
	for (int at_s = from_s; at_s < to_s; at_s++) {
		look(r, count(r, at_s), at_s);
		publish(r);
		answer(r);
	}
	return r->phase;
}

/*
 * From the loss until the plan is there nobody is held to anything; then all
 * are; and once it has settled next to nobody moves, nor once all is well.
 */
static void lose(int lost)
{
	double was[TRAFFIC_CLASSES_MAX][REGIONS], part, moved, mean;
	struct phase at_first, then, settled, after;
	struct run r;

	run_init(&r);
	part = r.w->base[lost] / r.w->whole;
	pass(&r, 0, LOST_S);
	memcpy(was, r.goes, sizeof(was));
	traffic_world_lose(r.w, UINT64_C(1) << lost);
	at_first = pass(&r, LOST_S, LOST_S + 2);
	then = pass(&r, LOST_S + 2, SETTLED_S);
	moved = moved_since(&r, was);
	settled = pass(&r, SETTLED_S, BACK_S);
	traffic_world_lose(r.w, 0);
	pass(&r, BACK_S, BACK_S + BACK_TAKES_S);
	after = pass(&r, BACK_S + BACK_TAKES_S, END_S);
	print_message("# %-11s %5.1f %%  %5.0f %% %6.1f %% %6.1f %%  %5.1f %% "
		      "%5.2f %% %u  %5.2f %% %u\n",
		      r.w->regions[lost].name, 100 * part, 100 * at_first.use,
		      100 * then.use, 100 * settled.use, 100 * moved,
		      100 * settled.moved, settled.plans, 100 * after.moved,
		      after.plans);
	/* What all the others have to carry on the mean. */
	mean = 0.8 / (1 - part);
	assert_true(then.use <= fmax(1, mean + 0.01));
	assert_true(settled.use <= fmax(1, mean + 0.01));
	assert_true(moved >= 0.99 * part && moved < 1.35 * part + 0.005);
	assert_true(settled.moved < 0.01 && after.moved < 0.01);
	assert_int_equal(r.state.spills.count, 0);
	run_fini(&r);
}

static void test_regions_lost(void **state)
{
	(void)state;
	print_message("# lost, its part; most used at first, within a minute, "
		      "within ten; moved at first, within ten minutes, by how "
		      "many plans, and when all is well\n");
	for (int lost = 0; lost < REGIONS; lost++)
		lose(lost);
}

/* The most that comes back of some clients from one plan to the next. */
static double most_back(const struct plan_spills *was,
			const struct plan_spills *is)
{
	double most = 0;

	assert_int_equal(is->count, was->count);
	for (size_t i = 0; i < was->count; i++) {
		const struct plan_spill *a = &was->list[i], *b = &is->list[i];

		assert_string_equal(a->home, b->home);
		assert_int_equal(a->count, b->count);
		for (size_t k = 0; k < a->count; k++)
			most = fmax(most,
				    b->parts[k].share - a->parts[k].share);
	}
	return most;
}

/* There is room for all where they belong: nobody hurries. */
static void test_a_little_at_a_time(void **state)
{
	struct plan_spills was = { .count = 0 };
	struct run r;

	(void)state;
	run_init(&r);
	traffic_world_lose(r.w, 1);
	look(&r, &r.truth, 1);
	assert_true(plan_spills_copy(&was, &r.state.spills));
	for (size_t i = 0; i < DEMAND_HOMES; i++)
		r.truth.home[i] /= 4;
	look(&r, &r.truth, 12);
	assert_true(fabs(most_back(&was, &r.state.spills) - SPILLING_MOST) <
		    0.001);
	plan_spills_fini(&was);
	run_fini(&r);
}

/* The plan is all the state: a standby goes on from it, and moves nobody. */
static void test_takeover(void **state)
{
	struct plan plan = { .epoch = 1, .sequence = 1 };
	struct state next;
	struct run r;

	(void)state;
	run_init(&r);
	traffic_world_lose(r.w, 1);
	look(&r, &r.truth, 1);
	assert_true(r.state.spills.count > 0);
	assert_true(r.state.spilling[0].looked && r.audit.count == 1);
	assert_false(r.state.spilling[0].overloaded);
	assert_true(plan_spills_copy(&plan.spills, &r.state.spills));
	assert_true(state_init(&next, &r.w->policy));
	state_adopt(&next, &plan, (struct ramp_now){ 2000, 2000 }, &r.audit);
	assert_int_equal(plan_spills_compare(&next.spills, &plan.spills),
			 PLAN_SPILLS_SAME);
	state_fini(&r.state);
	r.state = next;
	look(&r, &r.truth, 3);
	assert_true(r.state.spilling[0].looked);
	assert_int_equal(plan_spills_compare(&r.state.spills, &plan.spills),
			 PLAN_SPILLS_SAME);
	plan_spills_fini(&plan.spills);
	run_fini(&r);
}

/* Who took over and does not know the demand yet leaves all as it is, however
 * wrong what is stated may be; but not when an endpoint goes out. */
static void test_who_waits(void **state)
{
	struct plan plan = { .epoch = 1, .sequence = 1 };
	struct run r;

	(void)state;
	run_init(&r);
	r.w->service.demand = 100 * r.w->whole;
	for (int at_s = 1; at_s < 40; at_s++)
		look_while(&r, NULL, at_s, true);
	assert_false(r.state.spilling[0].looked);
	assert_int_equal(plan_spills_compare(&r.state.spills, &plan.spills),
			 PLAN_SPILLS_SAME);
	traffic_world_lose(r.w, 1);
	look_while(&r, &r.truth, 40, true);
	assert_true(r.state.spilling[0].looked);
	assert_true(r.state.spills.count > 0);
	assert_true(plan_spills_copy(&plan.spills, &r.state.spills));
	look_while(&r, NULL, 60, true);
	assert_int_equal(plan_spills_compare(&r.state.spills, &plan.spills),
			 PLAN_SPILLS_SAME);
	/* Now it goes by what it has. */
	look(&r, NULL, 61);
	assert_true(r.state.spilling[0].overloaded);
	plan_spills_fini(&plan.spills);
	run_fini(&r);
}

/* Nothing moves in panic, and of a service that does not spill any more
 * nothing is kept. */
static void test_what_stands_still(void **state)
{
	struct plan plan = { .epoch = 1, .sequence = 1 };
	struct state next;
	struct run r;

	(void)state;
	run_init(&r);
	traffic_world_lose(r.w, 1);
	r.w->seen.panic.anywhere = true;
	look(&r, &r.truth, 1);
	assert_int_equal(r.state.spills.count, 0);
	r.w->seen.panic.anywhere = false;
	look(&r, &r.truth, 2);
	assert_true(r.state.spills.count > 0);
	assert_true(plan_spills_copy(&plan.spills, &r.state.spills));
	r.w->service.spill = SPILL_NONE;
	assert_true(state_init(&next, &r.w->policy));
	state_adopt(&next, &plan, (struct ramp_now){ 2000, 2000 }, &r.audit);
	assert_int_equal(next.spills.count, 0);
	state_fini(&next);
	plan_spills_fini(&plan.spills);
	run_fini(&r);
}

/* When all together is too little it is told, once. */
static void test_overload(void **state)
{
	char text[200];
	struct run r;

	(void)state;
	run_init(&r);
	assert_string_equal(spilling_text(&r.state, text, sizeof(text)), "");
	traffic_world_lose(r.w, 0x3c0);
	look(&r, &r.truth, 1);
	assert_true(r.state.spilling[0].overloaded);
	assert_non_null(strstr(spilling_text(&r.state, text, sizeof(text)),
			       "overload: www brings "));
	look(&r, &r.truth, 30);
	assert_int_equal(r.audit.count, 1);
	run_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_little_at_a_time),
		cmocka_unit_test(test_takeover),
		cmocka_unit_test(test_who_waits),
		cmocka_unit_test(test_what_stands_still),
		cmocka_unit_test(test_overload),
		cmocka_unit_test(test_regions_lost),
	};

	return cmocka_run_group_tests_name("spilling", tests, NULL, NULL);
}
