/* SPDX-License-Identifier: Apache-2.0 */
/* guard: each rule refuses what breaks it, by how much, and nothing else. */
#include "policy/base/error.h"
#include "steer_world.h"
#include "steering/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { IN_FORCE = 3 };

/* Down, and deferred. */
#define DEFERRED(e) ((1u << (e)) | (1u << (16 + (e))))

/* clang-format off */
static const struct row {
	const char *title;
	const char *in_force[IN_FORCE]; /* drained already */
	unsigned down; /* endpoints of www, as bits; DEFERRED() */
	uint32_t min_regions, max_removed_pct;
	enum command_kind kind;
	const char *target, *to;
	uint32_t weight;
	const char *refused; /* part of the error; NULL: accepted */
} rows[] = {
	{ "a drain by the default rules", { 0 }, 0, 1, 100, COMMAND_DRAIN, "us-east", "", 0, NULL },
	{ "a drain of one endpoint", { 0 }, 0, 1, 100, COMMAND_DRAIN, "www/eu-west", "", 0, NULL },
	{ "the last endpoint of a service", { "api/us-east" }, 0, 0, 100, COMMAND_DRAIN, "api/eu-west", "",
	  0, "last endpoint: api would have no endpoint left" },
	{ "the last one by region", { "us-east" }, 0, 0, 100, COMMAND_DRAIN, "eu-west", "", 0, "api would have no" },
	{ "the last one by weight", { "api/eu-west" }, 0, 0, 100, COMMAND_WEIGHT, "api/us-east", "", 0,
	  "last endpoint: api" },
	{ "a weight that is not 0 takes nothing out", { "api/eu-west" }, 0, 1, 50, COMMAND_WEIGHT, "api/us-east",
	  "", 5, NULL },
	{ "residency by rule", { "www/eu-north" }, 0, 0, 100, COMMAND_DRAIN, "www/eu-west", "", 0,
	  "residency: www would have no endpoint left within rule gdpr" },
	{ "failover out of a jurisdiction", { 0 }, 0, 0, 100, COMMAND_FAILOVER, "www", "us-east", 0,
	  "residency: www would have no endpoint left within rule gdpr" },
	{ "failover inside it", { 0 }, 0, 1, 100, COMMAND_FAILOVER, "www", "eu-west", 0, NULL },
	{ "residency counts the healthy", { 0 }, 1 << EU_NORTH, 0, 100, COMMAND_DRAIN, "www/eu-west", "", 0,
	  "no healthy endpoint left within rule gdpr" },
	{ "residency broken by an outage already", { 0 }, 1 << EU_NORTH | 1 << EU_WEST, 0, 100, COMMAND_DRAIN,
	  "www/us-west", "", 0, NULL },
	{ "what is deferred is not taken from its clients", { 0 }, 1 << EU_NORTH | DEFERRED(EU_WEST), 0, 100,
	  COMMAND_DRAIN, "www/eu-west", "", 0, "no endpoint in service left within rule gdpr" },
	{ "and is no place to send others to", { 0 }, DEFERRED(EU_NORTH), 0, 100, COMMAND_DRAIN, "www/eu-west", "",
	  0, "no healthy endpoint left within rule gdpr" },
	{ "what is deferred elsewhere", { 0 }, 1 << EU_NORTH | DEFERRED(EU_WEST), 0, 100, COMMAND_DRAIN,
	  "www/us-west", "", 0, NULL },
	{ "regions in service", { "www/us-west" }, 0, 3, 100, COMMAND_DRAIN, "www/us-east", "", 0,
	  "min_regions_in_service is 3: www would have 2 healthy regions in service, 1 too few" },
	{ "regions just enough", { 0 }, 0, 3, 100, COMMAND_DRAIN, "www/us-east", "", 0, NULL },
	{ "regions that are down do not count", { 0 }, 1 << US_WEST, 3, 100, COMMAND_DRAIN, "www/us-east", "", 0,
	  "would have 2 healthy regions" },
	{ "draining what is down costs no region", { 0 }, 1 << US_EAST, 4, 100, COMMAND_DRAIN, "www/us-east", "",
	  0, NULL },
	{ "capacity", { "www/us-west" }, 0, 1, 40, COMMAND_DRAIN, "www/us-east", "", 0,
	  "max_capacity_removed is 40%: www would be without 50.0% of its capacity, 10.0 points too many" },
	{ "capacity just enough", { 0 }, 0, 1, 25, COMMAND_DRAIN, "www/us-east", "", 0, NULL },
	{ "capacity of every service counts", { 0 }, 0, 1, 40, COMMAND_DRAIN, "us-east", "", 0,
	  "api would be without 50.0%" },
};
/* What a second person, and time, make of a rule. */
static const struct pace {
	struct row row;
	bool approved;
	int age_s, interval_s; /* of those in force; of the policy */
} paces[] = {
	{ { "approved: capacity", { "www/us-west" }, 0, 1, 40, COMMAND_DRAIN, "www/us-east", "", 0, NULL },
	  true, 0, 0 },
	{ { "approved: regions", { "www/us-west" }, 0, 3, 100, COMMAND_DRAIN, "www/us-east", "", 0, NULL },
	  true, 0, 0 },
	{ { "approved: residency", { "www/eu-north" }, 0, 0, 100, COMMAND_DRAIN, "www/eu-west", "", 0,
	  "residency: www would have no endpoint left within rule gdpr" },
	  true, 0, 0 },
	{ { "approved: the last endpoint", { "api/us-east" }, 0, 0, 100, COMMAND_DRAIN, "api/eu-west", "", 0,
	  "last endpoint: api" },
	  true, 0, 0 },
	{ { "the second in five minutes", { "www/us-west" }, 0, 1, 100, COMMAND_DRAIN, "www/us-east", "", 0,
	  "command_interval is 300 s: drain www/us-west by " },
	  false, 72, 300 },
	{ { "by how much", { "www/us-west" }, 0, 1, 100, COMMAND_DRAIN, "www/us-east", "", 0,
	  "was 72 s ago, 228 s too soon for another" },
	  false, 72, 300 },
	{ { "after five minutes", { "www/us-west" }, 0, 1, 100, COMMAND_DRAIN, "www/us-east", "", 0, NULL },
	  false, 300, 300 },
	{ { "what takes nothing more out", { "us-west" }, 0, 1, 100, COMMAND_DRAIN, "www/us-west", "", 0, NULL },
	  false, 72, 300 },
	{ { "approved: the second", { "www/us-west" }, 0, 1, 100, COMMAND_DRAIN, "www/us-east", "", 0, NULL },
	  true, 72, 300 },
};
/* clang-format on */

struct lists {
	struct command before[IN_FORCE], after[IN_FORCE + 1];
	size_t count;
};

static struct lists lists_of(struct steer_world *w, const struct row *row)
{
	struct lists l = { .count = 0 };

	while (l.count < IN_FORCE && row->in_force[l.count] != NULL) {
		l.before[l.count] = l.after[l.count] =
			steer_command(w, COMMAND_DRAIN, row->in_force[l.count]);
		l.count++;
	}
	l.after[l.count] = steer_command(w, row->kind, row->target);
	l.after[l.count].weight = row->weight;
	snprintf(l.after[l.count].to, sizeof(l.after[0].to), "%s", row->to);
	return l;
}

static void check_pace(const struct pace *pace)
{
	const struct row *row = &pace->row;
	struct error err = { .text = "" };
	struct steer_world w;
	struct lists l;
	struct guard_case c;
	bool ok;

	steer_init(&w);
	w.policy.safety.min_regions_in_service = row->min_regions;
	w.policy.safety.max_capacity_removed_pct = row->max_removed_pct;
	w.policy.safety.command_interval_ms = (int64_t)pace->interval_s * 1000;
	for (size_t e = 0; e < STEER_REGIONS; e++)
		if (row->down >> e & 1) {
			steer_health(&w, WWW, e, VERDICT_DOWN);
			w.view_www[e].deferred = row->down >> (16 + e) & 1;
		}
	l = lists_of(&w, row);
	c = (struct guard_case){
		.policy = &w.policy,
		.view = &w.view,
		.before = { l.before, l.count },
		.after = { l.after, l.count + 1 },
		.classes = w.in.classes,
		.wall_ms =
			l.after[0].wall_made_ms + (int64_t)pace->age_s * 1000,
		.yields = pace->approved,
	};
	ok = guard_check(&c, &err);
	if (ok != (row->refused == NULL) ||
	    (!ok && strstr(err.text, row->refused) == NULL))
		fail_msg("%s: %s", row->title, ok ? "ok" : err.text);
}

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_pace(&(struct pace){ .row = rows[i] });
	for (size_t i = 0; i < sizeof(paces) / sizeof(paces[0]); i++)
		check_pace(&paces[i]);
}

/* What would come to a region: of 900 for www, 540 from the US and 360 bound to
 * the two regions in the EU; each carries 400. */
static const struct load_row {
	const char *title;
	double demand;
	const char *in_force, *target;
	uint32_t down, max_load_pct;
	enum spill_by spill;
	bool approved;
	const char *refused;
} loads[] = {
	{ "nobody knows the demand", 0, NULL, "www/us-east", 0, 100, SPILL_NONE,
	  false, NULL },
	{ "it fits", 200, NULL, "www/us-east", 0, 100, SPILL_NONE, false,
	  NULL },
	{ "it does not", 900, "www/us-west", "www/us-east", 0, 100, SPILL_NONE,
	  false,
	  "safety.max_load is 100%: www would bring 450 to eu-west, which can carry 400: 112.5%, 12.5 points too many" },
	{ "more is allowed", 900, "www/us-west", "www/us-east", 0, 113,
	  SPILL_NONE, false, NULL },
	{ "two people want it", 900, "www/us-west", "www/us-east", 0, 100,
	  SPILL_NONE, true, NULL },
	{ "what is down carries nothing", 900, NULL, "www/us-east",
	  1 << US_WEST, 100, SPILL_NONE, false, "112.5%" },
	{ "those who are bound leave room", 700, "www/eu-west", "www/us-east",
	  0, 100, SPILL_NONE, false, "eu-north" },
	{ "which is made for them", 700, "www/eu-west", "www/us-east", 0, 100,
	  SPILL_CAPACITY, false, NULL },
};

static void test_loads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		const struct load_row *row = &loads[i];
		struct error err = { .text = "" };
		struct command c[2];
		struct guard_case g;
		struct steer_world w;
		size_t before = row->in_force != NULL;
		bool ok;

		steer_init(&w);
		w.policy.safety.max_load_pct = row->max_load_pct;
		w.services[WWW].demand = row->demand;
		w.services[WWW].spill = row->spill;
		for (size_t r = 0; r < STEER_REGIONS; r++) {
			w.regions[r].capacity = 400;
			if (row->down >> r & 1)
				steer_health(&w, WWW, r, VERDICT_DOWN);
		}
		if (before != 0)
			c[0] = steer_command(&w, COMMAND_DRAIN, row->in_force);
		c[before] = steer_command(&w, COMMAND_DRAIN, row->target);
		g = (struct guard_case){
			.policy = &w.policy,
			.view = &w.view,
			.before = { c, before },
			.after = { c, before + 1 },
			.classes = w.in.classes,
			.wall_ms = c[0].wall_made_ms + 3600000,
			.yields = row->approved,
		};
		ok = guard_check(&g, &err);
		if (ok != (row->refused == NULL) ||
		    (!ok && strstr(err.text, row->refused) == NULL))
			fail_msg("%s: %s", row->title, ok ? "ok" : err.text);
	}
}

/* A class that no single rule describes, as one bound by two rules. */
static void test_classes_bind_beyond_rules(void **state)
{
	struct error err = { .text = "" };
	struct steer_world w;
	struct command c;
	struct guard_case g;

	(void)state;
	steer_init(&w);
	w.de.regions = 1 << EU_WEST;
	c = steer_command(&w, COMMAND_DRAIN, "www/eu-west");
	g = (struct guard_case){
		.policy = &w.policy,
		.after = { &c, 1 },
		.classes = w.in.classes,
	};
	assert_false(guard_check(&g, &err));
	assert_non_null(strstr(err.text, "clients in DE"));
	g.classes.count = 0;
	assert_true(guard_check(&g, &err));
}

/* What only the vantages nearest to a class cannot reach is no endpoint that
 * works for it. */
static void test_classes_that_cannot_reach(void **state)
{
	struct policy_vantage vantages[5] = {
		{ .name = "a", .latitude = 50, .longitude = 10 },
		{ .name = "b", .latitude = 51, .longitude = 10 },
		{ .name = "c", .latitude = 0, .longitude = 100 },
		{ .name = "d", .latitude = 0, .longitude = 110 },
		{ .name = "e", .latitude = 0, .longitude = 120 },
	};
	struct error err = { .text = "" };
	struct steer_world w;
	struct quorum_result *north;
	struct command c;
	struct guard_case g;

	(void)state;
	steer_init(&w);
	w.policy.vantages = vantages;
	w.policy.vantage_count = 5;
	w.check.quorum = 2;
	w.de.located = true;
	w.de.latitude = 50.5;
	w.de.longitude = 10;
	c = steer_command(&w, COMMAND_DRAIN, "www/eu-west");
	g = (struct guard_case){
		.policy = &w.policy,
		.view = &w.view,
		.after = { &c, 1 },
		.classes = w.in.classes,
	};
	assert_true(guard_check(&g, &err));
	north = &w.view_www[EU_NORTH].health;
	north->split = true;
	north->down_by = 3;
	north->up_by = 28;
	assert_false(guard_check(&g, &err));
	assert_non_null(strstr(err.text, "no healthy endpoint left for "
					 "clients in DE"));
	w.de.latitude = 0;
	w.de.longitude = 110;
	assert_true(guard_check(&g, &err));
}

/* A region that states no capacity counts as the mean of the others. */
static void test_unstated_capacity(void **state)
{
	struct error err = { .text = "" };
	struct steer_world w;
	struct command c;
	struct guard_case g;

	(void)state;
	steer_init(&w);
	w.policy.safety.max_capacity_removed_pct = 24;
	w.regions[US_EAST].capacity = 0;
	c = steer_command(&w, COMMAND_DRAIN, "www/us-east");
	g = (struct guard_case){ .policy = &w.policy, .after = { &c, 1 } };
	assert_false(guard_check(&g, &err));
	assert_non_null(strstr(err.text, "without 25.0%"));
}

/* clang-format off */
static const struct near_row {
	const char *title;
	const char *in_force;
	unsigned down;
	uint32_t min_regions, max_removed_pct;
	const char *drain;
	size_t count;
	const char *warned; /* part of the last warning */
} near_rows[] = {
	{ "nothing is near", NULL, 0, 1, 100, "www/us-east", 0, NULL },
	{ "one region within a rule", NULL, 0, 1, 100, "www/eu-west", 1,
	  "www: only eu-north is left, and healthy, for clients under residency rule gdpr" },
	{ "what is down is not left", NULL, 1 << EU_NORTH | 1 << US_WEST, 1, 100, "www/us-east", 1,
	  "www: only eu-west is left, and healthy, for all clients" },
	{ "the fewest regions allowed", NULL, 0, 3, 100, "www/us-east", 1,
	  "www: 3 healthy regions are left, the least" },
	{ "near the capacity", NULL, 0, 1, 30, "www/us-east", 1,
	  "www: 25.0% of its capacity would be out of service; safety.max_capacity_removed is 30%" },
	{ "not near the capacity", NULL, 0, 1, 32, "www/us-east", 0, NULL },
	{ "what was so before is not told again", "www/eu-west", 0, 1, 100, "www/us-west", 0, NULL },
};
/* clang-format on */

static void test_near(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(near_rows) / sizeof(near_rows[0]); i++) {
		const struct near_row *row = &near_rows[i];
		const struct row as = {
			.in_force = { row->in_force },
			.kind = COMMAND_DRAIN,
			.target = row->drain,
			.to = "",
		};
		struct guard_warnings got;
		struct steer_world w;
		struct lists l;
		struct guard_case g;

		steer_init(&w);
		w.policy.safety.min_regions_in_service = row->min_regions;
		w.policy.safety.max_capacity_removed_pct = row->max_removed_pct;
		for (size_t e = 0; e < STEER_REGIONS; e++)
			if (row->down >> e & 1)
				steer_health(&w, WWW, e, VERDICT_DOWN);
		l = lists_of(&w, &as);
		g = (struct guard_case){
			.policy = &w.policy,
			.view = &w.view,
			.before = { l.before, l.count },
			.after = { l.after, l.count + 1 },
		};
		guard_warn(&g, &got);
		if (got.count != row->count ||
		    (row->count > 0 &&
		     strstr(got.list[got.count - 1], row->warned) == NULL))
			fail_msg("%s: %zu warnings, the last: %s", row->title,
				 got.count,
				 got.count > 0 ? got.list[got.count - 1] : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_loads),
		cmocka_unit_test(test_classes_bind_beyond_rules),
		cmocka_unit_test(test_classes_that_cannot_reach),
		cmocka_unit_test(test_unstated_capacity),
		cmocka_unit_test(test_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
