/* SPDX-License-Identifier: Apache-2.0 */
/* waiting: what people are told of commands in a plan that nobody answered,
 * and what becomes of those that came after it. */
#include "office.h"
#include "policy/base/error.h"
#include "policy/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* How many entries of the history are of this kind and command. */
static size_t count_events(struct office *o, const char *kind, const char *what)
{
	json_t *answer =
		office_ask_control(o, "{\"op\":\"history\",\"count\":100}");
	json_t *lines = json_object_get(answer, "lines"), *line;
	size_t i, count = 0;

	json_array_foreach(lines, i, line)
	{
		const json_t *e = json_object_get(line, "event");
		const char *k = json_string_value(json_object_get(e, "kind"));
		const char *w = json_string_value(json_object_get(e, "what"));

		count += k != NULL && w != NULL && strcmp(k, kind) == 0 &&
			 strcmp(w, what) == 0;
	}
	json_decref(answer);
	return count;
}

static void test_not_stored(void **state)
{
	struct office o;

	(void)state;
	office_open_led(&o);
	o.buses[0].says = BUS_DOWN;
	o.buses[0].once = true;
	office_order(&o, "drain", "www/us-east");
	/* The next plan, made without it, was stored. */
	reply_refuses(o.reply, "was not stored; nothing changed");
	assert_null(json_object_get(o.reply, "unknown"));
	assert_true(office_share(&o, "us-east") >= 1);
	assert_int_equal(o.plan->command_count, 0);
	assert_int_equal(count_events(&o, "unconfirmed", "drain www/us-east"),
			 1);
	assert_int_equal(count_events(&o, "not-stored", "drain www/us-east"),
			 1);
	assert_int_equal(count_events(&o, "command", "drain www/us-east"), 0);
	office_close(&o);
}

static bool is_drained(const struct office *o)
{
	return office_share(o, "us-east") <= 0;
}

static void test_stored_late(void **state)
{
	struct office o;
	uint64_t epoch;

	(void)state;
	office_open_led(&o);
	epoch = o.plan->epoch;
	o.buses[0].says = BUS_DOWN;
	o.buses[0].once = o.buses[0].late = true;
	office_order(&o, "drain", "www/us-east");
	assert_true(reply_is_ok(o.reply));
	office_until(&o, is_drained, "the late plan is seen");
	assert_int_equal(o.plan->command_count, 1);
	assert_int_equal(count_events(&o, "unconfirmed", "drain www/us-east"),
			 1);
	assert_int_equal(count_events(&o, "confirmed", "drain www/us-east"), 1);
	/* And stays in force under the same leader. */
	office_order(&o, "undrain", "www/us-east");
	assert_true(reply_is_ok(o.reply));
	assert_int_equal(o.plan->epoch, epoch);
	assert_int_equal(o.plan->command_count, 0);
	office_close(&o);
}

static bool a_was_answered(const struct office *o)
{
	return o->buses[0].answers == 1;
}

static bool both_replied(const struct office *o)
{
	return o->replies == 2;
}

/* A drain in a plan that is stored late, and another that comes meanwhile: its
 * plan is refused.  The reply to that is the last. */
static void drain_meanwhile(struct office *o, const char *target)
{
	char buf[500];

	office_open_led(o);
	o->buses[0].says = BUS_DOWN;
	o->buses[0].once = o->buses[0].late = true;
	office_send(o, o->person,
		    office_command(o, buf, sizeof(buf), "command", "drain",
				   "www/us-east"));
	office_until(o, a_was_answered, "the first plan is in doubt");
	assert_int_equal(o->replies, 0);
	office_send(o, o->person,
		    office_command(o, buf, sizeof(buf), "command", "drain",
				   target));
	o->replies = 0;
	office_until(o, both_replied, "both are answered");
}

/* What was commanded meanwhile goes onto the plan that was stored late. */
static void test_rebased(void **state)
{
	struct office o;

	(void)state;
	drain_meanwhile(&o, "us-east");
	assert_true(reply_is_ok(o.reply));
	assert_int_equal(o.plan->command_count, 2);
	assert_int_equal(o.buses[0].answers, 1);
	assert_int_equal(count_events(&o, "command", "drain us-east"), 1);
	office_close(&o);
}

/* Unless that leaves it no room: the safety rule is asked again. */
static void test_refused_after_all(void **state)
{
	struct office o;

	(void)state;
	drain_meanwhile(&o, "www/eu-west");
	reply_refuses(o.reply, "1 too few");
	assert_int_equal(o.plan->command_count, 1);
	assert_int_equal(count_events(&o, "refused", "drain www/eu-west"), 1);
	office_close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_stored),
		cmocka_unit_test(test_stored_late),
		cmocka_unit_test(test_rebased),
		cmocka_unit_test(test_refused_after_all),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
