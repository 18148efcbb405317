/* SPDX-License-Identifier: Apache-2.0 */
/* edge_metrics: each counter at its name, and the manual knows every name. */
#include "steering/edge/edge_metrics.h"

#include "steering/edge/driver.h"
#include "tests/unit/scraped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct driver_kind kind = { .name = "haproxy" };

static void write_all(void *arg, struct openmetrics *out)
{
	edge_metrics_write(out, arg);
}

static char *scrape(enum openmetrics_form form)
{
	struct driver driver = {
		.kind = &kind,
		.place = "/run/h.sock",
		.sequence = 8,
		.trouble = "on fire",
		.counters = { .applies = 10,
			      .errors = 2,
			      .changes = 3,
			      .returns = 1 },
	};
	struct driver *const drivers[] = { &driver };
	struct edge_metrics m = {
		.node = { .name = "edge",
			  .plan_epoch = 3,
			  .plan_sequence = 7,
			  .wall_applied_ms = 1500,
			  .refused = 4,
			  .local_count = 2,
			  .trouble = "t" },
		.drivers = drivers,
		.driver_count = 1,
		.bus_up = true,
	};
	return scraped(form, write_all, &m);
}

static void test_samples(void **state)
{
	static const char *const samples[] = {
		"windrose_edge_plan_epoch 3",
		"windrose_edge_plan_sequence 7",
		"windrose_edge_plan_applied_timestamp_seconds 1.5",
		"windrose_edge_refused_plans_total 4",
		"windrose_edge_local_commands 2",
		"windrose_edge_trouble 1",
		"windrose_edge_bus_connected 1",
		"windrose_edge_proxy_applies_total{kind=\"haproxy\","
		"place=\"/run/h.sock\"} 10",
		"windrose_edge_proxy_errors_total{kind=\"haproxy\","
		"place=\"/run/h.sock\"} 2",
		"windrose_edge_proxy_changes_total{kind=\"haproxy\","
		"place=\"/run/h.sock\"} 3",
		"windrose_edge_proxy_returns_total{kind=\"haproxy\","
		"place=\"/run/h.sock\"} 1",
		"windrose_edge_proxy_plan_sequence{kind=\"haproxy\","
		"place=\"/run/h.sock\"} 8",
		"windrose_edge_proxy_trouble{kind=\"haproxy\","
		"place=\"/run/h.sock\"} 1",
		NULL,
	};
	char *text = scrape(OPENMETRICS_1_0);

	(void)state;
	scraped_has(text, samples);
	free(text);
}

static void test_manual_has_all(void **state)
{
	char *text = scrape(PROMETHEUS_0_0_4);

	(void)state;
	scraped_is_in_manual(text, "windrose-edge.8");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_manual_has_all),
	};

	return cmocka_run_group_tests_name("edge metrics", tests, NULL, NULL);
}
