/* SPDX-License-Identifier: Apache-2.0 */
/* bundle, bundles: what a bundle may hold, and how it lies on the disk. */
#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/bus/bundles.h"
#include "policy/language/policy.h"

#include <fcntl.h>
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

static const struct name_row {
	const char *name;
	bool ok;
} names[] = {
	{ "policy.yaml", true },
	{ "zones/gslb.zone", true },
	{ "a/b/c_d-e+f@1.yaml", true },
	{ "", false },
	{ "/etc/passwd", false },
	{ "..", false },
	{ "../up.yaml", false },
	{ "a/../b", false },
	{ "a/./b", false },
	{ ".hidden", false },
	{ "a/.hidden", false },
	{ "a//b", false },
	{ "a/", false },
	{ "a b", false },
	{ "a\nb", false },
	{ "a\\b", false },
	{ "\xc3\xa4", false },
};

static void test_names(void **state)
{
	char longest[BUNDLE_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (bundle_name_ok(names[i].name, strlen(names[i].name)) !=
		    names[i].ok)
			fail_msg("\"%s\"", names[i].name);
	memset(longest, 'a', sizeof(longest));
	assert_true(bundle_name_ok(longest, BUNDLE_NAME_MAX));
	assert_false(bundle_name_ok(longest, BUNDLE_NAME_MAX + 1));
	assert_false(bundle_name_ok("a\0b", 3));
}

static const struct parse_row {
	const char *text;
	const char *error; /* a part of it; NULL: it is read */
} parses[] = {
	{ "wrb1 1\nfile 3 a.yaml\nabc\n", NULL },
	{ "wrb1 1\nfile 0 a.yaml\n\n", NULL },
	{ "wrb1 2\nfile 1 a.yaml\nx\nfile 1 d/b.zone\ny\n", NULL },
	{ "", "does not begin" },
	{ "wrb2 1\nfile 3 a.yaml\nabc\n", "does not begin" },
	{ "wrb1 0\n", "does not begin" },
	{ "wrb1 01\nfile 3 a.yaml\nabc\n", "does not begin" },
	{ "wrb1 1025\nfile 3 a.yaml\nabc\n", "does not begin" },
	{ "wrb1 1\n", "file 1 is malformed" },
	{ "wrb1 2\nfile 3 a.yaml\nabc\n", "file 2 is malformed" },
	{ "wrb1 1\nfile 3 ../a\nabc\n", "file 1 is malformed" },
	{ "wrb1 1\nfile 4 a.yaml\nabc\n", "file 1 is malformed" },
	{ "wrb1 1\nfile 3 a.yaml\nabcd\n", "file 1 is malformed" },
	{ "wrb1 1\nfile 03 a.yaml\nabc\n", "file 1 is malformed" },
	{ "wrb1 1\nfile -3 a.yaml\nabc\n", "file 1 is malformed" },
	{ "wrb1 1\nfile 99999999999999999999 a\nabc\n", "file 1 is malf" },
	{ "wrb1 1\nfile 3 a.yaml\nabc\n\n", "behind its last file" },
	{ "wrb1 2\nfile 1 a\nx\nfile 1 a\ny\n", "a is there twice" },
	{ "wrb1 2\nfile 1 a\nx\nfile 1 a/b\ny\n", "a/b is there twice" },
	{ "wrb1 2\nfile 1 a/b\nx\nfile 1 a\ny\n", "a is there twice" },
	{ "wrb1 2\nfile 1 a.b\nx\nfile 1 a\ny\n", NULL },
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(parses) / sizeof(parses[0]); i++) {
		struct sources s = { .arena = arena_new() };
		char digest[BUNDLE_DIGEST_SIZE];
		struct error err = { .text = "" };
		bool ok = bundle_parse(parses[i].text, strlen(parses[i].text),
				       &s, digest, &err);

		if (ok != (parses[i].error == NULL) ||
		    (!ok && strstr(err.text, parses[i].error) == NULL))
			fail_msg("\"%s\": %s", parses[i].text, err.text);
		if (ok)
			assert_true(bundle_digest_ok(digest));
		arena_free(s.arena);
	}
}

static void test_too_large(void **state)
{
	struct sources s = { .arena = arena_new() };
	char digest[BUNDLE_DIGEST_SIZE], *octets;
	struct error err;
	size_t len;

	(void)state;
	octets = calloc(1, BUNDLE_OCTETS_MAX + 1);
	assert_false(
		bundle_parse(octets, BUNDLE_OCTETS_MAX + 1, &s, digest, &err));
	assert_non_null(strstr(err.text, "larger than"));
	assert_true(sources_add(&s, "a.yaml", octets, BUNDLE_OCTETS_MAX));
	assert_null(bundle_write(&s, &len, &err));
	assert_non_null(strstr(err.text, "more than a bundle's"));
	free(octets);
	arena_free(s.arena);
}

static void test_not_everything_fits_in(void **state)
{
	struct sources s = { .arena = arena_new() };
	struct error err;
	size_t len;

	(void)state;
	assert_true(sources_add(&s, "/etc/zones/a.zone", "x", 1));
	assert_null(bundle_write(&s, &len, &err));
	assert_non_null(strstr(err.text, "/etc/zones/a.zone"));
	arena_free(s.arena);
}

/* A directory of bundles, and a policy that is made one. */
struct world {
	char dir[64];
	struct bundles *bundles;
	char *octets, digest[BUNDLE_DIGEST_SIZE];
	size_t len;
};

static const char policy_text[] =
	"zone: {name: gslb.example.com, nameservers: [ns1.example.com]}\n"
	"regions: {eu: {location: [50, 8]}}\n"
	"services: {www: {steer: geo, endpoints: {eu: {A: 192.0.2.1}}}}\n";

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct sources s = { .arena = arena_new() };
	struct error err;

	strcpy(w->dir, "bundles-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->bundles = bundles_open(w->dir, &err);
	assert_non_null(w->bundles);
	assert_true(sources_add(&s, "policy.yaml", policy_text,
				strlen(policy_text)));
	assert_true(sources_add(&s, "zones/more.yaml", "", 0));
	assert_true(sources_digest(&s, w->digest));
	w->octets = bundle_write(&s, &w->len, &err);
	assert_non_null(w->octets);
	arena_free(s.arena);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char path[128];
	struct error err;

	bundles_promote(w->bundles, "", &err);
	bundles_drop(w->bundles, w->digest);
	bundles_free(w->bundles);
	snprintf(path, sizeof(path), "%s/promoted", w->dir);
	unlink(path);
	assert_int_equal(rmdir(w->dir), 0);
	free(w->octets);
	free(w);
	return 0;
}

/* What comes off the disk is what its digest says, and a policy. */
static void test_taken_loads(void **state)
{
	struct world *w = *state;
	char path[BUNDLES_PATH_SIZE], *back;
	struct errors errs = { 0 };
	struct policy *policy;
	struct error err;
	size_t len;

	assert_false(bundles_have(w->bundles, w->digest));
	assert_true(
		bundles_take(w->bundles, w->digest, w->octets, w->len, &err));
	assert_true(bundles_have(w->bundles, w->digest));
	assert_true(
		bundles_take(w->bundles, w->digest, w->octets, w->len, &err));
	policy = policy_load(bundles_path(w->bundles, w->digest, path), &errs);
	assert_non_null(policy);
	assert_string_equal(policy->digest, w->digest);
	policy_free(policy);
	errors_fini(&errs);
	back = bundles_read(w->bundles, w->digest, &len, &err);
	assert_non_null(back);
	assert_int_equal(len, w->len);
	assert_memory_equal(back, w->octets, len);
	free(back);
}

static void test_another_is_refused(void **state)
{
	struct world *w = *state;
	struct error err;

	w->octets[w->len - 3] ^= 1;
	assert_false(
		bundles_take(w->bundles, w->digest, w->octets, w->len, &err));
	assert_false(bundles_have(w->bundles, w->digest));
	assert_false(bundles_have(w->bundles, "../../etc"));
}

static void test_promoted_comes_back(void **state)
{
	struct world *w = *state;
	struct error err;

	assert_string_equal(bundles_promoted(w->bundles), "");
	assert_true(bundles_promote(w->bundles, w->digest, &err));
	bundles_free(w->bundles);
	w->bundles = bundles_open(w->dir, &err);
	assert_non_null(w->bundles);
	assert_string_equal(bundles_promoted(w->bundles), w->digest);
	assert_true(bundles_promote(w->bundles, "", &err));
	bundles_free(w->bundles);
	w->bundles = bundles_open(w->dir, &err);
	assert_string_equal(bundles_promoted(w->bundles), "");
}

/* Puts bundle number n there; its digest. */
static void take_number(struct world *w, unsigned n,
			char digest[BUNDLE_DIGEST_SIZE])
{
	struct sources s = { .arena = arena_new() };
	char name[32], *octets, path[BUNDLES_PATH_SIZE];
	struct timespec times[2] = { { .tv_sec = 1000 + n },
				     { .tv_sec = 1000 + n } };
	struct error err;
	size_t len;

	snprintf(name, sizeof(name), "p%u.yaml", n);
	assert_true(sources_add(&s, name, "", 0));
	assert_true(sources_digest(&s, digest));
	octets = bundle_write(&s, &len, &err);
	assert_true(bundles_take(w->bundles, digest, octets, len, &err));
	assert_int_equal(utimensat(AT_FDCWD,
				   bundles_path(w->bundles, digest, path),
				   times, 0),
			 0);
	free(octets);
	arena_free(s.arena);
}

static void test_old_ones_go(void **state)
{
	enum { ALL = BUNDLES_KEPT + 4 };
	struct world *w = *state;
	char digests[ALL][BUNDLE_DIGEST_SIZE];
	struct error err;

	for (unsigned i = 0; i < ALL; i++)
		take_number(w, i, digests[i]);
	assert_true(bundles_promote(w->bundles, digests[0], &err));
	bundles_prune(w->bundles, digests[1]);
	for (unsigned i = 0; i < ALL; i++)
		if (bundles_have(w->bundles, digests[i]) !=
		    (i < 2 || i >= ALL - BUNDLES_KEPT))
			fail_msg("bundle %u", i);
	assert_true(bundles_promote(w->bundles, "", &err));
	for (unsigned i = 0; i < ALL; i++)
		bundles_drop(w->bundles, digests[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_not_everything_fits_in),
		cmocka_unit_test_setup_teardown(test_taken_loads, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_another_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_promoted_comes_back,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_old_ones_go, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
