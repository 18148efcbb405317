/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board -- a status as rows of text, by sections: alarms, commands in force,
 * canaries, regions, services, what a prober sees, nodes.
 *
 * The lines are those of windrose status (runbook/render); what a section adds
 * is order, and rows only of what is looked for.  Pure.
 */
#ifndef STEERING_RUNBOOK_BOARD_H
#define STEERING_RUNBOOK_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

enum board_style {
	BOARD_PLAIN,
	BOARD_TITLE,  /* of a section */
	BOARD_NOTE,   /* worth knowing */
	BOARD_WARN,   /* something is wrong */
	BOARD_URGENT, /* and clients feel it */
	BOARD_STYLES,
};

/* What comes first within a section. */
enum board_order {
	BOARD_BY_TROUBLE, /* what is wrong, then by name */
	BOARD_BY_NAME,
	BOARD_ORDERS,
};

struct board_wish {
	enum board_order order;
	const char *filter; /* rows that have it, in any case; "": all */
	int64_t wall_ms;
};

struct board_row {
	enum board_style style;
	char *text; /* without a line end */
};

/* Zeroed memory is empty. */
struct board {
	struct board_row *rows; /* owned */
	size_t count, room;
};

/* "by trouble" */
const char *board_order_name(enum board_order order);

/* Into an empty board.  False: out of memory; free it all the same. */
bool board_write(const struct json_t *status, const struct board_wish *wish,
		 struct board *out);

void board_fini(struct board *board);

#endif
