/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring -- the last known good on disk, several generations of it, so that no
 * one state that a daemon dies of, or cannot read, is all it has to start from.
 *
 *   FILE                the newest state, on trial
 *   FILE.1 .. FILE.3    generations that were served for a soak time and did
 *                       no harm; the newest of them by the number inside
 *   FILE.tries          starts that have not come to an end, good or bad
 *
 * Each is a keep (policy/bus/keep), replaced whole: a process may be killed at
 * any moment, and a disk be full, and what was on it can still be read.  FILE
 * is written first and promoted by being written again, so a generation is
 * never moved.
 *
 * What counts as the same generation: two states that differ only in values
 * whose names begin with one of `passing` (reports come every second); then
 * the newer one takes the other's place and the older generations stay.
 *
 * A start takes the newest that reads and that has not brought down
 * RING_TRIES_MAX starts in a row.  A start is brought down when its process
 * ends otherwise than by ring_rest() within the soak time.  When that holds of
 * all of them it is not they that do harm: then the newest is taken.  What is
 * passed over is told in one line of the log each; FILE is moved to
 * FILE.refused when there is an older one to go on with.
 *
 * Shell: files, and the log.  One thread at a time.
 */
#ifndef POLICY_BUS_RING_H
#define POLICY_BUS_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct keep;
struct ring;

enum {
	RING_GOOD = 3, /* generations beside the newest state */
	RING_TRIES_MAX = 2,
	RING_SOAK_S = 60, /* unless told otherwise */
};

struct ring_config {
	const char *path; /* FILE; copied */
	const char *part; /* the log's sub, "dns"; borrowed, outlives it */
	/* Beginnings of names, NULL at the end; NULL: none.  Borrowed too. */
	const char *const *passing;
	int64_t soak_ms; /* 0: RING_SOAK_S */
};

/* Reads what is there.  NULL with err set when memory runs out. */
struct ring *ring_open(const struct ring_config *config, struct error *err);

/*
 * What to start from: empty when there is nothing.  Borrowed until
 * ring_older() or ring_save().
 */
const struct keep *ring_read(const struct ring *ring);

/*
 * What ring_read() gave was refused, and why: the next older generation that
 * is another one, borrowed as that; NULL when there is none left.
 */
const struct keep *ring_older(struct ring *ring, const char *why);

/*
 * Saves keep as the newest, and promotes it once it has been the newest for
 * the soak time.  Puts one value of the ring's own into keep.  False with err
 * set when the disk fails; what was on it stays.
 */
bool ring_save(struct ring *ring, struct keep *keep, int64_t now_ms,
	       struct error *err);

/* The newest is held and not served: its soak time begins anew. */
void ring_doubt(struct ring *ring, int64_t now_ms);

/* Has something soaked, so that ring_save() is due though nothing is new? */
bool ring_is_due(const struct ring *ring, int64_t now_ms);

/* The process ends, or hands over, and not for any trouble. */
void ring_rest(struct ring *ring);

/* Accepts NULL. */
void ring_free(struct ring *ring);

#endif
