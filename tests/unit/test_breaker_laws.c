/* SPDX-License-Identifier: Apache-2.0 */
/* breaker: every sequence of events up to a length, and an endpoint that does
 * its worst, against what must always hold. */
#include "tests/unit/breaker_letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/*
 * An endpoint that does its worst: it passes each trial at once and fails as
 * soon as, or a while after, it is closed.  breaker.h says how often it can
 * open in a half-life, and by what decays in all that time how often at all.
 */
static void flap(uint32_t openings, int64_t up_ms)
{
	enum { HALF_LIFE_MS = 10000, STEP_MS = 10, LIVES = 40 };
	struct policy_breaker lim = {
		.window = 1,
		.consecutive = 1,
		.open_for_ms = STEP_MS,
		.max_open_for_ms = STEP_MS,
		.half_open_probes = 1,
		.damp_openings = openings,
		.half_life_ms = HALF_LIFE_MS,
	};
	int64_t opened_ms[LIVES * 64], closed_ms = 0;
	struct breaker b = { 0 };
	size_t count = 0;

	for (int64_t t = 0; t < LIVES * HALF_LIFE_MS; t += STEP_MS) {
		enum breaker_state was;

		b = breaker_letter(b, &lim, 't', t);
		was = b.state;
		b = breaker_letter(b, &lim,
				   was == BREAKER_CLOSED &&
						   t - closed_ms >= up_ms
					   ? 'f'
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
		if (breaker_letter(*b, &w->lim, 't', b->retry_ms).state !=
		    BREAKER_HALF_OPEN)
			broken(w, "stuck open");
		if (b->retry_ms - 1 >= now_ms &&
		    breaker_letter(*b, &w->lim, 't', b->retry_ms - 1).state !=
			    BREAKER_OPEN)
			broken(w, "tried too early");
	}
	if (b->state == BREAKER_DAMPED) {
		if (breaker_letter(*b, &w->lim, 't',
				   now_ms + 8 * w->lim.half_life_ms)
			    .state != BREAKER_HALF_OPEN)
			broken(w, "stuck damped");
	}
	if (b->state == BREAKER_CLOSED && b->damped)
		broken(w, "closed and damped");
	if (b->state == BREAKER_HALF_OPEN &&
	    breaker_letter(*b, &w->lim, 't',
			   b->since_ms + w->lim.max_open_for_ms)
			    .state != BREAKER_OPEN)
		broken(w, "stuck half-open");
	if (b->state == BREAKER_TRICKLE &&
	    (breaker_letter(*b, &w->lim, 't',
			    b->since_ms + w->lim.max_open_for_ms)
			     .state == BREAKER_TRICKLE ||
	     breaker_letter(*b, &w->lim, 'b', now_ms).state == BREAKER_TRICKLE))
		broken(w, "stuck in the trickle");
	if (b->state == BREAKER_TRICKLE && !b->by_users)
		broken(w, "a trickle that no users asked for");
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
	    (to != BREAKER_OPEN ||
	     (letter != 'f' && letter != 's' && letter != 'd')))
		broken(w, "left closed otherwise than by a bad outcome");
	if (from == BREAKER_OPEN &&
	    (to != BREAKER_HALF_OPEN || (letter != 't' && letter != 'b')))
		broken(w, "left open otherwise than by time");
	if (from == BREAKER_DAMPED && (letter == 'f') != (to == BREAKER_OPEN))
		broken(w, "left damped otherwise than by failure or time");
	if (to == BREAKER_DAMPED && from != BREAKER_HALF_OPEN &&
	    from != BREAKER_TRICKLE)
		broken(w, "damped without a trial");
	if (to == BREAKER_CLOSED && from != BREAKER_HALF_OPEN &&
	    from != BREAKER_TRICKLE)
		broken(w, "closed without a trial");
	if (to == BREAKER_CLOSED && was->by_users && letter == 'p')
		broken(w, "what users saw was closed by probes");
	if (to == BREAKER_TRICKLE && from != BREAKER_HALF_OPEN)
		broken(w, "a trickle without a trial");
	if (to == BREAKER_CLOSED && from == BREAKER_HALF_OPEN &&
	    w->passes < w->lim.half_open_probes)
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
		struct breaker next =
			breaker_letter(b, &w->lim, letter, then_ms);
		unsigned before = w->passes;

		w->path[w->depth++] = i < count ? letter : 'T';
		if (strchr("tudb", letter) == NULL)
			w->passes = letter == 'p' ? w->passes + 1 : 0;
		check_step(w, &b, &next, letter);
		if (next.state != b.state)
			w->passes = 0;
		walk_on(w, next, then_ms);
		w->passes = before;
		w->depth--;
	}
}

/* clang-format off */
#define QUICK { .window = 1, .consecutive = 1, .open_for_ms = 60, \
		.max_open_for_ms = 120, .half_open_probes = 1, \
		.damp_openings = 2, .half_life_ms = 200 }
/* clang-format on */

/* clang-format off */
static const struct walk_row {
	const char *title;
	struct walk walk;
	unsigned visited; /* (letters + 1)^(deepest + 1) - 1, over letters */
} walks[] = {
	{ "every sequence up to ten",
	  { .deepest = 10, .letters = "psft",
	    .lim = { .window = 3, .window_ms = 100, .failure_rate_pct = 60,
		     .consecutive = 2, .slow_rate_pct = 100, .open_for_ms = 100,
		     .max_open_for_ms = 250, .half_open_probes = 2 } },
	  12207031 },
	/* So few and so quick that nine events damp it and let it go again. */
	{ "every flapping up to nine",
	  { .deepest = 9, .letters = "psft", .lim = QUICK }, 2441406 },
	{ "every word of users up to eight",
	  { .deepest = 8, .letters = "pfudb",
	    .lim = { .window = 3, .window_ms = 200, .failure_rate_pct = 60,
		     .consecutive = 2, .open_for_ms = 60, .max_open_for_ms = 120,
		     .half_open_probes = 1, .damp_openings = 2,
		     .half_life_ms = 200 } },
	  2015539 },
	{ "every force up to seven",
	  { .deepest = 7, .letters = "psftOCR", .lim = QUICK }, 2396745 },
};
/* clang-format on */

static void test_walks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		struct walk w = walks[i].walk;

		print_message("# %s\n", walks[i].title);
		walk_on(&w, (struct breaker){ 0 }, 0);
		assert_int_equal(w.visited, walks[i].visited);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flapping_is_bounded),
		cmocka_unit_test(test_walks),
	};

	return cmocka_run_group_tests_name("breaker_laws", tests, NULL, NULL);
}
