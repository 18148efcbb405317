/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load -- a policy from the files that it is made of, wherever they are.
 *
 * policy_load() reads them from disk; tests and fuzzers give them in memory.
 */
#ifndef POLICY_LANGUAGE_LOAD_H
#define POLICY_LANGUAGE_LOAD_H

struct errors;
struct policy;
struct sources;

/*
 * The policy in sources, whose arena it takes over: policy_free() ends both,
 * and so does a failure.  path names the whole in errors.  NULL when errs has
 * an error.
 */
struct policy *load_policy(struct sources *sources, const char *path,
			   struct errors *errs);

#endif
