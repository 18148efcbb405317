/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/loss.h"

#include "policy/base/error.h"
#include "policy/decide/capacity.h"
#include "policy/decide/geo.h"
#include "policy/decide/spill.h"
#include "policy/decide/vicinity.h"
#include "policy/language/code.h"
#include "policy/review/rows.h"

#include <stdio.h>
#include <stdlib.h>

struct work {
	const struct policy *policy;
	struct view *view;
	struct vicinity *vicinity;
	double *weights;   /* of address space, by kind of class; 1 together */
	struct row *rows;  /* by kind, as things are supposed to be */
	uint32_t *numbers; /* of rows_number(), by kind */
	double *parts;     /* of the address space, by number */
	struct spill_load *loads; /* by number */
	size_t count;             /* of numbers */
	bool no_memory;
};

/* Have their clients the same rows, whatever is lost? */
static bool are_alike(const struct policy_service *a,
		      const struct policy_service *b)
{
	if (a->steer != b->steer || a->within_ms != b->within_ms ||
	    a->answers != b->answers || a->panic != b->panic ||
	    a->fallback != b->fallback ||
	    a->endpoint_count != b->endpoint_count)
		return false;
	for (size_t i = 0; i < a->endpoint_count; i++) {
		const struct policy_endpoint *x = &a->endpoints[i];
		const struct policy_endpoint *y = &b->endpoints[i];

		if (x->region != y->region || x->weight != y->weight ||
		    x->open != y->open || x->shadowed_by != y->shadowed_by ||
		    x->shadows != y->shadows)
			return false;
	}
	return true;
}

/* Who has which row. */
static void add_up(struct work *w)
{
	w->count = 0;
	for (size_t i = 0; i < w->vicinity->kind_count; i++) {
		uint32_t number = w->numbers[i];

		if (number == w->count) {
			w->loads[number].row = &w->rows[i];
			w->parts[number] = 0;
			w->count++;
		}
		w->parts[number] += w->weights[i];
	}
}

/* All is well but for a region; POLICY_NONE: for none. */
static void lose(struct work *w, size_t service, int region)
{
	const struct policy_service *s = &w->policy->services[service];
	struct view_endpoint *e = w->view->services[service].endpoints;

	for (size_t i = 0; i < s->endpoint_count; i++)
		e[i].health.verdict = s->endpoints[i].region == region
					      ? VERDICT_DOWN
					      : VERDICT_UP;
	rows_make(w->view, w->vicinity, service, w->rows);
	if (rows_number(w->rows, w->vicinity->kind_count, w->numbers))
		add_up(w);
	else
		w->no_memory = true;
}

/* The endpoint loaded the most, as a part of its capacity. */
static void find_endpoint(const struct spill_case *c, struct loss *loss)
{
	double full[POLICY_ENDPOINTS_MAX], load[POLICY_ENDPOINTS_MAX];

	for (size_t i = 0; i < c->endpoint_count; i++)
		full[i] = 1;
	spill_loads(c, full, load);
	for (size_t i = 0; i < c->endpoint_count; i++)
		if (load[i] * c->capacity[loss->endpoint] >
		    load[loss->endpoint] * c->capacity[i])
			loss->endpoint = i;
	loss->load = load[loss->endpoint];
	loss->capacity = c->capacity[loss->endpoint];
}

/* Of a service that has the rows there are now. */
static struct loss loss_of(struct work *w, size_t service, int region)
{
	const struct policy_service *s = &w->policy->services[service];
	double capacity[POLICY_ENDPOINTS_MAX];
	const struct spill_case c = {
		.endpoint_count = s->endpoint_count,
		.capacity = capacity,
		.loads = w->loads,
		.count = w->count,
	};
	struct loss out = { service, .region = region, .accept = 1 };
	struct spill best;

	for (size_t i = 0; i < s->endpoint_count; i++)
		capacity[i] = capacity_of(w->policy, s->endpoints[i].region);
	for (size_t i = 0; i < w->count; i++)
		w->loads[i].demand = s->demand * w->parts[i];
	find_endpoint(&c, &out);
	if (!loss_is_beyond(&out))
		return out;
	spill_of(&c, &best);
	out.overloaded = best.overloaded;
	out.accept = best.accept[out.endpoint];
	return out;
}

/* What nothing helps against is the worst. */
static bool is_worse(const struct loss *a, const struct loss *b)
{
	if (a->overloaded != b->overloaded)
		return a->overloaded;
	return a->load * b->capacity > b->load * a->capacity;
}

/* The regions that the service's stable endpoints take clients in. */
static uint64_t regions_of(const struct policy_service *s)
{
	uint64_t regions = 0;

	for (size_t i = 0; i < s->endpoint_count; i++)
		if (s->endpoints[i].canary == POLICY_NONE &&
		    s->endpoints[i].weight > 0)
			regions |= UINT64_C(1) << s->endpoints[i].region;
	return regions;
}

/* For all services that are alike, whose worst losses so far are in the list,
 * of which this is the first. */
static void try_loss(struct work *w, const struct losses *losses, size_t first,
		     int region)
{
	const struct policy_service *services = w->policy->services;
	const struct policy_service *s = &services[losses->list[first].service];

	lose(w, losses->list[first].service, region);
	for (size_t i = first; i < losses->count; i++) {
		struct loss *worst = &losses->list[i], one;

		if (!are_alike(&services[worst->service], s))
			continue;
		/* When it is too much already, that is what is to be said. */
		if (region != POLICY_NONE && worst->region == POLICY_NONE &&
		    loss_is_beyond(worst))
			continue;
		one = loss_of(w, worst->service, region);
		if (region == POLICY_NONE || is_worse(&one, worst))
			*worst = one;
	}
}

/* Who has one region knows that it cannot be lost. */
static void try_losses(struct work *w, const struct losses *losses,
		       size_t first)
{
	size_t service = losses->list[first].service;
	uint64_t regions = regions_of(&w->policy->services[service]);

	spill_view(w->view, service);
	try_loss(w, losses, first, POLICY_NONE);
	if ((regions & (regions - 1)) == 0)
		return;
	for (uint64_t rest = regions; rest != 0; rest &= rest - 1)
		try_loss(w, losses, first, __builtin_ctzll(rest));
}

/* Is it the first of those that are alike? */
static bool is_first(const struct policy *policy, const struct losses *losses,
		     size_t at)
{
	const struct policy_service *services = policy->services;

	for (size_t i = 0; i < at; i++)
		if (are_alike(&services[losses->list[i].service],
			      &services[losses->list[at].service]))
			return false;
	return true;
}

/* Where the databases know no networks all classes count alike. */
static void weigh(struct work *w, const struct geo *geo)
{
	size_t classes = geo_class_count(geo);
	double whole = 0;

	for (size_t i = 0; i < classes; i++)
		whole += geo_class(geo, (uint16_t)i)->weight_v4;
	for (size_t i = 0; i < classes; i++)
		w->weights[w->vicinity->kind_of_class[i]] +=
			whole > 0
				? geo_class(geo, (uint16_t)i)->weight_v4 / whole
				: 1.0 / (double)classes;
}

static bool prepare(struct work *w, const struct geo *geo)
{
	static const struct heard_report silent[POLICY_VANTAGES_MAX];
	size_t kinds;

	w->view = view_reduce(w->policy,
			      &(struct view_input){ .reports = silent });
	w->vicinity = vicinity_new(w->policy, geo_class(geo, 0),
				   geo_class_count(geo));
	if (w->view == NULL || w->vicinity == NULL)
		return false;
	kinds = w->vicinity->kind_count;
	w->weights = calloc(kinds, sizeof(*w->weights));
	w->rows = calloc(kinds, sizeof(*w->rows));
	w->numbers = calloc(kinds, sizeof(*w->numbers));
	w->parts = calloc(kinds, sizeof(*w->parts));
	w->loads = calloc(kinds, sizeof(*w->loads));
	if (w->weights == NULL || w->rows == NULL || w->numbers == NULL ||
	    w->parts == NULL || w->loads == NULL)
		return false;
	weigh(w, geo);
	return true;
}

static void release(struct work *w)
{
	free(w->loads);
	free(w->parts);
	free(w->numbers);
	free(w->rows);
	free(w->weights);
	vicinity_free(w->vicinity);
	view_free(w->view);
}

static bool states_capacity(const struct policy *policy)
{
	for (size_t i = 0; i < policy->region_count; i++)
		if (policy->regions[i].capacity > 0)
			return true;
	return false;
}

bool losses_find(const struct policy *policy, const struct geo *geo,
		 struct losses *out)
{
	struct work w = { .policy = policy };
	bool ok;

	*out = (struct losses){ .list = NULL };
	if (!states_capacity(policy))
		return true;
	out->list = calloc(policy->service_count + 1, sizeof(*out->list));
	if (out->list == NULL)
		return false;
	for (size_t i = 0; i < policy->service_count; i++)
		if (policy->services[i].demand > 0)
			out->list[out->count++].service = i;
	ok = out->count == 0 || prepare(&w, geo);
	for (size_t i = 0; ok && i < out->count; i++)
		if (is_first(policy, out, i))
			try_losses(&w, out, i);
	ok = ok && !w.no_memory;
	if (!ok)
		losses_fini(out);
	release(&w);
	return ok;
}

void losses_fini(struct losses *losses)
{
	free(losses->list);
	*losses = (struct losses){ .list = NULL };
}

const char *loss_advice(const struct policy *policy, const struct loss *loss,
			char buf[LOSS_ADVICE_SIZE])
{
	const struct policy_service *s = &policy->services[loss->service];

	if (loss->overloaded)
		return "no sharing among the others avoids it, so add capacity";
	snprintf(buf, LOSS_ADVICE_SIZE,
		 "the others can carry it when %.40s accepts %.1f%% of its "
		 "clients",
		 s->endpoints[loss->endpoint].name, 100 * loss->accept);
	return buf;
}

static void warn(const struct policy *policy, const struct loss *loss,
		 struct errors *errs)
{
	const struct policy_service *s = &policy->services[loss->service];
	char what[120] = "", buf[LOSS_ADVICE_SIZE];

	if (loss->region != POLICY_NONE)
		snprintf(what, sizeof(what), "without region \"%s\" ",
			 policy->regions[loss->region].name);
	errors_warn(errs, CODE_CAPACITY_LOSS, s->at,
		    "service \"%s\": %sendpoint \"%s\" would get %.0f%% of "
		    "what its region can carry (%.6g of %.6g); %s",
		    s->name, what, s->endpoints[loss->endpoint].name,
		    100 * loss->load / loss->capacity, loss->load,
		    loss->capacity, loss_advice(policy, loss, buf));
}

bool loss_judge(const struct policy *policy, const struct geo *geo,
		struct errors *errs)
{
	struct losses losses;
	bool ok = losses_find(policy, geo, &losses);

	for (size_t i = 0; i < losses.count; i++)
		if (loss_is_beyond(&losses.list[i]))
			warn(policy, &losses.list[i], errs);
	losses_fini(&losses);
	return ok;
}
