/* SPDX-License-Identifier: Apache-2.0 */
/* redis: what can go wrong with a real server, and that it is survived. */
#include "tests/unit/bus_world.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#define KEY(name) "'windrose:{test}:" name "'"

static void put(struct party *p, enum bus_topic topic, const char *key,
		const char *octets)
{
	bus_put(p->bus, topic, key, octets, strlen(octets), 60000);
}

/* What redis-cli prints, until it is this. */
struct saying {
	struct world *w;
	const char *words, *wanted;
};

static bool is_said(void *arg)
{
	const struct saying *s = arg;
	char out[512];

	/* A turn of the loop even when nothing happens in it. */
	event_base_loop(s->w->loop, EVLOOP_NONBLOCK);
	world_cli(s->w, s->words, out, sizeof(out));
	return strcmp(out, s->wanted) == 0;
}

/* The buses' own timers wake the loop. */
static void until_said(struct world *w, const char *words, const char *wanted)
{
	struct saying s = { w, words, wanted };

	world_until(w, is_said, &s, words);
}

static void told(void *arg, uint64_t epoch)
{
	(void)arg;
	fail_msg("a freed bus says %d", (int)epoch);
}

static void replied(void *arg, const void *octets, size_t len)
{
	(void)arg, (void)octets;
	fail_msg("a freed bus replies with %zu octets", len);
}

static void down_at_start(struct world *w)
{
	struct party *p, *leader;

	world_kill_server(w);
	p = world_party(w, BUS_REPORTS);
	assert_false(bus_is_up(p->bus));
	assert_int_equal(party_lease(p, "p", 1000, 0), 0);
	assert_int_equal(party_commit(p, 1, 1, "plan"), BUS_DOWN);
	put(p, BUS_REPORTS, "eu", "dropped");
	assert_string_equal(party_request(p, "id", "x", 300), "NULL");
	world_start_server(w);
	party_until_synced(p);
	assert_int_equal(p->ups, 1);
	assert_int_equal(p->downs, 0);
	assert_null(party_heard(p, BUS_REPORTS, "eu"));
	assert_true(bus_counters(p->bus).dropped >= 1);
	leader = world_party(w, BUS_REQUESTS);
	leader->answers = true;
	party_until_synced(leader);
	assert_string_equal(party_request(p, "id", "x", 10000), "re: x");
}

static void request_waits_for_the_link(struct world *w)
{
	struct party *leader = world_party(w, BUS_REQUESTS);
	struct party *person;

	leader->answers = true;
	party_until_synced(leader);
	/* Asked before its first connection is made. */
	person = world_party(w, 0);
	assert_string_equal(party_request(person, "early", "x", 10000),
			    "re: x");
	assert_int_equal(party_heard(leader, BUS_REQUESTS, "early")->times, 1);
}

static void restarted_empty(struct world *w)
{
	struct party *a = world_party(w, BUS_PLAN | BUS_REPORTS);

	party_until_synced(a);
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
	assert_int_equal(party_commit(a, 1, 7, "old plan"), BUS_COMMITTED);
	party_until_heard(a, BUS_PLAN, "", "old plan");
	world_kill_server(w);
	party_until_down(a);
	assert_int_equal(a->downs, 1);
	world_start_server(w);
	party_until_up(a);
	/* The empty server knows no epoch: nothing may be published by the
	 * old one, and the new one is above all that was seen. */
	assert_int_equal(party_commit(a, 1, 8, "stale"), BUS_STALE);
	assert_int_equal(party_lease(a, "a", 60000, 1), 2);
	assert_int_equal(party_commit(a, 2, 1, "new plan"), BUS_COMMITTED);
	party_until_heard(a, BUS_PLAN, "", "new plan");
	put(a, BUS_REPORTS, "eu", "again");
	party_until_heard(a, BUS_REPORTS, "eu", "again");
	assert_int_equal(a->synced, 2);
}

static void lost_notice_is_repaired(struct world *w)
{
	struct party *a = world_party(w, BUS_PLAN | BUS_NODES);

	party_until_synced(a);
	/* Nobody is told of these. */
	world_order(w, "SET " KEY("plan") " quiet");
	world_order(w, "SET " KEY("node:n") " quiet");
	world_order(w, "SADD " KEY("nodes") " n");
	party_until_heard(a, BUS_PLAN, "", "quiet");
	party_until_heard(a, BUS_NODES, "n", "quiet");
	assert_int_equal(a->synced, 1);
	assert_int_equal(a->downs, 0);
}

static bool is_synced_again(void *arg)
{
	return ((struct party *)arg)->synced == 2;
}

static void reconnect_reads_everything(struct world *w)
{
	struct party *a = world_party(w, BUS_PLAN);

	party_until_synced(a);
	world_order(w, "SET " KEY("plan") " quiet");
	world_order(w, "CLIENT KILL TYPE pubsub");
	world_until(w, is_synced_again, a, "synced again");
	assert_string_equal(party_heard(a, BUS_PLAN, "")->octets, "quiet");
	assert_int_equal(a->ups, 2);
	assert_int_equal(a->downs, 1);
}

static void stopped_server_is_down(struct world *w)
{
	struct party *a = world_party(w, BUS_REPORTS);

	party_until_synced(a);
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
	kill(w->server, SIGSTOP);
	/* In flight when the link is given up. */
	assert_int_equal(party_commit(a, 1, 1, "unanswered"), BUS_DOWN);
	assert_false(bus_is_up(a->bus));
	assert_int_equal(a->downs, 1);
	assert_int_equal(party_lease(a, "a", 60000, 0), 0);
	kill(w->server, SIGCONT);
	party_until_up(a);
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
}

static void idle_link_to_stopped_server_is_down(struct world *w)
{
	struct party *a = world_party(w, 0);

	party_until_up(a);
	kill(w->server, SIGSTOP);
	party_until_down(a);
	kill(w->server, SIGCONT);
	party_until_up(a);
	assert_int_equal(a->ups, 2);
}

static void slow_server_is_waited_for(struct world *w)
{
	struct party *a = world_party(w, BUS_REPORTS);

	party_until_synced(a);
	world_order(w, "CLIENT PAUSE 700 ALL");
	for (int i = 0; i < 100; i++)
		put(a, BUS_REPORTS, "eu", i < 99 ? "older" : "newest");
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
	party_until_heard(a, BUS_REPORTS, "eu", "newest");
	/* The first was on its way, the last waited, the rest was passed. */
	assert_int_equal(bus_counters(a->bus).dropped, 98);
	assert_int_equal(a->downs, 0);
}

static void full_memory(struct world *w)
{
	struct party *a = world_party(w, BUS_PLAN);

	party_until_synced(a);
	world_order(w, "SET " KEY("plan") " readable");
	world_order(w, "CONFIG SET maxmemory 1");
	assert_int_equal(party_lease(a, "a", 60000, 0), 0);
	put(a, BUS_NODES, "n", "refused");
	bus_append_audit(a->bus, "{\"kept\":1}", 10);
	party_until_heard(a, BUS_PLAN, "", "readable");
	assert_true(bus_is_up(a->bus));
	assert_true(bus_counters(a->bus).errors >= 2);
	assert_non_null(strstr(bus_refuses(a->bus), "memory is full"));
	world_order(w, "CONFIG SET maxmemory 0");
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
	put(a, BUS_NODES, "n", "taken");
	until_said(w, "GET " KEY("node:n"), "taken\n");
	/* The answer to the put came before that to what is asked now. */
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
	assert_null(bus_refuses(a->bus));
	until_said(w, "XLEN " KEY("audit"), "1\n");
}

/* A folder stands where the file would; all that writes is refused, and PING,
 * with which a connection begins. */
static void disk_full(struct world *w)
{
	struct party *a = world_party(w, 0);
	char path[100];

	party_until_up(a);
	world_order(w, "SET " KEY("plan") " readable");
	snprintf(path, sizeof(path), "%s/dump.rdb", w->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	world_order(w, "CONFIG SET save '1000 1000'");
	world_order(w, "BGSAVE");
	until_said(w, "INFO persistence | grep -c bgsave_status:err", "1\n");
	a = world_party(w, BUS_PLAN);
	party_until_heard(a, BUS_PLAN, "", "readable");
	assert_int_equal(party_lease(a, "a", 60000, 0), 0);
	assert_int_equal(a->downs, 0);
	world_order(w, "CONFIG SET save ''");
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
}

static void audit_is_kept_while_down(struct world *w)
{
	struct party *a = world_party(w, 0);
	char out[512], entry[32];

	party_until_up(a);
	world_kill_server(w);
	party_until_down(a);
	for (int i = 0; i < 50; i++) {
		snprintf(entry, sizeof(entry), "{\"n\":%d}", i);
		bus_append_audit(a->bus, entry, strlen(entry));
	}
	world_start_server(w);
	party_until_up(a);
	until_said(w, "XLEN " KEY("audit"), "50\n");
	world_cli(w, "XREVRANGE " KEY("audit") " + - COUNT 1 | tail -1", out,
		  sizeof(out));
	assert_string_equal(out, "{\"n\":49}\n");
	assert_int_equal(bus_counters(a->bus).unaudited, 0);
}

static void audit_is_bounded(struct world *w)
{
	struct party *a = world_party(w, 0);

	world_kill_server(w);
	for (int i = 0; i < BUS_AUDIT_KEPT + 10; i++)
		bus_append_audit(a->bus, "{}", 2);
	assert_int_equal(bus_counters(a->bus).unaudited, 10);
}

static void expired_ids_leave_the_set(struct world *w)
{
	struct party *a = world_party(w, BUS_REPORTS);

	party_until_synced(a);
	bus_put(a->bus, BUS_REPORTS, "eu", "short", 5, 100);
	put(a, BUS_REPORTS, "us", "long");
	party_until_heard(a, BUS_REPORTS, "us", "long");
	until_said(w, "SMEMBERS " KEY("vantages"), "us\n");
}

static void server_that_lost_writes(struct world *w)
{
	struct party *a = world_party(w, BUS_PLAN);

	party_until_synced(a);
	assert_int_equal(party_lease(a, "a", 60000, 8), 9);
	assert_int_equal(party_commit(a, 9, 1, "nine"), BUS_COMMITTED);
	/* As a replica that missed the last writes would have it. */
	world_order(w, "SET " KEY("epoch") " 3");
	world_order(w, "SET " KEY("lease") " '3 a'");
	world_order(w, "SET " KEY("plan-head") " '3 40'");
	assert_int_equal(party_commit(a, 9, 2, "ten"), BUS_STALE);
	assert_int_equal(party_lease(a, "a", 60000, 9), 10);
	/* Or only the plan is known to be further. */
	world_order(w, "SET " KEY("epoch") " 3");
	world_order(w, "SET " KEY("plan-head") " '20 1'");
	assert_int_equal(party_lease(a, "a", 60000, 10), 21);
	assert_int_equal(party_commit(a, 21, 1, "behind"), BUS_STALE);
	assert_int_equal(party_commit(a, 21, 2, "on"), BUS_COMMITTED);
}

static void replica_is_left(struct world *w)
{
	struct party *a = world_party(w, 0);

	party_until_up(a);
	world_order(w, "REPLICAOF 127.0.0.1 1");
	assert_int_equal(party_lease(a, "a", 60000, 0), 0);
	party_until_down(a);
	world_order(w, "REPLICAOF NO ONE");
	party_until_up(a);
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
}

static void garbage_in_any_key(struct world *w)
{
	static const char *const setting[] = {
		"RPUSH " KEY("plan") " x",
		"HSET " KEY("plan-head") " x y",
		"SET " KEY("lease") " nonsense",
		"SET " KEY("epoch") " 99999999999999999999",
		"SET " KEY("vantages") " text",
		"SADD " KEY("nodes") " 'two words' '' n list absent",
		"SET " KEY("node:n") " fine",
		"RPUSH " KEY("node:list") " x",
		"RPUSH " KEY("notices:plan") " x",
		"SET " KEY("notices:reports") " nonsense",
	};
	struct party *a, *b = world_party(w, BUS_REQUESTS);

	party_until_synced(b);
	for (size_t i = 0; i < sizeof(setting) / sizeof(setting[0]); i++)
		world_order(w, setting[i]);
	a = world_party(w, BUS_PLAN | BUS_REPORTS | BUS_NODES | BUS_REQUESTS);
	party_until_synced(a);
	assert_int_equal(a->heard_count, 1);
	assert_string_equal(party_heard(a, BUS_NODES, "n")->octets, "fine");
	assert_true(bus_counters(a->bus).refused >= 2);
	world_order(w, "PUBLISH " KEY("notify:nodes") " nonsense");
	world_order(w, "PUBLISH " KEY("notify:nodes") " ''");
	world_order(w, "PUBLISH " KEY("notify:nodes") " 7");
	world_order(w, "PUBLISH " KEY("notify:nodes") " 'x 7'");
	world_order(w, "PUBLISH " KEY("notify:nodes") " '7 two words'");
	world_order(w, "PUBLISH " KEY("notify:plan") " 99999999999999999999");
	world_order(w, "PUBLISH " KEY("request") " nonsense");
	world_order(w, "PUBLISH " KEY("request") " ''");
	/* Every write repairs what it finds. */
	assert_int_equal(party_lease(a, "a", 60000, 5), 6);
	assert_int_equal(party_commit(a, 6, 1, "plan"), BUS_COMMITTED);
	put(a, BUS_REPORTS, "eu", "report");
	party_until_heard(a, BUS_PLAN, "", "plan");
	party_until_heard(a, BUS_REPORTS, "eu", "report");
	until_said(w, "SMEMBERS " KEY("vantages"), "eu\n");
	assert_null(party_heard(a, BUS_REQUESTS, "nonsense"));
	assert_int_equal(a->downs, 0);
}

/*
 * Who writes to Redis by hand, or has broken in, may not use all epochs up:
 * nobody could publish after that, for nobody goes back.
 */
static void numbers_far_ahead_are_garbage(struct world *w)
{
	enum { NOW = 1796043134 }; /* a clock's seconds */
	static const struct bus_place none = { 0, 0 };
	struct party *a = world_party(w, BUS_PLAN);

	party_until_synced(a);
	world_order(w, "SET " KEY("epoch") " 9007199254740000");
	world_order(w, "SET " KEY("plan-head") " '9007199254740000 5'");
	assert_int_equal(party_lease(a, "a", 60000, NOW), NOW + 1);
	assert_int_equal(party_commit_from(a, none,
					   (struct bus_place){ NOW + 1, 1 },
					   "plan"),
			 BUS_COMMITTED);
	party_until_heard(a, BUS_PLAN, "", "plan");
	world_order(w, "SET " KEY("epoch") " 9007199254740000");
	assert_int_equal(party_lease(a, "a", 60000, NOW + 1), NOW + 2);
	assert_int_equal(party_lease(a, "a", 60000, NOW + 1), NOW + 2);
	/* Years ahead it may be: somebody's clock was. */
	world_order(w, "SET " KEY("epoch") " 4000000000");
	assert_int_equal(party_lease(a, "a", 60000, NOW + 2), 4000000001);
}

static void oversize_value_is_not_read(struct world *w)
{
	struct party *a = world_party(w, BUS_PLAN | BUS_NODES);

	party_until_synced(a);
	world_order(w, "SETRANGE " KEY("plan") " 60000000 x");
	world_order(w, "PUBLISH " KEY("notify:plan") " 7");
	world_order(w, "SET " KEY("node:n") " after");
	world_order(w, "SADD " KEY("nodes") " n");
	world_order(w, "PUBLISH " KEY("notify:nodes") " '7 n'");
	party_until_heard(a, BUS_NODES, "n", "after");
	assert_null(party_heard(a, BUS_PLAN, ""));
	assert_true(bus_counters(a->bus).refused >= 1);
	assert_int_equal(a->downs, 0);
}

static void freed_before_it_was_told(struct world *w)
{
	struct party *a = world_party(w, 0);
	struct bus_follower nobody = { .topics = BUS_PLAN };

	party_until_up(a);
	/* All of these have something on its way to the next turn. */
	bus_follow(a->bus, &nobody);
	bus_lease(a->bus, "a", 1000, UINT64_MAX, told, NULL);
	bus_lease(a->bus, "a", 1000, 0, told, NULL);
	bus_request(a->bus, "two words", "x", 1, 1000, replied, NULL);
	bus_request(a->bus, "word", "x", 1, 1000, replied, NULL);
	party_leave(a);
	event_base_loop(w->loop, EVLOOP_NONBLOCK);
}

static void environments_do_not_mix(struct world *w)
{
	struct party *a = world_party(w, BUS_REPORTS), *b;

	strcpy(w->env, "other");
	b = world_party(w, BUS_REPORTS);
	party_until_synced(a);
	party_until_synced(b);
	assert_int_equal(party_lease(a, "a", 60000, 0), 1);
	assert_int_equal(party_lease(b, "b", 60000, 0), 1);
	put(a, BUS_REPORTS, "eu", "of test");
	put(b, BUS_REPORTS, "eu", "of other");
	party_until_heard(a, BUS_REPORTS, "eu", "of test");
	party_until_heard(b, BUS_REPORTS, "eu", "of other");
}

/* clang-format off */
static const struct scenario scenarios[] = {
	{ "down at start",                              down_at_start },
	{ "a request waits for the link",               request_waits_for_the_link },
	{ "killed and restarted empty",                 restarted_empty },
	{ "a lost notice is repaired by the full read", lost_notice_is_repaired },
	{ "a reconnect reads everything again",         reconnect_reads_everything },
	{ "a stopped server is down",                   stopped_server_is_down },
	{ "an idle link finds a stopped server out",    idle_link_to_stopped_server_is_down },
	{ "a slow server is waited for",                slow_server_is_waited_for },
	{ "full memory",                                full_memory },
	{ "a disk that is full",                        disk_full },
	{ "the audit is kept while down",               audit_is_kept_while_down },
	{ "the kept audit is bounded",                  audit_is_bounded },
	{ "expired ids leave their set",                expired_ids_leave_the_set },
	{ "a server that lost its last writes",         server_that_lost_writes },
	{ "a server turned replica is left",            replica_is_left },
	{ "garbage in any key",                         garbage_in_any_key },
	{ "numbers far ahead are garbage",              numbers_far_ahead_are_garbage },
	{ "an oversize value is not read",              oversize_value_is_not_read },
	{ "environments do not mix",                    environments_do_not_mix },
	{ "freed before it was told",                   freed_before_it_was_told },
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
	return cmocka_run_group_tests_name("redis", tests, NULL, NULL);
}
