/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/forge.h"

#include "dns/name.h"
#include "dns/wire.h"
#include "policy/base/hash.h"

#include <string.h>

enum { OPTIONS_MAX = 4, OPTION_OCTETS_MAX = 60 };

unsigned dice_throw(struct dice *dice, unsigned faces)
{
	dice->state += UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned)(hash_mix(dice->state) % faces);
}

static const char *one_of(struct dice *dice, const char *const *words,
			  unsigned count)
{
	return words[dice_throw(dice, count)];
}

#define ONE_OF(dice, words) \
	one_of(dice, words, sizeof(words) / sizeof((words)[0]))

static void put_label(struct dice *dice, struct wire *w)
{
	static const char *const labels[] = {
		"www", "*",   "a",    "ns",   "sub",  "wild", "x",
		"WWW", "txt", "pool", "host", "\001", "deep", "_tcp",
	};
	const char *label = ONE_OF(dice, labels);
	unsigned long_one = 1 + dice_throw(dice, NAME_LABEL_MAX);

	if (dice_throw(dice, 20) > 0) {
		wire_put_u8(w, (uint8_t)strlen(label));
		wire_put(w, label, strlen(label));
		return;
	}
	wire_put_u8(w, (uint8_t)long_one);
	for (unsigned i = 0; i < long_one; i++)
		wire_put_u8(w, (uint8_t)dice_throw(dice, 256));
}

/* A name of the world's zone, of below it, or of elsewhere. */
static void put_name(struct dice *dice, struct wire *w)
{
	static const char *const names[] = {
		"gslb.example.",
		"www.gslb.example.",
		"app.gslb.example.",
		"rnd.gslb.example.",
		"all.gslb.example.",
		"locked.gslb.example.",
		"big.gslb.example.",
		"jit.gslb.example.",
		"pool.gslb.example.",
		"sub.gslb.example.",
		"bulk.gslb.example.",
		"signed.gslb.example.",
		"wild.gslb.example.",
		"c01.gslb.example.",
		"large.gslb.example.",
		"tolarge.gslb.example.",
		"huge.gslb.example.",
		"tosvc2.gslb.example.",
		"loop1.gslb.example.",
		"dangling.gslb.example.",
		"empty.gslb.example.",
		"towild.gslb.example.",
		"cwild.gslb.example.",
		"dwild.gslb.example.",
		"daway.gslb.example.",
		"dweb.gslb.example.",
		"dsub.gslb.example.",
		"dring.gslb.example.",
		"dgrow.gslb.example.",
		"todaway.gslb.example.",
		"toapex.gslb.example.",
		"away.gslb.example.",
		"web.gslb.example.",
		"mixed.gslb.example.",
		"example.",
		"id.server.",
		"version.bind.",
		".",
		"example.net.",
	};
	struct name name;
	size_t start = w->len;

	if (!name_from_text(ONE_OF(dice, names), &name))
		return;
	for (unsigned i = dice_throw(dice, 3); i > 0; i--)
		put_label(dice, w);
	if (w->len - start + name.len > NAME_OCTETS_MAX)
		wire_rewind(w, start);
	wire_put(w, name.octets, name.len);
	for (size_t i = start; i < w->len; i++) /* any case */
		if (w->octets[i] >= 'a' && w->octets[i] <= 'z' &&
		    dice_throw(dice, 4) == 0)
			w->octets[i] ^= 0x20;
}

static uint16_t any_type(struct dice *dice)
{
	static const uint16_t types[] = {
		1, 28, 2, 5, 6, 15, 16, 33, 43, 46, 47, 48, 64, 65, 255, 39,
	};

	return dice_throw(dice, 10) == 0
		       ? (uint16_t)dice_throw(dice, 65536)
		       : types[dice_throw(dice,
					  sizeof(types) / sizeof(types[0]))];
}

/* RFC 7871, 6. */
static void put_subnet(struct dice *dice, struct wire *w)
{
	bool v4 = dice_throw(dice, 2) > 0;
	unsigned bits = dice_throw(dice, v4 ? 33 : 129);
	unsigned octets = (bits + 7) / 8;
	static const uint8_t begins[2][4] = { { 0x20, 1, 0x0d, 0xb8 },
					      { 10, 1, 1, 1 } };

	wire_put_u16(w, 8);
	wire_put_u16(w, (uint16_t)(4 + octets));
	wire_put_u16(w, v4 ? 1 : 2);
	wire_put_u8(w, (uint8_t)bits);
	wire_put_u8(w, 0);
	for (unsigned i = 0; i < octets; i++) {
		unsigned octet = i < 4 && dice_throw(dice, 4) > 0
					 ? begins[v4][i]
					 : dice_throw(dice, 256);

		if (i + 1 == octets && bits % 8 > 0)
			octet &= 0xff00u >> (bits % 8);
		wire_put_u8(w, (uint8_t)octet);
	}
}

static void put_option(struct dice *dice, struct wire *w)
{
	static const uint16_t codes[] = { 3, 5, 11, 12, 15, 65001 };
	unsigned octets;

	if (dice_throw(dice, 3) == 0) {
		put_subnet(dice, w);
		return;
	}
	if (dice_throw(dice, 3) == 0) { /* a cookie: RFC 7873, 4 */
		octets =
			dice_throw(dice, 2) > 0 ? 8 : 16 + dice_throw(dice, 25);
		wire_put_u16(w, 10);
	} else {
		octets = dice_throw(dice, OPTION_OCTETS_MAX);
		wire_put_u16(w, codes[dice_throw(dice, 6)]);
	}
	wire_put_u16(w, (uint16_t)octets);
	for (unsigned i = 0; i < octets; i++)
		wire_put_u8(w, (uint8_t)dice_throw(dice, 256));
}

static void put_opt(struct dice *dice, struct wire *w)
{
	static const uint16_t sizes[] = { 0, 511, 512, 1232, 4096, 65535 };
	size_t start;

	wire_put_u8(w, 0);
	wire_put_u16(w, 41);
	wire_put_u16(w, sizes[dice_throw(dice, 6)]);
	wire_put_u32(w, dice_throw(dice, 2) > 0 ? 0x8000 : 0);
	start = w->len;
	wire_put_u16(w, 0);
	for (unsigned i = dice_throw(dice, OPTIONS_MAX); i > 0; i--)
		put_option(dice, w);
	wire_patch_u16(w, start, (uint16_t)(w->len - start - 2));
}

size_t forge_query(struct dice *dice, uint8_t *out)
{
	struct wire w = wire_over(out, FORGE_OCTETS_MAX);
	bool opt = dice_throw(dice, 4) > 0;

	wire_put_u16(&w, (uint16_t)dice_throw(dice, 65536));
	wire_put_u16(&w, dice_throw(dice, 2) > 0 ? 0x0100 : 0x0010);
	wire_put_u16(&w, 1);
	wire_put_u32(&w, 0);
	wire_put_u16(&w, opt);
	put_name(dice, &w);
	wire_put_u16(&w, any_type(dice));
	wire_put_u16(&w, dice_throw(dice, 30) > 0 ? 1 : 3);
	if (opt)
		put_opt(dice, &w);
	return w.len;
}

/* A message that is being broken. */
struct victim {
	struct dice *dice;
	uint8_t *octets;
	size_t len, cap;
};

static size_t any_place(const struct victim *v)
{
	return dice_throw(v->dice, (unsigned)v->len);
}

static void flip_bit(struct victim *v)
{
	v->octets[any_place(v)] ^= (uint8_t)(1u << dice_throw(v->dice, 8));
}

static void set_octet(struct victim *v)
{
	static const uint8_t values[] = { 0,    1,    0x3f, 0x40, 0x7f,
					  0x80, 0xc0, 0xc1, 0xff, 41 };

	v->octets[any_place(v)] = values[dice_throw(v->dice, sizeof(values))];
}

static void set_word(struct victim *v)
{
	static const uint16_t words[] = {
		0, 1, 2, 8, 10, 41, 0xc00c, 0xc000, 0xffff, 0x8000, 0x7fff,
	};
	size_t at = any_place(v);
	uint16_t word =
		words[dice_throw(v->dice, sizeof(words) / sizeof(words[0]))];

	if (at + 1 >= v->len)
		return;
	v->octets[at] = (uint8_t)(word >> 8);
	v->octets[at + 1] = (uint8_t)word;
}

static void set_count(struct victim *v)
{
	size_t at = 4 + 2 * (size_t)dice_throw(v->dice, 4);

	if (at + 1 >= v->len)
		return;
	v->octets[at] = 0;
	v->octets[at + 1] = (uint8_t)dice_throw(v->dice, 4);
}

static void cut_end(struct victim *v)
{
	v->len -= dice_throw(v->dice, v->len < 20 ? (unsigned)v->len : 20);
}

static void add_end(struct victim *v)
{
	for (unsigned i = 1 + dice_throw(v->dice, 12); i > 0 && v->len < v->cap;
	     i--)
		v->octets[v->len++] = (uint8_t)dice_throw(v->dice, 256);
}

static void take_out(struct victim *v)
{
	size_t at = any_place(v), count = 1 + dice_throw(v->dice, 8);

	if (count > v->len - at)
		count = v->len - at;
	memmove(v->octets + at, v->octets + at + count, v->len - at - count);
	v->len -= count;
}

/* A piece of the message, again, at another place of it. */
static void copy_piece(struct victim *v)
{
	size_t from = any_place(v), to = any_place(v);
	size_t count = 1 + dice_throw(v->dice, 24);

	if (count > v->len - from)
		count = v->len - from;
	if (count > v->len - to)
		count = v->len - to;
	memmove(v->octets + to, v->octets + from, count);
}

/* One more record, and told in the count of its section. */
static void add_record(struct victim *v)
{
	static const uint8_t records[][15] = {
		{ 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 4, 0, 3, 0, 0 },
		{ 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 3, 10, 1, 1 },
		{ 0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, 3, 2, 'o', 'k' },
		{ 0, 0, 41, 4, 0xd0, 0, 1, 0, 0, 0, 4, 0xfd, 0xe9, 0, 0 },
		{ 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 4, 0, 10, 0, 0 },
	};
	size_t count_at = 7 + 2 * (size_t)dice_throw(v->dice, 3);

	if (v->len < 12 || v->cap - v->len < sizeof(records[0]))
		return;
	memcpy(v->octets + v->len, records[dice_throw(v->dice, 5)],
	       sizeof(records[0]));
	v->len += sizeof(records[0]);
	v->octets[count_at]++;
}

size_t forge_damage(struct dice *dice, uint8_t *octets, size_t len, size_t cap)
{
	static void (*const blows[])(struct victim * v) = {
		flip_bit, set_octet, set_word,   set_count,  cut_end,
		add_end,  take_out,  copy_piece, add_record,
	};
	struct victim v = { dice, octets, len, cap };

	do {
		blows[dice_throw(dice, sizeof(blows) / sizeof(blows[0]))](&v);
	} while (v.len > 0 && dice_throw(dice, 3) == 0);
	return v.len;
}
