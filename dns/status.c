/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/status.h"

#include "dns/local.h"
#include "dns/model.h"
#include "dns/stats.h"
#include "policy/decide/geo.h"
#include "policy/decide/quorum.h"
#include "policy/decide/view.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stdlib.h>

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

static json_t *write_endpoint(const struct policy *policy,
			      const struct policy_endpoint *declared,
			      const struct view_endpoint *e)
{
	return json_pack("{s:s, s:s, s:s, s:b, s:f, s:I, s:s, s:s}", "endpoint",
			 declared->name, "region",
			 policy->regions[declared->region].name, "verdict",
			 verdict_name(e->health.verdict), "held",
			 (int)e->health.held, "share", accept_share(e->accept),
			 "weight", (json_int_t)e->weight, "cause",
			 cause_name(e->cause), "ref", e->cause_ref);
}

static json_t *write_service(const struct status *status, size_t service)
{
	const struct policy *policy = status->view->policy;
	const struct policy_service *declared = &policy->services[service];
	const struct view_service *s = &status->view->services[service];
	json_t *endpoints = json_array();
	bool ok = endpoints != NULL;

	for (size_t e = 0; ok && e < declared->endpoint_count; e++)
		ok = json_array_append_new(
			     endpoints,
			     write_endpoint(policy, &declared->endpoints[e],
					    &s->endpoints[e])) == 0;
	if (!ok) {
		json_decref(endpoints);
		return NULL;
	}
	return json_pack("{s:s, s:b, s:I, s:o}", "service", declared->name,
			 "changing", (int)s->changing, "answers",
			 (json_int_t)stats_service(status->stats, service),
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

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
			 "answers", (json_int_t)sum.answers, "udp",
			 (json_int_t)stats_transport(&sum, STATS_UDP), "tcp",
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

json_t *status_write(const struct status *status)
{
	json_t *json = write_node(&status->node);
	bool ok;

	if (json == NULL)
		return NULL;
	ok = json_object_set_new(json, "ok", json_true()) == 0 &&
	     json_object_set_new(json, "services", write_services(status)) ==
		     0 &&
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
