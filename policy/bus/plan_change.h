/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_change -- what one change did, as far as it takes to undo it.
 *
 * A plan has the newest PLAN_CHANGES_MAX of them, oldest first, so that whoever
 * takes over can undo what its predecessor did.  Readers before leave them out.
 * Pure.
 */
#ifndef POLICY_BUS_PLAN_CHANGE_H
#define POLICY_BUS_PLAN_CHANGE_H

#include "policy/bus/command.h"
#include "policy/bus/plan_canary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;
struct member_reader;

enum { PLAN_CHANGES_MAX = 16, PLAN_CHANGE_COMMANDS_MAX = 8 };

struct plan_change {
	char id[COMMAND_NAME_SIZE];     /* the command's, or the agent's own */
	char author[COMMAND_NAME_SIZE]; /* or the agent's name */
	char what[COMMAND_TEXT_SIZE];   /* in words */
	bool machine;                   /* the agent did it by itself */
	int64_t wall_ms;
	/* More commands came or went than there is room for: it cannot be
	 * undone. */
	bool partial;
	char added[PLAN_CHANGE_COMMANDS_MAX][COMMAND_NAME_SIZE]; /* ids */
	size_t added_count;
	struct command removed[PLAN_CHANGE_COMMANDS_MAX];
	size_t removed_count;
	/* A canary that it moved, as it was, and to where; name "": none. */
	struct plan_canary canary;
	enum plan_canary_state to_state;
	uint32_t to_stage, to_step;
	/* SERVICE/ENDPOINT that it began to give its clients back; "": none. */
	char released[COMMAND_TARGET_SIZE];
};

/* False, out untouched, when r fails. */
bool plan_change_read(struct member_reader *r, struct plan_change *out);

/* A new reference, or NULL when memory runs out. */
struct json_t *plan_change_write(const struct plan_change *change);

#endif
