/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render -- answers of the agent and of nodes, for people.
 *
 * Reads what is there and leaves out what is not: an answer may come from a
 * newer or an older program.  Pure but for the stream it is given.
 */
#ifndef STEERING_RUNBOOK_RENDER_H
#define STEERING_RUNBOOK_RENDER_H

#include <stdint.h>
#include <stdio.h>

struct json_t;

/* {"prediction": ..., "warnings": [...]}: each region before and after. */
void render_prediction(const struct json_t *answer, FILE *out);

/* The answer to {"op":"status"}, of any role. */
void render_status(const struct json_t *answer, int64_t wall_ms, FILE *out);

/*
 * One of each, as render_status() has them, a line with its end; the node has
 * one more for each command of its own.
 */
void render_endpoint(const struct json_t *endpoint, FILE *out);
void render_target(const struct json_t *target, int64_t wall_ms, FILE *out);
void render_canary(const struct json_t *canary, FILE *out);
void render_node(const struct json_t *node, int64_t wall_ms, FILE *out);

/* "2h 5m", "41s"; what is past is "0s".  Into buf, which is returned. */
const char *render_duration(int64_t ms, char *buf, size_t size);

#endif
