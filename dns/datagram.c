/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/datagram.h"

#include "dns/rrl.h"
#include "dns/slot.h"
#include "dns/stats.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"

#include <errno.h>
#include <string.h>

#include <sys/random.h>

/* Kept out of the way of those who have none of it. */
#define RARE __attribute__((cold, noinline))

bool datagram_answerer_init(struct datagram_answerer *a, struct error *err)
{
	*a = (struct datagram_answerer){ 0 };
	if (getrandom(&a->random, sizeof(a->random), 0) >= 0)
		return true;
	error_set(err, "no random numbers: %s", strerror(errno));
	return false;
}

void datagram_begin(struct datagram_answerer *a)
{
	const struct identity *identity = slot_identity(a->slot);

	a->wall_ns = clock_wall_ns();
	if (a->rrl != NULL)
		a->uptime_s = (uint32_t)(clock_now_ms() / 1000);
	slot_online();
	a->table = slot_read(a->slot);
	for (size_t i = 0; i < DATAGRAM_GROUP; i++) {
		a->turns[i].input.identity = identity;
		a->turns[i].input.now_s = (uint32_t)(a->wall_ns / 1000000000);
	}
}

void datagram_end(struct datagram_answerer *a)
{
	a->table = NULL;
	for (size_t i = 0; i < DATAGRAM_GROUP; i++)
		a->turns[i].input.identity = NULL;
	slot_offline();
}

/* What the rate limit leaves of an answer of len octets; its length, or 0. */
RARE static size_t limit_rate(struct datagram_answerer *a,
			      struct datagram_turn *t, const struct datagram *d,
			      size_t len, struct answer_outcome *outcome)
{
	enum rrl_verdict verdict =
		rrl_judge(a->rrl, &t->input.peer, outcome, a->uptime_s);

	if (verdict == RRL_SEND)
		return len;
	stats_count_event(a->stats,
			  verdict == RRL_DROP ? STATS_LIMITED : STATS_SLIPPED,
			  1);
	if (verdict == RRL_LEAK || rrl_only_counts(a->rrl))
		return len;
	if (verdict == RRL_DROP)
		return 0;
	t->input.turned_away = true;
	len = answer_write(a->table, &t->input, &t->asked, d->answer, d->cap,
			   outcome);
	t->input.turned_away = false;
	return len;
}

RARE static void put_copy(const struct datagram_answerer *a,
			  const struct datagram_turn *t,
			  const struct datagram *d, int zone)
{
	tap_put(a->tap, &(struct tap_exchange){
				.transport = a->transport,
				.client = { t->input.peer, t->client_port },
				.server = d->server,
				.wall_asked_ns = a->wall_ns,
				.query = t->input.query,
				.query_len = t->input.len,
				.answer = d->answer,
				.answer_len = d->answer_len,
				.table = a->table,
				.zone = zone,
			});
}

/* Who really asks, and what; false when a proxy does not say it. */
RARE static bool unwrap(const struct datagram_answerer *a,
			struct datagram_turn *t, const struct datagram *d)
{
	struct proxy_client client = { d->peer, d->port, 0 };

	if (!proxy_unwrap(a->proxies, d->query, d->len, &client))
		return false;
	t->input.query += client.skip;
	t->input.len -= client.skip;
	t->input.peer = client.addr;
	t->client_port = client.port;
	return true;
}

static inline void read_query(struct datagram_answerer *a,
			      struct datagram_turn *t, const struct datagram *d)
{
	t->input.query = d->query;
	t->input.len = d->len;
	t->input.peer = d->peer;
	t->input.random = hash_mix(a->random += UINT64_C(0x9e3779b97f4a7c15));
	t->client_port = d->port;
	t->silent = a->proxies->count > 0 && !unwrap(a, t, d);
	if (t->silent)
		t->asked.zone = NULL;
	else
		answer_read(a->table, &t->input, &t->asked);
}

static inline void write_answer(struct datagram_answerer *a,
				struct datagram_turn *t, struct datagram *d)
{
	struct answer_outcome outcome;
	size_t whole;

	d->answer_len = 0;
	if (t->silent) {
		stats_count_event(a->stats, STATS_SILENT, 1);
		return;
	}
	whole = answer_write(a->table, &t->input, &t->asked, d->answer, d->cap,
			     &outcome);
	d->answer_len = whole;
	d->random = t->input.random;
	if (a->rrl != NULL && whole > 0)
		d->answer_len = limit_rate(a, t, d, whole, &outcome);
	/* What the limit drops is not silence: that is what deserves no
	 * answer. */
	if (d->answer_len > 0 || whole == 0)
		stats_count(a->stats, a->transport, &outcome, d->answer_len);
	if (a->tap != NULL)
		put_copy(a, t, d, outcome.zone);
}

/* No more than a group. */
static void answer_group(struct datagram_answerer *a,
			 struct datagram *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		read_query(a, &a->turns[i], list[i]);
	if (count > 1)
		for (size_t i = 0; i < count; i++)
			answer_seek(a->table, &a->turns[i].asked);
	for (size_t i = 0; i < count; i++)
		write_answer(a, &a->turns[i], list[i]);
}

void datagram_answer(struct datagram_answerer *a, struct datagram *const *list,
		     size_t count)
{
	for (size_t at = 0; at < count; at += DATAGRAM_GROUP)
		answer_group(a, list + at,
			     count - at < DATAGRAM_GROUP ? count - at
							 : DATAGRAM_GROUP);
}
