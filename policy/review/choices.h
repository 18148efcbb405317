/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choices -- what one service gives to each kind of client, each different row
 * once: for who keeps many services at hand (policy/review/rows keeps one row
 * for every kind, as the review of one service after the other needs it).
 * Pure.
 */
#ifndef POLICY_REVIEW_CHOICES_H
#define POLICY_REVIEW_CHOICES_H

#include "policy/review/rows.h"

#include <stdbool.h>
#include <stdint.h>

struct choices {
	const struct rows_side *side; /* borrowed */
	const struct policy_service *service;
	uint32_t *numbers; /* by kind of class: index into list; owned */
	struct row *list;  /* owned */
	uint64_t having_v4, having_v6; /* what A, what AAAA is answered with */
	struct share_key keys[POLICY_ENDPOINTS_MAX];
};

/* By the subject's view as it now is.  False when memory runs out; the caller
 * ends it in either case. */
bool choices_open(struct choices *choices, const struct rows_side *side,
		  int service);
void choices_fini(struct choices *choices);

enum { CHOICES_NOBODY = -1 };

struct choices_query {
	const struct net_addr *client;
	uint64_t number; /* its own: what it draws by where clients are not
			  * sticky */
	uint16_t type;   /* RRTYPE; 0: not told */
};

/* Is a type answered with endpoints: A, AAAA, and HTTPS or SVCB where the
 * service has such records?  One that is not told is. */
bool choices_answer(const struct policy_service *service, uint16_t type);

/* So many draws stand for count queries of one client: one where clients are
 * sticky, else as many as there are, up to a bound. */
unsigned choices_draws(const struct policy_service *service, double count);

/*
 * The endpoint that a client is given first, or CHOICES_NOBODY; that too of
 * choices that were not opened.  Of A and AAAA only endpoints with such an
 * address count.
 */
int choices_pick(const struct choices *choices,
		 const struct choices_query *query);

#endif
