/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a survey to a struct geo: each family is walked by a thread of its own
 * into a table and an atlas of the classes met; the classes are then put
 * together, into their order, and the tables are frozen with it.
 *
 * Shell: starts a thread, and waits for it.
 */
#include "policy/base/error.h"
#include "policy/base/thread.h"
#include "policy/decide/atlas.h"
#include "policy/decide/geo_needs.h"
#include "policy/decide/geo_table.h"
#include "policy/decide/mmdb.h"
#include "policy/decide/order.h"
#include "policy/decide/survey.h"
#include "policy/language/code.h"

#include <stdlib.h>
#include <string.h>

#include <malloc.h>
#include <pthread.h>

/* One family's walk on its way into a table. */
struct filling {
	const struct survey *survey;
	enum net_family family;
	struct atlas *atlas;
	struct lpm_builder *builder;
	enum walk_end end;
	size_t damaged;    /* the database at fault */
	uint16_t *renamed; /* its classes' final ids */
};

static bool visit(void *arg, unsigned bits, const uint32_t *refs)
{
	struct filling *f = arg;
	uint32_t class_id = atlas_class(f->atlas, bits, refs);

	if (class_id == UINT32_MAX)
		return false;
	lpm_add(f->builder, bits, (uint16_t)class_id);
	return true;
}

static bool filling_init(struct filling *f, const struct survey *s,
			 enum net_family family)
{
	f->survey = s;
	f->family = family;
	f->builder = lpm_builder_new(family);
	f->atlas = atlas_new(&(struct atlas_setup){
		.policy = s->policy,
		.family = family,
		.needs = &s->needs,
		.sources = &s->sources,
		.corrections = &s->corrections,
		.networks = s->masks,
	});
	return f->builder != NULL && f->atlas != NULL;
}

static void filling_fini(struct filling *f)
{
	lpm_builder_free(f->builder);
	atlas_free(f->atlas);
	free(f->renamed);
}

static void *fill(void *arg)
{
	struct filling *f = arg;

	f->end = walk_family(&f->survey->sources, f->family, visit, f,
			     &f->damaged);
	return NULL;
}

/* A thread that cannot be had costs time, no more. */
static void fill_both(struct filling *v4, struct filling *v6)
{
	pthread_t thread;
	struct error err;
	bool both = thread_start(&thread, "windrose-geo6", fill, v6, &err);

	fill(v4);
	if (both)
		pthread_join(thread, NULL);
	else
		fill(v6);
}

static bool too_many_classes(const struct survey *s)
{
	errors_add(s->errs, CODE_GEO_CLASSES, s->policy->geo.at,
		   "clients fall into more than %d classes; name fewer "
		   "networks, subdivisions or AS numbers in client sets",
		   ATLAS_CLASSES_MAX);
	return false;
}

static bool atlas_trouble(const struct survey *s, const struct atlas *atlas)
{
	size_t database;

	switch (atlas_failed(atlas, &database)) {
	case ATLAS_DAMAGED:
		return survey_damaged(s, database);
	case ATLAS_CLASSES:
		return too_many_classes(s);
	case ATLAS_MEMORY:
	case ATLAS_FINE:
		break;
	}
	return survey_out_of_memory(s);
}

/* False with the error reported. */
static bool filled(const struct filling *f)
{
	switch (f->end) {
	case WALK_DONE:
		return true;
	case WALK_DAMAGED:
		return survey_damaged(f->survey, f->damaged);
	case WALK_REFUSED:
		break;
	}
	return atlas_trouble(f->survey, f->atlas);
}

/* All classes into v4's atlas; what each family calls them into renamed. */
static bool put_together(struct filling *v4, struct filling *v6)
{
	size_t count, count_v6;
	const struct client_class *classes;
	uint16_t *place;

	atlas_classes(v6->atlas, &count_v6);
	v6->renamed = calloc(count_v6, sizeof(*v6->renamed));
	if (v6->renamed == NULL)
		return survey_out_of_memory(v4->survey);
	if (!atlas_merge(v4->atlas, v6->atlas, v6->renamed))
		return atlas_trouble(v4->survey, v4->atlas);
	classes = atlas_classes(v4->atlas, &count);
	v4->renamed = place = calloc(count, sizeof(*place));
	if (place == NULL || !order_classes(classes, count, place))
		return survey_out_of_memory(v4->survey);
	for (size_t i = 0; i < count_v6; i++)
		v6->renamed[i] = place[v6->renamed[i]];
	return true;
}

static bool take_classes(struct geo *geo, const struct filling *v4)
{
	const struct client_class *classes =
		atlas_classes(v4->atlas, &geo->class_count);

	geo->classes = calloc(geo->class_count, sizeof(*geo->classes));
	if (geo->classes == NULL || !geo_own_rows(geo))
		return survey_out_of_memory(v4->survey);
	for (size_t i = 0; i < geo->class_count; i++)
		geo->classes[v4->renamed[i]] = classes[i];
	return true;
}

static struct geo_given given_by(const struct survey *s,
				 const struct filling *v4,
				 const struct filling *v6)
{
	struct geo_given given = {
		.v4 = atlas_seen(v4->atlas),
		.v6 = atlas_seen(v6->atlas),
	};

	for (size_t i = 0; i < s->sources.count; i++)
		given.in[i] = atlas_seen_in(v4->atlas, i) |
			      atlas_seen_in(v6->atlas, i);
	return given;
}

static struct lpm *freeze(struct filling *f)
{
	struct lpm *lpm = lpm_freeze(f->builder, f->renamed);

	f->builder = NULL;
	if (lpm == NULL)
		survey_out_of_memory(f->survey);
	return lpm;
}

static bool compile(struct geo *geo, const struct survey *s, struct filling *v4,
		    struct filling *v6)
{
	if (!filling_init(v4, s, NET_V4) || !filling_init(v6, s, NET_V6))
		return survey_out_of_memory(s);
	fill_both(v4, v6);
	if (!filled(v4) || !filled(v6))
		return false;
	geo->given = given_by(s, v4, v6);
	if (!geo_needs_met(s->policy, &s->needs, &geo->given, s->errs))
		return false;
	geo->networks_read =
		atlas_networks(v4->atlas) + atlas_networks(v6->atlas);
	for (size_t i = 0; i < s->sources.count; i++) {
		int64_t built = mmdb_wall_built_ms(s->sources.databases[i]);

		if (built > geo->wall_built_ms)
			geo->wall_built_ms = built;
	}
	if (!put_together(v4, v6) || !take_classes(geo, v4))
		return false;
	geo->v4 = freeze(v4);
	geo->v6 = geo->v4 == NULL ? NULL : freeze(v6);
	return geo->v6 != NULL;
}

struct geo *geo_open(const struct policy *policy, struct errors *errs)
{
	struct survey s = { .policy = policy, .errs = errs };
	struct filling v4 = { 0 }, v6 = { 0 };
	struct geo *geo = calloc(1, sizeof(*geo));
	bool ok = false;

	if (geo != NULL)
		ok = survey_open(&s) && compile(geo, &s, &v4, &v6);
	else
		survey_out_of_memory(&s);
	filling_fini(&v4);
	filling_fini(&v6);
	survey_fini(&s);
	/* What loading needed, more than the result, goes back. */
	malloc_trim(0);
	if (ok)
		return geo;
	geo_free(geo);
	return NULL;
}
