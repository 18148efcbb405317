/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/plan.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"
#include "policy/bus/plan_commands.h"
#include "policy/bus/plan_rum.h"
#include "policy/language/policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const char *const causes[] = { "full", "command", "ramp", "hold",
				      "canary" };

enum {
	CAUSES = sizeof(causes) / sizeof(causes[0]),
};

static_assert(CAUSES == PLAN_CANARY + 1, "a word for every cause");

const char *plan_cause_name(enum plan_cause cause)
{
	return causes[cause];
}

static int compare_share(const struct plan_share *s, const char *service,
			 const char *endpoint)
{
	int order = strcmp(s->service, service);

	return order != 0 ? order : strcmp(s->endpoint, endpoint);
}

static int compare_shares(const void *a, const void *b)
{
	const struct plan_share *y = b;

	return compare_share(a, y->service, y->endpoint);
}

void plan_sort(struct plan *plan)
{
	plan_sort_rum(plan);
	if (plan->share_count > 1)
		qsort(plan->shares, plan->share_count, sizeof(*plan->shares),
		      compare_shares);
	plan_spills_sort(&plan->spills);
}

const struct plan_share *plan_find_share(const struct plan *plan,
					 const char *service,
					 const char *endpoint)
{
	size_t low = 0, high = plan->share_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct plan_share *s = &plan->shares[middle];
		int order = compare_share(s, service, endpoint);

		if (order == 0)
			return s;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool parse_share(struct member_reader *r, struct plan_share *s)
{
	member_name(r, "service", s->service, sizeof(s->service));
	member_name(r, "endpoint", s->endpoint, sizeof(s->endpoint));
	/* Required: an absent share must not drain anybody. */
	member_require(r, "share");
	s->share = member_number(r, "share", 0, 1);
	s->weight = -1;
	if (!r->failed && json_object_get(r->object, "weight") != NULL)
		s->weight = member_integer(r, "weight", 0, UINT32_MAX);
	s->cause = (enum plan_cause)member_word(r, "cause", causes, CAUSES);
	member_text(r, "ref", s->ref, sizeof(s->ref));
	s->wall_since_ms =
		member_integer(r, "wall_since_ms", 0, MEMBER_EXACT_MAX);
	s->beneath = member_number(r, "beneath", 0, 1);
	return !r->failed;
}

static bool parse_shares(struct plan *plan, const json_t *list,
			 struct error *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct member_reader r =
			member_item(list, i, "plan share", err);

		if (!parse_share(&r, &plan->shares[i]))
			return false;
		plan->share_count = i + 1;
	}
	plan_sort(plan);
	for (size_t i = 1; i < plan->share_count; i++) {
		const struct plan_share *s = &plan->shares[i];

		if (compare_shares(s - 1, s) == 0) {
			error_set(err, "plan: %s/%s is there twice", s->service,
				  s->endpoint);
			return false;
		}
	}
	return true;
}

static bool parse_canaries(struct plan *plan, const json_t *list,
			   struct error *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct plan_canary *c = &plan->canaries[i];
		struct member_reader r =
			member_item(list, i, "plan canary", err);

		if (!plan_canary_read(&r, c))
			return false;
		for (size_t j = 0; j < i; j++)
			if (strcmp(plan->canaries[j].name, c->name) == 0) {
				error_set(err, "plan: canary %s is there twice",
					  c->name);
				return false;
			}
		plan->canary_count = i + 1;
	}
	return true;
}

/* How many items each list has. */
struct room {
	size_t shares, commands, canaries, changes, held, rum, demands;
};

/* Room for what is about to be parsed, or copied: never 0 octets. */
static bool allocate_lists(struct plan *plan, const struct room *room)
{
	plan->shares = calloc(room->shares + 1, sizeof(*plan->shares));
	plan->commands = calloc(room->commands + 1, sizeof(*plan->commands));
	plan->canaries = calloc(room->canaries + 1, sizeof(*plan->canaries));
	plan->changes = calloc(room->changes + 1, sizeof(*plan->changes));
	plan->held = calloc(room->held + 1, sizeof(*plan->held));
	plan->rum = calloc(room->rum + 1, sizeof(*plan->rum));
	plan->demands = calloc(room->demands + 1, sizeof(*plan->demands));
	return plan->shares != NULL && plan->commands != NULL &&
	       plan->canaries != NULL && plan->changes != NULL &&
	       plan->held != NULL && plan->rum != NULL && plan->demands != NULL;
}

static bool parse_changes(struct plan *plan, const json_t *list,
			  struct error *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct member_reader r =
			member_item(list, i, "plan change", err);

		if (!plan_change_read(&r, &plan->changes[i]))
			return false;
		plan->change_count = i + 1;
	}
	return true;
}

/* The lists of a plan, as they stand there. */
struct lists {
	const json_t *shares, *commands, *newer, *canaries, *changes, *held,
		*rum, *demands, *spills;
};

static bool find_lists(struct member_reader *r, struct lists *out)
{
	*out = (struct lists){
		.shares = member_array(r, "shares", PLAN_SHARES_MAX),
		.commands = member_array(r, "commands", PLAN_COMMANDS_MAX),
		.newer = member_array(r, "newer_commands", PLAN_COMMANDS_MAX),
		.canaries = member_array(r, "canaries", PLAN_CANARIES_MAX),
		.changes = member_array(r, "changes", PLAN_CHANGES_MAX),
		.held = member_array(r, "held", PLAN_HELD_MAX),
		.rum = member_array(r, "rum", PLAN_RUM_MAX),
		.demands = member_array(r, "demands", PLAN_DEMANDS_MAX),
		.spills = member_array(r, "spills", PLAN_SPILLS_MAX),
	};
	return !r->failed;
}

static bool parse_lists(struct plan *plan, const struct lists *l,
			struct error *err)
{
	const struct room room = {
		.shares = json_array_size(l->shares),
		.commands = json_array_size(l->commands) +
			    json_array_size(l->newer),
		.canaries = json_array_size(l->canaries),
		.changes = json_array_size(l->changes),
		.held = json_array_size(l->held),
		.rum = json_array_size(l->rum),
		.demands = json_array_size(l->demands),
	};

	if (!allocate_lists(plan, &room)) {
		error_set(err, "plan: out of memory");
		return false;
	}
	plan->demand_count = room.demands;
	return parse_shares(plan, l->shares, err) &&
	       plan_commands_read(plan, l->commands, l->newer, err) &&
	       parse_canaries(plan, l->canaries, err) &&
	       parse_changes(plan, l->changes, err) &&
	       plan_held_read(plan, l->held, err) &&
	       plan_parse_rum(plan, l->rum, err) &&
	       plan_demands_read(l->demands, plan->demands, err) &&
	       plan_spills_parse(&plan->spills, l->spills, err);
}

static bool parse_plan(const json_t *json, struct plan *plan, struct error *err)
{
	struct member_reader r = { .object = json, .what = "plan", .err = err };
	struct lists lists;

	plan->epoch =
		(uint64_t)member_integer(&r, "epoch", 1, MEMBER_EXACT_MAX);
	plan->sequence =
		(uint64_t)member_integer(&r, "sequence", 1, MEMBER_EXACT_MAX);
	member_text(&r, "policy_digest", plan->policy_digest,
		    sizeof(plan->policy_digest));
	member_text(&r, "agent", plan->agent, sizeof(plan->agent));
	plan->wall_made_ms =
		member_integer(&r, "wall_made_ms", 0, MEMBER_EXACT_MAX);
	plan->base_epoch =
		(uint64_t)member_integer(&r, "base_epoch", 0, MEMBER_EXACT_MAX);
	plan->base_sequence = (uint64_t)member_integer(&r, "base_sequence", 0,
						       MEMBER_EXACT_MAX);
	return find_lists(&r, &lists) && parse_lists(plan, &lists, err) &&
	       plan_release_read(json_object_get(json, "release"),
				 &plan->release, err);
}

struct plan *plan_parse(const void *octets, size_t len, struct error *err)
{
	json_t *json = member_load("plan", octets, len, PLAN_OCTETS_MAX, err);
	struct plan *plan;

	if (json == NULL)
		return NULL;
	plan = calloc(1, sizeof(*plan));
	if (plan == NULL) {
		error_set(err, "plan: out of memory");
	} else if (!parse_plan(json, plan, err)) {
		plan_free(plan);
		plan = NULL;
	}
	json_decref(json);
	return plan;
}

static json_t *write_share(const struct plan_share *s)
{
	struct member_writer w = member_begin();

	member_put_text(&w, "service", s->service);
	member_put_text(&w, "endpoint", s->endpoint);
	member_put_json(&w, "share", json_real(s->share));
	if (s->weight >= 0)
		member_put_json(&w, "weight", json_integer(s->weight));
	member_put_text(&w, "cause", causes[s->cause]);
	member_put_text(&w, "ref", s->ref);
	member_put_integer(&w, "wall_since_ms", s->wall_since_ms);
	if (s->beneath > 0)
		member_put_json(&w, "beneath", json_real(s->beneath));
	return member_take(&w);
}

static void put_lists(struct member_writer *w, const struct plan *plan)
{
	json_t *shares = json_array(), *canaries = json_array(),
	       *changes = json_array();
	int failed = 0;

	/* json_array_append_new() refuses NULL, for either argument. */
	for (size_t i = 0; i < plan->share_count; i++)
		failed |= json_array_append_new(shares,
						write_share(&plan->shares[i]));
	for (size_t i = 0; i < plan->canary_count; i++)
		failed |= json_array_append_new(canaries,
						plan_canary_write(
							&plan->canaries[i]));
	for (size_t i = 0; i < plan->change_count; i++)
		failed |= json_array_append_new(changes,
						plan_change_write(
							&plan->changes[i]));
	member_put_json(w, "shares", shares);
	plan_commands_write(w, plan);
	member_put_json(w, "canaries", canaries);
	if (plan->change_count > 0)
		member_put_json(w, "changes", changes);
	else
		json_decref(changes);
	plan_held_write(w, plan);
	if (plan->rum_count > 0)
		member_put_json(w, "rum",
				plan_write_rum((struct plan_rum_list){
					plan->rum, plan->rum_count }));
	if (plan->demand_count > 0)
		member_put_json(w, "demands",
				plan_demands_write((struct plan_demand_list){
					plan->demands, plan->demand_count }));
	if (plan->spills.count > 0)
		member_put_json(w, "spills", plan_spills_write(&plan->spills));
	if (failed != 0)
		w->failed = true;
}

char *plan_write(const struct plan *plan, size_t *len)
{
	struct member_writer w = member_begin();

	member_put_integer(&w, "epoch", (int64_t)plan->epoch);
	member_put_integer(&w, "sequence", (int64_t)plan->sequence);
	member_put_text(&w, "policy_digest", plan->policy_digest);
	member_put_text(&w, "agent", plan->agent);
	member_put_integer(&w, "wall_made_ms", plan->wall_made_ms);
	member_put_integer(&w, "base_epoch", (int64_t)plan->base_epoch);
	member_put_integer(&w, "base_sequence", (int64_t)plan->base_sequence);
	put_lists(&w, plan);
	if (plan->release.phase != RELEASE_NONE ||
	    plan->release.held.digest[0] != '\0')
		member_put_json(&w, "release",
				plan_release_write(&plan->release));
	return member_finish(&w, 17, len);
}

void plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	free(plan->shares);
	free(plan->commands);
	free(plan->canaries);
	free(plan->changes);
	free(plan->held);
	free(plan->rum);
	free(plan->demands);
	plan_spills_fini(&plan->spills);
	plan_release_fini(&plan->release);
	free(plan);
}

/* memcpy(3) from NULL is undefined even for nothing. */
static void copy_items(void *to, const void *from, size_t count, size_t size)
{
	if (count > 0)
		memcpy(to, from, count * size);
}

struct plan *plan_copy(const struct plan *plan)
{
	struct plan *copy = malloc(sizeof(*copy));
	const struct room room = {
		.shares = plan->share_count,
		.commands = plan->command_count,
		.canaries = plan->canary_count,
		.changes = plan->change_count,
		.held = plan->held_count,
		.rum = plan->rum_count,
		.demands = plan->demand_count,
	};

	if (copy == NULL)
		return NULL;
	*copy = *plan;
	copy->release.nodes = NULL;
	if (!plan_spills_copy(&copy->spills, &plan->spills)) {
		free(copy);
		return NULL;
	}
	if (!allocate_lists(copy, &room) ||
	    !plan_release_copy(&plan->release, &copy->release)) {
		plan_free(copy);
		return NULL;
	}
	copy_items(copy->shares, plan->shares, plan->share_count,
		   sizeof(*plan->shares));
	copy_items(copy->commands, plan->commands, plan->command_count,
		   sizeof(*plan->commands));
	copy_items(copy->canaries, plan->canaries, plan->canary_count,
		   sizeof(*plan->canaries));
	copy_items(copy->changes, plan->changes, plan->change_count,
		   sizeof(*plan->changes));
	copy_items(copy->held, plan->held, plan->held_count,
		   sizeof(*plan->held));
	copy_items(copy->rum, plan->rum, plan->rum_count, sizeof(*plan->rum));
	copy_items(copy->demands, plan->demands, plan->demand_count,
		   sizeof(*plan->demands));
	return copy;
}

bool plan_has_command(const struct plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->command_count; i++)
		if (strcmp(id, plan->commands[i].id) == 0)
			return true;
	return false;
}

bool plan_newer(const struct plan *a, const struct plan *b)
{
	if (b == NULL)
		return true;
	return a->epoch > b->epoch ||
	       (a->epoch == b->epoch && a->sequence > b->sequence);
}

/* What plan leaves endpoint: does it take anybody? */
static bool takes_clients(const struct plan_share *share,
			  const struct policy_endpoint *endpoint)
{
	if (share == NULL)
		return endpoint->weight > 0;
	if (share->weight >= 0)
		return share->share > 0 && share->weight > 0;
	return share->share > 0 && endpoint->weight > 0;
}

bool plan_check(const struct plan *plan, const struct policy *policy,
		struct error *err)
{
	for (size_t i = 0; i < policy->service_count; i++) {
		const struct policy_service *s = &policy->services[i];
		bool served = false;

		for (size_t j = 0; j < s->endpoint_count && !served; j++) {
			const struct policy_endpoint *e = &s->endpoints[j];

			served = e->canary == POLICY_NONE &&
				 takes_clients(plan_find_share(plan, s->name,
							       e->name),
					       e);
		}
		if (!served) {
			error_set(err,
				  "plan %llu/%llu: leaves service %s with no "
				  "endpoint",
				  (unsigned long long)plan->epoch,
				  (unsigned long long)plan->sequence, s->name);
			return false;
		}
	}
	return true;
}
