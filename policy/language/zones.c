/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/zones.h"

#include "policy/language/code.h"
#include "policy/language/fill.h"
#include "policy/language/judge.h"
#include "policy/language/merge.h"
#include "policy/language/scalar.h"

#include <stdio.h>
#include <string.h>

enum { WHERE_SIZE = 200 };

static const struct schema_row *row_of(enum section section)
{
	return &schema_top.rows[section];
}

static void read_first(struct draft *d)
{
	struct tree *node = d->sections[SECTION_ZONE];
	struct policy_zone *zone = &d->policy->zones[0];

	zone->at = node->key->at;
	d->zone_nodes[0] = node;
	d->policy->zone_count = 1;
	fill_map(d, row_of(SECTION_ZONE)->inner, node, "zone", zone);
	judge_dnssec(d, zone);
}

/* The zone's name is its key; NULL when it cannot be used. */
static const char *name_of(struct draft *d, const struct tree *key)
{
	char name[SCALAR_DOMAIN_SIZE];

	if (!scalar_domain(key->text, name)) {
		errors_add(d->errs, CODE_NAME_WRONG, key->at,
			   "zone \"%.80s\" is not a domain name; write a name "
			   "like example.net",
			   key->text);
		return NULL;
	}
	for (size_t i = 0; i < d->policy->zone_count; i++) {
		const struct policy_zone *zone = &d->policy->zones[i];

		if (zone->name == NULL || strcmp(zone->name, name) != 0)
			continue;
		errors_add(d->errs, CODE_KEY_TWICE, key->at,
			   "zone %.100s is already at %.80s:%u:%u; keep one of "
			   "the two",
			   name, zone->at.file, zone->at.line, zone->at.col);
		return NULL;
	}
	return draft_text(d, name);
}

static void read_more(struct draft *d, struct tree *node)
{
	size_t index = d->policy->zone_count;
	struct policy_zone *zone = &d->policy->zones[index];
	const char *name = name_of(d, node->key);
	char where[WHERE_SIZE];

	snprintf(where, sizeof(where), "zones.%.100s", node->key->text);
	zone->at = node->key->at;
	d->zone_nodes[index] = node;
	d->policy->zone_count++;
	fill_map(d, row_of(SECTION_ZONES)->inner, node, where, zone);
	judge_dnssec(d, zone);
	zone->name = name;
}

void zones_read(struct draft *d)
{
	struct tree *more = d->sections[SECTION_ZONES];
	size_t most = (size_t)row_of(SECTION_ZONES)->max;
	size_t count = more == NULL ? 0 : more->count;
	struct tree *node = more == NULL ? NULL : more->first;

	if (count > most)
		draft_refuse(d, CODE_TOO_MANY, more,
			     "%zu zones are too many; at most %zu", count,
			     most);
	count = count > most ? most : count;
	d->policy->zones =
		draft_alloc(d, count + 1, sizeof(d->policy->zones[0]));
	d->zone_nodes = draft_alloc(d, count + 1, sizeof(d->zone_nodes[0]));
	if (d->lost)
		return;
	if (d->sections[SECTION_ZONE] != NULL)
		read_first(d);
	for (size_t i = 0; i < count; i++, node = node->next)
		read_more(d, node);
}

/* The zone that relative names are in; "" when there is none. */
static const char *origin_of(struct draft *d, const struct policy_service *s)
{
	if (d->sections[SECTION_ZONE] == NULL) {
		if (d->sections[SECTION_ZONES] != NULL &&
		    draft_knows(d, SECTION_ZONE))
			errors_add(d->errs, CODE_SERVICE_NAME, s->at,
				   "service \"%s\" is relative to zone, and "
				   "there is none; write the whole name with a "
				   "final dot",
				   s->name);
		return "";
	}
	return d->policy->zones[0].name == NULL ? "" : d->policy->zones[0].name;
}

static const char *fqdn_of(struct draft *d, const struct policy_service *s)
{
	size_t len = strlen(s->name), size;
	const char *origin;
	char *fqdn;

	if (len > 0 && s->name[len - 1] == '.')
		return s->name;
	origin = origin_of(d, s);
	if (strcmp(s->name, "@") == 0)
		return origin;
	size = len + strlen(origin) + 2;
	fqdn = draft_alloc(d, size, 1);
	if (fqdn != NULL)
		snprintf(fqdn, size, "%s.%s", s->name, origin);
	return fqdn;
}

static bool is_absolute(const struct policy_service *s)
{
	return s->fqdn == s->name;
}

/* Two keys that differ and mean the same name: one of them is absolute. */
static void refuse_twin(struct draft *d, const struct policy_service *s)
{
	for (const struct policy_service *at = d->policy->services; at < s;
	     at++) {
		if ((!is_absolute(at) && !is_absolute(s)) || at->fqdn == NULL ||
		    strcmp(at->fqdn, s->fqdn) != 0)
			continue;
		errors_add(d->errs, CODE_SERVICE_NAME, s->at,
			   "service \"%s\" is the same name as service \"%s\" "
			   "at %.80s:%u:%u; keep one of the two",
			   s->name, at->name, at->at.file, at->at.line,
			   at->at.col);
		return;
	}
}

void zones_place(struct draft *d, struct policy_service *service)
{
	service->fqdn = fqdn_of(d, service);
	service->zone = POLICY_NONE;
	if (service->fqdn == NULL)
		return;
	service->zone = policy_zone_of(d->policy, service->fqdn);
	refuse_twin(d, service);
	if (service->zone == POLICY_NONE && is_absolute(service) &&
	    merge_is_service_name(service->name) && d->policy->zone_count > 0 &&
	    draft_knows(d, SECTION_ZONE) && draft_knows(d, SECTION_ZONES))
		errors_add(d->errs, CODE_SERVICE_NAME, service->at,
			   "service \"%s\" is in none of the zones; write its "
			   "zone below zones",
			   service->name);
}
