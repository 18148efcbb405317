/* SPDX-License-Identifier: Apache-2.0 */
/*
 * versions: what programs of other versions say on the bus is read as far as it
 * can be, and refused by name where it cannot.
 *
 * tests/data/bus holds one document of each kind: before, as it was said before
 * this version; next, the same with members that nobody knows yet in every
 * object; beyond, which needs a newer reader.
 */
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/bus/member.h"
#include "policy/bus/node.h"
#include "policy/bus/plan.h"
#include "policy/bus/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* Each codec: from octets to what it would say again; NULL with err set. */
typedef char *again_fn(const char *octets, size_t len, struct error *err);

static char *again_plan(const char *octets, size_t len, struct error *err)
{
	struct plan *plan = plan_parse(octets, len, err);
	char *text = plan == NULL ? NULL : plan_write(plan, &len);

	plan_free(plan);
	return text;
}

static char *again_report(const char *octets, size_t len, struct error *err)
{
	struct report *report = report_parse(octets, len, err);
	char *text = report == NULL ? NULL : report_write(report, &len);

	report_free(report);
	return text;
}

static char *again_node(const char *octets, size_t len, struct error *err)
{
	struct node node;

	return node_parse(octets, len, &node, err) ? node_write(&node, &len)
						   : NULL;
}

static const struct codec {
	const char *name;
	again_fn *again;
} codecs[] = {
	{ "plan", again_plan },
	{ "report", again_report },
	{ "node", again_node },
};

enum { CODECS = sizeof(codecs) / sizeof(codecs[0]) };

static char *read_data(const char *folder, const char *name, size_t *len)
{
	char path[600];
	struct error err;
	char *octets;

	snprintf(path, sizeof(path), "%s/tests/data/bus/%s/%s.json",
		 getenv("SRCDIR"), folder, name);
	octets = file_read(path, 1 << 20, len, &err);
	if (octets == NULL)
		fail_msg("%s", err.text);
	return octets;
}

static json_t *json_of(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	return json;
}

/* Says again all that is in wanted, and not more than is in said. */
static void assert_says(const char *name, json_t *wanted, const char *said)
{
	json_t *json = json_of(said);

	/* What a later version added stands beside it. */
	json_object_del(json, "version");
	json_object_del(json, "speaks");
	json_object_del(json, "refused");
	if (!json_equal(json, wanted))
		fail_msg("%s is read as %s", name, said);
	json_decref(json);
}

static void check_read(const char *folder)
{
	for (size_t i = 0; i < CODECS; i++) {
		struct error err = { .text = "" };
		size_t len, before_len;
		char *octets = read_data(folder, codecs[i].name, &len);
		char *before = read_data("before", codecs[i].name, &before_len);
		json_t *wanted = json_of(before);
		char *said = codecs[i].again(octets, len, &err);

		if (said == NULL)
			fail_msg("%s/%s: %s", folder, codecs[i].name, err.text);
		assert_says(codecs[i].name, wanted, said);
		json_decref(wanted);
		free(said);
		free(before);
		free(octets);
	}
}

static void test_yesterdays_are_read(void **state)
{
	(void)state;
	check_read("before");
}

static void test_tomorrows_are_read(void **state)
{
	(void)state;
	check_read("next");
}

static void test_what_needs_more_is_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODECS; i++) {
		struct error err = { .text = "" };
		char wanted[64];
		size_t len;
		char *octets = read_data("beyond", codecs[i].name, &len);

		snprintf(wanted, sizeof(wanted), "%s: needs version %d",
			 codecs[i].name, MEMBER_SPEAKS + 1);
		assert_null(codecs[i].again(octets, len, &err));
		if (strstr(err.text, wanted) == NULL)
			fail_msg("%s: %s", codecs[i].name, err.text);
		free(octets);
	}
}

/* A member that nobody knows, in this object and in all below. */
static void grow(json_t *json)
{
	const char *key;
	json_t *item;
	size_t i;

	json_array_foreach(json, i, item) grow(item);
	json_object_foreach(json, key, item) grow(item);
	if (json_is_object(json))
		json_object_set_new(json, "zz-tomorrow",
				    json_pack("{s:[i,{s:n}]}", "a", 1, "b"));
}

/* Whatever this version says, with a new member anywhere, means the same. */
static void test_new_members_change_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODECS; i++) {
		struct error err = { .text = "" };
		size_t len;
		char *octets = read_data("next", codecs[i].name, &len);
		char *said = codecs[i].again(octets, len, &err), *grown, *again;
		json_t *json;

		assert_non_null(said);
		json = json_of(said);
		grow(json);
		grown = json_dumps(json, JSON_COMPACT);
		again = codecs[i].again(grown, strlen(grown), &err);
		if (again == NULL)
			fail_msg("%s: %s", codecs[i].name, err.text);
		assert_string_equal(again, said);
		json_decref(json);
		free(again);
		free(grown);
		free(said);
		free(octets);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yesterdays_are_read),
		cmocka_unit_test(test_tomorrows_are_read),
		cmocka_unit_test(test_what_needs_more_is_refused_by_name),
		cmocka_unit_test(test_new_members_change_nothing),
	};

	return cmocka_run_group_tests_name("versions", tests, NULL, NULL);
}
