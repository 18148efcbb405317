/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key -- what the keys of `windrose top` do: octets from a terminal to what is
 * wished.
 *
 *   q, Ctrl-D   end             p, space   pause, go on
 *   s           sort otherwise  /          type a filter: Enter keeps, Esc
 * drops j k, arrows one row         PgDn, PgUp one page     g, G  first, last
 * row
 *
 * Pure.
 */
#ifndef STEERING_RUNBOOK_KEY_H
#define STEERING_RUNBOOK_KEY_H

#include "steering/runbook/picture.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory is how it begins. */
struct key_state {
	bool paused;
	bool typing;
	char filter[PICTURE_FILTER_SIZE];
	enum board_order order;
	size_t scroll; /* who draws cuts it */
	size_t page;   /* rows to go by a page; who draws tells */
};

/* Octets as one read gave them.  False: it is to end. */
bool key_take(struct key_state *s, const char *octets, size_t len);

#endif
