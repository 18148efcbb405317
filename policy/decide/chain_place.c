/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h's second half: what was chosen, in order, as a row; and rows. */
#include "policy/decide/chain.h"
#include "policy/decide/flock.h"

#include <string.h>

static uint64_t bit(size_t i)
{
	return UINT64_C(1) << i;
}

/* The part that one on trial with users takes, if it takes more by itself. */
static uint32_t trickle_of(const struct view_endpoint *e)
{
	uint32_t most = accept_of(REPORT_TRICKLE);

	return e->accept < most ? e->accept : most;
}

/* What is left of what is left: of nothing, nothing; of something, a little. */
static uint32_t part_of(uint32_t accept, uint32_t part)
{
	uint32_t both = (uint32_t)((uint64_t)accept * part >> 32);

	if (accept == ACCEPT_ALL || part == ACCEPT_ALL)
		return accept == ACCEPT_ALL ? part : accept;
	return both > 0 ? both : 1;
}

static struct row_entry make_entry(const struct chain *chain,
				   const struct chain_choice *choice,
				   size_t endpoint, uint8_t tier)
{
	const struct view_endpoint *e = &chain->view->endpoints[endpoint];
	struct row_entry entry = {
		.endpoint = (uint8_t)endpoint,
		.tier = tier,
		.canary = ROW_NONE,
		/* 0 only where all that is left has 0: then it means none. */
		.weight = e->weight == 0 ? 1 : e->weight,
		.accept = e->accept == ACCEPT_NONE ? ACCEPT_ALL : e->accept,
	};

	entry.deferred = (choice->deferred & bit(endpoint)) != 0;
	if (choice->restored & bit(endpoint))
		entry.accept = ACCEPT_ALL;
	if (choice->trickle & bit(endpoint))
		entry.accept = trickle_of(e);
	if (choice->spill != NULL && choice->spill[endpoint] != ACCEPT_NONE)
		entry.accept = part_of(entry.accept, choice->spill[endpoint]);
	if (choice->canaried & bit(endpoint)) {
		int canary = chain->service->endpoints[endpoint].shadowed_by;

		entry.canary = (uint8_t)canary;
		entry.canary_accept = chain->view->endpoints[canary].accept;
	}
	return entry;
}

static uint32_t divisor(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Entries [from, count) are one tier: weights without a common divisor. */
static void reduce_weights(struct row *row, unsigned from)
{
	uint32_t common = 0;

	for (unsigned i = from; i < row->count; i++)
		common = divisor(row->entries[i].weight, common);
	for (unsigned i = from; common > 1 && i < row->count; i++)
		row->entries[i].weight /= common;
}

/* Adds a tier; returns how many of its endpoints accept every client. */
static unsigned add_tier(const struct chain *chain,
			 const struct chain_choice *choice, uint64_t set,
			 uint8_t tier, struct row *row)
{
	unsigned from = row->count, certain = 0;

	for (; set != 0; set &= set - 1) {
		struct row_entry *entry = &row->entries[row->count++];

		*entry = make_entry(chain, choice, (size_t)__builtin_ctzll(set),
				    tier);
		certain += entry->accept == ACCEPT_ALL;
	}
	reduce_weights(row, from);
	return certain;
}

static void trace_tier(struct chain_trace *trace, uint64_t set, uint8_t tier)
{
	for (size_t i = 0; i < POLICY_ENDPOINTS_MAX; i++)
		if (set & bit(i))
			trace->endpoints[i].tier = tier;
}

static void trace_ways(const struct tiers *tiers, struct chain_trace *trace)
{
	for (size_t i = 0; i < POLICY_ENDPOINTS_MAX; i++)
		if (tiers->left & bit(i))
			trace->endpoints[i].way = tiers_way(tiers, i);
}

static uint64_t next_tier(const struct chain_choice *choice,
			  struct tiers *tiers)
{
	uint64_t all = tiers->left;

	if (!choice->spread)
		return tiers_next(tiers);
	tiers->left = 0;
	return all;
}

/*
 * Fills the row tier by tier, up to the tier that no client comes past: when
 * as many endpoints as an answer has always accept.  For the trace it goes on,
 * and a whole row has all.
 */
static void fill_row(const struct chain *chain,
		     const struct chain_choice *choice, struct tiers *tiers,
		     struct row *row, struct chain_trace *trace)
{
	unsigned certain = 0;
	uint8_t tier = 0;
	bool reached = true;

	while (tiers->left != 0 && (reached || trace != NULL)) {
		uint64_t set = next_tier(choice, tiers) & choice->kept;

		if (set == 0)
			continue;
		if (trace != NULL)
			trace_tier(trace, set, tier);
		if (reached)
			certain += add_tier(chain, choice, set, tier, row);
		reached = chain->whole || certain < chain->service->answers;
		tier++;
	}
}

/* A last tier of one takes whoever comes that far: its share says nothing. */
static void settle_last(const struct chain *chain, struct row *row)
{
	struct row_entry *last = &row->entries[row->count - 1];

	if (row->count == 1 ||
	    (chain->service->answers <= 1 && last[-1].tier != last->tier))
		last->accept = ACCEPT_ALL;
}

static void trace_spill(struct chain_trace *trace,
			const struct chain_choice *choice, uint64_t kept,
			uint8_t home)
{
	trace->home = home;
	for (size_t i = 0; i < POLICY_ENDPOINTS_MAX; i++) {
		if (choice->left & bit(i))
			trace->endpoints[i].spilled = choice->spill[i];
		if (choice->kept & ~kept & bit(i))
			trace->endpoints[i].step = STEP_SHARED;
	}
}

/*
 * What capacity leaves these clients, when all is plain: in panic and beyond it
 * there is no capacity to go by.  Who takes none of them goes, unless all do.
 */
static void spill(const struct chain *chain, const struct latency_ways *ways,
		  struct chain_choice *choice, struct chain_trace *trace)
{
	uint8_t home = flock_home(&chain->ground, ways, choice->eligible);
	uint64_t kept = choice->kept;

	if (choice->note != ROW_PLAIN)
		return;
	choice->spill = flock_find(chain->view, choice->eligible, home);
	if (choice->spill == NULL)
		return;
	for (uint64_t rest = kept; rest != 0; rest &= rest - 1)
		if (choice->spill[__builtin_ctzll(rest)] == ACCEPT_NONE)
			kept &= ~(rest & -rest);
	if (kept == 0) {
		choice->spill = NULL;
		return;
	}
	if (trace != NULL)
		trace_spill(trace, choice, kept, home);
	choice->kept = kept;
}

static void place(const struct chain *chain, const struct chain_choice *choice,
		  const struct latency_ways *ways, struct row *out,
		  struct chain_trace *trace)
{
	struct tiers tiers;

	out->count = 0;
	out->note = (uint8_t)choice->note;
	out->changing = chain->view->changing;
	out->zero = 0;
	if (choice->left == 0)
		return;
	tiers_init(&tiers, &chain->ground, ways, choice->left);
	if (trace != NULL)
		trace_ways(&tiers, trace);
	fill_row(chain, choice, &tiers, out, trace);
	settle_last(chain, out);
	for (unsigned i = 0; choice->note == ROW_PLAIN && i < out->count; i++)
		if (out->entries[i].deferred)
			out->note = ROW_DEFERRED;
}

void chain_place(const struct chain *chain, const struct chain_choice *choice,
		 const struct latency_ways *ways, struct row *out,
		 struct chain_trace *trace)
{
	struct chain_choice own;

	if (chain->view->flock_count == 0 || chain->whole) {
		place(chain, choice, ways, out, trace);
		return;
	}
	own = *choice;
	spill(chain, ways, &own, trace);
	place(chain, &own, ways, out, trace);
}

struct row chain_row(const struct policy *policy, const struct view *view,
		     size_t service, const struct client_class *class,
		     struct chain_trace *trace)
{
	bool by_way =
		class->located && tiers_by_way(&policy->services[service]);
	uint64_t away = 0;
	struct latency_room room;
	struct latency_ways ways = latency_ways_in(&room);
	struct chain_choice choice;
	struct chain chain;
	struct row row;

	memset(&row, 0, sizeof(row));
	chain_init(&chain, policy, view, service);
	if (by_way || (class->located && chain.locality.split != 0)) {
		latency_go(policy, class->latitude, class->longitude, &ways);
		away = locality_away(&chain.locality, &ways);
	}
	choice = chain_choose(&chain, class, away, trace);
	chain_place(&chain, &choice, by_way ? &ways : NULL, &row, trace);
	return row;
}

bool row_equal(const struct row *a, const struct row *b)
{
	return a->count == b->count && a->note == b->note &&
	       a->changing == b->changing &&
	       memcmp(a->entries, b->entries,
		      a->count * sizeof(a->entries[0])) == 0;
}

bool row_is_draw(const struct row *row, uint32_t answers)
{
	/* Until something is drawn, entries before i all took their turn. */
	for (unsigned i = 0; i < row->count && i < answers; i++) {
		const struct row_entry *e = &row->entries[i];

		if (i + 1u < row->count && e[1].tier == e->tier)
			return true;
		if (e->canary != ROW_NONE && e->canary_accept != ACCEPT_ALL)
			return true;
		if (e->accept != ACCEPT_ALL)
			return true;
	}
	return false;
}

const char *row_note_name(enum row_note note)
{
	static const char *const names[] = {
		[ROW_PLAIN] = "plain",
		[ROW_NO_REGION] = "no-region",
		[ROW_NONE_HEALTHY] = "none-healthy",
		[ROW_WITHHELD] = "withheld",
		[ROW_ALL_COMMANDED] = "all-commanded",
		[ROW_DEFERRED] = "deferred",
		[ROW_PANIC] = "panic",
	};

	return names[note];
}
