/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/glyph.h"

#include <stdint.h>
#include <string.h>

/* Inclusive, ascending. */
struct range {
	uint32_t first, last;
};

static const struct range combining[] = {
	{ 0x300, 0x36f },   { 0x483, 0x489 },   { 0x591, 0x5bd },
	{ 0x610, 0x61a },   { 0x64b, 0x65f },   { 0x200b, 0x200f },
	{ 0x202a, 0x202e }, { 0x2060, 0x206f }, { 0x20d0, 0x20f0 },
	{ 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff },
};

static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },
	{ 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
	{ 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};

static bool is_in(const struct range *ranges, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count && code >= ranges[i].first; i++)
		if (code <= ranges[i].last)
			return true;
	return false;
}

#define IS_IN(ranges, code) \
	is_in(ranges, sizeof(ranges) / sizeof((ranges)[0]), code)

/* One character: how many octets, and which; 0 octets: it is none. */
static size_t decode(const char *text, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)text[0];
	size_t len = first < 0x80   ? 1
		     : first < 0xc2 ? 0
		     : first < 0xe0 ? 2
		     : first < 0xf0 ? 3
		     : first < 0xf5 ? 4
				    : 0;

	*code = len < 2 ? first : first & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		unsigned char next = (unsigned char)text[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (next & 0x3f);
	}
	if (len > 1 && (*code < least[len] || *code > 0x10ffff ||
			(*code >= 0xd800 && *code <= 0xdfff)))
		return 0;
	return len;
}

/* C0, DEL and C1: a terminal obeys them. */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* What is shown for the next character, of how many columns and octets. */
struct glyph {
	const char *shown;
	size_t shown_len, columns, len;
};

static struct glyph next_glyph(const char *text, bool utf8)
{
	struct glyph g = { "?", 1, 1, 1 };
	uint32_t code;
	size_t len = decode(text, &code);

	if (len == 0)
		return g;
	g.len = len;
	if (is_control(code) || (code >= 0x80 && !utf8))
		return g;
	g.shown = text;
	g.shown_len = len;
	g.columns = IS_IN(combining, code) ? 0 : IS_IN(wide, code) ? 2 : 1;
	return g;
}

static size_t width_of(const char *text, bool utf8)
{
	size_t columns = 0;

	while (*text != '\0') {
		struct glyph g = next_glyph(text, utf8);

		columns += g.columns;
		text += g.len;
	}
	return columns;
}

size_t glyph_copy(const char *text, size_t columns, bool utf8, char *out,
		  size_t size)
{
	bool cut = width_of(text, utf8) > columns;
	size_t room = cut && columns > 0 ? columns - 1 : columns;
	size_t used = 0, taken = 0;

	while (*text != '\0') {
		struct glyph g = next_glyph(text, utf8);

		if (taken + g.columns > room || used + g.shown_len + 1 >= size)
			break;
		memcpy(out + used, g.shown, g.shown_len);
		used += g.shown_len;
		taken += g.columns;
		text += g.len;
	}
	if (cut && columns > 0 && used + 1 < size) {
		out[used++] = '~';
		taken++;
	}
	out[used] = '\0';
	return taken;
}
