/* SPDX-License-Identifier: Apache-2.0 */
/* presence -- what a steerer tells of itself: its record, troubles, alarms.
 * Shell. */
#include "policy/base/log.h"
#include "policy/bus/bus.h"
#include "policy/decide/deferral.h"
#include "steering/spilling.h"
#include "steering/state.h"
#include "steering/steer_metrics.h"
#include "steering/steerer_impl.h"

#include <stdlib.h>

enum { NODE_TTL_MS = 5000 };

void steerer_trouble(struct steerer *s, enum steerer_trouble trouble,
		     const char *text)
{
	static const char *const of[] = {
		[TROUBLE_RELOAD] = "reload",
		[TROUBLE_JOURNAL] = "journal",
		[TROUBLE_KEEP] = "keep",
	};

	audit_text(s->troubles[trouble], sizeof(s->troubles[trouble]), "%s%s%s",
		   text[0] == '\0' ? "" : of[trouble],
		   text[0] == '\0' ? "" : ": ", text);
}

/* What keeps plans from being made comes first. */
static void put_trouble(const struct steerer *s, char *buf, size_t size)
{
	const char *trouble = agent_trouble(s->agent);

	for (size_t i = 0; trouble[0] == '\0' && i < TROUBLE_COUNT; i++)
		trouble = s->troubles[i];
	audit_text(buf, size, "%s", trouble);
	if (buf[0] == '\0' && s->leads != 0)
		spilling_text(agent_state(s->agent), buf, size);
	if (buf[0] == '\0' && s->inputs.view != NULL)
		panic_text(s->inputs.view, buf, size);
	if (buf[0] == '\0' && s->inputs.view != NULL)
		deferral_text(s->inputs.view, buf, size);
}

struct node steerer_node(const struct steerer *s, struct ramp_now now)
{
	const struct plan *plan = s->inputs.plan;
	struct node node = node_of(NODE_STEER, s->config.name, now.wall_ms);

	node.leads = s->leads != 0;
	audit_text(node.policy_digest, sizeof(node.policy_digest), "%s",
		   s->loaded.policy->digest);
	put_trouble(s, node.trouble, sizeof(node.trouble));
	if (plan != NULL) {
		node.plan_epoch = plan->epoch;
		node.plan_sequence = plan->sequence;
		node.wall_applied_ms = s->inputs.wall_plan_ms;
	}
	return node;
}

void steerer_tell_node(struct steerer *s, struct ramp_now now)
{
	struct node node = steerer_node(s, now);
	size_t len = 0;
	char *octets = node_write(&node, &len);

	if (octets != NULL)
		bus_put(s->config.bus, BUS_NODES, s->config.name, octets, len,
			NODE_TTL_MS);
	free(octets);
}

void steerer_scrape(const struct steerer *s, struct openmetrics *out)
{
	const struct steer_metrics metrics = {
		.node = steerer_node(s, steerer_now()),
		.plan = s->inputs.plan,
		.registry = &s->inputs.registry,
		.policy = s->loaded.policy,
		.spilling = agent_state(s->agent)->spilling,
		.reckoning = &s->reckoning,
		.held = { &s->held, supply_release(s), agent_state(s->agent) },
		.waiting = s->waiting_count,
		.bus_up = bus_is_up(s->config.bus),
	};

	steer_metrics_write(out, &metrics);
}

/* An agent that stands by is as ready as one that leads. */
const char *steerer_unready(const struct steerer *s)
{
	return !bus_is_up(s->config.bus) ? "the bus is not connected"
	       : !s->synced              ? "the bus was not read yet"
					 : NULL;
}

/* The responders say which; here it is said that it changed. */
static void tell_deferred(const struct view *view)
{
	char text[NODE_TEXT_SIZE], quoted[NODE_TEXT_SIZE + 16];

	log_event(LOG_LEVEL_WARN, "steer", "deferred", "endpoints=%zu text=%s",
		  view->deferred,
		  log_quote(deferral_text(view, text, sizeof(text)), quoted,
			    sizeof(quoted)));
}

void steerer_tell_alarms(const struct view *view)
{
	char text[NODE_TEXT_SIZE], quoted[NODE_TEXT_SIZE + 16];
	bool turned = false;

	if (view->turned)
		tell_deferred(view);
	for (size_t i = 0; i < view->policy->service_count; i++)
		turned |= view->services[i].panic.turned;
	if (turned)
		log_event(LOG_LEVEL_WARN, "steer", "panic", "text=%s",
			  log_quote(panic_text(view, text, sizeof(text)),
				    quoted, sizeof(quoted)));
}
