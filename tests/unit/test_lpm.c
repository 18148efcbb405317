/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lpm: random tables against a list of networks searched by halves.  Seeds
 * are printed; WINDROSE_SEED=N runs one of them again.
 */
#include "policy/base/hash.h"
#include "policy/decide/lpm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	LEAVES_MAX = 1 << 17,
	LPM_EXACT_BITS = 18, /* IPv4 scopes beyond are inside a word */
};

/* Addresses with the first bit highest, so that both families are alike. */
struct leaf {
	unsigned __int128 from, last;
	uint16_t class_id;
};

struct world {
	enum net_family family;
	uint64_t seed;
	unsigned width;   /* bits of an address */
	unsigned classes; /* how many there are */
	uint16_t
		*renamed; /* the builder's names of classes to ours, and back */
	unsigned split;   /* of 256: how readily a network splits */
	unsigned deep_bits; /* networks of this length always end */
	struct leaf *leaves;
	size_t count;
	struct lpm_builder *builder;
};

static uint64_t draw(struct world *w)
{
	return hash_mix(w->seed += UINT64_C(0x9e3779b97f4a7c15));
}

static unsigned __int128 size_of(unsigned bits)
{
	return bits == 0 ? 0 : (unsigned __int128)1 << (128 - bits);
}

/* Neighbours are often of one class, as in real databases. */
static void end_network(struct world *w, unsigned __int128 from, unsigned bits)
{
	uint16_t class_id = (uint16_t)(draw(w) % w->classes);

	if (w->count > 0 && draw(w) % 2 == 0)
		class_id = w->leaves[w->count - 1].class_id;
	w->leaves[w->count++] =
		(struct leaf){ from, from + size_of(bits) - 1, class_id };
	lpm_add(w->builder, bits, w->renamed[class_id]);
}

static void grow(struct world *w, unsigned __int128 from, unsigned bits)
{
	unsigned chance = bits < 4 ? 256 : bits < 12 ? 245 : w->split;

	if (bits >= w->deep_bits || w->count > LEAVES_MAX - 256 ||
	    draw(w) % 256 >= chance) {
		end_network(w, from, bits);
		return;
	}
	grow(w, from, bits + 1);
	grow(w, from + size_of(bits + 1), bits + 1);
}

static struct net_addr addr_of(const struct world *w, unsigned __int128 at)
{
	struct net_addr addr = { .family = w->family };

	for (unsigned i = 0; i < net_octets(w->family); i++)
		addr.octets[i] = (uint8_t)(at >> (120 - 8 * i));
	return addr;
}

static size_t leaf_index(const struct world *w, unsigned __int128 at)
{
	size_t low = 0, high = w->count - 1;

	while (low < high) {
		size_t middle = (low + high + 1) / 2;

		if (w->leaves[middle].from <= at)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static unsigned __int128 any_address(struct world *w)
{
	unsigned __int128 mask = ~(size_of(w->width) - 1);
	const struct leaf *leaf = &w->leaves[draw(w) % w->count];
	unsigned __int128 inside =
		((unsigned __int128)draw(w) << 64 | draw(w)) &
		(leaf->last - leaf->from);

	if (draw(w) % 4 == 0)
		inside = draw(w) % 2 ? 0 : leaf->last - leaf->from;
	return (leaf->from + inside) & mask;
}

/* The fewest bits for which everything around at is in at's row. */
static unsigned widest(const struct world *w, unsigned __int128 at,
		       const struct lpm_row *rows)
{
	size_t first = leaf_index(w, at), last = first;
	uint16_t row = rows[w->leaves[first].class_id].row;
	unsigned bits = 0;

	while (first > 0 && rows[w->leaves[first - 1].class_id].row == row)
		first--;
	while (last + 1 < w->count &&
	       rows[w->leaves[last + 1].class_id].row == row)
		last++;
	for (; bits < w->width; bits++) {
		unsigned __int128 from =
			bits == 0 ? 0 : at & ~(size_of(bits) - 1);

		if (from >= w->leaves[first].from &&
		    from + size_of(bits) - 1 <= w->leaves[last].last)
			break;
	}
	return bits;
}

static unsigned scope_of(const struct lpm *lpm, const struct net_addr *addr,
			 const struct lpm_row *rows)
{
	return lpm_scope(lpm, addr, rows, rows[lpm_find(lpm, addr)].row);
}

/* Rows that rise with classes need one span each, so scopes are exact. */
static void check_scope(struct world *w, const struct lpm *lpm,
			unsigned __int128 at, const struct lpm_row *rows,
			bool rising)
{
	struct net_addr addr = addr_of(w, at), other;
	unsigned scope = scope_of(lpm, &addr, rows);
	unsigned __int128 inside = (unsigned __int128)draw(w) << 64 | draw(w);
	unsigned __int128 from = scope == 0 ? 0 : at & ~(size_of(scope) - 1);
	unsigned exact = widest(w, at, rows);

	if (scope < exact)
		fail_msg("scope %u takes in another row, exact is %u", scope,
			 exact);
	if (scope != exact &&
	    (rising || (w->family == NET_V4 && exact > LPM_EXACT_BITS)))
		fail_msg("scope %u, exact is %u", scope, exact);
	inside &= size_of(scope) - 1;
	other = addr_of(w, from + inside);
	if (scope_of(lpm, &other, rows) != scope)
		fail_msg("scope %u from one side, %u from the other", scope,
			 scope_of(lpm, &other, rows));
}

static struct lpm_row *rows_of(const struct world *w)
{
	struct lpm_row *rows = calloc(w->classes, sizeof(*rows));

	assert_non_null(rows);
	return rows;
}

static void check_finds(struct world *w, const struct lpm *lpm, unsigned turns)
{
	struct lpm_row *own = rows_of(w);

	for (unsigned i = 0; i < w->classes; i++)
		own[i].row = (uint16_t)i;
	lpm_rows_span(own, w->classes);
	for (unsigned i = 0; i < turns; i++) {
		unsigned __int128 at = any_address(w);
		struct net_addr addr = addr_of(w, at);
		const struct leaf *leaf = &w->leaves[leaf_index(w, at)];

		if (lpm_find(lpm, &addr) != leaf->class_id)
			fail_msg("class %u, expected %u", lpm_find(lpm, &addr),
				 leaf->class_id);
		/* The oracle is slow where everything is one class. */
		if (i % 64 == 0)
			check_scope(w, lpm, at, own, true);
	}
	free(own);
}

static void check_scopes(struct world *w, const struct lpm *lpm,
			 unsigned row_count, unsigned turns)
{
	struct lpm_row *rows = rows_of(w);

	for (unsigned rising = 0; rising < 2; rising++) {
		for (unsigned i = 0; i < w->classes; i++)
			rows[i].row =
				(uint16_t)(rising ? i * row_count / w->classes
						  : draw(w) % row_count);
		lpm_rows_span(rows, w->classes);
		for (unsigned i = 0; i < turns; i++)
			check_scope(w, lpm, any_address(w), rows, rising);
	}
	free(rows);
}

/* clang-format off */
static const struct row {
	const char *title;
	enum net_family family;
	unsigned classes, split, deep_bits, turns;
} rows[] = {
	{ "IPv4, two classes",        NET_V4, 2,     140, 32,  300000 },
	{ "IPv4, few classes",        NET_V4, 12,    145, 32,  300000 },
	{ "IPv4, many classes",       NET_V4, 3000,  150, 32,  600000 },
	{ "IPv4, all classes",        NET_V4, LPM_CLASSES_MAX, 160, 24,  300000 },
	{ "IPv4, one class",          NET_V4, 1,     140, 32,  1000   },
	{ "IPv6, few classes",        NET_V6, 12,    127, 128, 300000 },
	{ "IPv6, many classes",       NET_V6, 3000,  127, 64,  600000 },
	{ "IPv6, one class",          NET_V6, 1,     127, 128, 1000   },
	{ "IPv4, whole space",        NET_V4, 2,     0,   0,   1000   },
	{ "IPv6, whole space",        NET_V6, 2,     0,   0,   1000   },
	{ "IPv6, halves",             NET_V6, 2,     0,   1,   1000   },
	{ "IPv6, eighths",            NET_V6, 4,     255, 3,   1000   },
};
/* clang-format on */

static void run(const struct row *row, uint64_t seed)
{
	struct world w = {
		.family = row->family,
		.seed = seed,
		.width = net_bits(row->family),
		.classes = row->classes,
		.split = row->split,
		.deep_bits = row->deep_bits,
		.leaves = calloc(LEAVES_MAX, sizeof(struct leaf)),
		.builder = lpm_builder_new(row->family),
	};
	struct lpm *lpm;

	w.renamed = calloc(w.classes, sizeof(*w.renamed));
	assert_non_null(w.renamed);
	assert_non_null(w.leaves);
	assert_non_null(w.builder);
	for (unsigned i = 0; i < w.classes; i++)
		w.renamed[i] = (uint16_t)(w.classes - 1 - i);
	grow(&w, 0, 0);
	lpm = lpm_freeze(w.builder, w.renamed);
	assert_non_null(lpm);
	printf("# %s: seed %ju, %zu networks, %zu leaves, %zu octets\n",
	       row->title, (uintmax_t)seed, w.count, lpm_leaves(lpm),
	       lpm_octets(lpm));
	check_finds(&w, lpm, row->turns);
	for (unsigned row_count = 1; row_count < 64; row_count *= 3)
		check_scopes(&w, lpm, row_count, 400);
	lpm_free(lpm);
	free(w.renamed);
	free(w.leaves);
}

static void test_against_list(void **state)
{
	const char *seed = getenv("WINDROSE_SEED");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (seed != NULL) {
			run(&rows[i], strtoull(seed, NULL, 10));
			continue;
		}
		for (uint64_t j = 1; j <= 3; j++)
			run(&rows[i], j * 1000 + i);
	}
}

/*
 * 10.0.0.0/24 in eight parts of even classes, 10.0.1.0/24 of class 0, all else
 * of class 1.
 */
static void add_comb(struct lpm_builder *b, uint32_t from, unsigned bits)
{
	const uint32_t comb = UINT32_C(0x0a000000);

	if (bits == 23 && from == comb) {
		for (uint16_t i = 0; i < 8; i++)
			lpm_add(b, 27, (uint16_t)(2 * i));
		lpm_add(b, 24, 0);
	} else if (bits < 23 && (uint64_t)(from ^ comb) >> (32 - bits) == 0) {
		add_comb(b, from, bits + 1);
		add_comb(b, from | UINT32_C(0x80000000) >> bits, bits + 1);
	} else {
		lpm_add(b, bits, 1);
	}
}

/*
 * Even classes are one row, but their cover has odd ones in it: what its runs
 * know of a node must not reach beyond it, where nobody else knows it.
 */
static void test_cover_counts_outside(void **state)
{
	struct lpm_builder *b = lpm_builder_new(NET_V4);
	struct lpm_row by_class[16];
	struct lpm *lpm;

	(void)state;
	assert_non_null(b);
	add_comb(b, 0, 0);
	lpm = lpm_freeze(b, NULL);
	assert_non_null(lpm);
	for (unsigned i = 0; i < 16; i++)
		by_class[i].row = i & 1;
	lpm_rows_span(by_class, 16);
	for (unsigned i = 0; i < 256; i++) {
		struct net_addr addr = { NET_V4, { 10, 0, 0, (uint8_t)i } };

		assert_int_equal(lpm_scope(lpm, &addr, by_class, 0), 24);
		addr.octets[2] = 1;
		assert_int_equal(lpm_scope(lpm, &addr, by_class, 0), 24);
	}
	lpm_free(lpm);
}

/* What is wrong is told at the end, and leaks nothing. */
static void test_refuses_disorder(void **state)
{
	/* clang-format off */
	static const struct disorder {
		const char *title;
		unsigned bits[4], count;
		bool ok;
	} orders[] = {
		{ "nothing",              { 0 },          0, false },
		{ "half",                 { 1 },          1, false },
		{ "halves",               { 1, 1 },       2, true  },
		{ "too much",             { 1, 1, 1 },    3, false },
		{ "all and more",         { 0, 0 },       2, false },
		{ "out of order",         { 2, 1, 2 },    3, false },
		{ "wide after narrow",    { 8, 1 },       2, false },
		{ "longer than addresses",{ 33 },         1, false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct lpm_builder *b = lpm_builder_new(NET_V4);
		struct lpm *lpm;

		assert_non_null(b);
		for (unsigned j = 0; j < orders[i].count; j++)
			lpm_add(b, orders[i].bits[j], (uint16_t)j);
		lpm = lpm_freeze(b, NULL);
		if ((lpm != NULL) != orders[i].ok)
			fail_msg("%s: %s", orders[i].title,
				 lpm == NULL ? "refused" : "taken");
		lpm_free(lpm);
	}
	lpm_builder_free(lpm_builder_new(NET_V6));
	lpm_builder_free(NULL);
	lpm_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_list),
		cmocka_unit_test(test_cover_counts_outside),
		cmocka_unit_test(test_refuses_disorder),
	};

	return cmocka_run_group_tests_name("lpm", tests, NULL, NULL);
}
