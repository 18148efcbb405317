/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rounds -- probes every job of a roster, over and over, and keeps what it
 * saw.
 *
 * At most ROUNDS_IN_FLIGHT probes are under way at once, so that thousands of
 * endpoints which all time out do not use up descriptors; those that are due
 * meanwhile wait in the order they became due.
 *
 * Shell: owns timers and probes and reads the clock, once a turn.  What an
 * outcome means and when the next probe is due, health/watch says; whether
 * this vantage may be believed, health/suspicion.
 */
#ifndef HEALTH_ROUNDS_H
#define HEALTH_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct evdns_base;
struct event_base;
struct policy_vantage;
struct probe_http_pool;
struct roster;
struct rounds;
struct watch;

enum { ROUNDS_IN_FLIGHT = 512 };

struct rounds_config {
	struct event_base *loop;
	const struct roster *roster;  /* borrowed, outlives it */
	struct probe_http_pool *http; /* borrowed, outlives it */
	struct evdns_base *dns;       /* borrowed, outlives it */
	/* Whose anchors are asked; borrowed, outlives it; NULL: none. */
	const struct policy_vantage *vantage;
	/* A reported state, or the trust in ourselves, changed.  Must not stop
	 * the rounds. */
	void (*on_change)(void *arg);
	void *arg;
};

/*
 * Starts probing, spread over the first interval.  What before (may be NULL)
 * saw of jobs with the same key is copied; stop it afterwards.  NULL with err
 * set, before unchanged.
 */
struct rounds *rounds_start(const struct rounds_config *config,
			    const struct rounds *before, struct error *err);

/* Accepts NULL.  Probes under way are cut short. */
void rounds_stop(struct rounds *rounds);

/* Borrowed until the next turn of the loop. */
const struct watch *rounds_watch(const struct rounds *rounds, size_t job);

/* Is there a job of which no probe has ended yet, since the very start? */
bool rounds_unfinished(const struct rounds *rounds);

/* How far this vantage trusts itself: see health/suspicion. */
struct rounds_doubt {
	bool mistrusts;
	size_t failing;       /* probes that fail now */
	size_t anchors, lost; /* that it has, and that do not answer */
};
struct rounds_doubt rounds_doubt(const struct rounds *rounds);

#endif
