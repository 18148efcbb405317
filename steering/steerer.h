/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steerer -- runs the steering agent: lease, inputs from the bus, the tick,
 * publication, requests from people, the audit file.
 *
 * Shell around steering/agent, which is pure.  All calls on the thread of
 * loop.
 */
#ifndef STEERING_STEERER_H
#define STEERING_STEERER_H

#include "policy/base/option.h"

#include <stdbool.h>

struct bundles;
struct bus;
struct error;
struct event_base;
struct openmetrics;
struct sealer;
struct steerer;
struct verifier;
struct witnesses;

struct steerer_config {
	const char *policy_path;  /* read again on reload */
	struct bundles *bundles;  /* borrowed, outlives it: policies that were
				   * published; NULL: none is taken */
	const char *name;         /* this node's, on the bus and in the lease */
	const char *journal_path; /* audit file, JSON lines; NULL: none */
	const char *keep_path;    /* last plan; NULL: keep nothing */
	unsigned keep_soak_s;     /* 0: RING_SOAK_S */
	const char *control_path; /* unix socket; NULL: none */
	const char *rum_listen;   /* ADDR:PORT of measurements; NULL: none */
	const char *page_listen;  /* [ADDR:]PORT of the status page; NULL: none
				   */
	struct option_list rum_edges; /* networks that may name clients */
	struct bus *bus;              /* borrowed, outlives it */
	const struct sealer *key;     /* borrowed: signs plans */
	const struct verifier
		*plans; /* borrowed: whose plans may be taken over */
	const struct verifier *people; /* borrowed: whose commands are obeyed */
	const struct witnesses *witnesses; /* borrowed: who vouches for reports;
					    * NULL: nobody has to */
	const struct witnesses *edges;     /* the same for what edges served */
	int open_control; /* non-zero: commands on the control socket
			   * need no signature (the socket's
			   * permissions are the authority) */
	/* Reads key files again before a reload, into what was lent above.
	 * False with err set: the old keys stay.  NULL: they never change. */
	bool (*read_keys)(void *arg, struct error *err);
	void *arg;
};

struct steerer *steerer_start(struct event_base *loop,
			      const struct steerer_config *config,
			      struct error *err);
void steerer_reload(struct steerer *s);

/* Appends the families of steer_metrics. */
void steerer_scrape(const struct steerer *s, struct openmetrics *out);

/* NULL when it leads or could at once, else why not; static. */
const char *steerer_unready(const struct steerer *s);

/* Accepts NULL.  Gives the lease up. */
void steerer_stop(struct steerer *s);

#endif
