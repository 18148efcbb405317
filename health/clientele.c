/* SPDX-License-Identifier: Apache-2.0 */
#include "health/clientele.h"

#include "policy/base/errand.h"
#include "policy/base/error.h"
#include "policy/decide/geo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one load gives. */
struct load {
	struct geo *geo; /* NULL: it failed */
	struct samples samples;
	char *stamp; /* of the files, before they were read; NULL: one was gone
		      */
	char trouble[120];
};

struct clientele {
	struct event_base *loop;
	const struct policy *policy;
	void (*on_loaded)(void *arg);
	void *arg;
	struct load is;
	struct load next;      /* the errand's until it is over */
	struct errand *errand; /* NULL: none is under way */
};

static void load_fini(struct load *load)
{
	samples_fini(&load->samples);
	geo_free(load->geo);
	free(load->stamp);
	*load = (struct load){ 0 };
}

static void note_errors(struct load *load, const struct errors *errs)
{
	char line[300];

	snprintf(load->trouble, sizeof(load->trouble), "out of memory");
	for (size_t i = errs->count; i-- > 0;)
		if (errs->list[i].severity == SEVERITY_ERROR)
			snprintf(load->trouble, sizeof(load->trouble), "%.*s",
				 (int)sizeof(load->trouble) - 1,
				 error_line(&errs->list[i].error, line,
					    sizeof(line)));
}

/* In the thread. */
static void work(void *arg)
{
	struct clientele *g = arg;
	struct errors errs = { 0 };

	g->next.stamp = geo_stamp(g->policy);
	g->next.geo = geo_open(g->policy, &errs);
	if (g->next.geo != NULL &&
	    !samples_find(g->next.geo, &g->next.samples)) {
		geo_free(g->next.geo);
		g->next.geo = NULL;
	}
	if (g->next.geo == NULL)
		note_errors(&g->next, &errs);
	errors_fini(&errs);
}

/* What does not load leaves what was there, and is not tried again before it
 * changes once more. */
static void on_done(void *arg)
{
	struct clientele *g = arg;
	struct load next = g->next;

	errand_free(g->errand);
	g->errand = NULL;
	g->next = (struct load){ 0 };
	if (next.geo == NULL) {
		free(g->is.stamp);
		g->is.stamp = next.stamp;
		memcpy(g->is.trouble, next.trouble, sizeof(next.trouble));
		next.stamp = NULL;
		load_fini(&next);
		return;
	}
	load_fini(&g->is);
	g->is = next;
	g->on_loaded(g->arg);
}

static bool begin(struct clientele *g, struct error *err)
{
	const struct errand_config config = {
		.name = "windrose-geo",
		.work = work,
		.done = on_done,
		.arg = g,
	};

	g->errand = errand_start(g->loop, &config, err);
	return g->errand != NULL;
}

struct clientele *clientele_start(struct event_base *loop,
				  const struct policy *policy,
				  void (*on_loaded)(void *arg), void *arg,
				  struct error *err)
{
	struct clientele *g = calloc(1, sizeof(*g));

	if (g == NULL) {
		error_set(err, "out of memory while loading geo databases");
		return NULL;
	}
	g->loop = loop;
	g->policy = policy;
	g->on_loaded = on_loaded;
	g->arg = arg;
	if (begin(g, err))
		return g;
	clientele_stop(g);
	return NULL;
}

void clientele_look(struct clientele *g)
{
	struct error err;
	char *stamp;

	if (g->errand != NULL)
		return;
	stamp = geo_stamp(g->policy);
	if (stamp != NULL &&
	    (g->is.stamp == NULL || strcmp(stamp, g->is.stamp) != 0) &&
	    !begin(g, &err))
		snprintf(g->is.trouble, sizeof(g->is.trouble), "%.*s",
			 (int)sizeof(g->is.trouble) - 1, err.text);
	free(stamp);
}

const struct samples *clientele_samples(const struct clientele *g)
{
	return &g->is.samples;
}

const struct client_class *clientele_class(const struct clientele *g,
					   const struct net_addr *addr)
{
	return geo_class(g->is.geo, geo_class_of(g->is.geo, addr));
}

const char *clientele_trouble(const struct clientele *g)
{
	return g->is.trouble;
}

void clientele_stop(struct clientele *g)
{
	if (g == NULL)
		return;
	errand_free(g->errand);
	load_fini(&g->next);
	load_fini(&g->is);
	free(g);
}
