/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/render_commands.h"

#include "steering/runbook/field.h"
#include "steering/runbook/render.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include <jansson.h>

void render_draining(const struct json_t *json, int64_t wall_ms, FILE *out)
{
	int64_t moved_ms = field_number(json, "wall_moved_ms") - wall_ms;
	int64_t drained_ms = field_number(json, "wall_drained_ms") - wall_ms;
	int64_t gone_ms = field_number(json, "wall_gone_ms") - wall_ms;
	char drained[48], gone[48], moved[48];

	if (json_object_get(json, "wall_drained_ms") == NULL)
		return;
	render_duration(moved_ms, moved, sizeof(moved));
	render_duration(drained_ms, drained, sizeof(drained));
	render_duration(gone_ms, gone, sizeof(gone));
	if (moved_ms > 0)
		fprintf(out, "  answers have moved in %s", moved);
	else
		fprintf(out, "  answers have moved");
	if (drained_ms > 0)
		fprintf(out, ", drained in %s", drained);
	else
		fprintf(out, ", drained");
	if (gone_ms > 0)
		fprintf(out, ", the last clients are off in about %s", gone);
	fputc('\n', out);
}

static const char *verb_of(const struct json_t *command)
{
	return json_is_true(json_object_get(command, "drill"))
		       ? "DRILL"
		       : field_text(command, "kind");
}

void render_command(const struct json_t *command, const char *where,
		    int64_t wall_ms, FILE *out)
{
	int64_t expires = field_number(command, "wall_expires_ms");
	char left[48];

	fprintf(out, "%s %s %s %s", where, field_text(command, "id"),
		verb_of(command), field_text(command, "target"));
	if (*field_text(command, "clients") != '\0')
		fprintf(out, " of %s", field_text(command, "clients"));
	if (*field_text(command, "to") != '\0')
		fprintf(out, " to %s", field_text(command, "to"));
	if (strcmp(field_text(command, "kind"), "weight") == 0)
		fprintf(out, " to %" PRId64, field_number(command, "weight"));
	if (json_is_true(json_object_get(command, "force")))
		fprintf(out, " FORCED past a safety rule");
	fprintf(out, " by %s: %s", field_text(command, "author"),
		field_text(command, "reason"));
	if (expires > 0)
		fprintf(out, " (%s left)",
			render_duration(expires - wall_ms, left, sizeof(left)));
	fputc('\n', out);
	render_draining(command, wall_ms, out);
}

void render_commands(const struct json_t *commands, const char *where,
		     int64_t wall_ms, FILE *out)
{
	struct json_t *command;
	size_t i;

	json_array_foreach(commands, i, command)
		render_command(command, where, wall_ms, out);
}

/* Commands that wait for a second person. */
static void render_waiting(const struct json_t *answer, int64_t wall_ms,
			   FILE *out)
{
	struct json_t *held;
	size_t i;

	json_array_foreach(json_object_get(answer, "held"), i, held)
	{
		const struct json_t *c = json_object_get(held, "command");
		char left[48];

		fprintf(out,
			"held %s %s %s by %s: %s; for %s more: windrose "
			"approve %s\n",
			field_text(c, "id"), field_text(c, "kind"),
			field_text(c, "target"), field_text(c, "author"),
			field_text(held, "why"),
			render_duration(field_number(held, "wall_until_ms") -
						wall_ms,
					left, sizeof(left)),
			field_text(c, "id"));
	}
}

/* Moves of the agent's own that wait for a person. */
static void render_held_back(const struct json_t *answer, FILE *out)
{
	struct json_t *one;
	size_t i;

	json_array_foreach(json_object_get(answer, "held_back"), i, one)
	{
		fprintf(out,
			"held back %s of %s: %.1f %% of its clients would move "
			"at once, by %s, safety.max_change is %" PRId64
			" %%: windrose approve %s\n",
			field_text(one, "id"), field_text(one, "service"),
			json_number_value(json_object_get(one, "pct")),
			field_text(one, "by"), field_number(one, "max_pct"),
			field_text(one, "id"));
	}
}

void render_held(const struct json_t *answer, int64_t wall_ms, FILE *out)
{
	render_waiting(answer, wall_ms, out);
	render_held_back(answer, out);
}
