/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rum -- real-user measurements, as decisions read them: what users in a cell
 * of the map (policy/decide/client) measured to each region.
 *
 * By cell and not by country: from one end of a large country to the other is
 * further than to its neighbours, and a cell is what a class is placed by.  The
 * agent gathers them (steering/tally) and leaves out what too few measured;
 * they come with its plan.  Pure.
 */
#ifndef POLICY_DECIDE_RUM_H
#define POLICY_DECIDE_RUM_H

#include "policy/decide/client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct plan;
struct plan_rum;
struct policy;

enum {
	RUM_COLUMNS = 360 / CLIENT_CELL_DEG,
	RUM_CELLS = 180 / CLIENT_CELL_DEG * RUM_COLUMNS,
	RUM_NOWHERE = RUM_CELLS, /* the cell of what is no place */
};

/* The number of the cell that a place in degrees is in. */
uint16_t rum_cell(double latitude, double longitude);

struct rum_value {
	float ms;         /* 0: too few measured it */
	uint32_t samples; /* behind it */
};

/* Zeroed memory has nothing. */
struct rum {
	uint64_t mark;  /* of one policy: differs when the values do */
	uint16_t *rows; /* by cell: a row's number + 1; NULL: there is none */
	struct rum_value *values; /* a row is as many as the policy's regions */
	size_t region_count;
};

/*
 * What plan, which may be NULL, says of the policy's regions; others are left
 * out.  It lies in arena.  False when memory runs out.
 */
bool rum_fill(struct rum *rum, const struct policy *policy,
	      const struct plan *plan, struct arena *arena);

/*
 * The other way round: fills out, room for PLAN_RUM_MAX, and returns how many.
 * Their order is by cell.
 */
size_t rum_list(const struct rum *rum, const struct policy *policy,
		struct plan_rum *out);

/* By region; NULL: nobody measured anything in that cell. */
static inline const struct rum_value *rum_at(const struct rum *rum,
					     uint16_t cell)
{
	if (rum->rows == NULL || rum->rows[cell] == 0)
		return NULL;
	return rum->values + (rum->rows[cell] - 1u) * rum->region_count;
}

#endif
