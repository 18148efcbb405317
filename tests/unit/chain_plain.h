/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain_plain -- the chain as plainly as it can be written, one class at a
 * time: all endpoints are measured and sorted, whoever is reached.  What
 * policy/decide/chain and dns/decision find on shorter ways must be the same,
 * octet by octet.
 */
#ifndef TESTS_UNIT_CHAIN_PLAIN_H
#define TESTS_UNIT_CHAIN_PLAIN_H

#include "policy/decide/chain.h"

struct row chain_plain(const struct policy *policy, const struct view *view,
		       size_t service, const struct client_class *class);

#endif
