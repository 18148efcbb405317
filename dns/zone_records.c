/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_records.h"

#include "policy/language/policy.h"

#include <stdlib.h>
#include <string.h>

static int compare_octets(const uint8_t *a, size_t a_len, const uint8_t *b,
			  size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_owners(const struct record *a, const struct record *b)
{
	return compare_octets(a->owner, a->owner_len, b->owner, b->owner_len);
}

static int compare_records(const void *left, const void *right)
{
	const struct record *a = *(const struct record *const *)left;
	const struct record *b = *(const struct record *const *)right;
	int order = compare_owners(a, b);

	if (order == 0)
		order = (a->type > b->type) - (a->type < b->type);
	if (order == 0)
		order = compare_octets(a->rdata, a->rdata_len, b->rdata,
				       b->rdata_len);
	return order;
}

static void leave_duplicates_out(struct zone_records *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++)
		if (kept == 0 ||
		    compare_records(&r->list[kept - 1], &r->list[i]) != 0)
			r->list[kept++] = r->list[i];
	r->count = kept;
}

bool zone_records_init(struct zone_records *out, const struct record *records,
		       size_t count, const struct record *more,
		       size_t more_count)
{
	*out = (struct zone_records){ 0 };
	out->list = calloc(count + more_count + 1, sizeof(out->list[0]));
	if (out->list == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		out->list[out->count++] = &records[i];
	for (size_t i = 0; i < more_count; i++)
		out->list[out->count++] = &more[i];
	qsort(out->list, out->count, sizeof(out->list[0]), compare_records);
	leave_duplicates_out(out);
	return true;
}

void zone_records_fini(struct zone_records *records)
{
	free(records->list);
}

size_t zone_records_owner(const struct zone_records *records, size_t from)
{
	size_t to = from + 1;

	while (to < records->count &&
	       compare_owners(records->list[from], records->list[to]) == 0)
		to++;
	return to - from;
}

size_t zone_records_rrset(const struct zone_records *records, size_t from)
{
	size_t count = zone_records_owner(records, from), to = from + 1;

	while (to < from + count &&
	       records->list[to]->type == records->list[from]->type)
		to++;
	return to - from;
}
