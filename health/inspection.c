/* SPDX-License-Identifier: Apache-2.0 */
#include "health/inspection.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *inspection_kind_name(enum inspection_kind kind)
{
	static const char *const names[] = {
		[INSPECTION_DISAGREEMENT] = "disagreement",
		[INSPECTION_STALE] = "stale",
		[INSPECTION_SILENT] = "silent",
	};

	return names[kind];
}

void inspection_hear(struct inspection *in, const struct node *node,
		     int64_t now_ms)
{
	if (node->wall_made_ms == in->wall_made_ms)
		return;
	in->wall_made_ms = node->wall_made_ms;
	in->heard_ms = now_ms;
	in->theirs = (struct standpoint){
		.plan_epoch = node->plan_epoch,
		.plan_sequence = node->plan_sequence,
	};
	memcpy(in->theirs.policy_digest, node->policy_digest,
	       sizeof(in->theirs.policy_digest));
	snprintf(in->local, sizeof(in->local), "%s",
		 node->local_count == 0 ? "" : node->local[0]);
}

struct stop inspection_next(struct inspection *in, int64_t now_ms)
{
	if (!in->suspects || now_ms < in->again_ms)
		return tour_next(&in->tour);
	in->again_ms = now_ms + INSPECTION_AGAIN_MS;
	return in->suspect;
}

/*
 * Two bad moments far apart are not one long one: this process may have stood
 * still, or nothing could be judged meanwhile.
 */
static void bridge(struct inspection_alarm *a, int64_t now_ms)
{
	if (a->alarm.state == ALARM_SUSPECT &&
	    now_ms - a->judged_ms >= INSPECTION_FRESH_MS)
		a->alarm.state = ALARM_CLEAR;
	a->judged_ms = now_ms;
}

/* True when it begins or ceases to ring. */
static bool step(struct inspection *in, enum inspection_kind kind,
		 enum alarm_event event, const struct inspection_moment *at)
{
	struct inspection_alarm *a = &in->alarms[kind];
	const struct alarm_limits limits = {
		.raise_ms = kind == INSPECTION_STALE ? at->limits->stale_ms
						     : at->limits->grace_ms,
		.ease_ms = at->limits->grace_ms,
	};
	bool rang = alarm_rings(&a->alarm), rings;

	bridge(a, at->now_ms);
	a->alarm = alarm_step(a->alarm, &limits, event, at->now_ms);
	rings = alarm_rings(&a->alarm);
	if (rings && !rang)
		a->wall_since_ms = at->wall_ms;
	return rings != rang;
}

static bool is_fresh(const struct inspection *in, int64_t now_ms)
{
	return in->heard_ms != 0 && now_ms - in->heard_ms < INSPECTION_FRESH_MS;
}

static bool same_policy(const struct standpoint *a, const struct standpoint *b)
{
	return strcmp(a->policy_digest, b->policy_digest) == 0;
}

static bool same_plan(const struct standpoint *a, const struct standpoint *b)
{
	return a->plan_epoch == b->plan_epoch &&
	       a->plan_sequence == b->plan_sequence;
}

/* Do both sides go by what this judgement follows from? */
static bool is_comparable(const struct inspection *in,
			  const struct judgement *judgement,
			  const struct inspection_moment *at)
{
	return is_fresh(in, at->now_ms) && same_policy(&in->theirs, at->ours) &&
	       (judgement->kind == JUDGEMENT_OUTSIDE ||
		same_plan(&in->theirs, at->ours));
}

static bool same_stop(const struct stop *a, const struct stop *b)
{
	return a->service == b->service && a->sample == b->sample &&
	       a->draw == b->draw;
}

static bool see_wrong(struct inspection *in, const struct stop *stop,
		      const struct judgement *judgement,
		      const struct inspection_moment *at)
{
	struct inspection_alarm *a = &in->alarms[INSPECTION_DISAGREEMENT];

	in->differed++;
	/* Whether others are wrong as well is seen when this one is right. */
	if (in->suspects && !same_stop(stop, &in->suspect))
		return false;
	if (!in->suspects) {
		in->suspects = true;
		in->suspect = *stop;
		in->again_ms = at->now_ms + INSPECTION_AGAIN_MS;
	}
	if (in->local[0] == '\0')
		snprintf(a->text, sizeof(a->text), "%s", judgement->text);
	else
		snprintf(a->text, sizeof(a->text),
			 "%.85s; break-glass there: %.50s", judgement->text,
			 in->local);
	return step(in, INSPECTION_DISAGREEMENT, ALARM_BAD, at);
}

/* Good news is that of the suspect, and, once that is right, of all. */
static bool see_right(struct inspection *in, const struct stop *stop,
		      const struct inspection_moment *at)
{
	in->agreed++;
	if (in->suspects && !same_stop(stop, &in->suspect))
		return false;
	in->suspects = false;
	return step(in, INSPECTION_DISAGREEMENT, ALARM_GOOD, at);
}

static bool see_answer(struct inspection *in, const struct stop *stop,
		       const struct judgement *judgement,
		       const struct inspection_moment *at)
{
	if (judgement->kind == JUDGEMENT_UNSURE ||
	    !is_comparable(in, judgement, at)) {
		in->unsure++;
		return false;
	}
	return judgement->kind == JUDGEMENT_AGREES
		       ? see_right(in, stop, at)
		       : see_wrong(in, stop, judgement, at);
}

bool inspection_see(struct inspection *in, const struct stop *stop,
		    const struct observation *seen,
		    const struct judgement *judgement,
		    const struct inspection_moment *at)
{
	struct inspection_alarm *silent = &in->alarms[INSPECTION_SILENT];
	char word[OUTCOME_TEXT_SIZE];
	bool changed;

	in->asked++;
	/* Not from here: says nothing about it. */
	if (seen->outcome == OUTCOME_LOCAL)
		return false;
	in->silent = judgement == NULL;
	if (judgement != NULL) {
		in->held = judgement->held;
		changed = step(in, INSPECTION_SILENT, ALARM_GOOD, at);
		return see_answer(in, stop, judgement, at) || changed;
	}
	in->unanswered++;
	snprintf(silent->text, sizeof(silent->text), "no answer by %s: %s",
		 stop->by_tcp ? "TCP" : "UDP", outcome_text(seen, word));
	return step(in, INSPECTION_SILENT, ALARM_BAD, at);
}

static bool is_behind(const struct standpoint *theirs,
		      const struct standpoint *ours)
{
	return theirs->plan_epoch != ours->plan_epoch
		       ? theirs->plan_epoch < ours->plan_epoch
		       : theirs->plan_sequence < ours->plan_sequence;
}

/* What makes it stale, into the alarm's text.  False: nothing does. */
static bool find_stale(struct inspection *in,
		       const struct inspection_moment *at)
{
	struct inspection_alarm *a = &in->alarms[INSPECTION_STALE];
	const struct standpoint *ours = at->ours, *theirs = &in->theirs;
	bool fresh = is_fresh(in, at->now_ms);

	if (in->heard_ms == 0)
		snprintf(a->text, sizeof(a->text),
			 "answers, and no node of that name is on the bus");
	else if (!fresh)
		snprintf(a->text, sizeof(a->text),
			 "answers, and is cut off from the bus; its last plan "
			 "was %" PRIu64 "/%" PRIu64 ", now is %" PRIu64
			 "/%" PRIu64,
			 theirs->plan_epoch, theirs->plan_sequence,
			 ours->plan_epoch, ours->plan_sequence);
	else if (!same_policy(theirs, ours))
		snprintf(a->text, sizeof(a->text),
			 "goes by policy %.12s, this prober by %.12s",
			 theirs->policy_digest, ours->policy_digest);
	else if (is_behind(theirs, ours))
		snprintf(a->text, sizeof(a->text),
			 "goes by plan %" PRIu64 "/%" PRIu64
			 ", this prober by %" PRIu64 "/%" PRIu64,
			 theirs->plan_epoch, theirs->plan_sequence,
			 ours->plan_epoch, ours->plan_sequence);
	else if (in->held)
		snprintf(a->text, sizeof(a->text),
			 "says that it does not hear of health");
	else
		return false;
	return true;
}

bool inspection_turn(struct inspection *in, const struct inspection_moment *at)
{
	if (in->silent || in->asked == 0)
		return false;
	return step(in, INSPECTION_STALE,
		    find_stale(in, at) ? ALARM_BAD : ALARM_GOOD, at);
}
