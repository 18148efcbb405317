/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static bool audit_grow(struct audit *audit)
{
	size_t cap = audit->cap == 0 ? 16 : audit->cap * 2;
	struct audit_event *list;

	if (audit->count < audit->cap)
		return true;
	list = realloc(audit->list, cap * sizeof(*list));
	if (list == NULL)
		return false;
	audit->list = list;
	audit->cap = cap;
	return true;
}

void audit_add(struct audit *audit, const struct audit_event *event)
{
	if (audit_grow(audit))
		audit->list[audit->count++] = *event;
	else
		audit->lost++;
}

void audit_clear(struct audit *audit)
{
	audit->count = 0;
}

void audit_fini(struct audit *audit)
{
	free(audit->list);
	*audit = (struct audit){ 0 };
}

/* json_string() refuses half a character, so a cut goes before it. */
void audit_text(char *field, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t end;
	int length;

	va_start(ap, fmt);
	length = vsnprintf(field, size, fmt, ap);
	va_end(ap);
	if (length < 0 || (size_t)length < size)
		return;
	end = size - 1;
	while (end > 0 && ((unsigned char)field[end - 1] & 0xc0) == 0x80)
		end--;
	if (end > 0 && ((unsigned char)field[end - 1] & 0xc0) == 0xc0)
		field[end - 1] = '\0';
}

static bool put_text(json_t *json, const char *key, const char *text)
{
	return text[0] == '\0' ||
	       json_object_set_new(json, key, json_string(text)) == 0;
}

struct json_t *audit_write(const struct audit_event *event)
{
	json_t *json = json_object();

	if (json != NULL &&
	    json_object_set_new(json, "wall_ms",
				json_integer(event->wall_ms)) == 0 &&
	    put_text(json, "kind", event->kind) &&
	    put_text(json, "id", event->id) &&
	    put_text(json, "who", event->who) &&
	    put_text(json, "what", event->what) &&
	    put_text(json, "why", event->why) &&
	    put_text(json, "before", event->before) &&
	    put_text(json, "after", event->after))
		return json;
	json_decref(json);
	return NULL;
}
