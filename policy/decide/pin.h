/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pin -- clients of one set who, of a service, are to get the endpoints that a
 * person named, and no others.
 *
 * A pin takes other endpoints away from its clients as a drain takes one from
 * all; it gives nobody what residency took, and where what it names is drained
 * or down it takes nothing away either (policy/decide/chain).  Only who surely
 * is a member of the set is meant.
 *
 * Of several pins of one set the newest counts, and so it does for a class that
 * is in several sets: the newest of those that name something that residency
 * leaves the class.  Newest is the last one made, by its sender's clock, then
 * the greatest id.  Pure.
 */
#ifndef POLICY_DECIDE_PIN_H
#define POLICY_DECIDE_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct command;
struct policy;

struct pin {
	uint64_t endpoints; /* a bit each; not 0 */
	int64_t wall_made_ms;
	const char *ref, *author, *reason; /* of the command; borrowed; ""
					    * author: it is only supposed */
	uint8_t set;                       /* policy->sets[set] */
};

/*
 * What a command pins, and of which service; borrows the command.  False when
 * it is no pin, or the policy has not what it names.
 */
bool pin_read(const struct command *command, const struct policy *policy,
	      size_t *service, struct pin *out);

/*
 * Puts one into a list, newest first, one a set, that has room for as many as
 * the policy has sets.  Returns how many there are then.
 */
size_t pins_put(struct pin *list, size_t count, const struct pin *pin);

/* Its texts become copies.  False: out of memory. */
bool pin_keep(struct pin *pin, struct arena *arena);

/* Of a class that is in these sets, to which residency leaves these endpoints:
 * the pin that concerns it; NULL: none does. */
const struct pin *pins_find(const struct pin *list, size_t count, uint64_t sets,
			    uint64_t eligible);

/* Do two lists take the same away from the same clients? */
bool pins_same(const struct pin *a, size_t a_count, const struct pin *b,
	       size_t b_count);

#endif
