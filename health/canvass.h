/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canvass -- asks each Prometheus that a passive check names how many requests
 * endpoints had, and hands what it says to evidence.
 *
 * Whatever the number of endpoints, one pair of queries is asked for all that
 * name the same ones, every passive.prometheus.interval, and none while one is
 * open.  Each such Prometheus is one witness, called "prometheus", and
 * "prometheus-2" and so on where there are several.  One that does not answer,
 * or not with counters, says nothing: that is logged when it begins, changes
 * and ends.  Shell: libcurl on the event loop; on the loop's thread.
 */
#ifndef HEALTH_CANVASS_H
#define HEALTH_CANVASS_H

#include "health/evidence.h"
#include "policy/bus/measured.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct canvass;
struct error;
struct event_base;

/* evidence is borrowed, outlives it.  NULL with err set. */
struct canvass *canvass_new(struct event_base *loop, struct evidence *evidence,
			    struct error *err);

/* Accepts NULL. */
void canvass_free(struct canvass *canvass);

/*
 * Evidence gathers for another policy: from now on asks what that wants, and
 * counts from here.  Before what it had is freed, too: it borrows that.  False:
 * out of memory, or one too many, some is not asked.
 */
bool canvass_turn(struct canvass *canvass);

/* Is it a witness' name?  No edge may go by it. */
bool canvass_has(const struct canvass *canvass, const char *name);

/* How many measures ended how, by enum measure_outcome; borrowed. */
const uint64_t *canvass_outcomes(const struct canvass *canvass);

struct canvass_source {
	const char *name; /* borrowed until the next turn */
	bool failing;     /* the last measure of it was none */
};
/* Who is asked; their number. */
size_t canvass_sources(const struct canvass *canvass,
		       struct canvass_source sources[EVIDENCE_EDGES_MAX]);

#endif
