/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/plan_held.h"

#include "policy/bus/member.h"
#include "policy/bus/plan.h"

#include <jansson.h>

static bool is_known(const json_t *held)
{
	const char *kind = json_string_value(
		json_object_get(json_object_get(held, "command"), "kind"));

	return kind == NULL || command_kind_of(kind) != COMMAND_NONE;
}

static bool read_one(struct member_reader *r, struct plan_held *out)
{
	struct plan_held h = { .key = "" };

	if (r->failed || !command_read(json_object_get(r->object, "command"),
				       &h.command, r->err))
		return false;
	member_text(r, "key", h.key, sizeof(h.key));
	member_text(r, "why", h.why, sizeof(h.why));
	h.wall_until_ms =
		member_integer(r, "wall_until_ms", 0, MEMBER_EXACT_MAX);
	if (!r->failed)
		*out = h;
	return !r->failed;
}

bool plan_held_read(struct plan *plan, const struct json_t *list,
		    struct error *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct member_reader r = member_item(list, i, "plan held", err);

		if (!r.failed && !is_known(r.object))
			continue;
		if (!read_one(&r, &plan->held[plan->held_count]))
			return false;
		plan->held_count++;
	}
	return true;
}

struct json_t *plan_held_tell(const struct plan_held *held)
{
	struct member_writer w = member_begin();

	member_put_json(&w, "command", command_write(&held->command));
	member_put_text(&w, "key", held->key);
	member_put_text(&w, "why", held->why);
	member_put_integer(&w, "wall_until_ms", held->wall_until_ms);
	return member_take(&w);
}

void plan_held_write(struct member_writer *w, const struct plan *plan)
{
	json_t *list;
	int failed = 0;

	if (plan->held_count == 0)
		return;
	list = json_array();
	/* json_array_append_new() refuses NULL, for either argument. */
	for (size_t i = 0; i < plan->held_count; i++)
		failed |= json_array_append_new(list,
						plan_held_tell(&plan->held[i]));
	member_put_json(w, "held", list);
	if (failed != 0)
		w->failed = true;
}
