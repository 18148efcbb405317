/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests -- what a policy says must hold of itself, read.  Pure.
 */
#ifndef POLICY_LANGUAGE_TESTS_H
#define POLICY_LANGUAGE_TESTS_H

struct draft;

/* After all that a test refers to. */
void tests_read(struct draft *d);

#endif
