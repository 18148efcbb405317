/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sentinel_view -- how one sentinel sees the master of a bus, and what is wrong
 * with what it sees, and with what several of them see together.  Shell, for
 * hiredis's replies alone.
 *
 * Source: Redis Sentinel documentation, "Sentinel commands": SENTINEL MASTER,
 * REPLICAS, CKQUORUM.
 */
#ifndef STEERING_RUNBOOK_SENTINEL_VIEW_H
#define STEERING_RUNBOOK_SENTINEL_VIEW_H

#include "policy/bus/redis_url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diagnosis;
struct redisReply;

enum { SENTINELS_LEAST = 3 }; /* of which one may be lost */

struct sentinel_view {
	char name[300]; /* "HOST:PORT" of the sentinel */
	struct redis_place master;
	int64_t quorum; /* votes that call the master down */
	int64_t others; /* sentinels that it knows besides itself */
	int64_t epoch;  /* of the fail-over that made this the master */
	bool down;      /* the master, as this one or all see it */
};

/* SENTINEL MASTER's reply into all but name; false: it is not one. */
bool sentinel_view_read(const struct redisReply *reply,
			struct sentinel_view *out);

/* What one sees: the master down, too few sentinels. */
void sentinel_view_judge(struct diagnosis *d, const struct sentinel_view *v);

/* SENTINEL REPLICAS's reply: those that it calls down. */
void sentinel_view_take_replicas(struct diagnosis *d,
				 const struct redisReply *reply);

/*
 * Whether they see the same.  Gives the one to believe, that of the newest
 * fail-over; NULL when there is none.
 */
const struct sentinel_view *
sentinel_view_compare(struct diagnosis *d, const struct sentinel_view *views,
		      size_t count);

#endif
