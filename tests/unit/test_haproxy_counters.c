/* SPDX-License-Identifier: Apache-2.0 */
/* haproxy_counters, ledger: from HAProxy's counters to what an edge tells. */
#include "policy/base/error.h"
#include "policy/bus/plan.h"
#include "steering/edge/haproxy_counters.h"
#include "steering/edge/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                               \
	"# pxname,svname,stot,econ,eresp,wretr,wredis,last,type,hrsp_1xx," \
	"hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,srv_abrt,mode,-\n"

/* clang-format off */
static const struct parse_row {
	const char *title, *text;
	size_t count;
	const char *error; /* a part of it; NULL: it is read */
} parses[] = {
	{ "none", HEAD "\n", 0, NULL },
	{ "a server", HEAD "b,a,1,0,0,0,0,x,2,0,1,0,0,0,0,0,http,\n", 1, NULL },
	{ "other kinds", HEAD "b,BACKEND,1,0,0,0,0,,1,0,1,0,0,0,0,0,http,\nf,FRONTEND,,,,,,,0,,,,,,,,http,\n", 0, NULL },
	{ "quotes", HEAD "b,a,1,0,0,0,0,\"Layer4 \"\"x\"\", y\nz\",2,0,1,0,0,0,0,0,http,\nb,c,1,0,0,0,0,\"\",2,0,1,0,0,0,0,0,http,\n", 2, NULL },
	{ "a quote without end", HEAD "b,a,1,0,0,0,0,\"x,2,0,1,0,0,0,0,0,http,\n", 0, NULL },
	{ "tcp has no answers", HEAD "b,a,1,0,0,0,0,,2,,,,,,,0,tcp,\n", 1, NULL },
	{ "cut short", HEAD "b,a,1,0,0,0,0,x,2,0,1\n", 0, "server 1 are not understood" },
	{ "no number", HEAD "b,a,1,0,0,0,0,x,2,0,one,0,0,0,0,0,http,\n", 0, "server 1 are not" },
	{ "a negative one", HEAD "b,a,-1,0,0,0,0,x,2,0,1,0,0,0,0,0,http,\n", 0, "server 1 are not" },
	{ "too large a one", HEAD "b,a,999999999999999999999,0,0,0,0,x,2,0,1,0,0,0,0,0,http,\n", 0, "server 1 are not" },
	{ "no name", HEAD "b,,1,0,0,0,0,x,2,0,1,0,0,0,0,0,http,\n", 0, "server 1 are not" },
	{ "nothing", "", 0, "did not answer" },
	{ "another answer", "Unknown command: 'show'\n", 0, "did not answer" },
	{ "a column is missing", "# pxname,svname,stot\n", 0, "have no column hrsp_1xx" },
};
/* clang-format on */

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(parses) / sizeof(parses[0]); i++) {
		const struct parse_row *row = &parses[i];
		struct haproxy_counters c = { .count = 77 };
		struct error err = { .text = "" };
		bool ok = haproxy_counters_parse(row->text, strlen(row->text),
						 &c, &err);

		if (ok != (row->error == NULL) ||
		    (!ok && strstr(err.text, row->error) == NULL))
			fail_msg("%s: %s", row->title,
				 ok ? "was read" : err.text);
		if (c.count != (ok ? row->count : 77))
			fail_msg("%s: %zu servers", row->title, c.count);
		if (ok)
			haproxy_counters_fini(&c);
	}
}

/* As HAProxy 2.6 counted what the titles say. */
/* clang-format off */
static const struct growth_row {
	const char *title;
	bool tcp;
	uint64_t before[HAPROXY_COUNTERS], now[HAPROXY_COUNTERS];
	uint64_t requests, errors;
} growths[] = {
	/*                          stot 1xx 2xx 3xx 4xx 5xx oth econ eresp wretr wredis abrt */
	{ "two pass, a 404, a 500, a 503", false, { 0 },
	  { 5, 0, 2, 0, 1, 2, 0, 0, 0, 0, 0, 0 }, 5, 2 },
	{ "one closed, one timed out, one broke off after 200", false, { 0 },
	  { 3, 0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 1 }, 3, 3 },
	{ "no connection, retried once each", false, { 0 },
	  { 6, 0, 0, 0, 0, 0, 0, 3, 0, 3, 0, 0 }, 3, 3 },
	{ "another server was tried instead", false, { 0 },
	  { 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0 }, 5, 5 },
	{ "a 500 that broke off is one", false, { 0 },
	  { 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1 }, 1, 1 },
	{ "sessions that run are no requests yet", false, { 0 },
	  { 9, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 1, 0 },
	{ "sessions of tcp", true, { 0 },
	  { 6, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 0 }, 4, 2 },
	{ "only what came since", false,
	  { 9, 0, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0 },
	  { 12, 0, 7, 0, 0, 5, 0, 0, 0, 0, 0, 0 }, 3, 1 },
	{ "nothing since", false,
	  { 9, 0, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0 },
	  { 9, 0, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0 }, 0, 0 },
	{ "a restart: all has come since", false,
	  { 9, 0, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0 },
	  { 3, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0 }, 3, 1 },
	{ "a restart that shows in one counter alone", false,
	  { 9, 0, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0 },
	  { 9, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 9, 0 },
};
/* clang-format on */

static void test_growth(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(growths) / sizeof(growths[0]); i++) {
		const struct growth_row *row = &growths[i];
		struct haproxy_counted before = { .http = !row->tcp };
		struct haproxy_counted now = before;
		struct served_count grown;

		memcpy(before.counters, row->before, sizeof(row->before));
		memcpy(now.counters, row->now, sizeof(row->now));
		grown = haproxy_growth(&before, &now);
		if (grown.requests != row->requests ||
		    grown.errors != row->errors)
			fail_msg("%s: %ju of %ju", row->title,
				 (uintmax_t)grown.errors,
				 (uintmax_t)grown.requests);
	}
}

static struct haproxy_counters read_text(const char *text)
{
	struct haproxy_counters c;
	struct error err = { .text = "" };

	if (!haproxy_counters_parse(text, strlen(text), &c, &err))
		fail_msg("%s", err.text);
	return c;
}

#define SERVER(backend, name, passed, failed)                             \
	backend "," name ",9,0,0,0,0,,2,0," passed ",0,0," failed ",0,0," \
		"http,\n"

static void must_tell(const struct ledger *ledger, const char *endpoint,
		      const char *canary, uint64_t requests, uint64_t errors)
{
	const struct served_row *row =
		served_find(&ledger->served, "www", endpoint, canary);

	if (row == NULL)
		fail_msg("no row of %s, %s", endpoint, canary);
	assert_int_equal(row->count.requests, requests);
	assert_int_equal(row->count.errors, errors);
}

static void test_enter(void **state)
{
	static const struct haproxy_route list[] = { { "www", NULL, "web" },
						     { "www", "v3", "web3" } };
	const struct haproxy_routes routes = { list, 2 };
	struct plan_share shares[] = {
		{ .service = "www", .endpoint = "v2/eu-1" },
	};
	const struct plan plan = { .shares = shares, .share_count = 1 };
	struct haproxy_counters first =
		read_text(HEAD SERVER("web", "us.1", "4", "1")
				  SERVER("web", "eu-1", "100", "0")
					  SERVER("api", "eu-1", "7", "7"));
	struct haproxy_counters next = read_text(
		HEAD SERVER("web", "eu-1", "103", "2")
			SERVER("web", "v2.eu-1", "5", "1") SERVER("web", "us.1",
								  "1", "0")
				SERVER("web3", "eu-1", "8", "0")
					SERVER("api", "eu-1", "9", "9"));
	struct ledger ledger;

	(void)state;
	ledger_init(&ledger, "edge", 1000);
	haproxy_counters_enter(&first, &next, &routes, &plan, &ledger);
	assert_int_equal(ledger.served.count, 4);
	must_tell(&ledger, "eu-1", "v3", 8, 0); /* a backend of its own */
	must_tell(&ledger, "eu-1", "", 5, 2);
	must_tell(&ledger, "us.1", "", 1, 0); /* restarted */
	must_tell(&ledger, "eu-1", "v2", 6, 1);
	haproxy_counters_enter(&first, &next, &routes, NULL, &ledger);
	must_tell(&ledger, "eu-1", "", 10, 4);
	must_tell(&ledger, "v2.eu-1", "", 6, 1); /* nobody says it is one */
	must_tell(&ledger, "eu-1", "v2", 6, 1);
	haproxy_counters_fini(&first);
	haproxy_counters_fini(&next);
	ledger_fini(&ledger);
}

static void test_document(void **state)
{
	const struct ledger_key key = { "www", "eu", "" };
	const struct served_count one = { .requests = 2, .errors = 1 };
	struct ledger ledger;
	char *first, *second;
	size_t len;

	(void)state;
	ledger_init(&ledger, "edge-1", 1000);
	ledger_add(&ledger, &key, &one);
	first = ledger_write(&ledger, 2000, &len);
	ledger_add(&ledger, &key, &one);
	second = ledger_write(&ledger, 3000, &len);
	assert_string_equal(first, "{\"node\":\"edge-1\",\"sequence\":1001,"
				   "\"wall_made_ms\":2000,"
				   "\"wall_start_ms\":1000,\"rows\":["
				   "{\"service\":\"www\",\"endpoint\":\"eu\","
				   "\"requests\":2,\"errors\":1}]}");
	assert_string_equal(second, "{\"node\":\"edge-1\",\"sequence\":1002,"
				    "\"wall_made_ms\":3000,"
				    "\"wall_start_ms\":1000,\"rows\":["
				    "{\"service\":\"www\",\"endpoint\":\"eu\","
				    "\"requests\":4,\"errors\":2}]}");
	free(first);
	free(second);
	ledger_fini(&ledger);
}

static void test_too_many(void **state)
{
	const struct served_count one = { .requests = 1 };
	char name[SERVED_NAME_SIZE + 1];
	struct ledger ledger;

	(void)state;
	ledger_init(&ledger, "edge", 1);
	for (unsigned i = 0; i <= SERVED_ROWS_MAX; i++) {
		snprintf(name, sizeof(name), "e%u", i);
		ledger_add(&ledger, &(struct ledger_key){ "www", name, "" },
			   &one);
	}
	assert_int_equal(ledger.served.count, SERVED_ROWS_MAX);
	assert_int_equal(ledger.losses, 1);
	/* The others go on. */
	ledger_add(&ledger, &(struct ledger_key){ "www", "e7", "" }, &one);
	must_tell(&ledger, "e7", "", 2, 0);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ledger_add(&ledger, &(struct ledger_key){ "www", "e", name }, &one);
	assert_int_equal(ledger.losses, 2);
	ledger_fini(&ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_enter),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests_name("haproxy counters", tests, NULL,
					   NULL);
}
