/* SPDX-License-Identifier: Apache-2.0 */
#include "health/status.h"

#include "health/account.h"
#include "health/roster.h"
#include "health/rounds.h"
#include "health/verify.h"
#include "health/watch.h"
#include "policy/base/clock.h"
#include "policy/bus/member.h"
#include "policy/bus/node.h"
#include "policy/bus/report.h"
#include "policy/language/policy.h"
#include "policy/language/reach.h"

#include <stdlib.h>

#include <jansson.h>

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

static json_t *status_part(const struct report_part *part, bool shadow)
{
	char addr[NET_TEXT_SIZE];

	return json_pack("{s:s, s:s*, s:s, s:s, s:b, s:b}", "check",
			 part->check, "address",
			 part->addr.family == NET_NONE
				 ? NULL
				 : net_addr_text(&part->addr, addr),
			 "state", report_state_name(part->state), "failure",
			 part->failure, "failing", part->failing, "shadow",
			 shadow);
}

/* When the last failure was, of an endpoint that has no parts. */
static int64_t failed_ms(const struct account *a, size_t target)
{
	const struct roster_target *t = &a->roster->targets[target];

	return t->parts == NULL
		       ? rounds_watch(a->rounds, t->job)->wall_failed_ms
		       : 0;
}

/* Each check of several, or instead each address of several that it probes, and
 * what it says.  NULL: there is but one. */
static json_t *status_parts(const struct account *a, size_t target)
{
	struct report_part list[REPORT_PARTS_MAX];
	struct whole_parts parts;
	size_t count;
	json_t *json;

	if (a->roster->targets[target].parts == NULL)
		return NULL;
	parts = account_parts(a, target);
	count = whole_report_parts(&parts, clock_now_ms(), list);
	json = json_array();
	for (size_t i = 0, probe = 0; i < count; i++) {
		const struct policy_check *check;

		/* The whole of the addresses that follow. */
		if (list[i].addr.family == NET_NONE &&
		    parts.probes[probe].addr != NULL)
			continue;
		check = reach_check(parts.checks, parts.service,
				    parts.probes[probe++].check);
		json_array_append_new(json,
				      status_part(&list[i], check->shadow));
	}
	return json;
}

static json_t *status_target(const struct account *a, size_t at)
{
	const struct roster_target *target = &a->roster->targets[at];
	const struct watch *w = rounds_watch(a->rounds, target->job);
	struct report_entry e = { 0 };
	char last[OUTCOME_TEXT_SIZE];
	json_t *json;

	account_entry(a, at, clock_now_ms(), &e);
	json = json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:b, s:I, s:b, s:s, s:I, s:s, "
		"s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:o*}",
		"service", target->service->name, "endpoint",
		target->endpoint->name, "state", report_state_name(e.state),
		"probe", a->roster->jobs[target->job].key, "wall_since_ms",
		(json_int_t)e.wall_since_ms, "wall_probed_ms",
		(json_int_t)e.wall_probed_ms, "failing", e.failing, "damped",
		e.damped, "forced_ms",
		(json_int_t)(watch_forced(w)
				     ? w->forced_until_ms - clock_now_ms()
				     : 0),
		"shadow", a->roster->jobs[target->job].spec.check->shadow,
		"failure", e.failure, "wall_failed_ms",
		(json_int_t)failed_ms(a, at), "last",
		outcome_text(&w->last, last), "samples", (json_int_t)e.samples,
		"failures", (json_int_t)e.failures, "latency_ms",
		(double)e.latency_ms, "ewma_ms", (double)e.ewma_ms, "p50_ms",
		(double)e.p50_ms, "p95_ms", (double)e.p95_ms, "resolve_ms",
		(double)e.resolve_ms, "connect_ms", (double)e.connect_ms,
		"tls_ms", (double)e.tls_ms, "first_byte_ms",
		(double)e.first_byte_ms, "certificate_left_s",
		(json_int_t)e.certificate_left_s, "parts", status_parts(a, at));
	return with_users(json, &e);
}

/* Of many targets, only those are shown about which there is something to say.
 */
static bool is_shown(const struct account *a, size_t target, size_t shown)
{
	const struct roster *roster = a->roster;
	struct report_entry e = { 0 };

	account_entry(a, target, clock_now_ms(), &e);
	return roster->target_count <= STATUS_SHOWN_MAX ||
	       (shown < STATUS_SHOWN_MAX &&
		(e.failing || e.forced || e.state != REPORT_CLOSED));
}

static json_t *status_targets(const struct account *a)
{
	const struct roster *roster = a->roster;
	json_t *list = json_array();

	for (size_t i = 0; i < roster->target_count; i++)
		if (is_shown(a, i, json_array_size(list)))
			member_append(&list, status_target(a, i));
	return list;
}

static json_t *status_load(const struct account *a)
{
	const struct rounds_load load = rounds_load(a->rounds);

	return json_pack("{s:I, s:I, s:I, s:I, s:f, s:f, s:f}", "probes",
			 (json_int_t)a->roster->job_count, "in_flight",
			 (json_int_t)load.in_flight, "in_flight_max",
			 (json_int_t)load.in_flight_max, "waiting",
			 (json_int_t)load.waiting, "late_p50_ms",
			 (double)load.late_p50_ms, "late_p99_ms",
			 (double)load.late_p99_ms, "late_max_ms",
			 (double)load.late_max_ms);
}

json_t *status_write(const struct account *a, double stretch)
{
	json_t *status = NULL, *targets = status_targets(a);
	const struct node node = account_node(a);
	char *text;
	size_t len;

	text = node_write(&node, &len);
	if (text != NULL)
		status = json_loadb(text, len, 0, NULL);
	free(text);
	/* Each of these takes over its value, or fails on a NULL one. */
	if (json_object_set_new(status, "ok", json_true()) < 0 ||
	    json_object_set_new(status, "vantage", json_string(a->vantage)) <
		    0 ||
	    json_object_set_new(status, "abstains",
				json_boolean(account_abstains(a))) < 0 ||
	    json_object_set_new(
		    status, "mistrusts",
		    json_boolean(rounds_doubt(a->rounds).mistrusts)) < 0 ||
	    json_object_set_new(status, "load", status_load(a)) < 0 ||
	    json_object_set_new(status, "verify", verify_status(a->verify)) <
		    0 ||
	    json_object_set_new(status, "stretch", json_real(stretch)) < 0 ||
	    json_object_set_new(
		    status, "left_out",
		    json_integer((json_int_t)(a->roster->target_count -
					      json_array_size(targets)))) < 0 ||
	    json_object_set(status, "targets", targets) < 0) {
		json_decref(status);
		status = NULL;
	}
	json_decref(targets);
	return status;
}
