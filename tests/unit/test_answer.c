/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer: the cases of tests/data/dns/answer.cases, each over the whole path
 * from a query's octets to an answer's; then what cases cannot say.
 */
#include "dns/answer.h"
#include "dns/model.h"
#include "dns/table.h"
#include "policy/base/error.h"
#include "policy/decide/view.h"
#include "tests/unit/asked.h"
#include "tests/unit/cases.h"
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CASES_MIN = 180 }; /* fewer: the file was cut */

static void test_cases(void **state)
{
	struct world *w = *state;

	cases_run(w->table, "answer.cases", CASES_MIN);
}

/* Every answer fits what the client takes, and the buffer it is given. */
static void test_sizes(void **state)
{
	static const char *const names[] = {
		"huge.gslb.example TXT",    "large.gslb.example TXT",
		"bulk.gslb.example A",      "tosub.gslb.example A",
		"c01.gslb.example TXT",     "nope.gslb.example A",
		"tolarge.gslb.example TXT",
	};
	static struct asked a;
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (unsigned size = 0; size < 3000; size += 7) {
			size_t limit = size < 512    ? 512
				       : size < 1232 ? size
						     : 1232;
			char words[128];

			snprintf(words, sizeof(words),
				 "%s edns=%u ecs=10.1.0.0/16", names[i], size);
			asked_put(w->table, &a, "-", words);
			assert_true(a.len > 0 && a.len <= limit);
			assert_int_equal(a.answer[a.len], 0xa5);
			if (strstr(a.text, "ecs 1 10.1.0.0/16/") == NULL)
				fail_msg("%s: %s", words, a.text);
		}
}

static void test_small_buffer(void **state)
{
	struct world *w = *state;
	static uint8_t query[ASK_OCTETS_MAX], out[600];
	struct answer_input input = {
		.query = query,
		.len = ask_write("huge.gslb.example TXT", query),
		.peer = net_from_v4(1),
		.stream = true,
	};
	struct answer_outcome outcome;
	size_t len;

	assert_int_equal(answer_query(w->table, &input, out, 511, &outcome), 0);
	len = answer_query(w->table, &input, out, 512, &outcome);
	assert_true(len > 0 && len <= 512 && outcome.truncated);
}

static uint32_t ttl_given(const struct table *table, uint64_t random)
{
	static uint8_t query[ASK_OCTETS_MAX], out[600];
	size_t question = ask_write("jit.gslb.example A", query);
	struct answer_input input = {
		.query = query,
		.len = question,
		.peer = net_from_v4(0x0a010101),
		.random = random,
	};
	struct answer_outcome outcome;
	size_t len = answer_query(table, &input, out, sizeof(out), &outcome);

	assert_true(len == question + 16);
	return (uint32_t)out[question + 8] << 8 | out[question + 9];
}

/* Steady TTL 100 with 10 %: every value from 90 to 100 and no other. */
static void test_jitter(void **state)
{
	struct world *w = *state;
	unsigned seen[101] = { 0 };

	for (uint64_t i = 0; i < 4096; i++) {
		uint32_t ttl_s = ttl_given(w->table, i << 20);

		assert_in_range(ttl_s, 90, 100);
		seen[ttl_s]++;
	}
	for (size_t i = 90; i <= 100; i++)
		assert_in_range(seen[i], 200, 600);
}

/* `sticky: none`: the same client, other random bits, either endpoint. */
static void test_fresh_draws(void **state)
{
	static uint8_t query[ASK_OCTETS_MAX], out[600];
	struct world *w = *state;
	struct answer_input input = {
		.query = query,
		.len = ask_write("rnd.gslb.example A", query),
		.peer = net_from_v4(0x0a010101),
	};
	unsigned count[2] = { 0 };

	for (uint64_t i = 0; i < 2000; i++) {
		struct answer_outcome outcome;

		input.random = i;
		answer_query(w->table, &input, out, sizeof(out), &outcome);
		count[outcome.endpoint]++;
	}
	assert_in_range(count[0], 800, 1200);
}

/* The view is no longer the one that the world's table was made of. */
static void touch(struct world *w, size_t service)
{
	w->view->services[service].since = ++w->view->serial;
}

/* A state change reaches its service, shares the rest, and can be undone. */
static void test_tables(void **state)
{
	static struct asked a;
	struct world *w = *state;
	struct view_endpoint *e = w->view->services[WORLD_WWW].endpoints;
	struct table *down, *up, *again;

	again = table_build(w->model, w->view, w->table);
	assert_non_null(again);
	assert_true(table_same(w->table, again));
	table_free(again);
	e[0].health.verdict = VERDICT_DOWN;
	w->view->services[WORLD_WWW].changing = true;
	touch(w, WORLD_WWW);
	down = table_build(w->model, w->view, w->table);
	assert_non_null(down);
	e[0].health.verdict = VERDICT_UNKNOWN;
	w->view->services[WORLD_WWW].changing = false;
	touch(w, WORLD_WWW);
	up = table_build(w->model, w->view, down);
	assert_non_null(up);
	assert_false(table_same(w->table, down));
	assert_ptr_not_equal(table_decision(down, WORLD_WWW),
			     table_decision(w->table, WORLD_WWW));
	for (size_t i = 0; i < WORLD_SERVICES; i++)
		if (i != WORLD_WWW)
			assert_ptr_equal(table_decision(down, i),
					 table_decision(w->table, i));
	asked_put(down, &a, "-", "www.gslb.example A");
	assert_string_equal(a.text, "NOERROR aa | www.gslb.example. 10 IN A "
				    "192.0.2.12 | | |");
	table_free(down);
	asked_put(up, &a, "-", "www.gslb.example A");
	assert_string_equal(a.text, "NOERROR aa | www.gslb.example. 60 IN A "
				    "192.0.2.11 | | |");
	table_free(up);
	table_free(NULL);
}

/* All down where the rule says no-answer: NODATA, why, and not for long. */
static void test_withheld(void **state)
{
	static struct asked a;
	struct world *w = *state;
	struct view_endpoint *e = w->view->services[WORLD_LOCKED].endpoints;
	struct table *down;

	e[0].health.verdict = VERDICT_DOWN;
	touch(w, WORLD_LOCKED);
	down = table_build(w->model, w->view, w->table);
	assert_non_null(down);
	asked_put(down, &a, "10.3.1.1",
		  "locked.gslb.example A ecs=10.3.0.0/16");
	assert_non_null(strstr(a.text, "NOERROR aa | | gslb.example. 10 IN"));
	assert_non_null(strstr(a.text, "ecs 1 10.3.0.0/16/16 ede 0"));
	asked_put(down, &a, "-", "locked.gslb.example A");
	assert_non_null(strstr(a.text, "IN A 192.0.2.51"));
	e[0].health.verdict = VERDICT_UNKNOWN;
	table_free(down);
}

/* Who gets what is down since too much is: the answer says so, others not. */
static void test_deferred(void **state)
{
	static struct asked a;
	struct world *w = *state;
	struct view_endpoint *e = w->view->services[WORLD_WWW].endpoints;
	struct table *table;

	e[0].health.verdict = VERDICT_DOWN;
	e[0].deferred = true;
	touch(w, WORLD_WWW);
	table = table_build(w->model, w->view, w->table);
	assert_non_null(table);
	e[0].health.verdict = VERDICT_UNKNOWN;
	e[0].deferred = false;
	asked_put(table, &a, "10.1.1.1", "www.gslb.example A edns");
	assert_non_null(strstr(a.text, "IN A 192.0.2.11"));
	assert_non_null(strstr(a.text, "ede 0"));
	asked_put(table, &a, "10.2.1.1", "www.gslb.example A edns");
	assert_non_null(strstr(a.text, "IN A 192.0.2.12"));
	assert_null(strstr(a.text, "ede"));
	table_free(table);
}

/* In panic what is down is answered, and the answer says so; or that there is
 * none. */
static void test_panic(void **state)
{
	static struct asked a;
	struct world *w = *state;
	struct view_service *www = &w->view->services[WORLD_WWW];
	struct view_endpoint *e = www->endpoints;
	struct table *table;

	e[0].health.verdict = VERDICT_DOWN;
	www->panic = (struct panic){ .anywhere = true,
				     .everywhere = true,
				     .rules = UINT64_MAX };
	touch(w, WORLD_WWW);
	table = table_build(w->model, w->view, w->table);
	assert_non_null(table);
	asked_put(table, &a, "10.1.1.1", "www.gslb.example A edns");
	assert_non_null(strstr(a.text, "IN A 192.0.2.11"));
	assert_non_null(strstr(a.text, "ede 0"));
	asked_put(table, &a, "10.2.1.1", "www.gslb.example A edns");
	assert_non_null(strstr(a.text, "IN A 192.0.2.12"));
	assert_null(strstr(a.text, "ede"));
	table_free(table);
	e[0].health.verdict = VERDICT_UNKNOWN;
	www->panic = (struct panic){ 0 };
}

/* Verdicts that are held since vantages fell silent: the answer says so. */
static void test_stale(void **state)
{
	static struct asked a;
	struct world *w = *state;
	struct view_endpoint *e = w->view->services[WORLD_WWW].endpoints;
	struct table *held;

	e[1].health.held = true;
	touch(w, WORLD_WWW);
	held = table_build(w->model, w->view, w->table);
	assert_non_null(held);
	e[1].health.held = false;
	asked_put(held, &a, "-", "www.gslb.example A edns");
	assert_string_equal(a.text, "NOERROR aa | www.gslb.example. 60 IN A "
				    "192.0.2.11 | | | opt 1232 ede 3");
	asked_put(held, &a, "-", "www.gslb.example A");
	assert_string_equal(a.text, "NOERROR aa | www.gslb.example. 60 IN A "
				    "192.0.2.11 | | |");
	/* Why there is no answer says more. */
	asked_put(held, &a, "10.4.1.1", "www.gslb.example A edns");
	assert_non_null(strstr(a.text, "opt 1232 ede 18"));
	asked_put(held, &a, "-", "app.gslb.example A edns");
	assert_null(strstr(a.text, "ede"));
	table_free(held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_small_buffer),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_fresh_draws),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_withheld),
		cmocka_unit_test(test_deferred),
		cmocka_unit_test(test_panic),
		cmocka_unit_test(test_stale),
	};

	return cmocka_run_group_tests_name("answer", tests, world_set_up,
					   world_tear_down);
}
