/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waves -- how a policy that is published goes out to responders: the section
 * rollout.  Pure.
 */
#ifndef POLICY_LANGUAGE_WAVES_H
#define POLICY_LANGUAGE_WAVES_H

struct draft;

/* Fills policy->rollout, with the usual waves when none are written. */
void waves_read(struct draft *d);

#endif
