/* SPDX-License-Identifier: Apache-2.0 */
#include "figures.h"

#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
static const struct {
	const char *what;
	double unit;
} labels[FIGURES] = {
	[FIGURE_RIGHT] = { "seconds from the last fault until all are right", 1000 },
	[FIGURE_ALIKE] = { "seconds from the last fault or command until all answer alike", 1000 },
	[FIGURE_VERDICTS] = { "changes of verdict per flap, nothing else wrong", 100 },
	[FIGURE_ANSWERS] = { "changes of direction per flap, nothing else wrong", 100 },
	[FIGURE_VERDICTS_LIED] = { "changes of verdict per flap, and a vantage lies of it", 100 },
	[FIGURE_ANSWERS_LIED] = { "changes of direction per flap, and a vantage lies of it", 100 },
	[FIGURE_VERDICTS_ALL] = { "changes of verdict per flap, all faults", 100 },
	[FIGURE_ANSWERS_ALL] = { "changes of direction per flap, all faults", 100 },
	[FIGURE_TAKEOVER] = { "seconds from a leader's pause until the standby's plan is stored", 1000 },
};
/* clang-format on */

static void add(struct figures *figures, enum figure figure, int64_t value)
{
	struct series *s = &figures->series[figure];

	if (s->count == s->room) {
		size_t room = s->room == 0 ? 64 : s->room * 2;
		int64_t *values =
			reallocarray(s->values, room, sizeof(*values));

		if (values == NULL)
			abort();
		s->values = values;
		s->room = room;
	}
	s->values[s->count++] = value;
}

static int64_t since(int64_t from_ms, int64_t to_ms)
{
	return to_ms > from_ms ? to_ms - from_ms : 0;
}

/* A flap is two turns of the endpoint: out and back. */
static void take_turns(struct figures *figures, const struct fleet *f,
		       size_t target)
{
	const struct ground_parts *parts = &f->target_parts[target];
	const struct site *p = &f->sites[parts->sites[0]];
	int64_t flaps = (int64_t)(p->turns + 1) / 2;
	unsigned verdicts = 0, answers = 0;

	/* What is made of several turns less often than they do. */
	if (flaps == 0 || parts->count > 1)
		return;
	for (size_t r = 0; r < FLEET_RESPONDERS; r++) {
		const struct turns *t = &f->outturn.turns[r][target];

		verdicts = t->verdicts > verdicts ? t->verdicts : verdicts;
		answers = t->answers > answers ? t->answers : answers;
	}
	verdicts = 100 * verdicts / (unsigned)flaps;
	answers = 100 * answers / (unsigned)flaps;
	if (f->weather != WEATHER_FLAPS) {
		add(figures, FIGURE_VERDICTS_ALL, verdicts);
		add(figures, FIGURE_ANSWERS_ALL, answers);
	} else if (f->outturn.lied >> parts->sites[0] & 1) {
		add(figures, FIGURE_VERDICTS_LIED, verdicts);
		add(figures, FIGURE_ANSWERS_LIED, answers);
	} else {
		add(figures, FIGURE_VERDICTS, verdicts);
		add(figures, FIGURE_ANSWERS, answers);
	}
}

void figures_take(struct figures *figures, const struct fleet *f)
{
	const struct outturn *o = &f->outturn;
	int64_t last_ms =
		o->obeyed_ms > o->mended_ms ? o->obeyed_ms : o->mended_ms;

	add(figures, FIGURE_RIGHT, since(o->mended_ms, o->right_ms));
	add(figures, FIGURE_ALIKE, since(last_ms, o->alike_ms));
	for (size_t t = 0; t < f->target_count; t++)
		take_turns(figures, f, t);
	for (size_t i = 0; i < o->takeovers; i++)
		add(figures, FIGURE_TAKEOVER, o->takeover_ms[i]);
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print(struct series *s, double unit, const char *what)
{
	if (s->count == 0)
		return;
	qsort(s->values, s->count, sizeof(*s->values), compare);
	printf("# %s: p50 %.2f, p99 %.2f, max %.2f (of %zu)\n", what,
	       (double)s->values[s->count / 2] / unit,
	       (double)s->values[s->count * 99 / 100] / unit,
	       (double)s->values[s->count - 1] / unit, s->count);
}

void figures_print(struct figures *figures)
{
	for (size_t i = 0; i < FIGURES; i++)
		print(&figures->series[i], labels[i].unit, labels[i].what);
}

void figures_fini(struct figures *figures)
{
	for (size_t i = 0; i < FIGURES; i++)
		free(figures->series[i].values);
}
