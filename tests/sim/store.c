/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store -- what Redis does for the bus: values, notices, the lease, and the
 * compare at commit.  Its scripts run one at a time, as these functions do.
 */
#include "world.h"

#include "policy/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const char *octets, size_t len)
{
	char *c = malloc(len + 1);

	if (c == NULL)
		abort();
	memcpy(c, octets, len);
	c[len] = '\0';
	return c;
}

static bool reads(int node)
{
	return node < WORLD_RESPONDERS || node >= world_seat_node(0);
}

static void send_plan(struct world *w, int node)
{
	if (w->store.plan != NULL)
		world_send(w, node,
			   (struct event){
				   .kind = MESSAGE_NOTE_PLAN,
				   .to = node,
				   .octets = copy(w->store.plan,
						  w->store.plan_len),
				   .len = w->store.plan_len,
			   });
}

static void send_report(struct world *w, int node, size_t vantage)
{
	if (w->store.reports[vantage] != NULL)
		world_send(w, node,
			   (struct event){
				   .kind = MESSAGE_NOTE_REPORT,
				   .to = node,
				   .a = vantage,
				   .octets = copy(w->store.reports[vantage],
						  w->store.report_len[vantage]),
				   .len = w->store.report_len[vantage],
			   });
}

static void keep_report(struct world *w, struct event *e)
{
	free(w->store.reports[e->a]);
	w->store.reports[e->a] = e->octets;
	w->store.report_len[e->a] = e->len;
	e->octets = NULL;
	for (int n = 0; n < WORLD_NODES; n++)
		if (reads(n))
			send_report(w, n, e->a);
}

static void send_all(struct world *w, int node)
{
	send_plan(w, node);
	for (size_t v = 0; v < WORLD_VANTAGES; v++)
		send_report(w, node, v);
}

/* As the script in policy/bus: renewal keeps the epoch, takeover raises it. */
static void grant(struct world *w, const struct event *e)
{
	struct store *s = &w->store;
	int seat = (int)e->a;
	bool held = s->holder >= 0 && s->lease_until_ms > w->now_ms;
	uint64_t epoch = 0;

	if (!held || s->holder == seat) {
		if (!held) {
			s->epoch = (s->epoch > e->b ? s->epoch : e->b) + 1;
			w->takeovers++;
		}
		s->holder = seat;
		s->lease_until_ms = w->now_ms + LEASE_TTL_MS;
		epoch = s->epoch;
	}
	world_send(w, world_seat_node(e->a),
		   (struct event){
			   .kind = MESSAGE_LEASED,
			   .to = world_seat_node(e->a),
			   .a = epoch,
			   .number = e->number,
		   });
}

/* The compare at the write: the one fence there is. */
static bool accepts(const struct world *w, const struct plan *plan, int seat)
{
	const struct store *s = &w->store;

	return s->holder == seat && plan->epoch == s->epoch &&
	       (plan->epoch > s->head_epoch ||
		(plan->epoch == s->head_epoch &&
		 plan->sequence > s->head_sequence));
}

static void commit(struct world *w, struct event *e)
{
	struct error err;
	struct plan *plan = plan_parse(e->octets, e->len, &err);
	bool taken = plan != NULL && accepts(w, plan, (int)e->a);

	if (plan == NULL)
		snprintf(w->trouble, sizeof(w->trouble),
			 "an agent published what is no plan: %s", err.text);
	if (taken) {
		w->store.head_epoch = plan->epoch;
		w->store.head_sequence = plan->sequence;
		free(w->store.plan);
		w->store.plan = e->octets;
		w->store.plan_len = e->len;
		e->octets = NULL;
		w->commits++;
		for (int n = 0; n < WORLD_NODES; n++)
			if (reads(n))
				send_plan(w, n);
	} else {
		w->stale_commits++;
	}
	plan_free(plan);
	world_send(w, world_seat_node(e->a),
		   (struct event){
			   .kind = MESSAGE_COMMITTED,
			   .to = world_seat_node(e->a),
			   .a = taken ? BUS_COMMITTED : BUS_STALE,
			   .number = e->number,
		   });
}

void store_receive(struct world *w, struct event *e)
{
	if (!w->store.up)
		return;
	if (e->kind == MESSAGE_REPORT)
		keep_report(w, e);
	else if (e->kind == MESSAGE_READ)
		send_all(w, (int)e->a);
	else if (e->kind == MESSAGE_LEASE)
		grant(w, e);
	else if (e->kind == MESSAGE_COMMIT)
		commit(w, e);
}
