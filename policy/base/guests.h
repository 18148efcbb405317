/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guests -- the connections of an evhttp server, bounded in number and life.
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

struct event_base;
struct evhttp;
struct evhttp_request;
struct guests;

struct guests_limits {
	size_t count;    /* one more ends the oldest */
	int64_t life_ms; /* of a connection, from accept to close */
};

/* NULL when memory runs out. */
struct guests *guests_new(struct event_base *loop,
			  const struct guests_limits *limits);

/* From now on holds the connections that http accepts. */
void guests_watch(struct guests *guests, struct evhttp *http);

/*
 * To be called in each callback of evhttp for a request: lets go of its
 * connection together with evhttp, so that the client sees the end at once.
 */
void guests_follow(struct guests *guests, struct evhttp_request *request);

/*
 * The same, of an answer that goes on: on_gone is called once, when the
 * connection ends for whatever reason, before guests_free() returns at the
 * latest; the request is gone then.
 */
void guests_follow_until(struct guests *guests, struct evhttp_request *request,
			 void (*on_gone)(void *arg), void *arg);

/* After evhttp_free(): closes what is left.  Accepts NULL. */
void guests_free(struct guests *guests);

#endif
