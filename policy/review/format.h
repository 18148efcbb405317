/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format -- the canonical form of a policy's YAML, in which comments stay and
 * nothing means anything else.
 *
 *   - what is below a key, or an item of a list, stands two columns further in
 *   - lines end with what they say: no blanks behind it, and LF
 *   - no two empty lines follow each other, none is first or last
 *
 * Order, quotes, flow and block style, and the spaces inside a line are the
 * author's.  So are the lines of literal texts, but for how far in they begin.
 * A comment goes with the line below it that began in the same column, else
 * with one above it.
 *
 * The result is parsed again: unless it gives the same events as what it was
 * made of, there is none.  So a mistake in here can refuse a file and never
 * change one.  Pure.
 *
 * Source: YAML 1.2, and libyaml's scanner, whose tokens say where things begin.
 */
#ifndef POLICY_REVIEW_FORMAT_H
#define POLICY_REVIEW_FORMAT_H

#include <stddef.h>

struct error;

/*
 * The text in its form, NUL-terminated beyond *out_len octets; the caller frees
 * it.  NULL with err set, and its line and column where there are some: it is
 * not YAML, or what came out of it would not be the same.
 */
char *format_text(const char *text, size_t len, size_t *out_len,
		  struct error *err);

#endif
