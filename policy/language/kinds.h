/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds -- what a service's endpoints are: addresses at all of them, or a name
 * at all of them (CNAME), and what that forbids.
 *
 * Pure.
 */
#ifndef POLICY_LANGUAGE_KINDS_H
#define POLICY_LANGUAGE_KINDS_H

#include "policy/language/draft.h"

void kinds_judge_endpoint(struct draft *d,
			  const struct policy_endpoint *endpoint,
			  struct tree *node);

/* All stable endpoints together, and what stands beside them. */
void kinds_judge_service(struct draft *d, const struct policy_service *service,
			 struct tree *node);

/* A canary's endpoint against the stable one that it shadows. */
void kinds_judge_shadow(struct draft *d, const struct policy_endpoint *endpoint,
			const struct policy_service *service,
			struct tree *node);

#endif
