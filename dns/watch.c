/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/watch.h"

#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/decide/geo.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

struct watch {
	watch_changed *changed;
	void *arg;
	struct event *timer;
	const struct policy *policy;
	char *stamp;  /* as last seen */
	bool missing; /* a file is gone: said once */
};

/* A file that is gone changes nothing: what is loaded stays, and stays good. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	char *stamp;

	(void)fd, (void)what;
	if (w->policy == NULL)
		return;
	stamp = geo_stamp(w->policy);
	if (stamp == NULL) {
		if (!w->missing)
			log_event(LOG_LEVEL_WARN, "dns", "geo-missing",
				  "hint=\"a database is gone; what was "
				  "loaded of it stays\"");
		w->missing = true;
		return;
	}
	w->missing = false;
	if (w->stamp != NULL && strcmp(w->stamp, stamp) == 0) {
		free(stamp);
		return;
	}
	if (!w->changed(w->arg)) {
		free(stamp);
		return;
	}
	free(w->stamp);
	w->stamp = stamp;
}

struct watch *watch_start(struct event_base *loop, int64_t interval_ms,
			  watch_changed *changed, void *arg, struct error *err)
{
	const struct timeval every = { .tv_sec = interval_ms / 1000,
				       .tv_usec = interval_ms % 1000 * 1000 };
	struct watch *w = calloc(1, sizeof(*w));

	if (w != NULL) {
		w->changed = changed;
		w->arg = arg;
		w->timer = event_new(loop, -1, EV_PERSIST, on_timer, w);
	}
	if (w == NULL || w->timer == NULL || event_add(w->timer, &every) != 0) {
		error_set(err, "out of memory for watching geo files");
		watch_stop(w);
		return NULL;
	}
	return w;
}

void watch_follow(struct watch *w, const struct policy *policy,
		  const char *stamp)
{
	free(w->stamp);
	w->stamp = stamp == NULL ? NULL : strdup(stamp);
	w->policy = policy;
}

void watch_stop(struct watch *w)
{
	if (w == NULL)
		return;
	if (w->timer != NULL)
		event_free(w->timer);
	free(w->stamp);
	free(w);
}
