/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/steerer_impl.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"
#include "policy/bus/bus.h"

void steerer_log_failure(const char *event, const char *text)
{
	char quoted[300];

	log_event(LOG_LEVEL_ERROR, "steer", event, "error=%s",
		  log_quote(text, quoted, sizeof(quoted)));
}

void steerer_log_refused(struct news *told, const char *event, const char *key,
			 const char *text)
{
	char name[2 * BUS_KEY_MAX], quoted[300];

	if (news_of(told, key, text, clock_now_ms()))
		log_event(LOG_LEVEL_WARN, "steer", event, "key=%s error=%s",
			  log_quote(key, name, sizeof(name)),
			  log_quote(text, quoted, sizeof(quoted)));
}
