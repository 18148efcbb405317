/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shelf -- the last plans on this agent's disk, to go on from when the bus has
 * lost them.  Shell.
 */
#include "steering/steerer_impl.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/bus/keep.h"
#include "policy/bus/plan.h"
#include "policy/bus/ring.h"

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

void shelf_put(struct steerer *s, const char *envelope, size_t len)
{
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
		if (!inputs_take_plan(&s->inputs, plan, clock_wall_ms()))
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
}
