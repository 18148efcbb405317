/* SPDX-License-Identifier: Apache-2.0 */
/*
 * minutes -- lines of the journal, as the reports read them that are made of
 * them (steering/chronicle, steering/debrief), and the cells of their tables.
 * Pure.
 */
#ifndef STEERING_MINUTES_H
#define STEERING_MINUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json_t;

/* The event of a line of journal_last(); borrowed; NULL where there is none. */
const struct json_t *minutes_event(const struct json_t *lines, size_t i);

/* A member of an event; "" where there is none.  Borrowed. */
const char *minutes_text(const struct json_t *event, const char *name);
bool minutes_is(const struct json_t *event, const char *name, const char *text);

/* When it was: wall clock, ms. */
int64_t minutes_time(const struct json_t *event);

bool minutes_begins(const char *text, const char *with);

/* A cell of a Markdown table: one line, and no end of the cell in it. */
void minutes_put_cell(const char *text, FILE *out);

#endif
