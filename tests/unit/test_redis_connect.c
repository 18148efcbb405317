/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_connect, redis_sentinel: which server the bus goes to, with servers
 * that say what they are told to.  Real ones are in tests/system/cluster.py
 * and sentinel.py.
 */
#include "policy/bus/redis_connect.h"

#include "policy/base/clock.h"
#include "tests/unit/bus_world.h"
#include "tests/unit/fake_redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

enum { FAKES = 4 };

/* Some servers, of which the bus is told by a url. */
struct stage {
	struct world w;
	struct fake_words words[FAKES];
	struct fake_redis *fakes[FAKES];
	char text[FAKES][128]; /* of words */
	char url[256];
	struct party *party;
};

static void open_stage(struct stage *s)
{
	memset(s, 0, sizeof(*s));
	world_init(&s->w, true);
	for (size_t i = 0; i < FAKES; i++)
		s->fakes[i] = fake_redis_new(s->w.loop, &s->words[i]);
}

static int port_of(const struct stage *s, size_t nth)
{
	return fake_redis_port(s->fakes[nth]);
}

/* The party's url: the first count servers, between head and tail. */
static void enter(struct stage *s, const char *head, size_t count,
		  const char *tail)
{
	char *at = s->url + sprintf(s->url, "%s", head);

	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "%s127.0.0.1:%d", i == 0 ? "" : ",",
			      port_of(s, i));
	strcpy(at, tail);
	s->w.url = s->url;
	s->party = world_party(&s->w, BUS_PLAN);
}

static void close_stage(struct stage *s)
{
	party_leave(s->party);
	for (size_t i = 0; i < FAKES; i++)
		fake_redis_free(s->fakes[i]);
	world_fini(&s->w);
}

static const char *moved_to(struct stage *s, size_t from, size_t to)
{
	snprintf(s->text[from], sizeof(s->text[from]),
		 "-MOVED 1 127.0.0.1:%d\r\n", port_of(s, to));
	return s->text[from];
}

/* What a sentinel says of a server. */
static const char *names(struct stage *s, size_t from, size_t to)
{
	snprintf(s->text[from], sizeof(s->text[from]),
		 "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n%05d\r\n", port_of(s, to));
	return s->text[from];
}

/* What a master says that has this replica. */
static const char *has_replica(struct stage *s, size_t from, size_t replica)
{
	snprintf(s->text[from], sizeof(s->text[from]),
		 "*3\r\n$6\r\nmaster\r\n:1\r\n*1\r\n*3\r\n$9\r\n127.0.0.1\r\n"
		 "$5\r\n%05d\r\n$1\r\n1\r\n",
		 port_of(s, replica));
	return s->text[from];
}

#define SLAVE(link) "*5\r\n$5\r\nslave\r\n$1\r\nm\r\n:1\r\n" link "\r\n:1\r\n"
#define HEARS SLAVE("$9\r\nconnected")
#define HEARS_NOTHING SLAVE("$7\r\nconnect")

static bool listens(struct stage *s, size_t nth)
{
	return bus_is_up(s->party->bus) &&
	       fake_redis_subscribed(s->fakes[nth]) == 1;
}

struct listener {
	struct stage *s;
	size_t nth;
};

static bool is_there(void *arg)
{
	const struct listener *l = arg;

	return listens(l->s, l->nth);
}

static void until_listens(struct stage *s, size_t nth, const char *what)
{
	struct listener l = { s, nth };

	world_until(&s->w, is_there, &l, what);
}

static void test_moved_is_followed(void **state)
{
	struct stage s;

	(void)state;
	open_stage(&s);
	s.words[0].eval = moved_to(&s, 0, 2);
	s.words[1].eval = moved_to(&s, 1, 2);
	enter(&s, "redis://", 2, "/x");
	until_listens(&s, 2, "who holds the keys");
	/* Sent away is no trouble. */
	assert_int_equal(bus_counters(s.party->bus).errors, 0);
	assert_int_equal(s.party->ups, 1);
	/* Who held them is gone: the other host knows who holds them now. */
	s.words[1].eval = moved_to(&s, 1, 3);
	s.words[0].eval = s.words[1].eval;
	s.words[2].eval = s.words[1].eval;
	fake_redis_hang_up(s.fakes[2]);
	until_listens(&s, 3, "who holds the keys now");
	close_stage(&s);
}

static bool is_tired(void *arg)
{
	struct stage *s = arg;

	return bus_counters(s->party->bus).errors >= 3;
}

/* Two nodes that send us to each other are left alone for a while. */
static void test_moved_in_a_circle(void **state)
{
	unsigned made;
	struct stage s;

	(void)state;
	open_stage(&s);
	s.words[0].eval = moved_to(&s, 0, 1);
	s.words[1].eval = moved_to(&s, 1, 0);
	enter(&s, "redis://", 1, "/x");
	world_until(&s.w, is_tired, &s, "three rounds in vain");
	made = fake_redis_made(s.fakes[0]) + fake_redis_made(s.fakes[1]);
	/* Each round has two connections a try. */
	assert_in_range(made, 3 * REDIS_MOVES_MAX,
			4 * 2 * (REDIS_MOVES_MAX + 1));
	assert_int_equal(s.party->ups, 0);
	close_stage(&s);
}

static void test_waits_while_nobody_has_the_keys(void **state)
{
	struct stage s;

	(void)state;
	open_stage(&s);
	s.words[0].eval = s.words[1].eval = "-CLUSTERDOWN Hash slot\r\n";
	enter(&s, "redis://", 2, "/x");
	world_until(&s.w, is_tired, &s, "refusals");
	assert_int_equal(s.party->ups, 0);
	s.words[1].eval = NULL;
	until_listens(&s, 1, "it is served again");
	close_stage(&s);
}

/* 0 and 1 are sentinels, 2 and 3 servers. */
static void test_sentinels(void **state)
{
	struct stage s;

	(void)state;
	open_stage(&s);
	/* The first knows nothing, the second a server that is a replica. */
	s.words[2].role = HEARS;
	s.words[1].sentinel = names(&s, 1, 2);
	enter(&s, "redis+sentinel://", 2, "/m/x");
	world_until(&s.w, is_tired, &s, "no master anywhere");
	assert_int_equal(s.party->ups, 0);
	s.words[2].role = NULL;
	until_listens(&s, 2, "the master");
	/* Both are alive; the sentinel names the other one from now on. */
	s.words[1].sentinel = names(&s, 1, 3);
	until_listens(&s, 3, "the new master");
	assert_int_equal(fake_redis_subscribed(s.fakes[2]), 0);
	assert_int_equal(s.party->downs, 1);
	/* A master that has become a replica is left without being told. */
	s.words[1].sentinel = names(&s, 1, 2);
	s.words[3].role = HEARS;
	until_listens(&s, 2, "the master before");
	close_stage(&s);
}

/* 0 is the master, 1 its replica. */
static void test_reading_from_a_replica(void **state)
{
	struct stage s;

	(void)state;
	open_stage(&s);
	s.words[0].role = has_replica(&s, 0, 1);
	s.words[1].role = HEARS;
	/* As a cluster's replica would, were it not told READONLY. */
	enter(&s, "redis://", 1, "/x?read=replica");
	until_listens(&s, 1, "the replica");
	assert_int_equal(fake_redis_subscribed(s.fakes[0]), 0);
	assert_int_equal(bus_counters(s.party->bus).errors, 0);
	/* It does not hear its master any longer. */
	s.words[1].role = HEARS_NOTHING;
	until_listens(&s, 0, "the master instead");
	assert_int_equal(s.party->downs, 1);
	close_stage(&s);
}

static void test_a_replica_that_is_no_use(void **state)
{
	static const char *const roles[] = {
		HEARS_NOTHING,
		"*3\r\n$6\r\nmaster\r\n:1\r\n*0\r\n",
		"-LOADING Redis is loading\r\n",
		"-NOPERM no\r\n",
		"+OK\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		struct stage s;

		open_stage(&s);
		s.words[0].role = has_replica(&s, 0, 1);
		s.words[1].role = roles[i];
		enter(&s, "redis://", 1, "/x?read=replica");
		until_listens(&s, 0, roles[i]);
		/* It was not up with the replica before. */
		assert_int_equal(s.party->ups, 1);
		close_stage(&s);
	}
}

/* At least; a busy machine only makes it more. */
enum { FLAPS = 5, FLAPPING_MS = 2000 };

/*
 * Who is cut off as soon as he is there does not come back at once each time:
 * neither the server nor the log is made to suffer.
 */
static void test_a_link_that_does_not_hold(void **state)
{
	int64_t began_ms = clock_now_ms();
	struct stage s;

	(void)state;
	open_stage(&s);
	enter(&s, "redis://", 1, "/test");
	for (int i = 0; i < FLAPS; i++) {
		party_until_up(s.party);
		fake_redis_hang_up(s.fakes[0]);
		party_until_down(s.party);
	}
	party_until_up(s.party);
	assert_int_equal(s.party->downs, FLAPS);
	assert_true(clock_now_ms() - began_ms >= FLAPPING_MS);
	close_stage(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moved_is_followed),
		cmocka_unit_test(test_moved_in_a_circle),
		cmocka_unit_test(test_waits_while_nobody_has_the_keys),
		cmocka_unit_test(test_a_link_that_does_not_hold),
		cmocka_unit_test(test_sentinels),
		cmocka_unit_test(test_reading_from_a_replica),
		cmocka_unit_test(test_a_replica_that_is_no_use),
	};

	return cmocka_run_group_tests_name("redis connect", tests, NULL, NULL);
}
