/* SPDX-License-Identifier: Apache-2.0 */
/* signer: how long signatures hold, how they are spread, how few are made
 * again. */
#include "dns/query.h"
#include "dns/zone.h"
#include "policy/keys/keyring.h"
#include "tests/unit/sign_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t time_at(const struct rrset *sigs, size_t at)
{
	const uint8_t *p = sigs->wire + RR_FIXED_OCTETS + at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static struct rrset sign_number(struct bench *b, unsigned number)
{
	char line[80];
	const char *lines[RECORDS_MAX] = { line };
	struct subject s;
	struct rrset sigs;

	snprintf(line, sizeof(line), "n%u.example.com. A 192.0.2.1", number);
	subject_of(&s, lines);
	bench_sign(b, &s, &sigs);
	ldns_rr_list_deep_free(s.records);
	return sigs;
}

enum { MANY = 2000 };

static int64_t sign_many(struct bench *b, int64_t now_s)
{
	bench_begin(b, now_s);
	for (unsigned i = 0; i < MANY; i++)
		(void)sign_number(b, i);
	return signer_end(b->signer);
}

/* Never all at once: in no 256th of the validity do a 32nd of them end. */
static void test_ends_are_spread(void **state)
{
	unsigned buckets[256] = { 0 }, used = 0;
	struct bench b;

	(void)state;
	bench_start(&b, "csk");
	bench_begin(&b, NOW_S);
	for (unsigned i = 0; i < MANY; i++) {
		struct rrset sigs = sign_number(&b, i);
		int64_t ends_s = time_at(&sigs, 8),
			begins_s = time_at(&sigs, 12);

		assert_int_equal(ends_s - begins_s, 14 * DAY_S + HOUR_S);
		assert_true(begins_s <= NOW_S - HOUR_S);
		assert_true(ends_s > NOW_S + 7 * DAY_S);
		assert_true(ends_s <= NOW_S + 14 * DAY_S);
		buckets[(ends_s - NOW_S) * 256 / (14 * DAY_S + 1)]++;
	}
	for (size_t i = 0; i < 256; i++) {
		assert_true(buckets[i] < MANY / 32);
		used += buckets[i] > 0;
	}
	assert_true(used >= 100);
	bench_stop(&b);
}

/* Two weeks of renewals, each when the one before said it is due. */
static void test_renewed_in_time(void **state)
{
	int64_t now_s = NOW_S, due_s;
	uint64_t made, before;
	unsigned builds = 0;
	struct bench b;

	(void)state;
	bench_start(&b, "csk");
	due_s = sign_many(&b, now_s);
	made = signer_made(b.signer);
	assert_int_equal(made, MANY);
	assert_int_equal(sign_many(&b, now_s), due_s);
	assert_int_equal(signer_made(b.signer), MANY);
	while (due_s < NOW_S + 7 * DAY_S) {
		assert_true(due_s > now_s);
		now_s = due_s;
		before = signer_made(b.signer);
		due_s = sign_many(&b, now_s);
		made = signer_made(b.signer) - before;
		assert_in_range(made, 1, MANY / 32);
		assert_true(signer_span(b.signer).until_s >= now_s + 7 * DAY_S);
		assert_true(signer_span(b.signer).from_s < now_s);
		builds++;
	}
	/* Each of them once in a turn. */
	assert_int_equal(signer_made(b.signer), 2 * MANY);
	assert_in_range(builds, 100, 130);
	bench_stop(&b);
}

/* clang-format off */
static const struct jump_row {
	const char *title;
	int64_t by_s;
	bool all;
} jumps[] = {
	{ "a second on", 1, false },
	{ "a second back", -1, false },
	{ "a year on", 365 * (int64_t)DAY_S, true },
	{ "a year back", -365 * (int64_t)DAY_S, true },
	{ "two weeks on", 14 * DAY_S, true },
	{ "two weeks back", -14 * DAY_S, true },
};
/* clang-format on */

static void test_clock_jumps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		int64_t then_s = NOW_S + jumps[i].by_s;
		struct sign_span span;
		struct bench b;

		print_message("%s\n", jumps[i].title);
		bench_start(&b, "csk");
		(void)sign_many(&b, NOW_S);
		assert_true(sign_many(&b, then_s) > then_s);
		span = signer_span(b.signer);
		assert_true(span.from_s <= then_s - HOUR_S);
		assert_true(span.until_s > then_s + 7 * DAY_S - 1);
		if (jumps[i].all)
			assert_int_equal(signer_made(b.signer), 2 * MANY);
		else
			assert_true(signer_made(b.signer) < MANY + MANY / 32);
		bench_stop(&b);
	}
}

/* One of two responders is restarted: it signs for the times of the other. */
static void test_restarted_agrees(void **state)
{
	struct bench stayed, restarted;
	int64_t now_s = NOW_S;

	(void)state;
	bench_start(&stayed, "csk");
	for (unsigned i = 0; i < 5; i++)
		now_s = sign_many(&stayed, now_s);
	now_s -= 100;
	bench_start(&restarted, "csk");
	assert_int_equal(sign_many(&restarted, now_s),
			 sign_many(&stayed, now_s));
	for (unsigned i = 0; i < MANY; i++) {
		struct rrset a, b;

		a = sign_number(&stayed, i);
		b = sign_number(&restarted, i);
		assert_int_equal(time_at(&a, 8), time_at(&b, 8));
		assert_int_equal(time_at(&a, 12), time_at(&b, 12));
	}
	bench_stop(&stayed);
	bench_stop(&restarted);
}

/* What a build did not use is forgotten; what an abandoned one made is not. */
static void test_forgets(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, "csk");
	(void)sign_many(&b, NOW_S);
	bench_begin(&b, NOW_S);
	(void)sign_number(&b, MANY);
	signer_abandon(b.signer);
	(void)sign_many(&b, NOW_S);
	assert_int_equal(signer_made(b.signer), MANY + 1);
	bench_begin(&b, NOW_S);
	(void)sign_number(&b, 7);
	(void)signer_end(b.signer);
	(void)sign_many(&b, NOW_S);
	assert_int_equal(signer_made(b.signer), 2 * MANY);
	bench_stop(&b);
}

/* All that a signature is over makes another one. */
static void test_content_counts(void **state)
{
	static const char *const lines[][RECORDS_MAX] = {
		{ "www.example.com. A 192.0.2.1" },
		{ "www.example.com. A 192.0.2.2" },
		{ "www.example.com. A 192.0.2.1",
		  "www.example.com. A 192.0.2.2" },
		{ "ww.example.com. A 192.0.2.1" },
		{ "www.example.com. TYPE65280 \\# 4 C0000201" },
	};
	struct bench b;
	struct rrset sigs;
	struct subject s;

	(void)state;
	bench_start(&b, "csk");
	bench_begin(&b, NOW_S);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		subject_of(&s, lines[i]);
		bench_sign(&b, &s, &sigs);
		assert_int_equal(signer_made(b.signer), 2 * i + 1);
		s.request.ttl_s++;
		bench_sign(&b, &s, &sigs);
		assert_int_equal(signer_made(b.signer), 2 * i + 2);
		bench_sign(&b, &s, &sigs);
		assert_int_equal(signer_made(b.signer), 2 * i + 2);
		ldns_rr_list_deep_free(s.records);
	}
	b.zone.dnssec.validity_s++;
	bench_begin(&b, NOW_S);
	bench_sign(&b, &s, &sigs);
	assert_int_equal(signer_made(b.signer),
			 2 * sizeof(lines) / sizeof(lines[0]) + 1);
	bench_stop(&b);
}

static void test_failed_begin_changes_nothing(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, "csk");
	(void)sign_many(&b, NOW_S);
	b.zone.dnssec.keys = "/nonexistent";
	assert_false(signer_begin(b.signer, &b.zone, NOW_S, &b.errs));
	assert_non_null(strstr(b.errs.list[b.errs.count - 1].error.text,
			       "cannot read the directory of keys"));
	assert_int_equal(signer_keys(b.signer)->count, 1);
	b.zone.dnssec.keys = b.keys;
	(void)sign_many(&b, NOW_S);
	assert_int_equal(signer_made(b.signer), MANY);
	bench_stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends_are_spread),
		cmocka_unit_test(test_renewed_in_time),
		cmocka_unit_test(test_clock_jumps),
		cmocka_unit_test(test_restarted_agrees),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_content_counts),
		cmocka_unit_test(test_failed_begin_changes_nothing),
	};

	return cmocka_run_group_tests_name("signer_times", tests, NULL, NULL);
}
