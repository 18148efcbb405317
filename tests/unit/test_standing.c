/* SPDX-License-Identifier: Apache-2.0 */
/* standing: how a service stands comes over whole, and by name. */
#include "policy/decide/standing.h"

#include "policy/base/error.h"
#include "policy/decide/frozen.h"

#include "decide_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* A view of the scene's policy in which nothing was heard. */
static struct view *silent_view(const struct scene *s)
{
	static const struct heard_report silent[POLICY_VANTAGES_MAX];
	struct view *view =
		view_reduce(&s->w.policy,
			    &(struct view_input){ .reports = silent });

	assert_non_null(view);
	return view;
}

/* Some endpoints are down, some shared, some held, all measured. */
static void prepare(struct scene *s)
{
	scene_init(s);
	scene_say(s, 0x7, 2, REPORT_OPEN);
	scene_say(s, 0x3, 4, REPORT_OPEN); /* for those near to them */
	s->shares[0] = (struct plan_share){ .service = "www",
					    .share = 0.25,
					    .weight = 7,
					    .cause = PLAN_COMMAND,
					    .ref = "c-1" };
	memcpy(s->shares[0].endpoint, s->entries[0][1].endpoint,
	       sizeof(s->shares[0].endpoint));
	s->plan.share_count = 1;
	s->demands[0] = (struct plan_demand){ .service = "www",
					      .demand = 41.5,
					      .responders = 3,
					      .edges = 2,
					      .wall_counted_ms = 5 };
	s->plan.demands = s->demands;
	s->plan.demand_count = 1;
	s->plan.rum = s->rum;
	s->plan.rum_count = 1;
	s->rum[0] = (struct plan_rum){ .region = "eu-west",
				       .cell_lat = 71,
				       .cell_lon = 86,
				       .ms = 33,
				       .samples = 60 };
	s->commands[0] = (struct command){
		.id = "f-1",
		.kind = COMMAND_FREEZE,
		.target = "www",
		.author = "ann",
		.reason = "INC-7",
		.wall_expires_ms = SCENE_WALL_MS + 60000,
	};
	s->commands[1] = (struct command){
		.id = "p-1",
		.kind = COMMAND_PIN,
		.target = "www",
		.clients = "uk",
		.to = "eu-west",
		.author = "ann",
		.reason = "INC-414",
		.wall_expires_ms = SCENE_WALL_MS + 1000,
	};
	s->plan.command_count = 2;
	s->in.plan = &s->plan;
	s->entries[1][0].samples = 20;
	s->entries[1][0].failures = 3;
	s->reports[1].stretch = 2.5f;
	scene_reduce(s);
	s->w.policy.residency_count = 2;
	s->w.residency[0].name = "none";
	s->w.residency[1].name = "gdpr";
	s->view->services[0].panic =
		(struct panic){ .rules = 2, .lost_pct = 40 };
	s->view->services[0].endpoints[2].deferred = true;
	s->view->services[0].endpoints[5].health.vetoed = true;
}

static void test_comes_over_whole(void **state)
{
	struct standing_samples samples = { 0 };
	struct scene s;
	struct view *got;
	struct error err;
	json_t *json;

	(void)state;
	prepare(&s);
	json = standing_write(s.view, 0, s.heard);
	assert_non_null(json);
	got = silent_view(&s);
	assert_false(view_same(s.view, got, 0));
	assert_true(standing_parse(json, got, 0, &samples, &err));
	assert_true(view_same(s.view, got, 0));
	assert_true(got->services[0].panic.anywhere);
	assert_int_equal(got->services[0].panic.lost_pct, 40);
	assert_string_equal(got->services[0].endpoints[1].cause_ref, "c-1");
	assert_int_equal(got->services[0].pin_count, 1);
	assert_string_equal(got->services[0].pins[0].ref, "p-1");
	assert_string_equal(got->services[0].pins[0].author, "ann");
	assert_string_equal(got->services[0].pins[0].reason, "INC-414");
	assert_int_equal(got->services[0].endpoints[2].health.down, 3);
	assert_int_equal(got->services[0].endpoints[2].health.down_by, 0x7);
	assert_true(got->services[0].endpoints[2].deferred);
	assert_true(got->services[0].endpoints[4].health.split);
	assert_int_equal(got->services[0].endpoints[4].health.up_by, 0xc);
	assert_true(got->services[0].endpoints[5].health.vetoed);
	assert_int_equal(got->plan_sequence, s.plan.sequence);
	assert_true(got->rum.mark != 0 && got->rum.mark == s.view->rum.mark);
	assert_memory_equal(got->services[0].demand, &s.demands[0],
			    sizeof(s.demands[0]));
	assert_int_equal(got->freeze_count, 1);
	assert_memory_equal(frozen_next(got, 0, NULL), &s.commands[0],
			    sizeof(s.commands[0]));
	assert_int_equal(samples.of[0][1], 17);
	assert_int_equal(samples.of[1][1], 0);
	json_decref(json);
	view_free(got);
	scene_fini(&s);
}

/* What only the node has is left out, the rest is found by its name. */
static void test_policies_may_differ(void **state)
{
	struct standing_samples samples = { 0 };
	struct scene s, mine;
	struct view *got;
	struct error err;
	json_t *json;

	(void)state;
	prepare(&s);
	json = standing_write(s.view, 0, s.heard);
	scene_init(&mine);
	mine.w.endpoints[0] = s.w.endpoints[2];
	mine.w.endpoints[1].name = "elsewhere";
	mine.w.sets[1].name = "gb";
	mine.w.vantages[1].name = "nowhere";
	got = silent_view(&mine);
	assert_true(standing_parse(json, got, 0, &samples, &err));
	assert_int_equal(got->services[0].endpoints[0].health.verdict,
			 VERDICT_DOWN);
	assert_true(got->services[0].endpoints[1].accept == ACCEPT_ALL);
	assert_true(got->services[0].endpoints[3].latency_ms[0] == 10);
	assert_true(got->services[0].endpoints[3].latency_ms[1] == 0);
	json_decref(json);
	view_free(got);
	scene_fini(&mine);
	scene_fini(&s);
}

/* clang-format off */
static const struct bad_row {
	const char *text, *error;
} bad[] = {
	{ "{\"endpoints\":7}",                                    "endpoints must be an array" },
	{ "{\"endpoints\":[7]}",                                  "endpoint 1: must be an object" },
	{ "{\"endpoints\":[{}]}",                                 "endpoint is missing" },
	{ "{\"endpoints\":[{\"endpoint\":\"e\",\"verdict\":\"odd\"}]}", "verdict \"odd\" is not known" },
	{ "{\"endpoints\":[{\"endpoint\":\"e\",\"accept\":-1}]}", "accept is -1" },
	{ "{\"demand\":{\"service\":\"w\",\"demand\":-1}}",       "demand is -1" },
	{ "{\"freezes\":[{}]}",                                   "command: id is missing" },
	{ "{\"stretch\":-1}",                                     "stretch is -1" },
	{ "{\"stretches\":[{}]}",                                 "vantage is missing" },
	{ "{\"endpoints\":[{\"endpoint\":\"us-east\",\"latencies\":[{\"vantage\":\"v\",\"ms\":-1}]}]}", "ms is -1" },
	{ "{\"endpoints\":[{\"endpoint\":\"us-east\",\"latencies\":[{\"ms\":1}]}]}", "vantage is missing" },
};
/* clang-format on */

static void test_what_is_malformed_is_refused(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct standing_samples samples = { 0 };
		struct error err = { .text = "" };
		json_t *json = json_loads(bad[i].text, 0, NULL);
		struct view *view = silent_view(&s);

		assert_non_null(json);
		if (standing_parse(json, view, 0, &samples, &err) ||
		    strstr(err.text, bad[i].error) == NULL)
			fail_msg("%s: \"%s\"", bad[i].text, err.text);
		json_decref(json);
		view_free(view);
	}
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_over_whole),
		cmocka_unit_test(test_policies_may_differ),
		cmocka_unit_test(test_what_is_malformed_is_refused),
	};

	return cmocka_run_group_tests_name("standing", tests, NULL, NULL);
}
