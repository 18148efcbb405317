/* SPDX-License-Identifier: Apache-2.0 */
/* witness: whose reports are believed. */
#include "policy/base/error.h"
#include "policy/bus/sign.h"
#include "policy/bus/witness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* RFC 8410, 10.1: a public key. */
static const char eu_pem[] =
	"-----BEGIN PUBLIC KEY-----\n"
	"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
	"-----END PUBLIC KEY-----\n";

/* RFC 8410, 10.3: its private half. */
static const char eu_key[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
	"-----END PRIVATE KEY-----\n";

static const char eu_file[] = "witness-eu.pem", key_file[] = "witness-eu.key";

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct witnesses *open_rows(const char *const *rows, size_t count)
{
	struct error err = { .text = "" };
	struct witnesses *w =
		witnesses_open(WITNESS_VANTAGES, rows, count, &err);

	if (w == NULL)
		fail_msg("%s", err.text);
	return w;
}

static char *signed_as(const char *kind, size_t *len)
{
	struct error err;
	struct sealer *key = sealer_open(key_file, &err);
	char *envelope;

	assert_non_null(key);
	envelope = sign_wrap(key, kind, "{}", 2, len, &err);
	assert_non_null(envelope);
	sealer_free(key);
	return envelope;
}

/* What a reader makes of the octets: "" when it reads {}, else why not. */
static const char *verdict(const struct witnesses *w, const char *vantage,
			   const char *octets, size_t len)
{
	static struct error err;
	const char *payload = NULL;
	size_t payload_len = 0;

	err.text[0] = '\0';
	if (!witnesses_read(w, vantage, octets, len, &payload, &payload_len,
			    &err))
		return err.text;
	assert_int_equal(payload_len, 2);
	assert_memory_equal(payload, "{}", 2);
	return "";
}

static void test_nobody_has_to_sign(void **state)
{
	struct witnesses *none = open_rows(NULL, 0);
	size_t len;
	char *envelope = signed_as(SIGN_REPORT, &len);

	(void)state;
	assert_string_equal(verdict(NULL, "eu", "{}", 2), "");
	assert_string_equal(verdict(none, "eu", "{}", 2), "");
	assert_string_equal(verdict(NULL, "eu", envelope, len), "");
	assert_string_equal(verdict(none, "eu", envelope, len), "");
	free(envelope);
	witnesses_free(none);
}

static void test_each_for_itself(void **state)
{
	const char *const rows[] = { "eu=witness-eu.pem" };
	struct witnesses *w = open_rows(rows, 1);
	size_t len;
	char *envelope = signed_as(SIGN_REPORT, &len);

	(void)state;
	assert_string_equal(verdict(w, "eu", envelope, len), "");
	assert_non_null(strstr(verdict(w, "eu", "{}", 2), "signed envelope"));
	assert_non_null(strstr(verdict(w, "us", envelope, len),
			       "no key of vantage \"us\""));
	envelope[len - 1] = ']';
	assert_non_null(strstr(verdict(w, "eu", envelope, len), "is wrong"));
	free(envelope);
	envelope = signed_as(SIGN_PLAN, &len);
	assert_non_null(strstr(verdict(w, "eu", envelope, len), "is wrong"));
	/* A roll that leaves no key of this vantage. */
	witnesses_replace(
		w, open_rows((const char *const[]){ "us=witness-eu.pem" }, 1));
	free(envelope);
	envelope = signed_as(SIGN_REPORT, &len);
	assert_string_equal(verdict(w, "us", envelope, len), "");
	assert_non_null(strstr(verdict(w, "eu", envelope, len), "no key"));
	free(envelope);
	witnesses_free(w);
}

/* A vantage's key does not vouch for an edge of the same name. */
static void test_edges(void **state)
{
	const char *const rows[] = { "eu=witness-eu.pem" };
	struct error err = { .text = "" };
	struct witnesses *w = witnesses_open(WITNESS_EDGES, rows, 1, &err);
	size_t len;
	char *envelope = signed_as(SIGN_SERVED, &len);

	(void)state;
	assert_non_null(w);
	assert_string_equal(verdict(w, "eu", envelope, len), "");
	assert_non_null(strstr(verdict(w, "us", envelope, len),
			       "no key of edge \"us\""));
	free(envelope);
	envelope = signed_as(SIGN_REPORT, &len);
	assert_non_null(strstr(verdict(w, "eu", envelope, len), "is wrong"));
	free(envelope);
	witnesses_free(w);
	assert_null(witnesses_open(WITNESS_EDGES, &(const char *){ "eu" }, 1,
				   &err));
	assert_non_null(strstr(err.text, "must be NODE=FILE"));
}

static void test_rows_that_are_none(void **state)
{
	static const struct {
		const char *row, *error;
	} rows[] = {
		{ "eu", "must be VANTAGE=FILE" },
		{ "=witness-eu.pem", "must be VANTAGE=FILE" },
		{ "eu=", "must be VANTAGE=FILE" },
		{ "eu=witness-nowhere", "cannot read" },
		{ "eu=witness-eu.key", "is not a public key" },
		{ "0123456789012345678901234567890123456789012345678901234567890"
		  "123=witness-eu.pem",
		  "must be VANTAGE=FILE" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { .text = "" };

		assert_null(witnesses_open(WITNESS_VANTAGES, &rows[i].row, 1,
					   &err));
		if (strstr(err.text, rows[i].error) == NULL)
			fail_msg("%s: %s", rows[i].row, err.text);
	}
}

static int write_files(void **state)
{
	(void)state;
	write_file(eu_file, eu_pem);
	write_file(key_file, eu_key);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	return unlink(eu_file) | unlink(key_file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_has_to_sign),
		cmocka_unit_test(test_each_for_itself),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_rows_that_are_none),
	};

	return cmocka_run_group_tests_name("witness", tests, write_files,
					   remove_files);
}
