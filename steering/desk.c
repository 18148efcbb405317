/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk -- requests of people: from the bus, where only the leader answers and
 * only what a listed key signed, and from the control socket, where everybody
 * who may open it gets an answer.  Shell.
 *
 *   {"op": "predict", "command": {...}}
 *   {"op": "command", "command": {...}}   answered when the plan is stored
 *   {"op": "release", "do": "publish" or "abort", ...}   see release_request
 *   {"op": "reload"}                      control socket only
 *   those of inquiry.c, which change nothing
 *   {"envelope": "wr1 ..."}               control socket: one of these, signed
 */
#include "steering/steerer_impl.h"

#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bus.h"
#include "policy/bus/control.h"
#include "policy/bus/member.h"
#include "policy/bus/sign.h"
#include "steering/answer.h"
#include "steering/predict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static void answer_bus(struct steerer *s, const char *id, json_t *answer)
{
	char *text = answer == NULL ? NULL : json_dumps(answer, JSON_COMPACT);
	size_t len = text == NULL ? 0 : strlen(text);
	static const char large[] =
		"{\"ok\":false,\"error\":\"the answer is too large for the "
		"bus; ask the agent's own socket (--node)\"}";

	json_decref(answer);
	if (len > BUS_ANSWER_MAX)
		bus_answer(s->config.bus, id, large, sizeof(large) - 1);
	else if (text != NULL)
		bus_answer(s->config.bus, id, text, len);
	free(text);
}

void desk_answer(struct steerer *s, const struct asker *to, json_t *json)
{
	if (to->call != NULL)
		control_answer(to->call, json);
	else
		answer_bus(s, to->bus_id, json);
}

static void refuse(struct steerer *s, const struct asker *to, const char *text)
{
	desk_answer(s, to, answer_error(text));
}

/* The operations. */

static bool parse_command(const json_t *request, struct command *out,
			  struct error *err)
{
	const json_t *json = json_object_get(request, "command");

	if (json != NULL)
		return command_parse(json, out, err);
	error_set(err, "request: \"command\" is missing");
	return false;
}

/* The command that is asked for, or that is approved. */
static bool read_request(struct steerer *s, const json_t *json,
			 const struct asker *from, struct request *out,
			 struct error *err)
{
	*out = (struct request){ .in = steerer_input(s, steerer_now()) };
	return parse_command(json, &out->command, err) &&
	       second_resolve(s, from, out, err);
}

static void op_predict(struct steerer *s, const json_t *json,
		       const struct asker *from)
{
	struct agent_preview preview;
	struct prediction p;
	struct request r;
	struct error err;

	/* A standby's agent has followed nothing: it goes on from the plan. */
	if (s->leads == 0)
		agent_adopt(s->agent, s->inputs.plan, steerer_now());
	if (!read_request(s, json, from, &r, &err) ||
	    !agent_preview(s->agent, &r.command, &r.in, &preview, &err)) {
		refuse(s, from, err.text);
		return;
	}
	if (waiting_predict(s, &preview, &p, &err)) {
		desk_answer(s, from, answer_prediction(&p, &preview));
		prediction_fini(&p);
	} else {
		refuse(s, from, err.text);
	}
	waiting_drop_preview(&preview);
}

static void refuse_follower(struct steerer *s, const struct asker *from)
{
	const char *leader =
		registry_leader(&s->inputs.registry, s->config.name,
				steerer_now().now_ms);
	char text[200];

	if (leader == NULL)
		snprintf(text, sizeof(text),
			 "%s does not lead, and no agent says that it does; "
			 "is the bus there?",
			 s->config.name);
	else
		snprintf(text, sizeof(text), "%s does not lead; %s does",
			 s->config.name, leader);
	refuse(s, from, text);
}

/* Loud, for who goes past a safety rule should be seen to. */
static void log_forced(const struct command *c, const char *rule)
{
	char quoted[500];

	log_event(LOG_LEVEL_WARN, "steer", "forced",
		  "id=%s kind=%s target=%s author=%s rule=%s", c->id,
		  command_kind_name(c->kind), c->target, c->author,
		  log_quote(rule, quoted, sizeof(quoted)));
}

/* Its preview is taken over. */
static void carry_out(struct steerer *s, const struct asker *from,
		      const struct request *r,
		      const struct agent_preview *preview)
{
	struct waiting *w = waiting_add(s, from, &r->command, preview);
	struct agent_preview gone = *preview;
	struct error err;

	/* Room to answer comes first: what is accepted must be answered. */
	if (w == NULL) {
		waiting_drop_preview(&gone);
		refuse(s, from, "too many commands wait, or out of memory");
		return;
	}
	w->approved = r->in.approved;
	if (preview->overrides[0] != '\0')
		log_forced(&r->command, preview->overrides);
	if (!agent_command(s->agent, &r->command, &r->in, &err)) {
		waiting_end(s, w, answer_error(err.text));
		return;
	}
	if (r->in.approved)
		second_approved(s, from, r);
	publish_turn(s, r->in.now);
}

static void op_command(struct steerer *s, const json_t *json,
		       const struct asker *from)
{
	struct agent_preview preview;
	struct request r;
	struct error err;

	if (!from->may_command) {
		refuse(s, from,
		       "this socket takes signed commands only: sign it, or "
		       "start the agent with --open-control");
		return;
	}
	if (s->leads == 0 || !lease_leads(&s->lease, steerer_now().now_ms)) {
		refuse_follower(s, from);
		return;
	}
	if (!read_request(s, json, from, &r, &err)) {
		refuse(s, from, err.text);
		return;
	}
	if (!agent_preview(s->agent, &r.command, &r.in, &preview, &err)) {
		agent_refuse(s->agent, &r.command, r.in.now.wall_ms, &err);
		refuse(s, from, err.text);
		return;
	}
	if (second_hold(s, from, &r, &preview))
		waiting_drop_preview(&preview);
	else
		carry_out(s, from, &r, &preview);
}

_Static_assert((int)RELEASE_KEY_SIZE == (int)SIGN_ID_SIZE,
	       "a release has room for the name of a key");

static const struct release_request *release_signed(struct release_request *q,
						    const char *key)
{
	snprintf(q->key, sizeof(q->key), "%s", key);
	return q;
}

/* Is it on its way, or waits it for a second person? */
static void answer_release(struct steerer *s, const struct asker *from,
			   const struct release_request *q)
{
	const struct release_held *held = &agent_release(s->agent)->held;

	if (q->abort || strcmp(held->digest, q->digest) != 0)
		desk_answer(s, from, json_pack("{s:b}", "ok", 1));
	else
		desk_answer(s, from,
			    json_pack("{s:b, s:s, s:s, s:I}", "ok", 1, "held",
				      held->digest, "why", RELEASE_HELD_WHY,
				      "wall_until_ms",
				      (json_int_t)held->wall_until_ms));
}

/* It is taken on; whether a plan says so by now, and how it goes on, is asked
 * for with "rollout". */
static void op_release(struct steerer *s, const json_t *json,
		       const struct asker *from)
{
	struct ramp_now now = steerer_now();
	struct agent_input in = steerer_input(s, now);
	struct release_request q;
	struct error err;

	if (!from->may_command)
		refuse(s, from,
		       "this socket takes signed requests only: sign it, or "
		       "start the agent with --open-control");
	else if (s->leads == 0 || !lease_leads(&s->lease, now.now_ms))
		refuse_follower(s, from);
	else if (s->config.bundles == NULL)
		refuse(s, from,
		       "the agent that leads takes no policies from the bus: "
		       "start it with --policy-from-bus");
	else if (!release_request_read(json, &q, &err) ||
		 !agent_publish(s->agent, release_signed(&q, from->key), &in,
				&err))
		refuse(s, from, err.text);
	else
		answer_release(s, from, &q);
	steerer_soon(s);
}

static void op_reload(struct steerer *s, const struct asker *from)
{
	if (from->call == NULL) {
		refuse(s, from, "reload: ask the agent's own socket (--node)");
	} else if (s->reload_call != NULL) {
		refuse(s, from, "reload: another one is under way");
	} else {
		s->reload_call = from->call;
		steerer_reload(s);
	}
}

void desk_reloaded(struct steerer *s, bool ok, const struct error *err)
{
	struct control_call *call = s->reload_call;

	s->reload_call = NULL;
	if (call == NULL)
		return;
	control_answer(call, ok ? json_pack("{s:b, s:s}", "ok", 1, "digest",
					    s->loaded.policy->digest)
				: answer_error(err->text));
}

static void take_request(struct steerer *s, const json_t *request,
			 const struct asker *from)
{
	const char *op = json_string_value(json_object_get(request, "op"));
	json_t *told;

	if (op == NULL)
		refuse(s, from, "request: \"op\" is missing");
	else if (strcmp(op, "predict") == 0)
		op_predict(s, request, from);
	else if (strcmp(op, "command") == 0)
		op_command(s, request, from);
	else if (strcmp(op, "release") == 0)
		op_release(s, request, from);
	else if (strcmp(op, "reload") == 0)
		op_reload(s, from);
	else if (inquiry_take(s, op, request, &told))
		desk_answer(s, from, told);
	else
		refuse(s, from,
		       "request: op must be predict, command, release, "
		       "rollout, status, services, nodes, acks, standing, history, plans, verify or reload");
}

/* The request inside an envelope of a listed key; a new reference. */
static json_t *open_envelope(const struct steerer *s, const void *octets,
			     size_t len, struct error *err)
{
	const char *payload;
	size_t payload_len;

	if (s->config.people == NULL) {
		error_set(err, "this agent obeys nobody's key (--people)");
		return NULL;
	}
	if (!sign_unwrap(s->config.people, SIGN_COMMAND, octets, len, &payload,
			 &payload_len, err))
		return NULL;
	return member_load("request", payload, payload_len, BUS_REQUEST_MAX,
			   err);
}

/* The bus may bring a request twice, and its answer is still to come. */
static bool is_waiting(const struct steerer *s, const char *id)
{
	for (const struct waiting *w = s->waiting; w != NULL; w = w->next)
		if (w->bus_id != NULL && strcmp(w->bus_id, id) == 0)
			return true;
	return false;
}

void desk_take(struct steerer *s, const char *id, const void *octets,
	       size_t len)
{
	struct asker from = { .bus_id = id, .may_command = true };
	struct error err = { .text = "" };
	json_t *request;

	/* Standbys keep quiet: two answers would be one too many. */
	if (s->leads == 0 || is_waiting(s, id))
		return;
	request = open_envelope(s, octets, len, &err);
	if (request == NULL) {
		steerer_log_refused(&s->requests_refused, "request-refused", id,
				    err.text);
		refuse(s, &from, err.text);
		return;
	}
	sign_signer(octets, from.key);
	take_request(s, request, &from);
	json_decref(request);
}

static void on_control(void *arg, const json_t *request,
		       struct control_call *call)
{
	struct steerer *s = arg;
	struct asker from = {
		.call = call,
		.may_command = s->config.open_control != 0,
	};
	const json_t *envelope = json_object_get(request, "envelope");
	struct error err = { .text = "" };
	json_t *inner;

	if (!json_is_string(envelope)) {
		take_request(s, request, &from);
		return;
	}
	inner = open_envelope(s, json_string_value(envelope),
			      json_string_length(envelope), &err);
	if (inner == NULL) {
		refuse(s, &from, err.text);
		return;
	}
	from.may_command = true;
	sign_signer(json_string_value(envelope), from.key);
	take_request(s, inner, &from);
	json_decref(inner);
}

bool desk_open(struct steerer *s, struct error *err)
{
	if (s->config.control_path == NULL)
		return true;
	s->control = control_start(s->loop, s->config.control_path, on_control,
				   s, err);
	return s->control != NULL;
}

void desk_close(struct steerer *s)
{
	waiting_lost(s, "the agent is stopping");
	desk_reloaded(s, false,
		      &(struct error){ .text = "the agent is stopping" });
	control_stop(s->control);
	s->control = NULL;
}
