/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.h's words for the goals of a policy. */
#include "policy/language/scalar.h"
#include "policy/review/evidence.h"

#include <stdio.h>

#include <jansson.h>

static const char *const region_loss_words[] = {
	[REGION_LOSS_REPORTED] = "reported",
	[REGION_LOSS_SHARED] = "shared",
	[REGION_LOSS_CARRIED] = "carried",
};

static const char *name_of(const struct goals *goals, size_t service)
{
	return goals->policy->services[service].name;
}

/* NULL: nothing is lost. */
static const char *lost_name(const struct goals *goals, const struct loss *loss)
{
	return loss->region == POLICY_NONE
		       ? NULL
		       : goals->policy->regions[loss->region].name;
}

static void print_load(const struct goals *goals, const struct loss *loss)
{
	const struct policy_service *s =
		&goals->policy->services[loss->service];
	const char *lost = lost_name(goals, loss);

	printf("%s: %s%s %s gets %.0f%% of what its region can carry (%.6g of "
	       "%.6g)",
	       s->name, lost == NULL ? "as things are" : "without ",
	       lost == NULL ? "" : lost, s->endpoints[loss->endpoint].name,
	       100 * loss->load / loss->capacity, loss->load, loss->capacity);
}

static void print_losses(const struct goals *goals)
{
	const struct loss *most = NULL;
	char buf[LOSS_ADVICE_SIZE];

	for (size_t i = 0; i < goals->losses.count; i++) {
		const struct loss *loss = &goals->losses.list[i];
		bool allowed = goals_allow_loss(goals, loss);

		if (most == NULL ||
		    loss->load * most->capacity > most->load * loss->capacity)
			most = loss;
		if (!loss_is_beyond(loss))
			continue;
		printf("%s", allowed ? "note     " : "FAILS    ");
		print_load(goals, loss);
		printf("; %s\n", loss_advice(goals->policy, loss, buf));
		if (!allowed)
			printf("         safety.region_loss says %s\n",
			       region_loss_words[goals->policy->safety
							 .region_loss]);
	}
	if (most == NULL)
		return;
	printf("capacity %zu services state a demand; the most is ",
	       goals->losses.count);
	print_load(goals, most);
	printf("\n");
}

static int64_t all_ms(const struct goals_failover *failover)
{
	return failover->time.notice_ms + failover->time.kept_ms;
}

static void print_late(const struct goals *goals,
		       const struct goals_failover *f)
{
	char all[SCALAR_DURATION_SIZE], notice[SCALAR_DURATION_SIZE],
		kept[SCALAR_DURATION_SIZE];

	printf("FAILS    %s: clients can be kept at a failed endpoint for %s "
	       "(%s until probes tell, a TTL of %s)\n",
	       name_of(goals, f->service), scalar_duration_text(all_ms(f), all),
	       scalar_duration_text(f->time.notice_ms, notice),
	       scalar_duration_text(f->time.kept_ms, kept));
	printf("         safety.failover_goal says %s\n",
	       scalar_duration_text(goals->policy->safety.failover_goal_ms,
				    all));
}

static void print_failovers(const struct goals *goals)
{
	const struct goals_failover *list = goals->failovers;
	size_t count = goals->failover_count, most = 0;
	char all[SCALAR_DURATION_SIZE];

	if (goals->policy->safety.failover_goal_ms == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (all_ms(&list[i]) > all_ms(&list[most]))
			most = i;
		if (!goals_allow_failover(goals, &list[i]))
			print_late(goals, &list[i]);
	}
	if (count > 0)
		printf("failover %zu services with a check, within %s; the "
		       "longest is %s\n",
		       count, scalar_duration_text(all_ms(&list[most]), all),
		       name_of(goals, list[most].service));
	if (goals->never > 0)
		printf("note     %zu services have no check: clients stay "
		       "where an endpoint fails\n",
		       goals->never);
}

void evidence_print_goals(const struct goals *goals)
{
	print_losses(goals);
	print_failovers(goals);
}

static json_t *loss_json(const struct goals *goals, const struct loss *loss)
{
	const struct policy_service *s =
		&goals->policy->services[loss->service];

	return json_pack("{s:s, s:s?, s:s, s:f, s:f, s:b, s:f, s:b}", "service",
			 s->name, "without", lost_name(goals, loss), "endpoint",
			 s->endpoints[loss->endpoint].name, "load", loss->load,
			 "capacity", loss->capacity, "overloaded",
			 loss->overloaded, "accept", loss->accept, "fails",
			 !goals_allow_loss(goals, loss));
}

json_t *evidence_goals_json(const struct goals *goals)
{
	const struct policy_safety *safety = &goals->policy->safety;
	json_t *losses = json_array(), *failovers = json_array();

	for (size_t i = 0; i < goals->losses.count; i++)
		json_array_append_new(losses,
				      loss_json(goals, &goals->losses.list[i]));
	for (size_t i = 0; i < goals->failover_count; i++) {
		const struct goals_failover *f = &goals->failovers[i];

		json_array_append_new(
			failovers,
			json_pack("{s:s, s:I, s:I, s:b}", "service",
				  name_of(goals, f->service), "notice_ms",
				  (json_int_t)f->time.notice_ms, "kept_ms",
				  (json_int_t)f->time.kept_ms, "fails",
				  !goals_allow_failover(goals, f)));
	}
	return json_pack("{s:s, s:o, s:I, s:o, s:I}", "region_loss",
			 region_loss_words[safety->region_loss], "losses",
			 losses, "failover_goal_ms",
			 (json_int_t)safety->failover_goal_ms, "failovers",
			 failovers, "never_fail_over",
			 (json_int_t)goals->never);
}
