/* SPDX-License-Identifier: Apache-2.0 */
/* parts: a service of several checks, as readers of reports see it. */
#include "policy/decide/parts.h"

#include "policy/language/expression.h"

#include "decide_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* "all of web, db", where db asks for more votes and is looked at seldom. */
struct several {
	struct scene s;
	struct policy_check checks[3];
	struct expression_gate gates[3];
	int parts[3];
	struct policy_expression expression;
	struct report_part said[WORLD_VANTAGES][2];
};

static void several_init(struct several *t)
{
	*t = (struct several){ .parts = { 0, 1, 2 } };
	scene_init(&t->s);
	t->checks[0] = t->s.w.check;
	t->checks[0].name = "web";
	t->checks[0].quorum = 1;
	t->checks[1] = t->checks[0];
	t->checks[1].name = "db";
	t->checks[1].quorum = 3;
	t->checks[1].interval_ms = 10 * t->checks[0].interval_ms;
	t->checks[2] = t->checks[0];
	t->checks[2].name = "new";
	t->checks[2].shadow = true;
	t->gates[0] = (struct expression_gate){ POLICY_NONE, 2, 2 };
	t->gates[1].part = 0;
	t->gates[2].part = 1;
	t->expression = (struct policy_expression){
		.gates = t->gates,
		.gate_count = 3,
		.checks = t->parts,
		.check_count = 3,
		.counted = 3,
	};
	t->s.w.policy.checks = t->checks;
	t->s.w.policy.check_count = 3;
	t->s.w.service.check = 0;
	t->s.w.service.expression = &t->expression;
}

/* One vantage says of endpoint 2 what the two checks are. */
static void say(struct several *t, size_t vantage, enum report_state web,
		enum report_state db)
{
	struct report *report = &t->s.reports[vantage];
	struct report_part *said = t->said[vantage];

	said[0] = (struct report_part){ .check = "web", .state = web };
	said[1] = (struct report_part){ .check = "db", .state = db };
	for (size_t i = 0; i < 2; i++)
		if (said[i].state == REPORT_OPEN)
			strcpy(said[i].failure, "timeout");
	report->parts = said;
	report->part_count = 2;
	t->s.entries[vantage][2].part_count = 2;
}

static enum verdict verdict_of(struct several *t)
{
	return scene_reduce(&t->s)->endpoints[2].health.verdict;
}

static void test_quorum_is_the_largest(void **state)
{
	struct several t;

	(void)state;
	several_init(&t);
	scene_say(&t.s, 0x3, 2, REPORT_OPEN);
	assert_int_equal(verdict_of(&t), VERDICT_UP);
	scene_say(&t.s, 0x7, 2, REPORT_OPEN);
	assert_int_equal(verdict_of(&t), VERDICT_DOWN);
	/* Not that of what is in shadow. */
	t.checks[2].quorum = 4;
	assert_int_equal(verdict_of(&t), VERDICT_DOWN);
	t.expression.counted = 0;
	t.expression.gate_count = 0;
	t.checks[0].shadow = t.checks[1].shadow = true;
	assert_int_equal(verdict_of(&t), VERDICT_UNKNOWN);
	scene_fini(&t.s);
}

/* Silence is judged by the slowest check. */
static void test_silence(void **state)
{
	struct several t;
	const int64_t probed_ms = 100; /* ago, as the reports say */
	const int64_t slow_ms = 3 * INT64_C(20000);

	(void)state;
	several_init(&t);
	t.checks[0].interval_ms = 2000;
	t.checks[1].interval_ms = 20000;
	scene_say(&t.s, 0xf, 2, REPORT_CLOSED);
	t.s.in.now_ms += slow_ms - probed_ms;
	assert_int_equal(verdict_of(&t), VERDICT_UP);
	assert_false(t.s.view->services[0].endpoints[2].health.held);
	t.s.in.now_ms += 1;
	assert_int_equal(verdict_of(&t), VERDICT_UP);
	assert_true(t.s.view->services[0].endpoints[2].health.held);
	scene_fini(&t.s);
}

static const char *text_of(struct several *t, char *buf, size_t size)
{
	json_t *json;

	scene_reduce(&t->s);
	json = parts_write(t->s.view, 0, 2, t->s.heard);
	assert_non_null(json);
	parts_text(json, buf, size);
	json_decref(json);
	return buf;
}

static void test_what_is_told(void **state)
{
	struct several t;
	char text[400], cut[20];

	(void)state;
	several_init(&t);
	say(&t, 0, REPORT_CLOSED, REPORT_OPEN);
	say(&t, 1, REPORT_CLOSED, REPORT_HALF_OPEN);
	say(&t, 2, REPORT_CLOSED, REPORT_CLOSED);
	/* A writer that is older has no parts, and votes all the same. */
	assert_string_equal(text_of(&t, text, sizeof(text)),
			    "web up at iad, dub, fra, unknown at sin; "
			    "db down at iad (timeout), dub, up at fra, "
			    "unknown at sin; "
			    "new (in shadow) unknown at iad, dub, fra, sin");
	assert_int_equal(t.s.view->services[0].endpoints[2].health.up, 4);
	/* Who abstains, or has long been silent, says nothing. */
	t.s.reports[0].abstains = true;
	t.s.heard[1].heard_ms -= 3600000;
	assert_string_equal(text_of(&t, text, sizeof(text)),
			    "web up at fra, unknown at iad, dub, sin; "
			    "db up at fra, unknown at iad, dub, sin; "
			    "new (in shadow) unknown at iad, dub, fra, sin");
	assert_string_equal(text_of(&t, cut, sizeof(cut)),
			    "web up at fra, unkn");
	t.s.w.service.expression = NULL;
	assert_null(parts_write(t.s.view, 0, 2, t.s.heard));
	assert_string_equal(parts_text(NULL, text, sizeof(text)), "");
	scene_fini(&t.s);
}

/* Each address that a check probes, instead of the check. */
static void test_addresses_are_told(void **state)
{
	struct net_addr a[2];
	struct policy_endpoint *endpoint;
	struct report_part said[3] = {
		{ .check = "web", .state = REPORT_OPEN, .failure = "timeout" },
		{ .check = "web", .state = REPORT_CLOSED },
		{ .check = "web", .state = REPORT_OPEN, .failure = "timeout" },
	};
	struct several t;
	char text[400];

	(void)state;
	net_addr_parse("192.0.2.1", &a[0]);
	net_addr_parse("192.0.2.2", &a[1]);
	several_init(&t);
	endpoint = &t.s.w.service.endpoints[2];
	endpoint->a = a;
	endpoint->a_count = 2;
	said[1].addr = a[0];
	said[2].addr = a[1];
	t.s.reports[0].parts = said;
	t.s.reports[0].part_count = t.s.entries[0][2].part_count = 3;
	/* An older writer has the check as a whole alone. */
	say(&t, 1, REPORT_CLOSED, REPORT_CLOSED);
	t.checks[0].addresses = CHECK_ADDRESSES_ALL;
	t.s.w.service.expression = NULL;
	assert_string_equal(text_of(&t, text, sizeof(text)),
			    "web 192.0.2.1 up at iad, unknown at dub, fra, "
			    "sin; web 192.0.2.2 down at iad (timeout), unknown "
			    "at dub, fra, sin");
	assert_int_equal(parts_word(t.s.view, 0, 2, 0, &t.s.heard[0]).state,
			 REPORT_OPEN);
	assert_int_equal(parts_word(t.s.view, 0, 2, 0, &t.s.heard[1]).state,
			 REPORT_CLOSED);
	t.s.w.service.expression = &t.expression;
	assert_string_equal(text_of(&t, text, sizeof(text)),
			    "web 192.0.2.1 up at iad, unknown at dub, fra, "
			    "sin; web 192.0.2.2 down at iad (timeout), unknown "
			    "at dub, fra, sin; db up at dub, unknown at iad, "
			    "fra, sin; new (in shadow) unknown at iad, dub, "
			    "fra, sin");
	/* Elsewhere it has one address, and the check is named alone. */
	endpoint->a_count = 1;
	t.s.w.service.expression = NULL;
	assert_null(parts_write(t.s.view, 0, 2, t.s.heard));
	endpoint->a = NULL;
	endpoint->a_count = 0;
	scene_fini(&t.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quorum_is_the_largest),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_what_is_told),
		cmocka_unit_test(test_addresses_are_told),
	};

	return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
