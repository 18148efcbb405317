/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/compile.h"

#include "policy/language/acceptance.h"
#include "policy/language/anchor.h"
#include "policy/language/calendar.h"
#include "policy/language/code.h"
#include "policy/language/compound.h"
#include "policy/language/expression.h"
#include "policy/language/failover.h"
#include "policy/language/fill.h"
#include "policy/language/judge.h"
#include "policy/language/leftover.h"
#include "policy/language/merge.h"
#include "policy/language/probing.h"
#include "policy/language/reach.h"
#include "policy/language/refer.h"
#include "policy/language/service.h"
#include "policy/language/sources.h"
#include "policy/language/survey.h"
#include "policy/language/terms.h"
#include "policy/language/tests.h"
#include "policy/language/waves.h"
#include "policy/language/window.h"
#include "policy/language/zones.h"

#include <stdio.h>
#include <string.h>

enum { WHERE_SIZE = 200 };

static void merge_files(struct draft *d)
{
	struct sources *s = d->sources;

	for (size_t i = 0; i < s->count; i++) {
		struct tree *root;

		if (!s->list[i].policy)
			continue;
		root = tree_read(d->arena, s->list[i].path, s->list[i].octets,
				 s->list[i].len, d->errs);
		if (root == NULL)
			d->file_missing = true;
		else
			merge_file(d, root);
	}
}

/* Sections that are one struct: written or not, their defaults are set. */
static void read_map(struct draft *d, enum section section, void *target)
{
	const struct schema_row *row = &schema_top.rows[section];
	struct tree empty = { .kind = TREE_MAP };

	fill_map(d, row->inner,
		 d->sections[section] == NULL ? &empty : d->sections[section],
		 row->key, target);
}

struct list {
	enum section section;
	void *base;
	size_t count, stride;
};

/* Sections of named things that need no more than their rows. */
static void read_list(struct draft *d, const struct list *list)
{
	const struct schema_row *row = &schema_top.rows[list->section];
	struct tree *section = d->sections[list->section];
	struct tree *node = section == NULL ? NULL : section->first;
	char where[WHERE_SIZE];

	for (size_t i = 0; node != NULL && i < list->count;
	     i++, node = node->next) {
		snprintf(where, sizeof(where), "%s.%.100s", row->key,
			 node->key->text);
		fill_map(d, row->inner, node, where,
			 (char *)list->base + i * list->stride);
	}
}

static void judge_checks(struct draft *d)
{
	struct tree *section = d->sections[SECTION_CHECKS];
	struct tree *node = section == NULL ? NULL : section->first;

	for (size_t i = 0; node != NULL && i < d->policy->check_count;
	     i++, node = node->next)
		judge_check(d, &d->policy->checks[i], node);
}

static void judge_vantages(struct draft *d)
{
	struct tree *section = d->sections[SECTION_VANTAGES];
	struct tree *node = section == NULL ? NULL : section->first;

	for (size_t i = 0; node != NULL && i < d->policy->vantage_count;
	     i++, node = node->next)
		anchor_judge(d, &d->policy->vantages[i], node);
}

static void judge_wildcard(struct draft *d, const struct policy_service *s,
			   int index)
{
	const struct policy_check *check = &d->policy->checks[index];
	const char *key = probing_key_for_wildcards(check);

	if (key != NULL)
		errors_add(d->errs, CODE_CHECK_WILDCARD, s->at,
			   "service \"%s\" is a wildcard and check \"%s\" has "
			   "no %s to ask for; write %s: there",
			   s->name, check->name, key, key);
}

/* A wildcard is no host name that a probe could ask for. */
static void judge_wildcards(struct draft *d)
{
	for (size_t i = 0; i < d->policy->service_count; i++) {
		const struct policy_service *s = &d->policy->services[i];
		const struct policy_expression *x = s->expression;

		if (s->name[0] != '*' || s->check == POLICY_NONE)
			continue;
		if (x == NULL)
			judge_wildcard(d, s, s->check);
		for (size_t k = 0; x != NULL && k < x->check_count; k++)
			judge_wildcard(d, s, x->checks[k]);
	}
}

static void judge_signed(struct draft *d)
{
	const struct tree *section = d->sections[SECTION_SERVICES];
	const struct tree *node = section == NULL ? NULL : section->first;

	for (size_t i = 0; node != NULL && i < d->policy->service_count;
	     i++, node = node->next)
		judge_sets(d, &d->policy->services[i], node);
}

static void check_required(struct draft *d)
{
	struct place at = { .file = d->policy->directory };

	if (d->sections[SECTION_ZONE] == NULL &&
	    d->sections[SECTION_ZONES] == NULL &&
	    draft_knows(d, SECTION_ZONE) && draft_knows(d, SECTION_ZONES))
		errors_add(d->errs, CODE_KEY_MISSING, at,
			   "the policy has no key \"zone\"; write it in one of "
			   "the files");
	for (size_t i = 0; i < SECTION_COUNT; i++)
		if (schema_top.rows[i].required && d->sections[i] == NULL &&
		    draft_knows(d, (enum section)i))
			errors_add(
				d->errs, CODE_KEY_MISSING, at,
				"the policy has no key \"%s\"; write it in one "
				"of the files",
				schema_top.rows[i].key);
}

static void set_places(struct draft *d)
{
	if (d->sections[SECTION_GEO] != NULL)
		d->policy->geo.at = d->sections[SECTION_GEO]->key->at;
}

/* Regions before all that refers to them and to their jurisdictions. */
static void read_sections(struct draft *d)
{
	struct policy *p = d->policy;

	zones_read(d);
	if (d->lost)
		return;
	read_map(d, SECTION_GEO, &p->geo);
	read_map(d, SECTION_SAFETY, &p->safety);
	read_map(d, SECTION_VERIFY, &p->verify);
	read_map(d, SECTION_REVIEW, &p->review);
	read_map(d, SECTION_ROLLOUT, &p->rollout);
	waves_read(d);
	read_list(d, &(struct list){ SECTION_REGIONS, p->regions,
				     p->region_count, sizeof(*p->regions) });
	read_list(d, &(struct list){ SECTION_VANTAGES, p->vantages,
				     p->vantage_count, sizeof(*p->vantages) });
	read_list(d, &(struct list){ SECTION_WINDOWS, p->windows,
				     p->window_count, sizeof(*p->windows) });
	calendar_load(d);
	read_list(d, &(struct list){ SECTION_CHECKS, p->checks, p->check_count,
				     sizeof(*p->checks) });
	if (d->sections[SECTION_CLIENTS] != NULL)
		terms_read(d, d->sections[SECTION_CLIENTS]);
	read_list(d,
		  &(struct list){ SECTION_RESIDENCY, p->residency,
				  p->residency_count, sizeof(*p->residency) });
	service_read_all(d);
	service_read_canaries(d);
	tests_read(d);
	acceptance_read_all(d);
}

void compile_policy(struct draft *d)
{
	merge_files(d);
	merge_declare(d);
	if (d->lost)
		return;
	set_places(d);
	check_required(d);
	read_sections(d);
	if (d->lost)
		return;
	judge_vantages(d);
	judge_checks(d);
	judge_wildcards(d);
	compound_judge(d);
	reach_judge(d);
	calendar_judge(d);
	judge_signed(d);
	survey_policy(d);
	failover_judge(d);
	/* What refers to them may be what could not be read. */
	if (d->errs->fatal == 0 && !d->file_missing)
		leftover_judge(d);
}
