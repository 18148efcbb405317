/* SPDX-License-Identifier: Apache-2.0 */
/* report, plan, node: what is read, what is refused, and that it comes back. */
#include "policy/base/error.h"
#include "policy/bus/node.h"
#include "policy/bus/plan.h"
#include "policy/bus/report.h"
#include "policy/language/policy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum codec { REPORT, PLAN, NODE };

#define NAME_63 \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define SPILL(home)                           \
	"{\"service\":\"w\",\"home\":\"" home \
	"\",\"parts\":[{\"endpoint\":\"b\",\"share\":0.25},{\"endpoint\":\"a\",\"share\":0}]}"
#define DIGEST \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define COMMAND(id)                                                \
	"{\"id\":\"" id "\",\"kind\":\"drain\",\"target\":\"eu\"," \
	"\"author\":\"ann\",\"reason\":\"r\",\"wall_made_ms\":1,"  \
	"\"wall_expires_ms\":2}"

/* clang-format off */
static const struct row {
	enum codec codec;
	const char *text;
	const char *error; /* a part of it; NULL: it is read */
} rows[] = {
	{ REPORT, "{\"vantage\":\"eu\"}", NULL },
	{ REPORT, "{\"vantage\":\"eu\",\"from\":{\"a\":[1,{}]},\"sequence\":9}", NULL },
	{ REPORT, "{\"vantage\":\"" NAME_63 "\"}", NULL },
	{ REPORT, "{\"vantage\":\"" NAME_63 "l\"}", "vantage is longer than 63" },
	{ REPORT, "", "not JSON" },
	{ REPORT, "{", "not JSON" },
	{ REPORT, "{} {}", "not JSON" },
	{ REPORT, "[]", "must be a JSON object" },
	{ REPORT, "{}", "vantage is missing" },
	{ REPORT, "{\"vantage\":\"\"}", "vantage is missing" },
	{ REPORT, "{\"vantage\":7}", "vantage must be text" },
	{ REPORT, "{\"vantage\":null}", "vantage must be text" },
	{ REPORT, "{\"vantage\":\"a\\nb\"}", "control characters" },
	{ REPORT, "{\"vantage\":\"a\\u0000b\"}", "not JSON" },
	{ REPORT, "{\"vantage\":\"\xff\"}", "not JSON" },
	{ REPORT, "{\"vantage\":\"eu\",\"vantage\":\"us\"}", "duplicate" },
	{ REPORT, "{\"vantage\":\"eu\",\"x\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", "nested deeper than 16" },
	{ REPORT, "{\"vantage\":\"[[[[[[[[[[[[[[[[[[[[\\\"[[\"}", NULL },
	{ REPORT, "{\"vantage\":\"eu\",\"sequence\":-1}", "sequence is -1" },
	{ REPORT, "{\"vantage\":\"eu\",\"sequence\":9007199254740992}", "sequence is" },
	{ REPORT, "{\"vantage\":\"eu\",\"sequence\":9223372036854775808}", "not JSON" },
	{ REPORT, "{\"vantage\":\"eu\",\"sequence\":1.5}", "whole number" },
	{ REPORT, "{\"vantage\":\"eu\",\"abstains\":1}", "true or false" },
	{ REPORT, "{\"vantage\":\"eu\",\"stretch\":1.62}", NULL },
	{ REPORT, "{\"vantage\":\"eu\",\"stretch\":-1}", "stretch is -1" },
	{ REPORT, "{\"vantage\":\"eu\",\"stretch\":\"far\"}", "stretch must be" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":{}}", "must be an array" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[7]}", "report entry 1: must be an object" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\"}]}", "report entry 1: endpoint is missing" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\"},{}]}", "report entry 2: service" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"state\":\"dead\"}]}", "state \"dead\" is not known" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"latency_ms\":-1}]}", "latency_ms is -1" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"latency_ms\":1e99}]}", "latency_ms is 1e+99" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"connect_ms\":-1}]}", "connect_ms is -1" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"tls_ms\":\"1\"}]}", "tls_ms must be a number" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"certificate_left_s\":-1}]}", NULL },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"certificate_left_s\":0.5}]}", "certificate_left_s must be a whole number" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"samples\":4,\"failures\":5}]}", "failures is 5" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"samples\":4294967296}]}", "samples is 4294967296" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"down_ms\":9007199254740991}]}", NULL },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"down_ms\":-1}]}", "down_ms is -1" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"up_ms\":5,\"outage_ms\":70}]}", NULL },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"up_ms\":-1}]}", "up_ms is -1" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"outage_ms\":1.5}]}", "outage_ms must be" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\"},{\"service\":\"v\",\"endpoint\":\"e\"},{\"service\":\"w\",\"endpoint\":\"e\"}]}", "w/e is there twice" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"state\":\"half-open\",\"by_users\":true,\"trickle\":true,\"user_requests\":412,\"user_errors\":37,\"user_edges\":\"a, b\"}]}", NULL },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"trickle\":1}]}", "trickle must be true or false" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"user_requests\":36,\"user_errors\":37}]}", "user_errors is 37" },
	{ REPORT, "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"user_edges\":7}]}", "user_edges must be text" },

	{ PLAN, "{\"epoch\":1,\"sequence\":1}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"needs\":0}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"needs\":1}", NULL },
	{ PLAN, "{\"needs\":2,\"epoch\":\"of another kind\"}", "plan: needs version 2 of the bus's language, and this program speaks 1; update it" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"needs\":-1}", "needs version -1" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"needs\":\"2\"}", "needs must be a whole number" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"newer_commands\":[1]}", "command: must be a JSON object" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"commands\":[" COMMAND("c1") "],\"newer_commands\":[" COMMAND("c1") "]}", "plan: command c1 is there twice" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":[{\"region\":\"eu\",\"cell_lon\":179,\"ms\":1,\"samples\":50},{\"region\":\"eu\",\"ms\":1}]}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":{}}", "rum must be an array" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":[{\"ms\":1}]}", "plan rum 1: region is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":[{\"region\":\"eu\"}]}", "ms is 0" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":[{\"region\":\"eu\",\"ms\":1,\"cell_lat\":90}]}", "cell_lat is 90" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":[{\"region\":\"eu\",\"ms\":1,\"cell_lon\":180}]}", "cell_lon is 180" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":[{\"region\":\"eu\",\"ms\":1},{\"region\":\"as\",\"ms\":1},{\"region\":\"eu\",\"ms\":2}]}", "rum of eu is there twice" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"spills\":[" SPILL("a") "," SPILL("") "]}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"spills\":[" SPILL("a") "," SPILL("a") "]}", "a spill of w for the same clients is there twice" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"spills\":7}", "spills must be an array" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"spills\":[{\"home\":\"a\"}]}", "plan spill 1: service is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"spills\":[{\"service\":\"w\"}]}", "parts is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"spills\":[{\"service\":\"w\",\"parts\":[]}]}", "parts is missing, or empty" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"spills\":[{\"service\":\"w\",\"parts\":[7]}]}", "plan spill part 1: must be an object" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"spills\":[{\"service\":\"w\",\"parts\":[{\"endpoint\":\"a\"}]}]}", "share is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"spills\":[{\"service\":\"w\",\"parts\":[{\"endpoint\":\"a\",\"share\":1.5}]}]}", "share is 1.5" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"spills\":[{\"service\":\"w\",\"parts\":[{\"endpoint\":\"a\",\"share\":1},{\"endpoint\":\"a\",\"share\":1}]}]}", "a spill of w has a twice" },
	{ PLAN, "{\"epoch\":2,\"sequence\":8,\"base_epoch\":1,\"base_sequence\":7}", NULL },
	{ PLAN, "{\"epoch\":2,\"sequence\":8,\"base_epoch\":-1}", "base_epoch is -1" },
	{ PLAN, "{\"epoch\":2,\"sequence\":8,\"base_sequence\":9007199254740992}", "base_sequence is 9007199254740992" },
	{ PLAN, "{\"epoch\":9007199254740991,\"sequence\":1}", NULL },
	{ PLAN, "{\"epoch\":9007199254740992,\"sequence\":1}", "epoch is 9007199254740992" },
	{ PLAN, "{\"epoch\":0,\"sequence\":1}", "epoch is 0" },
	{ PLAN, "{\"sequence\":1}", "epoch is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":0}", "sequence is 0" },
	{ PLAN, "{\"epoch\":1}", "sequence is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"shares\":[{\"service\":\"w\",\"endpoint\":\"e\",\"share\":0.5}]}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"shares\":[{\"service\":\"w\",\"endpoint\":\"e\",\"share\":1}]}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"shares\":[{\"service\":\"w\",\"endpoint\":\"e\"}]}", "share is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"shares\":[{\"service\":\"w\",\"endpoint\":\"e\",\"share\":1.0001}]}", "share is 1.0001" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"shares\":[{\"service\":\"w\",\"endpoint\":\"e\",\"share\":-0.1}]}", "share is -0.1" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"shares\":[{\"service\":\"w\",\"endpoint\":\"e\",\"share\":\"1\"}]}", "share must be a number" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"shares\":[{\"service\":\"w\",\"endpoint\":\"e\",\"share\":1,\"weight\":-1}]}", "weight is -1" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"shares\":[{\"service\":\"w\",\"endpoint\":\"e\",\"share\":1,\"cause\":\"mood\"}]}", "cause \"mood\" is not known" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"shares\":[{\"service\":\"w\",\"endpoint\":\"e\",\"share\":1},{\"service\":\"w\",\"endpoint\":\"e\",\"share\":0}]}", "w/e is there twice" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"commands\":[" COMMAND("c1") "," COMMAND("c2") "]}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"commands\":[" COMMAND("c1") "," COMMAND("c1") "]}", "command c1 is there twice" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"commands\":[{}]}", "command: " },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"commands\":[[]]}", "command: " },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"canaries\":[{\"name\":\"c\",\"state\":\"running\",\"stage\":1}]}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"canaries\":[{\"name\":\"c\"},{\"name\":\"c\"}]}", "canary c is there twice" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"canaries\":[{\"name\":\"c\",\"state\":\"ill\"}]}", "state \"ill\"" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"canaries\":[{\"name\":\"c\",\"stage\":5000}]}", "stage is 5000" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"canaries\":[{\"name\":\"c\",\"phase\":\"ponder\"}]}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"canaries\":[{\"name\":\"c\",\"phase\":7}]}", "phase" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"canaries\":[{\"name\":\"c\",\"canary_requests\":1,\"canary_errors\":2}]}", "canary_errors is 2" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"canaries\":[{\"name\":\"c\",\"spent_ms\":-1}]}", "spent_ms is -1" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{}}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":7}", "release is not an object" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"phase\":\"wave\",\"next\":\"" DIGEST "\",\"nodes\":[{\"name\":\"a\"},{\"name\":\"b\"}]}}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"phase\":\"invented\",\"next\":\"" DIGEST "\"}}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"next\":\"../../etc\"}}", "next is no digest" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"base\":\"" DIGEST "0\"}}", "base is longer" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"nodes\":[{\"name\":\"b\"},{\"name\":\"a\"}]}}", "not in order" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"nodes\":[{\"name\":\"a\"},{\"name\":\"a\"}]}}", "not in order" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"nodes\":[{}]}}", "name is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"refused\":[{}]}}", "digest is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"spent_ms\":-1}}", "spent_ms is -1" },

	{ NODE, "{\"name\":\"dns-1\",\"role\":\"dns\"}", NULL },
	{ NODE, "{\"name\":\"n\",\"role\":\"dns\",\"needs\":1,\"speaks\":7}", NULL },
	{ NODE, "{\"name\":\"n\",\"role\":\"dns\",\"needs\":2}", "node: needs version 2 of the bus's language, and this program speaks 1" },
	{ NODE, "{\"name\":\"n\",\"role\":\"dns\",\"version\":\"0123456789012345678901234567890\"}", NULL },
	{ NODE, "{\"name\":\"n\",\"role\":\"dns\",\"version\":\"01234567890123456789012345678901\"}", "version is longer than 31" },
	{ NODE, "{\"name\":\"dns-1\",\"role\":\"king\"}", "role \"king\"" },
	{ NODE, "{\"name\":\"dns-1\"}", "role is missing" },
	{ NODE, "{\"role\":\"dns\"}", "name is missing" },
	{ NODE, "{\"name\":\"n\",\"role\":\"dns\",\"local\":[{\"text\":\"drain eu\"}]}", NULL },
	{ NODE, "{\"name\":\"n\",\"role\":\"dns\",\"local\":[{}]}", "node command 1: text is missing" },
	{ NODE, "{\"name\":\"n\",\"role\":\"health\",\"alarms\":[{\"kind\":\"stale\"}]}", "node alarm 1: responder is missing" },
	{ NODE, "{\"name\":\"n\",\"role\":\"dns\",\"local\":[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]}", "local has more than 16" },
	{ NODE, "{\"name\":\"n\",\"role\":\"dns\",\"trouble\":\"\\u001b[2J\"}", "control characters" },
};
/* clang-format on */

static bool parse(const struct row *row, struct error *err)
{
	size_t len = strlen(row->text);
	struct report *report;
	struct node node;
	struct plan *plan;

	switch (row->codec) {
	case REPORT:
		report = report_parse(row->text, len, err);
		report_free(report);
		return report != NULL;
	case PLAN:
		plan = plan_parse(row->text, len, err);
		plan_free(plan);
		return plan != NULL;
	case NODE:
		return node_parse(row->text, len, &node, err);
	}
	return false;
}

static void test_what_is_read_and_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { .text = "nothing" };
		bool ok = parse(&rows[i], &err);

		if (ok != (rows[i].error == NULL))
			fail_msg("%s: %s", rows[i].text, err.text);
		if (!ok && strstr(err.text, rows[i].error) == NULL)
			fail_msg("%s: \"%s\"", rows[i].text, err.text);
	}
}

static void test_size_limit(void **state)
{
	char *large = malloc(REPORT_OCTETS_MAX + 1);
	struct error err;

	(void)state;
	assert_non_null(large);
	memset(large, ' ', REPORT_OCTETS_MAX + 1);
	memcpy(large, "{\"vantage\":\"eu\"}", 16);
	assert_null(report_parse(large, REPORT_OCTETS_MAX + 1, &err));
	assert_non_null(strstr(err.text, "more than 16777216"));
	report_free(report_parse(large, 1 << 20, &err));
	free(large);
}

static void test_node_comes_back(void **state)
{
	struct node node = {
		.name = "steer-1",
		.role = NODE_STEER,
		.leads = true,
		.policy_digest = "d",
		.plan_epoch = 3,
		.plan_sequence = 4,
		.wall_applied_ms = 5,
		.wall_made_ms = 6,
		.queries = 7,
		.version = "1.2.3",
		.speaks = 4,
		.refused = 8,
		/* A log line that was cut inside a letter, with a line end. */
		.trouble = "caf\xc3\xa9 broke\nbadl\xc3",
		.local = { "drain eu", "drain us" },
		.local_count = 2,
		.alarms = { { "dns-a", "stale", "old plan", 9 },
			    { "dns-b", "new-word", "", 0 } },
		.alarm_count = 2,
		.takes_policy = true,
		.refused_digest = "d1",
		.refused_reason = "does not load",
		.mute_count = 3,
		.mute = "www answers nothing",
		.failures = 5,
		.empties = 6,
	};
	struct node back;
	struct error err;
	size_t len;
	char *text = node_write(&node, &len);

	(void)state;
	assert_non_null(text);
	assert_true(node_parse(text, len, &back, &err));
	assert_string_equal(back.trouble, "caf?? broke badl?");
	strcpy(node.trouble, back.trouble);
	memset(node.trouble + strlen(back.trouble), 0,
	       sizeof(node.trouble) - strlen(back.trouble));
	assert_memory_equal(&back, &node, sizeof(node));
	free(text);
}

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
			      "\"reason\":\"r\"}],\"canaries\":["
			      "{\"name\":\"new\",\"state\":\"paused\",\"stage\":1,"
			      "\"step\":2,\"wall_since_ms\":8,"
			      "\"phase\":\"rolled back\",\"rolled_back\":true,"
			      "\"revision\":\"r2\",\"reason\":\"slow\","
			      "\"spent_ms\":5,\"blind_ms\":6,"
			      "\"canary_requests\":9,\"canary_errors\":3,"
			      "\"stable_requests\":90,\"stable_errors\":4,"
			      "\"log_e\":-1.5,\"looks\":2}],\"rum\":["
			      "{\"region\":\"us\",\"cell_lat\":70,"
			      "\"cell_lon\":89,\"ms\":91.5,\"samples\":60}],"
			      "\"spills\":[" SPILL(
				      "a") "],"
					   "\"release\":{\"phase\":\"soak\","
					   "\"base\":\"" DIGEST
					   "\",\"next\":\"" DIGEST
					   "\",\"author\":\"ann\",\"reason\":\"why\","
					   "\"wave\":1,\"spent_ms\":7,\"wall_asked_ms\":8,"
					   "\"wall_since_ms\":9,\"nodes\":[{\"name\":\"a\"},"
					   "{\"name\":\"b\"}],\"refused\":[{\"digest\":\"" DIGEST
					   "\",\"reason\":\"mute\"}]}}";
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
	assert_true(plan_release_same(r, r));
}

static void test_plan_comes_back(void **state)
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
	assert_int_equal(back->command_count, 2);
	assert_int_equal(back->commands[1].kind, COMMAND_FREEZE);
	assert_non_null(strstr(text, "\"newer_commands\":[{\"id\":\"f1\""));
	check_canary(&back->canaries[0]);
	check_release(&back->release);
	assert_int_equal(back->rum_count, 1);
	assert_string_equal(back->rum[0].region, "us");
	assert_int_equal(back->rum[0].cell_lat, 70);
	assert_int_equal(back->rum[0].cell_lon, 89);
	assert_true(back->rum[0].ms == 91.5);
	assert_int_equal(back->rum[0].samples, 60);
	free(text);
	free(again);
	assert_int_equal(back->spills.count, 1);
	assert_string_equal(back->spills.list[0].home, "a");
	assert_string_equal(back->spills.list[0].parts[1].endpoint, "b");
	assert_true(fabs(back->spills.list[0].parts[1].share - 0.25) < 1e-12);
	plan_free(back);
	plan_free(copy);
}

static void test_plan_without_a_number_is_not_written(void **state)
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
	{ "one drained", { { "www", "eu", 0, -1, PLAN_COMMAND, "", 0 } }, 1, true },
	{ "both drained", { { "www", "eu", 0, -1, PLAN_COMMAND, "", 0 },
			    { "www", "us", 0, -1, PLAN_COMMAND, "", 0 } }, 2, false },
	{ "one drained, one of weight 0", { { "www", "eu", 0, -1, PLAN_COMMAND, "", 0 },
					    { "www", "us", 1, 0, PLAN_COMMAND, "", 0 } }, 2, false },
	{ "the canary does not count", { { "www", "eu", 0, -1, PLAN_COMMAND, "", 0 },
					 { "www", "eu-new", 1, 1, PLAN_CANARY, "", 0 },
					 { "www", "us", 0, -1, PLAN_COMMAND, "", 0 } }, 3, false },
	{ "the spare is given a weight", { { "www", "eu", 0, -1, PLAN_COMMAND, "", 0 },
					   { "www", "spare", 1, 5, PLAN_COMMAND, "", 0 },
					   { "www", "us", 0, -1, PLAN_COMMAND, "", 0 } }, 3, true },
	{ "a sliver is enough", { { "www", "eu", 1e-9, -1, PLAN_RAMP, "", 0 },
				  { "www", "us", 0, -1, PLAN_COMMAND, "", 0 } }, 2, true },
	{ "another service's shares", { { "api", "eu", 0, -1, PLAN_COMMAND, "", 0 },
					{ "api", "us", 0, -1, PLAN_COMMAND, "", 0 } }, 2, true },
};
/* clang-format on */

static void test_plan_that_leaves_nobody(void **state)
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
		cmocka_unit_test(test_what_is_read_and_refused),
		cmocka_unit_test(test_size_limit),
		cmocka_unit_test(test_node_comes_back),
		cmocka_unit_test(test_plan_comes_back),
		cmocka_unit_test(test_plan_without_a_number_is_not_written),
		cmocka_unit_test(test_order_of_plans),
		cmocka_unit_test(test_plan_that_leaves_nobody),
	};

	return cmocka_run_group_tests_name("codecs", tests, NULL, NULL);
}
