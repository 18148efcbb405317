/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally -- what real users measured, by cell of the map and region, and what
 * of it is told to everyone in the plan.
 *
 * A value is the median of a log-scale histogram.  It is told, and moves, only
 * while TALLY_LEAST samples from TALLY_SOURCES networks or more are in, of
 * which none has more than one in TALLY_SOURCES (or TALLY_EACH, while that is
 * more): what it sends beyond is not counted.  So a few networks that lie or
 * are on a bad line decide nothing for all, however much they send.  What is
 * told moves only by more than max(10 ms, 10 %), on the same side at two turns,
 * a minute apart; and ends when fewer than TALLY_KEEP samples are left of what
 * fades by half every half hour.
 *
 * A new leader tells what the plan before told, and moves from there as its
 * maker would have; what it measured while another led has faded like that.
 * Pure.
 */
#ifndef STEERING_TALLY_H
#define STEERING_TALLY_H

#include "policy/bus/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TALLY_MAX = PLAN_RUM_MAX, /* pairs of cell and region; more are lost */
	TALLY_LEAST = 50,
	TALLY_SOURCES = 8,
	TALLY_EACH = 7, /* so many networks of so much each are enough */
	TALLY_KEEP = 25,
	TALLY_TURN_MS = 60000,
	TALLY_FADE_TURNS = 30,
	TALLY_MARGIN_MS = 10,
	TALLY_MARGIN_PCT = 10,
};

struct tally_entry;

/* Zero-initialised is empty. */
struct tally {
	struct tally_entry *entries; /* owned */
	size_t count, cap;
	uint16_t *slots;       /* open addressing: index + 1; 0 free */
	struct plan_rum *told; /* by region, cell; owned */
	size_t told_count;
	int64_t turned_ms; /* monotonic; 0: never */
	unsigned turns;
};

struct tally_sample {
	const char *region; /* a name of less than PLAN_NAME_SIZE octets */
	int16_t cell_lat, cell_lon;
	float ms;
	uint64_t source; /* a hash of the network it came from */
};

void tally_fini(struct tally *tally);

/* False when there is no room or no memory for one more pair. */
bool tally_add(struct tally *tally, const struct tally_sample *sample);

/*
 * Once TALLY_TURN_MS have passed since the last turn: renews what is told. Also
 * while another leads, for what is measured then fades, too.
 * True when it is another; false also when memory runs out, then it stays.
 */
bool tally_turn(struct tally *tally, int64_t now_ms);

/* From now on it tells what that plan tells (NULL: there is none), and nothing
 * else until a turn says so: what it told itself nobody heard. */
void tally_adopt(struct tally *tally, const struct plan *plan);

#endif
