/* SPDX-License-Identifier: Apache-2.0 */
/* picture, board, alarm: what windrose top shows of a status, at any size. */
#include "steering/runbook/picture.h"

#include "steering/runbook/alarm.h"
#include "steering/runbook/glyph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* Two regions, one endpoint down, one drained by a person; a node behind. */
static const char fleet[] =
	"{\"ok\":true,\"leads\":true,"
	"\"node\":{\"name\":\"steer1\",\"role\":\"steer\"},"
	"\"plan\":{\"epoch\":5,\"sequence\":17,\"commands\":[{\"id\":\"c-1\","
	"\"kind\":\"drain\",\"target\":\"us-east\",\"author\":\"alice\","
	"\"reason\":\"INC-1\",\"wall_expires_ms\":11100000}]},"
	"\"services\":["
	"{\"service\":\"calm\",\"endpoints\":[{\"endpoint\":\"a\","
	"\"region\":\"eu-west\",\"verdict\":\"up\",\"share\":1.0}]},"
	"{\"service\":\"www\",\"endpoints\":["
	"{\"endpoint\":\"eu-west\",\"region\":\"eu-west\",\"verdict\":\"down\","
	"\"share\":0.0,\"down_ms\":65000,\"down_by\":[\"dub\"]},"
	"{\"endpoint\":\"us-east\",\"region\":\"us-east\",\"verdict\":\"up\","
	"\"share\":0.0,\"cause\":\"command\",\"ref\":\"c-1\"}]}],"
	"\"canaries\":[{\"canary\":\"v2\",\"service\":\"www\","
	"\"state\":\"paused\",\"percent\":10,\"stage\":1,\"stages\":2}],"
	"\"fleet\":{\"nodes\":3,\"followers\":2,\"have\":1,\"last\":\"dns2\","
	"\"lag_ms\":9000},"
	"\"nodes\":[{\"name\":\"dns1\",\"role\":\"dns\","
	"\"wall_made_ms\":10800000},"
	"{\"name\":\"dns2\",\"role\":\"dns\",\"wall_made_ms\":10800000,"
	"\"lag_ms\":9000}]}";

static const struct picture_mode usual = {
	.width = 80, .height = 24, .utf8 = true, .wall_ms = 10800000
};

/* clang-format off */
static const char *const whole[] = {
	"windrose top  steer1 steer leads  plan 5.17  03:00:00Z",
	"fleet: 1 of 2 have the plan, 3 nodes; longest behind: dns2, 9s",
	"ALARMS",
	"  !  www/eu-west is down for 1m 5s",
	"  !  dns2 is behind for 9s",
	"     canary v2 of www is paused at 10 %",
	"     drain us-east (c-1 by alice) ends in 5m 0s",
	"",
	"COMMANDS IN FORCE",
	"  c-1 drain us-east by alice: INC-1 (5m 0s left)",
	"",
	"CANARIES",
	"  canary v2 of www: paused, 10 % of stage 1 of 2",
	"",
	"REGIONS",
	"  eu-west              1 of 2 endpoints up, 1 down, 0 get no clients",
	"  us-east              1 of 1 endpoints up, 0 down, 1 get no clients",
	"",
	"SERVICES",
	"  www             eu-west              eu-west      down        0.0 %  down by ~",
	"  www             us-east              us-east      up          0.0 %  command ~",
	"  calm            a                    eu-west      up        100.0 %",
	"",
	"q quit  p pause  s sort (by trouble)  / filter  arrows scroll  row 1 of 4",
};
/* clang-format on */

static const struct picture *draw(const char *text,
				  const struct picture_mode *mode)
{
	static struct picture picture;
	json_t *status = json_loads(text, 0, NULL);

	assert_true(*text == '\0' || status != NULL);
	assert_true(picture_draw(status, mode, &picture));
	json_decref(status);
	return &picture;
}

static bool shows(const struct picture *p, const char *words)
{
	for (unsigned i = 0; i < p->height; i++)
		if (strstr(p->lines[i].text, words) != NULL)
			return true;
	return false;
}

static void test_a_fleet_at_80_by_24(void **state)
{
	const struct picture *p = draw(fleet, &usual);

	(void)state;
	assert_int_equal(p->height, 24);
	for (unsigned i = 0; i < 24; i++)
		if (strcmp(p->lines[i].text, whole[i]) != 0)
			fail_msg("line %u: \"%s\"", i, p->lines[i].text);
	assert_int_equal(p->lines[3].style, BOARD_WARN);
	assert_int_equal(p->lines[5].style, BOARD_NOTE);
	assert_int_equal(p->lines[19].style, BOARD_WARN);
	assert_int_equal(p->lines[21].style, BOARD_PLAIN);
}

/* As wide and high as it may be, and no more, at every size there is. */
static void test_every_size(void **state)
{
	(void)state;
	for (unsigned width = 1; width <= 130; width += width < 30 ? 1 : 25)
		for (unsigned height = 1; height <= 40; height++) {
			struct picture_mode mode = usual;
			const struct picture *p;
			char copy[PICTURE_LINE_SIZE];

			mode.width = width;
			mode.height = height;
			p = draw(fleet, &mode);
			assert_int_equal(p->height, height);
			for (unsigned i = 0; i < height; i++)
				assert_true(glyph_copy(p->lines[i].text, 9999,
						       true, copy,
						       sizeof(copy)) <= width);
		}
}

static void test_a_huge_screen_is_cut(void **state)
{
	struct picture_mode mode = usual;

	(void)state;
	mode.width = mode.height = 60000;
	assert_int_equal(draw(fleet, &mode)->height, PICTURE_HEIGHT_MAX);
}

static void test_scrolling(void **state)
{
	struct picture_mode mode = usual;
	const struct picture *p;

	(void)state;
	mode.scroll = 1;
	p = draw(fleet, &mode);
	assert_int_equal(p->scroll, 1);
	assert_string_equal(p->lines[2].text, whole[3]);
	mode.scroll = SIZE_MAX / 2;
	p = draw(fleet, &mode);
	assert_int_equal(p->scroll, p->scroll_max);
	assert_true(shows(p, "node dns1"));
	mode.height = 60;
	assert_int_equal(draw(fleet, &mode)->scroll, 0);
}

static void test_order_and_filter(void **state)
{
	struct picture_mode mode = usual;
	const struct picture *p;

	(void)state;
	mode.order = BOARD_BY_NAME;
	p = draw(fleet, &mode);
	assert_non_null(strstr(p->lines[19].text, "  calm "));
	assert_true(shows(p, "sort (by name)"));
	strcpy(mode.filter, "US-EAST");
	p = draw(fleet, &mode);
	assert_true(shows(p, "drain us-east"));
	assert_true(shows(p, "SERVICES"));
	assert_false(shows(p, "calm"));
	assert_false(shows(p, "CANARIES"));
	assert_true(shows(p, "/ filter: US-EAST"));
	mode.typing = true;
	assert_true(shows(draw(fleet, &mode), "filter: US-EAST_"));
	strcpy(mode.filter, "nowhere");
	assert_false(shows(draw(fleet, &mode), "ALARMS"));
}

static void test_what_there_is_to_say(void **state)
{
	struct picture_mode mode = usual;

	(void)state;
	assert_true(shows(draw("", &mode), "asking ..."));
	mode.paused = true;
	assert_true(shows(draw(fleet, &mode), "PAUSED"));
	mode.trouble = "the bus does not answer";
	mode.age_ms = 65000;
	assert_true(shows(draw(fleet, &mode),
			  "!! 1m 5s old: the bus does not answer"));
	assert_true(shows(draw("", &mode), "!! the bus does not answer"));
}

/* Names in any script, and none that reaches the terminal. */
static void test_names(void **state)
{
	static const char text[] =
		"{\"node\":{\"name\":\"\xe6\x9d\xb1\"},\"nodes\":[],"
		"\"plan\":{\"commands\":[{\"id\":\"c-1\",\"kind\":\"drain\","
		"\"target\":\"a\",\"author\":\"J\xc3\xb8rgen\","
		"\"reason\":\"\\u001b[2J\"}]}}";
	struct picture_mode mode = usual;

	(void)state;
	assert_true(shows(draw(text, &mode), "by J\xc3\xb8rgen: ?[2J"));
	assert_true(shows(draw(text, &mode), "top  \xe6\x9d\xb1 "));
	mode.utf8 = false;
	assert_true(shows(draw(text, &mode), "by J?rgen: ?[2J"));
}

/* clang-format off */
static const struct alarm_row {
	const char *status;
	enum alarm_level level;
	const char *text; /* of the first; NULL: there is none */
} alarms[] = {
	{ "{}", 0, NULL },
	{ "{\"services\":[{\"service\":\"w\",\"endpoints\":[{\"endpoint\":\"a\",\"verdict\":\"up\"}]}]}", 0, NULL },
	{ "{\"services\":[{\"service\":\"w\",\"endpoints\":[{\"endpoint\":\"a\",\"verdict\":\"down\"}]}]}", ALARM_URGENT, "w: none of its 1 endpoints is up" },
	{ "{\"services\":[{\"service\":\"w\",\"endpoints\":[{\"endpoint\":\"a\",\"verdict\":\"up\"},{\"endpoint\":\"b\",\"verdict\":\"down\",\"deferred\":true}]}]}", ALARM_URGENT, "w/b is down and STILL SERVED: more is down than health may take out" },
	{ "{\"services\":[{\"service\":\"w\",\"endpoints\":[{\"endpoint\":\"a\",\"verdict\":\"up\"},{\"endpoint\":\"b\",\"verdict\":\"down\",\"held\":true}]}]}", ALARM_WARN, "w/b is down (held)" },
	{ "{\"services\":[{\"service\":\"w\",\"panic\":true,\"endpoints\":[]}]}", ALARM_URGENT, "w: panic: too little is healthy, all of it is served" },
	{ "{\"services\":[{\"service\":\"w\",\"unmonitored\":\"no check\",\"endpoints\":[]}]}", ALARM_NOTE, "w is not monitored: it has no check" },
	{ "{\"plan\":{\"commands\":[{\"id\":\"c\",\"kind\":\"drain\",\"target\":\"t\",\"author\":\"a\",\"wall_expires_ms\":400001}]}}", 0, NULL },
	{ "{\"plan\":{\"commands\":[{\"id\":\"c\",\"kind\":\"drain\",\"target\":\"t\",\"author\":\"a\",\"wall_expires_ms\":400000}]}}", ALARM_NOTE, "drain t (c by a) ends in 5m 0s" },
	{ "{\"plan\":{\"commands\":[{\"id\":\"c\",\"kind\":\"drain\",\"target\":\"t\"}]}}", 0, NULL },
	{ "{\"canaries\":[{\"canary\":\"v\",\"service\":\"w\",\"state\":\"paused\",\"percent\":5}]}", ALARM_NOTE, "canary v of w is paused at 5 %" },
	{ "{\"nodes\":[{\"name\":\"n\",\"silent_ms\":5000,\"lag_ms\":5000}]}", 0, NULL },
	{ "{\"nodes\":[{\"name\":\"n\",\"silent_ms\":6000}]}", ALARM_WARN, "n was last heard of 6s ago" },
	{ "{\"nodes\":[{\"name\":\"n\",\"lag_ms\":6000}]}", ALARM_WARN, "n is behind for 6s" },
	{ "{\"nodes\":[{\"name\":\"n\",\"trouble\":\"no bus\"}]}", ALARM_WARN, "n: no bus" },
	{ "{\"nodes\":[{\"name\":\"n\",\"local\":[\"c-1 drain a\"]}]}", ALARM_WARN, "n alone obeys c-1 drain a" },
};
/* clang-format on */

struct heard {
	unsigned count;
	enum alarm_level level;
	char text[ALARM_TEXT_SIZE];
};

static void hear(void *arg, enum alarm_level level, const char *text)
{
	struct heard *h = arg;

	if (h->count++ > 0)
		return;
	h->level = level;
	snprintf(h->text, sizeof(h->text), "%s", text);
}

static void test_alarms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(alarms) / sizeof(alarms[0]); i++) {
		const struct alarm_row *row = &alarms[i];
		json_t *status = json_loads(row->status, 0, NULL);
		struct heard h = { 0 };

		assert_non_null(status);
		alarm_find(status, 100000, hear, &h);
		if ((h.count > 0) != (row->text != NULL))
			fail_msg("row %zu: %u alarms", i, h.count);
		if (row->text != NULL &&
		    (strcmp(h.text, row->text) != 0 || h.level != row->level))
			fail_msg("row %zu: \"%s\"", i, h.text);
		json_decref(status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_fleet_at_80_by_24),
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_a_huge_screen_is_cut),
		cmocka_unit_test(test_scrolling),
		cmocka_unit_test(test_order_and_filter),
		cmocka_unit_test(test_what_there_is_to_say),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_alarms),
	};

	return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
