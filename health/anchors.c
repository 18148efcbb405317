/* SPDX-License-Identifier: Apache-2.0 */
#include "health/anchors.h"

#include "health/outcome.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"

#include <stdlib.h>

#include <event2/event.h>

struct anchor {
	struct anchors *of;
	struct probe_spec spec;
	struct event *timer;
	struct probe *probe; /* NULL: not being asked */
	int64_t begun_ms;    /* when it was asked last */
	bool lost;
};

struct anchors {
	struct anchors_config config;
	struct policy_check check; /* what all of them are asked by */
	struct anchor *list;
	size_t count, lost;
};

static void set_timer(struct anchor *a, int64_t wait_ms)
{
	const struct timeval after = { .tv_sec = wait_ms / 1000,
				       .tv_usec = wait_ms % 1000 * 1000 };

	evtimer_add(a->timer, &after);
}

static void take_answer(struct anchor *a, bool answered)
{
	struct anchors *of = a->of;

	of->lost -= a->lost;
	a->lost = !answered;
	of->lost += a->lost;
	set_timer(a, a->lost ? ANCHORS_AGAIN_MS : ANCHORS_EVERY_MS);
	of->config.on_news(of->config.arg, answered);
}

static void on_done(void *arg, const struct observation *seen)
{
	struct anchor *a = arg;

	a->probe = NULL;
	if (outcome_stalled(seen, clock_now_ms() - a->begun_ms,
			    ANCHORS_TIMEOUT_MS))
		set_timer(a, 0);
	else
		take_answer(a, outcome_passed(seen->outcome));
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct anchor *a = arg;
	(void)fd, (void)what;
	a->begun_ms = clock_now_ms();
	a->probe = launch_probe(&a->of->config.means, &a->spec, on_done, a);
	if (a->probe == NULL)
		take_answer(a, false);
}

static bool begin(struct anchors *anchors, size_t i)
{
	const struct policy_anchor *declared =
		&anchors->config.vantage->anchors[i];
	struct anchor *a = &anchors->list[i];

	a->of = anchors;
	a->lost = anchors->config.lost;
	anchors->lost += a->lost;
	a->spec = (struct probe_spec){
		.addr = declared->addr,
		.name = declared->name,
		.port = declared->port,
		.host = "",
		.check = &anchors->check,
	};
	a->timer = evtimer_new(anchors->config.means.loop, on_time, a);
	if (a->timer == NULL)
		return false;
	set_timer(a, 0);
	return true;
}

struct anchors *anchors_start(const struct anchors_config *config,
			      struct error *err)
{
	size_t count = config->vantage->anchor_count;
	struct anchors *anchors = calloc(1, sizeof(*anchors));

	if (anchors == NULL)
		goto fail;
	anchors->config = *config;
	anchors->check = (struct policy_check){
		.name = "anchor",
		.type = CHECK_TCP,
		.timeout_ms = ANCHORS_TIMEOUT_MS,
	};
	anchors->list = calloc(count + 1, sizeof(anchors->list[0]));
	if (anchors->list == NULL)
		goto fail;
	anchors->count = count;
	for (size_t i = 0; i < count; i++)
		if (!begin(anchors, i))
			goto fail;
	return anchors;
fail:
	anchors_stop(anchors);
	error_set(err, "out of memory while starting anchors");
	return NULL;
}

void anchors_stop(struct anchors *anchors)
{
	if (anchors == NULL)
		return;
	for (size_t i = 0; anchors->list != NULL && i < anchors->count; i++) {
		probe_cancel(anchors->list[i].probe);
		if (anchors->list[i].timer != NULL)
			event_free(anchors->list[i].timer);
	}
	free(anchors->list);
	free(anchors);
}

void anchors_hurry(struct anchors *anchors)
{
	for (size_t i = 0; anchors != NULL && i < anchors->count; i++)
		if (anchors->list[i].probe == NULL)
			set_timer(&anchors->list[i], 0);
}

size_t anchors_lost(const struct anchors *anchors)
{
	return anchors->lost;
}
