/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/burden.h"

#include "policy/decide/capacity.h"
#include "steering/pinning.h"

#include <stdlib.h>
#include <string.h>

bool burden_crowd(const struct burden_case *c, size_t service, bool *known,
		  struct crowd *out)
{
	double *demand = calloc(c->classes.count + 1, sizeof(*demand));
	const struct crowd_case gather = {
		.policy = c->policy,
		.view = c->view,
		.service = service,
		.classes = c->classes.list,
		.count = c->classes.count,
		.demand = demand,
	};
	bool ok = demand != NULL;

	*out = (struct crowd){ .count = 0 };
	*known = ok &&
		 demand_spread(c->policy, service, c->classes,
			       c->rates == NULL ? NULL : &c->rates[service],
			       demand);
	if (*known)
		ok = crowd_gather(&gather, out);
	free(demand);
	return ok;
}

static void add_flock(const struct crowd *crowd, size_t flock,
		      const double *accept, size_t endpoints,
		      struct burden *out)
{
	const struct spill_case one = {
		.endpoint_count = endpoints,
		.loads = crowd->flocks[flock].loads,
		.count = crowd->flocks[flock].count,
	};
	double load[POLICY_ENDPOINTS_MAX];

	spill_loads(&one, accept, load);
	for (size_t e = 0; e < endpoints; e++) {
		out->load[e] += load[e];
		out->demand += load[e];
	}
}

/* What is accepted of a flock by the view. */
static void read_flock(const struct burden_case *c, size_t service,
		       const struct flock *key, double *accept)
{
	const uint32_t *said =
		flock_find(&c->view->services[service], key->among, key->home);

	for (size_t e = 0; e < c->policy->services[service].endpoint_count; e++)
		accept[e] = said == NULL ? 1 : accept_share(said[e]);
}

static void load_by_view(const struct burden_case *c, size_t service,
			 const struct crowd *crowd, struct burden *out)
{
	double accept[POLICY_ENDPOINTS_MAX];

	for (size_t f = 0; f < crowd->count; f++) {
		read_flock(c, service, &crowd->keys[f], accept);
		add_flock(crowd, f, accept,
			  c->policy->services[service].endpoint_count, out);
	}
}

/* From where they are by the view, as the agent does. */
static bool load_by_allot(const struct burden_case *c, size_t service,
			  const struct crowd *crowd, struct burden *out)
{
	size_t endpoints = c->policy->services[service].endpoint_count;
	const struct allot_case all = crowd_case(crowd, endpoints);
	double accept[POLICY_ENDPOINTS_MAX];
	struct allot allot;

	for (size_t f = 0; f < crowd->count; f++) {
		const struct spill_case one = {
			.endpoint_count = endpoints,
			.loads = crowd->flocks[f].loads,
			.count = crowd->flocks[f].count,
		};

		read_flock(c, service, &crowd->keys[f], accept);
		spill_loads(&one, accept, crowd->flocks[f].now.of);
	}
	if (!allot_of(&all, &allot))
		return false;
	for (size_t f = 0; f < crowd->count; f++)
		add_flock(crowd, f, allot.accept[f].of, endpoints, out);
	allot_fini(&allot);
	return true;
}

static bool find(const struct burden_case *c, size_t service, bool settled,
		 struct burden *out)
{
	const struct policy_service *s = &c->policy->services[service];
	struct crowd crowd;
	bool ok;

	*out = (struct burden){ .known = false };
	if (!burden_crowd(c, service, &out->known, &crowd))
		return false;
	for (size_t e = 0; e < s->endpoint_count; e++)
		out->capacity[e] =
			capacity_of(c->policy, s->endpoints[e].region);
	ok = true;
	if (settled && s->spill == SPILL_CAPACITY)
		ok = load_by_allot(c, service, &crowd, out);
	else if (out->known)
		load_by_view(c, service, &crowd, out);
	crowd_fini(&crowd);
	return ok;
}

bool burden_of(const struct burden_case *c, size_t service, struct burden *out)
{
	return find(c, service, false, out);
}

/* A view of the one service, in which commands have what they want. */
static void command(const struct burden_case *c, size_t service,
		    struct commands commands, struct view_service *to)
{
	const struct policy_service *s = &c->policy->services[service];

	to->pin_count = pinning_of(commands, c->policy, service, to->pins);
	for (size_t i = 0; i < s->endpoint_count; i++) {
		struct view_endpoint *e = &to->endpoints[i];
		struct effect effect = effect_of(commands, c->policy, service,
						 i, EFFECT_SETTLED);

		e->weight = effect.weight;
		if (s->endpoints[i].canary != POLICY_NONE)
			continue;
		e->accept = accept_of(effect.share);
		e->cause = effect.by != NULL ? SHARE_COMMAND : SHARE_FULL;
	}
}

bool burden_under(const struct burden_case *c, size_t service,
		  struct commands commands, struct burden *out)
{
	size_t endpoints = c->policy->services[service].endpoint_count;
	struct view view = *c->view;
	struct burden_case under = *c;
	struct view_service *list =
		calloc(c->policy->service_count, sizeof(*list));
	struct view_endpoint *e = calloc(endpoints, sizeof(*e));
	struct pin pins[POLICY_SETS_MAX];
	bool ok = list != NULL && e != NULL;

	if (ok) {
		memcpy(e, c->view->services[service].endpoints,
		       endpoints * sizeof(*e));
		list[service] = c->view->services[service];
		list[service].endpoints = e;
		list[service].pins = pins;
		command(c, service, commands, &list[service]);
		view.services = list;
		under.view = &view;
		ok = find(&under, service, true, out);
	}
	free(list);
	free(e);
	return ok;
}

size_t burden_most(const struct burden *burden, size_t endpoint_count,
		   double *use)
{
	size_t most = 0;

	*use = 0;
	for (size_t e = 0; e < endpoint_count; e++)
		if (burden->load[e] > *use * burden->capacity[e]) {
			*use = burden->load[e] / burden->capacity[e];
			most = e;
		}
	return most;
}
