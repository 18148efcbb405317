/* SPDX-License-Identifier: Apache-2.0 */
/* steerer: two agents and a person on one bus, from end to end. */
#include "office.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/member.h"
#include "steering/examination.h"
#include "steering/steerer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static bool b_leads(const struct office *o)
{
	return o->plan != NULL && o->nodes[1].leads &&
	       strcmp(o->plan->agent, "b") == 0;
}

/* And has read the plan. */
static bool a_is_there(const struct office *o)
{
	return o->nodes[0].plan_sequence > 0 &&
	       o->nodes[0].plan_sequence == o->plan->sequence;
}

static bool b_is_there(const struct office *o)
{
	return o->nodes[1].name[0] != '\0';
}

static void start_both(struct office *o)
{
	office_start_agent(o, 0);
	office_until(o, office_a_leads, "a leads");
	office_start_agent(o, 1);
	office_until(o, b_is_there, "b is there");
}

/* The stories. */

static void test_standby_takes_over(void **state)
{
	struct office o;
	uint64_t epoch;

	(void)state;
	office_open(&o);
	start_both(&o);
	assert_false(o.nodes[1].leads);
	office_order(&o, "drain", "www/us-east");
	assert_true(reply_is_ok(o.reply));
	assert_true(office_share(&o, "us-east") <= 0);
	assert_int_equal(json_integer_value(json_object_get(o.reply, "epoch")),
			 o.plan->epoch);
	assert_int_equal(json_integer_value(
				 json_object_get(o.reply, "sequence")),
			 o.plan->sequence);
	assert_int_equal(o.buses[1].commits, 0);
	epoch = o.plan->epoch;
	office_stop_agent(&o, 0);
	office_until(&o, b_leads, "b leads");
	assert_true(o.plan->epoch > epoch);
	assert_true(office_share(&o, "us-east") <= 0);
	assert_true(office_share(&o, "eu-west") >= 1);
	assert_int_equal(o.plan->command_count, 1);
	office_order(&o, "undrain", "www/us-east");
	assert_true(reply_is_ok(o.reply));
	assert_true(office_share(&o, "us-east") >= 1);
	office_close(&o);
}

static bool b_holds_more(const struct office *o)
{
	return o->nodes[1].leads && !o->nodes[0].leads;
}

static void test_stale_commit_steps_down(void **state)
{
	struct office o;
	uint64_t epoch;

	(void)state;
	office_open(&o);
	start_both(&o);
	epoch = o.plan->epoch;
	o.buses[0].says = BUS_STALE;
	office_order(&o, "drain", "www/us-east");
	reply_refuses(o.reply, "nothing changed");
	assert_null(json_object_get(o.reply, "unknown"));
	assert_true(office_share(&o, "us-east") >= 1);
	office_until(&o, b_holds_more, "b leads, a does not");
	office_until(&o, b_leads, "b publishes");
	assert_true(o.plan->epoch > epoch);
	assert_true(office_share(&o, "us-east") >= 1);
	office_close(&o);
}

static void test_requests(void **state)
{
	struct office o;
	char buf[500], again[500];
	json_t *refused;

	(void)state;
	office_open(&o);
	start_both(&o);
	office_ask(&o, o.person, "{\"op\":\"status\"}");
	assert_true(reply_is_ok(o.reply));
	assert_true(json_is_true(json_object_get(o.reply, "leads")));
	assert_int_equal(
		json_array_size(json_object_get(
			json_array_get(json_object_get(o.reply, "services"), 0),
			"endpoints")),
		3);
	office_ask(&o, o.stranger, "{\"op\":\"status\"}");
	reply_refuses(o.reply, "");
	office_ask(&o, o.person, "{\"op\":\"dance\"}");
	reply_refuses(o.reply, "op must be");
	office_ask(&o, o.person, "not json");
	reply_refuses(o.reply, "request");
	office_ask(&o, o.person, "{\"op\":\"command\"}");
	reply_refuses(o.reply, "is missing");
	office_ask(&o, o.person, "{\"op\":\"reload\"}");
	reply_refuses(o.reply, "own socket");
	office_ask(&o, o.person,
		   office_command(&o, buf, sizeof(buf), "predict", "drain",
				  "www/us-east"));
	assert_true(reply_is_ok(o.reply));
	assert_true(json_is_null(json_object_get(o.reply, "refused")));
	assert_true(office_share(&o, "us-east") >= 1);
	office_command(&o, again, sizeof(again), "command", "drain",
		       "www/us-east");
	office_ask(&o, o.person, again);
	assert_true(reply_is_ok(o.reply));
	office_ask(&o, o.person, again);
	reply_refuses(o.reply, "seen before");
	office_ask(&o, o.person,
		   office_command(&o, buf, sizeof(buf), "predict", "drain",
				  "eu-west"));
	refused = json_object_get(o.reply, "refused");
	assert_non_null(strstr(json_string_value(refused),
			       "min_regions_in_service is 2"));
	office_order(&o, "drain", "eu-west");
	reply_refuses(o.reply, "1 too few");
	office_ask(&o, o.person, "{\"op\":\"history\",\"count\":2}");
	assert_int_equal(json_array_size(json_object_get(o.reply, "lines")), 2);
	office_close(&o);
}

static void put_follower(struct office *o, const char *name, uint64_t epoch,
			 uint64_t sequence)
{
	struct node node = node_of(NODE_DNS, name, clock_wall_ms());
	size_t len;
	char *text;

	node.plan_epoch = epoch;
	node.plan_sequence = sequence;
	text = node_write(&node, &len);
	assert_non_null(text);
	bus_put(o->desk, BUS_NODES, name, text, len, 60000);
	free(text);
}

static const char *name_nth(char *name, int i)
{
	sprintf(name, "dns-%04d", i);
	return name;
}

static int64_t number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static const char *name_of(const json_t *answer, const char *list, size_t i)
{
	const json_t *node = json_array_get(json_object_get(answer, list), i);

	return json_string_value(json_object_get(node, "name"));
}

/* What a person is told of a large fleet: counts, laggards, page by page. */
static void test_acks_and_pages(void **state)
{
	enum { FOLLOWERS = 2500, BEHIND = 300 };
	struct office o;
	char name[16], ask[200], last[16] = "";
	size_t seen = 0;

	(void)state;
	office_open(&o);
	office_start_agent(&o, 0);
	office_until(&o, office_a_leads, "a leads");
	for (int i = 0; i < FOLLOWERS; i++)
		put_follower(&o, name_nth(name, i), o.plan->epoch,
			     i % (FOLLOWERS / BEHIND) == 0 ? 0 : 1000000);
	snprintf(
		ask, sizeof(ask),
		"{\"op\":\"acks\",\"epoch\":%llu,\"sequence\":%llu,\"count\":3}",
		(unsigned long long)o.plan->epoch,
		(unsigned long long)o.plan->sequence);
	office_ask(&o, o.person, ask);
	assert_true(reply_is_ok(o.reply));
	assert_int_equal(number(o.reply, "all"), FOLLOWERS);
	assert_int_equal(number(o.reply, "have"), FOLLOWERS - 313);
	assert_int_equal(json_array_size(json_object_get(o.reply, "missing")),
			 3);
	assert_string_equal(name_of(o.reply, "missing", 0), "dns-0000");
	assert_string_equal(name_of(o.reply, "missing", 1), "dns-0008");
	office_ask(&o, o.person, "{\"op\":\"acks\",\"epoch\":0}");
	reply_refuses(o.reply, "epoch is 0");
	office_ask(&o, o.person, "{\"op\":\"nodes\",\"count\":501}");
	reply_refuses(o.reply, "count is 501");
	do {
		size_t count;

		snprintf(ask, sizeof(ask),
			 "{\"op\":\"nodes\",\"after\":\"%s\",\"count\":400}",
			 last);
		office_ask(&o, o.person, ask);
		count = json_array_size(json_object_get(o.reply, "nodes"));
		assert_in_range(count, 1, 400);
		assert_true(strcmp(name_of(o.reply, "nodes", 0), last) > 0);
		snprintf(last, sizeof(last), "%s",
			 name_of(o.reply, "nodes", count - 1));
		seen += count;
	} while (json_is_true(json_object_get(o.reply, "more")));
	/* And the agent itself. */
	assert_int_equal(seen, FOLLOWERS + 1);
	/* A page that ends where the nodes do is the last. */
	office_ask(&o, o.person,
		   "{\"op\":\"nodes\",\"after\":\"dns-2489\",\"count\":10}");
	assert_int_equal(json_array_size(json_object_get(o.reply, "nodes")),
			 10);
	assert_false(json_is_true(json_object_get(o.reply, "more")));
	office_ask(&o, o.person, "{\"op\":\"status\"}");
	assert_int_equal(number(json_object_get(o.reply, "fleet"), "followers"),
			 FOLLOWERS);
	assert_int_equal(number(json_object_get(o.reply, "fleet"), "speaks"),
			 MEMBER_SPEAKS);
	assert_int_equal(number(json_object_get(o.reply, "fleet"), "have"),
			 FOLLOWERS - 313);
	assert_in_range(json_array_size(json_object_get(o.reply, "nodes")), 1,
			200);
	office_close(&o);
}

static void test_control_socket(void **state)
{
	struct office o;
	char buf[500], changed[1000];
	json_t *answer;

	(void)state;
	office_open(&o);
	office_start_agent(&o, 0);
	office_until(&o, office_a_leads, "a leads");
	answer = office_ask_control(&o, office_command(&o, buf, sizeof(buf),
						       "command", "drain",
						       "us-east"));
	assert_true(reply_is_ok(answer));
	json_decref(answer);
	assert_true(office_share(&o, "us-east") <= 0);
	office_write_policy(&o, "zone: nonsense\n");
	answer = office_ask_control(&o, "{\"op\":\"reload\"}");
	reply_refuses(answer, "p.yaml:1:");
	json_decref(answer);
	snprintf(changed, sizeof(changed), "%s# changed\n", office_policy);
	office_write_policy(&o, changed);
	answer = office_ask_control(&o, "{\"op\":\"reload\"}");
	assert_true(reply_is_ok(answer));
	json_decref(answer);
	answer = office_ask_control(&o, "{\"op\":\"status\"}");
	assert_int_equal(json_array_size(json_object_get(
				 json_object_get(answer, "plan"), "commands")),
			 1);
	json_decref(answer);
	office_close(&o);
}

/* A standby predicts from the plan in force, and sends commands on. */
static void test_asking_a_standby(void **state)
{
	struct office o;
	char buf[500];
	json_t *answer;

	(void)state;
	office_open(&o);
	office_start_agent(&o, 1);
	office_until(&o, b_leads, "b leads");
	office_order(&o, "drain", "us-east");
	assert_true(reply_is_ok(o.reply));
	office_start_agent(&o, 0);
	office_until(&o, a_is_there, "a is there");
	answer = office_ask_control(&o, office_command(&o, buf, sizeof(buf),
						       "predict", "drain",
						       "eu-west"));
	assert_non_null(
		strstr(json_string_value(json_object_get(answer, "refused")),
		       "min_regions_in_service"));
	json_decref(answer);
	answer = office_ask_control(&o, office_command(&o, buf, sizeof(buf),
						       "command", "undrain",
						       "us-east"));
	reply_refuses(answer, "a does not lead; b does");
	json_decref(answer);
	assert_int_equal(o.buses[0].commits, 0);
	office_close(&o);
}

/* The bus lost everything; the disk did not. */
static void test_restart_on_an_empty_bus(void **state)
{
	struct error err = { .text = "" };
	struct office o;
	uint64_t epoch, sequence;
	struct examination found;
	uint64_t wall_s = (uint64_t)clock_wall_ms() / 1000;

	(void)state;
	office_open(&o);
	office_start_agent(&o, 0);
	office_until(&o, office_a_leads, "a leads");
	/* So does an agent that never heard of an earlier leader. */
	assert_true(o.plan->epoch > wall_s);
	office_order(&o, "drain", "us-east");
	assert_true(reply_is_ok(o.reply));
	epoch = o.plan->epoch;
	sequence = o.plan->sequence;
	office_close_hub(&o);
	o.nodes[0].leads = false;
	office_open_hub(&o);
	office_start_agent(&o, 0);
	office_until(&o, office_a_leads, "a leads again");
	assert_true(o.plan->epoch > epoch);
	assert_true(o.plan->sequence > sequence);
	assert_true(office_share(&o, "us-east") <= 0);
	office_stop_agent(&o, 0);
	if (!examination_of_file(o.journal, NULL, &found, &err))
		fail_msg("%s", err.text);
	/* takeover, drain, stepped down, and both ends of the second life */
	assert_int_equal(found.end.n, 5);
	office_close(&o);
}

static void test_refuses_to_start(void **state)
{
	struct office o;
	struct error err = { .text = "" };
	struct steerer_config config;

	(void)state;
	office_open(&o);
	config = (struct steerer_config){
		.policy_path = "steerer-nowhere",
		.name = "a",
		.bus = o.desk,
		.key = o.key,
		.plans = o.plans,
		.people = o.people,
	};
	assert_null(steerer_start(o.loop, &config, &err));
	assert_non_null(strstr(err.text, "steerer-nowhere"));
	config.policy_path = o.policy;
	config.journal_path = "steerer-nowhere/journal";
	assert_null(steerer_start(o.loop, &config, &err));
	assert_non_null(strstr(err.text, "steerer-nowhere/journal"));
	config.name = "no good";
	assert_null(steerer_start(o.loop, &config, &err));
	assert_non_null(strstr(err.text, "visible ASCII"));
	office_close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standby_takes_over),
		cmocka_unit_test(test_stale_commit_steps_down),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_acks_and_pages),
		cmocka_unit_test(test_control_socket),
		cmocka_unit_test(test_asking_a_standby),
		cmocka_unit_test(test_restart_on_an_empty_bus),
		cmocka_unit_test(test_refuses_to_start),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
