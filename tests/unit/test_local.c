/* SPDX-License-Identifier: Apache-2.0 */
/* local: break-glass commands come, end and expire. */
#include "policy/base/error.h"
#include "policy/bus/local.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static struct command command_of(enum command_kind kind, const char *id,
				 const char *target, int64_t wall_expires_ms)
{
	struct command c = { .kind = kind,
			     .weight = 7,
			     .author = "alice",
			     .reason = "INC-1",
			     .to = "eu-west",
			     .clients = "eea",
			     .wall_expires_ms = wall_expires_ms };

	snprintf(c.id, sizeof(c.id), "%s", id);
	snprintf(c.target, sizeof(c.target), "%s", target);
	return c;
}

/* clang-format off */
static const struct step_row {
	const char *title;
	enum command_kind kind;
	const char *id, *target;
	size_t count; /* in force afterwards */
	const char *error; /* NULL: it is done */
} steps[] = {
	{ "a drain",            COMMAND_DRAIN,    "d1", "us-east",  1, NULL },
	{ "its id again",       COMMAND_WEIGHT,   "d1", "www/a",    1, "already" },
	{ "another drain of it",COMMAND_DRAIN,    "d2", "us-east",  2, NULL },
	{ "a weight",           COMMAND_WEIGHT,   "w1", "www/a",    3, NULL },
	{ "a failover",         COMMAND_FAILOVER, "f1", "www",      4, NULL },
	{ "a pin",              COMMAND_PIN,      "p1", "www",      5, NULL },
	{ "undrain elsewhere",  COMMAND_UNDRAIN,  "u1", "www/a",    5, "no local drain" },
	{ "undrain ends both",  COMMAND_UNDRAIN,  "u2", "us-east",  3, NULL },
	{ "nothing to undrain", COMMAND_UNDRAIN,  "u3", "us-east",  3, "no local drain" },
	{ "cancel a pin",       COMMAND_CANCEL,   "c0", "p1",       2, NULL },
	{ "cancel by id",       COMMAND_CANCEL,   "c1", "w1",       1, NULL },
	{ "cancel what is not", COMMAND_CANCEL,   "c2", "w1",       1, "no local command" },
	{ "a canary",           COMMAND_CANARY_START, "s1", "v2",   1, "for the agent" },
	{ "nothing at all",     COMMAND_NONE,     "n1", "v2",       1, "for the agent" },
};
/* clang-format on */

static void test_commands_come_and_end(void **state)
{
	struct local local = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct step_row *row = &steps[i];
		struct command c =
			command_of(row->kind, row->id, row->target, 1000);
		struct error err = { 0 };

		print_message("# %s\n", row->title);
		assert_int_equal(local_apply(&local, &c, &err),
				 row->error == NULL);
		assert_int_equal(local.count, row->count);
		if (row->error != NULL)
			assert_non_null(strstr(err.text, row->error));
	}
	assert_string_equal(local.commands[0].id, "f1");
}

static void test_no_more_than_fit(void **state)
{
	struct local local = { 0 };
	struct error err = { 0 };
	struct command c;
	char id[16];

	(void)state;
	for (unsigned i = 0; i < NODE_LOCAL_MAX; i++) {
		snprintf(id, sizeof(id), "d%u", i);
		c = command_of(COMMAND_DRAIN, id, "us-east", 1000 + i);
		assert_true(local_apply(&local, &c, &err));
	}
	c = command_of(COMMAND_DRAIN, "more", "us-east", 1000);
	assert_false(local_apply(&local, &c, &err));
	assert_int_equal(local_next_expiry_ms(&local), 1000);
	assert_int_equal(local_expire(&local, 999), 0);
	assert_int_equal(local_expire(&local, 1003), 4);
	assert_int_equal(local_next_expiry_ms(&local), 1004);
	assert_int_equal(local_expire(&local, 5000), NODE_LOCAL_MAX - 4);
	assert_int_equal(local_next_expiry_ms(&local), INT64_MAX);
}

static void test_kept_and_read_back(void **state)
{
	struct local local = { 0 }, back;
	struct error err;
	struct command drain = command_of(COMMAND_DRAIN, "d1", "us-east", 9);
	struct command weight = command_of(COMMAND_WEIGHT, "w1", "www/a", 8);
	json_t *json;

	(void)state;
	assert_true(local_apply(&local, &drain, &err));
	assert_true(local_apply(&local, &weight, &err));
	json = local_write(&local);
	/* What is no command is left out, and the rest is read. */
	json_array_insert_new(json, 1, json_string("?"));
	json_array_append_new(json, json_pack("{s:s}", "kind", "dance"));
	local_parse(json, &back);
	json_decref(json);
	assert_int_equal(back.count, 2);
	assert_string_equal(back.commands[0].target, "us-east");
	assert_int_equal(back.commands[1].weight, 7);
	assert_int_equal(back.commands[1].wall_expires_ms, 8);
	local_parse(NULL, &back);
	assert_int_equal(back.count, 0);
}

static void test_in_words(void **state)
{
	struct command c = command_of(COMMAND_FAILOVER, "f", "www", 0);
	char buf[NODE_TEXT_SIZE];

	(void)state;
	assert_string_equal(local_text(&c, buf),
			    "failover www to eu-west by alice: INC-1");
	c = command_of(COMMAND_WEIGHT, "w", "www/a", 0);
	assert_string_equal(local_text(&c, buf),
			    "weight www/a 7 by alice: INC-1");
	c = command_of(COMMAND_PIN, "p", "www", 0);
	assert_string_equal(local_text(&c, buf),
			    "pin www of eea to eu-west by alice: INC-1");
	/* Cut inside an e with an acute accent, two octets of UTF-8. */
	for (size_t i = 0; i + 3 < sizeof(c.reason); i += 2)
		strcpy(c.reason + i, "\xc3\xa9");
	local_text(&c, buf);
	assert_true(strlen(buf) < NODE_TEXT_SIZE);
	assert_string_equal(buf + strlen(buf) - 5, "\xc3\xa9...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands_come_and_end),
		cmocka_unit_test(test_no_more_than_fit),
		cmocka_unit_test(test_kept_and_read_back),
		cmocka_unit_test(test_in_words),
	};

	return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
