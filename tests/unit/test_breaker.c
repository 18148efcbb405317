/* SPDX-License-Identifier: Apache-2.0 */
/* breaker: every story an endpoint can live through, one row each. */
#include "tests/unit/breaker_letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct policy_breaker limits = {
	.window = 6,
	.failure_rate_pct = 50,
	.consecutive = 3,
	.slow_ms = 100,
	.slow_rate_pct = 80,
	.open_for_ms = 1000,
	.max_open_for_ms = 2500,
	.half_open_probes = 2,
};

/* clang-format off */
/*
 * Script letters: p pass, s slow pass, f fail, t tick; O C R: forced open,
 * closed, released; a digit waits that many times 100 ms.  No jitter: draw is 0.
 */
static const struct story {
	const char *title;
	const char *script;
	enum breaker_state ends_in;
} stories[] = {
	{ "new breaker is closed",            "",            BREAKER_CLOSED },
	{ "failures short of the limit",      "ff",          BREAKER_CLOSED },
	{ "third failure in a row opens",     "fff",         BREAKER_OPEN },
	{ "a pass ends the streak",           "ffpff",       BREAKER_CLOSED },
	{ "a slow pass ends the streak",      "ffsff",       BREAKER_CLOSED },
	{ "half of a full window opens",      "pfpfpf",      BREAKER_OPEN },
	{ "half of a window not yet full",    "pfpff",       BREAKER_CLOSED },
	{ "a pass never opens",               "fpfpfp",      BREAKER_CLOSED },
	{ "the failure after it does",        "fpfpfpf",     BREAKER_OPEN },
	{ "old failures leave the window",    "ffpppppfpf",  BREAKER_CLOSED },
	{ "slow rate in a full window opens", "pssssss",     BREAKER_OPEN },
	{ "slow rate just short",             "psspss",      BREAKER_CLOSED },
	{ "slow, window not yet full",        "sssss",       BREAKER_CLOSED },
	{ "a tick never opens",               "fft9t9t9t",   BREAKER_CLOSED },
	{ "open ignores late outcomes",       "fffpppsf",    BREAKER_OPEN },
	{ "not cooled one step early",        "fff9t",       BREAKER_OPEN },
	{ "cooled exactly at open_for",       "fff91t",      BREAKER_HALF_OPEN },
	{ "time alone opens no trial",        "fff99",       BREAKER_OPEN },
	{ "trial needs two passes",           "fff91tp",     BREAKER_HALF_OPEN },
	{ "two passes close it",              "fff91tpp",    BREAKER_CLOSED },
	{ "a slow pass starts trial again",   "fff91tpsp",   BREAKER_HALF_OPEN },
	{ "and then two passes close it",     "fff91tpspp",  BREAKER_CLOSED },
	{ "one failure in trial reopens",     "fff91tpf",    BREAKER_OPEN },
	{ "second opening lasts twice",       "fff91tf99t",  BREAKER_OPEN },
	{ "and no longer",                    "fff91tf992t", BREAKER_HALF_OPEN },
	{ "third is bounded by max_open_for",
	  "fff91tf992tf997t",                                BREAKER_HALF_OPEN },
	{ "a trial nobody decides reopens",   "fff91t997t",  BREAKER_OPEN },
	{ "but not before max_open_for",      "fff91t996t",  BREAKER_HALF_OPEN },
	{ "closing empties the window",       "fff91tppff",  BREAKER_CLOSED },
	{ "flapping opens for longer",
	  "fff91tppfff91t",                                  BREAKER_OPEN },
	{ "forced open, passes change nothing", "pOppppt99t",  BREAKER_FORCED_OPEN },
	{ "until it is released, on trial",   "pOpppR",      BREAKER_HALF_OPEN },
	{ "forced closed, neither do failures", "Cffffft",   BREAKER_FORCED_CLOSED },
	{ "nor are they held against it",     "CffffRff",    BREAKER_CLOSED },
	{ "only those after it",              "CffffRfff",   BREAKER_OPEN },
	{ "forced while it is open",          "fffC",        BREAKER_FORCED_CLOSED },
	{ "and on trial",                     "fff91tO",     BREAKER_FORCED_OPEN },
	{ "a release of nothing is nothing",  "fffR",        BREAKER_OPEN },
	{ "a calm open_for is forgiven",
	  "fff91tpp91fff91t",                                BREAKER_HALF_OPEN },
};
/* clang-format on */

static struct breaker play(const struct policy_breaker *lim, const char *script)
{
	struct breaker b = { 0 };
	int64_t now_ms = 1000000;

	/* As a prober does: the breaker's first moment is the present. */
	b.since_ms = now_ms;
	for (const char *c = script; *c != '\0'; c++) {
		if (*c >= '0' && *c <= '9')
			now_ms += 100 * (*c - '0');
		else
			b = breaker_letter(b, lim, *c, now_ms);
	}
	return b;
}

static void play_all(const struct policy_breaker *lim, const struct story *list,
		     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct breaker b = play(lim, list[i].script);

		if (b.state != list[i].ends_in)
			fail_msg("%s: \"%s\" ended %s", list[i].title,
				 list[i].script, breaker_state_name(b.state));
	}
}

static void test_stories(void **state)
{
	(void)state;
	play_all(&limits, stories, sizeof(stories) / sizeof(stories[0]));
}

/* clang-format off */
/* Four outcomes of the last second make a rate of 50 %. */
static const struct story aged[] = {
	{ "half of four",                     "pfpf",        BREAKER_OPEN },
	{ "exactly as old as they may be",    "pfp91f",      BREAKER_OPEN },
	{ "the first has left the window",    "p1fp91f",     BREAKER_CLOSED },
	{ "old failures alone never open",    "f9f9f9f9f9f", BREAKER_CLOSED },
	{ "three a second are too few",       "f4f4f4f4f4f", BREAKER_CLOSED },
	{ "four are enough",                  "f3f3f3f",     BREAKER_OPEN },
	{ "slow ones age, too",               "s9s9s9s9s",   BREAKER_CLOSED },
	{ "and open while they are young",    "ssss",        BREAKER_OPEN },
};

/* Two openings in a row damp; half of a penalty is gone in 10 s. */
static const struct story damped[] = {
	{ "once is not flapping",             "f1tp",        BREAKER_CLOSED },
	{ "twice is",                         "f1tpf1tp",    BREAKER_DAMPED },
	{ "failed trials are no flapping",    "f1tf2tf3tp",  BREAKER_CLOSED },
	{ "passes change nothing",            "f1tpf1tppppt", BREAKER_DAMPED },
	{ "nor do slow ones",                 "f1tpf1tpst",  BREAKER_DAMPED },
	{ "a failure opens it again",         "f1tpf1tpf",   BREAKER_OPEN },
	{ "and the trial leads back",         "f1tpf1tpf3tp", BREAKER_DAMPED },
	{ "time puts it on trial, not more",
	  "f1tpf1tp99999999999999999999999999t",             BREAKER_HALF_OPEN },
	{ "where a pass closes it",
	  "f1tpf1tp99999999999999999999999999tp",            BREAKER_CLOSED },
	{ "forced closed, all is forgiven",   "f1tpf1tpCRf1tp", BREAKER_CLOSED },
	{ "but not before half is left",
	  "f1tpf1tp9999999999t",                             BREAKER_DAMPED },
};
/* clang-format on */

/* clang-format off */
/*
 * Users' outcomes count two of six.  Trials are green: "91tpp" closes a breaker
 * that probes opened.
 */
static const struct story by_users[] = {
	{ "half of a full window opens",      "uud",         BREAKER_CLOSED },
	{ "two of three do",                  "udd",         BREAKER_OPEN },
	{ "a window not yet full does not",   "dd",          BREAKER_CLOSED },
	{ "green probes between are few",     "dpdpd",       BREAKER_OPEN },
	{ "passing users never open",         "dduuu",       BREAKER_CLOSED },
	{ "nor is theirs a streak",           "ffdf",        BREAKER_OPEN },
	{ "a streak of probes is",            "ffuf",        BREAKER_OPEN },
	{ "green probes alone do not close",  "ddd91tpp",    BREAKER_TRICKLE },
	{ "however many",                     "ddd91tpppppt", BREAKER_TRICKLE },
	{ "but users do",                     "ddd91tppu",   BREAKER_CLOSED },
	{ "before the trickle they do not",   "ddd91tpup",   BREAKER_TRICKLE },
	{ "failing users open it",            "ddd91tppd",   BREAKER_OPEN },
	{ "a failing probe does",             "ddd91tppf",   BREAKER_OPEN },
	{ "a slow one does not",              "ddd91tpps",   BREAKER_TRICKLE },
	{ "and it was by users still",        "ddd91tppf992tpp", BREAKER_TRICKLE },
	{ "no edge tells: probes' word",      "ddd91tpq",    BREAKER_CLOSED },
	{ "or tells no more",                 "ddd91tppb",   BREAKER_CLOSED },
	{ "the deadline closes it",           "ddd91tpp997t", BREAKER_CLOSED },
	{ "and not before",                   "ddd91tpp996t", BREAKER_TRICKLE },
	{ "what probes opened is not by users", "uufff91tpp", BREAKER_CLOSED },
	{ "nor what their rate alone opened", "ffpfd91tpp",  BREAKER_CLOSED },
	{ "forced open, it is a person's",    "dddOR91pp",   BREAKER_CLOSED },
	{ "forced on the trickle",            "ddd91tppO",   BREAKER_FORCED_OPEN },
};
/* clang-format on */

static void test_users(void **state)
{
	const struct breaker_input thin = {
		.event = BREAKER_TICK,
		.users = { .watched = true,
			   .requests = 4,
			   .errors = 2,
			   .failure_rate_pct = 50 },
		.now_ms = 2000000,
	};
	struct breaker_input thinner = thin;
	struct policy_breaker lim = limits;
	struct breaker b;

	(void)state;
	play_all(&limits, by_users, sizeof(by_users) / sizeof(by_users[0]));
	b = play(&limits, "udd");
	assert_true(b.by_users);
	assert_false(play(&limits, "fff").by_users);
	assert_false(play(&limits, "ddd91tppu").by_users);
	/* Closed without a word of theirs is said, and is over with it. */
	assert_false(play(&limits, "ddd91tppu").unjudged);
	assert_true(play(&limits, "ddd91tpq").unjudged);
	assert_true(play(&limits, "ddd91tpp997t").unjudged);
	assert_false(play(&limits, "ddd91tpqfff").unjudged);
	/* At the deadline the few that came are believed. */
	b = play(&limits, "ddd91tpp");
	assert_int_equal(breaker_step(b, &limits, &thin).state, BREAKER_OPEN);
	thinner.users.errors = 1;
	assert_int_equal(breaker_step(b, &limits, &thinner).state,
			 BREAKER_CLOSED);
	/* One that flaps is not closed by users either. */
	lim.damp_openings = 2;
	lim.half_life_ms = 100000;
	b = play(&lim, "ddd91tppuddd9991tppu");
	assert_int_equal(b.state, BREAKER_DAMPED);
	assert_int_equal(play(&lim, "ddd91tppuddd9991tppb").state,
			 BREAKER_DAMPED);
}

static void test_window_in_time(void **state)
{
	const struct policy_breaker lim = { .window = 4,
					    .window_ms = 1000,
					    .failure_rate_pct = 50,
					    .slow_rate_pct = 100,
					    .open_for_ms = 1000,
					    .max_open_for_ms = 1000,
					    .half_open_probes = 1 };
	struct breaker b;

	(void)state;
	play_all(&lim, aged, sizeof(aged) / sizeof(aged[0]));
	/* Time alone takes them out of what is reported... */
	b = play(&lim, "ff99t");
	assert_int_equal(b.samples, 0);
	assert_int_equal(breaker_failures(&b), 0);
	/* ...but not what it opened on, however long it is out. */
	b = play(&lim, "ffff99991t");
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	b = play(&lim, "ffff9t9");
	assert_int_equal(
		breaker_letter(b, &lim, 'p', b.since_ms + 5000).samples, 4);
	b = play(&lim, "ffff9t");
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_int_equal(b.samples, 4);
}

static const struct policy_breaker flaps = {
	.window = 1,
	.consecutive = 1,
	.open_for_ms = 100,
	.max_open_for_ms = 100,
	.half_open_probes = 1,
	.damp_openings = 2,
	.half_life_ms = 10000,
};

static void test_damping(void **state)
{
	struct policy_breaker lim = flaps;
	struct breaker b;

	(void)state;
	play_all(&flaps, damped, sizeof(damped) / sizeof(damped[0]));
	/* It says so from the opening on. */
	assert_false(play(&flaps, "f").damped);
	assert_true(play(&flaps, "f1tpf").damped);
	/* Failing while damped is flapping on... */
	b = play(&flaps, "f1tpf1tpf1tp");
	assert_int_equal(
		breaker_letter(b, &flaps, 't', b.since_ms + 20000).state,
		BREAKER_DAMPED);
	/* ...but no more than three half-lives are to be paid for it. */
	b = play(&flaps, "f1tpf1tpf1tpf1tpf1tpf1tpf1tpf1tpf1tpf1tpf1tp");
	assert_int_equal(
		breaker_letter(b, &flaps, 't', b.since_ms + 29000).state,
		BREAKER_DAMPED);
	assert_int_equal(
		breaker_letter(b, &flaps, 't', b.since_ms + 30000).state,
		BREAKER_HALF_OPEN);
	/* A failure of before says nothing of a breaker that is out. */
	b = play(&flaps, "f1tpf");
	assert_int_equal(b.samples, 1);
	/* Damping that is taken away by a reload ends. */
	b = play(&flaps, "f1tpf1tp");
	lim.damp_openings = 0;
	b = breaker_letter(b, &lim, 't', b.since_ms + 1);
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	assert_false(b.damped);
}

static void test_jitter_is_at_most_a_fifth(void **state)
{
	const struct policy_breaker lim = { .consecutive = 1,
					    .window = 1,
					    .open_for_ms = 1000,
					    .max_open_for_ms = 5000,
					    .half_open_probes = 1 };
	const struct breaker_input least = { BREAKER_FAIL, .now_ms = 50 };
	const struct breaker_input half = { BREAKER_FAIL,
					    .draw = UINT32_MAX / 2,
					    .now_ms = 50 };
	const struct breaker_input most = { BREAKER_FAIL, .draw = UINT32_MAX,
					    .now_ms = 50 };
	struct breaker b = { 0 };

	(void)state;
	assert_int_equal(breaker_step(b, &lim, &least).retry_ms, 1050);
	assert_int_equal(breaker_step(b, &lim, &half).retry_ms, 1149);
	assert_int_equal(breaker_step(b, &lim, &most).retry_ms, 1249);
}

/* Limits that are off judge nothing; the largest ones overflow nothing. */
static void test_extreme_limits(void **state)
{
	struct policy_breaker off = { .open_for_ms = 10,
				      .half_open_probes = 1,
				      .max_open_for_ms = 10 };
	struct policy_breaker big = { .consecutive = 1,
				      .window = 64,
				      .failure_rate_pct = 100,
				      .open_for_ms = INT64_MAX / 4,
				      .max_open_for_ms = INT64_MAX / 4,
				      .half_open_probes = 1 };
	struct breaker b = { 0 };

	(void)state;
	for (int i = 0; i < 200; i++)
		b = breaker_letter(b, &off, "fs"[i % 2], i);
	assert_int_equal(b.state, BREAKER_CLOSED);
	assert_int_equal(b.samples, 0);
	b = (struct breaker){ .openings = 1000 };
	b = breaker_letter(b, &big, 'f', 5);
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_true(b.retry_ms >= INT64_MAX / 4);
	/* A window of 64, every bit of it and none too old. */
	big.consecutive = 0;
	big.window_ms = 63;
	b = (struct breaker){ 0 };
	for (int i = 0; i < 63; i++)
		b = breaker_letter(b, &big, 'f', 1000 + i);
	assert_int_equal(b.state, BREAKER_CLOSED);
	assert_int_equal(breaker_failures(&b), 63);
	b = breaker_letter(b, &big, 'f', 1063);
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_int_equal(breaker_failures(&b), 64);
	b = (struct breaker){ 0 };
	for (int i = 0; i < 64; i++)
		b = breaker_letter(b, &big, 'p', 1000 + i);
	assert_int_equal(breaker_letter(b, &big, 't', 1063).samples, 64);
	assert_int_equal(breaker_letter(b, &big, 't', 1064).samples, 63);
}

/* Failures of probes that were the vantage's own; users' and earlier ones stay.
 */
static void test_excuse(void **state)
{
	struct policy_breaker lim = limits;
	struct breaker b = { 0 };

	(void)state;
	lim.consecutive = 3;
	lim.window = 20;
	b = breaker_letter(b, &lim, 'f', 1);
	b = breaker_letter(b, &lim, 'p', 2);
	b = breaker_letter(b, &lim, 'f', 3);
	b = breaker_letter(b, &lim, 'f', 4);
	b = breaker_excuse(b, 3);
	assert_int_equal(b.samples, 4);
	assert_int_equal(breaker_failures(&b), 1);
	b = breaker_letter(b, &lim, 'f', 5);
	assert_int_equal(b.state, BREAKER_CLOSED);
	b = breaker_letter(b, &lim, 'f', 6);
	b.users |= 1;
	assert_int_equal(breaker_failures(&b), 3);
	b = breaker_excuse(b, 5);
	assert_int_equal(breaker_failures(&b), 2);
	/* One that is open stays so. */
	for (int i = 7; i < 10; i++)
		b = breaker_letter(b, &lim, 'f', i);
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_int_equal(breaker_excuse(b, 1).state, BREAKER_OPEN);
}

/* A reload may shrink the window under the outcomes it holds. */
static void test_window_shrinks(void **state)
{
	struct policy_breaker lim = limits;
	struct breaker b = { 0 };

	(void)state;
	lim.consecutive = 0;
	lim.window = 20;
	for (int i = 0; i < 12; i++)
		b = breaker_letter(b, &lim, i < 8 ? 'f' : 'p', i);
	assert_int_equal(b.samples, 12);
	lim.window = 4;
	b = breaker_letter(b, &lim, 'p', 12);
	assert_int_equal(b.samples, 4);
	assert_int_equal(breaker_failures(&b), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_window_in_time),
		cmocka_unit_test(test_damping),
		cmocka_unit_test(test_jitter_is_at_most_a_fifth),
		cmocka_unit_test(test_extreme_limits),
		cmocka_unit_test(test_excuse),
		cmocka_unit_test(test_window_shrinks),
	};

	return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
