/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recent -- ids of commands seen, for as long as their copies could pass for
 * fresh.  Pure.
 */
#ifndef STEERING_RECENT_H
#define STEERING_RECENT_H

#include "policy/bus/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum {
	RECENT_MAX = 1024,
	/* A command made RECENT_SPAN_MS/2 ahead of us stays fresh this long. */
	RECENT_SPAN_MS = 120000,
};

/* Zero-initialised is empty. */
struct recent {
	struct recent_id {
		char id[COMMAND_NAME_SIZE];
		int64_t wall_made_ms;
	} ids[RECENT_MAX];
	size_t count;
};

bool recent_find(const struct recent *recent, const char *id);

/*
 * Remembers id, forgets those that are too old to pass for fresh.  False with
 * err set when there are too many: forgetting a fresh one would let its copy
 * in.
 */
bool recent_add(struct recent *recent, const char *id, int64_t wall_made_ms,
		int64_t wall_ms, struct error *err);

#endif
