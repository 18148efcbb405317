/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/standing.h"

#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/bus/member.h"
#include "policy/bus/plan_spill.h"
#include "policy/decide/flock.h"
#include "policy/decide/frozen.h"
#include "policy/decide/health_json.h"
#include "policy/decide/parts.h"
#include "policy/decide/pin_json.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const char *const causes[] = { "full", "command", "ramp", "canary" };
static const char *const verdicts[] = { "unknown", "up", "down" };

enum {
	CAUSES = sizeof(causes) / sizeof(causes[0]),
	VERDICTS = sizeof(verdicts) / sizeof(verdicts[0]),
	NAME_SIZE = POLICY_NAME_MAX + 1,
	REF_SIZE = 64,
};

static_assert(CAUSES == SHARE_CANARY + 1, "a word for every cause");
static_assert(VERDICTS == VERDICT_DOWN + 1, "a word for every verdict");

/* Writing. */

struct writing {
	const struct view *view;
	const struct policy_service *service;
	size_t number; /* of the service */
	const struct view_service *seen;
	const struct heard_report *reports;
};

/* Probes that passed, of those that the vantage still counts. */
static uint32_t passed(const struct writing *w, size_t vantage, size_t endpoint)
{
	const struct report *report = w->reports[vantage].report;
	const struct report_entry *e =
		report == NULL
			? NULL
			: report_find(report, w->service->name,
				      w->service->endpoints[endpoint].name);

	return e == NULL ? 0 : e->samples - e->failures;
}

static const char *users_text(const struct writing *w, size_t endpoint,
			      char *buf)
{
	const struct report_entry *told = NULL;

	for (size_t v = 0; v < w->view->policy->vantage_count; v++)
		if (w->reports[v].report != NULL)
			told = report_users_more(
				told,
				report_find(
					w->reports[v].report, w->service->name,
					w->service->endpoints[endpoint].name));
	return report_users_text(told, buf);
}

static json_t *write_latencies(const struct writing *w, size_t endpoint)
{
	const struct policy *policy = w->view->policy;
	const float *ms = w->seen->endpoints[endpoint].latency_ms;
	json_t *list = json_array();

	for (size_t v = 0; ms != NULL && v < policy->vantage_count; v++) {
		struct member_writer m;

		if (!(ms[v] > 0))
			continue;
		m = member_begin();
		member_put_text(&m, "vantage", policy->vantages[v].name);
		member_put_number(&m, "ms", (double)ms[v]);
		member_put_integer(&m, "samples", passed(w, v, endpoint));
		member_append(&list, member_take(&m));
	}
	return list;
}

static void put_health(struct member_writer *m, const struct policy *policy,
		       const struct view_endpoint *e)
{
	const struct quorum_result *health = &e->health;

	member_put_text(m, "verdict", verdicts[health->verdict]);
	member_put_flag(m, "held", health->held);
	member_put_flag(m, "vetoed", health->vetoed);
	member_put_flag(m, "split", health->split);
	member_put_integer(m, "up", health->up);
	member_put_integer(m, "down", health->down);
	member_put_json(m, "up_by", health_json_voters(policy, health->up_by));
	member_put_json(m, "down_by",
			health_json_voters(policy, health->down_by));
	member_put_integer(m, "down_ms", e->down_ms);
	member_put_flag(m, "deferred", e->deferred);
	member_put_flag(m, "trickle", e->trickle);
}

static json_t *write_endpoint(const struct writing *w, size_t endpoint)
{
	const struct view_endpoint *e = &w->seen->endpoints[endpoint];
	struct member_writer m = member_begin();
	char users[REPORT_USERS_SIZE];

	member_put_text(&m, "endpoint", w->service->endpoints[endpoint].name);
	put_health(&m, w->view->policy, e);
	member_put_text(&m, "users", users_text(w, endpoint, users));
	member_put_integer(&m, "accept", e->accept);
	member_put_integer(&m, "weight", e->weight);
	member_put_text(&m, "cause", causes[e->cause]);
	member_put_text(&m, "ref", e->cause_ref);
	member_put_json(&m, "latencies", write_latencies(w, endpoint));
	if (parts_exist(w->view->policy, w->number, endpoint))
		member_put_json(&m, "parts",
				parts_write(w->view, w->number, endpoint,
					    w->reports));
	return member_take(&m);
}

static json_t *write_stretches(const struct view *view)
{
	json_t *list = json_array();

	for (size_t v = 0; v < view->policy->vantage_count; v++) {
		struct member_writer m = member_begin();

		member_put_text(&m, "vantage", view->policy->vantages[v].name);
		member_put_number(&m, "stretch",
				  (double)view->stretch.vantages[v]);
		member_append(&list, member_take(&m));
	}
	return list;
}

static json_t *write_users(const struct view *view)
{
	struct plan_rum *list = calloc(PLAN_RUM_MAX, sizeof(*list));
	json_t *json = NULL;

	if (list != NULL)
		json = plan_write_rum((struct plan_rum_list){
			list, rum_list(&view->rum, view->policy, list) });
	free(list);
	return json;
}

/* Rules by their names, as everything else. */
static void put_panic(struct member_writer *m, const struct writing *w)
{
	const struct policy *policy = w->view->policy;
	const struct panic *panic = &w->seen->panic;
	json_t *rules = json_array();

	for (size_t i = 0; i < policy->residency_count && i < 64; i++)
		if ((panic->rules >> i & 1) != 0 &&
		    json_array_append_new(
			    rules, json_string(policy->residency[i].name)) < 0)
			m->failed = true;
	member_put_flag(m, "panic", panic->everywhere);
	member_put_json(m, "panic_rules", rules);
	member_put_integer(m, "unhealthy_pct", panic->lost_pct);
}

static json_t *write_spills(const struct view *view, size_t service)
{
	struct plan_spills spills;
	json_t *json;

	if (!flocks_tell(view, service, &spills))
		return NULL;
	json = plan_spills_write(&spills);
	plan_spills_fini(&spills);
	return json;
}

static json_t *write_freezes(const struct view *view, size_t service)
{
	const struct command *freeze = NULL;
	json_t *list = json_array();

	while ((freeze = frozen_next(view, service, freeze)) != NULL)
		member_append(&list, command_write(freeze));
	return list;
}

json_t *standing_write(const struct view *view, size_t service,
		       const struct heard_report *reports)
{
	const struct writing w = {
		.view = view,
		.service = &view->policy->services[service],
		.number = service,
		.seen = &view->services[service],
		.reports = reports,
	};
	struct member_writer m = member_begin();
	json_t *endpoints = json_array();

	for (size_t e = 0; e < w.service->endpoint_count; e++)
		if (json_array_append_new(endpoints, write_endpoint(&w, e)) < 0)
			m.failed = true;
	member_put_text(&m, "policy_digest", view->policy->digest);
	member_put_integer(&m, "plan_epoch", (int64_t)view->plan_epoch);
	member_put_integer(&m, "plan_sequence", (int64_t)view->plan_sequence);
	member_put_flag(&m, "changing", w.seen->changing);
	put_panic(&m, &w);
	member_put_number(&m, "stretch", (double)view->stretch.region);
	member_put_json(&m, "stretches", write_stretches(view));
	member_put_json(&m, "rum", write_users(view));
	member_put_json(&m, "endpoints", endpoints);
	if (w.seen->flock_count > 0)
		member_put_json(&m, "spills", write_spills(view, service));
	if (w.seen->demand != NULL)
		member_put_json(&m, "demand",
				plan_demand_write(w.seen->demand));
	if (frozen_next(view, service, NULL) != NULL)
		member_put_json(&m, "freezes", write_freezes(view, service));
	if (w.seen->pin_count > 0)
		member_put_json(&m, "pins", pins_write(view, service));
	return member_take(&m);
}

/* Reading. */

struct reading {
	struct view *view;
	const struct policy_service *service;
	struct view_service *seen;
	struct standing_samples *samples;
	struct error *err;
};

/* A stretch that nobody can have is none. */
static float stretch_in(struct member_reader *m)
{
	return (float)member_number(m, "stretch", 0, 100);
}

static int vantage_in(struct member_reader *m, const struct policy *policy)
{
	char name[NAME_SIZE] = "";

	member_name(m, "vantage", name, sizeof(name));
	return policy_find_vantage(policy, name);
}

static bool parse_stretches(struct reading *r, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct member_reader m =
			member_item(list, i, "stretch", r->err);
		int vantage = vantage_in(&m, r->view->policy);
		float stretch = stretch_in(&m);

		if (m.failed)
			return false;
		if (vantage >= 0)
			r->view->stretch.vantages[vantage] = stretch;
	}
	return true;
}

static bool parse_latencies(struct reading *r, size_t endpoint,
			    const json_t *list)
{
	float *ms = r->seen->endpoints[endpoint].latency_ms;

	for (size_t i = 0; i < json_array_size(list); i++) {
		struct member_reader m =
			member_item(list, i, "latency", r->err);
		int vantage = vantage_in(&m, r->view->policy);
		double value = member_number(&m, "ms", 0, 86400e3);
		uint32_t samples =
			(uint32_t)member_integer(&m, "samples", 0, UINT32_MAX);

		if (m.failed)
			return false;
		if (vantage < 0 || ms == NULL)
			continue;
		ms[vantage] = (float)value;
		r->samples->of[endpoint][vantage] = samples;
	}
	return true;
}

static void parse_health(struct member_reader *m, const struct policy *policy,
			 struct view_endpoint *e)
{
	struct quorum_result *health = &e->health;

	health->verdict =
		(enum verdict)member_word(m, "verdict", verdicts, VERDICTS);
	health->held = member_flag(m, "held");
	health->vetoed = member_flag(m, "vetoed");
	health->split = member_flag(m, "split");
	health->up = (uint8_t)member_integer(m, "up", 0, UINT8_MAX);
	health->down = (uint8_t)member_integer(m, "down", 0, UINT8_MAX);
	health->up_by = health_json_voters_in(
		policy, member_array(m, "up_by", POLICY_VANTAGES_MAX));
	health->down_by = health_json_voters_in(
		policy, member_array(m, "down_by", POLICY_VANTAGES_MAX));
	e->down_ms = (uint32_t)member_integer(m, "down_ms", 0, UINT32_MAX);
	e->deferred = member_flag(m, "deferred");
	e->trickle = member_flag(m, "trickle");
}

static bool parse_endpoint(struct reading *r, struct member_reader *m)
{
	struct view_endpoint skipped, *e = &skipped;
	char name[NAME_SIZE] = "", ref[REF_SIZE] = "";
	char users[REPORT_USERS_SIZE] = "";
	const json_t *latencies;
	int at;

	member_name(m, "endpoint", name, sizeof(name));
	at = policy_find_endpoint(r->service, name);
	if (at >= 0)
		e = &r->seen->endpoints[at];
	parse_health(m, r->view->policy, e);
	member_text(m, "users", users, sizeof(users));
	e->accept = (uint32_t)member_integer(m, "accept", 0, UINT32_MAX);
	e->weight = (uint32_t)member_integer(m, "weight", 0, UINT32_MAX);
	e->cause = (enum share_cause)member_word(m, "cause", causes, CAUSES);
	member_text(m, "ref", ref, sizeof(ref));
	latencies = member_array(m, "latencies", POLICY_VANTAGES_MAX);
	if (m->failed || at < 0)
		return !m->failed;
	strcpy(r->samples->users[at], users);
	e->cause_ref = arena_text(r->view->arena, ref, strlen(ref));
	if (e->cause_ref == NULL) {
		member_fail(m, "out of memory");
		return false;
	}
	return parse_latencies(r, (size_t)at, latencies);
}

static bool parse_users(struct reading *r, const json_t *list)
{
	struct plan plan = { .rum = calloc(json_array_size(list) + 1,
					   sizeof(*plan.rum)) };
	bool ok;

	if (plan.rum == NULL) {
		error_set(r->err, "out of memory");
		return false;
	}
	ok = plan_parse_rum(&plan, list, r->err) &&
	     rum_fill(&r->view->rum, r->view->policy, &plan, r->view->arena);
	free(plan.rum);
	return ok;
}

static bool parse_spills(struct reading *r, size_t service, const json_t *list)
{
	struct plan_spills spills;
	bool ok;

	if (!plan_spills_parse(&spills, list, r->err))
		return false;
	ok = flocks_fill_service(r->view, service, &spills);
	if (!ok)
		error_set(r->err, "out of memory");
	plan_spills_fini(&spills);
	return ok;
}

static bool parse_freezes(struct reading *r, const json_t *list)
{
	size_t count = json_array_size(list);
	struct command *commands = calloc(count + 1, sizeof(*commands));
	bool ok = true;

	if (commands == NULL) {
		error_set(r->err, "out of memory");
		return false;
	}
	for (size_t i = 0; ok && i < count; i++)
		ok = command_read(json_array_get(list, i), &commands[i],
				  r->err);
	if (ok && !frozen_fill(r->view, commands, count)) {
		error_set(r->err, "out of memory");
		ok = false;
	}
	free(commands);
	return ok;
}

/* json NULL: nothing is told of it. */
static bool parse_demand(struct reading *r, const json_t *json)
{
	struct plan_demand demand;

	if (json == NULL)
		return true;
	if (!plan_demand_read(json, &demand, r->err))
		return false;
	snprintf(demand.service, sizeof(demand.service), "%s",
		 r->service->name);
	if (flocks_fill_demands(r->view,
				(struct plan_demand_list){ &demand, 1 }))
		return true;
	error_set(r->err, "out of memory");
	return false;
}

static void parse_panic(struct member_reader *m, const struct policy *policy,
			struct panic *out)
{
	const json_t *rules = member_array(m, "panic_rules", 64);

	*out = (struct panic){
		.everywhere = member_flag(m, "panic"),
		.lost_pct = (uint8_t)member_integer(m, "unhealthy_pct", 0, 100),
	};
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const char *name = json_string_value(json_array_get(rules, i));

		for (size_t k = 0; k < policy->residency_count && k < 64; k++)
			if (name != NULL &&
			    strcmp(policy->residency[k].name, name) == 0)
				out->rules |= UINT64_C(1) << k;
	}
	out->anywhere = out->everywhere || out->rules != 0;
}

bool standing_parse(const json_t *json, struct view *view, size_t service,
		    struct standing_samples *samples, struct error *err)
{
	struct member_reader m = {
		.object = json,
		.what = "service",
		.err = err,
	};
	struct reading r = {
		.view = view,
		.service = &view->policy->services[service],
		.seen = &view->services[service],
		.samples = samples,
		.err = err,
	};
	const json_t *endpoints, *stretches, *users, *spills, *freezes, *pins;

	view->plan_epoch =
		(uint64_t)member_integer(&m, "plan_epoch", 0, MEMBER_EXACT_MAX);
	view->plan_sequence = (uint64_t)member_integer(&m, "plan_sequence", 0,
						       MEMBER_EXACT_MAX);
	r.seen->changing = member_flag(&m, "changing");
	parse_panic(&m, view->policy, &r.seen->panic);
	view->stretch.region = stretch_in(&m);
	stretches = member_array(&m, "stretches", POLICY_VANTAGES_MAX);
	users = member_array(&m, "rum", PLAN_RUM_MAX);
	endpoints = member_array(&m, "endpoints", POLICY_ENDPOINTS_MAX);
	spills = member_array(&m, "spills", PLAN_SPILLS_MAX);
	freezes = member_array(&m, "freezes", PLAN_COMMANDS_MAX);
	pins = member_array(&m, "pins", POLICY_SETS_MAX);
	if (m.failed || !parse_stretches(&r, stretches) ||
	    !parse_users(&r, users) || !parse_spills(&r, service, spills) ||
	    !parse_freezes(&r, freezes) ||
	    !parse_demand(&r, json_object_get(json, "demand")) ||
	    !pins_parse(pins, view, service, err))
		return false;
	for (size_t i = 0; i < json_array_size(endpoints); i++) {
		struct member_reader item =
			member_item(endpoints, i, "endpoint", err);

		if (!parse_endpoint(&r, &item))
			return false;
	}
	return true;
}
