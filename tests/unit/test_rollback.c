/* SPDX-License-Identifier: Apache-2.0 */
/* rollback: an earlier plan's commands come back in a new plan, but for those
 * that have ended and what the safety rules forbid. */
#include "office.h"
#include "policy/base/clock.h"
#include "policy/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static void order(struct office *o, const char *kind, const char *target)
{
	office_order(o, kind, target);
	if (!reply_is_ok(o->reply))
		fail_msg("%s %s: %s", kind, target,
			 json_string_value(json_object_get(o->reply, "error")));
}

/* The names of the generations, newest first. */
static const char *name_of(struct office *o, size_t i, char name[64])
{
	json_t *answer = office_ask_control(o, "{\"op\":\"plans\"}");
	const json_t *one = json_array_get(json_object_get(answer, "plans"), i);
	const char *text = json_string_value(json_object_get(one, "plan"));

	snprintf(name, 64, "%s", text == NULL ? "none" : text);
	json_decref(answer);
	return name;
}

static void test_there_and_back(void **state)
{
	struct office o;
	char first[64], buf[500];
	uint64_t sequence;

	(void)state;
	office_open_led(&o);
	order(&o, "drain", "us-east");
	name_of(&o, 0, first);
	order(&o, "undrain", "us-east");
	sequence = o.plan->sequence;
	assert_true(office_share(&o, "us-east") >= 1);
	office_ask(&o, o.person,
		   office_command(&o, buf, sizeof(buf), "predict", "rollback",
				  "previous"));
	assert_true(reply_is_ok(o.reply));
	assert_true(office_share(&o, "us-east") >= 1);
	order(&o, "rollback", "previous");
	assert_true(o.plan->sequence > sequence);
	assert_true(office_share(&o, "us-east") <= 0);
	assert_int_equal(o.plan->command_count, 1);
	/* And back again, which undoes it. */
	order(&o, "rollback", "previous");
	assert_true(office_share(&o, "us-east") >= 1);
	assert_int_equal(o.plan->command_count, 0);
	order(&o, "rollback", first);
	assert_true(office_share(&o, "us-east") <= 0);
	office_order(&o, "rollback", first);
	reply_refuses(o.reply, "is in force, and nothing else");
	office_order(&o, "rollback", "1/1");
	reply_refuses(o.reply, "no 1/1 plan is kept");
	office_order(&o, "rollback", "yesterday");
	reply_refuses(o.reply, "is no plan");
	office_close(&o);
}

static const char two_regions[] =
	"zone: {name: gslb.example.com, nameservers: ns.example.net}\n"
	"regions:\n"
	"  us-east: {location: [38.95, -77.45]}\n"
	"  eu-west: {location: [53.35, -6.26]}\n"
	"services:\n"
	"  www:\n"
	"    steer: weighted\n"
	"    endpoints:\n"
	"      us-east: {A: 192.0.2.10}\n"
	"      eu-west: {A: 198.51.100.10}\n"
	"safety: {min_regions_in_service: 2}\n";

/* What was fine then need not be now. */
static void test_rules_apply(void **state)
{
	struct office o;
	json_t *answer;

	(void)state;
	office_open_led(&o);
	order(&o, "drain", "us-east");
	office_write_policy(&o, two_regions);
	order(&o, "undrain", "us-east");
	answer = office_ask_control(&o, "{\"op\":\"reload\"}");
	assert_true(reply_is_ok(answer));
	json_decref(answer);
	office_order(&o, "rollback", "previous");
	reply_refuses(o.reply, "1 too few");
	assert_true(office_share(&o, "us-east") >= 1);
	office_close(&o);
}

/* What is on the disk is there after a restart. */
static void test_kept_on_disk(void **state)
{
	struct office o;

	(void)state;
	office_open_led(&o);
	order(&o, "drain", "us-east");
	order(&o, "undrain", "us-east");
	office_close_hub(&o);
	o.nodes[0].leads = false;
	office_open_hub(&o);
	office_start_agent(&o, 0);
	office_until(&o, office_a_leads, "a leads again");
	assert_true(office_share(&o, "us-east") >= 1);
	order(&o, "rollback", "previous");
	assert_true(office_share(&o, "us-east") <= 0);
	office_close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_rules_apply),
		cmocka_unit_test(test_kept_on_disk),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
