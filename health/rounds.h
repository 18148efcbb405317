/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rounds -- probes every job of a roster, over and over, and keeps what it
 * saw.
 *
 * At most in_flight_max probes are under way at once, so that thousands of
 * endpoints which all time out do not use up descriptors; those that are due
 * meanwhile wait in the order they became due.  How late probes start is
 * measured: a prober that has too much to do says so (rounds_load).
 *
 * Shell: owns timers and probes and reads the clock, once a turn.  What an
 * outcome means and when the next probe is due, health/watch says; whether
 * this vantage may be believed, health/suspicion.
 */
#ifndef HEALTH_ROUNDS_H
#define HEALTH_ROUNDS_H

#include "health/breaker.h"
#include "health/launch.h"
#include "health/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct evidence;
struct policy_vantage;
struct roster;
struct rounds;
struct watch;

/* Bounds of in_flight_max: some work is done, and memory does not run out. */
enum { ROUNDS_IN_FLIGHT_LEAST = 16, ROUNDS_IN_FLIGHT_MOST = 16384 };

/*
 * Half of the descriptors that this process may have, within the bounds: a
 * probe is one, and the bus, files and, in windrose up, clients have the rest.
 */
size_t rounds_in_flight(uint64_t descriptors);

struct rounds_config {
	struct launch_means means;   /* how probes are made, and the loop */
	const struct roster *roster; /* borrowed, outlives it */
	size_t in_flight_max;        /* >= 1 */
	/* Whose anchors are asked; borrowed, outlives it; NULL: none. */
	const struct policy_vantage *vantage;
	/* What users met, turned to that roster before the loop runs; borrowed,
	 * outlives it; NULL: probes are all there is. */
	struct evidence *evidence;
	/* A reported state, or the trust in ourselves, changed.  Must not stop
	 * the rounds. */
	void (*on_change)(void *arg);
	void *arg;
};

/*
 * Starts probing, spread over the first interval.  What before (may be NULL)
 * saw of the same jobs (roster_find()) is copied; stop it afterwards.  NULL
 * with err set, before unchanged.
 */
struct rounds *rounds_start(const struct rounds_config *config,
			    const struct rounds *before, struct error *err);

/* Accepts NULL.  Probes under way are cut short. */
void rounds_stop(struct rounds *rounds);

/* Borrowed until the next turn of the loop. */
const struct watch *rounds_watch(const struct rounds *rounds, size_t job);

/* Is there a job of which no probe has ended yet, since the very start? */
bool rounds_unfinished(const struct rounds *rounds);

/* Has a probe of every job ended, of those that a reload added, too? */
bool rounds_seen_all(const struct rounds *rounds);

/*
 * A person says what a job's breaker is: see watch_force().  for_ms: how long,
 * of a force.
 */
void rounds_force(struct rounds *rounds, size_t job, enum breaker_event event,
		  int64_t for_ms);

/* How well the rounds keep up. */
struct rounds_load {
	size_t in_flight, in_flight_max;
	size_t waiting; /* due, and not started for want of room */
	/* From due to started, of the last thousand or so. */
	float late_p50_ms, late_p99_ms, late_max_ms;
};
struct rounds_load rounds_load(const struct rounds *rounds);

/* What has happened since the prober's start, over reloads. */
struct rounds_tally {
	uint64_t outcomes[OUTCOME_COUNT]; /* of probes, by what they saw */
	uint64_t openings;                /* of breakers */
};
struct rounds_tally rounds_tally(const struct rounds *rounds);

/* How far this vantage trusts itself: see health/suspicion. */
struct rounds_doubt {
	bool mistrusts;
	size_t failing;       /* probes that fail now... */
	size_t probes;        /* ...of these: those in shadow, or of a policy
			       * on its way, do not count */
	size_t anchors, lost; /* that it has, and that do not answer */
};
struct rounds_doubt rounds_doubt(const struct rounds *rounds);

#endif
