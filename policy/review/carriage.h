/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carriage -- which AS numbers the cells of an overlay are made of.
 *
 * Reads the address space once, by the networks that are of one class in both
 * policies and of one AS number.  Clients whose AS number no database knows are
 * in none of the parts.  Pure, but for the databases that carriers map.
 */
#ifndef POLICY_REVIEW_CARRIAGE_H
#define POLICY_REVIEW_CARRIAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct carriers;
struct geo;
struct overlay;

/* The clients of a cell that are of one AS number. */
struct carriage_part {
	uint32_t cell;   /* of the overlay */
	uint32_t number; /* of the AS number, in asns */
	double v4, v6;   /* weight, as a cell's */
};

struct carriage {
	struct carriage_part *parts; /* owned */
	size_t count, cap;
	uint32_t *asns; /* each once; owned */
	size_t asn_count, asn_cap;
};

/* overlay is of these two.  False when memory runs out; *out is then empty.
 * The caller ends it. */
bool carriage_make(const struct geo *before, const struct geo *after,
		   const struct overlay *overlay,
		   const struct carriers *carriers, struct carriage *out);
void carriage_fini(struct carriage *carriage);

#endif
