/* SPDX-License-Identifier: Apache-2.0 */
/*
 * twin -- are two probes one?
 *
 * They are when they ask the same of the same endpoint, equally often, and
 * what is made of an answer is the same, and of the same users (a service's:
 * what users of one met says nothing of another at the same address).  What a
 * check is called, where it is written and how many vantages must agree is not
 * looked at: none of that is seen from one vantage.  Pure.
 */
#ifndef HEALTH_TWIN_H
#define HEALTH_TWIN_H

#include "health/probe.h"

#include <stdbool.h>
#include <stdint.h>

/* Equal for twins, and for probes that differ in no more than their check. */
uint64_t twin_hash(const struct probe_spec *spec);

bool twin_is(const struct probe_spec *a, const struct probe_spec *b);

#endif
