/* SPDX-License-Identifier: Apache-2.0 */
/*
 * promquery -- a canary's query for one version: placeholders filled in.
 *
 * Pure.
 */
#ifndef STEERING_PROMQUERY_H
#define STEERING_PROMQUERY_H

#include "policy/language/policy.h"
#include "steering/measure.h"

#include <stddef.h>
#include <stdint.h>

/* What the placeholders stand for. */
struct promquery {
	const struct policy *policy;
	size_t canary; /* index in the policy */
	uint32_t stage;
	enum arm arm;
};

/*
 * text with its placeholders replaced.  $regions and $endpoints become regular
 * expressions that match the names of the stage; in those of endpoints, which
 * are also names of servers of a proxy, a dot stands for "/".  The caller frees
 * it; NULL: out of memory.
 */
char *promquery_fill(const struct promquery *q, const char *text);

#endif
