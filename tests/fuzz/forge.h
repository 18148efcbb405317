/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forge -- DNS messages drawn by dice: whole queries, and damage done to what
 * is whole.
 *
 * The same dice throw the same messages, so whatever a run finds is found
 * again from its seed.  For the fuzz targets and the property tests.
 */
#ifndef TESTS_FUZZ_FORGE_H
#define TESTS_FUZZ_FORGE_H

#include <stddef.h>
#include <stdint.h>

enum { FORGE_OCTETS_MAX = 4096 };

struct dice {
	uint64_t state;
};

/* 0 to faces - 1; faces is not 0. */
unsigned dice_throw(struct dice *dice, unsigned faces);

/*
 * A query that breaks no rule, into out of FORGE_OCTETS_MAX; its length.  The
 * name is in or near the zone gslb.example of tests/unit/world.h.
 */
size_t forge_query(struct dice *dice, uint8_t *out);

/* Breaks one thing of the message, or some; its new length, at most cap. */
size_t forge_damage(struct dice *dice, uint8_t *octets, size_t len, size_t cap);

#endif
