/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content -- what is wrong with what stands under the bus's keys.  Pure.
 *
 * Source: policy/bus/redis.h for the keys.
 */
#ifndef STEERING_RUNBOOK_CONTENT_H
#define STEERING_RUNBOOK_CONTENT_H

#include <stddef.h>
#include <stdint.h>

struct diagnosis;
struct verifier;
struct witnesses;

/* A key's name without "windrose:{ENV}:". */
struct content_key {
	const char *name;
	const char *octets; /* its value; NULL where it is no string */
	size_t len;
};

/*
 * The type that TYPE must say of a key of this name, NULL when it is none of
 * Windrose's.
 */
const char *content_type_of(const char *name);

/* Whose signatures are right; borrowed.  NULL: they are not verified, of plans
 * only that there is one. */
struct content_trust {
	const struct verifier *plans;
	const struct witnesses *reports;
};

/* A key that has the right type. */
void content_take_value(struct diagnosis *d, const struct content_trust *trust,
			const struct content_key *key);

/* How many ids one of the sets has. */
void content_take_set(struct diagnosis *d, const char *name, int64_t ids);

#endif
