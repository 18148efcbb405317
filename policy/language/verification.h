/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verification -- what a policy says of whom probers ask: a part of struct
 * policy.
 */
#ifndef POLICY_LANGUAGE_VERIFICATION_H
#define POLICY_LANGUAGE_VERIFICATION_H

#include "policy/base/net.h"

#include <stddef.h>
#include <stdint.h>

enum { POLICY_RESPONDERS_MAX = 64 };

/* Whom probers ask, to see that what it answers is what is decided. */
struct policy_responder {
	const char *name; /* of its node, on the bus */
	struct net_addr addr;
	uint16_t port; /* 53 when not written */
};

struct policy_verify {
	struct policy_responder *responders;
	size_t responder_count; /* 0: nobody is asked */
	uint32_t rate;          /* queries a second to each, from each vantage;
				 * 1..1000 */
	int64_t timeout_ms;     /* of a query */
	int64_t grace_ms;       /* wrong or silent for so long: an alarm */
	int64_t stale_ms;       /* an older plan, another policy, or unheard of
				 * for so long: an alarm */
};

#endif
