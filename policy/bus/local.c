/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/local.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

static void forget(struct local *local, size_t at)
{
	memmove(&local->commands[at], &local->commands[at + 1],
		(local->count - at - 1) * sizeof(local->commands[0]));
	local->count--;
}

static bool add(struct local *local, const struct command *command,
		struct error *err)
{
	for (size_t i = 0; i < local->count; i++)
		if (strcmp(local->commands[i].id, command->id) == 0) {
			error_set(err, "command %s is in force here already",
				  command->id);
			return false;
		}
	if (local->count == NODE_LOCAL_MAX) {
		error_set(err, "%d local commands are in force; end one first",
			  NODE_LOCAL_MAX);
		return false;
	}
	local->commands[local->count++] = *command;
	return true;
}

/* Ends the drains of a target, or the one command with an id. */
static bool end(struct local *local, const struct command *by,
		struct error *err)
{
	size_t before = local->count;

	for (size_t i = local->count; i-- > 0;) {
		const struct command *c = &local->commands[i];
		bool named =
			by->kind == COMMAND_UNDRAIN
				? c->kind == COMMAND_DRAIN &&
					  strcmp(c->target, by->target) == 0
				: strcmp(c->id, by->target) == 0;

		if (named)
			forget(local, i);
	}
	if (local->count < before)
		return true;
	error_set(err,
		  "no local %s \"%s\" is in force on this node; what the plan "
		  "carries is ended by the agent",
		  by->kind == COMMAND_UNDRAIN ? "drain of" : "command",
		  by->target);
	return false;
}

bool local_apply(struct local *local, const struct command *command,
		 struct error *err)
{
	if (command->drill) {
		error_set(err, "drill is for the agent: one node alone cannot "
			       "watch over it");
		return false;
	}
	switch (command->kind) {
	case COMMAND_DRAIN:
	case COMMAND_FAILOVER:
	case COMMAND_WEIGHT:
	case COMMAND_PIN:
		return add(local, command, err);
	case COMMAND_UNDRAIN:
	case COMMAND_CANCEL:
		return end(local, command, err);
	case COMMAND_NONE:
	case COMMAND_ROLLBACK:
	case COMMAND_CANARY_START:
	case COMMAND_CANARY_PROMOTE:
	case COMMAND_CANARY_PAUSE:
	case COMMAND_CANARY_RESUME:
	case COMMAND_CANARY_ABORT:
	case COMMAND_APPROVE:
	case COMMAND_FREEZE:
	case COMMAND_UNFREEZE:
	case COMMAND_UNDO:
		break;
	}
	error_set(err,
		  "%s is for the agent; one node alone can drain, "
		  "undrain, failover, weight, pin and cancel",
		  command_kind_name(command->kind));
	return false;
}

size_t local_expire(struct local *local, int64_t wall_ms)
{
	size_t before = local->count;

	for (size_t i = local->count; i-- > 0;)
		if (local->commands[i].wall_expires_ms <= wall_ms)
			forget(local, i);
	return before - local->count;
}

int64_t local_next_expiry_ms(const struct local *local)
{
	int64_t next_ms = INT64_MAX;

	for (size_t i = 0; i < local->count; i++)
		if (local->commands[i].wall_expires_ms < next_ms)
			next_ms = local->commands[i].wall_expires_ms;
	return next_ms;
}

size_t local_adopt(struct local *local, const struct policy *policy,
		   int64_t wall_ms)
{
	size_t before = local->count;
	struct error err;

	for (size_t i = local->count; i-- > 0;)
		if (!command_check(&local->commands[i], policy, wall_ms, &err))
			forget(local, i);
	return before - local->count;
}

json_t *local_write(const struct local *local)
{
	json_t *array = json_array();

	for (size_t i = 0; i < local->count; i++)
		member_append(&array, command_write(&local->commands[i]));
	return array;
}

void local_parse(const json_t *json, struct local *out)
{
	size_t i;
	json_t *item;

	*out = (struct local){ 0 };
	json_array_foreach(json, i, item)
	{
		struct command command;
		struct error err;

		if (command_parse(item, &command, &err))
			(void)local_apply(out, &command, &err);
	}
}

/* Three dots at the end, with no half of a UTF-8 sequence before them. */
static void cut_mark(char *buf)
{
	size_t at = NODE_TEXT_SIZE - 4;

	while (at > 0 && ((unsigned char)buf[at] & 0xc0) == 0x80)
		at--;
	strcpy(buf + at, "...");
}

const char *local_text(const struct command *c, char *buf)
{
	char what[2 * COMMAND_NAME_SIZE + 8] = "";

	if (c->kind == COMMAND_FAILOVER)
		snprintf(what, sizeof(what), " to %s", c->to);
	else if (c->kind == COMMAND_PIN)
		snprintf(what, sizeof(what), " of %s to %s", c->clients, c->to);
	else if (c->kind == COMMAND_WEIGHT)
		snprintf(what, sizeof(what), " %u", (unsigned)c->weight);
	if (snprintf(buf, NODE_TEXT_SIZE, "%s %s%s by %s: %s",
		     command_kind_name(c->kind), c->target, what, c->author,
		     c->reason) >= NODE_TEXT_SIZE)
		cut_mark(buf);
	return buf;
}
