/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample -- a network of each class of clients, for who wants to ask as one.
 *
 * Of each class and family the widest network that is wholly of it.  Pure.
 */
#ifndef POLICY_DECIDE_SAMPLE_H
#define POLICY_DECIDE_SAMPLE_H

#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct geo;

struct sample {
	struct net_prefix within;
	uint16_t class_id;
};

/* Zeroed memory is empty. */
struct samples {
	struct sample *list; /* owned; by family, class */
	size_t count;
};

/*
 * Walks all of geo's networks once: some tenths of a second for a city
 * database.  False when memory runs out.
 */
bool samples_find(const struct geo *geo, struct samples *out);
void samples_fini(struct samples *samples);

/*
 * The network of one client of the sample's class, by draw: a /24 or a /48, or
 * the sample's own when that is narrower.
 */
struct net_prefix sample_client(const struct sample *sample, uint64_t draw);

#endif
