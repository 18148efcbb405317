/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generations -- the last plans that differ in what people decided, to go back
 * to.
 *
 * A plan is published every few seconds, and most say the same.  A generation
 * is the first of those in a row with the same commands in force.  Pure.
 */
#ifndef STEERING_GENERATIONS_H
#define STEERING_GENERATIONS_H

#include "policy/bus/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_t;

enum { GENERATIONS_MAX = 16 };

struct generation {
	struct plan *plan; /* owned */
	char *envelope;    /* as it was signed; owned */
	size_t len;
};

/* Zero-initialised is empty.  Newest first: the first is in force. */
struct generations {
	struct generation list[GENERATIONS_MAX];
	size_t count;
};

enum generations_take {
	GENERATIONS_SAME, /* it decides what the newest does */
	GENERATIONS_NEW,
	GENERATIONS_FAILED, /* out of memory */
};

/* A plan that is stored, newer than all before; both are copied. */
enum generations_take generations_add(struct generations *g,
				      const struct plan *plan,
				      const char *envelope, size_t len);

/*
 * The plan "EPOCH/SEQUENCE", or for "previous" the one before the newest; NULL
 * with err set: it is not kept.
 */
const struct plan *generations_find(const struct generations *g,
				    const char *name, struct error *err);

/* For people: an array, newest first.  A new reference; NULL: no memory. */
struct json_t *generations_tell(const struct generations *g);

void generations_fini(struct generations *g);

#endif
