/* SPDX-License-Identifier: Apache-2.0 */
/* plan: all of it comes back, in its order, and serves everybody. */
#include "policy/bus/plan.h"

#include "policy/base/error.h"
#include "policy/language/policy.h"

#include "plan_text.h"
#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct plan *some_plan(void)
{
	static const char text[] =
		"{\"epoch\":2,\"sequence\":3,\"policy_digest\":\"d\","
		"\"agent\":\"steer-1\",\"wall_made_ms\":9,\"shares\":["
		"{\"service\":\"www\",\"endpoint\":\"us\",\"share\":0.1,"
		"\"cause\":\"ramp\",\"wall_since_ms\":4},"
		"{\"service\":\"www\",\"endpoint\":\"eu\",\"share\":1,"
		"\"weight\":0,\"cause\":\"command\",\"ref\":\"c1\"}],"
		"\"commands\":[" COMMAND(
			"c1") "],\"newer_commands\":["
			      "{\"id\":\"f0\",\"kind\":\"thaw\",\"heat\":1},"
			      "{\"id\":\"f1\",\"kind\":\"freeze\","
			      "\"target\":\"all\",\"author\":\"a\","
			      "\"reason\":\"r\"},"
			      "{\"id\":\"p1\",\"kind\":\"pin\","
			      "\"target\":\"www\",\"to\":\"us\","
			      "\"clients\":\"eea\",\"author\":\"a\","
			      "\"reason\":\"r\"}],\"canaries\":["
			      "{\"name\":\"new\",\"state\":\"paused\",\"stage\":1,"
			      "\"step\":2,\"wall_since_ms\":8,"
			      "\"phase\":\"rolled back\",\"rolled_back\":true,"
			      "\"revision\":\"r2\",\"reason\":\"slow\","
			      "\"spent_ms\":5,\"blind_ms\":6,"
			      "\"canary_requests\":9,\"canary_errors\":3,"
			      "\"stable_requests\":90,\"stable_errors\":4,"
			      "\"log_e\":-1.5,\"looks\":2}],\"changes\":["
			      "{\"id\":\"c9\",\"author\":\"ann\",\"what\":\"w\","
			      "\"wall_ms\":7,\"added\":[{\"id\":\"c9\"}],"
			      "\"removed\":[" COMMAND(
				      "c8") "],\"canary\":["
					    "{\"name\":\"new\",\"stage\":1},"
					    "{\"name\":\"new\",\"state\":\"running\","
					    "\"step\":3}],\"released\":\"www/us\"},"
					    "{\"id\":\"m1\",\"author\":\"a\",\"machine\":true,"
					    "\"removed\":[{\"id\":\"t\",\"kind\":\"thaw\"}]}"
					    "],\"held\":["
					    "{\"command\":" COMMAND(
						    "h1") ",\"key\":\"0123456789abcdef\","
							  "\"why\":\"capacity\",\"wall_until_ms\":77},"
							  "{\"command\":{\"kind\":\"thaw\"}}],\"rum\":["
							  "{\"region\":\"us\",\"cell_lat\":70,"
							  "\"cell_lon\":89,\"ms\":91.5,\"samples\":60}],"
							  "\"demands\":[{\"service\":\"w\","
							  "\"demand\":41.5,\"responders\":3,"
							  "\"edges\":2,\"wall_counted_ms\":5}],"
							  "\"spills\":[" SPILL(
								  "a") "],"
								       "\"release\":{\"phase\":\"soak\","
								       "\"base\":\"" DIGEST
								       "\",\"next\":\"" DIGEST
								       "\",\"author\":\"ann\",\"reason\":\"why\","
								       "\"wave\":1,\"spent_ms\":7,\"wall_asked_ms\":8,"
								       "\"wall_since_ms\":9,\"nodes\":[{\"name\":\"a\"},"
								       "{\"name\":\"b\"}],\"refused\":[{\"digest\":\"" DIGEST
								       "\",\"reason\":\"mute\"}],\"held\":{\"digest\":\"" DIGEST
								       "\",\"author\":\"bob\",\"key\":\"k1\",\"forced\":true,"
								       "\"may_silence\":true,\"wall_until_ms\":11}}}";
	struct error err;
	struct plan *plan = plan_parse(text, strlen(text), &err);

	if (plan == NULL)
		fail_msg("%s", err.text);
	return plan;
}

static void check_canary(const struct plan_canary *c)
{
	assert_int_equal(c->state, CANARY_PAUSED);
	assert_int_equal(c->step, 2);
	assert_int_equal(c->phase, CANARY_ROLLED);
	assert_true(c->rolled_back);
	assert_string_equal(c->revision, "r2");
	assert_string_equal(c->reason, "slow");
	assert_int_equal(c->spent_ms, 5);
	assert_int_equal(c->blind_ms, 6);
	assert_int_equal(c->canary_requests, 9);
	assert_int_equal(c->canary_errors, 3);
	assert_int_equal(c->stable_requests, 90);
	assert_int_equal(c->stable_errors, 4);
	assert_true(c->log_e == -1.5);
	assert_int_equal(c->looks, 2);
}

static void check_release(const struct plan_release *r)
{
	assert_int_equal(r->phase, RELEASE_SOAK);
	assert_string_equal(r->base, DIGEST);
	assert_string_equal(r->author, "ann");
	assert_int_equal(r->wave, 1);
	assert_int_equal(r->spent_ms, 7);
	assert_int_equal(r->wall_asked_ms, 8);
	assert_int_equal(r->wall_since_ms, 9);
	assert_int_equal(r->node_count, 2);
	assert_true(plan_release_has(r, "a"));
	assert_true(plan_release_has(r, "b"));
	assert_false(plan_release_has(r, "c"));
	assert_string_equal(plan_release_wanted(r, "c"), r->base);
	assert_string_equal(r->refused[0].reason, "mute");
	assert_string_equal(r->held.digest, DIGEST);
	assert_string_equal(r->held.author, "bob");
	assert_string_equal(r->held.key, "k1");
	assert_true(r->held.forced && r->held.may_silence);
	assert_int_equal(r->held.wall_until_ms, 11);
	assert_true(plan_release_same(r, r));
}

static void check_changes(const struct plan *plan)
{
	const struct plan_change *c = plan->changes;

	assert_int_equal(plan->change_count, 2);
	assert_string_equal(c[0].id, "c9");
	assert_string_equal(c[0].added[0], "c9");
	assert_int_equal(c[0].removed_count, 1);
	assert_string_equal(c[0].removed[0].id, "c8");
	assert_string_equal(c[0].canary.name, "new");
	assert_int_equal(c[0].canary.stage, 1);
	assert_int_equal(c[0].to_state, CANARY_RUNNING);
	assert_int_equal(c[0].to_step, 3);
	assert_string_equal(c[0].released, "www/us");
	assert_false(c[0].partial || c[0].machine);
	/* Of a command that this reader does not know it says so. */
	assert_true(c[1].partial && c[1].machine);
	assert_int_equal(c[1].removed_count, 0);
}

static void test_it_comes_back(void **state)
{
	struct plan *plan = some_plan(), *copy = plan_copy(plan), *back;
	const struct plan_share *share;
	struct error err;
	size_t len, again_len;
	char *text = plan_write(copy, &len), *again;

	(void)state;
	plan_free(plan);
	back = plan_parse(text, len, &err);
	assert_non_null(back);
	again = plan_write(back, &again_len);
	assert_string_equal(again, text);
	assert_int_equal(again_len, len);
	share = plan_find_share(back, "www", "us");
	assert_true(share->share == 0.1);
	assert_int_equal(share->weight, -1);
	assert_int_equal(share->cause, PLAN_RAMP);
	assert_int_equal(plan_find_share(back, "www", "eu")->weight, 0);
	assert_null(plan_find_share(back, "www", "ap"));
	assert_string_equal(back->commands[0].target, "eu");
	/* A kind that is newer than this reader is left out. */
	assert_int_equal(back->command_count, 3);
	assert_int_equal(back->commands[1].kind, COMMAND_FREEZE);
	assert_int_equal(back->commands[2].kind, COMMAND_PIN);
	assert_string_equal(back->commands[2].clients, "eea");
	assert_non_null(strstr(text, "\"newer_commands\":[{\"id\":\"f1\""));
	check_canary(&back->canaries[0]);
	check_release(&back->release);
	check_changes(back);
	assert_int_equal(back->held_count, 1);
	assert_string_equal(back->held[0].command.id, "h1");
	assert_string_equal(back->held[0].key, "0123456789abcdef");
	assert_string_equal(back->held[0].why, "capacity");
	assert_int_equal(back->held[0].wall_until_ms, 77);
	assert_int_equal(back->rum_count, 1);
	assert_string_equal(back->rum[0].region, "us");
	assert_int_equal(back->rum[0].cell_lat, 70);
	assert_int_equal(back->rum[0].cell_lon, 89);
	assert_true(back->rum[0].ms == 91.5);
	assert_int_equal(back->rum[0].samples, 60);
	free(text);
	free(again);
	assert_int_equal(back->demand_count, 1);
	assert_string_equal(back->demands[0].service, "w");
	assert_true(back->demands[0].demand == 41.5);
	assert_int_equal(back->demands[0].responders, 3);
	assert_int_equal(back->demands[0].edges, 2);
	assert_int_equal(back->demands[0].wall_counted_ms, 5);
	assert_int_equal(back->spills.count, 1);
	assert_string_equal(back->spills.list[0].home, "a");
	assert_string_equal(back->spills.list[0].parts[1].endpoint, "b");
	assert_true(fabs(back->spills.list[0].parts[1].share - 0.25) < 1e-12);
	plan_free(back);
	plan_free(copy);
}

static void test_without_a_number_it_is_not_written(void **state)
{
	struct plan *plan = some_plan();
	size_t len;

	(void)state;
	plan->shares[0].share = 0.0 / 0.0;
	assert_null(plan_write(plan, &len));
	plan_free(plan);
}

static void test_order_of_plans(void **state)
{
	static const struct plan old = { .epoch = 2, .sequence = 9 };
	static const struct plan_order {
		uint64_t epoch, sequence;
		bool newer;
	} orders[] = {
		{ 2, 10, true }, { 2, 9, false },  { 2, 8, false },
		{ 3, 1, true },  { 1, 99, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct plan plan = { .epoch = orders[i].epoch,
				     .sequence = orders[i].sequence };

		assert_int_equal(plan_newer(&plan, &old), orders[i].newer);
	}
	assert_true(plan_newer(&old, NULL));
}

/* Stable eu (weight 1), us (weight 1), spare (weight 0), and a canary. */
static struct policy_endpoint endpoints[] = {
	{ .name = "eu", .weight = 1, .canary = POLICY_NONE },
	{ .name = "us", .weight = 1, .canary = POLICY_NONE },
	{ .name = "spare", .weight = 0, .canary = POLICY_NONE },
	{ .name = "eu-new", .weight = 1, .canary = 0 },
};

/* clang-format off */
static const struct check_row {
	const char *title;
	struct plan_share shares[4]; /* by endpoint */
	size_t count;
	bool ok;
} checks[] = {
	{ "an empty plan", { { .service = "" } }, 0, true },
	{ "one drained", { { "www", "eu", 0, -1, PLAN_COMMAND, "", 0, 0 } }, 1, true },
	{ "both drained", { { "www", "eu", 0, -1, PLAN_COMMAND, "", 0, 0 },
			    { "www", "us", 0, -1, PLAN_COMMAND, "", 0, 0 } }, 2, false },
	{ "one drained, one of weight 0", { { "www", "eu", 0, -1, PLAN_COMMAND, "", 0, 0 },
					    { "www", "us", 1, 0, PLAN_COMMAND, "", 0, 0 } }, 2, false },
	{ "the canary does not count", { { "www", "eu", 0, -1, PLAN_COMMAND, "", 0, 0 },
					 { "www", "eu-new", 1, 1, PLAN_CANARY, "", 0, 0 },
					 { "www", "us", 0, -1, PLAN_COMMAND, "", 0, 0 } }, 3, false },
	{ "the spare is given a weight", { { "www", "eu", 0, -1, PLAN_COMMAND, "", 0, 0 },
					   { "www", "spare", 1, 5, PLAN_COMMAND, "", 0, 0 },
					   { "www", "us", 0, -1, PLAN_COMMAND, "", 0, 0 } }, 3, true },
	{ "a sliver is enough", { { "www", "eu", 1e-9, -1, PLAN_RAMP, "", 0, 0 },
				  { "www", "us", 0, -1, PLAN_COMMAND, "", 0, 0 } }, 2, true },
	{ "another service's shares", { { "api", "eu", 0, -1, PLAN_COMMAND, "", 0, 0 },
					{ "api", "us", 0, -1, PLAN_COMMAND, "", 0, 0 } }, 2, true },
};
/* clang-format on */

static void test_one_that_leaves_nobody(void **state)
{
	struct policy_service service = { .name = "www",
					  .endpoints = endpoints,
					  .endpoint_count = 4 };
	struct policy policy = { .services = &service, .service_count = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct plan_share shares[4];
		struct plan plan = { .epoch = 4,
				     .sequence = 2,
				     .shares = shares,
				     .share_count = checks[i].count };
		struct error err = { .text = "" };

		memcpy(shares, checks[i].shares, sizeof(shares));
		if (plan_check(&plan, &policy, &err) != checks[i].ok)
			fail_msg("%s: %s", checks[i].title, err.text);
		if (!checks[i].ok)
			assert_string_equal(err.text,
					    "plan 4/2: leaves service www with "
					    "no endpoint");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_comes_back),
		cmocka_unit_test(test_without_a_number_it_is_not_written),
		cmocka_unit_test(test_order_of_plans),
		cmocka_unit_test(test_one_that_leaves_nobody),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
