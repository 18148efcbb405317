/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/follower.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bus.h"
#include "policy/bus/control.h"
#include "policy/bus/keep.h"
#include "policy/bus/local.h"
#include "policy/bus/member.h"
#include "policy/bus/node.h"
#include "policy/bus/plan.h"
#include "policy/bus/ring.h"
#include "policy/bus/sign.h"
#include "steering/edge/driver.h"
#include "steering/edge/orders.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <jansson.h>

enum {
	TURN_MS = 1000, /* constant work: as often whether needed or not */
	NODE_TTL_MS = 15000,
	OVERRIDE_MAX_MS = 86400000, /* as safety.max_override, unless set */
};

struct follower {
	struct follower_config config;
	struct event_base *loop;
	struct event *turn;
	struct control *control;
	struct plan *plan;  /* newest accepted; NULL: none yet */
	struct plan nobody; /* in its place, for local commands: says nothing */
	struct local local;
	struct orders orders; /* of plan and local */
	struct keep *keep;
	struct ring *ring;                        /* NULL: nothing is kept */
	uint64_t applied_epoch, applied_sequence; /* by every driver */
	int64_t wall_applied_ms;
	uint64_t refused; /* plans, since the start */
	char trouble[NODE_TEXT_SIZE];
};

struct node follower_node(const struct follower *f)
{
	struct node node = node_of(NODE_EDGE, f->config.name, clock_wall_ms());

	node.plan_epoch = f->applied_epoch;
	node.plan_sequence = f->applied_sequence;
	node.wall_applied_ms = f->wall_applied_ms;
	node.refused = f->refused;
	snprintf(node.trouble, sizeof(node.trouble), "%s", f->trouble);
	if (f->plan != NULL)
		snprintf(node.policy_digest, sizeof(node.policy_digest), "%s",
			 f->plan->policy_digest);
	node.local_count = f->local.count;
	for (size_t i = 0; i < f->local.count; i++)
		local_text(&f->local.commands[i], node.local[i]);
	return node;
}

static void tell(struct follower *f)
{
	struct node node = follower_node(f);
	size_t len;
	char *text = node_write(&node, &len);

	if (text != NULL)
		bus_put(f->config.bus, BUS_NODES, f->config.name, text, len,
			NODE_TTL_MS);
	free(text);
}

/* Trouble is logged when it begins, changes and ends; not each second. */
static void set_trouble(struct follower *f, const char *text)
{
	char quoted[2 * NODE_TEXT_SIZE];

	if (strncmp(f->trouble, text, sizeof(f->trouble) - 1) == 0)
		return;
	snprintf(f->trouble, sizeof(f->trouble), "%s", text);
	log_event(*text == '\0' ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "edge",
		  *text == '\0' ? "well" : "trouble", "text=%s",
		  log_quote(text, quoted, sizeof(quoted)));
}

/* Every driver is at the plan: this is the acknowledgement. */
static void acknowledge(struct follower *f)
{
	if (f->applied_epoch == f->plan->epoch &&
	    f->applied_sequence == f->plan->sequence)
		return;
	f->applied_epoch = f->plan->epoch;
	f->applied_sequence = f->plan->sequence;
	f->wall_applied_ms = clock_wall_ms();
	log_event(LOG_LEVEL_INFO, "edge", "applied",
		  "epoch=%" PRIu64 " sequence=%" PRIu64, f->applied_epoch,
		  f->applied_sequence);
	tell(f);
}

/* A driver has come to an end, good or bad. */
static void on_told(void *arg)
{
	struct follower *f = arg;
	const char *trouble = "";
	bool all = true;

	for (size_t i = 0; i < f->config.driver_count; i++) {
		const struct driver *d = f->config.drivers[i];

		if (*trouble == '\0')
			trouble = d->trouble;
		all = all && driver_has(d, f->plan);
	}
	set_trouble(f, trouble);
	if (all)
		acknowledge(f);
}

/* Constant work: what is new and what is not is applied alike. */
static void apply(struct follower *f)
{
	if (f->plan == NULL && f->local.count == 0)
		return;
	f->orders.plan = f->plan == NULL ? &f->nobody : f->plan;
	f->orders.local = &f->local;
	f->orders.wall_ms = clock_wall_ms();
	for (size_t i = 0; i < f->config.driver_count; i++)
		driver_apply(f->config.drivers[i], &f->orders);
}

static void renew(struct follower *f)
{
	f->orders.serial++;
	apply(f);
}

static void log_failure(const char *event, const struct error *err)
{
	char quoted[512];

	log_event(LOG_LEVEL_ERROR, "edge", event, "error=%s",
		  log_quote(err->text, quoted, sizeof(quoted)));
}

static void save(struct follower *f)
{
	struct error err;

	if (!ring_save(f->ring, f->keep, clock_now_ms(), &err))
		log_failure("keep-failed", &err);
}

/* Local commands hold over a restart. */
static void keep_local(struct follower *f)
{
	json_t *json;
	char *text;

	if (f->ring == NULL)
		return;
	json = local_write(&f->local);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (text != NULL && keep_set(f->keep, "local", text, strlen(text)))
		save(f);
	free(text);
}

/* A plan that the proxies have for long enough becomes a good generation. */
static void soak(struct follower *f)
{
	int64_t now_ms = clock_now_ms();

	if (f->ring == NULL || f->plan == NULL)
		return;
	if (f->trouble[0] != '\0' || f->applied_epoch != f->plan->epoch ||
	    f->applied_sequence != f->plan->sequence)
		ring_doubt(f->ring, now_ms);
	if (ring_is_due(f->ring, now_ms))
		save(f);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct follower *f = arg;

	(void)fd, (void)what;
	if (local_expire(&f->local, clock_wall_ms()) > 0) {
		keep_local(f);
		f->orders.serial++;
	}
	apply(f);
	soak(f);
	tell(f);
}

/* A plan from outside: the bus or the disk. */
static bool take(struct follower *f, const void *octets, size_t len,
		 struct error *err)
{
	const char *payload;
	size_t payload_len;
	struct plan *plan, *before;

	if (!sign_unwrap(f->config.trusted, SIGN_PLAN, octets, len, &payload,
			 &payload_len, err))
		return false;
	plan = plan_parse(payload, payload_len, err);
	if (plan == NULL)
		return false;
	if (!plan_newer(plan, f->plan)) {
		plan_free(plan);
		return true;
	}
	before = f->plan;
	f->plan = plan;
	if (f->ring != NULL && keep_set(f->keep, "plan", octets, len))
		save(f);
	renew(f);
	plan_free(before);
	return true;
}

static void on_value(void *arg, enum bus_topic topic, const char *key,
		     const void *octets, size_t len)
{
	struct follower *f = arg;
	struct error err;

	(void)topic, (void)key;
	if (take(f, octets, len, &err))
		return;
	f->refused++;
	log_failure("plan-refused", &err);
}

static json_t *refuse(const char *why)
{
	return json_pack("{s:b, s:o}", "ok", 0, "error",
			 member_clean_text(why));
}

static json_t *answer_status(struct follower *f)
{
	struct node node = follower_node(f);
	size_t len;
	char *text = node_write(&node, &len);
	json_t *answer = NULL;

	if (text != NULL)
		answer = json_pack("{s:b, s:o}", "ok", 1, "node",
				   json_loadb(text, len, 0, NULL));
	free(text);
	return answer;
}

/* A proxy's shares are those of all its clients. */
static bool is_for_edges(const struct command *command, struct error *err)
{
	if (command->kind == COMMAND_PIN)
		error_set(err, "pin is for responders: an edge does not know "
			       "which client set a client is in");
	return command->kind != COMMAND_PIN;
}

static json_t *answer_command(struct follower *f, const json_t *json)
{
	char text[NODE_TEXT_SIZE], quoted[2 * NODE_TEXT_SIZE];
	struct command command;
	struct error err;

	if (json == NULL)
		return refuse("the request has no \"command\"");
	if (!command_parse(json, &command, &err) ||
	    !command_check_bare(&command, OVERRIDE_MAX_MS, clock_wall_ms(),
				&err) ||
	    !is_for_edges(&command, &err) ||
	    !local_apply(&f->local, &command, &err))
		return refuse(err.text);
	log_event(LOG_LEVEL_WARN, "edge", "local-command", "command=%s",
		  log_quote(local_text(&command, text), quoted,
			    sizeof(quoted)));
	keep_local(f);
	renew(f);
	tell(f);
	return json_pack("{s:b}", "ok", 1);
}

static void on_request(void *arg, const json_t *request,
		       struct control_call *call)
{
	struct follower *f = arg;
	const char *op = json_string_value(json_object_get(request, "op"));

	if (op != NULL && strcmp(op, "status") == 0)
		control_answer(call, answer_status(f));
	else if (op != NULL && strcmp(op, "command") == 0)
		control_answer(call,
			       answer_command(f, json_object_get(request,
								 "command")));
	else
		control_answer(call,
			       refuse("\"op\" must be status or command"));
}

/* Saved again with the plan that follows. */
static void load_local(struct follower *f, const struct keep *from)
{
	size_t len;
	const char *text = keep_get(from, "local", &len);
	json_t *json = text == NULL ? NULL : json_loadb(text, len, 0, NULL);

	local_parse(json, &f->local);
	json_decref(json);
	(void)local_expire(&f->local, clock_wall_ms());
	if (text != NULL)
		(void)keep_set(f->keep, "local", text, len);
}

/* What was in force before the restart, judged like anything from outside:
 * the newest generation that can be taken. */
static bool load(struct follower *f, struct error *err)
{
	static const char *const passing[] = { "local", NULL };
	const struct ring_config config = {
		.path = f->config.keep_path,
		.passing = passing,
		.part = "edge",
		.soak_ms = INT64_C(1000) * f->config.keep_soak_s,
	};
	const struct keep *from;

	if (f->config.keep_path == NULL)
		return true;
	f->keep = keep_new();
	f->ring = f->keep == NULL ? NULL : ring_open(&config, err);
	if (f->ring == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	from = ring_read(f->ring);
	while (from != NULL) {
		size_t len;
		const char *octets = keep_get(from, "plan", &len);
		struct error why;

		load_local(f, from);
		if (octets == NULL || take(f, octets, len, &why))
			break;
		from = ring_older(f->ring, why.text);
	}
	renew(f);
	return true;
}

static bool start_turns(struct follower *f, struct error *err)
{
	const struct timeval each = { .tv_sec = TURN_MS / 1000 };

	f->turn = event_new(f->loop, -1, EV_PERSIST, on_turn, f);
	if (f->turn == NULL || event_add(f->turn, &each) != 0) {
		error_set(err, "out of memory");
		return false;
	}
	return true;
}

struct follower *follower_start(struct event_base *loop,
				const struct follower_config *config,
				struct error *err)
{
	struct follower *f = calloc(1, sizeof(*f));
	const struct bus_follower reader = {
		.topics = BUS_PLAN,
		.on_value = on_value,
		.arg = f,
	};

	if (f == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	f->config = *config;
	f->loop = loop;
	for (size_t i = 0; i < config->driver_count; i++) {
		config->drivers[i]->told = on_told;
		config->drivers[i]->arg = f;
	}
	if (!start_turns(f, err) || !load(f, err))
		goto fail;
	if (config->control_path != NULL) {
		f->control = control_start(loop, config->control_path,
					   on_request, f, err);
		if (f->control == NULL)
			goto fail;
	}
	bus_follow(config->bus, &reader);
	tell(f);
	return f;
fail:
	follower_stop(f);
	return NULL;
}

const struct plan *follower_plan(const struct follower *f)
{
	return f->plan;
}

void follower_stop(struct follower *f)
{
	if (f == NULL)
		return;
	if (f->turn != NULL)
		event_free(f->turn);
	control_stop(f->control);
	plan_free(f->plan);
	if (f->ring != NULL)
		ring_rest(f->ring);
	ring_free(f->ring);
	keep_free(f->keep);
	free(f);
}
