/* SPDX-License-Identifier: Apache-2.0 */
/* order: what a runbook line asks for, and what is said of a wrong one. */
#include "steering/runbook/order.h"

#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1000000 };

/* clang-format off */
static const struct row {
	const char *title;
	const char *words[4]; /* the verb and its operands */
	struct order order;
	struct command wanted; /* kind COMMAND_NONE: refused, with */
	const char *error;
} rows[] = {
	{ "a drain holds for an hour unless told", { "drain", "us-east" },
	  { .reason = "r", .author = "a" },
	  { .kind = COMMAND_DRAIN, .target = "us-east", .wall_expires_ms = NOW + 3600000 }, NULL },
	{ "a gradual drain", { "drain", "www/us-east" },
	  { .reason = "r", .author = "a", .lasting = "2h", .over = "10m" },
	  { .kind = COMMAND_DRAIN, .target = "www/us-east", .wall_expires_ms = NOW + 7200000,
	    .over_ms = 600000 }, NULL },
	{ "an undrain has no end", { "undrain", "us-east" },
	  { .reason = "r", .author = "a" },
	  { .kind = COMMAND_UNDRAIN, .target = "us-east" }, NULL },
	{ "a failover", { "failover", "www" },
	  { .reason = "r", .author = "a", .to = "eu-west", .lasting = "30m" },
	  { .kind = COMMAND_FAILOVER, .target = "www", .to = "eu-west",
	    .wall_expires_ms = NOW + 1800000 }, NULL },
	{ "a pin", { "pin", "www" },
	  { .reason = "r", .author = "a", .clients = "eea", .to = "eu-west", .lasting = "4h" },
	  { .kind = COMMAND_PIN, .target = "www", .clients = "eea", .to = "eu-west",
	    .wall_expires_ms = NOW + 14400000 }, NULL },
	{ "a pin of nobody", { "pin", "www" }, { .reason = "r", .author = "a", .to = "eu-west" },
	  { .kind = COMMAND_NONE }, "pin needs --clients SET and --to REGION|ENDPOINT" },
	{ "a pin to nowhere", { "pin", "www" }, { .reason = "r", .author = "a", .clients = "eea" },
	  { .kind = COMMAND_NONE }, "pin needs --clients SET and --to REGION|ENDPOINT" },
	{ "a pin over time", { "pin", "www" },
	  { .reason = "r", .author = "a", .clients = "eea", .to = "eu-west", .over = "2m" },
	  { .kind = COMMAND_NONE }, "pin does not take --over" },
	{ "a failover of some", { "failover", "www" },
	  { .reason = "r", .author = "a", .clients = "eea", .to = "eu-west" },
	  { .kind = COMMAND_NONE }, "failover does not take --clients" },
	{ "a weight", { "weight", "www/eu-west", "7" },
	  { .reason = "r", .author = "a" },
	  { .kind = COMMAND_WEIGHT, .target = "www/eu-west", .weight = 7,
	    .wall_expires_ms = NOW + 3600000 }, NULL },
	{ "a canary", { "canary", "promote", "www-v2" },
	  { .reason = "r", .author = "a" },
	  { .kind = COMMAND_CANARY_PROMOTE, .target = "www-v2" }, NULL },
	{ "a freeze", { "freeze", "all" },
	  { .reason = "r", .author = "a", .lasting = "30m" },
	  { .kind = COMMAND_FREEZE, .target = "all", .wall_expires_ms = NOW + 1800000 }, NULL },
	{ "an unfreeze", { "unfreeze", "www/v2" },
	  { .reason = "r", .author = "a" },
	  { .kind = COMMAND_UNFREEZE, .target = "www/v2" }, NULL },
	{ "a freeze that two want", { "freeze", "all" },
	  { .reason = "r", .author = "a", .approval = true }, { .kind = COMMAND_NONE },
	  "freeze does not take --approval" },
	{ "an undo", { "undo" }, { .reason = "r", .author = "a" },
	  { .kind = COMMAND_UNDO, .target = "last" }, NULL },
	{ "an undo of one", { "undo", "c-7" }, { .reason = "r", .author = "a" },
	  { .kind = COMMAND_UNDO, .target = "c-7" }, NULL },
	{ "an undo of two", { "undo", "c-7", "c-8" }, { .reason = "r", .author = "a" },
	  { .kind = COMMAND_NONE }, "usage: windrose undo [ID] --reason TEXT" },
	{ "a canary by force", { "canary", "abort", "x" },
	  { .reason = "r", .author = "a", .force = true }, { .kind = COMMAND_NONE },
	  "canary-abort does not take --force" },
	{ "a drill", { "drill", "region-loss", "us-east" },
	  { .reason = "r", .author = "a", .lasting = "5m", .abort_when = "errors>1%" },
	  { .kind = COMMAND_DRAIN, .target = "us-east", .drill = true, .abort_errors_pct = 1,
	    .wall_expires_ms = NOW + 300000 }, NULL },
	{ "the end of a drill", { "drill", "abort", "us-east" },
	  { .reason = "r", .author = "a" },
	  { .kind = COMMAND_UNDRAIN, .target = "us-east", .drill = true }, NULL },
	{ "a drill of what", { "drill", "us-east" }, { .reason = "r", .author = "a" },
	  { .kind = COMMAND_NONE },
	  "usage: windrose drill region-loss|abort REGION --reason TEXT, or windrose drill report ID" },
	{ "a drill over time", { "drill", "region-loss", "us-east" },
	  { .reason = "r", .author = "a", .over = "2m" }, { .kind = COMMAND_NONE },
	  "drill does not take --over" },
	{ "a drill that never fails", { "drill", "region-loss", "us-east" },
	  { .reason = "r", .author = "a", .abort_when = "errors>0%" }, { .kind = COMMAND_NONE },
	  "--abort-when is not like errors>1%, more than 0% and at most 100%" },
	{ "a drill and latency", { "drill", "region-loss", "us-east" },
	  { .reason = "r", .author = "a", .abort_when = "latency>1s" }, { .kind = COMMAND_NONE },
	  "--abort-when is not like errors>1%, more than 0% and at most 100%" },
	{ "a drain with errors", { "drain", "us-east" },
	  { .reason = "r", .author = "a", .abort_when = "errors>1%" }, { .kind = COMMAND_NONE },
	  "drain does not take --abort-when" },
	{ "a rollback", { "rollback", "plan" },
	  { .reason = "r", .author = "a" },
	  { .kind = COMMAND_ROLLBACK, .target = "previous" }, NULL },
	{ "a rollback to one", { "rollback", "plan", "5/7" },
	  { .reason = "r", .author = "a" },
	  { .kind = COMMAND_ROLLBACK, .target = "5/7" }, NULL },
	{ "a rollback of what", { "rollback", "5/7" }, { .reason = "r", .author = "a" },
	  { .kind = COMMAND_NONE },
	  "usage: windrose rollback plan [EPOCH/SEQUENCE] --reason TEXT" },
	{ "no reason", { "drain", "us-east" }, { .author = "a" }, { .kind = COMMAND_NONE },
	  "--reason TEXT is missing: every change says why" },
	{ "no target", { "drain" }, { .reason = "r", .author = "a" }, { .kind = COMMAND_NONE },
	  "usage: windrose drain REGION|SERVICE/ENDPOINT --reason TEXT" },
	{ "one target too many", { "drain", "a", "b" }, { .reason = "r", .author = "a" },
	  { .kind = COMMAND_NONE }, "usage: windrose drain REGION|SERVICE/ENDPOINT --reason TEXT" },
	{ "a failover to nowhere", { "failover", "www" }, { .reason = "r", .author = "a" },
	  { .kind = COMMAND_NONE }, "failover needs --to REGION" },
	{ "a weight of letters", { "weight", "www/eu", "x" }, { .reason = "r", .author = "a" },
	  { .kind = COMMAND_NONE }, "weight is \"x\"; it must be 0..1000000" },
	{ "a time without a unit", { "drain", "us-east" },
	  { .reason = "r", .author = "a", .lasting = "20" }, { .kind = COMMAND_NONE },
	  "--for is \"20\"; it must be a time with its unit, such as 90s, 10m or 2h" },
	{ "no such canary action", { "canary", "destroy", "x" }, { .reason = "r", .author = "a" },
	  { .kind = COMMAND_NONE },
	  "usage: windrose canary start|promote|pause|resume|abort NAME --reason TEXT" },
	{ "an undrain that ends", { "undrain", "us-east" },
	  { .reason = "r", .author = "a", .lasting = "2h" }, { .kind = COMMAND_NONE },
	  "undrain does not take --for" },
	{ "a drain to somewhere", { "drain", "us-east" },
	  { .reason = "r", .author = "a", .to = "eu-west" }, { .kind = COMMAND_NONE },
	  "drain does not take --to" },
	{ "a gradual weight", { "weight", "www/eu", "3" },
	  { .reason = "r", .author = "a", .over = "2m" }, { .kind = COMMAND_NONE },
	  "weight does not take --over" },
};
/* clang-format on */

static void check_row(const struct row *row, const struct command *got)
{
	if (got->kind != row->wanted.kind ||
	    strcmp(got->target, row->wanted.target) != 0 ||
	    strcmp(got->to, row->wanted.to) != 0 ||
	    strcmp(got->clients, row->wanted.clients) != 0 ||
	    got->weight != row->wanted.weight ||
	    got->drill != row->wanted.drill ||
	    got->abort_errors_pct != row->wanted.abort_errors_pct ||
	    got->over_ms != row->wanted.over_ms ||
	    got->wall_expires_ms != row->wanted.wall_expires_ms)
		fail_msg("%s: kind %d target %s", row->title, (int)got->kind,
			 got->target);
	assert_string_equal(got->id, "c-1");
	assert_string_equal(got->reason, "r");
	assert_string_equal(got->author, "a");
	assert_int_equal(got->wall_made_ms, NOW);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct command got = { .weight = 4711 };
		struct order order = row->order;
		struct error err = { 0 };
		struct order_words words = {
			.verb = row->words[0],
			.operands = &row->words[1],
		};
		bool ok;

		while (words.count < 3 && row->words[1 + words.count] != NULL)
			words.count++;
		strcpy(order.id, "c-1");
		order.wall_ms = NOW;
		ok = order_command(&order, &words, &got, &err);
		if (ok != (row->wanted.kind != COMMAND_NONE))
			fail_msg("%s: %d %s", row->title, ok, err.text);
		if (ok)
			check_row(row, &got);
		else if (strcmp(err.text, row->error) != 0 ||
			 got.weight != 4711)
			fail_msg("%s: \"%s\"", row->title, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
