/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/ticker.h"

#include "steering/runbook/field.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

enum { NAME_SIZE = 200, VALUE_SIZE = 300, COARSE_PCT = 10 };

/* Facts that are put; a failure sticks. */
struct notes {
	json_t *facts;
	bool failed;
};

__attribute__((format(printf, 4, 5))) static void
put(struct notes *n, const char *kind, const char *what, const char *fmt, ...)
{
	char name[NAME_SIZE], value[VALUE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	snprintf(name, sizeof(name), "%s%s%s", kind, *what == '\0' ? "" : " ",
		 what);
	if (value[0] != '\0' &&
	    json_object_set_new(n->facts, name, json_string(value)) != 0)
		n->failed = true;
}

static int coarse(double share)
{
	int pct = (int)(100 * share + 0.5);

	return pct < COARSE_PCT ? pct : pct / COARSE_PCT * COARSE_PCT;
}

static void note_endpoint(struct notes *n, const char *service, const json_t *e)
{
	double share = json_number_value(json_object_get(e, "share"));
	const char *cause = field_text(e, "cause");
	bool full = *cause == '\0' || strcmp(cause, "full") == 0;
	char what[NAME_SIZE];

	snprintf(what, sizeof(what), "%s/%s", service,
		 field_text(e, "endpoint"));
	put(n, "health", what, "%s", field_text(e, "verdict"));
	if (json_object_get(e, "share") != NULL)
		put(n, "share", what, "%d %%%s%s", coarse(share),
		    full ? "" : " ", full ? "" : cause);
}

static void note_services(struct notes *n, const json_t *status)
{
	json_t *service, *endpoint;
	size_t i, j;

	json_array_foreach(json_object_get(status, "services"), i, service)
	{
		const char *name = field_text(service, "service");

		if (json_is_true(json_object_get(service, "panic")))
			put(n, "panic", name, "on");
		put(n, "freeze", name, "%s", field_text(service, "frozen"));
		json_array_foreach(json_object_get(service, "endpoints"), j,
				   endpoint) note_endpoint(n, name, endpoint);
	}
}

static void note_canaries(struct notes *n, const json_t *status)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(status, "canaries"), i, c)
	{
		put(n, "canary", field_text(c, "canary"),
		    "%s, %s, %" PRId64 " %% of stage %" PRId64,
		    field_text(c, "state"), field_text(c, "phase"),
		    field_number(c, "percent"), field_number(c, "stage"));
	}
}

static void note_command(struct notes *n, const char *kind, const json_t *c)
{
	const char *of = field_text(c, "clients"), *to = field_text(c, "to");

	put(n, kind, field_text(c, "id"), "%s %s%s%s%s%s by %s: %s",
	    field_text(c, "kind"), field_text(c, "target"),
	    *of == '\0' ? "" : " of ", of, *to == '\0' ? "" : " to ", to,
	    field_text(c, "author"), field_text(c, "reason"));
}

static void note_commands(struct notes *n, const json_t *status)
{
	const json_t *plan = json_object_get(status, "plan");
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(plan, "commands"), i, one)
		note_command(n, "command", one);
	json_array_foreach(json_object_get(status, "local"), i, one)
		note_command(n, "local", one);
	json_array_foreach(json_object_get(status, "held"), i, one)
		note_command(n, "held", json_object_get(one, "command"));
	json_array_foreach(json_object_get(status, "held_back"), i, one)
		put(n, "held", field_text(one, "id"), "a move of %s",
		    field_text(one, "service"));
}

static void note_nodes(struct notes *n, const json_t *status)
{
	json_t *node;
	size_t i;

	json_array_foreach(json_object_get(status, "nodes"), i, node)
	{
		const char *name = field_text(node, "name");

		if (json_is_true(json_object_get(node, "leads")))
			put(n, "leader", "", "%s", name);
		put(n, "trouble", name, "%s", field_text(node, "trouble"));
	}
}

struct json_t *ticker_facts(const struct json_t *status)
{
	struct notes n = { .facts = json_object() };

	note_services(&n, status);
	note_canaries(&n, status);
	note_commands(&n, status);
	note_nodes(&n, status);
	if (n.facts != NULL && !n.failed)
		return n.facts;
	json_decref(n.facts);
	return NULL;
}

static const char *value_of(const struct json_t *facts, const char *name)
{
	const char *value = json_string_value(json_object_get(facts, name));

	return value == NULL ? "" : value;
}

void ticker_compare(const struct json_t *before, const struct json_t *after,
		    ticker_tell *tell, void *arg)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)after, name, value)
	{
		const char *was = value_of(before, name);

		if (strcmp(was, json_string_value(value)) != 0)
			tell(arg, name, was, json_string_value(value));
	}
	json_object_foreach((json_t *)(uintptr_t)before, name, value)
	{
		if (json_object_get(after, name) == NULL)
			tell(arg, name, json_string_value(value), "");
	}
}
