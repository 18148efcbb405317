/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis -- the bus over a Redis server.
 *
 * hiredis formats commands and reads replies; libevent bufferevents carry
 * them.  Two connections: one for commands, one subscribed; a third to read
 * from a replica.  policy/bus/redis_connect finds the servers.  Subscribes
 * first, then reads everything, then applies notices; reads everything again
 * on reconnect, when a notice was missed, and every REDIS_FULL_READ_MS.
 * Reconnects with back-off and jitter, 100 ms to 3 s, which begins anew when a
 * connection has held for some seconds.  Stops trusting a server
 * that leaves a command unanswered for 2 s.  Shell: the program must ignore
 * SIGPIPE.
 *
 * Keys, under "windrose:{ENV}:" (hash-tagged for Redis Cluster):
 *   plan, plan-head ("EPOCH SEQUENCE"), vantage:ID, node:ID, served:ID,
 *   bundle:DIGEST, vantages, nodes and edges (sets of ids), lease, epoch,
 *   audit (stream), notices:KIND (how many there were); channels notify:KIND,
 *   request, reply:ID.
 * KIND is plan, reports, nodes or served.  A notice is its number and, but for
 * the plan, a blank and the id of what changed.
 */
#ifndef POLICY_BUS_REDIS_H
#define POLICY_BUS_REDIS_H

struct bus;
struct error;
struct event_base;

enum { REDIS_FULL_READ_MS = 5000 };

/* What every program that takes a url says of it. */
#define REDIS_URL_HELP \
	"redis://[user:password@]host[:port][/environment]; windrose-bus(7)"

struct redis_config {
	const char *url; /* see policy/bus/redis_url.h */
};

/*
 * Starts connecting and returns at once; NULL with err set for a malformed
 * url, files of it that cannot be used, or no memory.  A server that is not
 * there is not an error: on_link() tells.
 */
struct bus *redis_bus_new(struct event_base *loop,
			  const struct redis_config *config, struct error *err);

#endif
