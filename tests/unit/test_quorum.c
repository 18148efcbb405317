/* SPDX-License-Identifier: Apache-2.0 */
/* quorum: who must agree before an endpoint is down, one row each. */
#include "policy/decide/quorum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
/* Votes: u up, d down, - abstains. */
static const struct quorum_row {
	const char *title, *votes;
	uint32_t quorum, vantages;
	enum verdict before, verdict;
	bool held;
} rows[] = {
	{ "all up",                             "uuu",    2, 3, VERDICT_UNKNOWN, VERDICT_UP,      false },
	{ "one vantage lies",                   "udu",    2, 3, VERDICT_UP,      VERDICT_UP,      false },
	{ "two of three agree",                 "ddu",    2, 3, VERDICT_UP,      VERDICT_DOWN,    false },
	{ "a quorum, but half of the voters",   "dduu",   2, 4, VERDICT_UP,      VERDICT_UP,      false },
	{ "more than half, but short of the quorum", "dd-u", 3, 4, VERDICT_UP,   VERDICT_UP,      false },
	{ "a quorum and more than half",        "dddu-",  3, 5, VERDICT_UP,      VERDICT_DOWN,    false },
	{ "too few voters hold up",             "d--",    2, 3, VERDICT_UP,      VERDICT_UP,      true  },
	{ "too few voters hold down",           "u--",    2, 3, VERDICT_DOWN,    VERDICT_DOWN,    true  },
	{ "all silent hold down",               "---",    2, 3, VERDICT_DOWN,    VERDICT_DOWN,    true  },
	{ "all silent hold up",                 "---",    1, 3, VERDICT_UP,      VERDICT_UP,      true  },
	{ "never heard of is unknown",          "---",    2, 3, VERDICT_UNKNOWN, VERDICT_UNKNOWN, false },
	{ "one voice is too few to begin with", "d--",    2, 3, VERDICT_UNKNOWN, VERDICT_UNKNOWN, false },
	{ "fewer vantages than the quorum: all agree", "dd", 3, 2, VERDICT_UP,   VERDICT_DOWN,    false },
	{ "fewer vantages than the quorum: one does not", "du", 3, 2, VERDICT_UP, VERDICT_UP,     false },
	{ "fewer vantages than the quorum: one is silent", "d-", 3, 2, VERDICT_UP, VERDICT_UP,    true  },
	{ "the only vantage decides alone",     "d",      2, 1, VERDICT_UP,      VERDICT_DOWN,    false },
	{ "a quorum of one among three",        "duu",    1, 3, VERDICT_UP,      VERDICT_UP,      false },
	{ "a quorum of one, one voter",         "d--",    1, 3, VERDICT_UP,      VERDICT_DOWN,    false },
	{ "no vantages at all",                 "",       2, 0, VERDICT_UNKNOWN, VERDICT_UNKNOWN, false },
	{ "comes back when most say up",        "uud",    2, 3, VERDICT_DOWN,    VERDICT_UP,      false },
};
/* clang-format on */

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct quorum_row *row = &rows[i];
		struct quorum_result before = { .verdict = row->before };
		struct quorum_limits limits = { row->quorum, row->vantages };
		enum vote votes[8];
		size_t count = strlen(row->votes);
		struct quorum_result r;
		uint64_t down_by = 0;

		for (size_t v = 0; v < count; v++) {
			votes[v] = row->votes[v] == 'u'   ? VOTE_UP
				   : row->votes[v] == 'd' ? VOTE_DOWN
							  : VOTE_ABSTAIN;
			if (row->votes[v] == 'd')
				down_by |= UINT64_C(1) << v;
		}
		r = quorum_of(votes, count, &limits, &before);
		if (r.verdict != row->verdict || r.held != row->held)
			fail_msg("%s: %s%s", row->title,
				 verdict_name(r.verdict),
				 r.held ? ", held" : "");
		if (r.down_by != down_by)
			fail_msg("%s: down by %#llx", row->title,
				 (unsigned long long)r.down_by);
	}
}

/* The rule in words, over all votes of five vantages and all quorums. */
static void test_all_votes_of_five(void **state)
{
	struct quorum_result up = { .verdict = VERDICT_UP };

	(void)state;
	for (unsigned n = 0; n < 243 * 6; n++) {
		struct quorum_limits limits = { 1 + n / 243, 5 };
		unsigned rest = n % 243, needed, voters;
		unsigned count[3] = { 0 };
		enum vote votes[5];
		struct quorum_result r;

		for (unsigned v = 0; v < 5; v++, rest /= 3) {
			votes[v] = (enum vote)(rest % 3);
			count[rest % 3]++;
		}
		r = quorum_of(votes, 5, &limits, &up);
		needed = limits.quorum > 5 ? 5 : limits.quorum;
		voters = count[VOTE_UP] + count[VOTE_DOWN];
		assert_int_equal(r.up, count[VOTE_UP]);
		assert_int_equal(r.down, count[VOTE_DOWN]);
		assert_int_equal(r.held, voters < needed);
		assert_int_equal(__builtin_popcountll(r.up_by), r.up);
		assert_int_equal(r.up_by & r.down_by, 0);
		assert_int_equal(r.split, voters >= needed &&
						  r.down >= needed &&
						  r.verdict == VERDICT_UP);
		assert_int_equal(r.verdict == VERDICT_DOWN,
				 voters >= needed &&
					 count[VOTE_DOWN] >= needed &&
					 2 * count[VOTE_DOWN] > voters);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_all_votes_of_five),
	};

	return cmocka_run_group_tests_name("quorum", tests, NULL, NULL);
}
