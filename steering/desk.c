/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk -- requests of people: from the bus, where only the leader answers and
 * only what a listed key signed, and from the control socket, where everybody
 * who may open it gets an answer.  Shell.
 *
 *   {"op": "predict", "command": {...}}
 *   {"op": "command", "command": {...}}   answered when the plan is stored
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

enum { WAITING_MAX = 1024 }; /* requests whose answer is still to come */

/* Where an answer goes, and what its asker may do. */
struct asker {
	const char *bus_id;        /* or NULL */
	struct control_call *call; /* or NULL */
	bool may_command;
};

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

/* Takes ownership of answer. */
static void answer(struct steerer *s, const struct asker *to, json_t *json)
{
	if (to->call != NULL)
		control_answer(to->call, json);
	else
		answer_bus(s, to->bus_id, json);
}

static void refuse(struct steerer *s, const struct asker *to, const char *text)
{
	answer(s, to, answer_error(text));
}

static void drop_preview(struct agent_preview *preview)
{
	plan_free(preview->before);
	plan_free(preview->after);
	*preview = (struct agent_preview){ .before = NULL };
}

/* What a preview's plans would mean.  False: out of memory. */
static bool predict(const struct steerer *s,
		    const struct agent_preview *preview, struct prediction *out,
		    struct error *err)
{
	struct ramp_now now = steerer_now();
	struct view *before =
		inputs_view(&s->inputs, s->loaded.policy, preview->before, now);
	struct view *after =
		inputs_view(&s->inputs, s->loaded.policy, preview->after, now);
	const struct guard_classes classes = { s->loaded.classes,
					       s->loaded.class_count };
	bool ok = before != NULL && after != NULL &&
		  predict_of(before, after, classes, out, err);

	if (before == NULL || after == NULL)
		error_set(err, "out of memory");
	view_free(before);
	view_free(after);
	return ok;
}

/* Those that wait. */

static void free_waiting(struct waiting *w)
{
	drop_preview(&w->preview);
	free(w->bus_id);
	free(w);
}

/* Takes w out of the list, answers it, frees it; owns answer. */
static void end_waiting(struct steerer *s, struct waiting *w, json_t *json)
{
	const struct asker to = { w->bus_id, w->call, false };
	struct waiting **at = &s->waiting;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	s->waiting_count--;
	answer(s, &to, json);
	free_waiting(w);
}

/* Takes ownership of the preview. */
static bool wait_for_commit(struct steerer *s, const struct asker *from,
			    const struct agent_preview *preview)
{
	struct waiting *w = NULL;

	if (s->waiting_count < WAITING_MAX)
		w = calloc(1, sizeof(*w));
	if (w == NULL)
		return false;
	w->call = from->call;
	if (from->bus_id != NULL) {
		w->bus_id = strdup(from->bus_id);
		if (w->bus_id == NULL) {
			free(w);
			return false;
		}
	}
	w->preview = *preview;
	w->next = s->waiting;
	s->waiting = w;
	s->waiting_count++;
	return true;
}

void desk_sent(struct steerer *s, uint64_t sequence)
{
	for (struct waiting *w = s->waiting; w != NULL; w = w->next)
		if (w->sequence == 0)
			w->sequence = sequence;
}

void desk_stored(struct steerer *s, uint64_t epoch, uint64_t sequence)
{
	struct waiting *next;

	for (struct waiting *w = s->waiting; w != NULL; w = next) {
		struct prediction p = { .services = NULL };
		struct error err;
		bool ok;

		next = w->next;
		if (w->sequence == 0 || w->sequence > sequence)
			continue;
		ok = predict(s, &w->preview, &p, &err);
		end_waiting(s, w, answer_done(epoch, sequence, ok ? &p : NULL));
		if (ok)
			prediction_fini(&p);
	}
}

void desk_failed(struct steerer *s, const char *why)
{
	while (s->waiting != NULL)
		end_waiting(s, s->waiting, answer_error(why));
}

void desk_lost(struct steerer *s, const char *why)
{
	char text[200];

	while (s->waiting != NULL) {
		bool sent = s->waiting->sequence != 0;

		snprintf(text, sizeof(text), "%s; %s", why,
			 sent ? "it is not known whether the command is in "
				"force: see windrose status"
			      : "nothing changed");
		end_waiting(s, s->waiting,
			    sent ? answer_unknown(text) : answer_error(text));
	}
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

static void op_predict(struct steerer *s, const json_t *request,
		       const struct asker *from)
{
	struct agent_input in = steerer_input(s, steerer_now());
	struct agent_preview preview;
	struct prediction p;
	struct command c;
	struct error err;

	/* A standby's agent has followed nothing: it goes on from the plan. */
	if (s->leads == 0)
		agent_adopt(s->agent, s->inputs.plan, in.now);
	if (!parse_command(request, &c, &err) ||
	    !agent_preview(s->agent, &c, &in, &preview, &err)) {
		refuse(s, from, err.text);
		return;
	}
	if (predict(s, &preview, &p, &err)) {
		answer(s, from, answer_prediction(&p, &preview));
		prediction_fini(&p);
	} else {
		refuse(s, from, err.text);
	}
	drop_preview(&preview);
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

static void op_command(struct steerer *s, const json_t *request,
		       const struct asker *from)
{
	struct ramp_now now = steerer_now();
	struct agent_input in = steerer_input(s, now);
	struct agent_preview preview;
	struct command c;
	struct error err;

	if (!from->may_command) {
		refuse(s, from,
		       "this socket takes signed commands only: sign it, or "
		       "start the agent with --open-control");
		return;
	}
	if (s->leads == 0 || !lease_leads(&s->lease, now.now_ms)) {
		refuse_follower(s, from);
		return;
	}
	if (!parse_command(request, &c, &err)) {
		refuse(s, from, err.text);
		return;
	}
	if (!agent_preview(s->agent, &c, &in, &preview, &err)) {
		agent_refuse(s->agent, &c, now.wall_ms, &err);
		refuse(s, from, err.text);
		return;
	}
	/* Room to answer comes first: what is accepted must be answered. */
	if (!wait_for_commit(s, from, &preview)) {
		drop_preview(&preview);
		refuse(s, from, "too many commands wait, or out of memory");
		return;
	}
	if (agent_command(s->agent, &c, &in, &err))
		publish_turn(s, now);
	else
		end_waiting(s, s->waiting, answer_error(err.text));
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
	else if (strcmp(op, "reload") == 0)
		op_reload(s, from);
	else if (inquiry_take(s, op, request, &told))
		answer(s, from, told);
	else
		refuse(s, from,
		       "request: op must be predict, command, status, nodes, "
		       "acks, history or reload");
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
	const struct asker from = { .bus_id = id, .may_command = true };
	struct error err = { .text = "" };
	char quoted[300];
	json_t *request;

	/* Standbys keep quiet: two answers would be one too many. */
	if (s->leads == 0 || is_waiting(s, id))
		return;
	request = open_envelope(s, octets, len, &err);
	if (request == NULL) {
		log_event(LOG_LEVEL_WARN, "steer", "request-refused",
			  "error=%s",
			  log_quote(err.text, quoted, sizeof(quoted)));
		refuse(s, &from, err.text);
		return;
	}
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
	desk_lost(s, "the agent is stopping");
	desk_reloaded(s, false,
		      &(struct error){ .text = "the agent is stopping" });
	control_stop(s->control);
	s->control = NULL;
}
