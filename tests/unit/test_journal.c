/* SPDX-License-Identifier: Apache-2.0 */
/* journal: grows, survives a cut at every octet, shows every altered octet. */
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "steering/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

static char path[] = "journal-test-XXXXXX/audit.jsonl";
static char torn[sizeof(path) + 5];

static int make_directory(void **state)
{
	char *slash = strchr(path, '/');

	(void)state;
	*slash = '\0';
	if (mkdtemp(path) == NULL)
		return -1;
	*slash = '/';
	snprintf(torn, sizeof(torn), "%s.torn", path);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	unlink(path);
	unlink(torn);
	*strchr(path, '/') = '\0';
	return rmdir(path);
}

static struct journal *open_journal(void)
{
	struct error err = { .text = "" };
	struct journal *j = journal_open(path, &err);

	if (j == NULL)
		fail_msg("%s", err.text);
	return j;
}

static void append(struct journal *j, const char *what)
{
	json_t *event = json_pack("{s:s}", "what", what);
	struct error err = { .text = "" };

	if (!journal_append(j, event, &err))
		fail_msg("%s", err.text);
	json_decref(event);
}

static void write_three(void)
{
	struct journal *j;

	unlink(path);
	unlink(torn);
	j = open_journal();
	append(j, "one");
	append(j, "two");
	append(j, "three");
	journal_free(j);
}

static char *slurp(size_t *len)
{
	struct error err = { .text = "" };
	char *octets = file_read(path, 1 << 20, len, &err);

	assert_non_null(octets);
	return octets;
}

static void spill(const char *octets, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(octets, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static uint64_t verified(void)
{
	struct error err = { .text = "" };
	uint64_t lines = 0;

	if (!journal_verify(path, &lines, &err))
		fail_msg("%s", err.text);
	return lines;
}

static const char *what_of(const json_t *line)
{
	return json_string_value(
		json_object_get(json_object_get(line, "event"), "what"));
}

static void test_goes_on_after_restart(void **state)
{
	struct error err;
	struct journal *j;
	json_t *last;

	(void)state;
	write_three();
	j = open_journal();
	assert_string_equal(journal_note(j), "");
	assert_int_equal(journal_count(j), 3);
	append(j, "four");
	assert_int_equal(verified(), 4);
	last = journal_last(j, 2, &err);
	assert_int_equal(json_array_size(last), 2);
	assert_string_equal(what_of(json_array_get(last, 0)), "three");
	assert_string_equal(what_of(json_array_get(last, 1)), "four");
	json_decref(last);
	last = journal_last(j, 100, &err);
	assert_int_equal(json_array_size(last), 4);
	assert_string_equal(what_of(json_array_get(last, 0)), "one");
	json_decref(last);
	last = journal_last(j, 0, &err);
	assert_int_equal(json_array_size(last), 0);
	json_decref(last);
	journal_free(j);
}

static size_t newlines(const char *octets, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += octets[i] == '\n';
	return count;
}

static void test_cut_at_every_octet(void **state)
{
	size_t len;
	char *whole;

	(void)state;
	write_three();
	whole = slurp(&len);
	for (size_t cut = 0; cut <= len; cut++) {
		size_t lines = newlines(whole, cut);
		bool clean = cut == 0 || whole[cut - 1] == '\n';
		struct journal *j;

		unlink(torn);
		spill(whole, cut);
		j = open_journal();
		assert_int_equal(journal_count(j), lines);
		assert_int_equal(journal_note(j)[0] == '\0', clean);
		assert_int_equal(access(torn, F_OK) == 0, !clean);
		append(j, "next");
		journal_free(j);
		assert_int_equal(verified(), lines + 1);
	}
	free(whole);
}

static void test_every_altered_octet_is_found(void **state)
{
	struct error err;
	uint64_t lines;
	size_t len;
	char *whole;

	(void)state;
	write_three();
	whole = slurp(&len);
	for (size_t i = 0; i < len; i++) {
		for (int bit = 0; bit < 8; bit += 3) {
			whole[i] = (char)(whole[i] ^ 1 << bit);
			spill(whole, len);
			assert_false(journal_verify(path, &lines, &err));
			assert_non_null(strstr(err.text, "line "));
			whole[i] = (char)(whole[i] ^ 1 << bit);
		}
	}
	free(whole);
}

static void test_a_line_taken_out_is_found(void **state)
{
	struct error err;
	uint64_t lines;
	size_t len;
	char *whole, *second;

	(void)state;
	write_three();
	whole = slurp(&len);
	second = strchr(whole, '\n') + 1;
	spill(second, len - (size_t)(second - whole));
	assert_false(journal_verify(path, &lines, &err));
	assert_non_null(strstr(err.text, "line 1"));
	free(whole);
}

static void test_history_of_a_damaged_file(void **state)
{
	static const char damaged[] = "{\"n\":1}\nno json \x01\n\xff\xfe\n";
	struct error err;
	struct journal *j;
	json_t *last;

	(void)state;
	spill(damaged, sizeof(damaged) - 1);
	j = open_journal();
	last = journal_last(j, 10, &err);
	assert_int_equal(json_array_size(last), 3);
	assert_string_equal(json_string_value(json_array_get(last, 1)),
			    "no json \x01");
	assert_string_equal(json_string_value(json_array_get(last, 2)),
			    "(not text)");
	json_decref(last);
	journal_free(j);
}

static void test_long_history(void **state)
{
	struct error err;
	struct journal *j;
	json_t *last;

	(void)state;
	unlink(path);
	j = open_journal();
	for (int i = 0; i < 600; i++) {
		char what[600];

		snprintf(what, sizeof(what), "%0500d", i);
		append(j, what);
	}
	last = journal_last(j, 500, &err);
	assert_int_equal(json_array_size(last), 500);
	assert_int_equal(atoi(what_of(json_array_get(last, 0))), 100);
	json_decref(last);
	journal_free(j);
	assert_int_equal(verified(), 600);
}

static void test_refusals(void **state)
{
	char *text = calloc(1, JOURNAL_LINE_MAX + 1);
	struct error err = { .text = "" };
	struct journal *j;
	json_t *event;

	(void)state;
	assert_null(journal_open("journal-nowhere/audit", &err));
	assert_non_null(strstr(err.text, "journal-nowhere"));
	write_three();
	j = open_journal();
	memset(text, 'x', JOURNAL_LINE_MAX);
	event = json_pack("{s:s}", "what", text);
	assert_false(journal_append(j, event, &err));
	assert_non_null(strstr(err.text, "too long"));
	json_decref(event);
	append(j, "four");
	journal_free(j);
	assert_int_equal(verified(), 4);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_on_after_restart),
		cmocka_unit_test(test_cut_at_every_octet),
		cmocka_unit_test(test_every_altered_octet_is_found),
		cmocka_unit_test(test_a_line_taken_out_is_found),
		cmocka_unit_test(test_history_of_a_damaged_file),
		cmocka_unit_test(test_long_history),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
