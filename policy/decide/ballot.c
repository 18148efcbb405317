/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/ballot.h"

#include "policy/decide/hearing.h"

bool ballot_is_fresh(const struct policy_terms *terms, enum report_state state,
		     int64_t age_ms, int64_t silence_ms)
{
	int64_t limit_ms = 3 * terms->interval_ms;

	if (state == REPORT_UNKNOWN)
		return false;
	/* On trial, the last probe may be the one before the rest. */
	if (state != REPORT_CLOSED)
		age_ms -= terms->rest_ms * 6 / 5;
	if (limit_ms < BALLOT_SILENCE_MIN_MS)
		limit_ms = BALLOT_SILENCE_MIN_MS;
	return silence_ms + (age_ms > 0 ? age_ms : 0) <= limit_ms;
}

static void take_up(struct ballot *out, size_t vantage,
		    const struct hearing_entry *entry)
{
	uint64_t bit = UINT64_C(1) << vantage;

	out->reach |= bit;
	out->votes.up |= bit;
	out->failing |= entry->failing;
	if (entry->outage_ms == 0)
		return;
	out->recovered |= bit;
	out->up_ms[vantage] = entry->up_ms;
	out->outage_ms[vantage] = entry->outage_ms;
}

void ballot_take(const struct ballot_source *sources, size_t count,
		 const struct policy_terms *terms, size_t number,
		 struct ballot *out)
{
	out->votes = (struct quorum_votes){ 0 };
	out->reach = 0;
	out->trickle = 0;
	out->failing = false;
	out->recovered = 0;
	for (size_t v = 0; v < count; v++) {
		const struct hearing_entry *entry;

		if (sources[v].entries == NULL)
			continue;
		entry = &sources[v].entries[number];
		if (!ballot_is_fresh(terms, (enum report_state)entry->state,
				     entry->age_ms, sources[v].silence_ms))
			continue;
		if (entry->state == REPORT_CLOSED) {
			take_up(out, v, entry);
		} else {
			/* On trial is still down for everyone else. */
			out->votes.down |= UINT64_C(1) << v;
			out->trickle |= (uint64_t)entry->trickle << v;
			out->down_ms[v] = entry->down_ms;
		}
	}
}
