/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doubt -- plans of which nobody said whether they were stored, until another
 * plan tells.
 *
 * The store takes a plan only when none is stored that is newer than the one
 * it was made from, and plans name that one.  So the first plan seen after a
 * doubted one says what became of it: it was made from the doubted one, which
 * was stored then; or from an older, and the doubted one is not in force and
 * never will be.  Pure.
 */
#ifndef STEERING_DOUBT_H
#define STEERING_DOUBT_H

#include "steering/audit.h"

#include <stddef.h>
#include <stdint.h>

struct plan;

enum { DOUBTS_MAX = 16 };

struct doubt {
	uint64_t epoch, sequence;
	struct audit audit; /* what it changes; owned */
};

/* Zero-initialised is empty; in the order in which they were sent. */
struct doubts {
	struct doubt list[DOUBTS_MAX];
	size_t count;
};

enum doubt_end {
	DOUBT_OPEN,     /* this plan does not tell */
	DOUBT_IN_FORCE, /* it was stored, and what came later follows from it */
	DOUBT_NOT,      /* it is not in force, and will not be */
	DOUBT_LOST,     /* too much was missed to tell */
};

/* Takes over the audit of plan; the oldest is forgotten when there are too
 * many. */
void doubts_add(struct doubts *doubts, const struct plan *plan,
		struct audit *audit);

/* What a plan that is stored, or was, says of d. */
enum doubt_end doubt_judge(const struct doubt *d, const struct plan *stored);

/* Forgets the one with this index. */
void doubts_drop(struct doubts *doubts, size_t index);
void doubts_fini(struct doubts *doubts);

#endif
