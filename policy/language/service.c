/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/service.h"

#include "policy/language/binding.h"
#include "policy/language/code.h"
#include "policy/language/compound.h"
#include "policy/language/fill.h"
#include "policy/language/judge.h"
#include "policy/language/kinds.h"
#include "policy/language/metrics.h"
#include "policy/language/zones.h"

#include <stdio.h>
#include <string.h>

enum { WHERE_SIZE = 200, INSIDE_SIZE = 300 };

/* The endpoints that canaries will add to the service of this name. */
static size_t count_canary_endpoints(const struct draft *d, const char *service)
{
	const struct tree *canaries = d->sections[SECTION_CANARIES];
	size_t count = 0;

	if (canaries == NULL)
		return 0;
	for (struct tree *at = canaries->first; at != NULL; at = at->next) {
		const struct tree *of = tree_find(at, "service");
		const struct tree *endpoints = tree_find(at, "endpoints");

		if (of != NULL && of->kind == TREE_TEXT && endpoints != NULL &&
		    strcmp(of->text, service) == 0)
			count += endpoints->count;
	}
	return count;
}

/* An endpoint that names no region is in the region of its own name. */
static void read_region(struct draft *d, struct policy_endpoint *e,
			struct tree *node)
{
	struct names names = names_regions(d->policy);
	char hint[120];

	if (tree_find(node, "region") != NULL)
		return;
	e->region = names_find(&names, e->name);
	if (e->region == POLICY_NONE && draft_knows(d, SECTION_REGIONS))
		errors_add(d->errs, CODE_ENDPOINT_NOWHERE, node->key->at,
			   "endpoint \"%.63s\" has no region key and there is "
			   "no region of its name; %s",
			   e->name,
			   names_hint(&names, e->name, hint, sizeof(hint)));
}

static void read_endpoint(struct draft *d, struct policy_endpoint *e,
			  struct tree *node, const char *where)
{
	char inside[INSIDE_SIZE];

	*e = (struct policy_endpoint){
		.name = node->key->text,
		.at = node->key->at,
		.region = POLICY_NONE,
		.canary = POLICY_NONE,
		.shadows = POLICY_NONE,
		.shadowed_by = POLICY_NONE,
	};
	snprintf(inside, sizeof(inside), "%.199s.endpoints.%.63s", where,
		 e->name);
	fill_map(d, &schema_endpoint, node, inside, e);
	kinds_judge_endpoint(d, e, node);
	if (!node->refused)
		read_region(d, e, node);
}

static void read_endpoints(struct draft *d, struct policy_service *s,
			   struct tree *service, const char *where)
{
	struct tree *map;
	size_t count;

	if (!draft_usable(service, "endpoints", &map) || map == NULL)
		return;
	count = map->count;
	if (count > POLICY_ENDPOINTS_MAX) {
		draft_refuse(d, CODE_TOO_MANY, map,
			     "%s has %zu endpoints; at most %d", where, count,
			     POLICY_ENDPOINTS_MAX);
		return;
	}
	s->endpoints =
		draft_alloc(d, count + count_canary_endpoints(d, s->name),
			    sizeof(*s->endpoints));
	if (s->endpoints == NULL)
		return;
	for (struct tree *node = map->first; node != NULL; node = node->next)
		read_endpoint(d, &s->endpoints[s->endpoint_count++], node,
			      where);
}

void service_read_all(struct draft *d)
{
	struct tree *section = d->sections[SECTION_SERVICES];
	struct tree *node = section == NULL ? NULL : section->first;
	const struct schema *schema = schema_top.rows[SECTION_SERVICES].inner;
	char where[WHERE_SIZE];

	for (size_t i = 0; node != NULL && i < d->policy->service_count;
	     i++, node = node->next) {
		struct policy_service *s = &d->policy->services[i];

		snprintf(where, sizeof(where), "services.%s", s->name);
		zones_place(d, s);
		fill_map(d, schema, node, where, s);
		compound_read(d, s, node);
		read_endpoints(d, s, node, where);
		binding_judge(d, s, node);
		judge_service(d, s, node);
		judge_spill(d, s, node);
		judge_panic(d, s, node);
		kinds_judge_service(d, s, node);
	}
}

static void read_stage(struct draft *d, struct policy_canary *c,
		       struct tree *node)
{
	struct canary_stage *stage = &c->stages[c->stage_count];
	char where[WHERE_SIZE];

	snprintf(where, sizeof(where), "canaries.%s.stages", c->name);
	fill_map(d, &schema_stage, node, where, stage);
	c->stage_count++;
}

static void read_stages(struct draft *d, struct policy_canary *c,
			struct tree *canary)
{
	struct tree *list;

	if (!draft_usable(canary, "stages", &list) || list == NULL)
		return;
	c->stages = draft_alloc(d, list->count, sizeof(*c->stages));
	if (c->stages == NULL)
		return;
	for (struct tree *node = list->first; node != NULL; node = node->next)
		read_stage(d, c, node);
	judge_canary(d, c, canary);
}

/* The stable endpoint that a canary's one shadows; POLICY_NONE if refused. */
static int find_stable(struct draft *d, const struct policy_service *s,
		       struct tree *node)
{
	struct names names = names_endpoints(s);
	char hint[120];
	int stable;

	/* The canary endpoints stand behind the stable ones. */
	while (names.count > 0 &&
	       s->endpoints[names.count - 1].canary != POLICY_NONE)
		names.count--;
	stable = names_find(&names, node->key->text);
	if (stable == POLICY_NONE) {
		if (draft_knows(d, SECTION_SERVICES))
			errors_add(
				d->errs, CODE_CANARY_ENDPOINT, node->key->at,
				"service \"%s\" has no endpoint \"%.63s\" to "
				"shadow; %s",
				s->name, node->key->text,
				names_hint(&names, node->key->text, hint,
					   sizeof(hint)));
		return POLICY_NONE;
	}
	if (s->endpoints[stable].shadowed_by != POLICY_NONE) {
		errors_add(
			d->errs, CODE_CANARY_ENDPOINT, node->key->at,
			"endpoint \"%s\" of service \"%s\" has a canary "
			"already (line %u); end that one first",
			node->key->text, s->name,
			s->endpoints[s->endpoints[stable].shadowed_by].at.line);
		return POLICY_NONE;
	}
	return stable;
}

static const char *canary_endpoint_name(struct draft *d, const char *canary,
					const struct tree *node)
{
	size_t size = strlen(canary) + strlen(node->key->text) + 2;
	char *name = draft_alloc(d, size, 1);

	if (name == NULL)
		return NULL;
	snprintf(name, size, "%s/%s", canary, node->key->text);
	if (size - 1 > POLICY_NAME_MAX)
		errors_add(d->errs, CODE_NAME_WRONG, node->key->at,
			   "the name \"%.100s\" is longer than %d octets; give "
			   "the canary a shorter one",
			   name, POLICY_NAME_MAX);
	return name;
}

static void read_canary_endpoint(struct draft *d, int canary, struct tree *node,
				 const char *where)
{
	const struct policy_canary *c = &d->policy->canaries[canary];
	struct policy_service *s = &d->policy->services[c->service];
	struct policy_endpoint e = { .at = node->key->at,
				     .weight = 1,
				     .canary = canary,
				     .shadowed_by = POLICY_NONE };
	char inside[INSIDE_SIZE];

	snprintf(inside, sizeof(inside), "%.199s.endpoints.%.63s", where,
		 node->key->text);
	fill_map(d, &schema_canary_endpoint, node, inside, &e);
	e.shadows = find_stable(d, s, node);
	if (e.shadows == POLICY_NONE)
		return;
	if (s->endpoint_count == POLICY_ENDPOINTS_MAX) {
		errors_add(
			d->errs, CODE_TOO_MANY, node->key->at,
			"service \"%s\" has %d endpoints with this canary's; "
			"more are not allowed",
			s->name, POLICY_ENDPOINTS_MAX + 1);
		return;
	}
	e.name = canary_endpoint_name(d, c->name, node);
	e.region = s->endpoints[e.shadows].region;
	kinds_judge_shadow(d, &e, s, node);
	s->endpoints[e.shadows].shadowed_by = (int)s->endpoint_count;
	s->endpoints[s->endpoint_count++] = e;
}

static void read_canary(struct draft *d, int index, struct tree *node)
{
	struct policy_canary *c = &d->policy->canaries[index];
	char where[WHERE_SIZE];
	struct tree *map;

	snprintf(where, sizeof(where), "canaries.%s", c->name);
	fill_map(d, schema_top.rows[SECTION_CANARIES].inner, node, where, c);
	/* endpoints is NULL when the service's own were refused. */
	if (c->service != POLICY_NONE &&
	    d->policy->services[c->service].endpoints != NULL &&
	    draft_usable(node, "endpoints", &map) && map != NULL)
		for (struct tree *at = map->first; at != NULL; at = at->next)
			read_canary_endpoint(d, index, at, where);
	read_stages(d, c, node);
	metrics_judge(d, c, node);
}

void service_read_canaries(struct draft *d)
{
	struct tree *section = d->sections[SECTION_CANARIES];
	struct tree *node = section == NULL ? NULL : section->first;

	for (size_t i = 0; node != NULL && i < d->policy->canary_count;
	     i++, node = node->next)
		read_canary(d, (int)i, node);
}
