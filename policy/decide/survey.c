/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/survey.h"

#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/decide/cuts.h"
#include "policy/decide/intern.h"
#include "policy/decide/mmdb.h"
#include "policy/language/code.h"

#include <stdlib.h>

enum { CORRECTIONS_MAX_OCTETS = 64 << 20 };

bool survey_out_of_memory(const struct survey *s)
{
	errors_add(s->errs, CODE_MEMORY, s->policy->geo.at,
		   "out of memory while reading geo databases");
	return false;
}

static struct place database_place(const struct policy *policy, size_t i)
{
	return policy->geo.database_at != NULL ? policy->geo.database_at[i]
					       : policy->geo.at;
}

bool survey_damaged(const struct survey *s, size_t database)
{
	errors_add(s->errs, CODE_GEO_DATABASE,
		   database_place(s->policy, database),
		   "%s: is damaged; fetch it again (contrib/geo/fetch)",
		   s->policy->geo.databases[database]);
	return false;
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
			errors_add(s->errs, CODE_GEO_DATABASE,
				   database_place(s->policy, i), "%s",
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
		return survey_out_of_memory(s);
	if (*value != 0) {
		errors_add(s->errs, CODE_GEO_NETWORKS,
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
		errors_add(s->errs, CODE_GEO_NETWORKS, s->policy->geo.at, "%s",
			   err.text);
		return false;
	}
	ok = corrections_parse(text, len, path, &s->corrections, s->errs);
	free(text);
	if (!ok)
		return survey_out_of_memory(s);
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
				return survey_out_of_memory(s);
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
		return survey_out_of_memory(s);
	for (unsigned bits = 0; bits <= 128; bits++)
		if (!mark_networks(s, bits))
			return false;
	return true;
}

bool survey_open(struct survey *s)
{
	bool ok;

	s->needs = client_needs_of(s->policy);
	s->sources.corrections = cuts_new();
	s->sources.networks = cuts_new();
	if (s->sources.corrections == NULL || s->sources.networks == NULL)
		return survey_out_of_memory(s);
	/* All mistakes of all files in one run. */
	ok = open_databases(s);
	ok = read_corrections(s) && ok;
	if (!ok || !read_networks(s))
		return false;
	cuts_close(s->sources.corrections);
	cuts_close(s->sources.networks);
	return true;
}

void survey_fini(struct survey *s)
{
	for (size_t i = 0; i < s->sources.count; i++)
		mmdb_close(s->sources.databases[i]);
	cuts_free(s->sources.corrections);
	cuts_free(s->sources.networks);
	corrections_fini(&s->corrections);
	intern_free(s->masks);
}
