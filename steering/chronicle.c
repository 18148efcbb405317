/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/chronicle.h"

#include "policy/base/clock.h"
#include "steering/minutes.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* "canary-start v2" of a person, "canary v2" and "canary v2 is off" of the
 * agent. */
static bool is_of(const json_t *event, const char *name)
{
	const char *what = minutes_text(event, "what");
	const char *at =
		minutes_begins(what, "canary") ? strchr(what, ' ') : NULL;
	size_t len = strlen(name);

	return at != NULL && strncmp(at + 1, name, len) == 0 &&
	       (at[len + 1] == '\0' || at[len + 1] == ' ');
}

static bool is_start(const json_t *event)
{
	return strcmp(minutes_text(event, "kind"), "command") == 0 &&
	       minutes_begins(minutes_text(event, "what"), "canary-start ");
}

/* Where the story begins: the last start, or the first line there is. */
static size_t first_of(const json_t *lines, const char *name)
{
	size_t first = 0, rows = 0;

	for (size_t i = json_array_size(lines); i-- > 0;) {
		const json_t *event = minutes_event(lines, i);

		if (!is_of(event, name))
			continue;
		first = i;
		if (is_start(event) || ++rows == CHRONICLE_ROWS_MAX)
			break;
	}
	return first;
}

static void put_row(const json_t *event, int64_t began_ms, FILE *out)
{
	const char *after = minutes_text(event, "after");
	bool by_agent = strcmp(minutes_text(event, "kind"), "canary") == 0;
	char at[CLOCK_TEXT_SIZE];

	fprintf(out, "| %s | %.1f s | ",
		clock_wall_text(minutes_time(event), at),
		(double)(minutes_time(event) - began_ms) / 1000);
	minutes_put_cell(by_agent ? after : minutes_text(event, "what"), out);
	fputs(" | ", out);
	minutes_put_cell(minutes_text(event, "who"), out);
	fputs(" | ", out);
	minutes_put_cell(minutes_text(event, "why"), out);
	if (!by_agent && strcmp(minutes_text(event, "kind"), "command") != 0) {
		fprintf(out, " (%s", minutes_text(event, "kind"));
		if (*after != '\0')
			fputs(": ", out);
		minutes_put_cell(after, out);
		fputc(')', out);
	} else if (!by_agent && *after != '\0') {
		fputs(" (", out);
		minutes_put_cell(after, out);
		fputc(')', out);
	}
	fputs(" |\n", out);
}

static void put_head(const struct plan_canary *c, const char *service,
		     unsigned percent, FILE *out)
{
	fprintf(out, "# Canary %s of %s", c->name, service);
	if (c->revision[0] != '\0')
		fprintf(out, ", revision %s", c->revision);
	fprintf(out, "\n\n%s", plan_canary_state_name(c->state));
	if (c->phase != CANARY_PLANNED)
		fprintf(out, ", %s", plan_canary_phase_name(c->phase));
	fprintf(out, ", stage %u, step %u, %u %% of the clients there",
		c->stage + 1, c->step + 1, percent);
	if (c->reason[0] != '\0')
		fprintf(out, ": %s", c->reason);
	fputs("\n\n", out);
}

static void put_seen(const struct plan_canary *c, FILE *out)
{
	if (c->canary_requests + c->stable_requests == 0)
		return;
	fprintf(out,
		"| version | requests | failed |\n|---|---:|---:|\n"
		"| canary | %" PRIu64 " | %" PRIu64 " |\n"
		"| stable | %" PRIu64 " | %" PRIu64 " |\n\n"
		"Counted since the last bake began.\n\n",
		c->canary_requests, c->canary_errors, c->stable_requests,
		c->stable_errors);
}

/* How long it took from the decision until every node had it. */
static void put_rollback(const json_t *lines, size_t first, const char *name,
			 FILE *out)
{
	int64_t decided_ms = 0;

	for (size_t i = first; i < json_array_size(lines); i++) {
		const json_t *event = minutes_event(lines, i);
		const char *after = minutes_text(event, "after");

		if (!is_of(event, name))
			continue;
		if (minutes_begins(after, "rollback") ||
		    minutes_begins(minutes_text(event, "what"),
				   "canary-abort "))
			decided_ms = minutes_time(event);
		else if (minutes_begins(after, "rolled back") &&
			 decided_ms != 0)
			fprintf(out,
				"Every responder and edge acknowledged that it "
				"has no clients %.1f s after that was "
				"decided.\n\n",
				(double)(minutes_time(event) - decided_ms) /
					1000);
	}
}

static void put_events(const json_t *lines, size_t first, const char *name,
		       FILE *out)
{
	int64_t began_ms = 0;

	fputs("| time | after | what | by | why |\n|---|---:|---|---|---|\n",
	      out);
	for (size_t i = first; i < json_array_size(lines); i++) {
		const json_t *event = minutes_event(lines, i);

		if (!is_of(event, name))
			continue;
		if (began_ms == 0)
			began_ms = minutes_time(event);
		put_row(event, began_ms, out);
	}
}

char *chronicle_write(const struct plan_canary *canary, const char *service,
		      unsigned percent, const struct json_t *lines)
{
	size_t first = first_of(lines, canary->name);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (out == NULL)
		return NULL;
	put_head(canary, service, percent, out);
	put_seen(canary, out);
	put_rollback(lines, first, canary->name, out);
	put_events(lines, first, canary->name, out);
	failed = ferror(out) != 0;
	if (fclose(out) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}
