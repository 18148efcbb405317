/* SPDX-License-Identifier: Apache-2.0 */
/* haproxy: from what it says of itself and a plan to what it is told. */
#include "steering/edge/haproxy.h"

#include "policy/base/error.h"
#include "policy/bus/plan.h"
#include "steering/edge/orders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                        \
	"1\n# be_id be_name srv_id srv_name srv_addr srv_op_state " \
	"srv_admin_state srv_uweight srv_iweight srv_time_since_last_change\n"
#define SERVER(be, name, admin, weight, configured)                        \
	"3 " be " 1 " name " 127.0.0.1 2 " admin " " weight " " configured \
	" 9 6 3 4 6 0 0 0 - 8080 - 0 0 - - 0\n"
#define THREE                                          \
	HEAD SERVER("www", "us", "0", "100", "100")    \
		SERVER("www", "eu", "0", "100", "100") \
			SERVER("api", "eu", "0", "7", "7") "\n"

/* clang-format off */
static const struct row {
	const char *title;
	const char *state;
	struct plan_share shares[3];
	size_t count;
	const char *commands; /* NULL: none, but */
	const char *error;
} rows[] = {
	{ "nothing to do", THREE, { { .service = "" } }, 0, "", NULL },
	{ "half", THREE,
	  { { .service = "www", .endpoint = "us", .share = 0.5, .weight = -1 } }, 1,
	  "set server www/us weight 50\n", NULL },
	{ "one in a thousand is not none", THREE,
	  { { .service = "www", .endpoint = "us", .share = 0.001, .weight = -1 } }, 1,
	  "set server www/us weight 1\n", NULL },
	{ "none drains", THREE,
	  { { .service = "www", .endpoint = "us", .share = 0, .weight = -1 } }, 1,
	  "set server www/us state drain\n", NULL },
	{ "a weight of its own", THREE,
	  { { .service = "www", .endpoint = "us", .share = 0.5, .weight = 40 } }, 1,
	  "set server www/us weight 20\n", NULL },
	{ "no more than HAProxy's largest", THREE,
	  { { .service = "www", .endpoint = "us", .share = 1, .weight = 1000 } }, 1,
	  "set server www/us weight 256\nset server www/eu weight 26\n", NULL },
	{ "back before away, so that there is always one",
	  HEAD SERVER("www", "us", "0", "100", "100") SERVER("www", "eu", "8", "100", "100"),
	  { { .service = "www", .endpoint = "us", .share = 0, .weight = -1 } }, 1,
	  "set server www/eu state ready\nset server www/us state drain\n", NULL },
	{ "forgotten changes are taken back",
	  HEAD SERVER("www", "us", "0", "3", "100") SERVER("www", "eu", "8", "100", "100"),
	  { { .service = "" } }, 0,
	  "set server www/us weight 100\nset server www/eu state ready\n", NULL },
	{ "another service's share is not ours", THREE,
	  { { .service = "api", .endpoint = "us", .share = 0, .weight = -1 } }, 1,
	  "", NULL },
	{ "a canary that is not here takes nobody here", THREE,
	  { { .service = "www", .endpoint = "v2", .share = 0.1, .weight = -1, .cause = PLAN_CANARY } }, 1,
	  "", NULL },
	{ "a canary's server has a dot in its name",
	  HEAD SERVER("www", "us", "0", "100", "100") SERVER("www", "v2.us", "0", "100", "100"),
	  { { .service = "www", .endpoint = "v2/us", .share = 0.1, .weight = -1, .cause = PLAN_CANARY } }, 1,
	  "set server www/us weight 90\nset server www/v2.us weight 10\n", NULL },
	{ "a canary through its last step takes all",
	  HEAD SERVER("www", "us", "0", "100", "100") SERVER("www", "v2.us", "8", "100", "7"),
	  { { .service = "www", .endpoint = "v2/us", .share = 1, .weight = -1, .cause = PLAN_CANARY } }, 1,
	  "set server www/v2.us state ready\nset server www/us state drain\n", NULL },
	{ "a canary that the plan does not name takes nobody",
	  HEAD SERVER("www", "us", "0", "100", "100") SERVER("www", "v2.us", "0", "100", "100"),
	  { { .service = "" } }, 0, "set server www/v2.us state drain\n", NULL },
	{ "somebody's maintenance stays",
	  HEAD SERVER("www", "us", "1", "100", "100") SERVER("www", "eu", "4", "100", "100") SERVER("www", "ap", "0", "9", "9"),
	  { { .service = "www", .endpoint = "us", .share = 0, .weight = -1 } }, 1, "", NULL },
	{ "who is in maintenance takes nobody",
	  HEAD SERVER("www", "us", "0", "100", "100") SERVER("www", "eu", "1", "100", "100"),
	  { { .service = "www", .endpoint = "us", .share = 0, .weight = -1 } }, 1,
	  NULL, "the plan leaves backend \"www\" no server; what it has is kept" },
	{ "an unknown server", THREE,
	  { { .service = "www", .endpoint = "ap", .share = 0, .weight = -1 } }, 1,
	  NULL, "HAProxy has no server www/ap" },
	{ "never an empty backend", THREE,
	  { { .service = "www", .endpoint = "us", .share = 0, .weight = -1 },
	    { .service = "www", .endpoint = "eu", .share = 0, .weight = -1 } }, 2,
	  NULL, "the plan leaves backend \"www\" no server; what it has is kept" },
	{ "an unknown backend", HEAD SERVER("web", "us", "0", "1", "1"), { { .service = "" } }, 0,
	  NULL, "HAProxy has no backend \"www\"; see --backend" },
};

static const struct garbage {
	const char *title, *text;
} garbages[] = {
	{ "nothing",             "" },
	{ "another version",     "2\n# x\n" },
	{ "an error",            "Unknown command.\n" },
	{ "a line cut short",    HEAD "3 www 1 us 127.0.0.1 2 0" },
	{ "a weight of letters", HEAD SERVER("www", "us", "0", "x", "1") },
	{ "a weight too large",  HEAD SERVER("www", "us", "0", "257", "1") },
	{ "a name of nothing",   HEAD "3 www 1  127.0.0.1 2 0 1 1 9\n" },
	{ "a name that ends a command", HEAD SERVER("www", "us;quit", "0", "1", "1") },
	{ "a name too long",     HEAD SERVER("www", "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu", "0", "1", "1") },
};
/* clang-format on */

static void test_commands(void **state)
{
	const struct haproxy_route route = { "www", NULL, "www" };
	const struct haproxy_config config = { .routes = &route,
					       .route_count = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct plan_share shares[3];
		struct plan plan = {
			.shares = shares,
			.share_count = row->count,
		};
		const struct orders orders = { .plan = &plan };
		struct haproxy_state now;
		struct error err = { 0 };
		char *got;

		memcpy(shares, row->shares, sizeof(shares));
		if (!haproxy_state_parse(row->state, strlen(row->state), &now,
					 &err))
			fail_msg("%s: %s", row->title, err.text);
		plan_sort(&plan);
		got = haproxy_commands(&now, &orders, &config, &err);
		assert_non_null(got);
		if (strcmp(got, row->commands == NULL ? "" : row->commands) !=
			    0 ||
		    strcmp(err.text, row->error == NULL ? "" : row->error) != 0)
			fail_msg("%s: got \"%s\" or \"%s\"", row->title, got,
				 err.text);
		free(got);
		haproxy_state_fini(&now);
	}
}

/* A canary with a backend of its own: thresholds in a map. */
#define COHORT(us, eu, v2us, v2eu)                           \
	HEAD SERVER("www", "us", "0", us, "100")             \
		SERVER("www", "eu", "0", eu, "100")          \
			SERVER("www2", "us", "0", v2us, "1") \
				SERVER("www2", "eu", "0", v2eu, "1")

/* clang-format off */
static const struct cohort_row {
	const char *title, *state, *map;
	double us, eu; /* the canary's shares */
	const char *commands;
} cohort_rows[] = {
	{ "the first time", COHORT("100", "100", "1", "1"), "", 0.05, 0.05,
	  "set server www2/us weight 256\nset server www2/eu weight 256\n"
	  "add map /m www/v2 214748364\n" },
	{ "growing: servers before the map", COHORT("100", "100", "256", "1"), "0x55 www/v2 214748364\n", 0.1, 0.1,
	  "set server www2/eu weight 256\nset map /m www/v2 429496729\n" },
	{ "aborted: the map, and the servers stay as they are", COHORT("100", "100", "256", "256"), "0x55 www/v2 429496729\n", 0, 0,
	  "set map /m www/v2 0\n" },
	{ "in one region of two", COHORT("100", "100", "256", "256"), "0x55 www/v2 0\n", 0.5, 0,
	  "set server www/us weight 50\nset server www2/eu state drain\n"
	  "set map /m www/v2 1073741824\n" },
	{ "all: what has no session still has a server", COHORT("100", "100", "256", "256"), "0x55 www/v2 0\n0x66 other x\n", 1, 1,
	  "set map /m www/v2 4294967296\n" },
};
/* clang-format on */

static void test_cohorts(void **state)
{
	const struct haproxy_route routes[] = { { "www", "v2", "www2" },
						{ "www", NULL, "www" } };
	const struct haproxy_config config = { .routes = routes,
					       .route_count = 2,
					       .map = "/m" };

	(void)state;
	for (size_t i = 0; i < sizeof(cohort_rows) / sizeof(cohort_rows[0]);
	     i++) {
		const struct cohort_row *row = &cohort_rows[i];
		struct plan_share shares[] = {
			{ "www", "v2/eu", row->eu, -1, PLAN_CANARY, "v2", 0,
			  0 },
			{ "www", "v2/us", row->us, -1, PLAN_CANARY, "v2", 0,
			  0 },
		};
		const struct plan plan = { .shares = shares, .share_count = 2 };
		const struct orders orders = { .plan = &plan };
		struct haproxy_state now;
		struct error err = { 0 };
		char *got;

		assert_true(haproxy_state_parse(row->state, strlen(row->state),
						&now, &err));
		assert_true(haproxy_map_parse(row->map, strlen(row->map), &now,
					      &err));
		got = haproxy_commands(&now, &orders, &config, &err);
		assert_non_null(got);
		if (strcmp(got, row->commands) != 0 || err.text[0] != '\0')
			fail_msg("%s: got \"%s\" or \"%s\"", row->title, got,
				 err.text);
		free(got);
		haproxy_state_fini(&now);
	}
}

/* clang-format off */
static const struct answer_row {
	const char *title, *text;
	const char *error; /* NULL: all is well */
} answers[] = {
	{ "nothing",         "",                     NULL },
	{ "empty lines",     "\n\n\n",               NULL },
	{ "one that is not", "\n\nNo such server.\n\n", "HAProxy says: No such server." },
	{ "cut short",       "Perm",                 "HAProxy says: Perm" },
};
/* clang-format on */

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer_row *row = &answers[i];
		struct error err = { 0 };

		assert_int_equal(haproxy_done_parse(row->text,
						    strlen(row->text), &err),
				 row->error == NULL);
		assert_string_equal(err.text,
				    row->error == NULL ? "" : row->error);
	}
}

/* A map that is not there is told in HAProxy's own words. */
static void test_no_map(void **state)
{
	static const char text[] = "Unknown map identifier. Please use #<id> "
				   "or <file>.\n";
	struct haproxy_state now = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_false(haproxy_map_parse(text, sizeof(text) - 1, &now, &err));
	assert_non_null(strstr(err.text, "Unknown map identifier"));
	haproxy_state_fini(&now);
}

/* A mistake with one service must not hold up the drain of another. */
static void test_a_bad_route_holds_up_no_other(void **state)
{
	const struct haproxy_route routes[] = { { "gone", NULL, "gone" },
						{ "www", NULL, "www" } };
	const struct haproxy_config config = { .routes = routes,
					       .route_count = 2 };
	struct plan_share share = {
		.service = "www",
		.endpoint = "us",
		.weight = -1,
	};
	const struct plan plan = { .shares = &share, .share_count = 1 };
	const struct orders orders = { .plan = &plan };
	struct haproxy_state now;
	struct error err = { 0 };
	char *got;

	(void)state;
	assert_true(haproxy_state_parse(THREE, strlen(THREE), &now, &err));
	got = haproxy_commands(&now, &orders, &config, &err);
	assert_string_equal(got, "set server www/us state drain\n");
	assert_string_equal(err.text,
			    "HAProxy has no backend \"gone\"; see --backend");
	free(got);
	haproxy_state_fini(&now);
}

static void test_garbage_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(garbages) / sizeof(garbages[0]); i++) {
		struct haproxy_state now;
		struct error err = { 0 };

		if (haproxy_state_parse(garbages[i].text,
					strlen(garbages[i].text), &now, &err))
			fail_msg("%s: was taken", garbages[i].title);
		assert_true(err.text[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_cohorts),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_no_map),
		cmocka_unit_test(test_a_bad_route_holds_up_no_other),
		cmocka_unit_test(test_garbage_is_refused),
	};

	return cmocka_run_group_tests_name("haproxy", tests, NULL, NULL);
}
