/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolver -- names of endpoints, as this machine resolves them.
 *
 * Shell: it goes by the machine's files.
 */
#ifndef HEALTH_RESOLVER_H
#define HEALTH_RESOLVER_H

struct evdns_base;
struct event_base;

/*
 * With the hosts file and name servers of this machine, but without its search
 * list: names are absolute.  Where no file says how, libevent asks 127.0.0.1.
 * The caller frees it with evdns_base_free(); NULL when memory runs out.
 */
struct evdns_base *resolver_new(struct event_base *loop);

#endif
