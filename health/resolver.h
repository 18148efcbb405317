/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolver -- names of endpoints, as this machine resolves them.
 *
 * Shell: it goes by the machine's files.
 */
#ifndef HEALTH_RESOLVER_H
#define HEALTH_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

struct evdns_base;
struct event_base;

struct resolver {
	struct evdns_base *dns; /* owned */
	/* What name servers answered, be it that there is no such name: while
	 * nothing is, silence says nothing of a name. */
	uint64_t answered;
};

/*
 * With the hosts file and name servers of this machine, but without its search
 * list: names are absolute.  Where no file says how, libevent asks 127.0.0.1.
 * False when memory runs out.
 */
bool resolver_init(struct resolver *resolver, struct event_base *loop);

/* Accepts zeroed memory.  No probe asks any more. */
void resolver_fini(struct resolver *resolver);

#endif
