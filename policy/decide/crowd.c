/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/crowd.h"

#include "policy/base/hash.h"
#include "policy/decide/capacity.h"
#include "policy/decide/client.h"

#include <stdlib.h>
#include <string.h>

/* Clients of one flock and row. */
struct bunch {
	size_t flock;
	uint64_t hash;
	struct row row;
	double demand;
};

struct work {
	const struct crowd_case *c;
	const struct policy_service *service;
	struct crowd *out;
	struct chain now, well;
	struct view well_view;
	size_t flock_cap;
	struct bunch *bunches;
	size_t count, cap;
	size_t *slots; /* by hash: number of a bunch, and one more; 0: free */
	size_t slot_count;
};

static bool grow(void **list, size_t *cap, size_t count, size_t size)
{
	size_t more = *cap == 0 ? 32 : *cap * 2;
	void *grown;

	if (count < *cap)
		return true;
	grown = realloc(*list, more * size);
	if (grown == NULL)
		return false;
	*list = grown;
	*cap = more;
	return true;
}

/* Both lists of flocks have the same room.  SIZE_MAX: out of memory. */
static size_t flock_number(struct work *w, uint64_t among, uint8_t home)
{
	struct crowd *out = w->out;
	void *keys = out->keys, *flocks = out->flocks;
	size_t cap = w->flock_cap;

	for (size_t i = 0; i < out->count; i++)
		if (out->keys[i].among == among && out->keys[i].home == home)
			return i;
	if (!grow(&keys, &cap, out->count, sizeof(*out->keys)))
		return SIZE_MAX;
	out->keys = keys;
	if (!grow(&flocks, &w->flock_cap, out->count, sizeof(*out->flocks)))
		return SIZE_MAX;
	out->flocks = flocks;
	out->keys[out->count] = (struct flock){ .among = among, .home = home };
	out->flocks[out->count] = (struct allot_flock){ .count = 0 };
	return out->count++;
}

static void place_bunch(struct work *w, size_t number)
{
	size_t at = w->bunches[number].hash % w->slot_count;

	while (w->slots[at] != 0)
		at = (at + 1) % w->slot_count;
	w->slots[at] = number + 1;
}

static bool grow_bunches(struct work *w)
{
	void *bunches = w->bunches;
	size_t *slots;

	if (w->count < w->cap)
		return true;
	if (!grow(&bunches, &w->cap, w->count, sizeof(*w->bunches)))
		return false;
	w->bunches = bunches;
	slots = calloc(2 * w->cap, sizeof(*slots));
	if (slots == NULL)
		return false;
	free(w->slots);
	w->slots = slots;
	w->slot_count = 2 * w->cap;
	for (size_t i = 0; i < w->count; i++)
		place_bunch(w, i);
	return true;
}

static bool add_bunch(struct work *w, const struct bunch *bunch)
{
	size_t at;

	if (!grow_bunches(w))
		return false;
	for (at = bunch->hash % w->slot_count; w->slots[at] != 0;
	     at = (at + 1) % w->slot_count) {
		struct bunch *b = &w->bunches[w->slots[at] - 1];

		if (b->hash == bunch->hash && b->flock == bunch->flock &&
		    row_equal(&b->row, &bunch->row)) {
			b->demand += bunch->demand;
			return true;
		}
	}
	w->bunches[w->count] = *bunch;
	place_bunch(w, w->count++);
	return true;
}

static uint64_t hash_of(size_t flock, const struct row *row)
{
	return hash_mix(
		hash_octets(HASH_FNV_OFFSET ^ flock, row,
			    offsetof(struct row, entries) +
				    row->count * sizeof(row->entries[0])));
}

/* Where they would be were all well. */
static void add_well(struct work *w, struct allot_flock *flock,
		     const struct row *row, double demand)
{
	const struct spill_load load = { row, demand };
	const struct spill_case one = {
		.endpoint_count = w->service->endpoint_count,
		.loads = &load,
		.count = 1,
	};
	double all[POLICY_ENDPOINTS_MAX], goes[POLICY_ENDPOINTS_MAX];

	for (size_t e = 0; e < one.endpoint_count; e++)
		all[e] = 1;
	spill_loads(&one, all, goes);
	for (size_t e = 0; e < one.endpoint_count; e++)
		flock->well.of[e] += goes[e];
}

static struct row row_in(const struct chain *chain,
			 const struct client_class *class,
			 const struct latency_ways *ways, uint64_t *among)
{
	bool by_way = ways != NULL && tiers_by_way(chain->service);
	uint64_t away =
		ways == NULL ? 0 : locality_away(&chain->locality, ways);
	struct chain_choice choice = chain_choose(chain, class, away, NULL);
	struct row row;

	memset(&row, 0, sizeof(row));
	chain_place(chain, &choice, by_way ? ways : NULL, &row, NULL);
	*among = choice.eligible;
	return row;
}

static bool add_class(struct work *w, size_t i)
{
	const struct client_class *class = w->c->classes[i];
	struct latency_room room;
	struct latency_ways in_room = latency_ways_in(&room);
	const struct latency_ways *ways = class->located ? &in_room : NULL;
	struct bunch bunch = { .demand = w->c->demand[i] };
	struct row well;
	uint64_t among;

	if (!(bunch.demand > 0))
		return true;
	if (ways != NULL)
		latency_go(w->c->policy, class->latitude, class->longitude,
			   ways);
	bunch.row = row_in(&w->now, class, ways, &among);
	if (bunch.row.count == 0)
		return true;
	bunch.flock =
		flock_number(w, among, flock_home(&w->now.ground, ways, among));
	if (bunch.flock == SIZE_MAX)
		return false;
	well = row_in(&w->well, class, ways, &among);
	add_well(w, &w->out->flocks[bunch.flock], &well, bunch.demand);
	bunch.hash = hash_of(bunch.flock, &bunch.row);
	return add_bunch(w, &bunch);
}

/* All are healthy, whole, and under no command. */
static bool make_well(struct work *w)
{
	const struct view *view = w->c->view;
	const struct policy_service *s = w->service;
	size_t services = w->c->policy->service_count;
	struct view_service *list = calloc(services, sizeof(*list));
	struct view_endpoint *e = calloc(s->endpoint_count + 1, sizeof(*e));

	w->well_view = *view;
	w->well_view.services = list;
	if (list == NULL || e == NULL) {
		free(e);
		return false;
	}
	list[w->c->service] = view->services[w->c->service];
	list[w->c->service].endpoints = e;
	list[w->c->service].panic = (struct panic){ 0 };
	list[w->c->service].pin_count = 0;
	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct view_endpoint *now =
			&view->services[w->c->service].endpoints[i];
		bool stable = s->endpoints[i].canary == POLICY_NONE;

		e[i] = (struct view_endpoint){
			.health.verdict = VERDICT_UP,
			.accept = stable ? ACCEPT_ALL : ACCEPT_NONE,
			.weight = s->endpoints[i].weight,
			.latency_ms = now->latency_ms,
		};
	}
	return true;
}

static void free_well(struct work *w)
{
	if (w->well_view.services != NULL)
		free(w->well_view.services[w->c->service].endpoints);
	free(w->well_view.services);
}

/* Loads in the order of their flocks. */
static bool seal(struct work *w)
{
	struct crowd *out = w->out;
	size_t at = 0;

	out->rows = calloc(w->count + 1, sizeof(*out->rows));
	out->loads = calloc(w->count + 1, sizeof(*out->loads));
	if (out->rows == NULL || out->loads == NULL)
		return false;
	for (size_t f = 0; f < out->count; f++) {
		out->flocks[f].loads = out->loads + at;
		for (size_t i = 0; i < w->count; i++) {
			if (w->bunches[i].flock != f)
				continue;
			out->rows[at] = w->bunches[i].row;
			out->loads[at] =
				(struct spill_load){ &out->rows[at],
						     w->bunches[i].demand };
			out->flocks[f].count++;
			at++;
		}
	}
	return true;
}

/* What is left of it by breaker, ramp and operator. */
static void find_capacity(struct work *w)
{
	for (size_t i = 0; i < w->service->endpoint_count; i++) {
		const struct view_endpoint *e =
			&w->c->view->services[w->c->service].endpoints[i];

		w->out->capacity[i] =
			view_verdict(e) == VERDICT_DOWN
				? 0
				: capacity_of(w->c->policy,
					      w->service->endpoints[i].region) *
					  accept_share(e->accept);
	}
}

bool crowd_gather(const struct crowd_case *c, struct crowd *out)
{
	struct work w = {
		.c = c,
		.service = &c->policy->services[c->service],
		.out = out,
	};
	bool ok;

	*out = (struct crowd){ .count = 0 };
	ok = make_well(&w);
	if (ok) {
		chain_init(&w.now, c->policy, c->view, c->service);
		chain_init(&w.well, c->policy, &w.well_view, c->service);
		w.now.whole = w.well.whole = true;
		find_capacity(&w);
	}
	for (size_t i = 0; ok && i < c->count; i++)
		ok = add_class(&w, i);
	ok = ok && seal(&w);
	free_well(&w);
	free(w.bunches);
	free(w.slots);
	if (!ok)
		crowd_fini(out);
	return ok;
}

void crowd_fini(struct crowd *crowd)
{
	free(crowd->keys);
	free(crowd->flocks);
	free(crowd->loads);
	free(crowd->rows);
	*crowd = (struct crowd){ .count = 0 };
}

struct allot_case crowd_case(const struct crowd *crowd, size_t endpoint_count)
{
	return (struct allot_case){
		.endpoint_count = endpoint_count,
		.capacity = crowd->capacity,
		.flocks = crowd->flocks,
		.count = crowd->count,
	};
}
