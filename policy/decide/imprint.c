/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/imprint.h"

#include "policy/decide/view.h"

#include <stdlib.h>
#include <string.h>

struct imprint_endpoint {
	uint32_t accept, weight;
	bool down, held, commanded;
};

struct imprint {
	bool changing;
	float *latency_ms; /* endpoints x vantages; NULL: nobody looks at it */
	struct imprint_endpoint endpoints[];
};

static struct imprint_endpoint endpoint_of(const struct view_endpoint *e)
{
	return (struct imprint_endpoint){
		.accept = e->accept,
		.weight = e->weight,
		.down = e->health.verdict == VERDICT_DOWN,
		.held = e->health.held,
		.commanded = e->cause == SHARE_COMMAND,
	};
}

struct imprint *imprint_new(const struct view *view, size_t service)
{
	const struct policy_service *declared =
		&view->policy->services[service];
	const struct view_service *seen = &view->services[service];
	size_t count = declared->endpoint_count;
	size_t vantages = view->policy->vantage_count;
	struct imprint *imprint =
		calloc(1, sizeof(*imprint) +
				  count * sizeof(imprint->endpoints[0]) +
				  count * vantages * sizeof(float));

	if (imprint == NULL)
		return NULL;
	imprint->changing = seen->changing;
	if (declared->steer == STEER_LATENCY)
		imprint->latency_ms = (void *)&imprint->endpoints[count];
	for (size_t i = 0; i < count; i++) {
		imprint->endpoints[i] = endpoint_of(&seen->endpoints[i]);
		if (imprint->latency_ms != NULL)
			memcpy(imprint->latency_ms + i * vantages,
			       seen->endpoints[i].latency_ms,
			       vantages * sizeof(float));
	}
	return imprint;
}

void imprint_free(struct imprint *imprint)
{
	free(imprint);
}

static bool is_same(const struct imprint_endpoint *a,
		    const struct imprint_endpoint *b)
{
	return a->accept == b->accept && a->weight == b->weight &&
	       a->down == b->down && a->held == b->held &&
	       a->commanded == b->commanded;
}

static bool hears_same(const float *a, const float *b, size_t vantages)
{
	for (size_t i = 0; i < vantages; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

bool imprint_fits(const struct imprint *imprint, const struct view *view,
		  size_t service)
{
	const struct view_service *seen = &view->services[service];
	size_t count = view->policy->services[service].endpoint_count;
	size_t vantages = view->policy->vantage_count;

	if (imprint->changing != seen->changing)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct view_endpoint *e = &seen->endpoints[i];
		struct imprint_endpoint now = endpoint_of(e);

		if (!is_same(&imprint->endpoints[i], &now) ||
		    (imprint->latency_ms != NULL &&
		     !hears_same(imprint->latency_ms + i * vantages,
				 e->latency_ms, vantages)))
			return false;
	}
	return true;
}
