/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/flock.h"

#include "policy/base/arena.h"
#include "policy/decide/view.h"

#include <string.h>

static uint64_t bit(size_t i)
{
	return UINT64_C(1) << i;
}

uint8_t flock_home(const struct tiers_ground *ground,
		   const struct latency_ways *ways, uint64_t among)
{
	if (ways == NULL || !tiers_by_way(ground->service))
		return FLOCK_NO_HOME;
	for (size_t i = 0; i < ground->policy->region_count; i++) {
		uint64_t here = ground->in_region[ways->regions[i]] & among;

		if (here != 0)
			return (uint8_t)__builtin_ctzll(here);
	}
	return FLOCK_NO_HOME;
}

const uint32_t *flock_find(const struct view_service *service, uint64_t among,
			   uint8_t home)
{
	for (size_t i = 0; i < service->flock_count; i++)
		if (service->flocks[i].home == home &&
		    service->flocks[i].among == among)
			return service->flocks[i].accept;
	return NULL;
}

/* False: it names what the service does not have. */
static bool read_spill(const struct policy_service *s,
		       const struct plan_spill *spill, uint32_t *accept,
		       struct flock *out)
{
	int home = spill->home[0] == '\0'
			   ? FLOCK_NO_HOME
			   : policy_find_endpoint(s, spill->home);

	*out = (struct flock){ .home = (uint8_t)home, .accept = accept };
	for (size_t i = 0; i < s->endpoint_count; i++)
		accept[i] = ACCEPT_ALL;
	for (size_t i = 0; i < spill->count; i++) {
		int e = policy_find_endpoint(s, spill->parts[i].endpoint);

		if (e < 0)
			return false;
		accept[e] = accept_of(spill->parts[i].share);
		out->among |= bit((size_t)e);
	}
	return home == FLOCK_NO_HOME ||
	       (home >= 0 && (out->among >> home & 1) != 0);
}

/* count spills of one service. */
static bool fill(struct view *view, size_t service,
		 const struct plan_spill *spills, size_t count)
{
	const struct policy_service *s = &view->policy->services[service];
	struct view_service *to = &view->services[service];
	struct flock *flocks =
		arena_alloc(view->arena, count + 1, sizeof(*flocks));
	uint32_t *accepts = arena_alloc(view->arena, count + 1,
					s->endpoint_count * sizeof(*accepts));
	size_t read = 0;

	if (flocks == NULL || accepts == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		read += read_spill(s, &spills[i],
				   accepts + read * s->endpoint_count,
				   &flocks[read]);
	to->flocks = flocks;
	to->flock_count = read;
	return true;
}

bool flocks_fill(struct view *view, const struct plan_spills *spills)
{
	size_t end;

	for (size_t i = 0; spills != NULL && i < spills->count; i = end) {
		const struct plan_spill *first = &spills->list[i];
		int service = policy_find_service(view->policy, first->service);

		for (end = i;
		     end < spills->count &&
		     strcmp(spills->list[end].service, first->service) == 0;)
			end++;
		if (service >= 0 &&
		    !fill(view, (size_t)service, first, end - i))
			return false;
	}
	return true;
}

bool flocks_fill_service(struct view *view, size_t service,
			 const struct plan_spills *spills)
{
	return fill(view, service, spills->list, spills->count);
}

bool flocks_fill_demands(struct view *view, struct plan_demand_list demands)
{
	struct plan_demand *copy =
		arena_alloc(view->arena, demands.count + 1, sizeof(*copy));

	if (copy == NULL)
		return false;
	for (size_t i = 0; i < demands.count; i++) {
		int service = policy_find_service(view->policy,
						  demands.list[i].service);

		copy[i] = demands.list[i];
		if (service >= 0)
			view->services[service].demand = &copy[i];
	}
	return true;
}

bool flocks_same(const struct view_service *a, const struct view_service *b,
		 size_t endpoint_count)
{
	if (a->flock_count != b->flock_count)
		return false;
	for (size_t i = 0; i < a->flock_count; i++) {
		const struct flock *x = &a->flocks[i], *y = &b->flocks[i];

		if (x->among != y->among || x->home != y->home ||
		    memcmp(x->accept, y->accept,
			   endpoint_count * sizeof(*x->accept)) != 0)
			return false;
	}
	return true;
}

bool flocks_tell(const struct view *view, size_t service,
		 struct plan_spills *out)
{
	const struct policy_service *s = &view->policy->services[service];
	const struct view_service *v = &view->services[service];

	if (!plan_spills_init(out, v->flock_count,
			      v->flock_count * s->endpoint_count))
		return false;
	for (size_t i = 0; i < v->flock_count; i++) {
		const struct flock *f = &v->flocks[i];

		plan_spills_add(out, s->name,
				f->home == FLOCK_NO_HOME
					? ""
					: s->endpoints[f->home].name);
		for (size_t e = 0; e < s->endpoint_count; e++)
			if (f->among >> e & 1)
				plan_spills_put(out, s->endpoints[e].name,
						accept_share(f->accept[e]));
	}
	plan_spills_sort(out);
	return true;
}
