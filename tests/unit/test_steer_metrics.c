/* SPDX-License-Identifier: Apache-2.0 */
/* steer_metrics: each figure at its name, and the manual knows every name. */
#include "steering/steer_metrics.h"

#include "policy/bus/plan.h"
#include "steering/held.h"
#include "steering/reckoning.h"
#include "steering/registry.h"
#include "steering/spilling.h"
#include "steering/state.h"
#include "tests/unit/scraped.h"

struct scene {
	struct plan_share shares[2];
	struct plan_canary canary;
	struct command commands[3];
	struct plan plan;
	struct registry registry;
	struct policy policy;
	struct policy_service service;
	struct spilling spilling;
	struct reckoning reckoning;
	struct held held;
	struct surge surge;
	struct state state;
	struct steer_metrics metrics;
};

static void hear(struct registry *registry, const char *name,
		 enum node_role role, uint64_t sequence)
{
	struct node node = node_of(role, name, 1000);

	node.plan_epoch = 3;
	node.plan_sequence = sequence;
	assert_true(registry_take(registry, &node, 1000));
}

/* Of three that take policies one serves it, and one refused it. */
static void publish(struct scene *s)
{
	static char meant[2][RELEASE_NAME_SIZE] = { "dns3", "dns4" };
	struct plan_release *said = &s->plan.release;

	*said = (struct plan_release){
		.phase = RELEASE_SOAK,
		.next = "0123456789abcdef0123456789abcdef0123456789abcdef"
			"0123456789abcdef",
		.wave = 1,
		.wall_since_ms = 2500,
		.wall_asked_ms = 500,
		.nodes = meant,
		.node_count = 2,
	};
	for (int i = 0; i < 3; i++) {
		char name[8];
		struct node node;

		snprintf(name, sizeof(name), "dns%d", i + 3);
		node = node_of(NODE_DNS, name, 1000);
		node.plan_epoch = 3;
		node.plan_sequence = 7;
		node.takes_policy = true;
		if (i == 0)
			strcpy(node.policy_digest, said->next);
		if (i == 1)
			strcpy(node.refused_digest, said->next);
		assert_true(registry_take(&s->registry, &node, 1000));
	}
}

/* Two commands, a policy and a step. */
static void hold(struct scene *s)
{
	s->policy.safety.approval_within_ms = 600000;
	s->held.count = 2;
	s->held.list[0].wall_until_ms = 602500;
	s->held.list[1].wall_until_ms = 603500;
	strcpy(s->plan.release.held.digest, "d");
	s->plan.release.held.wall_until_ms = 604500;
	s->surge = (struct surge){ .held = true,
				   .pct = 12.5,
				   .wall_since_ms = 5500 };
	s->state = (struct state){ .policy = &s->policy, .surges = &s->surge };
	s->metrics.held =
		(struct held_metrics){ &s->held, &s->plan.release, &s->state };
}

static void set_up(struct scene *s)
{
	*s = (struct scene){
		.shares = { { .service = "www",
			      .endpoint = "a",
			      .share = 0.25,
			      .cause = PLAN_RAMP },
			    { .service = "www",
			      .endpoint = "b",
			      .share = 0,
			      .cause = PLAN_COMMAND } },
		.canary = { .name = "v2",
			    .state = CANARY_RUNNING,
			    .phase = CANARY_BAKE,
			    .canary_requests = 100,
			    .canary_errors = 2,
			    .stable_requests = 900,
			    .stable_errors = 1 },
		.plan = { .epoch = 3,
			  .sequence = 7,
			  .wall_made_ms = 1500,
			  .share_count = 2,
			  .canary_count = 1,
			  .command_count = 3 },
		.metrics = { .node = { .leads = true, .trouble = "t" },
			     .waiting = 1,
			     .bus_up = true },
	};
	s->plan.shares = s->shares;
	s->plan.canaries = &s->canary;
	s->plan.commands = s->commands;
	s->metrics.plan = &s->plan;
	s->metrics.registry = &s->registry;
	s->service = (struct policy_service){ .name = "www",
					      .spill = SPILL_CAPACITY };
	s->policy.services = &s->service;
	s->policy.service_count = 1;
	s->metrics.policy = &s->policy;
	s->spilling = (struct spilling){ .looked = true,
					 .demand = 900,
					 .passed = 0.125,
					 .use = 0.75,
					 .overloaded = true };
	s->metrics.spilling = &s->spilling;
	assert_true(reckoning_adopt(&s->reckoning, &s->policy, 1000));
	s->metrics.reckoning = &s->reckoning;
	hear(&s->registry, "dns1", NODE_DNS, 7);
	hear(&s->registry, "dns2", NODE_DNS, 6);
	hear(&s->registry, "edge1", NODE_EDGE, 8);
	hear(&s->registry, "health", NODE_HEALTH, 0);
	publish(s);
	hold(s);
}

static void write_all(void *arg, struct openmetrics *out)
{
	steer_metrics_write(out, arg);
}

static void expect(struct scene *s, const char *const *lines)
{
	char *text = scraped(OPENMETRICS_1_0, write_all, &s->metrics);

	scraped_has(text, lines);
	free(text);
	registry_fini(&s->registry);
	reckoning_fini(&s->reckoning);
}

static void test_samples(void **state)
{
	static const char *const lines[] = {
		"windrose_steer_leads 1",
		"windrose_steer_plan_epoch 3",
		"windrose_steer_plan_sequence 7",
		"windrose_steer_plan_made_timestamp_seconds 1.5",
		"windrose_steer_commands 3",
		"windrose_steer_held{reason=\"second-person\"} 2",
		"windrose_steer_held{reason=\"publish\"} 1",
		"windrose_steer_held{reason=\"max-change\"} 1",
		"windrose_steer_held_since_timestamp_seconds{"
		"reason=\"second-person\"} 2.5",
		"windrose_steer_held_since_timestamp_seconds{"
		"reason=\"publish\"} 4.5",
		"windrose_steer_held_since_timestamp_seconds{"
		"reason=\"max-change\"} 5.5",
		"windrose_steer_held_step_ratio{service=\"www\"} 0.125",
		"windrose_steer_waiting_commands 1",
		"windrose_steer_following_nodes 6",
		"windrose_steer_behind_nodes 1",
		"windrose_steer_trouble 1",
		"windrose_steer_demand_responders{service=\"www\"} 0",
		"windrose_steer_demand_edges{service=\"www\"} 0",
		"windrose_steer_bus_connected 1",
		"windrose_steer_acceptance_ratio{service=\"www\","
		"endpoint=\"a\",cause=\"ramp\"} 0.25",
		"windrose_steer_acceptance_ratio{service=\"www\","
		"endpoint=\"b\",cause=\"command\"} 0",
		"windrose_steer_canary_info{canary=\"v2\","
		"state=\"running\",phase=\"bake\"} 1",
		"windrose_steer_canary_requests{canary=\"v2\","
		"arm=\"canary\"} 100",
		"windrose_steer_canary_requests{canary=\"v2\","
		"arm=\"stable\"} 900",
		"windrose_steer_canary_errors{canary=\"v2\","
		"arm=\"canary\"} 2",
		"windrose_steer_canary_errors{canary=\"v2\","
		"arm=\"stable\"} 1",
		"windrose_steer_demand{service=\"www\"} 900",
		"windrose_steer_passed_on_ratio{service=\"www\"} 0.125",
		"windrose_steer_most_used_ratio{service=\"www\"} 0.75",
		"windrose_steer_overloaded{service=\"www\"} 1",
		"windrose_steer_rollout_info{policy=\"0123456789abcdef\","
		"phase=\"soak\"} 1",
		"windrose_steer_rollout_under_way 1",
		"windrose_steer_rollout_wave 2",
		"windrose_steer_rollout_phase_timestamp_seconds 2.5",
		"windrose_steer_rollout_asked_timestamp_seconds 0.5",
		"windrose_steer_rollout_nodes{state=\"taking\"} 3",
		"windrose_steer_rollout_nodes{state=\"meant\"} 2",
		"windrose_steer_rollout_nodes{state=\"serving\"} 1",
		"windrose_steer_rollout_nodes{state=\"refusing\"} 1",
		NULL,
	};
	struct scene s;

	(void)state;
	set_up(&s);
	expect(&s, lines);
}

static void test_nothing_yet(void **state)
{
	static const char *const lines[] = {
		"windrose_steer_leads 0",
		"windrose_steer_plan_sequence 0",
		"windrose_steer_bus_connected 0",
		"windrose_steer_behind_nodes 0",
		"windrose_steer_held{reason=\"max-change\"} 0",
		"windrose_steer_held_since_timestamp_seconds{"
		"reason=\"max-change\"} 0",
		"windrose_steer_rollout_under_way 0",
		"windrose_steer_rollout_wave 0",
		"windrose_steer_rollout_phase_timestamp_seconds 0",
		"windrose_steer_rollout_nodes{state=\"serving\"} 0",
		NULL,
	};
	struct scene s = { .metrics = { .bus_up = false } };

	(void)state;
	s.metrics.registry = &s.registry;
	expect(&s, lines);
}

static void test_manual_has_all(void **state)
{
	struct scene s;
	char *text;

	(void)state;
	set_up(&s);
	text = scraped(PROMETHEUS_0_0_4, write_all, &s.metrics);
	scraped_is_in_manual(text, "windrose-steer.8");
	free(text);
	registry_fini(&s.registry);
	reckoning_fini(&s.reckoning);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_nothing_yet),
		cmocka_unit_test(test_manual_has_all),
	};

	return cmocka_run_group_tests_name("steer metrics", tests, NULL, NULL);
}
