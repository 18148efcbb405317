/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alarm -- something is wrong, and has been for long enough to tell a person.
 *
 *            bad                  bad, for raise_ms
 *   CLEAR ---------> SUSPECT -----------------------> RAISED
 *     ^  ^             |                              |    ^
 *     |  +---- good ---+                         good |    | bad
 *     |                                               v    |
 *     +------------------------------------------- EASING -+
 *                   good, for ease_ms
 *
 * Nothing seen is neither: the state stays.  Pure.
 */
#ifndef HEALTH_ALARM_H
#define HEALTH_ALARM_H

#include <stdbool.h>
#include <stdint.h>

enum alarm_state { ALARM_CLEAR, ALARM_SUSPECT, ALARM_RAISED, ALARM_EASING };
enum alarm_event { ALARM_GOOD, ALARM_BAD };

/* Zeroed memory is clear. */
struct alarm {
	enum alarm_state state;
	int64_t since_ms; /* monotonic: when it came into this state */
};

struct alarm_limits {
	int64_t raise_ms, ease_ms;
};

/* As it is after event, seen at now_ms. */
struct alarm alarm_step(struct alarm alarm, const struct alarm_limits *limits,
			enum alarm_event event, int64_t now_ms);

/* Is it to be told? */
static inline bool alarm_rings(const struct alarm *alarm)
{
	return alarm->state == ALARM_RAISED || alarm->state == ALARM_EASING;
}

#endif
