/* SPDX-License-Identifier: Apache-2.0 */
/*
 * review: `windrose test` and `windrose explain` on tests/data/review, with a
 * database made there by contrib/geo/make-mmdb; what they print is compared
 * octet by octet with *.expected beside the policy.
 */
#include "policy/review/check.h"
#include "policy/review/diff.h"
#include "policy/review/explain.h"
#include "policy/review/fmt.h"
#include "policy/review/help.h"
#include "policy/review/init.h"
#include "policy/review/prove.h"
#include "policy/review/simulate.h"
#include "policy/review/test.h"

#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/bus/sign.h"

#include "capture.h"
#include "work_folder.h"

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

/* clang-format off */
static const struct run_row {
	const char *title;
	review *run;
	const char *words[16];
	int status;
	const char *expected; /* file below tests/data/review; NULL: silent */
} runs[] = {
	{ "test", review_test, { "test", "policy.yaml" }, 1, "test.expected" },
	{ "help", review_help, { "help", "WR0402" }, 0, "help.expected" },
	{ "help with a name", review_help, { "help", "set-circle" }, 0, "help.expected" },
	{ "help with a code that is none", review_help, { "help", "WR0432" }, 1, NULL },
	{ "help with two codes", review_help, { "help", "WR0402", "WR0401" }, 2, NULL },
	{ "test in TAP", review_test, { "test", "policy.yaml", "--tap" }, 1, "tap.expected" },
	{ "test of what passes", review_test, { "test", "passes.yaml" }, 0, "passes.expected" },
	{ "test of other worlds, and what none of them tries", review_test, { "test", "supposed.yaml", "--coverage" }, 1, "supposed.expected" },
	{ "test in JSON", review_test, { "test", "supposed.yaml", "--coverage", "--json" }, 1, "supposed-json.expected" },
	{ "test and want more", review_test, { "test", "passes.yaml", "--require-coverage", "90", "--tap" }, 1, "tap-coverage.expected" },
	{ "test and have enough", review_test, { "test", "passes.yaml", "--require-coverage", "60", "--tap" }, 0, "tap-enough.expected" },
	{ "test in two forms", review_test, { "test", "passes.yaml", "--tap", "--json" }, 2, NULL },
	{ "test and want more than all", review_test, { "test", "passes.yaml", "--require-coverage", "101" }, 2, NULL },
	{ "test of nothing", review_test, { "test" }, 2, NULL },
	{ "test of what does not load", review_test, { "test", "absent" }, 1, NULL },
	{ "test with an unknown option", review_test, { "test", "policy.yaml", "--tip" }, 2, NULL },
	{ "explain", review_explain,
	  { "explain", "policy.yaml", "--client", "10.1.0.1", "--service", "www", "--down", "eu-west" },
	  0, "explain.expected" },
	{ "explain when all that is allowed failed", review_explain,
	  { "explain", "policy.yaml", "--client", "10.3.0.1", "--service", "www", "--down", "eu-west", "--down", "eu-central" },
	  0, "explain-none.expected" },
	{ "explain more failures than health acts on, and the same to the next client", review_explain,
	  { "explain", "policy.yaml", "--client", "10.2.0.1", "--client", "10.2.0.1", "--service", "www", "--down", "us-east", "--down", "us-west", "--down", "ap-south" },
	  0, "explain-deferred.expected" },
	{ "explain an outage that would be panic", review_explain,
	  { "explain", "panic.yaml", "--client", "10.2.0.1", "--service", "www", "--down", "east", "--down", "west" },
	  0, "explain-panic.expected" },
	{ "explain a draw in JSON", review_explain,
	  { "explain", "policy.yaml", "--client", "10.2.0.1", "--service", "even", "--json" },
	  0, "explain-json.expected" },
	{ "explain to two clients", review_explain,
	  { "explain", "policy.yaml", "--client", "10.1.0.1", "--client", "10.3.0.1", "--service", "www", "--down", "eu-west" },
	  0, "explain-two.expected" },
	{ "explain a failure that nobody would notice", review_explain,
	  { "explain", "policy.yaml", "--client", "10.2.0.1", "--service", "raw", "--down", "us-east" },
	  0, "explain-unmonitored.expected" },
	{ "explain a failure that nobody counts", review_explain,
	  { "explain", "shadow.yaml", "--client", "10.2.0.1", "--service", "www", "--down", "us-east" },
	  0, "explain-shadow.expected" },
	{ "explain a service of names", review_explain,
	  { "explain", "policy.yaml", "--client", "10.2.0.1", "--service", "shop" },
	  0, "explain-cname.expected" },
	{ "explain HTTPS and SVCB, and families that differ", review_explain,
	  { "explain", "policy.yaml", "--client", "10.1.0.1", "--service", "api" },
	  0, "explain-https.expected" },
	{ "explain the same in JSON", review_explain,
	  { "explain", "policy.yaml", "--client", "10.1.0.1", "--service", "api", "--json" },
	  0, "explain-https-json.expected" },
	{ "explain a service of names in JSON", review_explain,
	  { "explain", "policy.yaml", "--client", "10.1.0.1", "--service", "shop", "--json" },
	  0, "explain-cname-json.expected" },
	{ "explain what is supposed", review_explain,
	  { "explain", "policy.yaml", "--client", "10.2.0.1", "--service", "www", "--order", "failover:eu-west", "--down", "us-west" },
	  0, "explain-supposed.expected" },
	{ "explain an order that is none", review_explain,
	  { "explain", "policy.yaml", "--client", "10.2.0.1", "--service", "www", "--order", "drain" }, 2, NULL },
	{ "explain a canary that is none", review_explain,
	  { "explain", "policy.yaml", "--client", "10.2.0.1", "--service", "www", "--canary", "www-v2:1.1" }, 2, NULL },
	{ "explain an order to a node", review_explain,
	  { "explain", "policy.yaml", "--client", "10.2.0.1", "--service", "www", "--order", "drain:us-east", "--node", "x" }, 2, NULL },
	{ "prove", review_prove, { "prove", "policy.yaml" }, 1, "prove.expected" },
	{ "prove what tests say of endpoints", review_prove, { "prove", "supposed.yaml" }, 1, "prove-without.expected" },
	{ "prove and trust names", review_prove, { "prove", "policy.yaml", "--trust-names" }, 1, "prove-names.expected" },
	{ "prove what holds", review_prove, { "prove", "passes.yaml" }, 0, "prove-passes.expected" },
	{ "prove for single failures", review_prove, { "prove", "passes.yaml", "--failed", "1" }, 0, "prove-single.expected" },
	{ "prove what is wanted when a region fails", review_prove, { "prove", "goals.yaml" }, 1, "prove-goals.expected" },
	{ "prove what does not load", review_prove, { "prove", "absent" }, 1, NULL },
	{ "prove nothing", review_prove, { "prove" }, 2, NULL },
	{ "prove with a key that is none", review_prove, { "prove", "passes.yaml", "--key", "absent" }, 1, NULL },
	{ "diff", review_diff, { "diff", "policy.yaml", "changed.yaml", "--trust-names" }, 0, "diff.expected" },
	{ "diff the other way, as Markdown", review_diff,
	  { "diff", "changed.yaml", "policy.yaml", "--markdown", "--trust-names" }, 1, "diff-markdown.expected" },
	{ "diff as JSON", review_diff, { "diff", "policy.yaml", "changed.yaml", "--json", "--trust-names" }, 0, "diff-json.expected" },
	{ "diff of traffic", review_diff,
	  { "diff", "load-old.yaml", "load-new.yaml", "--trace", "queries.txt" }, 0, "diff-trace.expected" },
	{ "diff of traffic, as Markdown", review_diff,
	  { "diff", "load-old.yaml", "load-new.yaml", "--trace", "queries.txt", "--markdown" }, 0, "diff-trace-markdown.expected" },
	{ "diff of traffic, as JSON", review_diff,
	  { "diff", "load-old.yaml", "load-new.yaml", "--trace", "queries.txt", "--json" }, 0, "diff-trace-json.expected" },
	{ "diff of no traffic", review_diff,
	  { "diff", "load-old.yaml", "load-new.yaml", "--trace", "absent" }, 1, NULL },
	{ "simulate", review_simulate,
	  { "simulate", "load-old.yaml", "--trace", "queries.txt", "--step", "20s", "--down", "us-east@+10s..+25s",
	    "--down", "eu-west@2026-07-06T09:00:40Z.." }, 0, "simulate.expected" },
	{ "simulate two", review_simulate,
	  { "simulate", "load-old.yaml", "--trace", "queries.txt", "--step", "20s", "--down", "us-east@+40s..+1m",
	    "--against", "load-new.yaml" }, 0, "simulate-two.expected" },
	{ "simulate as JSON", review_simulate,
	  { "simulate", "load-old.yaml", "--trace", "queries.txt", "--down", "us-east@+40s..+1m",
	    "--against", "load-new.yaml", "--json" }, 0, "simulate-json.expected" },
	{ "simulate a schedule", review_simulate,
	  { "simulate", "hours.yaml", "--trace", "hours.txt", "--step", "1h" }, 0, "simulate-hours.expected" },
	{ "simulate more steps than there may be", review_simulate,
	  { "simulate", "hours.yaml", "--trace", "hours.txt", "--step", "1s" }, 1, NULL },
	{ "simulate without times", review_simulate,
	  { "simulate", "policy.yaml", "--trace", "hours.txt" }, 1, NULL },
	{ "simulate nothing", review_simulate, { "simulate", "load-old.yaml" }, 2, NULL },
	{ "simulate the fall of another planet", review_simulate,
	  { "simulate", "load-old.yaml", "--trace", "queries.txt", "--down", "mars@+1s.." }, 2, NULL },
	{ "simulate an outage that ends first", review_simulate,
	  { "simulate", "load-old.yaml", "--trace", "queries.txt", "--down", "us-east@+2s..+1s" }, 2, NULL },
	{ "simulate an outage of two kinds", review_simulate,
	  { "simulate", "load-old.yaml", "--trace", "queries.txt", "--down", "us-east@+2s..2026-07-06T09:30Z" }, 2, NULL },
	{ "simulate an outage of no time", review_simulate,
	  { "simulate", "load-old.yaml", "--trace", "queries.txt", "--down", "us-east" }, 2, NULL },
	{ "simulate steps of no length", review_simulate,
	  { "simulate", "load-old.yaml", "--trace", "queries.txt", "--step", "10ms" }, 2, NULL },
	{ "diff with a map that cannot be written", review_diff,
	  { "diff", "passes.yaml", "passes.yaml", "--svg", "absent/map.svg" }, 1, NULL },
	{ "diff of what is the same", review_diff,
	  { "diff", "passes.yaml", "passes.yaml" }, 0, "diff-same.expected" },
	{ "diff with what does not load", review_diff, { "diff", "policy.yaml", "absent" }, 1, NULL },
	{ "diff of what does not load", review_diff, { "diff", "absent", "policy.yaml" }, 1, NULL },
	{ "diff of one", review_diff, { "diff", "policy.yaml" }, 2, NULL },
	{ "diff in two forms", review_diff,
	  { "diff", "policy.yaml", "changed.yaml", "--json", "--markdown" }, 2, NULL },
	{ "explain to nobody", review_explain, { "explain", "policy.yaml", "--service", "www" }, 2, NULL },
	{ "explain an unknown service", review_explain,
	  { "explain", "policy.yaml", "--client", "10.1.0.1", "--service", "wwww" }, 2, NULL },
	{ "explain an unknown region", review_explain,
	  { "explain", "policy.yaml", "--client", "10.1.0.1", "--service", "www", "--down", "mars" }, 2, NULL },
	{ "explain to one client and no address", review_explain,
	  { "explain", "policy.yaml", "--client", "10.1.0.1", "--client", "10.1.0", "--service", "www" }, 2, NULL },
	{ "explain to no address", review_explain,
	  { "explain", "policy.yaml", "--client", "10.1.0", "--service", "www" }, 2, NULL },
};
/* clang-format on */

/* What differs from day to day: a database made today has today's digest. */
static void hide(char *text, const char *label)
{
	char *line = strstr(text, label);

	if (line == NULL)
		return;
	for (line += strlen(label); *line != '\0' && *line != '\n'; line++)
		*line = '-';
}

/* What the run of a row prints; the caller frees it. */
static char *capture(const struct run_row *row, int *status)
{
	char *text = capture_words(row->run, row->words, status);

	hide(text, "\nday      ");
	hide(text, "\nplaces   networks.mmdb, digest ");
	return text;
}

static void check_row(const struct run_row *row)
{
	struct error err;
	char path[4096], name[256], *expected = NULL, *got;
	size_t len;
	int status;

	got = capture(row, &status);
	if (row->expected != NULL) {
		snprintf(name, sizeof(name), "tests/data/review/%s",
			 row->expected);
		expected =
			file_read(work_source(name, path), 1 << 20, &len, &err);
	}
	if (status != row->status)
		fail_msg("%s: status %d", row->title, status);
	if (strcmp(got, expected == NULL ? "" : expected) != 0)
		fail_msg("%s: not as in %s:\n%s", row->title,
			 row->expected == NULL ? "(nothing)" : row->expected,
			 got);
	free(expected);
	free(got);
}

static void test_runs(void **state)
{
	if (*state == NULL)
		skip(); /* no MaxMind::DB::Writer */
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		check_row(&runs[i]);
}

/* The map that a diff draws. */
static void check_map(const struct run_row *row)
{
	char path[4096], name[64];
	struct error err;
	int status;
	size_t len;
	char *said = capture(row, &status), *got, *expected;

	free(said);
	assert_int_equal(status, 0);
	got = file_read("map.svg", 1 << 20, &len, &err);
	snprintf(name, sizeof(name), "tests/data/review/%s", row->expected);
	expected = file_read(work_source(name, path), 1 << 20, &len, &err);
	assert_non_null(got);
	if (expected == NULL || strcmp(got, expected) != 0)
		fail_msg("%s: not as in %s:\n%s", row->title, row->expected,
			 got);
	free(got);
	free(expected);
}

static void test_maps(void **state)
{
	static const struct run_row rows[] = {
		{ "of clients",
		  review_diff,
		  { "diff", "policy.yaml", "changed.yaml", "--trust-names",
		    "--svg", "map.svg" },
		  0,
		  "map.expected" },
		{ "of queries",
		  review_diff,
		  { "diff", "load-old.yaml", "load-new.yaml", "--trace",
		    "queries.txt", "--svg", "map.svg" },
		  0,
		  "map-trace.expected" },
		{ "of nobody",
		  review_diff,
		  { "diff", "passes.yaml", "passes.yaml", "--svg", "map.svg" },
		  0,
		  "map-nobody.expected" },
	};

	if (*state == NULL)
		skip();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_map(&rows[i]);
}

/* Evidence is taken from who holds the key, and from nobody else. */
static void test_signed(void **state)
{
	static const struct run_row row = {
		"prove and sign",
		review_prove,
		{ "prove", "policy.yaml", "--key", "evidence.pem" },
		1,
		NULL,
	};
	struct error err;
	struct sealer *sealer = sealer_new(&err);
	struct verifier *trusted = verifier_new(), *other = verifier_new();
	const char *payload;
	size_t len;
	json_t *o;
	char *got;
	int status;

	if (*state == NULL)
		skip();
	assert_true(sealer_save(sealer, "evidence.pem", &err));
	assert_true(verifier_add_sealer(trusted, sealer, &err));
	got = capture(&row, &status);
	assert_int_equal(status, 1);
	assert_false(sign_unwrap(other, SIGN_PROOF, got, strlen(got), &payload,
				 &len, &err));
	assert_true(sign_unwrap(trusted, SIGN_PROOF, got, strlen(got), &payload,
				&len, &err));
	o = json_loadb(payload, len, 0, NULL);
	assert_true(json_is_false(json_object_get(o, "holds")));
	assert_int_equal(json_array_size(json_object_get(o, "failures")), 3);
	assert_int_equal(json_array_size(json_object_get(o, "places")), 1);
	json_decref(o);
	free(got);
	verifier_free(other);
	verifier_free(trusted);
	sealer_free(sealer);
}

/* What init writes passes everything, in its form, and is not written over. */
static void test_init(void **state)
{
	static const struct {
		review *run;
		const char *line;
		int status;
	} rows[] = {
		{ review_init, "init first", 0 },
		{ review_check, "check first", 0 },
		{ review_test, "test first --require-coverage 100", 0 },
		{ review_prove, "prove first", 0 },
		{ review_fmt, "fmt first --check", 0 },
		{ review_init, "init first", 1 },
		{ review_init, "init", 1 }, /* here are policies already */
		{ review_init, "init absent/below", 1 },
		{ review_init, "init first --force", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status;
		char *text = capture_line(rows[i].run, rows[i].line, &status);

		if (status != rows[i].status)
			fail_msg("%s: status %d\n%s", rows[i].line, status,
				 text);
		if (rows[i].run == review_check)
			assert_non_null(strstr(text, " 0 warnings"));
		free(text);
	}
}

/* Only what is not in its form is written, and a file that is no YAML not. */
static void test_fmt(void **state)
{
	struct error err;
	size_t len;
	char *text;
	int status;

	(void)state;
	assert_int_equal(mkdir("form", 0700), 0);
	assert_true(file_replace("form/a.yaml", "a:\n    b: 1\n", 12, &err));
	assert_true(file_replace("form/b.yaml", "a:\n  b: 1\n", 10, &err));
	text = capture_line(review_fmt, "fmt form --check", &status);
	assert_int_equal(status, 1);
	assert_string_equal(text, "form/a.yaml\n");
	free(text);
	text = capture_line(review_fmt, "fmt form", &status);
	assert_int_equal(status, 0);
	assert_string_equal(text, "form/a.yaml\n");
	free(text);
	text = file_read("form/a.yaml", 100, &len, &err);
	assert_string_equal(text, "a:\n  b: 1\n");
	free(text);
	assert_true(file_replace("form/c.yaml", "a: [", 4, &err));
	text = capture_line(review_fmt, "fmt form", &status);
	assert_int_equal(status, 1);
	assert_string_equal(text, "");
	free(text);
	free(capture_line(review_fmt, "fmt absent", &status));
	assert_int_equal(status, 1);
}

static void copy(const char *name)
{
	struct error err;
	char from[4096], path[256];
	size_t len;
	char *octets;

	snprintf(path, sizeof(path), "tests/data/review/%s", name);
	octets = file_read(work_source(path, from), 1 << 20, &len, &err);
	assert_non_null(octets);
	assert_true(file_replace(name, octets, len, &err));
	free(octets);
}

/* Where a run works: below the current folder, removed at the end. */
static char folder[] = "review-XXXXXX";

static int set_up(void **state)
{
	if (!work_enter(folder))
		return -1;
	copy("policy.yaml");
	copy("changed.yaml");
	copy("passes.yaml");
	copy("shadow.yaml");
	copy("panic.yaml");
	copy("goals.yaml");
	copy("supposed.yaml");
	copy("corrections.csv");
	copy("load-old.yaml");
	copy("load-new.yaml");
	copy("queries.txt");
	copy("hours.yaml");
	copy("hours.txt");
	*state = work_make_networks("tests/data/review/networks.txt") ? folder
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
		cmocka_unit_test(test_runs),   cmocka_unit_test(test_maps),
		cmocka_unit_test(test_signed), cmocka_unit_test(test_init),
		cmocka_unit_test(test_fmt),
	};

	return cmocka_run_group_tests_name("review", tests, set_up, tear_down);
}
