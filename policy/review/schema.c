/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/schema.h"

#include "policy/base/error.h"
#include "policy/base/invocation.h"
#include "policy/language/schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#define DURATION "^[0-9]+(ms|s|m|h|d)$"

/* What is written for one kind of value.  Where nothing is said it is any text
 * or number, alone. */
static const struct form {
	const char *pattern; /* of a text; NULL: any */
	bool textual;        /* is never a bare number, as 5% is not */
	bool list;           /* or a list of such */
} forms[] = {
	[SCHEMA_PATH] = { "^/", true, false },
	[SCHEMA_FILES] = { NULL, false, true },
	[SCHEMA_DOMAINS] = { NULL, false, true },
	[SCHEMA_NUMBER] = { "^[0-9]+(\\.[0-9]+)?$", false, false },
	[SCHEMA_WHOLE] = { "^[0-9]+$", false, false },
	[SCHEMA_PORT] = { "^[0-9]+$", false, false },
	[SCHEMA_PERCENT] = { "^[0-9]+%$", true, false },
	[SCHEMA_PERCENTS] = { "^[0-9]+%?$", false, true },
	[SCHEMA_SECONDS] = { "^([0-9]+[smhd]|[0-9]*000ms|0+ms)$", true, false },
	[SCHEMA_MILLIS] = { DURATION, true, false },
	[SCHEMA_WAY] = { DURATION, true, false },
	[SCHEMA_BITS] = { "^/[0-9]+$", true, false },
	[SCHEMA_STATUS] = { "^[0-9]{3}(-[0-9]{3})?$", false, true },
	[SCHEMA_TEXTS] = { NULL, false, true },
	[SCHEMA_LOCATION] = { "^[-+]?[0-9]+(\\.[0-9]+)?$", false, true },
	[SCHEMA_ASN] = { "^[Aa][Ss][0-9]+$", true, false },
	[SCHEMA_V4] = { "^[0-9.]+$", true, true },
	[SCHEMA_V6] = { "^[0-9A-Fa-f:.]+$", true, true },
	[SCHEMA_ALPN] = { NULL, false, true },
	[SCHEMA_TIMEZONE] = { "^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", true,
			      false },
	[SCHEMA_DAYS] = { "^[a-z]{3}(-[a-z]{3})?$", true, true },
	[SCHEMA_HOURS] = { "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$", true,
			   true },
	[SCHEMA_ANCHORS] = { ":[0-9]+$", true, true },
	[SCHEMA_CODE] = { "^[Ww][Rr][0-9]{4}$", true, false },
	[SCHEMA_REGIONS] = { NULL, false, true },
	[SCHEMA_JURISDICTIONS] = { NULL, false, true },
	[SCHEMA_NEW_JURISDICTIONS] = { NULL, false, true },
	[SCHEMA_WINDOWS] = { NULL, false, true },
	[SCHEMA_ENDPOINTS] = { NULL, false, true },
	[SCHEMA_ORDER] = { "^(drain|failover|weightless|hold|pin):.+$", true,
			   false },
	[SCHEMA_STEP] = { "^.+:[0-9]+\\.[0-9]+$", true, false },
};

static json_t *schema_json(const struct schema *schema);

static const struct form *form_of(enum schema_kind kind)
{
	static const struct form any = { NULL, false, false };

	return (size_t)kind < sizeof(forms) / sizeof(forms[0]) ? &forms[kind]
							       : &any;
}

static json_t *scalar_json(const struct form *form)
{
	json_t *one = form->textual ? json_pack("{s:s}", "type", "string")
				    : json_pack("{s:[s, s, s]}", "type",
						"string", "number", "boolean");

	if (form->pattern != NULL)
		json_object_set_new(one, "pattern", json_string(form->pattern));
	return one;
}

/* One of words; what YAML takes for a truth or a number is one all the same. */
static json_t *words_json(const char *const *words)
{
	json_t *list = json_array();

	for (; *words != NULL; words++) {
		json_t *value = json_loads(*words, JSON_DECODE_ANY, NULL);

		json_array_append_new(list, json_string(*words));
		if (value != NULL)
			json_array_append_new(list, value);
	}
	return json_pack("{s:o}", "enum", list);
}

static json_t *list_of(json_t *item)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", item);
}

static json_t *one_or_list(const struct form *form)
{
	return json_pack("{s:[o, o]}", "anyOf", scalar_json(form),
			 list_of(scalar_json(form)));
}

/* A section may be left empty. */
static json_t *map_of(json_t *inner)
{
	return json_pack("{s:[s, s], s:o}", "type", "object", "null",
			 "additionalProperties", inner);
}

static json_t *value_json(const struct schema_row *row)
{
	static const struct form any = { NULL, false, true };

	switch ((int)row->kind) {
	case SCHEMA_MAP:
		return schema_json(row->inner);
	case SCHEMA_NAMED:
		return map_of(row->inner == NULL ? json_object()
						 : schema_json(row->inner));
	case SCHEMA_ITEMS:
		return json_pack("{s:[s, s], s:o}", "type", "array", "null",
				 "items", schema_json(row->inner));
	case SCHEMA_TERMS:
		return map_of(one_or_list(&any));
	case SCHEMA_FIELDS:
	case SCHEMA_SEVERITIES:
	case SCHEMA_RESPONDERS:
		return map_of(scalar_json(&any));
	case SCHEMA_HEALTH:
		return json_pack("{s:[o, o]}", "anyOf", scalar_json(&any),
				 schema_json(row->inner));
	case SCHEMA_CHECKS: /* names, or such maps in each other */
		return list_of(json_object());
	case SCHEMA_WORD:
	case SCHEMA_FLAG:
		return words_json(row->words);
	default:
		break;
	}
	return form_of(row->kind)->list ? one_or_list(form_of(row->kind))
					: scalar_json(form_of(row->kind));
}

static void set_description(json_t *value, const struct schema_row *row)
{
	char text[400];
	int len = snprintf(text, sizeof(text), "%s: %s", row->help,
			   schema_kind_text(row->kind));

	if (row->preset != NULL && len > 0 && (size_t)len < sizeof(text))
		snprintf(text + len, sizeof(text) - (size_t)len, "; default %s",
			 row->preset);
	json_object_set_new(value, "description", json_string(text));
}

static json_t *schema_json(const struct schema *schema)
{
	json_t *properties = json_object(), *required = json_array();
	json_t *o;

	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_row *row = &schema->rows[i];
		json_t *value = value_json(row);

		set_description(value, row);
		json_object_set_new(properties, row->key, value);
		if (row->required)
			json_array_append_new(required, json_string(row->key));
	}
	o = json_pack("{s:[s, s], s:o, s:b}", "type", "object", "null",
		      "properties", properties, "additionalProperties", 0);
	/* An empty map is told of by the keys that it lacks; a null is not. */
	if (json_array_size(required) > 0)
		json_object_set(o, "required", required);
	json_decref(required);
	return o;
}

int review_schema(int argc, char **argv)
{
	bool help = false;
	const struct option_row rows[] = {
		{ "help", OPTION_FLAG, &help, NULL, "print this", 0, 0 },
	};
	const struct invocation call = { "schema", "", rows, 1, 0, &help };
	const char *none[1];
	enum program_status status = invocation_read(&call, argc, argv, none);
	json_t *o;

	if (status != PROGRAM_GO)
		return status;
	o = schema_json(&schema_top);
	json_object_set_new(
		o, "$schema",
		json_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(o, "title", json_string("Windrose policy"));
	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
	return PROGRAM_OK;
}
