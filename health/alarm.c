/* SPDX-License-Identifier: Apache-2.0 */
#include "health/alarm.h"

#include <stddef.h>

typedef bool guard(const struct alarm_limits *limits, int64_t lasted_ms);

static bool always(const struct alarm_limits *limits, int64_t lasted_ms)
{
	(void)limits, (void)lasted_ms;
	return true;
}

static bool lasts(const struct alarm_limits *limits, int64_t lasted_ms)
{
	return lasted_ms >= limits->raise_ms;
}

static bool eased(const struct alarm_limits *limits, int64_t lasted_ms)
{
	return lasted_ms >= limits->ease_ms;
}

/* The whole machine.  The first rule that applies fires; none means stay. */
/* clang-format off */
static const struct rule {
	enum alarm_state in;
	enum alarm_event on;
	guard *when;
	enum alarm_state next;
} rules[] = {
	{ ALARM_CLEAR,   ALARM_BAD,  always, ALARM_SUSPECT },
	{ ALARM_SUSPECT, ALARM_GOOD, always, ALARM_CLEAR   },
	{ ALARM_SUSPECT, ALARM_BAD,  lasts,  ALARM_RAISED  },
	{ ALARM_RAISED,  ALARM_GOOD, always, ALARM_EASING  },
	{ ALARM_EASING,  ALARM_BAD,  always, ALARM_RAISED  },
	{ ALARM_EASING,  ALARM_GOOD, eased,  ALARM_CLEAR   },
};
/* clang-format on */

struct alarm alarm_step(struct alarm alarm, const struct alarm_limits *limits,
			enum alarm_event event, int64_t now_ms)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *r = &rules[i];

		if (r->in == alarm.state && r->on == event &&
		    r->when(limits, now_ms - alarm.since_ms))
			return (struct alarm){ r->next, now_ms };
	}
	return alarm;
}
