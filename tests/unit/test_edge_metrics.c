/* SPDX-License-Identifier: Apache-2.0 */
/* edge_metrics: each counter at its name, and the manual knows every name. */
#include "steering/edge/edge_metrics.h"

#include "policy/base/openmetrics.h"
#include "steering/edge/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct driver_kind kind = { .name = "haproxy" };

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
	const struct edge_metrics m = {
		.node = { .name = "edge",
			  .version = "0.1",
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
	struct openmetrics out = { .form = form };
	char *text;

	edge_metrics_write(&out, &m);
	assert_true(openmetrics_end(&out));
	text = strndup(out.text, out.len);
	openmetrics_fini(&out);
	assert_non_null(text);
	return text;
}

static void test_samples(void **state)
{
	static const char *const samples[] = {
		"windrose_build_info{version=\"0.1\"} 1\n",
		"windrose_edge_plan_epoch 3\n",
		"windrose_edge_plan_sequence 7\n",
		"windrose_edge_plan_applied_timestamp_seconds 1.5\n",
		"windrose_edge_refused_plans_total 4\n",
		"windrose_edge_local_commands 2\n",
		"windrose_edge_trouble 1\n",
		"windrose_edge_bus_connected 1\n",
		"windrose_edge_proxy_applies_total{kind=\"haproxy\","
		"place=\"/run/h.sock\"} 10\n",
		"windrose_edge_proxy_errors_total{kind=\"haproxy\","
		"place=\"/run/h.sock\"} 2\n",
		"windrose_edge_proxy_changes_total{kind=\"haproxy\","
		"place=\"/run/h.sock\"} 3\n",
		"windrose_edge_proxy_returns_total{kind=\"haproxy\","
		"place=\"/run/h.sock\"} 1\n",
		"windrose_edge_proxy_plan_sequence{kind=\"haproxy\","
		"place=\"/run/h.sock\"} 8\n",
		"windrose_edge_proxy_trouble{kind=\"haproxy\","
		"place=\"/run/h.sock\"} 1\n",
	};
	char *text = scrape(OPENMETRICS_1_0);

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		if (strstr(text, samples[i]) == NULL)
			fail_msg("no %s in\n%s", samples[i], text);
	free(text);
}

static char *read_manual(void)
{
	const char *srcdir = getenv("SRCDIR");
	static char text[1 << 18];
	char path[4096];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s/contrib/man/windrose-edge.8",
		 srcdir == NULL ? "." : srcdir);
	file = fopen(path, "r");
	assert_non_null(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

/* Prometheus' older form names each family as its sample: as manuals do. */
static void test_manual_has_all(void **state)
{
	char *text = scrape(PROMETHEUS_0_0_4);
	const char *manual = read_manual();
	unsigned count = 0;

	(void)state;
	for (char *line = text; (line = strstr(line, "# TYPE ")) != NULL;
	     line++) {
		char wanted[128];
		int len = (int)strcspn(line + 7, " ");

		snprintf(wanted, sizeof(wanted), ".It Va %.*s\n", len,
			 line + 7);
		if (strstr(manual, wanted) == NULL)
			fail_msg("the manual has no %s", wanted);
		count++;
	}
	assert_int_equal(count, 14);
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
