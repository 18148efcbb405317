/* SPDX-License-Identifier: Apache-2.0 */
#include "health/reporter.h"

#include "health/account.h"
#include "health/roster.h"
#include "health/rounds.h"
#include "health/stretch.h"
#include "health/verify.h"
#include "health/watch.h"
#include "health/whole.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bus.h"
#include "policy/bus/node.h"
#include "policy/bus/report.h"
#include "policy/bus/sign.h"
#include "policy/decide/latency.h"

#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

struct reporter {
	struct reporter_config config;
	struct account subject;
	struct event *every; /* persistent: each second */
	struct event *soon;  /* pending: a change waits to be told */
	int64_t told_ms;     /* monotonic: the last publication */
	uint64_t sequence;
	double stretch; /* reported; 0: none yet */
};

/* The regions as points: what is fastest there is nearest to the bare way. */
static void look_at_stretch(struct reporter *r)
{
	const struct policy *policy = r->subject.policy;
	const struct roster *roster = r->subject.roster;
	struct stretch_point points[POLICY_REGIONS_MAX] = { 0 };
	int at = policy_find_vantage(policy, r->subject.vantage);

	for (size_t i = 0; at >= 0 && i < policy->region_count; i++)
		points[i].light_ms = latency_light_ms(
			latency_distance_km(policy->vantages[at].latitude,
					    policy->vantages[at].longitude,
					    policy->regions[i].latitude,
					    policy->regions[i].longitude));
	for (size_t i = 0; i < roster->target_count; i++) {
		const struct roster_target *t = &roster->targets[i];
		struct stretch_point *p = &points[t->endpoint->region];
		double ms = (double)rounds_watch(r->subject.rounds, t->job)
				    ->latency.settled_ms;

		if (ms > 0 && (p->rtt_ms <= 0 || ms < p->rtt_ms))
			p->rtt_ms = ms;
	}
	r->stretch = stretch_step(r->stretch,
				  stretch_fit(points, policy->region_count));
}

static void log_whole(const struct reporter *r, size_t target)
{
	const struct roster_target *t = &r->subject.roster->targets[target];
	const struct whole *w = &r->subject.wholes[target];

	log_event(w->state == REPORT_OPEN ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,
		  "health", "whole", "service=%s endpoint=%s state=%s",
		  t->service->name, t->endpoint->name,
		  report_state_name(w->state));
}

/* What several probes make together, by now. */
static void look_at_wholes(const struct reporter *r)
{
	const struct roster *roster = r->subject.roster;
	int64_t now_ms = clock_now_ms(), wall_ms = clock_wall_ms();

	for (size_t i = 0; i < roster->target_count; i++) {
		struct whole_parts parts;

		if (roster->targets[i].parts == NULL)
			continue;
		parts = account_parts(&r->subject, i);
		if (whole_step(&r->subject.wholes[i], &parts, now_ms, wall_ms))
			log_whole(r, i);
	}
}

/* Takes ownership of text; NULL: memory ran out. */
static void put(const struct reporter *r, enum bus_topic topic, const char *key,
		char *text, size_t len)
{
	if (text == NULL)
		log_event(LOG_LEVEL_ERROR, "health", "publish",
			  "error=\"out of memory\"");
	else
		bus_put(r->config.bus, topic, key, text, len, REPORTER_TTL_MS);
	free(text);
}

/* As it goes out, signed where there is a key.  NULL: memory ran out. */
static char *write_report(const struct reporter *r, const struct report *report,
			  size_t *len)
{
	char *text = report_write(report, len), *sealed;
	struct error err;

	if (text == NULL || r->config.key == NULL)
		return text;
	sealed = sign_wrap(r->config.key, SIGN_REPORT, text, *len, len, &err);
	free(text);
	return sealed;
}

static void publish(struct reporter *r)
{
	struct report report;
	struct node node;
	size_t len = 0;
	char *text = NULL;

	r->told_ms = clock_now_ms();
	r->sequence = report_follow(r->sequence, clock_wall_ms());
	look_at_stretch(r);
	look_at_wholes(r);
	if (account_report(&r->subject, &report)) {
		report.sequence = r->sequence;
		report.stretch = (float)r->stretch;
		text = write_report(r, &report, &len);
	}
	put(r, BUS_REPORTS, r->subject.vantage, text, len);
	free(report.entries);
	free(report.parts);
	node = account_node(&r->subject);
	text = node_write(&node, &len);
	put(r, BUS_NODES, r->subject.name, text, len);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct reporter *r = arg;

	(void)fd, (void)what;
	evtimer_del(r->soon);
	if (r->subject.rounds != NULL)
		publish(r);
}

struct reporter *reporter_start(const struct reporter_config *config,
				struct error *err)
{
	const struct timeval second = { .tv_sec = REPORTER_EVERY_MS / 1000 };
	struct reporter *r = calloc(1, sizeof(*r));

	if (r != NULL) {
		r->config = *config;
		r->every = event_new(config->loop, -1, EV_PERSIST, on_time, r);
		r->soon = evtimer_new(config->loop, on_time, r);
	}
	if (r == NULL || r->every == NULL || r->soon == NULL ||
	    event_add(r->every, &second) < 0) {
		reporter_stop(r);
		error_set(err, "out of memory while starting the reporter");
		return NULL;
	}
	return r;
}

void reporter_turn(struct reporter *r, const struct account *subject)
{
	r->subject = *subject;
	reporter_hurry(r);
}

void reporter_hurry(struct reporter *r)
{
	int64_t wait_ms = r->told_ms + REPORTER_PAUSE_MS - clock_now_ms();
	struct timeval after = { 0 };

	if (evtimer_pending(r->soon, NULL))
		return;
	/* Even at once is a turn of the loop later: changes come in crowds. */
	if (wait_ms > 0)
		after.tv_usec = wait_ms * 1000;
	evtimer_add(r->soon, &after);
}

double reporter_stretch(const struct reporter *r)
{
	return r->stretch;
}

void reporter_stop(struct reporter *r)
{
	if (r == NULL)
		return;
	if (r->every != NULL)
		event_free(r->every);
	if (r->soon != NULL)
		event_free(r->soon);
	free(r);
}
