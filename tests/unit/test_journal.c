/* SPDX-License-Identifier: Apache-2.0 */
/* journal: grows, survives a cut at every octet, shows every altered octet. */
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "steering/examination.h"
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
static char torn[sizeof(path) + 5], head[sizeof(path) + 5],
	moved[sizeof(path) + 5];

static int make_directory(void **state)
{
	char *slash = strchr(path, '/');

	(void)state;
	*slash = '\0';
	if (mkdtemp(path) == NULL)
		return -1;
	*slash = '/';
	snprintf(torn, sizeof(torn), "%s.torn", path);
	snprintf(head, sizeof(head), "%s.head", path);
	snprintf(moved, sizeof(moved), "%s.old", path);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	unlink(path);
	unlink(torn);
	unlink(head);
	unlink(moved);
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
	unlink(head);
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
	struct examination found;

	if (!examination_of_file(path, NULL, &found, &err))
		fail_msg("%s", err.text);
	assert_true(found.headed);
	assert_int_equal(found.torn, 0);
	return found.end.n - (found.first.n == 0 ? 0 : found.first.n - 1);
}

static bool is_broken(struct error *err)
{
	struct examination found;

	return !examination_of_file(path, NULL, &found, err);
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
	assert_int_equal(journal_end(j).n, 3);
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

/* As after line n of these. */
static void write_head_of(const char *whole, size_t n)
{
	struct custody at = custody_start();
	char text[CUSTODY_HEAD_LEN + 1];
	const char *line = whole;
	FILE *f = fopen(head, "wb");

	for (; at.n < n; at.n++) {
		size_t len = (size_t)(strchr(line, '\n') - line);

		assert_true(custody_hash(line, len, at.hash));
		line += len + 1;
	}
	custody_write_head(&at, text);
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_cut_at_every_octet(void **state)
{
	size_t len;
	char *whole;

	(void)state;
	write_three();
	whole = slurp(&len);
	/* A crash can come before the head is written. */
	for (size_t cut = 0; cut <= len; cut++) {
		size_t lines = newlines(whole, cut);
		bool clean = cut == 0 || whole[cut - 1] == '\n';
		struct journal *j;

		unlink(torn);
		write_head_of(whole, lines);
		spill(whole, cut);
		j = open_journal();
		assert_int_equal(journal_end(j).n, lines);
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
	size_t len;
	char *whole;

	(void)state;
	write_three();
	whole = slurp(&len);
	for (size_t i = 0; i < len; i++) {
		for (int bit = 0; bit < 8; bit += 3) {
			whole[i] = (char)(whole[i] ^ 1 << bit);
			spill(whole, len);
			assert_true(is_broken(&err));
			assert_non_null(strstr(err.text, "line"));
			whole[i] = (char)(whole[i] ^ 1 << bit);
		}
	}
	free(whole);
}

static void test_a_line_taken_out_is_found(void **state)
{
	struct error err;
	size_t len, first, second;
	char *whole;

	(void)state;
	write_three();
	whole = slurp(&len);
	first = (size_t)(strchr(whole, '\n') + 1 - whole);
	second = (size_t)(strchr(whole + first, '\n') + 1 - whole);
	memmove(whole + first, whole + second, len - second);
	spill(whole, len - (second - first));
	assert_true(is_broken(&err));
	assert_non_null(strstr(err.text, "line 2: has number 3"));
	free(whole);
}

/* Lines cut off show by the head, at once and after the agent went on. */
static void test_a_missing_end_is_found(void **state)
{
	struct error err;
	struct journal *j;
	size_t len, first;
	char *whole;

	(void)state;
	write_three();
	whole = slurp(&len);
	first = (size_t)(strchr(whole, '\n') + 1 - whole);
	spill(whole, first);
	assert_true(is_broken(&err));
	assert_non_null(strstr(err.text, "lines 2 to 3 are missing"));
	j = open_journal();
	assert_non_null(strstr(journal_note(j), "lines 2 to 3 are missing"));
	append(j, "four");
	assert_true(is_broken(&err));
	assert_non_null(strstr(err.text, "line 2: has number 4"));
	journal_free(j);
	free(whole);
}

/* Another end, made as a journal makes it, is not the one of the head. */
static void test_another_end_is_found(void **state)
{
	struct examination found;
	struct error err;
	struct journal *j;
	struct custody kept;
	char *mine;
	size_t len;

	(void)state;
	write_three();
	assert_true(examination_of_file(path, NULL, &found, &err));
	kept = found.end;
	write_three();
	assert_true(examination_of_file(path, &kept, &found, &err));
	unlink(path);
	unlink(head);
	j = open_journal();
	append(j, "one");
	append(j, "two");
	append(j, "another");
	assert_false(examination_of_file(path, &kept, &found, &err));
	assert_non_null(strstr(err.text, "line 3: is not the one"));
	/* The open journal knows its own end. */
	assert_true(examination_of_journal(j, &found, &err));
	assert_int_equal(found.end.n, 3);
	mine = slurp(&len);
	mine[len - 100] = '!';
	spill(mine, len);
	assert_false(examination_of_journal(j, &found, &err));
	assert_non_null(strstr(err.text, "line 3: was altered"));
	journal_free(j);
	free(mine);
}

/* A file that is moved away is gone on from. */
static void test_moved_away(void **state)
{
	struct examination old, now;
	struct error err;
	struct journal *j;
	size_t len;

	(void)state;
	write_three();
	j = open_journal();
	assert_int_equal(rename(path, moved), 0);
	append(j, "four");
	assert_true(journal_reopen(j, &err));
	append(j, "five");
	assert_true(strstr(journal_line(j, &len), "five") != NULL);
	journal_free(j);
	assert_true(examination_of_file(moved, NULL, &old, &err));
	assert_false(old.headed);
	assert_int_equal(old.end.n, 4);
	assert_true(examination_of_file(path, NULL, &now, &err));
	assert_int_equal(now.first.n, 5);
	assert_string_equal(now.first.hash, old.end.hash);
	/* While nobody ran, too. */
	assert_int_equal(rename(path, moved), 0);
	j = open_journal();
	assert_string_equal(journal_note(j), "");
	append(j, "six");
	journal_free(j);
	assert_true(examination_of_file(path, NULL, &now, &err));
	assert_int_equal(now.first.n, 6);
}

static void test_history_of_a_damaged_file(void **state)
{
	static const char damaged[] = "{\"n\":1}\nno json \x01\n\xff\xfe\n";
	struct error err;
	struct journal *j;
	json_t *last;

	(void)state;
	unlink(head);
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
	unlink(head);
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
	char *text = calloc(1, CUSTODY_LINE_MAX + 1);
	struct error err = { .text = "" };
	struct journal *j;
	json_t *event;

	(void)state;
	assert_null(journal_open("journal-nowhere/audit", &err));
	assert_non_null(strstr(err.text, "journal-nowhere"));
	write_three();
	j = open_journal();
	memset(text, 'x', CUSTODY_LINE_MAX);
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
		cmocka_unit_test(test_a_missing_end_is_found),
		cmocka_unit_test(test_another_end_is_found),
		cmocka_unit_test(test_moved_away),
		cmocka_unit_test(test_history_of_a_damaged_file),
		cmocka_unit_test(test_long_history),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
