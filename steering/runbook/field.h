/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field -- the members of an answer, as those who show it read them: what is
 * not there is nothing.  Pure.
 */
#ifndef STEERING_RUNBOOK_FIELD_H
#define STEERING_RUNBOOK_FIELD_H

#include <stdbool.h>
#include <stdint.h>

struct json_t;

/* The member's text, or "" when it is absent or no text; borrowed. */
const char *field_text(const struct json_t *json, const char *key);

/* 0 when it is absent or no number; a fraction is cut. */
int64_t field_number(const struct json_t *json, const char *key);

#endif
