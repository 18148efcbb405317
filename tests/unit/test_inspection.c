/* SPDX-License-Identifier: Apache-2.0 */
/* inspection: who is told to be wrong, old or silent, and who is not. */
#include "health/inspection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * Script, a word a second: what the responder's record says (S the same policy
 * and plan as here, O an older plan, N a newer one, P another policy, B the
 * same and a break-glass command, - nothing), then what the next query comes
 * to (a it agrees, d it differs, r it is outside of residency, u that is
 * unsure, t nothing comes, l it could not be asked, h it agrees, and says that
 * it does not hear of health).  A number repeats the word after it.  Then the
 * alarms that ring: d disagreement, s stale, q silent.
 *
 * The grace is 3 s, it is stale after 5.
 */
/* clang-format off */
static const struct story {
	const char *title, *script, *rings, *text;
} stories[] = {
	{ "all agree",                 "9Sa",            "",  "" },
	{ "wrong for a moment",        "2Sd 3Sa",        "",  "" },
	{ "wrong for long",            "5Sd",            "d", "wrong" },
	{ "and right again",           "5Sd 5Sa",        "",  "" },
	{ "right for a moment",        "5Sd 2Sa",        "d", "wrong" },
	{ "wrong again in between",    "5Sd 2Sa Sd 2Sa", "d", "" },
	{ "by an older plan",          "4Od",            "",  "" },
	{ "for long: it is stale",     "7Od",            "s", "plan 1/1" },
	{ "and comes after",           "7Od 5Sa",        "",  "" },
	{ "by a newer plan: it is us", "9Nd",            "",  "" },
	{ "by another policy",         "8Pd",            "s", "goes by policy" },
	{ "residency by an older plan", "4Or",           "d", "wrong" },
	{ "residency by another policy", "4Pr",          "",  "" },
	{ "unsure, however long",      "9Su",            "",  "" },
	{ "unsure in between",         "2Sd 2Su Sd",     "d", "" },
	{ "break-glass",               "5Bd",            "d", "break-glass there: drain eu" },
	{ "silent for a moment",       "2St Sa",         "",  "" },
	{ "silent",                    "5St",            "q", "no answer by UDP: timeout" },
	{ "silent and unheard of",     "Sa 9-t 4-t",     "q", "no answer" },
	{ "it speaks again",           "5St 5Sa",        "",  "" },
	{ "not to be asked from here", "9Sl",            "",  "" },
	{ "cut off from the bus",      "Sa 9-a 3-a",     "s", "cut off from the bus" },
	{ "for a moment",              "Sa 6-a 4Sa",     "",  "" },
	{ "never heard of",            "7-a",            "s", "no node of that name" },
	{ "its own word is old",       "Sa 4-a 5-d",     "",  "" },
	{ "it hears of no health",     "8Sh",            "s", "hear of health" },
};
/* clang-format on */

static const struct policy_verify limits = {
	.grace_ms = 3000,
	.stale_ms = 5000,
};
static const struct standpoint ours = { "one", 2, 5 };

static struct node record_of(char word, int64_t now_ms)
{
	struct node node = {
		.name = "dns-a",
		.policy_digest = "one",
		.plan_epoch = 2,
		.plan_sequence = 5,
		.wall_made_ms = now_ms,
	};

	if (word == 'O')
		node.plan_epoch = node.plan_sequence = 1;
	if (word == 'N')
		node.plan_sequence = 6;
	if (word == 'P')
		strcpy(node.policy_digest, "two");
	if (word == 'B') {
		strcpy(node.local[0], "drain eu");
		node.local_count = 1;
	}
	return node;
}

static void see(struct inspection *in, char word, int64_t now_ms)
{
	static const struct {
		char word;
		enum judgement_kind kind;
	} kinds[] = {
		{ 'a', JUDGEMENT_AGREES },  { 'h', JUDGEMENT_AGREES },
		{ 'd', JUDGEMENT_DIFFERS }, { 'r', JUDGEMENT_OUTSIDE },
		{ 'u', JUDGEMENT_UNSURE },
	};
	const struct inspection_moment at = { &limits, &ours, now_ms, now_ms };
	struct observation seen = { .outcome = OUTCOME_OK };
	struct judgement judgement = { .text = "wrong" };
	const struct judgement *says = NULL;
	struct stop stop = inspection_next(in, now_ms);

	stop.by_tcp = false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].word == word) {
			judgement.kind = kinds[i].kind;
			says = &judgement;
		}
	judgement.held = word == 'h';
	if (word == 't')
		seen.outcome = OUTCOME_TIMEOUT;
	if (word == 'l')
		seen.outcome = OUTCOME_LOCAL;
	inspection_see(in, &stop, &seen, says, &at);
}

static void pass(struct inspection *in, const char *word, int64_t now_ms)
{
	const struct inspection_moment at = { &limits, &ours, now_ms, now_ms };
	struct node node = record_of(word[0], now_ms);

	if (word[0] != '-')
		inspection_hear(in, &node, now_ms);
	see(in, word[1], now_ms);
	inspection_turn(in, &at);
}

static void live(struct inspection *in, const char *script)
{
	int64_t now_ms = 1000;

	for (const char *at = script; *at != '\0';) {
		int times = 1;

		if (*at >= '0' && *at <= '9')
			times = *at++ - '0';
		for (; times > 0; times--, now_ms += 1000)
			pass(in, at, now_ms);
		at += 2;
		at += *at == ' ';
	}
}

static void test_stories(void **state)
{
	static const char letters[INSPECTION_KINDS] = { 'd', 's', 'q' };

	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct inspection in = { .tour = tour_of(3, 5, 1) };
		char rings[INSPECTION_KINDS + 1] = "";
		const char *text = "";
		size_t count = 0;

		live(&in, stories[i].script);
		for (size_t k = 0; k < INSPECTION_KINDS; k++)
			if (alarm_rings(&in.alarms[k].alarm)) {
				rings[count++] = letters[k];
				text = in.alarms[k].text;
			}
		if (strcmp(rings, stories[i].rings) != 0 ||
		    strstr(text, stories[i].text) == NULL)
			fail_msg("%s: rings \"%s\" %s, wanted \"%s\" %s",
				 stories[i].title, rings, text,
				 stories[i].rings, stories[i].text);
	}
}

/* What is wrong is asked for again, once a second, and the tour goes on. */
static void test_suspect(void **state)
{
	struct inspection in = { .tour = tour_of(1, 1000, 1) };
	const struct inspection_moment at = { &limits, &ours, 1000, 1000 };
	const struct observation seen = { .outcome = OUTCOME_OK };
	const struct judgement wrong = { .kind = JUDGEMENT_DIFFERS };
	struct node node = record_of('S', 1000);
	struct stop first = inspection_next(&in, 1000), stop;
	unsigned again = 0;

	(void)state;
	inspection_hear(&in, &node, 1000);
	inspection_see(&in, &first, &seen, &wrong, &at);
	for (int64_t now_ms = 1100; now_ms <= 4000; now_ms += 100) {
		stop = inspection_next(&in, now_ms);
		again += stop.sample == first.sample && stop.draw == first.draw;
	}
	assert_int_equal(again, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_suspect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
