/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/quorum.h"

#include "policy/decide/electorate.h"

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_UNKNOWN] = "unknown",
		[VERDICT_UP] = "up",
		[VERDICT_DOWN] = "down",
	};

	return names[verdict];
}

/* Few bits, and often none: a call for the builtin costs more. */
static uint8_t count_of(uint64_t set)
{
	uint8_t count = 0;

	for (; set != 0; set &= set - 1)
		count++;
	return count;
}

/* Fills in up and down. */
static void count_votes(const struct electorate *electorate,
			struct quorum_votes votes, struct quorum_result *out)
{
	out->up = count_of(votes.up & electorate->alone);
	out->down = count_of(votes.down & electorate->alone);
	for (size_t i = 0; i < electorate->network_count; i++) {
		uint8_t up = count_of(votes.up & electorate->networks[i]);
		uint8_t down = count_of(votes.down & electorate->networks[i]);

		if (down > up)
			out->down++;
		else if (up > 0)
			out->up++;
	}
}

struct quorum_result quorum_of(const struct electorate *electorate,
			       struct quorum_votes votes, uint32_t quorum,
			       const struct quorum_result *previous)
{
	struct quorum_result r = {
		.up_by = votes.up & electorate->voters,
		.down_by = votes.down & electorate->voters,
	};
	uint32_t needed =
		quorum < electorate->votes ? quorum : electorate->votes;
	uint32_t cast;
	bool down;

	count_votes(electorate, votes, &r);
	cast = (uint32_t)r.up + r.down;
	down = r.down >= needed && r.down > r.up;
	if ((votes.up & electorate->vetoes) != 0) {
		r.verdict = VERDICT_UP;
		r.vetoed = down;
	} else if (cast == 0 || cast < needed) {
		r.verdict = previous->verdict;
		r.held = r.verdict != VERDICT_UNKNOWN;
	} else {
		r.verdict = down ? VERDICT_DOWN : VERDICT_UP;
		r.split = !down && r.down >= needed;
	}
	return r;
}

/* The votes as they were, if those who say down now said up before. */
static struct quorum_votes votes_before(struct quorum_votes votes,
					const uint32_t *down_ms,
					uint32_t ago_ms)
{
	struct quorum_votes then = votes;

	for (uint64_t rest = votes.down; rest != 0; rest &= rest - 1)
		if (down_ms[__builtin_ctzll(rest)] < ago_ms) {
			then.up |= rest & -rest;
			then.down &= ~(rest & -rest);
		}
	return then;
}

uint32_t quorum_down_ms(const struct electorate *electorate,
			struct quorum_votes votes, uint32_t quorum,
			const uint32_t *down_ms)
{
	static const struct quorum_result never = { .verdict =
							    VERDICT_UNKNOWN };
	uint32_t longest_ms = 0;

	for (uint64_t rest = votes.down & electorate->voters; rest != 0;
	     rest &= rest - 1) {
		uint32_t ago_ms = down_ms[__builtin_ctzll(rest)];
		struct quorum_votes then = votes_before(votes, down_ms, ago_ms);

		if (ago_ms > longest_ms &&
		    quorum_of(electorate, then, quorum, &never).verdict ==
			    VERDICT_DOWN)
			longest_ms = ago_ms;
	}
	return longest_ms;
}
