/* SPDX-License-Identifier: Apache-2.0 */
#include "health/reporter.h"

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
#include <jansson.h>

struct reporter {
	struct reporter_config config;
	struct reporter_subject subject;
	struct event *every; /* persistent: each second */
	struct event *soon;  /* pending: a change waits to be told */
	int64_t told_ms;     /* monotonic: the last publication */
	uint64_t sequence;
	double stretch; /* reported; 0: none yet */
};

/* Why this vantage mistrusts itself, and what would tell it more. */
static void fill_doubt(const struct rounds_doubt *is, struct node *node)
{
	if (is->anchors > 0 && is->lost >= is->anchors)
		snprintf(node->trouble, sizeof(node->trouble),
			 "mistrusts itself and abstains: none of its %zu "
			 "anchors answers",
			 is->anchors);
	else
		snprintf(node->trouble, sizeof(node->trouble),
			 "mistrusts itself and abstains: %zu of %zu probes "
			 "fail%s",
			 is->failing, is->probes,
			 is->anchors == 0 ? "; anchors would tell more" : "");
}

static void fill_node(const struct reporter *r, struct node *node)
{
	const struct reporter_subject *on = &r->subject;
	const struct rounds_doubt doubt = rounds_doubt(on->rounds);

	*node = node_of(NODE_HEALTH, r->config.name, clock_wall_ms());
	snprintf(node->policy_digest, sizeof(node->policy_digest), "%s",
		 on->policy->digest);
	if (on->trouble[0] != '\0')
		snprintf(node->trouble, sizeof(node->trouble), "%s",
			 on->trouble);
	else if (doubt.mistrusts)
		fill_doubt(&doubt, node);
	verify_tell(r->config.verify, node);
}

static bool abstains(const struct reporter *r)
{
	return rounds_unfinished(r->subject.rounds) ||
	       rounds_doubt(r->subject.rounds).mistrusts;
}

/* The regions as points: what is fastest there is nearest to the bare way. */
static void look_at_stretch(struct reporter *r)
{
	const struct policy *policy = r->subject.policy;
	const struct roster *roster = r->subject.roster;
	struct stretch_point points[POLICY_REGIONS_MAX] = { 0 };
	int at = policy_find_vantage(policy, r->config.vantage);

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

static struct whole_parts parts_of(const struct reporter *r, size_t target)
{
	const struct roster_target *t = &r->subject.roster->targets[target];
	struct whole_parts parts = {
		.expression = t->service->expression,
		.checks = r->subject.policy->checks,
		.first = rounds_watch(r->subject.rounds, t->job),
	};

	for (size_t i = 0; i < parts.expression->check_count; i++)
		parts.watches[i] = rounds_watch(r->subject.rounds, t->parts[i]);
	return parts;
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

/* What several checks make together, by now. */
static void look_at_wholes(const struct reporter *r)
{
	const struct roster *roster = r->subject.roster;
	int64_t now_ms = clock_now_ms(), wall_ms = clock_wall_ms();

	for (size_t i = 0; i < roster->target_count; i++) {
		struct whole_parts parts;

		if (roster->targets[i].parts == NULL)
			continue;
		parts = parts_of(r, i);
		if (whole_step(&r->subject.wholes[i], &parts, now_ms, wall_ms))
			log_whole(r, i);
	}
}

static size_t count_parts(const struct roster *roster)
{
	size_t found = 0, count;

	for (size_t i = 0; i < roster->target_count; i++) {
		roster_jobs(&roster->targets[i], &count);
		found += roster->targets[i].parts == NULL ? 0 : count;
	}
	return found;
}

static void fill_entry(const struct reporter *r, size_t target, int64_t now_ms,
		       struct report_entry *entry)
{
	const struct roster_target *t = &r->subject.roster->targets[target];
	struct whole_parts parts;

	snprintf(entry->service, sizeof(entry->service), "%s",
		 t->service->name);
	snprintf(entry->endpoint, sizeof(entry->endpoint), "%s",
		 t->endpoint->name);
	if (t->parts == NULL) {
		watch_report(rounds_watch(r->subject.rounds, t->job), now_ms,
			     entry);
		return;
	}
	parts = parts_of(r, target);
	whole_report(&r->subject.wholes[target], &parts, now_ms, entry);
}

/* And what they are made of. */
static void fill_entries(const struct reporter *r, int64_t now_ms,
			 struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		struct report_entry *entry = &report->entries[i];
		struct whole_parts parts;

		fill_entry(r, i, now_ms, entry);
		if (r->subject.roster->targets[i].parts == NULL)
			continue;
		parts = parts_of(r, i);
		entry->part_first = report->part_count;
		entry->part_count = parts.expression->check_count;
		whole_report_parts(&parts, now_ms,
				   &report->parts[entry->part_first]);
		report->part_count += entry->part_count;
	}
}

/* False when memory runs out.  entries and parts are the caller's to free. */
static bool fill_report(const struct reporter *r, struct report *report)
{
	const struct roster *roster = r->subject.roster;
	int64_t now_ms = clock_now_ms();

	*report = (struct report){
		.sequence = r->sequence,
		.wall_made_ms = clock_wall_ms(),
		.abstains = abstains(r),
		.mistrusts = rounds_doubt(r->subject.rounds).mistrusts,
		.stretch = (float)r->stretch,
		.count = roster->target_count,
		.entries = calloc(roster->target_count + 1,
				  sizeof(*report->entries)),
		.parts =
			calloc(count_parts(roster) + 1, sizeof(*report->parts)),
	};
	if (report->entries == NULL || report->parts == NULL)
		return false;
	snprintf(report->vantage, sizeof(report->vantage), "%s",
		 r->config.vantage);
	snprintf(report->policy_digest, sizeof(report->policy_digest), "%s",
		 r->subject.policy->digest);
	fill_entries(r, now_ms, report);
	return true;
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
	r->sequence++;
	look_at_stretch(r);
	look_at_wholes(r);
	if (fill_report(r, &report))
		text = write_report(r, &report, &len);
	put(r, BUS_REPORTS, r->config.vantage, text, len);
	free(report.entries);
	free(report.parts);
	fill_node(r, &node);
	text = node_write(&node, &len);
	put(r, BUS_NODES, r->config.name, text, len);
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
		/* From the wall clock: a restart goes on upwards. */
		r->sequence = (uint64_t)clock_wall_ms();
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

void reporter_turn(struct reporter *r, const struct reporter_subject *subject)
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

/* What users met there, beside what probes say. */
static json_t *with_users(json_t *target, const struct report_entry *e)
{
	json_t *users = json_pack("{s:b, s:b, s:b, s:I, s:I, s:s}", "by_users",
				  e->by_users, "trickle", e->trickle,
				  "unjudged", e->unjudged, "user_requests",
				  (json_int_t)e->user_requests, "user_errors",
				  (json_int_t)e->user_errors, "user_edges",
				  e->user_edges);
	bool ok = json_object_update(target, users) == 0;

	json_decref(users);
	if (ok)
		return target;
	json_decref(target);
	return NULL;
}

/* Each check of several, and what it says.  NULL: there is but one. */
static json_t *status_parts(const struct reporter *r, size_t target)
{
	struct report_part list[EXPRESSION_PARTS_MAX];
	struct whole_parts parts;
	json_t *json;

	if (r->subject.roster->targets[target].parts == NULL)
		return NULL;
	parts = parts_of(r, target);
	whole_report_parts(&parts, clock_now_ms(), list);
	json = json_array();
	for (size_t i = 0; i < parts.expression->check_count; i++)
		json_array_append_new(
			json, json_pack("{s:s, s:s, s:s, s:b, s:b}", "check",
					list[i].check, "state",
					report_state_name(list[i].state),
					"failure", list[i].failure, "failing",
					list[i].failing, "shadow",
					!(parts.expression->counted >> i & 1)));
	return json;
}

static json_t *status_target(const struct reporter *r, size_t at)
{
	const struct roster_target *target = &r->subject.roster->targets[at];
	const struct watch *w = rounds_watch(r->subject.rounds, target->job);
	struct report_entry e = { 0 };
	char last[OUTCOME_TEXT_SIZE];
	json_t *json;

	fill_entry(r, at, clock_now_ms(), &e);
	json = json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:b, s:I, s:b, s:s, s:s, "
		"s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:o*}",
		"service", target->service->name, "endpoint",
		target->endpoint->name, "state", report_state_name(e.state),
		"probe", r->subject.roster->jobs[target->job].key,
		"wall_since_ms", (json_int_t)e.wall_since_ms, "wall_probed_ms",
		(json_int_t)e.wall_probed_ms, "failing", e.failing, "damped",
		e.damped, "forced_ms",
		(json_int_t)(watch_forced(w)
				     ? w->forced_until_ms - clock_now_ms()
				     : 0),
		"shadow",
		r->subject.roster->jobs[target->job].spec.check->shadow,
		"failure", e.failure, "last", outcome_text(&w->last, last),
		"samples", (json_int_t)e.samples, "failures",
		(json_int_t)e.failures, "latency_ms", (double)e.latency_ms,
		"ewma_ms", (double)e.ewma_ms, "p50_ms", (double)e.p50_ms,
		"p95_ms", (double)e.p95_ms, "resolve_ms", (double)e.resolve_ms,
		"connect_ms", (double)e.connect_ms, "tls_ms", (double)e.tls_ms,
		"first_byte_ms", (double)e.first_byte_ms, "certificate_left_s",
		(json_int_t)e.certificate_left_s, "parts", status_parts(r, at));
	return with_users(json, &e);
}

/* Of many targets, only those are shown about which there is something to say.
 */
static bool is_shown(const struct reporter *r, size_t target, size_t shown)
{
	const struct roster *roster = r->subject.roster;
	struct report_entry e = { 0 };

	fill_entry(r, target, clock_now_ms(), &e);
	return roster->target_count <= REPORTER_SHOWN_MAX ||
	       (shown < REPORTER_SHOWN_MAX &&
		(e.failing || e.forced || e.state != REPORT_CLOSED));
}

static json_t *status_targets(const struct reporter *r)
{
	const struct roster *roster = r->subject.roster;
	json_t *list = json_array();

	for (size_t i = 0; i < roster->target_count; i++)
		if (is_shown(r, i, json_array_size(list)) &&
		    json_array_append_new(list, status_target(r, i)) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *status_load(const struct reporter *r)
{
	const struct rounds_load load = rounds_load(r->subject.rounds);

	return json_pack("{s:I, s:I, s:I, s:I, s:f, s:f, s:f}", "probes",
			 (json_int_t)r->subject.roster->job_count, "in_flight",
			 (json_int_t)load.in_flight, "in_flight_max",
			 (json_int_t)load.in_flight_max, "waiting",
			 (json_int_t)load.waiting, "late_p50_ms",
			 (double)load.late_p50_ms, "late_p99_ms",
			 (double)load.late_p99_ms, "late_max_ms",
			 (double)load.late_max_ms);
}

json_t *reporter_status(const struct reporter *r)
{
	json_t *status = NULL, *targets = status_targets(r);
	struct node node;
	char *text;
	size_t len;

	fill_node(r, &node);
	text = node_write(&node, &len);
	if (text != NULL)
		status = json_loadb(text, len, 0, NULL);
	free(text);
	/* Each of these takes over its value, or fails on a NULL one. */
	if (json_object_set_new(status, "ok", json_true()) < 0 ||
	    json_object_set_new(status, "vantage",
				json_string(r->config.vantage)) < 0 ||
	    json_object_set_new(status, "abstains", json_boolean(abstains(r))) <
		    0 ||
	    json_object_set_new(
		    status, "mistrusts",
		    json_boolean(rounds_doubt(r->subject.rounds).mistrusts)) <
		    0 ||
	    json_object_set_new(status, "load", status_load(r)) < 0 ||
	    json_object_set_new(status, "verify",
				verify_status(r->config.verify)) < 0 ||
	    json_object_set_new(status, "stretch", json_real(r->stretch)) < 0 ||
	    json_object_set_new(
		    status, "left_out",
		    json_integer((json_int_t)(r->subject.roster->target_count -
					      json_array_size(targets)))) < 0 ||
	    json_object_set(status, "targets", targets) < 0) {
		json_decref(status);
		status = NULL;
	}
	json_decref(targets);
	return status;
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
