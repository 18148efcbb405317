/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render_parts -- the checks that an endpoint's health is made of, as text: a
 * line of its own, or nothing where there is one check.
 *
 * Shell: prints.
 */
#ifndef STEERING_RUNBOOK_RENDER_PARTS_H
#define STEERING_RUNBOOK_RENDER_PARTS_H

#include <stdio.h>

struct json_t;

/* What the vantages say of each: of parts_write(). */
void render_parts_seen(const struct json_t *parts, FILE *out);

/* What each is at one prober. */
void render_parts_here(const struct json_t *parts, FILE *out);

#endif
