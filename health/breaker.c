/* SPDX-License-Identifier: Apache-2.0 */
#include "health/breaker.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

typedef bool guard(const struct breaker *, const struct policy_breaker *,
		   const struct breaker_input *);

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
			const struct policy_breaker *limits,
			const struct breaker_input *in)
{
	(void)in;
	return limits->consecutive > 0 && b->streak >= limits->consecutive;
}

static bool failing_often(const struct breaker *b,
			  const struct policy_breaker *limits,
			  const struct breaker_input *in)
{
	(void)in;
	return rate_reached(b, b->failed, limits, limits->failure_rate_pct);
}

static bool slow_often(const struct breaker *b,
		       const struct policy_breaker *limits,
		       const struct breaker_input *in)
{
	(void)in;
	return rate_reached(b, b->slow, limits, limits->slow_rate_pct);
}

static bool cooled(const struct breaker *b, const struct policy_breaker *limits,
		   const struct breaker_input *in)
{
	(void)limits;
	return in->now_ms >= b->retry_ms;
}

static bool proved(const struct breaker *b, const struct policy_breaker *limits,
		   const struct breaker_input *in)
{
	(void)in;
	return b->streak >= limits->half_open_probes;
}

static bool proved_flapping(const struct breaker *b,
			    const struct policy_breaker *limits,
			    const struct breaker_input *in)
{
	return b->damped && proved(b, limits, in);
}

static bool proved_to_probes(const struct breaker *b,
			     const struct policy_breaker *limits,
			     const struct breaker_input *in)
{
	return b->by_users && in->users.watched && proved(b, limits, in);
}

static bool flapping(const struct breaker *b,
		     const struct policy_breaker *limits,
		     const struct breaker_input *in)
{
	(void)limits, (void)in;
	return b->damped;
}

static bool forgiven(const struct breaker *b,
		     const struct policy_breaker *limits,
		     const struct breaker_input *in)
{
	(void)limits, (void)in;
	return !b->damped;
}

static bool overdue(const struct breaker *b,
		    const struct policy_breaker *limits,
		    const struct breaker_input *in)
{
	return in->now_ms - b->since_ms >= limits->max_open_for_ms;
}

static bool overdue_failing(const struct breaker *b,
			    const struct policy_breaker *limits,
			    const struct breaker_input *in)
{
	const struct breaker_users *u = &in->users;

	return overdue(b, limits, in) && u->errors > 0 &&
	       u->errors * 100 >= u->requests * u->failure_rate_pct;
}

static bool unjudged(const struct breaker *b,
		     const struct policy_breaker *limits,
		     const struct breaker_input *in)
{
	return !in->users.watched || overdue(b, limits, in);
}

static bool unjudged_flapping(const struct breaker *b,
			      const struct policy_breaker *limits,
			      const struct breaker_input *in)
{
	return b->damped && unjudged(b, limits, in);
}

static bool always(const struct breaker *b, const struct policy_breaker *limits,
		   const struct breaker_input *in)
{
	(void)b, (void)limits, (void)in;
	return true;
}

enum { ANY = BREAKER_FORCED_CLOSED + 1 };

/* The whole machine.  The first rule that applies fires; none means stay. */
/* clang-format off */
static const struct rule {
	unsigned in; /* enum breaker_state, or ANY */
	enum breaker_event on;
	guard *when;
	enum breaker_state next;
} rules[] = {
	{ BREAKER_CLOSED,    BREAKER_FAIL, streak_long,     BREAKER_OPEN      },
	{ BREAKER_CLOSED,    BREAKER_FAIL, failing_often,   BREAKER_OPEN      },
	{ BREAKER_CLOSED,    BREAKER_SLOW, slow_often,      BREAKER_OPEN      },
	{ BREAKER_CLOSED,    BREAKER_USERS_FAIL, failing_often, BREAKER_OPEN  },
	{ BREAKER_OPEN,      BREAKER_TICK, cooled,          BREAKER_HALF_OPEN },
	{ BREAKER_HALF_OPEN, BREAKER_FAIL, always,          BREAKER_OPEN      },
	{ BREAKER_HALF_OPEN, BREAKER_PASS, proved_to_probes, BREAKER_TRICKLE  },
	{ BREAKER_HALF_OPEN, BREAKER_PASS, proved_flapping, BREAKER_DAMPED    },
	{ BREAKER_HALF_OPEN, BREAKER_PASS, proved,          BREAKER_CLOSED    },
	{ BREAKER_HALF_OPEN, BREAKER_TICK, overdue,         BREAKER_OPEN      },
	{ BREAKER_DAMPED,    BREAKER_FAIL, always,          BREAKER_OPEN      },
	{ BREAKER_DAMPED,    BREAKER_TICK, forgiven,        BREAKER_HALF_OPEN },
	{ BREAKER_TRICKLE,   BREAKER_FAIL, always,          BREAKER_OPEN      },
	{ BREAKER_TRICKLE,   BREAKER_USERS_FAIL, always,    BREAKER_OPEN      },
	{ BREAKER_TRICKLE,   BREAKER_USERS_PASS, flapping,  BREAKER_DAMPED    },
	{ BREAKER_TRICKLE,   BREAKER_USERS_PASS, always,    BREAKER_CLOSED    },
	{ BREAKER_TRICKLE,   BREAKER_TICK, overdue_failing, BREAKER_OPEN      },
	{ BREAKER_TRICKLE,   BREAKER_TICK, unjudged_flapping, BREAKER_DAMPED  },
	{ BREAKER_TRICKLE,   BREAKER_TICK, unjudged,        BREAKER_CLOSED    },
	{ ANY,                   BREAKER_FORCE_OPEN,   always, BREAKER_FORCED_OPEN   },
	{ ANY,                   BREAKER_FORCE_CLOSED, always, BREAKER_FORCED_CLOSED },
	{ BREAKER_FORCED_OPEN,   BREAKER_RELEASE,      always, BREAKER_HALF_OPEN     },
	{ BREAKER_FORCED_CLOSED, BREAKER_RELEASE,      always, BREAKER_CLOSED        },
};
/* clang-format on */

/* Of damping.openings in quick succession, the last goes above this. */
static double cutoff_bound(const struct policy_breaker *limits)
{
	return (double)limits->damp_openings - 1;
}

static double reuse_bound(const struct policy_breaker *limits)
{
	return limits->damp_openings > 1 ? cutoff_bound(limits) / 2 : 0.5;
}

static double penalty_at(const struct breaker *b,
			 const struct policy_breaker *limits, int64_t now_ms)
{
	if (limits->damp_openings == 0 || limits->half_life_ms <= 0)
		return 0;
	return b->penalty * exp2(-(double)(now_ms - b->penalty_ms) /
				 (double)limits->half_life_ms);
}

/* Keeps the newest outcomes alone. */
static void keep(struct breaker *b, uint32_t newest)
{
	uint64_t mask = newest == 64 ? UINT64_MAX : (UINT64_C(1) << newest) - 1;

	b->samples = newest;
	b->failed &= mask;
	b->slow &= mask;
	b->users &= mask;
}

static bool is_users(enum breaker_event event)
{
	return event == BREAKER_USERS_PASS || event == BREAKER_USERS_FAIL;
}

static void remember_one(struct breaker *b, uint32_t window,
			 const struct breaker_input *in)
{
	bool failed =
		in->event == BREAKER_FAIL || in->event == BREAKER_USERS_FAIL;

	memmove(&b->seen_ms[1], &b->seen_ms[0],
		(BREAKER_WINDOW_MAX - 1) * sizeof(b->seen_ms[0]));
	b->seen_ms[0] = in->now_ms;
	b->failed = b->failed << 1 | failed;
	b->slow = b->slow << 1 | (in->event == BREAKER_SLOW);
	b->users = b->users << 1 | is_users(in->event);
	keep(b, b->samples < window ? b->samples + 1 : window);
}

static void remember(struct breaker *b, const struct policy_breaker *limits,
		     const struct breaker_input *in)
{
	uint32_t window = window_of(limits);
	uint32_t weight = is_users(in->event) ? in->users.weight : 1;

	for (uint32_t i = 0; i < weight && i < window; i++)
		remember_one(b, window, in);
}

/* What time alone changes: outcomes leave the window, a penalty decays. */
static void age(struct breaker *b, const struct policy_breaker *limits,
		int64_t now_ms)
{
	uint32_t left = b->samples;

	while (limits->window_ms > 0 && left > 0 &&
	       now_ms - b->seen_ms[left - 1] > limits->window_ms)
		left--;
	/* What a breaker opened on stays to be seen. */
	if (b->state == BREAKER_CLOSED)
		keep(b, left);
	if (b->damped && penalty_at(b, limits, now_ms) <= reuse_bound(limits))
		b->damped = false;
}

/* Takes the outcome into what the guards of the present state look at. */
static void count(struct breaker *b, const struct policy_breaker *limits,
		  const struct breaker_input *in)
{
	enum breaker_event counted =
		b->state == BREAKER_CLOSED ? BREAKER_FAIL : BREAKER_PASS;

	if (in->event <= BREAKER_FAIL && b->state != BREAKER_OPEN)
		b->streak = in->event == counted ? b->streak + 1 : 0;
	if (b->state == BREAKER_CLOSED &&
	    (in->event <= BREAKER_FAIL || is_users(in->event)))
		remember(b, limits, in);
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

/* It opens though it had passed its trial: a change that everyone sees, or
 * would have seen. */
static void punish(struct breaker *b, const struct policy_breaker *limits,
		   int64_t now_ms)
{
	double most = 2.0 * limits->damp_openings;

	b->penalty = penalty_at(b, limits, now_ms) + 1;
	if (b->penalty > most)
		b->penalty = most;
	b->penalty_ms = now_ms;
	b->damped |=
		limits->damp_openings > 0 && b->penalty > cutoff_bound(limits);
}

/* Would it not have opened but for the users' failures? */
static bool needed_users(const struct breaker *b,
			 const struct policy_breaker *limits,
			 const struct breaker_input *in)
{
	return in->event != BREAKER_SLOW && !streak_long(b, limits, in) &&
	       !rate_reached(b, b->failed & ~b->users, limits,
			     limits->failure_rate_pct);
}

/* Whose word counts from now on. */
static void note_users(struct breaker *b, const struct breaker *from,
		       const struct policy_breaker *limits,
		       const struct breaker_input *in)
{
	b->unjudged = b->state == BREAKER_CLOSED && from->by_users &&
		      in->event != BREAKER_USERS_PASS;
	switch (b->state) {
	case BREAKER_OPEN:
		if (from->state == BREAKER_CLOSED)
			b->by_users = needed_users(from, limits, in);
		break;
	case BREAKER_HALF_OPEN:
	case BREAKER_DAMPED:
	case BREAKER_TRICKLE:
		break;
	case BREAKER_CLOSED:
	case BREAKER_FORCED_OPEN:
	case BREAKER_FORCED_CLOSED:
		b->by_users = false;
		break;
	}
}

static struct breaker enter(const struct breaker *from, enum breaker_state next,
			    const struct policy_breaker *limits,
			    const struct breaker_input *in)
{
	struct breaker b = *from;

	b.state = next;
	b.since_ms = in->now_ms;
	b.retry_ms = 0;
	b.streak = 0;
	note_users(&b, from, limits, in);
	/* A person's word: what it did before is no longer held against it. */
	if (next == BREAKER_FORCED_CLOSED) {
		b.damped = false;
		b.penalty = 0;
	}
	if (next != BREAKER_OPEN) {
		keep(&b, 0);
		return b;
	}
	b.openings = next_opening(from, limits, in->now_ms);
	b.retry_ms = in->now_ms + open_time_ms(limits, b.openings, in->draw);
	if (from->state == BREAKER_CLOSED || from->state == BREAKER_DAMPED)
		punish(&b, limits, in->now_ms);
	return b;
}

struct breaker breaker_step(struct breaker b,
			    const struct policy_breaker *limits,
			    const struct breaker_input *in)
{
	age(&b, limits, in->now_ms);
	count(&b, limits, in);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *r = &rules[i];

		if ((r->in == b.state || r->in == ANY) && r->on == in->event &&
		    r->when(&b, limits, in))
			return enter(&b, r->next, limits, in);
	}
	return b;
}

struct breaker breaker_excuse(struct breaker b, int64_t since_ms)
{
	if (b.state != BREAKER_CLOSED)
		return b;
	b.streak = 0;
	for (uint32_t i = 0; i < b.samples && b.seen_ms[i] >= since_ms; i++)
		b.failed &= ~(UINT64_C(1) << i) | b.users;
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
		[BREAKER_DAMPED] = "damped",
		[BREAKER_TRICKLE] = "trickle",
		[BREAKER_FORCED_OPEN] = "forced-open",
		[BREAKER_FORCED_CLOSED] = "forced-closed",
	};

	static_assert(sizeof(names) / sizeof(names[0]) ==
			      BREAKER_FORCED_CLOSED + 1,
		      "every state has its name");
	return names[state];
}
