/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch -- everything this vantage holds of one probe: breaker, latency,
 * schedule, what was seen last.
 *
 * An outcome goes in, the time of the next probe comes out.  Local outcomes
 * are no evidence; while the vantage mistrusts itself (health/suspicion)
 * failures are none either, passes are.  An endpoint that has neither passed
 * nor opened yet is unknown, not up.  What users met (health/evidence) goes in
 * beside the probes.  Pure.
 */
#ifndef HEALTH_WATCH_H
#define HEALTH_WATCH_H

#include "health/breaker.h"
#include "health/evidence.h"
#include "health/latency.h"
#include "health/outcome.h"
#include "health/schedule.h"
#include "policy/base/histogram.h"
#include "policy/bus/report.h"

#include <stdbool.h>
#include <stdint.h>

struct watch {
	struct breaker breaker;
	struct latency latency;
	struct histogram histogram;
	struct schedule schedule;
	bool known;               /* has passed, or opened */
	bool finished;            /* a probe has ended, be it a local outcome */
	bool failing;             /* the last probe that says anything failed */
	bool confirm;             /* the last outcome wants the next one soon */
	int64_t failing_since_ms; /* monotonic; while failing */
	int64_t forced_until_ms;  /* monotonic; while forced */
	int64_t wall_since_ms;    /* when the reported state began */
	int64_t down_since_ms;    /* monotonic; while the breaker is not closed:
				   * when it ceased to be */
	int64_t up_since_ms;      /* monotonic; when its last outage ended */
	int64_t outage_ms;        /* how long that was; 0: it has had none */
	int64_t wall_probed_ms;   /* 0: no probe said anything yet */
	int64_t probed_ms;        /* the same, monotonic */
	struct evidence_word failed_users; /* the last that said so */
	struct breaker_users users;        /* as of the last second */
	struct observation last;
	char failure[OUTCOME_TEXT_SIZE]; /* of the last failed or slow one... */
	int64_t wall_failed_ms;          /* ...and when; 0: there was none */
};

/* When, by what chance, and how far the vantage trusts itself. */
struct watch_moment {
	int64_t now_ms; /* monotonic */
	int64_t wall_ms;
	uint32_t draw;
	bool mistrusts;
	bool doubts; /* it did since the watch was closed last: nobody counted
		      * what it said then, and it does not tell of it */
};

/* Spread by key; nothing seen. */
struct watch watch_init(const char *key, const struct policy_check *check,
			const struct watch_moment *at);

/*
 * Takes w over to a check with the same key, newly loaded: state is kept,
 * slots move only when the interval changed.
 */
void watch_move(struct watch *w, const char *key,
		const struct policy_check *check,
		const struct watch_moment *at);

/* A probe ended.  True when the reported state changed. */
bool watch_observe(struct watch *w, const struct policy_check *check,
		   const struct observation *seen,
		   const struct watch_moment *at);

/*
 * The vantage begins to mistrust itself.  What began to fail since since_ms
 * (monotonic) may have failed for the same reason: these failures do not count
 * either, or one more at the end of the mistrust would do for all of them.
 */
void watch_doubt(struct watch *w, int64_t since_ms);

/* Time for a probe, or for an open breaker to try one.  True: see above. */
bool watch_tick(struct watch *w, const struct policy_check *check,
		const struct watch_moment *at);

/* What edges tell in this second.  True: see above. */
bool watch_users(struct watch *w, const struct policy_check *check,
		 const struct evidence_word *word,
		 const struct watch_moment *at);

/*
 * A person says what it is, BREAKER_FORCE_OPEN or BREAKER_FORCE_CLOSED, until
 * until_ms (monotonic), or takes that back, BREAKER_RELEASE.  True: see above.
 */
bool watch_force(struct watch *w, const struct policy_check *check,
		 enum breaker_event event, int64_t until_ms,
		 const struct watch_moment *at);

bool watch_forced(const struct watch *w);

/* When to do so next, monotonic; possibly already past. */
int64_t watch_next_ms(const struct watch *w, const struct policy_check *check,
		      const struct watch_moment *at);

enum report_state watch_state(const struct watch *w);

/* Fills what users have to do with the state. */
void watch_report_users(const struct watch *w, struct report_entry *entry);

/* Fills all of entry but the names, as of now_ms. */
void watch_report(const struct watch *w, int64_t now_ms,
		  struct report_entry *entry);

#endif
