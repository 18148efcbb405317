/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guests -- an evhttp server whose connections are bounded in number and life.
 *
 * evhttp keeps a connection to itself until a whole request is there, and
 * limits neither how many there are nor how long they live.  So each is also
 * held here, by a reference of our own: slow, dripping and silent ones are
 * closed, one too many ends the oldest.  Shell, on the loop's thread.
 */
#ifndef POLICY_BASE_GUESTS_H
#define POLICY_BASE_GUESTS_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct event_base;
struct evhttp;
struct evhttp_request;
struct guests;

struct guests_limits {
	size_t count;    /* one more ends the oldest */
	int64_t life_ms; /* of a connection, from accept to close */
};

struct guests_config {
	const char *listen; /* see accept_http() */
	int backlog;
	struct guests_limits limits;
	unsigned methods; /* EVHTTP_REQ_..., or-ed */
	size_t body_max;  /* octets */
	int timeout_s;    /* without an octet */
};

enum { GUESTS_HEADERS_MAX = 8192 }; /* octets, the request line too */

/* Opens a server, and holds its connections.  NULL with err set. */
struct guests *guests_serve(struct event_base *loop,
			    const struct guests_config *config,
			    struct error *err);

/* The server, whose callbacks are the caller's to set; borrowed. */
struct evhttp *guests_http(const struct guests *guests);

/*
 * To be called in each callback of evhttp for a request: lets go of its
 * connection together with evhttp, so that the client sees the end at once.
 */
void guests_follow(struct guests *guests, struct evhttp_request *request);

/*
 * The same, of an answer that goes on: on_gone is called once, when the
 * connection ends for whatever reason, before guests_free() returns at the
 * latest.  A request that has no connection any more is then the caller's to
 * end, by evhttp_send_reply_end(); any other goes with its connection.
 */
void guests_follow_until(struct guests *guests, struct evhttp_request *request,
			 void (*on_gone)(void *arg), void *arg);

/* Closes the server and all connections.  Accepts NULL. */
void guests_free(struct guests *guests);

#endif
