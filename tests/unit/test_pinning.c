/* SPDX-License-Identifier: Apache-2.0 */
/* pinning: a pin with the agent, from the command to what it moves. */
#include "steering/pinning.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"
#include "steering/predict.h"
#include "steering/registry.h"
#include "story.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static struct command pin_of(struct story *s, const char *clients,
			     const char *to)
{
	struct command c = steer_command(&s->w, COMMAND_PIN, "www");

	snprintf(c.clients, sizeof(c.clients), "%s", clients);
	snprintf(c.to, sizeof(c.to), "%s", to);
	return c;
}

static struct command pin(struct story *s, const char *clients, const char *to)
{
	struct command c = pin_of(s, clients, to);

	story_say(s, &c);
	return c;
}

static void has_pins(const struct story *s, const char *ids)
{
	char text[64] = "";

	for (size_t i = 0; i < s->plan->command_count; i++)
		strcat(text, s->plan->commands[i].id);
	assert_string_equal(text, ids);
}

static void test_life(void **state)
{
	struct command first, second;
	struct story s;

	(void)state;
	story_begin(&s);
	first = pin(&s, "america", "us-east");
	has_pins(&s, "c1");
	story_has_share(&s, "us-west", 1); /* it is in no share */
	assert_true(
		story_was_told(&s, "command", "pin www of america to us-east"));
	pin(&s, "all", "eu-west");
	has_pins(&s, "c1c2");
	/* Another of the same set takes its place, and gives it back. */
	second = pin(&s, "america", "us-west");
	has_pins(&s, "c2c3");
	story_succeed(&s);
	has_pins(&s, "c2c3");
	story_order(&s, COMMAND_UNDO, second.id);
	has_pins(&s, "c2c1");
	story_order(&s, COMMAND_CANCEL, first.id);
	has_pins(&s, "c2");
	story_pass(&s, 3600000);
	has_pins(&s, "");
	story_end(&s);
}

/* One that would take the place of another stands in its way. */
static void test_undo_knows_sets(void **state)
{
	struct command first, c;
	struct story s;

	(void)state;
	story_begin(&s);
	first = pin(&s, "america", "us-east");
	c = story_order(&s, COMMAND_CANCEL, first.id);
	pin(&s, "all", "eu-west");
	story_order(&s, COMMAND_UNDO, c.id);
	has_pins(&s, "c3c1");
	c = story_order(&s, COMMAND_CANCEL, first.id);
	pin(&s, "america", "us-west");
	c = steer_command(&s.w, COMMAND_UNDO, c.id);
	story_refused(&s, &c, "has taken the place of c1 since");
	story_end(&s);
}

static void test_refused(void **state)
{
	struct command c;
	struct story s;

	(void)state;
	story_begin(&s);
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	story_tick(&s);
	c = pin_of(&s, "america", "us-east");
	story_refused(&s, &c, "that is down or drained");
	c.force = true;
	story_refused(&s, &c, "that is down or drained");
	s.w.policy.safety.force = true;
	story_say(&s, &c);
	assert_true(s.plan->commands[0].force);
	story_end(&s);
}

/* clang-format off */
static const struct fleet_row {
	const char *title;
	enum node_role role;
	uint32_t speaks;
	const char *version, *refused;
} fleets[] = {
	{ "of this version", NODE_DNS, MEMBER_SPEAKS, "9.0", NULL },
	{ "of the next one", NODE_DNS, MEMBER_SPEAKS + 1, "9.1", NULL },
	{ "the one before", NODE_DNS, MEMBER_SPEAKS_PINS - 1, "0.1", "pin: n1 is too old to obey a pin (version 0.1); update it first" },
	{ "that does not say", NODE_DNS, 0, "", "(version unknown)" },
	{ "an edge, which serves all alike", NODE_EDGE, 0, "0.1", NULL },
	{ "a prober", NODE_HEALTH, 0, "0.1", NULL },
};
/* clang-format on */

static void test_old_responders(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fleets) / sizeof(fleets[0]); i++) {
		const struct fleet_row *row = &fleets[i];
		struct node node = {
			.name = "n1",
			.role = row->role,
			.speaks = row->speaks,
		};
		struct registry registry = { 0 };
		struct command c;
		struct story s;

		snprintf(node.version, sizeof(node.version), "%s",
			 row->version);
		assert_true(registry_take(&registry, &node, 0));
		story_begin(&s);
		s.w.in.registry = &registry;
		s.w.policy.safety.force = true;
		c = pin_of(&s, "america", "us-east");
		c.force = true; /* which helps nothing */
		print_message("# %s\n", row->title);
		if (row->refused == NULL)
			story_say(&s, &c);
		else
			story_refused(&s, &c, row->refused);
		/* Other commands are for everybody. */
		c = steer_command(&s.w, COMMAND_WEIGHT, "www/us-east");
		story_say(&s, &c);
		s.w.in.registry = NULL;
		registry_fini(&registry);
		story_end(&s);
	}
}

/* clang-format off */
/* Clients of america go anywhere, the others of all only inside of gdpr. */
static const struct pin_row {
	const char *title, *clients, *to, *drained;
	unsigned down;
	bool approved;
	const char *refused, *warned;
} pin_rows[] = {
	{ "to a region", "america", "us-east", NULL, 0, false, NULL, NULL },
	{ "to what is down", "america", "us-east", NULL, 1 << US_EAST, false,
	  "pin: www of clients america to us-east: that is down or drained",
	  NULL },
	{ "to what is drained", "america", "us-east", "www/us-east", 0, false,
	  "down or drained", NULL },
	{ "two people want it all the same", "america", "us-east", NULL,
	  1 << US_EAST, true, NULL, NULL },
	{ "of nobody", "nobody", "us-east", NULL, 0, false,
	  "no network is known to be of that set", NULL },
	{ "out of a jurisdiction", "all", "us-east", NULL, 0, false, NULL,
	  "pin: www of clients all to us-east: residency keeps some of them" },
	{ "into it", "all", "eu-west", NULL, 0, false, NULL, NULL },
};
/* clang-format on */

static struct command pin_by(struct steer_world *w, const char *clients,
			     const char *to)
{
	struct command c = steer_command(w, COMMAND_PIN, "www");

	snprintf(c.clients, sizeof(c.clients), "%s", clients);
	snprintf(c.to, sizeof(c.to), "%s", to);
	return c;
}

static void check_pin(const struct pin_row *row, struct steer_world *w)
{
	size_t before = row->drained != NULL;
	struct error err = { .text = "" };
	struct guard_warnings near;
	struct command c[2];
	struct guard_case g;
	bool ok;

	if (before != 0)
		c[0] = steer_command(w, COMMAND_DRAIN, row->drained);
	c[before] = pin_by(w, row->clients, row->to);
	for (size_t e = 0; e < STEER_REGIONS; e++)
		if (row->down >> e & 1)
			steer_health(w, WWW, e, VERDICT_DOWN);
	g = (struct guard_case){
		.policy = &w->policy,
		.view = &w->view,
		.before = { c, before },
		.after = { c, before + 1 },
		.classes = w->in.classes,
		.yields = row->approved,
	};
	ok = guard_check(&g, &err);
	guard_warn(&g, &near);
	if (ok != (row->refused == NULL) ||
	    (!ok && strstr(err.text, row->refused) == NULL) ||
	    near.count != (row->warned != NULL) ||
	    (near.count > 0 && strstr(near.list[0], row->warned) == NULL))
		fail_msg("%s: %s", row->title, ok ? "ok" : err.text);
	/* One in force already is nobody's business. */
	g.before.count = g.after.count;
	assert_true(guard_check(&g, &err));
	guard_warn(&g, &near);
	assert_int_equal(near.count, 0);
}

static void test_guarded(void **state)
{
	struct error err = { .text = "" };
	struct command c[2];
	struct guard_case g;
	struct steer_world w;

	(void)state;
	for (size_t i = 0; i < sizeof(pin_rows) / sizeof(pin_rows[0]); i++) {
		steer_init(&w);
		check_pin(&pin_rows[i], &w);
	}
	steer_init(&w);
	w.de.sets = 1; /* america, bound to the EU */
	w.us.sets = 0;
	check_pin(&(struct pin_row){ "residency leaves it to none", "america",
				     "us-east", NULL, 0, false,
				     "residency leaves that to none of them",
				     "residency keeps some of them" },
		  &w);
	/* It takes no capacity out: nobody waits for it, nor it for others. */
	steer_init(&w);
	w.policy.safety.command_interval_ms = 300000;
	c[0] = pin_by(&w, "america", "us-east");
	c[1] = steer_command(&w, COMMAND_DRAIN, "www/us-west");
	g = (struct guard_case){
		.policy = &w.policy,
		.view = &w.view,
		.before = { c, 1 },
		.after = { c, 2 },
		.classes = w.in.classes,
		.wall_ms = c[0].wall_made_ms + 1000,
	};
	assert_true(guard_check(&g, &err));
}

/* What it moves has to be carried: 540 from the US to a region of 400. */
static void test_pins_have_a_load(void **state)
{
	struct error err = { .text = "" };
	struct command pin;
	struct guard_case g;
	struct steer_world w;

	(void)state;
	steer_init(&w);
	w.policy.safety.max_load_pct = 100;
	w.services[WWW].demand = 900;
	for (size_t r = 0; r < STEER_REGIONS; r++)
		w.regions[r].capacity = 400;
	pin = pin_by(&w, "america", "us-west");
	g = (struct guard_case){
		.policy = &w.policy,
		.view = &w.view,
		.after = { &pin, 1 },
		.classes = w.in.classes,
	};
	assert_false(guard_check(&g, &err));
	assert_non_null(strstr(err.text,
			       "www would bring 540 to us-west, which can "
			       "carry 400: 135.0%"));
	w.policy.safety.max_load_pct = 136;
	assert_true(guard_check(&g, &err));
}

/* America is 60 %, in equal parts at four regions before. */
static void test_prediction(void **state)
{
	struct pin pins[1] = { { .endpoints = 1 << US_WEST, .set = 0 } };
	struct view_service services[2];
	struct burden_case before, changed;
	struct prediction p;
	struct steer_world w;
	struct view after;
	struct error err;

	(void)state;
	steer_init(&w);
	after = w.view;
	memcpy(services, w.view_services, sizeof(services));
	services[WWW].pins = pins;
	services[WWW].pin_count = 1;
	after.services = services;
	before = (struct burden_case){ &w.policy, &w.view, w.in.classes, NULL };
	changed = (struct burden_case){ &w.policy, &after, w.in.classes, NULL };
	assert_true(predict_of(&before, &changed, &p, &err));
	assert_int_equal(p.count, 1);
	assert_true(fabs(p.services[0].v4.moved - 45) < 1);
	assert_true(fabs(p.services[0].v4.after[US_WEST] - 60) < 0.01);
	assert_true(fabs(p.services[0].v4.after[EU_WEST] - 20) < 1);
	assert_true(fabs(p.services[0].v4.after[US_EAST]) < 0.01);
	prediction_fini(&p);
}

/* The view that its load is judged by has what is in force, and no more. */
static void test_pins_of_commands(void **state)
{
	struct pin list[POLICY_SETS_MAX];
	struct command c[3];
	struct story s;

	(void)state;
	story_begin(&s);
	c[0] = pin_of(&s, "america", "us-east");
	c[1] = pin_of(&s, "all", "eu-west");
	c[2] = steer_command(&s.w, COMMAND_DRAIN, "us-west");
	assert_int_equal(pinning_of((struct commands){ c, 3 }, &s.w.policy, WWW,
				    list),
			 2);
	assert_string_equal(list[0].ref, c[1].id);
	assert_int_equal(pinning_of((struct commands){ c, 3 }, &s.w.policy, API,
				    list),
			 0);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_undo_knows_sets),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_old_responders),
		cmocka_unit_test(test_guarded),
		cmocka_unit_test(test_pins_have_a_load),
		cmocka_unit_test(test_prediction),
		cmocka_unit_test(test_pins_of_commands),
	};

	return cmocka_run_group_tests_name("pinning", tests, NULL, NULL);
}
