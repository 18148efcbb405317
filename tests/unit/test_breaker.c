/* SPDX-License-Identifier: Apache-2.0 */
/* breaker: every story an endpoint can live through, one row each, and every
 * sequence of events up to a length, against what must always hold. */
#include "health/breaker.h"

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
 * Script letters: p pass, s slow pass, f fail, t tick; a digit waits that many
 * times 100 ms.  No jitter: draw is 0.
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
	{ "a calm open_for is forgiven",
	  "fff91tpp91fff91t",                                BREAKER_HALF_OPEN },
};
/* clang-format on */

static struct breaker step(struct breaker b, const struct policy_breaker *lim,
			   char letter, int64_t now_ms)
{
	static const char letters[] = "psft";
	const char *at = strchr(letters, letter);
	const struct breaker_input in = {
		.event = (enum breaker_event)(at - letters),
		.now_ms = now_ms,
	};

	return breaker_step(b, lim, &in);
}

static struct breaker play(const char *script)
{
	struct breaker b = { 0 };
	int64_t now_ms = 1000000;

	/* As a prober does: the breaker's first moment is the present. */
	b.since_ms = now_ms;
	for (const char *c = script; *c != '\0'; c++) {
		if (*c >= '0' && *c <= '9')
			now_ms += 100 * (*c - '0');
		else
			b = step(b, &limits, *c, now_ms);
	}
	return b;
}

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct breaker b = play(stories[i].script);

		if (b.state != stories[i].ends_in)
			fail_msg("%s: \"%s\" ended %s", stories[i].title,
				 stories[i].script,
				 breaker_state_name(b.state));
	}
}

static void test_jitter_is_at_most_a_fifth(void **state)
{
	const struct policy_breaker lim = { .consecutive = 1,
					    .window = 1,
					    .open_for_ms = 1000,
					    .max_open_for_ms = 5000,
					    .half_open_probes = 1 };
	const struct breaker_input least = { BREAKER_FAIL, 0, 50 };
	const struct breaker_input half = { BREAKER_FAIL, UINT32_MAX / 2, 50 };
	const struct breaker_input most = { BREAKER_FAIL, UINT32_MAX, 50 };
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
		b = step(b, &off, "fs"[i % 2], i);
	assert_int_equal(b.state, BREAKER_CLOSED);
	assert_int_equal(b.samples, 0);
	b = (struct breaker){ .openings = 1000 };
	b = step(b, &big, 'f', 5);
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_true(b.retry_ms >= INT64_MAX / 4);
	/* A window of 64, every bit of it. */
	big.consecutive = 0;
	b = (struct breaker){ 0 };
	for (int i = 0; i < 63; i++)
		b = step(b, &big, 'f', i);
	assert_int_equal(b.state, BREAKER_CLOSED);
	assert_int_equal(breaker_failures(&b), 63);
	b = step(b, &big, 'f', 63);
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_int_equal(breaker_failures(&b), 64);
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
		b = step(b, &lim, i < 8 ? 'f' : 'p', i);
	assert_int_equal(b.samples, 12);
	lim.window = 4;
	b = step(b, &lim, 'p', 12);
	assert_int_equal(b.samples, 4);
	assert_int_equal(breaker_failures(&b), 0);
}

/* What must hold after any sequence; the path is kept to be shown. */
struct walk {
	struct policy_breaker lim;
	char path[16];
	size_t depth;
	unsigned long visited;
	unsigned passes; /* in a row in this trial, as this walk counts */
};

static void broken(const struct walk *w, const char *what)
{
	fail_msg("%s: %.*s", what, (int)w->depth, w->path);
}

static void check_state(const struct walk *w, const struct breaker *b,
			int64_t now_ms)
{
	if (b->state == BREAKER_OPEN) {
		int64_t wait_ms = b->retry_ms - b->since_ms;

		if (wait_ms < w->lim.open_for_ms ||
		    wait_ms > w->lim.max_open_for_ms * 6 / 5)
			broken(w, "open for too short or too long");
		if (step(*b, &w->lim, 't', b->retry_ms).state !=
		    BREAKER_HALF_OPEN)
			broken(w, "stuck open");
		if (b->retry_ms - 1 >= now_ms &&
		    step(*b, &w->lim, 't', b->retry_ms - 1).state !=
			    BREAKER_OPEN)
			broken(w, "tried too early");
	}
	if (b->state == BREAKER_HALF_OPEN &&
	    step(*b, &w->lim, 't', b->since_ms + w->lim.max_open_for_ms)
			    .state != BREAKER_OPEN)
		broken(w, "stuck half-open");
	if (breaker_failures(b) > b->samples || b->samples > w->lim.window)
		broken(w, "miscounted");
}

static void check_step(const struct walk *w, const struct breaker *was,
		       const struct breaker *b, char letter)
{
	enum breaker_state from = was->state, to = b->state;

	if (from == to)
		return;
	if (from == BREAKER_CLOSED &&
	    (to != BREAKER_OPEN || (letter != 'f' && letter != 's')))
		broken(w, "left closed otherwise than by a bad outcome");
	if (from == BREAKER_OPEN && (to != BREAKER_HALF_OPEN || letter != 't'))
		broken(w, "left open otherwise than by time");
	if (to == BREAKER_CLOSED && w->passes < w->lim.half_open_probes)
		broken(w, "closed without enough passes");
	if (to == BREAKER_OPEN && b->openings == 0)
		broken(w, "an opening that does not count");
}

static void walk_on(struct walk *w, struct breaker b, int64_t now_ms)
{
	static const char letters[] = "psft";

	w->visited++;
	check_state(w, &b, now_ms);
	if (w->depth == 10)
		return;
	for (size_t i = 0; i < 5; i++) {
		/* The fifth event: a long wait and a tick. */
		char letter = i < 4 ? letters[i] : 't';
		int64_t then_ms = now_ms + (i < 4 ? 30 : 120);
		struct breaker next = step(b, &w->lim, letter, then_ms);
		unsigned before = w->passes;

		w->path[w->depth++] = i < 4 ? letter : 'T';
		if (letter != 't')
			w->passes = letter == 'p' ? w->passes + 1 : 0;
		check_step(w, &b, &next, letter);
		if (next.state != b.state)
			w->passes = 0;
		walk_on(w, next, then_ms);
		w->passes = before;
		w->depth--;
	}
}

static void test_every_sequence_up_to_ten(void **state)
{
	struct walk w = { .lim = { .window = 3,
				   .failure_rate_pct = 60,
				   .consecutive = 2,
				   .slow_rate_pct = 100,
				   .open_for_ms = 100,
				   .max_open_for_ms = 250,
				   .half_open_probes = 2 } };

	(void)state;
	walk_on(&w, (struct breaker){ 0 }, 0);
	assert_int_equal(w.visited, 12207031); /* (5^11 - 1) / 4 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_jitter_is_at_most_a_fifth),
		cmocka_unit_test(test_extreme_limits),
		cmocka_unit_test(test_window_shrinks),
		cmocka_unit_test(test_every_sequence_up_to_ten),
	};

	return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
