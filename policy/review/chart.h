/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart -- a map of who moves, as SVG: the clients of each country at the
 * middle of where the databases have them, the regions, and arrows between
 * these.
 *
 * There are no coasts in it: small dots stand wherever there are clients, and
 * the land shows by them.  Longitude and latitude are drawn as x and y
 * (equirectangular).  What goes one way has a colour and a letter, so that it
 * reads without colours, and in the dark.
 *
 * Pure.  Source: Scalable Vector Graphics (SVG) 1.1; WAI-ARIA 1.2.
 */
#ifndef POLICY_REVIEW_CHART_H
#define POLICY_REVIEW_CHART_H

#include "policy/review/rows.h"
#include "policy/review/sums.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
	CHART_WAYS = 8, /* that have a letter; all others share one */
	CHART_REGIONS = POLICY_REGIONS_MAX + 1,
	CHART_NOBODY = POLICY_REGIONS_MAX, /* no answer */
};

/* From one region to another; the last way is all others. */
struct chart_way {
	size_t from, to; /* of before, of after */
	double pct;
};

/* Clients of one country that go one way. */
struct chart_dot {
	char country[3];
	size_t way;
	double latitude, longitude, pct;
};

struct chart {
	const struct rows_side *before, *after; /* borrowed */
	const char *of_what; /* "of 1000 queries"; borrowed */
	struct sums parts;   /* what moves, in percent; see chart_add() */
	double moved_pct, placeless_pct; /* of a country that is not known, or
					  * is nowhere, of this */
	struct chart_way ways[CHART_WAYS + 1];
	size_t way_count;       /* with all others, when there are any */
	struct chart_dot *dots; /* owned; greatest first */
	size_t dot_count;
};

/* False when memory runs out.  The caller ends it in either case. */
bool chart_init(struct chart *chart, const struct rows_side *before,
		const struct rows_side *after, const char *of_what);
void chart_fini(struct chart *chart);

/* So much moves, of clients of a country ("": not known), from a region of
 * before to one of after.  False when memory runs out. */
bool chart_add(struct chart *chart, size_t from, size_t to,
	       const char country[3], double pct);

/* After the last of them: works out ways and dots.  False when memory runs
 * out. */
bool chart_finish(struct chart *chart);

void chart_draw(const struct chart *chart, FILE *out);

/* A region's name on one side, or "no answer". */
const char *chart_region(const struct rows_side *side, size_t region);

#endif
