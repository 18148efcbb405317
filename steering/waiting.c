/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting -- people's commands whose answers wait for a plan to be stored.
 * Shell.
 *
 *   WAITING --- sent, in a plan ---> SENT --- stored, refused ---> answered
 *      ^                              | |
 *      '--- refused as behind --------' '--- nobody said ---> DOUBTED
 *           (repeated on the                                     |
 *            stored plan)             another plan tells, or its time is over
 *                                                                v
 *                                                            answered
 */
#include "steering/steerer_impl.h"

#include "policy/base/error.h"
#include "steering/answer.h"
#include "steering/draining.h"
#include "steering/predict.h"
#include "steering/spilling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAITING_MAX = 1024,
	/* People's programs wait for a second more. */
	WAITING_DOUBT_MS = 4000,
};

void waiting_drop_preview(struct agent_preview *preview)
{
	plan_free(preview->before);
	plan_free(preview->after);
	*preview = (struct agent_preview){ .before = NULL };
}

static struct burden_case burden_in(const struct steerer *s,
				    const struct view *view)
{
	return (struct burden_case){
		.policy = s->loaded.policy,
		.view = view,
		.classes = { s->loaded.classes, s->loaded.class_count },
		.rates = reckoning_rates(&s->reckoning),
	};
}

/* The view of a plan, in which capacity has had its say. */
static struct view *settled_view(const struct steerer *s, struct plan *plan,
				 struct ramp_now now)
{
	struct view *view =
		inputs_view(&s->inputs, s->loaded.policy, plan, now);
	struct burden_case c = burden_in(s, view);
	bool ok = view != NULL && spilling_settle(&c, plan);

	view_free(view);
	return ok ? inputs_view(&s->inputs, s->loaded.policy, plan, now) : NULL;
}

bool waiting_predict(const struct steerer *s,
		     const struct agent_preview *preview,
		     struct prediction *out, struct error *err)
{
	struct ramp_now now = steerer_now();
	struct view *before =
		inputs_view(&s->inputs, s->loaded.policy, preview->before, now);
	struct view *after = settled_view(s, preview->after, now);
	const struct burden_case was = burden_in(s, before);
	const struct burden_case is = burden_in(s, after);
	bool ok = before != NULL && after != NULL &&
		  predict_of(&was, &is, out, err);

	if (before == NULL || after == NULL)
		error_set(err, "out of memory");
	if (ok && !predict_loads(out, &was, &is, err)) {
		prediction_fini(out);
		ok = false;
	}
	view_free(before);
	view_free(after);
	return ok;
}

static void free_waiting(struct waiting *w)
{
	waiting_drop_preview(&w->preview);
	free(w->bus_id);
	free(w);
}

void waiting_end(struct steerer *s, struct waiting *w, struct json_t *json)
{
	const struct asker to = { .bus_id = w->bus_id, .call = w->call };
	struct waiting **at = &s->waiting;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	s->waiting_count--;
	desk_answer(s, &to, json);
	free_waiting(w);
}

struct waiting *waiting_add(struct steerer *s, const struct asker *from,
			    const struct command *command,
			    const struct agent_preview *preview)
{
	struct waiting **end = &s->waiting, *w = NULL;

	if (s->waiting_count < WAITING_MAX)
		w = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->call = from->call;
	if (from->bus_id != NULL) {
		w->bus_id = strdup(from->bus_id);
		if (w->bus_id == NULL) {
			free(w);
			return NULL;
		}
	}
	w->command = *command;
	w->preview = *preview;
	while (*end != NULL)
		end = &(*end)->next;
	*end = w;
	s->waiting_count++;
	return w;
}

void waiting_sent(struct steerer *s, uint64_t sequence)
{
	for (struct waiting *w = s->waiting; w != NULL; w = w->next)
		if (w->state == WAITING_NEW) {
			w->state = WAITING_SENT;
			w->sequence = sequence;
		}
}

static void answer_stored(struct steerer *s, struct waiting *w, uint64_t epoch,
			  uint64_t sequence)
{
	struct prediction p = { .services = NULL };
	struct error err;
	bool ok = waiting_predict(s, &w->preview, &p, &err);
	struct command begun = w->command;
	struct draining d;
	bool takes;

	/* By this clock, as it stands in the plan. */
	begun.wall_made_ms = steerer_now().wall_ms;
	takes = draining_of(&begun, s->loaded.policy, &d);
	waiting_end(s, w,
		    answer_done(epoch, sequence, ok ? &p : NULL,
				takes ? &d : NULL));
	if (ok)
		prediction_fini(&p);
}

void waiting_stored(struct steerer *s, uint64_t epoch, uint64_t sequence)
{
	struct waiting *next;

	for (struct waiting *w = s->waiting; w != NULL; w = next) {
		next = w->next;
		if (w->state == WAITING_SENT)
			answer_stored(s, w, epoch, sequence);
	}
}

bool waiting_any(const struct steerer *s)
{
	for (const struct waiting *w = s->waiting; w != NULL; w = w->next)
		if (w->state != WAITING_DOUBTED)
			return true;
	return false;
}

void waiting_failed(struct steerer *s, const char *why)
{
	struct waiting *next;

	for (struct waiting *w = s->waiting; w != NULL; w = next) {
		next = w->next;
		if (w->state != WAITING_DOUBTED)
			waiting_end(s, w, answer_error(why));
	}
}

void waiting_unsent(struct steerer *s, const char *why)
{
	struct waiting *next;
	char text[200];

	snprintf(text, sizeof(text), "%s; nothing changed", why);
	for (struct waiting *w = s->waiting; w != NULL; w = next) {
		next = w->next;
		if (w->state == WAITING_NEW)
			waiting_end(s, w, answer_error(text));
	}
}

static void answer_doubt(struct steerer *s, struct waiting *w, const char *why)
{
	char text[200];

	snprintf(text, sizeof(text),
		 "%s; it is not known whether the command is in force: see "
		 "windrose status and history",
		 why);
	waiting_end(s, w, answer_unknown(text));
}

void waiting_lost(struct steerer *s, const char *why)
{
	waiting_unsent(s, why);
	while (s->waiting != NULL)
		answer_doubt(s, s->waiting, why);
}

void waiting_doubt(struct steerer *s, uint64_t epoch, int64_t now_ms)
{
	waiting_unsent(s, "the bus is down");
	for (struct waiting *w = s->waiting; w != NULL; w = w->next)
		if (w->state == WAITING_SENT) {
			w->state = WAITING_DOUBTED;
			w->epoch = epoch;
			w->until_ms = now_ms + WAITING_DOUBT_MS;
		}
}

void waiting_settle(struct steerer *s, const struct doubt *d,
		    enum doubt_end end)
{
	struct waiting *next;

	for (struct waiting *w = s->waiting; w != NULL; w = next) {
		next = w->next;
		if (w->state != WAITING_DOUBTED || w->epoch != d->epoch ||
		    w->sequence != d->sequence)
			continue;
		if (end == DOUBT_IN_FORCE)
			answer_stored(s, w, d->epoch, d->sequence);
		else if (end == DOUBT_NOT)
			waiting_end(s, w,
				    answer_error("the bus was down, and the "
						 "plan with it was not stored; "
						 "nothing changed, send it "
						 "again"));
		else
			answer_doubt(s, w, "the bus was down");
	}
}

void waiting_turn(struct steerer *s, int64_t now_ms)
{
	struct waiting *next;

	for (struct waiting *w = s->waiting; w != NULL; w = next) {
		next = w->next;
		if (w->state == WAITING_DOUBTED && now_ms >= w->until_ms)
			answer_doubt(s, w, "the bus is down");
	}
}

/* Once more, upon what is stored now; what it would do is predicted anew. */
static bool repeat(struct steerer *s, struct waiting *w,
		   const struct agent_input *in, struct error *err)
{
	struct agent_input own = *in;
	struct agent_preview preview;

	own.approved = w->approved;
	if (!agent_preview(s->agent, &w->command, &own, &preview, err))
		return false;
	waiting_drop_preview(&w->preview);
	w->preview = preview;
	w->state = WAITING_NEW;
	if (!agent_command(s->agent, &w->command, &own, err))
		return false;
	held_remove(&s->held, w->command.id);
	return true;
}

void waiting_repeat(struct steerer *s, struct ramp_now now)
{
	struct agent_input in = steerer_input(s, now);
	struct waiting *next;

	in.repeats = true;
	for (struct waiting *w = s->waiting; w != NULL; w = next) {
		struct error err;

		next = w->next;
		if (w->state != WAITING_DOUBTED && !repeat(s, w, &in, &err))
			waiting_end(s, w, answer_error(err.text));
	}
}
