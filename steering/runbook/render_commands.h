/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render_commands -- commands in force and those that wait, for people.
 *
 * Shell: prints.
 */
#ifndef STEERING_RUNBOOK_RENDER_COMMANDS_H
#define STEERING_RUNBOOK_RENDER_COMMANDS_H

#include <stdint.h>
#include <stdio.h>

struct json_t;

/* A line, where ahead of it; and one more of what takes clients away. */
void render_command(const struct json_t *command, const char *where,
		    int64_t wall_ms, FILE *out);
/* A list of them; NULL: none. */
void render_commands(const struct json_t *commands, const char *where,
		     int64_t wall_ms, FILE *out);

/* How far its clients are off what a command takes away; nothing of one that
 * takes none. */
void render_draining(const struct json_t *json, int64_t wall_ms, FILE *out);

/* Of a status: what waits for a second person, and what the agent holds back
 * of its own. */
void render_held(const struct json_t *answer, int64_t wall_ms, FILE *out);

#endif
