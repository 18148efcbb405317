/* SPDX-License-Identifier: Apache-2.0 */
/* heard: only news from vantages of the policy counts. */
#include "policy/decide/heard.h"

#include "policy/bus/report.h"
#include "policy/decide/hearing.h"
#include "policy/language/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct policy_vantage three[] = {
	{ .name = "iad" },
	{ .name = "dub" },
	{ .name = "bom" },
};
static const struct policy all = { .vantages = three, .vantage_count = 3 };
static const struct policy two = { .vantages = three + 1, .vantage_count = 2 };

static struct report *report_of(const char *vantage, uint64_t sequence,
				int64_t wall_made_ms)
{
	struct report *report = calloc(1, sizeof(*report));

	snprintf(report->vantage, sizeof(report->vantage), "%s", vantage);
	report->sequence = sequence;
	report->wall_made_ms = wall_made_ms;
	return report;
}

/* clang-format off */
static const struct step_row {
	const char *title, *vantage;
	uint64_t sequence;
	int64_t made_ms; /* by how much its clock is ahead of ours */
	int64_t now_ms;
	enum heard_result result;
	int64_t heard_ms; /* of the vantage afterwards; 0: nothing is held */
} steps[] = {
	{ "the first, made long ago","dub", 5, -3600000, 1000,  HEARD_TAKEN,    1000 },
	{ "a stranger",            "sin", 9, 0,       1000,  HEARD_STRANGER, 0 },
	{ "the same again",        "dub", 5, 0,       2000,  HEARD_OLD,      1000 },
	{ "an older one",          "dub", 4, 0,       2000,  HEARD_OLD,      1000 },
	{ "a newer one",           "dub", 6, 3600000, 3000,  HEARD_TAKEN,    3000 },
	{ "another vantage",       "iad", 1, 0,       3000,  HEARD_TAKEN,    3000 },
	{ "older, nearly silent",  "dub", 2, 0,       32999, HEARD_OLD,      3000 },
	{ "put back after silence","dub", 2, -300001, 33000, HEARD_OLD,      3000 },
	{ "not made yet",          "dub", 2, 300001,  33000, HEARD_OLD,      3000 },
	{ "older, after silence",  "dub", 2, -300000, 33000, HEARD_TAKEN,    33000 },
	{ "the same after silence","dub", 2, 0,       99000, HEARD_OLD,      33000 },
};
/* clang-format on */

static void test_only_news_counts(void **state)
{
	const int64_t wall_ms = 1700000000000;
	struct heard heard = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct step_row *row = &steps[i];
		struct heard_report out[POLICY_VANTAGES_MAX];
		int at = policy_find_vantage(&all, row->vantage);

		print_message("# %s\n", row->title);
		assert_int_equal(heard_take(&heard, &all,
					    report_of(row->vantage,
						      row->sequence,
						      wall_ms + row->made_ms),
					    row->now_ms, wall_ms),
				 row->result);
		heard_select(&heard, &all, out);
		if (at >= 0)
			assert_int_equal(out[at].heard_ms, row->heard_ms);
	}
	assert_int_equal(heard.count, 2);
	heard_fini(&heard);
}

static void test_prune_follows_the_policy(void **state)
{
	struct heard heard = { 0 };
	struct heard_report out[POLICY_VANTAGES_MAX];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(heard_take(&heard, &all,
					    report_of(three[i].name, i + 1, 0),
					    7, 0),
				 HEARD_TAKEN);
	heard_select(&heard, &all, out);
	assert_non_null(hearing_entries(out[1].hearing, &all));
	heard_prune(&heard, &two);
	assert_int_equal(heard.count, 2);
	heard_select(&heard, &all, out);
	assert_null(out[0].report);
	assert_int_equal(out[1].report->sequence, 2);
	assert_int_equal(out[2].report->sequence, 3);
	heard_select(&heard, &two, out);
	assert_string_equal(out[0].report->vantage, "dub");
	assert_non_null(hearing_entries(out[0].hearing, &two));
	assert_null(hearing_entries(out[0].hearing, &all));
	heard_fini(&heard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_news_counts),
		cmocka_unit_test(test_prune_follows_the_policy),
	};

	return cmocka_run_group_tests_name("heard", tests, NULL, NULL);
}
