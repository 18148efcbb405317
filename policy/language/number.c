/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/number.h"

#include "policy/language/code.h"
#include "policy/language/scalar.h"
#include "policy/language/value.h"

#include <string.h>

static void refuse_range(struct draft *d, const struct schema_row *row,
			 struct tree *node, const char *unit)
{
	draft_refuse(d, CODE_VALUE_RANGE, node,
		     "%s is %.80s; it must be %.15g%s to %.15g%s", row->key,
		     node->text, row->min, unit, row->max, unit);
}

static void read_number(struct draft *d, const struct schema_row *row,
			struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	double value;

	if (text == NULL)
		return;
	if (!scalar_number(text, &value))
		value_refuse(d, row, node);
	else if (value < row->min || value > row->max)
		refuse_range(d, row, node, "");
	else
		memcpy(target, &value, sizeof(value));
}

/* False when it was refused. */
static bool whole_of(struct draft *d, const struct schema_row *row,
		     struct tree *node,
		     bool (*parse)(const char *text, uint32_t *out),
		     uint32_t *out)
{
	const char *text = value_text(d, row, node);
	const char *unit = parse == scalar_percent ? "%" : "";
	uint32_t value;

	if (text == NULL)
		return false;
	if (!parse(text, &value)) {
		value_refuse(d, row, node);
		return false;
	}
	if (value < row->min || value > row->max) {
		if (parse == scalar_bits)
			draft_refuse(d, CODE_VALUE_RANGE, node,
				     "%s is %.20s; it must be /%g to /%g",
				     row->key, text, row->min, row->max);
		else
			refuse_range(d, row, node, unit);
		return false;
	}
	*out = value;
	return true;
}

static void read_whole(struct draft *d, const struct schema_row *row,
		       struct tree *node, void *target)
{
	uint32_t value;

	if (whole_of(d, row, node, scalar_whole, &value))
		memcpy(target, &value, sizeof(value));
}

static void read_port(struct draft *d, const struct schema_row *row,
		      struct tree *node, void *target)
{
	uint32_t value;

	if (whole_of(d, row, node, scalar_whole, &value))
		*(uint16_t *)target = (uint16_t)value;
}

static void read_percent(struct draft *d, const struct schema_row *row,
			 struct tree *node, void *target)
{
	uint32_t value;

	if (whole_of(d, row, node, scalar_percent, &value))
		memcpy(target, &value, sizeof(value));
}

static void read_bits(struct draft *d, const struct schema_row *row,
		      struct tree *node, void *target)
{
	uint32_t value;

	if (whole_of(d, row, node, scalar_bits, &value))
		*(uint8_t *)target = (uint8_t)value;
}

/* One step of a canary: "5" or "5%". */
static bool step_of(struct draft *d, const struct schema_row *row,
		    struct tree *node, uint32_t *out)
{
	size_t len = strlen(node->text);
	bool sign = len > 0 && node->text[len - 1] == '%';

	return whole_of(d, row, node, sign ? scalar_percent : scalar_whole,
			out);
}

static void read_percents(struct draft *d, const struct schema_row *row,
			  struct tree *node, void *target)
{
	struct tree *at = NULL;
	size_t count = value_items(d, row, node, &at);
	uint32_t *list = draft_alloc(d, count, sizeof(*list));

	if (list == NULL || count == 0 || node->refused)
		return;
	for (size_t i = 0; i < count; i++, at = at->next) {
		if (!step_of(d, row, at, &list[i])) {
			node->refused = true;
			return;
		}
		if (i > 0 && list[i] <= list[i - 1]) {
			draft_refuse(d, CODE_VALUE_WRONG, at,
				     "%s goes from %u to %u; it must rise",
				     row->key, list[i - 1], list[i]);
			node->refused = true;
			return;
		}
	}
	value_list(target, list, count);
}

static bool duration_of(struct draft *d, const struct schema_row *row,
			struct tree *node, int64_t *out_ms)
{
	char least[SCALAR_DURATION_SIZE], most[SCALAR_DURATION_SIZE];
	const char *text = value_text(d, row, node);
	int64_t ms;

	if (text == NULL)
		return false;
	if (!scalar_duration(text, &ms) ||
	    (row->kind == SCHEMA_SECONDS && ms % 1000 != 0)) {
		value_refuse(d, row, node);
		return false;
	}
	if ((double)ms < row->min || (double)ms > row->max) {
		draft_refuse(d, CODE_VALUE_RANGE, node,
			     "%s is %.20s; it must be %s to %s", row->key, text,
			     scalar_duration_text((int64_t)row->min, least),
			     scalar_duration_text((int64_t)row->max, most));
		return false;
	}
	*out_ms = ms;
	return true;
}

static void read_millis(struct draft *d, const struct schema_row *row,
			struct tree *node, void *target)
{
	int64_t ms;

	if (duration_of(d, row, node, &ms))
		memcpy(target, &ms, sizeof(ms));
}

static void read_seconds(struct draft *d, const struct schema_row *row,
			 struct tree *node, void *target)
{
	int64_t ms;

	if (duration_of(d, row, node, &ms))
		*(uint32_t *)target = (uint32_t)(ms / 1000);
}

static void read_way(struct draft *d, const struct schema_row *row,
		     struct tree *node, void *target)
{
	int64_t ms;

	if (duration_of(d, row, node, &ms))
		*(double *)target = (double)ms;
}

static void read_location(struct draft *d, const struct schema_row *row,
			  struct tree *node, void *target)
{
	static const char *const titles[] = { "latitude", "longitude" };
	double limits[] = { 90, 180 }, values[2];
	struct tree *at = node->first;

	if (node->kind != TREE_LIST || node->count != 2) {
		value_refuse(d, row, node);
		return;
	}
	for (size_t i = 0; i < 2; i++, at = at->next) {
		if (at->kind != TREE_TEXT ||
		    !scalar_number(at->text, &values[i])) {
			value_refuse(d, row, at);
			node->refused = true;
		} else if (values[i] < -limits[i] || values[i] > limits[i]) {
			draft_refuse(d, CODE_VALUE_RANGE, at,
				     "%s is %.30s; it must be %g to %g",
				     titles[i], at->text, -limits[i],
				     limits[i]);
			node->refused = true;
		}
	}
	if (!node->refused)
		memcpy(target, values, sizeof(values));
}

void number_read(struct draft *d, const struct schema_row *row,
		 struct tree *node, void *target)
{
	switch ((int)row->kind) {
	case SCHEMA_NUMBER:
		read_number(d, row, node, target);
		break;
	case SCHEMA_WHOLE:
		read_whole(d, row, node, target);
		break;
	case SCHEMA_PORT:
		read_port(d, row, node, target);
		break;
	case SCHEMA_PERCENT:
		read_percent(d, row, node, target);
		break;
	case SCHEMA_PERCENTS:
		read_percents(d, row, node, target);
		break;
	case SCHEMA_SECONDS:
		read_seconds(d, row, node, target);
		break;
	case SCHEMA_MILLIS:
		read_millis(d, row, node, target);
		break;
	case SCHEMA_WAY:
		read_way(d, row, node, target);
		break;
	case SCHEMA_BITS:
		read_bits(d, row, node, target);
		break;
	case SCHEMA_LOCATION:
		read_location(d, row, node, target);
		break;
	}
}
