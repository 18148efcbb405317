/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rum_post -- what a browser or an edge sends: the round trips that one client
 * measured to regions.
 *
 *   {"client":"192.0.2.0/24","rtts":[{"region":"eu-west","ms":23.4}, ...]}
 *
 * client, an address or a prefix, is for edges; without it the client is who
 * sends.  Unknown members are ignored.  Pure.
 */
#ifndef STEERING_RUM_POST_H
#define STEERING_RUM_POST_H

#include "policy/base/net.h"
#include "policy/bus/plan.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>

struct error;

enum { RUM_POST_OCTETS_MAX = 8192, RUM_POST_MS_MAX = 10000 };

struct rum_post {
	struct net_addr client; /* NET_NONE: who sends */
	size_t count;           /* 1 or more */
	struct rum_rtt {
		char region[PLAN_NAME_SIZE];
		float ms; /* above 0, up to RUM_POST_MS_MAX */
	} rtts[POLICY_REGIONS_MAX];
};

/* False with err set: malformed, too large, a region twice, or none. */
bool rum_post_parse(const void *octets, size_t len, struct rum_post *out,
		    struct error *err);

/*
 * Who a proxy says that it asks for: the last address of X-Forwarded-For, the
 * one that it added itself.  False: that is none.
 */
bool rum_post_forwarded(const char *field, struct net_addr *out);

#endif
