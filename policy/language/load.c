/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/load.h"

#include "policy/base/arena.h"
#include "policy/language/compile.h"
#include "policy/language/sources.h"
#include "policy/language/zonefile.h"

#include <string.h>

/* The static records: those of the master file, and what it leaves out. */
static void load_zone(struct draft *d)
{
	const struct tree *section = d->sections[SECTION_ZONE];
	const struct source *source = NULL;
	struct tree *records;

	if (section == NULL || d->policy->zone.name == NULL || d->lost)
		return;
	if (!draft_usable(section, "records", &records))
		return;
	if (records != NULL) {
		source = sources_read(d->sources, records->text, records->at,
				      d->errs);
		if (source == NULL)
			return;
	}
	zonefile_load(d, source);
}

/* Not parsed here, but what it says is part of the policy. */
static void load_networks(struct draft *d)
{
	struct tree *networks;

	if (d->sections[SECTION_GEO] == NULL ||
	    !draft_usable(d->sections[SECTION_GEO], "networks", &networks) ||
	    networks == NULL)
		return;
	sources_read(d->sources, networks->text, networks->at, d->errs);
}

struct policy *load_policy(struct sources *sources, const char *path,
			   struct errors *errs)
{
	struct arena *arena = sources->arena;
	struct draft d = { .arena = arena, .errs = errs, .sources = sources };
	size_t before = errs->fatal;

	/* A file that could not be read at all may hold what others name. */
	d.file_missing = errs->fatal > 0;
	d.policy = draft_alloc(&d, 1, sizeof(*d.policy));
	if (d.policy != NULL) {
		d.policy->arena = arena;
		d.policy->directory = draft_text(&d, path);
		compile_policy(&d);
		load_zone(&d);
		load_networks(&d);
		if (!d.lost && !sources_digest(sources, d.policy->digest))
			errors_add(errs, (struct place){ 0 },
				   "out of memory; no digest could be made");
	}
	errors_sort(errs);
	if (errs->fatal == before && !d.file_missing && !errs->lost)
		return d.policy;
	arena_free(arena);
	return NULL;
}
