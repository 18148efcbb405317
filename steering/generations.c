/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/generations.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static void free_generation(struct generation *one)
{
	plan_free(one->plan);
	free(one->envelope);
}

void generations_fini(struct generations *g)
{
	for (size_t i = 0; i < g->count; i++)
		free_generation(&g->list[i]);
	g->count = 0;
}

/* A new policy may shorten a command. */
static bool decides_same(const struct plan *a, const struct plan *b)
{
	if (a->command_count != b->command_count)
		return false;
	for (size_t i = 0; i < a->command_count; i++)
		if (strcmp(a->commands[i].id, b->commands[i].id) != 0 ||
		    a->commands[i].wall_expires_ms !=
			    b->commands[i].wall_expires_ms)
			return false;
	return true;
}

enum generations_take generations_add(struct generations *g,
				      const struct plan *plan,
				      const char *envelope, size_t len)
{
	struct generation one = { .len = len };

	if (g->count > 0 && decides_same(g->list[0].plan, plan))
		return GENERATIONS_SAME;
	one.plan = plan_copy(plan);
	one.envelope = malloc(len + 1);
	if (one.plan == NULL || one.envelope == NULL) {
		free_generation(&one);
		return GENERATIONS_FAILED;
	}
	memcpy(one.envelope, envelope, len);
	one.envelope[len] = '\0';
	if (g->count == GENERATIONS_MAX)
		free_generation(&g->list[--g->count]);
	memmove(g->list + 1, g->list, g->count * sizeof(g->list[0]));
	g->list[0] = one;
	g->count++;
	return GENERATIONS_NEW;
}

static void name_of(const struct plan *plan, char name[48])
{
	snprintf(name, 48, "%" PRIu64 "/%" PRIu64, plan->epoch, plan->sequence);
}

const struct plan *generations_find(const struct generations *g,
				    const char *name, struct error *err)
{
	char is[48];

	if (g != NULL && g->count > 1 && strcmp(name, "previous") == 0)
		return g->list[1].plan;
	for (size_t i = 0; g != NULL && i < g->count; i++) {
		name_of(g->list[i].plan, is);
		if (strcmp(name, is) == 0)
			return g->list[i].plan;
	}
	error_set(err,
		  "rollback: no %s plan is kept; windrose plans shows those "
		  "that are",
		  name);
	return NULL;
}

static json_t *tell_command(const struct command *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "id", c->id, "kind",
			 command_kind_name(c->kind), "target", c->target,
			 "author", c->author, "reason", c->reason,
			 "wall_expires_ms", (json_int_t)c->wall_expires_ms);
}

static json_t *tell_plan(const struct plan *plan)
{
	json_t *commands = json_array();
	char name[48];

	name_of(plan, name);
	for (size_t i = 0; i < plan->command_count; i++)
		json_array_append_new(commands,
				      tell_command(&plan->commands[i]));
	return json_pack("{s:s, s:s, s:I, s:o}", "plan", name, "agent",
			 plan->agent, "wall_made_ms",
			 (json_int_t)plan->wall_made_ms, "commands", commands);
}

struct json_t *generations_tell(const struct generations *g)
{
	json_t *list = json_array();

	for (size_t i = 0; i < g->count; i++)
		member_append(&list, tell_plan(g->list[i].plan));
	return list;
}
