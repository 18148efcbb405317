/* SPDX-License-Identifier: Apache-2.0 */
/*
 * breaker -- stops sending clients to an endpoint that keeps failing, and
 * tries it again on its own.
 *
 *                consecutive failures, or
 *                failure or slow rate in
 *                a full window                 retry_ms reached
 *        CLOSED ------------------------> OPEN ----------------> HALF_OPEN
 *          ^                               ^ ^                     |  | |  ^
 *          |                               | +-- one failure, or --+  | |  |
 *          |                               |     max_open_for over    | |  |
 *          +---------- half_open_probes passes in a row --------------+ |  |
 *                                          |                            |  |
 *                                          |   the same, but it flapped |  |
 *                              one failure |                            v  |
 *                                          +------------------------ DAMPED
 *                                               penalty has decayed: above
 *
 * CLOSED judges outcomes; rates count only when the window is full, so a few
 * samples never make a rate, and what is older than window_time has left it,
 * so that a failure of this morning says nothing of now.  OPEN ignores
 * outcomes: whoever drives it makes no probe before retry_ms, and a late one
 * says nothing new.  The n-th opening lasts min(open_for x n, max_open_for) and
 * up to a fifth more; n falls by one for each open_for spent closed, so that an
 * endpoint which flaps stays out longer each time.  HALF_OPEN always ends: by
 * passes, by a failure, or, when no outcome decides it within max_open_for, by
 * opening again.  A slow pass there is no failure, but the count begins again.
 *
 * Flapping: each opening of a breaker that had closed, or would have if it were
 * not damped, adds 1 to a penalty, which halves in damping.half_life.  One that
 * is dead and opens after each trial adds nothing: nobody saw a change.  Above
 * damping.openings - 1 the breaker is damped, until half of that is left.  It
 * then passes its trial into DAMPED: still out, probed all the time, and on
 * trial again when the penalty has decayed.  So in any half-life a closed
 * breaker opens at most 2 x damping.openings - 1 times, whatever happens; one
 * that goes on flapping stays out; and as the penalty is at most 2 x
 * damping.openings, it is out for one to three half-lives after the last.
 *
 * Users: what they met at edges (health/evidence) enters the window, too, under
 * its own weight: one outcome of theirs is passive.weight outcomes.  It says
 * nothing of a streak, which is of probes alone.  A breaker that opened and
 * would not have without the users' failures was opened by users, and what
 * users saw is not closed by green probes alone:
 *
 *                    probes pass, as above       users pass, or none tells,
 *                                                or the deadline
 *        OPEN --> HALF_OPEN -----------> TRICKLE -----------> CLOSED, or DAMPED
 *          ^                              |
 *          +--- a probe fails, users do, -+
 *               or those did who came by
 *               the deadline
 *
 * TRICKLE lets a small part of the clients in (REPORT_TRICKLE), always the
 * same, so that there are users to judge by.  It always ends: by a word of the
 * users, by a failed probe, when no edge tells of them any more, or after
 * max_open_for, by the few that came, however few.  Where nobody tells, probes
 * have the last word after all, be it at once in HALF_OPEN, and the breaker is
 * closed unjudged, which is said: else an edge that is switched off would keep
 * an endpoint out for ever.  Should users fail again, it opens again, each time
 * for longer, and is damped in the end.
 *
 * Forced: from every state a command leads to FORCED_OPEN or FORCED_CLOSED,
 * where outcomes are measured and change nothing, and its end leads to
 * HALF_OPEN and to CLOSED.
 *
 * Other evidence is another event, more rows in breaker.c's table.  Pure: time
 * and chance are passed in.
 *
 * Source: M. Nygard, "Release It!" (2nd ed. 2018), Circuit Breaker; the
 * growing ejection time is Envoy's outlier detection; RFC 2439 for damping,
 * whose cut-off and reuse thresholds are the two bounds here.
 */
#ifndef HEALTH_BREAKER_H
#define HEALTH_BREAKER_H

#include "policy/language/policy.h"

#include <stdbool.h>
#include <stdint.h>

enum breaker_state {
	BREAKER_CLOSED,
	BREAKER_OPEN,
	BREAKER_HALF_OPEN,
	BREAKER_DAMPED,
	BREAKER_TRICKLE,
	BREAKER_FORCED_OPEN,
	BREAKER_FORCED_CLOSED,
};

enum breaker_event {
	BREAKER_PASS,
	BREAKER_SLOW, /* passed, but slower than the limits' slow_ms */
	BREAKER_FAIL,
	BREAKER_TICK,       /* time has passed, nothing else */
	BREAKER_USERS_PASS, /* what users met, judged together */
	BREAKER_USERS_FAIL,
	BREAKER_FORCE_OPEN,
	BREAKER_FORCE_CLOSED,
	BREAKER_RELEASE, /* the force's end */
};

enum { BREAKER_WINDOW_MAX = 64, BREAKER_JITTER_PCT = 20 };

/* Zero-initialised is a valid breaker: closed, nothing seen. */
struct breaker {
	enum breaker_state state;
	int64_t since_ms; /* monotonic: when this state was entered */
	int64_t retry_ms; /* OPEN: monotonic, when to try again */
	/* CLOSED: the newest outcomes, newest in bit 0. */
	uint64_t failed, slow, users; /* users: theirs */
	uint32_t samples;             /* how many of those bits are outcomes */
	int64_t seen_ms[BREAKER_WINDOW_MAX]; /* monotonic: when each came */
	uint32_t streak;   /* CLOSED: failures in a row; HALF_OPEN: passes */
	uint32_t openings; /* n of the present or last opening */
	bool damped;       /* flapped too often: does not close */
	bool by_users;     /* not CLOSED: they opened it */
	bool unjudged;     /* CLOSED: they had, and nobody told of them */
	double penalty;    /* >= 0, as it was at penalty_ms, monotonic */
	int64_t penalty_ms;
};

/* What edges tell of an endpoint's users. */
struct breaker_users {
	bool watched; /* some edge that is heard tells of them */
	uint32_t weight;
	/* That came to no judgement yet: too few. */
	uint64_t requests, errors;
	uint32_t failure_rate_pct; /* from which they failed */
};

/* What happens to a breaker. */
struct breaker_input {
	enum breaker_event event;
	struct breaker_users users;
	uint32_t draw;  /* uniform: the jitter of an opening */
	int64_t now_ms; /* monotonic, never before an earlier input's */
};

/* The breaker as it is after in. */
struct breaker breaker_step(struct breaker b,
			    const struct policy_breaker *limits,
			    const struct breaker_input *in);

/*
 * What probes failed by since since_ms (monotonic) was no fault of the
 * endpoint: while CLOSED it counts as if they had passed.
 */
struct breaker breaker_excuse(struct breaker b, int64_t since_ms);

/* Failed outcomes among the samples. */
uint32_t breaker_failures(const struct breaker *b);

/* "closed", "open", "half-open", "damped", "trickle", "forced-open",
 * "forced-closed". */
const char *breaker_state_name(enum breaker_state state);

#endif
