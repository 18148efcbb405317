/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit -- what was changed, as data: who, what, why, before and after.
 *
 * Pure modules add to a list that their owner takes from; the shell writes it
 * to the journal and the bus.  Pure.
 */
#ifndef STEERING_AUDIT_H
#define STEERING_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

enum { AUDIT_WORD_SIZE = 64, AUDIT_TEXT_SIZE = 256 };

struct audit_event {
	int64_t wall_ms;
	char kind[AUDIT_WORD_SIZE]; /* "command", "expired", "ramp", ... */
	char id[AUDIT_WORD_SIZE];   /* the command's; of the machine's own, that
				     * of one which can be undone; "" */
	char who[AUDIT_WORD_SIZE];  /* author, or the agent's name */
	char what[AUDIT_TEXT_SIZE];
	char why[AUDIT_TEXT_SIZE];
	char before[AUDIT_TEXT_SIZE], after[AUDIT_TEXT_SIZE];
	bool repeatable; /* for steering/doubt, not recorded: another leader may
			  * come to it by itself, of what plans hold */
};

/* Zero-initialised is empty. */
struct audit {
	struct audit_event *list; /* owned */
	size_t count, cap;
	size_t lost; /* not recorded because memory ran out */
};

/* A copy at the end of the list; counted as lost when memory runs out. */
void audit_add(struct audit *audit, const struct audit_event *event);
void audit_clear(struct audit *audit);
void audit_fini(struct audit *audit);

/* A text field, cut to its size between characters of UTF-8. */
void audit_text(char *field, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A new reference; empty fields are left out.  NULL: out of memory. */
struct json_t *audit_write(const struct audit_event *event);

#endif
