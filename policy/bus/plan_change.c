/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/plan_change.h"

#include "policy/bus/member.h"

#include <string.h>

#include <jansson.h>

static void read_added(struct member_reader *r, struct plan_change *c)
{
	const json_t *ids = member_array(r, "added", PLAN_CHANGE_COMMANDS_MAX);

	if (r->failed)
		return;
	for (size_t i = 0; i < json_array_size(ids); i++) {
		struct member_reader item =
			member_item(ids, i, "plan change added", r->err);

		member_name(&item, "id", c->added[i], sizeof(c->added[i]));
		r->failed |= item.failed;
		c->added_count = i + 1;
	}
}

/* One that this version does not know is none that it can bring back. */
static void read_removed(struct member_reader *r, struct plan_change *c)
{
	const json_t *list =
		member_array(r, "removed", PLAN_CHANGE_COMMANDS_MAX);

	if (r->failed)
		return;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *json = json_array_get(list, i);
		const char *kind =
			json_string_value(json_object_get(json, "kind"));

		if (kind != NULL && command_kind_of(kind) == COMMAND_NONE)
			c->partial = true;
		else if (command_read(json, &c->removed[c->removed_count],
				      r->err))
			c->removed_count++;
		else
			r->failed = true;
	}
}

static void read_canary(struct member_reader *r, struct plan_change *c)
{
	const json_t *list = member_array(r, "canary", 2);
	struct member_reader from, to;
	struct plan_canary is = { .name = "" };

	if (r->failed || json_array_size(list) < 2)
		return;
	from = member_item(list, 0, "plan change canary", r->err);
	to = member_item(list, 1, "plan change canary", r->err);
	if (!plan_canary_read(&from, &c->canary) || !plan_canary_read(&to, &is))
		r->failed = true;
	c->to_state = is.state;
	c->to_stage = is.stage;
	c->to_step = is.step;
}

bool plan_change_read(struct member_reader *r, struct plan_change *out)
{
	struct plan_change c = { .id = "" };

	member_name(r, "id", c.id, sizeof(c.id));
	member_name(r, "author", c.author, sizeof(c.author));
	member_text(r, "what", c.what, sizeof(c.what));
	c.machine = member_flag(r, "machine");
	c.wall_ms = member_integer(r, "wall_ms", 0, MEMBER_EXACT_MAX);
	c.partial = member_flag(r, "partial");
	read_added(r, &c);
	read_removed(r, &c);
	read_canary(r, &c);
	member_text(r, "released", c.released, sizeof(c.released));
	if (!r->failed)
		*out = c;
	return !r->failed;
}

static json_t *write_canary(const struct plan_change *c)
{
	struct plan_canary to = {
		.state = c->to_state,
		.stage = c->to_stage,
		.step = c->to_step,
	};

	memcpy(to.name, c->canary.name, sizeof(to.name));
	return json_pack("[o, o]", plan_canary_write(&c->canary),
			 plan_canary_write(&to));
}

static json_t *write_id(const char *id)
{
	struct member_writer w = member_begin();

	member_put_text(&w, "id", id);
	return member_take(&w);
}

/* Zeros are left out.  json_array_append_new() refuses NULL, of either. */
static void put_list(struct member_writer *w, const char *name, json_t *list,
		     int failed)
{
	if (failed != 0)
		w->failed = true;
	if (json_array_size(list) > 0)
		member_put_json(w, name, list);
	else
		json_decref(list);
}

static void put_commands(struct member_writer *w, const struct plan_change *c)
{
	json_t *added = json_array(), *removed = json_array();
	int a = 0, r = 0;

	for (size_t i = 0; i < c->added_count; i++)
		a |= json_array_append_new(added, write_id(c->added[i]));
	for (size_t i = 0; i < c->removed_count; i++)
		r |= json_array_append_new(removed,
					   command_write(&c->removed[i]));
	put_list(w, "added", added, a);
	put_list(w, "removed", removed, r);
}

struct json_t *plan_change_write(const struct plan_change *c)
{
	struct member_writer w = member_begin();

	member_put_text(&w, "id", c->id);
	member_put_text(&w, "author", c->author);
	member_put_text(&w, "what", c->what);
	member_put_flag(&w, "machine", c->machine);
	member_put_integer(&w, "wall_ms", c->wall_ms);
	member_put_flag(&w, "partial", c->partial);
	put_commands(&w, c);
	if (c->canary.name[0] != '\0')
		member_put_json(&w, "canary", write_canary(c));
	member_put_text(&w, "released", c->released);
	return member_take(&w);
}
