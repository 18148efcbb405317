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

static bool accepts(uint64_t client, uint64_t key, uint32_t threshold)
{
	return threshold == ACCEPT_ALL ||
	       (uint32_t)(hash_draw(client, key) >> 32) < threshold;
}

/* Entries [from, end) of one tier. */
struct tier {
	unsigned from, end;
	bool equal; /* all weights are */
};

static struct tier tier_from(const struct row *row, unsigned from)
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

/* Least first.  Equal weights: the same order without a logarithm. */
static double score(const struct tier *tier, const struct row_entry *entry,
		    const struct share_key *keys, uint64_t client)
{
	uint64_t draw = hash_draw(client, keys[entry->endpoint].rank);
	double numerator = (double)(draw >> 11 | 1); /* exact: 53 bits */

	if (tier->equal)
		return -numerator;
	return -log(numerator / 9007199254740992.0) / entry->weight;
}

/* Who takes the client that this endpoint took: itself or its canary. */
static uint8_t taker(const struct row_entry *entry,
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

/* The taker, if it has what is wanted; else ROW_NONE. */
static uint8_t taker_having(const struct row_entry *entry,
			    const struct share_key *keys, uint64_t client,
			    uint64_t having)
{
	uint8_t endpoint = taker(entry, keys, client);

	return (having >> endpoint & 1) != 0 ? endpoint : ROW_NONE;
}

/* The first of a tier that has it, whoever accepts: the least score. */
static uint8_t first_ranked(const struct row *row, const struct tier *tier,
			    const struct share_key *keys, uint64_t client,
			    uint64_t having)
{
	uint8_t found = ROW_NONE;
	double best = 0;

	for (unsigned i = tier->from; i < tier->end; i++) {
		const struct row_entry *e = &row->entries[i];
		uint8_t endpoint = taker_having(e, keys, client, having);
		double s = score(tier, e, keys, client);

		if (endpoint == ROW_NONE || (found != ROW_NONE && s >= best))
			continue;
		best = s;
		found = endpoint;
	}
	return found;
}

unsigned share_pick_having(const struct row *row, const struct share_key *keys,
			   uint64_t client, const struct share_want *want,
			   uint8_t picks[POLICY_ENDPOINTS_MAX])
{
	struct tier tier = { 0 };
	unsigned count = 0, reached = 0;

	while (tier.end < row->count && reached < want->answers) {
		uint8_t at[POLICY_ENDPOINTS_MAX];
		unsigned found;

		tier = tier_from(row, tier.end);
		found = rank_tier(row, &tier, keys, client, at);
		for (unsigned i = 0; i < found && count < want->answers; i++) {
			picks[count] = taker_having(&row->entries[at[i]], keys,
						    client, want->having);
			count += picks[count] != ROW_NONE;
		}
		reached += found;
	}
	if (reached == 0 && row->count > 0 && want->answers > 0) {
		picks[0] = first_ranked(row, &tier, keys, client, want->having);
		count = picks[0] != ROW_NONE;
	}
	return count;
}

unsigned share_pick(const struct row *row, const struct share_key *keys,
		    uint64_t client, unsigned answers,
		    uint8_t picks[POLICY_ENDPOINTS_MAX])
{
	const struct share_want all = { answers, UINT64_MAX };

	return share_pick_having(row, keys, client, &all, picks);
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
