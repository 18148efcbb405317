/* SPDX-License-Identifier: Apache-2.0 */
/* notices: who is told of what, and that a lost notice is found out; bounds. */
#include "policy/base/clock.h"
#include "tests/unit/bus_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY(name) "'windrose:{test}:" name "'"

static void put(struct party *p, enum bus_topic topic, const char *key,
		const char *octets)
{
	bus_put(p->bus, topic, key, octets, strlen(octets), 60000);
}

static void replied(void *arg, const void *octets, size_t len)
{
	(void)arg, (void)octets;
	fail_msg("a freed bus replies with %zu octets", len);
}

/* Who follows one kind hears nothing of the others, not even notices. */
static void notices_by_kind(struct world *w)
{
	struct party *plans = world_party(w, BUS_PLAN);
	struct party *both = world_party(w, BUS_PLAN | BUS_REPORTS);
	char out[512];

	party_until_synced(plans);
	party_until_synced(both);
	world_cli(w,
		  "PUBSUB NUMSUB " KEY("notify:plan") " " KEY(
			  "notify:reports") " " KEY("notify:nodes"),
		  out, sizeof(out));
	assert_string_equal(out, "windrose:{test}:notify:plan\n2\n"
				 "windrose:{test}:notify:reports\n1\n"
				 "windrose:{test}:notify:nodes\n0\n");
	put(plans, BUS_NODES, "n", "one");
	put(plans, BUS_REPORTS, "eu", "one");
	party_until_heard(both, BUS_REPORTS, "eu", "one");
	assert_int_equal(plans->heard_count, 0);
}

/* Well before the next full read, which comes 3.75 s after the last or later.
 */
static void assert_soon(int64_t since_ms)
{
	assert_in_range(clock_now_ms() - since_ms, 0, 3700);
}

static void a_gap_is_read_at_once(struct world *w)
{
	struct party *a = world_party(w, BUS_REPORTS);
	int64_t since_ms = clock_now_ms();

	party_until_synced(a);
	put(a, BUS_REPORTS, "eu", "one");
	party_until_heard(a, BUS_REPORTS, "eu", "one");
	assert_int_equal(bus_counters(a->bus).missed, 0);
	/* A report whose notice is lost, and the next one after it. */
	world_order(w, "SET " KEY("vantage:us") " quiet");
	world_order(w, "SADD " KEY("vantages") " us");
	world_order(w, "INCR " KEY("notices:reports"));
	put(a, BUS_REPORTS, "eu", "two");
	party_until_heard(a, BUS_REPORTS, "us", "quiet");
	assert_soon(since_ms);
	assert_int_equal(bus_counters(a->bus).missed, 1);
	assert_int_equal(a->synced, 1);
}

static void a_missed_plan_shows_in_a_puts_answer(struct world *w)
{
	struct party *a = world_party(w, BUS_PLAN);
	int64_t since_ms = clock_now_ms();

	party_until_synced(a);
	world_order(w, "SET " KEY("plan") " quiet");
	world_order(w, "INCR " KEY("notices:plan"));
	put(a, BUS_NODES, "a", "node");
	party_until_heard(a, BUS_PLAN, "", "quiet");
	/* And once more, from a number that is known. */
	world_order(w, "SET " KEY("plan") " quieter");
	world_order(w, "INCR " KEY("notices:plan"));
	put(a, BUS_NODES, "a", "node");
	party_until_heard(a, BUS_PLAN, "", "quieter");
	assert_soon(since_ms);
}

/* Notices missed, as its bus counts them. */
struct missing {
	struct party *p;
	uint64_t count;
};

static bool is_missed(void *arg)
{
	const struct missing *m = arg;

	return bus_counters(m->p->bus).missed >= m->count;
}

static void made_up_numbers_are_no_work(struct world *w)
{
	struct party *a = world_party(w, BUS_NODES);
	int64_t since_ms = clock_now_ms(), took_ms;
	char words[128], out[512], *calls;

	party_until_synced(a);
	for (int i = 0; i <= 40; i++) {
		struct missing m = { a, (uint64_t)i };

		snprintf(words, sizeof(words),
			 "PUBLISH " KEY("notify:nodes") " '%d n'", 10 * i + 1);
		world_order(w, words);
		world_until(w, is_missed, &m, "a gap");
	}
	put(a, BUS_NODES, "n", "last");
	party_until_heard(a, BUS_NODES, "n", "last");
	world_cli(w, "INFO commandstats | grep -o 'srandmember:calls=[0-9]*'",
		  out, sizeof(out));
	took_ms = clock_now_ms() - since_ms;
	calls = strchr(out, '=');
	assert_non_null(calls);
	/* Two a second, the first, and the last. */
	if (atoi(calls + 1) > 3 + took_ms / 400)
		fail_msg("%d full reads in %d ms", atoi(calls + 1),
			 (int)took_ms);
}

static void requests_are_bounded(struct world *w)
{
	struct party *a = world_party(w, 0);
	char id[16];

	party_until_up(a);
	for (int i = 0; i < BUS_REQUESTS_MAX; i++) {
		snprintf(id, sizeof(id), "r%d", i);
		bus_request(a->bus, id, "x", 1, 60000, replied, NULL);
	}
	assert_string_equal(party_request(a, "more", "x", 60000), "NULL");
}

/* Puts again and again until it is heard. */
struct putting {
	struct party *p;
	const char *key, *octets;
};

static bool is_put(void *arg)
{
	const struct putting *t = arg;
	const struct heard *h = party_heard(t->p, BUS_REPORTS, t->key);

	put(t->p, BUS_REPORTS, t->key, t->octets);
	return h != NULL && strcmp(h->octets, t->octets) == 0;
}

static void until_put(struct party *p, const char *key, const char *octets)
{
	struct putting t = { p, key, octets };

	world_until(p->world, is_put, &t, octets);
}

static void puts_are_bounded(struct world *w)
{
	struct party *a = world_party(w, BUS_REPORTS);
	char key[16];

	party_until_up(a);
	for (int i = 0; i < 1100; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		put(a, BUS_NODES, key, "x");
	}
	assert_int_equal(bus_counters(a->bus).dropped, 1100 - 1024);
	/* One more of a key that is on its way waits for its turn. */
	put(a, BUS_NODES, "k0", "newer");
	assert_int_equal(bus_counters(a->bus).dropped, 1100 - 1024);
	/* And then there is room again. */
	put(a, BUS_REPORTS, "eu", "dropped");
	until_put(a, "eu", "taken");
}

/* clang-format off */
static const struct scenario scenarios[] = {
	{ "notices come by kind",                  notices_by_kind },
	{ "a gap is read at once",                 a_gap_is_read_at_once },
	{ "a missed plan shows in a put's answer", a_missed_plan_shows_in_a_puts_answer },
	{ "numbers made up are no work",           made_up_numbers_are_no_work },
	{ "puts on their way are bounded",         puts_are_bounded },
	{ "open requests are bounded",             requests_are_bounded },
};
/* clang-format on */

enum { SCENARIOS = sizeof(scenarios) / sizeof(scenarios[0]) };

int main(void)
{
	struct CMUnitTest tests[SCENARIOS];

	for (size_t i = 0; i < SCENARIOS; i++)
		tests[i] =
			(struct CMUnitTest){ scenarios[i].title,
					     scenario_on_redis, NULL, NULL,
					     (void *)(uintptr_t)&scenarios[i] };
	return cmocka_run_group_tests_name("notices", tests, NULL, NULL);
}
