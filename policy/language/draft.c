/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/draft.h"

#include "policy/base/arena.h"
#include "policy/base/nearest.h"
#include "policy/language/code.h"
#include "policy/language/window.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *draft_alloc(struct draft *d, size_t count, size_t size)
{
	void *at = arena_alloc(d->arena, count, size);

	if (at == NULL && !d->lost) {
		d->lost = true;
		errors_add(d->errs, CODE_MEMORY, (struct place){ 0 },
			   "out of memory; the policy was not loaded");
	}
	return at;
}

char *draft_text(struct draft *d, const char *text)
{
	size_t len = strlen(text);
	char *copy = draft_alloc(d, len + 1, 1);

	if (copy != NULL)
		memcpy(copy, text, len + 1);
	return copy;
}

void draft_refuse(struct draft *d, unsigned code, struct tree *node,
		  const char *fmt, ...)
{
	struct error err = { .at = node->at };
	va_list ap;

	node->refused = true;
	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	errors_push(d->errs, code, &err);
}

/* Names are read through the first member of each of these structs. */
static_assert(offsetof(struct policy_region, name) == 0, "name comes first");
static_assert(offsetof(struct policy_vantage, name) == 0, "name comes first");
static_assert(offsetof(struct policy_check, name) == 0, "name comes first");
static_assert(offsetof(struct policy_window, name) == 0, "name comes first");
static_assert(offsetof(struct client_set, name) == 0, "name comes first");
static_assert(offsetof(struct policy_residency, name) == 0, "name comes first");
static_assert(offsetof(struct policy_service, name) == 0, "name comes first");
static_assert(offsetof(struct policy_canary, name) == 0, "name comes first");
static_assert(offsetof(struct policy_endpoint, name) == 0, "name comes first");

#define NAMES(what, section, list, length) \
	((struct names){ what, section, list, length, sizeof((list)[0]) })

struct names names_regions(const struct policy *policy)
{
	return NAMES("region", SECTION_REGIONS, policy->regions,
		     policy->region_count);
}

struct names names_vantages(const struct policy *policy)
{
	return NAMES("vantage", SECTION_VANTAGES, policy->vantages,
		     policy->vantage_count);
}

struct names names_checks(const struct policy *policy)
{
	return NAMES("check", SECTION_CHECKS, policy->checks,
		     policy->check_count);
}

struct names names_windows(const struct policy *policy)
{
	return NAMES("window", SECTION_WINDOWS, policy->windows,
		     policy->window_count);
}

struct names names_sets(const struct policy *policy)
{
	return NAMES("client set", SECTION_CLIENTS, policy->sets,
		     policy->set_count);
}

struct names names_services(const struct policy *policy)
{
	return NAMES("service", SECTION_SERVICES, policy->services,
		     policy->service_count);
}

struct names names_canaries(const struct policy *policy)
{
	return NAMES("canary", SECTION_CANARIES, policy->canaries,
		     policy->canary_count);
}

struct names names_endpoints(const struct policy_service *service)
{
	return NAMES("endpoint", SECTION_SERVICES, service->endpoints,
		     service->endpoint_count);
}

struct names names_jurisdictions(const struct policy *policy)
{
	return NAMES("jurisdiction", SECTION_REGIONS, policy->jurisdictions,
		     policy->jurisdiction_count);
}

static const char *name_at(const struct names *names, size_t i)
{
	const char *name;

	memcpy(&name, (const char *)names->base + i * names->stride,
	       sizeof(name));
	return name;
}

int names_find(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(name_at(names, i), name) == 0)
			return (int)i;
	return POLICY_NONE;
}

/* As nearest_word(), which wants an array of words. */
static const char *nearest_name(const struct names *names, const char *name)
{
	const char *best = NULL;

	for (size_t i = 0; i < names->count; i++) {
		const char *both[2] = { best, name_at(names, i) };
		const char *near = best == NULL
					   ? nearest_word(name, both + 1, 1)
					   : nearest_word(name, both, 2);

		best = near == NULL ? best : near;
	}
	return best;
}

const char *names_hint(const struct names *names, const char *name, char *buf,
		       size_t size)
{
	const char *near = nearest_name(names, name);
	size_t used;

	if (near != NULL) {
		snprintf(buf, size, "did you mean \"%s\"?", near);
		return buf;
	}
	if (names->count == 0) {
		snprintf(buf, size, "write it below %s",
			 schema_top.rows[names->section].key);
		return buf;
	}
	used = (size_t)snprintf(buf, size, "defined: ");
	for (size_t i = 0; i < names->count; i++) {
		const char *next = name_at(names, i);

		if (used + strlen(next) + sizeof(", ...") >= size || i == 8) {
			snprintf(buf + used, size - used, ", ...");
			break;
		}
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
					 i == 0 ? "" : ", ", next);
	}
	return buf;
}

int draft_refer(struct draft *d, const struct names *names, struct tree *node)
{
	int index = names_find(names, node->text);
	char hint[120];

	if (index != POLICY_NONE)
		return index;
	node->refused = true;
	if (draft_knows(d, names->section))
		draft_refuse(d, CODE_NAME_UNKNOWN, node,
			     "%s \"%.63s\" is not defined; %s", names->noun,
			     node->text,
			     names_hint(names, node->text, hint, sizeof(hint)));
	return POLICY_NONE;
}

bool draft_usable(const struct tree *map, const char *key, struct tree **out)
{
	struct tree *node = tree_find(map, key);

	if (node != NULL && (node->refused || node->kind == TREE_NONE))
		return false;
	*out = node;
	return true;
}

struct place draft_place(const struct tree *map, const char *key)
{
	const struct tree *node = tree_find(map, key);

	if (node != NULL)
		return node->at;
	return map->key != NULL ? map->key->at : map->at;
}
