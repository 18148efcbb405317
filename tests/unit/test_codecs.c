/* SPDX-License-Identifier: Apache-2.0 */
/* report, plan, node: what is read, what is refused, and that it comes back. */
#include "policy/base/error.h"
#include "policy/bus/node_counts.h"
#include "policy/bus/plan.h"
#include "policy/bus/report.h"
#include "policy/language/policy.h"

#include "plan_text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum codec { REPORT, PLAN, NODE, COUNTS };

#define COUNTED "{\"name\":\"n\",\"role\":\"dns\",\"counted_ms\":10000"

#define NAME_63 \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

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
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"needs\":2}", NULL },
	{ PLAN, "{\"needs\":3,\"epoch\":\"of another kind\"}", "plan: needs version 3 of the bus's language, and this program speaks 2; update it" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"needs\":-1}", "needs version -1" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"needs\":\"2\"}", "needs must be a whole number" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"commands\":[{\"id\":\"d\",\"kind\":\"drain\",\"target\":\"r\",\"author\":\"a\",\"reason\":\"r\",\"drill\":true,\"abort_errors_pct\":0.5,\"drill_epoch\":1}]}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"newer_commands\":[1]}", "command: must be a JSON object" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"commands\":[" COMMAND("c1") "],\"newer_commands\":[" COMMAND("c1") "]}", "plan: command c1 is there twice" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"changes\":[{\"id\":\"c\"}]}", "plan change 1: author is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"changes\":[{\"id\":\"c\",\"author\":\"a\",\"added\":[1]}]}", "plan change added 1: must be an object" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"held\":[{\"key\":\"k\"}]}", "command: must be a JSON object" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":[{\"region\":\"eu\",\"cell_lon\":179,\"ms\":1,\"samples\":50},{\"region\":\"eu\",\"ms\":1}]}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":{}}", "rum must be an array" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":[{\"ms\":1}]}", "plan rum 1: region is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":[{\"region\":\"eu\"}]}", "ms is 0" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":[{\"region\":\"eu\",\"ms\":1,\"cell_lat\":90}]}", "cell_lat is 90" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":[{\"region\":\"eu\",\"ms\":1,\"cell_lon\":180}]}", "cell_lon is 180" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"rum\":[{\"region\":\"eu\",\"ms\":1},{\"region\":\"as\",\"ms\":1},{\"region\":\"eu\",\"ms\":2}]}", "rum of eu is there twice" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"spills\":[" SPILL("a") "," SPILL("") "]}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"spills\":[" SPILL("a") "," SPILL("a") "]}", "a spill of w for the same clients is there twice" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"demands\":[{\"service\":\"w\",\"demand\":1}]}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"demands\":[{\"demand\":1}]}", "plan demand 1: service is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"demands\":[{\"service\":\"w\",\"demand\":-1}]}", "demand is -1" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"demands\":[{\"service\":\"w\",\"edges\":-1}]}", "edges is -1" },
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
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"shares\":[{\"service\":\"w\",\"endpoint\":\"e\",\"share\":0,\"beneath\":1.5}]}", "beneath is 1.5" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"shares\":[{\"service\":\"w\",\"endpoint\":\"e\",\"share\":0.5,\"cause\":\"command\",\"ref\":\"c\",\"beneath\":0.25}]}", NULL },
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
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"held\":{\"digest\":\"" DIGEST "\",\"more\":1}}}", NULL },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"held\":{}}}", "digest is missing" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"held\":7}}", "held is not an object" },
	{ PLAN, "{\"epoch\":1,\"sequence\":1,\"release\":{\"held\":{\"digest\":\"x\"}}}", "digest is no digest" },

	{ NODE, "{\"name\":\"dns-1\",\"role\":\"dns\"}", NULL },
	{ NODE, "{\"name\":\"n\",\"role\":\"dns\",\"needs\":1,\"speaks\":7}", NULL },
	{ NODE, "{\"name\":\"n\",\"role\":\"dns\",\"needs\":3}", "node: needs version 3 of the bus's language, and this program speaks 2" },
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
	{ NODE, "{\"name\":\"n\",\"role\":\"dns\",\"counted_ms\":3600001}", "counted_ms" },
	/* Who does not read counts does not look at them. */
	{ NODE, "{\"name\":\"n\",\"role\":\"dns\",\"counted_ms\":1,\"asked\":7}", NULL },
	{ COUNTS, COUNTED "}", NULL },
	{ COUNTS, "{\"name\":\"n\",\"role\":\"dns\"}", "counted_ms" },
	{ COUNTS, COUNTED ",\"homes\":[{},{\"name\":\"eu\"}],\"asked\":[{\"service\":\"www\",\"counts\":[1,5,0,2]}]}", NULL },
	{ COUNTS, COUNTED ",\"homes\":[{}],\"asked\":[{\"counts\":[]}]}", "node count 1: service is missing" },
	{ COUNTS, COUNTED ",\"homes\":[{}],\"asked\":[{\"service\":\"www\",\"counts\":[0]}]}", "pairs" },
	{ COUNTS, COUNTED ",\"homes\":[{}],\"asked\":[{\"service\":\"www\",\"counts\":[1,5]}]}", "a home below 1" },
	{ COUNTS, COUNTED ",\"homes\":[{}],\"asked\":[{\"service\":\"www\",\"counts\":[0,-1]}]}", "a home below 1" },
	{ COUNTS, COUNTED ",\"homes\":[{}],\"asked\":[{\"service\":\"www\",\"counts\":[0,0.5]}]}", "a home below 1" },
	{ COUNTS, COUNTED ",\"homes\":[7]}", "node home 1" },
	{ COUNTS, COUNTED ",\"asked\":{}}", "asked" },
};
/* clang-format on */

static bool parse(const struct row *row, struct error *err)
{
	size_t len = strlen(row->text);
	struct report *report;
	struct node_counts counts;
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
	case COUNTS:
		if (!node_counts_parse(row->text, len, &counts, err))
			return false;
		node_counts_fini(&counts);
		return true;
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
		.next_digest = "d2",
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

static struct node_counts many_counts(size_t count, size_t homes)
{
	struct node_counts counts = { .over_ms = 10000, .home_count = homes };

	counts.rows = calloc(count, sizeof(*counts.rows));
	assert_non_null(counts.rows);
	counts.count = count;
	for (size_t h = 1; h < homes; h++)
		snprintf(counts.homes[h], NODE_NAME_SIZE, "%063zu", h);
	for (size_t i = 0; i < count; i++) {
		snprintf(counts.rows[i].service, NODE_NAME_SIZE, "%063zu", i);
		for (size_t h = 0; h < homes; h++)
			counts.rows[i].of[h] = 1000000 + i;
	}
	return counts;
}

static void test_counts_come_back(void **state)
{
	const struct node node = { .name = "dns-1", .role = NODE_DNS };
	struct node_counts counts = many_counts(2, 3), back;
	struct node read;
	struct error err;
	size_t len;
	char *text;

	(void)state;
	counts.rows[1].of[1] = 0;
	text = node_counts_write(&node, &counts, &len);
	assert_non_null(text);
	assert_true(node_parse(text, len, &read, &err));
	assert_int_equal(read.counted_ms, 10000);
	assert_true(node_counts_parse(text, len, &back, &err));
	assert_memory_equal(back.homes, counts.homes, sizeof(back.homes));
	assert_int_equal(back.count, 2);
	assert_memory_equal(back.rows, counts.rows, 2 * sizeof(*back.rows));
	node_counts_fini(&back);
	node_counts_fini(&counts);
	free(text);
}

/* However much is asked: the record stays below what the bus takes, and those
 * that are asked most are in it. */
static void test_counts_are_cut(void **state)
{
	static const struct {
		size_t rows, homes, kept;
	} cases[] = {
		{ 3, 3, 3 },
		{ 4096, 2, NODE_COUNTS_ROWS_MAX },
		{ 4096, 65, NODE_COUNTS_PAIRS_MAX / 65 },
	};
	const struct node node = { .name = "dns-1", .role = NODE_DNS };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct node_counts counts =
			many_counts(cases[i].rows, cases[i].homes);
		size_t len;
		char *text;

		node_counts_cut(&counts);
		assert_int_equal(counts.count, cases[i].kept);
		assert_int_equal(counts.rows[0].of[0],
				 1000000 + cases[i].rows - 1);
		text = node_counts_write(&node, &counts, &len);
		assert_non_null(text);
		assert_true(len < (48 << 10));
		free(text);
		node_counts_fini(&counts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_read_and_refused),
		cmocka_unit_test(test_size_limit),
		cmocka_unit_test(test_node_comes_back),
		cmocka_unit_test(test_counts_come_back),
		cmocka_unit_test(test_counts_are_cut),
	};

	return cmocka_run_group_tests_name("codecs", tests, NULL, NULL);
}
