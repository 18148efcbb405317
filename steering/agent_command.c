/* SPDX-License-Identifier: Apache-2.0 */
/* agent_command -- what people want of the agent: judged, previewed, done. */
#include "steering/agent_impl.h"

#include "policy/base/error.h"
#include "steering/describe.h"
#include "steering/draft.h"
#include "steering/freeze.h"
#include "steering/order.h"
#include "steering/pause.h"
#include "steering/pinning.h"
#include "steering/undo.h"

#include <string.h>

static bool is_in_force(const struct agent *agent, const char *id)
{
	for (size_t i = 0; i < agent->state.command_count; i++)
		if (strcmp(agent->state.commands[i].id, id) == 0)
			return true;
	return false;
}

static bool is_fresh(const struct agent *agent, const struct command *c,
		     int64_t wall_ms, struct error *err)
{
	int64_t age_ms = wall_ms - c->wall_made_ms;
	const char *name = command_kind_name(c->kind);

	if (age_ms > AGENT_FRESH_MS || age_ms < -AGENT_FRESH_MS) {
		error_set(err, "%s: made %lld s %s; commands are good for %d s",
			  name,
			  (long long)(age_ms < 0 ? -age_ms : age_ms) / 1000,
			  age_ms < 0 ? "in the future" : "ago",
			  AGENT_FRESH_MS / 1000);
		return false;
	}
	if (recent_find(&agent->recent, c->id)) {
		error_set(err, "%s: command %s has been seen before", name,
			  c->id);
		return false;
	}
	if (c->wall_made_ms < agent->wall_adopted_ms) {
		error_set(err,
			  "%s: made %lld s before this agent took over; send "
			  "it again, and look at the clocks if that fails",
			  name,
			  (long long)(agent->wall_adopted_ms - c->wall_made_ms +
				      999) /
				  1000);
		return false;
	}
	return true;
}

static bool is_guarded(enum command_kind kind)
{
	return kind == COMMAND_DRAIN || kind == COMMAND_FAILOVER ||
	       kind == COMMAND_WEIGHT || kind == COMMAND_PIN ||
	       kind == COMMAND_ROLLBACK || kind == COMMAND_UNDO;
}

/* The state with the command carried out.  False with err set. */
static bool may_try(const struct agent *agent, const struct command *c,
		    const struct agent_input *in, struct error *err)
{
	if (!command_check(c, agent->policy, in->now.wall_ms, err) ||
	    !pause_allows(c, agent->policy, in->view, err) ||
	    !drill_allows(c, &agent->state, in, err) ||
	    !pinning_understood(c, in->registry, err) ||
	    !freeze_allows(c, state_commands(&agent->state), agent->policy,
			   in->now.wall_ms, err))
		return false;
	if (is_in_force(agent, c->id)) {
		error_set(err, "%s: command %s has been seen before",
			  command_kind_name(c->kind), c->id);
		return false;
	}
	return in->repeats || is_fresh(agent, c, in->now.wall_ms, err);
}

/* What a command would make of the state. */
struct change {
	struct state before, after;
};

static void change_fini(struct change *change)
{
	state_fini(&change->before);
	state_fini(&change->after);
}

static bool change_make(const struct agent *agent, const struct command *c,
			const struct agent_input *in, struct change *out,
			struct error *err)
{
	*out = (struct change){ .before = { 0 } };
	if (!may_try(agent, c, in, err))
		return false;
	if (!state_copy_now(&out->before, &agent->state, in->now.wall_ms) ||
	    !state_copy(&out->after, &out->before))
		error_set(err, "out of memory");
	else if (order_apply(&out->after, c, in->past, in->now, err))
		return true;
	change_fini(out);
	return false;
}

static struct guard_case case_of(const struct agent_input *in,
				 const struct change *change)
{
	return (struct guard_case){
		.policy = change->before.policy,
		.view = in->view,
		.before = state_commands(&change->before),
		.after = state_commands(&change->after),
		.classes = in->classes,
		.rates = in->rates,
		.wall_ms = in->now.wall_ms,
		.yields = in->approved,
	};
}

/*
 * May it be?  rule has what stands against it, "" when nothing does: true with
 * a rule there, it is forced past that.
 */
static bool judge(const struct agent *agent, const struct command *c,
		  const struct guard_case *g, struct error *rule)
{
	struct guard_case bare = *g;
	struct error err;

	rule->text[0] = '\0';
	if (!is_guarded(c->kind) || guard_check(g, rule)) {
		rule->text[0] = '\0';
		return true;
	}
	if (!c->force)
		return false;
	bare.yields = true;
	if (!guard_check(&bare, &err))
		*rule = err;
	else if (agent->policy->safety.force)
		return true;
	return false;
}

void agent_refuse(struct agent *agent, const struct command *command,
		  int64_t wall_ms, const struct error *err)
{
	struct audit_event event = describe_command(command, wall_ms);

	audit_text(event.kind, sizeof(event.kind), "refused");
	audit_text(event.after, sizeof(event.after), "%s", err->text);
	audit_add(&agent->audit, &event);
}

/* What an undo is of, in words. */
static void describe_undo(const struct agent *agent, const struct command *c,
			  struct audit_event *event)
{
	const struct plan_change *of;
	struct error none;

	if (c->kind != COMMAND_UNDO)
		return;
	of = undo_find(&agent->state, c->target, &none);
	if (of != NULL)
		audit_text(event->what, sizeof(event->what),
			   "undo of %s: %s by %s", of->id, of->what,
			   of->author);
}

/* So that it can be undone. */
static void note(struct change *change, const struct audit_event *event)
{
	struct plan_change c = { .wall_ms = event->wall_ms };

	audit_text(c.id, sizeof(c.id), "%s", event->id);
	audit_text(c.author, sizeof(c.author), "%s", event->who);
	audit_text(c.what, sizeof(c.what), "%s", event->what);
	undo_note(&change->after, &change->before, &c);
}

/* Who watches over a drill that begins. */
static void mark_drill(struct state *after, const struct command *c,
		       uint64_t epoch)
{
	for (size_t i = 0; c->drill && i < after->command_count; i++)
		if (strcmp(after->commands[i].id, c->id) == 0)
			after->commands[i].drill_epoch = epoch;
}

/* What was forced is told apart, and marked where it stays; else it is a
 * command like others. */
static void mark_forced(struct agent *agent, struct state *after,
			const struct audit_event *event,
			const struct error *rule)
{
	bool forced = rule->text[0] != '\0';
	struct audit_event told = *event;

	for (size_t i = 0; i < after->command_count; i++)
		if (strcmp(after->commands[i].id, event->id) == 0)
			after->commands[i].force = forced;
	if (!forced)
		return;
	audit_text(told.kind, sizeof(told.kind), "forced");
	audit_text(told.before, sizeof(told.before), "%s", rule->text);
	told.after[0] = '\0';
	audit_add(&agent->audit, &told);
}

bool agent_command(struct agent *agent, const struct command *command,
		   const struct agent_input *in, struct error *err)
{
	struct audit_event event = describe_command(command, in->now.wall_ms);
	struct change change;
	struct guard_case g;
	struct error rule;

	event.repeatable = in->approved;
	if (!change_make(agent, command, in, &change, err)) {
		agent_refuse(agent, command, in->now.wall_ms, err);
		return false;
	}
	g = case_of(in, &change);
	if (!judge(agent, command, &g, &rule)) {
		*err = rule;
		change_fini(&change);
		agent_refuse(agent, command, in->now.wall_ms, err);
		return false;
	}
	if (!in->repeats &&
	    !recent_add(&agent->recent, command->id, command->wall_made_ms,
			in->now.wall_ms, err)) {
		change_fini(&change);
		agent_refuse(agent, command, in->now.wall_ms, err);
		return false;
	}
	describe_undo(agent, command, &event);
	describe_change(&event, &change.before, &change.after, in->now);
	note(&change, &event);
	mark_forced(agent, &change.after, &event, &rule);
	mark_drill(&change.after, command, in->epoch);
	agent_expire(agent, in->now.wall_ms);
	audit_add(&agent->audit, &event);
	state_fini(&agent->state);
	agent->state = change.after;
	state_fini(&change.before);
	return true;
}

static void find_undone(const struct agent *agent, const struct command *c,
			struct agent_undone *out)
{
	const struct plan_change *of;
	struct error none;

	if (c->kind != COMMAND_UNDO)
		return;
	of = undo_find(&agent->state, c->target, &none);
	if (of == NULL)
		return;
	memcpy(out->id, of->id, sizeof(out->id));
	memcpy(out->author, of->author, sizeof(out->author));
	memcpy(out->what, of->what, sizeof(out->what));
	out->wall_ms = of->wall_ms;
}

static void find_rule(const struct agent *agent, const struct command *c,
		      const struct guard_case *g, struct agent_preview *out)
{
	struct guard_case bare = *g;
	struct error rule, other;

	if (judge(agent, c, g, &rule))
		audit_text(out->overrides, sizeof(out->overrides), "%s",
			   rule.text);
	else
		audit_text(out->refused, sizeof(out->refused), "%s", rule.text);
	bare.yields = true;
	out->yields = out->refused[0] != '\0' && guard_check(&bare, &other);
}

/* What was held back happens. */
static void step_approved(const struct agent *agent,
			  const struct agent_input *in, struct state *after)
{
	struct audit unheard = { .list = NULL };

	agent_step(agent, in, after, &unheard);
	audit_fini(&unheard);
}

bool agent_preview(const struct agent *agent, const struct command *command,
		   const struct agent_input *in, struct agent_preview *out,
		   struct error *err)
{
	const struct draft_when when = { in->now, true, in->rum, in->demands,
					 in->held };
	struct agent_preview preview = { 0 };
	struct change change;
	struct guard_case g;

	if (!change_make(agent, command, in, &change, err))
		return false;
	if (command->kind == COMMAND_APPROVE)
		step_approved(agent, in, &change.after);
	find_undone(agent, command, &preview.undoes);
	g = case_of(in, &change);
	guard_warn(&g, &preview.warnings);
	find_rule(agent, command, &g, &preview);
	preview.before = draft_plan(&change.before, &when);
	preview.after = draft_plan(&change.after, &when);
	change_fini(&change);
	if (preview.before != NULL && preview.after != NULL) {
		*out = preview;
		return true;
	}
	plan_free(preview.before);
	plan_free(preview.after);
	error_set(err, "out of memory");
	return false;
}
