/* SPDX-License-Identifier: Apache-2.0 */
#include "office.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/bus/control.h"
#include "policy/bus/memory.h"
#include "policy/bus/sign.h"
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

const char office_policy[] =
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
	struct grudging_bus *bus;
	bus_commit_done *done;
	void *arg;
	enum bus_commit says;
	struct bus_offer offer; /* octets are owned */
};

static void free_grudge(struct grudge *g)
{
	if (g != NULL)
		free((void *)(uintptr_t)g->offer.plan.at);
	free(g);
}

static void bear_grudge(evutil_socket_t fd, short what, void *arg)
{
	struct grudge *g = arg;

	(void)fd, (void)what;
	g->bus->answers++;
	g->done(g->arg, g->says);
	if (g->bus->late && g->bus->kept == NULL)
		g->bus->kept = g;
	else
		free_grudge(g);
}

static void ignore_result(void *arg, enum bus_commit result)
{
	(void)arg, (void)result;
}

static void store_late(struct grudging_bus *b)
{
	const struct bus_offer *o = &b->kept->offer;

	bus_commit_plan(b->real, o->at, o->base, o->plan.at, o->plan.len,
			ignore_result, NULL);
	free_grudge(b->kept);
	b->kept = NULL;
	b->late = false;
}

static void judge_commit(struct bus *bus, const struct bus_offer *offer,
			 bus_commit_done *done, void *arg)
{
	struct grudging_bus *b = grudging(bus);
	struct grudge *g;

	b->commits++;
	if (b->kept != NULL)
		store_late(b);
	if (b->says == BUS_COMMITTED) {
		bus_commit_plan(b->real, offer->at, offer->base, offer->plan.at,
				offer->plan.len, done, arg);
		return;
	}
	g = malloc(sizeof(*g));
	assert_non_null(g);
	*g = (struct grudge){ b, done, arg, b->says, *offer };
	g->offer.plan.at = memcpy(malloc(offer->plan.len), offer->plan.at,
				  offer->plan.len);
	if (b->once)
		b->says = BUS_COMMITTED;
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

void office_until(struct office *o, office_condition *is, const char *what)
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

bool office_a_leads(const struct office *o)
{
	return o->plan != NULL && o->nodes[0].leads &&
	       strcmp(o->plan->agent, "a") == 0;
}

void office_open_led(struct office *o)
{
	office_open(o);
	office_start_agent(o, 0);
	office_until(o, office_a_leads, "a leads");
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

void office_send(struct office *o, const struct sealer *who, const char *text)
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
}

void office_ask(struct office *o, const struct sealer *who, const char *text)
{
	office_send(o, who, text);
	office_until(o, has_reply, text);
	assert_non_null(o->reply);
}

const char *office_command(struct office *o, char *buf, size_t size,
			   const char *op, const char *kind, const char *target)
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

void office_order(struct office *o, const char *kind, const char *target)
{
	char buf[500];

	office_ask(o, o->person,
		   office_command(o, buf, sizeof(buf), "command", kind,
				  target));
}

bool reply_is_ok(const json_t *reply)
{
	return json_is_true(json_object_get(reply, "ok"));
}

void reply_refuses(const json_t *reply, const char *why)
{
	const char *text = json_string_value(json_object_get(reply, "error"));

	assert_false(reply_is_ok(reply));
	if (text == NULL || strstr(text, why) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", why,
			 text == NULL ? "" : text);
}

double office_share(const struct office *o, const char *endpoint)
{
	const struct plan_share *s = plan_find_share(o->plan, "www", endpoint);

	return s == NULL ? 1 : s->share;
}

/* The office. */

void office_write_policy(const struct office *o, const char *text)
{
	FILE *f = fopen(o->policy, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

void office_start_agent(struct office *o, int i)
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
void office_stop_agent(struct office *o, int i)
{
	steerer_stop(o->agents[i]);
	o->agents[i] = NULL;
}

void office_open_hub(struct office *o)
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

void office_close_hub(struct office *o)
{
	for (int i = 0; i < AGENTS; i++) {
		office_stop_agent(o, i);
		bus_free(o->buses[i].real);
		o->buses[i].real = NULL;
		free_grudge(o->buses[i].kept);
		o->buses[i].kept = NULL;
	}
	bus_free(o->desk);
	memory_hub_free(o->hub);
}

void office_open(struct office *o)
{
	struct error err = { .text = "" };

	*o = (struct office){ .directory = "steerer-test-XXXXXX" };
	assert_non_null(mkdtemp(o->directory));
	snprintf(o->policy, sizeof(o->policy), "%s/p.yaml", o->directory);
	snprintf(o->keep, sizeof(o->keep), "%s/keep", o->directory);
	snprintf(o->journal, sizeof(o->journal), "%s/journal", o->directory);
	snprintf(o->control, sizeof(o->control), "%s/sock", o->directory);
	office_write_policy(o, office_policy);
	o->loop = event_base_new();
	o->key = sealer_new(&err);
	o->person = sealer_new(&err);
	o->stranger = sealer_new(&err);
	o->plans = verifier_new();
	o->people = verifier_new();
	assert_true(verifier_add_sealer(o->plans, o->key, &err));
	assert_true(verifier_add_sealer(o->people, o->person, &err));
	office_open_hub(o);
}

void office_close(struct office *o)
{
	office_close_hub(o);
	sealer_free(o->key);
	sealer_free(o->person);
	sealer_free(o->stranger);
	verifier_free(o->plans);
	verifier_free(o->people);
	plan_free(o->plan);
	json_decref(o->reply);
	event_base_free(o->loop);
	unlink(o->policy);
	unlink(o->keep);
	unlink(o->journal);
	snprintf(o->journal, sizeof(o->journal), "%s/journal.head",
		 o->directory);
	unlink(o->journal);
	snprintf(o->keep, sizeof(o->keep), "%s/keep.past", o->directory);
	unlink(o->keep);
	assert_int_equal(rmdir(o->directory), 0);
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

json_t *office_ask_control(struct office *o, const char *text)
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
