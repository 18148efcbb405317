/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glyph -- text on a terminal: how many columns it takes, and nothing in it
 * that the terminal would obey.
 *
 * UTF-8 as RFC 3629 has it; wide characters as Unicode's EastAsianWidth, those
 * that combine by their blocks.  Pure: no locale.
 */
#ifndef STEERING_RUNBOOK_GLYPH_H
#define STEERING_RUNBOOK_GLYPH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies text into out of size (at least 1) until columns are full; what does
 * not fit is cut, which a "~" in the last column shows.  Control characters,
 * octets that are no UTF-8, and unless utf8 all that is not ASCII become "?".
 * Returns the columns taken.
 */
size_t glyph_copy(const char *text, size_t columns, bool utf8, char *out,
		  size_t size);

#endif
