/* SPDX-License-Identifier: Apache-2.0 */
#include "health/rounds.h"

#include "health/anchors.h"
#include "health/change.h"
#include "health/evidence.h"
#include "health/roster.h"
#include "health/suspicion.h"
#include "health/watch.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/base/histogram.h"
#include "policy/base/log.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <event2/event.h>

enum { LOOK_RATE = 10 }; /* a millisecond, when looking around */

/* One job's place in the rounds. */
struct turn {
	struct rounds *rounds;
	const struct roster_job *job;
	struct watch watch;
	struct event *timer;
	int64_t due_ms;            /* when the timer fires; 0: it did */
	int64_t wanted_ms;         /* when it was due that is queued */
	struct probe *probe;       /* NULL: none under way */
	int64_t begun_ms;          /* when the last one was started */
	int64_t gathered_ms;       /* since when users are evidence: when the
				    * breaker came into its state */
	STAILQ_ENTRY(turn) queued; /* while due and waiting */
};

STAILQ_HEAD(turn_queue, turn);

struct rounds {
	struct rounds_config config;
	struct turn *turns; /* one a job */
	struct turn_queue queue;
	struct event *launcher;
	struct event *users; /* each second, where there is evidence */
	struct suspicion suspicion;
	struct anchors *anchors;   /* NULL: none */
	size_t counted;            /* jobs by which it is judged */
	size_t in_flight, waiting; /* under way; in the queue */
	struct histogram lateness;
	struct rounds_tally tally;
	size_t unfinished; /* jobs of the first round without an outcome */
	uint64_t seed;     /* of draws; rises with each */
};

static struct watch_moment moment_of(struct rounds *r)
{
	return (struct watch_moment){
		.now_ms = clock_now_ms(),
		.wall_ms = clock_wall_ms(),
		.draw = (uint32_t)(hash_mix(r->seed++) >> 32),
	};
}

static void tell_change(const struct turn *t)
{
	change_log(t->job, &t->watch);
	t->rounds->tally.openings += t->watch.breaker.state == BREAKER_OPEN;
	t->rounds->config.on_change(t->rounds->config.arg);
}

static void set_due(struct turn *t, int64_t due_ms, int64_t now_ms)
{
	int64_t wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;
	const struct timeval after = { .tv_sec = wait_ms / 1000,
				       .tv_usec = wait_ms % 1000 * 1000 };

	t->due_ms = due_ms;
	evtimer_add(t->timer, &after);
}

/* Sets the timer for the next probe of t. */
static void arm(struct turn *t, const struct watch_moment *at)
{
	set_due(t, watch_next_ms(&t->watch, t->job->spec.check, at),
		at->now_ms);
}

/*
 * Probes all that do not fail, spread over half the time after which a
 * failure is confirmed: what they see must be there before that is counted.
 * Never more than LOOK_RATE in a millisecond: thousands at once would be lost
 * on their way, and look like the outage that was suspected.
 */
static void look_around(struct rounds *r)
{
	size_t count = r->config.roster->job_count;

	for (size_t i = 0; i < count; i++) {
		struct turn *t = &r->turns[i];
		const struct watch_moment at = moment_of(r);
		uint64_t room =
			(uint64_t)t->job->spec.check->confirm_ms / 2 + 1;
		int64_t soon_ms;

		if (room < count / LOOK_RATE)
			room = count / LOOK_RATE;
		soon_ms = at.now_ms + (int64_t)(room * (uint64_t)at.draw >> 32);

		if (t->due_ms > soon_ms && !t->watch.failing)
			set_due(t, soon_ms, at.now_ms);
	}
}

/* Does this vantage trust itself still, or again? */
static void judge(struct rounds *r, int64_t now_ms)
{
	const struct suspicion *s = &r->suspicion;
	int64_t since_ms;

	if (!suspicion_judge(&r->suspicion, r->counted, now_ms))
		return;
	since_ms = suspicion_since_ms(s, now_ms);
	log_event(LOG_LEVEL_WARN, "health", s->mistrusts ? "mistrust" : "trust",
		  "failing=%" PRIu32 " probes=%zu anchors=%zu lost=%zu",
		  s->failing, r->counted, s->anchors, s->lost);
	for (size_t i = 0; s->mistrusts && i < r->config.roster->job_count; i++)
		watch_doubt(&r->turns[i].watch, since_ms);
	r->config.on_change(r->config.arg);
}

static void on_anchor(void *arg, bool answered)
{
	struct rounds *r = arg;

	suspicion_anchor(&r->suspicion, answered, anchors_lost(r->anchors));
	judge(r, clock_now_ms());
}

/*
 * A check in shadow may fail everywhere, for it is on trial itself; so is one
 * of a policy on its way.
 */
static bool counts(const struct roster_job *job)
{
	return !job->spec.check->shadow && !job->ahead;
}

/*
 * Tells suspicion of a probe that passes, begins or ceases to fail.  With the
 * first failure already it is asked whether the anchors are there: before it
 * is confirmed as often as a breaker needs to open.
 */
static void weigh(const struct turn *t, const struct observation *seen,
		  int64_t now_ms)
{
	const struct watch *watch = &t->watch;
	struct rounds *r = t->rounds;

	if (!counts(t->job))
		return;
	if (outcome_failed(seen->outcome) && !watch->failing) {
		suspicion_fail(&r->suspicion, now_ms);
		anchors_hurry(r->anchors);
	}
	if (outcome_passed(seen->outcome)) {
		suspicion_pass(&r->suspicion, now_ms);
		if (watch->failing)
			suspicion_recover(&r->suspicion,
					  watch->failing_since_ms, now_ms);
	}
	judge(r, now_ms);
}

static void take_outcome(struct turn *t, const struct observation *seen)
{
	struct rounds *r = t->rounds;
	struct watch_moment at = moment_of(r);
	bool first = !t->watch.finished && !t->job->ahead;

	r->tally.outcomes[seen->outcome]++;
	weigh(t, seen, at.now_ms);
	at.mistrusts = suspicion_excuses(&r->suspicion, t->begun_ms);
	at.doubts = suspicion_excuses(&r->suspicion, t->watch.down_since_ms);
	if (watch_observe(&t->watch, t->job->spec.check, seen, &at))
		tell_change(t);
	if (first && r->unfinished > 0 && --r->unfinished == 0)
		r->config.on_change(r->config.arg);
	arm(t, &at);
	if (suspicion_look(&r->suspicion, r->counted, at.now_ms))
		look_around(r);
}

static void on_done(void *arg, const struct observation *seen)
{
	static const struct observation nothing = { .outcome = OUTCOME_LOCAL };
	struct turn *t = arg;

	t->probe = NULL;
	t->rounds->in_flight--;
	take_outcome(t, outcome_stalled(seen, clock_now_ms() - t->begun_ms,
					t->job->spec.check->timeout_ms)
				? &nothing
				: seen);
	event_active(t->rounds->launcher, 0, 0);
}

/* Starts what is due, in a turn of its own: never inside a probe's end. */
static void on_launch(evutil_socket_t fd, short what, void *arg)
{
	static const struct observation none = { .outcome = OUTCOME_LOCAL };
	struct rounds *r = arg;

	(void)fd, (void)what;
	while (r->in_flight < r->config.in_flight_max &&
	       !STAILQ_EMPTY(&r->queue)) {
		struct turn *t = STAILQ_FIRST(&r->queue);

		STAILQ_REMOVE_HEAD(&r->queue, queued);
		r->waiting--;
		t->begun_ms = clock_now_ms();
		histogram_add(&r->lateness,
			      (float)(t->begun_ms - t->wanted_ms));
		t->probe = launch_probe(&r->config.means, &t->job->spec,
					on_done, t);
		if (t->probe == NULL)
			take_outcome(t, &none);
		else
			r->in_flight++;
	}
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
	struct turn *t = arg;
	struct watch_moment at = moment_of(t->rounds);

	(void)fd, (void)what;
	t->wanted_ms = t->due_ms;
	t->due_ms = 0;
	if (watch_tick(&t->watch, t->job->spec.check, &at))
		tell_change(t);
	if (t->watch.breaker.state == BREAKER_OPEN) {
		arm(t, &at);
		return;
	}
	STAILQ_INSERT_TAIL(&t->rounds->queue, t, queued);
	t->rounds->waiting++;
	event_active(t->rounds->launcher, 0, 0);
}

/* Users of before say nothing of a breaker that is in another state since. */
static void take_users(struct rounds *r, size_t nth)
{
	struct turn *t = &r->turns[evidence_job(r->config.evidence, nth)];
	const struct watch_moment at = moment_of(r);
	struct evidence_word word;

	if (t->gathered_ms != t->watch.breaker.since_ms)
		evidence_forget(r->config.evidence, nth);
	t->gathered_ms = t->watch.breaker.since_ms;
	word = evidence_word(r->config.evidence, nth);
	if (!watch_users(&t->watch, t->job->spec.check, &word, &at))
		return;
	tell_change(t);
	/* Else it rests in the queue or is under way, and is armed after it. */
	if (t->due_ms != 0)
		arm(t, &at);
}

static void on_users(evutil_socket_t fd, short what, void *arg)
{
	struct rounds *r = arg;

	(void)fd, (void)what;
	evidence_judge(r->config.evidence, clock_now_ms());
	for (size_t i = 0; i < evidence_count(r->config.evidence); i++)
		take_users(r, i);
}

static bool begin_users(struct rounds *r)
{
	const struct timeval each = { .tv_sec = EVIDENCE_EVERY_MS / 1000 };

	if (r->config.evidence == NULL)
		return true;
	r->users = event_new(r->config.means.loop, -1, EV_PERSIST, on_users, r);
	return r->users != NULL && event_add(r->users, &each) == 0;
}

/* What the turn knows at first: what before knew, or nothing. */
static void begin_watch(struct turn *t, const struct rounds *before,
			const struct watch_moment *at)
{
	const struct policy_check *check = t->job->spec.check;
	size_t old = before == NULL
			     ? SIZE_MAX
			     : roster_find(before->config.roster, t->job);

	if (old == SIZE_MAX) {
		t->watch = watch_init(t->job->key, check, at);
		return;
	}
	t->watch = before->turns[old].watch;
	watch_move(&t->watch, t->job->key, check, at);
}

static bool begin_turn(struct rounds *r, size_t job,
		       const struct rounds *before)
{
	struct turn *t = &r->turns[job];
	const struct watch_moment at = moment_of(r);

	t->rounds = r;
	t->job = &r->config.roster->jobs[job];
	t->timer = evtimer_new(r->config.means.loop, on_due, t);
	if (t->timer == NULL)
		return false;
	begin_watch(t, before, &at);
	r->counted += counts(t->job);
	r->suspicion.failing += t->watch.failing && counts(t->job);
	r->unfinished += !t->watch.finished && !t->job->ahead;
	arm(t, &at);
	return true;
}

/* What was known of this vantage before a reload, but for its probes. */
static void take_over(struct suspicion *s, const struct suspicion *before)
{
	s->mistrusts = before->mistrusts;
	s->quiet_ms = before->quiet_ms;
	s->passed_ms = before->passed_ms;
	s->regained = before->regained;
	s->trusted_ms = before->trusted_ms;
}

static bool begin_anchors(struct rounds *r, const struct rounds *before,
			  struct error *err)
{
	const struct anchors_config config = {
		.means = r->config.means,
		.vantage = r->config.vantage,
		.lost = before != NULL && suspicion_adrift(&before->suspicion),
		.on_news = on_anchor,
		.arg = r,
	};

	if (config.vantage == NULL || config.vantage->anchor_count == 0)
		return true;
	r->suspicion.anchors = config.vantage->anchor_count;
	r->anchors = anchors_start(&config, err);
	if (r->anchors == NULL)
		return false;
	r->suspicion.lost = anchors_lost(r->anchors);
	return true;
}

struct rounds *rounds_start(const struct rounds_config *config,
			    const struct rounds *before, struct error *err)
{
	size_t count = config->roster->job_count;
	struct rounds *r = calloc(1, sizeof(*r));

	if (r == NULL)
		goto fail;
	r->config = *config;
	r->seed = hash_mix((uint64_t)clock_now_ns());
	STAILQ_INIT(&r->queue);
	r->suspicion.window_ms = config->roster->longest_ms + 1;
	if (before != NULL) {
		r->lateness = before->lateness;
		r->tally = before->tally;
		take_over(&r->suspicion, &before->suspicion);
	}
	if (!begin_anchors(r, before, err))
		goto fail;
	r->launcher = event_new(config->means.loop, -1, 0, on_launch, r);
	r->turns = calloc(count + 1, sizeof(*r->turns));
	if (r->launcher == NULL || r->turns == NULL || !begin_users(r))
		goto fail;
	for (size_t i = 0; i < count; i++)
		if (!begin_turn(r, i, before))
			goto fail;
	/* Probes that a reload adds are unknown, but no reason to abstain. */
	if (before != NULL && !rounds_unfinished(before))
		r->unfinished = 0;
	return r;
fail:
	rounds_stop(r);
	error_set(err, "out of memory while starting probes");
	return NULL;
}

void rounds_stop(struct rounds *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; r->turns != NULL && i < r->config.roster->job_count;
	     i++) {
		probe_cancel(r->turns[i].probe);
		if (r->turns[i].timer != NULL)
			event_free(r->turns[i].timer);
	}
	if (r->launcher != NULL)
		event_free(r->launcher);
	if (r->users != NULL)
		event_free(r->users);
	anchors_stop(r->anchors);
	free(r->turns);
	free(r);
}

const struct watch *rounds_watch(const struct rounds *r, size_t job)
{
	return &r->turns[job].watch;
}

bool rounds_unfinished(const struct rounds *r)
{
	return r->unfinished > 0;
}

bool rounds_seen_all(const struct rounds *r)
{
	for (size_t i = 0; i < r->config.roster->job_count; i++)
		if (!r->turns[i].watch.finished)
			return false;
	return true;
}

void rounds_force(struct rounds *r, size_t job, enum breaker_event event,
		  int64_t for_ms)
{
	struct turn *t = &r->turns[job];
	const struct watch_moment at = moment_of(r);
	const struct policy_check *check = t->job->spec.check;

	if (watch_force(&t->watch, check, event, at.now_ms + for_ms, &at))
		tell_change(t);
	/* Else it rests in the queue or is under way, and is armed after it. */
	if (t->due_ms != 0)
		arm(t, &at);
}

size_t rounds_in_flight(uint64_t descriptors)
{
	uint64_t half = descriptors / 2;

	return half < ROUNDS_IN_FLIGHT_LEAST  ? ROUNDS_IN_FLIGHT_LEAST
	       : half > ROUNDS_IN_FLIGHT_MOST ? ROUNDS_IN_FLIGHT_MOST
					      : (size_t)half;
}

struct rounds_load rounds_load(const struct rounds *r)
{
	return (struct rounds_load){
		.in_flight = r->in_flight,
		.in_flight_max = r->config.in_flight_max,
		.waiting = r->waiting,
		.late_p50_ms = histogram_quantile(&r->lateness, 0.50),
		.late_p99_ms = histogram_quantile(&r->lateness, 0.99),
		.late_max_ms = histogram_quantile(&r->lateness, 1.0),
	};
}

struct rounds_tally rounds_tally(const struct rounds *r)
{
	return r->tally;
}

struct rounds_doubt rounds_doubt(const struct rounds *r)
{
	return (struct rounds_doubt){
		.mistrusts = r->suspicion.mistrusts,
		.failing = r->suspicion.failing,
		.probes = r->counted,
		.anchors = r->suspicion.anchors,
		.lost = r->suspicion.lost,
	};
}
