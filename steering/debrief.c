/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/debrief.h"

#include "policy/base/clock.h"
#include "steering/minutes.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* "drill us-east" of a person, once it was accepted. */
static bool is_start(const json_t *event)
{
	return minutes_is(event, "kind", "command") &&
	       minutes_begins(minutes_text(event, "what"), "drill ") &&
	       !minutes_begins(minutes_text(event, "what"), "drill abort ");
}

static const json_t *find_start(const char *id, const json_t *lines)
{
	for (size_t i = json_array_size(lines); i-- > 0;) {
		const json_t *event = minutes_event(lines, i);

		if (is_start(event) &&
		    (strcmp(id, "last") == 0 || minutes_is(event, "id", id)))
			return event;
	}
	return NULL;
}

/* The last row of that name; NULL: there is none yet. */
static const json_t *find_row(const char *id, const json_t *lines,
			      const char *what)
{
	for (size_t i = json_array_size(lines); i-- > 0;) {
		const json_t *event = minutes_event(lines, i);

		if (minutes_is(event, "kind", "drill") &&
		    minutes_is(event, "id", id) &&
		    minutes_is(event, "what", what))
			return event;
	}
	return NULL;
}

static void put_ending(const char *id, const json_t *lines, FILE *out)
{
	const json_t *aborted = find_row(id, lines, "aborted");
	const json_t *score = find_row(id, lines, "score");

	if (aborted != NULL) {
		fputs("ABORTED: ", out);
		minutes_put_cell(minutes_text(aborted, "why"), out);
	} else {
		fputs(find_row(id, lines, "ended") != NULL ? "It ran to its end"
							   : "It is under way",
		      out);
	}
	if (score != NULL)
		fprintf(out, ".  Score: %s", minutes_text(score, "after"));
	fputs(".\n\n", out);
}

static void put_head(const json_t *start, const json_t *lines, FILE *out)
{
	char at[CLOCK_TEXT_SIZE];
	int64_t wall_ms = minutes_time(start);

	fprintf(out, "# Drill: loss of %s\n\n",
		minutes_text(start, "what") + strlen("drill "));
	put_ending(minutes_text(start, "id"), lines, out);
	fprintf(out, "%s, begun %s by ", minutes_text(start, "id"),
		clock_wall_text(wall_ms, at));
	minutes_put_cell(minutes_text(start, "who"), out);
	fputs(": ", out);
	minutes_put_cell(minutes_text(start, "why"), out);
	fputs("\n\n", out);
}

/* What the agent told of it, as a table; times are counted from its start. */
static void put_rows(const json_t *start, const json_t *lines, FILE *out)
{
	int64_t began_ms = minutes_time(start);
	bool seen = false;

	fputs("| after | what | predicted or allowed | seen | why |\n"
	      "|---:|---|---:|---:|---|\n",
	      out);
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *event = minutes_event(lines, i);
		int64_t wall_ms = minutes_time(event);
		static const char *const cells[] = { "what", "before", "after",
						     "why" };

		seen |= event == start;
		if (!seen || !minutes_is(event, "kind", "drill") ||
		    !minutes_is(event, "id", minutes_text(start, "id")))
			continue;
		fprintf(out, "| %.1f s", (double)(wall_ms - began_ms) / 1000);
		for (size_t k = 0; k < sizeof(cells) / sizeof(cells[0]); k++) {
			fputs(" | ", out);
			minutes_put_cell(minutes_text(event, cells[k]), out);
		}
		fputs(" |\n", out);
	}
}

char *debrief_write(const char *id, const struct json_t *lines, bool *found)
{
	const json_t *start = find_start(id, lines);
	char *text = NULL;
	size_t size;
	FILE *out;
	bool failed;

	*found = start != NULL;
	out = start == NULL ? NULL : open_memstream(&text, &size);
	if (out == NULL)
		return NULL;
	put_head(start, lines, out);
	put_rows(start, lines, out);
	failed = ferror(out) != 0;
	if (fclose(out) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}
