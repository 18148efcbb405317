/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/outage.h"

#include "policy/decide/ballot.h"
#include "policy/decide/electorate.h"

#include <stdbool.h>

/* Instants are ages: so many milliseconds ago. */
struct history {
	const struct electorate *electorate;
	const struct ballot *ballot;
	uint32_t quorum;
};

static int64_t began_ms(const struct history *h, int vantage)
{
	return (int64_t)h->ballot->up_ms[vantage] +
	       h->ballot->outage_ms[vantage];
}

static bool was_down(const struct history *h, int64_t ago_ms)
{
	static const struct quorum_result never = { .verdict =
							    VERDICT_UNKNOWN };
	const struct ballot *b = h->ballot;
	uint64_t all = b->votes.up | b->votes.down, down = 0;
	struct quorum_votes then;

	for (uint64_t rest = b->votes.down; rest != 0; rest &= rest - 1)
		if (b->down_ms[__builtin_ctzll(rest)] >= ago_ms)
			down |= rest & -rest;
	for (uint64_t rest = b->recovered; rest != 0; rest &= rest - 1) {
		int v = __builtin_ctzll(rest);

		if (b->up_ms[v] < ago_ms && began_ms(h, v) >= ago_ms)
			down |= rest & -rest;
	}
	then = (struct quorum_votes){ .up = all & ~down, .down = down };
	return quorum_of(h->electorate, then, h->quorum, &never).verdict ==
	       VERDICT_DOWN;
}

/* The least age at which one of those who voted down ceased to, and with that
 * the verdict; -1: there is none. */
static int64_t ended_ms(const struct history *h)
{
	int64_t least_ms = -1;

	for (uint64_t rest = h->ballot->recovered; rest != 0;
	     rest &= rest - 1) {
		int64_t at_ms = h->ballot->up_ms[__builtin_ctzll(rest)];

		if ((least_ms < 0 || at_ms < least_ms) &&
		    was_down(h, at_ms + 1))
			least_ms = at_ms;
	}
	return least_ms;
}

/* at_ms is when a voter began to say down: did the verdict begin there? */
static void consider(const struct history *h, int64_t at_ms, int64_t since_ms,
		     int64_t *begun_ms)
{
	if (at_ms > since_ms && (*begun_ms < 0 || at_ms < *begun_ms) &&
	    !was_down(h, at_ms + 1))
		*begun_ms = at_ms;
}

struct outage outage_of(const struct electorate *electorate,
			const struct ballot *ballot, uint32_t quorum)
{
	const struct history h = { electorate, ballot, quorum };
	int64_t since_ms = ballot->recovered == 0 ? -1 : ended_ms(&h);
	int64_t begun_ms = -1;

	if (since_ms < 0)
		return (struct outage){ 0 };
	for (uint64_t rest = ballot->recovered; rest != 0; rest &= rest - 1)
		consider(&h, began_ms(&h, __builtin_ctzll(rest)), since_ms,
			 &begun_ms);
	for (uint64_t rest = ballot->votes.down; rest != 0; rest &= rest - 1)
		consider(&h, ballot->down_ms[__builtin_ctzll(rest)], since_ms,
			 &begun_ms);
	if (begun_ms < 0 || begun_ms - since_ms > UINT32_MAX)
		begun_ms = since_ms + UINT32_MAX;
	return (struct outage){ (uint32_t)since_ms,
				(uint32_t)(begun_ms - since_ms) };
}
