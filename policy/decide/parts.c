/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/parts.h"

#include "policy/bus/member.h"
#include "policy/decide/ballot.h"
#include "policy/language/expression.h"
#include "policy/language/reach.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

/* A check of an endpoint, or of several addresses that it probes one. */
struct spot {
	size_t service, endpoint, part;
	const struct net_addr *addr; /* NULL: the check */
};

static const struct policy_service *service_of(const struct view *view,
					       const struct spot *at)
{
	return &view->policy->services[at->service];
}

static const struct policy_check *check_of(const struct view *view,
					   const struct spot *at)
{
	return reach_check(view->policy->checks, service_of(view, at),
			   at->part);
}

static const struct report_part *find_part(const struct report *report,
					   const struct report_entry *entry,
					   const char *check,
					   const struct net_addr *addr)
{
	static const struct net_addr none = { 0 };

	if (addr == NULL)
		addr = &none;
	for (size_t i = 0; i < entry->part_count; i++) {
		const struct report_part *part =
			&report->parts[entry->part_first + i];

		if (strcmp(part->check, check) == 0 &&
		    net_equal(&part->addr, addr))
			return part;
	}
	return NULL;
}

static struct parts_word word_of(const struct view *view, const struct spot *at,
				 const struct heard_report *heard)
{
	static const struct parts_word nothing = { REPORT_UNKNOWN, "" };
	const struct policy_service *s = service_of(view, at);
	const struct policy_terms terms = policy_terms(view->policy, s);
	const struct report_entry *entry;
	const struct report_part *said;

	if (heard->report == NULL || heard->report->abstains)
		return nothing;
	entry = report_find(heard->report, s->name,
			    s->endpoints[at->endpoint].name);
	if (entry == NULL)
		return nothing;
	said = find_part(heard->report, entry, check_of(view, at)->name,
			 at->addr);
	/* The vantage knows how old each part is; how long it has been silent
	 * is seen from here. */
	if (said == NULL || !ballot_is_fresh(&terms, said->state, 0,
					     view->made_ms - heard->heard_ms))
		return nothing;
	return (struct parts_word){ said->state, said->failure };
}

struct parts_word parts_word(const struct view *view, size_t service,
			     size_t endpoint, size_t part,
			     const struct heard_report *heard)
{
	const struct spot at = { service, endpoint, part, NULL };

	return word_of(view, &at, heard);
}

static json_t *write_part(const struct view *view, const struct spot *at,
			  const struct heard_report *reports)
{
	const struct policy *policy = view->policy;
	const struct policy_check *check = check_of(view, at);
	json_t *up = json_array(), *down = json_array();
	json_t *unknown = json_array();
	char address[NET_TEXT_SIZE];

	for (size_t v = 0; v < policy->vantage_count; v++) {
		const char *name = policy->vantages[v].name;
		const struct parts_word word = word_of(view, at, &reports[v]);

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
	return json_pack("{s:s, s:s*, s:b, s:o, s:o, s:o}", "check",
			 check->name, "address",
			 at->addr == NULL ? NULL
					  : net_addr_text(at->addr, address),
			 "shadow", check->shadow, "up", up, "down", down,
			 "unknown", unknown);
}

/* A check as a whole, or each address that it probes. */
static void write_check(const struct view *view, struct spot at,
			const struct heard_report *reports, json_t **list)
{
	const struct policy_endpoint *endpoint =
		&service_of(view, &at)->endpoints[at.endpoint];
	size_t count = reach_count(check_of(view, &at), endpoint);

	if (count <= 1)
		member_append(list, write_part(view, &at, reports));
	for (size_t i = 0; count > 1 && i < count; i++) {
		at.addr = reach_addr(endpoint, i);
		member_append(list, write_part(view, &at, reports));
	}
}

bool parts_exist(const struct policy *policy, size_t service, size_t endpoint)
{
	const struct policy_service *s = &policy->services[service];

	return s->expression != NULL ||
	       reach_probes(policy->checks, s, &s->endpoints[endpoint]) > 1;
}

struct json_t *parts_write(const struct view *view, size_t service,
			   size_t endpoint, const struct heard_report *reports)
{
	const struct policy_service *s = &view->policy->services[service];
	json_t *list;

	if (!parts_exist(view->policy, service, endpoint))
		return NULL;
	list = json_array();
	for (size_t i = 0; i < reach_checks(s); i++)
		write_check(view, (struct spot){ service, endpoint, i, NULL },
			    reports, &list);
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

		put(&line, "%s%s%s%s%s", i == 0 ? "" : "; ",
		    text_of(part, "check"),
		    *text_of(part, "address") == '\0' ? "" : " ",
		    text_of(part, "address"),
		    json_is_true(json_object_get(part, "shadow"))
			    ? " (in shadow)"
			    : "");
		follows = put_vantages(&line, part, "down", false);
		follows = put_vantages(&line, part, "up", follows);
		put_vantages(&line, part, "unknown", follows);
	}
	return buf;
}
