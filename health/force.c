/* SPDX-License-Identifier: Apache-2.0 */
#include "health/force.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"

#include <inttypes.h>

static const char *const words[] = { "auto", "open", "closed" };
static const enum breaker_event events[] = {
	BREAKER_RELEASE,
	BREAKER_FORCE_OPEN,
	BREAKER_FORCE_CLOSED,
};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

bool force_parse(const struct json_t *request, int64_t max_ms,
		 struct force *out, struct error *err)
{
	struct member_reader r = {
		.object = request,
		.what = "force",
		.err = err,
	};
	struct force f = { .event = BREAKER_RELEASE };

	member_name(&r, "service", f.service, sizeof(f.service));
	member_name(&r, "endpoint", f.endpoint, sizeof(f.endpoint));
	f.event = events[member_word(&r, "state", words, WORDS)];
	f.for_ms = member_integer(&r, "for_ms", 0, MEMBER_EXACT_MAX);
	member_name(&r, "author", f.author, sizeof(f.author));
	member_name(&r, "reason", f.reason, sizeof(f.reason));
	f.dry_run = member_flag(&r, "dry_run");
	if (r.failed)
		return false;
	if ((f.event == BREAKER_RELEASE) != (f.for_ms == 0)) {
		error_set(err, "force: for_ms belongs to open and closed, and "
			       "they must have it");
		return false;
	}
	if (f.for_ms > max_ms) {
		error_set(err,
			  "force: %" PRId64 " s is longer than the policy's "
			  "max_override of %" PRId64 " s",
			  f.for_ms / 1000, max_ms / 1000);
		return false;
	}
	*out = f;
	return true;
}

const char *force_word(enum breaker_event event)
{
	for (size_t i = 1; i < WORDS; i++)
		if (events[i] == event)
			return words[i];
	return words[0];
}
