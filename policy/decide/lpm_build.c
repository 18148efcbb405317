/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds a longest-prefix table from a walk in the order of addresses.
 *
 * Only the places where the class changes matter.  One frame is open for each
 * octet on the way to the last of them; a frame is closed when the next change
 * is outside of it, and then goes to the pool and to its parent.
 */
#include "policy/decide/lpm_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct lpm_word) == 16, "four words to a cache line");
static_assert(sizeof(struct lpm_cover) == 16, "interned as two words");

/* The first frame is of one word of a block, the others of a node's units. */
enum { FRAMES_MAX = 1 + (128 - LPM_UNIT_DEPTH) / 8, FIRST = 0 };

/* The first address is high 0, low 0; IPv4's octets are the first four. */
struct position {
	uint64_t high, low;
};

struct frame {
	unsigned units; /* 64 or 256 */
	unsigned count, child_count;
	unsigned next; /* the unit behind the last that is known */
	bool resumes;  /* the class around goes on from there */
	uint8_t starts[LPM_NODE_UNITS];
	uint16_t values[LPM_NODE_UNITS];
	uint32_t places[LPM_NODE_UNITS]; /* of children */
};

struct lpm_builder {
	struct lpm *lpm;
	struct position at;   /* where the next network begins */
	struct position last; /* the last change of class */
	uint16_t class_id;    /* from there on */
	uint32_t plain_base;  /* of a value that is plain_class */
	uint32_t plain_class;
	unsigned open; /* the innermost open frame */
	unsigned word; /* of the whole space, that the first frame is */
	unsigned next_word;
	bool begun, failed, done;
	size_t block_cap, field_cap, pool_cap;
	struct frame frames[FRAMES_MAX];
};

struct lpm_builder *lpm_builder_new(enum net_family family)
{
	struct lpm_builder *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->lpm = calloc(1, sizeof(*b->lpm));
	if (b->lpm == NULL) {
		free(b);
		return NULL;
	}
	b->lpm->family = family;
	b->lpm->reader = lpm_reader();
	b->plain_class = UINT32_MAX;
	return b;
}

void lpm_builder_free(struct lpm_builder *b)
{
	if (b == NULL)
		return;
	lpm_free(b->lpm);
	free(b);
}

/* Room for more items of size octets behind count; false when there is none. */
static bool reserve(void *items, size_t *cap, size_t need, size_t size)
{
	void *old, *more;
	size_t to = *cap == 0 ? 64 : *cap;

	if (need <= *cap)
		return true;
	while (to < need)
		to += to / 2;
	memcpy(&old, items, sizeof(old));
	if (need > INT32_MAX || (more = realloc(old, to * size)) == NULL)
		return false;
	memcpy(items, &more, sizeof(more));
	*cap = to;
	return true;
}

/* Room for count units of the pool; where they begin, UINT32_MAX for none. */
static uint32_t pool_room(struct lpm_builder *b, size_t count)
{
	struct lpm *l = b->lpm;
	size_t at = l->pool_count;

	if (b->failed ||
	    !reserve(&l->pool, &b->pool_cap, at + count, sizeof(*l->pool))) {
		b->failed = true;
		return UINT32_MAX;
	}
	l->pool_count += count;
	return (uint32_t)at;
}

static void put_run(struct frame *f, unsigned unit, uint16_t value)
{
	f->starts[f->count] = (uint8_t)unit;
	f->values[f->count++] = value;
}

/* The class around goes on, up to unit. */
static void resume(struct frame *f, unsigned unit, uint16_t around)
{
	if (f->resumes && f->next < unit)
		put_run(f, f->next, around);
	f->resumes = false;
}

/* Class class_id from unit on. */
static void put_class(struct frame *f, unsigned unit, uint16_t around,
		      uint16_t class_id)
{
	resume(f, unit, around);
	put_run(f, unit, class_id);
}

/* A unit that is divided; a class may have been put there before. */
static void put_child(struct frame *f, unsigned unit, uint32_t place)
{
	if (f->count > 0 && f->starts[f->count - 1] == unit)
		f->count--;
	f->places[f->child_count] = place;
	put_run(f, unit, (uint16_t)(LPM_CLASSES_MAX + f->child_count++));
	f->next = unit + 1;
	f->resumes = true;
}

/* The word of units first.. of a frame, with its values in the pool. */
static struct lpm_word frame_word(struct lpm_builder *b, const struct frame *f,
				  unsigned first)
{
	struct lpm_word word = { .starts = 1 };
	unsigned from = 0, to, children = 0;
	uint16_t *at;

	while (from + 1 < f->count && f->starts[from + 1] <= first)
		from++;
	for (to = from; to < f->count && f->starts[to] < first + LPM_UNITS;
	     to++) {
		if (f->starts[to] > first)
			word.starts |= lpm_bit(f->starts[to] - first);
		children += f->values[to] >= LPM_CLASSES_MAX;
	}
	word.base = pool_room(b, to - from + 2 * children);
	if (b->failed)
		return word;
	at = b->lpm->pool + word.base;
	b->lpm->leaf_count += to - from;
	for (unsigned i = from, child = 0; i < to; i++) {
		uint16_t value = f->values[i];

		if (value >= LPM_CLASSES_MAX) {
			memcpy(at + (to - from) + 2 * child,
			       &f->places[value - LPM_CLASSES_MAX],
			       sizeof(f->places[0]));
			value = (uint16_t)(LPM_CLASSES_MAX + child++);
		}
		at[i - from] = value;
	}
	return word;
}

static uint32_t frame_field(struct lpm_builder *b, const struct frame *f)
{
	struct lpm *l = b->lpm;
	size_t at = l->field_count;

	if (!reserve(&l->fields, &b->field_cap, at + LPM_NODE_WORDS,
		     sizeof(*l->fields)))
		b->failed = true;
	for (unsigned i = 0; i < LPM_NODE_WORDS && !b->failed; i++)
		l->fields[at + i] = frame_word(b, f, i * LPM_UNITS);
	l->field_count += LPM_NODE_WORDS;
	return LPM_FIELD | (uint32_t)at;
}

static uint32_t frame_list(struct lpm_builder *b, const struct frame *f)
{
	unsigned values = lpm_list_values(f->count);
	uint32_t place = pool_room(b, values + f->count + 2 * f->child_count);
	uint16_t *at;

	if (b->failed)
		return 0;
	b->lpm->leaf_count += f->count;
	at = b->lpm->pool + place;
	memset(at, 0, values * sizeof(*at));
	at[0] = (uint16_t)f->count;
	memcpy(at + lpm_list_head(f->count), f->starts, f->count);
	memcpy(at + values, f->values, f->count * sizeof(*at));
	memcpy(at + values + f->count, f->places,
	       f->child_count * sizeof(f->places[0]));
	return place;
}

static struct lpm_block *block_new(struct lpm_builder *b)
{
	struct lpm *l = b->lpm;

	if (!reserve(&l->blocks, &b->block_cap, l->block_count + 1,
		     sizeof(*l->blocks))) {
		b->failed = true;
		return NULL;
	}
	return &l->blocks[l->block_count++];
}

/* Words that are all of one class share one value. */
static struct lpm_word plain_word(struct lpm_builder *b, uint16_t class_id)
{
	if (b->plain_class != class_id) {
		b->plain_base = pool_room(b, 1);
		if (b->failed)
			return (struct lpm_word){ .starts = 1 };
		b->lpm->pool[b->plain_base] = class_id;
		b->lpm->leaf_count++;
		b->plain_class = class_id;
	}
	return (struct lpm_word){ .starts = 1, .base = b->plain_base };
}

static bool is_plain(const struct lpm_block *block)
{
	return block->words[0].starts == 1 &&
	       memcmp(block->words, block->words + 1,
		      sizeof(block->words) - sizeof(block->words[0])) == 0;
}

/* Blocks that are all of one class share one, if they are neighbours. */
static void share_block(struct lpm *l, unsigned octet)
{
	struct lpm_block *blocks = l->blocks;
	unsigned before = octet > 0 ? l->block_of[octet - 1] : 0;

	if (octet == 0 || !is_plain(&blocks[l->block_count - 1]) ||
	    memcmp(&blocks[before].words[0],
		   &blocks[l->block_count - 1].words[0],
		   sizeof(blocks->words[0])) != 0 ||
	    !is_plain(&blocks[before]))
		return;
	l->block_of[octet] = (uint16_t)before;
	l->block_count--;
}

static void put_word(struct lpm_builder *b, struct lpm_word word)
{
	struct lpm *l = b->lpm;
	unsigned octet = b->next_word / LPM_BLOCK_WORDS;
	unsigned index = b->next_word++ % LPM_BLOCK_WORDS;

	if (index == 0 && block_new(b) != NULL)
		l->block_of[octet] = (uint16_t)(l->block_count - 1);
	if (b->failed)
		return;
	l->blocks[l->block_of[octet]].words[index] = word;
	if (index == LPM_BLOCK_WORDS - 1)
		share_block(l, octet);
}

/* The first frame's word, and those of one class behind it, up to word. */
static void close_word(struct lpm_builder *b, unsigned word)
{
	struct frame *f = &b->frames[FIRST];

	resume(f, LPM_UNITS, b->class_id);
	put_word(b, f->count == 1 && f->values[0] < LPM_CLASSES_MAX
			    ? plain_word(b, f->values[0])
			    : frame_word(b, f, 0));
	while (b->next_word < word && !b->failed)
		put_word(b, plain_word(b, b->class_id));
}

static unsigned octet_at(struct position at, unsigned index)
{
	return (unsigned)((index < 8 ? at.high >> (56 - 8 * index)
				     : at.low >> (120 - 8 * index)) &
			  255);
}

/* The unit of frame level that a position is in. */
static unsigned unit_at(struct position at, unsigned level)
{
	unsigned octet = octet_at(at, LPM_UNIT_DEPTH / 8 - 1 + level);

	return level == FIRST ? octet % LPM_UNITS : octet;
}

static void close_frame(struct lpm_builder *b)
{
	struct frame *f = &b->frames[b->open--];

	resume(f, f->units, b->class_id);
	put_child(&b->frames[b->open], unit_at(b->last, b->open),
		  f->count > LPM_LIST_MAX ? frame_field(b, f)
					  : frame_list(b, f));
}

static void open_frame(struct lpm_builder *b, unsigned level)
{
	struct frame *f = &b->frames[level];

	f->units = level == FIRST ? LPM_UNITS : LPM_NODE_UNITS;
	f->count = f->child_count = f->next = 0;
	f->resumes = true;
	b->open = level;
}

/* Leading bits that both positions share. */
static unsigned shared_bits(struct position a, struct position b)
{
	uint64_t high = a.high ^ b.high, low = a.low ^ b.low;

	if (high != 0)
		return (unsigned)__builtin_clzll(high);
	return low == 0 ? 128 : 64 + (unsigned)__builtin_clzll(low);
}

/* Bits of a position up to its last one that is set. */
static unsigned used_bits(struct position at)
{
	if (at.low != 0)
		return 128 - (unsigned)__builtin_ctzll(at.low);
	return at.high == 0 ? 0 : 64 - (unsigned)__builtin_ctzll(at.high);
}

/* The innermost frame that both positions are in, if word is the same. */
static unsigned shared_level(struct position a, struct position b)
{
	unsigned bits = shared_bits(a, b);

	return bits < LPM_UNIT_DEPTH ? FIRST : (bits - LPM_UNIT_DEPTH) / 8 + 1;
}

static unsigned level_of(struct position at)
{
	unsigned bits = used_bits(at);

	return bits <= LPM_UNIT_DEPTH ? FIRST : (bits - LPM_UNIT_DEPTH + 7) / 8;
}

/* At b->at, class_id begins. */
static void change(struct lpm_builder *b, uint16_t class_id)
{
	unsigned word = (unsigned)(b->at.high >> (64 - LPM_WORD_DEPTH));
	unsigned level = level_of(b->at);
	unsigned shared = shared_level(b->last, b->at);

	while (b->open > shared)
		close_frame(b);
	if (word != b->word) {
		close_word(b, word);
		open_frame(b, FIRST);
		b->word = word;
	}
	while (b->open < level) {
		resume(&b->frames[b->open], unit_at(b->at, b->open),
		       b->class_id);
		open_frame(b, b->open + 1);
	}
	put_class(&b->frames[level], unit_at(b->at, level), b->class_id,
		  class_id);
	b->class_id = class_id;
	b->last = b->at;
}

/* Past a network; false when it does not begin where it could. */
static bool advance(struct lpm_builder *b, unsigned bits)
{
	struct position at = b->at;

	if (bits > net_bits(b->lpm->family) || used_bits(at) > bits)
		return false;
	if (bits == 0)
		b->done = true;
	else if (bits <= 64)
		at.high += UINT64_C(1) << (64 - bits);
	else
		at.low += UINT64_C(1) << (128 - bits);
	at.high += bits > 64 && at.low == 0;
	b->done = b->done || (at.high == 0 && at.low == 0);
	b->at = at;
	return true;
}

void lpm_add(struct lpm_builder *b, unsigned bits, uint16_t class_id)
{
	if (b->failed || b->done || class_id >= LPM_CLASSES_MAX) {
		b->failed = true;
		return;
	}
	if (!b->begun) {
		open_frame(b, FIRST);
		b->class_id = class_id;
		b->begun = true;
	} else if (class_id != b->class_id) {
		change(b, class_id);
	}
	if (!advance(b, bits))
		b->failed = true;
}

/* Gives back what growth left over; a refusal costs nothing but memory. */
static void trim(void *items, size_t count, size_t size)
{
	void *old, *less;

	memcpy(&old, items, sizeof(old));
	less = count == 0 ? NULL : realloc(old, count * size);
	if (less != NULL)
		memcpy(items, &less, sizeof(less));
}

struct lpm *lpm_freeze(struct lpm_builder *b, const uint16_t *renamed)
{
	struct lpm *l = b->lpm;
	bool ok;

	if (b->done && !b->failed) {
		while (b->open > FIRST)
			close_frame(b);
		close_word(b, 1u << LPM_WORD_DEPTH);
	}
	ok = b->done && pool_room(b, LPM_POOL_SPARE) != UINT32_MAX;
	if (ok)
		memset(l->pool + l->pool_count - LPM_POOL_SPARE, 0,
		       LPM_POOL_SPARE * sizeof(*l->pool));
	b->lpm = NULL;
	lpm_builder_free(b);
	if (ok) {
		trim(&l->blocks, l->block_count, sizeof(*l->blocks));
		trim(&l->fields, l->field_count, sizeof(*l->fields));
		trim(&l->pool, l->pool_count, sizeof(*l->pool));
		ok = lpm_cover_all(l, renamed);
	}
	if (ok)
		return l;
	lpm_free(l);
	return NULL;
}

void lpm_free(struct lpm *l)
{
	if (l == NULL)
		return;
	if (!l->borrowed) {
		free(l->blocks);
		free(l->fields);
		free(l->field_covers);
		free(l->covers);
		free(l->pool);
	}
	free(l);
}
