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

static void write_event(struct steerer *s, const struct audit_event *event)
{
	struct error err = { .text = "out of memory" };
	json_t *json = audit_write(event);
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

	if (text != NULL)
		bus_append_audit(s->config.bus, text, strlen(text));
	if (text == NULL ||
	    (s->journal != NULL && !journal_append(s->journal, json, &err))) {
		steerer_trouble(s, TROUBLE_JOURNAL, err.text);
		steerer_log_failure("journal-failed", err.text);
	} else {
		steerer_trouble(s, TROUBLE_JOURNAL, "");
	}
	free(text);
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
	desk_lost(s, "the leadership was lost");
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
	rum_adopt(s->rum, plan);
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
	if (!agent_adopt(s->agent, s->inputs.plan, now))
		give_up(s, "out of memory");
}

static void on_stored(struct steerer *s, struct commit *c, struct ramp_now now)
{
	uint64_t epoch = c->plan->epoch, sequence = c->plan->sequence;

	if (inputs_take_plan(&s->inputs, c->plan, now.wall_ms)) {
		c->plan = NULL;
		shelf_put(s, c->envelope, c->len);
	}
	steerer_write_audit(s, &c->audit);
	desk_stored(s, epoch, sequence);
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
	for (size_t i = 0; i < c->audit.count; i++)
		audit_text(c->audit.list[i].kind, sizeof(c->audit.list[i].kind),
			   "unconfirmed");
	log_event(LOG_LEVEL_WARN, "steer", "unconfirmed",
		  "epoch=%llu sequence=%llu changes=%zu why=\"%s\"",
		  (unsigned long long)c->plan->epoch,
		  (unsigned long long)c->plan->sequence, c->audit.count, why);
	steerer_write_audit(s, &c->audit);
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
		desk_failed(s, "a newer plan is stored already; nothing "
			       "changed, send it again");
		give_up(s, "the plan was refused as stale");
		break;
	case BUS_DOWN:
		tell_unconfirmed(s, &c, "the bus is down");
		desk_lost(s, "the bus is down");
		if (s->leads != 0)
			take_back(s, now);
		break;
	}
	free_commit(&c);
}

static void cannot_send(struct steerer *s, const char *what)
{
	steerer_log_failure("plan-failed", what);
	desk_failed(s, what);
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
	desk_sent(s, plan->sequence);
	s->commit = c;
	bus_commit_plan(s->config.bus, plan->epoch, plan->sequence, c.envelope,
			c.len, on_committed, steerer_link_take(s));
}

static void on_lease(void *arg, uint64_t epoch)
{
	struct steerer *s = steerer_link_end(arg);

	if (s == NULL)
		return;
	lease_answer(&s->lease, epoch, steerer_now().now_ms);
	steerer_soon(s);
}

/*
 * What a new leader's epoch must exceed: that of the newest plan known here,
 * stored or not, and the seconds of the clock.  For the store may have lost all
 * it knew, and this agent may have been away while others led: then time tells
 * their epochs from ours, and readers, which never go back, follow at once.
 */
static uint64_t least_epoch(const struct steerer *s, struct ramp_now now)
{
	uint64_t least = s->inputs.plan == NULL ? 0 : s->inputs.plan->epoch;
	uint64_t wall_s = now.wall_ms < 0 ? 0 : (uint64_t)now.wall_ms / 1000;

	if (least < agent_epoch(s->agent))
		least = agent_epoch(s->agent);
	return s->lease.epoch == 0 && least < wall_s ? wall_s : least;
}

static void ask_lease(struct steerer *s, struct ramp_now now)
{
	/* Who has not read the last plan could only begin from nothing. */
	if (s->synced && lease_ask(&s->lease, now.now_ms))
		bus_lease(s->config.bus, s->holder, LEASE_TTL_MS,
			  least_epoch(s, now), on_lease, steerer_link_take(s));
}

void publish_turn(struct steerer *s, struct ramp_now now)
{
	struct agent_input in;
	const struct plan *plan;

	ask_lease(s, now);
	if (!lease_leads(&s->lease, now.now_ms)) {
		step_down(s, "the lease ran out or went to another");
		return;
	}
	/* After a broken link the stored plan may be one that nobody told us
	 * of, perhaps our own: first read it, then go on from it. */
	if (s->commit.plan != NULL || !s->synced)
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
	if (s->waiting != NULL && agent_trouble(s->agent)[0] != '\0') {
		desk_failed(s, agent_trouble(s->agent));
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
	if (s->leads != 0 && epoch > s->leads)
		give_up(s, "a plan of a later epoch was seen");
	else if (s->leads != 0 && s->commit.plan == NULL)
		take_back(s, now);
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
}
