/* SPDX-License-Identifier: Apache-2.0 */
/*
 * geo_double -- stands in for policy/decide/geo in tests: a list of networks
 * and their classes, searched from one end to the other.  So plain that its
 * answers are right by looking at it; scopes are found by trying every length.
 */
#ifndef TESTS_UNIT_GEO_DOUBLE_H
#define TESTS_UNIT_GEO_DOUBLE_H

#include "policy/base/net.h"
#include "policy/decide/client.h"

enum { GEO_DOUBLE_MAX = 512 };

struct geo {
	struct client_class classes[16];
	size_t class_count;
	struct geo_double_network {
		struct net_prefix prefix;
		uint16_t class_id;
	} networks[GEO_DOUBLE_MAX]; /* a longer one wins, then a later one */
	size_t network_count;
};

#endif
