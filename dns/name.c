/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/name.h"

#include "dns/wire.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert(NAME_OCTETS_MAX <= 2 * (NAME_LABELS_MAX + 1),
	      "so many labels have a place each");
static_assert(NAME_OCTETS_MAX + NAME_PAD == 272,
	      "the last pair of words of the longest name is inside");

/* Sixteen at once, in a register where the processor has such. */
typedef uint8_t sixteen __attribute__((vector_size(16)));

/*
 * Capitals to small letters, which lie 0x20 above.  Length octets are at most
 * 63 and so never letters: the whole name may be folded as it stands.
 */
static sixteen fold(sixteen octets)
{
	sixteen is_capital = (sixteen)(octets - 'A' < 26);

	return octets | (is_capital & 0x20);
}

static void fold_at(uint8_t *to, const uint8_t *from)
{
	sixteen octets;

	memcpy(&octets, from, sizeof(octets));
	octets = fold(octets);
	memcpy(to, &octets, sizeof(octets));
}

/* One of less than sixteen octets; apart, for it is rare and needs room. */
static __attribute__((noinline)) void
fold_short(uint8_t *to, const uint8_t *from, size_t len)
{
	uint8_t padded[16] = { 0 };

	memcpy(padded, from, len);
	fold_at(to, padded);
}

/*
 * Copies len octets with labels already found, folds, and pads.  The last
 * sixteen overlap those before: nothing beyond the name is read.
 */
static void name_fill(struct name *out, const uint8_t *octets, size_t len)
{
	if (len < 16) {
		fold_short(out->octets, octets, len);
	} else {
		size_t last = len - 16;

		for (size_t i = 0; i < last; i += 16)
			fold_at(out->octets + i, octets + i);
		fold_at(out->octets + last, octets + last);
	}
	memset(out->octets + len, 0, 16);
	out->len = (uint8_t)len;
}

size_t name_parse(const uint8_t *octets, size_t len, struct name *out)
{
	size_t most = len < NAME_OCTETS_MAX ? len : NAME_OCTETS_MAX;
	size_t at = 0, labels = 0;
	unsigned octet = 0;

	/* Labels have two octets at least: never more places than there are. */
	while (at < most) {
		octet = octets[at];
		if (octet - 1 >= NAME_LABEL_MAX)
			break; /* the root's, a pointer, or type 01 or 10 */
		out->at[labels++] = (uint8_t)at;
		at += 1 + octet;
	}
	if (at >= most || octet != 0)
		return 0;
	out->at[labels] = (uint8_t)at;
	out->labels = (uint8_t)labels;
	name_fill(out, octets, at + 1);
	return at + 1;
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

bool name_within(const struct name *name, const struct name *apex)
{
	return name->labels >= apex->labels &&
	       name_suffix_is(name, (unsigned)(name->labels - apex->labels),
			      apex->octets, apex->len);
}
