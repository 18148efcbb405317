/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corpus: every policy below tests/data/policy says what is wrong with it, and
 * the loader says exactly that, no more and no less.
 *
 * A file's expectations are its comments "# error: LINE:COL: text" and
 * "# warning: ..."; a directory's are the lines of its file "expected".
 * Policies in good/ load, those in bad/ do not.  Those in checked/ load, and
 * windrose check finds what is expected.
 */
#include "policy/language/policy.h"
#include "policy/review/check.h"
#include "policy/review/findings.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { BAD_LEAST = 150, GOOD_LEAST = 30, CHECKED_LEAST = 5, LINE_SIZE = 4096 };

enum sort { BAD, GOOD, CHECKED };

/* "# error: 4:9: text" of file NAME is "NAME:4:9: error: text". */
static void expect_comment(FILE *out, const char *name, const char *line)
{
	static const char *const severities[] = { "error", "warning" };

	for (size_t i = 0; i < 2; i++) {
		char head[32];
		unsigned at_line, at_col;
		int used = 0;
		const char *rest;

		snprintf(head, sizeof(head), "# %s: ", severities[i]);
		if (strncmp(line, head, strlen(head)) != 0)
			continue;
		rest = line + strlen(head);
		if (sscanf(rest, "%u:%u: %n", &at_line, &at_col, &used) == 2 &&
		    used > 0)
			fprintf(out, "%s:%u:%u: %s: %s", name, at_line, at_col,
				severities[i], rest + used);
		else
			fprintf(out, "%s: %s: %s", name, severities[i], rest);
	}
}

static char *expectations(const char *name, bool folder)
{
	char path[LINE_SIZE], line[LINE_SIZE];
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	FILE *in;

	snprintf(path, sizeof(path), "%s%s", name, folder ? "/expected" : "");
	in = fopen(path, "r");
	while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
		if (folder)
			fputs(line, out);
		else
			expect_comment(out, name, line);
	}
	if (in != NULL)
		fclose(in);
	fclose(out);
	return text;
}

/* True when it did as expected; else both are printed. */
static bool run(const char *name, enum sort sort)
{
	struct findings r = { .path = name };
	struct stat st;
	char *found = NULL, *expected;
	size_t size;
	FILE *out = open_memstream(&found, &size);
	bool ok;

	if (sort == CHECKED)
		check_policy(&r, false);
	else
		r.policy = policy_load(name, &r.errs);
	errors_print(&r.errs, out);
	fclose(out);
	assert_int_equal(stat(name, &st), 0);
	expected = expectations(name, S_ISDIR(st.st_mode));
	ok = strcmp(found, expected) == 0 &&
	     (r.policy != NULL) == (sort != BAD) &&
	     (sort != BAD || r.errs.fatal > 0);
	if (!ok)
		print_error("%s: %s; expected:\n%sfound:\n%s", name,
			    r.policy == NULL ? "does not load" : "loads",
			    expected, found);
	check_fini(&r);
	free(found);
	free(expected);
	return ok;
}

static void run_folder(const char *folder, enum sort sort, unsigned least)
{
	const char *srcdir = getenv("SRCDIR");
	char path[LINE_SIZE];
	unsigned count = 0, wrong = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/tests/data/policy/%s",
		 srcdir == NULL ? "." : srcdir, folder);
	/* So that paths in errors are what the corpus can know. */
	assert_int_equal(chdir(path), 0);
	dir = opendir(".");
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		wrong += run(entry->d_name, sort) ? 0 : 1;
	}
	closedir(dir);
	print_message("%s: %u policies\n", folder, count);
	assert_int_equal(wrong, 0);
	assert_true(count >= least);
}

static void test_bad(void **state)
{
	(void)state;
	run_folder("bad", BAD, BAD_LEAST);
}

static void test_good(void **state)
{
	(void)state;
	run_folder("good", GOOD, GOOD_LEAST);
}

static void test_checked(void **state)
{
	(void)state;
	run_folder("checked", CHECKED, CHECKED_LEAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_checked),
	};
	char *srcdir =
		realpath(getenv("SRCDIR") == NULL ? "." : getenv("SRCDIR"),
			 NULL);
	int failed;

	setenv("SRCDIR", srcdir, 1);
	failed = cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
	free(srcdir);
	return failed;
}
