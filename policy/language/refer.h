/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refer -- the values of the schema that name something else of the policy.
 *
 * Everything that has a name is declared before anything is read, so a
 * reference may stand before, after or in another file than what it names.
 * Pure.
 */
#ifndef POLICY_LANGUAGE_REFER_H
#define POLICY_LANGUAGE_REFER_H

#include "policy/language/draft.h"

/* As value_read(), for the kinds from SCHEMA_SET on. */
void refer_read(struct draft *d, const struct schema_row *row,
		struct tree *node, void *target);

/*
 * Bit per endpoint of service that node names (a text or a list); 0 when it
 * was refused.
 */
uint64_t refer_endpoints(struct draft *d, const struct policy_service *service,
			 struct tree *node);

/*
 * The client set of this name.  A word of the language (eu, eea, all, europe)
 * is a set of its own when first named.  POLICY_NONE when refused.
 */
int refer_set(struct draft *d, struct tree *node);

#endif
