/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet_driver -- any proxy, driven by a file and a command.
 *
 * The file (steering/edge/sheet) is replaced when it is not what it should be;
 * then, when more of it than the plan's numbers is new, the command is run, and
 * only when that ends with status 0 does the proxy have the plan.  One that
 * fails, or does not end in time, is run again after 1 s, 2 s and so on up to a
 * minute, at once when the file changes again, and once after each start.
 *
 * Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_SHEET_DRIVER_H
#define STEERING_EDGE_SHEET_DRIVER_H

#include "steering/edge/driver.h"
#include "steering/edge/sheet.h"
#include "steering/edge/words.h"

struct error;
struct event_base;

struct sheet_config {
	const char *path;
	struct serving *servings; /* their portions are computed here */
	size_t serving_count;
	struct words command; /* argv[0] NULL: none */
	unsigned timeout_ms;
};

/* config is borrowed.  NULL with err set. */
struct driver *sheet_driver_new(struct event_base *loop,
				struct sheet_config *config, struct error *err);

#endif
