/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bus: what every implementation promises, as scenarios run over the memory
 * bus and over a real redis-server.
 */
#include "tests/unit/bus_world.h"

#include "policy/bus/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void put(struct party *p, enum bus_topic topic, const char *key,
		const char *octets, int64_t ttl_ms)
{
	bus_put(p->bus, topic, key, octets, strlen(octets), ttl_ms);
}

static void follower_hears_new_and_old(struct world *w)
{
	struct party *writer = world_party(w, 0);
	struct party *early =
		world_party(w, BUS_REPORTS | BUS_NODES | BUS_SERVED);
	struct party *late;

	party_until_up(writer);
	party_until_synced(early);
	assert_int_equal(early->heard_count, 0);
	put(writer, BUS_REPORTS, "eu", "one", 60000);
	put(writer, BUS_NODES, "dns-1", "node one", 60000);
	party_until_heard(early, BUS_REPORTS, "eu", "one");
	party_until_heard(early, BUS_NODES, "dns-1", "node one");
	put(writer, BUS_SERVED, "edge-1", "counts", 60000);
	party_until_heard(early, BUS_SERVED, "edge-1", "counts");
	assert_null(party_heard(early, BUS_NODES, "edge-1"));
	put(writer, BUS_REPORTS, "eu", "two", 60000);
	party_until_heard(early, BUS_REPORTS, "eu", "two");

	late = world_party(w, BUS_REPORTS);
	party_until_synced(late);
	assert_string_equal(party_heard(late, BUS_REPORTS, "eu")->octets,
			    "two");
	assert_null(party_heard(late, BUS_NODES, "dns-1"));
	assert_int_equal(late->ups, 1);
}

static void own_values_come_back(struct world *w)
{
	struct party *p = world_party(w, BUS_REPORTS);

	party_until_synced(p);
	put(p, BUS_REPORTS, "eu", "mine", 60000);
	party_until_heard(p, BUS_REPORTS, "eu", "mine");
}

/* Only who asks for a bundle gets it, and nothing where there is none. */
static void bundles_are_fetched(struct world *w)
{
	struct party *writer = world_party(w, 0);
	struct party *reader = world_party(w, BUS_REPORTS);
	struct party *other = world_party(w, BUS_REPORTS);

	party_until_up(writer);
	party_until_synced(reader);
	party_until_synced(other);
	bus_fetch(reader->bus, "absent");
	put(writer, BUS_BUNDLES, "digest", "files", 60000);
	put(writer, BUS_REPORTS, "eu", "report", 60000);
	party_until_heard(reader, BUS_REPORTS, "eu", "report");
	bus_fetch(reader->bus, "digest");
	party_until_heard(reader, BUS_BUNDLES, "digest", "files");
	party_until_heard(other, BUS_REPORTS, "eu", "report");
	assert_null(party_heard(other, BUS_BUNDLES, "digest"));
	assert_null(party_heard(reader, BUS_BUNDLES, "absent"));
}

static void values_may_hold_any_octet(struct world *w)
{
	struct party *p = world_party(w, BUS_REPORTS);
	const char octets[] = "a\0b\r\n$5\r\n\xff";

	party_until_synced(p);
	bus_put(p->bus, BUS_REPORTS, "eu", octets, sizeof(octets) - 1, 60000);
	party_until_heard(p, BUS_REPORTS, "eu", "a");
	assert_int_equal(party_heard(p, BUS_REPORTS, "eu")->len,
			 sizeof(octets) - 1);
}

static void the_newest_of_many_arrives(struct world *w)
{
	struct party *writer = world_party(w, 0);
	struct party *reader = world_party(w, BUS_REPORTS);
	char octets[16];

	party_until_up(writer);
	party_until_synced(reader);
	for (int i = 0; i <= 500; i++) {
		snprintf(octets, sizeof(octets), "number %d", i);
		put(writer, BUS_REPORTS, "eu", octets, 60000);
	}
	party_until_heard(reader, BUS_REPORTS, "eu", "number 500");
}

static bool is_gone(void *arg)
{
	struct party *p = arg;
	struct party *probe = world_party(p->world, BUS_REPORTS);
	bool gone;

	party_until_synced(probe);
	gone = party_heard(probe, BUS_REPORTS, "eu") == NULL;
	party_leave(probe);
	memset(probe, 0, sizeof(*probe));
	p->world->party_count--;
	return gone;
}

static void values_expire(struct world *w)
{
	struct party *p = world_party(w, BUS_REPORTS);

	party_until_synced(p);
	put(p, BUS_REPORTS, "eu", "short", 300);
	put(p, BUS_REPORTS, "us", "long", 60000);
	party_until_heard(p, BUS_REPORTS, "eu", "short");
	party_until_heard(p, BUS_REPORTS, "us", "long");
	assert_false(is_gone(p));
	world_until(w, is_gone, p, "the value has expired");
}

static bool b_has_lease(void *arg)
{
	struct party *b = arg;

	return party_lease(b, "b", 60000, 0) != 0;
}

static void lease_is_exclusive(struct world *w)
{
	struct party *a = world_party(w, 0), *b = world_party(w, 0);

	party_until_up(a);
	party_until_up(b);
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
	assert_int_equal(party_lease(b, "b", 60000, 0), 0);
	assert_int_equal(party_lease(a, "a", 60000, 1), 1);
	/* Not b's to give up. */
	bus_release(b->bus, "b");
	assert_int_equal(party_lease(b, "b", 60000, 0), 0);
	bus_release(a->bus, "a");
	/* On another connection, so it may arrive later. */
	world_until(w, b_has_lease, b, "b takes over");
	assert_int_equal(b->epoch, 2);
	assert_int_equal(party_lease(a, "a", 60000, 0), 0);
}

static void lease_expires_and_epoch_rises(struct world *w)
{
	struct party *a = world_party(w, 0), *b = world_party(w, 0);

	party_until_up(a);
	party_until_up(b);
	assert_int_equal(party_lease(a, "a", 300, 0), 1);
	world_until(w, b_has_lease, b, "b takes over");
	assert_int_equal(b->epoch, 2);
}

static void takeover_is_above_at_least(struct world *w)
{
	struct party *a = world_party(w, 0);

	party_until_up(a);
	assert_int_equal(party_lease(a, "a", 60000, 41), 42);
	/* A renewal keeps it, ... */
	assert_int_equal(party_lease(a, "a", 60000, 42), 42);
	assert_int_equal(party_lease(a, "a", 60000, 7), 42);
	/* ... unless the store has fallen behind. */
	assert_int_equal(party_lease(a, "a", 60000, 50), 51);
	assert_int_equal(party_lease(a, "a", 60000, UINT64_MAX), 0);
	assert_int_equal(party_lease(a, "a", 60000, (UINT64_C(1) << 53) - 2),
			 (UINT64_C(1) << 53) - 1);
}

static void a_holder_must_be_a_key(struct world *w)
{
	struct party *a = world_party(w, 0);

	party_until_up(a);
	assert_int_equal(party_lease(a, "two words", 60000, 0), 0);
	assert_int_equal(party_lease(a, "", 60000, 0), 0);
	assert_int_equal(bus_counters(a->bus).refused, 2);
	assert_int_equal(party_lease(a, "word", 60000, 0), 1);
}

static void commit_needs_the_lease(struct world *w)
{
	struct party *a = world_party(w, BUS_PLAN), *b = world_party(w, 0);

	party_until_synced(a);
	party_until_up(b);
	assert_int_equal(party_commit(a, 1, 1, "too early"), BUS_STALE);
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
	assert_int_equal(party_commit(a, 1, 1, "first"), BUS_COMMITTED);
	party_until_heard(a, BUS_PLAN, "", "first");
	assert_int_equal(party_commit(a, 2, 1, "not mine yet"), BUS_STALE);
	assert_int_equal(party_commit(a, 0, 9, "nobody's"), BUS_STALE);
	bus_release(a->bus, "a");
	assert_int_equal(party_commit(a, 1, 2, "given up"), BUS_STALE);
	assert_int_equal(party_lease(b, "b", 60000, 1), 2);
	assert_int_equal(party_commit(a, 1, 3, "woke up late"), BUS_STALE);
	/* Who goes on from the last plan has a higher sequence than it. */
	assert_int_equal(party_commit(b, 2, 1, "missed the last"), BUS_STALE);
	assert_int_equal(party_commit(b, 2, 2, "successor"), BUS_COMMITTED);
	party_until_heard(a, BUS_PLAN, "", "successor");
	assert_int_equal(party_commit(a, 1, 4, "woke up later"), BUS_STALE);
	assert_string_equal(party_heard(a, BUS_PLAN, "")->octets, "successor");
}

static void commit_goes_forward_only(struct world *w)
{
	struct party *a = world_party(w, BUS_PLAN);

	party_until_synced(a);
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
	assert_int_equal(party_commit(a, 1, 5, "five"), BUS_COMMITTED);
	assert_int_equal(party_commit(a, 1, 5, "five again"), BUS_STALE);
	assert_int_equal(party_commit(a, 1, 4, "four"), BUS_STALE);
	assert_int_equal(party_commit(a, 1, 0, "zero"), BUS_STALE);
	assert_int_equal(party_commit(a, 1, UINT64_C(1) << 53, "inexact"),
			 BUS_STALE);
	/* Nine comes before ten as a number, not as text. */
	assert_int_equal(party_commit(a, 1, 9, "nine"), BUS_COMMITTED);
	assert_int_equal(party_commit(a, 1, 10, "ten"), BUS_COMMITTED);
	assert_int_equal(party_commit(a, 1, 9, "nine again"), BUS_STALE);
	party_until_heard(a, BUS_PLAN, "", "ten");
}

static struct bus_place place(uint64_t epoch, uint64_t sequence)
{
	return (struct bus_place){ epoch, sequence };
}

/* A plan that nobody was told of is not written over by one that was made
 * without it. */
static void commit_goes_on_from_its_base(struct world *w)
{
	struct party *a = world_party(w, BUS_PLAN), *b = world_party(w, 0);

	party_until_synced(a);
	party_until_up(b);
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
	assert_int_equal(party_commit_from(a, place(0, 0), place(1, 4), "four"),
			 BUS_COMMITTED);
	party_until_heard(a, BUS_PLAN, "", "four");
	assert_int_equal(party_commit_from(b, place(1, 4), place(1, 5), "late"),
			 BUS_COMMITTED);
	assert_int_equal(party_commit_from(a, place(1, 4), place(1, 6), "six"),
			 BUS_BEHIND);
	assert_int_equal(party_commit_from(a, place(0, 9), place(1, 6), "six"),
			 BUS_BEHIND);
	party_until_heard(a, BUS_PLAN, "", "late");
	/* Too low, but that is not what keeps it from going on. */
	assert_int_equal(party_commit_from(a, place(1, 3), place(1, 4), "four"),
			 BUS_BEHIND);
	assert_int_equal(party_commit_from(a, place(1, 5), place(1, 5), "five"),
			 BUS_STALE);
	assert_int_equal(party_commit_from(a, place(1, 5), place(1, 7), "on"),
			 BUS_COMMITTED);
	/* Nine comes before ten as a number, not as text. */
	assert_int_equal(party_commit_from(a, place(1, 9), place(1, 10), "ten"),
			 BUS_COMMITTED);
	assert_int_equal(party_commit_from(a, place(1, 9), place(1, 11), "no"),
			 BUS_BEHIND);
	assert_int_equal(party_commit_from(a, place(2, 0), place(1, 11), "ok"),
			 BUS_COMMITTED);
	party_until_heard(a, BUS_PLAN, "", "ok");
}

static void too_large_is_refused(struct world *w)
{
	struct party *a = world_party(w, BUS_REPORTS);
	char *large = calloc(1, BUS_VALUE_MAX + 1);

	assert_non_null(large);
	party_until_synced(a);
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
	bus_put(a->bus, BUS_REPORTS, "eu", large, BUS_VALUE_MAX + 1, 60000);
	put(a, BUS_REPORTS, "bad key", "x", 60000);
	put(a, BUS_REPORTS, "us", "fits", 60000);
	party_until_heard(a, BUS_REPORTS, "us", "fits");
	assert_null(party_heard(a, BUS_REPORTS, "eu"));
	assert_int_equal(bus_counters(a->bus).refused, 2);
	free(large);
}

static void large_values_pass(struct world *w)
{
	struct party *a = world_party(w, BUS_REPORTS);
	char *large = malloc(8 << 20);

	assert_non_null(large);
	memset(large, 'x', 8 << 20);
	memcpy(large, "large", 6);
	party_until_synced(a);
	bus_put(a->bus, BUS_REPORTS, "eu", large, 8 << 20, 60000);
	party_until_heard(a, BUS_REPORTS, "eu", "large");
	assert_int_equal(party_heard(a, BUS_REPORTS, "eu")->len, 8 << 20);
	free(large);
}

static void request_is_answered(struct world *w)
{
	struct party *leader = world_party(w, BUS_REQUESTS);
	struct party *person = world_party(w, 0);

	leader->answers = true;
	party_until_synced(leader);
	party_until_up(person);
	assert_string_equal(party_request(person, "id-1", "drain", 10000),
			    "re: drain");
	assert_string_equal(party_request(person, "id-2", "undrain", 10000),
			    "re: undrain");
	assert_int_equal(party_heard(leader, BUS_REQUESTS, "id-1")->times, 1);
	/* An answer that nobody waits for is nothing. */
	bus_answer(leader->bus, "id-1", "late", 4);
	assert_string_equal(party_request(person, "id-3", "", 10000), "re: ");
	assert_int_equal(person->replies, 3);
}

static void request_times_out(struct world *w)
{
	struct party *leader = world_party(w, BUS_REQUESTS);
	struct party *person = world_party(w, 0);

	party_until_synced(leader);
	party_until_up(person);
	assert_string_equal(party_request(person, "id-1", "drain", 200),
			    "NULL");
	assert_non_null(party_heard(leader, BUS_REQUESTS, "id-1"));
	assert_string_equal(party_request(person, "two words", "x", 60000),
			    "NULL");
	leader->answers = true;
	assert_string_equal(party_request(person, "id-1", "again", 10000),
			    "re: again");
}

static void two_askers_get_their_own(struct world *w)
{
	struct party *leader = world_party(w, BUS_REQUESTS);
	struct party *a = world_party(w, 0), *b = world_party(w, 0);

	leader->answers = true;
	party_until_synced(leader);
	assert_string_equal(party_request(a, "of-a", "1", 10000), "re: 1");
	assert_string_equal(party_request(b, "of-b", "2", 10000), "re: 2");
	assert_int_equal(a->replies, 1);
	assert_string_equal(a->reply, "re: 1");
}

static void freeing_in_flight_calls_nobody(struct world *w)
{
	struct party *a = world_party(w, BUS_REPORTS | BUS_REQUESTS);
	struct party *b = world_party(w, BUS_REPORTS);

	party_until_synced(a);
	party_until_synced(b);
	put(a, BUS_REPORTS, "eu", "one", 60000);
	put(a, BUS_REPORTS, "eu", "two", 60000);
	bus_append_audit(a->bus, "{}", 2);
	party_leave(a);
	put(b, BUS_REPORTS, "us", "still here", 60000);
	party_until_heard(b, BUS_REPORTS, "us", "still here");
}

/* clang-format off */
static const struct scenario scenarios[] = {
	{ "a follower hears what is there and what comes", follower_hears_new_and_old },
	{ "one's own values come back",                    own_values_come_back },
	{ "values may hold any octet",                     values_may_hold_any_octet },
	{ "bundles are fetched by who asks",               bundles_are_fetched },
	{ "the newest of many arrives",                    the_newest_of_many_arrives },
	{ "values expire",                                 values_expire },
	{ "the lease is exclusive",                        lease_is_exclusive },
	{ "a lease expires and the epoch rises",           lease_expires_and_epoch_rises },
	{ "a takeover is above at_least",                  takeover_is_above_at_least },
	{ "a holder must be a key",                        a_holder_must_be_a_key },
	{ "a commit needs the lease",                      commit_needs_the_lease },
	{ "a commit goes forward only",                    commit_goes_forward_only },
	{ "a commit goes on from its base",                commit_goes_on_from_its_base },
	{ "too large is refused",                          too_large_is_refused },
	{ "large values pass",                             large_values_pass },
	{ "a request is answered",                         request_is_answered },
	{ "a request times out",                           request_times_out },
	{ "two askers get their own answers",              two_askers_get_their_own },
	{ "freeing calls nobody",                          freeing_in_flight_calls_nobody },
};
/* clang-format on */

enum { SCENARIOS = sizeof(scenarios) / sizeof(scenarios[0]) };

static void run_on_memory(void **state)
{
	const struct scenario *s = *state;
	struct world w;

	world_init(&w, false);
	s->run(&w);
	world_fini(&w);
}

static void count_entry(void *arg, const char *octets, size_t len)
{
	size_t *count = arg;

	assert_int_equal(len, 5);
	assert_memory_equal(octets, "{\"a\":", 5);
	++*count;
}

static void test_memory_keeps_the_last_of_the_audit(void **state)
{
	struct world w;
	struct party *p;
	size_t count = 0;

	(void)state;
	world_init(&w, false);
	p = world_party(&w, 0);
	bus_append_audit(p->bus, "first", 5);
	for (int i = 0; i < BUS_AUDIT_KEPT; i++)
		bus_append_audit(p->bus, "{\"a\":", 5);
	memory_hub_each_audit(w.hub, count_entry, &count);
	assert_int_equal(count, BUS_AUDIT_KEPT);
	world_fini(&w);
}

int main(void)
{
	struct CMUnitTest tests[2 * SCENARIOS + 1];
	static char names[2 * SCENARIOS][80];

	for (size_t i = 0; i < SCENARIOS; i++) {
		/* cmocka hands the state on, and nobody changes it. */
		void *row = (void *)(uintptr_t)&scenarios[i];

		snprintf(names[2 * i], sizeof(names[0]), "memory: %s",
			 scenarios[i].title);
		snprintf(names[2 * i + 1], sizeof(names[0]), "redis: %s",
			 scenarios[i].title);
		tests[2 * i] = (struct CMUnitTest){ names[2 * i], run_on_memory,
						    NULL, NULL, row };
		tests[2 * i + 1] = (struct CMUnitTest){ names[2 * i + 1],
							scenario_on_redis, NULL,
							NULL, row };
	}
	tests[2 * SCENARIOS] = (struct CMUnitTest)cmocka_unit_test(
		test_memory_keeps_the_last_of_the_audit);
	return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
