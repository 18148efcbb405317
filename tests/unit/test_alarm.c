/* SPDX-License-Identifier: Apache-2.0 */
/* alarm: what lasts is told, what passes is not, and it ends as it began. */
#include "health/alarm.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/*
 * Script: b something bad is seen, g something good; a digit waits so many
 * seconds.  It is raised after 10 s, and eased after 5.
 */
static const struct story {
	const char *title, *script;
	enum alarm_state state;
} stories[] = {
	{ "nothing was seen", "9", ALARM_CLEAR },
	{ "good news", "g9g", ALARM_CLEAR },
	{ "once bad", "b9", ALARM_SUSPECT },
	{ "bad, not for long enough", "b9b", ALARM_SUSPECT },
	{ "bad for long enough", "b91b", ALARM_RAISED },
	{ "time alone raises nothing", "b99", ALARM_SUSPECT },
	{ "good in between", "b9g1b", ALARM_SUSPECT },
	{ "and bad again for long", "b9g1b91b", ALARM_RAISED },
	{ "good at last", "b91bg", ALARM_EASING },
	{ "good, not for long enough", "b91bg4g", ALARM_EASING },
	{ "good for long enough", "b91bg5g", ALARM_CLEAR },
	{ "bad while it eases", "b91bg4b", ALARM_RAISED },
	{ "easing begins anew", "b91bg4bg4g", ALARM_EASING },
	{ "and comes to its end", "b91bg4bg5g", ALARM_CLEAR },
};

static void test_stories(void **state)
{
	const struct alarm_limits limits = { 10000, 5000 };

	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct alarm alarm = { 0 };
		int64_t now_ms = 1000;

		for (const char *c = stories[i].script; *c != '\0'; c++)
			if (isdigit((unsigned char)*c))
				now_ms += (*c - '0') * 1000;
			else
				alarm = alarm_step(alarm, &limits,
						   *c == 'b' ? ALARM_BAD
							     : ALARM_GOOD,
						   now_ms);
		if (alarm.state != stories[i].state)
			fail_msg("%s: state %d, wanted %d", stories[i].title,
				 alarm.state, stories[i].state);
		assert_int_equal(alarm_rings(&alarm),
				 alarm.state == ALARM_RAISED ||
					 alarm.state == ALARM_EASING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
