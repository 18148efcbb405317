/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store -- what Redis does for the bus: values that end, notices, the lease,
 * and the compare at commit.  Its scripts (policy/bus/redis_script) run one at
 * a time, as these functions do.
 */
#include "fleet.h"

#include "policy/base/error.h"

#include <stdlib.h>

enum {
	REPORT_TTL_MS = 15000, /* as health/reporter puts them */
	NODE_TTL_MS = 10000,   /* as dns/feed does */
};

static bool reads(int node)
{
	return node < FLEET_RESPONDERS || node >= fleet_seat(0);
}

static void send_plan(struct fleet *f, int node)
{
	const struct blob *plan = &f->store.plan;

	if (plan->octets == NULL)
		return;
	fleet_answer(f, node,
		     (struct event){
			     .kind = MESSAGE_PLAN,
			     .blob = blob_copy(plan->octets, plan->len) });
}

static void send_report(struct fleet *f, int node, size_t vantage)
{
	const struct blob *report = &f->store.reports[vantage];

	if (report->octets == NULL ||
	    f->store.reports_until_ms[vantage] <= f->now_ms)
		return;
	fleet_answer(f, node,
		     (struct event){
			     .kind = MESSAGE_VALUE,
			     .a = vantage,
			     .blob = blob_copy(report->octets, report->len) });
}

static void keep_report(struct fleet *f, const struct event *e)
{
	blob_keep(&f->store.reports[e->a], e->blob.octets, e->blob.len);
	f->store.reports_until_ms[e->a] = f->now_ms + REPORT_TTL_MS;
	for (int n = 0; n < FLEET_NODES; n++)
		if (reads(n))
			send_report(f, n, e->a);
}

static void send_node(struct fleet *f, int seat, size_t responder)
{
	const struct following *n = &f->store.nodes[responder];

	if (n->until_ms <= f->now_ms)
		return;
	fleet_answer(f, seat,
		     (struct event){ .kind = MESSAGE_NODE,
				     .a = responder,
				     .blob = blob_copy(n->record.octets,
						       n->record.len) });
}

static void keep_node(struct fleet *f, const struct event *e)
{
	blob_keep(&f->store.nodes[e->a].record, e->blob.octets, e->blob.len);
	f->store.nodes[e->a].until_ms = f->now_ms + NODE_TTL_MS;
	for (int n = fleet_seat(0); n < FLEET_NODES; n++)
		send_node(f, n, e->a);
}

static void send_all(struct fleet *f, int node)
{
	send_plan(f, node);
	for (size_t v = 0; v < FLEET_VANTAGES; v++)
		send_report(f, node, v);
	for (size_t r = 0; r < FLEET_RESPONDERS && node >= fleet_seat(0); r++)
		send_node(f, node, r);
	fleet_answer(f, node, (struct event){ .kind = MESSAGE_SYNCED });
}

bool store_is_held(const struct fleet *f)
{
	return f->store.holder != 0 && f->store.lease_until_ms > f->now_ms;
}

/* Renewal keeps the epoch unless a higher one is known, takeover raises it. */
static uint64_t grant(struct fleet *f, const struct event *e)
{
	struct store *s = &f->store;
	uint64_t newest = s->epoch > e->b ? s->epoch : e->b;

	if (newest < s->head_epoch)
		newest = s->head_epoch;
	if (store_is_held(f) && s->holder != e->a)
		return 0;
	if (!store_is_held(f) || s->epoch < newest) {
		s->epoch = newest + 1;
		f->totals.takeovers++;
		history_grant(f, s->epoch, e->a);
		fault_release(f);
		fleet_tell(f, e->from, "is given epoch %llu",
			   (unsigned long long)s->epoch);
	}
	s->holder = e->a;
	s->lease_until_ms = f->now_ms + LEASE_TTL_MS;
	return s->epoch;
}

/*
 * The compare at the write: the one fence there is.  The epoch tells the
 * holder: no two have the same.
 */
static enum bus_commit judge(const struct fleet *f, const struct plan *plan)
{
	const struct store *s = &f->store;

	if (!store_is_held(f) || plan->epoch != s->epoch ||
	    plan->epoch < s->head_epoch)
		return BUS_STALE;
	if (fleet_before(plan->base_epoch, plan->base_sequence, s->head_epoch,
			 s->head_sequence))
		return BUS_BEHIND;
	return plan->sequence > s->head_sequence ? BUS_COMMITTED : BUS_STALE;
}

static void store_plan(struct fleet *f, struct event *e,
		       const struct plan *plan)
{
	f->store.head_epoch = plan->epoch;
	f->store.head_sequence = plan->sequence;
	blob_keep(&f->store.plan, e->blob.octets, e->blob.len);
	if (fleet_draw(f) % 2 == 0) {
		f->store.replica_epoch = plan->epoch;
		f->store.replica_sequence = plan->sequence;
		blob_keep(&f->store.replica, e->blob.octets, e->blob.len);
	}
	f->totals.plans++;
	history_commit(f, e, plan);
	for (int n = 0; n < FLEET_NODES; n++)
		if (reads(n))
			fleet_answer(f, n,
				     (struct event){ .kind = MESSAGE_NOTICE });
}

static enum bus_commit commit(struct fleet *f, struct event *e)
{
	struct error err;
	struct plan *plan = plan_parse(e->blob.octets, e->blob.len, &err);
	enum bus_commit result;

	if (plan == NULL) {
		fleet_broken(f, "an agent published what is no plan: %s",
			     err.text);
		return BUS_STALE;
	}
	result = judge(f, plan);
	if (plan->epoch < f->store.epoch) {
		f->totals.late++;
		f->totals.late_stored += result == BUS_COMMITTED;
	}
	if (result == BUS_COMMITTED)
		store_plan(f, e, plan);
	else
		history_refuse(f, e, plan);
	f->totals.stale += result == BUS_STALE;
	f->totals.behind += result == BUS_BEHIND;
	plan_free(plan);
	return result;
}

void store_receive(struct fleet *f, struct event *e)
{
	struct event answer = { .number = e->number };

	if (e->kind == MESSAGE_REPORT) {
		keep_report(f, e);
	} else if (e->kind == MESSAGE_NODE) {
		keep_node(f, e);
	} else if (e->kind == MESSAGE_READ && e->a == 1) {
		send_all(f, e->from);
	} else if (e->kind == MESSAGE_READ) {
		send_plan(f, e->from);
	} else if (e->kind == MESSAGE_RELEASE) {
		if (f->store.holder == e->a)
			f->store.holder = 0;
	} else if (e->kind == MESSAGE_LEASE) {
		answer.kind = MESSAGE_LEASED;
		answer.a = grant(f, e);
		fleet_answer(f, e->from, answer);
	} else if (e->kind == MESSAGE_COMMIT) {
		answer.kind = MESSAGE_COMMITTED;
		answer.a = commit(f, e);
		/* As policy/bus/redis reads it again. */
		if (answer.a == BUS_BEHIND)
			send_plan(f, e->from);
		fleet_answer(f, e->from, answer);
	}
}

void store_forget(struct fleet *f)
{
	for (size_t v = 0; v < FLEET_VANTAGES; v++)
		free(f->store.reports[v].octets);
	for (size_t r = 0; r < FLEET_RESPONDERS; r++)
		free(f->store.nodes[r].record.octets);
	free(f->store.plan.octets);
	free(f->store.replica.octets);
	f->store = (struct store){ .holder = 0 };
	f->history.forgotten = true;
	f->history.given_epoch = 0;
	f->history.reset_ms = f->now_ms;
}

void store_fail_over(struct fleet *f)
{
	struct store *s = &f->store;

	if (s->replica.octets == NULL)
		return;
	if (s->replica_sequence != s->head_sequence)
		f->history.forgotten = true;
	f->history.given_epoch = 0;
	f->history.reset_ms = f->now_ms;
	s->holder = 0;
	s->epoch = s->head_epoch = s->replica_epoch;
	s->head_sequence = s->replica_sequence;
	blob_keep(&s->plan, s->replica.octets, s->replica.len);
}
