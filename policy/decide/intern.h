/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intern -- equal keys get one small number: 0, 1, 2 ... in order of arrival.
 *
 * A key is a fixed count of 64-bit words, so that no padding is compared.
 * Only for keys from files of the operator: the hash is not keyed.  Pure.
 */
#ifndef POLICY_DECIDE_INTERN_H
#define POLICY_DECIDE_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern;

/* NULL when memory runs out.  The caller owns it.  words is 1..INT8_MAX. */
struct intern *intern_new(size_t words);

/* Accepts NULL. */
void intern_free(struct intern *table);

/*
 * The number of key, given now if it has none; *added (may be NULL) says
 * which.  UINT32_MAX when memory runs out.
 */
uint32_t intern_number(struct intern *table, const uint64_t *key, bool *added);

size_t intern_count(const struct intern *table);

/* The key with that number; valid until the next intern_number(). */
const uint64_t *intern_key(const struct intern *table, uint32_t number);

#endif
