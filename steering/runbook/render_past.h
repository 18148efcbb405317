/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render_past -- what was: the history, and earlier plans, for people.
 *
 * Shell: prints.
 */
#ifndef STEERING_RUNBOOK_RENDER_PAST_H
#define STEERING_RUNBOOK_RENDER_PAST_H

#include <stdio.h>

struct json_t;

/* {"lines": [...]}: when, who, what, why, from what to what; a line each. */
void render_history(const struct json_t *answer, FILE *out);

/* The generations that an agent keeps, newest first. */
void render_plans(const struct json_t *answer, FILE *out);

#endif
