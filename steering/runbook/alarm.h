/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alarm -- what in a status a person should look at now, one line each.  Pure.
 */
#ifndef STEERING_RUNBOOK_ALARM_H
#define STEERING_RUNBOOK_ALARM_H

#include <stddef.h>
#include <stdint.h>

struct json_t;

enum {
	ALARM_BEHIND_MS = 5000,   /* a node so far behind, or silent */
	ALARM_ENDING_MS = 300000, /* a command that ends so soon */
	ALARM_TEXT_SIZE = 400,
};

enum alarm_level {
	ALARM_NOTE,   /* worth knowing: a command ends soon */
	ALARM_WARN,   /* something is wrong, and clients do not feel it */
	ALARM_URGENT, /* clients feel it, or soon will */
};

typedef void alarm_tell(void *arg, enum alarm_level level, const char *text);

/*
 * Tells each of them, in the status's order.  What a status does not have is
 * not missed: those of agents, responders and probers differ.
 */
void alarm_find(const struct json_t *status, int64_t wall_ms, alarm_tell *tell,
		void *arg);

#endif
