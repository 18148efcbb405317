/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probing -- the values and the rules of checks: what is asked of an endpoint
 * and what it has to say.
 *
 * Pure.  Source: RFC 9110, 5 (header fields) and 15 (status codes); RFC 6895, 3
 * (RRTYPEs).
 */
#ifndef POLICY_LANGUAGE_PROBING_H
#define POLICY_LANGUAGE_PROBING_H

#include "policy/language/value.h"

/* SCHEMA_STATUS to SCHEMA_FIELDS, in the order of enum schema_kind. */
value_reader probing_read;

/*
 * Keys that the check's type has no use for, or cannot do without; sets the
 * port that was not written.  Its type was read.
 */
void probing_judge(struct draft *d, struct policy_check *check,
		   const struct tree *node);

/*
 * The key that a check must have for a service whose name cannot be asked for;
 * NULL: it can do without.
 */
const char *probing_key_for_wildcards(const struct policy_check *check);

/*
 * Do two checks ask the same of the same port?  Whatever each makes of the
 * answer, and however often it asks.
 */
bool probing_asks_same(const struct policy_check *a,
		       const struct policy_check *b);

#endif
