/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures -- distributions over fleets: how long until all is right again, how
 * often answers turn for an endpoint that flaps.
 */
#ifndef TESTS_SIM_FIGURES_H
#define TESTS_SIM_FIGURES_H

#include <stddef.h>
#include <stdint.h>

struct fleet;

/* Numbers of which quantiles are wanted; zeroed memory has none. */
struct series {
	int64_t *values; /* owned */
	size_t count, room;
};

enum figure {
	FIGURE_RIGHT, /* of a fleet, ms: from the last fault until every
		       * responder is right about every endpoint */
	FIGURE_ALIKE, /* from the last fault or command until all responders
		       * answer alike */
	/* Of an endpoint that turned: hundredths of changes per flap, of its
	 * verdict and of the direction in which its answers go, on the
	 * responder that made the most; where nothing else went wrong, where
	 * nothing but that a vantage lied of it, and where all did. */
	FIGURE_VERDICTS,
	FIGURE_ANSWERS,
	FIGURE_VERDICTS_LIED,
	FIGURE_ANSWERS_LIED,
	FIGURE_VERDICTS_ALL,
	FIGURE_ANSWERS_ALL,
	FIGURE_TAKEOVER, /* ms: from a leader's pause until the standby's plan
			  */
	FIGURES,
};

struct figures {
	struct series series[FIGURES];
};

/* Takes in what became of a fleet. */
void figures_take(struct figures *figures, const struct fleet *f);

/* A line of TAP comment each. */
void figures_print(struct figures *figures);

void figures_fini(struct figures *figures);

#endif
