/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminal -- the terminal that standard input and output are: keys one at a
 * time, a screen of its own, and all of it given back as it was found.
 *
 * Plain ECMA-48 sequences that every terminal of today knows; none for
 * TERM=dumb, where pictures follow one another as text.  Colours unless
 * NO_COLOR is set (no-color.org); what they say words say, too.  Shell.
 */
#ifndef STEERING_RUNBOOK_TERMINAL_H
#define STEERING_RUNBOOK_TERMINAL_H

#include <stdbool.h>

struct error;
struct picture;

struct terminal;

/* NULL with err set: it is none. */
struct terminal *terminal_open(struct error *err);

/* Takes the screen, and keys; again after terminal_leave(). */
void terminal_enter(struct terminal *t);

/* Gives all back. */
void terminal_leave(struct terminal *t);

/* As it is now: 80 by 24 when it does not say. */
void terminal_size(unsigned *width, unsigned *height);

/* By the locale that the environment names. */
bool terminal_is_utf8(void);

void terminal_show(struct terminal *t, const struct picture *picture);

/* Leaves first.  Accepts NULL. */
void terminal_close(struct terminal *t);

#endif
