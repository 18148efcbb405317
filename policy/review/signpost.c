/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/signpost.h"

#include "policy/language/policy.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
	const struct signpost_name *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Lower case, without the final dot; NULL when memory runs out. */
static char *plain_name(const char *name)
{
	char *copy = strdup(name);
	size_t len = copy == NULL ? 0 : strlen(copy);

	if (len > 1 && copy[len - 1] == '.')
		copy[len - 1] = '\0';
	for (size_t i = 0; i < len; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	return copy;
}

static int find_among(const struct signpost *p, size_t count, const char *name)
{
	const struct signpost_name key = { .name = (char *)(uintptr_t)name };
	const struct signpost_name *found =
		bsearch(&key, p->names, count, sizeof(key), compare_names);

	return found == NULL ? POLICY_NONE : found->pair;
}

/* Unless it is among the first so many, which are sorted. */
static bool add_name(struct signpost *p, const char *name, size_t pair,
		     size_t sorted)
{
	char *plain = plain_name(name);

	if (plain == NULL)
		return false;
	if (find_among(p, sorted, plain) == POLICY_NONE)
		p->names[p->name_count++] =
			(struct signpost_name){ plain, (int)pair };
	else
		free(plain);
	return true;
}

static int find_fqdn(const struct policy *policy, const char *fqdn)
{
	for (size_t i = 0; i < policy->service_count; i++)
		if (strcmp(policy->services[i].fqdn, fqdn) == 0)
			return (int)i;
	return POLICY_NONE;
}

static void list_pairs(struct signpost *p, const struct policy *before,
		       const struct policy *after)
{
	for (size_t i = 0; i < after->service_count; i++) {
		const struct policy_service *s = &after->services[i];

		p->pairs[p->pair_count++] = (struct signpost_pair){
			s->name,
			find_fqdn(before, s->fqdn),
			(int)i,
		};
	}
	for (size_t i = 0; i < before->service_count; i++) {
		const struct policy_service *s = &before->services[i];

		if (find_fqdn(after, s->fqdn) == POLICY_NONE)
			p->pairs[p->pair_count++] = (struct signpost_pair){
				s->name,
				(int)i,
				POLICY_NONE,
			};
	}
}

static const struct policy_service *declared(const struct signpost_pair *pair,
					     const struct policy *before,
					     const struct policy *after)
{
	return pair->after >= 0 ? &after->services[pair->after]
				: &before->services[pair->before];
}

/* Whole names, and then those of them as they are written, where no other
 * service has these for a whole one. */
static bool list_names(struct signpost *p, const struct policy *before,
		       const struct policy *after)
{
	size_t whole;

	for (size_t i = 0; i < p->pair_count; i++)
		if (!add_name(p, declared(&p->pairs[i], before, after)->fqdn, i,
			      0))
			return false;
	whole = p->name_count;
	qsort(p->names, whole, sizeof(*p->names), compare_names);
	for (size_t i = 0; i < p->pair_count; i++)
		if (!add_name(p, declared(&p->pairs[i], before, after)->name, i,
			      whole))
			return false;
	qsort(p->names, p->name_count, sizeof(*p->names), compare_names);
	return true;
}

bool signpost_init(struct signpost *p, const struct policy *before,
		   const struct policy *after)
{
	size_t count = before->service_count + after->service_count;

	*p = (struct signpost){ .pair_count = 0 };
	p->pairs = calloc(count + 1, sizeof(*p->pairs));
	p->names = calloc(2 * count + 1, sizeof(*p->names));
	if (p->pairs == NULL || p->names == NULL)
		return false;
	list_pairs(p, before, after);
	return list_names(p, before, after);
}

void signpost_fini(struct signpost *p)
{
	for (size_t i = 0; i < p->name_count; i++)
		free(p->names[i].name);
	free(p->names);
	free(p->pairs);
}

int signpost_find(const struct signpost *p, const char *name)
{
	return find_among(p, p->name_count, name);
}
