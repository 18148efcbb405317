/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holes: tests/data/policy/holes has policies whose authors promise a residency
 * that some clients do not get.  `windrose prove` finds each of them, says so
 * in the words that the policy's last lines expect, and the `windrose explain`
 * that it prints shows the endpoint outside, and no longer does without any one
 * of the things that it supposes.
 *
 * Each is mended by one line, "# mend:" behind that which it stands for.  What
 * carried clients out is then still there: the override, panic, the fallback,
 * the schedule; but a client whom a rule binds it carries nowhere.  So nothing
 * more is found.
 *
 * What cannot be written down at all is refused by the language: a canary in a
 * region that its service has not, a fallback that is no endpoint, a rule that
 * leaves nothing (tests/data/policy/bad).  A canary that fails gives its
 * clients back to the version before, in the same region.
 */
#include "policy/review/check.h"
#include "policy/review/explain.h"
#include "policy/review/prove.h"
#include "policy/review/test.h"

#include "policy/base/error.h"
#include "policy/base/file.h"

#include "capture.h"
#include "work_folder.h"

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
#include <jansson.h>

enum { HOLES = 12, LINE_MAX_OCTETS = 512, WAYS_MAX = 8 };

/* What a policy expects to be found in it. */
struct hole {
	const char *name;
	char breaks[LINE_MAX_OCTETS];
	char whens[WAYS_MAX][LINE_MAX_OCTETS]; /* and who is given */
	size_t when_count;
};

/* Where a run works: below the current folder, removed at the end. */
static char folder[] = "holes-XXXXXX";

static char *read_hole(const char *name)
{
	char path[512], from[4096], *text;
	struct error err;
	size_t len;

	snprintf(path, sizeof(path), "tests/data/policy/holes/%s/policy.yaml",
		 name);
	text = file_read(work_source(path, from), 1 << 20, &len, &err);
	assert_non_null(text);
	return text;
}

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static void write_file(const char *name, const char *text)
{
	struct error err;

	assert_true(file_replace(name, text, strlen(text), &err));
}

static void read_expected(struct hole *hole, const char *line)
{
	if (begins(line, "# breaks: "))
		snprintf(hole->breaks, LINE_MAX_OCTETS, "%s", line + 10);
	if (begins(line, "# when: "))
		snprintf(hole->whens[hole->when_count++], LINE_MAX_OCTETS, "%s",
			 line + 8);
}

/* The policy as policy.yaml, and mended as mended.yaml, in a folder of the
 * hole's name. */
static void unpack(struct hole *hole)
{
	char *text = read_hole(hole->name), *rest = text, *mended = NULL;
	char last[LINE_MAX_OCTETS] = "";
	size_t len;
	int mends = 0;
	FILE *out = open_memstream(&mended, &len);

	assert_non_null(out);
	assert_int_equal(mkdir(hole->name, 0700), 0);
	assert_int_equal(chdir(hole->name), 0);
	write_file("policy.yaml", text);
	for (char *line = strsep(&rest, "\n"); line != NULL;
	     line = strsep(&rest, "\n")) {
		int indent = (int)strspn(line, " ");
		bool mends_last = begins(line + indent, "# mend: ");

		read_expected(hole, line);
		if (mends_last)
			snprintf(last, sizeof(last), "%.*s%s", indent, line,
				 line + indent + 8);
		else
			fprintf(out, "%s\n", last);
		if (!mends_last)
			snprintf(last, sizeof(last), "%s", line);
		mends += mends_last;
	}
	fclose(out);
	assert_int_equal(mends, 1);
	write_file("mended.yaml", mended);
	free(mended);
	free(text);
}

/* Is the endpoint, or the name, in what the command answers? */
static bool is_answered(const char *command, const char *given)
{
	char line[2 * LINE_MAX_OCTETS], *text;
	json_t *answers, *answer, *o;
	bool found;
	size_t i;
	int status;

	assert_true(begins(command, "windrose explain "));
	snprintf(line, sizeof(line), "%s --json",
		 command + strlen("windrose "));
	text = capture_line(review_explain, line, &status);
	assert_int_equal(status, 0);
	o = json_loads(text, 0, NULL);
	assert_non_null(o);
	answers = json_object_get(o, "answer");
	found = strstr(text, given) != NULL && given[strlen(given) - 1] == '.';
	json_array_foreach(answers, i, answer) found |=
		strcmp(json_string_value(json_object_get(answer, "endpoint")),
		       given) == 0;
	json_decref(o);
	free(text);
	return found;
}

/*
 * The command without the option at option, and its argument.  When it is
 * asked, and who asks what, is no supposition; without the flags that only say
 * more of --down that makes no sense, and is left alone.
 */
static bool without(const char *command, const char *option,
		    char less[LINE_MAX_OCTETS])
{
	const char *end = strstr(option + 3, " --");

	if (begins(option, " --client") || begins(option, " --service") ||
	    begins(option, " --at"))
		return false;
	snprintf(less, LINE_MAX_OCTETS, "%.*s%s", (int)(option - command),
		 command, end == NULL ? "" : end);
	return true;
}

static void check_minimal(const struct hole *hole, const char *command,
			  const char *given)
{
	char less[LINE_MAX_OCTETS];

	for (const char *option = strstr(command, " --"); option != NULL;
	     option = strstr(option + 3, " --"))
		if (without(command, option, less) && is_answered(less, given))
			fail_msg("%s: %s does without something", hole->name,
				 command);
}

static void check_way(const struct hole *hole, const json_t *way, size_t i)
{
	const char *given = json_string_value(json_object_get(way, "given"));
	const char *command =
		json_string_value(json_object_get(way, "explain"));
	char text[LINE_MAX_OCTETS];

	snprintf(text, sizeof(text), "%s: %s",
		 json_string_value(json_object_get(way, "when")), given);
	assert_in_range(i, 0, hole->when_count - 1);
	assert_string_equal(text, hole->whens[i]);
	if (!is_answered(command, given))
		fail_msg("%s: %s does not show %s", hole->name, command, given);
	check_minimal(hole, command, given);
}

static json_t *prove(const char *line, int wanted)
{
	int status;
	char *text = capture_line(review_prove, line, &status);
	json_t *o = json_loads(text, 0, NULL);

	assert_non_null(o);
	if (status != wanted)
		fail_msg("%s: status %d\n%s", line, status, text);
	free(text);
	return o;
}

static void check_found(const struct hole *hole)
{
	json_t *o = prove("prove policy.yaml --json", 1), *others, *way;
	const json_t *failures = json_object_get(o, "failures");
	const json_t *failure = json_array_get(failures, 0);
	size_t i;

	assert_int_equal(json_array_size(failures), 1);
	assert_string_equal(json_string_value(
				    json_object_get(failure, "broken")),
			    hole->breaks);
	check_way(hole, failure, 0);
	others = json_object_get(failure, "other_ways");
	assert_int_equal(json_array_size(others) + 1, hole->when_count);
	json_array_foreach(others, i, way) check_way(hole, way, i + 1);
	json_decref(o);
}

/* And what is mended passes everything else, too. */
static void check_mended(void)
{
	json_t *o = prove("prove mended.yaml --json", 0);
	int status;

	assert_true(json_is_true(json_object_get(o, "holds")));
	assert_true(json_is_true(json_object_get(o, "complete")));
	json_decref(o);
	free(capture_line(review_check, "check mended.yaml", &status));
	assert_int_equal(status, 0);
	free(capture_line(review_test, "test mended.yaml", &status));
	assert_int_equal(status, 0);
}

static void test_holes(void **state)
{
	char path[4096];
	DIR *dir = opendir(work_source("tests/data/policy/holes", path));
	int count = 0;

	assert_non_null(dir);
	if (*state == NULL)
		skip(); /* no MaxMind::DB::Writer */
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		struct hole hole = { .name = e->d_name };

		if (strchr(e->d_name, '.') != NULL)
			continue;
		unpack(&hole);
		check_found(&hole);
		check_mended();
		assert_int_equal(chdir(".."), 0);
		count++;
	}
	closedir(dir);
	assert_int_equal(count, HOLES);
}

static int set_up(void **state)
{
	if (!work_enter(folder))
		return -1;
	*state = work_make_networks("tests/data/policy/holes/networks.txt")
			 ? folder
			 : NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return work_leave(folder) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holes),
	};

	return cmocka_run_group_tests_name("holes", tests, set_up, tear_down);
}
