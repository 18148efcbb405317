/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/board.h"

#include "policy/language/policy.h"
#include "steering/runbook/alarm.h"
#include "steering/runbook/field.h"
#include "steering/runbook/render.h"
#include "steering/runbook/render_commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

/* Writes one item after the other; each is kept or dropped whole. */
struct pen {
	const struct board_wish *wish;
	struct board *board;
	FILE *out; /* the item being written */
	char *text;
	size_t len;
	const char *title; /* of the section, until its first row */
	bool failed;       /* out of memory */
};

static double number_of(const struct json_t *json, const char *key)
{
	return json_number_value(json_object_get(json, key));
}

const char *board_order_name(enum board_order order)
{
	static const char *const names[BOARD_ORDERS] = {
		[BOARD_BY_TROUBLE] = "by trouble",
		[BOARD_BY_NAME] = "by name",
	};

	return names[order];
}

static void add_row(struct pen *p, enum board_style style, const char *text,
		    size_t len)
{
	struct board *s = p->board;

	if (s->count == s->room) {
		size_t room = s->room == 0 ? 256 : s->room * 2;
		struct board_row *grown =
			realloc(s->rows, room * sizeof(*grown));

		if (grown == NULL) {
			p->failed = true;
			return;
		}
		s->rows = grown;
		s->room = room;
	}
	s->rows[s->count].style = style;
	s->rows[s->count].text = strndup(text, len);
	p->failed |= s->rows[s->count].text == NULL;
	s->count += !p->failed;
}

static FILE *begin(struct pen *p)
{
	p->out = open_memstream(&p->text, &p->len);
	p->failed |= p->out == NULL;
	return p->out;
}

static bool is_wanted(const struct pen *p)
{
	size_t len = strlen(p->wish->filter);

	for (const char *at = p->text; len > 0 && *at != '\0'; at++)
		if (strncasecmp(at, p->wish->filter, len) == 0)
			return true;
	return len == 0;
}

/* Its lines are rows; an empty one above a section's title. */
static void end(struct pen *p, enum board_style style)
{
	p->failed |= fclose(p->out) != 0;
	if (!p->failed && is_wanted(p)) {
		if (p->title != NULL && p->board->count > 0)
			add_row(p, BOARD_PLAIN, "", 0);
		if (p->title != NULL)
			add_row(p, BOARD_TITLE, p->title, strlen(p->title));
		p->title = NULL;
		for (const char *at = p->text; *at != '\0';) {
			size_t len = strcspn(at, "\n");

			add_row(p, style, at, len);
			at += len + (at[len] == '\n');
		}
	}
	free(p->text);
	p->text = NULL;
}

/* Alarms. */

static void on_alarm(void *arg, enum alarm_level level, const char *text)
{
	static const enum board_style styles[] = {
		[ALARM_NOTE] = BOARD_NOTE,
		[ALARM_WARN] = BOARD_WARN,
		[ALARM_URGENT] = BOARD_URGENT,
	};
	static const char *const marks[] = {
		[ALARM_NOTE] = " ",
		[ALARM_WARN] = "!",
		[ALARM_URGENT] = "!!",
	};
	struct pen *p = arg;

	if (begin(p) == NULL)
		return;
	fprintf(p->out, "  %-2s %s\n", marks[level], text);
	end(p, styles[level]);
}

/* Those of one level at a time, so that the worst stand on top. */
struct sieve {
	struct pen *pen;
	enum alarm_level level;
};

static void on_sieved(void *arg, enum alarm_level level, const char *text)
{
	const struct sieve *s = arg;

	if (level == s->level)
		on_alarm(s->pen, level, text);
}

static void write_alarms(struct pen *p, const struct json_t *status)
{
	static const enum alarm_level levels[] = { ALARM_URGENT, ALARM_WARN,
						   ALARM_NOTE };

	p->title = "ALARMS";
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct sieve s = { p, levels[i] };

		alarm_find(status, p->wish->wall_ms, on_sieved, &s);
	}
}

static void write_commands(struct pen *p, const struct json_t *status)
{
	const struct json_t *plan = json_object_get(status, "plan");
	struct json_t *command;
	size_t i;

	p->title = "COMMANDS IN FORCE";
	json_array_foreach(json_object_get(plan, "commands"), i, command)
	{
		if (begin(p) == NULL)
			return;
		render_command(command, " ", p->wish->wall_ms, p->out);
		end(p, BOARD_NOTE);
	}
}

static void write_canaries(struct pen *p, const struct json_t *status)
{
	struct json_t *canary;
	size_t i;

	p->title = "CANARIES";
	json_array_foreach(json_object_get(status, "canaries"), i, canary)
	{
		if (begin(p) == NULL)
			return;
		fputs("  ", p->out);
		render_canary(canary, p->out);
		end(p, BOARD_PLAIN);
	}
}

/* What a region's endpoints are, over all services. */
struct region {
	const char *name;             /* borrowed */
	size_t endpoints, down, idle; /* idle: up, and no client is sent */
};

static struct region *find_region(struct region *regions, size_t *count,
				  const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(regions[i].name, name) == 0)
			return &regions[i];
	if (*count == POLICY_REGIONS_MAX)
		return NULL;
	regions[*count].name = name;
	return &regions[(*count)++];
}

static void count_endpoint(struct region *regions, size_t *count,
			   const struct json_t *endpoint)
{
	struct region *r =
		find_region(regions, count, field_text(endpoint, "region"));
	bool down = strcmp(field_text(endpoint, "verdict"), "down") == 0;

	if (r == NULL)
		return;
	r->endpoints++;
	r->down += down;
	r->idle += !down && number_of(endpoint, "share") <= 0;
}

static void write_regions(struct pen *p, const struct json_t *status)
{
	struct region regions[POLICY_REGIONS_MAX] = { 0 };
	size_t count = 0, i, j;
	struct json_t *service, *endpoint;

	json_array_foreach(json_object_get(status, "services"), i, service)
		json_array_foreach(json_object_get(service, "endpoints"), j,
				   endpoint)
			count_endpoint(regions, &count, endpoint);
	p->title = "REGIONS";
	for (i = 0; i < count; i++) {
		const struct region *r = &regions[i];

		if (begin(p) == NULL)
			return;
		fprintf(p->out,
			"  %-20s %zu of %zu endpoints up, %zu down, %zu get no "
			"clients\n",
			r->name, r->endpoints - r->down, r->endpoints, r->down,
			r->idle);
		end(p, r->down > 0 ? BOARD_WARN : BOARD_PLAIN);
	}
}

static bool is_troubled(const struct json_t *endpoint)
{
	return strcmp(field_text(endpoint, "verdict"), "down") == 0;
}

static void write_service(struct pen *p, const struct json_t *service)
{
	struct json_t *endpoint;
	size_t i;

	json_array_foreach(json_object_get(service, "endpoints"), i, endpoint)
	{
		if (begin(p) == NULL)
			return;
		fprintf(p->out, "  %-14s", field_text(service, "service"));
		render_endpoint(endpoint, p->out);
		end(p, is_troubled(endpoint) ? BOARD_WARN : BOARD_PLAIN);
	}
}

static bool service_is_troubled(const struct json_t *service)
{
	struct json_t *endpoint;
	size_t i;

	json_array_foreach(json_object_get(service, "endpoints"), i,
			   endpoint) if (is_troubled(endpoint)) return true;
	return false;
}

static void write_target(struct pen *p, const struct json_t *target)
{
	if (begin(p) == NULL)
		return;
	render_target(target, p->wish->wall_ms, p->out);
	end(p, strcmp(field_text(target, "state"), "closed") == 0 ? BOARD_PLAIN
								  : BOARD_WARN);
}

static bool target_is_troubled(const struct json_t *target)
{
	return strcmp(field_text(target, "state"), "closed") != 0;
}

static bool node_is_troubled(const struct json_t *node)
{
	return *field_text(node, "trouble") != '\0' ||
	       number_of(node, "lag_ms") > ALARM_BEHIND_MS ||
	       number_of(node, "silent_ms") > ALARM_BEHIND_MS ||
	       json_array_size(json_object_get(node, "local")) > 0;
}

static void write_node(struct pen *p, const struct json_t *node)
{
	if (begin(p) == NULL)
		return;
	fputs("  ", p->out);
	render_node(node, p->wish->wall_ms, p->out);
	end(p, node_is_troubled(node) ? BOARD_WARN : BOARD_PLAIN);
}

/* Sections that are lists, in the order that is wished. */
static const struct list {
	const char *key, *title;
	bool (*is_troubled)(const struct json_t *item);
	void (*write)(struct pen *p, const struct json_t *item);
} lists[] = {
	{ "services", "SERVICES", service_is_troubled, write_service },
	{ "targets", "PROBES", target_is_troubled, write_target },
	{ "nodes", "NODES", node_is_troubled, write_node },
};

static void write_list(struct pen *p, const struct list *list,
		       const struct json_t *status)
{
	const struct json_t *items = json_object_get(status, list->key);
	bool sorted = p->wish->order == BOARD_BY_TROUBLE;
	struct json_t *item;
	size_t i;

	p->title = list->title;
	for (int calm = 0; calm < (sorted ? 2 : 1); calm++)
		json_array_foreach(items, i,
				   item) if (!sorted ||
					     list->is_troubled(item) == !calm)
			list->write(p, item);
}

bool board_write(const struct json_t *status, const struct board_wish *wish,
		 struct board *out)
{
	struct pen p = { .wish = wish, .board = out };

	write_alarms(&p, status);
	write_commands(&p, status);
	write_canaries(&p, status);
	write_regions(&p, status);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		write_list(&p, &lists[i], status);
	return !p.failed;
}

void board_fini(struct board *board)
{
	for (size_t i = 0; i < board->count; i++)
		free(board->rows[i].text);
	free(board->rows);
	*board = (struct board){ 0 };
}
