/* SPDX-License-Identifier: Apache-2.0 */
/* release_request: a policy that two people have to publish. */
#include "policy/base/error.h"
#include "tests/unit/release_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Who asks, in turn, where two people are wanted. */
static const struct turn {
	const char *title;
	const char *asked[3]; /* "AUTHOR KEY", and more when he wants more */
	bool goes;            /* at the last */
} turns[] = {
	{ "one is not enough", { "ann k1" }, false },
	{ "the same, twice", { "ann k1", "ann k1" }, false },
	{ "under another name", { "ann k1", "bob k1" }, false },
	{ "with another key", { "ann k1", "ann k2" }, false },
	{ "without one", { "ann k1", "bob -" }, false },
	{ "another person", { "ann k1", "bob k2" }, true },
	{ "who may only ask, then a person", { "ann -", "bob k2" }, true },
	{ "who wants more", { "ann k1", "bob k2 more" }, false },
	{ "who wants more, and is joined",
	  { "ann k1", "bob k2 more", "ann k1 more" },
	  true },
};

static bool ask_as(struct fleet *f, const char *who)
{
	struct release_request q = { .reason = "why",
				     .may_silence = strlen(who) > 6,
				     .wall_made_ms = f->now_ms };
	struct release_input in = fleet_input(f);
	struct error err;

	in.confirm_ms = 10 * SECOND;
	strcpy(q.digest, NEXT);
	assert_int_equal(sscanf(who, "%8s %8s", q.author, q.key), 2);
	if (strcmp(q.key, "-") == 0)
		q.key[0] = '\0';
	return release_ask(&f->release, &q, &in, &f->audit, &err);
}

static void test_two_people(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		const struct turn *t = &turns[i];
		struct release next = { .amiss_ms = 0 };
		struct fleet f;

		print_message("# %s\n", t->title);
		fleet_init(&f, 2);
		for (size_t k = 0; k < 3 && t->asked[k] != NULL; k++) {
			fleet_tick(&f);
			assert_int_equal(fleet_phase(&f), RELEASE_NONE);
			/* Who takes over goes on with it. */
			assert_true(release_adopt(&next, &f.release.said));
			release_fini(&f.release);
			f.release = next;
			next = (struct release){ .amiss_ms = 0 };
			assert_true(ask_as(&f, t->asked[k]));
		}
		assert_int_equal(fleet_phase(&f),
				 t->goes ? RELEASE_PLANNED : RELEASE_NONE);
		assert_string_equal(f.release.said.held.digest,
				    t->goes ? "" : NEXT);
		fleet_fini(&f);
	}
}

/* Nobody else within the time, or a person who ends it. */
static void test_held_ends(void **state)
{
	struct error err;
	struct fleet f;

	(void)state;
	fleet_init(&f, 2);
	fleet_tick(&f);
	assert_true(ask_as(&f, "ann k1"));
	for (unsigned n = 0; n < 9; n++)
		fleet_tick(&f);
	assert_string_equal(f.release.said.held.digest, NEXT);
	fleet_tick(&f);
	assert_string_equal(f.release.said.held.digest, "");
	assert_string_equal(f.audit.list[f.audit.count - 1].kind,
			    "held-expired");
	assert_true(ask_as(&f, "bob k2"));
	assert_string_equal(f.release.said.held.author, "bob");
	fleet_tick(&f);
	assert_true(fleet_ask(&f, true, false, &err));
	assert_string_equal(f.release.said.held.digest, "");
	assert_int_equal(fleet_phase(&f), RELEASE_NONE);
	fleet_tick(&f);
	assert_false(fleet_ask(&f, true, false, &err));
	fleet_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_people),
		cmocka_unit_test(test_held_ends),
	};

	return cmocka_run_group_tests_name("release request", tests, NULL,
					   NULL);
}
