/* SPDX-License-Identifier: Apache-2.0 */
/*
 * users -- what real users measure, what they tell of it, and what of that may
 * be in plans and answers.
 *
 * Users of one place are in some networks.  How long their way to a region is,
 * is true by distance, and longer by detours that begin and end, which no
 * vantage sees.  Some networks lie, and send more than all others; some places
 * have too few networks, or too few users.  They post to any agent that runs.
 * What an agent makes of it is steering/tally; its clock runs USERS_SPEED times
 * as fast, so that a fleet lives for longer than samples do.
 */
#ifndef TESTS_SIM_USERS_H
#define TESTS_SIM_USERS_H

#include "policy/decide/chain.h"
#include "steering/tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fleet;
struct plan;

enum {
	USERS_PLACES = 4,
	USERS_REGIONS = 4,
	USERS_SPEED = 30,
	USERS_TURN_MS = TALLY_TURN_MS / USERS_SPEED,
	USERS_KEPT_MS = (TALLY_FADE_TURNS - 1) * USERS_TURN_MS,
};

/* Of one place to one region. */
struct users_way {
	double direct_ms;
	int64_t detour_ms;
	int64_t turned_ms;       /* when that changed first; 0: it never did */
	float least_ms, most_ms; /* that anyone honest has ever told */
};

struct users_place {
	int16_t cell_lat, cell_lon;
	unsigned networks, liars; /* the first of them */
	bool rare;                /* few users, though of many networks */
	struct users_way ways[USERS_REGIONS];
};

struct users {
	struct users_place places[USERS_PLACES];
};

/* What an agent's process holds, and the sim's own account of it. */
struct users_seat {
	struct tally tally;
	int64_t began_ms;   /* of the process, fleet's time */
	int64_t adopted_ms; /* when it last went on from a plan's */
	struct users_sum {
		uint32_t samples;
		uint64_t networks; /* a bit each */
	} sums[USERS_PLACES][USERS_REGIONS];
	/* What its last turn left to be told, or the plan that it went on
	 * from; since when.  Its next plan may come much later. */
	double turned[USERS_PLACES][USERS_REGIONS];
	int64_t turned_ms[USERS_PLACES][USERS_REGIONS];
	/* What its last plan told; since when it was to. */
	double told[USERS_PLACES][USERS_REGIONS];
	int64_t told_ms[USERS_PLACES][USERS_REGIONS];
};

void users_begin(struct fleet *f);

/* Half a second of posts. */
void users_post(struct fleet *f);

/* No more detours. */
void users_calm(struct fleet *f);

/* Of an agent: it lives; a turn; it leads, after who made plan; it dies. */
void users_start(struct fleet *f, struct users_seat *u);
void users_turn(struct fleet *f, int node);
void users_adopt(struct fleet *f, int node, const struct plan *plan);
void users_die(struct users_seat *u);

/* Of a plan that an agent is about to send. */
void users_check_plan(struct fleet *f, int node, const struct plan *plan);

/* Of a responder's new view, and of one of its rows. */
bool users_check_view(struct fleet *f, size_t r);
bool users_check_row(struct fleet *f, size_t r, size_t service, size_t class,
		     const struct row *row);

/* At the end: what is told is what is true. */
bool users_converged(struct fleet *f);

#endif
