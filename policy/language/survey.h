/* SPDX-License-Identifier: Apache-2.0 */
/*
 * survey -- what is wrong only when the whole policy is seen: residency that
 * leaves a service nowhere to go, regions that no rule can use.  Pure.
 */
#ifndef POLICY_LANGUAGE_SURVEY_H
#define POLICY_LANGUAGE_SURVEY_H

#include "policy/language/draft.h"

/* After everything is read; also computes the regions of residency rules. */
void survey_policy(struct draft *d);

#endif
