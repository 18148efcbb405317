/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history -- invariants over time: each plan follows from the one before.
 *
 * The store loses what it knows, agents come and go; still no command ends
 * before its time, no canary moves without a word, no endpoint gets its
 * clients back faster than its ramp, and no plan is two.
 */
#include "fleet.h"

#include "policy/base/hash.h"
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

/* A lease ends at its holder before it ends at the store: who publishes has
 * no rival, unless the store has lost the lease meanwhile. */
void history_lead(struct fleet *f, int node)
{
	const struct history *h = &f->history;
	bool lost = h->reset_ms != 0 && f->now_ms - h->reset_ms <= LEASE_TTL_MS;

	if (!lost && store_is_held(f) &&
	    f->store.holder != fleet_holder(f, node))
		fleet_broken(f, "node %d publishes while another leads", node);
}

/* Leaders are told apart by their epochs. */
void history_grant(struct fleet *f, uint64_t epoch, uint64_t holder)
{
	struct history *h = &f->history;

	if (epoch <= h->given_epoch)
		fleet_broken(f,
			     "epoch %" PRIu64 " is given to %" PRIu64
			     " after %" PRIu64 " to %" PRIu64,
			     epoch, holder, h->given_epoch, h->given_to);
	h->given_epoch = epoch;
	h->given_to = holder;
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
	return c->kind == old->kind;
}

void history_order(struct fleet *f, const struct command *c)
{
	struct history *h = &f->history;
	int canary = policy_find_canary(f->policy, c->target);

	for (size_t i = 0; i < h->order_count; i++)
		if (ends(c, &h->orders[i].command))
			h->orders[i].ended_ms = f->now_ms;
	if (c->kind == COMMAND_UNDRAIN)
		note_release(f, c);
	if (c->kind >= COMMAND_CANARY_START && canary >= 0) {
		h->canary_ms[canary] = f->now_ms;
		f->totals.canaries++;
	}
	if (h->order_count == FLEET_ORDERS)
		abort();
	h->orders[h->order_count++] = (struct order){ .command = *c };
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
		const struct command *c = find_command(f->history.last, e->id);
		bool expired = strcmp(e->kind, "expired") == 0 ||
			       strcmp(e->why, "it has expired") == 0;

		if (!expired && strcmp(e->kind, "dropped") != 0)
			continue;
		if (expired && c != NULL && c->wall_expires_ms > e->wall_ms)
			fleet_broken(f, "%s expired before its time", e->id);
		for (size_t j = 0; j < f->history.order_count; j++)
			if (strcmp(f->history.orders[j].command.id, e->id) == 0)
				f->history.orders[j].ended_ms = f->now_ms;
		fleet_tell(f, FLEET_STORE, "%s is %s", e->id, e->kind);
	}
}

/* Never empty by accident. */
static void check_served(struct fleet *f, const struct plan *plan)
{
	bool served[FLEET_SERVICES] = { false };

	for (size_t t = 0; t < f->target_count; t++) {
		const struct policy_endpoint *e = fleet_endpoint(f, t);
		const struct plan_share *share =
			plan_find_share(plan, fleet_service(f, t)->name,
					e->name);
		int64_t weight = share == NULL || share->weight < 0
					 ? (int64_t)e->weight
					 : share->weight;

		served[f->target_service[t]] |=
			e->canary == POLICY_NONE && weight > 0 &&
			(share == NULL || share->share > 0);
	}
	for (size_t s = 0; s < f->policy->service_count; s++)
		if (!served[s])
			fleet_broken(f, "a plan leaves %s empty",
				     f->policy->services[s].name);
}

/* No human change is for ever, and none is undone by accident. */
static void check_commands(struct fleet *f, const struct plan *plan)
{
	const struct plan *last = f->history.last;

	for (size_t i = 0; i < plan->command_count; i++)
		if (plan->commands[i].wall_expires_ms <= plan->wall_made_ms)
			fleet_broken(f, "a plan has %s, which has ended",
				     plan->commands[i].id);
	for (size_t i = 0; last != NULL && i < last->command_count; i++) {
		const struct command *c = &last->commands[i];
		const struct order *order = history_find(f, c->id);

		if (find_command(plan, c->id) != NULL ||
		    c->wall_expires_ms <= plan->wall_made_ms ||
		    order->ended_ms >= f->history.made_ms)
			continue;
		fleet_broken(f, "command %s (%s %s) was lost", c->id,
			     command_kind_name(c->kind), c->target);
	}
}

static void check_canaries(struct fleet *f, const struct plan *plan)
{
	const struct plan *last = f->history.last;

	for (size_t i = 0; last != NULL && i < f->policy->canary_count; i++) {
		const struct plan_canary *a = &last->canaries[i];
		const struct plan_canary *b = &plan->canaries[i];

		if ((a->state != b->state || a->stage != b->stage ||
		     a->step != b->step) &&
		    f->history.canary_ms[i] < f->history.made_ms)
			fleet_broken(f,
				     "canary %s went from %s %u %u to %s %u "
				     "%u, which nobody asked for",
				     a->name, plan_canary_state_name(a->state),
				     a->stage, a->step,
				     plan_canary_state_name(b->state), b->stage,
				     b->step);
	}
}

/* How much more of its clients may an endpoint have after so long? */
static double may_rise(const struct fleet *f, size_t target,
		       const struct plan_share *from, int64_t passed_ms)
{
	const struct policy_service *s = fleet_service(f, target);
	bool holds = from->cause == PLAN_HOLD;

	if (holds && s->failback == FAILBACK_MANUAL)
		return 0;
	/* From a hold with an instant the time goes on from there; at most
	 * all of it is over. */
	if (holds && from->wall_since_ms == 0)
		passed_ms -= s->failback_hold_ms;
	if (passed_ms <= 0)
		return 0;
	return (1 - RAMP_FLOOR) * (double)passed_ms /
	       (double)s->failback_ramp_ms;
}

static void check_ramps(struct fleet *f, const struct plan *plan,
			int64_t made_ms)
{
	const struct history *h = &f->history;

	for (size_t t = 0; t < f->target_count; t++) {
		const char *service = fleet_service(f, t)->name;
		const char *endpoint = fleet_endpoint(f, t)->name;
		const struct plan_share *is =
			plan_find_share(plan, service, endpoint);
		const struct plan_share *was =
			h->last == NULL
				? NULL
				: plan_find_share(h->last, service, endpoint);
		double share = is == NULL ? 1 : is->share;

		if (is != NULL && !h->seen_down[t] &&
		    (is->cause == PLAN_HOLD || is->cause == PLAN_RAMP))
			fleet_broken(f, "%s/%s is held; it never was down",
				     service, endpoint);
		if (was == NULL || h->released_ms[t] >= h->made_ms ||
		    (was->cause != PLAN_HOLD && was->cause != PLAN_RAMP))
			continue;
		if (share > was->share +
				    may_rise(f, t, was, made_ms - h->made_ms) +
				    0.0002)
			fleet_broken(f,
				     "%s/%s went from %.4f (%s) to %.4f in "
				     "%lld ms",
				     service, endpoint, was->share,
				     plan_cause_name(was->cause), share,
				     (long long)(made_ms - h->made_ms));
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
	check_served(f, plan);
	if (follows(f, e, plan)) {
		check_commands(f, plan);
		check_canaries(f, plan);
		check_ramps(f, plan, made_ms);
	}
	plan_free(h->last);
	h->last = copy;
	h->made_ms = made_ms;
	h->forgotten = false;
}

void history_taken(struct fleet *f, int node, const struct plan *plan,
		   const struct blob *blob)
{
	struct history *h = &f->history;
	uint64_t hash = hash_octets(HASH_FNV_OFFSET, blob->octets, blob->len);

	fleet_tell(f, node, "follows %" PRIu64 ".%" PRIu64, plan->epoch,
		   plan->sequence);
	for (size_t i = h->taken_count; i-- > 0;) {
		if (!same(plan, h->taken[i].epoch, h->taken[i].sequence))
			continue;
		if (h->taken[i].hash != hash)
			fleet_broken(f,
				     "there are two plans %" PRIu64 ".%" PRIu64,
				     plan->epoch, plan->sequence);
		return;
	}
	if (h->taken_count == h->taken_room) {
		h->taken_room = h->taken_room * 2 + 64;
		h->taken = reallocarray(h->taken, h->taken_room,
					sizeof(*h->taken));
		if (h->taken == NULL)
			abort();
	}
	h->taken[h->taken_count++] =
		(struct taken){ plan->epoch, plan->sequence, hash };
}

void history_fini(struct history *h)
{
	plan_free(h->last);
	free(h->taken);
	*h = (struct history){ 0 };
}
