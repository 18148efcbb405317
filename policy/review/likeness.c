/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/likeness.h"

#include "policy/base/error.h"

#include <string.h>

void likeness_tell(const yaml_parser_t *parser, struct error *err)
{
	struct place at = {
		.line = (unsigned)parser->problem_mark.line + 1,
		.col = (unsigned)parser->problem_mark.column + 1,
	};

	error_at(err, at, "%s",
		 parser->problem == NULL ? "is not YAML" : parser->problem);
}

static bool same_text(const yaml_char_t *a, const yaml_char_t *b)
{
	return a == NULL || b == NULL
		       ? a == b
		       : strcmp((const char *)a, (const char *)b) == 0;
}

static bool same_scalar(const yaml_event_t *a, const yaml_event_t *b)
{
	return a->data.scalar.length == b->data.scalar.length &&
	       memcmp(a->data.scalar.value, b->data.scalar.value,
		      a->data.scalar.length) == 0 &&
	       a->data.scalar.style == b->data.scalar.style &&
	       same_text(a->data.scalar.tag, b->data.scalar.tag) &&
	       same_text(a->data.scalar.anchor, b->data.scalar.anchor);
}

static bool same_event(const yaml_event_t *a, const yaml_event_t *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == YAML_SCALAR_EVENT)
		return same_scalar(a, b);
	if (a->type == YAML_ALIAS_EVENT)
		return same_text(a->data.alias.anchor, b->data.alias.anchor);
	if (a->type == YAML_SEQUENCE_START_EVENT)
		return same_text(a->data.sequence_start.tag,
				 b->data.sequence_start.tag) &&
		       same_text(a->data.sequence_start.anchor,
				 b->data.sequence_start.anchor);
	if (a->type == YAML_MAPPING_START_EVENT)
		return same_text(a->data.mapping_start.tag,
				 b->data.mapping_start.tag) &&
		       same_text(a->data.mapping_start.anchor,
				 b->data.mapping_start.anchor);
	return true;
}

/* One event of each; false when they differ, or the first is none. */
static bool next_same(yaml_parser_t *a, yaml_parser_t *b, bool *ended,
		      struct error *err)
{
	yaml_event_t x, y;
	bool same;

	if (!yaml_parser_parse(a, &x)) {
		likeness_tell(a, err);
		return false;
	}
	same = yaml_parser_parse(b, &y) != 0;
	if (same) {
		same = same_event(&x, &y);
		yaml_event_delete(&y);
	}
	*ended = x.type == YAML_STREAM_END_EVENT;
	yaml_event_delete(&x);
	if (!same)
		error_at(err,
			 (struct place){
				 .line = (unsigned)a->mark.line + 1,
			 },
			 "would come to mean something else; indent by hand "
			 "what is above this line");
	return same;
}

bool likeness_find(const char *one, const char *other, struct error *err)
{
	yaml_parser_t a, b;
	bool ended = false, same;

	if (!yaml_parser_initialize(&a) || !yaml_parser_initialize(&b)) {
		error_set(err, "out of memory");
		return false;
	}
	yaml_parser_set_input_string(&a, (const unsigned char *)one,
				     strlen(one));
	yaml_parser_set_input_string(&b, (const unsigned char *)other,
				     strlen(other));
	do
		same = next_same(&a, &b, &ended, err);
	while (same && !ended);
	yaml_parser_delete(&a);
	yaml_parser_delete(&b);
	return same;
}
