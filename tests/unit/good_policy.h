/* SPDX-License-Identifier: Apache-2.0 */
/*
 * good_policy -- a policy of tests/data/policy/good.
 */
#ifndef TESTS_UNIT_GOOD_POLICY_H
#define TESTS_UNIT_GOOD_POLICY_H

struct policy;

/* The file or folder of that name; the test fails where it cannot be loaded.
 * The caller owns it. */
struct policy *good_policy(const char *name);

#endif
