/* SPDX-License-Identifier: Apache-2.0 */
/* check: `windrose check`, its output and exit status. */
#include "policy/review/check.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

enum { OUTPUT_SIZE = 64 * 1024, WORDS_MAX = 8 };

struct outcome {
	int status;
	char out[OUTPUT_SIZE], err[OUTPUT_SIZE];
};

/* The stream's descriptor goes to a new file until restored. */
static int divert(FILE *stream, FILE **file)
{
	int kept = dup(fileno(stream));

	fflush(stream);
	*file = tmpfile();
	assert_non_null(*file);
	dup2(fileno(*file), fileno(stream));
	return kept;
}

static void restore(FILE *stream, int kept, FILE *file, char *text)
{
	size_t len;

	fflush(stream);
	dup2(kept, fileno(stream));
	close(kept);
	rewind(file);
	len = fread(text, 1, OUTPUT_SIZE - 1, file);
	text[len] = '\0';
	fclose(file);
}

/* "check" and the words; "%" in front of a path is the corpus. */
static void run(const char *const *words, struct outcome *o)
{
	char texts[WORDS_MAX][4096];
	char *argv[WORDS_MAX + 1] = { 0 };
	FILE *out, *err;
	int argc = 0, kept_out, kept_err;

	for (; words[argc] != NULL; argc++) {
		bool corpus = words[argc][0] == '%';

		snprintf(texts[argc], sizeof(texts[argc]), "%s%s%s",
			 corpus ? getenv("SRCDIR") : "",
			 corpus ? "/tests/data/policy" : "",
			 words[argc] + (corpus ? 1 : 0));
		argv[argc] = texts[argc];
	}
	kept_out = divert(stdout, &out);
	kept_err = divert(stderr, &err);
	o->status = review_check(argc, argv);
	restore(stderr, kept_err, err, o->err);
	restore(stdout, kept_out, out, o->out);
}

#define WORDS(...) ((const char *const[]){ "check", __VA_ARGS__, NULL })

static void test_good(void **state)
{
	struct outcome o;

	(void)state;
	run(WORDS("%/good/world", "--no-geo"), &o);
	assert_int_equal(o.status, 0);
	assert_non_null(strstr(o.out, "ok: zone gslb.example.com., 3 services, "
				      "4 regions, 15 records, 3 tests, 5 "
				      "warnings, digest "));
	run(WORDS("%/good/static", "--no-geo"), &o);
	assert_int_equal(o.status, 0);
	assert_string_equal(o.err, "");
	assert_non_null(strstr(o.out, ", 0 warnings, digest "));
	run(WORDS("%/checked/accepted-more.yaml"), &o);
	assert_int_equal(o.status, 0);
	assert_string_equal(o.err, "");
	assert_non_null(strstr(o.out, ", 0 warnings, 3 accepted, digest "));
}

static void test_ten_mistakes(void **state)
{
	struct outcome o;
	unsigned count = 0;

	(void)state;
	run(WORDS("%/bad/ten-mistakes.yaml"), &o);
	assert_int_equal(o.status, 1);
	assert_string_equal(o.out, "");
	for (const char *at = o.err; (at = strstr(at, ": error: ")) != NULL;
	     at++)
		count++;
	assert_int_equal(count, 10);
	assert_non_null(strstr(o.err, "ten-mistakes.yaml has 10 errors\n"));
}

static void test_json(void **state)
{
	struct outcome o;
	json_t *doc, *list, *first;

	(void)state;
	run(WORDS("--format", "json", "%/bad/ten-mistakes.yaml"), &o);
	assert_int_equal(o.status, 1);
	assert_string_equal(o.err, "");
	doc = json_loads(o.out, 0, NULL);
	assert_non_null(doc);
	assert_true(json_is_false(json_object_get(doc, "ok")));
	list = json_object_get(doc, "findings");
	assert_int_equal(json_array_size(list), 10);
	first = json_array_get(list, 0);
	assert_int_equal(json_integer_value(json_object_get(first, "line")), 8);
	assert_int_equal(json_integer_value(json_object_get(first, "column")),
			 24);
	assert_string_equal(json_string_value(
				    json_object_get(first, "severity")),
			    "error");
	assert_string_equal(json_string_value(json_object_get(first, "code")),
			    "WR0306");
	json_decref(doc);
	run(WORDS("--format=json", "--no-geo", "%/good/no-vantages.yaml"), &o);
	assert_int_equal(o.status, 0);
	doc = json_loads(o.out, 0, NULL);
	assert_true(json_is_true(json_object_get(doc, "ok")));
	assert_int_equal(json_array_size(json_object_get(doc, "findings")), 2);
	assert_int_equal(json_string_length(json_object_get(doc, "digest")),
			 64);
	json_decref(doc);
}

/* Whatever octets a policy has, the JSON is JSON and no message is lost. */
static void test_json_of_strange_octets(void **state)
{
	struct outcome o;
	json_t *doc, *list;

	(void)state;
	run(WORDS("--format=json", "%/bad/control-octets.yaml"), &o);
	doc = json_loads(o.out, 0, NULL);
	list = json_object_get(doc, "findings");
	assert_int_equal(json_array_size(list), 2);
	for (size_t i = 0; i < 2; i++)
		assert_non_null(json_string_value(
			json_object_get(json_array_get(list, i), "message")));
	json_decref(doc);
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	assert_non_null(text);
	return text;
}

/* Each result has a rule, and each rule is explained, once. */
static void assert_sarif_rules(const json_t *sarif_run)
{
	const json_t *driver =
		json_object_get(json_object_get(sarif_run, "tool"), "driver");
	const json_t *rules = json_object_get(driver, "rules");
	const json_t *results = json_object_get(sarif_run, "results");
	const json_t *result, *rule;
	size_t i, k;

	json_array_foreach(results, i, result)
	{
		unsigned found = 0;

		json_array_foreach(rules, k, rule)
		{
			const json_t *help = json_object_get(rule, "help");

			found += strcmp(text_of(rule, "id"),
					text_of(result, "ruleId")) == 0;
			assert_non_null(strstr(text_of(help, "text"),
					       "\nHow to mend it\n"));
		}
		assert_int_equal(found, 1);
	}
}

static void test_sarif(void **state)
{
	struct outcome o;
	json_t *doc, *run0, *list, *place, *region;
	const char *uri;

	(void)state;
	run(WORDS("--format=sarif", "%/bad/ten-mistakes.yaml"), &o);
	assert_int_equal(o.status, 1);
	assert_string_equal(o.err, "");
	doc = json_loads(o.out, 0, NULL);
	assert_non_null(doc);
	assert_string_equal(json_string_value(json_object_get(doc, "version")),
			    "2.1.0");
	run0 = json_array_get(json_object_get(doc, "runs"), 0);
	list = json_object_get(run0, "results");
	assert_int_equal(json_array_size(list), 10);
	assert_sarif_rules(run0);
	place = json_object_get(
		json_array_get(json_object_get(json_array_get(list, 0),
					       "locations"),
			       0),
		"physicalLocation");
	region = json_object_get(place, "region");
	assert_int_equal(json_integer_value(
				 json_object_get(region, "startLine")),
			 8);
	assert_int_equal(json_integer_value(
				 json_object_get(region, "startColumn")),
			 24);
	uri = json_string_value(
		json_object_get(json_object_get(place, "artifactLocation"),
				"uri"));
	assert_non_null(strstr(uri, "bad/ten-mistakes.yaml"));
	json_decref(doc);
}

/* What is accepted is no annotation, and is told to scanners with its reason.
 */
static void test_accepted(void **state)
{
	struct outcome o;
	json_t *doc;

	(void)state;
	run(WORDS("--format=github", "%/checked/accepted-more.yaml"), &o);
	assert_int_equal(o.status, 0);
	assert_string_equal(o.out, "");
	run(WORDS("--format=json", "%/checked/accepted-more.yaml"), &o);
	doc = json_loads(o.out, 0, NULL);
	assert_true(json_is_true(json_object_get(doc, "ok")));
	assert_int_equal(json_array_size(json_object_get(doc, "findings")), 3);
	assert_non_null(strstr(o.out, "\"severity\": \"accepted\""));
	assert_non_null(strstr(o.out, "\"reason\": \"IPv6 comes region by "
				      "region\""));
	json_decref(doc);
	run(WORDS("--format=sarif", "%/checked/accepted-more.yaml"), &o);
	assert_non_null(strstr(o.out, "\"justification\": \"IPv6 comes region "
				      "by region\""));
	/* Made an error: the review fails, and the policy loads. */
	run(WORDS("%/checked/accepted.yaml"), &o);
	assert_int_equal(o.status, 1);
	assert_non_null(strstr(o.err, "accepted.yaml has 2 errors\n"));
}

/* One line a finding, whatever it says. */
static void test_github(void **state)
{
	struct outcome o;
	size_t count = 0;

	(void)state;
	run(WORDS("--format=github", "%/bad/ten-mistakes.yaml"), &o);
	assert_int_equal(o.status, 1);
	assert_non_null(strstr(o.out, "ten-mistakes.yaml,line=8,col=24::"));
	for (const char *at = o.out; *at != '\0'; count++) {
		assert_memory_equal(at, "::error title=windrose check WR", 31);
		at = strchr(at, '\n') + 1;
	}
	assert_int_equal(count, 10);
	run(WORDS("--format=github", "--no-geo", "%/good/no-vantages.yaml"),
	    &o);
	assert_int_equal(o.status, 0);
	assert_memory_equal(o.out,
			    "::warning title=windrose check WR0501 "
			    "vantages-missing,file=",
			    59);
}

/* What only the databases can tell is told too, unless asked not to. */
static void test_geo(void **state)
{
	struct outcome o;

	(void)state;
	run(WORDS("%/good/static"), &o);
	assert_int_equal(o.status, 1);
	assert_non_null(strstr(o.err, "GeoLite2-City.mmdb"));
	run(WORDS("%/good/static", "--no-geo"), &o);
	assert_int_equal(o.status, 0);
}

/* clang-format off */
static const struct usage_row {
	const char *title;
	const char *words[WORDS_MAX];
	int status;
	const char *err;
} usages[] = {
	{ "no path",        { "check" }, 2, "usage: windrose check" },
	{ "two paths",      { "check", "a", "b" }, 2, "usage: windrose check" },
	{ "unknown option", { "check", "--formt=json", "a" }, 2, "did you mean --format?" },
	{ "unknown format", { "check", "--format=xml", "a" }, 2, "format \"xml\" is not known" },
	{ "no such file",   { "check", "/nonexistent/policy" }, 1, "/nonexistent/policy: error: cannot be read" },
	{ "help",           { "check", "--help" }, 0, "" },
};
/* clang-format on */

static void test_usage(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		struct outcome o;

		run(usages[i].words, &o);
		if (o.status != usages[i].status ||
		    strstr(o.err, usages[i].err) == NULL)
			fail_msg("%s: %d, %s", usages[i].title, o.status,
				 o.err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_ten_mistakes),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_sarif),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_github),
		cmocka_unit_test(test_geo),
		cmocka_unit_test(test_json_of_strange_octets),
		cmocka_unit_test(test_usage),
	};

	if (getenv("SRCDIR") == NULL)
		setenv("SRCDIR", ".", 1);
	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
