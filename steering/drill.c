/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/drill.h"

#include "policy/base/error.h"
#include "steering/draining.h"
#include "steering/drill_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLIND_SIZE = 80 }; /* of a list of services */

void drill_fini(struct drill *drill)
{
	free(drill->services);
	*drill = (struct drill){ .phase = DRILL_IDLE };
}

void drill_lose(struct drill *drill)
{
	free(drill->services);
	drill->services = NULL;
	drill->policy = NULL;
}

static const struct command *in_force(const struct state *state)
{
	for (size_t i = 0; i < state->command_count; i++)
		if (state->commands[i].drill &&
		    state->commands[i].kind == COMMAND_DRAIN)
			return &state->commands[i];
	return NULL;
}

static const struct command *drain_of(const struct state *state,
				      const char *target)
{
	for (size_t i = 0; i < state->command_count; i++)
		if (state->commands[i].kind == COMMAND_DRAIN &&
		    strcmp(state->commands[i].target, target) == 0)
			return &state->commands[i];
	return NULL;
}

static bool may_end(const struct command *command, const struct state *state,
		    struct error *err)
{
	const struct command *c = drain_of(state, command->target);

	if (c != NULL && c->drill)
		return true;
	error_set(err, "drill: no drill of %s is in force%s", command->target,
		  c == NULL ? "" : ", but a drain, which undrain ends");
	return false;
}

static bool is_alone(const struct command *command, const struct state *state,
		     struct error *err)
{
	const struct command *c = in_force(state);

	if (c == NULL)
		c = drain_of(state, command->target);
	if (c == NULL)
		return true;
	error_set(err, "drill: a %s of %s by %s (%s) is in force; end it first",
		  command_verb(c), c->target, c->author, c->id);
	return false;
}

bool drill_allows(const struct command *command, const struct state *state,
		  const struct agent_input *in, struct error *err)
{
	char down[COMMAND_TARGET_SIZE], blind[BLIND_SIZE];

	if (!command->drill)
		return true;
	if (command->kind == COMMAND_UNDRAIN)
		return may_end(command, state, err);
	if (!is_alone(command, state, err))
		return false;
	if (drill_finds_down(command, state, in->view, down, sizeof(down))) {
		error_set(err,
			  "drill: %s is down already; this is not the day "
			  "for it",
			  down);
		return false;
	}
	if (command->abort_errors_pct > 0 &&
	    drill_is_blind(command, state, in, blind, sizeof(blind))) {
		error_set(err,
			  "drill: no edge counts requests of %s, so nobody "
			  "would see errors; leave --abort-when out, or see "
			  "that windrose-edge runs",
			  blind);
		return false;
	}
	return true;
}

/* The phases. */

static void begin(struct drill *drill, const struct command *command,
		  const struct state *state, const struct agent_input *in)
{
	struct draining d = { 0 };

	drill_fini(drill);
	drill->phase = DRILL_GOING;
	drill->command = *command;
	drill->began_ms = drill->looked_ms = drill->weighed_ms = in->now.now_ms;
	if (draining_of(command, state->policy, &d))
		drill->settles_ms = d.wall_drained_ms - d.wall_moved_ms;
	drill_figures_begin(drill, state, in);
}

/* Who ended it before its time, if that was a person's change. */
static void find_ending(struct drill *drill, const struct state *state,
			int64_t wall_ms)
{
	const struct plan_change *c =
		state->change_count == 0
			? NULL
			: &state->changes[state->change_count - 1];

	if (state_has_expired(&drill->command, wall_ms))
		drill->why[0] = '\0';
	else if (c == NULL || c->machine)
		audit_text(drill->why, sizeof(drill->why),
			   "it was ended before its time");
	else
		audit_text(drill->why, sizeof(drill->why), "by %s: %.120s",
			   c->author, c->what);
}

struct turn {
	struct drill *drill;
	struct state *state;
	const struct agent_input *in;
	const char *agent;
	struct audit *audit;
	const struct command *command; /* in force; NULL: none is */
};

static void turn_back(struct turn *t)
{
	const struct drill_row row = { "ended", "", "",
				       t->drill->why[0] == '\0'
					       ? "its time is over"
					       : t->drill->why };
	const struct drill_row aborted = { "aborted", "", "", t->drill->why };

	t->drill->phase = DRILL_RETURNING;
	t->drill->ended_ms = t->in->now.now_ms;
	t->drill->back = (struct drill_plan){ 0, 0 };
	drill_tell(t->drill, t->drill->why[0] == '\0' ? &row : &aborted, t->in,
		   t->agent, t->audit);
}

static bool has(struct registry_floor acked, const struct drill_plan *plan)
{
	return plan->sequence != 0 && (acked.epoch > plan->epoch ||
				       (acked.epoch == plan->epoch &&
					acked.sequence >= plan->sequence));
}

static void end_by_agent(struct turn *t)
{
	for (size_t i = t->state->command_count; i-- > 0;)
		if (strcmp(t->state->commands[i].id, t->drill->command.id) == 0)
			state_remove(t->state, i);
	t->command = NULL;
	t->drill->machine = true;
}

/* A limit of errors that nobody would see is said to be none. */
static void tell_unwatched(const struct turn *t)
{
	const struct drill *d = t->drill;
	char what[POLICY_NAME_MAX + 8];
	const struct drill_row row = { what, "", "not watched",
				       "no edge counts its requests" };

	for (size_t i = 0; d->command.abort_errors_pct > 0 &&
			   d->services != NULL && i < d->policy->service_count;
	     i++) {
		if (!d->services[i].concerned || d->services[i].watched)
			continue;
		snprintf(what, sizeof(what), "errors %s",
			 d->policy->services[i].name);
		drill_tell(d, &row, t->in, t->agent, t->audit);
	}
}

/* The rules, each looked at in its phase; the first that applies fires. */

static bool has_begun(struct turn *t)
{
	if (t->command == NULL)
		return false;
	begin(t->drill, t->command, t->state, t->in);
	tell_unwatched(t);
	if (t->command->drill_epoch == t->in->epoch)
		return true;
	audit_text(t->drill->why, sizeof(t->drill->why),
		   "another agent leads now, which has not seen it begin");
	end_by_agent(t);
	return true;
}

static bool is_gone(struct turn *t)
{
	if (t->command != NULL &&
	    strcmp(t->command->id, t->drill->command.id) == 0)
		return false;
	if (t->drill->why[0] == '\0')
		find_ending(t->drill, t->state, t->in->now.wall_ms);
	turn_back(t);
	return true;
}

static bool is_trouble(struct turn *t)
{
	if (!drill_trouble(t->drill, t->state, t->in, t->drill->why,
			   sizeof(t->drill->why)))
		return false;
	end_by_agent(t);
	turn_back(t);
	return true;
}

static bool is_acked(struct turn *t)
{
	char took[32];
	const struct drill_row row = { "moved", "", took,
				       "every responder and edge has it" };

	if (!has(t->in->acked, &t->drill->away))
		return false;
	t->drill->acked_ms = t->in->now.now_ms;
	snprintf(took, sizeof(took), "%.1f s",
		 (double)(t->drill->acked_ms - t->drill->began_ms) / 1000);
	drill_tell(t->drill, &row, t->in, t->agent, t->audit);
	return true;
}

/* What was aborted and is there again was taken back by a plan that could not
 * be stored; who undoes an end begins anew. */
static bool is_again(struct turn *t)
{
	if (t->command == NULL)
		return false;
	if (t->drill->machine &&
	    strcmp(t->command->id, t->drill->command.id) == 0 &&
	    !has(t->in->acked, &t->drill->back)) {
		end_by_agent(t);
		t->drill->back = (struct drill_plan){ 0, 0 };
		return false;
	}
	drill_score(t->drill, t->in, t->agent, t->audit);
	return true;
}

static bool is_back(struct turn *t)
{
	struct drill *d = t->drill;

	if (has(t->in->acked, &d->back))
		d->back_ms = t->in->now.now_ms;
	else if (t->in->now.now_ms - d->ended_ms < DRILL_PATIENCE_MS)
		return false;
	drill_score(d, t->in, t->agent, t->audit);
	drill_fini(d);
	return true;
}

/* clang-format off */
static const struct rule {
	enum drill_phase in;
	bool (*when)(struct turn *t);
	enum drill_phase next;
} rules[] = {
	{ DRILL_IDLE,      has_begun,  DRILL_GOING     },
	{ DRILL_GOING,     is_acked,   DRILL_AWAY      },
	{ DRILL_GOING,     is_gone,    DRILL_RETURNING },
	{ DRILL_GOING,     is_trouble, DRILL_RETURNING },
	{ DRILL_AWAY,      is_gone,    DRILL_RETURNING },
	{ DRILL_AWAY,      is_trouble, DRILL_RETURNING },
	{ DRILL_RETURNING, is_again,   DRILL_IDLE      },
	{ DRILL_RETURNING, is_back,    DRILL_IDLE      },
};
/* clang-format on */

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

static void settle(struct turn *t)
{
	struct drill *d = t->drill;

	if (d->phase != DRILL_AWAY || d->settled ||
	    t->in->now.now_ms - d->acked_ms < d->settles_ms)
		return;
	d->settled = true;
	drill_figures_settle(d, t->in);
}

void drill_step(struct drill *drill, struct state *state,
		const struct agent_input *in, const char *agent,
		struct audit *audit)
{
	struct turn t = { drill, state, in, agent, audit, in_force(state) };
	size_t i = 0;

	if (drill->phase != DRILL_IDLE && t.command != NULL &&
	    strcmp(t.command->id, drill->command.id) == 0)
		drill->command = *t.command;
	/* What another has led meanwhile is another's to tell. */
	if (drill->phase != DRILL_IDLE &&
	    drill->command.drill_epoch != in->epoch &&
	    drill->away.sequence != 0 && drill->away.epoch != in->epoch)
		drill_fini(drill);
	drill_figures_look(drill, in);
	while (i < RULES)
		if (rules[i].in == drill->phase && rules[i].when(&t)) {
			drill->phase = rules[i].next;
			i = 0;
		} else {
			i++;
		}
	settle(&t);
}

void drill_given(struct drill *drill, const struct plan *plan)
{
	const struct drill_plan given = { plan->epoch, plan->sequence };

	if (drill->phase == DRILL_GOING && drill->away.sequence == 0)
		drill->away = given;
	if (drill->phase == DRILL_RETURNING && drill->back.sequence == 0)
		drill->back = given;
}
