/* SPDX-License-Identifier: Apache-2.0 */
/*
 * anchor -- HOST:PORT that a vantage must be able to reach, as written: the
 * host an address, an IPv6 one in brackets, or a name.  Pure.
 */
#ifndef POLICY_LANGUAGE_ANCHOR_H
#define POLICY_LANGUAGE_ANCHOR_H

#include "policy/language/draft.h"

/* As value_read(), for SCHEMA_ANCHORS. */
void anchor_read(struct draft *d, const struct schema_row *row,
		 struct tree *node, void *target);

/* One is a warning: its own outage looks like the vantage's. */
void anchor_judge(struct draft *d, const struct policy_vantage *vantage,
		  const struct tree *node);

#endif
