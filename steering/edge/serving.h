/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serving -- the endpoints that this edge has for a service, for proxies that
 * do not say so themselves:
 *
 *   SERVICE=ENDPOINT[:WEIGHT],...        www=us:100,eu:50,v2/us,v2/eu
 *
 * The weight is 100 unless given; a canary's endpoint has none of its own.
 *
 * Pure.
 */
#ifndef STEERING_EDGE_SERVING_H
#define STEERING_EDGE_SERVING_H

#include "steering/edge/portions.h"

struct error;

enum { SERVING_WEIGHT = 100, SERVING_WEIGHT_MAX = 1000000 };

struct serving {
	char service[PLAN_NAME_SIZE];
	struct portions portions; /* names and weights */
};

/* False with err set, which says what is wrong with text. */
bool serving_parse(const char *text, struct serving *out, struct error *err);

/*
 * Computes the portions from what is ordered.  False with err set when the
 * plan names an endpoint that is not here (but for a canary's, which takes
 * nobody here), or nobody would take any client.
 */
bool serving_divide(struct serving *serving, const struct orders *orders,
		    struct error *err);

#endif
