/* SPDX-License-Identifier: Apache-2.0 */
#include "health/latency.h"

/* Which side of the settled value's margin the EWMA is on. */
static int side_of(const struct latency *l)
{
	float margin_ms = l->settled_ms * LATENCY_MARGIN_PCT / 100;

	if (margin_ms < LATENCY_MARGIN_MS)
		margin_ms = LATENCY_MARGIN_MS;
	if (l->ewma_ms > l->settled_ms + margin_ms)
		return 1;
	return l->ewma_ms < l->settled_ms - margin_ms ? -1 : 0;
}

struct latency latency_step(struct latency l, float sample_ms, int64_t now_ms)
{
	int side;

	if (l.samples < LATENCY_WEIGHT)
		l.samples++;
	l.ewma_ms += (sample_ms - l.ewma_ms) / (float)l.samples;
	if (l.samples == 1) {
		l.settled_ms = l.ewma_ms;
		return l;
	}
	side = side_of(&l);
	if (side != l.side) {
		l.side = side;
		l.away_ms = now_ms;
	}
	if (side != 0 && now_ms - l.away_ms >= LATENCY_HOLD_MS) {
		l.settled_ms = l.ewma_ms;
		l.side = 0;
	}
	return l;
}
