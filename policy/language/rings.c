/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/rings.h"

#include "policy/language/catalog.h"
#include "policy/language/code.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAY_SIZE = 160 }; /* the links of a ring, for an error */

/* A name that leads on: a service of CNAMEs, or a CNAME record. */
struct link {
	const uint8_t *name; /* wire form, lower case; borrowed */
	size_t len;
	const struct policy_service *service; /* NULL for a record */
	const struct record *record;
	size_t tried; /* how many of its targets were followed */
	enum { LINK_NEW, LINK_OPEN, LINK_DONE } state;
	struct link *from; /* the way to an open one; NULL: began here */
};

struct rings {
	struct draft *draft;
	struct link *list; /* by name, once all are there */
	size_t count;
};

static int compare_links(const void *left, const void *right)
{
	const struct link *a = left, *b = right;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->name, b->name, a->len);
}

/* How many there can be. */
static size_t count_links(const struct policy *p)
{
	return p->service_count + policy_record_count(p);
}

static bool add_services(struct rings *r)
{
	const struct policy *p = r->draft->policy;

	for (size_t i = 0; i < p->service_count; i++) {
		const struct policy_service *s = &p->services[i];
		uint8_t *name;

		if (!policy_is_alias(s))
			continue;
		name = draft_alloc(r->draft, CATALOG_NAME_SIZE, 1);
		if (name == NULL)
			return false;
		r->list[r->count++] =
			(struct link){ .name = name,
				       .len = master_name(s->fqdn, name),
				       .service = s };
	}
	return true;
}

static void add_records(struct rings *r, const struct policy_zone *zone)
{
	for (size_t i = 0; i < zone->record_count; i++) {
		const struct record *record = &zone->records[i];

		if (record->type == TYPE_CNAME)
			r->list[r->count++] =
				(struct link){ .name = record->owner,
					       .len = record->owner_len,
					       .record = record };
	}
}

static size_t count_targets(const struct link *link)
{
	return link->service == NULL ? 1 : link->service->endpoint_count;
}

/* What a target of a link leads to; NULL when that leads on to nothing. */
static struct link *follow(const struct rings *r, const struct link *link,
			   size_t target)
{
	char text[CATALOG_NAME_SIZE * 4];
	struct catalog_name name;
	struct link key;

	if (link->service == NULL)
		master_name_text(link->record->rdata, link->record->rdata_len,
				 text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%s",
			 link->service->endpoints[target].cname);
	name.len = master_name(text, name.octets);
	key = (struct link){ .name = name.octets, .len = name.len };
	return bsearch(&key, r->list, r->count, sizeof(key), compare_links);
}

static struct place place_of(const struct link *link)
{
	return link->service->endpoints[link->tried - 1].at;
}

/* Adds a link and where it is to the way, as far as there is room. */
static void add_to_way(char way[WAY_SIZE], const struct link *link)
{
	char text[CATALOG_TEXT_SIZE];
	size_t len = strlen(way);
	const char *from = len == 0 ? "" : ", from ", *file = "master file";
	unsigned line = link->service == NULL ? link->record->line
					      : place_of(link).line;

	master_name_text(link->name, link->len, text, sizeof(text));
	if (link->service != NULL) {
		file = strrchr(place_of(link).file, '/');
		file = file == NULL ? place_of(link).file : file + 1;
	}
	snprintf(way + len, WAY_SIZE - len, "%s%s (%s:%u)", from, text, file,
		 line);
}

/* From the last link to the first, which the last leads to. */
static void tell(const struct rings *r, const struct link *first,
		 const struct link *last)
{
	const struct link *service = NULL;
	char way[WAY_SIZE] = "";

	for (const struct link *at = last;; at = at->from) {
		if (at->service != NULL)
			service = at;
		add_to_way(way, at);
		if (at == first)
			break;
	}
	if (service != NULL)
		errors_warn(r->draft->errs, CODE_ALIAS_RING, place_of(service),
			    "CNAMEs can lead round and round: to %s; let "
			    "one lead elsewhere",
			    way);
}

static void walk(const struct rings *r, struct link *at)
{
	at->state = LINK_OPEN;
	while (at != NULL) {
		struct link *to;

		if (at->tried == count_targets(at)) {
			at->state = LINK_DONE;
			at = at->from;
			continue;
		}
		to = follow(r, at, at->tried++);
		if (to == NULL || to->state == LINK_DONE)
			continue;
		if (to->state == LINK_OPEN) {
			tell(r, to, at);
			continue;
		}
		to->state = LINK_OPEN;
		to->from = at;
		at = to;
	}
}

void rings_judge(struct draft *d)
{
	const struct policy *p = d->policy;
	struct rings r = { .draft = d };

	r.list = calloc(count_links(p) + 1, sizeof(r.list[0]));
	if (r.list == NULL || !add_services(&r)) {
		errors_add(d->errs, CODE_MEMORY, (struct place){ 0 },
			   "out of memory; CNAMEs were not followed");
		free(r.list);
		return;
	}
	/* Rings of records alone are none of ours. */
	for (size_t i = 0; r.count > 0 && i < p->zone_count; i++)
		add_records(&r, &p->zones[i]);
	qsort(r.list, r.count, sizeof(r.list[0]), compare_links);
	for (size_t i = 0; i < r.count; i++)
		if (r.list[i].state == LINK_NEW)
			walk(&r, &r.list[i]);
	free(r.list);
}
