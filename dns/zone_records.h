/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_records -- a zone's records put in order, as building it wants them:
 * those of one owner together, of one type together, none twice.  Load time.
 *
 * Pure; borrows the records.
 */
#ifndef DNS_ZONE_RECORDS_H
#define DNS_ZONE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

struct record;

struct zone_records {
	const struct record **list; /* owned; by owner, type, RDATA */
	size_t count;
};

/*
 * Both arrays as one; duplicates are left out (RFC 2181, 5).  False when
 * memory runs out.  zone_records_fini() is due in every case.
 */
bool zone_records_init(struct zone_records *out, const struct record *records,
		       size_t count, const struct record *more,
		       size_t more_count);

void zone_records_fini(struct zone_records *records);

/* How many from the one at from on have its owner. */
size_t zone_records_owner(const struct zone_records *records, size_t from);

/* How many from the one at from on have its owner and type. */
size_t zone_records_rrset(const struct zone_records *records, size_t from);

#endif
