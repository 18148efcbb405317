/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sums -- amounts added up by key, in order of the keys' arrival.  Pure.
 */
#ifndef POLICY_REVIEW_SUMS_H
#define POLICY_REVIEW_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern;

struct sums {
	struct intern *keys; /* owned, as is the next */
	double *amounts;     /* by number of key */
	size_t room;
};

/* False when memory runs out.  The caller ends it in either case. */
bool sums_init(struct sums *sums);
void sums_fini(struct sums *sums);

/* False when memory runs out. */
bool sums_add(struct sums *sums, uint64_t key, double amount);

size_t sums_count(const struct sums *sums);

/* Of the i-th. */
uint64_t sums_key(const struct sums *sums, size_t i);

#endif
