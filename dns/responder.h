/* SPDX-License-Identifier: Apache-2.0 */
/*
 * responder -- the whole authoritative server as one object.
 *
 * Owns the sockets, UDP worker threads, the TCP thread, the loader thread, the
 * table slot and the feed that follows the bus.  windrose-dns is a main() on
 * top of it; `windrose up` starts one beside a prober and an agent.  Shell;
 * all calls on the thread of loop.
 */
#ifndef DNS_RESPONDER_H
#define DNS_RESPONDER_H

#include "dns/identify.h"
#include "dns/transports.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bundles;
struct bus;
struct error;
struct event_base;
struct policy;
struct responder;
struct verifier;
struct witnesses;

struct responder_config {
	const char *policy_path; /* file or directory; read again on reload */
	struct bundles *bundles; /* borrowed; policies from the bus; NULL: none
				  * is taken */
	struct transports_config transports;
	const char *user;         /* to become after binding; NULL: stay */
	const char *name;         /* this node's, on the bus */
	const char *keep_path;    /* last known good; NULL: keep nothing */
	unsigned keep_soak_s;     /* 0: RING_SOAK_S */
	const char *control_path; /* unix socket; NULL: none */
	struct identify_config identity;
	const char *metrics;    /* "ADDR:PORT" or "PORT" of 127.0.0.1 to serve
				 * metrics on; NULL: none */
	const char *dnstap;     /* "unix:PATH" or "file:PATH"; NULL: none */
	struct bus *bus;        /* borrowed, outlives it; NULL: none */
	bool keep_capabilities; /* those that an ordinary user was given */
	void (*on_relieved)(void *arg); /* a successor answers; time to stop */
	void (*on_reload)(void *arg, bool done); /* begun, then done; or NULL */
	void *arg;
	const struct verifier *trusted; /* borrowed; whose plans are followed */
	const struct witnesses
		*witnesses; /* NULL: reports need not be signed */
};

/*
 * Loads the policy and geo databases, binds, answers.  NULL with err set; what
 * the policy loader found is printed to standard error.
 */
struct responder *responder_start(struct event_base *loop,
				  const struct responder_config *config,
				  struct error *err);

/*
 * Loads everything again beside what is answering (in its own thread) and
 * swaps; what does not load changes nothing and is logged.
 */
void responder_reload(struct responder *r);

/* Of the policy in force; borrowed until the loop's next turn. */
const char *responder_digest(const struct responder *r);

/*
 * After take_over: the responder that ran before may end now.  Without one,
 * nothing happens.
 */
void responder_relieve(struct responder *r);

/* Answers what is queued, stops threads, frees.  Accepts NULL. */
void responder_stop(struct responder *r);

#endif
