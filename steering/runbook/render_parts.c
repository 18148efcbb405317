/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/render_parts.h"

#include "policy/decide/parts.h"

#include <jansson.h>

void render_parts_seen(const struct json_t *parts, FILE *out)
{
	char text[4096];

	if (json_array_size(parts) > 0)
		fprintf(out, "    %s\n", parts_text(parts, text, sizeof(text)));
}

static const char *text_of(const json_t *part, const char *key)
{
	const char *text = json_string_value(json_object_get(part, key));

	return text == NULL ? "" : text;
}

void render_parts_here(const struct json_t *parts, FILE *out)
{
	const json_t *part;
	size_t i;

	json_array_foreach(parts, i, part)
		fprintf(out, "%s%s%s%s %s%s%s%s", i == 0 ? "    " : ", ",
			text_of(part, "check"),
			*text_of(part, "address") == '\0' ? "" : " ",
			text_of(part, "address"), text_of(part, "state"),
			*text_of(part, "failure") == '\0' ? "" : " after ",
			text_of(part, "failure"),
			json_is_true(json_object_get(part, "shadow"))
				? " (in shadow)"
				: "");
	if (json_array_size(parts) > 0)
		fputc('\n', out);
}
