/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/table.h"

#include "dns/decision.h"
#include "dns/model.h"
#include "policy/decide/view.h"
#include "policy/language/policy.h"

#include <stdlib.h>
#include <string.h>

struct table {
	struct model *model;
	struct decision **decisions; /* by service; a reference each */
	uint64_t serial;             /* of the view they were made of */
};

/* The decision of previous, if nothing it was made of has changed. */
static struct decision *unchanged(const struct table *previous,
				  const struct model *model,
				  const struct view *view, size_t service)
{
	if (previous == NULL || previous->model->grounds != model->grounds ||
	    view->services[service].since > previous->serial)
		return NULL;
	return decision_ref(previous->decisions[service]);
}

/* One division for all that divide alike, in this table or the one before. */
static void share_division(const struct table *t, const struct table *previous,
			   struct decision *d)
{
	size_t services = t->model->policy->service_count;

	for (size_t i = 0; i < services && t->decisions[i] != NULL; i++)
		if (decision_share(d, t->decisions[i]))
			return;
	if (previous == NULL || previous->model->grounds != t->model->grounds)
		return;
	for (size_t i = 0; i < services; i++)
		if (decision_share(d, previous->decisions[i]))
			return;
}

static bool decide(struct table *t, const struct view *view,
		   const struct table *previous, size_t service)
{
	struct decision *d = unchanged(previous, t->model, view, service);

	if (d == NULL) {
		d = decision_build(t->model, view, service);
		if (d == NULL)
			return false;
		share_division(t, previous, d);
	}
	t->decisions[service] = d;
	return true;
}

struct table *table_build(struct model *model, const struct view *view,
			  const struct table *previous)
{
	size_t services = model->policy->service_count;
	struct table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->model = model_ref(model);
	t->serial = view->serial;
	t->decisions = calloc(services + 1, sizeof(t->decisions[0]));
	if (t->decisions == NULL)
		goto fail;
	for (size_t i = 0; i < services; i++)
		if (!decide(t, view, previous, i))
			goto fail;
	return t;
fail:
	table_free(t);
	return NULL;
}

bool table_same(const struct table *a, const struct table *b)
{
	return a->model == b->model &&
	       memcmp(a->decisions, b->decisions,
		      a->model->policy->service_count *
			      sizeof(struct decision *)) == 0;
}

void table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; table->decisions != NULL &&
			   i < table->model->policy->service_count;
	     i++)
		decision_unref(table->decisions[i]);
	free(table->decisions);
	model_unref(table->model);
	free(table);
}

const struct model *table_model(const struct table *table)
{
	return table->model;
}

const struct decision *table_decision(const struct table *table, size_t service)
{
	return table->decisions[service];
}
