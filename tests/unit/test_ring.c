/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring: which generation a start takes, whatever became of the files and of
 * the starts before.
 */
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/bus/keep.h"
#include "policy/bus/ring.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { SOAK_MS = 1000 };

static const char *const endings[] = { "",         ".1",        ".2",
				       ".3",       ".tries",    ".damaged",
				       ".refused", ".1.damaged" };
enum { ENDINGS = sizeof(endings) / sizeof(endings[0]), STATES = 5 };

static const char *path_of(const char *ending)
{
	static char path[64];

	snprintf(path, sizeof(path), "ring-test.keep%s", ending);
	return path;
}

static void remove_files(void)
{
	for (size_t i = 0; i < ENDINGS; i++)
		unlink(path_of(endings[i]));
}

static bool is_there(const char *ending)
{
	return access(path_of(ending), F_OK) == 0;
}

/* One process's life. */
struct life {
	struct ring *ring;
	int64_t now_ms;
};

static struct life begin_with(const char *const *passing)
{
	const struct ring_config config = {
		.path = "ring-test.keep",
		.part = "test",
		.passing = passing,
		.soak_ms = SOAK_MS,
	};
	struct error err = { .text = "" };
	struct life life = { ring_open(&config, &err), 0 };

	if (life.ring == NULL)
		fail_msg("%s", err.text);
	return life;
}

static const char *const reports[] = { "report:", NULL };

static struct life begin(void)
{
	return begin_with(reports);
}

static struct keep *state(const char *plan, const char *report)
{
	struct keep *keep = keep_new();

	assert_non_null(keep);
	assert_true(keep_set(keep, "plan", plan, strlen(plan)));
	assert_true(keep_set(keep, "report:eu", report, strlen(report)));
	return keep;
}

static void save(struct life *life, const char *plan, const char *report)
{
	struct keep *keep = state(plan, report);
	struct error err = { .text = "" };

	if (!ring_save(life->ring, keep, life->now_ms, &err))
		fail_msg("%s", err.text);
	keep_free(keep);
}

/* Serves it for long enough. */
static void soak(struct life *life, const char *plan, const char *report)
{
	save(life, plan, report);
	life->now_ms += SOAK_MS;
	save(life, plan, report);
}

static void die(struct life *life)
{
	ring_free(life->ring);
}

static void end(struct life *life)
{
	ring_rest(life->ring);
	ring_free(life->ring);
}

static const char *text_in(const struct keep *keep, const char *name)
{
	size_t len;
	const char *text = keep == NULL ? NULL : keep_get(keep, name, &len);

	return text == NULL ? "" : text;
}

static void must_start_from(const char *plan)
{
	struct life life = begin();

	assert_string_equal(text_in(ring_read(life.ring), "plan"), plan);
	end(&life);
}

/* Plans 1 to 4, each good, and 5 on trial. */
static void make_ring(void)
{
	static const char *const plans[] = { "1", "2", "3", "4" };
	struct life life = begin();

	for (size_t i = 0; i < 4; i++)
		soak(&life, plans[i], "r");
	save(&life, "5", "r");
	end(&life);
}

/* By age; which slot has it follows from three slots in turn. */
static const char *const newest_first[STATES - 1] = { "", ".1", ".3", ".2" };

static void test_nothing_is_empty(void **arg)
{
	struct life life = begin();

	(void)arg;
	assert_int_equal(keep_count(ring_read(life.ring)), 0);
	assert_null(ring_older(life.ring, "no"));
	assert_false(ring_is_due(life.ring, 1000000));
	end(&life);
	assert_false(is_there(".tries"));
}

static void test_promoted_only_after_soak(void **arg)
{
	struct life life = begin();

	(void)arg;
	save(&life, "1", "r");
	assert_true(is_there(""));
	life.now_ms = SOAK_MS - 1;
	assert_false(ring_is_due(life.ring, life.now_ms));
	save(&life, "1", "r");
	assert_false(is_there(".1"));
	/* Another plan begins anew, and so does one that is not served. */
	life.now_ms = SOAK_MS;
	save(&life, "2", "r");
	life.now_ms = SOAK_MS + 500;
	ring_doubt(life.ring, life.now_ms);
	life.now_ms = 2 * SOAK_MS + 499;
	save(&life, "2", "s");
	assert_false(is_there(".1"));
	assert_true(ring_is_due(life.ring, 2 * SOAK_MS + 500));
	life.now_ms++;
	save(&life, "2", "t");
	assert_true(is_there(".1"));
	end(&life);
	remove_files();
}

/* Only reports differ: the same generation, with the newer ones. */
static void test_reports_make_no_generation(void **arg)
{
	struct life life = begin();
	struct keep *good;
	struct error err;

	(void)arg;
	soak(&life, "1", "first");
	for (int i = 0; i < 5; i++)
		soak(&life, "1", "later");
	assert_false(is_there(".2"));
	good = keep_load(path_of(".1"), &err);
	assert_string_equal(text_in(good, "report:eu"), "later");
	keep_free(good);
	end(&life);
	remove_files();
}

/* Without passing values nothing is written twice. */
static void test_plans_alone_are_written_once(void **arg)
{
	struct life life = begin_with(NULL);

	(void)arg;
	soak(&life, "1", "r");
	assert_true(is_there(".1"));
	assert_false(ring_is_due(life.ring, life.now_ms + 10 * SOAK_MS));
	end(&life);
	remove_files();
}

static void test_newest_that_reads(void **arg)
{
	static const char *const plans[] = { "5", "4", "3", "2", "" };
	struct error err;

	(void)arg;
	for (size_t gone = 0; gone < STATES; gone++) {
		make_ring();
		for (size_t i = 0; i < gone; i++)
			assert_true(file_replace(path_of(newest_first[i]),
						 "damaged", 7, &err));
		must_start_from(plans[gone]);
		if (gone > 0)
			assert_true(is_there(".damaged"));
		for (size_t i = 0; i < ENDINGS; i++)
			unlink(path_of(endings[i]));
		unlink(path_of(".2.damaged"));
		unlink(path_of(".3.damaged"));
	}
}

static void test_refused_goes_back(void **arg)
{
	static const char *const older[] = { "4", "3", "2" };
	struct life life;

	(void)arg;
	make_ring();
	life = begin();
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(text_in(ring_older(life.ring, "bad"),
					    "plan"),
				    older[i]);
	assert_null(ring_older(life.ring, "bad"));
	assert_null(ring_older(life.ring, "bad"));
	end(&life);
	/* The newest is there to be looked at; the good ones stay. */
	assert_true(is_there(".refused"));
	must_start_from("4");
	remove_files();
}

/* Without another it stays: who refuses it may be who is wrong. */
static void test_the_only_one_is_not_set_aside(void **arg)
{
	struct life life = begin();

	(void)arg;
	save(&life, "1", "r");
	end(&life);
	life = begin();
	assert_null(ring_older(life.ring, "bad"));
	end(&life);
	assert_false(is_there(".refused"));
	must_start_from("1");
	remove_files();
}

/* What was promoted is what is on trial: refused once is refused. */
static void test_refused_in_both_places(void **arg)
{
	struct life life = begin();

	(void)arg;
	soak(&life, "1", "r");
	soak(&life, "2", "r");
	end(&life);
	life = begin();
	assert_string_equal(text_in(ring_older(life.ring, "bad"), "plan"), "1");
	end(&life);
	remove_files();
}

/* Which plan each of many starts gets when every one of them is cut short. */
static void test_crashes_go_back(void **arg)
{
	static const char *const plans[] = { "5", "5", "4", "4",
					     "3", "3", "2", "2" };
	struct life life;

	(void)arg;
	make_ring();
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		life = begin();
		assert_string_equal(text_in(ring_read(life.ring), "plan"),
				    plans[i]);
		die(&life);
	}
	/* None of them is to blame: the newest that is left. */
	must_start_from("4");
	assert_false(is_there(".tries"));
	remove_files();
}

static void test_only_starts_cut_short_count(void **arg)
{
	struct life life;

	(void)arg;
	make_ring();
	for (int i = 0; i < 5; i++) {
		life = begin();
		end(&life);
		/* One crash, then one that lives on: all is forgotten. */
		life = begin();
		die(&life);
		life = begin();
		save(&life, "5", "r");
		life.now_ms += SOAK_MS;
		assert_true(ring_is_due(life.ring, life.now_ms));
		save(&life, "5", "r");
		die(&life);
	}
	must_start_from("5");
	assert_false(is_there(".refused"));
	remove_files();
}

/* SIGXFSZ is ignored, so that a file that grows too large is an error. */
static void limit_files(rlim_t octets)
{
	const struct rlimit limit = { octets, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_full_disk_loses_nothing(void **arg)
{
	struct life life;
	struct keep *keep = state("6", "much too much to be written");
	struct error err = { .text = "" };

	(void)arg;
	make_ring();
	life = begin();
	limit_files(40);
	assert_false(ring_save(life.ring, keep, 0, &err));
	assert_non_null(strstr(err.text, "ring-test.keep"));
	limit_files(RLIM_INFINITY);
	keep_free(keep);
	die(&life);
	must_start_from("5");
	life = begin();
	assert_string_equal(text_in(ring_older(life.ring, "bad"), "plan"), "4");
	end(&life);
	remove_files();
}

static char *read_all(const char *path, size_t *len)
{
	struct error err = { .text = "" };
	char *octets = file_read(path, 4096, len, &err);

	if (octets == NULL)
		fail_msg("%s", err.text);
	return octets;
}

/* Cut or flipped, each file at each octet: something good is read, and never
 * what is damaged. */
static void spoil(const char *ending, size_t at, bool cut, const char *expected)
{
	struct error err;
	size_t len;
	char *octets = read_all(path_of(ending), &len);
	char *whole = read_all(path_of(ending), &len);
	struct life life;

	octets[at] = (char)(octets[at] ^ 1 << at % 8);
	assert_true(
		file_replace(path_of(ending), octets, cut ? at : len, &err));
	life = begin();
	if (strcmp(text_in(ring_read(life.ring), "plan"), expected) != 0)
		fail_msg("%s %s at %zu: starts from \"%s\"", path_of(ending),
			 cut ? "cut" : "flipped", at,
			 text_in(ring_read(life.ring), "plan"));
	end(&life);
	assert_true(file_replace(path_of(ending), whole, len, &err));
	free(octets);
	free(whole);
}

static void test_every_octet_of_every_file(void **arg)
{
	struct error err;
	struct life life;

	(void)arg;
	make_ring();
	life = begin();
	die(&life); /* leaves a record of tries */
	for (size_t i = 0; i < 5; i++) {
		const char *ending = i < 4 ? newest_first[i] : ".tries";
		char *record;
		size_t len, record_len;

		free(read_all(path_of(ending), &len));
		record = read_all(path_of(".tries"), &record_len);
		for (size_t at = 0; at < 2 * len; at++) {
			spoil(ending, at / 2, at % 2 == 0, i == 0 ? "4" : "5");
			assert_true(file_replace(path_of(".tries"), record,
						 record_len, &err));
		}
		free(record);
	}
	for (size_t i = 0; i < 4; i++) {
		char aside[32];

		snprintf(aside, sizeof(aside), "%s.damaged", newest_first[i]);
		unlink(path_of(aside));
	}
	unlink(path_of(".tries.damaged"));
	remove_files();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_empty),
		cmocka_unit_test(test_promoted_only_after_soak),
		cmocka_unit_test(test_reports_make_no_generation),
		cmocka_unit_test(test_plans_alone_are_written_once),
		cmocka_unit_test(test_newest_that_reads),
		cmocka_unit_test(test_refused_goes_back),
		cmocka_unit_test(test_the_only_one_is_not_set_aside),
		cmocka_unit_test(test_refused_in_both_places),
		cmocka_unit_test(test_crashes_go_back),
		cmocka_unit_test(test_only_starts_cut_short_count),
		cmocka_unit_test(test_full_disk_loses_nothing),
		cmocka_unit_test(test_every_octet_of_every_file),
	};

	remove_files();
	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
