/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zonefile -- the static records of the zone: those of its master file, judged
 * as a zone, and the SOA and NS at the apex when the file has none.
 *
 * Source: RFC 1034, 3.6.2 (CNAME), RFC 2181, 5 (RRsets), RFC 6672, 2.4 (DNAME).
 */
#ifndef POLICY_LANGUAGE_ZONEFILE_H
#define POLICY_LANGUAGE_ZONEFILE_H

#include "policy/language/draft.h"

struct source;

/*
 * Fills records, record_count and serial of d->policy->zone, whose name is
 * known.  source is NULL when the zone has no master file.
 */
void zonefile_load(struct draft *d, const struct source *source);

#endif
