/* SPDX-License-Identifier: Apache-2.0 */
/* chain in panic: what is answered, by the service's word for it. */
#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
/*
 * Letters per endpoint, in order: '.' well, 'd' down, 'c' drained, 'r' up and
 * still coming back at 5 %, 'R' the same and down, 'w' weight 0, 'x' outside
 * residency; the fallback is the last.  The row is written as endpoint indices,
 * tiers apart by '|', those that take a part only with a '%'.
 */
static const struct answer_row {
	const char *title;
	enum steer steer;
	enum panic_action action;
	bool panic, no_answer; /* the latter by the class's rule */
	const char *world;
	const char *row;
	enum row_note note;
} answers[] = {
	{ "no panic, health is obeyed",    STEER_WEIGHTED, PANIC_LAST_GOOD, false, false, "ddd...", "345", ROW_PLAIN },
	{ "as if nothing were down",       STEER_WEIGHTED, PANIC_LAST_GOOD, true,  false, "ddd...", "012345", ROW_PANIC },
	{ "in order as ever",              STEER_GEO,      PANIC_LAST_GOOD, true,  false, "..dd..", "2", ROW_PANIC },
	{ "within residency",              STEER_WEIGHTED, PANIC_LAST_GOOD, true,  false, "xxd.xx", "23", ROW_PANIC },
	{ "a rule's no-answer is for none at all", STEER_WEIGHTED, PANIC_LAST_GOOD, true, true, "ddd...", "012345", ROW_PANIC },
	{ "then it holds",                 STEER_WEIGHTED, PANIC_LAST_GOOD, true,  true,  "dddddd", "", ROW_WITHHELD },
	{ "what comes back is back",       STEER_WEIGHTED, PANIC_LAST_GOOD, true,  false, "ddrR..", "012345", ROW_PANIC },
	{ "else it is not",                STEER_WEIGHTED, PANIC_LAST_GOOD, false, false, "ddrR..", "2%45", ROW_PLAIN },
	{ "drained stay so",               STEER_WEIGHTED, PANIC_LAST_GOOD, true,  false, "ddc...", "01345", ROW_PANIC },
	{ "drained and well beats dead",   STEER_WEIGHTED, PANIC_LAST_GOOD, true,  false, "ddddcc", "45", ROW_ALL_COMMANDED },
	{ "weight 0 stays so",             STEER_WEIGHTED, PANIC_LAST_GOOD, true,  false, "ddw...", "01345", ROW_PANIC },
	{ "none well at all",              STEER_WEIGHTED, PANIC_LAST_GOOD, true,  false, "ddRddd", "012345", ROW_NONE_HEALTHY },
	{ "all alike",                     STEER_GEO,      PANIC_ALL,       true,  false, "..dd..", "012345", ROW_PANIC },
	{ "in a list, too",                STEER_FAILOVER, PANIC_ALL,       false, false, "dddddd", "012345", ROW_NONE_HEALTHY },
	{ "only in panic",                 STEER_GEO,      PANIC_ALL,       false, false, "..d...", "3", ROW_PLAIN },
	{ "the fallback",                  STEER_GEO,      PANIC_FALLBACK,  true,  false, "..dd.w", "5", ROW_PANIC },
	{ "be it down",                    STEER_GEO,      PANIC_FALLBACK,  true,  false, "..dd.d", "5", ROW_PANIC },
	{ "when none is well",             STEER_GEO,      PANIC_FALLBACK,  false, false, "dddddd", "5", ROW_PANIC },
	{ "unless a rule says no-answer",  STEER_GEO,      PANIC_FALLBACK,  true,  true,  "dddddd", "", ROW_WITHHELD },
	{ "never outside of residency",    STEER_GEO,      PANIC_FALLBACK,  true,  false, "..dd.x", "2", ROW_PANIC },
	{ "nor where it is drained",       STEER_GEO,      PANIC_FALLBACK,  true,  false, "..dd.c", "2", ROW_PANIC },
	{ "otherwise nobody gets it",      STEER_GEO,      PANIC_FALLBACK,  false, false, "ddddxw", "5", ROW_PLAIN },
	{ "no answer",                     STEER_GEO,      PANIC_NO_ANSWER, true,  false, "..dd..", "", ROW_WITHHELD },
	{ "when none is well, too",        STEER_GEO,      PANIC_NO_ANSWER, false, false, "dddddd", "", ROW_WITHHELD },
	{ "only then",                     STEER_GEO,      PANIC_NO_ANSWER, false, false, "..d...", "3", ROW_PLAIN },
};
/* clang-format on */

static void apply_letters(struct world *w, const char *letters)
{
	for (int i = 0; letters[i] != '\0'; i++) {
		struct view_endpoint *e = &w->view_endpoints[i];

		if (strchr("dR", letters[i]) != NULL)
			e->health.verdict = VERDICT_DOWN;
		if (strchr("rR", letters[i]) != NULL) {
			e->cause = SHARE_RAMP;
			e->accept = accept_of(0.05);
		}
		if (letters[i] == 'c') {
			e->cause = SHARE_COMMAND;
			e->accept = ACCEPT_NONE;
		}
		if (letters[i] == 'w')
			e->weight = 0;
		if (letters[i] == 'x')
			w->class.regions &= ~(UINT64_C(1) << i);
	}
	w->policy.residency_count = 1;
	w->residency[0].regions = w->class.regions;
}

static const char *row_text(const struct row *row, char *buf)
{
	char *at = buf;

	for (unsigned i = 0; i < row->count; i++) {
		const struct row_entry *e = &row->entries[i];

		if (i > 0 && e->tier != e[-1].tier)
			*at++ = '|';
		*at++ = (char)('0' + e->endpoint);
		if (e->accept != ACCEPT_ALL)
			*at++ = '%';
	}
	*at = '\0';
	return buf;
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer_row *want = &answers[i];
		struct chain_trace trace;
		struct world w;
		struct row row;
		char text[4 * POLICY_ENDPOINTS_MAX];

		world_init(&w);
		w.service.steer = want->steer;
		w.service.panic = want->action;
		w.service.fallback = 5;
		if (want->no_answer)
			w.class.none_healthy = NONE_HEALTHY_NO_ANSWER;
		apply_letters(&w, want->world);
		w.view_service.panic = (struct panic){
			.anywhere = want->panic,
			.everywhere = want->panic,
			.rules = want->panic,
		};
		row = world_row(&w, &trace);
		if (strcmp(row_text(&row, text), want->row) != 0 ||
		    row.note != want->note)
			fail_msg("%s: row \"%s\", %s", want->title, text,
				 row_note_name((enum row_note)row.note));
		for (unsigned k = 0; k < row.count; k++)
			if (row.note == ROW_PANIC)
				assert_int_equal(
					row.entries[k].deferred,
					w.view_endpoints[row.entries[k]
								 .endpoint]
							.health.verdict ==
						VERDICT_DOWN);
	}
}

/* Who was not taken is told why. */
static void test_trace(void **state)
{
	struct chain_trace trace;
	struct world w;

	(void)state;
	world_init(&w);
	w.service.panic = PANIC_FALLBACK;
	w.service.fallback = 5;
	apply_letters(&w, "..ddcx");
	w.service.fallback = 0;
	w.view_service.panic = (struct panic){ .anywhere = true, .rules = 1 };
	world_row(&w, &trace);
	assert_int_equal(trace.endpoints[0].step, STEP_KEPT);
	assert_int_equal(trace.endpoints[1].step, STEP_PANIC);
	assert_int_equal(trace.endpoints[2].step, STEP_PANIC);
	assert_int_equal(trace.endpoints[4].step, STEP_COMMANDED);
	assert_int_equal(trace.endpoints[5].step, STEP_ELIGIBLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_trace),
	};

	return cmocka_run_group_tests_name("panic_row", tests, NULL, NULL);
}
