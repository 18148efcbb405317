/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/plan_commands.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"
#include "policy/bus/plan.h"

#include <string.h>

#include <jansson.h>

static bool is_known(const json_t *command)
{
	const char *kind = json_string_value(json_object_get(command, "kind"));

	return kind == NULL || command_kind_of(kind) != COMMAND_NONE;
}

static bool read_command(struct plan *plan, const json_t *json,
			 struct error *err)
{
	struct command *c = &plan->commands[plan->command_count];

	if (!command_read(json, c, err))
		return false;
	for (size_t i = 0; i < plan->command_count; i++)
		if (strcmp(plan->commands[i].id, c->id) == 0) {
			error_set(err, "plan: command %s is there twice",
				  c->id);
			return false;
		}
	plan->command_count++;
	return true;
}

bool plan_commands_read(struct plan *plan, const struct json_t *commands,
			const struct json_t *newer, struct error *err)
{
	for (size_t i = 0; i < json_array_size(commands); i++)
		if (!read_command(plan, json_array_get(commands, i), err))
			return false;
	for (size_t i = 0; i < json_array_size(newer); i++) {
		const json_t *json = json_array_get(newer, i);

		if (is_known(json) && !read_command(plan, json, err))
			return false;
	}
	return true;
}

void plan_commands_write(struct member_writer *w, const struct plan *plan)
{
	json_t *commands = json_array(), *newer = json_array();
	int failed = 0;

	/* json_array_append_new() refuses NULL, for either argument. */
	for (size_t i = 0; i < plan->command_count; i++) {
		const struct command *c = &plan->commands[i];

		failed |= json_array_append_new(command_is_newer(c->kind)
							? newer
							: commands,
						command_write(c));
	}
	member_put_json(w, "commands", commands);
	if (json_array_size(newer) > 0)
		member_put_json(w, "newer_commands", newer);
	else
		json_decref(newer);
	if (failed != 0)
		w->failed = true;
}
