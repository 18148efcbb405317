/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows -- the decision rows of one service for every class of a policy's
 * clients, in a world in which nothing else is known than the subject's view
 * says.  Pure.
 */
#ifndef POLICY_REVIEW_ROWS_H
#define POLICY_REVIEW_ROWS_H

#include "policy/decide/share.h"
#include "policy/decide/vicinity.h"
#include "policy/review/subject.h"

#include <stdbool.h>
#include <stdint.h>

/* A policy; borrowed. */
struct rows_side {
	const struct subject *subject;
	const struct vicinity *vicinity; /* of its classes */
};

struct rows {
	const struct rows_side *side; /* borrowed */
	const struct policy_service *service;
	int index;         /* of the service */
	struct row *list;  /* by kind of class; owned */
	uint32_t *numbers; /* by kind: equal rows have equal ones; owned */
	struct share_key keys[POLICY_ENDPOINTS_MAX];
};

/* The rows of a service for each kind of class, into list. */
void rows_make(const struct view *view, const struct vicinity *vicinity,
	       size_t service, struct row *list);

/* Equal rows get equal numbers, from 0 in the order in which they come first.
 * False when memory runs out. */
bool rows_number(const struct row *list, size_t count, uint32_t *numbers);

/* False when memory runs out.  The caller ends it in either case. */
bool rows_open(struct rows *rows, const struct rows_side *side, int service);
void rows_fini(struct rows *rows);

#endif
