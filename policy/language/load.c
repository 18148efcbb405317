/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/load.h"

#include "policy/base/arena.h"
#include "policy/language/acceptance.h"
#include "policy/language/code.h"
#include "policy/language/compile.h"
#include "policy/language/judge.h"
#include "policy/language/rings.h"
#include "policy/language/sources.h"
#include "policy/language/zonefile.h"

#include <string.h>

/* The static records: those of the master file, and what it leaves out. */
static void load_zone(struct draft *d, size_t index)
{
	const struct source *source = NULL;
	struct tree *records;

	if (d->policy->zones[index].name == NULL || d->lost)
		return;
	if (!draft_usable(d->zone_nodes[index], "records", &records))
		return;
	if (records != NULL) {
		source = sources_read(d->sources, records->text, records->at,
				      d->errs);
		if (source == NULL)
			return;
	}
	zonefile_load(d, index, source);
	judge_refresh(d, index);
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

/* Octets of the UTF-8 sequence at text (RFC 3629, 4); 0 when it is none. */
static size_t sequence_octets(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t width = at[0] < 0x80                    ? 1
		       : at[0] >= 0xc2 && at[0] < 0xe0 ? 2
		       : at[0] >= 0xe0 && at[0] < 0xf0 ? 3
		       : at[0] >= 0xf0 && at[0] < 0xf5 ? 4
						       : 0;

	for (size_t i = 1; i < width; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return width;
}

/*
 * Errors quote what was written: a line's end in it must not end the error's
 * line, nor may an escape sequence reach a terminal.  Quotes are cut by
 * octets, so half a character can be at the end.
 */
static void make_printable(char *text)
{
	while (*text != '\0') {
		size_t octets = sequence_octets(text);
		bool control = (unsigned char)*text < ' ' || *text == 0x7f ||
			       (octets == 2 && (unsigned char)text[0] == 0xc2 &&
				(unsigned char)text[1] < 0xa0);

		if (octets == 0 || control) {
			*text++ = '?';
			continue;
		}
		text += octets;
	}
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
		for (size_t i = 0; i < d.policy->zone_count; i++)
			load_zone(&d, i);
		if (errs->fatal == before && !d.lost)
			rings_judge(&d);
		load_networks(&d);
		if (!d.lost && !sources_digest(sources, d.policy->digest))
			errors_add(errs, CODE_MEMORY, (struct place){ 0 },
				   "out of memory; no digest could be made");
	}
	for (size_t i = 0; i < errs->count; i++)
		make_printable(errs->list[i].error.text);
	if (d.policy != NULL)
		acceptance_apply(&d.policy->review, errs, false);
	errors_sort(errs);
	if (errs->fatal == before && !d.file_missing && !errs->lost)
		return d.policy;
	for (size_t i = 0; i < errs->count; i++)
		errs->list[i].reason = NULL; /* gone with the policy */
	arena_free(arena);
	return NULL;
}
