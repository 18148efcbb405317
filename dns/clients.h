/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clients -- how many connections each client has, and which is its idlest.
 *
 * A client is an IPv4 address or an IPv6 /64, what one subscriber commands
 * (RFC 6177).  Found by a keyed hash, since strangers choose the addresses:
 * taking one more connection in costs the same with ten and with ten
 * thousand.  Pure but for malloc.
 */
#ifndef DNS_CLIENTS_H
#define DNS_CLIENTS_H

#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/queue.h>

enum { CLIENTS_BUCKETS = 4096 };

struct client;

/* Part of each connection. */
struct client_link {
	TAILQ_ENTRY(client_link) next;
	struct client *client; /* NULL: of nobody yet */
};

struct clients {
	uint64_t secret; /* random */
	LIST_HEAD(client_bucket, client) buckets[CLIENTS_BUCKETS];
};

void clients_init(struct clients *clients, uint64_t secret);

/* Counts link, which is of nobody, to peer's client.  False when memory runs
 * out. */
bool clients_join(struct clients *clients, struct client_link *link,
		  const struct net_addr *peer);

/* Link is of nobody again; it may have been already. */
void clients_leave(struct client_link *link);

/* Link is its client's busiest; of nobody, nothing happens. */
void clients_touch(struct client_link *link);

/* The idlest of peer's client when it has limit or more, else NULL. */
struct client_link *clients_over(const struct clients *clients,
				 const struct net_addr *peer, size_t limit);

#endif
