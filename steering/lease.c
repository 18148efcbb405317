/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/lease.h"

bool lease_ask(struct lease *lease, int64_t now_ms)
{
	if (lease->asking || now_ms < lease->due_ms)
		return false;
	lease->asking = true;
	lease->void_answer = false;
	lease->asked_ms = now_ms;
	lease->due_ms = now_ms + LEASE_RENEW_MS;
	return true;
}

uint64_t lease_least(struct lease *lease, uint64_t known, uint64_t followed,
		     int64_t now_ms, int64_t wall_ms)
{
	uint64_t wall_s = wall_ms < 0 ? 0 : (uint64_t)wall_ms / 1000;
	uint64_t least = known > lease->epoch ? known : lease->epoch;
	uint64_t last = (least > wall_s ? least : wall_s) + LEASE_AHEAD_S;

	if (lease->epoch == 0)
		least = least > wall_s ? least : wall_s;
	else if (lease->raised_ms != 0 &&
		 now_ms - lease->raised_ms < LEASE_RAISE_MS)
		return least;
	if (followed <= least || followed > last)
		return least;
	if (lease->epoch != 0)
		lease->raised_ms = now_ms;
	return followed;
}

void lease_answer(struct lease *lease, uint64_t epoch, int64_t now_ms)
{
	if (!lease->asking)
		return;
	lease->asking = false;
	if (epoch != 0 && !lease->void_answer &&
	    now_ms - lease->asked_ms < LEASE_TTL_MS) {
		lease->epoch = epoch;
		lease->until_ms = lease->asked_ms + LEASE_TTL_MS;
	} else {
		lease->epoch = 0;
	}
}

bool lease_leads(struct lease *lease, int64_t now_ms)
{
	if (lease->epoch != 0 && now_ms >= lease->until_ms)
		lease->epoch = 0;
	return lease->epoch != 0;
}

void lease_drop(struct lease *lease, int64_t now_ms)
{
	lease->epoch = 0;
	lease->void_answer = true;
	lease->due_ms = now_ms + LEASE_TTL_MS;
}
