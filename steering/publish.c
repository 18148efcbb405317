/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish -- leadership, the plan's way to the bus, and the audit's.  Shell.
 *
 * One plan is on its way at a time.  The agent's state runs ahead of what is
 * stored by that one plan; when it does not get there, the agent goes back to
 * the last that did.
 */
#include "steering/steerer_impl.h"

#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bus.h"
#include "policy/bus/sign.h"
#include "steering/journal.h"
#include "steering/rum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Longer than two full reads of the bus are apart. */
enum { BEHIND_MS = 12000 };

/* The stream has the lines of the journal, so that one proves the other; and
 * bare events where there is none, or it cannot be written. */
static void tell_bus(struct steerer *s, const json_t *event, bool written)
{
	size_t len = 0;
	char *text = NULL;

	if (written) {
		const char *line = journal_line(s->journal, &len);

		bus_append_audit(s->config.bus, line, len);
		return;
	}
	text = json_dumps(event, JSON_COMPACT);
	if (text != NULL)
		bus_append_audit(s->config.bus, text, strlen(text));
	free(text);
}

static void write_event(struct steerer *s, const struct audit_event *event)
{
	struct error err = { .text = "out of memory" };
	json_t *json = audit_write(event);
	bool ok = json != NULL;

	if (ok && s->journal != NULL)
		ok = journal_append(s->journal, json, &err);
	if (!ok)
		steerer_log_failure("journal-failed", err.text);
	steerer_trouble(s, TROUBLE_JOURNAL, ok ? "" : err.text);
	if (json != NULL)
		tell_bus(s, json, ok && s->journal != NULL);
	json_decref(json);
}

void steerer_write_audit(struct steerer *s, struct audit *audit)
{
	for (size_t i = 0; i < audit->count; i++)
		write_event(s, &audit->list[i]);
	if (audit->lost > 0)
		steerer_log_failure("audit-lost", "out of memory");
	audit->lost = 0;
	audit_clear(audit);
}

static void free_commit(struct commit *c)
{
	plan_free(c->plan);
	free(c->envelope);
	audit_fini(&c->audit);
	*c = (struct commit){ .plan = NULL };
}

/* A change of leadership, in the log and in the audit. */
static void tell(struct steerer *s, const char *kind, const char *what,
		 const char *why)
{
	struct audit_event event = { .wall_ms = steerer_now().wall_ms };
	struct audit audit = { .list = NULL };
	char quoted[200];

	audit_text(event.kind, sizeof(event.kind), "%s", kind);
	audit_text(event.who, sizeof(event.who), "%s", s->config.name);
	audit_text(event.what, sizeof(event.what), "%s", what);
	audit_text(event.why, sizeof(event.why), "%s", why);
	log_event(LOG_LEVEL_INFO, "steer", kind, "what=%s",
		  log_quote(what, quoted, sizeof(quoted)));
	audit_add(&audit, &event);
	steerer_write_audit(s, &audit);
	audit_fini(&audit);
}

/* A plan on its way stays there: its answer is still to come. */
static void step_down(struct steerer *s, const char *why)
{
	if (s->leads == 0)
		return;
	s->leads = 0;
	s->behind_ms = 0;
	waiting_unsent(s, "the leadership was lost");
	tell(s, "stepped-down", "leads no more", why);
	steerer_tell_node(s, steerer_now());
}

/* Lets a standby try. */
static void give_up(struct steerer *s, const char *why)
{
	lease_drop(&s->lease, steerer_now().now_ms);
	bus_release(s->config.bus, s->holder);
	step_down(s, why);
}

static void take_over(struct steerer *s, struct ramp_now now)
{
	const struct plan *plan = s->inputs.plan;
	char what[160] = "leads from nothing";

	if (!agent_adopt(s->agent, plan, now)) {
		give_up(s, "out of memory");
		return;
	}
	s->leads = s->lease.epoch;
	s->resumes = plan != NULL;
	rum_adopt(s->rum, plan);
	held_adopt(&s->held, plan);
	if (plan != NULL)
		snprintf(what, sizeof(what),
			 "leads with epoch %llu from plan %llu/%llu by %s",
			 (unsigned long long)s->leads,
			 (unsigned long long)plan->epoch,
			 (unsigned long long)plan->sequence, plan->agent);
	tell(s, "takeover", what, "the lease was free");
	steerer_tell_node(s, now);
}

/* Back to what is stored. */
static void take_back(struct steerer *s, struct ramp_now now)
{
	held_restore(&s->held, s->inputs.plan);
	if (!agent_adopt(s->agent, s->inputs.plan, now))
		give_up(s, "out of memory");
}

/* Onto what is stored, with what people have commanded since. */
static void rebase(struct steerer *s, struct ramp_now now)
{
	const struct plan *plan = s->inputs.plan;

	s->behind_ms = 0;
	if (!agent_adopt(s->agent, plan, now)) {
		give_up(s, "out of memory");
		return;
	}
	log_event(LOG_LEVEL_INFO, "steer", "rebased",
		  "epoch=%llu sequence=%llu", (unsigned long long)plan->epoch,
		  (unsigned long long)plan->sequence);
	held_restore(&s->held, plan);
	waiting_repeat(s, now);
	steerer_soon(s);
}

/* The same events under another kind. */
static void write_as(struct steerer *s, const struct audit *audit,
		     const char *kind)
{
	for (size_t i = 0; i < audit->count; i++) {
		struct audit_event event = audit->list[i];

		audit_text(event.kind, sizeof(event.kind), "%s", kind);
		write_event(s, &event);
	}
}

/* What was unconfirmed and what became of it. */
static void settle(struct steerer *s, size_t index, enum doubt_end end)
{
	static const char *const kinds[] = {
		[DOUBT_IN_FORCE] = "confirmed",
		[DOUBT_NOT] = "not-stored",
		[DOUBT_LOST] = "unknown",
	};
	const struct doubt *d = &s->doubts.list[index];

	log_event(LOG_LEVEL_INFO, "steer", kinds[end],
		  "epoch=%llu sequence=%llu changes=%zu",
		  (unsigned long long)d->epoch, (unsigned long long)d->sequence,
		  d->audit.count);
	write_as(s, &d->audit, kinds[end]);
	waiting_settle(s, d, end);
	doubts_drop(&s->doubts, index);
}

/* What does the newest plan say of those that nobody answered? */
static void settle_doubts(struct steerer *s)
{
	for (size_t i = s->doubts.count; i-- > 0;) {
		enum doubt_end end =
			doubt_judge(&s->doubts.list[i], s->inputs.plan);

		if (end != DOUBT_OPEN)
			settle(s, i, end);
	}
}

static void on_stored(struct steerer *s, struct commit *c, struct ramp_now now)
{
	uint64_t epoch = c->plan->epoch, sequence = c->plan->sequence;

	if (inputs_take_plan(&s->inputs, c->plan, now.wall_ms)) {
		c->plan = NULL;
		shelf_put(s, c->envelope, c->len);
		settle_doubts(s);
	}
	steerer_write_audit(s, &c->audit);
	waiting_stored(s, epoch, sequence);
	steerer_tell_node(s, now);
	steerer_soon(s);
}

/*
 * Nobody said whether the plan is stored.  Its events are told as such: who
 * commanded what must be found in the history whatever became of it.
 */
static void tell_unconfirmed(struct steerer *s, struct commit *c,
			     const char *why)
{
	log_event(LOG_LEVEL_WARN, "steer", "unconfirmed",
		  "epoch=%llu sequence=%llu changes=%zu why=\"%s\"",
		  (unsigned long long)c->plan->epoch,
		  (unsigned long long)c->plan->sequence, c->audit.count, why);
	write_as(s, &c->audit, "unconfirmed");
	doubts_add(&s->doubts, c->plan, &c->audit);
}

/* Its events never became true. */
static void tell_stale(struct steerer *s, const struct commit *c)
{
	char what[80];

	snprintf(what, sizeof(what), "plan %llu/%llu with %zu changes",
		 (unsigned long long)c->plan->epoch,
		 (unsigned long long)c->plan->sequence, c->audit.count);
	tell(s, "not-stored", what, "it was refused as stale");
}

/*
 * A plan that the agent did not know of, perhaps its own, is stored: it goes
 * on from that, once it has read it.
 */
static void on_behind(struct steerer *s, const struct commit *c,
		      struct ramp_now now)
{
	const struct plan *read = s->inputs.plan;

	log_event(LOG_LEVEL_WARN, "steer", "behind",
		  "epoch=%llu sequence=%llu base=%llu/%llu",
		  (unsigned long long)c->plan->epoch,
		  (unsigned long long)c->plan->sequence,
		  (unsigned long long)c->plan->base_epoch,
		  (unsigned long long)c->plan->base_sequence);
	if (s->leads == 0) {
		tell_stale(s, c);
		waiting_failed(s, "the leadership was lost, and a newer plan "
				  "is stored; nothing changed");
	} else if (read != NULL && (read->epoch != c->plan->base_epoch ||
				    read->sequence != c->plan->base_sequence)) {
		rebase(s, now);
	} else {
		s->behind_ms = now.now_ms;
	}
}

static void on_committed(void *arg, enum bus_commit result)
{
	struct steerer *s = steerer_link_end(arg);
	struct ramp_now now = steerer_now();
	struct commit c;

	if (s == NULL)
		return;
	c = s->commit;
	s->commit = (struct commit){ .plan = NULL };
	switch (result) {
	case BUS_COMMITTED:
		on_stored(s, &c, now);
		break;
	case BUS_STALE:
		tell_stale(s, &c);
		waiting_failed(s, "a newer plan is stored already; nothing "
				  "changed, send it again");
		give_up(s, "the plan was refused as stale");
		break;
	case BUS_BEHIND:
		on_behind(s, &c, now);
		break;
	case BUS_DOWN:
		waiting_doubt(s, c.plan->epoch, now.now_ms);
		tell_unconfirmed(s, &c, "the bus is down");
		if (s->leads != 0)
			take_back(s, now);
		break;
	}
	free_commit(&c);
}

static void cannot_send(struct steerer *s, const char *what)
{
	steerer_log_failure("plan-failed", what);
	waiting_failed(s, what);
	take_back(s, steerer_now());
}

/* Moves the agent's events over to the commit that makes them true. */
static void take_audit(struct steerer *s, struct audit *to)
{
	struct audit *from = agent_audit(s->agent);

	*to = *from;
	*from = (struct audit){ .list = NULL };
}

static void send_plan(struct steerer *s, const struct plan *plan)
{
	struct error err = { .text = "out of memory" };
	struct commit c = { .plan = plan_copy(plan) };
	size_t len = 0;
	char *octets = plan_write(plan, &len);

	if (octets != NULL && c.plan != NULL)
		c.envelope = sign_wrap(s->config.key, SIGN_PLAN, octets, len,
				       &c.len, &err);
	free(octets);
	if (c.envelope == NULL) {
		free_commit(&c);
		cannot_send(s, err.text);
		return;
	}
	take_audit(s, &c.audit);
	waiting_sent(s, plan->sequence);
	s->commit = c;
	bus_commit_plan(s->config.bus,
			(struct bus_place){ plan->epoch, plan->sequence },
			(struct bus_place){ plan->base_epoch,
					    plan->base_sequence },
			c.envelope, c.len, on_committed, steerer_link_take(s));
}

static void on_lease(void *arg, uint64_t epoch)
{
	struct steerer *s = steerer_link_end(arg);

	if (s == NULL)
		return;
	lease_answer(&s->lease, epoch, steerer_now().now_ms);
	steerer_soon(s);
}

/* What the epoch asked for must exceed; the log is told of nodes ahead of us.
 */
static uint64_t least_epoch(struct steerer *s, struct ramp_now now)
{
	uint64_t known = s->inputs.plan == NULL ? 0 : s->inputs.plan->epoch;
	uint64_t followed = registry_followed(&s->inputs.registry, now.now_ms);
	uint64_t least;

	if (known < agent_epoch(s->agent))
		known = agent_epoch(s->agent);
	least = lease_least(&s->lease, known, followed, now.now_ms,
			    now.wall_ms);
	if (s->lease.epoch != 0 && least == followed && followed > known)
		log_event(LOG_LEVEL_WARN, "steer", "epoch-raised",
			  "followed=%llu known=%llu what=\"nodes follow a plan "
			  "that the bus has lost\"",
			  (unsigned long long)followed,
			  (unsigned long long)known);
	return least;
}

static void ask_lease(struct steerer *s, struct ramp_now now)
{
	/* Who has not read the last plan could only begin from nothing. */
	if (s->synced && lease_ask(&s->lease, now.now_ms))
		bus_lease(s->config.bus, s->holder, LEASE_TTL_MS,
			  least_epoch(s, now), on_lease, steerer_link_take(s));
}

/*
 * Is a plan stored that was not read yet?  When it cannot be, another agent may
 * be able to.
 */
static bool is_behind(struct steerer *s, struct ramp_now now)
{
	if (s->behind_ms != 0 && now.now_ms - s->behind_ms > BEHIND_MS) {
		steerer_log_failure("plan-unread",
				    "the bus says that a newer plan is stored "
				    "than any that could be read there; is its "
				    "agent's key in --trust? else delete the "
				    "key plan-head, see windrose-bus(7)");
		give_up(s, "the stored plan cannot be read");
	}
	return s->behind_ms != 0;
}

void publish_turn(struct steerer *s, struct ramp_now now)
{
	struct agent_input in;
	const struct plan *plan;

	waiting_turn(s, now.now_ms);
	ask_lease(s, now);
	if (!lease_leads(&s->lease, now.now_ms)) {
		step_down(s, "the lease ran out or went to another");
		return;
	}
	/* After a broken link the stored plan may be one that nobody told us
	 * of, perhaps our own: first read it, then go on from it. */
	if (s->commit.plan != NULL || !s->synced || is_behind(s, now) ||
	    s->lease.epoch == 0)
		return;
	if (s->leads != s->lease.epoch) {
		step_down(s, "another epoch began");
		take_over(s, now);
	}
	in = steerer_input(s, now);
	plan = agent_tick(s->agent, &in);
	if (plan != NULL) {
		send_plan(s, plan);
		return;
	}
	steerer_write_audit(s, agent_audit(s->agent));
	if (waiting_any(s) && agent_trouble(s->agent)[0] != '\0') {
		waiting_failed(s, agent_trouble(s->agent));
		take_back(s, now);
	}
}

/*
 * A newer plan from the bus: the one on its way; or another leader's; or our
 * own of which we never heard that it was stored, and then what is stored
 * counts, unless a newer one is on its way already.
 */
void publish_heard(struct steerer *s, struct plan *plan, const char *envelope,
		   size_t len)
{
	struct ramp_now now = steerer_now();
	uint64_t epoch = plan->epoch;

	if (!inputs_take_plan(&s->inputs, plan, now.wall_ms)) {
		plan_free(plan);
		return;
	}
	shelf_put(s, envelope, len);
	settle_doubts(s);
	if (s->leads != 0 && epoch > s->leads)
		give_up(s, "a plan of a later epoch was seen");
	else if (s->leads != 0 && s->commit.plan == NULL)
		rebase(s, now);
}

void publish_stop(struct steerer *s)
{
	bool led = s->leads != 0;

	step_down(s, "stopped");
	if (s->commit.plan != NULL)
		tell_unconfirmed(s, &s->commit, "the agent stopped");
	if (led)
		bus_release(s->config.bus, s->holder);
	free_commit(&s->commit);
	doubts_fini(&s->doubts);
}
