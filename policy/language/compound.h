/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compound -- reads what a service's `check` says: the name of one, or an
 * expression of several; and what such an expression cannot do that is meant.
 *
 * What would be wrong in every case is an error: more of a list than it has.
 * What is only odd is a warning.  Pure.
 */
#ifndef POLICY_LANGUAGE_COMPOUND_H
#define POLICY_LANGUAGE_COMPOUND_H

#include "policy/language/draft.h"

/* Sets the service's check and expression; node is the service's.  Its check
 * is POLICY_NONE before.  Checks have been read. */
void compound_read(struct draft *d, struct policy_service *service,
		   const struct tree *node);

/* Of every service's expression; checks have been judged, endpoints read. */
void compound_judge(struct draft *d);

#endif
