/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/model.h"

#include "dns/zone.h"
#include "policy/base/error.h"
#include "policy/decide/geo.h"
#include "policy/language/policy.h"

#include <stdlib.h>

static void free_parts(struct policy *policy, struct geo *geo,
		       struct zone *zone)
{
	zone_free(zone);
	geo_free(geo); /* before the policy, which it borrows */
	policy_free(policy);
}

struct model *model_of(struct policy *policy, struct geo *geo,
		       struct errors *errs)
{
	struct zone *zone = zone_build(policy, errs);
	struct model *model = calloc(1, sizeof(*model));

	if (model == NULL)
		errors_add(errs, (struct place){ 0 }, "out of memory");
	if (zone == NULL || model == NULL) {
		free_parts(policy, geo, zone);
		free(model);
		return NULL;
	}
	model->policy = policy;
	model->geo = geo;
	model->zone = zone;
	atomic_init(&model->refs, 1);
	return model;
}

struct model *model_ref(struct model *model)
{
	atomic_fetch_add_explicit(&model->refs, 1, memory_order_relaxed);
	return model;
}

void model_unref(struct model *model)
{
	if (model == NULL ||
	    atomic_fetch_sub_explicit(&model->refs, 1, memory_order_acq_rel) !=
		    1)
		return;
	free_parts(model->policy, model->geo, model->zone);
	free(model);
}
