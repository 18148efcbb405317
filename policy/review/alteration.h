/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alteration -- what is declared otherwise by another policy, by name: zones,
 * services and their endpoints, TTLs, checks, regions, residency rules,
 * records.
 *
 * Not the text: a file that was split in two or put in order alters nothing.
 * Pure.
 */
#ifndef POLICY_REVIEW_ALTERATION_H
#define POLICY_REVIEW_ALTERATION_H

#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>

struct alteration {
	char sign; /* '+' is new, '-' is gone, '~' is otherwise */
	char text[200];
};

struct alterations {
	struct alteration *list; /* owned; in the order of the policies */
	size_t count, cap;
	bool lost; /* memory ran out */
};

/* Zero-initialise out; the caller ends it. */
void alterations_find(const struct policy *before, const struct policy *after,
		      struct alterations *out);
void alterations_fini(struct alterations *alterations);

#endif
