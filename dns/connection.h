/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection -- one client's TCP connection, and the list of all of them.
 *
 * Messages behind two octets of length (RFC 1035, 4.2.2), as many at once as
 * the client likes; answers in order, each with its length in one piece.  A
 * client that half-closes gets the answers to what it sent.  A message that
 * deserves silence, an empty one included, leaves the connection open.
 *
 * Shell: bufferevents on the loop's thread, which is a reader of the slot.
 */
#ifndef DNS_CONNECTION_H
#define DNS_CONNECTION_H

#include "dns/clients.h"
#include "dns/tcp.h"
#include "policy/base/net.h"

#include <stdint.h>

#include <sys/queue.h>

struct connection;
struct event_base;
struct sockaddr;
struct tls;

TAILQ_HEAD(connection_list, connection);

/* All connections of one loop. */
struct connections {
	struct event_base *loop; /* borrowed, as slot and stats */
	const struct slot *slot;
	struct stats_block *stats;
	struct tap_queue *tap; /* NULL: nobody wants copies */
	struct tcp_limits limits;
	const struct proxy_sources *proxies; /* who sends PROXY headers */
	bool ending; /* clients shall go: RFC 7828, 3.4 */
	struct clients clients;
	struct connection_list list; /* longest without a query first */
	size_t count;
	uint64_t random;
	uint8_t *query;  /* 65535 octets: one message at a time */
	uint8_t *answer; /* two more, for the length */
};

/* all's loop, slot, stats and limits are set.  False: out of memory, or no
 * random numbers; connections_fini() is due all the same. */
bool connections_init(struct connections *all);

/* Closes every connection. */
void connections_fini(struct connections *all);

/* Takes fd from accept(2), closing the idlest where a limit is reached.  With
 * tls it is spoken first. */
void connections_add(struct connections *all, int fd,
		     const struct sockaddr *from, struct tls *tls);

/* Closes the one that is longest without a query; false when there is none. */
bool connections_drop_idlest(struct connections *all);

/*
 * How long a connection may be without a whole query now: the limit while
 * half of the places are free, then less and less, an eighth when all are
 * taken (RFC 7766, 6.2.3).
 */
int64_t connections_idle_ms(const struct connections *all);

/* Closes those over their time. */
void connections_sweep(struct connections *all);

/* Does any have answers that its client has not taken? */
bool connections_waiting(const struct connections *all);

#endif
