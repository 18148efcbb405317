/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx_driver -- an nginx that is kept at the plan by a file that it includes.
 *
 *   ASK       nginx is asked which state it serves: the wanted one, and all is
 *             well; another, and the file is replaced:
 *   TEST      "nginx -t" on the new file; refused, and the old file is put
 *             back
 *   RELOAD    a signal, or a command; failed, and the old file is put back
 *   CONFIRM   until a new connection is answered with the wanted state and the
 *             one that was held is closed: its worker has stopped.  Too late,
 *             and the old file is put back and nginx is told again
 *
 *   ASK --other--> TEST --well--> RELOAD --well--> CONFIRM --well--> it has it
 *    |              |               |                 |
 *    +--wanted: it  +---------------+-----------------+--> trouble, old file
 *       has it
 *
 * nginx's master stops all old workers in one turn, after the new ones began to
 * listen.  Idle connections of clients are closed then; a request that an old
 * worker is at work on is the last of its connection.
 *
 * An nginx that does not answer at all gets the tested file, to start from.
 * Reloads are not more often than NGINX_EVERY_MS, for each leaves workers that
 * end their last requests; but at once where an endpoint is to take nobody.  A
 * file that was refused is tried again, more and more seldom.
 *
 * Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_NGINX_DRIVER_H
#define STEERING_EDGE_NGINX_DRIVER_H

#include "steering/edge/driver.h"
#include "steering/edge/nginx.h"
#include "steering/edge/words.h"

struct error;
struct event_base;

enum {
	NGINX_EVERY_MS = 2000,
	NGINX_JOB_MS = 10000,    /* a test or a reload command */
	NGINX_CONFIRM_MS = 5000, /* until new workers serve */
};

struct nginx_config {
	const char *path;         /* the file that nginx includes */
	struct serving *servings; /* their portions are computed here */
	size_t serving_count;
	struct words test;   /* "nginx -t" */
	struct words reload; /* argv[0] NULL: a signal instead, by pid_path */
	const char *pid_path;
	const char *probe_url;
	bool logs; /* to a socket of ours: nginx finds one that was made anew
		    * only by a reload, so each start has its own file */
};

/* config is borrowed.  NULL with err set. */
struct driver *nginx_driver_new(struct event_base *loop,
				struct nginx_config *config, struct error *err);

#endif
