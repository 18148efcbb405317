/* SPDX-License-Identifier: Apache-2.0 */
/* release: a policy goes out wave by wave, and comes back whatever goes wrong.
 * Random walks are in prop_release.c. */
#include "policy/base/error.h"
#include "steering/waves.h"
#include "tests/unit/release_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* Each wave for its whole soak, before the next: one, half, all. */
static void test_goes_out_in_waves(void **state)
{
	static const size_t sizes[] = { 1, 3, 6 };
	struct fleet f;

	(void)state;
	fleet_init(&f, 6);
	fleet_publish(&f);
	for (unsigned wave = 0; wave < 3; wave++) {
		fleet_until(&f, RELEASE_SOAK, 3);
		assert_int_equal(f.release.said.wave, wave);
		for (unsigned i = 0; i < 9; i++) {
			assert_int_equal(fleet_count(&f, NEXT), sizes[wave]);
			assert_int_equal(fleet_phase(&f), RELEASE_SOAK);
			fleet_tick(&f);
		}
		fleet_tick(&f);
	}
	assert_int_equal(fleet_phase(&f), RELEASE_DONE);
	assert_string_equal(f.release.said.base, NEXT);
	fleet_tick(&f);
	assert_int_equal(fleet_count(&f, NEXT), 6);
	fleet_fini(&f);
}

/* What is wrong with the first responder or the policy. */
static const struct trouble {
	const char *title;
	bool refuses, mutes, mutes_later, dies, unfit, absent;
	unsigned failing_pct;
	const char *says;
} troubles[] = {
	{ "it does not load at the agent", .unfit = true,
	  .says = "steer cannot load it: bad" },
	{ "it never comes", .absent = true, .says = "did not come within" },
	{ "a responder refuses it", .refuses = true,
	  .says = "dns-0 refuses it: it does not load" },
	{ "a service falls silent", .mutes = true,
	  .says = "dns-0: www answers nothing" },
	{ "a service falls silent later", .mutes_later = true,
	  .says = "dns-0: www answers nothing" },
	{ "it fails a part of its queries", .failing_pct = 6,
	  .says = "dns-0 fails 6% of its queries, before it were 0%" },
	{ "a responder dies of it", .dies = true,
	  .says = "dns-0 serves it no more, or is silent" },
};

static void test_goes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		const struct trouble *t = &troubles[i];
		struct error err;
		struct fleet f;

		fleet_init(&f, 4);
		f.takers[0].refuses = t->refuses;
		f.takers[0].mutes = t->mutes;
		f.takers[0].failing_pct = t->failing_pct;
		fleet_publish(&f);
		if (t->absent)
			f.tried = "";
		if (t->unfit)
			f.failure = "bad";
		for (unsigned n = 0; n < 60; n++) {
			if (t->dies && fleet_phase(&f) == RELEASE_SOAK)
				f.takers[0].dead = true;
			if (t->mutes_later && fleet_phase(&f) == RELEASE_SOAK)
				f.takers[0].mutes = true;
			fleet_tick(&f);
			assert_true(fleet_count(&f, NEXT) <= 1);
			assert_true(f.release.said.node_count <= 1);
		}
		print_message("# %s: %s\n", t->title, f.release.said.reason);
		assert_int_equal(fleet_phase(&f), RELEASE_GONE);
		assert_non_null(strstr(f.release.said.reason, t->says));
		assert_string_equal(f.release.said.base, BASE);
		f.takers[0].dead = false;
		for (unsigned n = 0; n < 2; n++)
			fleet_tick(&f);
		assert_int_equal(fleet_count(&f, BASE), 4);
		/* Sticky. */
		assert_false(fleet_ask(&f, false, false, &err));
		assert_non_null(strstr(err.text, t->says));
		fleet_tick(&f);
		assert_true(fleet_ask(&f, false, true, &err));
		fleet_fini(&f);
	}
}

/* Six of a hundred is too much, five is not. */
static void test_a_little_is_no_trouble(void **state)
{
	struct fleet f;

	(void)state;
	fleet_init(&f, 2);
	f.takers[0].failing_pct = 5;
	fleet_publish(&f);
	fleet_until(&f, RELEASE_DONE, 60);
	fleet_fini(&f);
}

/* A prober says so of itself. */
static void prober_says(struct fleet *f, const char *next, const char *refused)
{
	struct node node = node_of(NODE_HEALTH, "health-v", f->now_ms);

	node.takes_policy = true;
	strcpy(node.policy_digest, BASE);
	strcpy(node.next_digest, next);
	strcpy(node.refused_digest, refused);
	strcpy(node.refused_reason, "no vantage");
	assert_true(registry_take(&f->registry, &node, f->now_ms));
}

static const struct prober_row {
	const char *title, *next, *refused, *says;
	unsigned from, until; /* seconds after it is published */
	enum release_phase phase;
} prober_rows[] = {
	{ "it has it", NEXT, "", "steer has it, and it loads", 1, 1,
	  RELEASE_WAVE },
	{ "it refuses it", "", NEXT, "health-v refuses it: no vantage", 1, 1,
	  RELEASE_GONE },
	{ "it has another", BASE, "",
	  "it loads; health-v still does not probe by it", 20, 22,
	  RELEASE_WAVE },
};

/* Nobody serves it before probers probe by it; one that does not is waited for,
 * but not for ever. */
static void test_waits_for_probers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(prober_rows) / sizeof(prober_rows[0]);
	     i++) {
		const struct prober_row *row = &prober_rows[i];
		struct fleet f;

		fleet_init(&f, 2);
		prober_says(&f, "", "");
		fleet_publish(&f);
		for (unsigned n = 1; n <= row->until; n++) {
			prober_says(&f, row->next, row->refused);
			fleet_tick(&f);
			if (n < row->from && fleet_phase(&f) != RELEASE_PLANNED)
				fail_msg("%s: after %u s: %s", row->title, n,
					 f.release.said.reason);
		}
		print_message("# %s: %s\n", row->title, f.release.said.reason);
		assert_int_equal(fleet_phase(&f), row->phase);
		assert_string_equal(f.release.said.reason, row->says);
		fleet_fini(&f);
	}
}

static void test_silence_is_meant(void **state)
{
	struct release_request q = { .author = "ann",
				     .reason = "they are to get none",
				     .may_silence = true };
	struct release_input in;
	struct error err;
	struct fleet f;

	(void)state;
	fleet_init(&f, 2);
	f.takers[0].mutes = f.takers[1].mutes = true;
	fleet_tick(&f);
	in = fleet_input(&f);
	strcpy(q.digest, NEXT);
	q.wall_made_ms = f.now_ms;
	assert_true(release_ask(&f.release, &q, &in, &f.audit, &err));
	f.tried = NEXT;
	fleet_until(&f, RELEASE_DONE, 60);
	fleet_fini(&f);
}

/* The soak stands still while the wave is silent, and goes on after it. */
static void test_silence_stops_the_clock(void **state)
{
	struct fleet f;

	(void)state;
	fleet_init(&f, 3);
	fleet_publish(&f);
	fleet_until(&f, RELEASE_SOAK, 3);
	for (unsigned i = 0; i < 2; i++)
		fleet_tick(&f);
	f.takers[0].dead = true;
	for (unsigned i = 0; i < 15; i++)
		fleet_tick(&f);
	assert_int_equal(fleet_phase(&f), RELEASE_SOAK);
	assert_int_equal(f.release.said.wave, 0);
	f.takers[0].dead = false;
	fleet_tick(&f);
	assert_int_equal(fleet_phase(&f), RELEASE_SOAK);
	assert_int_equal(f.release.said.wave, 0);
	fleet_until(&f, RELEASE_DONE, 60);
	fleet_fini(&f);
}

/* An hour in which nobody ticked is not an hour of watching. */
static void test_sleep_is_no_soak(void **state)
{
	struct fleet f;

	(void)state;
	fleet_init(&f, 3);
	fleet_publish(&f);
	fleet_until(&f, RELEASE_SOAK, 3);
	f.now_ms += 3600 * SECOND;
	fleet_tick(&f);
	assert_int_equal(fleet_phase(&f), RELEASE_SOAK);
	assert_int_equal(f.release.said.wave, 0);
	fleet_until(&f, RELEASE_DONE, 60);
	fleet_fini(&f);
}

static void test_abort(void **state)
{
	struct error err;
	struct fleet f;

	(void)state;
	fleet_init(&f, 3);
	fleet_tick(&f);
	assert_false(fleet_ask(&f, true, false, &err));
	fleet_publish(&f);
	fleet_until(&f, RELEASE_SOAK, 3);
	fleet_tick(&f);
	assert_false(fleet_ask(&f, false, true, &err)); /* one at a time */
	fleet_tick(&f);
	assert_true(fleet_ask(&f, true, false, &err));
	/* What is on its way back stays so. */
	assert_false(fleet_ask(&f, true, false, &err));
	fleet_until(&f, RELEASE_GONE, 5);
	assert_int_equal(fleet_count(&f, BASE), 3);
	assert_string_equal(f.release.said.reason, "ann: why");
	fleet_fini(&f);
}

/* The same request again, or one that was made before it, changes nothing. */
static void test_no_replay(void **state)
{
	struct release_request q = { .author = "ann" };
	struct release_input in;
	struct error err;
	struct fleet f;

	(void)state;
	fleet_init(&f, 1);
	fleet_tick(&f);
	in = fleet_input(&f);
	strcpy(q.digest, NEXT);
	q.wall_made_ms = f.now_ms - 2 * RELEASE_FRESH_MS;
	assert_false(release_ask(&f.release, &q, &in, &f.audit, &err));
	q.wall_made_ms = f.now_ms + 2 * RELEASE_FRESH_MS;
	assert_false(release_ask(&f.release, &q, &in, &f.audit, &err));
	q.wall_made_ms = f.now_ms;
	assert_true(release_ask(&f.release, &q, &in, &f.audit, &err));
	f.tried = NEXT;
	fleet_until(&f, RELEASE_DONE, 60);
	strcpy(f.release.said.base, BASE);
	in = fleet_input(&f);
	in.wall_ms = q.wall_made_ms;
	assert_false(release_ask(&f.release, &q, &in, &f.audit, &err));
	assert_non_null(strstr(err.text, "made later"));
	fleet_fini(&f);
}

static void test_nobody_to_take_it(void **state)
{
	struct error err;
	struct fleet f;

	(void)state;
	fleet_init(&f, 0);
	assert_false(fleet_ask(&f, false, false, &err));
	assert_non_null(strstr(err.text, "no responder takes policies"));
	fleet_fini(&f);
	fleet_init(&f, 2);
	f.first[0] = "dns-9";
	fleet_tick(&f);
	assert_false(fleet_ask(&f, false, false, &err));
	assert_non_null(strstr(err.text, "dns-9 of a wave is not heard of"));
	strcpy(f.release.said.base, NEXT);
	f.first[0] = "dns-0";
	assert_false(fleet_ask(&f, false, false, &err));
	assert_non_null(strstr(err.text, "what all serve"));
	fleet_fini(&f);
}

/* A successor goes on from the plan. */
static void test_takeover(void **state)
{
	struct fleet f;

	(void)state;
	fleet_init(&f, 4);
	fleet_publish(&f);
	fleet_until(&f, RELEASE_SOAK, 3);
	for (unsigned i = 0; i < 40 && fleet_phase(&f) != RELEASE_DONE; i++) {
		struct plan_release said;

		assert_true(plan_release_copy(&f.release.said, &said));
		release_fini(&f.release);
		assert_true(release_adopt(&f.release, &said));
		plan_release_fini(&said);
		fleet_tick(&f);
		fleet_tick(&f);
	}
	assert_int_equal(fleet_phase(&f), RELEASE_DONE);
	fleet_fini(&f);
}

/* A share takes one at least, and one more than the wave before. */
static void test_shares_grow(void **state)
{
	static const size_t sizes[] = { 1, 2, 6 };
	struct fleet f;

	(void)state;
	fleet_init(&f, 6);
	f.waves[0] = (struct rollout_wave){ .percent = 1 };
	f.waves[1] = (struct rollout_wave){ .percent = 2 };
	fleet_tick(&f);
	for (size_t i = 0; i < 3; i++) {
		assert_true(
			waves_add(&f.release.said, &f.rollout, &f.registry, i));
		assert_int_equal(f.release.said.node_count, sizes[i]);
	}
	fleet_fini(&f);
}

static const struct request_row {
	const char *json;
	const char *error; /* a part of it; NULL: it is read */
} requests[] = {
	{ "{'do':'publish','digest':'D','author':'a','wall_made_ms':1}", NULL },
	{ "{'do':'abort','author':'a','reason':'r','wall_made_ms':1}", NULL },
	{ "{'do':'abort','author':'a','wall_made_ms':1}", "reason is missing" },
	{ "{'do':'publish','digest':'D','author':'a','forced':true,"
	  "'wall_made_ms':1}",
	  "reason is missing" },
	{ "{'do':'publish','digest':'D','author':'a','may_silence':true,"
	  "'wall_made_ms':1}",
	  "reason is missing" },
	{ "{'do':'publish','digest':'x','author':'a','wall_made_ms':1}",
	  "digest is none" },
	{ "{'do':'publish','digest':'D','wall_made_ms':1}", "author" },
	{ "{'do':'publish','digest':'D','author':'a'}", "wall_made_ms" },
	{ "{'do':'undo','author':'a','wall_made_ms':1}", "do \"undo\"" },
	{ "{'digest':'D','author':'a','wall_made_ms':1}", "do is missing" },
	{ "{'do':'publish','digest':'D','author':'a','wall_made_ms':1,"
	  "'waves':2}",
	  "member \"waves\" is not known" },
};

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		char text[400] = "";
		struct release_request q;
		struct error err = { .text = "" };
		json_t *json;
		bool ok;

		for (const char *c = requests[i].json; *c != '\0'; c++)
			snprintf(text + strlen(text),
				 sizeof(text) - strlen(text), "%.*s",
				 *c == 'D' ? 64 : 1,
				 *c == '\''  ? "\""
				 : *c == 'D' ? NEXT
					     : c);
		json = json_loads(text, 0, NULL);
		assert_non_null(json);
		ok = release_request_read(json, &q, &err);
		if (ok != (requests[i].error == NULL) ||
		    (!ok && strstr(err.text, requests[i].error) == NULL))
			fail_msg("%s: %s", text, err.text);
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_out_in_waves),
		cmocka_unit_test(test_goes_back),
		cmocka_unit_test(test_a_little_is_no_trouble),
		cmocka_unit_test(test_waits_for_probers),
		cmocka_unit_test(test_silence_is_meant),
		cmocka_unit_test(test_silence_stops_the_clock),
		cmocka_unit_test(test_sleep_is_no_soak),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_no_replay),
		cmocka_unit_test(test_nobody_to_take_it),
		cmocka_unit_test(test_takeover),
		cmocka_unit_test(test_shares_grow),
		cmocka_unit_test(test_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
