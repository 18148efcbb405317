/* SPDX-License-Identifier: Apache-2.0 */
/* chronicle: the story of a canary, octet for octet, and where it begins. */
#include "steering/chronicle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define EVENT(ms, kind, who, what, why, before, after)                    \
	"{'n':1,'event':{'wall_ms':" #ms ",'kind':'" kind "','who':'" who \
	"','what':'" what "','why':'" why "','before':'" before           \
	"','after':'" after "'}}"

/* clang-format off */
static const char journal[] = "["
	EVENT(1000, "command", "ann", "canary-start v2", "an earlier run", "", "") ","
	EVENT(2000, "canary", "steer", "canary v2", "too many errors", "bake", "rollback, stage 1, step 1") ","
	EVENT(1764444000000, "command", "bob", "canary-start v2", "a|b", "www/us 100%", "www/v2/us 5%") ","
	EVENT(1764444000000, "canary", "steer", "canary v2", "its endpoints are healthy", "precheck", "step, stage 1, step 1") ","
	EVENT(1764444000000, "canary", "steer", "canary v22", "another one", "precheck", "step, stage 1, step 1") ","
	EVENT(1764444001000, "command", "eve", "drain us", "no canary", "", "") ","
	EVENT(1764444002000, "refused", "eve", "canary-promote v2", "hurry", "", "v2 is paused") ","
	EVENT(1764444009500, "canary", "steer", "canary v2", "too many errors: 5 % of 200 requests failed", "bake", "rollback, stage 1, step 1") ","
	EVENT(1764444010250, "canary", "steer", "canary v2", "too many errors: 5 % of 200 requests failed", "rollback", "rolled back, stage 1, step 1") ","
	"'no object']";

static const char story[] =
	"# Canary v2 of www, revision r7\n\n"
	"aborted, rolled back, stage 1, step 1, 0 % of the clients there: too many errors\n\n"
	"| version | requests | failed |\n|---|---:|---:|\n"
	"| canary | 200 | 10 |\n| stable | 4000 | 4 |\n\n"
	"Counted since the last bake began.\n\n"
	"Every responder and edge acknowledged that it has no clients 0.8 s after that was decided.\n\n"
	"| time | after | what | by | why |\n|---|---:|---|---|---|\n"
	"| 2025-11-29T19:20:00.000Z | 0.0 s | canary-start v2 | bob | a\\|b (www/v2/us 5%) |\n"
	"| 2025-11-29T19:20:00.000Z | 0.0 s | step, stage 1, step 1 | steer | its endpoints are healthy |\n"
	"| 2025-11-29T19:20:02.000Z | 2.0 s | canary-promote v2 | eve | hurry (refused: v2 is paused) |\n"
	"| 2025-11-29T19:20:09.500Z | 9.5 s | rollback, stage 1, step 1 | steer | too many errors: 5 % of 200 requests failed |\n"
	"| 2025-11-29T19:20:10.250Z | 10.2 s | rolled back, stage 1, step 1 | steer | too many errors: 5 % of 200 requests failed |\n";
/* clang-format on */

static json_t *lines_of(const char *text)
{
	char *copy = strdup(text);
	json_t *lines;

	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	lines = json_loads(copy, 0, NULL);
	free(copy);
	assert_non_null(lines);
	return lines;
}

static void test_story(void **state)
{
	const struct plan_canary c = {
		.name = "v2",
		.state = CANARY_ABORTED,
		.phase = CANARY_ROLLED,
		.revision = "r7",
		.reason = "too many errors",
		.canary_requests = 200,
		.canary_errors = 10,
		.stable_requests = 4000,
		.stable_errors = 4,
	};
	json_t *lines = lines_of(journal);
	char *text = chronicle_write(&c, "www", 0, lines);

	(void)state;
	assert_string_equal(text, story);
	free(text);
	json_decref(lines);
}

/* One that never began has a head and an empty table. */
static void test_nothing(void **state)
{
	const struct plan_canary c = { .name = "v3" };
	json_t *lines = lines_of(journal);
	char *text = chronicle_write(&c, "www", 0, lines);

	(void)state;
	assert_non_null(strstr(text, "# Canary v3 of www\n\noff, stage 1"));
	assert_null(strstr(text, "2025"));
	free(text);
	json_decref(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_story),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
