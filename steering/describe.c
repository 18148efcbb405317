/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/describe.h"

#include "steering/draft.h"

#include <string.h>

struct audit_event describe_command(const struct command *c, int64_t wall_ms)
{
	struct audit_event event = { .wall_ms = wall_ms };

	audit_text(event.kind, sizeof(event.kind), "command");
	audit_text(event.id, sizeof(event.id), "%s", c->id);
	audit_text(event.who, sizeof(event.who), "%s", c->author);
	audit_text(event.why, sizeof(event.why), "%s", c->reason);
	if (c->kind == COMMAND_FAILOVER)
		audit_text(event.what, sizeof(event.what), "failover %s to %s",
			   c->target, c->to);
	else if (c->kind == COMMAND_PIN)
		audit_text(event.what, sizeof(event.what), "pin %s of %s to %s",
			   c->target, c->clients, c->to);
	else if (c->kind == COMMAND_WEIGHT)
		audit_text(event.what, sizeof(event.what), "weight %s %u",
			   c->target, c->weight);
	else
		audit_text(event.what, sizeof(event.what), "%s %s",
			   command_verb(c), c->target);
	return event;
}

static void add_share(char *text, size_t size, const struct plan_share *s)
{
	size_t at = strlen(text);

	audit_text(text + at, size - at, "%s%s/%s %g%%", at > 0 ? ", " : "",
		   s->service, s->endpoint, s->share * 100);
	at = strlen(text);
	if (s->weight >= 0)
		audit_text(text + at, size - at, " weight %lld",
			   (long long)s->weight);
}

void describe_change(struct audit_event *event, const struct state *a,
		     const struct state *b, struct ramp_now now)
{
	const struct draft_when when = { .now = now, .settled = true };
	const struct policy *policy = a->policy;

	for (size_t i = 0; i < policy->service_count; i++)
		for (size_t j = 0; j < policy->services[i].endpoint_count;
		     j++) {
			struct plan_share x = draft_share(a, i, j, &when);
			struct plan_share y = draft_share(b, i, j, &when);

			if (x.weight == y.weight && x.share >= y.share &&
			    x.share <= y.share)
				continue;
			add_share(event->before, sizeof(event->before), &x);
			add_share(event->after, sizeof(event->after), &y);
		}
}
