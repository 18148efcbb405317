/* SPDX-License-Identifier: Apache-2.0 */
#include "health/change.h"

#include "health/roster.h"
#include "health/watch.h"
#include "policy/base/log.h"

#include <inttypes.h>
#include <stdio.h>

/* Why, when users opened it. */
static void write_users(const struct watch *watch, char *out, size_t size)
{
	const struct evidence_word *said = &watch->failed_users;
	char edges[2 * REPORT_EDGES_SIZE];

	snprintf(out, size,
		 " by_users=yes requests=%" PRIu64 " failed=%" PRIu64
		 " edges=%s%s",
		 said->requests, said->errors,
		 log_quote(said->edges, edges, sizeof(edges)),
		 watch->breaker.state == BREAKER_TRICKLE ? " trickle=yes" : "");
}

void change_log(const struct roster_job *job, const struct watch *watch)
{
	bool open = watch->breaker.state == BREAKER_OPEN;
	char key[400], by_users[2 * REPORT_EDGES_SIZE + 120];

	write_users(watch, by_users, sizeof(by_users));
	log_event(open ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "health", "breaker",
		  "probe=%s state=%s last_failure=%s openings=%" PRIu32
		  "%s%s%s%s",
		  log_quote(job->key, key, sizeof(key)),
		  report_state_name(watch_state(watch)),
		  watch->failure[0] == '\0' ? "none" : watch->failure,
		  watch->breaker.openings,
		  watch->breaker.damped ? " damped=yes" : "",
		  watch_forced(watch) ? " forced=yes" : "",
		  job->spec.check->shadow ? " shadow=yes" : "",
		  watch->breaker.by_users   ? by_users
		  : watch->breaker.unjudged ? " unjudged=yes"
					    : "");
}
