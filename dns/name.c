/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/name.h"

#include "dns/wire.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert(NAME_OCTETS_MAX <= 2 * (NAME_LABELS_MAX + 1),
	      "so many labels have a place each");
static_assert(NAME_OCTETS_MAX + NAME_PAD == 264,
	      "the last word of the longest name is inside");

#define EVERY(octet) (UINT64_C(0x0101010101010101) * (octet))

/*
 * Eight octets at once: an octet is a capital when it is ASCII, at least 'A'
 * and at most 'Z'; each comparison leaves its answer in the octet's top bit,
 * which moved down two places is the bit between cases.  Length octets are at
 * most 63 and so never letters: the whole name may be folded as it stands.
 */
static uint64_t fold_word(uint64_t word)
{
	uint64_t low = word & EVERY(0x7f);
	uint64_t from_a = low + EVERY(0x80 - 'A');
	uint64_t beyond_z = low + EVERY(0x7f - 'Z');
	uint64_t capital = ~word & (from_a ^ beyond_z) & EVERY(0x80);

	return word | capital >> 2;
}

/* Copies len octets with labels already found, folds, and pads. */
static void name_fill(struct name *out, const uint8_t *octets, size_t len)
{
	memcpy(out->octets, octets, len);
	memset(out->octets + len, 0, 8);
	for (size_t i = 0; i < len; i += 8) {
		uint64_t word;

		memcpy(&word, out->octets + i, 8);
		word = fold_word(word);
		memcpy(out->octets + i, &word, 8);
	}
	out->len = (uint8_t)len;
}

bool name_read(struct reader *r, struct name *out)
{
	const uint8_t *octets = r->octets + r->at;
	size_t most = reader_left(r), at = 0;
	unsigned labels = 0;

	if (most > NAME_OCTETS_MAX)
		most = NAME_OCTETS_MAX;
	/* Labels have two octets at least: never more places than there are. */
	while (at < most && octets[at] != 0) {
		if (octets[at] > NAME_LABEL_MAX)
			return false; /* a pointer, or type 01 or 10 */
		out->at[labels++] = (uint8_t)at;
		at += 1u + octets[at];
	}
	if (at >= most || reader_take(r, at + 1) == NULL)
		return false;
	out->at[labels] = (uint8_t)at;
	out->labels = (uint8_t)labels;
	name_fill(out, octets, at + 1);
	return true;
}

bool name_from_wire(const uint8_t *octets, size_t len, struct name *out)
{
	struct reader r = reader_over(octets, len);

	return name_read(&r, out) && reader_left(&r) == 0;
}

/* One octet of a label in text, escapes undone; -1 when it is not one. */
static int text_octet(const char **text)
{
	const char *at = *text;
	int value;

	if (*at != '\\') {
		(*text)++;
		return (uint8_t)*at;
	}
	if (at[1] < '0' || at[1] > '9') {
		*text += 2;
		return at[1] == '\0' ? -1 : (uint8_t)at[1];
	}
	for (int i = 2; i <= 3; i++)
		if (at[i] < '0' || at[i] > '9')
			return -1;
	value = (at[1] - '0') * 100 + (at[2] - '0') * 10 + at[3] - '0';
	*text += 4;
	return value > 255 ? -1 : value;
}

/* One label from text into w, and the dot after it passed over. */
static bool text_label(const char **text, struct wire *w)
{
	size_t start = w->len;

	wire_put_u8(w, 0);
	while (**text != '\0' && **text != '.') {
		int octet = text_octet(text);

		if (octet < 0)
			return false;
		wire_put_u8(w, (uint8_t)octet);
	}
	if (**text == '.')
		(*text)++;
	if (!wire_ok(w) || w->len - start < 2 ||
	    w->len - start - 1 > NAME_LABEL_MAX)
		return false;
	w->octets[start] = (uint8_t)(w->len - start - 1);
	return true;
}

bool name_from_text(const char *text, struct name *out)
{
	uint8_t octets[NAME_OCTETS_MAX];
	struct wire w = wire_over(octets, sizeof(octets));

	if (*text == '\0')
		return false;
	if (strcmp(text, ".") != 0)
		while (*text != '\0')
			if (!text_label(&text, &w))
				return false;
	wire_put_u8(&w, 0);
	return wire_ok(&w) && name_from_wire(octets, w.len, out);
}

/* One octet of a label as text; returns how many characters. */
static size_t octet_text(uint8_t octet, char *buf)
{
	if (octet <= ' ' || octet >= 0x7f)
		return (size_t)sprintf(buf, "\\%03u", octet);
	if (strchr(".\\\"()@$;", octet) != NULL)
		return (size_t)sprintf(buf, "\\%c", octet);
	buf[0] = (char)octet;
	return 1;
}

const char *name_text(const uint8_t *octets, size_t len, char *buf)
{
	struct reader r = reader_over(octets, len);
	size_t used = 0;

	for (;;) {
		uint8_t count = reader_u8(&r);
		const uint8_t *label = reader_take(&r, count);

		if (count == 0 || label == NULL || count > NAME_LABEL_MAX)
			break;
		for (uint8_t i = 0; i < count && used + 8 < NAME_TEXT_SIZE; i++)
			used += octet_text(label[i], buf + used);
		buf[used++] = '.';
	}
	if (used == 0)
		buf[used++] = '.';
	buf[used] = '\0';
	return buf;
}

/*
 * A word at a time, multiplied and folded; the zeroes after the name fill its
 * last word.  The length goes in first, so padding is not mistaken for octets.
 */
uint64_t name_hash(const struct name *name, unsigned label)
{
	const uint8_t *from = name->octets + name->at[label];
	size_t len = (size_t)(name->len - name->at[label]);
	uint64_t hash = len * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < len; i += 8) {
		uint64_t word;

		memcpy(&word, from + i, 8);
		hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	return hash;
}

bool name_suffix_is(const struct name *name, unsigned label,
		    const uint8_t *octets, size_t len)
{
	size_t at = name->at[label];

	return name->len - at == len &&
	       memcmp(name->octets + at, octets, len) == 0;
}

bool name_within(const struct name *name, const struct name *apex)
{
	return name->labels >= apex->labels &&
	       name_suffix_is(name, (unsigned)(name->labels - apex->labels),
			      apex->octets, apex->len);
}
