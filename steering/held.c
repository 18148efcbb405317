/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/held.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

static bool is_confirmed(const struct policy *policy, const char *word)
{
	const struct policy_safety *safety = &policy->safety;

	for (size_t i = 0; i < safety->confirm_count; i++)
		if (strcmp(safety->confirm[i], word) == 0)
			return true;
	return false;
}

bool held_wanted(const struct policy *policy, enum command_kind kind)
{
	return is_confirmed(policy, command_kind_name(kind));
}

int64_t held_publish_ms(const struct policy *policy)
{
	return is_confirmed(policy, "publish")
		       ? policy->safety.approval_within_ms
		       : 0;
}

static size_t place_of(const struct held *held, const char *id)
{
	size_t i = 0;

	while (i < held->count && strcmp(held->list[i].command.id, id) != 0)
		i++;
	return i;
}

bool held_add(struct held *held, const struct policy *policy,
	      const struct plan_held *command, int64_t wall_ms,
	      struct error *err)
{
	if (place_of(held, command->command.id) < held->count) {
		error_set(err, "%s is held already", command->command.id);
		return false;
	}
	if (held->count == PLAN_HELD_MAX) {
		error_set(err, "%d commands wait for a second person already",
			  PLAN_HELD_MAX);
		return false;
	}
	held->list[held->count] = *command;
	held->list[held->count++].wall_until_ms =
		wall_ms + policy->safety.approval_within_ms;
	return true;
}

const struct plan_held *held_find(const struct held *held,
				  const struct command *approval,
				  const char *key, struct error *err)
{
	size_t i = place_of(held, approval->target);
	const struct plan_held *h = &held->list[i];

	if (i == held->count)
		error_set(err, "approve: no command %s waits for approval",
			  approval->target);
	else if (key[0] == '\0')
		error_set(err, "approve: sign it: whoever may open a socket is "
			       "no second person");
	else if (strcmp(h->key, key) == 0)
		error_set(err,
			  "approve: key %s sent %s itself; another person has "
			  "to approve it",
			  key, h->command.id);
	else if (strcmp(h->command.author, approval->author) == 0)
		error_set(err,
			  "approve: %s asked for %s; another person has to "
			  "approve it",
			  approval->author, h->command.id);
	else
		return h;
	return NULL;
}

void held_adopt(struct held *held, const struct plan *plan)
{
	held->count = plan == NULL ? 0 : plan->held_count;
	if (held->count > 0)
		memcpy(held->list, plan->held,
		       held->count * sizeof(held->list[0]));
}

static void remove_at(struct held *held, size_t i)
{
	held->count--;
	memmove(&held->list[i], &held->list[i + 1],
		(held->count - i) * sizeof(held->list[0]));
}

static void insert_at(struct held *held, size_t i, const struct plan_held *h)
{
	memmove(&held->list[i + 1], &held->list[i],
		(held->count - i) * sizeof(held->list[0]));
	held->list[i] = *h;
	held->count++;
}

void held_remove(struct held *held, const char *id)
{
	size_t i = place_of(held, id);

	if (i < held->count)
		remove_at(held, i);
}

void held_restore(struct held *held, const struct plan *plan)
{
	size_t at = 0;

	for (size_t i = held->count; plan != NULL && i-- > 0;)
		if (plan_has_command(plan, held->list[i].command.id))
			remove_at(held, i);
	for (size_t i = 0; plan != NULL && i < plan->held_count; i++) {
		const struct plan_held *h = &plan->held[i];
		size_t is = place_of(held, h->command.id);

		if (is == held->count && held->count < PLAN_HELD_MAX)
			insert_at(held, is = at, h);
		at = is < held->count ? is + 1 : at;
	}
}

struct command held_renew(const struct plan_held *h, int64_t wall_ms)
{
	struct command c = h->command;

	if (c.wall_expires_ms != 0)
		c.wall_expires_ms += wall_ms - c.wall_made_ms;
	c.wall_made_ms = wall_ms;
	return c;
}

bool held_expire(struct held *held, int64_t wall_ms, struct plan_held *out)
{
	for (size_t i = 0; i < held->count; i++)
		if (held->list[i].wall_until_ms <= wall_ms) {
			*out = held->list[i];
			remove_at(held, i);
			return true;
		}
	return false;
}

struct json_t *held_write(const struct held *held)
{
	json_t *list = json_array();

	for (size_t i = 0; i < held->count; i++) {
		member_append(&list, plan_held_tell(&held->list[i]));
	}
	return list;
}
