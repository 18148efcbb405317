/* SPDX-License-Identifier: Apache-2.0 */
/* registry: thousands of nodes, who is behind and since when, who is gone. */
#include "policy/bus/plan.h"
#include "steering/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct node node_at(enum node_role role, const char *name,
			   uint64_t sequence, int64_t wall_made_ms)
{
	struct node node = node_of(role, name, wall_made_ms);

	node.plan_epoch = sequence == 0 ? 0 : 1;
	node.plan_sequence = sequence;
	return node;
}

static void take(struct registry *r, const struct node *node, int64_t now_ms)
{
	assert_true(registry_take(r, node, now_ms));
}

static void take_leader(struct registry *r, const char *name, bool leads,
			int64_t wall_made_ms, int64_t now_ms)
{
	struct node node = node_of(NODE_STEER, name, wall_made_ms);

	node.leads = leads;
	take(r, &node, now_ms);
}

static void test_leader_and_forgetting(void **state)
{
	struct registry r = { .nodes = NULL };

	(void)state;
	assert_null(registry_find(&r, "a"));
	take_leader(&r, "a", true, 1, 1000);
	take_leader(&r, "b", false, 1, 1000);
	assert_string_equal(registry_leader(&r, "b", 2000), "a");
	assert_null(registry_leader(&r, "a", 2000));
	assert_null(registry_leader(&r, "b", 1000 + REGISTRY_LATELY_MS));
	/* The same record, read again, is no sign of life. */
	take_leader(&r, "a", true, 1, 60000);
	take_leader(&r, "b", false, 2, 60000);
	registry_forget(&r, 1000 + REGISTRY_FORGET_MS);
	assert_int_equal(r.count, 1);
	assert_null(registry_find(&r, "a"));
	assert_string_equal(registry_find(&r, "b")->node.name, "b");
	registry_fini(&r);
}

static void name_nth(char name[NODE_NAME_SIZE], size_t i)
{
	snprintf(name, NODE_NAME_SIZE, "dns-%05zu", i);
}

static void test_as_many_as_it_takes(void **state)
{
	static const struct registered *list[REGISTRY_MAX];
	struct registry r = { .nodes = NULL };
	char name[NODE_NAME_SIZE];
	struct node node;

	(void)state;
	/* Backwards: pages are in order all the same. */
	for (size_t i = REGISTRY_MAX; i-- > 0;) {
		name_nth(name, i);
		node = node_at(NODE_DNS, name, 1 + i % 2, 1);
		take(&r, &node, i % 4 == 0 ? 1 : 2);
	}
	node = node_of(NODE_DNS, "one-more", 1);
	assert_false(registry_take(&r, &node, 1));
	assert_int_equal(registry_spread(&r, 1, 2).all, REGISTRY_MAX);
	assert_int_equal(registry_spread(&r, 1, 2).have, REGISTRY_MAX / 2);
	assert_int_equal(registry_page(&r, "dns-00009", NULL, NULL, list),
			 REGISTRY_MAX - 10);
	assert_string_equal(list[0]->node.name, "dns-00010");
	assert_string_equal(list[1]->node.name, "dns-00011");
	/* A quarter is gone, and all others are found. */
	registry_forget(&r, 1 + REGISTRY_FORGET_MS);
	assert_int_equal(r.count, REGISTRY_MAX / 4 * 3);
	for (size_t i = 0; i < REGISTRY_MAX; i++) {
		name_nth(name, i);
		assert_int_equal(registry_find(&r, name) == NULL, i % 4 == 0);
	}
	assert_true(registry_take(&r, &node, 1));
	registry_fini(&r);
}

/* Since when a node has been behind, after each thing that may happen. */
static void test_lag(void **state)
{
	struct registry r = { .nodes = NULL };
	struct plan plan = { .epoch = 1, .sequence = 5 };
	struct node node = node_at(NODE_EDGE, "e", 5, 1);
	const struct registered *e;

	(void)state;
	registry_plan(&r, &plan, 1000);
	take(&r, &node, 1);
	node = node_at(NODE_HEALTH, "h", 0, 1);
	take(&r, &node, 1);
	e = registry_find(&r, "e");
	assert_int_equal(e->wall_behind_ms, 0);
	plan.sequence = 6;
	registry_plan(&r, &plan, 2000);
	assert_int_equal(e->wall_behind_ms, 2000);
	plan.sequence = 7;
	registry_plan(&r, &plan, 3000);
	assert_int_equal(e->wall_behind_ms, 2000);
	/* It moves, and is still behind. */
	node = node_at(NODE_EDGE, "e", 6, 2);
	take(&r, &node, 2);
	assert_int_equal(e->wall_behind_ms, 2000);
	node = node_at(NODE_EDGE, "e", 7, 3);
	take(&r, &node, 3);
	assert_int_equal(e->wall_behind_ms, 0);
	/* Restarted without a plan. */
	node = node_at(NODE_EDGE, "e", 0, 4);
	take(&r, &node, 4);
	assert_int_equal(e->wall_behind_ms, 3000);
	/* Who applies no plans is never behind. */
	assert_int_equal(registry_find(&r, "h")->wall_behind_ms, 0);
	assert_int_equal(registry_spread(&r, 1, 7).all, 1);
	assert_int_equal(registry_floor(&r).sequence, 0);
	/* Another leader's newer plan may be applied before we hear of it. */
	node = node_at(NODE_EDGE, "e", 9, 5);
	take(&r, &node, 5);
	assert_int_equal(e->wall_behind_ms, 0);
	node = node_at(NODE_DNS, "d", 8, 5);
	take(&r, &node, 5);
	assert_int_equal(registry_floor(&r).epoch, 1);
	assert_int_equal(registry_floor(&r).sequence, 8);
	plan.sequence = 8;
	registry_plan(&r, &plan, 4000);
	assert_int_equal(e->wall_behind_ms, 0);
	node = node_at(NODE_DNS, "f", 1, 6);
	node.plan_epoch = 2;
	take(&r, &node, 6);
	assert_int_equal(registry_followed(&r, 6), 2);
	/* Probers apply no plans, and who is silent follows none any more. */
	node = node_at(NODE_HEALTH, "h", 1, 7);
	node.plan_epoch = 3;
	take(&r, &node, 7);
	assert_int_equal(registry_followed(&r, 7), 2);
	assert_int_equal(registry_followed(&r, 6 + REGISTRY_LATELY_MS), 0);
	registry_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leader_and_forgetting),
		cmocka_unit_test(test_as_many_as_it_takes),
		cmocka_unit_test(test_lag),
	};

	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
