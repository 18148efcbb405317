/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_redis -- a Redis server or sentinel that says what a test tells it to
 * say, on the test's own loop.
 */
#ifndef TESTS_UNIT_FAKE_REDIS_H
#define TESTS_UNIT_FAKE_REDIS_H

struct event_base;
struct fake_redis;

/* Zero-initialised it is an empty Redis server, whose ROLE nobody asks. */
struct fake_words {
	/* Replies as they are on the wire; NULL: as a whole server's. */
	const char *eval, *role, *sentinel;
};

/* Listens on a port of its own.  words is borrowed and may change. */
struct fake_redis *fake_redis_new(struct event_base *loop,
				  const struct fake_words *words);
int fake_redis_port(const struct fake_redis *fake);

/* How many connections were made; how many that are open have subscribed. */
unsigned fake_redis_made(const struct fake_redis *fake);
unsigned fake_redis_subscribed(const struct fake_redis *fake);

/* Closes every connection; those that come are accepted again. */
void fake_redis_hang_up(struct fake_redis *fake);
void fake_redis_free(struct fake_redis *fake);

#endif
