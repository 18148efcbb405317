/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/orders.h"

#include "policy/bus/local.h"
#include "policy/bus/plan.h"

#include <string.h>

static const char *region_of(const char *endpoint)
{
	const char *slash = strchr(endpoint, '/');

	return slash == NULL ? endpoint : slash + 1;
}

/* Is target "SERVICE/ENDPOINT", or, for a drain, the region? */
static bool names(const struct command *c, const char *service,
		  const char *endpoint)
{
	size_t len = strlen(service);

	if (strncmp(c->target, service, len) == 0 && c->target[len] == '/')
		return strcmp(c->target + len + 1, endpoint) == 0;
	return c->kind == COMMAND_DRAIN &&
	       strcmp(c->target, region_of(endpoint)) == 0;
}

static double left_by(const struct command *c, const char *service,
		      const char *endpoint, int64_t wall_ms)
{
	if (c->kind == COMMAND_DRAIN && names(c, service, endpoint))
		return command_drain_share(c, wall_ms);
	if (c->kind == COMMAND_FAILOVER && strcmp(c->target, service) == 0 &&
	    strcmp(c->to, region_of(endpoint)) != 0)
		return 0;
	return 1;
}

struct orders_word orders_on(const struct orders *o, const char *service,
			     const char *endpoint)
{
	const struct plan_share *row =
		plan_find_share(o->plan, service, endpoint);
	struct orders_word word = {
		.row = row,
		.share = row != NULL                     ? row->share
			 : strchr(endpoint, '/') != NULL ? 0
							 : 1,
		.weight = row != NULL ? row->weight : -1,
	};

	for (size_t i = 0; o->local != NULL && i < o->local->count; i++) {
		const struct command *c = &o->local->commands[i];
		double left = left_by(c, service, endpoint, o->wall_ms);

		word.share = left < word.share ? left : word.share;
		if (c->kind == COMMAND_WEIGHT && names(c, service, endpoint))
			word.weight = c->weight;
	}
	return word;
}
