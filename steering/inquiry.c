/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inquiry -- the questions of people that change nothing.
 *
 *   {"op": "status"}
 *   {"op": "services", "after": NAME}               a page of the services
 *   {"op": "nodes", "after": NAME, "count": N}      a page of the nodes
 *   {"op": "acks", "epoch": E, "sequence": S, "count": N}
 *   {"op": "rollout"}                       of policies, how it stands
 *   {"op": "standing", "service": NAME}     for `windrose explain`
 *   {"op": "history", "count": N}
 *   {"op": "destinations", "service": NAME}         where clients go now
 *   {"op": "report", "canary": NAME}                what became of it
 *   {"op": "report", "drill": ID}                   the same; or "last"
 *
 * Shell: the history is read from the journal's file.
 */
#include "steering/steerer_impl.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"
#include "policy/decide/standing.h"
#include "policy/language/policy.h"
#include "steering/answer.h"
#include "steering/debrief.h"
#include "steering/examination.h"
#include "steering/journal.h"
#include "steering/page/destinations.h"
#include "steering/page/page.h"
#include "steering/state.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { HISTORY_MAX = 10000, HISTORY_USUAL = 20, ACKS_USUAL = 10 };

/* A count that was asked for, or the usual one. */
static size_t read_count(struct member_reader *r, size_t max, size_t usual)
{
	int64_t count = member_integer(r, "count", 0, (int64_t)max);

	return count == 0 ? usual : (size_t)count;
}

static json_t *tell_status(const struct status *st, struct member_reader *r)
{
	(void)r;
	return answer_status(st);
}

static json_t *tell_services(const struct status *st, struct member_reader *r)
{
	char after[POLICY_NAME_MAX + 1] = "";

	member_text(r, "after", after, sizeof(after));
	return r->failed ? NULL : answer_services(st, after);
}

static json_t *tell_nodes(const struct status *st, struct member_reader *r)
{
	char after[NODE_NAME_SIZE] = "";
	size_t count = read_count(r, ANSWER_NODES_MAX, ANSWER_NODES_USUAL);

	member_text(r, "after", after, sizeof(after));
	return r->failed ? NULL : answer_nodes(st, after, count);
}

static json_t *tell_acks(const struct status *st, struct member_reader *r)
{
	size_t count = read_count(r, ANSWER_NODES_MAX, ACKS_USUAL);
	uint64_t epoch =
		(uint64_t)member_integer(r, "epoch", 1, MEMBER_EXACT_MAX);
	uint64_t sequence =
		(uint64_t)member_integer(r, "sequence", 1, MEMBER_EXACT_MAX);

	return r->failed ? NULL : answer_acks(st, epoch, sequence, count);
}

static json_t *tell_rollout(const struct status *st, struct member_reader *r)
{
	(void)r;
	return answer_rollout(st);
}

/* As of a responder: in windrose up there is no other socket to ask. */
static json_t *tell_standing(const struct status *st, struct member_reader *r)
{
	struct heard_report reports[POLICY_VANTAGES_MAX];
	char name[POLICY_NAME_MAX + 1] = "";
	int service;
	json_t *json;

	member_name(r, "service", name, sizeof(name));
	if (r->failed)
		return NULL;
	service = policy_find_service(st->policy, name);
	if (service < 0) {
		member_fail(r, "there is no such service");
		return NULL;
	}
	heard_select(&st->inputs->heard, st->policy, reports);
	json = standing_write(st->inputs->view, (size_t)service, reports);
	if (json_object_set_new(json, "ok", json_true()) == 0)
		return json;
	json_decref(json);
	return NULL;
}

static const struct inquiry {
	const char *op;
	json_t *(*tell)(const struct status *st, struct member_reader *r);
} inquiries[] = {
	{ "status", tell_status },   { "services", tell_services },
	{ "nodes", tell_nodes },     { "acks", tell_acks },
	{ "rollout", tell_rollout }, { "standing", tell_standing },
};

static const char no_journal[] = "this agent keeps no journal; start it with "
				 "--journal, or windrose up with --state";

/* Of a drill, by its id, or "last". */
static json_t *tell_drill(const char *id, const json_t *lines)
{
	bool found;
	char *text = debrief_write(id, lines, &found);
	json_t *answer = text == NULL ? NULL
				      : json_pack("{s:b, s:o}", "ok", 1,
						  "report", json_string(text));

	free(text);
	return found ? answer
		     : answer_error("no drill of that id was begun by this "
				    "agent, as far as its journal says");
}

static json_t *tell_report(const struct steerer *s, const struct status *st,
			   struct member_reader *r)
{
	bool drill = json_object_get(r->object, "drill") != NULL;
	char name[PLAN_NAME_SIZE] = "";
	json_t *lines, *answer;

	member_name(r, drill ? "drill" : "canary", name, sizeof(name));
	if (r->failed)
		return NULL;
	if (s->journal == NULL)
		return answer_error(no_journal);
	lines = journal_last(s->journal, HISTORY_MAX, r->err);
	if (lines == NULL)
		return NULL;
	answer = drill ? tell_drill(name, lines)
		       : answer_report(st, name, lines);
	json_decref(lines);
	return answer;
}

static json_t *tell_history(const struct steerer *s, struct member_reader *r)
{
	size_t count = read_count(r, HISTORY_MAX, HISTORY_USUAL);
	json_t *lines;

	if (r->failed)
		return NULL;
	if (s->journal == NULL)
		return answer_error(no_journal);
	lines = journal_last(s->journal, count, r->err);
	r->failed = lines == NULL;
	return lines == NULL ? NULL : answer_history(lines);
}

static json_t *tell_destinations(const struct steerer *s,
				 struct member_reader *r)
{
	const struct policy *policy = s->loaded.policy;
	char name[POLICY_NAME_MAX + 1] = "";
	int service;

	member_text(r, "service", name, sizeof(name));
	if (r->failed)
		return NULL;
	service = name[0] == '\0' ? 0 : policy_find_service(policy, name);
	if (service < 0 || s->inputs.view == NULL)
		return answer_error("destinations: there is no such service");
	return destinations_write(s->inputs.view, (size_t)service,
				  (struct demand_classes){
					  s->loaded.classes,
					  s->loaded.class_count });
}

static json_t *tell_plans(const struct steerer *s)
{
	return json_pack("{s:b, s:o}", "ok", 1, "plans",
			 generations_tell(&s->past));
}

/* {"first": N, "before": HASH, "last": N, "hash": HASH}, or "broken". */
static json_t *tell_verify(const struct steerer *s)
{
	struct examination found;
	struct error err;

	if (s->journal == NULL)
		return answer_error(no_journal);
	if (!examination_of_journal(s->journal, &found, &err))
		return json_pack("{s:b, s:s}", "ok", 1, "broken", err.text);
	return json_pack("{s:b, s:I, s:s, s:I, s:s}", "ok", 1, "first",
			 (json_int_t)found.first.n, "before", found.first.hash,
			 "last", (json_int_t)found.end.n, "hash",
			 found.end.hash);
}

bool inquiry_take(const struct steerer *s, const char *op,
		  const struct json_t *request, struct json_t **out)
{
	struct ramp_now now = steerer_now();
	struct node self = steerer_node(s, now);
	const struct status status = {
		.policy = s->loaded.policy,
		.inputs = &s->inputs,
		.self = &self,
		.now = now,
		.held = &s->held,
		.spilling = agent_state(s->agent)->spilling,
		.reckoning = &s->reckoning,
		.release = supply_release(s),
		.agent = s->agent,
	};
	struct error err = { .text = "out of memory" };
	struct member_reader r = { .object = request,
				   .what = "request",
				   .err = &err };
	size_t i = 0;

	while (i < sizeof(inquiries) / sizeof(inquiries[0]) &&
	       strcmp(inquiries[i].op, op) != 0)
		i++;
	if (i < sizeof(inquiries) / sizeof(inquiries[0]))
		*out = inquiries[i].tell(&status, &r);
	else if (strcmp(op, "history") == 0)
		*out = tell_history(s, &r);
	else if (strcmp(op, "verify") == 0)
		*out = tell_verify(s);
	else if (strcmp(op, "destinations") == 0)
		*out = tell_destinations(s, &r);
	else if (strcmp(op, "plans") == 0)
		*out = tell_plans(s);
	else if (strcmp(op, "report") == 0)
		*out = tell_report(s, &status, &r);
	else
		return false;
	if (*out == NULL)
		*out = answer_error(err.text);
	return true;
}

/* What a browser may ask; the others read whole files, or are no use there. */
static json_t *ask_for_page(void *arg, const struct json_t *request)
{
	static const char *const ops[] = { "status", "services", "nodes",
					   "history", "destinations" };
	const char *op = json_string_value(json_object_get(request, "op"));
	json_t *out = NULL;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (strcmp(op, ops[i]) == 0)
			inquiry_take(arg, op, request, &out);
	return out;
}

bool inquiry_open_page(struct steerer *s, const char *listen, struct error *err)
{
	const struct page_config config = {
		.listen = listen,
		.limits = page_default_limits,
		.ask = ask_for_page,
		.arg = s,
	};

	if (listen == NULL)
		return true;
	s->page = page_start(s->loop, &config, err);
	return s->page != NULL;
}
