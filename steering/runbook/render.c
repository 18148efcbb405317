/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/render.h"

#include "policy/base/clock.h"
#include "steering/runbook/field.h"
#include "steering/runbook/render_commands.h"
#include "steering/runbook/render_parts.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include <jansson.h>

static double share_of(const struct json_t *json, const char *key)
{
	return json_number_value(json_object_get(json, key));
}

const char *render_duration(int64_t ms, char *buf, size_t size)
{
	int64_t s = ms > 0 ? ms / 1000 : 0;

	if (s < 60)
		snprintf(buf, size, "%" PRId64 "s", s);
	else if (s < 3600)
		snprintf(buf, size, "%" PRId64 "m %" PRId64 "s", s / 60,
			 s % 60);
	else
		snprintf(buf, size, "%" PRId64 "h %" PRId64 "m", s / 3600,
			 s % 3600 / 60);
	return buf;
}

static void render_change(const char *name, double before, double after,
			  FILE *out)
{
	fprintf(out, "  %-20s %5.1f %%  ->  %5.1f %%%s\n", name, before, after,
		before - after >= 0.05   ? "  less"
		: after - before >= 0.05 ? "  more"
					 : "");
}

/* What comes to it against what it can carry, where demand is known. */
static void render_burden(const struct json_t *region, FILE *out)
{
	double capacity = share_of(region, "capacity");
	double before = share_of(region, "load_before");
	double after = share_of(region, "load_after");

	if (!(capacity > 0))
		return;
	fprintf(out,
		"  %-20s %8.6g  ->  %8.6g of %.6g: %5.1f %%  ->  %5.1f %%%s\n",
		field_text(region, "region"), before, after, capacity,
		100 * before / capacity, 100 * after / capacity,
		after > capacity ? "  TOO MUCH" : "");
}

static void render_service_prediction(const struct json_t *service, FILE *out)
{
	const struct json_t *regions = json_object_get(service, "regions");
	double none_before = share_of(service, "none_before_pct");
	double none_after = share_of(service, "none_after_pct");
	const char *by = field_text(service, "by");
	struct json_t *region;
	size_t i;

	fprintf(out, "%s: %.1f %% of IPv4 clients move, %.1f %% of IPv6",
		field_text(service, "service"), share_of(service, "moved_pct"),
		share_of(service, "moved_v6_pct"));
	fprintf(out, *by == '\0' ? "\n" : ", by %s\n", by);
	json_array_foreach(regions, i, region)
		render_change(field_text(region, "region"),
			      share_of(region, "before_pct"),
			      share_of(region, "after_pct"), out);
	json_array_foreach(regions, i, region) render_burden(region, out);
	if (none_before > 0 || none_after > 0)
		render_change("NO ANSWER", none_before, none_after, out);
}

static void render_undone(const struct json_t *undone, FILE *out)
{
	char at[CLOCK_TEXT_SIZE];

	if (undone != NULL)
		fprintf(out, "Takes back %s: %s, by %s at %s\n",
			field_text(undone, "id"), field_text(undone, "what"),
			field_text(undone, "author"),
			clock_wall_text(field_number(undone, "wall_ms"), at));
}

void render_prediction(const struct json_t *answer, FILE *out)
{
	const struct json_t *prediction = json_object_get(answer, "prediction");
	const struct json_t *services = json_object_get(prediction, "services");
	struct json_t *item;
	size_t i;

	render_undone(json_object_get(answer, "undoes"), out);
	if (json_array_size(services) == 0)
		fprintf(out, "No client moves.\n");
	json_array_foreach(services, i, item)
		render_service_prediction(item, out);
	json_array_foreach(json_object_get(answer, "warnings"), i, item)
		fprintf(out, "warning: %s\n", json_string_value(item));
}

static bool is_set(const struct json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* Who votes against it, since when; and what is not done about it. */
static void render_votes(const struct json_t *endpoint, FILE *out)
{
	const struct json_t *names = json_object_get(endpoint, "down_by");
	int64_t down_ms = field_number(endpoint, "down_ms");
	struct json_t *name;
	char age[48];
	size_t i;

	json_array_foreach(names, i, name)
	{
		fprintf(out, "%s%s", i == 0 ? "  down by " : ", ",
			json_string_value(name));
	}
	if (down_ms > 0 && json_array_size(names) > 0)
		fprintf(out, " for %s",
			render_duration(down_ms, age, sizeof(age)));
	if (is_set(endpoint, "vetoed"))
		fprintf(out, "  held up by a veto");
	if (*field_text(endpoint, "users") != '\0')
		fprintf(out, "  %s", field_text(endpoint, "users"));
	if (is_set(endpoint, "deferred"))
		fprintf(out, "  STILL SERVED: more is down than health may "
			     "take out, drain it to take it out");
}

void render_endpoint(const struct json_t *endpoint, FILE *out)
{
	const char *cause = field_text(endpoint, "cause");
	const char *ref = field_text(endpoint, "ref");

	fprintf(out, "  %-20s %-12s %-8s%s%s%s %6.1f %%",
		field_text(endpoint, "endpoint"),
		field_text(endpoint, "region"), field_text(endpoint, "verdict"),
		is_set(endpoint, "held") ? " (held)" : "",
		field_number(endpoint, "damped") > 0 ? " (damped)" : "",
		field_number(endpoint, "forced") > 0 ? " (forced)" : "",
		100 * share_of(endpoint, "share"));
	if (*cause != '\0' && strcmp(cause, "full") != 0)
		fprintf(out, "  %s%s%s", cause, *ref == '\0' ? "" : " ", ref);
	render_votes(endpoint, out);
	fputc('\n', out);
	render_parts_seen(json_object_get(endpoint, "parts"), out);
}

/* What capacity does; nothing is said while it does nothing. */
static void render_spill(const struct json_t *spill, FILE *out)
{
	if (is_set(spill, "overloaded"))
		fprintf(out,
			"  OVERLOAD: demand is %.6g, more than can be "
			"carried; %s is used to %.0f %%\n",
			share_of(spill, "demand"), field_text(spill, "most"),
			share_of(spill, "use_pct"));
	if (share_of(spill, "passed_pct") > 0)
		fprintf(out,
			"  capacity passes on %.1f %% of a demand of %.6g\n",
			share_of(spill, "passed_pct"),
			share_of(spill, "demand"));
}

/* How much is asked. */
static void render_amount(const struct json_t *demand, FILE *out)
{
	const char *amount = field_text(demand, "amount");

	if (strcmp(amount, "unknown") == 0)
		fprintf(out, "  demand is not known");
	else if (strcmp(amount, "edges") == 0)
		fprintf(out, "  demand is %.6g, as %lld edge(s) count",
			share_of(demand, "demand"),
			(long long)field_number(demand, "edges"));
	else
		fprintf(out, "  demand is %.6g, as the policy states",
			share_of(demand, "demand"));
}

/* Where demand comes from; an agent that is older, or knows of none, says
 * nothing. */
static void render_demand(const struct json_t *demand, FILE *out)
{
	bool counted = strcmp(field_text(demand, "homes"), "counted") == 0;

	if (demand == NULL)
		return;
	render_amount(demand, out);
	if (counted)
		fprintf(out,
			"; by whom: %.3g queries a second at %lld "
			"responder(s), heard %lld s ago%s\n",
			share_of(demand, "queries_per_s"),
			(long long)field_number(demand, "responders"),
			(long long)field_number(demand, "age_ms") / 1000,
			is_set(demand, "bounded")
				? " (bounded by what is usual)"
				: "");
	else
		fprintf(out, "; by whom: address space\n");
}

static void render_services(const struct json_t *answer, FILE *out)
{
	const struct json_t *services = json_object_get(answer, "services");
	struct json_t *service, *endpoint;
	size_t i, j;

	json_array_foreach(services, i, service)
	{
		const char *lacks = field_text(service, "unmonitored");

		fprintf(out, "service %s%s%s\n", field_text(service, "service"),
			*lacks == '\0' ? "" : ", unmonitored: it has ", lacks);
		if (*field_text(service, "frozen") != '\0')
			fprintf(out,
				"  FROZEN by %s: nothing moves by itself\n",
				field_text(service, "frozen"));
		render_demand(json_object_get(service, "demand"), out);
		render_spill(json_object_get(service, "spill"), out);
		if (is_set(service, "panic"))
			fprintf(out,
				"  PANIC: %" PRId64 " %% of the capacity is "
				"healthy, so health is not obeyed; ramps and "
				"canaries are paused\n",
				field_number(service, "healthy_pct"));
		json_array_foreach(json_object_get(service, "endpoints"), j,
				   endpoint) render_endpoint(endpoint, out);
	}
}

/* How a prober keeps up. */
static void render_load(const struct json_t *load, FILE *out)
{
	if (load == NULL)
		return;
	fprintf(out,
		"%" PRId64 " probes, %" PRId64 " under way (at most %" PRId64
		"), %" PRId64 " waiting, started %.1f ms late (p99 %.1f ms)\n",
		field_number(load, "probes"), field_number(load, "in_flight"),
		field_number(load, "in_flight_max"),
		field_number(load, "waiting"), share_of(load, "late_p50_ms"),
		share_of(load, "late_p99_ms"));
}

static void render_certificate(int64_t left_s, FILE *out)
{
	if (left_s < 0)
		fprintf(out, ", certificate ended");
	else if (left_s > 0)
		fprintf(out, ", certificate for %" PRId64 " h", left_s / 3600);
}

/* What it failed for before, and when, once it passes. */
static void render_failure(const struct json_t *target, int64_t wall_ms,
			   FILE *out)
{
	int64_t failed_ms = field_number(target, "wall_failed_ms");
	char age[48];

	if (failed_ms > 0 && strcmp(field_text(target, "last"), "ok") == 0)
		fprintf(out, ", last failure: %s %s ago",
			field_text(target, "failure"),
			render_duration(wall_ms - failed_ms, age, sizeof(age)));
}

/* What users met there, when that is why it is as it is. */
static void render_users(const struct json_t *target, FILE *out)
{
	if (is_set(target, "by_users"))
		fprintf(out,
			"  opened by users: %" PRId64 " of %" PRId64
			" requests failed at edges %s%s",
			field_number(target, "user_errors"),
			field_number(target, "user_requests"),
			field_text(target, "user_edges"),
			is_set(target, "trickle") ? "; on trial with some of "
						    "them"
						  : "");
	if (is_set(target, "unjudged"))
		fprintf(out, "  closed unjudged: no edge told of its users");
}

void render_target(const struct json_t *target, int64_t wall_ms, FILE *out)
{
	const char *service = field_text(target, "service");
	int64_t since_ms = field_number(target, "wall_since_ms");
	char age[48];

	fprintf(out, "  %s/%-*s %-9s for %-8s", service,
		strlen(service) < 30 ? (int)(30 - strlen(service)) : 0,
		field_text(target, "endpoint"), field_text(target, "state"),
		render_duration(wall_ms - since_ms, age, sizeof(age)));
	if (field_number(target, "forced_ms") > 0)
		fprintf(out, " forced for %s",
			render_duration(field_number(target, "forced_ms"), age,
					sizeof(age)));
	if (json_is_true(json_object_get(target, "shadow")))
		fprintf(out, " in shadow, not counted");
	if (share_of(target, "ewma_ms") > 0)
		fprintf(out, " %.1f ms (p95 %.1f ms)",
			share_of(target, "ewma_ms"),
			share_of(target, "p95_ms"));
	fprintf(out, "  last probe: %s", field_text(target, "last"));
	render_failure(target, wall_ms, out);
	render_certificate(field_number(target, "certificate_left_s"), out);
	render_users(target, out);
	fprintf(out, "%s\n",
		json_is_true(json_object_get(target, "damped"))
			? "  (damped: it flapped)"
			: "");
	render_parts_here(json_object_get(target, "parts"), out);
}

/* What a prober sees: one line an endpoint. */
static void render_targets(const struct json_t *answer, int64_t wall_ms,
			   FILE *out)
{
	const struct json_t *targets = json_object_get(answer, "targets");
	struct json_t *target;
	size_t i;

	if (json_is_true(json_object_get(answer, "mistrusts")))
		fprintf(out, "abstains: the fault may be here\n");
	else if (json_is_true(json_object_get(answer, "abstains")))
		fprintf(out, "abstains: not every endpoint was probed yet\n");
	json_array_foreach(targets, i, target)
		render_target(target, wall_ms, out);
}

static void render_left_out(const struct json_t *answer, FILE *out)
{
	int64_t count = field_number(answer, "left_out");

	if (count > 0)
		fprintf(out, "  and %" PRId64 " more, most of them up\n",
			count);
}

void render_canary(const struct json_t *canary, FILE *out)
{
	const char *phase = field_text(canary, "phase");
	const char *reason = field_text(canary, "reason");
	int64_t requests = field_number(canary, "canary_requests");

	fprintf(out,
		"canary %s of %s: %s%s%s, %" PRId64 " %% of stage %" PRId64
		" of %" PRId64,
		field_text(canary, "canary"), field_text(canary, "service"),
		field_text(canary, "state"), *phase == '\0' ? "" : ", ", phase,
		field_number(canary, "percent"), field_number(canary, "stage"),
		field_number(canary, "stages"));
	if (*reason != '\0')
		fprintf(out, ": %s", reason);
	if (*field_text(canary, "frozen") != '\0')
		fprintf(out, "; FROZEN by %s", field_text(canary, "frozen"));
	if (requests > 0)
		fprintf(out,
			"\n  %" PRId64 " of %" PRId64
			" requests failed, of the stable version %" PRId64
			" of %" PRId64,
			field_number(canary, "canary_errors"), requests,
			field_number(canary, "stable_errors"),
			field_number(canary, "stable_requests"));
	fputc('\n', out);
}

static void render_canaries(const struct json_t *answer, FILE *out)
{
	struct json_t *canary;
	size_t i;

	json_array_foreach(json_object_get(answer, "canaries"), i, canary)
		render_canary(canary, out);
}

/* What a prober finds wrong with responders. */
static void render_alarms(const struct json_t *node, int64_t wall_ms, FILE *out)
{
	struct json_t *alarm;
	char lasts[48];
	size_t i;

	json_array_foreach(json_object_get(node, "alarms"), i, alarm) fprintf(
		out, "  ALARM %s: %s for %s: %s\n",
		field_text(alarm, "responder"), field_text(alarm, "kind"),
		render_duration(wall_ms - field_number(alarm, "wall_since_ms"),
				lasts, sizeof(lasts)),
		field_text(alarm, "text"));
}

void render_node(const struct json_t *node, int64_t wall_ms, FILE *out)
{
	char age[48];
	struct json_t *local;
	size_t i;

	fprintf(out,
		"node %-16s %-7s%s policy %.8s plan %" PRId64 ".%" PRId64
		", %s old",
		field_text(node, "name"), field_text(node, "role"),
		json_is_true(json_object_get(node, "leads")) ? " leads" : "",
		field_text(node, "policy_digest"),
		field_number(node, "plan_epoch"),
		field_number(node, "plan_sequence"),
		render_duration(wall_ms - field_number(node, "wall_made_ms"),
				age, sizeof(age)));
	if (*field_text(node, "version") != '\0')
		fprintf(out, ", version %s", field_text(node, "version"));
	if (field_number(node, "lag_ms") > 0)
		fprintf(out, ", behind for %s",
			render_duration(field_number(node, "lag_ms"), age,
					sizeof(age)));
	if (*field_text(node, "trouble") != '\0')
		fprintf(out, "  trouble: %s", field_text(node, "trouble"));
	fputc('\n', out);
	json_array_foreach(json_object_get(node, "local"), i, local)
	{
		fprintf(out, "  only here: %s\n", field_text(local, "text"));
	}
	render_alarms(node, wall_ms, out);
}

/* "fleet: 1998 of 2000 nodes that follow plans have the newest; ..." */
static void render_fleet(const struct json_t *answer, FILE *out)
{
	struct json_t *fleet = json_object_get(answer, "fleet");
	struct json_t *versions = json_object_get(fleet, "versions"), *count;
	const char *version, *between = "; software";
	char lag[48];

	if (fleet == NULL)
		return;
	fprintf(out,
		"fleet: %" PRId64 " of %" PRId64
		" nodes that follow plans have the newest",
		field_number(fleet, "have"), field_number(fleet, "followers"));
	if (*field_text(fleet, "last") != '\0')
		fprintf(out, "; longest behind: %s, %s",
			field_text(fleet, "last"),
			render_duration(field_number(fleet, "lag_ms"), lag,
					sizeof(lag)));
	json_object_foreach(versions, version, count)
	{
		fprintf(out, "%s %s on %" PRId64, between, version,
			(int64_t)json_integer_value(count));
		between = ",";
	}
	fputc('\n', out);
}

void render_status(const struct json_t *answer, int64_t wall_ms, FILE *out)
{
	const struct json_t *plan = json_object_get(answer, "plan");
	const struct json_t *self = json_object_get(answer, "node");
	struct json_t *node;
	size_t i;

	if (json_object_get(answer, "nodes") == NULL)
		render_node(self == NULL ? answer : self, wall_ms, out);
	render_services(answer, out);
	render_load(json_object_get(answer, "load"), out);
	render_targets(answer, wall_ms, out);
	render_left_out(answer, out);
	render_canaries(answer, out);
	render_commands(json_object_get(plan, "commands"), "command", wall_ms,
			out);
	render_held(answer, wall_ms, out);
	if (json_object_get(answer, "nodes") == NULL)
		render_commands(json_object_get(answer, "local"), "local",
				wall_ms, out);
	render_fleet(answer, out);
	json_array_foreach(json_object_get(answer, "nodes"), i, node)
		render_node(node, wall_ms, out);
}
