/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/render_past.h"

#include "policy/base/clock.h"
#include "steering/runbook/field.h"

#include <stdint.h>

#include <jansson.h>

/* "2026-11-21T03:12:09.500Z alice command c-1 drain us-east: INC-1 (100% ->
 * 0%)" */
static void render_event(const struct json_t *event, FILE *out)
{
	const char *id = field_text(event, "id");
	const char *why = field_text(event, "why");
	const char *before = field_text(event, "before");
	const char *after = field_text(event, "after");

	char at[CLOCK_TEXT_SIZE];

	fprintf(out, "%s %s %s%s%s %s",
		clock_wall_text(field_number(event, "wall_ms"), at),
		field_text(event, "who"), field_text(event, "kind"),
		*id == '\0' ? "" : " ", id, field_text(event, "what"));
	if (*why != '\0')
		fprintf(out, ": %s", why);
	if (*before != '\0' && *after != '\0')
		fprintf(out, " (%s -> %s)", before, after);
	else if (*before != '\0' || *after != '\0')
		fprintf(out, " (%s%s)", before, after);
	fputc('\n', out);
}

void render_history(const struct json_t *answer, FILE *out)
{
	struct json_t *line;
	size_t i;

	json_array_foreach(json_object_get(answer, "lines"), i, line)
	{
		const struct json_t *event = json_object_get(line, "event");

		if (json_is_object(event))
			render_event(event, out);
		else
			fprintf(out, "a damaged line of the journal\n");
	}
}

/* "1700000045/16 of 2026-11-21T03:12:09.500Z by steer1: drain us-east (c-1)" */
static void render_generation(const struct json_t *one, FILE *out)
{
	const char *between = ": ";
	struct json_t *command;
	char at[CLOCK_TEXT_SIZE];
	size_t i;

	fprintf(out, "%s of %s by %s", field_text(one, "plan"),
		clock_wall_text(field_number(one, "wall_made_ms"), at),
		field_text(one, "agent"));
	json_array_foreach(json_object_get(one, "commands"), i, command)
	{
		fprintf(out, "%s%s %s (%s)", between,
			field_text(command, "kind"),
			field_text(command, "target"),
			field_text(command, "id"));
		between = ", ";
	}
	fprintf(out, "%s\n", i == 0 ? ": no command" : "");
}

void render_plans(const struct json_t *answer, FILE *out)
{
	struct json_t *one;
	size_t i;

	json_array_foreach(json_object_get(answer, "plans"), i, one)
		render_generation(one, out);
}
