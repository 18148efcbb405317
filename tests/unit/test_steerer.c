/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steerer: two agents and a person on one bus, from end to end.  Each agent
 * has its bus through one that can be told to give other results of a commit.
 */
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bus.h"
#include "policy/bus/bus_impl.h"
#include "policy/bus/control.h"
#include "policy/bus/memory.h"
#include "policy/bus/node.h"
#include "policy/bus/plan.h"
#include "policy/bus/sign.h"
#include "steering/journal.h"
#include "steering/steerer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <jansson.h>
#include <pthread.h>
#include <unistd.h>

enum { AGENTS = 2, PATIENCE_MS = 20000 };

static const char policy_text[] =
	"zone:\n"
	"  name: gslb.example.com\n"
	"  nameservers: ns.example.net\n"
	"regions:\n"
	"  us-east: {location: [38.95, -77.45], jurisdictions: [us]}\n"
	"  eu-west: {location: [53.35, -6.26], jurisdictions: [eu]}\n"
	"  ap-south: {location: [1.35, 103.8], jurisdictions: [sg]}\n"
	"services:\n"
	"  www:\n"
	"    steer: weighted\n"
	"    endpoints:\n"
	"      us-east: {A: 192.0.2.10}\n"
	"      eu-west: {A: 198.51.100.10}\n"
	"      ap-south: {A: 203.0.113.10}\n"
	"safety: {min_regions_in_service: 2}\n";

/* A bus that answers commits as it is told to. */
struct grudging_bus {
	struct bus base;
	struct bus *real;
	struct event_base *loop;
	enum bus_commit says; /* BUS_COMMITTED: ask the real one */
	unsigned commits;
};

struct office {
	struct event_base *loop;
	struct memory_hub *hub;
	struct signer *key, *person, *stranger;
	struct verifier *plans, *people;
	struct grudging_bus buses[AGENTS];
	struct steerer *agents[AGENTS];
	struct bus *desk;  /* the person's */
	struct plan *plan; /* the newest that the person saw */
	struct node nodes[AGENTS];
	char directory[40], policy[64], keep[64], journal[64], control[64];
	json_t *reply;
	unsigned replies, ids;
	bool late;
};

/* The grudging bus. */

static struct grudging_bus *grudging(const struct bus *bus)
{
	return (struct grudging_bus *)(uintptr_t)bus;
}

static void pass_follow(struct bus *bus, const struct bus_follower *follower)
{
	bus_follow(grudging(bus)->real, follower);
}

static void pass_put(struct bus *bus, enum bus_topic topic, const char *key,
		     struct bus_octets value, int64_t ttl_ms)
{
	bus_put(grudging(bus)->real, topic, key, value.at, value.len, ttl_ms);
}

static void pass_lease(struct bus *bus, const char *holder, int64_t ttl_ms,
		       uint64_t at_least, bus_lease_done *done, void *arg)
{
	bus_lease(grudging(bus)->real, holder, ttl_ms, at_least, done, arg);
}

static void pass_release(struct bus *bus, const char *holder)
{
	bus_release(grudging(bus)->real, holder);
}

struct grudge {
	bus_commit_done *done;
	void *arg;
	enum bus_commit says;
};

static void bear_grudge(evutil_socket_t fd, short what, void *arg)
{
	struct grudge *g = arg;

	(void)fd, (void)what;
	g->done(g->arg, g->says);
	free(g);
}

static void judge_commit(struct bus *bus, uint64_t epoch, uint64_t sequence,
			 struct bus_octets plan, bus_commit_done *done,
			 void *arg)
{
	struct grudging_bus *b = grudging(bus);
	struct grudge *g;

	b->commits++;
	if (b->says == BUS_COMMITTED) {
		bus_commit_plan(b->real, epoch, sequence, plan.at, plan.len,
				done, arg);
		return;
	}
	g = malloc(sizeof(*g));
	assert_non_null(g);
	*g = (struct grudge){ done, arg, b->says };
	event_base_once(b->loop, -1, EV_TIMEOUT, bear_grudge, g,
			&(struct timeval){ 0, 1000 });
}

static void pass_request(struct bus *bus, const char *id,
			 struct bus_octets request, int64_t timeout_ms,
			 bus_reply *reply, void *arg)
{
	bus_request(grudging(bus)->real, id, request.at, request.len,
		    timeout_ms, reply, arg);
}

static void pass_answer(struct bus *bus, const char *id,
			struct bus_octets answer)
{
	bus_answer(grudging(bus)->real, id, answer.at, answer.len);
}

static void pass_audit(struct bus *bus, struct bus_octets entry)
{
	bus_append_audit(grudging(bus)->real, entry.at, entry.len);
}

static bool pass_is_up(const struct bus *bus)
{
	return bus_is_up(grudging(bus)->real);
}

static const struct bus_ops grudging_ops = {
	.follow = pass_follow,
	.put = pass_put,
	.lease = pass_lease,
	.release = pass_release,
	.commit_plan = judge_commit,
	.request = pass_request,
	.answer = pass_answer,
	.append_audit = pass_audit,
	.is_up = pass_is_up,
};

/* The person. */

static void see_plan(struct office *o, const void *octets, size_t len)
{
	struct error err = { .text = "" };
	const char *payload;
	size_t payload_len;
	struct plan *plan = NULL;

	if (sign_unwrap(o->plans, SIGN_PLAN, octets, len, &payload,
			&payload_len, &err))
		plan = plan_parse(payload, payload_len, &err);
	if (plan == NULL)
		fail_msg("%s", err.text);
	if (o->plan != NULL && !plan_newer(plan, o->plan))
		fail_msg("a plan went back");
	plan_free(o->plan);
	o->plan = plan;
}

static void see(void *arg, enum bus_topic topic, const char *key,
		const void *octets, size_t len)
{
	struct office *o = arg;
	struct error err = { .text = "" };
	struct node node;

	if (topic == BUS_PLAN) {
		see_plan(o, octets, len);
		return;
	}
	if (!node_parse(octets, len, &node, &err))
		fail_msg("%s", err.text);
	o->nodes[key[0] == 'b'] = node;
}

static void set_late(evutil_socket_t fd, short what, void *arg)
{
	struct office *o = arg;

	(void)fd, (void)what;
	o->late = true;
}

typedef bool condition(const struct office *o);

static void until(struct office *o, condition *is, const char *what)
{
	const struct timeval tv = { PATIENCE_MS / 1000, 0 };
	struct event *timer = evtimer_new(o->loop, set_late, o);

	o->late = false;
	evtimer_add(timer, &tv);
	while (!is(o) && !o->late)
		event_base_loop(o->loop, EVLOOP_ONCE);
	event_free(timer);
	if (!is(o))
		fail_msg("waited in vain: %s", what);
}

static bool has_reply(const struct office *o)
{
	return o->replies > 0;
}

static void on_reply(void *arg, const void *octets, size_t len)
{
	struct office *o = arg;

	o->replies++;
	json_decref(o->reply);
	o->reply = octets == NULL ? NULL : json_loadb(octets, len, 0, NULL);
}

/* Sends a request signed by someone and waits for its reply. */
static void ask(struct office *o, const struct signer *who, const char *text)
{
	struct error err = { .text = "" };
	char id[16];
	size_t len;
	char *envelope =
		sign_wrap(who, SIGN_COMMAND, text, strlen(text), &len, &err);

	assert_non_null(envelope);
	snprintf(id, sizeof(id), "r%u", ++o->ids);
	o->replies = 0;
	bus_request(o->desk, id, envelope, len, PATIENCE_MS, on_reply, o);
	free(envelope);
	until(o, has_reply, text);
	assert_non_null(o->reply);
}

static const char *command_request(struct office *o, char *buf, size_t size,
				   const char *op, const char *kind,
				   const char *target)
{
	int64_t now_ms = clock_wall_ms();

	snprintf(buf, size,
		 "{\"op\":\"%s\",\"command\":{\"id\":\"c%u\",\"kind\":\"%s\","
		 "\"target\":\"%s\",\"author\":\"alice\",\"reason\":\"INC\","
		 "\"wall_made_ms\":%lld,\"wall_expires_ms\":%lld}}",
		 op, ++o->ids, kind, target, (long long)now_ms,
		 (long long)(strcmp(kind, "drain") == 0 ? now_ms + 600000 : 0));
	return buf;
}

static void ask_command(struct office *o, const char *kind, const char *target)
{
	char buf[500];

	ask(o, o->person,
	    command_request(o, buf, sizeof(buf), "command", kind, target));
}

static bool is_ok(const json_t *reply)
{
	return json_is_true(json_object_get(reply, "ok"));
}

static void refused_with(const json_t *reply, const char *why)
{
	const char *text = json_string_value(json_object_get(reply, "error"));

	assert_false(is_ok(reply));
	if (text == NULL || strstr(text, why) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", why,
			 text == NULL ? "" : text);
}

static double share_of(const struct office *o, const char *endpoint)
{
	const struct plan_share *s = plan_find_share(o->plan, "www", endpoint);

	return s == NULL ? 1 : s->share;
}

/* The office. */

static void write_policy(const struct office *o, const char *text)
{
	FILE *f = fopen(o->policy, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void start_agent(struct office *o, int i)
{
	static const char *const names[AGENTS] = { "a", "b" };
	struct error err = { .text = "" };
	const struct steerer_config config = {
		.policy_path = o->policy,
		.name = names[i],
		.journal_path = i == 0 ? o->journal : NULL,
		.keep_path = i == 0 ? o->keep : NULL,
		.control_path = i == 0 ? o->control : NULL,
		.open_control = 1,
		.bus = &o->buses[i].base,
		.key = o->key,
		.plans = o->plans,
		.people = o->people,
	};

	o->buses[i] = (struct grudging_bus){
		.base = { .ops = &grudging_ops },
		.real = memory_bus_new(o->hub),
		.loop = o->loop,
		.says = BUS_COMMITTED,
	};
	o->agents[i] = steerer_start(o->loop, &config, &err);
	if (o->agents[i] == NULL)
		fail_msg("%s", err.text);
}

/* The bus stays until the end: an agent may leave before its answers come. */
static void stop_agent(struct office *o, int i)
{
	steerer_stop(o->agents[i]);
	o->agents[i] = NULL;
}

static void open_hub(struct office *o)
{
	const struct bus_follower follower = {
		.topics = BUS_PLAN | BUS_NODES,
		.on_value = see,
		.arg = o,
	};

	o->hub = memory_hub_new(o->loop);
	o->desk = memory_bus_new(o->hub);
	bus_follow(o->desk, &follower);
}

static void close_hub(struct office *o)
{
	for (int i = 0; i < AGENTS; i++) {
		stop_agent(o, i);
		bus_free(o->buses[i].real);
		o->buses[i].real = NULL;
	}
	bus_free(o->desk);
	memory_hub_free(o->hub);
}

static void open_office(struct office *o)
{
	struct error err = { .text = "" };

	*o = (struct office){ .directory = "steerer-test-XXXXXX" };
	assert_non_null(mkdtemp(o->directory));
	snprintf(o->policy, sizeof(o->policy), "%s/p.yaml", o->directory);
	snprintf(o->keep, sizeof(o->keep), "%s/keep", o->directory);
	snprintf(o->journal, sizeof(o->journal), "%s/journal", o->directory);
	snprintf(o->control, sizeof(o->control), "%s/sock", o->directory);
	write_policy(o, policy_text);
	o->loop = event_base_new();
	o->key = signer_new(&err);
	o->person = signer_new(&err);
	o->stranger = signer_new(&err);
	o->plans = verifier_new();
	o->people = verifier_new();
	assert_true(verifier_add_signer(o->plans, o->key, &err));
	assert_true(verifier_add_signer(o->people, o->person, &err));
	open_hub(o);
}

static void close_office(struct office *o)
{
	close_hub(o);
	signer_free(o->key);
	signer_free(o->person);
	signer_free(o->stranger);
	verifier_free(o->plans);
	verifier_free(o->people);
	plan_free(o->plan);
	json_decref(o->reply);
	event_base_free(o->loop);
	unlink(o->policy);
	unlink(o->keep);
	unlink(o->journal);
	assert_int_equal(rmdir(o->directory), 0);
}

static bool a_leads(const struct office *o)
{
	return o->plan != NULL && o->nodes[0].leads &&
	       strcmp(o->plan->agent, "a") == 0;
}

static bool b_leads(const struct office *o)
{
	return o->plan != NULL && o->nodes[1].leads &&
	       strcmp(o->plan->agent, "b") == 0;
}

static bool b_is_there(const struct office *o)
{
	return o->nodes[1].name[0] != '\0';
}

static void start_both(struct office *o)
{
	start_agent(o, 0);
	until(o, a_leads, "a leads");
	start_agent(o, 1);
	until(o, b_is_there, "b is there");
}

/* The stories. */

static void test_standby_takes_over(void **state)
{
	struct office o;
	uint64_t epoch;

	(void)state;
	open_office(&o);
	start_both(&o);
	assert_false(o.nodes[1].leads);
	ask_command(&o, "drain", "www/us-east");
	assert_true(is_ok(o.reply));
	assert_true(share_of(&o, "us-east") <= 0);
	assert_int_equal(json_integer_value(json_object_get(o.reply, "epoch")),
			 o.plan->epoch);
	assert_int_equal(json_integer_value(
				 json_object_get(o.reply, "sequence")),
			 o.plan->sequence);
	assert_int_equal(o.buses[1].commits, 0);
	epoch = o.plan->epoch;
	stop_agent(&o, 0);
	until(&o, b_leads, "b leads");
	assert_true(o.plan->epoch > epoch);
	assert_true(share_of(&o, "us-east") <= 0);
	assert_true(share_of(&o, "eu-west") >= 1);
	assert_int_equal(o.plan->command_count, 1);
	ask_command(&o, "undrain", "www/us-east");
	assert_true(is_ok(o.reply));
	assert_true(share_of(&o, "us-east") >= 1);
	close_office(&o);
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
	open_office(&o);
	start_both(&o);
	epoch = o.plan->epoch;
	o.buses[0].says = BUS_STALE;
	ask_command(&o, "drain", "www/us-east");
	refused_with(o.reply, "leadership was lost");
	assert_true(share_of(&o, "us-east") >= 1);
	until(&o, b_holds_more, "b leads, a does not");
	until(&o, b_leads, "b publishes");
	assert_true(o.plan->epoch > epoch);
	assert_true(share_of(&o, "us-east") >= 1);
	close_office(&o);
}

static bool sequence_3(const struct office *o)
{
	return o->plan->sequence >= 3;
}

static void test_bus_down_takes_back(void **state)
{
	struct office o;

	(void)state;
	open_office(&o);
	start_agent(&o, 0);
	until(&o, a_leads, "a leads");
	o.buses[0].says = BUS_DOWN;
	ask_command(&o, "drain", "www/us-east");
	refused_with(o.reply, "the bus is down");
	o.buses[0].says = BUS_COMMITTED;
	until(&o, sequence_3, "a publishes again");
	assert_true(share_of(&o, "us-east") >= 1);
	assert_int_equal(o.plan->command_count, 0);
	close_office(&o);
}

static void test_requests(void **state)
{
	struct office o;
	char buf[500], again[500];
	json_t *refused;

	(void)state;
	open_office(&o);
	start_both(&o);
	ask(&o, o.person, "{\"op\":\"status\"}");
	assert_true(is_ok(o.reply));
	assert_true(json_is_true(json_object_get(o.reply, "leads")));
	assert_int_equal(
		json_array_size(json_object_get(
			json_array_get(json_object_get(o.reply, "services"), 0),
			"endpoints")),
		3);
	ask(&o, o.stranger, "{\"op\":\"status\"}");
	refused_with(o.reply, "");
	ask(&o, o.person, "{\"op\":\"dance\"}");
	refused_with(o.reply, "op must be");
	ask(&o, o.person, "not json");
	refused_with(o.reply, "request");
	ask(&o, o.person, "{\"op\":\"command\"}");
	refused_with(o.reply, "is missing");
	ask(&o, o.person, "{\"op\":\"reload\"}");
	refused_with(o.reply, "own socket");
	ask(&o, o.person,
	    command_request(&o, buf, sizeof(buf), "predict", "drain",
			    "www/us-east"));
	assert_true(is_ok(o.reply));
	assert_true(json_is_null(json_object_get(o.reply, "refused")));
	assert_true(share_of(&o, "us-east") >= 1);
	command_request(&o, again, sizeof(again), "command", "drain",
			"www/us-east");
	ask(&o, o.person, again);
	assert_true(is_ok(o.reply));
	ask(&o, o.person, again);
	refused_with(o.reply, "seen before");
	ask(&o, o.person,
	    command_request(&o, buf, sizeof(buf), "predict", "drain",
			    "eu-west"));
	refused = json_object_get(o.reply, "refused");
	assert_non_null(strstr(json_string_value(refused),
			       "min_regions_in_service is 2"));
	ask_command(&o, "drain", "eu-west");
	refused_with(o.reply, "1 too few");
	ask(&o, o.person, "{\"op\":\"history\",\"count\":2}");
	assert_int_equal(json_array_size(json_object_get(o.reply, "lines")), 2);
	close_office(&o);
}

/* control_ask() blocks, so it asks from a thread. */
struct asking {
	struct office *office;
	const char *text;
	json_t *answer;
	int done[2]; /* a pipe */
};

static void *ask_in_thread(void *arg)
{
	struct asking *a = arg;
	struct error err;
	json_t *request = json_loads(a->text, 0, NULL);

	a->answer = control_ask(a->office->control, request, PATIENCE_MS, &err);
	json_decref(request);
	if (write(a->done[1], "x", 1) != 1)
		return NULL;
	return NULL;
}

static void on_asked(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	event_base_loopbreak(arg);
}

static json_t *ask_control(struct office *o, const char *text)
{
	struct asking a = { .office = o, .text = text };
	const struct timeval tv = { PATIENCE_MS / 1000, 0 };
	struct event *done;
	pthread_t thread;

	assert_int_equal(pipe(a.done), 0);
	done = event_new(o->loop, a.done[0], EV_READ, on_asked, o->loop);
	event_add(done, &tv);
	assert_int_equal(pthread_create(&thread, NULL, ask_in_thread, &a), 0);
	event_base_dispatch(o->loop);
	pthread_join(thread, NULL);
	event_free(done);
	close(a.done[0]);
	close(a.done[1]);
	assert_non_null(a.answer);
	return a.answer;
}

static void test_control_socket(void **state)
{
	struct office o;
	char buf[500], changed[sizeof(policy_text) + 40];
	json_t *answer;

	(void)state;
	open_office(&o);
	start_agent(&o, 0);
	until(&o, a_leads, "a leads");
	answer =
		ask_control(&o, command_request(&o, buf, sizeof(buf), "command",
						"drain", "us-east"));
	assert_true(is_ok(answer));
	json_decref(answer);
	assert_true(share_of(&o, "us-east") <= 0);
	write_policy(&o, "zone: nonsense\n");
	answer = ask_control(&o, "{\"op\":\"reload\"}");
	refused_with(answer, "p.yaml:1:");
	json_decref(answer);
	snprintf(changed, sizeof(changed), "%s# changed\n", policy_text);
	write_policy(&o, changed);
	answer = ask_control(&o, "{\"op\":\"reload\"}");
	assert_true(is_ok(answer));
	json_decref(answer);
	answer = ask_control(&o, "{\"op\":\"status\"}");
	assert_int_equal(json_array_size(json_object_get(
				 json_object_get(answer, "plan"), "commands")),
			 1);
	json_decref(answer);
	close_office(&o);
}

/* The bus lost everything; the disk did not. */
static void test_restart_on_an_empty_bus(void **state)
{
	struct error err = { .text = "" };
	struct office o;
	uint64_t epoch, sequence, lines = 0;

	(void)state;
	open_office(&o);
	start_agent(&o, 0);
	until(&o, a_leads, "a leads");
	ask_command(&o, "drain", "us-east");
	assert_true(is_ok(o.reply));
	epoch = o.plan->epoch;
	sequence = o.plan->sequence;
	close_hub(&o);
	o.nodes[0].leads = false;
	open_hub(&o);
	start_agent(&o, 0);
	until(&o, a_leads, "a leads again");
	assert_true(o.plan->epoch > epoch);
	assert_true(o.plan->sequence > sequence);
	assert_true(share_of(&o, "us-east") <= 0);
	stop_agent(&o, 0);
	if (!journal_verify(o.journal, &lines, &err))
		fail_msg("%s", err.text);
	/* takeover, drain, stepped down, and both ends of the second life */
	assert_int_equal(lines, 5);
	close_office(&o);
}

static void test_refuses_to_start(void **state)
{
	struct office o;
	struct error err = { .text = "" };
	struct steerer_config config;

	(void)state;
	open_office(&o);
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
	close_office(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standby_takes_over),
		cmocka_unit_test(test_stale_commit_steps_down),
		cmocka_unit_test(test_bus_down_takes_back),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_control_socket),
		cmocka_unit_test(test_restart_on_an_empty_bus),
		cmocka_unit_test(test_refuses_to_start),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
