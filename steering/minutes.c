/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/minutes.h"

#include <string.h>

#include <jansson.h>

const json_t *minutes_event(const json_t *lines, size_t i)
{
	return json_object_get(json_array_get(lines, i), "event");
}

const char *minutes_text(const json_t *event, const char *name)
{
	const char *text = json_string_value(json_object_get(event, name));

	return text == NULL ? "" : text;
}

bool minutes_is(const json_t *event, const char *name, const char *text)
{
	return strcmp(minutes_text(event, name), text) == 0;
}

int64_t minutes_time(const json_t *event)
{
	return json_integer_value(json_object_get(event, "wall_ms"));
}

bool minutes_begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

void minutes_put_cell(const char *text, FILE *out)
{
	for (; *text != '\0'; text++)
		if (*text == '|')
			fputs("\\|", out);
		else
			fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
}
