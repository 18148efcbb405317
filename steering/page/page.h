/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page -- the status page: what people see of the fleet in a browser.
 *
 *   GET /                    the page, with /page.css and /page.js
 *   GET /api/OP?NAME=VALUE   what the owner answers to such a question, JSON
 *   GET /events              the same for OP status, each second
 *                            (server-sent events)
 *
 * Read-only: there is nothing to post.  Requests must be for an address or for
 * localhost (the Host field), so that no other site's script can read it by a
 * name that it points here.  Clients cost what the limits say at most; a stream
 * of events ends with its connection's life, and browsers open another.
 *
 * Shell, on the loop's thread.  Source: WHATWG HTML, "Server-sent events".
 */
#ifndef STEERING_PAGE_PAGE_H
#define STEERING_PAGE_PAGE_H

#include "policy/base/guests.h"

struct error;
struct event_base;
struct json_t;
struct page;

enum { PAGE_EVERY_MS = 1000, PAGE_QUERY_MAX = 8 };

extern const struct guests_limits page_default_limits;

struct page_config {
	const char *listen; /* ADDR:PORT, or PORT of 127.0.0.1 */
	struct guests_limits limits;
	/*
	 * Answers {"op": OP, NAME: VALUE...}, where a VALUE of digits alone is
	 * a number: a new reference, NULL when OP is none or memory runs out.
	 */
	struct json_t *(*ask)(void *arg, const struct json_t *request);
	void *arg;
};

/* Binds.  config is copied but for listen.  NULL with err set. */
struct page *page_start(struct event_base *loop,
			const struct page_config *config, struct error *err);

/* Closes all connections.  Accepts NULL. */
void page_stop(struct page *page);

#endif
