/* SPDX-License-Identifier: Apache-2.0 */
/* schema: the rows agree with themselves and with windrose-policy(5). */
#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/language/load.h"
#include "policy/language/policy.h"
#include "policy/language/schema.h"
#include "policy/language/sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATH_SIZE = 256, MANUAL_MAX = 1 << 20 };

typedef void visitor(const struct schema_row *row, const char *path,
		     void *context);

static void visit(const struct schema *schema, const char *above,
		  visitor *visit_row, void *context)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_row *row = &schema->rows[i];
		char path[PATH_SIZE];

		snprintf(path, sizeof(path), "%s%s%s", above,
			 above[0] == '\0' ? "" : ".", row->key);
		visit_row(row, path, context);
		if (row->kind == SCHEMA_NAMED)
			strncat(path, ".NAME", sizeof(path) - strlen(path) - 1);
		if (row->inner != NULL)
			visit(row->inner, path, visit_row, context);
	}
}

static void check_row(const struct schema_row *row, const char *path,
		      void *context)
{
	unsigned *count = context;
	bool structure =
		row->kind <= SCHEMA_ITEMS || row->kind == SCHEMA_HEALTH;

	(*count)++;
	if (structure != (row->inner != NULL))
		fail_msg("%s: structure and inner rows do not agree", path);
	if ((row->kind == SCHEMA_WORD || row->kind == SCHEMA_FLAG) !=
	    (row->words != NULL))
		fail_msg("%s: kind and words do not agree", path);
	if (row->required && row->preset != NULL)
		fail_msg("%s: required, and has a default", path);
	if (row->help == NULL || row->help[0] == '\0')
		fail_msg("%s: no help", path);
	if (row->max < row->min)
		fail_msg("%s: the range is empty", path);
	assert_ptr_equal(schema_find(&schema_top, "nothing"), NULL);
}

static void test_rows(void **state)
{
	unsigned count = 0;

	(void)state;
	visit(&schema_top, "", check_row, &count);
	/* Eleven sections, and no fewer keys than when this was written. */
	assert_true(count >= 80);
	assert_string_equal(schema_nearest(&schema_top, "serivces"),
			    "services");
	assert_null(schema_nearest(&schema_top, "colour"));
}

/* The manual has ".It Ic PATH" for every key, and its default and words. */
static void check_manual(const struct schema_row *row, const char *path,
			 void *context)
{
	const char *manual = context;
	char wanted[PATH_SIZE];
	const char *entry, *end;
	size_t len;

	snprintf(wanted, sizeof(wanted), "\n.It Ic %s\n", path);
	entry = strstr(manual, wanted);
	if (entry == NULL) {
		snprintf(wanted, sizeof(wanted), "\n.It Ic %s ", path);
		entry = strstr(manual, wanted);
	}
	if (entry == NULL) {
		fail_msg("the manual has no \".It Ic %s\"", path);
		return;
	}
	end = strstr(entry + 1, "\n.It ");
	len = end == NULL ? strlen(entry) : (size_t)(end - entry);
	if (row->preset != NULL &&
	    memmem(entry, len, row->preset, strlen(row->preset)) == NULL)
		fail_msg("the manual does not say that %s is \"%s\" by default",
			 path, row->preset);
	for (size_t i = 0; row->words != NULL && row->words[i] != NULL; i++)
		if (memmem(entry, len, row->words[i], strlen(row->words[i])) ==
		    NULL)
			fail_msg("the manual does not say that %s can be %s",
				 path, row->words[i]);
}

static char *read_manual(void)
{
	const char *srcdir = getenv("SRCDIR");
	struct error err;
	char path[4096];
	size_t len;
	char *manual;

	snprintf(path, sizeof(path), "%s/contrib/man/windrose-policy.5",
		 srcdir == NULL ? "." : srcdir);
	manual = file_read(path, MANUAL_MAX, &len, &err);
	if (manual == NULL)
		fail_msg("%s", err.text);
	return manual;
}

static void test_manual_has_every_key(void **state)
{
	char *manual = read_manual();

	(void)state;
	visit(&schema_top, "", check_manual, manual);
	free(manual);
}

static bool loads(const char *octets, size_t len)
{
	struct arena *arena = arena_new();
	struct sources s = { .arena = arena, .folder = "", .sealed = true };
	struct errors errs = { 0 };
	struct policy *policy;

	assert_true(sources_add(&s, "example.yaml", octets, len));
	policy = load_policy(&s, "example.yaml", &errs);
	errors_print(&errs, stderr);
	errors_fini(&errs);
	policy_free(policy);
	return policy != NULL;
}

/* Every display that begins with a zone is a whole policy. */
static void test_manual_examples_load(void **state)
{
	static const char begin[] = ".Bd -literal -offset indent\n";
	char *manual = read_manual();
	unsigned count = 0;

	(void)state;
	for (char *at = manual; (at = strstr(at, begin)) != NULL;) {
		const char *end = strstr(at, "\n.Ed");

		at += strlen(begin);
		assert_non_null(end);
		if (strncmp(at, "zone:", 5) != 0)
			continue;
		count++;
		if (!loads(at, (size_t)(end - at)))
			fail_msg("example %u of the manual does not load",
				 count);
	}
	assert_true(count >= 7);
	free(manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_manual_has_every_key),
		cmocka_unit_test(test_manual_examples_load),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
