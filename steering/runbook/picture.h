/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture -- what `windrose top` shows: a status as the lines of a screen.
 *
 *   who answers, which plan, when          two lines
 *   the fleet in numbers
 *   the rows of runbook/board, as many as there is room for
 *   the keys                               one line
 *
 * Never wider nor higher than the screen, whatever its size.  Pure.
 */
#ifndef STEERING_RUNBOOK_PICTURE_H
#define STEERING_RUNBOOK_PICTURE_H

#include "steering/runbook/board.h"

enum {
	PICTURE_HEIGHT_MAX = 300,
	PICTURE_WIDTH_MAX = 500,
	PICTURE_LINE_SIZE = 4 * PICTURE_WIDTH_MAX + 1,
	PICTURE_FILTER_SIZE = 64,
};

/* What the person at the keys wants to see, and what there is to say. */
struct picture_mode {
	unsigned width, height; /* of the screen; at least 1 */
	bool utf8;              /* the terminal shows it */
	bool paused;
	bool typing; /* the filter, at the moment */
	char filter[PICTURE_FILTER_SIZE];
	enum board_order order;
	size_t scroll;       /* the first row shown */
	const char *trouble; /* why there is nothing newer; NULL: nothing */
	int64_t wall_ms;     /* now */
	int64_t age_ms;      /* of the status */
};

struct picture {
	unsigned height;
	size_t scroll, scroll_max; /* what came of the one wished */
	struct {
		enum board_style style;
		char text[PICTURE_LINE_SIZE];
	} lines[PICTURE_HEIGHT_MAX];
};

/* status NULL: none has come yet.  False: out of memory; out is drawn as far
 * as it went. */
bool picture_draw(const struct json_t *status, const struct picture_mode *mode,
		  struct picture *out);

#endif
