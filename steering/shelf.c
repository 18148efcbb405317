/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shelf -- the last plans on this agent's disk, to go on from when the bus has
 * lost them, and those that people may go back to.  Shell.
 */
#include "steering/steerer_impl.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/bus/keep.h"
#include "policy/bus/plan.h"
#include "policy/bus/ring.h"

#include <stdio.h>
#include <stdlib.h>

static const char plan_name[] = "plan";

static void tell_failure(struct steerer *s, const char *why)
{
	steerer_trouble(s, TROUBLE_KEEP, why);
	steerer_log_failure("keep-failed", why);
}

static void save(struct steerer *s, int64_t now_ms)
{
	struct error err;

	if (ring_save(s->ring, s->keep, now_ms, &err))
		steerer_trouble(s, TROUBLE_KEEP, "");
	else
		tell_failure(s, err.text);
}

static bool past_path(const struct steerer *s, char path[4096])
{
	return snprintf(path, 4096, "%s.past", s->config.keep_path) < 4096;
}

/* All of them, which is seldom: people decide now and then. */
static bool save_past(const struct steerer *s, struct error *err)
{
	struct keep *keep = keep_new();
	char path[4096], name[48];
	bool ok = keep != NULL && past_path(s, path);

	error_set(err, "%s.past: out of memory", s->config.keep_path);
	for (size_t i = s->past.count; ok && i-- > 0;) {
		const struct generation *one = &s->past.list[i];

		snprintf(name, sizeof(name), "%llu/%llu",
			 (unsigned long long)one->plan->epoch,
			 (unsigned long long)one->plan->sequence);
		ok = keep_set(keep, name, one->envelope, one->len);
	}
	ok = ok && keep_save(keep, path, err);
	keep_free(keep);
	return ok;
}

static void remember(struct steerer *s, const char *envelope, size_t len)
{
	struct error err = { .text = "out of memory" };

	switch (generations_add(&s->past, s->inputs.plan, envelope, len)) {
	case GENERATIONS_SAME:
		return;
	case GENERATIONS_NEW:
		if (s->ring == NULL || save_past(s, &err))
			return;
		break;
	case GENERATIONS_FAILED:
		break;
	}
	tell_failure(s, err.text);
}

/* One that an agent signed that is trusted no more is left out. */
static void recall(void *arg, const char *name, const char *octets, size_t len)
{
	struct steerer *s = arg;
	struct error err;
	struct plan *plan = steerer_open_plan(s, octets, len, &err);

	(void)name;
	if (plan == NULL)
		steerer_log_failure("past-refused", err.text);
	else if (s->past.count == 0 || plan_newer(plan, s->past.list[0].plan))
		(void)generations_add(&s->past, plan, octets, len);
	plan_free(plan);
}

static void read_past(struct steerer *s)
{
	struct error err = { .text = "its name is too long" };
	struct keep *keep = NULL;
	char path[4096];

	if (past_path(s, path))
		keep = keep_load(path, &err);
	if (keep == NULL)
		tell_failure(s, err.text);
	else
		keep_each(keep, recall, s);
	keep_free(keep);
}

void shelf_put(struct steerer *s, const char *envelope, size_t len)
{
	remember(s, envelope, len);
	if (s->ring == NULL)
		return;
	if (keep_set(s->keep, plan_name, envelope, len))
		save(s, clock_now_ms());
	else
		tell_failure(s, "out of memory");
}

void shelf_turn(struct steerer *s, int64_t now_ms)
{
	if (s->ring != NULL && ring_is_due(s->ring, now_ms))
		save(s, now_ms);
}

/* The newest plan that this agent may take over, of all generations. */
static void read_plan(struct steerer *s)
{
	const struct keep *from = ring_read(s->ring);

	while (from != NULL) {
		struct error err;
		size_t len;
		const char *octets = keep_get(from, plan_name, &len);
		struct plan *plan;

		if (octets == NULL)
			return;
		plan = steerer_open_plan(s, octets, len, &err);
		if (plan == NULL) {
			from = ring_older(s->ring, err.text);
			continue;
		}
		(void)keep_set(s->keep, plan_name, octets, len);
		if (inputs_take_plan(&s->inputs, plan, clock_wall_ms()))
			remember(s, octets, len);
		else
			plan_free(plan);
		return;
	}
}

bool shelf_open(struct steerer *s, struct error *err)
{
	const struct ring_config config = {
		.path = s->config.keep_path,
		.part = "steer",
		.soak_ms = INT64_C(1000) * s->config.keep_soak_s,
	};

	if (s->config.keep_path == NULL)
		return true;
	s->ring = ring_open(&config, err);
	if (s->ring == NULL)
		return false;
	s->keep = keep_new();
	if (s->keep == NULL) {
		error_set(err, "%s: out of memory", config.path);
		return false;
	}
	read_past(s);
	read_plan(s);
	/* From now on it soaks: this start is a trial of it. */
	if (keep_count(s->keep) > 0)
		save(s, clock_now_ms());
	return true;
}

void shelf_close(struct steerer *s)
{
	if (s->ring != NULL)
		ring_rest(s->ring);
	ring_free(s->ring);
	keep_free(s->keep);
	generations_fini(&s->past);
}
