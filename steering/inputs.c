/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/inputs.h"

#include "policy/base/error.h"
#include "policy/bus/report.h"

#include <stdlib.h>
#include <string.h>

void inputs_fini(struct inputs *in)
{
	heard_fini(&in->heard);
	free(in->nodes);
	plan_free(in->plan);
	view_free(in->view);
	*in = (struct inputs){ .plan = NULL };
}

void inputs_adopt(struct inputs *in, const struct policy *policy)
{
	in->policy = policy;
	heard_prune(&in->heard, policy);
}

bool inputs_take_report(struct inputs *in, const char *key, const void *octets,
			size_t len, int64_t now_ms, struct error *err)
{
	struct report *report = report_parse(octets, len, err);

	if (report == NULL)
		return false;
	if (strcmp(report->vantage, key) != 0) {
		error_set(err, "report: filed under %.60s, made by %s", key,
			  report->vantage);
		report_free(report);
		return false;
	}
	(void)heard_take(&in->heard, in->policy, report, now_ms);
	return true;
}

static struct heard_node *node_slot(struct inputs *in, const char *name)
{
	struct heard_node *nodes;

	for (size_t i = 0; i < in->node_count; i++)
		if (strcmp(in->nodes[i].node.name, name) == 0)
			return &in->nodes[i];
	if (in->node_count == INPUTS_NODES_MAX)
		return NULL;
	nodes = realloc(in->nodes, (in->node_count + 1) * sizeof(*nodes));
	if (nodes == NULL)
		return NULL;
	in->nodes = nodes;
	nodes[in->node_count] = (struct heard_node){ .heard_ms = 0 };
	return &nodes[in->node_count++];
}

bool inputs_take_node(struct inputs *in, const char *key, const void *octets,
		      size_t len, int64_t now_ms, struct error *err)
{
	struct heard_node *slot;
	struct node node;

	if (!node_parse(octets, len, &node, err))
		return false;
	if (strcmp(node.name, key) != 0) {
		error_set(err, "node: filed under %.60s, made by %s", key,
			  node.name);
		return false;
	}
	slot = node_slot(in, node.name);
	if (slot == NULL) {
		error_set(err, "node: there are more than %d",
			  INPUTS_NODES_MAX);
		return false;
	}
	if (slot->node.wall_made_ms == node.wall_made_ms)
		return true;
	slot->node = node;
	slot->heard_ms = now_ms;
	return true;
}

bool inputs_take_plan(struct inputs *in, struct plan *plan, int64_t wall_ms)
{
	if (!plan_newer(plan, in->plan))
		return false;
	plan_free(in->plan);
	in->plan = plan;
	in->wall_plan_ms = wall_ms;
	return true;
}

void inputs_forget(struct inputs *in, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < in->node_count; i++)
		if (now_ms - in->nodes[i].heard_ms < INPUTS_NODE_FORGET_MS)
			in->nodes[kept++] = in->nodes[i];
	in->node_count = kept;
}

struct view *inputs_view(const struct inputs *in, const struct policy *policy,
			 const struct plan *plan, struct ramp_now now)
{
	struct heard_report reports[POLICY_VANTAGES_MAX];
	const struct view_input input = {
		.reports = reports,
		.plan = plan,
		.previous = in->view,
		.now_ms = now.now_ms,
		.wall_ms = now.wall_ms,
	};

	heard_select(&in->heard, policy, reports);
	return view_reduce(policy, &input);
}

bool inputs_reduce(struct inputs *in, const struct policy *policy,
		   struct ramp_now now)
{
	struct view *view = inputs_view(in, policy, in->plan, now);

	if (view == NULL)
		return false;
	view_free(in->view);
	in->view = view;
	return true;
}

const char *inputs_leader(const struct inputs *in, const char *self,
			  int64_t now_ms)
{
	for (size_t i = 0; i < in->node_count; i++) {
		const struct heard_node *n = &in->nodes[i];

		if (n->node.leads && strcmp(n->node.name, self) != 0 &&
		    now_ms - n->heard_ms < INPUTS_NODE_LATELY_MS)
			return n->node.name;
	}
	return NULL;
}
