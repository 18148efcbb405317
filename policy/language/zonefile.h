/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zonefile -- the static records of a zone: those of its master file, judged
 * as a zone, and the SOA and NS at the apex when the file has none.
 */
#ifndef POLICY_LANGUAGE_ZONEFILE_H
#define POLICY_LANGUAGE_ZONEFILE_H

#include "policy/language/draft.h"

struct source;

/*
 * Fills records, record_count and serial of the zone at index, whose name is
 * known.  source is NULL when the zone has no master file.
 */
void zonefile_load(struct draft *d, size_t index, const struct source *source);

#endif
