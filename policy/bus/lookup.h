/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup -- a host name's addresses, without holding the loop up.
 *
 * getaddrinfo(3) in a thread of its own, so that names are found as every
 * program of the machine finds them.  (libevent's resolver knows neither
 * nsswitch.conf(5), nor how to be stopped half way without a leak, and 2.1.12
 * crashes on a name that /etc/hosts has in the other family only.)  Shell.
 */
#ifndef POLICY_BUS_LOOKUP_H
#define POLICY_BUS_LOOKUP_H

#include <stdint.h>

struct addrinfo;
struct event_base;
struct lookup;

/* list is borrowed, NULL when there is none; problem then says why. */
typedef void lookup_done(void *arg, const struct addrinfo *list,
			 const char *problem);

/* Calls done once, on the loop.  NULL: no memory, thread or descriptor. */
struct lookup *lookup_start(struct event_base *loop, const char *host,
			    uint16_t port, lookup_done *done, void *arg);

/* Ends it, finished or not; no callback follows.  Accepts NULL. */
void lookup_stop(struct lookup *lookup);

#endif
