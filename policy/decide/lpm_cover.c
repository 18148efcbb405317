/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Covers of a table's words and prefixes, from the leaves upwards.  Equal
 * covers are one; two that stand side by side often are.
 */
#include "policy/decide/intern.h"
#include "policy/decide/lpm_table.h"

#include <stdlib.h>
#include <string.h>

/* What a cover is made of: spans by their first class, which may overlap. */
enum { SPREAD_MAX = LPM_NODE_UNITS * LPM_SPANS };
struct spread {
	unsigned count;
	struct lpm_span spans[SPREAD_MAX];
};

struct gathering {
	struct lpm *lpm;
	const uint16_t *renamed;
	struct intern *numbers;
	uint32_t plain_base;  /* was renamed: words of one class share it */
	uint64_t last_key[2]; /* neighbours are often alike */
	uint32_t last_number; /* UINT32_MAX: none yet */
	bool failed;
};

/* Spans that touch become one. */
static void spread_join(struct spread *s)
{
	unsigned kept = 0;

	for (unsigned i = 1; i < s->count; i++) {
		struct lpm_span *last = &s->spans[kept];

		if (s->spans[i].first > last->last + 1)
			s->spans[++kept] = s->spans[i];
		else if (s->spans[i].last > last->last)
			last->last = s->spans[i].last;
	}
	s->count = kept + 1;
}

static unsigned gap_before(const struct spread *s, unsigned i)
{
	return (unsigned)s->spans[i].first - s->spans[i - 1].last;
}

/* Closes all gaps but the widest LPM_SPANS - 1. */
static struct lpm_cover spread_cover(struct spread *s)
{
	unsigned open[LPM_SPANS - 1] = { 0 }; /* spans behind gaps, widest
					       * first; 0: none */
	struct lpm_cover cover;
	unsigned kept = 0;

	spread_join(s);
	for (unsigned i = 1; i < s->count; i++) {
		unsigned at = LPM_SPANS - 1;

		for (;
		     at > 0 && (open[at - 1] == 0 ||
				gap_before(s, i) > gap_before(s, open[at - 1]));
		     at--)
			if (at < LPM_SPANS - 1)
				open[at] = open[at - 1];
		if (at < LPM_SPANS - 1)
			open[at] = i;
	}
	cover.spans[0] = s->spans[0];
	for (unsigned i = 1; i < s->count; i++) {
		bool is_open = i == open[0] || i == open[1] || i == open[2];

		if (is_open)
			cover.spans[++kept].first = s->spans[i].first;
		cover.spans[kept].last = s->spans[i].last;
	}
	while (++kept < LPM_SPANS)
		cover.spans[kept] = cover.spans[kept - 1];
	return cover;
}

/* Of a node of small nodes there may be more than there is room for: what came
 * so far is then taken by its cover. */
static void spread_add(struct spread *s, struct lpm_span span)
{
	unsigned at;

	if (s->count == SPREAD_MAX) {
		struct lpm_cover cover = spread_cover(s);

		memcpy(s->spans, cover.spans, sizeof(cover.spans));
		s->count = LPM_SPANS;
	}
	at = s->count;
	while (at > 0 && s->spans[at - 1].first > span.first)
		at--;
	if (at > 0 && s->spans[at - 1].last >= span.last)
		return;
	memmove(s->spans + at + 1, s->spans + at,
		(s->count - at) * sizeof(s->spans[0]));
	s->spans[at] = span;
	s->count++;
}

static void spread_add_cover(struct spread *s, const struct lpm_cover *cover)
{
	for (unsigned i = 0; i < LPM_SPANS; i++)
		spread_add(s, cover->spans[i]);
}

static uint32_t cover_number(struct gathering *g, const struct lpm_cover *cover)
{
	uint64_t key[2];
	uint32_t number;

	memcpy(key, cover, sizeof(key));
	if (g->last_number != UINT32_MAX &&
	    memcmp(key, g->last_key, sizeof(key)) == 0)
		return g->last_number;
	number = intern_number(g->numbers, key, NULL);
	memcpy(g->last_key, key, sizeof(key));
	g->last_number = number;
	g->failed = g->failed || number == UINT32_MAX;
	return number;
}

static struct lpm_cover cover_at(const struct gathering *g, uint32_t number)
{
	struct lpm_cover cover;

	memcpy(&cover, intern_key(g->numbers, number), sizeof(cover));
	return cover;
}

static void add_node(struct gathering *g, struct spread *s, uint32_t place);

/* Renames the values of a word or a list, too. */
static void add_values(struct gathering *g, struct spread *s, uint16_t *values,
		       unsigned count)
{
	const uint16_t *places = values + count;

	for (unsigned i = 0; i < count; i++) {
		uint16_t value = values[i];

		if (value >= LPM_CLASSES_MAX) {
			add_node(g, s, lpm_place(places, value));
			continue;
		}
		if (g->renamed != NULL)
			values[i] = value = g->renamed[value];
		spread_add(s, (struct lpm_span){ value, value });
	}
}

static void cover_word(struct gathering *g, struct lpm_word *word)
{
	struct spread s;
	struct lpm_cover cover;

	s.count = 0;
	add_values(g, &s, g->lpm->pool + word->base, lpm_ones(word->starts));
	cover = spread_cover(&s);
	word->cover = cover_number(g, &cover);
}

static void add_list(struct gathering *g, struct spread *s, uint16_t *list)
{
	uint16_t *values = list + lpm_list_values(list[0]);
	struct spread own;
	struct lpm_cover cover;
	uint32_t number;

	if (list[0] <= LPM_LIST_BARE) {
		add_values(g, s, values, list[0]);
		return;
	}
	own.count = 0;
	add_values(g, &own, values, list[0]);
	cover = spread_cover(&own);
	number = cover_number(g, &cover);
	memcpy(list + 1, &number, sizeof(number));
	spread_add_cover(s, &cover);
}

/* At most one frame for each octet of an address. */
static void add_node(struct gathering *g, struct spread *s, uint32_t place)
{
	struct lpm *l = g->lpm;
	struct lpm_word *words;
	struct lpm_cover cover;
	struct spread own;

	if (!(place & LPM_FIELD)) {
		add_list(g, s, l->pool + place);
		return;
	}
	words = l->fields + (place & ~LPM_FIELD);
	own.count = 0;
	for (unsigned i = 0; i < LPM_NODE_WORDS && !g->failed; i++) {
		cover_word(g, &words[i]);
		if (g->failed)
			return;
		cover = cover_at(g, words[i].cover);
		spread_add_cover(&own, &cover);
	}
	cover = spread_cover(&own);
	l->field_covers[(place & ~LPM_FIELD) / LPM_NODE_WORDS] =
		cover_number(g, &cover);
	spread_add_cover(s, &cover);
}

static uint32_t cover_both(struct gathering *g, uint32_t left, uint32_t right)
{
	struct spread s;
	struct lpm_cover cover;

	if (g->failed || left == right)
		return left;
	s.count = 0;
	cover = cover_at(g, left);
	spread_add_cover(&s, &cover);
	cover = cover_at(g, right);
	spread_add_cover(&s, &cover);
	cover = spread_cover(&s);
	return cover_number(g, &cover);
}

/* Words of one class come one after the other, and have one value. */
static void cover_block(struct gathering *g, struct lpm_block *block)
{
	const struct lpm_word *words = block->words;

	for (unsigned i = 0; i < LPM_BLOCK_WORDS && !g->failed; i++) {
		struct lpm_word *word = &block->words[i];

		if (word->starts != 1 || word->base != g->plain_base) {
			cover_word(g, word);
		} else {
			struct lpm_span span;

			span.first = span.last = g->lpm->pool[word->base];
			word->cover = cover_number(g, &(struct lpm_cover){
							      { span, span,
								span, span } });
		}
		if (word->starts == 1)
			g->plain_base = word->base;
	}
	for (unsigned i = LPM_BLOCK_WORDS - 1; i >= LPM_BLOCK_WORDS / 2; i--)
		block->heap[i] =
			cover_both(g, words[2 * i - LPM_BLOCK_WORDS].cover,
				   words[2 * i + 1 - LPM_BLOCK_WORDS].cover);
	for (unsigned i = LPM_BLOCK_WORDS / 2 - 1; i > 0; i--)
		block->heap[i] = cover_both(g, block->heap[2 * i],
					    block->heap[2 * i + 1]);
	block->heap[0] = 0;
}

static uint32_t block_cover(const struct lpm *l, unsigned octet)
{
	return l->blocks[l->block_of[octet]].heap[1];
}

static bool take_covers(struct lpm *l, const struct intern *numbers)
{
	l->cover_count = intern_count(numbers);
	l->covers = malloc(l->cover_count * sizeof(*l->covers));
	if (l->covers == NULL)
		return false;
	memcpy(l->covers, intern_key(numbers, 0),
	       l->cover_count * sizeof(*l->covers));
	return true;
}

bool lpm_cover_all(struct lpm *l, const uint16_t *renamed)
{
	struct gathering g = {
		.lpm = l,
		.renamed = renamed,
		.numbers = intern_new(2),
		.plain_base = UINT32_MAX,
		.last_number = UINT32_MAX,
	};

	l->field_covers = calloc(l->field_count / LPM_NODE_WORDS + 1,
				 sizeof(*l->field_covers));
	g.failed = g.numbers == NULL || l->field_covers == NULL;
	for (size_t i = 0; i < l->block_count && !g.failed; i++)
		cover_block(&g, &l->blocks[i]);
	for (unsigned i = LPM_HEAP - 1; i >= LPM_HEAP / 2 && !g.failed; i--)
		l->heap[i] = cover_both(&g, block_cover(l, 2 * i - LPM_HEAP),
					block_cover(l, 2 * i + 1 - LPM_HEAP));
	for (unsigned i = LPM_HEAP / 2 - 1; i > 0 && !g.failed; i--)
		l->heap[i] = cover_both(&g, l->heap[2 * i], l->heap[2 * i + 1]);
	g.failed = g.failed || !take_covers(l, g.numbers);
	intern_free(g.numbers);
	return !g.failed;
}
