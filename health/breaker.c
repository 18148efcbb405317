/* SPDX-License-Identifier: Apache-2.0 */
#include "health/breaker.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

typedef bool guard(const struct breaker *, const struct policy_breaker *,
		   int64_t now_ms);

static uint32_t window_of(const struct policy_breaker *limits)
{
	return limits->window < BREAKER_WINDOW_MAX ? limits->window
						   : BREAKER_WINDOW_MAX;
}

static uint32_t count_bits(uint64_t bits)
{
	return (uint32_t)__builtin_popcountll(bits);
}

/* Does the share of set bits reach pct, all samples being there? */
static bool rate_reached(const struct breaker *b, uint64_t bits,
			 const struct policy_breaker *limits, uint32_t pct)
{
	uint32_t window = window_of(limits);

	return pct > 0 && window > 0 && b->samples >= window &&
	       count_bits(bits) * 100 >= pct * window;
}

static bool streak_long(const struct breaker *b,
			const struct policy_breaker *limits, int64_t now_ms)
{
	(void)now_ms;
	return limits->consecutive > 0 && b->streak >= limits->consecutive;
}

static bool failing_often(const struct breaker *b,
			  const struct policy_breaker *limits, int64_t now_ms)
{
	(void)now_ms;
	return rate_reached(b, b->failed, limits, limits->failure_rate_pct);
}

static bool slow_often(const struct breaker *b,
		       const struct policy_breaker *limits, int64_t now_ms)
{
	(void)now_ms;
	return rate_reached(b, b->slow, limits, limits->slow_rate_pct);
}

static bool cooled(const struct breaker *b, const struct policy_breaker *limits,
		   int64_t now_ms)
{
	(void)limits;
	return now_ms >= b->retry_ms;
}

static bool proved(const struct breaker *b, const struct policy_breaker *limits,
		   int64_t now_ms)
{
	(void)now_ms;
	return b->streak >= limits->half_open_probes;
}

static bool overdue(const struct breaker *b,
		    const struct policy_breaker *limits, int64_t now_ms)
{
	return now_ms - b->since_ms >= limits->max_open_for_ms;
}

static bool always(const struct breaker *b, const struct policy_breaker *limits,
		   int64_t now_ms)
{
	(void)b, (void)limits, (void)now_ms;
	return true;
}

/* The whole machine.  The first rule that applies fires; none means stay. */
/* clang-format off */
static const struct rule {
	enum breaker_state in;
	enum breaker_event on;
	guard *when;
	enum breaker_state next;
} rules[] = {
	{ BREAKER_CLOSED,    BREAKER_FAIL, streak_long,   BREAKER_OPEN      },
	{ BREAKER_CLOSED,    BREAKER_FAIL, failing_often, BREAKER_OPEN      },
	{ BREAKER_CLOSED,    BREAKER_SLOW, slow_often,    BREAKER_OPEN      },
	{ BREAKER_OPEN,      BREAKER_TICK, cooled,        BREAKER_HALF_OPEN },
	{ BREAKER_HALF_OPEN, BREAKER_FAIL, always,        BREAKER_OPEN      },
	{ BREAKER_HALF_OPEN, BREAKER_PASS, proved,        BREAKER_CLOSED    },
	{ BREAKER_HALF_OPEN, BREAKER_TICK, overdue,       BREAKER_OPEN      },
};
/* clang-format on */

static void remember(struct breaker *b, const struct policy_breaker *limits,
		     enum breaker_event event)
{
	uint32_t window = window_of(limits);
	uint64_t mask = window == 64 ? UINT64_MAX : (UINT64_C(1) << window) - 1;

	b->failed = (b->failed << 1 | (event == BREAKER_FAIL)) & mask;
	b->slow = (b->slow << 1 | (event == BREAKER_SLOW)) & mask;
	b->samples = b->samples < window ? b->samples + 1 : window;
}

/* Takes the outcome into what the guards of the present state look at. */
static void count(struct breaker *b, const struct policy_breaker *limits,
		  enum breaker_event event)
{
	enum breaker_event counted =
		b->state == BREAKER_CLOSED ? BREAKER_FAIL : BREAKER_PASS;

	if (event == BREAKER_TICK || b->state == BREAKER_OPEN)
		return;
	b->streak = event == counted ? b->streak + 1 : 0;
	if (b->state == BREAKER_CLOSED)
		remember(b, limits, event);
}

/* n of an opening that begins now: one more, less what calm has forgiven. */
static uint32_t next_opening(const struct breaker *b,
			     const struct policy_breaker *limits,
			     int64_t now_ms)
{
	int64_t forgiven = 0;

	if (b->state == BREAKER_CLOSED && limits->open_for_ms > 0)
		forgiven = (now_ms - b->since_ms) / limits->open_for_ms;
	if (forgiven >= b->openings)
		return 1;
	return b->openings - (uint32_t)forgiven + 1;
}

static int64_t open_time_ms(const struct policy_breaker *limits,
			    uint32_t opening, uint32_t draw)
{
	int64_t wait_ms = limits->max_open_for_ms;
	int64_t jitter_ms;

	/* Divided rather than multiplied: no limit may overflow. */
	if (limits->open_for_ms <= limits->max_open_for_ms / opening)
		wait_ms = limits->open_for_ms * opening;
	jitter_ms = wait_ms / 100 * BREAKER_JITTER_PCT;
	if (jitter_ms > UINT32_MAX)
		jitter_ms = UINT32_MAX;
	return wait_ms + (int64_t)((uint64_t)jitter_ms * (uint64_t)draw >> 32);
}

static struct breaker enter(const struct breaker *from, enum breaker_state next,
			    const struct policy_breaker *limits,
			    const struct breaker_input *in)
{
	struct breaker b = {
		.state = next,
		.since_ms = in->now_ms,
		.openings = from->openings,
	};

	if (next == BREAKER_OPEN) {
		b.openings = next_opening(from, limits, in->now_ms);
		b.retry_ms =
			in->now_ms + open_time_ms(limits, b.openings, in->draw);
		/* What it opened on stays to be seen. */
		b.failed = from->failed;
		b.slow = from->slow;
		b.samples = from->samples;
	}
	return b;
}

struct breaker breaker_step(struct breaker b,
			    const struct policy_breaker *limits,
			    const struct breaker_input *in)
{
	count(&b, limits, in->event);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *r = &rules[i];

		if (r->in == b.state && r->on == in->event &&
		    r->when(&b, limits, in->now_ms))
			return enter(&b, r->next, limits, in);
	}
	return b;
}

uint32_t breaker_failures(const struct breaker *b)
{
	return count_bits(b->failed);
}

const char *breaker_state_name(enum breaker_state state)
{
	static const char *const names[] = {
		[BREAKER_CLOSED] = "closed",
		[BREAKER_OPEN] = "open",
		[BREAKER_HALF_OPEN] = "half-open",
	};

	static_assert(sizeof(names) / sizeof(names[0]) == BREAKER_HALF_OPEN + 1,
		      "every state has its name");
	return names[state];
}
