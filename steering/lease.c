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
