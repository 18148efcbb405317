/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poller -- asks for the status again and again, on a thread of its own, so
 * that who watches keys is not held up by a bus that does not answer.  Shell.
 */
#ifndef STEERING_RUNBOOK_POLLER_H
#define STEERING_RUNBOOK_POLLER_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct json_t;
struct link;
struct poller;

/*
 * Asks at once, and every_ms after each answer.  link is borrowed, and nobody
 * else's until poller_stop().  Signals must be blocked already: the thread
 * inherits that.  NULL with err set.
 */
struct poller *poller_start(struct link *link, int64_t every_ms,
			    struct error *err);

/* Readable when there is something to take. */
int poller_descriptor(const struct poller *p);

/*
 * What the last question came to: true, with *status the caller's; or false
 * with err set.  Not before the descriptor is readable.
 */
bool poller_take(struct poller *p, struct json_t **status, struct error *err);

/* Waits for a question under way, a few seconds at most.  Accepts NULL. */
void poller_stop(struct poller *p);

#endif
