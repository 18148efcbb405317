/* SPDX-License-Identifier: Apache-2.0 */
/*
 * force -- a person says of one vantage what an endpoint is, for a time.
 *
 * For when what this vantage sees is not what clients see: a way between the
 * two of them that is broken, a check that is refused from here.  It changes
 * one vote.  Of several checks each is forced.  Who wants to take clients away
 * drains, who wants a check not to be counted anywhere puts it into shadow.  It
 * has an author, a reason and an end, like every change, and ends with the
 * prober.  Pure.
 */
#ifndef HEALTH_FORCE_H
#define HEALTH_FORCE_H

#include "health/breaker.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct json_t;

enum { FORCE_TEXT_SIZE = 200 };

struct force {
	char service[POLICY_NAME_MAX + 1], endpoint[POLICY_NAME_MAX + 1];
	enum breaker_event event;
	int64_t for_ms; /* of a force; 0: it is released */
	char author[FORCE_TEXT_SIZE], reason[FORCE_TEXT_SIZE];
	bool dry_run; /* say what would be forced, and do nothing */
};

/*
 * From {"op":"force", "service", "endpoint", "state": "open", "closed" or
 * "auto", "for_ms", "author", "reason", "dry_run"}.  False with err set when
 * something is missing or wrong, or it would last longer than max_ms.
 */
bool force_parse(const struct json_t *request, int64_t max_ms,
		 struct force *out, struct error *err);

/* "auto", "open", "closed": what the event makes of the state. */
const char *force_word(enum breaker_event event);

#endif
