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
	a->wall_ns = clock_wall_ns();
	a->input.now_s = (uint32_t)(a->wall_ns / 1000000000);
	if (a->rrl != NULL)
		a->uptime_s = (uint32_t)(clock_now_ms() / 1000);
	slot_online();
	a->table = slot_read(a->slot);
	a->input.identity = slot_identity(a->slot);
}

void datagram_end(struct datagram_answerer *a)
{
	a->table = NULL;
	a->input.identity = NULL;
	slot_offline();
}

/* What the rate limit leaves of an answer of len octets; its length, or 0. */
RARE static size_t limit_rate(struct datagram_answerer *a,
			      const struct datagram *d, size_t len)
{
	enum rrl_verdict verdict =
		rrl_judge(a->rrl, &a->input.peer, &a->outcome, a->uptime_s);

	if (verdict == RRL_SEND)
		return len;
	stats_count_event(a->stats,
			  verdict == RRL_DROP ? STATS_LIMITED : STATS_SLIPPED,
			  1);
	if (verdict == RRL_LEAK || rrl_only_counts(a->rrl))
		return len;
	if (verdict == RRL_DROP)
		return 0;
	a->input.turned_away = true;
	len = answer_query(a->table, &a->input, d->answer, d->cap, &a->outcome);
	a->input.turned_away = false;
	return len;
}

RARE static void put_copy(const struct datagram_answerer *a,
			  const struct datagram *d, size_t len)
{
	tap_put(a->tap, &(struct tap_exchange){
				.transport = a->transport,
				.client = { a->input.peer, a->client_port },
				.server = d->server,
				.wall_asked_ns = a->wall_ns,
				.query = a->input.query,
				.query_len = a->input.len,
				.answer = d->answer,
				.answer_len = len,
				.table = a->table,
				.zone = a->outcome.zone,
			});
}

/* Who really asks, and what; false when a proxy does not say it. */
RARE static bool unwrap(struct datagram_answerer *a, const struct datagram *d)
{
	struct proxy_client client = { d->peer, d->port, 0 };

	if (!proxy_unwrap(a->proxies, d->query, d->len, &client)) {
		stats_count_event(a->stats, STATS_SILENT, 1);
		return false;
	}
	a->input.query += client.skip;
	a->input.len -= client.skip;
	a->input.peer = client.addr;
	a->client_port = client.port;
	return true;
}

size_t datagram_answer(struct datagram_answerer *a, const struct datagram *d)
{
	size_t whole, len;

	a->input.query = d->query;
	a->input.len = d->len;
	a->input.peer = d->peer;
	a->input.random = hash_mix(a->random += UINT64_C(0x9e3779b97f4a7c15));
	a->client_port = d->port;
	if (a->proxies->count > 0 && !unwrap(a, d))
		return 0;
	whole = answer_query(a->table, &a->input, d->answer, d->cap,
			     &a->outcome);
	len = whole;
	if (a->rrl != NULL && whole > 0)
		len = limit_rate(a, d, whole);
	/* What the limit drops is not silence: that is what deserves no
	 * answer. */
	if (len > 0 || whole == 0)
		stats_count(a->stats, a->transport, &a->outcome, len);
	if (a->tap != NULL)
		put_copy(a, d, len);
	return len;
}
