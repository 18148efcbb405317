/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile -- from the files of a policy to struct policy, all but the
 * octets of the zone's records.  Everything that is wrong is reported.
 */
#ifndef POLICY_LANGUAGE_COMPILE_H
#define POLICY_LANGUAGE_COMPILE_H

#include "policy/language/draft.h"

/* d has policy, arena, errs and sources; reads the policy files of sources. */
void compile_policy(struct draft *d);

#endif
