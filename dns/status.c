/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/status.h"

#include "dns/model.h"
#include "dns/sign/signers.h"
#include "dns/stats.h"
#include "policy/base/clock.h"
#include "policy/bus/local.h"
#include "policy/decide/geo.h"
#include "policy/decide/health_json.h"
#include "policy/decide/parts.h"
#include "policy/decide/pin_json.h"
#include "policy/decide/view.h"
#include "policy/keys/keyring.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const char *cause_name(enum share_cause cause)
{
	static const char *const names[] = {
		[SHARE_FULL] = "full",
		[SHARE_COMMAND] = "command",
		[SHARE_RAMP] = "ramp",
		[SHARE_CANARY] = "canary",
	};

	return names[cause];
}

static json_t *write_endpoint(const struct status *status, size_t service,
			      size_t endpoint)
{
	const struct policy *policy = status->view->policy;
	const struct policy_endpoint *declared =
		&policy->services[service].endpoints[endpoint];
	const struct view_endpoint *e =
		&status->view->services[service].endpoints[endpoint];
	json_t *json =
		json_pack("{s:s, s:s, s:f, s:I, s:s, s:s, s:o*}", "endpoint",
			  declared->name, "region",
			  policy->regions[declared->region].name, "share",
			  accept_share(e->accept), "weight",
			  (json_int_t)e->weight, "cause", cause_name(e->cause),
			  "ref", e->cause_ref, "parts",
			  parts_write(status->view, service, endpoint,
				      status->reports));

	if (health_json_put(json, policy, e))
		return json;
	json_decref(json);
	return NULL;
}

static json_t *write_service(const struct status *status, size_t service)
{
	const struct policy *policy = status->view->policy;
	const struct policy_service *declared = &policy->services[service];
	const struct view_service *s = &status->view->services[service];
	json_t *endpoints = json_array();
	bool ok = endpoints != NULL;

	for (size_t e = 0; ok && e < declared->endpoint_count; e++)
		ok = json_array_append_new(endpoints,
					   write_endpoint(status, service,
							  e)) == 0;
	if (!ok) {
		json_decref(endpoints);
		return NULL;
	}
	return json_pack("{s:s, s:s*, s:b, s:b, s:i, s:I, s:o*, s:o}",
			 "service", declared->name, "unmonitored",
			 policy_unmonitored(policy, declared), "changing",
			 (int)s->changing, "panic", (int)s->panic.anywhere,
			 "healthy_pct", (int)panic_left_pct(&s->panic),
			 "answers",
			 (json_int_t)stats_service(status->stats, service),
			 "pins",
			 s->pin_count == 0 ? NULL
					   : pins_write(status->view, service),
			 "endpoints", endpoints);
}

static json_t *write_services(const struct status *status)
{
	json_t *services = json_array();
	bool ok = services != NULL;

	for (size_t s = 0; ok && s < status->view->policy->service_count; s++)
		ok = json_array_append_new(services,
					   write_service(status, s)) == 0;
	if (ok)
		return services;
	json_decref(services);
	return NULL;
}

/* "NOERROR": n, ...; those never sent are left out. */
static json_t *write_rcodes(const struct stats_sum *sum)
{
	json_t *rcodes = json_object();

	for (size_t i = 0; i < STATS_RCODES; i++) {
		uint64_t answers = stats_rcode(sum, i);
		char name[STATS_RCODE_NAME_SIZE];

		if (answers == 0)
			continue;
		json_object_set_new(rcodes, stats_rcode_name(i, name),
				    json_integer((json_int_t)answers));
	}
	return rcodes;
}

static json_t *write_stats(const struct stats *stats)
{
	struct stats_sum sum = stats_sum(stats);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
			 "answers", (json_int_t)sum.answers, "udp",
			 (json_int_t)stats_transport(&sum, STATS_UDP), "xdp",
			 (json_int_t)stats_transport(&sum, STATS_XDP), "tcp",
			 (json_int_t)stats_transport(&sum, STATS_TCP), "dot",
			 (json_int_t)stats_transport(&sum, STATS_DOT),
			 "truncated", (json_int_t)sum.events[STATS_TRUNCATED],
			 "ecs", (json_int_t)sum.events[STATS_ECS], "silent",
			 (json_int_t)sum.events[STATS_SILENT], "unsent",
			 (json_int_t)sum.events[STATS_UNSENT], "rcodes",
			 write_rcodes(&sum));
}

static json_t *write_model(const struct status *status)
{
	struct geo_size size = geo_size(status->model->geo);

	return json_pack("{s:s, s:I, s:I, s:I, s:I}", "digest",
			 status->model->policy->digest, "classes",
			 (json_int_t)geo_class_count(status->model->geo),
			 "networks", (json_int_t)size.networks_read, "octets",
			 (json_int_t)size.octets, "load_ms",
			 (json_int_t)status->load_ms);
}

/* The node's record as it goes over the bus, as an object to add to. */
static json_t *write_node(const struct node *node)
{
	size_t len;
	char *text = node_write(node, &len);
	json_t *json = text == NULL ? NULL : json_loadb(text, len, 0, NULL);

	free(text);
	return json;
}

static json_t *write_time(int64_t when_s)
{
	char text[CLOCK_TEXT_SIZE];

	if (when_s == DNSKEY_NEVER)
		return json_null();
	return json_string(clock_wall_text(when_s * 1000, text));
}

static json_t *write_key(const struct keyring *ring, size_t index,
			 int64_t now_s)
{
	const struct dnskey *key = &ring->keys[index];
	int64_t next_s;
	const char *next = dnskey_next(key, now_s, &next_s);

	return json_pack("{s:i, s:s, s:s, s:s, s:s?, s:o}", "tag",
			 (int)key->tag, "algorithm",
			 secret_algorithm(key->algorithm)->name, "role",
			 keyring_role(ring, index), "state",
			 dnskey_state(key, now_s), "next", next, "next_at",
			 write_time(next_s));
}

static json_t *write_signed(const struct signed_zone *zone, int64_t now_s)
{
	json_t *keys = json_array();

	for (size_t i = 0; keys != NULL && i < zone->keys->count; i++)
		json_array_append_new(keys, write_key(zone->keys, i, now_s));
	return json_pack("{s:s, s:b, s:o, s:o}", "zone", zone->keys->zone,
			 "signed", 1, "until", write_time(zone->span.until_s),
			 "keys", keys);
}

static json_t *write_zone(const struct status *status, const char *name)
{
	const struct signed_zones *signing = status->signing;

	for (size_t i = 0; signing != NULL && i < signing->count; i++)
		if (strcmp(signing->list[i].keys->zone, name) == 0)
			return write_signed(&signing->list[i],
					    status->node.wall_made_ms / 1000);
	return json_pack("{s:s, s:b}", "zone", name, "signed", 0);
}

static json_t *write_zones(const struct status *status)
{
	const struct policy *policy = status->model->policy;
	json_t *zones = json_array();

	for (size_t i = 0; zones != NULL && i < policy->zone_count; i++)
		json_array_append_new(zones, write_zone(status,
							policy->zones[i].name));
	return zones;
}

json_t *status_write(const struct status *status)
{
	json_t *json = write_node(&status->node);
	bool ok;

	if (json == NULL)
		return NULL;
	ok = json_object_set_new(json, "ok", json_true()) == 0 &&
	     json_object_set_new(json, "services", write_services(status)) ==
		     0 &&
	     json_object_set_new(json, "zones", write_zones(status)) == 0 &&
	     json_object_set_new(json, "local", local_write(status->local)) ==
		     0 &&
	     json_object_set_new(json, "stats", write_stats(status->stats)) ==
		     0 &&
	     json_object_set_new(json, "model", write_model(status)) == 0;
	if (ok)
		return json;
	json_decref(json);
	return NULL;
}
