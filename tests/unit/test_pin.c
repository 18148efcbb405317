/* SPDX-License-Identifier: Apache-2.0 */
/* pin: which one counts, and what it takes away from whom. */
#include "policy/decide/pin.h"

#include "decide_world.h"

#include "policy/bus/command.h"
#include "policy/decide/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Sets: 0 eea, 1 uk, 2 partners; a bit each. */
enum { EEA = 1, UK = 2, PARTNERS = 4 };

struct held {
	uint8_t set;
	uint64_t to; /* 0: none */
};

/* clang-format off */
static const struct pin_row {
	const char *title;
	uint64_t sets; /* that the class is in */
	struct held pins[3]; /* newest first */
	const char *world;
	const char *row;
	enum row_note note;
	int binds; /* the pin that does; -1: none concerns the class */
} pins[] = {
	{ "a member gets that alone",    EEA,      { { 0, 0x4 } }, "......", "2", ROW_PLAIN, 0 },
	{ "or those alone",              EEA,      { { 0, 0x6 } }, "......", "12", ROW_PLAIN, 0 },
	{ "nobody else does",            UK,       { { 0, 0x4 } }, "......", "012345", ROW_PLAIN, -1 },
	{ "nor who only may be one",     0,        { { 0, 0x4 } }, "......", "012345", ROW_PLAIN, -1 },
	{ "residency has taken it",      EEA,      { { 0, 0x1 } }, "xx..xx", "23", ROW_PLAIN, -1 },
	{ "residency has taken one",     EEA,      { { 0, 0x5 } }, "xx..xx", "2", ROW_PLAIN, 0 },
	{ "residency has taken all",     EEA,      { { 0, 0x5 } }, "xxxxxx", "", ROW_NO_REGION, -1 },
	{ "it is down",                  EEA,      { { 0, 0x4 } }, "..d...", "01345", ROW_PLAIN, -2 },
	{ "one of two is down",          EEA,      { { 0, 0xc } }, "..d...", "3", ROW_PLAIN, 0 },
	{ "it is drained",               EEA,      { { 0, 0x4 } }, "..c...", "01345", ROW_PLAIN, -2 },
	{ "one of two is drained",       EEA,      { { 0, 0xc } }, "..c...", "3", ROW_PLAIN, 0 },
	{ "drained and down",            EEA,      { { 0, 0xc } }, "..cd..", "0145", ROW_PLAIN, -2 },
	{ "beside a drained one",        EEA,      { { 0, 0x4 } }, "c.....", "2", ROW_PLAIN, 0 },
	{ "all others are down",         EEA,      { { 0, 0x4 } }, "dd.ddd", "2", ROW_PLAIN, 0 },
	{ "all others are drained",      EEA,      { { 0, 0x4 } }, "cc.ccc", "2", ROW_PLAIN, 0 },
	{ "it is down, others drained",  EEA,      { { 0, 0x4 } }, "ccdccc", "01345", ROW_ALL_COMMANDED, -2 },
	{ "all are down",                EEA,      { { 0, 0x4 } }, "dddddd", "012345", ROW_NONE_HEALTHY, -2 },
	{ "a down one of it is deferred", EEA,     { { 0, 0xc } }, "..D...", "23", ROW_DEFERRED, 0 },
	{ "all of it is deferred",       EEA,      { { 0, 0x4 } }, "..D...", "012345", ROW_DEFERRED, -2 },
	{ "it is on hold",               EEA,      { { 0, 0x4 } }, "..h...", "2", ROW_PLAIN, 0 },
	{ "one of it is on hold",        EEA,      { { 0, 0xc } }, "..h...", "3", ROW_PLAIN, 0 },
	{ "it has no weight",            EEA,      { { 0, 0x4 } }, "..w...", "2", ROW_PLAIN, 0 },
	{ "in two sets, the newer",      EEA | UK, { { 1, 0x2 }, { 0, 0x4 } }, "......", "1", ROW_PLAIN, 0 },
	{ "in the set of the older",     EEA,      { { 1, 0x2 }, { 0, 0x4 } }, "......", "2", ROW_PLAIN, 1 },
	{ "the newer is outside of residency", EEA | UK, { { 1, 0x1 }, { 0, 0x4 } }, "xx..xx", "2", ROW_PLAIN, 1 },
	{ "the newer is down: it still counts", EEA | UK, { { 1, 0x2 }, { 0, 0x4 } }, ".d....", "02345", ROW_PLAIN, -2 },
	{ "three sets",                  PARTNERS, { { 1, 0x2 }, { 0, 0x4 }, { 2, 0x20 } }, "......", "5", ROW_PLAIN, 2 },
};
/* clang-format on */

static void set_up(struct world *w, const struct pin_row *row)
{
	world_init(w);
	w->class.sets = row->sets;
	for (size_t i = 0; i < 3 && row->pins[i].to != 0; i++)
		world_pin(w, row->pins[i].set, row->pins[i].to);
	world_letters(w, row->world);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
		char text[2 * POLICY_ENDPOINTS_MAX];
		struct chain_trace trace;
		struct world w;
		struct row row;

		set_up(&w, &pins[i]);
		row = world_row(&w, &trace);
		if (strcmp(world_row_text(&row, text), pins[i].row) != 0 ||
		    row.note != pins[i].note)
			fail_msg("%s: row \"%s\", %s", pins[i].title, text,
				 row_note_name((enum row_note)row.note));
		if (trace.pin_binds != (pins[i].binds >= 0) ||
		    (trace.pin == NULL) != (pins[i].binds == -1) ||
		    (pins[i].binds >= 0 && trace.pin != &w.pins[pins[i].binds]))
			fail_msg("%s: by another pin", pins[i].title);
	}
}

/* In panic what is pinned stands for what is not drained. */
static void test_panic(void **state)
{
	char text[2 * POLICY_ENDPOINTS_MAX];
	struct world w;
	struct row row;

	(void)state;
	world_init(&w);
	world_letters(&w, "...dd.");
	w.view_service.panic.everywhere = w.view_service.panic.anywhere = true;
	w.service.panic = PANIC_ALL;
	w.class.sets = EEA;
	world_pin(&w, 0, 0xc);
	row = world_row(&w, NULL);
	assert_string_equal(world_row_text(&row, text), "23");
	assert_int_equal(row.note, ROW_PANIC);
	world_letters(&w, "..dd");
	row = world_row(&w, NULL);
	assert_string_equal(world_row_text(&row, text), "012345");
}

/* The canary of what is pinned has its part; others' canaries nothing. */
static void test_canary(void **state)
{
	char text[2 * POLICY_ENDPOINTS_MAX];
	struct world w;
	struct row row;

	(void)state;
	world_init(&w);
	world_add_canary(&w, 0xc);
	w.view_endpoints[6].accept = w.view_endpoints[7].accept =
		accept_of(0.25);
	w.class.sets = EEA;
	world_pin(&w, 0, 0x4);
	row = world_row(&w, NULL);
	assert_string_equal(world_row_text(&row, text), "2");
	assert_int_equal(row.entries[0].canary, 6);
	assert_int_equal(row.entries[0].canary_accept, accept_of(0.25));
	/* It takes all, and is what is well of it. */
	w.view_endpoints[6].accept = ACCEPT_ALL;
	w.view_endpoints[2].health.verdict = VERDICT_DOWN;
	row = world_row(&w, NULL);
	assert_string_equal(world_row_text(&row, text), "2");
}

static void test_reasons(void **state)
{
	char text[REASON_SIZE];
	struct chain_trace trace;
	struct world w;
	struct row row;
	struct reasons r;

	(void)state;
	world_init(&w);
	world_letters(&w, "c");
	w.class.sets = EEA;
	world_pin(&w, 0, 0x4);
	row = world_row(&w, &trace);
	r = (struct reasons){ .view = &w.view, .row = &row, .trace = &trace };
	w.view_endpoints[0].cause_ref = "d-7";
	assert_string_equal(reason_text(&r, 0, text, sizeof(text)),
			    "share 0 by command d-7");
	assert_int_equal(trace.endpoints[1].step, STEP_COMMANDED);
	assert_string_equal(reason_text(&r, 1, text, sizeof(text)),
			    "pin p-1 of clients eea by ann (INC-414)");
	assert_string_equal(reason_text(&r, 2, text, sizeof(text)),
			    "tier 1: weight 1, share 100 %; pin p-1 of clients "
			    "eea by ann (INC-414)");
	world_letters(&w, "..d");
	row = world_row(&w, &trace);
	assert_non_null(strstr(reason_text(&r, 1, text, sizeof(text)),
			       "; nothing works or is left of pin p-1 of"));
}

static size_t put(struct pin *list, size_t count, uint8_t set, int64_t made_ms,
		  const char *id)
{
	const struct pin pin = {
		.endpoints = 1,
		.wall_made_ms = made_ms,
		.ref = id,
		.set = set,
	};

	return pins_put(list, count, &pin);
}

static void expect_list(const struct pin *list, size_t count, const char *ids)
{
	char text[64] = "";

	for (size_t i = 0; i < count; i++)
		strcat(text, list[i].ref);
	assert_string_equal(text, ids);
}

/* Newest first, by time and then by id; one a set. */
static void test_list(void **state)
{
	struct pin list[4];
	size_t count = 0;

	(void)state;
	count = put(list, count, 0, 50, "b");
	count = put(list, count, 1, 60, "a");
	expect_list(list, count, "ab");
	count = put(list, count, 2, 50, "c");
	expect_list(list, count, "acb");
	count = put(list, count, 2, 50, "a"); /* older than c */
	expect_list(list, count, "acb");
	count = put(list, count, 0, 70, "d"); /* in place of b */
	expect_list(list, count, "dac");
	count = put(list, count, 3, 10, "e");
	expect_list(list, count, "dace");
	count = put(list, count, 3, 65, "f"); /* in place of e */
	expect_list(list, count, "dfac");
	count = put(list, count, 0, 80, "g"); /* in its own place */
	expect_list(list, count, "gfac");
	count = put(list, count, 0, 5, "h");
	expect_list(list, count, "gfac");
}

/* Whom a pin concerns and to what is a decision; who gave it is not. */
static void test_views_differ(void **state)
{
	struct view_service was, is;
	struct pin before[2], after[2];
	struct view other;
	struct world w;

	(void)state;
	world_init(&w);
	world_pin(&w, 0, 0x4);
	world_pin(&w, 1, 0x8);
	memcpy(before, w.pins, sizeof(before));
	memcpy(after, w.pins, sizeof(after));
	was = is = w.view_service;
	was.pins = before;
	is.pins = after;
	other = w.view;
	other.services = &is;
	w.view.services = &was;
	after[0].ref = "p-2";
	assert_true(view_same(&w.view, &other, 0));
	after[0].endpoints = 0x2;
	assert_false(view_same(&w.view, &other, 0));
	after[0].endpoints = 0x4;
	after[1].set = 2;
	assert_false(view_same(&w.view, &other, 0));
	after[1] = before[0];
	after[0] = before[1];
	assert_false(view_same(&w.view, &other, 0));
	after[0] = before[0];
	is.pin_count = 1;
	assert_false(view_same(&w.view, &other, 0));
	was.pin_count = 1;
	assert_true(view_same(&w.view, &other, 0));
}

/* clang-format off */
static const struct read_row {
	const char *target, *clients, *to;
	uint64_t endpoints; /* 0: the policy has not all of it */
} reads[] = {
	{ "www", "uk",   "eu-west",   0x24 }, /* spare is in it, too */
	{ "www", "uk",   "spare",     0x20 },
	{ "www", "uk",   "v2.us-east", 0 },
	{ "www", "uk",   "sa-east",   0 },
	{ "www", "mars", "eu-west",   0 },
	{ "ftp", "uk",   "eu-west",   0 },
};
/* clang-format on */

static void test_read(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.endpoints[5].name = "spare";
	w.endpoints[5].region = 2;
	world_add_canary(&w, 0x1);
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		struct command c = { .id = "p", .kind = COMMAND_PIN };
		struct pin pin = { .endpoints = 0 };
		size_t service = 9;

		snprintf(c.target, sizeof(c.target), "%s", reads[i].target);
		snprintf(c.clients, sizeof(c.clients), "%s", reads[i].clients);
		snprintf(c.to, sizeof(c.to), "%s", reads[i].to);
		assert_int_equal(pin_read(&c, &w.policy, &service, &pin),
				 reads[i].endpoints != 0);
		assert_int_equal(pin.endpoints, reads[i].endpoints);
		assert_int_equal(service, reads[i].endpoints != 0 ? 0 : 9);
		assert_int_equal(pin.set, reads[i].endpoints != 0);
		c.kind = COMMAND_FAILOVER;
		assert_false(pin_read(&c, &w.policy, &service, &pin));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_panic),
		cmocka_unit_test(test_canary),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_views_differ),
	};

	return cmocka_run_group_tests_name("pin", tests, NULL, NULL);
}
