/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/metrics.h"

#include "dns/condition.h"
#include "dns/model.h"
#include "dns/sign/signers.h"
#include "dns/stats.h"
#include "policy/base/openmetrics.h"
#include "policy/bus/plan.h"
#include "policy/decide/geo.h"
#include "policy/decide/view.h"
#include "policy/keys/keyring.h"
#include "policy/language/policy.h"

#include <stddef.h>

static const struct metric_labels unlabelled = { NULL, 0 };

static double seconds(int64_t ms)
{
	return (double)ms / 1e3;
}

/* RCODEs of today's answers are shown before the first one, too: a rate that
 * begins at 0 can be alerted on. */
static bool is_common(size_t rcode)
{
	return rcode <= 5 || rcode == 16 || rcode == 23;
}

static void put_answers(struct openmetrics *out, const struct stats_sum *sum)
{
	static const struct metric_family family = {
		"windrose_dns_answers",
		METRIC_COUNTER,
		NULL,
		"Answers sent, by transport and RCODE.",
	};
	static const char *const transports[STATS_TRANSPORTS] = {
		[STATS_UDP] = "udp",
		[STATS_XDP] = "xdp",
		[STATS_TCP] = "tcp",
		[STATS_DOT] = "dot",
	};

	openmetrics_family(out, &family);
	for (size_t t = 0; t < STATS_TRANSPORTS; t++)
		for (size_t rcode = 0; rcode < STATS_RCODES; rcode++) {
			char name[STATS_RCODE_NAME_SIZE];
			const struct metric_label labels[] = {
				{ "transport", transports[t] },
				{ "rcode", stats_rcode_name(rcode, name) },
			};
			uint64_t answers = sum->rcodes[t][rcode];

			if (answers > 0 || is_common(rcode))
				openmetrics_count(out,
						  (struct metric_labels){
							  labels, 2 },
						  answers);
		}
}

static void put_zones(struct openmetrics *out, const struct metrics *m)
{
	static const struct metric_family family = {
		"windrose_dns_zone_answers",
		METRIC_COUNTER,
		NULL,
		"Answers about names in a zone.",
	};
	const struct policy *policy = m->model->policy;

	openmetrics_family(out, &family);
	for (size_t z = 0; z < policy->zone_count; z++) {
		const struct metric_label zone = { "zone",
						   policy->zones[z].name };

		openmetrics_count(out, (struct metric_labels){ &zone, 1 },
				  stats_zone(m->stats, z));
	}
}

static bool has_endpoint(const struct policy_service *service, size_t region)
{
	for (size_t e = 0; e < service->endpoint_count; e++)
		if (service->endpoints[e].region == (int)region)
			return true;
	return false;
}

static void put_pair(struct openmetrics *out, const struct metrics *m,
		     size_t service, size_t region)
{
	const struct policy *policy = m->model->policy;
	const struct metric_label labels[] = {
		{ "service", policy->services[service].name },
		{ "region", region == STATS_NO_REGION
				    ? ""
				    : policy->regions[region].name },
	};
	uint64_t answers = stats_pair(m->stats, service, region);

	if (answers > 0 || region == STATS_NO_REGION ||
	    has_endpoint(&policy->services[service], region))
		openmetrics_count(out, (struct metric_labels){ labels, 2 },
				  answers);
}

static void put_services(struct openmetrics *out, const struct metrics *m)
{
	static const struct metric_family family = {
		"windrose_dns_service_answers",
		METRIC_COUNTER,
		NULL,
		"Answers about a service, by the region of the first endpoint "
		"named; region is empty when the answer names none.",
	};
	const struct policy *policy = m->model->policy;

	openmetrics_family(out, &family);
	for (size_t s = 0; s < policy->service_count; s++) {
		for (size_t r = 0; r < policy->region_count; r++)
			put_pair(out, m, s, r);
		put_pair(out, m, s, STATS_NO_REGION);
	}
}

static void put_home(struct openmetrics *out, const struct metrics *m,
		     size_t service, size_t home)
{
	const struct policy *policy = m->model->policy;
	const struct metric_label labels[] = {
		{ "service", policy->services[service].name },
		{ "home",
		  home == DEMAND_NOWHERE ? "" : policy->regions[home].name },
	};
	uint64_t queries = stats_home(m->stats, service, home);

	if (queries > 0)
		openmetrics_count(out, (struct metric_labels){ labels, 2 },
				  queries);
}

static void put_homes(struct openmetrics *out, const struct metrics *m)
{
	static const struct metric_family family = {
		"windrose_dns_service_queries",
		METRIC_COUNTER,
		NULL,
		"Queries about a service that were answered, by the region "
		"that is nearest to who asked; home is empty when nobody knows "
		"where that is.",
	};
	const struct policy *policy = m->model->policy;

	openmetrics_family(out, &family);
	for (size_t s = 0; s < policy->service_count; s++) {
		for (size_t r = 0; r < policy->region_count; r++)
			put_home(out, m, s, r);
		put_home(out, m, s, DEMAND_NOWHERE);
	}
}

/* clang-format off */
static const struct event_row {
	struct metric_family family;
	enum stats_event event;
} events[] = {
	{ { "windrose_dns_truncated_answers", METRIC_COUNTER, NULL,
	    "Answers with TC set." }, STATS_TRUNCATED },
	{ { "windrose_dns_ecs_answers", METRIC_COUNTER, NULL,
	    "Answers to queries with a client subnet." }, STATS_ECS },
	{ { "windrose_dns_dnssec_ok_answers", METRIC_COUNTER, NULL,
	    "Answers to queries with DO set." }, STATS_DNSSEC_OK },
	{ { "windrose_dns_silent_messages", METRIC_COUNTER, NULL,
	    "Messages received that deserve no answer." }, STATS_SILENT },
	{ { "windrose_dns_unsent_answers", METRIC_COUNTER, NULL,
	    "Answers that the kernel did not take." }, STATS_UNSENT },
	{ { "windrose_dns_rate_dropped_answers", METRIC_COUNTER, NULL,
	    "Answers dropped by the rate limit." }, STATS_LIMITED },
	{ { "windrose_dns_rate_slipped_answers", METRIC_COUNTER, NULL,
	    "Answers over the rate limit that were sent cut, or as errors." },
	  STATS_SLIPPED },
	{ { "windrose_dns_accepted_connections", METRIC_COUNTER, NULL,
	    "TCP and TLS connections taken in." }, STATS_ACCEPTED },
};

static const struct close_row {
	enum stats_event event;
	const char *cause;
} closes[] = {
	{ STATS_CLOSED_CLIENT, "client" },
	{ STATS_CLOSED_ERROR, "error" },
	{ STATS_CLOSED_IDLE, "idle" },
	{ STATS_CLOSED_UNREAD, "unread" },
	{ STATS_CLOSED_LIMIT, "limit" },
	{ STATS_CLOSED_STOP, "stop" },
};
/* clang-format on */

static void put_events(struct openmetrics *out, const struct stats_sum *sum)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		openmetrics_family(out, &events[i].family);
		openmetrics_count(out, unlabelled,
				  sum->events[events[i].event]);
	}
}

static void put_connections(struct openmetrics *out,
			    const struct stats_sum *sum)
{
	static const struct metric_family closed = {
		"windrose_dns_closed_connections",
		METRIC_COUNTER,
		NULL,
		"TCP and TLS connections closed, by cause.",
	};
	static const struct metric_family open = {
		"windrose_dns_open_connections",
		METRIC_GAUGE,
		NULL,
		"TCP and TLS connections open now.",
	};
	uint64_t gone = 0;

	openmetrics_family(out, &closed);
	for (size_t i = 0; i < sizeof(closes) / sizeof(closes[0]); i++) {
		const struct metric_label cause = { "cause", closes[i].cause };

		openmetrics_count(out, (struct metric_labels){ &cause, 1 },
				  sum->events[closes[i].event]);
		gone += sum->events[closes[i].event];
	}
	openmetrics_family(out, &open);
	/* Read one after the other: a close may be seen before its accept. */
	openmetrics_count(out, unlabelled,
			  sum->events[STATS_ACCEPTED] > gone
				  ? sum->events[STATS_ACCEPTED] - gone
				  : 0);
}

static void put_policy(struct openmetrics *out, const struct metrics *m)
{
	static const struct metric_family policy = {
		"windrose_dns_policy",
		METRIC_INFO,
		NULL,
		"The policy in force.",
	};
	const struct metric_label labels[] = {
		{ "digest", m->model->policy->digest },
		{ "node", m->node.name },
	};

	openmetrics_family(out, &policy);
	openmetrics_count(out, (struct metric_labels){ labels, 2 }, 1);
}

/* clang-format off */
static void put_model(struct openmetrics *out, const struct metrics *m)
{
	struct geo_size geo = geo_size(m->model->geo);
	const struct metric_plain rows[] = {
		{ { "windrose_dns_policy_load_duration_seconds", METRIC_GAUGE,
		    "seconds", "How long the policy and its databases took to "
		    "load." }, seconds(m->load_ms) },
		{ { "windrose_dns_policy_loaded_timestamp_seconds",
		    METRIC_GAUGE, "seconds", "When the policy in force was "
		    "loaded." }, seconds(m->wall_loaded_ms) },
		{ { "windrose_dns_services", METRIC_GAUGE, NULL,
		    "Services of the policy." },
		  (double)m->model->policy->service_count },
		{ { "windrose_dns_geo_built_timestamp_seconds", METRIC_GAUGE,
		    "seconds", "When the newest of the geo databases was "
		    "built." }, seconds(geo.wall_built_ms) },
		{ { "windrose_dns_geo_networks", METRIC_GAUGE, NULL,
		    "Networks read from the geo databases." },
		  (double)geo.networks_read },
		{ { "windrose_dns_geo_classes", METRIC_GAUGE, NULL,
		    "Client classes that the policy makes of them." },
		  (double)geo_class_count(m->model->geo) },
		{ { "windrose_dns_geo_memory_bytes", METRIC_GAUGE, "bytes",
		    "Memory of the client classes and their tables." },
		  (double)geo.octets },
	};

	openmetrics_plain(out, rows, sizeof(rows) / sizeof(rows[0]));
}

static void put_state(struct openmetrics *out, const struct metrics *m)
{
	const struct metric_plain rows[] = {
		{ { "windrose_dns_plan_epoch", METRIC_GAUGE, NULL,
		    "Epoch of the plan in force; 0 without one." },
		  (double)m->node.plan_epoch },
		{ { "windrose_dns_plan_sequence", METRIC_GAUGE, NULL,
		    "Sequence of the plan in force; 0 without one." },
		  (double)m->node.plan_sequence },
		{ { "windrose_dns_plan_applied_timestamp_seconds",
		    METRIC_GAUGE, "seconds", "When the plan in force was "
		    "applied; 0 without one." },
		  seconds(m->node.wall_applied_ms) },
		{ { "windrose_dns_refused_plans", METRIC_COUNTER, NULL,
		    "Plans offered and not taken: unsigned, older, or beyond "
		    "this software." }, (double)m->node.refused },
		{ { "windrose_dns_published_tables", METRIC_COUNTER, NULL,
		    "Decision tables published to the workers." },
		  (double)m->tables },
		{ { "windrose_dns_dnstap_lost_messages", METRIC_COUNTER, NULL,
		    "Messages for dnstap that found their queue full." },
		  (double)m->lost_copies },
		{ { "windrose_dns_xdp_lost_packets", METRIC_COUNTER, NULL,
		    "Packets that came for XDP and found no room." },
		  (double)m->lost_packets },
		{ { "windrose_dns_local_commands", METRIC_GAUGE, NULL,
		    "Break-glass commands in force on this node alone." },
		  (double)m->node.local_count },
		{ { "windrose_dns_trouble", METRIC_GAUGE, NULL,
		    "1 when the node's record says that something is wrong." },
		  m->node.trouble[0] != '\0' },
		{ { "windrose_dns_bus_configured", METRIC_GAUGE, NULL,
		    "1 when there is a bus to follow." }, m->has_bus },
		{ { "windrose_dns_bus_connected", METRIC_GAUGE, NULL,
		    "1 when the bus is connected." }, m->bus_up },
	};

	openmetrics_plain(out, rows, sizeof(rows) / sizeof(rows[0]));
}

/* A row for every kind that may stand in a plan, so that none is missed. */
static void put_commands(struct openmetrics *out, const struct metrics *m)
{
	static const struct metric_family family = {
		"windrose_dns_plan_commands",
		METRIC_GAUGE,
		NULL,
		"Commands of people that the plan in force has, by kind.",
	};
	static const enum command_kind kinds[] = {
		COMMAND_DRAIN, COMMAND_UNDRAIN, COMMAND_FAILOVER,
		COMMAND_WEIGHT, COMMAND_FREEZE,  COMMAND_PIN,
	};
	size_t count = m->plan == NULL ? 0 : m->plan->command_count;

	openmetrics_family(out, &family);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct metric_label kind = {
			"kind",
			command_kind_name(kinds[i]),
		};
		uint64_t found = 0;

		for (size_t j = 0; j < count; j++)
			found += m->plan->commands[j].kind == kinds[i];
		openmetrics_count(out, (struct metric_labels){ &kind, 1 },
				  found);
	}
}

static void put_signing(struct openmetrics *out, const struct metrics *m)
{
	static const struct metric_family expiry = {
		"windrose_dns_signature_expiry_timestamp_seconds", METRIC_GAUGE,
		"seconds", "When the first signature of a zone expires.",
	};
	const struct metric_plain rows[] = {
		{ { "windrose_dns_signatures", METRIC_COUNTER, NULL,
		    "Signatures made." },
		  m->signing == NULL ? 0 : (double)m->signing->made },
		{ { "windrose_dns_failed_signings", METRIC_COUNTER, NULL,
		    "Times that zones could not be signed as they should." },
		  (double)m->failed_signings },
	};

	openmetrics_plain(out, rows, sizeof(rows) / sizeof(rows[0]));
	openmetrics_family(out, &expiry);
	for (size_t i = 0; m->signing != NULL && i < m->signing->count; i++) {
		const struct signed_zone *zone = &m->signing->list[i];
		const struct metric_label label = { "zone", zone->keys->zone };

		openmetrics_real(out, (struct metric_labels){ &label, 1 },
				 (double)zone->span.until_s);
	}
}
/* clang-format on */

static void put_reloads(struct openmetrics *out, const struct metrics *m)
{
	static const struct metric_family family = {
		"windrose_dns_reloads",
		METRIC_COUNTER,
		NULL,
		"Reloads since the start, by result.",
	};
	const struct metric_label good = { "result", "ok" };
	const struct metric_label bad = { "result", "failed" };

	openmetrics_family(out, &family);
	openmetrics_count(out, (struct metric_labels){ &good, 1 }, m->reloads);
	openmetrics_count(out, (struct metric_labels){ &bad, 1 },
			  m->failed_reloads);
}

void metrics_write(struct openmetrics *out, const struct metrics *metrics)
{
	struct stats_sum sum = stats_sum(metrics->stats);

	put_policy(out, metrics);
	put_answers(out, &sum);
	put_zones(out, metrics);
	put_services(out, metrics);
	put_homes(out, metrics);
	if (metrics->view != NULL)
		condition_put(out, &(struct condition){ metrics->view,
							metrics->reports });
	put_events(out, &sum);
	put_connections(out, &sum);
	put_reloads(out, metrics);
	put_model(out, metrics);
	put_state(out, metrics);
	put_commands(out, metrics);
	put_signing(out, metrics);
}
