/* SPDX-License-Identifier: Apache-2.0 */
/* quorum: who must agree before an endpoint is down, one row each. */
#include "policy/decide/quorum.h"

#include "policy/decide/electorate.h"

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

/* The vantages of a row: letters are networks, - is none stated; then v and n
 * for those with a veto and without a vote. */
static struct policy make_policy(const char *networks, const char *rights,
				 struct policy_vantage *vantages)
{
	struct policy policy = { .vantages = vantages };

	for (size_t v = 0; networks[v] != '\0'; v++) {
		vantages[v] = (struct policy_vantage){ .name = "any" };
		if (networks[v] != '-')
			vantages[v].asn = (uint32_t)networks[v];
		if (rights[v] == 'v')
			vantages[v].vote = VANTAGE_VETO;
		if (rights[v] == 'n')
			vantages[v].vote = VANTAGE_MUTE;
		policy.vantage_count++;
	}
	return policy;
}

static struct quorum_votes votes_of(const char *letters)
{
	struct quorum_votes votes = { 0 };

	for (size_t v = 0; letters[v] != '\0'; v++) {
		if (letters[v] == 'u')
			votes.up |= UINT64_C(1) << v;
		if (letters[v] == 'd')
			votes.down |= UINT64_C(1) << v;
	}
	return votes;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct quorum_row *row = &rows[i];
		struct quorum_result before = { .verdict = row->before };
		struct policy_vantage vantages[8];
		struct policy policy =
			make_policy(&"--------"[8 - row->vantages], "........",
				    vantages);
		struct electorate electorate = electorate_of(&policy);
		struct quorum_votes votes = votes_of(row->votes);
		struct quorum_result r =
			quorum_of(&electorate, votes, row->quorum, &before);

		if (r.verdict != row->verdict || r.held != row->held)
			fail_msg("%s: %s%s", row->title,
				 verdict_name(r.verdict),
				 r.held ? ", held" : "");
		if (r.down_by != votes.down)
			fail_msg("%s: down by %#llx", row->title,
				 (unsigned long long)r.down_by);
	}
}

/* clang-format off */
static const struct suffrage_row {
	const char *title, *networks, *rights, *votes;
	uint32_t quorum;
	enum verdict before, verdict;
	uint8_t up, down;
	bool held, vetoed;
} suffrage[] = {
	{ "three of one network are one vote", "aaa-", "....", "dddu", 2, VERDICT_UP,   VERDICT_UP,   1, 1, false, false },
	{ "and are not a quorum alone",       "aaa--", ".....", "ddd--", 2, VERDICT_UP, VERDICT_UP,   0, 1, true,  false },
	{ "with another they are",            "aaa--", ".....", "dddd-", 2, VERDICT_UP, VERDICT_DOWN, 0, 2, false, false },
	{ "majority inside",                  "aaa--", ".....", "ddud-", 2, VERDICT_UP, VERDICT_DOWN, 0, 2, false, false },
	{ "no majority inside",               "aaa--", ".....", "duud-", 2, VERDICT_UP, VERDICT_UP,   1, 1, false, false },
	{ "half inside is up",                "aaa--", ".....", "du-dd", 2, VERDICT_UP, VERDICT_DOWN, 1, 2, false, false },
	{ "a half is no quorum",              "aa-",   "...",   "dud",   2, VERDICT_UP, VERDICT_UP,   1, 1, false, false },
	{ "the silent do not count inside",   "aaa--", ".....", "d--d-", 2, VERDICT_UP, VERDICT_DOWN, 0, 2, false, false },
	{ "a silent network abstains",        "aa--",  "....",  "--dd",  2, VERDICT_UP, VERDICT_DOWN, 0, 2, false, false },
	{ "two networks",                     "abab",  "....",  "dddd",  2, VERDICT_UP, VERDICT_DOWN, 0, 2, false, false },
	{ "two networks of two minds",        "abab",  "....",  "dudu",  2, VERDICT_UP, VERDICT_UP,   1, 1, false, false },
	{ "all in one: it decides alone",     "aaa",   "...",   "ddu",   2, VERDICT_UP, VERDICT_DOWN, 0, 1, false, false },
	{ "one alone in its network",         "ab-",   "...",   "dd-",   2, VERDICT_UP, VERDICT_DOWN, 0, 2, false, false },

	{ "a veto holds it up",               "---",   "v..",   "udd",   2, VERDICT_UP,   VERDICT_UP,   1, 2, false, true  },
	{ "and brings it back",               "---",   "v..",   "udd",   2, VERDICT_DOWN, VERDICT_UP,   1, 2, false, true  },
	{ "also when nobody else speaks",     "---",   "v..",   "u--",   2, VERDICT_DOWN, VERDICT_UP,   1, 0, false, false },
	{ "it takes nothing out",             "---",   "v..",   "duu",   2, VERDICT_UP,   VERDICT_UP,   2, 1, false, false },
	{ "nor alone",                        "---",   "v..",   "d--",   2, VERDICT_UP,   VERDICT_UP,   0, 1, true,  false },
	{ "it counts as a vote",              "---",   "v..",   "dd-",   2, VERDICT_UP,   VERDICT_DOWN, 0, 2, false, false },
	{ "silent it holds nothing",          "---",   "v..",   "-dd",   2, VERDICT_UP,   VERDICT_DOWN, 0, 2, false, false },
	{ "not used when nothing is down",    "---",   "v..",   "uud",   2, VERDICT_UP,   VERDICT_UP,   2, 1, false, false },
	{ "outvoted in its network, it holds", "aaa-", "v...",  "uddd",  2, VERDICT_UP,   VERDICT_UP,   0, 2, false, true  },

	{ "without a vote it is not counted", "---",   "n..",   "dd-",   2, VERDICT_UP,   VERDICT_UP,   0, 1, true,  false },
	{ "nor against",                      "---",   "n..",   "udd",   2, VERDICT_UP,   VERDICT_DOWN, 0, 2, false, false },
	{ "nor to be agreed with",            "---",   "nn.",   "--d",   2, VERDICT_UP,   VERDICT_DOWN, 0, 1, false, false },
	{ "nor in its network",               "aaa-",  "nn..",  "uudd",  2, VERDICT_UP,   VERDICT_DOWN, 0, 2, false, false },
	{ "nobody has one",                   "---",   "nnn",   "ddd",   2, VERDICT_UNKNOWN, VERDICT_UNKNOWN, 0, 0, false, false },
};
/* clang-format on */

static void test_suffrage(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(suffrage) / sizeof(suffrage[0]); i++) {
		const struct suffrage_row *row = &suffrage[i];
		struct quorum_result before = { .verdict = row->before };
		struct policy_vantage vantages[8];
		struct policy policy =
			make_policy(row->networks, row->rights, vantages);
		struct electorate e = electorate_of(&policy);
		struct quorum_votes votes = votes_of(row->votes);
		struct quorum_result r =
			quorum_of(&e, votes, row->quorum, &before);

		if (r.verdict != row->verdict || r.held != row->held ||
		    r.vetoed != row->vetoed || r.up != row->up ||
		    r.down != row->down)
			fail_msg("%s: %s%s%s by %u to %u", row->title,
				 verdict_name(r.verdict),
				 r.held ? ", held" : "",
				 r.vetoed ? ", vetoed" : "", r.down, r.up);
		assert_int_equal(r.down_by, votes.down & e.voters);
		assert_int_equal(e.votes,
				 e.network_count +
					 (size_t)__builtin_popcountll(e.alone));
	}
}

/* clang-format off */
static const struct age_row {
	const char *title, *networks, *rights, *votes;
	uint32_t quorum, down_ms[5], longest_ms;
} ages[] = {
	{ "the second to say so decides",     "---",   "...",   "ddd", 2, { 90, 50, 10 }, 50 },
	{ "whoever was first may have begun again", "---", "...", "ddd", 2, { 5, 50, 90 }, 50 },
	{ "more than half of those who vote", "-----", ".....", "ddddu", 2, { 90, 50, 10, 70 }, 50 },
	{ "the only one",                     "-",     ".",     "d",   2, { 7 }, 7 },
	{ "a network by its majority",        "aaa-",  "....",  "dddd", 2, { 90, 50, 10, 70 }, 50 },
	{ "when the veto fell",               "---",   "v..",   "ddd", 2, { 10, 50, 90 }, 10 },
	{ "no vote, no say",                  "---",   "n..",   "ddd", 2, { 10, 50, 90 }, 50 },
	{ "all at once",                      "---",   "...",   "ddd", 2, { 0, 0, 0 }, 0 },
};
/* clang-format on */

static void test_ages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		const struct age_row *row = &ages[i];
		struct policy_vantage vantages[8];
		struct policy policy =
			make_policy(row->networks, row->rights, vantages);
		struct electorate e = electorate_of(&policy);
		uint32_t ms = quorum_down_ms(&e, votes_of(row->votes),
					     row->quorum, row->down_ms);

		if (ms != row->longest_ms)
			fail_msg("%s: %u", row->title, ms);
	}
}

/* The rule in words, over all votes of five vantages and all quorums. */
static void test_all_votes_of_five(void **state)
{
	struct quorum_result up = { .verdict = VERDICT_UP };
	struct policy_vantage vantages[5];
	struct policy policy = make_policy("-----", ".....", vantages);
	struct electorate electorate = electorate_of(&policy);

	(void)state;
	for (unsigned n = 0; n < 243 * 6; n++) {
		uint32_t quorum = 1 + n / 243;
		unsigned rest = n % 243, needed, voters;
		char letters[6] = "";
		unsigned ups = 0, downs = 0;
		struct quorum_result r;

		for (unsigned v = 0; v < 5; v++, rest /= 3) {
			letters[v] = "-ud"[rest % 3];
			ups += letters[v] == 'u';
			downs += letters[v] == 'd';
		}
		r = quorum_of(&electorate, votes_of(letters), quorum, &up);
		needed = quorum > 5 ? 5 : quorum;
		voters = ups + downs;
		assert_int_equal(r.up, ups);
		assert_int_equal(r.down, downs);
		assert_int_equal(r.held, voters < needed);
		assert_int_equal(__builtin_popcountll(r.up_by), r.up);
		assert_int_equal(r.up_by & r.down_by, 0);
		assert_int_equal(r.split, voters >= needed &&
						  r.down >= needed &&
						  r.verdict == VERDICT_UP);
		assert_int_equal(r.verdict == VERDICT_DOWN,
				 voters >= needed && downs >= needed &&
					 2 * downs > voters);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_suffrage),
		cmocka_unit_test(test_ages),
		cmocka_unit_test(test_all_votes_of_five),
	};

	return cmocka_run_group_tests_name("quorum", tests, NULL, NULL);
}
