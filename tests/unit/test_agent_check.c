/* SPDX-License-Identifier: Apache-2.0 */
/* agent_check: who is asked about, and what is answered. */
#include "steering/edge/agent_check.h"

#include "policy/base/error.h"
#include "policy/bus/local.h"
#include "policy/bus/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SHARES = 3 };

#define SHARE(name, part, why)                                     \
	{                                                          \
		.service = "www", .endpoint = name, .share = part, \
		.weight = -1, .cause = why                         \
	}

/* clang-format off */
static const struct row {
	const char *title;
	struct plan_share shares[SHARES];
	const char *drained; /* by a local command; NULL: none */
	const char *us, *v2; /* of weights 200 and none, beside eu */
} rows[] = {
	{ "nothing is said", { SHARE("", 0, 0) }, NULL,
	  "up ready 100%\n", "up maint\n" },
	{ "a ramp", { SHARE("us", 0.25, PLAN_RAMP) }, NULL,
	  "up ready 25%\n", "up maint\n" },
	{ "the least", { SHARE("us", 0.0001, PLAN_RAMP) }, NULL,
	  "up ready 1%\n", "up maint\n" },
	{ "a canary takes of what it shadows", { SHARE("v2/us", 0.3, PLAN_CANARY) }, NULL,
	  "up ready 70%\n", "up ready 30%\n" },
	{ "a person's drain", { SHARE("us", 0, PLAN_COMMAND), SHARE("v2/us", 0.3, PLAN_CANARY) }, NULL,
	  "up drain\n", "up maint\n" },
	{ "one here", { SHARE("", 0, 0) }, "us",
	  "up drain\n", "up maint\n" },
	{ "not healthy long enough", { SHARE("us", 0, PLAN_HOLD) }, NULL,
	  "ready down #hold\n", "up maint\n" },
	{ "a weight that is ordered",
	  { { .service = "www", .endpoint = "us", .share = 0.5, .weight = 1000 } }, NULL,
	  "up ready 250%\n", "up maint\n" },
	{ "more than HAProxy takes",
	  { { .service = "www", .endpoint = "us", .share = 1, .weight = 1000000 } }, NULL,
	  "up ready 25600%\n", "up maint\n" },
};

static const struct question {
	const char *text;
	int found;
	size_t part;
} questions[] = {
	{ "www/us\n",      1, 0 },
	{ "www/v2/us\r\n", 1, 2 },
	{ "www/us",        0, 0 },
	{ "",              0, 0 },
	{ "\n",           -1, 0 },
	{ "www\n",        -1, 0 },
	{ "www/\n",       -1, 0 },
	{ "www/ap\n",     -1, 0 },
	{ "www/us \n",    -1, 0 },
	{ "api/us\n",     -1, 0 },
	{ "wwww/us\n",    -1, 0 },
	{ "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
	  "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww", -1, 0 },
};
/* clang-format on */

static struct serving *serving(void)
{
	struct serving *s = malloc(sizeof(*s));
	struct error err;

	assert_non_null(s);
	assert_true(serving_parse("www=us:200,eu,v2/us", s, &err));
	return s;
}

static void play(const struct row *row)
{
	struct plan_share shares[SHARES];
	struct plan plan = { .shares = shares };
	struct local local = { .count = row->drained != NULL };
	const struct orders orders = { .plan = &plan, .local = &local };
	struct serving *s = serving();
	char us[AGENT_CHECK_WORDS_SIZE], v2[AGENT_CHECK_WORDS_SIZE];
	struct error err;

	memcpy(shares, row->shares, sizeof(shares));
	while (plan.share_count < SHARES &&
	       shares[plan.share_count].service[0] != '\0' &&
	       shares[plan.share_count].endpoint[0] != '\0')
		plan.share_count++;
	if (row->drained != NULL) {
		local.commands[0].kind = COMMAND_DRAIN;
		strcpy(local.commands[0].target, row->drained);
	}
	assert_true(serving_divide(s, &orders, &err));
	agent_check_write(s, 0, us);
	agent_check_write(s, 2, v2);
	if (strcmp(us, row->us) != 0 || strcmp(v2, row->v2) != 0)
		fail_msg("%s: us %s, v2 %s", row->title, us, v2);
	free(s);
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		play(&rows[i]);
}

static void test_questions(void **state)
{
	struct serving *s = serving();

	(void)state;
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		const struct question *q = &questions[i];
		struct agent_check_place at = { 0, 0 };

		if (agent_check_find(s, 1, q->text, strlen(q->text), &at) !=
			    q->found ||
		    at.part != q->part)
			fail_msg("%s", q->text);
	}
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_questions),
	};

	return cmocka_run_group_tests_name("agent check", tests, NULL, NULL);
}
