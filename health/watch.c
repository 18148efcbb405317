/* SPDX-License-Identifier: Apache-2.0 */
#include "health/watch.h"

#include <assert.h>
#include <stdio.h>

static_assert((int)OUTCOME_TEXT_SIZE <= (int)REPORT_FAILURE_SIZE,
	      "every failure fits into a report");

struct watch watch_init(const char *key, const struct policy_check *check,
			const struct watch_moment *at)
{
	return (struct watch){
		.schedule = schedule_init(key, check->interval_ms, at->now_ms),
		.breaker.since_ms = at->now_ms,
		.wall_since_ms = at->wall_ms,
	};
}

void watch_move(struct watch *w, const char *key,
		const struct policy_check *check, const struct watch_moment *at)
{
	if (w->schedule.interval_ms != check->interval_ms)
		w->schedule =
			schedule_init(key, check->interval_ms, at->now_ms);
}

enum report_state watch_state(const struct watch *w)
{
	static const enum report_state states[] = {
		[BREAKER_CLOSED] = REPORT_CLOSED,
		[BREAKER_OPEN] = REPORT_OPEN,
		[BREAKER_HALF_OPEN] = REPORT_HALF_OPEN,
		[BREAKER_DAMPED] = REPORT_HALF_OPEN,
		[BREAKER_TRICKLE] = REPORT_HALF_OPEN,
		[BREAKER_FORCED_OPEN] = REPORT_OPEN,
		[BREAKER_FORCED_CLOSED] = REPORT_CLOSED,
	};

	return w->known ? states[w->breaker.state] : REPORT_UNKNOWN;
}

bool watch_forced(const struct watch *w)
{
	return w->breaker.state == BREAKER_FORCED_OPEN ||
	       w->breaker.state == BREAKER_FORCED_CLOSED;
}

static bool is_down(enum report_state state)
{
	return state == REPORT_OPEN || state == REPORT_HALF_OPEN;
}

static void end_outage(struct watch *w, const struct watch_moment *at)
{
	w->up_since_ms = at->now_ms;
	w->outage_ms = at->doubts ? 0 : at->now_ms - w->down_since_ms;
}

/* Steps the breaker.  True when what we report changed. */
static bool step(struct watch *w, const struct policy_check *check,
		 enum breaker_event event, const struct watch_moment *at)
{
	const struct breaker_input in = {
		.event = event,
		.users = w->users,
		.draw = at->draw,
		.now_ms = at->now_ms,
	};
	enum breaker_state was = w->breaker.state;
	enum report_state before = watch_state(w);
	bool damped = w->breaker.damped, forced = watch_forced(w);

	w->breaker = breaker_step(w->breaker, &check->breaker, &in);
	if (event == BREAKER_PASS || event == BREAKER_SLOW ||
	    w->breaker.state == BREAKER_OPEN || watch_forced(w))
		w->known = true;
	if (!is_down(before) && is_down(watch_state(w)))
		w->down_since_ms = at->now_ms;
	if (is_down(before) && !is_down(watch_state(w)))
		end_outage(w, at);
	if (watch_state(w) != before)
		w->wall_since_ms = at->wall_ms;
	return watch_state(w) != before || w->breaker.damped != damped ||
	       watch_forced(w) != forced ||
	       (w->breaker.state == BREAKER_TRICKLE) !=
		       (was == BREAKER_TRICKLE);
}

static bool is_slow(const struct policy_check *check,
		    const struct observation *seen)
{
	return seen->outcome == OUTCOME_OK && check->breaker.slow_ms > 0 &&
	       seen->total_ms > (float)check->breaker.slow_ms;
}

/* Takes down what was seen, before anything is made of it. */
static void note(struct watch *w, const struct watch_moment *at)
{
	bool failed = outcome_failed(w->last.outcome);

	w->wall_probed_ms = at->wall_ms;
	w->probed_ms = at->now_ms;
	if (failed && !w->failing)
		w->failing_since_ms = at->now_ms;
	w->failing = failed;
	if (w->last.outcome == OUTCOME_OK)
		return;
	outcome_text(&w->last, w->failure);
	w->wall_failed_ms = at->wall_ms;
}

static void note_latency(struct watch *w, float latency_ms, int64_t now_ms)
{
	w->latency = latency_step(w->latency, latency_ms, now_ms);
	histogram_add(&w->histogram, latency_ms);
}

bool watch_observe(struct watch *w, const struct policy_check *check,
		   const struct observation *seen,
		   const struct watch_moment *at)
{
	enum breaker_event event = BREAKER_PASS;

	w->last = *seen;
	w->finished = true;
	w->confirm = false;
	if (is_slow(check, seen))
		w->last.outcome = OUTCOME_SLOW;
	if (!outcome_failed(w->last.outcome) &&
	    !outcome_passed(w->last.outcome))
		return false;
	note(w, at);
	if (w->failing && at->mistrusts)
		return false;
	if (w->failing) {
		event = BREAKER_FAIL;
	} else {
		if (seen->latency_ms > 0)
			note_latency(w, seen->latency_ms, at->now_ms);
		if (w->last.outcome == OUTCOME_SLOW)
			event = BREAKER_SLOW;
	}
	w->confirm = w->failing || w->breaker.state == BREAKER_HALF_OPEN;
	return step(w, check, event, at);
}

void watch_doubt(struct watch *w, int64_t since_ms)
{
	if (w->failing && w->failing_since_ms >= since_ms)
		w->breaker = breaker_excuse(w->breaker, w->failing_since_ms);
}

bool watch_tick(struct watch *w, const struct policy_check *check,
		const struct watch_moment *at)
{
	bool ended = watch_forced(w) && at->now_ms >= w->forced_until_ms;

	return step(w, check, ended ? BREAKER_RELEASE : BREAKER_TICK, at);
}

/* Time alone ends a trickle; of the other states, probes' times do. */
bool watch_users(struct watch *w, const struct policy_check *check,
		 const struct evidence_word *word,
		 const struct watch_moment *at)
{
	w->users = word->users;
	if (word->event == BREAKER_USERS_FAIL)
		w->failed_users = *word;
	if (word->event == BREAKER_TICK && w->breaker.state != BREAKER_TRICKLE)
		return false;
	return step(w, check, word->event, at);
}

void watch_report_users(const struct watch *w, struct report_entry *entry)
{
	const struct evidence_word *said = &w->failed_users;
	bool by_users = w->breaker.by_users;

	entry->unjudged = w->breaker.unjudged;
	entry->by_users = by_users;
	entry->trickle = w->breaker.state == BREAKER_TRICKLE;
	entry->user_requests = by_users ? said->requests : 0;
	entry->user_errors = by_users ? said->errors : 0;
	snprintf(entry->user_edges, sizeof(entry->user_edges), "%s",
		 by_users ? said->edges : "");
}

bool watch_force(struct watch *w, const struct policy_check *check,
		 enum breaker_event event, int64_t until_ms,
		 const struct watch_moment *at)
{
	w->forced_until_ms = until_ms;
	return step(w, check, event, at);
}

static int64_t next_probe_ms(const struct watch *w,
			     const struct policy_check *check,
			     const struct watch_moment *at)
{
	if (w->breaker.state == BREAKER_OPEN)
		return w->breaker.retry_ms;
	if (w->confirm)
		return schedule_confirm(&w->schedule, at->now_ms,
					check->confirm_ms, at->draw);
	return schedule_next(&w->schedule, at->now_ms, at->draw);
}

int64_t watch_next_ms(const struct watch *w, const struct policy_check *check,
		      const struct watch_moment *at)
{
	int64_t next_ms = next_probe_ms(w, check, at);

	return watch_forced(w) && w->forced_until_ms < next_ms
		       ? w->forced_until_ms
		       : next_ms;
}

static void report_outage(const struct watch *w, int64_t now_ms,
			  struct report_entry *entry)
{
	int64_t up_ms = now_ms - w->up_since_ms;
	bool tells = w->outage_ms > 0 && !is_down(watch_state(w)) &&
		     up_ms < REPORT_OUTAGE_MS;

	entry->up_ms = tells ? up_ms : 0;
	entry->outage_ms = tells ? w->outage_ms : 0;
}

void watch_report(const struct watch *w, int64_t now_ms,
		  struct report_entry *entry)
{
	entry->state = watch_state(w);
	entry->wall_since_ms = w->wall_since_ms;
	entry->down_ms =
		!is_down(watch_state(w)) ? 0 : now_ms - w->down_since_ms;
	report_outage(w, now_ms, entry);
	entry->wall_probed_ms = w->wall_probed_ms;
	snprintf(entry->failure, sizeof(entry->failure), "%s", w->failure);
	entry->failing = w->failing;
	entry->damped = w->breaker.damped;
	entry->forced = watch_forced(w);
	watch_report_users(w, entry);
	entry->samples = w->breaker.samples;
	entry->failures = breaker_failures(&w->breaker);
	entry->latency_ms = w->latency.settled_ms;
	entry->ewma_ms = w->latency.ewma_ms;
	entry->p50_ms = histogram_quantile(&w->histogram, 0.50);
	entry->p95_ms = histogram_quantile(&w->histogram, 0.95);
	entry->resolve_ms = w->last.resolve_ms;
	entry->connect_ms = w->last.connect_ms;
	entry->tls_ms = w->last.tls_ms;
	entry->first_byte_ms = w->last.first_byte_ms;
	entry->certificate_left_s = w->last.certificate_left_s;
}
