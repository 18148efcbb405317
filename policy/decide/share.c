/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/share.h"

#include "policy/base/hash.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

void share_keys(const struct policy *policy, size_t service,
		struct share_key *keys)
{
	const struct policy_service *s = &policy->services[service];

	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct policy_endpoint *e = &s->endpoints[i];
		char canary[sizeof("canary:") + POLICY_NAME_MAX];

		keys[i].rank = hash_purpose("rank", s->name, e->name);
		keys[i].accept = hash_purpose("accept", s->name, e->name);
		if (e->canary == POLICY_NONE)
			continue;
		snprintf(canary, sizeof(canary), "canary:%s",
			 policy->canaries[e->canary].name);
		keys[i].accept = hash_purpose("accept", s->name, canary);
	}
}

static inline bool accepts(uint64_t client, uint64_t key, uint32_t threshold)
{
	return threshold == ACCEPT_ALL ||
	       (uint32_t)(hash_draw(client, key) >> 32) < threshold;
}

/* Entries [from, end) of one tier. */
struct tier {
	unsigned from, end;
	bool equal; /* all weights are */
};

static inline struct tier tier_from(const struct row *row, unsigned from)
{
	struct tier t = { from, from, true };

	while (t.end < row->count &&
	       row->entries[t.end].tier == row->entries[from].tier) {
		if (row->entries[t.end].weight != row->entries[from].weight)
			t.equal = false;
		t.end++;
	}
	return t;
}

/* u, times 2^53. */
static inline uint64_t rank_draw(uint64_t client, uint64_t key)
{
	return hash_draw(client, key) >> 11 | 1;
}

/* Least first.  Equal weights: the same order without a logarithm. */
static inline double score(const struct tier *tier,
			   const struct row_entry *entry,
			   const struct share_key *keys, uint64_t client)
{
	/* Exact: 53 bits. */
	double numerator =
		(double)rank_draw(client, keys[entry->endpoint].rank);

	if (tier->equal)
		return -numerator;
	return -log(numerator / 9007199254740992.0) / entry->weight;
}

/* Who takes the client that this endpoint took: itself or its canary. */
static inline uint8_t taker(const struct row_entry *entry,
			    const struct share_key *keys, uint64_t client)
{
	if (entry->canary != ROW_NONE &&
	    accepts(client, keys[entry->canary].accept, entry->canary_accept))
		return entry->canary;
	return entry->endpoint;
}

/* Those of a tier that accept, in turn, into at[]; returns how many. */
static unsigned rank_tier(const struct row *row, const struct tier *tier,
			  const struct share_key *keys, uint64_t client,
			  uint8_t at[POLICY_ENDPOINTS_MAX])
{
	double scores[POLICY_ENDPOINTS_MAX];
	unsigned count = 0;

	for (unsigned i = tier->from; i < tier->end; i++) {
		const struct row_entry *e = &row->entries[i];
		unsigned to = count;
		double s;

		if (!accepts(client, keys[e->endpoint].accept, e->accept))
			continue;
		s = tier->end - tier->from > 1 ? score(tier, e, keys, client)
					       : 0;
		while (to > 0 && s < scores[to - 1]) {
			scores[to] = scores[to - 1];
			at[to] = at[to - 1];
			to--;
		}
		scores[to] = s;
		at[to] = (uint8_t)i;
		count++;
	}
	return count;
}

/* What one client's turn goes by. */
struct choice {
	const struct row *row;
	const struct share_key *keys;
	uint64_t client, having;
};

/* The taker, if it has what is wanted; else ROW_NONE. */
static inline uint8_t taker_having(const struct row_entry *entry,
				   const struct share_key *keys,
				   uint64_t client, uint64_t having)
{
	uint8_t endpoint = taker(entry, keys, client);

	return (having >> endpoint & 1) != 0 ? endpoint : ROW_NONE;
}

/*
 * The first of a tier that has it: the least score, of those that accept or,
 * with anybody, of all.  *accepted: somebody does accept.
 */
static inline uint8_t first_of(const struct choice *c, const struct tier *tier,
			       bool anybody, bool *accepted)
{
	uint8_t found = ROW_NONE;
	double best = 0;

	for (unsigned i = tier->from; i < tier->end; i++) {
		const struct row_entry *e = &c->row->entries[i];
		uint8_t endpoint;
		double s;

		if (!anybody &&
		    !accepts(c->client, c->keys[e->endpoint].accept, e->accept))
			continue;
		*accepted = true;
		endpoint = taker_having(e, c->keys, c->client, c->having);
		s = score(tier, e, c->keys, c->client);
		if (endpoint == ROW_NONE || (found != ROW_NONE && s >= best))
			continue;
		best = s;
		found = endpoint;
	}
	return found;
}

/* One answer: nobody needs to be ranked but the first. */
static uint8_t pick_first(const struct choice *c)
{
	struct tier tier = { 0 };
	bool accepted = false;

	while (tier.end < c->row->count) {
		uint8_t found;

		tier = tier_from(c->row, tier.end);
		found = first_of(c, &tier, false, &accepted);
		if (accepted)
			return found;
	}
	return first_of(c, &tier, true, &accepted);
}

/* Several, in turn. */
static unsigned pick_several(const struct choice *c, unsigned answers,
			     uint8_t picks[POLICY_ENDPOINTS_MAX])
{
	struct tier tier = { 0 };
	unsigned count = 0, reached = 0;
	bool accepted;

	while (tier.end < c->row->count && reached < answers) {
		uint8_t at[POLICY_ENDPOINTS_MAX];
		unsigned found;

		tier = tier_from(c->row, tier.end);
		found = rank_tier(c->row, &tier, c->keys, c->client, at);
		for (unsigned i = 0; i < found && count < answers; i++) {
			picks[count] =
				taker_having(&c->row->entries[at[i]], c->keys,
					     c->client, c->having);
			count += picks[count] != ROW_NONE;
		}
		reached += found;
	}
	if (reached == 0 && c->row->count > 0 && answers > 0) {
		picks[0] = first_of(c, &tier, true, &accepted);
		count = picks[0] != ROW_NONE;
	}
	return count;
}

unsigned share_pick_having(const struct row *row, const struct share_key *keys,
			   uint64_t client, const struct share_want *want,
			   uint8_t picks[POLICY_ENDPOINTS_MAX])
{
	const struct choice c = { row, keys, client, want->having };

	if (want->answers != 1)
		return pick_several(&c, want->answers, picks);
	picks[0] = pick_first(&c);
	return picks[0] != ROW_NONE;
}

unsigned share_pick(const struct row *row, const struct share_key *keys,
		    uint64_t client, unsigned answers,
		    uint8_t picks[POLICY_ENDPOINTS_MAX])
{
	const struct share_want all = { answers, UINT64_MAX };

	return share_pick_having(row, keys, client, &all, picks);
}

bool share_is_even(const struct row *row)
{
	for (unsigned i = 0; i < row->count; i++) {
		const struct row_entry *e = &row->entries[i];

		if (e->tier != row->entries[0].tier ||
		    e->weight != row->entries[0].weight ||
		    e->accept != ACCEPT_ALL || e->canary != ROW_NONE)
			return false;
	}
	return true;
}

uint8_t share_pick_even(const struct row *row, const struct share_key *keys,
			uint64_t client, uint64_t having)
{
	uint8_t found = ROW_NONE;
	uint64_t best = 0; /* no draw is 0 */

	for (unsigned i = 0; i < row->count; i++) {
		uint8_t endpoint = row->entries[i].endpoint;
		uint64_t draw = rank_draw(client, keys[endpoint].rank);

		if (draw > best && (having >> endpoint & 1) != 0) {
			best = draw;
			found = endpoint;
		}
	}
	return found;
}

uint64_t share_possible(const struct row *row, unsigned answers)
{
	uint64_t possible = 0;
	unsigned certain = 0; /* of the tiers so far: who always accepts */
	struct tier tier = { 0 };

	while (tier.end < row->count && certain < answers) {
		tier = tier_from(row, tier.end);
		for (unsigned i = tier.from; i < tier.end; i++) {
			const struct row_entry *e = &row->entries[i];

			certain += e->accept == ACCEPT_ALL;
			if (e->canary != ROW_NONE)
				possible |= UINT64_C(1) << e->canary;
			if (e->canary == ROW_NONE ||
			    e->canary_accept != ACCEPT_ALL)
				possible |= UINT64_C(1) << e->endpoint;
		}
	}
	return possible;
}
