/* SPDX-License-Identifier: Apache-2.0 */
/* inputs: what is not newer, damaged or filed wrong changes nothing. */
#include "policy/base/error.h"
#include "policy/decide/hearing.h"
#include "steer_world.h"
#include "steering/inputs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct policy_vantage vantages[] = { { .name = "dub" },
					    { .name = "iad" } };
static const struct policy both = { .vantages = vantages, .vantage_count = 2 };

/* A report of one closed or open endpoint, as octets. */
static char *report_octets(const char *vantage, uint64_t sequence, size_t *len)
{
	struct report_entry entry = {
		.service = "www",
		.endpoint = "us-east",
		.state = REPORT_OPEN,
		.wall_probed_ms = 1000,
	};
	struct report report = {
		.sequence = sequence,
		.wall_made_ms = 1000,
		.entries = &entry,
		.count = 1,
	};
	char *octets;

	snprintf(report.vantage, sizeof(report.vantage), "%s", vantage);
	octets = report_write(&report, len);
	assert_non_null(octets);
	return octets;
}

static bool take_report(struct inputs *in, const char *key, uint64_t sequence,
			int64_t now_ms)
{
	struct error err;
	size_t len;
	char *octets = report_octets("iad", sequence, &len);
	bool ok =
		inputs_take_report(in, key, octets, len,
				   (struct world_time){ now_ms, now_ms }, &err);

	free(octets);
	return ok;
}

/* clang-format off */
static const struct row {
	const char *title;
	uint64_t sequence;
	int64_t now_ms;
	bool taken;
} rows[] = {
	{ "the next one", 11, 1500, true },
	{ "the same again is no sign of life", 10, 60000, false },
	{ "an older one", 9, 1500, false },
	{ "an older one after a long silence: it began again", 9, 1000 + HEARD_RESTART_MS, true },
	{ "an older one a little too early", 9, 999 + HEARD_RESTART_MS, false },
	{ "a gap", 4000, 1500, true },
};
/* clang-format on */

static void test_reports_only_go_forward(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct inputs in = { .policy = &both };
		int64_t heard_ms = row->taken ? row->now_ms : 1000;
		uint64_t sequence = row->taken ? row->sequence : 10;

		assert_true(take_report(&in, "iad", 10, 1000));
		assert_true(
			take_report(&in, "iad", row->sequence, row->now_ms));
		assert_int_equal(in.heard.count, 1);
		if (in.heard.entries[0].heard_ms != heard_ms ||
		    in.heard.entries[0].report->sequence != sequence)
			fail_msg("%s", row->title);
		inputs_fini(&in);
	}
}

static void test_refused_values(void **state)
{
	struct inputs in = { .policy = &both };
	struct error err = { .text = "" };
	struct node node = { .name = "dns1" };
	size_t len;
	char *octets = node_write(&node, &len);

	(void)state;
	assert_false(take_report(&in, "dub", 10, 1000));
	assert_false(inputs_take_report(&in, "iad", "{", 1,
					(struct world_time){ 1000, 0 }, &err));
	assert_int_equal(in.heard.count, 0);
	assert_false(inputs_take_node(&in, "dns2", octets, len, 1000, &err));
	assert_non_null(strstr(err.text, "filed under dns2"));
	assert_int_equal(in.registry.count, 0);
	free(octets);
	inputs_fini(&in);
}

/* What a node was asked is read where its record tells. */
static void test_counts(void **state)
{
	static const struct {
		const char *text;
		bool taken;
		size_t heard;
	} records[] = {
		{ "{\"name\":\"dns1\",\"role\":\"dns\"}", true, 0 },
		{ "{\"name\":\"dns1\",\"role\":\"dns\",\"counted_ms\":9}", true,
		  1 },
		{ "{\"name\":\"dns1\",\"role\":\"dns\",\"counted_ms\":9,"
		  "\"asked\":7}",
		  false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		struct inputs in = { .plan = NULL };
		struct error err;

		inputs_adopt(&in, &both);
		assert_int_equal(inputs_take_node(&in, "dns1", records[i].text,
						  strlen(records[i].text), 1000,
						  &err),
				 records[i].taken);
		assert_int_equal(in.queries.count, records[i].heard);
		inputs_fini(&in);
	}
}

static void test_plans_only_go_forward(void **state)
{
	static const struct {
		uint64_t epoch, sequence;
		bool taken;
	} plans[] = {
		{ 2, 5, true },  { 2, 5, false }, { 2, 4, false },
		{ 1, 9, false }, { 2, 6, true },  { 3, 1, true },
	};
	struct inputs in = { .plan = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		const struct plan made = {
			.epoch = plans[i].epoch,
			.sequence = plans[i].sequence,
		};
		struct plan *plan = plan_copy(&made);

		assert_int_equal(inputs_take_plan(&in, plan, 1),
				 plans[i].taken);
		if (!plans[i].taken)
			plan_free(plan);
	}
	assert_int_equal(in.plan->epoch, 3);
	inputs_fini(&in);
}

static void test_view(void **state)
{
	struct inputs in = { .plan = NULL };
	struct steer_world w;
	const struct ramp_now now = { 1000, 1000 };

	(void)state;
	steer_init(&w);
	w.policy.vantages = vantages;
	w.policy.vantage_count = 2;
	w.check.interval_ms = 5000;
	w.check.breaker.max_open_for_ms = 60000;
	inputs_adopt(&in, &w.policy);
	assert_true(take_report(&in, "iad", 1, 1000));
	assert_true(inputs_reduce(&in, &w.policy, now));
	assert_int_equal(
		in.view->services[WWW].endpoints[US_EAST].health.verdict,
		VERDICT_DOWN);
	assert_int_equal(
		in.view->services[WWW].endpoints[US_EAST].health.down_by, 2);
	assert_int_equal(
		in.view->services[WWW].endpoints[US_WEST].health.verdict,
		VERDICT_UNKNOWN);
	assert_non_null(
		hearing_entries(in.heard.entries[0].hearing, &w.policy));
	/* Under a policy without it, it is forgotten. */
	w.policy.vantage_count = 1;
	inputs_adopt(&in, &w.policy);
	assert_int_equal(in.heard.count, 0);
	inputs_fini(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reports_only_go_forward),
		cmocka_unit_test(test_refused_values),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_plans_only_go_forward),
		cmocka_unit_test(test_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
