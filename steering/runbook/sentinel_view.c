/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/sentinel_view.h"

#include "steering/runbook/diagnosis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

/* A flat list of names and values; "" for what is not there. */
static const char *field(const redisReply *reply, const char *name)
{
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		if (reply->element[i]->type == REDIS_REPLY_STRING &&
		    reply->element[i + 1]->type == REDIS_REPLY_STRING &&
		    strcmp(reply->element[i]->str, name) == 0)
			return reply->element[i + 1]->str;
	return "";
}

static int64_t number(const redisReply *reply, const char *name)
{
	return strtoll(field(reply, name), NULL, 10);
}

/* s_down: this sentinel's view; o_down: that of enough of them. */
static bool is_down(const char *flags)
{
	return strstr(flags, "s_down") != NULL ||
	       strstr(flags, "o_down") != NULL ||
	       strstr(flags, "disconnected") != NULL;
}

bool sentinel_view_read(const redisReply *reply, struct sentinel_view *out)
{
	struct redis_place master = { .port = 0 };
	const char *host;
	int64_t port;

	if (reply->type != REDIS_REPLY_ARRAY)
		return false;
	host = field(reply, "ip");
	port = number(reply, "port");
	if (*host == '\0' || strlen(host) >= sizeof(master.host) || port < 1 ||
	    port > UINT16_MAX)
		return false;
	snprintf(master.host, sizeof(master.host), "%s", host);
	master.port = (uint16_t)port;
	out->master = master;
	out->quorum = number(reply, "quorum");
	out->others = number(reply, "num-other-sentinels");
	out->epoch = number(reply, "config-epoch");
	out->down = is_down(field(reply, "flags"));
	return true;
}

void sentinel_view_judge(struct diagnosis *d, const struct sentinel_view *v)
{
	if (v->down)
		diagnosis_add(d, AILMENT_UNREACHABLE,
			      "the master %s:%u is down, it says",
			      v->master.host, v->master.port);
	if (v->others + 1 < SENTINELS_LEAST)
		diagnosis_add(d, AILMENT_QUORUM,
			      "it knows of %" PRId64 " sentinels, itself among "
			      "them; when one of fewer than %d is lost, nobody "
			      "can name another master",
			      v->others + 1, SENTINELS_LEAST);
}

void sentinel_view_take_replicas(struct diagnosis *d, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY)
		return;
	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *row = reply->element[i];

		if (row->type == REDIS_REPLY_ARRAY &&
		    is_down(field(row, "flags")))
			diagnosis_add(d, AILMENT_REPLICATION,
				      "the replica %.200s is down, it says",
				      field(row, "name"));
	}
}

static bool same_master(const struct sentinel_view *a,
			const struct sentinel_view *b)
{
	return a->master.port == b->master.port &&
	       strcmp(a->master.host, b->master.host) == 0;
}

const struct sentinel_view *
sentinel_view_compare(struct diagnosis *d, const struct sentinel_view *views,
		      size_t count)
{
	const struct sentinel_view *best = count == 0 ? NULL : &views[0];

	for (size_t i = 1; i < count; i++)
		if (views[i].epoch > best->epoch)
			best = &views[i];
	for (size_t i = 0; i < count; i++) {
		const struct sentinel_view *v = &views[i];

		if (!same_master(v, best))
			diagnosis_add(d, AILMENT_DISAGREEMENT,
				      "%s names the master %s:%u, %s names "
				      "%s:%u",
				      v->name, v->master.host, v->master.port,
				      best->name, best->master.host,
				      best->master.port);
		if (v->quorum != best->quorum)
			diagnosis_add(d, AILMENT_QUORUM,
				      "%s wants %" PRId64 " votes, %s %" PRId64,
				      v->name, v->quorum, best->name,
				      best->quorum);
		/* Enough to go on, but not all that the url names. */
		if (v->others + 1 >= SENTINELS_LEAST &&
		    v->others + 1 < (int64_t)count)
			diagnosis_add(d, AILMENT_DISAGREEMENT,
				      "%s knows of %" PRId64
				      " sentinels, the url of %zu",
				      v->name, v->others + 1, count);
	}
	return best;
}
