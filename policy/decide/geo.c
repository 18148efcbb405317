/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/geo.h"

#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/decide/atlas.h"
#include "policy/decide/corrections.h"
#include "policy/decide/cuts.h"
#include "policy/decide/geo_needs.h"
#include "policy/decide/intern.h"
#include "policy/decide/lpm.h"
#include "policy/decide/mmdb.h"
#include "policy/decide/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

enum { CORRECTIONS_MAX_OCTETS = 64 << 20 };

struct geo {
	struct lpm *v4, *v6;
	struct client_class *classes;
	size_t class_count, networks_read;
	int64_t wall_built_ms;
};

/* What loading needs and the result does not. */
struct survey {
	const struct policy *policy;
	struct client_needs needs;
	struct walk_sources sources;
	struct corrections corrections;
	struct intern *masks; /* number 0 is "in no network" */
	struct atlas *atlas;
	struct errors *errs;
};

/* One family's walk on its way into a table. */
struct filling {
	struct atlas *atlas;
	enum net_family family;
	struct lpm_builder *builder;
};

static bool out_of_memory(const struct survey *s)
{
	errors_add(s->errs, s->policy->geo.at,
		   "out of memory while reading geo databases");
	return false;
}

static struct place database_place(const struct policy *policy, size_t i)
{
	return policy->geo.database_at != NULL ? policy->geo.database_at[i]
					       : policy->geo.at;
}

static bool open_databases(struct survey *s)
{
	const struct policy_geo *geo = &s->policy->geo;
	size_t fatal = s->errs->fatal;

	for (size_t i = 0; i < geo->database_count; i++) {
		struct error err;
		struct mmdb *db = mmdb_open(geo->databases[i], &err);

		if (db != NULL)
			s->sources.databases[s->sources.count++] = db;
		else
			errors_add(s->errs, database_place(s->policy, i), "%s",
				   err.text);
	}
	return s->errs->fatal == fatal;
}

static bool place_correction(struct survey *s, size_t index)
{
	const struct correction *c = &s->corrections.list[index];
	uint32_t *value = cuts_at(s->sources.corrections, &c->prefix);
	char text[NET_TEXT_SIZE];

	if (value == NULL)
		return out_of_memory(s);
	if (*value != 0) {
		errors_add(s->errs,
			   (struct place){ s->policy->geo.networks, c->line,
					   1 },
			   "%s is on line %u already",
			   net_prefix_text(&c->prefix, text),
			   s->corrections.list[*value - 1].line);
		return false;
	}
	*value = (uint32_t)index + 1;
	return true;
}

static bool read_corrections(struct survey *s)
{
	const char *path = s->policy->geo.networks;
	size_t len, fatal = s->errs->fatal;
	struct error err;
	char *text;
	bool ok;

	if (path == NULL)
		return true;
	text = file_read(path, CORRECTIONS_MAX_OCTETS, &len, &err);
	if (text == NULL) {
		errors_add(s->errs, s->policy->geo.at, "%s", err.text);
		return false;
	}
	ok = corrections_parse(text, len, path, &s->corrections, s->errs);
	free(text);
	if (!ok)
		return out_of_memory(s);
	for (size_t i = 0; i < s->corrections.count; i++)
		place_correction(s, i);
	return s->errs->fatal == fatal;
}

/* Marks the networks of the sets with this prefix length: an inner network is
 * also in the sets of those around it, which have been marked before. */
static bool mark_networks(struct survey *s, unsigned bits)
{
	for (size_t i = 0; i < s->policy->set_count; i++) {
		const struct client_set *set = &s->policy->sets[i];

		for (size_t j = 0; j < set->term_count; j++) {
			const struct client_term *term = &set->terms[j];
			uint32_t around, number, *value;
			uint64_t mask;

			if (term->kind != TERM_NETWORK ||
			    term->prefix.bits != bits)
				continue;
			around = cuts_longest(s->sources.networks,
					      &term->prefix);
			mask = *intern_key(s->masks, around) | UINT64_C(1) << i;
			number = intern_number(s->masks, &mask, NULL);
			value = cuts_at(s->sources.networks, &term->prefix);
			if (number == UINT32_MAX || value == NULL)
				return out_of_memory(s);
			*value = number;
		}
	}
	return true;
}

static bool read_networks(struct survey *s)
{
	const uint64_t none = 0;

	s->masks = intern_new(1);
	if (s->masks == NULL || intern_number(s->masks, &none, NULL) != 0)
		return out_of_memory(s);
	for (unsigned bits = 0; bits <= 128; bits++)
		if (!mark_networks(s, bits))
			return false;
	return true;
}

static bool prepare(struct survey *s)
{
	bool ok;

	s->needs = client_needs_of(s->policy);
	s->sources.corrections = cuts_new();
	s->sources.networks = cuts_new();
	if (s->sources.corrections == NULL || s->sources.networks == NULL)
		return out_of_memory(s);
	/* All mistakes of all files in one run. */
	ok = open_databases(s);
	ok = read_corrections(s) && ok;
	if (!ok || !read_networks(s))
		return false;
	s->atlas = atlas_new(&(struct atlas_setup){
		.policy = s->policy,
		.needs = &s->needs,
		.sources = &s->sources,
		.corrections = &s->corrections,
		.networks = s->masks,
	});
	return s->atlas != NULL || out_of_memory(s);
}

static bool visit(void *arg, unsigned bits, const uint32_t *refs)
{
	struct filling *f = arg;
	uint32_t class_id = atlas_class(f->atlas, f->family, bits, refs);

	if (class_id == UINT32_MAX)
		return false;
	lpm_add(f->builder, bits, (uint16_t)class_id);
	return true;
}

static bool damaged(const struct survey *s, size_t database)
{
	errors_add(s->errs, database_place(s->policy, database),
		   "%s: is damaged; fetch it again (contrib/geo/fetch)",
		   s->policy->geo.databases[database]);
	return false;
}

static bool refused(const struct survey *s)
{
	size_t database;

	switch (atlas_failed(s->atlas, &database)) {
	case ATLAS_DAMAGED:
		return damaged(s, database);
	case ATLAS_CLASSES:
		errors_add(s->errs, s->policy->geo.at,
			   "clients fall into more than %d classes; name "
			   "fewer networks, subdivisions or AS numbers in "
			   "client sets",
			   ATLAS_CLASSES_MAX);
		return false;
	case ATLAS_MEMORY:
	case ATLAS_FINE:
		break;
	}
	return out_of_memory(s);
}

/* NULL with the error reported. */
static struct lpm *fill(const struct survey *s, enum net_family family)
{
	struct filling f = {
		.atlas = s->atlas,
		.family = family,
		.builder = lpm_builder_new(family),
	};
	size_t database = 0;
	struct lpm *lpm;

	if (f.builder == NULL) {
		out_of_memory(s);
		return NULL;
	}
	switch (walk_family(&s->sources, family, visit, &f, &database)) {
	case WALK_DONE:
		lpm = lpm_freeze(f.builder);
		if (lpm == NULL)
			out_of_memory(s);
		return lpm;
	case WALK_DAMAGED:
		damaged(s, database);
		break;
	case WALK_REFUSED:
		refused(s);
		break;
	}
	lpm_builder_free(f.builder);
	return NULL;
}

static bool compile(struct survey *s, struct geo *geo)
{
	struct geo_given given = { 0 };

	geo->v4 = fill(s, NET_V4);
	if (geo->v4 != NULL)
		geo->v6 = fill(s, NET_V6);
	if (geo->v6 == NULL)
		return false;
	for (size_t i = 0; i < s->sources.count; i++) {
		const struct mmdb *db = s->sources.databases[i];
		int64_t built = mmdb_wall_built_ms(db);

		if (built > geo->wall_built_ms)
			geo->wall_built_ms = built;
		given.in[i] = atlas_seen_in(s->atlas, i);
	}
	given.v4 = atlas_seen(s->atlas, NET_V4);
	given.v6 = atlas_seen(s->atlas, NET_V6);
	if (!geo_needs_met(s->policy, &s->needs, &given, s->errs))
		return false;
	geo->networks_read = atlas_networks(s->atlas);
	geo->classes = atlas_take_classes(s->atlas, &geo->class_count);
	return true;
}

static void survey_fini(struct survey *s)
{
	atlas_free(s->atlas);
	for (size_t i = 0; i < s->sources.count; i++)
		mmdb_close(s->sources.databases[i]);
	cuts_free(s->sources.corrections);
	cuts_free(s->sources.networks);
	corrections_fini(&s->corrections);
	intern_free(s->masks);
}

struct geo *geo_open(const struct policy *policy, struct errors *errs)
{
	struct survey s = { .policy = policy, .errs = errs };
	struct geo *geo = calloc(1, sizeof(*geo));
	bool ok = geo != NULL || out_of_memory(&s);

	ok = ok && prepare(&s) && compile(&s, geo);
	survey_fini(&s);
	if (ok)
		return geo;
	geo_free(geo);
	return NULL;
}

void geo_free(struct geo *geo)
{
	if (geo == NULL)
		return;
	lpm_free(geo->v4);
	lpm_free(geo->v6);
	free(geo->classes);
	free(geo);
}

static const struct lpm *table(const struct geo *geo, enum net_family family)
{
	return family == NET_V4 ? geo->v4 : geo->v6;
}

struct geo_match geo_find(const struct geo *geo, const struct net_addr *addr)
{
	struct lpm_match m;

	if (addr->family == NET_NONE)
		return (struct geo_match){ 0 };
	m = lpm_match(table(geo, addr->family), addr);
	return (struct geo_match){ .class_id = m.class_id, .bits = m.bits };
}

size_t geo_class_count(const struct geo *geo)
{
	return geo->class_count;
}

const struct client_class *geo_class(const struct geo *geo, uint16_t class_id)
{
	return &geo->classes[class_id];
}

uint8_t geo_scope(const struct geo *geo, const struct net_addr *addr,
		  const uint16_t *row_of_class)
{
	if (addr->family == NET_NONE)
		return 0;
	return lpm_scope(table(geo, addr->family), addr, row_of_class);
}

struct geo_size geo_size(const struct geo *geo)
{
	return (struct geo_size){
		.octets = sizeof(*geo) + lpm_octets(geo->v4) +
			  lpm_octets(geo->v6) +
			  geo->class_count * sizeof(*geo->classes),
		.networks_read = geo->networks_read,
		.leaves_v4 = lpm_leaves(geo->v4),
		.leaves_v6 = lpm_leaves(geo->v6),
		.wall_built_ms = geo->wall_built_ms,
	};
}

char *geo_stamp(const struct policy *policy)
{
	enum { STAMP_OCTETS = 96 };
	size_t count = policy->geo.database_count;
	size_t size = (count + 1) * STAMP_OCTETS, used = 0;
	char *stamp = calloc(1, size);

	for (size_t i = 0; stamp != NULL && i <= count; i++) {
		const char *path = i < count ? policy->geo.databases[i]
					     : policy->geo.networks;
		struct stat st;

		if (path == NULL)
			continue;
		if (stat(path, &st) != 0) {
			free(stamp);
			return NULL;
		}
		used += (size_t)snprintf(
			stamp + used, size - used, "%s%jx:%jx:%jd:%jd.%09ld",
			used == 0 ? "" : " ", (uintmax_t)st.st_dev,
			(uintmax_t)st.st_ino, (intmax_t)st.st_size,
			(intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	}
	return stamp;
}
