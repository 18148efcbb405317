/* SPDX-License-Identifier: Apache-2.0 */
/*
 * warnings -- what check warns of in one policy and not in another.
 *
 * Two findings are one when kind and text are; where they stand may differ.
 * What somebody accepted is none.  Pure.
 */
#ifndef POLICY_REVIEW_WARNINGS_H
#define POLICY_REVIEW_WARNINGS_H

#include "policy/base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised is before the first. */
struct warnings_walk {
	size_t next;
};

/* The next warning of in that other has not; NULL: no more. */
const struct finding *warnings_next(struct warnings_walk *walk,
				    const struct errors *in,
				    const struct errors *other);

/* How many there are. */
size_t warnings_count(const struct errors *in, const struct errors *other);

#endif
