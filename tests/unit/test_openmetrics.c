/* SPDX-License-Identifier: Apache-2.0 */
/* openmetrics: the same families in both forms, escaped as each says. */
#include "policy/base/openmetrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct metric_family answers = { "w_answers", METRIC_COUNTER, NULL,
					      "Answers, \"all\"\\of\nthem." };
static const struct metric_family build = { "w_build", METRIC_INFO, NULL,
					    "Version." };
static const struct metric_family age = { "w_age_seconds", METRIC_GAUGE,
					  "seconds", "Age." };
static const struct metric_label hostile[] = {
	{ "a", "x\"y\\z\nend" },
	{ "b", "" },
};

static const struct metric_labels none = { NULL, 0 };

static void write_all(struct openmetrics *out)
{
	openmetrics_family(out, &answers);
	openmetrics_count(out, (struct metric_labels){ hostile, 2 },
			  UINT64_MAX);
	openmetrics_count(out, none, 0);
	openmetrics_family(out, &build);
	openmetrics_count(out, (struct metric_labels){ hostile + 1, 1 }, 1);
	openmetrics_family(out, &age);
	openmetrics_real(out, none, 1795249200.125);
	openmetrics_real(out, none, -0.5);
	openmetrics_real(out, none, INFINITY);
	openmetrics_real(out, none, -INFINITY);
	openmetrics_real(out, none, (double)NAN);
	assert_true(openmetrics_end(out));
}

static void expect(enum openmetrics_form form, const char *wanted)
{
	struct openmetrics out = { .form = form };

	write_all(&out);
	assert_int_equal(out.len, strlen(wanted));
	assert_memory_equal(out.text, wanted, out.len);
	openmetrics_fini(&out);
}

static void test_openmetrics_form(void **state)
{
	(void)state;
	expect(OPENMETRICS_1_0,
	       "# TYPE w_answers counter\n"
	       "# HELP w_answers Answers, \\\"all\\\"\\\\of\\nthem.\n"
	       "w_answers_total{a=\"x\\\"y\\\\z\\nend\",b=\"\"} "
	       "18446744073709551615\n"
	       "w_answers_total 0\n"
	       "# TYPE w_build info\n"
	       "# HELP w_build Version.\n"
	       "w_build_info{b=\"\"} 1\n"
	       "# TYPE w_age_seconds gauge\n"
	       "# UNIT w_age_seconds seconds\n"
	       "# HELP w_age_seconds Age.\n"
	       "w_age_seconds 1795249200.125\n"
	       "w_age_seconds -0.5\n"
	       "w_age_seconds +Inf\n"
	       "w_age_seconds -Inf\n"
	       "w_age_seconds NaN\n"
	       "# EOF\n");
}

static void test_prometheus_form(void **state)
{
	(void)state;
	expect(PROMETHEUS_0_0_4,
	       "# TYPE w_answers_total counter\n"
	       "# HELP w_answers_total Answers, \"all\"\\\\of\\nthem.\n"
	       "w_answers_total{a=\"x\\\"y\\\\z\\nend\",b=\"\"} "
	       "18446744073709551615\n"
	       "w_answers_total 0\n"
	       "# TYPE w_build_info gauge\n"
	       "# HELP w_build_info Version.\n"
	       "w_build_info{b=\"\"} 1\n"
	       "# TYPE w_age_seconds gauge\n"
	       "# HELP w_age_seconds Age.\n"
	       "w_age_seconds 1795249200.125\n"
	       "w_age_seconds -0.5\n"
	       "w_age_seconds +Inf\n"
	       "w_age_seconds -Inf\n"
	       "w_age_seconds NaN\n");
}

static void test_it_grows(void **state)
{
	struct openmetrics out = { .form = OPENMETRICS_1_0 };
	enum { SAMPLES = 100000, LINE = 12 };

	(void)state;
	openmetrics_family(&out, &age);
	for (size_t i = 0; i < SAMPLES; i++)
		openmetrics_count(&out, none, 1);
	assert_true(openmetrics_end(&out));
	assert_true(out.len > SAMPLES * LINE);
	assert_memory_equal(out.text + out.len - 6, "# EOF\n", 6);
	openmetrics_fini(&out);
	assert_null(out.text);
}

/* clang-format off */
static const struct accept_row {
	const char *accept;
	enum openmetrics_form form;
} accepts[] = {
	{ NULL, PROMETHEUS_0_0_4 },
	{ "", PROMETHEUS_0_0_4 },
	{ "*/*", PROMETHEUS_0_0_4 },
	{ "text/plain;version=0.0.4", PROMETHEUS_0_0_4 },
	{ "application/openmetrics-text", OPENMETRICS_1_0 },
	{ "Application/OpenMetrics-Text; version=1.0.0", OPENMETRICS_1_0 },
	{ "application/openmetrics-text;version=1.0.0;q=0.8,"
	  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", OPENMETRICS_1_0 },
	{ "text/plain , application/openmetrics-text", OPENMETRICS_1_0 },
	{ "application/openmetrics-text;q=0", PROMETHEUS_0_0_4 },
	{ "application/openmetrics-text; version=1.0.0; q=0.0, */*",
	  PROMETHEUS_0_0_4 },
	{ "application/openmetrics-text, text/plain;q=0", OPENMETRICS_1_0 },
	{ "application/openmetrics-textual", PROMETHEUS_0_0_4 },
	{ "application/openmetrics-text;", OPENMETRICS_1_0 },
};
/* clang-format on */

static void test_accept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++) {
		printf("# \"%s\"\n",
		       accepts[i].accept == NULL ? "" : accepts[i].accept);
		assert_int_equal(openmetrics_choose(accepts[i].accept),
				 accepts[i].form);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openmetrics_form),
		cmocka_unit_test(test_prometheus_form),
		cmocka_unit_test(test_it_grows),
		cmocka_unit_test(test_accept),
	};

	return cmocka_run_group_tests_name("openmetrics", tests, NULL, NULL);
}
