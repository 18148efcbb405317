/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history -- invariants over time: each plan follows from the one before.
 *
 * The store loses what it knows, agents come and go; still no command ends
 * before its time, no canary moves without a word, no endpoint gets its
 * clients back faster than its ramp, and no plan is two.
 */
#include "fleet.h"

#include "steering/ramp.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const struct order *history_find(const struct fleet *f, const char *id)
{
	const struct history *h = &f->history;

	for (size_t i = 0; i < h->order_count; i++)
		if (strcmp(h->orders[i].command.id, id) == 0)
			return &h->orders[i];
	return NULL;
}

static bool is_down(const struct plan_share *share)
{
	return share != NULL && share->cause == PLAN_HOLD &&
	       share->wall_since_ms == 0;
}

/* Only what is seen to be up comes back: silence is no recovery. */
static void check_recovery(struct fleet *f, const struct seat *s,
			   const struct plan *plan)
{
	for (size_t t = 0; t < f->target_count; t++) {
		const char *service = fleet_service(f, t)->name;
		const char *endpoint = fleet_endpoint(f, t)->name;
		const struct plan_share *is =
			plan_find_share(plan, service, endpoint);
		enum verdict verdict =
			s->inputs.view->services[f->target_service[t]]
				.endpoints[f->target_endpoint[t]]
				.health.verdict;

		if (s->inputs.plan == NULL || is_down(is) ||
		    (is != NULL && is->cause == PLAN_COMMAND) ||
		    verdict == VERDICT_UP ||
		    !is_down(
			    plan_find_share(s->inputs.plan, service, endpoint)))
			continue;
		fleet_broken(f, "%s/%s comes back while it is %s", service,
			     endpoint, verdict_name(verdict));
	}
}

/* A lease ends at its holder before it ends at the store: who publishes has
 * no rival, unless the store has lost the lease meanwhile. */
void history_propose(struct fleet *f, int node, const struct plan *plan)
{
	const struct history *h = &f->history;
	bool lost = h->reset_ms != 0 && f->now_ms - h->reset_ms <= LEASE_TTL_MS;

	if (!lost && store_is_held(f) &&
	    f->store.holder != fleet_holder(f, node))
		fleet_broken(f, "node %d publishes while another leads", node);
	check_recovery(f, &f->seats[node - fleet_seat(0)], plan);
	users_check_plan(f, node, plan);
}

static void note_release(struct fleet *f, const struct command *c)
{
	for (size_t t = 0; t < f->target_count; t++) {
		size_t len = strlen(fleet_service(f, t)->name);

		if (strncmp(c->target, fleet_service(f, t)->name, len) == 0 &&
		    c->target[len] == '/' &&
		    strcmp(c->target + len + 1, fleet_endpoint(f, t)->name) ==
			    0)
			f->history.released_ms[t] = f->now_ms;
	}
}

static bool ends(const struct command *c, const struct command *old)
{
	bool drains =
		old->kind == COMMAND_DRAIN || old->kind == COMMAND_UNDRAIN;

	if (c->kind == COMMAND_CANCEL)
		return strcmp(c->target, old->id) == 0;
	if (strcmp(c->target, old->target) != 0)
		return false;
	if (c->kind == COMMAND_DRAIN || c->kind == COMMAND_UNDRAIN)
		return drains;
	return c->kind == old->kind && strcmp(c->clients, old->clients) == 0;
}

void history_repeat(struct fleet *f, const struct command *c)
{
	struct history *h = &f->history;
	int canary = policy_find_canary(f->policy, c->target);

	/* Itself it is in the list when it comes again. */
	for (size_t i = 0; i < h->order_count; i++)
		if (strcmp(h->orders[i].command.id, c->id) != 0 &&
		    ends(c, &h->orders[i].command))
			h->orders[i].ended_ms = h->orders[i].gone_ms =
				f->now_ms;
	if (c->kind == COMMAND_UNDRAIN)
		note_release(f, c);
	if (fleet_of_canary(c->kind) && canary >= 0)
		h->canary_ms[canary] = f->now_ms;
}

void history_order(struct fleet *f, const struct command *c)
{
	struct history *h = &f->history;
	size_t at = 0;

	history_repeat(f, c);
	f->totals.canaries += fleet_of_canary(c->kind) &&
			      policy_find_canary(f->policy, c->target) >= 0;
	/* Approved once more, when the plan with it did not get there. */
	while (at < h->order_count &&
	       strcmp(h->orders[at].command.id, c->id) != 0)
		at++;
	if (at == FLEET_ORDERS)
		abort();
	h->orders[at] = (struct order){ .command = *c };
	h->order_count += at == h->order_count;
}

/* What was said since the last plan may be forgotten now. */
void history_adopt(struct fleet *f)
{
	struct history *h = &f->history;

	for (size_t i = 0; i < h->order_count; i++)
		if (h->orders[i].gone_ms >= h->made_ms)
			h->orders[i].gone_ms = 0;
}

static const struct command *find_command(const struct plan *plan,
					  const char *id)
{
	for (size_t i = 0; plan != NULL && i < plan->command_count; i++)
		if (strcmp(plan->commands[i].id, id) == 0)
			return &plan->commands[i];
	return NULL;
}

/* An agent may end a command by itself, when its time has come or it would
 * leave a service empty; then it says so. */
void history_audit(struct fleet *f, const struct audit *audit)
{
	for (size_t i = 0; i < audit->count; i++) {
		const struct audit_event *e = &audit->list[i];
		const struct order *order = history_find(f, e->id);
		const struct command *c = find_command(f->history.last, e->id);
		bool expired = strcmp(e->kind, "expired") == 0 ||
			       strcmp(e->why, "it has expired") == 0;

		if (!expired && strcmp(e->kind, "dropped") != 0)
			continue;
		if (c == NULL && order != NULL)
			c = &order->command;
		if (expired && c != NULL && c->wall_expires_ms > e->wall_ms)
			fleet_broken(f, "%s expired before its time", e->id);
		for (size_t j = 0; j < f->history.order_count; j++)
			if (strcmp(f->history.orders[j].command.id, e->id) == 0)
				f->history.orders[j].ended_ms = f->now_ms;
		fleet_tell(f, FLEET_STORE, "%s is %s", e->id, e->kind);
	}
}

/* No human change is for ever, and none is undone by accident. */
static void check_commands(struct fleet *f, const struct plan *plan,
			   int64_t made_ms)
{
	const struct history *h = &f->history;

	for (size_t i = 0; i < plan->command_count; i++) {
		const struct command *c = &plan->commands[i];
		const struct order *order = history_find(f, c->id);

		if (c->wall_expires_ms <= plan->wall_made_ms)
			fleet_broken(f, "a plan has %s, which expired", c->id);
		if (order->gone_ms > h->made_ms && order->gone_ms < made_ms)
			fleet_broken(f, "a plan has %s, which was ended",
				     c->id);
	}
	for (size_t i = 0; h->last != NULL && i < h->last->command_count; i++) {
		const struct command *c = &h->last->commands[i];
		const struct order *order = history_find(f, c->id);

		if (find_command(plan, c->id) != NULL ||
		    c->wall_expires_ms <= plan->wall_made_ms ||
		    order->ended_ms >= h->made_ms)
			continue;
		fleet_broken(f, "command %s (%s %s) was lost", c->id,
			     command_kind_name(c->kind), c->target);
	}
}

/* How much more of its clients may an endpoint have after so long? */
static double may_rise(const struct policy_service *s,
		       const struct plan_share *from, int64_t passed_ms)
{
	if (from->cause == PLAN_HOLD && from->wall_since_ms == 0)
		passed_ms -= s->failback_hold_ms;
	if (passed_ms <= 0)
		return 0;
	return (double)(passed_ms + ramp_limits_of(s).step_ms) /
	       (double)s->failback_ramp_ms;
}

/* From a hold to a ramp: after the hold, or at a word.  A new leader counts
 * the hold by its predecessor's clock, which may have been stepped. */
static bool may_begin(const struct fleet *f, size_t target,
		      const struct plan_share *from, int64_t made_ms)
{
	const struct policy_service *s = fleet_service(f, target);

	if (from->cause != PLAN_HOLD)
		return true;
	if (s->failback == FAILBACK_MANUAL)
		return false;
	return made_ms - f->history.down_ms[target] >= s->failback_hold_ms;
}

static void check_ramp(struct fleet *f, size_t t, const struct plan *plan,
		       int64_t made_ms)
{
	const struct history *h = &f->history;
	const char *service = fleet_service(f, t)->name;
	const char *endpoint = fleet_endpoint(f, t)->name;
	const struct plan_share *is = plan_find_share(plan, service, endpoint);
	const struct plan_share *was =
		h->last == NULL ? NULL
				: plan_find_share(h->last, service, endpoint);
	double share = is == NULL ? 1 : is->share;
	int64_t passed_ms = made_ms - h->made_ms;

	/* In panic what is up has come back. */
	if (was == NULL || h->released_ms[t] >= h->made_ms ||
	    h->panic_ms[f->target_service[t]] >= h->made_ms ||
	    (was->cause != PLAN_HOLD && was->cause != PLAN_RAMP) ||
	    (is != NULL && is->cause == PLAN_COMMAND))
		return;
	if ((is == NULL || is->cause == PLAN_RAMP) &&
	    !may_begin(f, t, was, made_ms))
		fleet_broken(f, "%s/%s comes back without its hold", service,
			     endpoint);
	if (share >
	    was->share + may_rise(fleet_service(f, t), was, passed_ms) + 0.0002)
		fleet_broken(f, "%s/%s went from %.4f (%s) to %.4f in %lld ms",
			     service, endpoint, was->share,
			     plan_cause_name(was->cause), share,
			     (long long)passed_ms);
}

/* When was it down last, as this leader said? */
static void note_down(struct fleet *f, const struct plan *plan, int64_t made_ms)
{
	struct history *h = &f->history;

	for (size_t t = 0; t < f->target_count; t++) {
		const struct plan_share *is =
			plan_find_share(plan, fleet_service(f, t)->name,
					fleet_endpoint(f, t)->name);

		if (h->last == NULL || h->last->epoch != plan->epoch)
			h->down_ms[t] = INT64_MIN / 2;
		if (is_down(is))
			h->down_ms[t] = made_ms;
		if (is != NULL && !h->seen_down[t] &&
		    (is->cause == PLAN_HOLD || is->cause == PLAN_RAMP))
			fleet_broken(f, "%s is held; it never was down",
				     is->endpoint);
	}
}

static bool same(const struct plan *plan, uint64_t epoch, uint64_t sequence)
{
	return plan->epoch == epoch && plan->sequence == sequence;
}

/*
 * Does this plan follow from the last?  After the store has forgotten it need
 * not: who leads then goes on from the newest that it knows, and who knew a
 * newer one may take over from it.
 */
static bool follows(struct fleet *f, const struct event *e,
		    const struct plan *plan)
{
	const struct plan *last = f->history.last;

	if (plan->base_epoch != e->base_epoch ||
	    plan->base_sequence != e->base_sequence)
		fleet_broken(f,
			     "plan %" PRIu64 ".%" PRIu64 " says that it was "
			     "made from %" PRIu64 ".%" PRIu64 "; it was not",
			     plan->epoch, plan->sequence, plan->base_epoch,
			     plan->base_sequence);
	if (last == NULL || same(last, e->base_epoch, e->base_sequence))
		return true;
	if (!f->history.forgotten &&
	    fleet_before(e->base_epoch, e->base_sequence, last->epoch,
			 last->sequence))
		fleet_broken(f,
			     "plan %" PRIu64 ".%" PRIu64 " was made from "
			     "%" PRIu64 ".%" PRIu64 ", not from %" PRIu64
			     ".%" PRIu64,
			     plan->epoch, plan->sequence, e->base_epoch,
			     e->base_sequence, last->epoch, last->sequence);
	return false;
}

void history_commit(struct fleet *f, const struct event *e,
		    const struct plan *plan)
{
	int64_t made_ms = (int64_t)e->b;
	struct history *h = &f->history;
	struct plan *copy = plan_copy(plan);
	bool known;

	if (copy == NULL)
		abort();
	fleet_tell(f, e->from,
		   "publishes %" PRIu64 ".%" PRIu64 ": %zu shares, %zu "
		   "commands",
		   plan->epoch, plan->sequence, plan->share_count,
		   plan->command_count);
	if (h->last != NULL && !h->forgotten &&
	    !fleet_before(h->last->epoch, h->last->sequence, plan->epoch,
			  plan->sequence))
		fleet_broken(f,
			     "the store went back from %" PRIu64 ".%" PRIu64
			     " to %" PRIu64 ".%" PRIu64,
			     h->last->epoch, h->last->sequence, plan->epoch,
			     plan->sequence);
	history_split(f, e->from, plan);
	plans_check(f, plan);
	note_down(f, plan, made_ms);
	known = follows(f, e, plan);
	approvals_check(f, e, known ? h->last : NULL, plan);
	demands_check(f, e, plan);
	if (known && h->last != NULL)
		spills_check(f, e, h->last, plan);
	if (known) {
		check_commands(f, plan, made_ms);
		rollouts_check(f, plan, made_ms);
		for (size_t t = 0; t < f->target_count; t++)
			check_ramp(f, t, plan, made_ms);
	} else {
		rollouts_forget(f);
	}
	history_store(f, plan);
	plan_free(h->last);
	h->last = copy;
	h->made_ms = made_ms;
	h->forgotten = false;
}

void history_fini(struct history *h)
{
	plan_free(h->last);
	free(h->taken);
	free(h->stored);
	*h = (struct history){ 0 };
}
