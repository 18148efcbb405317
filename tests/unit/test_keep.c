/* SPDX-License-Identifier: Apache-2.0 */
/* keep: what comes back from disk, and that nothing damaged does. */
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/bus/keep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/sha.h>

static const char path[] = "keep-test.keep";
static const char aside[] = "keep-test.keep.damaged";

static void remove_files(void)
{
	unlink(path);
	unlink(aside);
}

static void write_file(const char *octets, size_t len)
{
	struct error err;

	assert_true(file_replace(path, octets, len, &err));
}

/* It must not be trusted, must be set aside, and the error must name it. */
static void must_be_damaged(const char *title)
{
	struct error err = { .text = "" };
	struct keep *keep = keep_load(path, &err);

	if (keep != NULL)
		fail_msg("%s: it was trusted", title);
	if (strstr(err.text, "is damaged") == NULL ||
	    strstr(err.text, aside) == NULL)
		fail_msg("%s: %s", title, err.text);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(aside, F_OK), 0);
	unlink(aside);
}

static struct keep *some_keep(void)
{
	struct keep *keep = keep_new();

	assert_non_null(keep);
	assert_true(keep_set(keep, "plan", "wr1 \0\n5 5\n", 10));
	assert_true(keep_set(keep, "vantage:eu", "older", 5));
	assert_true(keep_set(keep, "vantage:eu", "{}", 2));
	assert_true(keep_set(keep, "empty", "", 0));
	return keep;
}

static void count(void *arg, const char *name, const char *octets, size_t len)
{
	(void)name;
	assert_int_equal(octets[len], '\0');
	++*(unsigned *)arg;
}

static void test_it_comes_back(void **state)
{
	struct keep *keep = some_keep();
	struct error err;
	unsigned values = 0;
	size_t len;

	(void)state;
	assert_true(keep_save(keep, path, &err));
	keep_free(keep);
	keep = keep_load(path, &err);
	assert_non_null(keep);
	assert_memory_equal(keep_get(keep, "plan", &len), "wr1 \0\n5 5\n", 10);
	assert_int_equal(len, 10);
	assert_string_equal(keep_get(keep, "vantage:eu", &len), "{}");
	assert_string_equal(keep_get(keep, "empty", &len), "");
	assert_int_equal(len, 0);
	assert_null(keep_get(keep, "vantage", &len));
	keep_each(keep, count, &values);
	assert_int_equal(values, 3);
	keep_free(keep);
	remove_files();
}

static void test_absent_is_empty(void **state)
{
	struct error err;
	struct keep *keep = keep_load(path, &err);
	unsigned values = 0;

	(void)state;
	assert_non_null(keep);
	keep_each(keep, count, &values);
	assert_int_equal(values, 0);
	/* And an empty one is a file like any other. */
	assert_true(keep_save(keep, path, &err));
	keep_free(keep);
	keep = keep_load(path, &err);
	assert_non_null(keep);
	keep_free(keep);
	remove_files();
}

static void test_unreadable_is_no_damage(void **state)
{
	struct error err = { .text = "" };

	(void)state;
	assert_null(keep_load("/", &err));
	assert_null(strstr(err.text, "damaged"));
	assert_int_equal(access("/.damaged", F_OK), -1);
}

static void test_names(void **state)
{
	struct keep *keep = keep_new();
	char longest[202];

	(void)state;
	memset(longest, 'n', 201);
	longest[201] = '\0';
	assert_false(keep_set(keep, longest, "", 0));
	longest[200] = '\0';
	assert_true(keep_set(keep, longest, "", 0));
	assert_false(keep_set(keep, "", "", 0));
	assert_false(keep_set(keep, "two words", "", 0));
	assert_false(keep_set(keep, "two\nlines", "", 0));
	keep_free(keep);
}

static char *saved(size_t *len)
{
	struct keep *keep = some_keep();
	struct error err;
	char *octets;

	assert_true(keep_save(keep, path, &err));
	octets = file_read(path, 4096, len, &err);
	assert_non_null(octets);
	keep_free(keep);
	return octets;
}

static void test_cut_at_every_octet(void **state)
{
	size_t len;
	char *octets = saved(&len), title[40];

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		snprintf(title, sizeof(title), "cut at %zu", cut);
		write_file(octets, cut);
		must_be_damaged(title);
	}
	free(octets);
	remove_files();
}

static void test_every_octet_flipped(void **state)
{
	size_t len;
	char *octets = saved(&len), title[40];

	(void)state;
	for (size_t i = 0; i < len; i++) {
		snprintf(title, sizeof(title), "octet %zu", i);
		octets[i] = (char)(octets[i] ^ 1 << i % 8);
		write_file(octets, len);
		must_be_damaged(title);
		octets[i] = (char)(octets[i] ^ 1 << i % 8);
	}
	free(octets);
	remove_files();
}

/* clang-format off */
static const struct body_row {
	const char *title, *body;
} bodies[] = {
	{ "longer than the file", "a 100\nx\n" },
	{ "no line end behind the octets", "a 1\nxy" },
	{ "no length", "a\nx\n" },
	{ "an empty length", "a \n\n" },
	{ "a negative length", "a -1\nx\n" },
	{ "a huge length", "a 99999999999999999999\nx\n" },
	{ "a name twice", "a 1\nx\na 1\ny\n" },
	{ "no name", " 1\nx\n" },
	{ "something behind", "a 1\nx\nrest" },
};
/* clang-format on */

/* With a right checksum, so that only the form is wrong. */
static void test_form_is_checked_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		unsigned char digest[SHA256_DIGEST_LENGTH];
		const char *body = bodies[i].body;
		char file[512];
		size_t at = 0;

		SHA256((const unsigned char *)body, strlen(body), digest);
		at += (size_t)sprintf(file, "windrose-keep 1 ");
		for (size_t j = 0; j < sizeof(digest); j++)
			at += (size_t)sprintf(file + at, "%02x", digest[j]);
		at += (size_t)sprintf(file + at, "\n%s", body);
		write_file(file, at);
		must_be_damaged(bodies[i].title);
	}
}

static void test_what_cannot_be_saved(void **state)
{
	struct keep *keep = some_keep();
	struct error err = { .text = "" };

	(void)state;
	assert_false(keep_save(keep, "/nonexistent/keep", &err));
	assert_non_null(strstr(err.text, "No such file"));
	keep_free(keep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_comes_back),
		cmocka_unit_test(test_absent_is_empty),
		cmocka_unit_test(test_unreadable_is_no_damage),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_cut_at_every_octet),
		cmocka_unit_test(test_every_octet_flipped),
		cmocka_unit_test(test_form_is_checked_too),
		cmocka_unit_test(test_what_cannot_be_saved),
	};

	remove_files();
	return cmocka_run_group_tests_name("keep", tests, NULL, NULL);
}
