/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/answer.h"

#include "policy/bus/member.h"
#include "policy/decide/health_json.h"
#include "policy/decide/parts.h"
#include "steering/agent.h"
#include "steering/canary.h"
#include "steering/chronicle.h"
#include "steering/draining.h"
#include "steering/freeze.h"
#include "steering/held.h"
#include "steering/muster.h"
#include "steering/predict.h"
#include "steering/reckoning.h"
#include "steering/spilling.h"
#include "steering/state.h"
#include "steering/waves.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

struct json_t *answer_error(const char *text)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", text);
}

struct json_t *answer_unknown(const char *text)
{
	return json_pack("{s:b, s:b, s:s}", "ok", 0, "unknown", 1, "error",
			 text);
}

static json_t *write_warnings(const struct guard_warnings *warnings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < warnings->count; i++)
		member_append(&list, json_string(warnings->list[i]));
	return list;
}

static json_t *write_undone(const struct agent_undone *u)
{
	if (u->id[0] == '\0')
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:I}", "id", u->id, "author",
			 u->author, "what", u->what, "wall_ms",
			 (json_int_t)u->wall_ms);
}

static json_t *text_or_null(const char *text)
{
	return text[0] == '\0' ? json_null() : json_string(text);
}

struct json_t *answer_prediction(const struct prediction *prediction,
				 const struct agent_preview *preview)
{
	return json_pack("{s:b, s:o, s:o*, s:o, s:b, s:o, s:o}", "ok", 1,
			 "prediction", prediction_write(prediction), "undoes",
			 write_undone(&preview->undoes), "warnings",
			 write_warnings(&preview->warnings), "yields",
			 preview->yields, "overrides",
			 text_or_null(preview->overrides), "refused",
			 text_or_null(preview->refused));
}

struct json_t *answer_done(uint64_t epoch, uint64_t sequence,
			   const struct prediction *prediction,
			   const struct draining *draining)
{
	json_t *json =
		json_pack("{s:b, s:I, s:I, s:o}", "ok", 1, "epoch",
			  (json_int_t)epoch, "sequence", (json_int_t)sequence,
			  "prediction",
			  prediction == NULL ? json_null()
					     : prediction_write(prediction));
	if (json != NULL && (draining == NULL || draining_put(draining, json)))
		return json;
	json_decref(json);
	return NULL;
}

struct json_t *answer_history(struct json_t *lines)
{
	return json_pack("{s:b, s:o}", "ok", 1, "lines", lines);
}

/* A codec's own octets, as JSON again.  Takes ownership of octets. */
static json_t *embed(char *octets, size_t len)
{
	json_t *json = octets == NULL ? NULL : json_loadb(octets, len, 0, NULL);

	free(octets);
	return json;
}

/* People's programs read all commands in one list. */
static json_t *one_list(json_t *plan)
{
	json_t *newer = json_object_get(plan, "newer_commands");

	if (newer == NULL)
		return plan;
	if (json_array_extend(json_object_get(plan, "commands"), newer) != 0 ||
	    json_object_del(plan, "newer_commands") != 0) {
		json_decref(plan);
		return NULL;
	}
	return plan;
}

/* When clients are off what its commands take away. */
static bool put_drainings(const struct status *st, json_t *plan)
{
	const struct plan *of = st->inputs->plan;
	json_t *list = json_object_get(plan, "commands");
	struct draining d;

	for (size_t i = 0; i < of->command_count; i++)
		if (draining_of(&of->commands[i], st->policy, &d) &&
		    !draining_put(&d, json_array_get(list, i)))
			return false;
	return true;
}

static json_t *embed_plan(const struct status *st)
{
	const struct plan *plan = st->inputs->plan;
	struct plan told;
	size_t len = 0;
	char *octets;
	json_t *json;

	if (plan == NULL)
		return json_null();
	told = *plan;
	if (told.share_count > ANSWER_SHARES_MAX)
		told.share_count = 0;
	octets = plan_write(&told, &len);
	json = one_list(embed(octets, len));
	if (json != NULL && put_drainings(st, json))
		return json;
	json_decref(json);
	return NULL;
}

/* The id of the freeze that it is under, or NULL. */
static const char *frozen_by(const struct command *freeze)
{
	return freeze == NULL ? NULL : freeze->id;
}

static struct commands commands_of(const struct status *st)
{
	const struct plan *plan = st->inputs->plan;

	return plan == NULL ? (struct commands){ NULL, 0 }
			    : (struct commands){ plan->commands,
						 plan->command_count };
}

/* How many vantages keep it out because it flapped, and of how many a person
 * says what they say; and what one of them says of users. */
struct marks {
	int damped, forced;
	const struct report_entry *users;
};

static struct marks marks_of(const struct inputs *in, const char *service,
			     const char *endpoint)
{
	struct marks marks = { 0, 0, NULL };

	for (size_t i = 0; i < in->heard.count; i++) {
		const struct report *report = in->heard.entries[i].report;
		const struct report_entry *entry =
			report == NULL ? NULL
				       : report_find(report, service, endpoint);

		marks.damped += entry != NULL && entry->damped;
		marks.forced += entry != NULL && entry->forced;
		marks.users = report_users_more(marks.users, entry);
	}
	return marks;
}

/* What the vantages say of each of several checks and addresses. */
static bool put_parts(const struct status *st, size_t service, size_t endpoint,
		      json_t *json)
{
	struct heard_report reports[POLICY_VANTAGES_MAX];

	if (!parts_exist(st->policy, service, endpoint))
		return true;
	heard_select(&st->inputs->heard, st->policy, reports);
	return json_object_set_new(json, "parts",
				   parts_write(st->inputs->view, service,
					       endpoint, reports)) == 0;
}

static json_t *endpoint_status(const struct status *st, size_t service,
			       size_t endpoint)
{
	const struct policy_service *s = &st->policy->services[service];
	const struct policy_endpoint *e = &s->endpoints[endpoint];
	const struct view_endpoint *v =
		&st->inputs->view->services[service].endpoints[endpoint];
	const struct plan_share *share =
		st->inputs->plan == NULL
			? NULL
			: plan_find_share(st->inputs->plan, s->name, e->name);
	enum plan_cause cause =
		e->canary == POLICY_NONE ? PLAN_FULL : PLAN_CANARY;
	struct marks marks = marks_of(st->inputs, s->name, e->name);
	json_t *json;
	char users[REPORT_USERS_SIZE];
	double accepted = floor(accept_share(v->accept) * 10000 + 0.5) / 10000;

	if (share != NULL && v->cause != SHARE_FULL)
		cause = share->cause;
	json = json_pack("{s:s, s:s, s:i, s:i, s:s, s:f, s:I, s:s, s:s, s:b}",
			 "endpoint", e->name, "region",
			 st->policy->regions[e->region].name, "damped",
			 marks.damped, "forced", marks.forced, "users",
			 report_users_text(marks.users, users), "share",
			 accepted, "weight", (json_int_t)v->weight, "cause",
			 plan_cause_name(cause), "ref", v->cause_ref, "canary",
			 e->canary != POLICY_NONE);
	if (health_json_put(json, st->policy, v) &&
	    put_parts(st, service, endpoint, json))
		return json;
	json_decref(json);
	return NULL;
}

static json_t *service_status(const struct status *st, size_t service)
{
	const struct policy_service *s = &st->policy->services[service];
	const struct view_service *v = &st->inputs->view->services[service];
	json_t *endpoints = json_array();

	for (size_t i = 0; i < s->endpoint_count; i++)
		member_append(&endpoints, endpoint_status(st, service, i));
	const struct command *freeze =
		freeze_of_service(commands_of(st), st->policy, service,
				  st->now.wall_ms);

	return json_pack("{s:s, s:s*, s:s*, s:b, s:b, s:i, s:o*, s:o*, s:o}",
			 "service", s->name, "unmonitored",
			 policy_unmonitored(st->policy, s), "frozen",
			 frozen_by(freeze), "changing", v->changing, "panic",
			 v->panic.anywhere, "healthy_pct",
			 (int)panic_left_pct(&v->panic), "spill",
			 st->spilling == NULL
				 ? NULL
				 : spilling_write(&st->spilling[service], s),
			 "demand",
			 st->reckoning == NULL
				 ? NULL
				 : reckoning_write(st->reckoning, service,
						   st->now.now_ms),
			 "endpoints", endpoints);
}

/* Whole services from *next on, until a page is full; *next goes on. */
static json_t *services_page(const struct status *st, size_t *next)
{
	json_t *services = json_array();
	size_t endpoints = 0;

	if (st->inputs->view == NULL)
		*next = st->policy->service_count;
	for (; *next < st->policy->service_count &&
	       endpoints < ANSWER_ENDPOINTS_MAX;
	     ++*next) {
		member_append(&services, service_status(st, *next));
		endpoints += st->policy->services[*next].endpoint_count;
	}
	return services;
}

static json_int_t endpoints_from(const struct policy *policy, size_t service)
{
	size_t count = 0;

	for (; service < policy->service_count; service++)
		count += policy->services[service].endpoint_count;
	return (json_int_t)count;
}

struct json_t *answer_services(const struct status *status, const char *after)
{
	int last = policy_find_service(status->policy, after);
	size_t next = (size_t)last + 1;
	json_t *page;

	if (last < 0)
		return answer_error("services: there is no such service; did "
				    "the policy change?  ask again");
	page = services_page(status, &next);
	return json_pack("{s:b, s:o, s:b}", "ok", 1, "services", page, "more",
			 next < status->policy->service_count);
}

/* As the newest plan says; off when it says nothing that fits. */
static struct plan_canary canary_now(const struct status *st, size_t i)
{
	const struct policy_canary *canary = &st->policy->canaries[i];
	const struct plan *plan = st->inputs->plan;
	struct plan_canary off = { .state = CANARY_OFF };

	for (size_t j = 0; plan != NULL && j < plan->canary_count; j++)
		if (strcmp(plan->canaries[j].name, canary->name) == 0 &&
		    canary_state_fits(canary, &plan->canaries[j]))
			return plan->canaries[j];
	snprintf(off.name, sizeof(off.name), "%s", canary->name);
	return off;
}

static unsigned canary_percent(const struct policy_canary *canary,
			       const struct plan_canary *state)
{
	if (state->state == CANARY_DONE)
		return 100;
	if (state->phase == CANARY_PRECHECK || !rollout_is_watched(state))
		return 0;
	return canary->stages[state->stage].percents[state->step];
}

static json_t *canary_status(const struct status *st, size_t i)
{
	const struct policy_canary *canary = &st->policy->canaries[i];
	const struct plan_canary state = canary_now(st, i);
	json_int_t pct = (json_int_t)canary_percent(canary, &state);
	const struct command *freeze =
		freeze_of_canary(commands_of(st), st->policy, i,
				 st->now.wall_ms);

	return json_pack(
		"{s:s*, s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:I,"
		" s:I, s:I, s:I, s:I, s:I}",
		"frozen", frozen_by(freeze), "canary", canary->name, "service",
		st->policy->services[canary->service].name, "state",
		plan_canary_state_name(state.state), "phase",
		plan_canary_phase_name(state.phase), "reason", state.reason,
		"rolled_back", state.rolled_back, "stage",
		(json_int_t)state.stage + 1, "stages",
		(json_int_t)canary->stage_count, "step",
		(json_int_t)state.step + 1, "percent", pct, "bake_left_ms",
		(json_int_t)canary_bake_left_ms(canary, &state),
		"canary_requests", (json_int_t)state.canary_requests,
		"canary_errors", (json_int_t)state.canary_errors,
		"stable_requests", (json_int_t)state.stable_requests,
		"stable_errors", (json_int_t)state.stable_errors);
}

static json_t *canaries_status(const struct status *st)
{
	json_t *canaries = json_array();

	for (size_t i = 0; i < st->policy->canary_count; i++)
		member_append(&canaries, canary_status(st, i));
	return canaries;
}

struct json_t *answer_report(const struct status *status, const char *name,
			     const struct json_t *lines)
{
	int i = policy_find_canary(status->policy, name);
	const struct policy_canary *canary;
	struct plan_canary state;
	char *text;
	json_t *answer;

	if (i < 0)
		return answer_error("the agent's policy has no canary of that "
				    "name");
	canary = &status->policy->canaries[i];
	state = canary_now(status, (size_t)i);
	text = chronicle_write(&state,
			       status->policy->services[canary->service].name,
			       canary_percent(canary, &state), lines);
	answer = text == NULL ? NULL
			      : json_pack("{s:b, s:o}", "ok", 1, "report",
					  json_string(text));
	free(text);
	return answer;
}

/* Moves of the agent's own that wait for a person. */
static json_t *surges_status(const struct status *st)
{
	json_t *list = json_array();

	for (size_t i = 0; i < st->policy->service_count; i++) {
		const struct surge *surge =
			agent_surge(st->agent, st->policy, i);

		if (surge != NULL)
			member_append(
				&list,
				json_pack(
					"{s:s, s:s, s:s, s:f, s:i, s:I}", "id",
					surge->id, "by",
					demand_by(surge->counted), "service",
					st->policy->services[i].name, "pct",
					surge->pct, "max_pct",
					(int)st->policy->safety.max_change_pct,
					"wall_since_ms",
					(json_int_t)surge->wall_since_ms));
	}
	return list;
}

static json_t *write_sets(const struct policy *policy)
{
	json_t *list = json_array();

	for (size_t i = 0; i < policy->set_count; i++)
		member_append(&list, json_string(policy->sets[i].name));
	return list;
}

struct json_t *answer_status(const struct status *status)
{
	size_t next = 0;
	json_t *services = services_page(status, &next);

	return json_pack(
		"{s:b, s:o, s:b, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o}",
		"ok", 1, "node", muster_self(status), "leads",
		status->self->leads, "plan", embed_plan(status), "services",
		services, "left_out", endpoints_from(status->policy, next),
		"canaries", canaries_status(status), "fleet",
		muster_count(status), "held", held_write(status->held),
		"held_back", surges_status(status), "sets",
		write_sets(status->policy), "nodes", muster_first(status));
}

static json_t *write_taker(const struct status *st, const struct node *node)
{
	const char *says = node->mute_count > 0 ? node->mute : "";
	bool next = plan_release_has(st->release, node->name) ||
		    (node->next_digest[0] != '\0' &&
		     strcmp(node->next_digest, st->release->next) == 0);

	if (node->refused_digest[0] != '\0')
		says = node->refused_reason;
	return json_pack("{s:s, s:s, s:b, s:o}", "name", node->name, "digest",
			 node->policy_digest, "next", next, "says",
			 member_clean_text(says));
}

struct json_t *answer_rollout(const struct status *st)
{
	const struct registered *list[REGISTRY_MAX];
	size_t count =
		registry_page(&st->inputs->registry, NULL, NULL, NULL, list);
	json_t *nodes = json_array();

	for (size_t i = 0; i < count; i++)
		if (list[i]->node.takes_policy)
			member_append(&nodes, write_taker(st, &list[i]->node));
	return json_pack("{s:b, s:o, s:i, s:s, s:o}", "ok", 1, "release",
			 plan_release_write(st->release), "waves",
			 (int)st->policy->rollout.wave_count + 1, "digest",
			 st->policy->digest, "nodes", nodes);
}
