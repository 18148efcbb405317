/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/catalog.h"

#include <stdlib.h>
#include <string.h>

int catalog_compare_owner(const struct record *r, const uint8_t *owner,
			  size_t len)
{
	if (r->owner_len != len)
		return r->owner_len < len ? -1 : 1;
	return memcmp(r->owner, owner, len);
}

int catalog_compare_rdata(const struct record *a, const struct record *b)
{
	if (a->rdata_len != b->rdata_len)
		return a->rdata_len < b->rdata_len ? -1 : 1;
	return a->rdata_len == 0 ? 0 : memcmp(a->rdata, b->rdata, a->rdata_len);
}

/* Any total order that brings a name's records and an RRset's together. */
static int compare_records(const void *a, const void *b)
{
	const struct master_record *x = *(struct master_record *const *)a;
	const struct master_record *y = *(struct master_record *const *)b;
	int order = catalog_compare_owner(&x->record, y->record.owner,
					  y->record.owner_len);

	if (order == 0)
		order = (x->record.type > y->record.type) -
			(x->record.type < y->record.type);
	if (order == 0)
		order = catalog_compare_rdata(&x->record, &y->record);
	if (order == 0)
		order = (x > y) - (x < y);
	return order;
}

bool catalog_sort(struct catalog *c)
{
	c->order = draft_alloc(c->draft, c->master.count,
			       sizeof(struct master_record *));
	if (c->order == NULL)
		return false;
	for (size_t i = 0; i < c->master.count; i++)
		c->order[i] = &c->master.list[i];
	if (c->master.count > 1)
		qsort(c->order, c->master.count, sizeof(struct master_record *),
		      compare_records);
	return true;
}

/* Where in the order the name's records of this type and above begin. */
static size_t first_of(const struct catalog *c, const uint8_t *owner,
		       size_t len, unsigned type)
{
	size_t low = 0, high = c->master.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct record *r = &c->order[middle]->record;
		int order = catalog_compare_owner(r, owner, len);

		if (order < 0 || (order == 0 && r->type < type))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t catalog_first(const struct catalog *c, const uint8_t *owner, size_t len)
{
	return first_of(c, owner, len, 0);
}

const struct master_record *catalog_find(const struct catalog *c,
					 const uint8_t *owner, size_t len,
					 unsigned type)
{
	size_t low = first_of(c, owner, len, type);

	if (low < c->master.count && c->order[low]->record.type == type &&
	    catalog_compare_owner(&c->order[low]->record, owner, len) == 0)
		return c->order[low];
	return NULL;
}

bool catalog_holds(const struct catalog *c, const uint8_t *name, size_t len)
{
	for (size_t at = 0; at < len; at += (size_t)name[at] + 1)
		if (len - at == c->apex.len)
			return memcmp(name + at, c->apex.octets, c->apex.len) ==
			       0;
	return false;
}

bool catalog_is_apex(const struct catalog *c, const struct record *r)
{
	return catalog_compare_owner(r, c->apex.octets, c->apex.len) == 0;
}

const char *catalog_owner_text(const struct record *r, char *buf)
{
	return master_name_text(r->owner, r->owner_len, buf, CATALOG_TEXT_SIZE);
}
