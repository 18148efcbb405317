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

static struct breaker step(struct breaker b, const struct policy_breaker *lim,
			   char letter, int64_t now_ms)
{
	static const char letters[] = "psftOCR";
	const char *at = strchr(letters, letter);
	const struct breaker_input in = {
		.event = (enum breaker_event)(at - letters),
		.now_ms = now_ms,
	};

	return breaker_step(b, lim, &in);
}

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
			b = step(b, lim, *c, now_ms);
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
	assert_int_equal(step(b, &lim, 'p', b.since_ms + 5000).samples, 4);
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
	assert_int_equal(step(b, &flaps, 't', b.since_ms + 20000).state,
			 BREAKER_DAMPED);
	/* ...but no more than three half-lives are to be paid for it. */
	b = play(&flaps, "f1tpf1tpf1tpf1tpf1tpf1tpf1tpf1tpf1tpf1tpf1tp");
	assert_int_equal(step(b, &flaps, 't', b.since_ms + 29000).state,
			 BREAKER_DAMPED);
	assert_int_equal(step(b, &flaps, 't', b.since_ms + 30000).state,
			 BREAKER_HALF_OPEN);
	/* A failure of before says nothing of a breaker that is out. */
	b = play(&flaps, "f1tpf");
	assert_int_equal(b.samples, 1);
	/* Damping that is taken away by a reload ends. */
	b = play(&flaps, "f1tpf1tp");
	lim.damp_openings = 0;
	b = step(b, &lim, 't', b.since_ms + 1);
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	assert_false(b.damped);
}

/*
 * An endpoint that does its worst: it passes each trial at once and fails as
 * soon as, or a while after, it is closed.  breaker.h says how often it can
 * open in a half-life, and by what decays in all that time how often at all.
 */
static void flap(uint32_t openings, int64_t up_ms)
{
	enum { HALF_LIFE_MS = 10000, STEP_MS = 10, LIVES = 40 };
	struct policy_breaker lim = flaps;
	int64_t opened_ms[LIVES * 64], closed_ms = 0;
	struct breaker b = { 0 };
	size_t count = 0;

	lim.damp_openings = openings;
	lim.open_for_ms = STEP_MS;
	lim.max_open_for_ms = STEP_MS;
	for (int64_t t = 0; t < LIVES * HALF_LIFE_MS; t += STEP_MS) {
		enum breaker_state was;

		b = step(b, &lim, 't', t);
		was = b.state;
		b = step(b, &lim,
			 was == BREAKER_CLOSED && t - closed_ms >= up_ms ? 'f'
									 : 'p',
			 t);
		if (was != BREAKER_CLOSED && b.state == BREAKER_CLOSED)
			closed_ms = t;
		if (was == BREAKER_CLOSED && b.state == BREAKER_OPEN &&
		    count < sizeof(opened_ms) / sizeof(opened_ms[0]))
			opened_ms[count++] = t;
	}
	for (size_t i = 0; i + 2 * openings - 1 < count; i++)
		if (opened_ms[i + 2 * openings - 1] - opened_ms[i] <=
		    HALF_LIFE_MS)
			fail_msg("damping.openings %u, up for %ld ms: too many "
				 "openings at %ld ms",
				 openings, (long)up_ms, (long)opened_ms[i]);
	if ((double)count > openings * (1 + 0.7 * LIVES) || count < 2)
		fail_msg("damping.openings %u, up for %ld ms: %zu openings",
			 openings, (long)up_ms, count);
}

static void test_flapping_is_bounded(void **state)
{
	(void)state;
	for (uint32_t openings = 1; openings <= 12; openings++)
		for (int64_t up_ms = 0; up_ms < 12000; up_ms += 700)
			flap(openings, up_ms);
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
	/* A window of 64, every bit of it and none too old. */
	big.consecutive = 0;
	big.window_ms = 63;
	b = (struct breaker){ 0 };
	for (int i = 0; i < 63; i++)
		b = step(b, &big, 'f', 1000 + i);
	assert_int_equal(b.state, BREAKER_CLOSED);
	assert_int_equal(breaker_failures(&b), 63);
	b = step(b, &big, 'f', 1063);
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_int_equal(breaker_failures(&b), 64);
	b = (struct breaker){ 0 };
	for (int i = 0; i < 64; i++)
		b = step(b, &big, 'p', 1000 + i);
	assert_int_equal(step(b, &big, 't', 1063).samples, 64);
	assert_int_equal(step(b, &big, 't', 1064).samples, 63);
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
	size_t depth, deepest;
	const char *letters; /* after each a tick much later is tried as well */
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
	if (b->state == BREAKER_DAMPED) {
		if (step(*b, &w->lim, 't', now_ms + 8 * w->lim.half_life_ms)
			    .state != BREAKER_HALF_OPEN)
			broken(w, "stuck damped");
	}
	if (b->state == BREAKER_CLOSED && b->damped)
		broken(w, "closed and damped");
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

	if (letter == 'O' || letter == 'C') {
		if (to != (letter == 'O' ? BREAKER_FORCED_OPEN
					 : BREAKER_FORCED_CLOSED))
			broken(w, "not forced");
		return;
	}
	if (letter == 'R') {
		if (to != (from == BREAKER_FORCED_OPEN     ? BREAKER_HALF_OPEN
			   : from == BREAKER_FORCED_CLOSED ? BREAKER_CLOSED
							   : from))
			broken(w, "not released");
		return;
	}
	if (from == to)
		return;
	if (from >= BREAKER_FORCED_OPEN || to >= BREAKER_FORCED_OPEN)
		broken(w, "left or entered force otherwise than by a person");
	if (from == BREAKER_CLOSED &&
	    (to != BREAKER_OPEN || (letter != 'f' && letter != 's')))
		broken(w, "left closed otherwise than by a bad outcome");
	if (from == BREAKER_OPEN && (to != BREAKER_HALF_OPEN || letter != 't'))
		broken(w, "left open otherwise than by time");
	if (from == BREAKER_DAMPED && (letter == 'f') != (to == BREAKER_OPEN))
		broken(w, "left damped otherwise than by failure or time");
	if (to == BREAKER_DAMPED && from != BREAKER_HALF_OPEN)
		broken(w, "damped without a trial");
	if (to == BREAKER_CLOSED && from != BREAKER_HALF_OPEN)
		broken(w, "closed without a trial");
	if (to == BREAKER_CLOSED && w->passes < w->lim.half_open_probes)
		broken(w, "closed without enough passes");
	if (to == BREAKER_OPEN && b->openings == 0)
		broken(w, "an opening that does not count");
}

static void walk_on(struct walk *w, struct breaker b, int64_t now_ms)
{
	size_t count = strlen(w->letters);

	w->visited++;
	check_state(w, &b, now_ms);
	if (w->depth == w->deepest)
		return;
	for (size_t i = 0; i <= count; i++) {
		/* The last event: a long wait and a tick. */
		char letter = i < count ? w->letters[i] : 't';
		int64_t then_ms = now_ms + (i < count ? 30 : 120);
		struct breaker next = step(b, &w->lim, letter, then_ms);
		unsigned before = w->passes;

		w->path[w->depth++] = i < count ? letter : 'T';
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
	struct walk w = { .deepest = 10,
			  .letters = "psft",
			  .lim = { .window = 3,
				   .window_ms = 100,
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

/* So few and so quick that nine events damp it and let it go again. */
static void test_every_flapping_up_to_nine(void **state)
{
	struct walk w = { .deepest = 9,
			  .letters = "psft",
			  .lim = { .window = 1,
				   .consecutive = 1,
				   .open_for_ms = 60,
				   .max_open_for_ms = 120,
				   .half_open_probes = 1,
				   .damp_openings = 2,
				   .half_life_ms = 200 } };

	(void)state;
	walk_on(&w, (struct breaker){ 0 }, 0);
	assert_int_equal(w.visited, 2441406); /* (5^10 - 1) / 4 */
}

static void test_every_force_up_to_seven(void **state)
{
	struct walk w = { .deepest = 7,
			  .letters = "psftOCR",
			  .lim = { .window = 1,
				   .consecutive = 1,
				   .open_for_ms = 60,
				   .max_open_for_ms = 120,
				   .half_open_probes = 1,
				   .damp_openings = 2,
				   .half_life_ms = 200 } };

	(void)state;
	walk_on(&w, (struct breaker){ 0 }, 0);
	assert_int_equal(w.visited, 2396745); /* (8^8 - 1) / 7 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_window_in_time),
		cmocka_unit_test(test_damping),
		cmocka_unit_test(test_flapping_is_bounded),
		cmocka_unit_test(test_jitter_is_at_most_a_fifth),
		cmocka_unit_test(test_extreme_limits),
		cmocka_unit_test(test_window_shrinks),
		cmocka_unit_test(test_every_sequence_up_to_ten),
		cmocka_unit_test(test_every_flapping_up_to_nine),
		cmocka_unit_test(test_every_force_up_to_seven),
	};

	return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
