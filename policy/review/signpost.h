/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signpost -- from the name in a query to the service that it asks for, in each
 * of two policies: whole, or as the policy writes it.  Pure.
 */
#ifndef POLICY_REVIEW_SIGNPOST_H
#define POLICY_REVIEW_SIGNPOST_H

#include <stdbool.h>
#include <stddef.h>

struct policy;

/* A service of either; POLICY_NONE where a policy has none so named. */
struct signpost_pair {
	const char *name; /* as the policy after, else before, writes it */
	int before, after;
};

struct signpost {
	struct signpost_pair *pairs; /* those of after, then the others; owned
				      */
	size_t pair_count;
	struct signpost_name {
		char *name; /* lower case, no final dot; owned */
		int pair;
	} * names; /* sorted; owned */
	size_t name_count;
};

/* Policies are borrowed; they may be the same.  False when memory runs out.
 * The caller ends it in either case. */
bool signpost_init(struct signpost *post, const struct policy *before,
		   const struct policy *after);
void signpost_fini(struct signpost *post);

/* name: lower case, no final dot.  The index of a pair, or POLICY_NONE. */
int signpost_find(const struct signpost *post, const char *name);

#endif
