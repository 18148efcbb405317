/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outturn -- what a fleet came to: how often things happened, and when all was
 * right again.
 */
#ifndef TESTS_SIM_OUTTURN_H
#define TESTS_SIM_OUTTURN_H

#include "history.h"

#include <stddef.h>
#include <stdint.h>

struct totals {
	uint64_t steps, plans, stale, takeovers, faults, orders, locals;
	uint64_t canaries, moves;       /* canary commands; rows compared */
	uint64_t rollbacks, promotions; /* of canaries, by an agent */
	uint64_t deferrals;             /* endpoints in views */
	uint64_t panics;                /* of services, that began in views */
	uint64_t behind; /* plans refused: another was stored meanwhile */
	/* Plans that nobody answered: their agent was told in the end what had
	 * become of them, or could not tell. */
	uint64_t settled, unsettled;
	/* Leaders paused while another led, and plans of theirs that came to
	 * the store then. */
	uint64_t splits, late, late_stored;
	uint64_t steps_of_clocks;
	uint64_t mistrusts, flaps, lies, latencies; /* those that moved */
	uint64_t asked, agreed;                     /* by verifiers */
	/* Of users: samples, of those that lied; values told at first, and
	 * those that moved; rows that were in their order. */
	/* Commands that waited for a second person, of which so many were
	 * approved, and so many times one was given up. */
	uint64_t held, approved, lapsed;
	uint64_t samples, lying, told, moved, ordered;
	uint64_t pinned; /* rows that a pin bound */
	/* Of who asks: queries, floods; looks at what an agent makes of them;
	 * plans that moved clients by it; fleets that had room for all. */
	uint64_t asked_for, floods, reckoned, spilled, carried;
};

/* What a responder made of one target. */
struct turns {
	unsigned verdicts; /* changes of its verdict */
	unsigned answers;  /* changes of direction in what it takes */
};

/* What a fleet came to, for the distributions over fleets. */
struct outturn {
	int64_t mended_ms; /* the last fault was over; 0: not yet */
	int64_t right_ms;  /* the last time that a verdict was wrong */
	int64_t obeyed_ms; /* the last time that a command was in force */
	int64_t alike_ms; /* the last time that two answered otherwise than each
			   * other, and had for a while */
	int64_t apart_ms; /* since when two do; 0: all are alike */
	struct turns turns[FLEET_RESPONDERS][FLEET_TARGETS];
	uint64_t lied; /* bit per site that a vantage ever lied of */
	int64_t takeover_ms[FLEET_SPLITS]; /* from a leader's pause until the
					    * other's first plan */
	size_t takeovers;
	unsigned stirs; /* faults of vantages, responders, links, the store */
};

#endif
