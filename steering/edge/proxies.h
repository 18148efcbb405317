/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxies -- the proxies that the command line of windrose-edge names, each
 * with its driver.
 *
 * Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_PROXIES_H
#define STEERING_EDGE_PROXIES_H

#include "policy/base/option.h"
#include "steering/edge/haproxy_counters.h"

struct driver;
struct error;
struct event_base;
struct proxies;
struct serving;

#define NGINX_TEST "/usr/sbin/nginx -t -q"

/* As given; NULL, 0 and empty: not given. */
struct proxies_options {
	struct option_list haproxies, backends;
	const char *cohorts, *at_zero;
	struct option_list servings;
	const char *nginx, *nginx_probe, *nginx_test, *nginx_pid, *nginx_reload;
	bool nginx_logs; /* to a socket of ours */
	const char *agent;
	const char *file, *command;
	unsigned command_timeout_s;
};

/*
 * options are borrowed.  NULL with err set: what is given does not go together,
 * or names no proxy at all.
 */
struct proxies *proxies_new(struct event_base *loop,
			    const struct proxies_options *options,
			    struct error *err);

/* Accepts NULL. */
void proxies_free(struct proxies *proxies);

/* Borrowed. */
struct driver *const *proxies_drivers(const struct proxies *proxies,
				      size_t *count);
struct haproxy_routes proxies_routes(const struct proxies *proxies);

/* What --serve says; NULL when it says nothing.  Borrowed. */
const struct serving *proxies_servings(const struct proxies *proxies,
				       size_t *count);

#endif
