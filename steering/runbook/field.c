/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/field.h"

#include <jansson.h>

const char *field_text(const struct json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text == NULL ? "" : text;
}

int64_t field_number(const struct json_t *json, const char *key)
{
	return (int64_t)json_number_value(json_object_get(json, key));
}
