/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leftover -- what a policy defines and nothing uses, or what is there and does
 * nothing: often the rest of a change that was not finished.  Pure.
 */
#ifndef POLICY_LANGUAGE_LEFTOVER_H
#define POLICY_LANGUAGE_LEFTOVER_H

struct draft;

/* Warns of them; the policy has no errors. */
void leftover_judge(struct draft *d);

#endif
