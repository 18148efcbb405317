/* SPDX-License-Identifier: Apache-2.0 */
#include "health/schedule.h"

#include "policy/base/hash.h"

#include <string.h>

struct schedule schedule_init(const char *key, int64_t interval_ms,
			      int64_t now_ms)
{
	uint64_t h = hash_octets(HASH_FNV_OFFSET, key, strlen(key));
	int64_t interval = interval_ms > 0 ? interval_ms : 1;

	return (struct schedule){
		.anchor_ms =
			now_ms + (int64_t)(hash_mix(h) % (uint64_t)interval),
		.interval_ms = interval,
	};
}

int64_t schedule_next(const struct schedule *s, int64_t now_ms, uint32_t draw)
{
	uint64_t room = (uint64_t)s->interval_ms * SCHEDULE_JITTER_PCT / 100;
	int64_t jitter_ms = (int64_t)(room * (uint64_t)draw >> 32);
	int64_t slots;

	if (now_ms < s->anchor_ms)
		return s->anchor_ms + jitter_ms;
	slots = (now_ms - s->anchor_ms) / s->interval_ms + 1;
	return s->anchor_ms + slots * s->interval_ms + jitter_ms;
}

int64_t schedule_confirm(const struct schedule *s, int64_t now_ms,
			 int64_t confirm_ms, uint32_t draw)
{
	int64_t slot_ms = schedule_next(s, now_ms, draw);
	int64_t soon_ms = now_ms + confirm_ms;

	return soon_ms < slot_ms ? soon_ms : slot_ms;
}
