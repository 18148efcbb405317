/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay -- two divisions of the clients into classes laid over each other:
 * two policies look at different things, so their classes differ.
 *
 * Reads both tables from the first address to the last, by the networks that
 * are of one class in both.  Pure.
 */
#ifndef POLICY_REVIEW_OVERLAY_H
#define POLICY_REVIEW_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct geo;

/* The clients that are of one class before and of one class after. */
struct overlay_cell {
	uint16_t before, after;
	double weight_v4, weight_v6; /* /24s of IPv4, /48s of IPv6 */
};

struct overlay {
	struct overlay_cell *cells; /* owned */
	size_t count;
	/* Of all cells but that of which nothing is known in either. */
	double whole_v4, whole_v6;
};

/* Is anything known of these clients, in one of the two? */
static inline bool overlay_is_known(const struct overlay_cell *cell)
{
	return cell->before != 0 || cell->after != 0;
}

/* False when memory runs out; *out is then empty.  The caller ends it. */
bool overlay_make(const struct geo *before, const struct geo *after,
		  struct overlay *out);
void overlay_fini(struct overlay *overlay);

#endif
