/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/quorum.h"

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_UNKNOWN] = "unknown",
		[VERDICT_UP] = "up",
		[VERDICT_DOWN] = "down",
	};

	return names[verdict];
}

struct quorum_result quorum_of(const enum vote *votes, size_t count,
			       const struct quorum_limits *limits,
			       const struct quorum_result *previous)
{
	struct quorum_result r = { .verdict = VERDICT_UNKNOWN };
	uint32_t needed = limits->quorum < limits->vantages ? limits->quorum
							    : limits->vantages;

	for (size_t i = 0; i < count; i++) {
		uint64_t vantage = UINT64_C(1) << i;

		if (votes[i] == VOTE_UP) {
			r.up++;
			r.up_by |= vantage;
		} else if (votes[i] == VOTE_DOWN) {
			r.down++;
			r.down_by |= vantage;
		}
	}
	if (r.up + r.down == 0 || (uint32_t)r.up + r.down < needed) {
		r.verdict = previous->verdict;
		r.held = r.verdict != VERDICT_UNKNOWN;
	} else if (r.down >= needed && r.down > r.up) {
		r.verdict = VERDICT_DOWN;
	} else {
		r.verdict = VERDICT_UP;
		r.split = r.down >= needed;
	}
	return r;
}
