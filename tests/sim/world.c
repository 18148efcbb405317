/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "policy/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIFE_MS = 90000, CALM_MS = 45000 };

/* splitmix64: S. Vigna, 2015 (public domain algorithm). */
uint64_t world_draw(struct world *w)
{
	w->random += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix(w->random);
}

static bool before(const struct event *a, const struct event *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void world_at(struct world *w, int64_t at_ms, struct event e)
{
	size_t at;

	if (w->queued == w->room) {
		size_t room = w->room == 0 ? 256 : w->room * 2;
		struct event *queue =
			reallocarray(w->queue, room, sizeof(*queue));

		if (queue == NULL)
			abort(); /* a test without memory tests nothing */
		w->queue = queue;
		w->room = room;
	}
	e.at_ms = at_ms;
	e.order = w->order++;
	if (e.to >= 0)
		e.life = w->life[e.to];
	for (at = w->queued++; at > 0 && before(&e, &w->queue[(at - 1) / 2]);
	     at = (at - 1) / 2)
		w->queue[at] = w->queue[(at - 1) / 2];
	w->queue[at] = e;
}

static struct event take_next(struct world *w)
{
	struct event first = w->queue[0];
	struct event last = w->queue[--w->queued];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < w->queued &&
		    before(&w->queue[child + 1], &w->queue[child]))
			child++;
		if (child >= w->queued || !before(&w->queue[child], &last))
			break;
		w->queue[at] = w->queue[child];
		at = child;
	}
	w->queue[at] = last;
	return first;
}

bool world_send(struct world *w, int node, struct event e)
{
	bool lost = w->cut[node] || !w->store.up ||
		    world_draw(w) % 100 < w->loss_pct;

	if (lost) {
		free(e.octets);
		return false;
	}
	world_at(w, w->now_ms + world_between(w, 1, w->delay_max_ms), e);
	return true;
}

/* One class of each kind that the policy tells apart, and a stranger. */
static void make_classes(struct world *w)
{
	/* clang-format off */
	static const struct {
		struct client_facts facts;
		uint64_t networks; /* set 1, "visitors", by its prefix */
		bool known;
	} made[WORLD_CLASSES] = {
		{ { .country = "US", .continent = "NA", .located = true, .latitude = 40, .longitude = -74 }, 0, true },
		{ { .country = "US", .continent = "NA", .located = true, .latitude = 37, .longitude = -122 }, 0, true },
		{ { .country = "GB", .continent = "EU", .located = true, .latitude = 51, .longitude = 0 }, 0, true },
		{ { .country = "DE", .continent = "EU", .located = true, .latitude = 52, .longitude = 13 }, 0, true },
		{ { .country = "FR", .continent = "EU" }, 0, true },
		{ { .country = "US", .continent = "NA", .located = true, .latitude = 40, .longitude = -74 }, 2, true },
		{ { .country = "DE", .continent = "EU", .located = true, .latitude = 52, .longitude = 13 }, 2, true },
		{ { .country = "" }, 0, false },
	};
	/* clang-format on */
	struct client_needs needs = client_needs_of(w->policy);

	for (size_t i = 0; i < WORLD_CLASSES; i++) {
		w->classes[i] =
			client_classify(w->policy, &needs,
					made[i].known ? &made[i].facts : NULL,
					made[i].networks);
		w->classes[i].weight_v4 = 1;
		w->class_list[i] = &w->classes[i];
	}
}

static void list_targets(struct world *w)
{
	for (size_t s = 0; s < w->policy->service_count; s++)
		for (size_t e = 0; e < w->policy->services[s].endpoint_count;
		     e++) {
			w->target_service[w->target_count] = s;
			w->target_endpoint[w->target_count] = e;
			w->endpoint_up[w->target_count++] = true;
		}
}

bool world_init(struct world *w, const struct policy *policy, uint64_t seed)
{
	*w = (struct world){
		.policy = policy,
		.seed = seed,
		.random = seed,
		.end_ms = LIFE_MS + CALM_MS,
		.calm_from_ms = LIFE_MS,
		.store = { .up = true, .holder = -1 },
	};
	/* Every third world is kind, so that logic alone is tested too. */
	w->loss_pct = seed % 3 == 0 ? 0 : (unsigned)world_between(w, 0, 25);
	w->delay_max_ms = seed % 3 == 0 ? 5 : world_between(w, 1, 400);
	make_classes(w);
	list_targets(w);
	for (int n = 0; n < WORLD_NODES; n++) {
		w->clocks[n] = (struct clocks){
			.mono_offset_ms = world_between(w, 0, 1000000),
			.wall_offset_ms = INT64_C(1700000000000) +
					  world_between(w, -2000, 2000),
		};
		node_start(w, n);
	}
	for (int64_t t = 0; t < w->calm_from_ms; t += 4000)
		world_at(w, world_between(w, t, t + 3999),
			 (struct event){ .kind = EVENT_FAULT });
	for (int64_t t = 5000; t < w->calm_from_ms; t += 7000)
		world_at(w, world_between(w, t, t + 6999),
			 (struct event){ .kind = EVENT_PERSON });
	return true;
}

void world_fini(struct world *w)
{
	for (int n = 0; n < WORLD_NODES; n++)
		node_die(w, n);
	for (size_t i = 0; i < WORLD_RESPONDERS; i++)
		free(w->responders[i].kept_plan);
	for (size_t i = 0; i < WORLD_AGENTS; i++)
		free(w->seats[i].kept_plan);
	for (size_t i = 0; i < WORLD_VANTAGES; i++)
		free(w->store.reports[i]);
	free(w->store.plan);
	for (size_t i = 0; i < w->queued; i++)
		free(w->queue[i].octets);
	free(w->queue);
}

/* At the start of the calm, everything that was broken is mended. */
static void calm_down(struct world *w)
{
	w->calm_from_ms = INT64_MAX;
	w->loss_pct = 0;
	w->delay_max_ms = 20;
	w->store.up = true;
	for (int n = 0; n < WORLD_NODES; n++) {
		w->cut[n] = false;
		if (!w->alive[n])
			node_start(w, n);
	}
}

/* What was meant for a process that is gone, or for an earlier one. */
static bool too_late(const struct world *w, const struct event *e)
{
	return e->to >= 0 && e->kind != EVENT_HEAL &&
	       (!w->alive[e->to] || e->life != w->life[e->to]);
}

/* A paused process does nothing; then everything at once. */
static bool asleep(struct world *w, struct event *e)
{
	if (e->to < 0 || e->kind == EVENT_HEAL ||
	    w->paused_until_ms[e->to] <= w->now_ms)
		return false;
	world_at(w, w->paused_until_ms[e->to], *e);
	return true;
}

static void carry_out(struct world *w, struct event *e)
{
	switch (e->kind) {
	case EVENT_FAULT:
		fault_strike(w);
		break;
	case EVENT_HEAL:
		fault_heal(w, e);
		break;
	case EVENT_PERSON:
		person_acts(w);
		break;
	case MESSAGE_REPORT:
	case MESSAGE_READ:
	case MESSAGE_LEASE:
	case MESSAGE_COMMIT:
		store_receive(w, e);
		break;
	case EVENT_PROBE:
	case EVENT_REPORT:
	case EVENT_TURN:
	case EVENT_FULL_READ:
	case MESSAGE_NOTE_REPORT:
	case MESSAGE_NOTE_PLAN:
	case MESSAGE_LEASED:
	case MESSAGE_COMMITTED:
		node_receive(w, e);
		break;
	}
}

bool world_step(struct world *w)
{
	struct event e;

	if (w->queued == 0 || w->queue[0].at_ms > w->end_ms)
		return false;
	e = take_next(w);
	w->now_ms = e.at_ms;
	if (w->now_ms >= w->calm_from_ms)
		calm_down(w);
	if (asleep(w, &e))
		return true;
	w->steps++;
	if (!too_late(w, &e))
		carry_out(w, &e);
	free(e.octets);
	return true;
}
