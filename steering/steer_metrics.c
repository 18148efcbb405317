/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/steer_metrics.h"

#include "policy/base/openmetrics.h"
#include "policy/bus/command.h"
#include "policy/bus/plan.h"
#include "steering/reckoning.h"
#include "steering/registry.h"
#include "steering/release_metrics.h"
#include "steering/spilling.h"

#include <string.h>

static double seconds(int64_t ms)
{
	return (double)ms / 1e3;
}

static size_t forced_in(const struct plan *plan)
{
	size_t forced = 0;

	for (size_t i = 0; i < plan->command_count; i++)
		forced += plan->commands[i].force;
	return forced;
}

/* clang-format off */
static void put_plain(struct openmetrics *out, const struct steer_metrics *m,
		      const struct plan *plan)
{
	const struct registry_spread spread =
		registry_spread(m->registry, plan->epoch, plan->sequence);
	const struct metric_plain rows[] = {
		{ { "windrose_steer_leads", METRIC_GAUGE, NULL,
		    "1 while this agent holds the lease." }, m->node.leads },
		{ { "windrose_steer_plan_epoch", METRIC_GAUGE, NULL,
		    "Epoch of the newest plan; 0 without one." },
		  (double)plan->epoch },
		{ { "windrose_steer_plan_sequence", METRIC_GAUGE, NULL,
		    "Sequence of the newest plan; 0 without one." },
		  (double)plan->sequence },
		{ { "windrose_steer_plan_made_timestamp_seconds", METRIC_GAUGE,
		    "seconds", "When the newest plan was made." },
		  seconds(plan->wall_made_ms) },
		{ { "windrose_steer_commands", METRIC_GAUGE, NULL,
		    "Commands in force." }, (double)plan->command_count },
		{ { "windrose_steer_forced_commands", METRIC_GAUGE, NULL,
		    "Those of them that went past a safety rule by force." },
		  (double)forced_in(plan) },
		{ { "windrose_steer_waiting_commands", METRIC_GAUGE, NULL,
		    "Commands whose plan is on its way." },
		  (double)m->waiting },
		{ { "windrose_steer_following_nodes", METRIC_GAUGE, NULL,
		    "Nodes heard of that apply plans." }, (double)spread.all },
		{ { "windrose_steer_behind_nodes", METRIC_GAUGE, NULL,
		    "Those that have not applied the newest one." },
		  (double)(spread.all - spread.have) },
		{ { "windrose_steer_trouble", METRIC_GAUGE, NULL,
		    "1 when the node's record says that something is wrong." },
		  m->node.trouble[0] != '\0' },
		{ { "windrose_steer_bus_connected", METRIC_GAUGE, NULL,
		    "1 when the bus is connected." }, m->bus_up },
	};

	openmetrics_plain(out, rows, sizeof(rows) / sizeof(rows[0]));
}
/* clang-format on */

static void put_shares(struct openmetrics *out, const struct plan *plan)
{
	static const struct metric_family family = {
		"windrose_steer_acceptance_ratio",
		METRIC_GAUGE,
		"ratio",
		"Part of its clients that an endpoint takes, by the plan, of "
		"those that do not take all, and why.",
	};

	openmetrics_family(out, &family);
	for (size_t i = 0; i < plan->share_count; i++) {
		const struct plan_share *s = &plan->shares[i];
		const struct metric_label labels[] = {
			{ "service", s->service },
			{ "endpoint", s->endpoint },
			{ "cause", plan_cause_name(s->cause) },
		};

		openmetrics_real(out, (struct metric_labels){ labels, 3 },
				 s->share);
	}
}

static void put_canaries(struct openmetrics *out, const struct plan *plan)
{
	static const struct metric_family family = {
		"windrose_steer_canary",
		METRIC_INFO,
		NULL,
		"Where each canary stands.",
	};

	openmetrics_family(out, &family);
	for (size_t i = 0; i < plan->canary_count; i++) {
		const struct plan_canary *c = &plan->canaries[i];
		const struct metric_label labels[] = {
			{ "canary", c->name },
			{ "state", plan_canary_state_name(c->state) },
			{ "phase", plan_canary_phase_name(c->phase) },
		};

		openmetrics_count(out, (struct metric_labels){ labels, 3 }, 1);
	}
}

/* What a canary and what it is compared with answered since it bakes. */
static void put_arms(struct openmetrics *out, const struct plan *plan,
		     const struct metric_family *family, bool errors)
{
	openmetrics_family(out, family);
	for (size_t i = 0; i < plan->canary_count; i++) {
		const struct plan_canary *c = &plan->canaries[i];
		const struct {
			const char *arm;
			uint64_t value;
		} arms[] = {
			{ "canary",
			  errors ? c->canary_errors : c->canary_requests },
			{ "stable",
			  errors ? c->stable_errors : c->stable_requests },
		};

		for (size_t j = 0; j < 2; j++) {
			const struct metric_label labels[] = {
				{ "canary", c->name },
				{ "arm", arms[j].arm },
			};

			openmetrics_count(out,
					  (struct metric_labels){ labels, 2 },
					  arms[j].value);
		}
	}
}

/* One of what the last looks at services that spill found. */
static void put_spilling(struct openmetrics *out, const struct steer_metrics *m,
			 const struct metric_family *family,
			 double (*value)(const struct spilling *s))
{
	openmetrics_family(out, family);
	for (size_t i = 0; m->policy != NULL && i < m->policy->service_count;
	     i++) {
		const struct metric_label labels[] = {
			{ "service", m->policy->services[i].name },
		};

		if (m->policy->services[i].spill != SPILL_CAPACITY ||
		    !m->spilling[i].looked)
			continue;
		openmetrics_real(out, (struct metric_labels){ labels, 1 },
				 value(&m->spilling[i]));
	}
}

static double demand_value(const struct spilling *s)
{
	return s->demand;
}

static double passed_value(const struct spilling *s)
{
	return s->passed;
}

static double use_value(const struct spilling *s)
{
	return s->use;
}

static double overload_value(const struct spilling *s)
{
	return s->overloaded;
}

static void put_capacity(struct openmetrics *out, const struct steer_metrics *m)
{
	static const struct {
		struct metric_family family;
		double (*value)(const struct spilling *s);
	} rows[] = {
		{ { "windrose_steer_demand", METRIC_GAUGE, NULL,
		    "What a service that spills has to carry, in the unit of "
		    "capacities." },
		  demand_value },
		{ { "windrose_steer_passed_on_ratio", METRIC_GAUGE, "ratio",
		    "Part of it that capacity passes on." },
		  passed_value },
		{ { "windrose_steer_most_used_ratio", METRIC_GAUGE, "ratio",
		    "Of its endpoints, the one used most: part of its "
		    "capacity." },
		  use_value },
		{ { "windrose_steer_overloaded", METRIC_GAUGE, NULL,
		    "1 while no division of its clients can be carried." },
		  overload_value },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		put_spilling(out, m, &rows[i].family, rows[i].value);
}

/* Of whose counts the demand of each service is made. */
static void put_demand(struct openmetrics *out, const struct steer_metrics *m,
		       const struct metric_family *family,
		       unsigned (*value)(const struct reckoning *r,
					 size_t service))
{
	openmetrics_family(out, family);
	for (size_t i = 0; m->reckoning != NULL && i < m->policy->service_count;
	     i++) {
		const struct metric_label label = {
			"service",
			m->policy->services[i].name,
		};

		openmetrics_count(out, (struct metric_labels){ &label, 1 },
				  value(m->reckoning, i));
	}
}

void steer_metrics_write(struct openmetrics *out, const struct steer_metrics *m)
{
	static const struct plan none = { .epoch = 0 };
	static const struct metric_family requests = {
		"windrose_steer_canary_requests",
		METRIC_GAUGE,
		NULL,
		"Requests seen since the canary bakes, of it and of what it is "
		"compared with.",
	};
	static const struct metric_family errors = {
		"windrose_steer_canary_errors",
		METRIC_GAUGE,
		NULL,
		"Those of them that failed.",
	};
	static const struct metric_family responders = {
		"windrose_steer_demand_responders",
		METRIC_GAUGE,
		NULL,
		"Responders by whose queries the demand of a service is shared "
		"out; 0: it is by address space.",
	};
	static const struct metric_family edges = {
		"windrose_steer_demand_edges",
		METRIC_GAUGE,
		NULL,
		"Edges whose requests are the demand of a service; 0: it is as "
		"the policy states.",
	};
	const struct plan *plan = m->plan == NULL ? &none : m->plan;

	put_plain(out, m, plan);
	put_shares(out, plan);
	put_canaries(out, plan);
	put_arms(out, plan, &requests, false);
	put_arms(out, plan, &errors, true);
	put_capacity(out, m);
	held_metrics_write(out, &m->held);
	release_metrics_write(out, &plan->release, m->registry);
	put_demand(out, m, &responders, reckoning_responders);
	put_demand(out, m, &edges, reckoning_edges);
}
