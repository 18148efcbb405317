/* SPDX-License-Identifier: Apache-2.0 */
/* drill: what begins one, what ends it, what is told, and the report of it. */
#include "steering/drill.h"

#include "policy/base/error.h"
#include "steering/counted.h"
#include "steering/debrief.h"
#include "steering/inputs.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* A story with an edge, and with nodes that acknowledge when told to. */
struct day {
	struct story s;
	struct inputs inputs;
	struct counted counted;
	uint64_t told; /* documents of the edge */
	uint64_t requests[STEER_REGIONS], errors;
	json_t *lines; /* what a journal would have */
};

static void hear(struct day *d)
{
	struct served *served = calloc(1, sizeof(*served));

	snprintf(served->node, sizeof(served->node), "edge1");
	served->sequence = ++d->told;
	served->wall_start_ms = 1;
	served->rows = calloc(STEER_REGIONS, sizeof(*served->rows));
	for (size_t i = 0; i < STEER_REGIONS; i++) {
		struct served_row *row = &served->rows[served->count++];

		snprintf(row->service, sizeof(row->service), "www");
		snprintf(row->endpoint, sizeof(row->endpoint), "%s",
			 d->s.w.www[i].name);
		row->count.requests = d->requests[i];
		row->count.errors = i == EU_WEST ? d->errors : 0;
	}
	served_sort(served);
	assert_true(counted_take(&d->counted, served, d->s.w.in.now.now_ms));
}

/* Another edge has an endpoint of api, in us-east and eu-west. */
static void hear_of_api(struct day *d)
{
	struct served *served = calloc(1, sizeof(*served));

	snprintf(served->node, sizeof(served->node), "edge2");
	served->sequence = ++d->told;
	served->wall_start_ms = 1;
	served->rows = calloc(1, sizeof(*served->rows));
	served->count = 1;
	snprintf(served->rows[0].service, sizeof(served->rows[0].service),
		 "api");
	snprintf(served->rows[0].endpoint, sizeof(served->rows[0].endpoint),
		 "%s", d->s.w.api[0].name);
	assert_true(counted_take(&d->counted, served, d->s.w.in.now.now_ms));
}

static void begin(struct day *d)
{
	memset(d, 0, sizeof(*d));
	story_begin(&d->s);
	d->s.w.policy.safety.max_load_pct = 100;
	assert_true(counted_adopt(&d->counted, &d->s.w.policy));
	inputs_adopt(&d->inputs, &d->s.w.policy);
	d->s.w.in.inputs = &d->inputs;
	d->s.w.in.counted = &d->counted;
	d->s.w.in.acked = (struct registry_floor){ 1, 1 };
	d->lines = json_array();
	hear(d);
}

static void end(struct day *d)
{
	counted_fini(&d->counted);
	inputs_fini(&d->inputs);
	story_end(&d->s);
	json_decref(d->lines);
}

/* Every node has the newest plan. */
static void acknowledge(struct day *d)
{
	d->s.w.in.acked = (struct registry_floor){ d->s.plan->epoch,
						   d->s.plan->sequence };
}

/* Seconds, in each of which the regions have so many requests more. */
static void pass(struct day *d, unsigned seconds, const uint64_t *requests,
		 uint64_t errors)
{
	for (unsigned i = 0; i < seconds; i++) {
		for (size_t k = 0; k < STEER_REGIONS; k++)
			d->requests[k] += requests[k];
		d->errors += errors;
		story_pass(&d->s, 1000);
		hear(d);
	}
}

static struct command loss(struct day *d, double pct, int64_t lasting_ms)
{
	struct command c = steer_command(&d->s.w, COMMAND_DRAIN, "us-east");

	c.drill = true;
	c.abort_errors_pct = pct;
	c.wall_expires_ms = c.wall_made_ms + lasting_ms;
	return c;
}

static void take_lines(struct day *d)
{
	struct audit *audit = agent_audit(d->s.agent);

	for (size_t i = 0; i < audit->count; i++)
		json_array_append_new(d->lines,
				      json_pack("{s:o}", "event",
						audit_write(&audit->list[i])));
	audit_clear(audit);
}

static char *report(struct day *d, const char *id)
{
	bool found = false;
	char *text;

	take_lines(d);
	text = debrief_write(id, d->lines, &found);
	assert_true(found);
	assert_non_null(text);
	return text;
}

static void must_say(const char *text, const char *words)
{
	if (strstr(text, words) == NULL)
		fail_msg("\"%s\" is not in:\n%s", words, text);
}

static void must_report(struct day *d, const char *words)
{
	char *text = report(d, "last");

	must_say(text, words);
	free(text);
}

/* As predicted: a third each of the US, half each of DE; and not so. */
static const uint64_t quiet[STEER_REGIONS] = { 0, 20, 40, 40 };
static const uint64_t odd[STEER_REGIONS] = { 0, 10, 80, 10 };

/* All five rows, as they should be. */
static void test_to_its_end(void **state)
{
	struct day d;
	struct command c;
	char *text;

	(void)state;
	begin(&d);
	c = loss(&d, 1, 120000);
	story_say(&d.s, &c);
	assert_int_equal(d.s.plan->command_count, 1);
	assert_true(d.s.plan->commands[0].drill);
	assert_int_equal(d.s.plan->commands[0].drill_epoch, 1);
	story_has_share(&d.s, "us-east", 0);
	story_pass(&d.s, 500);
	must_report(&d, "It is under way.");
	acknowledge(&d);
	pass(&d, 115, quiet, 0);
	assert_int_equal(d.s.plan->command_count, 1);
	pass(&d, 5, quiet, 0);
	assert_int_equal(d.s.plan->command_count, 0);
	story_has_share(&d.s, "us-east", 1);
	acknowledge(&d);
	story_pass(&d.s, 250);
	text = report(&d, c.id);
	must_say(text, "# Drill: loss of us-east\n\nIt ran to its end.  Score: "
		       "5 of 5.\n");
	must_say(text,
		 "| moved |  | 0.8 s | every responder and edge has it |");
	must_say(text, "| 20.0 % (");
	must_say(text, "| 40.0 % (");
	must_say(text, "| load us-east | 0.0 % | 0.0 % (0 requests)");
	must_say(text, "| errors www | at most 1 % | 0.00 % (0 of 1");
	must_say(text, "| errors api |  | not watched |");
	must_say(text, "| ended |  |  | its time is over |");
	must_say(text, "| back |  | 0.");
	free(text);
	end(&d);
}

/* More in eu-west than was said costs a point. */
static void test_other_loads(void **state)
{
	struct day d;
	struct command c;

	(void)state;
	begin(&d);
	c = loss(&d, 0, 120000);
	story_say(&d.s, &c);
	acknowledge(&d);
	pass(&d, 121, odd, 1);
	acknowledge(&d);
	story_pass(&d.s, 250);
	must_report(&d, "Score: 3 of 4.");
	must_report(&d, "| 80.0 % (9680 requests)");
	end(&d);
}

static void errors_of(struct day *d)
{
	pass(d, 3, quiet, 20);
}

static void nobody_tells(struct day *d)
{
	story_pass(&d->s, 11000);
}

static void another_tells(struct day *d)
{
	for (int i = 0; i < 11; i++) {
		hear_of_api(d);
		story_pass(&d->s, 1000);
	}
}

static void another_is_down(struct day *d)
{
	steer_health(&d->s.w, WWW, EU_WEST, VERDICT_DOWN);
	story_tick(&d->s);
}

static void somebody_aborts(struct day *d)
{
	struct command c = steer_command(&d->s.w, COMMAND_UNDRAIN, "us-east");

	c.drill = true;
	story_say(&d->s, &c);
}

static void somebody_undoes(struct day *d)
{
	story_order(&d->s, COMMAND_UNDO, "last");
}

static void another_leads(struct day *d)
{
	take_lines(d);
	story_succeed(&d->s);
}

static void another_policy(struct day *d)
{
	assert_true(agent_reload(d->s.agent, &d->s.w.policy, d->s.w.in.now));
	story_tick(&d->s);
}

/* Every region has a capacity of 1000; in the view, which has no plan, a
 * quarter of the US and half of DE go to eu-west. */
static void demand_grows(struct day *d)
{
	d->s.w.services[WWW].demand = 4000;
	story_pass(&d->s, 6000);
}

/* clang-format off */
static const struct ending {
	void (*trouble)(struct day *d);
	const char *why;
} endings[] = {
	{ errors_of,       "ABORTED: errors of www: " },
	{ nobody_tells,    "ABORTED: no edge counts requests of www any more" },
	{ another_tells,   "ABORTED: no edge counts requests of www any more" },
	{ another_is_down, "ABORTED: www/eu-west is down, which is no drill" },
	{ somebody_aborts, "ABORTED: by alice: drill abort us-east" },
	{ somebody_undoes, "ABORTED: by alice: undo of " },
	{ another_leads,   "ABORTED: another agent leads now" },
	{ another_policy,  "ABORTED: another policy is in force" },
	{ demand_grows,    "ABORTED: www/eu-west has to carry 140 %" },
};
/* clang-format on */

static void test_endings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		struct day d;
		struct command c;
		char *text;

		begin(&d);
		d.s.w.services[WWW].demand = 1000;
		c = loss(&d, 1, 600000);
		story_say(&d.s, &c);
		acknowledge(&d);
		pass(&d, 10, quiet, 0);
		assert_int_equal(d.s.plan->command_count, 1);
		endings[i].trouble(&d);
		if (d.s.plan->command_count != 0)
			fail_msg("%s: it goes on", endings[i].why);
		acknowledge(&d);
		story_pass(&d.s, 500);
		text = report(&d, c.id);
		must_say(text, endings[i].why);
		must_say(text, "Score: ");
		free(text);
		end(&d);
	}
}

/* Nodes that never say so are not waited for for ever, and another may be. */
static void test_no_acknowledgement(void **state)
{
	struct day d;
	struct command c;

	(void)state;
	begin(&d);
	c = loss(&d, 0, 30000);
	story_say(&d.s, &c);
	story_pass(&d.s, 30000 + DRILL_PATIENCE_MS);
	must_report(&d, "Score: 1 of 3.");
	must_report(&d, "| back |  | not by all |");
	c = loss(&d, 0, 30000);
	story_say(&d.s, &c);
	assert_int_equal(d.s.plan->command_count, 1);
	end(&d);
}

/* What a plan that could not be stored took back is ended once more. */
static void test_taken_back(void **state)
{
	struct day d;
	struct command c;
	struct plan *stored;

	(void)state;
	begin(&d);
	c = loss(&d, 1, 600000);
	story_say(&d.s, &c);
	acknowledge(&d);
	pass(&d, 5, quiet, 0);
	stored = plan_copy(d.s.plan);
	errors_of(&d);
	assert_int_equal(d.s.plan->command_count, 0);
	assert_true(agent_adopt(d.s.agent, stored, d.s.w.in.now));
	plan_free(stored);
	story_tick(&d.s);
	assert_int_equal(d.s.plan->command_count, 0);
	end(&d);
}

static void test_refused(void **state)
{
	struct day d;
	struct command c;

	(void)state;
	begin(&d);
	c = steer_command(&d.s.w, COMMAND_UNDRAIN, "us-east");
	c.drill = true;
	story_refused(&d.s, &c, "no drill of us-east is in force");
	story_pass(&d.s, SERVED_STALE_MS + 250);
	c = loss(&d, 1, 60000);
	story_refused(&d.s, &c, "no edge counts requests of www, api, so");
	hear(&d);
	steer_health(&d.s.w, WWW, EU_WEST, VERDICT_DOWN);
	story_tick(&d.s);
	story_refused(&d.s, &c, "www/eu-west is down already");
	steer_health(&d.s.w, WWW, EU_WEST, VERDICT_UP);
	story_say(&d.s, &c);
	c = loss(&d, 1, 60000);
	story_refused(&d.s, &c, "a drill of us-east by alice");
	end(&d);
}

/* Edges tell of api alone, and www's have been silent for long. */
static void begin_unseen(struct day *d)
{
	begin(d);
	story_pass(&d->s, SERVED_STALE_MS + 250);
	hear_of_api(d);
}

/* An edge that tells of nothing that is concerned sees none of its errors. */
static void test_unseen(void **state)
{
	struct day d;
	struct command c;

	(void)state;
	begin_unseen(&d);
	c = loss(&d, 1, 60000);
	strcpy(c.target, "us-west");
	story_refused(&d.s, &c, "no edge counts requests of www, so nobody");
	c.abort_errors_pct = 0;
	story_say(&d.s, &c);
	end(&d);
}

/* What nobody sees of one of several is said; who comes to see it is asked. */
static void test_partly_unseen(void **state)
{
	struct day d;
	struct command c;

	(void)state;
	begin_unseen(&d);
	c = loss(&d, 1, 600000);
	story_say(&d.s, &c);
	must_report(&d, "| errors www |  | not watched | no edge counts its "
			"requests |");
	acknowledge(&d);
	for (int i = 0; i < 20; i++) {
		hear_of_api(&d);
		story_pass(&d.s, 1000);
	}
	assert_int_equal(d.s.plan->command_count, 1);
	hear(&d);
	for (int i = 0; i < 12; i++) {
		hear_of_api(&d);
		story_pass(&d.s, 1000);
	}
	assert_int_equal(d.s.plan->command_count, 0);
	must_report(&d, "no edge counts requests of www any more");
	end(&d);
}

/* A drain is nobody's game, and its end is not a drill's. */
static void test_a_drain_is_none(void **state)
{
	struct day d;
	struct command c;

	(void)state;
	begin(&d);
	story_order(&d.s, COMMAND_DRAIN, "us-east");
	c = loss(&d, 0, 60000);
	story_refused(&d.s, &c, "a drain of us-east by alice");
	c = steer_command(&d.s.w, COMMAND_UNDRAIN, "us-east");
	c.drill = true;
	story_refused(&d.s, &c, "but a drain, which undrain ends");
	end(&d);
}

static void test_no_such_report(void **state)
{
	json_t *lines = json_array();
	bool found = true;

	(void)state;
	assert_null(debrief_write("last", lines, &found));
	assert_false(found);
	json_decref(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_its_end),
		cmocka_unit_test(test_other_loads),
		cmocka_unit_test(test_endings),
		cmocka_unit_test(test_no_acknowledgement),
		cmocka_unit_test(test_taken_back),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unseen),
		cmocka_unit_test(test_partly_unseen),
		cmocka_unit_test(test_a_drain_is_none),
		cmocka_unit_test(test_no_such_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
