/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/explanation.h"

#include "policy/base/civil.h"
#include "policy/decide/frozen.h"
#include "policy/language/expression.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

static json_t *write_client(const struct explanation *x)
{
	const struct policy *policy = x->subject->policy;
	struct net_prefix network = {
		net_mask(&x->client, x->match.bits),
		x->match.bits,
	};
	char addr[NET_TEXT_SIZE], around[NET_TEXT_SIZE];
	json_t *sets = json_array(), *rules = json_array();
	json_t *json;

	for (size_t i = 0; i < policy->set_count; i++)
		if (x->class->sets >> i & 1)
			json_array_append_new(sets,
					      json_string(
						      policy->sets[i].name));
	for (size_t i = 0; i < policy->residency_count; i++)
		if (x->class->residency >> i & 1)
			json_array_append_new(
				rules, json_string(policy->residency[i].name));
	json = json_pack("{s:s, s:s, s:i, s:s, s:b, s:b, s:o, s:o}", "address",
			 net_addr_text(&x->client, addr), "network",
			 net_prefix_text(&network, around), "class",
			 (int)x->match.class_id, "country", x->class->country,
			 "unknown", x->class->unknown, "located",
			 x->class->located, "sets", sets, "residency", rules);
	if (json != NULL && x->class->located) {
		json_object_set_new(json, "latitude",
				    json_real(x->class->latitude));
		json_object_set_new(json, "longitude",
				    json_real(x->class->longitude));
	}
	return json;
}

static json_t *write_place(const struct place *at)
{
	return json_pack("{s:s?, s:i, s:i}", "file", at->file, "line",
			 (int)at->line, "column", (int)at->col);
}

/* The vantages that an endpoint's expected milliseconds come from. */
static json_t *write_near(const struct explanation *x, size_t i)
{
	const struct subject *s = x->subject;
	const struct latency_near *near = &x->trace.endpoints[i].way.near;
	const float *ms = s->view->services[x->service].endpoints[i].latency_ms;
	json_t *list = json_array();

	for (unsigned k = 0; k < near->count; k++) {
		uint8_t v = near->vantages[k];

		json_array_append_new(
			list,
			json_pack("{s:s, s:f, s:f, s:f, s:I}", "vantage",
				  s->policy->vantages[v].name, "measured_ms",
				  (double)ms[v], "way_ms", near->way_ms[k],
				  "weight", near->weights[k] / near->sum_weight,
				  "probes", (json_int_t)s->samples->of[i][v]));
	}
	return list;
}

static json_t *write_endpoint(const struct explanation *x, size_t i)
{
	const struct policy *policy = x->subject->policy;
	const struct policy_endpoint *e =
		&policy->services[x->service].endpoints[i];
	const struct view_endpoint *view =
		&x->subject->view->services[x->service].endpoints[i];
	const struct chain_reason *why = &x->trace.endpoints[i];
	char reason[512];
	json_t *json =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:I, s:o}", "name",
			  e->name, "region", policy->regions[e->region].name,
			  "step", explanation_step_name(why->step), "reason",
			  explanation_reason(x, i, reason, sizeof(reason)),
			  "verdict", verdict_name(view->health.verdict),
			  "share", accept_share(view->accept), "weight",
			  (json_int_t)view->weight, "at", write_place(&e->at));

	if (json == NULL)
		return NULL;
	if (why->step == STEP_KEPT)
		json_object_set_new(json, "tier", json_integer(why->tier + 1));
	if (why->spilled != ACCEPT_ALL)
		json_object_set_new(json, "spilled",
				    json_real(1 - accept_share(why->spilled)));
	if (why->way.ms > 0) {
		json_object_set_new(json, "expected_ms",
				    json_real(why->way.ms));
		json_object_set_new(json, "measured",
				    json_boolean(why->way.near.count > 0 ||
						 why->way.users > 0));
	}
	if (why->way.users > 0)
		json_object_set_new(json, "users",
				    json_integer(why->way.users));
	if (why->way.near.count > 0)
		json_object_set_new(json, "vantages", write_near(x, i));
	if (subject_parts(x->subject, e->name) != NULL)
		json_object_set_new(json, "parts",
				    json_deep_copy(subject_parts(x->subject,
								 e->name)));
	if (why->residency != POLICY_NONE)
		json_object_set_new(
			json, "residency",
			json_string(policy->residency[why->residency].name));
	return json;
}

static void append_addresses(json_t *list, const struct net_addr *addrs,
			     size_t count)
{
	char buf[NET_TEXT_SIZE];

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(net_addr_text(&addrs[i],
								      buf)));
}

static json_t *write_answer(const struct explanation *x)
{
	const struct policy_service *service =
		&x->subject->policy->services[x->service];
	json_t *list = json_array();

	for (unsigned i = 0; i < x->pick_count; i++) {
		const struct policy_endpoint *e =
			&service->endpoints[x->picks[i]];
		json_t *addresses = json_array();

		append_addresses(addresses, e->a, e->a_count);
		append_addresses(addresses, e->aaaa, e->aaaa_count);
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:s*}", "endpoint",
						e->name, "addresses", addresses,
						"cname", e->cname));
	}
	return list;
}

/* By type, whose addresses the client gets; NULL when that is the answer. */
static json_t *write_families(const struct explanation *x)
{
	const struct policy_service *service =
		&x->subject->policy->services[x->service];
	json_t *families = x->differ ? json_object() : NULL;

	for (size_t i = 0; x->differ && i < 2; i++) {
		const struct explanation_family *f = &x->families[i];
		json_t *names = json_array();

		for (unsigned j = 0; j < f->pick_count; j++)
			json_array_append_new(
				names,
				json_string(
					service->endpoints[f->picks[j]].name));
		json_object_set_new(families, f->type, names);
	}
	return families;
}

/* NULL when the service has no such records. */
static json_t *write_binding(const struct policy_binding *b)
{
	json_t *alpn = NULL;

	if (b->at.line == 0)
		return NULL;
	if (b->alpn_count > 0)
		alpn = json_array();
	for (size_t i = 0; i < b->alpn_count; i++)
		json_array_append_new(alpn, json_string(b->alpn[i]));
	return json_pack("{s:i, s:s, s:o*, s:b, s:i, s:i}", "priority",
			 (int)b->priority, "target", b->target, "alpn", alpn,
			 "no_default_alpn", b->no_default_alpn, "port",
			 (int)b->port, "ech_octets", (int)b->ech_octets);
}

/* NULL when nothing of it is frozen. */
static json_t *write_freezes(const struct explanation *x)
{
	const struct view *view = x->subject->view;
	const struct command *c = NULL;
	json_t *list = NULL;
	char until[CIVIL_TEXT_SIZE];

	while ((c = frozen_next(view, (size_t)x->service, c)) != NULL) {
		if (list == NULL)
			list = json_array();
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "id",
					c->id, "target", c->target, "author",
					c->author, "reason", c->reason, "until",
					civil_text(c->wall_expires_ms / 1000,
						   until)));
	}
	return list;
}

/* NULL when nothing is told of it. */
static json_t *write_demand(const struct explanation *x)
{
	const struct plan_demand *d =
		x->subject->view->services[x->service].demand;
	char until[CIVIL_TEXT_SIZE];

	if (d == NULL)
		return NULL;
	return json_pack("{s:f, s:I, s:I, s:s*}", "demand", d->demand,
			 "responders", (json_int_t)d->responders, "edges",
			 (json_int_t)d->edges, "counted_until",
			 d->responders == 0
				 ? NULL
				 : civil_text(d->wall_counted_ms / 1000,
					      until));
}

void explanation_print_json(const struct explanation *x)
{
	const struct policy_service *service =
		&x->subject->policy->services[x->service];
	char health[EXPRESSION_TEXT_SIZE];
	json_t *endpoints = json_array();
	json_t *json;

	expression_text(x->subject->policy, service, health, sizeof(health));
	for (size_t i = 0; i < service->endpoint_count; i++)
		json_array_append_new(endpoints, write_endpoint(x, i));
	json = json_pack(
		"{s:o, s:{s:s, s:s, s:s*, s:s*, s:o}, s:o, s:o, s:s, s:b, s:b, s:i, "
		"s:I, s:o*, s:o*, s:o*, s:o*, s:o*}",
		"client", write_client(x), "service", "name", service->name,
		"steer", steer_name(service->steer), "unmonitored",
		policy_unmonitored(x->subject->policy, service), "health",
		health[0] == '\0' ? NULL : health, "at",
		write_place(&service->at), "endpoints", endpoints, "answer",
		write_answer(x), "note",
		row_note_name((enum row_note)x->row.note), "panic", x->panic,
		"draw", x->draw, "scope_bits", (int)x->scope_bits, "ttl_s",
		(json_int_t)x->ttl_s, "families", write_families(x), "https",
		write_binding(&service->https), "svcb",
		write_binding(&service->svcb), "freezes", write_freezes(x),
		"demand", write_demand(x));
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	printf("\n");
	json_decref(json);
}
