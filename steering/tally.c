/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/tally.h"

#include "policy/base/hash.h"
#include "policy/base/histogram.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2 * TALLY_MAX, SOURCE_SLOTS = 64 };

static_assert((SLOTS & (SLOTS - 1)) == 0, "a mask finds a slot");
static_assert((int)TALLY_MAX < UINT16_MAX, "an index + 1 fits");

static_assert((int)HISTOGRAM_FULL / TALLY_SOURCES <= UINT8_MAX,
	      "what one network may give fits");
static_assert((TALLY_EACH - 1) * TALLY_SOURCES < TALLY_LEAST &&
		      TALLY_EACH * TALLY_SOURCES >= TALLY_LEAST,
	      "the least is reached with the least networks, no sooner");

struct tally_entry {
	struct plan_rum told; /* ms 0: nothing is */
	struct histogram histogram;
	uint8_t given[SOURCE_SLOTS]; /* samples of what is left, by network */
	int side;                    /* of what is told, at the last turn */
	unsigned kept_turns; /* so long it is told without own samples */
};

void tally_fini(struct tally *tally)
{
	free(tally->entries);
	free(tally->slots);
	free(tally->told);
	*tally = (struct tally){ .entries = NULL };
}

static uint64_t hash_of(const char *region, int cell_lat, int cell_lon)
{
	uint64_t hash = hash_octets(HASH_FNV_OFFSET, region, strlen(region));

	return hash_mix(hash ^ (uint64_t)(cell_lat << 16 | cell_lon));
}

static bool is_of(const struct tally_entry *e, const char *region, int cell_lat,
		  int cell_lon)
{
	return e->told.cell_lat == cell_lat && e->told.cell_lon == cell_lon &&
	       strcmp(e->told.region, region) == 0;
}

/* Where the pair's index is, or may be put. */
static uint16_t *slot_of(struct tally *t, const char *region, int cell_lat,
			 int cell_lon)
{
	size_t at = hash_of(region, cell_lat, cell_lon) & (SLOTS - 1);

	while (t->slots[at] != 0 && !is_of(&t->entries[t->slots[at] - 1],
					   region, cell_lat, cell_lon))
		at = (at + 1) & (SLOTS - 1);
	return &t->slots[at];
}

static bool grow(struct tally *t)
{
	size_t cap = t->cap == 0 ? 64 : t->cap * 2;
	struct tally_entry *entries;

	if (t->slots == NULL)
		t->slots = calloc(SLOTS, sizeof(*t->slots));
	if (t->slots == NULL)
		return false;
	if (t->count < t->cap)
		return true;
	entries = realloc(t->entries, cap * sizeof(*entries));
	if (entries == NULL)
		return false;
	t->entries = entries;
	t->cap = cap;
	return true;
}

/* The pair's entry, made when there is none; NULL: no room. */
static struct tally_entry *entry_of(struct tally *t, const char *region,
				    int cell_lat, int cell_lon)
{
	struct tally_entry *e;
	uint16_t *slot;

	if (!grow(t))
		return NULL;
	slot = slot_of(t, region, cell_lat, cell_lon);
	if (*slot != 0)
		return &t->entries[*slot - 1];
	if (t->count == TALLY_MAX)
		return NULL;
	e = &t->entries[t->count++];
	*e = (struct tally_entry){
		.told = { .cell_lat = (int16_t)cell_lat,
			  .cell_lon = (int16_t)cell_lon },
	};
	snprintf(e->told.region, sizeof(e->told.region), "%s", region);
	*slot = (uint16_t)t->count;
	return e;
}

static void fade_given(struct tally_entry *e)
{
	for (size_t i = 0; i < SOURCE_SLOTS; i++)
		e->given[i] /= 2;
}

/* Whoever sends more than the others is heard as often as they are. */
static bool has_its_share(const struct tally_entry *e, uint8_t given)
{
	return given >= TALLY_EACH &&
	       (uint32_t)given * TALLY_SOURCES >= e->histogram.total;
}

bool tally_add(struct tally *tally, const struct tally_sample *sample)
{
	struct tally_entry *e = entry_of(tally, sample->region,
					 sample->cell_lat, sample->cell_lon);
	size_t source = hash_mix(sample->source) % SOURCE_SLOTS;
	uint32_t before;

	if (e == NULL)
		return false;
	if (has_its_share(e, e->given[source]))
		return true;
	before = e->histogram.total;
	histogram_add(&e->histogram, sample->ms);
	/* A full histogram has halved itself. */
	if (e->histogram.total < before)
		fade_given(e);
	e->given[source]++;
	return true;
}

static int side_of(double told_ms, double ms)
{
	double margin_ms = told_ms * TALLY_MARGIN_PCT / 100;

	if (margin_ms < TALLY_MARGIN_MS)
		margin_ms = TALLY_MARGIN_MS;
	if (ms > told_ms + margin_ms)
		return 1;
	return ms < told_ms - margin_ms ? -1 : 0;
}

static bool is_enough(const struct tally_entry *e)
{
	unsigned sources = 0;

	for (size_t i = 0; i < SOURCE_SLOTS; i++)
		sources += e->given[i] > 0;
	return e->histogram.total >= TALLY_LEAST && sources >= TALLY_SOURCES;
}

static void tell(struct tally_entry *e, double ms)
{
	e->told.ms = ms;
	e->told.samples = e->histogram.total;
	e->side = 0;
	e->kept_turns = 0;
}

/* True when it tells another value now. */
static bool turn_entry(struct tally_entry *e)
{
	double ms = (double)histogram_smooth(&e->histogram, 0.5);
	int side;

	if (e->kept_turns > 0)
		e->kept_turns--;
	if (e->told.ms <= 0) {
		if (!is_enough(e) || ms <= 0)
			return false;
		tell(e, ms);
		return true;
	}
	if (e->histogram.total < TALLY_KEEP) {
		if (e->kept_turns == 0)
			e->told.ms = 0;
		return e->told.ms <= 0;
	}
	side = is_enough(e) ? side_of(e->told.ms, ms) : 0;
	if (side != 0 && side == e->side) {
		tell(e, ms);
		return true;
	}
	e->side = side;
	return false;
}

/* What nobody measures any more makes room. */
static void fade(struct tally *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++) {
		struct tally_entry *e = &t->entries[i];

		histogram_fade(&e->histogram);
		fade_given(e);
		if (e->histogram.total > 0 || e->told.ms > 0)
			t->entries[kept++] = *e;
	}
	t->count = kept;
	if (t->slots == NULL)
		return;
	memset(t->slots, 0, SLOTS * sizeof(*t->slots));
	for (size_t i = 0; i < kept; i++) {
		const struct plan_rum *r = &t->entries[i].told;

		*slot_of(t, r->region, r->cell_lat, r->cell_lon) =
			(uint16_t)(i + 1);
	}
}

/* Lists what is told anew.  False when memory runs out. */
static bool list_told(struct tally *t)
{
	struct plan plan = { .rum = calloc(t->count + 1, sizeof(*plan.rum)) };

	if (plan.rum == NULL)
		return false;
	for (size_t i = 0; i < t->count; i++)
		if (t->entries[i].told.ms > 0)
			plan.rum[plan.rum_count++] = t->entries[i].told;
	plan_sort(&plan);
	free(t->told);
	t->told = plan.rum;
	t->told_count = plan.rum_count;
	return true;
}

bool tally_turn(struct tally *tally, int64_t now_ms)
{
	bool moved = false;

	if (tally->turned_ms != 0 && now_ms - tally->turned_ms < TALLY_TURN_MS)
		return false;
	tally->turned_ms = now_ms;
	if (++tally->turns % TALLY_FADE_TURNS == 0)
		fade(tally);
	for (size_t i = 0; i < tally->count; i++)
		moved = turn_entry(&tally->entries[i]) || moved;
	return moved && list_told(tally);
}

/* What it tells itself is of an earlier time at which it led, or was told to
 * nobody. */
static void tell_nothing(struct tally *t)
{
	for (size_t i = 0; i < t->count; i++) {
		t->entries[i].told.ms = 0;
		t->entries[i].side = 0;
		t->entries[i].kept_turns = 0;
	}
}

void tally_adopt(struct tally *tally, const struct plan *plan)
{
	tell_nothing(tally);
	for (size_t i = 0; plan != NULL && i < plan->rum_count; i++) {
		const struct plan_rum *r = &plan->rum[i];
		struct tally_entry *e =
			entry_of(tally, r->region, r->cell_lat, r->cell_lon);

		if (e == NULL)
			continue;
		e->told = *r;
		e->kept_turns = TALLY_FADE_TURNS;
	}
	(void)list_told(tally);
}
