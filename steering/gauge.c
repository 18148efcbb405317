/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/gauge.h"

#include "policy/base/error.h"
#include "policy/language/policy.h"
#include "steering/counted.h"
#include "steering/prometheus.h"
#include "steering/rollout.h"

#include <stdlib.h>
#include <string.h>

struct gauge {
	struct prometheus *prometheus;
	struct counted counted;
	const struct policy *policy; /* borrowed; NULL: none */
	struct measure *measures;    /* owned; of each canary */
	uint64_t numbered;           /* those of edges */
};

struct gauge *gauge_start(struct event_base *loop, void (*told)(void *arg),
			  void *arg, struct error *err)
{
	struct gauge *g = calloc(1, sizeof(*g));

	if (g == NULL) {
		error_set(err, "gauge: out of memory");
		return NULL;
	}
	g->prometheus = prometheus_start(loop, told, arg, err);
	if (g->prometheus != NULL)
		return g;
	free(g);
	return NULL;
}

void gauge_stop(struct gauge *g)
{
	if (g == NULL)
		return;
	prometheus_stop(g->prometheus);
	counted_fini(&g->counted);
	free(g->measures);
	free(g);
}

bool gauge_adopt(struct gauge *g, const struct policy *policy)
{
	/* The old policy goes, whatever becomes of the new one. */
	prometheus_adopt(g->prometheus, NULL, NULL);
	g->policy = NULL;
	free(g->measures);
	g->measures = calloc(policy->canary_count + 1, sizeof(*g->measures));
	if (g->measures == NULL || !counted_adopt(&g->counted, policy) ||
	    !prometheus_adopt(g->prometheus, policy, g->measures))
		return false;
	g->policy = policy;
	return true;
}

bool gauge_take(struct gauge *g, const char *edge, const void *octets,
		size_t len, int64_t now_ms, struct error *err)
{
	struct served *served = served_parse(octets, len, err);

	if (served == NULL)
		return false;
	if (strcmp(served->node, edge) != 0) {
		error_set(err, "served: of %s, found under %s", served->node,
			  edge);
		served_free(served);
		return false;
	}
	if (counted_take(&g->counted, served, now_ms))
		return true;
	error_set(err, "served: out of memory");
	return false;
}

static void count_edges(struct gauge *g, size_t canary,
			const struct plan_canary *at, int64_t now_ms)
{
	const struct policy_metrics *m = &g->policy->canaries[canary].metrics;
	struct measure *last = &g->measures[canary];

	if (last->number != 0 && now_ms - last->taken_ms < m->interval_ms)
		return;
	*last = counted_measure(&g->counted, canary, at->stage, now_ms);
	last->number = ++g->numbered;
}

void gauge_turn(struct gauge *g, const struct plan_canary *canaries,
		struct ramp_now now)
{
	prometheus_turn(g->prometheus, canaries, now);
	for (size_t i = 0; g->policy != NULL && i < g->policy->canary_count;
	     i++) {
		if (!g->policy->canaries[i].metrics.edges)
			continue;
		if (canaries != NULL && rollout_is_watched(&canaries[i]))
			count_edges(g, i, &canaries[i], now.now_ms);
		else
			g->measures[i].number = 0;
	}
}

const struct measure *gauge_measures(const struct gauge *g)
{
	return g->policy == NULL ? NULL : g->measures;
}

const struct counted *gauge_counted(const struct gauge *g)
{
	return &g->counted;
}
