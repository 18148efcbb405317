/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/follower.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bus.h"
#include "policy/bus/control.h"
#include "policy/bus/keep.h"
#include "policy/bus/node.h"
#include "policy/bus/plan.h"
#include "policy/bus/ring.h"
#include "policy/bus/sign.h"
#include "steering/edge/proxy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <jansson.h>

enum {
	TURN_MS = 1000, /* constant work: as often whether needed or not */
	ROUNDS_MAX = 3, /* read, write, read: more means HAProxy disagrees */
	NODE_TTL_MS = 15000,
};

struct follower {
	struct follower_config config;
	struct event_base *loop;
	struct event *turn;
	struct proxy *proxy;
	struct control *control;
	struct plan *plan; /* newest accepted; NULL: none yet */
	struct keep *keep;
	struct ring *ring; /* NULL: nothing is kept */
	unsigned round;    /* of the reconciliation under way */
	bool renewed;      /* a newer plan came while one was under way */
	uint64_t applied_epoch, applied_sequence;
	int64_t wall_applied_ms;
	uint64_t refused; /* plans, since the start */
	char trouble[NODE_TEXT_SIZE];
};

static struct node self(const struct follower *f)
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
	return node;
}

static void tell(struct follower *f)
{
	struct node node = self(f);
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

/* HAProxy is at the plan: this is the acknowledgement. */
static void acknowledge(struct follower *f)
{
	set_trouble(f, "");
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

static void begin(struct follower *f);

/* The reconciliation is over; goes on at once if the plan moved meanwhile. */
static void conclude(struct follower *f, const char *trouble)
{
	bool again = f->renewed;

	f->round = 0;
	f->renewed = false;
	if (trouble != NULL)
		set_trouble(f, trouble);
	if (again)
		begin(f);
}

static void on_state(void *arg, const char *answer, size_t len,
		     const char *why);

static void read_state(struct follower *f)
{
	if (!proxy_ask(f->proxy, "show servers state", on_state, f))
		conclude(f, "out of memory");
}

/* HAProxy cannot be asked. */
static void conclude_silent(struct follower *f, const char *why)
{
	char text[NODE_TEXT_SIZE];

	snprintf(text, sizeof(text), "HAProxy at %.100s: %s",
		 f->config.haproxy_path, why);
	conclude(f, text);
}

/* "set server" answers nothing when all is well; the next reading tells. */
static void on_written(void *arg, const char *answer, size_t len,
		       const char *why)
{
	struct follower *f = arg;

	(void)answer, (void)len;
	if (why != NULL)
		conclude_silent(f, why);
	else
		read_state(f);
}

static void on_state(void *arg, const char *answer, size_t len, const char *why)
{
	struct follower *f = arg;
	struct haproxy_state state;
	struct error err;
	char *commands;

	if (why != NULL) {
		conclude_silent(f, why);
		return;
	}
	if (!haproxy_state_parse(answer, len, &state, &err)) {
		conclude(f, err.text);
		return;
	}
	commands = haproxy_commands(&state, f->plan, f->config.routes,
				    f->config.route_count, &err);
	haproxy_state_fini(&state);
	if (commands == NULL) {
		conclude(f, err.text);
	} else if (*commands == '\0' && err.text[0] != '\0') {
		conclude(f, err.text);
	} else if (*commands == '\0') {
		acknowledge(f);
		conclude(f, NULL);
	} else if (++f->round > ROUNDS_MAX) {
		conclude(f, "HAProxy does not take what it is told");
	} else if (!proxy_ask(f->proxy, commands, on_written, f)) {
		conclude(f, "out of memory");
	}
	free(commands);
}

/* Begins a reconciliation, or remembers to when one is under way. */
static void begin(struct follower *f)
{
	if (f->plan == NULL)
		return;
	if (f->round > 0) {
		f->renewed = true;
		return;
	}
	f->round = 1;
	read_state(f);
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

/* A plan that HAProxy has for long enough becomes a good generation. */
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
	begin(f);
	soak(f);
	tell(f);
}

/* A plan from outside: the bus or the disk. */
static bool take(struct follower *f, const void *octets, size_t len,
		 struct error *err)
{
	const char *payload;
	size_t payload_len;
	struct plan *plan;

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
	plan_free(f->plan);
	f->plan = plan;
	if (f->ring != NULL && keep_set(f->keep, "plan", octets, len))
		save(f);
	begin(f);
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

static void on_request(void *arg, const struct json_t *request,
		       struct control_call *call)
{
	struct follower *f = arg;
	const char *op = json_string_value(json_object_get(request, "op"));
	struct node node = self(f);
	size_t len;
	char *text;

	if (op == NULL || strcmp(op, "status") != 0) {
		control_answer(call,
			       json_pack("{s:b, s:s}", "ok", 0, "error",
					 "an edge answers only \"status\""));
		return;
	}
	text = node_write(&node, &len);
	control_answer(call,
		       text == NULL
			       ? NULL
			       : json_pack("{s:b, s:o}", "ok", 1, "node",
					   json_loadb(text, len, 0, NULL)));
	free(text);
}

/* What was in force before the restart, judged like anything from outside:
 * the newest generation that can be taken. */
static bool load(struct follower *f, struct error *err)
{
	const struct ring_config config = {
		.path = f->config.keep_path,
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

		if (octets == NULL || take(f, octets, len, &why))
			break;
		from = ring_older(f->ring, why.text);
	}
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
	f->proxy = proxy_new(loop, config->haproxy_path, err);
	if (f->proxy == NULL || !start_turns(f, err) || !load(f, err))
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
	proxy_free(f->proxy);
	plan_free(f->plan);
	if (f->ring != NULL)
		ring_rest(f->ring);
	ring_free(f->ring);
	keep_free(f->keep);
	free(f);
}
