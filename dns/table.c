/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/table.h"

#include "dns/decision.h"
#include "dns/model.h"
#include "policy/decide/opening.h"
#include "policy/decide/view.h"
#include "policy/language/policy.h"

#include <stdlib.h>
#include <string.h>

struct table {
	struct model *model;
	struct decision **decisions; /* by service; a reference each */
	uint32_t *ttls_s; /* by service: at most; NULL: no change is in sight */
	uint64_t serial;  /* of the view they were made of */
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

/* A limit that is no limit stays the same, so that tables do. */
static uint32_t limit_of(const struct table *t, const struct view *view,
			 size_t service)
{
	uint32_t limit_s = opening_ttl_s(view, service);

	return limit_s < t->model->policy->services[service].ttl.steady_s
		       ? limit_s
		       : UINT32_MAX;
}

/* Most tables have none.  False when memory runs out. */
static bool limit_ttls(struct table *t, const struct view *view)
{
	size_t services = t->model->policy->service_count;

	if (view->opening_until_ms == 0)
		return true;
	t->ttls_s = calloc(services, sizeof(t->ttls_s[0]));
	for (size_t i = 0; t->ttls_s != NULL && i < services; i++)
		t->ttls_s[i] = limit_of(t, view, i);
	return t->ttls_s != NULL;
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
	if (t->decisions == NULL || !limit_ttls(t, view))
		goto fail;
	for (size_t i = 0; i < services; i++)
		if (!decide(t, view, previous, i))
			goto fail;
	return t;
fail:
	table_free(t);
	return NULL;
}

static bool ttls_same(const struct table *a, const struct table *b)
{
	size_t services = a->model->policy->service_count;

	if (a->ttls_s == NULL || b->ttls_s == NULL)
		return a->ttls_s == b->ttls_s;
	return memcmp(a->ttls_s, b->ttls_s, services * sizeof(a->ttls_s[0])) ==
	       0;
}

bool table_same(const struct table *a, const struct table *b)
{
	size_t services = a->model->policy->service_count;

	return a->model == b->model && ttls_same(a, b) &&
	       memcmp(a->decisions, b->decisions,
		      services * sizeof(struct decision *)) == 0;
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
	free(table->ttls_s);
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

uint32_t table_ttl_s(const struct table *table, size_t service)
{
	return table->ttls_s == NULL ? UINT32_MAX : table->ttls_s[service];
}
