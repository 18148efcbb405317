/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/parts.h"

#include "policy/bus/member.h"
#include "policy/decide/ballot.h"
#include "policy/language/expression.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

static const struct report_part *find_part(const struct report *report,
					   const struct report_entry *entry,
					   const char *check)
{
	for (size_t i = 0; i < entry->part_count; i++) {
		const struct report_part *part =
			&report->parts[entry->part_first + i];

		if (strcmp(part->check, check) == 0)
			return part;
	}
	return NULL;
}

struct parts_word parts_word(const struct view *view, size_t service,
			     size_t endpoint, size_t part,
			     const struct heard_report *heard)
{
	static const struct parts_word nothing = { REPORT_UNKNOWN, "" };
	const struct policy *policy = view->policy;
	const struct policy_service *s = &policy->services[service];
	const struct policy_terms terms = policy_terms(policy, s);
	const struct report_entry *entry;
	const struct report_part *said;

	if (heard->report == NULL || heard->report->abstains)
		return nothing;
	entry = report_find(heard->report, s->name,
			    s->endpoints[endpoint].name);
	if (entry == NULL)
		return nothing;
	said = find_part(heard->report, entry,
			 policy->checks[s->expression->checks[part]].name);
	/* The vantage knows how old each part is; how long it has been silent
	 * is seen from here. */
	if (said == NULL || !ballot_is_fresh(&terms, said->state, 0,
					     view->made_ms - heard->heard_ms))
		return nothing;
	return (struct parts_word){ said->state, said->failure };
}

static json_t *write_part(const struct view *view, size_t service,
			  size_t endpoint, size_t part,
			  const struct heard_report *reports)
{
	const struct policy *policy = view->policy;
	const struct policy_expression *x =
		policy->services[service].expression;
	json_t *up = json_array(), *down = json_array();
	json_t *unknown = json_array();

	for (size_t v = 0; v < policy->vantage_count; v++) {
		const char *name = policy->vantages[v].name;
		const struct parts_word word =
			parts_word(view, service, endpoint, part, &reports[v]);

		if (word.state == REPORT_UNKNOWN)
			json_array_append_new(unknown, json_string(name));
		else if (word.state == REPORT_CLOSED)
			json_array_append_new(up, json_string(name));
		else
			json_array_append_new(down,
					      json_pack("{s:s, s:s}", "vantage",
							name, "failure",
							word.failure));
	}
	return json_pack("{s:s, s:b, s:o, s:o, s:o}", "check",
			 policy->checks[x->checks[part]].name, "shadow",
			 !(x->counted >> part & 1), "up", up, "down", down,
			 "unknown", unknown);
}

struct json_t *parts_write(const struct view *view, size_t service,
			   size_t endpoint, const struct heard_report *reports)
{
	const struct policy_expression *x =
		view->policy->services[service].expression;
	json_t *list;

	if (x == NULL)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < x->check_count; i++)
		member_append(&list,
			      write_part(view, service, endpoint, i, reports));
	return list;
}

/* What is built in: cut when full, never overrun. */
struct line {
	char *buf;
	size_t size, used;
};

static void put(struct line *line, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct line *line, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line->buf + line->used, line->size - line->used, fmt,
			ap);
	va_end(ap);
	if (len > 0)
		line->used += (size_t)len;
	if (line->used >= line->size)
		line->used = line->size - 1;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

/* " up at dub, iad", and true; nothing of an empty list. */
static bool put_vantages(struct line *line, const json_t *part, const char *key,
			 bool follows)
{
	const json_t *list = json_object_get(part, key);
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *failure = text_of(item, "failure");

		if (i == 0)
			put(line, "%s %s at", follows ? "," : "", key);
		put(line, "%s %s", i == 0 ? "" : ",",
		    json_is_object(item) ? text_of(item, "vantage")
					 : json_string_value(item));
		if (*failure != '\0')
			put(line, " (%s)", failure);
	}
	return follows || json_array_size(list) > 0;
}

const char *parts_text(const struct json_t *parts, char *buf, size_t size)
{
	struct line line = { buf, size, 0 };
	const json_t *part;
	size_t i;

	buf[0] = '\0';
	json_array_foreach(parts, i, part)
	{
		bool follows;

		put(&line, "%s%s%s", i == 0 ? "" : "; ", text_of(part, "check"),
		    json_is_true(json_object_get(part, "shadow"))
			    ? " (in shadow)"
			    : "");
		follows = put_vantages(&line, part, "down", false);
		follows = put_vantages(&line, part, "up", follows);
		put_vantages(&line, part, "unknown", follows);
	}
	return buf;
}
