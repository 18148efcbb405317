/* SPDX-License-Identifier: Apache-2.0 */
/* suspicion: a blinded vantage doubts itself, one that sees an endpoint die
 * does not, and what is true is believed as soon as it can be known. */
#include "health/suspicion.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { WINDOW_MS = 6000, TARGETS_MAX = 64 };

/* clang-format off */
/*
 * Script: f a probe begins to fail, r the first that did passes again, p one
 * that never failed passes; a an anchor answers, x none does; a digit waits so
 * many seconds, m a minute; z it is stopped for a minute.  It judges after each,
 * and every second.
 */
static const struct story {
	const char *title;
	size_t targets, anchors;
	const char *script;
	bool mistrusts;
} stories[] = {
	{ "nothing fails",                    6, 0, "9",            false },
	{ "one of six",                       6, 0, "f9",           false },
	{ "three of six",                     6, 0, "fff9",         false },
	{ "four of six at once",              6, 0, "ffff",         true },
	{ "all three of three",               3, 0, "fff9",         false },
	{ "four of eight: a half",            8, 0, "ffff",         false },
	{ "five of eight",                    8, 0, "fffff",        true },
	{ "one after the other",              6, 0, "f7f7f7f7f7f",  false },
	{ "recovered before the last",        6, 0, "fffrf",        false },
	{ "recovery to a half ends it",       6, 0, "ffff5r",       false },
	{ "less than that does not",          6, 0, "fffff5r",      true },

	{ "time alone proves nothing",        6, 0, "ffffmmmmmm",   true },
	{ "nor does a pass long ago",         6, 0, "ffffp9mmm",    true },
	{ "others that pass do",              6, 0, "ffffm9p",      false },
	{ "not before a minute",              6, 0, "ffff99999p",   true },
	{ "nor while more begins to fail",    6, 0, "ffff99999f99p", true },
	{ "but a minute after that",          6, 0, "ffff99999fmp", false },
	{ "all fail: nothing to go by",       6, 0, "ffffffmmm",    true },

	{ "stopped as all began to fail",     6, 0, "ffzff",        true },
	{ "what was long ago still is",       6, 0, "ff9zff",       false },
	{ "what passes after it is not",      6, 0, "ffzrff",       false },
	{ "what passes was no part of it",    6, 0, "f9fffzrf",     true },
	{ "then the window goes on",          6, 0, "ffz9ff",       false },
	{ "it sees nothing meanwhile",        6, 0, "ffff9pzp",     true },

	{ "an anchor answers: true at once",  6, 2, "ffffa",        false },
	{ "it has answered before: no proof", 6, 2, "affff",        true },
	{ "time proves nothing with anchors", 6, 2, "ffffmmmp",     true },
	{ "nor does one of an old mistrust",  6, 2, "ffffar8r8r8r8ffff99p", true },
	{ "no anchor answers",                6, 2, "x",            true },
	{ "one does again",                   6, 2, "x9a",          false },
	{ "though most fail",                 6, 2, "xffff9a",      false },
	{ "none does, though few fail",       6, 2, "ffffxrrr",     true },
	{ "with a single probe, too",         1, 1, "fx",           true },
	{ "lost for minutes",                 6, 2, "ffffffxmmmmm", true },
	{ "and found: all is believed",       6, 2, "ffffffxma",    false },
	{ "what failed starts nothing anew",  6, 2, "ffffffa9",     false },
	{ "what fails anew does",             6, 2, "ffffar8r8r8r8ffff", true },
};
/* clang-format on */

struct play {
	struct suspicion s;
	size_t targets;
	int64_t now_ms;
	int64_t failed_ms[TARGETS_MAX]; /* in order */
	size_t failed, recovered;
	unsigned changes;
};

static void judge(struct play *p)
{
	p->changes += suspicion_judge(&p->s, p->targets, p->now_ms);
}

static void pass_time(struct play *p, int seconds)
{
	for (int i = 0; i < seconds; i++) {
		p->now_ms += 1000;
		judge(p);
	}
}

static void play_letter(struct play *p, char letter)
{
	if (isdigit((unsigned char)letter))
		pass_time(p, letter - '0');
	else if (letter == 'm')
		pass_time(p, 60);
	else if (letter == 'z')
		p->now_ms += 60000;
	if (letter == 'f') {
		p->failed_ms[p->failed++] = p->now_ms;
		suspicion_fail(&p->s, p->now_ms);
	}
	if (letter == 'r')
		suspicion_recover(&p->s, p->failed_ms[p->recovered++],
				  p->now_ms);
	if (letter == 'r' || letter == 'p')
		suspicion_pass(&p->s, p->now_ms);
	if (letter == 'a' || letter == 'x')
		suspicion_anchor(&p->s, letter == 'a',
				 letter == 'a' ? 0 : p->s.anchors);
	judge(p);
}

static struct play play(size_t targets, size_t anchors, const char *script)
{
	struct play p = {
		.s = { .window_ms = WINDOW_MS, .anchors = anchors },
		.targets = targets,
		.now_ms = 5000000,
	};

	for (const char *c = script; *c != '\0'; c++)
		play_letter(&p, *c);
	return p;
}

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		const struct story *s = &stories[i];

		if (play(s->targets, s->anchors, s->script).s.mistrusts !=
		    s->mistrusts)
			fail_msg("%s: %s", s->title,
				 s->mistrusts ? "trusts" : "mistrusts");
	}
}

/* What is believed is not doubted a second time, however long it lasts. */
static void test_once_is_enough(void **state)
{
	struct play p = play(6, 0, "ffff");

	(void)state;
	for (int i = 0; i < 600; i++) {
		pass_time(&p, 5);
		suspicion_pass(&p.s, p.now_ms);
		judge(&p);
	}
	assert_int_equal(p.changes, 2);
	assert_false(p.s.mistrusts);
	for (int i = 0; i < 4; i++)
		play_letter(&p, 'r');
	assert_int_equal(p.s.failing, 0);
	assert_int_equal(p.changes, 2);
}

/* A link that drops nine probes of ten is not proved by the tenth. */
static void test_lossy_link_proves_nothing(void **state)
{
	struct play p = play(10, 0, "ffffffff");
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 600; i++) {
		pass_time(&p, 1);
		suspicion_recover(&p.s, p.failed_ms[at % 8], p.now_ms);
		suspicion_pass(&p.s, p.now_ms);
		judge(&p);
		p.failed_ms[at++ % 8] = p.now_ms;
		suspicion_fail(&p.s, p.now_ms);
		judge(&p);
		assert_true(p.s.mistrusts);
	}
}

/* Begun in mistrust, ended after it: nobody's fault but our own. */
static void test_excuses_what_began_before(void **state)
{
	struct play p = play(6, 2, "f");
	int64_t before_ms = p.now_ms;

	(void)state;
	assert_false(suspicion_excuses(&p.s, before_ms));
	for (int i = 0; i < 3; i++)
		play_letter(&p, 'f');
	assert_true(suspicion_excuses(&p.s, p.now_ms));
	play_letter(&p, '2');
	play_letter(&p, 'a');
	assert_true(suspicion_excuses(&p.s, p.now_ms - 1));
	assert_false(suspicion_excuses(&p.s, p.now_ms));
}

/* clang-format off */
static const struct look_row {
	const char *title;
	size_t targets;
	unsigned failing;
	bool looks;
} looks[] = {
	{ "nothing fails",         6,    0,   false },
	{ "one of six",            6,    1,   true },
	{ "one of a hundred",      100,  1,   false },
	{ "an eighth of a hundred", 100, 12,  true },
	{ "an eighth of a thousand", 1000, 125, true },
	{ "less than that",        1000, 124, false },
};
/* clang-format on */

static void test_looks_around_once_a_window(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		const struct look_row *row = &looks[i];
		struct suspicion s = { .window_ms = WINDOW_MS };

		for (unsigned f = 0; f < row->failing; f++)
			suspicion_fail(&s, 1000);
		if (suspicion_look(&s, row->targets, 1000) != row->looks)
			fail_msg("%s", row->title);
		assert_false(suspicion_look(&s, row->targets, 1001));
		/* A later window with a failure of its own may look again. */
		suspicion_pass(&s, 4000);
		suspicion_fail(&s, 7100);
		assert_int_equal(suspicion_look(&s, row->targets, 7100),
				 row->targets == 6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_once_is_enough),
		cmocka_unit_test(test_lossy_link_proves_nothing),
		cmocka_unit_test(test_excuses_what_began_before),
		cmocka_unit_test(test_looks_around_once_a_window),
	};

	return cmocka_run_group_tests_name("suspicion", tests, NULL, NULL);
}
