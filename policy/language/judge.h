/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge -- what is wrong only when keys are seen together: a timeout longer
 * than its interval, a residency rule that leaves a service nowhere to go.
 *
 * A judgement that needs a value which was refused is not made.  Pure.
 */
#ifndef POLICY_LANGUAGE_JUDGE_H
#define POLICY_LANGUAGE_JUDGE_H

#include "policy/language/draft.h"

/* Also sets refresh, when it is not given. */
void judge_dnssec(struct draft *d, struct policy_zone *zone);

/* When its records have been read: do signatures outlive them in caches? */
void judge_refresh(struct draft *d, size_t zone);

/* Also sets what depends on other keys: default ports, confirm. */
void judge_check(struct draft *d, struct policy_check *check,
		 struct tree *node);

/* Also sets how long its ramps are, when it is not given and answers are kept
 * for long. */
void judge_service(struct draft *d, struct policy_service *service,
		   struct tree *node);

/* Whether what spill says can be done. */
void judge_spill(struct draft *d, const struct policy_service *service,
		 const struct tree *node);

/* What panic answers.  Also sets fallback, from its name. */
void judge_panic(struct draft *d, struct policy_service *service,
		 struct tree *node);

/* With every canary's endpoints: can all of its answers be signed? */
void judge_sets(struct draft *d, const struct policy_service *service,
		const struct tree *node);

void judge_canary(struct draft *d, const struct policy_canary *canary,
		  struct tree *node);

#endif
