/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/inputs.h"

#include "policy/base/error.h"
#include "policy/bus/report.h"

#include <stdlib.h>
#include <string.h>

void inputs_fini(struct inputs *in)
{
	heard_fini(&in->heard);
	registry_fini(&in->registry);
	queries_fini(&in->queries);
	plan_free(in->plan);
	view_free(in->view);
	*in = (struct inputs){ .plan = NULL };
}

void inputs_adopt(struct inputs *in, const struct policy *policy)
{
	in->policy = policy;
	heard_prune(&in->heard, policy);
	queries_adopt(&in->queries, policy);
}

bool inputs_take_report(struct inputs *in, const char *key, const void *octets,
			size_t len, struct world_time at, struct error *err)
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
	(void)heard_take(&in->heard, in->policy, report, at.now_ms, at.wall_ms);
	return true;
}

/* What it was asked, in the records that tell. */
static bool take_counts(struct inputs *in, const struct node *node,
			const void *octets, size_t len, int64_t now_ms,
			struct error *err)
{
	struct node_counts counts;
	bool ok;

	if (node->counted_ms == 0)
		return true;
	if (!node_counts_parse(octets, len, &counts, err))
		return false;
	ok = queries_take(&in->queries, node, &counts, now_ms);
	if (!ok)
		error_set(err, "node: out of memory");
	node_counts_fini(&counts);
	return ok;
}

bool inputs_take_node(struct inputs *in, const char *key, const void *octets,
		      size_t len, int64_t now_ms, struct error *err)
{
	struct node node;

	if (!node_parse(octets, len, &node, err))
		return false;
	if (strcmp(node.name, key) != 0) {
		error_set(err, "node: filed under %.60s, made by %s", key,
			  node.name);
		return false;
	}
	if (registry_take(&in->registry, &node, now_ms))
		return take_counts(in, &node, octets, len, now_ms, err);
	error_set(err, "node: there are more than %d", REGISTRY_MAX);
	return false;
}

bool inputs_take_plan(struct inputs *in, struct plan *plan, int64_t wall_ms)
{
	if (!plan_newer(plan, in->plan))
		return false;
	plan_free(in->plan);
	in->plan = plan;
	in->wall_plan_ms = wall_ms;
	registry_plan(&in->registry, plan, wall_ms);
	return true;
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
