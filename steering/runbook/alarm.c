/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/alarm.h"

#include "steering/runbook/field.h"

#include "steering/runbook/render.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

/* Where alarms go, and when it is. */
struct bell {
	alarm_tell *tell;
	void *arg;
	int64_t wall_ms;
};

__attribute__((format(printf, 3, 4))) static void
ring_it(const struct bell *b, enum alarm_level level, const char *fmt, ...)
{
	char text[ALARM_TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	b->tell(b->arg, level, text);
}

static bool is_set(const struct json_t *json, const char *key)
{
	return json_is_true(json_object_get(json, key));
}

static void look_at_endpoint(const struct bell *b, const char *service,
			     const struct json_t *e)
{
	const char *name = field_text(e, "endpoint");
	char since[48];

	if (strcmp(field_text(e, "verdict"), "down") != 0)
		return;
	render_duration(field_number(e, "down_ms"), since, sizeof(since));
	if (is_set(e, "deferred"))
		ring_it(b, ALARM_URGENT,
			"%s/%s is down and STILL SERVED: more is down than "
			"health may take out",
			service, name);
	else if (field_number(e, "down_ms") > 0)
		ring_it(b, ALARM_WARN, "%s/%s is down for %s%s", service, name,
			since, is_set(e, "held") ? " (held)" : "");
	else
		ring_it(b, ALARM_WARN, "%s/%s is down%s", service, name,
			is_set(e, "held") ? " (held)" : "");
}

static void look_at_service(const struct bell *b, const struct json_t *s)
{
	const struct json_t *endpoints = json_object_get(s, "endpoints");
	const char *name = field_text(s, "service");
	size_t i, down = 0;
	struct json_t *e;

	json_array_foreach(endpoints, i, e) down +=
		strcmp(field_text(e, "verdict"), "down") == 0;
	if (down > 0 && down == json_array_size(endpoints))
		ring_it(b, ALARM_URGENT, "%s: none of its %zu endpoints is up",
			name, down);
	if (is_set(s, "panic"))
		ring_it(b, ALARM_URGENT,
			"%s: panic: too little is healthy, all of it is served",
			name);
	if (*field_text(s, "unmonitored") != '\0')
		ring_it(b, ALARM_NOTE, "%s is not monitored: it has %s", name,
			field_text(s, "unmonitored"));
	json_array_foreach(endpoints, i, e) look_at_endpoint(b, name, e);
}

static void look_at_command(const struct bell *b, const struct json_t *command)
{
	int64_t left_ms = field_number(command, "wall_expires_ms") - b->wall_ms;
	char left[48];

	if (strcmp(field_text(command, "kind"), "freeze") == 0)
		ring_it(b, ALARM_NOTE, "%s is frozen by %s (%s): %s",
			field_text(command, "target"),
			field_text(command, "author"),
			field_text(command, "id"),
			field_text(command, "reason"));
	if (is_set(command, "force"))
		ring_it(b, ALARM_WARN,
			"%s %s (%s) was forced past a safety rule by %s: %s",
			field_text(command, "kind"),
			field_text(command, "target"),
			field_text(command, "id"),
			field_text(command, "author"),
			field_text(command, "reason"));
	if (field_number(command, "wall_expires_ms") == 0 ||
	    left_ms > ALARM_ENDING_MS)
		return;
	ring_it(b, ALARM_NOTE, "%s %s (%s by %s) ends in %s",
		field_text(command, "kind"), field_text(command, "target"),
		field_text(command, "id"), field_text(command, "author"),
		render_duration(left_ms, left, sizeof(left)));
}

static void look_at_canary(const struct bell *b, const struct json_t *canary)
{
	if (strcmp(field_text(canary, "state"), "paused") == 0)
		ring_it(b, ALARM_NOTE,
			"canary %s of %s is paused at %" PRId64 " %%",
			field_text(canary, "canary"),
			field_text(canary, "service"),
			field_number(canary, "percent"));
}

static void look_at_node(const struct bell *b, const struct json_t *node)
{
	const char *name = field_text(node, "name");
	int64_t silent_ms = field_number(node, "silent_ms");
	int64_t lag_ms = field_number(node, "lag_ms");
	struct json_t *local;
	char since[48];
	size_t i;

	if (silent_ms > ALARM_BEHIND_MS)
		ring_it(b, ALARM_WARN, "%s was last heard of %s ago", name,
			render_duration(silent_ms, since, sizeof(since)));
	else if (lag_ms > ALARM_BEHIND_MS)
		ring_it(b, ALARM_WARN, "%s is behind for %s", name,
			render_duration(lag_ms, since, sizeof(since)));
	if (*field_text(node, "trouble") != '\0')
		ring_it(b, ALARM_WARN, "%s: %s", name,
			field_text(node, "trouble"));
	json_array_foreach(json_object_get(node, "local"), i,
			   local) if (json_is_string(local))
		ring_it(b, ALARM_WARN, "%s alone obeys %s", name,
			json_string_value(local));
}

void alarm_find(const struct json_t *status, int64_t wall_ms, alarm_tell *tell,
		void *arg)
{
	static const struct {
		const char *list;
		void (*look)(const struct bell *b, const struct json_t *item);
	} lists[] = {
		{ "services", look_at_service },
		{ "canaries", look_at_canary },
		{ "nodes", look_at_node },
	};
	const struct bell b = { tell, arg, wall_ms };
	const struct json_t *plan = json_object_get(status, "plan");
	struct json_t *item;
	size_t i;

	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++)
		json_array_foreach(json_object_get(status, lists[l].list), i,
				   item) lists[l]
			.look(&b, item);
	json_array_foreach(json_object_get(plan, "commands"), i, item)
		look_at_command(&b, item);
}
