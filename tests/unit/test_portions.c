/* SPDX-License-Identifier: Apache-2.0 */
/* portions and orders: from a plan and local commands to who takes what. */
#include "steering/edge/portions.h"

#include "policy/bus/local.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NAMES = 4, NOW_MS = 100000 };

static const char *const names[NAMES] = { "us", "eu", "v2/us", "v2/eu" };

#define SHARE(name, part, weighs)                                  \
	{                                                          \
		.service = "www", .endpoint = name, .share = part, \
		.weight = weighs                                   \
	}
#define LOCAL(what, where, more)                         \
	{                                                \
		.kind = COMMAND_##what, .target = where, \
		.wall_expires_ms = 1000000, more         \
	}

/* clang-format off */
static const struct row {
	const char *title;
	struct plan_share shares[NAMES];
	struct command command; /* kind NONE: none */
	double parts[NAMES];    /* as names, of weights 100 and 300 */
	double cohort;          /* of v2 */
} rows[] = {
	{ "no plan rows: as given, and no canary",
	  { SHARE("", 0, 0) }, { .kind = COMMAND_NONE },
	  { 100, 300, 0, 0 }, 0 },
	{ "a canary takes of what it shadows",
	  { SHARE("v2/eu", 0.1, -1), SHARE("v2/us", 0.1, -1) }, { .kind = COMMAND_NONE },
	  { 90, 270, 10, 30 }, 0.1 },
	{ "in one region of two",
	  { SHARE("v2/us", 0.5, -1) }, { .kind = COMMAND_NONE },
	  { 50, 300, 50, 0 }, 0.125 },
	{ "through its last step",
	  { SHARE("v2/eu", 1, -1), SHARE("v2/us", 1, -1) }, { .kind = COMMAND_NONE },
	  { 0, 0, 100, 300 }, 1 },
	{ "of a region that ramps it takes a part of what is left",
	  { SHARE("us", 0.5, -1), SHARE("v2/us", 0.2, -1) }, { .kind = COMMAND_NONE },
	  { 40, 300, 10, 0 }, 10.0 / 350 },
	{ "of a region that is out it takes nobody",
	  { SHARE("us", 0, -1), SHARE("v2/eu", 0.2, -1), SHARE("v2/us", 0.2, -1) }, { .kind = COMMAND_NONE },
	  { 0, 240, 0, 60 }, 0.2 },
	{ "a weight that is ordered is in the other's place",
	  { SHARE("us", 0.5, 1000) }, { .kind = COMMAND_NONE },
	  { 500, 300, 0, 0 }, 0 },
	{ "another service's rows are not ours",
	  { { .service = "api", .endpoint = "us", .weight = -1 } }, { .kind = COMMAND_NONE },
	  { 100, 300, 0, 0 }, 0 },
	{ "a local drain of a region takes its canary's clients too",
	  { SHARE("v2/us", 0.5, -1) }, LOCAL(DRAIN, "us", ),
	  { 0, 300, 0, 0 }, 0 },
	{ "a local drain of a canary's endpoint alone",
	  { SHARE("v2/us", 0.5, -1) }, LOCAL(DRAIN, "www/v2/us", ),
	  { 100, 300, 0, 0 }, 0 },
	{ "a local drain goes on from what the plan leaves, whichever is less",
	  { SHARE("us", 0.25, -1) }, LOCAL(DRAIN, "www/us", .over_ms = 2 * NOW_MS),
	  { 25, 300, 0, 0 }, 0 },
	{ "and half of the way is half",
	  { SHARE("", 0, 0) }, LOCAL(DRAIN, "us", .over_ms = 2 * NOW_MS),
	  { 50, 300, 0, 0 }, 0 },
	{ "a local failover", { SHARE("", 0, 0) }, LOCAL(FAILOVER, "www", .to = "eu"),
	  { 0, 300, 0, 0 }, 0 },
	{ "of another service", { SHARE("", 0, 0) }, LOCAL(FAILOVER, "api", .to = "eu"),
	  { 100, 300, 0, 0 }, 0 },
	{ "a local weight", { SHARE("", 0, 0) }, LOCAL(WEIGHT, "www/eu", .weight = 7),
	  { 100, 7, 0, 0 }, 0 },
};
/* clang-format on */

static void play(const struct row *row)
{
	struct plan_share shares[NAMES];
	struct plan plan = { .shares = shares };
	const struct local local = {
		.commands = { row->command },
		.count = row->command.kind != COMMAND_NONE,
	};
	const struct orders orders = { &plan, &local, NOW_MS, 0 };
	struct portions *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	memcpy(shares, row->shares, sizeof(shares));
	while (plan.share_count < NAMES &&
	       shares[plan.share_count].service[0] != '\0')
		plan.share_count++;
	for (size_t i = 0; i < NAMES; i++)
		assert_true(portions_add(p, names[i], i == 1 ? 300 : 100));
	portions_make(p, &orders, "www");
	for (size_t i = 0; i < NAMES; i++)
		if (fabs(p->parts[i].part - row->parts[i]) > 1e-9)
			fail_msg("%s: %s takes %g, not %g", row->title,
				 names[i], p->parts[i].part, row->parts[i]);
	if (fabs(portions_cohort(p, "v2") - row->cohort) > 1e-12)
		fail_msg("%s: the cohort is %g", row->title,
			 portions_cohort(p, "v2"));
	free(p);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		play(&rows[i]);
}

/* The same share at every endpoint is that share to the last bit, whatever
 * the weights: it becomes a threshold that responders have, too. */
static void test_cohort_is_exact(void **state)
{
	struct portions *p = calloc(1, sizeof(*p));

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < NAMES; i++)
		assert_true(portions_add(p, names[i], 7 + (uint32_t)i));
	for (int percent = 1; percent <= 100; percent++) {
		struct plan_share shares[] = {
			SHARE("v2/eu", percent / 100.0, -1),
			SHARE("v2/us", percent / 100.0, -1),
		};
		const struct plan plan = { .shares = shares, .share_count = 2 };
		const struct orders orders = { .plan = &plan };
		double cohort;

		portions_make(p, &orders, "www");
		cohort = portions_cohort(p, "v2");
		assert_memory_equal(&cohort, &shares[0].share, sizeof(cohort));
	}
	free(p);
}

static void test_no_room(void **state)
{
	struct portions *p = calloc(1, sizeof(*p));
	char name[PLAN_NAME_SIZE + 1];

	(void)state;
	assert_non_null(p);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_false(portions_add(p, name, 1));
	for (size_t i = 0; i < PORTIONS_MAX; i++)
		assert_true(portions_add(p, "us", 1));
	assert_false(portions_add(p, "us", 1));
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_cohort_is_exact),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests_name("portions", tests, NULL, NULL);
}
