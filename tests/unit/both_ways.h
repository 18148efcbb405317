/* SPDX-License-Identifier: Apache-2.0 */
/*
 * both_ways -- an answer by dns/express and the long way, which must not
 * differ: neither in an octet nor in what is counted.
 */
#ifndef TESTS_UNIT_BOTH_WAYS_H
#define TESTS_UNIT_BOTH_WAYS_H

#include "dns/answer.h"

/*
 * answer_query(), and again by the long way; aborts when they differ.  cap is
 * at most ANSWER_TCP_MAX.
 */
size_t both_ways(const struct table *table, const struct answer_input *in,
		 uint8_t *out, size_t cap, struct answer_outcome *outcome);

#endif
