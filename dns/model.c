/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/model.h"

#include "dns/pool.h"
#include "dns/zones.h"
#include "policy/base/error.h"
#include "policy/decide/demand.h"
#include "policy/decide/geo.h"
#include "policy/decide/vicinity.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"

#include <stdlib.h>

static bool fill_pools(struct model *m)
{
	size_t count = m->policy->service_count;

	m->pools = calloc(count + 1, sizeof(m->pools[0]));
	for (size_t i = 0; m->pools != NULL && i < count; i++)
		if (!pool_init(&m->pools[i], &m->policy->services[i]))
			return false;
	return m->pools != NULL;
}

static bool is_last(atomic_uint *refs)
{
	return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

static void grounds_free(struct grounds *grounds)
{
	free(grounds->homes);
	vicinity_free(grounds->vicinity); /* before what it borrows */
	geo_free(grounds->geo);           /* likewise */
	policy_free(grounds->policy);
	free(grounds);
}

/* So that counting by home costs a query one look. */
static uint8_t *homes_of(const struct policy *policy, const struct geo *geo)
{
	size_t count = geo_class_count(geo);
	uint8_t *homes = calloc(count, sizeof(*homes));

	for (size_t i = 0; homes != NULL && i < count; i++)
		homes[i] = (uint8_t)demand_home(policy,
						geo_class(geo, (uint16_t)i));
	return homes;
}

/* Takes ownership of both, also when memory runs out. */
static struct grounds *grounds_of(struct policy *policy, struct geo *geo)
{
	struct grounds *grounds = calloc(1, sizeof(*grounds));

	if (grounds == NULL) {
		geo_free(geo);
		policy_free(policy);
		return NULL;
	}
	grounds->policy = policy;
	grounds->geo = geo;
	atomic_init(&grounds->refs, 1);
	grounds->vicinity =
		vicinity_new(policy, geo_class(geo, 0), geo_class_count(geo));
	grounds->homes = homes_of(policy, geo);
	if (grounds->vicinity != NULL && grounds->homes != NULL)
		return grounds;
	grounds_free(grounds);
	return NULL;
}

static void grounds_unref(struct grounds *grounds)
{
	if (is_last(&grounds->refs))
		grounds_free(grounds);
}

static void model_free(struct model *m)
{
	for (size_t i = 0; m->pools != NULL && i < m->policy->service_count;
	     i++)
		pool_fini(&m->pools[i]);
	free(m->pools);
	zones_free(m->zones);
	grounds_unref(m->grounds);
	free(m);
}

static bool fill(struct model *m, struct signer *const *signers,
		 struct errors *errs)
{
	if (!fill_pools(m)) {
		errors_add(errs, CODE_MEMORY, (struct place){ 0 },
			   "out of memory");
		return false;
	}
	m->zones = zones_build(m->policy, signers, m->pools, errs);
	return m->zones != NULL;
}

/* Takes over the reference to grounds, NULL when memory ran out for it. */
static struct model *build(struct grounds *grounds,
			   struct signer *const *signers, struct errors *errs)
{
	struct model *model = calloc(1, sizeof(*model));

	if (model == NULL || grounds == NULL) {
		errors_add(errs, CODE_MEMORY, (struct place){ 0 },
			   "out of memory");
		if (grounds != NULL)
			grounds_unref(grounds);
		free(model);
		return NULL;
	}
	model->grounds = grounds;
	model->policy = grounds->policy;
	model->geo = grounds->geo;
	atomic_init(&model->refs, 1);
	if (fill(model, signers, errs))
		return model;
	model_free(model);
	return NULL;
}

struct model *model_of(struct policy *policy, struct geo *geo,
		       struct signer *const *signers, struct errors *errs)
{
	return build(grounds_of(policy, geo), signers, errs);
}

struct model *model_again(const struct model *before,
			  struct signer *const *signers, struct errors *errs)
{
	atomic_fetch_add_explicit(&before->grounds->refs, 1,
				  memory_order_relaxed);
	return build(before->grounds, signers, errs);
}

struct model *model_ref(struct model *model)
{
	atomic_fetch_add_explicit(&model->refs, 1, memory_order_relaxed);
	return model;
}

void model_unref(struct model *model)
{
	if (model != NULL && is_last(&model->refs))
		model_free(model);
}
