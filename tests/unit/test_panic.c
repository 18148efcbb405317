/* SPDX-License-Identifier: Apache-2.0 */
/* panic: when health is not obeyed, and for whom. */
#include "policy/decide/panic.h"

#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Down for so long; or up for so long after an outage of lasted_s. */
struct past {
	unsigned down_s, up_s, lasted_s;
};

/*
 * Four endpoints, in us-east, us-west, eu-west and eu-central.  past, in
 * seconds: "9" down for so long, "60+9" up for 60 after an outage of 9, "." up.
 * in: a letter where it is panic, e for clients that may go everywhere, g for
 * those of a rule with the last two regions alone.
 */
static const struct walk {
	const char *title;
	double capacity[4];
	const char *past;
	double demand;
	const char *in;
	unsigned left_pct;
} walks[] = {
	/* clang-format off */
	{ "all well",                 { 1, 1, 1, 1 }, ". . . .", 0, "", 100 },
	{ "one of four",              { 1, 1, 1, 1 }, "9 . . .", 0, "", 75 },
	{ "half is no panic",         { 1, 1, 1, 1 }, "9 9 . .", 0, "", 50 },
	{ "less than half is",        { 1, 1, 1, 1 }, "9 9 8 .", 0, "e", 25 },
	{ "by capacity, not by count", { 1, 1, 1, 9 }, "9 9 8 .", 0, "", 75 },
	{ "the other way round",      { 6, 6, 1, 9 }, "9 9 . .", 0, "e", 45 },
	{ "one region, most of it",   { 9, 1, 1, 1 }, "9 . . .", 0, "", 25 },
	{ "its demand is known",      { 9, 1, 1, 1 }, "9 . . .", 12, "e", 25 },
	{ "and small",                { 9, 1, 1, 1 }, "9 . . .", 4, "", 25 },
	{ "4.2 is what 3 covers",     { 9, 1, 1, 1 }, "9 . . .", 4.2, "", 25 },
	{ "4.3 it does not",          { 9, 1, 1, 1 }, "9 . . .", 4.3, "e", 25 },
	{ "covered by less than half", { 1, 1, 1, 1 }, "9 9 8 .", 1.4, "", 25 },
	{ "more than there ever was", { 1, 1, 1, 1 }, "9 9 . .", 9, "", 50 },
	{ "nobody states a capacity", { 0, 0, 0, 0 }, "9 9 8 .", 0, "", 25 },
	{ "one states it for all",    { 0, 0, 0, 7 }, "9 9 8 .", 0, "e", 25 },
	{ "nobody is left",           { 1, 1, 1, 1 }, "9 9 8 8", 0, "eg", 0 },
	{ "within the rule alone",    { 9, 9, 1, 3 }, ". . . 9", 20, "g", 86 },
	{ "there it is one region",   { 9, 9, 1, 3 }, ". . . 9", 0, "", 86 },
	/* Leaving. */
	{ "ten points more are not there", { 1, 1, 1, 1 }, "900 900 300+500 .", 0, "e", 50 },
	{ "nor is a minute over",     { 1, 1, 1, 1 }, "900 59+841 59+841 .", 0, "e", 75 },
	{ "now it is",                { 1, 1, 1, 1 }, "900 60+840 60+840 .", 0, "", 75 },
	{ "a minute of all",          { 1, 1, 1, 1 }, "61+9 61+9 61+9 .", 0, "", 100 },
	{ "one after the other, never at once", { 1, 1, 1, 1 }, "50+9 30+9 10+9 .", 0, "", 100 },
	{ "the minute was broken",    { 1, 1, 1, 1 }, "900 100+800 10+40 100+800", 0, "e", 75 },
	{ "long ago, and half since", { 1, 1, 1, 1 }, "9000 9000 3000+100 .", 0, "e", 50 },
	{ "down this very moment",    { 1, 1, 1, 1 }, "9 9 1 .", 0, "e", 25 },
	/* clang-format on */
};

static struct past read_past(const char **at)
{
	struct past past = { 0, 0, 0 };
	char *end = NULL;
	unsigned first;

	if (**at == '.') {
		*at += 2;
		return past;
	}
	first = (unsigned)strtoul(*at, &end, 10);
	if (*end == '+') {
		past.up_s = first;
		past.lasted_s = (unsigned)strtoul(end + 1, &end, 10);
	} else {
		past.down_s = first;
	}
	*at = end + 1;
	return past;
}

static void set_past(struct view_endpoint *e, const struct past *past)
{
	if (past->down_s > 0) {
		e->health.verdict = VERDICT_DOWN;
		e->down_ms = past->down_s * 1000;
	}
	e->outage.up_ms = past->up_s * 1000;
	e->outage.lasted_ms = past->lasted_s * 1000;
}

static void set_world(struct world *w)
{
	world_init(w);
	w->service.endpoint_count = 4;
	w->policy.region_count = 4;
	w->class.regions = 0xf;
	w->policy.residency_count = 1;
	w->residency[0].regions = 0xc;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		const struct walk *row = &walks[i];
		const char *at = row->past;
		struct world w;
		struct panic p;

		set_world(&w);
		w.service.demand = row->demand;
		for (size_t e = 0; e < 4; e++) {
			const struct past past = read_past(&at);

			w.regions[e].capacity = row->capacity[e];
			set_past(&w.view_endpoints[e], &past);
		}
		panic_apply(&w.view, 0);
		p = w.view_service.panic;
		if (p.everywhere != (strchr(row->in, 'e') != NULL) ||
		    p.rules != (strchr(row->in, 'g') != NULL) ||
		    p.anywhere != (row->in[0] != '\0') ||
		    panic_left_pct(&p) != row->left_pct)
			fail_msg("%s: everywhere %d, rules %llu, %u %% left",
				 row->title, p.everywhere,
				 (unsigned long long)p.rules,
				 panic_left_pct(&p));
	}
}

static void lose(struct world *w, size_t count)
{
	for (size_t e = 0; e < count; e++) {
		w->regions[e].capacity = 1;
		set_past(&w->view_endpoints[e],
			 &(const struct past){ 9, 0, 0 });
	}
	panic_apply(&w->view, 0);
}

static void test_who_is_not_counted(void **state)
{
	struct world w;

	(void)state;
	set_world(&w);
	w.service.steer = STEER_FAILOVER;
	lose(&w, 3);
	assert_false(w.view_service.panic.anywhere);
	set_world(&w); /* drained ones, and those of weight 0 */
	w.view_endpoints[0].cause = SHARE_COMMAND;
	w.view_endpoints[0].accept = ACCEPT_NONE;
	w.view_endpoints[1].weight = 0;
	lose(&w, 3);
	assert_false(w.view_service.panic.anywhere);
	assert_int_equal(panic_left_pct(&w.view_service.panic), 50);
	set_world(&w); /* it is its canary's, and that is well */
	world_add_canary(&w, 1);
	w.view_endpoints[4].accept = ACCEPT_ALL;
	lose(&w, 3);
	assert_false(w.view_service.panic.anywhere);
	w.view_endpoints[4].health.verdict = VERDICT_DOWN;
	panic_apply(&w.view, 0);
	assert_true(w.view_service.panic.everywhere);
}

static void test_one_region(void **state)
{
	struct world w;

	(void)state;
	set_world(&w); /* then each endpoint is a place of its own */
	for (size_t e = 0; e < 4; e++)
		w.endpoints[e].region = 0;
	lose(&w, 3);
	assert_true(w.view_service.panic.everywhere);
	w.view_endpoints[0].health.verdict = VERDICT_UP;
	w.view_endpoints[1].health.verdict = VERDICT_UP;
	panic_apply(&w.view, 0);
	assert_false(w.view_service.panic.everywhere);
}

/* Rules bind the clients of exactly their regions, else the narrowest. */
static void test_whom_it_binds(void **state)
{
	struct world w;
	struct panic p = { .anywhere = true, .rules = 2 };

	(void)state;
	set_world(&w);
	w.policy.residency_count = 2;
	w.residency[1].regions = 0xe;
	assert_false(panic_binds(&p, &w.policy, 0xf));
	assert_true(panic_binds(&p, &w.policy, 0xe));
	assert_false(panic_binds(&p, &w.policy, 0xc));
	assert_false(panic_binds(&p, &w.policy, 0x8));
	assert_true(panic_binds(&p, &w.policy, 0x2));
	p = (struct panic){ .anywhere = true, .everywhere = true };
	assert_true(panic_binds(&p, &w.policy, 0xf));
	assert_true(panic_binds(&p, &w.policy, UINT64_MAX));
	assert_false(panic_binds(&p, &w.policy, 0xe));
}

static void test_text(void **state)
{
	struct world w;
	char text[160];

	(void)state;
	set_world(&w);
	assert_string_equal(panic_text(&w.view, text, sizeof(text)), "");
	for (size_t e = 0; e < 4; e++)
		w.regions[e].capacity = 1;
	lose(&w, 3);
	assert_string_equal(panic_text(&w.view, text, sizeof(text)),
			    "panic of www: 25% of its capacity is healthy, "
			    "and health is not obeyed");
}

/* The same by living through it second by second. */
static bool lived(const struct world *w, const struct past *past,
		  double floor_pct)
{
	bool panic = false;
	unsigned enough_s = 0;

	for (unsigned ago = 500; ago-- > 0;) {
		double left = 0, whole = 0;
		unsigned down = 0;

		for (size_t e = 0; e < 4; e++) {
			const struct past *p = &past[e];
			bool out =
				ago < p->down_s ||
				(ago >= p->up_s && ago < p->up_s + p->lasted_s);

			whole += w->regions[e].capacity;
			left += out ? 0 : w->regions[e].capacity;
			down += out;
		}
		if (w->service.demand <= 0 && down <= 1) {
			enough_s++;
		} else if (100 * left / whole + 1e-9 < floor_pct) {
			panic = true;
			enough_s = 0;
		} else if (100 * left / whole + 1e-9 >= floor_pct + 10) {
			enough_s++;
		} else {
			enough_s = 0;
		}
		panic &= enough_s < 60;
	}
	return panic;
}

static void test_as_one_lives_through_it(void **state)
{
	struct rng rng = { world_seed() };
	unsigned panics = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct past past[4] = { { 0, 0, 0 } };
		double whole = 0, covers;
		struct world w;
		bool want;

		set_world(&w);
		for (size_t e = 0; e < 4; e++) {
			w.regions[e].capacity = 1 + rng_below(&rng, 4);
			whole += w.regions[e].capacity;
			if (rng_below(&rng, 2) == 0)
				past[e].down_s = rng_below(&rng, 200);
			if (past[e].down_s == 0 && rng_below(&rng, 2) == 0) {
				past[e].up_s = rng_below(&rng, 90);
				past[e].lasted_s = 1 + rng_below(&rng, 200);
			}
			set_past(&w.view_endpoints[e], &past[e]);
		}
		if (rng_below(&rng, 2) == 0)
			w.service.demand = 1 + rng_below(&rng, 16);
		covers = 100 * w.service.demand / whole / 1.4;
		want = lived(&w, past,
			     w.service.demand > 0 && covers < 50 ? covers : 50);
		panic_apply(&w.view, 0);
		if (w.view_service.panic.everywhere != want)
			fail_msg("round %d: %d, not %d", round,
				 w.view_service.panic.everywhere, want);
		panics += want;
	}
	assert_true(panics > 2000 && panics < 18000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_who_is_not_counted),
		cmocka_unit_test(test_one_region),
		cmocka_unit_test(test_whom_it_binds),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_as_one_lives_through_it),
	};

	return cmocka_run_group_tests_name("panic", tests, NULL, NULL);
}
