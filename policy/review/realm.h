/* SPDX-License-Identifier: Apache-2.0 */
/*
 * realm -- the client classes that a policy's walls treat alike.
 *
 * What may be proved of one class of a realm holds for all: whom an answer may
 * name depends on where clients are in nothing but the order of what is left.
 *
 * allowed is worked out here anew from the rules as they are written, and not
 * taken from the class, which carries what decisions go by: a proof that asks
 * the accused proves nothing.  Pure.
 */
#ifndef POLICY_REVIEW_REALM_H
#define POLICY_REVIEW_REALM_H

#include "policy/decide/client.h"

#include <stddef.h>
#include <stdint.h>

struct geo;

struct realm {
	uint64_t regions; /* that decisions leave these clients */
	enum none_healthy none_healthy;
	uint64_t allowed;  /* that the rules leave them */
	uint16_t class_id; /* one of its classes */
	size_t classes;
};

struct realms {
	struct realm *list; /* owned */
	size_t count;
	uint16_t *of_class; /* owned: by class id, index into list */
};

/* False when memory runs out, out is then empty.  The caller ends it. */
bool realms_find(const struct policy *policy, const struct geo *geo,
		 struct realms *out);
void realms_fini(struct realms *realms);

/* The regions that carry any of the jurisdictions: a bit each. */
uint64_t realm_regions(const struct policy *policy, uint64_t jurisdictions);

/* Does the rule bind this class? */
bool realm_is_bound(const struct policy_residency *rule,
		    const struct client_class *class);

#endif
