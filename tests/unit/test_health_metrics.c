/* SPDX-License-Identifier: Apache-2.0 */
/* health_metrics: each figure at its name, and the manual knows every name. */
#include "health/health_metrics.h"

#include "policy/bus/report.h"
#include "tests/unit/scraped.h"

struct scene {
	struct report_entry entries[4];
	struct report report;
	uint64_t measures[MEASURE_OUTCOMES];
	struct canvass_source sources[2];
	struct health_metrics metrics;
};

static void set_up(struct scene *s)
{
	*s = (struct scene){
		.entries = { { .service = "api",
			       .endpoint = "a",
			       .state = REPORT_CLOSED,
			       .latency_ms = 12.5F,
			       .certificate_left_s = -60 },
			     { .service = "www",
			       .endpoint = "a",
			       .state = REPORT_OPEN },
			     { .service = "www",
			       .endpoint = "b",
			       .state = REPORT_HALF_OPEN },
			     { .service = "www",
			       .endpoint = "c",
			       .state = REPORT_CLOSED,
			       .latency_ms = 2 } },
		.report = { .count = 4, .abstains = true },
		.metrics = { .node = { .alarm_count = 2,
				       .trouble = "t",
				       .next_digest = "n" },
			     .probes = 3,
			     .load = { .in_flight = 1,
				       .in_flight_max = 512,
				       .waiting = 6,
				       .late_p50_ms = 2,
				       .late_p99_ms = 80,
				       .late_max_ms = 250 },
			     .doubt = { .mistrusts = true,
					.failing = 4,
					.anchors = 8,
					.lost = 5 },
			     .tally = { .openings = 9 },
			     .bus_up = true },
	};
	s->metrics.tally.outcomes[OUTCOME_OK] = 100;
	s->metrics.tally.outcomes[OUTCOME_TIMEOUT] = 7;
	s->metrics.tally.outcomes[OUTCOME_LOCAL] = 1;
	s->measures[MEASURE_OK] = 50;
	s->measures[MEASURE_TIMEOUT] = 2;
	s->metrics.measures = s->measures;
	s->sources[0] = (struct canvass_source){ "prometheus", false };
	s->sources[1] = (struct canvass_source){ "prometheus-2", true };
	s->metrics.sources = s->sources;
	s->metrics.source_count = 2;
	s->report.entries = s->entries;
	s->metrics.report = &s->report;
}

static void write_all(void *arg, struct openmetrics *out)
{
	health_metrics_write(out, arg);
}

static void test_samples(void **state)
{
	static const char *const lines[] = {
		"windrose_health_probes_total{outcome=\"ok\"} 100",
		"windrose_health_probes_total{outcome=\"timeout\"} 7",
		"windrose_health_probes_total{outcome=\"local\"} 1",
		"windrose_health_probes_total{outcome=\"status\"} 0",
		"windrose_health_openings_total 9",
		"windrose_health_late_seconds{rank=\"p50\"} 0.002",
		"windrose_health_late_seconds{rank=\"p99\"} 0.08",
		"windrose_health_late_seconds{rank=\"max\"} 0.25",
		"windrose_health_rounds_probes 3",
		"windrose_health_in_flight 1",
		"windrose_health_in_flight_max 512",
		"windrose_health_waiting 6",
		"windrose_health_failing_probes 4",
		"windrose_health_anchors 8",
		"windrose_health_lost_anchors 5",
		"windrose_health_mistrusts 1",
		"windrose_health_abstains 1",
		"windrose_health_alarms 2",
		"windrose_health_policy_next 1",
		"windrose_health_policy_refused 0",
		"windrose_health_trouble 1",
		"windrose_health_bus_connected 1",
		"windrose_health_prometheus_measures_total{outcome=\"ok\"} 50",
		"windrose_health_prometheus_measures_total{"
		"outcome=\"timeout\"} 2",
		"windrose_health_prometheus_measures_total{"
		"outcome=\"no connection\"} 0",
		"windrose_health_prometheus_failing{source=\"prometheus\"} 0",
		"windrose_health_prometheus_failing{source=\"prometheus-2\"} 1",
		"windrose_health_endpoints{service=\"api\",state=\"closed\"} 1",
		"windrose_health_endpoints{service=\"www\",state=\"open\"} 1",
		"windrose_health_endpoints{service=\"www\",state=\"half-open\"} 1",
		"windrose_health_endpoints{service=\"www\",state=\"closed\"} 1",
		"windrose_health_endpoints{service=\"www\",state=\"unknown\"} 0",
		"windrose_health_down{service=\"www\",endpoint=\"a\"} 1",
		"windrose_health_down{service=\"www\",endpoint=\"b\"} 1",
		"windrose_health_latency_seconds{service=\"api\","
		"endpoint=\"a\"} 0.0125",
		"windrose_health_certificate_left_seconds{service=\"api\","
		"endpoint=\"a\"} -60",
		NULL,
	};
	struct scene s;
	char *text;

	(void)state;
	set_up(&s);
	text = scraped(OPENMETRICS_1_0, write_all, &s.metrics);
	scraped_has(text, lines);
	assert_null(strstr(text, "windrose_health_down{service=\"www\","
				 "endpoint=\"c\"}"));
	assert_null(strstr(text, "certificate_left_seconds{service=\"www\""));
	free(text);
}

/* Without memory for a report there is no endpoint, and it is no vote. */
static void test_no_report(void **state)
{
	static const char *const lines[] = { "windrose_health_abstains 1",
					     NULL };
	struct scene s;
	char *text;

	(void)state;
	set_up(&s);
	s.metrics.report = NULL;
	text = scraped(OPENMETRICS_1_0, write_all, &s.metrics);
	scraped_has(text, lines);
	assert_null(strstr(text, "endpoint=\""));
	free(text);
}

static void test_manual_has_all(void **state)
{
	struct scene s;
	char *text;

	(void)state;
	set_up(&s);
	text = scraped(PROMETHEUS_0_0_4, write_all, &s.metrics);
	scraped_is_in_manual(text, "windrose-health.8");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_no_report),
		cmocka_unit_test(test_manual_has_all),
	};

	return cmocka_run_group_tests_name("health metrics", tests, NULL, NULL);
}
