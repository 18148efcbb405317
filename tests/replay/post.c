/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/replay/post.h"

#include "health/suspicion.h"
#include "health/watch.h"
#include "policy/base/hash.h"
#include "tests/replay/stage.h"

#include <stdio.h>
#include <stdlib.h>

enum { ANCHORS_MS = 5000, KEY_SIZE = 160 };

/* One endpoint's place in the rounds; check NULL: it is not probed. */
struct place_of {
	const struct policy_check *check;
	struct watch watch;
	int64_t due_ms;
};

struct post {
	struct place_of *places;
	size_t count, probed;
	struct suspicion suspicion;
	int64_t anchors_due_ms;
	uint64_t seed;
	bool cut;
};

static struct watch_moment moment_of(struct post *p, int64_t now_ms)
{
	return (struct watch_moment){
		.now_ms = now_ms,
		.wall_ms = STAGE_WALL_MS + now_ms,
		.draw = (uint32_t)(hash_mix(p->seed++) >> 32),
	};
}

static void begin(struct post *p, const struct policy *policy, size_t service,
		  int64_t now_ms)
{
	const struct policy_service *s = &policy->services[service];

	for (size_t e = 0; e < s->endpoint_count; e++) {
		struct place_of *at = &p->places[p->count++];
		struct watch_moment moment = moment_of(p, now_ms);
		char key[KEY_SIZE];

		if (s->check == POLICY_NONE)
			continue;
		p->probed++;
		at->check = &policy->checks[s->check];
		snprintf(key, sizeof(key), "%s %s", s->name,
			 s->endpoints[e].name);
		at->watch = watch_init(key, at->check, &moment);
		at->due_ms = watch_next_ms(&at->watch, at->check, &moment);
		if (at->check->interval_ms + at->check->timeout_ms >=
		    p->suspicion.window_ms)
			p->suspicion.window_ms = at->check->interval_ms +
						 at->check->timeout_ms + 1;
	}
}

struct post *post_new(const struct policy *policy, size_t vantage,
		      int64_t now_ms)
{
	struct post *p = calloc(1, sizeof(*p));
	size_t count = 0;

	for (size_t s = 0; s < policy->service_count; s++)
		count += policy->services[s].endpoint_count;
	if (p != NULL)
		p->places = calloc(count, sizeof(p->places[0]));
	if (p == NULL || p->places == NULL)
		abort();
	p->seed = vantage << 32;
	p->suspicion.window_ms = 1;
	p->suspicion.anchors = policy->vantages[vantage].anchor_count;
	for (size_t s = 0; s < policy->service_count; s++)
		begin(p, policy, s, now_ms);
	return p;
}

void post_free(struct post *p)
{
	if (p == NULL)
		return;
	free(p->places);
	free(p);
}

void post_cut(struct post *p, bool cut)
{
	p->cut = cut;
}

static bool is_failing(const struct post *p, const struct post_truth *truth,
		       int64_t now_ms)
{
	int64_t turn_ms = truth->up_ms + truth->down_ms;

	if (p->cut || turn_ms == 0)
		return p->cut || truth->fails;
	return (now_ms - truth->since_ms) % turn_ms >= truth->up_ms;
}

static void ask_anchors(struct post *p, int64_t now_ms)
{
	if (p->suspicion.anchors == 0)
		return;
	suspicion_anchor(&p->suspicion, !p->cut,
			 p->cut ? p->suspicion.anchors : 0);
	suspicion_judge(&p->suspicion, p->probed, now_ms);
	p->anchors_due_ms = now_ms + ANCHORS_MS;
}

/* As rounds.c's function of the name. */
static void weigh(struct post *p, const struct watch *w, bool fails,
		  int64_t now_ms)
{
	if (fails && !w->failing) {
		suspicion_fail(&p->suspicion, now_ms);
	} else if (!fails) {
		suspicion_pass(&p->suspicion, now_ms);
		if (w->failing)
			suspicion_recover(&p->suspicion, w->failing_since_ms,
					  now_ms);
	}
	suspicion_judge(&p->suspicion, p->probed, now_ms);
	if (fails && !w->failing)
		ask_anchors(p, now_ms);
}

static void look_around(struct post *p, int64_t now_ms)
{
	for (size_t i = 0; i < p->count; i++) {
		struct place_of *at = &p->places[i];
		int64_t soon_ms = at->check == NULL
					  ? 0
					  : now_ms + at->check->confirm_ms / 2;

		if (at->check != NULL && at->due_ms > soon_ms &&
		    !at->watch.failing)
			at->due_ms = soon_ms;
	}
}

static void probe(struct post *p, struct place_of *at, bool fails)
{
	struct watch_moment moment = moment_of(p, at->due_ms);
	struct observation seen = {
		.outcome = fails ? OUTCOME_UNREACHABLE : OUTCOME_OK,
		.latency_ms = 20,
		.total_ms = 20,
	};
	bool looks;

	watch_tick(&at->watch, at->check, &moment);
	if (at->watch.breaker.state != BREAKER_OPEN) {
		weigh(p, &at->watch, fails, moment.now_ms);
		moment.mistrusts =
			suspicion_excuses(&p->suspicion, moment.now_ms);
		moment.doubts = suspicion_excuses(&p->suspicion,
						  at->watch.down_since_ms);
		watch_observe(&at->watch, at->check, &seen, &moment);
	}
	at->due_ms = watch_next_ms(&at->watch, at->check, &moment);
	looks = suspicion_look(&p->suspicion, p->probed, moment.now_ms);
	if (looks)
		look_around(p, moment.now_ms);
}

/* The endpoint that is due first, up to now_ms; count: none is. */
static size_t find_due(const struct post *p, int64_t now_ms)
{
	size_t first = p->count;

	for (size_t i = 0; i < p->count; i++)
		if (p->places[i].check != NULL &&
		    p->places[i].due_ms <= now_ms &&
		    (first == p->count ||
		     p->places[i].due_ms < p->places[first].due_ms))
			first = i;
	return first;
}

void post_run(struct post *p, const struct post_truth *truths, int64_t now_ms)
{
	size_t i;

	while ((i = find_due(p, now_ms)) < p->count)
		probe(p, &p->places[i],
		      is_failing(p, &truths[i], p->places[i].due_ms));
	if (p->anchors_due_ms <= now_ms)
		ask_anchors(p, now_ms);
}

void post_report(const struct post *p, int64_t now_ms, struct report *report)
{
	report->mistrusts = report->abstains = p->suspicion.mistrusts;
	for (size_t i = 0; i < p->count; i++) {
		watch_report(&p->places[i].watch, now_ms, &report->entries[i]);
		report->abstains |= p->places[i].check != NULL &&
				    !p->places[i].watch.finished;
	}
}
