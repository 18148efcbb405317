/* SPDX-License-Identifier: Apache-2.0 */
/*
 * division -- how a service divides the client classes: which row each has.
 *
 * Rows are numbered in the order in which classes first have them, so services
 * that divide alike have equal ones, whatever is in their rows, and share one:
 * it is the largest part of a decision.  Immutable once sealed but for the
 * reference count; any thread may read it.  Pure.
 */
#ifndef DNS_DIVISION_H
#define DNS_DIVISION_H

#include "policy/decide/lpm.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct division {
	atomic_uint refs;
	uint64_t hash;
	size_t count;
	struct lpm_row row_of_class[];
};

/* For count classes, all of row 0; the caller fills in row and seals it.  NULL
 * when memory runs out.  The caller has the one reference. */
struct division *division_new(size_t count);
void division_seal(struct division *division);

/* Of two that are sealed. */
bool division_equal(const struct division *a, const struct division *b);

struct division *division_ref(struct division *division);

/* The last one frees it.  Accepts NULL. */
void division_unref(struct division *division);

#endif
