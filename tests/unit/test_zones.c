/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zones: a policy of several zones, read from its files as a responder reads
 * it, and asked: which zone answers, chains from one into another, DNAME, RFC
 * 4592's own examples.
 */
#include "dns/model.h"
#include "dns/table.h"
#include "policy/base/error.h"
#include "policy/decide/view.h"
#include "policy/language/policy.h"
#include "tests/unit/cases.h"
#include "tests/unit/geo_double.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CASES_MIN = 90 };

/* Nobody is known anywhere: one class that may go everywhere. */
static struct geo *nowhere(void)
{
	struct geo *geo = calloc(1, sizeof(*geo));

	assert_non_null(geo);
	geo->class_count = 1;
	geo->classes[0] =
		(struct client_class){ .unknown = true, .regions = 1 };
	return geo;
}

static int load(void **state)
{
	const struct view_input in = { .now_ms = 1000000, .wall_ms = 1000000 };
	struct errors errs = { 0 };
	struct policy *policy;
	struct model *model;
	struct view *view;
	char path[1024];

	snprintf(path, sizeof(path), "%s/tests/data/dns/zones",
		 getenv("SRCDIR"));
	policy = policy_load(path, &errs);
	errors_print(&errs, stderr);
	assert_non_null(policy);
	model = model_of(policy, nowhere(), NULL, &errs);
	assert_non_null(model);
	view = view_reduce(policy, &in);
	assert_non_null(view);
	*state = table_build(model, view, NULL);
	assert_non_null(*state);
	view_free(view);
	model_unref(model);
	errors_fini(&errs);
	return 0;
}

static int unload(void **state)
{
	table_free(*state);
	return 0;
}

static void test_cases(void **state)
{
	cases_run(*state, "zones.cases", CASES_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cases, load, unload),
	};

	return cmocka_run_group_tests_name("zones", tests, NULL, NULL);
}
