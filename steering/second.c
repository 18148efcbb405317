/* SPDX-License-Identifier: Apache-2.0 */
/* second -- the second person: commands that are held, and approvals.  Shell:
 * see steerer_impl.h. */
#include "steering/steerer_impl.h"

#include "policy/base/error.h"
#include "policy/base/log.h"
#include "steering/answer.h"
#include "steering/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

_Static_assert((int)PLAN_HELD_KEY_SIZE == (int)SIGN_ID_SIZE,
	       "a plan has room for the name of a key");

static void tell(struct steerer *s, const struct plan_held *h, const char *kind,
		 const char *after)
{
	struct audit_event event =
		describe_command(&h->command, steerer_now().wall_ms);
	char quoted[300];

	audit_text(event.kind, sizeof(event.kind), "%s", kind);
	audit_text(event.after, sizeof(event.after), "%s", after);
	audit_add(agent_audit(s->agent), &event);
	log_event(LOG_LEVEL_INFO, "steer", kind, "id=%s author=%s what=%s",
		  h->command.id, h->command.author,
		  log_quote(event.what, quoted, sizeof(quoted)));
}

void second_turn(struct steerer *s, int64_t wall_ms)
{
	struct plan_held h;

	if (s->leads == 0)
		s->held.count = 0;
	while (held_expire(&s->held, wall_ms, &h))
		tell(s, &h, "held-expired", "nobody approved it");
}

bool second_resolve(struct steerer *s, const struct asker *from,
		    struct request *request, struct error *err)
{
	const struct plan_held *h;
	int64_t wall_ms = request->in.now.wall_ms;

	if (request->command.kind != COMMAND_APPROVE)
		return true;
	if (!command_check(&request->command, s->loaded.policy, wall_ms, err))
		return false;
	if (llabs(wall_ms - request->command.wall_made_ms) > AGENT_FRESH_MS) {
		error_set(err, "approve: it is not fresh; look at the clocks");
		return false;
	}
	/* What the agent itself wants needs one person, not two. */
	if (agent_holds(s->agent, request->command.target))
		return true;
	second_turn(s, wall_ms);
	h = held_find(&s->held, &request->command, from->key, err);
	if (h == NULL)
		return false;
	request->approval = request->command;
	request->command = held_renew(h, wall_ms);
	request->in.approved = true;
	return true;
}

void second_approved(struct steerer *s, const struct asker *from,
		     const struct request *request)
{
	const struct command *approval = &request->approval;
	struct audit_event event = { .wall_ms = request->in.now.wall_ms };
	struct error err;
	const struct plan_held *h =
		held_find(&s->held, approval, from->key, &err);

	if (h == NULL)
		return;
	audit_text(event.kind, sizeof(event.kind), "approved");
	audit_text(event.id, sizeof(event.id), "%s", h->command.id);
	audit_text(event.who, sizeof(event.who), "%s", approval->author);
	audit_text(event.what, sizeof(event.what), "%s %s of %s",
		   command_kind_name(h->command.kind), h->command.target,
		   h->command.author);
	audit_text(event.why, sizeof(event.why), "%s", approval->reason);
	audit_text(event.before, sizeof(event.before), "%s", h->why);
	audit_text(event.after, sizeof(event.after), "keys %s and %s",
		   h->key[0] == '\0' ? "none" : h->key, from->key);
	audit_add(agent_audit(s->agent), &event);
	held_remove(&s->held, h->command.id);
}

/* The kind that needs a second person: the command's, or that of one which it
 * puts in force, as an undo does; COMMAND_NONE: neither. */
static enum command_kind confirmed_kind(const struct steerer *s,
					const struct command *c,
					const struct agent_preview *preview)
{
	const struct plan *after = preview->after;

	if (held_wanted(s->loaded.policy, c->kind))
		return c->kind;
	for (size_t i = 0; i < after->command_count; i++)
		if (!plan_has_command(preview->before, after->commands[i].id) &&
		    held_wanted(s->loaded.policy, after->commands[i].kind))
			return after->commands[i].kind;
	return COMMAND_NONE;
}

/* Which rule wants a second person; "" when none does. */
static void find_why(const struct steerer *s, const struct request *request,
		     const struct agent_preview *preview,
		     char why[PLAN_HELD_WHY_SIZE])
{
	const struct command *c = &request->command;
	enum command_kind kind = confirmed_kind(s, c, preview);

	why[0] = '\0';
	if (request->in.approved)
		return;
	if (preview->refused[0] != '\0')
		snprintf(why, PLAN_HELD_WHY_SIZE, "%s",
			 preview->yields && c->approval ? preview->refused
							: "");
	else if (kind != COMMAND_NONE)
		snprintf(why, PLAN_HELD_WHY_SIZE,
			 "safety.confirm: %s needs a second person",
			 command_kind_name(kind));
}

bool second_hold(struct steerer *s, const struct asker *from,
		 const struct request *request,
		 const struct agent_preview *preview)
{
	struct plan_held h = { .command = request->command };
	struct error err;

	find_why(s, request, preview, h.why);
	if (h.why[0] == '\0')
		return false;
	snprintf(h.key, sizeof(h.key), "%s", from->key);
	if (!held_add(&s->held, s->loaded.policy, &h, request->in.now.wall_ms,
		      &err)) {
		desk_answer(s, from, answer_error(err.text));
		return true;
	}
	tell(s, &h, "held", h.why);
	desk_answer(s, from,
		    json_pack("{s:b, s:s, s:s, s:I}", "ok", 1, "held",
			      h.command.id, "why", h.why, "wall_until_ms",
			      (json_int_t)s->held.list[s->held.count - 1]
				      .wall_until_ms));
	publish_turn(s, request->in.now);
	return true;
}
