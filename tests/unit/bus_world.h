/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bus_world -- a loop, a store (memory or a real redis-server) and parties on
 * it, for tests of the bus.
 */
#ifndef TESTS_UNIT_BUS_WORLD_H
#define TESTS_UNIT_BUS_WORLD_H

#include "policy/bus/bus.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct event_base;
struct memory_hub;

enum { PARTIES_MAX = 8, HEARD_MAX = 64 };

/* One value as a party heard it; the newest of each topic and key. */
struct heard {
	enum bus_topic topic;
	char key[BUS_KEY_MAX + 1];
	char octets[200]; /* cut */
	size_t len;
	unsigned times;
};

/* One bus and all that it was told. */
struct party {
	struct world *world;
	struct bus *bus;
	struct heard heard[HEARD_MAX];
	size_t heard_count;
	unsigned synced, ups, downs;
	bool answers; /* answers every request with "re: " and its octets */
	/* The last results. */
	unsigned leases, commits, replies;
	uint64_t epoch;
	enum bus_commit commit;
	char reply[200]; /* "NULL" for none */
};

struct world {
	struct event_base *loop;
	struct memory_hub *hub; /* NULL: Redis */
	char folder[64];
	pid_t server;  /* 0: none runs */
	char env[32];  /* of the buses made next */
	char user[64]; /* "USER:PASSWORD", or "" */
	const char
		*config;   /* a file in contrib/redis for it to read; or NULL */
	const char *extra; /* more words for redis-server's command line */
	int tcp_port;      /* 0: a unix socket */
	bool tls;          /* the port is for TLS */
	const char *host;  /* for TCP; NULL: 127.0.0.1 */
	const char *url;   /* instead of what follows from these; or NULL */
	const char *query; /* of the url: "?ca=..."; or NULL */
	struct party parties[PARTIES_MAX];
	size_t party_count;
	bool late; /* world_until()'s deadline has passed */
};

/* False when there is no redis-server to run. */
bool world_has_redis(void);

void world_init(struct world *w, bool redis);
void world_fini(struct world *w);

void world_start_server(struct world *w);
void world_kill_server(struct world *w);
/* Runs redis-cli with these words (as the shell splits them) in the world;
 * its output, at most size - 1 octets. */
void world_cli(struct world *w, const char *words, char *out, size_t size);
/* The same for what must not fail and says nothing of interest. */
void world_order(struct world *w, const char *words);

/* A new bus; with follow_topics not 0 it follows them. */
struct party *world_party(struct world *w, unsigned follow_topics);
void party_leave(struct party *p);

/* Runs the loop until done(arg), at most 15 s; fails the test then. */
void world_until(struct world *w, bool (*done)(void *arg), void *arg,
		 const char *what);

/* Common waits. */
void party_until_up(struct party *p);
void party_until_down(struct party *p);
void party_until_synced(struct party *p);
/* Until it has heard exactly these octets under the key. */
void party_until_heard(struct party *p, enum bus_topic topic, const char *key,
		       const char *octets);
const struct heard *party_heard(const struct party *p, enum bus_topic topic,
				const char *key);
uint64_t party_lease(struct party *p, const char *holder, int64_t ttl_ms,
		     uint64_t at_least);
enum bus_commit party_commit_from(struct party *p, struct bus_place base,
				  struct bus_place at, const char *octets);
/* From whatever is stored. */
enum bus_commit party_commit(struct party *p, uint64_t epoch, uint64_t sequence,
			     const char *octets);
/* Sends and waits for the reply, "NULL" for none. */
const char *party_request(struct party *p, const char *id, const char *octets,
			  int64_t timeout_ms);

/* What happens in a world; the state of a test that is one. */
struct scenario {
	const char *title;
	void (*run)(struct world *w);
};

/* With a redis-server of its own; skipped where there is none. */
void scenario_on_redis(void **state);

#endif
