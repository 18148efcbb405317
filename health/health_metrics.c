/* SPDX-License-Identifier: Apache-2.0 */
#include "health/health_metrics.h"

#include "policy/base/openmetrics.h"
#include "policy/bus/report.h"

#include <stdint.h>
#include <string.h>

static double seconds(float ms)
{
	return (double)ms / 1e3;
}

static void put_outcomes(struct openmetrics *out, const struct rounds_tally *t)
{
	static const struct metric_family family = {
		"windrose_health_probes",
		METRIC_COUNTER,
		NULL,
		"Probes that ended, by what they saw.",
	};

	openmetrics_family(out, &family);
	for (int i = OUTCOME_OK; i < OUTCOME_COUNT; i++) {
		const struct metric_label label = {
			"outcome", outcome_word((enum outcome)i)
		};

		openmetrics_count(out, (struct metric_labels){ &label, 1 },
				  t->outcomes[i]);
	}
}

static void put_lateness(struct openmetrics *out, const struct rounds_load *l)
{
	static const struct metric_family family = {
		"windrose_health_late_seconds",
		METRIC_GAUGE,
		"seconds",
		"How late probes start, of the last thousand or so.",
	};
	const struct {
		const char *name;
		float ms;
	} ranks[] = { { "p50", l->late_p50_ms },
		      { "p99", l->late_p99_ms },
		      { "max", l->late_max_ms } };

	openmetrics_family(out, &family);
	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
		const struct metric_label label = { "rank", ranks[i].name };

		openmetrics_real(out, (struct metric_labels){ &label, 1 },
				 seconds(ranks[i].ms));
	}
}

/* clang-format off */
static void put_plain(struct openmetrics *out, const struct health_metrics *m)
{
	const struct metric_plain rows[] = {
		{ { "windrose_health_openings", METRIC_COUNTER, NULL,
		    "Times that a breaker opened." },
		  (double)m->tally.openings },
		{ { "windrose_health_rounds_probes", METRIC_GAUGE, NULL,
		    "Probes that are made over and over; endpoints which share "
		    "one count once." }, (double)m->probes },
		{ { "windrose_health_in_flight", METRIC_GAUGE, NULL,
		    "Probes under way." }, (double)m->load.in_flight },
		{ { "windrose_health_in_flight_max", METRIC_GAUGE, NULL,
		    "Probes that may be under way at once." },
		  (double)m->load.in_flight_max },
		{ { "windrose_health_waiting", METRIC_GAUGE, NULL,
		    "Probes that are due and wait for room." },
		  (double)m->load.waiting },
		{ { "windrose_health_failing_probes", METRIC_GAUGE, NULL,
		    "Probes that failed when they were made last, without "
		    "those in shadow." }, (double)m->doubt.failing },
		{ { "windrose_health_anchors", METRIC_GAUGE, NULL,
		    "Anchors of this vantage." }, (double)m->doubt.anchors },
		{ { "windrose_health_lost_anchors", METRIC_GAUGE, NULL,
		    "Anchors that do not answer." }, (double)m->doubt.lost },
		{ { "windrose_health_mistrusts", METRIC_GAUGE, NULL,
		    "1 while this vantage mistrusts itself." },
		  m->doubt.mistrusts },
		{ { "windrose_health_abstains", METRIC_GAUGE, NULL,
		    "1 while its report is no vote." },
		  m->report == NULL || m->report->abstains },
		{ { "windrose_health_alarms", METRIC_GAUGE, NULL,
		    "What is wrong with responders, as their answers say." },
		  (double)m->node.alarm_count },
		{ { "windrose_health_policy_next", METRIC_GAUGE, NULL,
		    "1 while a policy on its way is probed by as well, and "
		    "each of its endpoints was." },
		  m->node.next_digest[0] != '\0' },
		{ { "windrose_health_policy_refused", METRIC_GAUGE, NULL,
		    "1 while a published policy cannot be probed by." },
		  m->node.refused_digest[0] != '\0' },
		{ { "windrose_health_trouble", METRIC_GAUGE, NULL,
		    "1 when the node's record says that something is wrong." },
		  m->node.trouble[0] != '\0' },
		{ { "windrose_health_bus_connected", METRIC_GAUGE, NULL,
		    "1 when the bus is connected." }, m->bus_up },
	};

	openmetrics_plain(out, rows, sizeof(rows) / sizeof(rows[0]));
}
/* clang-format on */

static void put_measures(struct openmetrics *out, const uint64_t *measures)
{
	static const struct metric_family family = {
		"windrose_health_prometheus_measures",
		METRIC_COUNTER,
		NULL,
		"Times that a Prometheus was asked of users, by what came.",
	};

	openmetrics_family(out, &family);
	for (int i = MEASURE_OK; i < MEASURE_OUTCOMES; i++) {
		const struct metric_label label = {
			"outcome", measure_outcome_name((enum measure_outcome)i)
		};

		openmetrics_count(out, (struct metric_labels){ &label, 1 },
				  measures[i]);
	}
}

static void put_sources(struct openmetrics *out, const struct health_metrics *m)
{
	static const struct metric_family family = {
		"windrose_health_prometheus_failing",
		METRIC_GAUGE,
		NULL,
		"1 while a Prometheus that is asked does not tell of users.",
	};

	openmetrics_family(out, &family);
	for (size_t i = 0; i < m->source_count; i++) {
		const struct metric_label label = { "source",
						    m->sources[i].name };

		openmetrics_count(out, (struct metric_labels){ &label, 1 },
				  m->sources[i].failing);
	}
}

/* Entries are in the order of the policy: those of a service stand together. */
static size_t service_end(const struct report *r, size_t first)
{
	size_t end = first;

	while (end < r->count &&
	       strcmp(r->entries[end].service, r->entries[first].service) == 0)
		end++;
	return end;
}

static void put_states_of(struct openmetrics *out, const struct report *r,
			  size_t first, size_t end)
{
	for (int state = REPORT_UNKNOWN; state <= REPORT_HALF_OPEN; state++) {
		const struct metric_label labels[] = {
			{ "service", r->entries[first].service },
			{ "state",
			  report_state_name((enum report_state)state) },
		};
		uint64_t count = 0;

		for (size_t i = first; i < end; i++)
			count += (int)r->entries[i].state == state;
		openmetrics_count(out, (struct metric_labels){ labels, 2 },
				  count);
	}
}

static void put_states(struct openmetrics *out, const struct report *r)
{
	static const struct metric_family family = {
		"windrose_health_endpoints",
		METRIC_GAUGE,
		NULL,
		"Endpoints of a service, by what this vantage holds of them.",
	};
	size_t end;

	openmetrics_family(out, &family);
	for (size_t first = 0; first < r->count; first = end) {
		end = service_end(r, first);
		put_states_of(out, r, first, end);
	}
}

/* What is told of each endpoint, where there is something to tell. */
static bool is_out(const struct report_entry *e, double *value)
{
	*value = 1;
	return e->state == REPORT_OPEN || e->state == REPORT_HALF_OPEN;
}

static bool has_latency(const struct report_entry *e, double *value)
{
	*value = seconds(e->latency_ms);
	return e->latency_ms > 0;
}

static bool has_certificate(const struct report_entry *e, double *value)
{
	*value = (double)e->certificate_left_s;
	return e->certificate_left_s != 0;
}

static const struct endpoint_row {
	struct metric_family family;
	bool (*value)(const struct report_entry *e, double *value);
} endpoint_rows[] = {
	{ { "windrose_health_down", METRIC_GAUGE, NULL,
	    "1 for each endpoint that this vantage holds to be down." },
	  is_out },
	{ { "windrose_health_latency_seconds", METRIC_GAUGE, "seconds",
	    "Latency of an endpoint that is reported." },
	  has_latency },
	{ { "windrose_health_certificate_left_seconds", METRIC_GAUGE, "seconds",
	    "What is left of the life of an endpoint's certificate." },
	  has_certificate },
};

static void put_endpoints(struct openmetrics *out, const struct report *r,
			  const struct endpoint_row *row)
{
	openmetrics_family(out, &row->family);
	for (size_t i = 0; i < r->count; i++) {
		const struct report_entry *e = &r->entries[i];
		const struct metric_label labels[] = {
			{ "service", e->service },
			{ "endpoint", e->endpoint },
		};
		double value;

		if (row->value(e, &value))
			openmetrics_real(out,
					 (struct metric_labels){ labels, 2 },
					 value);
	}
}

void health_metrics_write(struct openmetrics *out,
			  const struct health_metrics *m)
{
	static const struct report none = { .count = 0 };
	const struct report *report = m->report == NULL ? &none : m->report;

	put_outcomes(out, &m->tally);
	put_lateness(out, &m->load);
	put_plain(out, m);
	put_measures(out, m->measures);
	put_sources(out, m);
	put_states(out, report);
	for (size_t i = 0; i < sizeof(endpoint_rows) / sizeof(endpoint_rows[0]);
	     i++)
		put_endpoints(out, report, &endpoint_rows[i]);
}
