/* SPDX-License-Identifier: Apache-2.0 */
#include "health/latency.h"

#include <stdbool.h>
#include <stddef.h>

static size_t at_most(uint64_t value, size_t limit)
{
	return value < limit ? (size_t)value : limit;
}

/* Of the newest samples, one at least; of an even number the lower middle one.
 */
static float median_of(const struct latency *l)
{
	size_t count = at_most(l->samples, LATENCY_WINDOW);
	float sorted[LATENCY_WINDOW] = { 0 };

	for (size_t i = 0; i < count; i++) {
		size_t to = i;

		for (; to > 0 && l->newest_ms[i] < sorted[to - 1]; to--)
			sorted[to] = sorted[to - 1];
		sorted[to] = l->newest_ms[i];
	}
	return sorted[(count - 1) / 2];
}

/* Which side of the settled value's margin a value is on. */
static int side_of(float settled_ms, float value_ms)
{
	float margin_ms = settled_ms * LATENCY_MARGIN_PCT / 100;

	if (margin_ms < LATENCY_MARGIN_MS)
		margin_ms = LATENCY_MARGIN_MS;
	if (value_ms > settled_ms + margin_ms)
		return 1;
	return value_ms < settled_ms - margin_ms ? -1 : 0;
}

/* At first there is nothing to hold on to. */
static bool may_move(const struct latency *l, int64_t now_ms)
{
	if (l->samples == LATENCY_WINDOW)
		return true;
	if (l->side == 0 || l->samples < LATENCY_WINDOW)
		return l->side != 0;
	return l->away_samples >= LATENCY_WINDOW &&
	       now_ms - l->away_ms >= LATENCY_HOLD_MS;
}

static void settle(struct latency *l, int64_t now_ms)
{
	float median_ms = median_of(l);
	int side = side_of(l->settled_ms, median_ms);

	if (side != l->side) {
		l->side = side;
		l->away_ms = now_ms;
		l->away_samples = 0;
	}
	l->away_samples++;
	if (!may_move(l, now_ms))
		return;
	l->settled_ms = median_ms;
	l->side = 0;
}

struct latency latency_step(struct latency l, float sample_ms, int64_t now_ms)
{
	l.newest_ms[l.samples % LATENCY_WINDOW] = sample_ms;
	l.samples++;
	l.ewma_ms += (sample_ms - l.ewma_ms) /
		     (float)at_most(l.samples, LATENCY_WEIGHT);
	if (l.samples == 1)
		l.settled_ms = sample_ms;
	settle(&l, now_ms);
	return l;
}
